Feature: RapidPro's token
  Tokens are rotated, users deactivated. Nothing may be lost by it.

  @req:AUTH-4
  Rule: Refused for a time

    Scenario: The token's user is deactivated for a while
      Given RapidPro refuses the relay's token for a while
      When CHT sends "hello" to Amina
      Then Amina receives "hello" once
      And CHT knows the text to Amina as delivered

    @virtual-time
    Scenario Outline: The token is refused until somebody mends it
      Given RapidPro <trouble>
      When CHT sends "hello" to Amina
      And a while passes
      And all is well again
      Then Amina receives "hello" once

      Examples:
        | trouble                        |
        | takes no token any more        |
        | has replaced the relay's token |

  @req:AUTH-5
  Rule: Shown to nobody else

    Scenario: A quiet day
      When CHT sends "hello" to Amina
      And Yusuf texts "I am well"
      Then Amina receives "hello" once
      And CHT holds Yusuf's report "I am well"
