Feature: Reasons
  Whoever looks into CHT, or at RapidPro's log, can see why a text failed. The words are free, in any language.

  @req:WHY-1
  Rule: A text that failed has a reason in CHT

    Scenario: RapidPro refuses the number
      Given Amina's number is too short
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as failed
      And CHT shows why the text to Amina failed

    Scenario: An absurdly long number
      Given Amina's number has 9000 digits
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as failed
      And CHT shows why the text to Amina failed

    Scenario: A very long text
      When CHT sends Amina a text of 5000 characters
      Then CHT shows the text to Amina as failed
      And CHT shows why the text to Amina failed

    Scenario: The aggregator fails a text
      Given the aggregator fails every text
      When CHT sends "hello" to Amina
      Then CHT shows the text to Amina as failed
      And CHT shows why the text to Amina failed

  @req:WHY-2
  Rule: Different causes have different reasons

    Scenario: A number that RapidPro refuses, a number that cannot be reached, and a very long text
      Given Amina's number is too short
      And Yusuf's number cannot be reached
      When CHT sends "hello" to Amina and Yusuf
      And CHT sends Grace a text of 5000 characters
      Then CHT shows the text to Amina, Yusuf and Grace as failed
      And CHT shows different reasons for Amina, Yusuf and Grace

  @req:WHY-3
  Rule: The answer to a refused delivery says why

    Scenario: Each field is missing once
      Given RapidPro delivers texts without the id
      When Amina texts "hello"
      And RapidPro delivers texts without the sender
      And Yusuf texts "hello"
      And RapidPro delivers texts without the content
      And Grace texts "hello"
      Then Amina, Yusuf and Grace are refused for different reasons

  @req:WHY-4
  Rule: The status of the answer is that of CHT

    Scenario Outline: A delivery is refused
      Given RapidPro delivers texts <how>
      When Amina texts "hello"
      Then Amina's text is refused with <status>

      Examples:
        | how                                    | status |
        | without the id                         | 400    |
        | without the sender                     | 400    |
        | without the content                    | 400    |
        | with a result that is not configured   | 400    |
        | without a token                        | 403    |
        | with a wrong token                     | 403    |
        | with the token under another scheme    | 403    |
