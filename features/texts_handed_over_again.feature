Feature: A text handed over again
  RapidPro's handling can break off after the text was handed over; then it hands the text over once more.

  @req:IN-3
  Rule: Stored once, and not refused

    Scenario: Handed over again at once
      When Amina texts "The baby is born"
      And RapidPro hands Amina's text over again
      Then CHT holds 1 reports of Amina
      And Amina's text is acknowledged

    Scenario: Handed over again after CHT has it
      When Amina texts "The baby is born"
      And a while passes
      And RapidPro hands Amina's text over again
      Then CHT holds 1 reports of Amina
      And Amina's text is acknowledged
