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

  @req:IN-13
  Rule: Another text under the same id

    Scenario Outline: The flow has one id for all texts of a person
      Given RapidPro delivers texts with the same id for all texts of a person
      When Amina texts "I have a fever"
      And <pause>
      And Amina texts "The baby is coming"
      Then CHT has Amina's report "The baby is coming", or the text was refused

      Examples:
        | pause           |
        | a moment passes |
        | a while passes  |
