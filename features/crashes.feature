Feature: The relay is killed
  Machines lose power, processes run out of memory. Who starts again must know what is done and what is not.

  @req:CRASH-1 @restart
  Rule: After CHT handed a text out

    Scenario: Killed with a text in hand
      Given the relay is killed right after CHT handed out a text
      When CHT sends "hello" to Amina
      And the relay starts again
      Then Amina receives "hello" once

  @req:CRASH-2 @restart
  Rule: After RapidPro accepted a text

    Scenario: Killed before it knows that the text is accepted
      Given the relay is killed right after RapidPro accepted a text
      When CHT sends "hello" to Amina
      And the relay starts again
      Then Amina receives "hello" once
      And CHT knows the text to Amina as delivered

  @req:CRASH-3 @restart
  Rule: After it took a text over

    Scenario: Killed with a patient's text in hand
      Given the relay is killed right after it accepted a text from RapidPro
      When Amina texts "The baby is born"
      And the relay starts again
      Then CHT holds 1 reports of Amina

    Scenario: Killed before it knows that CHT has the report
      Given the relay is killed right after CHT stored a report
      When Amina texts "The baby is born"
      And the relay starts again
      Then CHT holds 1 reports of Amina

  @req:CRASH-4 @restart
  Rule: While states are under way

    Scenario Outline: Killed while states are under way
      Given the relay is killed right after <moment>
      When CHT sends "hello" to Amina
      And the relay starts again
      Then CHT knows the text to Amina as delivered
      And Amina receives "hello" once

      Examples:
        | moment                     |
        | RapidPro returned a status |
        | CHT received a state       |
