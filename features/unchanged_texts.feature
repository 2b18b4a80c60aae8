Feature: Texts stay unchanged, letter for letter
  Each group holds texts that real gateways cut, unescape, collapse or normalise (conformance/texts.toml).

  @req:IN-1
  Rule: Incoming texts of all kinds

    Scenario Outline: Incoming texts
      When Amina texts each of "<group>"
      Then CHT has each of them from Amina once, unchanged

      Examples:
        | group                                   |
        | length borders of GSM-7                 |
        | length borders of UCS-2                 |
        | the longest that every RapidPro accepts |
        | texts of many SMS                       |
        | characters of the GSM-7 extension table |
        | composed and decomposed letters         |
        | joiners and marks without width         |
        | emoji                                   |
        | blanks and tabs                         |
        | line ends                               |
        | blanks at both ends                     |
        | typographic quotes and dashes           |
        | digits of other scripts                 |
        | what looks like code                    |
        | at signs                                |
        | what looks like JSON or a number        |
        | what a database cannot hold             |

  @req:OUT-1
  Rule: Outgoing texts of all kinds

    Scenario Outline: Outgoing texts
      When CHT sends each of "<group>" to Amina
      Then Amina receives each of them once, unchanged

      Examples:
        | group                                   |
        | length borders of GSM-7                 |
        | length borders of UCS-2                 |
        | the longest that every RapidPro accepts |
        | characters of the GSM-7 extension table |
        | composed and decomposed letters         |
        | joiners and marks without width         |
        | emoji                                   |
        | blanks and tabs                         |
        | line ends                               |
        | blanks at both ends                     |
        | typographic quotes and dashes           |
        | digits of other scripts                 |
        | what looks like code                    |
        | what looks like JSON or a number        |

  @req:OUT-4
  Rule: Outgoing texts with @

    Scenario: At signs of all kinds
      When CHT sends each of "at signs" to Amina
      Then Amina receives each of them once, unchanged

  @req:OUT-5
  Rule: Outgoing texts at the limit of RapidPro's versions

    Scenario: Longer than some RapidPro accepts
      When CHT sends each of "longer than some RapidPro accepts" to Amina
      And CHT sends "See you" to Yusuf
      Then Yusuf receives "See you" once
      And each of them reaches Amina unchanged, or CHT shows it as failed

  @req:OUT-12
  Rule: Outgoing texts that RapidPro refuses

    Scenario: With characters that RapidPro refuses
      When CHT sends each of "what RapidPro refuses" to Amina
      And CHT sends "See you" to Yusuf
      Then Yusuf receives "See you" once
      And each of them reaches Amina unchanged, or CHT shows it as failed
