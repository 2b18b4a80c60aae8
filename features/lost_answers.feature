Feature: RapidPro's answer is lost or unusable
  Then it is unknown whether the text was sent. The relay must find out, not guess.

  @req:OUT-8 @incident:cht-core-9467
  Rule: An accepted text whose answer lacks a field is not sent again

    Scenario Outline: The answer lacks a field
      Given RapidPro answers the next text without its <field>
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once
      And CHT shows the text to Amina as delivered

      Examples:
        | field  |
        | status |
        | id     |

  @req:OUT-9
  Rule: After a lost answer, the text is neither sent twice nor forgotten

    Scenario: The answer is lost
      Given RapidPro accepts the next text but its answer is lost
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once
      And CHT shows the text to Amina as delivered

    @virtual-time
    Scenario: Three answers are lost
      Given RapidPro accepts the next 3 texts but the answers are lost
      When CHT sends "Visit due tomorrow" to Amina
      And CHT sends "Take your medicine" to Yusuf
      And CHT sends "Meeting at ten" to Grace
      Then Amina receives "Visit due tomorrow" once
      And Yusuf receives "Take your medicine" once
      And Grace receives "Meeting at ten" once

    @virtual-time
    Scenario Outline: The answer cannot be read
      Given RapidPro <trouble>
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once
      And CHT shows the text to Amina as delivered

      Examples:
        | trouble                                     |
        | answers the next text with nothing          |
        | answers the next text with half a document  |
        | breaks off in the middle of the next answer |

  @req:OUT-10
  Rule: RapidPro fails for a while

    Scenario: RapidPro fails three times
      Given RapidPro fails the next 3 times
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once

    @virtual-time
    Scenario Outline: RapidPro cannot be reached
      Given RapidPro <trouble>
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once

      Examples:
        | trouble                    |
        | is down for a while        |
        | resets the next connection |

  @req:OUT-11
  Rule: A web page does not mean acceptance

    Scenario: A proxy shows its login page
      Given RapidPro answers with a login page instead of sending
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once
      And CHT shows the text to Amina as delivered
