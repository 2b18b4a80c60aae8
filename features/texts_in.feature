Feature: Incoming texts become reports
  A text to the clinic's number arrives in CHT once and unchanged.

  @req:IN-1
  Rule: A text becomes one report, unchanged

    Scenario: A patient writes in her own words
      When Amina texts "I have had a fever since Monday"
      Then CHT has Amina's report "I have had a fever since Monday"

    Scenario Outline: Texts of all kinds
      When Amina texts "<words>"
      Then CHT has Amina's report "<words>"

      Examples:
        | words                                |
        | Umwana ararwaye, ndaje 😷             |
        | ሰላም ጤና ይስጥልኝ                          |
        | a@b.example, @contact and @(1 + 1)   |
        | 100% sure & <b>bold</b>, 'so' \x      |

    Scenario: A text of several lines
      When Amina texts "one line" in 3 lines
      Then CHT has 1 report from Amina

    Scenario: Many people at once
      When 40 people text in
      Then CHT has reports from all 40

  @req:IN-2
  Rule: A form text becomes a parsed report

    Scenario: A health worker reports a temperature
      When Yusuf texts "TEMP 38"
      Then CHT has a TEMP report from Yusuf whose temp is 38

  @req:IN-8
  Rule: The same text twice becomes two reports

    Scenario: A patient asks for help again
      When Amina texts "please call me"
      And a while passes
      And Amina texts "please call me"
      Then CHT has 2 reports from Amina

  @req:IN-15
  Rule: From a short code, too

    Scenario Outline: A service texts
      Given Amina's number is a short code
      And RapidPro delivers texts <how>
      When Amina texts "Your balance is 200 RWF"
      Then CHT has Amina's report "Your balance is 200 RWF", or the text was refused

      Examples:
        | how                                 |
        | as CHT's documentation says         |
        | with the sender without its scheme  |

  @req:IN-14 @virtual-time
  Rule: Soon

    Scenario: A patient needs help
      When Amina texts "The baby is coming"
      And 10 minutes pass
      Then CHT has Amina's report "The baby is coming" by now
