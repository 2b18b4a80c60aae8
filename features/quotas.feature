Feature: RapidPro's quotas
  RapidPro counts requests by the hour. Who asks too often is told to wait, and how long.

  @req:QUOTA-1
  Rule: A 429 on sending

    Scenario: Sending is throttled for a while
      Given RapidPro throttles sending for a while
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then RapidPro is left alone until the time is up
      And Amina, Yusuf and Grace receives "hello" once

    @virtual-time
    Scenario: The quota of the hour is used up
      Given RapidPro has used up its quota of the hour
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then RapidPro is left alone until the time is up
      And Amina, Yusuf and Grace receives "hello" once

    Scenario: Throttled three times in a row
      Given RapidPro is throttled for a moment
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then Amina, Yusuf and Grace receives "hello" once

  @req:QUOTA-2
  Rule: A 429 on asking for states

    Scenario: Asking is throttled for a while
      Given RapidPro throttles asking for states for a while
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then RapidPro is left alone until the time is up
      And CHT knows the text to Amina, Yusuf and Grace as delivered

  @req:QUOTA-3
  Rule: Few requests

    Scenario: A hundred texts on one morning
      When CHT has 100 texts to send
      Then all 100 arrive within 10 minutes
      And RapidPro got at most 1.5 requests for each text
