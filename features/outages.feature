Feature: Trouble around the relay
  Servers are restarted, networks are bad. Afterwards everything must have arrived exactly once.

  @req:IN-6
  Rule: An accepted text survives

    Scenario: CHT is down when a patient texts
      Given CHT is down for a while
      When Amina texts "I have a fever"
      Then CHT has Amina's report "I have a fever", or the text was refused

    @virtual-time
    Scenario: CHT refuses the password for a while
      Given CHT refuses the relay's password for a while
      When Amina texts "I have a fever"
      Then CHT has Amina's report "I have a fever", or the text was refused

  @req:IN-10
  Rule: Texts are taken while CHT is away

    Scenario Outline: CHT is away when a patient texts
      Given CHT <trouble>
      When Amina texts "I have a fever"
      Then Amina's text is accepted
      And CHT has Amina's report "I have a fever"

      Examples:
        | trouble                                  |
        | is down for a while                      |
        | is starting up for a while               |
        | refuses the relay's password for a while |

  @req:IN-9
  Rule: A waiting page does not mean success

    Scenario: CHT starts up
      Given CHT is starting up for a while
      When Amina texts "I have a fever"
      Then CHT has Amina's report "I have a fever", or the text was refused

  @req:OPS-1
  Rule: CHT fails for a while

    Scenario: CHT is down while texts are on their way
      Given CHT is down for a while
      When CHT sends "hello" to Amina
      And Yusuf texts "I have a fever"
      Then Amina receives "hello" once
      And CHT has Yusuf's report "I have a fever", or the text was refused

    Scenario Outline: CHT's answers are unusable
      Given CHT <trouble>
      When Amina texts "I have a fever"
      And CHT sends "hello" to Yusuf
      Then Yusuf receives "hello" once
      And CHT has Amina's report "I have a fever", or the text was refused

      Examples:
        | trouble                                       |
        | fails the next 3 times                        |
        | loses its next answer                         |
        | answers the next request with half a document |

  @req:OPS-2
  Rule: Slow or flaky networks

    Scenario: RapidPro is slow
      Given RapidPro is slow
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then Amina, Yusuf and Grace receive "hello" once

    @virtual-time
    Scenario: The network is flaky
      Given RapidPro is behind a flaky network
      When CHT has 60 texts to send
      Then all 60 arrive within 600 minutes

  @req:OPS-3
  Rule: The aggregator is in trouble

    @virtual-time
    Scenario: Delivery reports come hours late
      Given the aggregator reports deliveries hours late
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as delivered

    Scenario: Delivery reports come twice
      Given the aggregator reports each delivery twice
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then Amina, Yusuf and Grace receive "hello" once

  @req:OPS-4
  Rule: A neighbour that fails is not stormed

    @virtual-time
    Scenario Outline: RapidPro fails for a while
      Given RapidPro <trouble>
      When CHT sends "hello" to Amina, Yusuf and Grace
      And a while passes
      Then RapidPro received at most 30 requests in any minute

      Examples:
        | trouble                                 |
        | is down for a while                     |
        | answers 500 to everything for a while |
        | cannot be reached for a while           |

    @virtual-time
    Scenario Outline: CHT fails for a while
      Given CHT <trouble>
      When CHT sends "hello" to Amina
      And Yusuf texts "I am well"
      And Grace texts "I am well, too"
      And a while passes
      Then CHT received at most 30 requests in any minute

      Examples:
        | trouble                                 |
        | is down for a while                     |
        | answers 500 to everything for a while |
        | cannot be reached for a while           |
