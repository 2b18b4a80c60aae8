Feature: CHT shows what happened to a text
  Health workers see in CHT how far a text has come.

  @req:STATE-1
  Rule: Queued, wired, sent, delivered

    Scenario Outline: A text is on its way
      Given texts get no further than <status>
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as <state>

      Examples:
        | status | state                    |
        | queued | received by the gateway  |
        | wired  | forwarded by the gateway |
        | sent   | sent                     |

    Scenario: A text has arrived
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as delivered

  @req:STATE-2
  Rule: Failed

    Scenario: The aggregator fails a text
      Given the aggregator fails every text
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as failed

  @req:STATE-3
  Rule: Errored is not failed

    Scenario: The aggregator cannot be reached for a while
      Given the aggregator cannot be reached
      When CHT sends "hello" to Amina
      And the aggregator recovers in time
      Then Amina receives "hello" once
      And RapidPro has one message for Amina

    @virtual-time
    Scenario: RapidPro gives up
      Given the aggregator cannot be reached
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as failed

  @req:STATE-4
  Rule: Read is delivered

    Scenario: A text was read
      Given the aggregator reports that texts are read
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as delivered

  @req:STATE-5
  Rule: An unknown status

    Scenario: RapidPro returns an unknown status for a time
      Given RapidPro returns an unknown status
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as delivered

  @req:STATE-6 @states
  Rule: Never backwards

    Scenario Outline: Delivery reports come out of order or twice
      Given the aggregator <trouble>
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then Amina, Yusuf and Grace receive "hello" once

      Examples:
        | trouble                     |
        | reports out of order        |
        | reports each delivery twice |

  @req:STATE-7
  Rule: Reported until CHT has it

    Scenario: CHT's answers are lost
      Given CHT loses its next 3 answers
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as delivered

  @req:STATE-8
  Rule: Resent

    Scenario: An older RapidPro says resent
      Given RapidPro calls messages resent
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as sent

  @req:STATE-9 @states @virtual-time
  Rule: No report, no delivery

    Scenario Outline: The aggregator never reports
      Given texts get no further than <status>
      When CHT sends "hello" to Amina
      And <pause> pass
      Then CHT shows the text to Amina as <state>
      And RapidPro has one message for Amina

      Examples:
        | status | state                    | pause   |
        | wired  | forwarded by the gateway | 5 days  |
        | sent   | sent                     | 5 days  |
