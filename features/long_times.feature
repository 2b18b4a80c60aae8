Feature: Texts that are far apart, long idle times and long outages
  What a relay remembers must be neither too short nor too long.

  @req:IN-8 @virtual-time
  Rule: The same incoming text, later

    Scenario Outline: A patient asks again
      When Amina texts "please call me"
      And <pause> pass
      And Amina texts "please call me"
      Then CHT has 2 reports from Amina

      Examples:
        | pause     |
        | 5 seconds |
        | 36 hours  |

  @req:IN-1 @virtual-time
  Rule: An incoming text is stored once, for good, and at any time

    Scenario: A month later
      When Amina texts "I have a fever"
      And 33 days pass
      And Yusuf texts "I have a cough"
      Then CHT has 1 report from Amina
      And CHT has Yusuf's report "I have a cough"

  @req:OUT-1 @virtual-time
  Rule: An outgoing text is sent once, for good, and at any time

    Scenario Outline: The same text again is another text
      When CHT sends "Take your medicine" to Amina
      And <pause> pass
      And CHT sends "Take your medicine" to Amina
      Then Amina receives "Take your medicine" 2 times

      Examples:
        | pause     |
        | 5 seconds |
        | 36 hours  |

    Scenario: The same text twice at once
      When CHT sends "Take your medicine" to Amina
      And CHT sends "Take your medicine" to Amina
      Then Amina receives "Take your medicine" 2 times

    Scenario: More than a month later
      When CHT sends "Take your medicine" to Amina
      And 33 days pass
      And CHT sends "Your visit is due" to Yusuf
      Then Amina receives "Take your medicine" once
      And Yusuf receives "Your visit is due" once

  @req:IN-6 @virtual-time
  Rule: A long outage of CHT after a text was accepted

    Scenario Outline: CHT is away for long
      Given CHT is down for <outage>
      When Amina texts "I have a fever"
      And <outage> pass
      Then CHT has Amina's report "I have a fever", or the text was refused

      Examples:
        | outage  |
        | 2 hours |
        | 9 days  |

    Scenario: More texts than one request holds
      Given CHT is down for a while
      When 110 people text in, whatever is answered
      Then CHT has a report of each text that was accepted

  @req:OUT-10 @virtual-time
  Rule: A long outage of RapidPro

    Scenario Outline: RapidPro is away for long
      Given RapidPro is down for <outage>
      When CHT sends "Take your medicine" to Amina
      And <outage> pass
      Then Amina receives "Take your medicine" once

      Examples:
        | outage  |
        | 2 hours |
        | 9 days  |

  @req:OPS-1
  Rule: An error of CHT, whatever its number

    Scenario Outline: CHT answers with an error
      Given CHT answers the next request with <status>
      When Amina texts "I have a fever"
      And CHT sends "hello" to Yusuf
      Then Yusuf receives "hello" once
      And CHT has Amina's report "I have a fever", or the text was refused

      Examples:
        | status |
        | 400    |
        | 404    |
        | 408    |
        | 413    |
        | 502    |
        | 503    |
        | 504    |

    @virtual-time
    Scenario: CHT answers 429 and does not say for how long
      Given CHT answers the next request with 429
      When Amina texts "I have a fever"
      And CHT sends "hello" to Yusuf
      Then Yusuf receives "hello" once
      And CHT has Amina's report "I have a fever", or the text was refused

    Scenario Outline: CHT takes no text for a while
      Given CHT answers Amina's texts with <status> for a while
      When Amina texts "I have a fever"
      And CHT sends "hello" to Yusuf
      Then Yusuf receives "hello" once
      And CHT has Amina's report "I have a fever", or the text was refused

      Examples:
        | status |
        | 400    |
        | 404    |
        | 408    |
        | 413    |
        | 500    |
        | 502    |

    Scenario Outline: CHT has the text, and a proxy answers with an error
      Given CHT takes Amina's text but answers <status>
      When Amina texts "I have a fever"
      Then CHT has Amina's report "I have a fever", or the text was refused

      Examples:
        | status |
        | 413    |
        | 502    |
        | 504    |

    Scenario: A proxy answers in place of CHT while texts are on their way
      Given CHT acts on the next 3 requests but answers 504
      When CHT sends "hello" to Yusuf
      And Amina texts "I have a fever"
      Then Yusuf receives "hello" once
      And CHT has Amina's report "I have a fever", or the text was refused

  @req:STATE-1 @virtual-time
  Rule: More texts than a page holds

    Scenario: More texts than a page wait for their states
      When CHT has 260 texts to send
      Then all 260 arrive within 480 minutes
      And CHT shows all 260 texts as delivered
