Feature: Outgoing texts reach phones
  What CHT has to send arrives on the right phone, once and unchanged.

  @req:OUT-1
  Rule: Once and unchanged

    Scenario: A reply to a patient
      When CHT sends "Come to the clinic tomorrow" to Amina
      Then Amina receives "Come to the clinic tomorrow" once

    Scenario Outline: Replies of all kinds
      When CHT sends "<words>" to Amina
      Then Amina receives "<words>" once

      Examples:
        | words                              |
        | Muraho, ejo saa mbiri 🙏            |
        | ሰላም, ነገ ጠዋት ይምጡ                      |
        | 50% off & 'quotes' \n <b>no tag</b> |

    Scenario: The same text to two people
      When CHT sends "Take your medicine" to Amina and Yusuf
      Then Amina and Yusuf receive "Take your medicine" once

  @req:OUT-2
  Rule: Scheduled tasks

    Scenario: A reminder becomes due
      When CHT's reminder "Your visit is due" for Grace becomes due
      Then Grace receives "Your visit is due" once
      And CHT shows the text to Grace as delivered

  @req:OUT-3
  Rule: Several recipients in one document

    Scenario: A message to three health workers
      When CHT sends "Meeting at ten" to Amina, Yusuf and Grace in one document
      Then Amina, Yusuf and Grace receive "Meeting at ten" once
      And CHT shows the text to Amina, Yusuf and Grace as delivered

  @req:OUT-4
  Rule: A text with @

    Scenario Outline: RapidPro could evaluate it as an expression
      When CHT sends "<words>" to Amina
      Then Amina receives "<words>" once

      Examples:
        | words                                  |
        | Write to nurse@clinic.example          |
        | Hello @contact, or is it @contact.name |
        | @(1 + 1) is not 2 here                 |
        | two @@ signs and one @ alone           |
        | @fields.village @globals.org @urns.tel |

  @req:OUT-5
  Rule: A text longer than RapidPro accepts

    Scenario: A very long text
      When CHT sends Amina a text of 5000 characters
      And CHT sends "See you" to Yusuf
      Then Yusuf receives "See you" once
      And CHT shows the text to Amina as failed
      And Amina receives nothing

  @req:OUT-6
  Rule: A batch limit does not limit the speed

    Scenario: Sixty texts are waiting
      When CHT has 60 texts to send
      Then all 60 arrive within 3 minutes

  @req:OUT-13
  Rule: In order

    Scenario: Two texts for one phone
      When CHT sends "First wash your hands" and then "Then take the pill" to Amina
      Then Amina receives "First wash your hands" before "Then take the pill"
