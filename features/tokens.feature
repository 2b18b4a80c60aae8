Feature: RapidPro's token
  Tokens are rotated, users are deactivated. Nothing may be lost because of this.

  @req:AUTH-4
  Rule: Refused for a time

    Scenario: The token's user is deactivated for a while
      Given RapidPro refuses the relay's token for a while
      When CHT sends "hello" to Amina
      Then Amina receives "hello" once
      And CHT shows the text to Amina as delivered

    @virtual-time
    Scenario Outline: The token is refused until somebody fixes it
      Given RapidPro <trouble>
      When CHT sends "hello" to Amina
      And a while passes
      And all trouble ends
      Then Amina receives "hello" once

      Examples:
        | trouble                        |
        | accepts no token any more      |
        | has replaced the relay's token |

  @req:AUTH-5
  Rule: Revealed to nobody else

    Scenario: A quiet day
      When CHT sends "hello" to Amina
      And Yusuf texts "I am well"
      Then Amina receives "hello" once
      And CHT has Yusuf's report "I am well"

    Scenario Outline: A service has moved, or somebody pretends so
      Given <service> redirects the next <what> to <where>
      When CHT sends "hello" to Amina
      And Yusuf texts "I am well"
      Then Amina receives "hello" once
      And CHT has Yusuf's report "I am well", or the text was refused

      Examples:
        | service  | what    | where            |
        | RapidPro | text    | the same address |
        | RapidPro | text    | a stranger       |
        | RapidPro | look-up | a stranger       |
        | CHT      | request | the same address |
        | CHT      | request | a stranger       |

    Scenario: A stranger tries a token
      Given RapidPro delivers texts with a wrong token
      When Amina texts "Let me in"
