Feature: Strange answers
  Proxies, overloaded servers and wrong clocks give answers that are right in form and stop careless clients.

  @req:OPS-7
  Rule: Nothing is lost, doubled or stopped

    Scenario Outline: RapidPro's answers are strange
      Given RapidPro <trouble>
      When CHT sends "hello" to Amina
      And Yusuf texts "I have a fever"
      Then Amina receives "hello" once
      And CHT shows the text to Amina as delivered
      And CHT has Yusuf's report "I have a fever", or the text was refused

      Examples:
        | trouble                                         |
        | drips its next answer                           |
        | drips the headers of its next answer            |
        | says for a while that it is processing          |
        | has a list of messages without end              |
        | sets large cookies with each answer             |
        | says that everything was made in the year 9999  |

    Scenario Outline: CHT's answers are strange
      Given CHT <trouble>
      When CHT sends "hello" to Amina
      And Yusuf texts "I have a fever"
      Then Amina receives "hello" once
      And CHT shows the text to Amina as delivered
      And CHT has Yusuf's report "I have a fever", or the text was refused

      Examples:
        | trouble                                |
        | drips its next answer                  |
        | drips the headers of its next answer   |
        | says for a while that it is processing |
        | sets large cookies with each answer    |

    Scenario Outline: A lost answer must be looked for in strange lists
      Given RapidPro accepts the next text but its answer is lost
      And RapidPro <trouble>
      When CHT sends "hello" to Amina
      And a while passes
      Then Amina receives "hello" once

      Examples:
        | trouble                                             |
        | has a list of broadcasts without end for a while    |
        | says that all broadcasts were made in the year 9999 |

  @req:OPS-8
  Rule: Clocks that are apart

    Scenario Outline: RapidPro's clock is wrong
      Given RapidPro <trouble>
      When CHT sends "hello" to Amina
      Then Amina receives "hello" once
      And CHT shows the text to Amina as delivered

      Examples:
        | trouble                              |
        | has a clock that is two hours ahead  |
        | has a clock that is two hours behind |

    Scenario Outline: A lost answer while clocks are apart
      Given RapidPro accepts the next text but its answer is lost
      And RapidPro <trouble>
      When CHT sends "hello" to Amina
      And a while passes
      Then Amina receives "hello" once

      Examples:
        | trouble                              |
        | has a clock that is two hours ahead  |
        | has a clock that is two hours behind |
