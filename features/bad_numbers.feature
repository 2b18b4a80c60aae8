Feature: Texts that can never arrive
  A number that cannot be reached costs nobody else anything.

  @req:OUT-7
  Rule: A bad number fails for good

    Scenario: A number that RapidPro refuses
      Given Amina's number is too short to be one
      When CHT sends "hello" to Amina
      Then CHT knows the text to Amina as failed
      And CHT is told why the text to Amina failed: "number"
      And RapidPro got at most 2 requests to send

    Scenario: A number that the aggregator cannot reach
      Given Amina's number cannot be reached
      When CHT sends "hello" to Amina
      Then CHT knows the text to Amina as failed
      And RapidPro has one message for Amina

  @req:OUT-12
  Rule: It holds up no other

    Scenario: A bad number among good ones
      Given Amina's number is too short to be one
      When CHT sends "hello" to Amina, Yusuf and Grace in one document
      Then Yusuf and Grace receives "hello" once
      And CHT knows the text to Amina as failed

    Scenario: As many bad numbers as CHT hands out at a time, before a good one
      When CHT has 25 texts for numbers that are too short
      And CHT sends "hello" to Amina
      Then Amina receives "hello" once
      And CHT knows all 25 texts for bad numbers as failed
