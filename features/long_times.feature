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
        | pause      |
        | 5 seconds  |
        | 50 seconds |
        | 9 minutes  |
        | 28 minutes |
        | 2 days     |

  @req:IN-1 @virtual-time
  Rule: An incoming text is stored once, for good, and at any time

    Scenario Outline: Nothing comes again
      When Amina texts "I have a fever"
      And <pause> pass
      Then CHT has 1 report from Amina

      Examples:
        | pause  |
        | 3 days |

    Scenario Outline: A text after a quiet time
      Given <pause> pass
      When Amina texts "I have a fever"
      Then CHT has Amina's report "I have a fever"

      Examples:
        | pause    |
        | 8 hours  |
        | 26 hours |

  @req:OUT-1 @virtual-time
  Rule: An outgoing text is sent once, for good, and at any time

    Scenario Outline: The same text again is another text
      When CHT sends "Take your medicine" to Amina
      And <pause> pass
      And CHT sends "Take your medicine" to Amina
      Then Amina receives "Take your medicine" 2 times

      Examples:
        | pause      |
        | 5 seconds  |
        | 50 seconds |
        | 9 minutes  |
        | 28 minutes |
        | 2 days     |

    Scenario Outline: Nothing arrives again
      When CHT sends "Take your medicine" to Amina
      And <pause> pass
      Then Amina receives "Take your medicine" once

      Examples:
        | pause  |
        | 3 days |

    Scenario Outline: A text after a quiet time
      Given <pause> pass
      When CHT sends "Take your medicine" to Amina
      Then Amina receives "Take your medicine" once

      Examples:
        | pause    |
        | 8 hours  |
        | 26 hours |

  @req:IN-6 @virtual-time
  Rule: A long outage of CHT after a text was accepted

    Scenario Outline: CHT is away for long
      Given CHT is down for <outage>
      When Amina texts "I have a fever"
      And <outage> pass
      Then CHT has Amina's report "I have a fever", or the text was refused

      Examples:
        | outage   |
        | 2 hours  |
        | 13 hours |

  @req:OUT-10 @virtual-time
  Rule: A long outage of RapidPro

    Scenario Outline: RapidPro is away for long
      Given RapidPro is down for <outage>
      When CHT sends "Take your medicine" to Amina
      And <outage> pass
      Then Amina receives "Take your medicine" once

      Examples:
        | outage   |
        | 2 hours  |
        | 13 hours |

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
        | 429    |
        | 502    |
        | 503    |
        | 504    |

  @req:STATE-1 @virtual-time
  Rule: More texts than a page holds

    Scenario: Three hundred texts wait for their states
      When CHT has 300 texts to send
      Then all 300 arrive within 480 minutes
      And CHT shows all 300 texts as delivered
