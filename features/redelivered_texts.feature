Feature: A redelivered text
  RapidPro's handling can be interrupted after it delivered the text; then it delivers the text again.

  @req:IN-3
  Rule: Stored once, and not refused

    Scenario: Redelivered at once
      When Amina texts "The baby is born"
      And RapidPro redelivers Amina's text
      Then CHT has 1 report from Amina
      And Amina's text is accepted

    Scenario: Redelivered after CHT has it
      When Amina texts "The baby is born"
      And a while passes
      And RapidPro redelivers Amina's text
      Then CHT has 1 report from Amina
      And Amina's text is accepted
