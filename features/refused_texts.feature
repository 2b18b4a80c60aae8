Feature: Texts that cannot be accepted
  The relay refuses at once what it cannot accept, so that the sender learns of it.

  @req:IN-4
  Rule: A missing field is refused

    Scenario Outline: A field is missing
      Given RapidPro delivers texts without the <field>
      When Amina texts "hello"
      Then Amina's text is refused
      And CHT has 0 reports from Amina

      Examples:
        | field   |
        | id      |
        | sender  |
        | content |

    Scenario: The body is not JSON
      Given RapidPro delivers texts as something that is not JSON
      When Amina texts "hello"
      Then Amina's text is refused
      And CHT has 0 reports from Amina

  @req:IN-11
  Rule: JSON under another Content-Type is refused or taken

    Scenario: The flow calls JSON plain text
      Given RapidPro delivers texts as plain text
      When Amina texts "hello"
      Then CHT has Amina's report "hello", or the text was refused

  @req:IN-5
  Rule: The sender learns of it

    Scenario: A patient's text is refused
      Given RapidPro delivers texts without the content
      When Amina texts "hello"
      Then Amina learns that the text was not received

  @req:IN-7
  Rule: A result that is not configured is refused

    Scenario: The flow names a result that it does not have
      Given RapidPro delivers texts with a result that is not configured
      When Amina texts "hello"
      Then Amina's text is refused
      And CHT has 0 reports from Amina

  @req:AUTH-1
  Rule: No token

    Scenario: The flow has no token
      Given RapidPro delivers texts without a token
      When Amina texts "hello"
      Then Amina's text is refused
      And CHT has 0 reports from Amina

  @req:AUTH-2
  Rule: A wrong token

    Scenario Outline: The flow's token is wrong
      Given RapidPro delivers texts <how>
      When Amina texts "hello"
      Then Amina's text is refused
      And CHT has 0 reports from Amina

      Examples:
        | how                                  |
        | with a wrong token                   |
        | with the beginning of the token only |
        | with the end of the token only       |
        | with something behind the token      |
        | with something before the token      |
        | with the token in another case       |
        | with RapidPro's own token            |
        | with the password of CHT's gateway   |
        | with an accent in the token          |

  @req:AUTH-3
  Rule: A malformed token

    Scenario Outline: The flow's token is malformed
      Given RapidPro delivers texts <how>
      When Amina texts "hello"
      Then Amina's text is refused
      And CHT has 0 reports from Amina

      Examples:
        | how                                 |
        | with the token under another scheme |
        | with the bare token                 |
        | with the scheme alone               |
        | with an empty token                 |
        | with a blank in the token           |
        | with the scheme twice               |
        | with a wrong token and the token    |
