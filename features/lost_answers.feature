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
      When CHT sends "Visit due tomorrow" to Amina, Yusuf and Grace
      Then Amina, Yusuf and Grace receive "Visit due tomorrow" once

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

    @virtual-time
    Scenario Outline: An error is answered although the text was accepted
      Given RapidPro accepts the next text but answers <status>
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once

      Examples:
        | status |
        | 413    |
        | 500    |
        | 502    |

    @virtual-time
    Scenario: A proxy gives up waiting for RapidPro
      Given RapidPro accepts the next 3 texts but a proxy gives up waiting
      When CHT sends "Visit due tomorrow" to Amina, Yusuf and Grace
      Then Amina, Yusuf and Grace receive "Visit due tomorrow" once
      And CHT shows the text to Amina, Yusuf and Grace as delivered

    @virtual-time
    Scenario Outline: RapidPro is silent for long, and then answers
      Given RapidPro takes <seconds> seconds for each of the next 2 texts
      When CHT sends "Visit due tomorrow" to Amina and Yusuf
      Then Amina and Yusuf receive "Visit due tomorrow" once

      Examples:
        | seconds |
        | 14      |
        | 70      |

    @virtual-time
    Scenario: Others send many texts before the relay can look
      Given RapidPro accepts the next text but its answer is lost
      And RapidPro shows nothing for a while
      When CHT sends "Visit due tomorrow" to Amina
      And 5 minutes pass
      And others in the workspace send 260 texts
      Then Amina receives "Visit due tomorrow" once

  @req:OUT-15 @virtual-time
  Rule: The deed is done late

    Scenario Outline: RapidPro sends the text when the relay has given up
      Given RapidPro sends the next text after <seconds> seconds without an answer
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once
      And CHT shows the text to Amina as delivered

      Examples:
        | seconds |
        | 15      |
        | 30      |

  @req:OUT-16 @virtual-time
  Rule: An error that may be repeated

    Scenario Outline: An error that invites to try again, although the text was accepted
      Given RapidPro accepts the next text but answers <status>
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once

      Examples:
        | status |
        | 408    |
        | 503    |

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

    @virtual-time
    Scenario Outline: RapidPro answers with an error, whatever its number
      Given RapidPro answers the next 2 texts with <status>
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once

      Examples:
        | status |
        | 401    |
        | 404    |
        | 408    |
        | 429    |
        | 500    |
        | 502    |
        | 504    |

  @req:OUT-11
  Rule: A web page does not mean acceptance

    Scenario: A proxy shows its login page
      Given RapidPro answers with a login page instead of sending
      When CHT sends "Visit due tomorrow" to Amina
      Then Amina receives "Visit due tomorrow" once
      And CHT shows the text to Amina as delivered
