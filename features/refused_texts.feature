Feature: Texts that cannot be taken over
  What the relay cannot take over it refuses at once, with a reason, so that the sender learns of it.

  @req:IN-4
  Rule: A missing field is refused with a reason that names it

    Scenario Outline: A field is missing
      Given RapidPro hands texts over without the <field>
      When Amina texts "hello"
      Then Amina's text is refused with 400, naming the <name>
      And CHT holds 0 reports of Amina

      Examples:
        | field   | name    |
        | id      | id      |
        | sender  | from    |
        | content | content |

    Scenario: The body is no JSON document
      Given RapidPro hands texts over as plain text
      When Amina texts "hello"
      Then Amina's text is refused with 400
      And CHT holds 0 reports of Amina

  @req:IN-5
  Rule: The sender is told

    Scenario: A patient's text is refused
      Given RapidPro hands texts over without the content
      When Amina texts "hello"
      Then Amina is told that the text was not received

  @req:IN-7
  Rule: A result that is not configured is refused

    Scenario: The flow names a result that it does not have
      Given RapidPro hands texts over with a result that is not configured
      When Amina texts "hello"
      Then Amina's text is refused with 400, naming the content
      And CHT holds 0 reports of Amina

  @req:AUTH-1
  Rule: No token

    Scenario: The flow has no token
      Given RapidPro hands texts over without a token
      When Amina texts "hello"
      Then Amina's text is refused with 403
      And CHT holds 0 reports of Amina

  @req:AUTH-2
  Rule: A wrong token

    Scenario Outline: The flow's token is wrong
      Given RapidPro hands texts over <so>
      When Amina texts "hello"
      Then Amina's text is refused with 403
      And CHT holds 0 reports of Amina

      Examples:
        | so                                   |
        | with a wrong token                   |
        | with the beginning of the token only |

  @req:AUTH-3
  Rule: A malformed token

    Scenario Outline: The flow's token is malformed
      Given RapidPro hands texts over <so>
      When Amina texts "hello"
      Then Amina's text is refused with 403
      And CHT holds 0 reports of Amina

      Examples:
        | so                                  |
        | with the token under another scheme |
        | with the bare token                 |
        | with the scheme alone               |
