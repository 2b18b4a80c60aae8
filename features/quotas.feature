Feature: RapidPro's quotas
  RapidPro limits requests per hour. After too many it answers 429, with the time to wait.

  @req:QUOTA-1
  Rule: A 429 on sending

    Scenario: Sending is throttled for a while
      Given RapidPro throttles sending for a while
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then RapidPro has answered 429
      And Amina, Yusuf and Grace receive "hello" once

    @virtual-time
    Scenario: The hour's quota is used up
      Given RapidPro has used up the hour's quota
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then RapidPro has answered 429
      And Amina, Yusuf and Grace receive "hello" once

    Scenario: Throttled three times in a row
      Given RapidPro is throttled for a moment
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then Amina, Yusuf and Grace receive "hello" once

  @req:QUOTA-2
  Rule: A 429 on looking up messages

    Scenario: Looking up messages is throttled for a while
      Given RapidPro throttles looking up messages for a while
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then RapidPro has answered 429
      And CHT shows the text to Amina, Yusuf and Grace as delivered

  @req:QUOTA-3
  Rule: Few requests

    Scenario: A hundred texts on one morning
      When CHT has 100 texts to send
      Then all 100 arrive within 10 minutes
      And RapidPro received at most 1.5 requests per text

  @req:QUOTA-4
  Rule: No request while throttled

    Scenario Outline: A request is throttled for a while
      Given RapidPro throttles <what> for a while
      When CHT sends "hello" to Amina, Yusuf and Grace
      Then RapidPro has answered 429
      And Amina, Yusuf and Grace receive "hello" once

      Examples:
        | what                 |
        | sending              |
        | looking up messages  |

  @req:QUOTA-5
  Rule: Nothing more than is needed

    Scenario: A text in each direction
      When CHT sends "hello" to Amina
      And Yusuf texts "I am well"
      Then Amina receives "hello" once
      And CHT has Yusuf's report "I am well"

  @req:QUOTA-6
  Rule: CHT has other work to do, too

    @virtual-time
    Scenario: Forty texts, seen from CHT
      When CHT has 40 texts to send
      Then all 40 arrive within 600 minutes
      And CHT received at most 6 requests per text

    @virtual-time
    Scenario: A quiet day
      When CHT sends "hello" to Amina
      And Yusuf texts "I am well"
      Then Amina receives "hello" once
      And after a quiet day RapidPro is asked 6 times an hour and CHT 120 times, at most

  @req:QUOTA-7 @virtual-time
  Rule: Without Retry-After

    Scenario: A proxy limits the requests
      Given RapidPro answers 429 without Retry-After for a while
      When CHT sends "hello" to Amina
      And a while passes
      Then RapidPro received at most 4 requests a minute meanwhile
      And Amina receives "hello" once
