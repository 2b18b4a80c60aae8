Feature: The relay is killed
  Machines lose power, processes run out of memory. After a restart the relay must know what was done and what was not.

  @req:CRASH-1 @restart
  Rule: After CHT handed out a text

    Scenario: Killed with an outgoing text
      Given the relay is killed right after CHT handed out a text
      When CHT sends "hello" to Amina
      And the relay is restarted
      Then Amina receives "hello" once

  @req:CRASH-2 @restart
  Rule: After RapidPro accepted a text

    Scenario: Killed before it knows that the text is accepted
      Given the relay is killed right after RapidPro accepted a text
      When CHT sends "hello" to Amina
      And the relay is restarted
      Then Amina receives "hello" once
      And CHT shows the text to Amina as delivered

    @virtual-time
    Scenario: Restarted days after RapidPro accepted a text
      Given the relay is killed right after RapidPro accepted a text
      When CHT sends "hello" to Amina
      And the relay is restarted after 5 days
      Then Amina receives "hello" once

  @req:CRASH-3 @restart
  Rule: After it accepted a text

    Scenario: Killed with a patient's text
      Given the relay is killed right after it accepted a text from RapidPro
      When Amina texts "The baby is born"
      And the relay is restarted
      Then CHT has 1 report from Amina

    Scenario: Killed before it knows that CHT has the report
      Given the relay is killed right after CHT stored a report
      When Amina texts "The baby is born"
      And the relay is restarted
      Then CHT has Amina's report "The baby is born", or the text was refused

    @virtual-time
    Scenario: Restarted days after it accepted a text
      Given the relay is killed right after it accepted a text from RapidPro
      When Amina texts "The baby is born"
      And the relay is restarted after 5 days
      Then CHT has 1 report from Amina

  @req:CRASH-4 @restart
  Rule: While states are on their way

    Scenario Outline: Killed while states are on their way
      Given the relay is killed right after <moment>
      When CHT sends "hello" to Amina
      And the relay is restarted
      Then CHT shows the text to Amina as delivered
      And Amina receives "hello" once

      Examples:
        | moment                     |
        | RapidPro returned a status |
        | CHT received a state       |
