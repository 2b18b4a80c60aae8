Feature: Texts that can never arrive
  An unreachable number does not affect anybody else.

  @req:OUT-7
  Rule: A text to a bad number fails for good

    Scenario: RapidPro refuses the number
      Given Amina's number is too short
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as failed
      And RapidPro received at most 20 requests to send

    Scenario: The aggregator cannot reach the number
      Given Amina's number cannot be reached
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as failed
      And RapidPro has one message for Amina

  @req:OUT-12
  Rule: It does not delay other texts

    Scenario: A bad number among good ones
      Given Amina's number is too short
      When CHT sends "hello" to Amina, Yusuf and Grace in one document
      Then Yusuf and Grace receive "hello" once
      And CHT shows the text to Amina as failed

    Scenario: An absurdly long number among good ones
      Given Amina's number has 9000 digits
      When CHT sends "hello" to Amina, Yusuf and Grace in one document
      Then Yusuf and Grace receive "hello" once
      And CHT shows the text to Amina as failed

    Scenario: As many bad numbers as CHT hands out in one batch, before a good one
      When CHT has 25 texts for numbers that are too short
      And CHT sends "hello" to Amina
      Then Amina receives "hello" once
      And CHT shows all 25 texts for bad numbers as failed
