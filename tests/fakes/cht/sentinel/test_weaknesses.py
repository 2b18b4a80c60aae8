"""Where the real CHT is weak in schedules and outbound pushes, the fake one is too; each test names its recording."""

from __future__ import annotations

from typing import Any

from tests.fakes.cht.recorded_traffic import Entry, World, docs_of, entries, world
from tests.fakes.cht.sentinel.test_recorded_traffic import Play
from tests.scripted_server import Script, session

OK = {"status": 201, "content_type": "application/json", "body": "{}"}


def repeated(file: str, name: str, *, failing: int = 0, **answer: Any) -> Play:
    """The steps of a recording, against a server that fails at first (as `answer` says) and then takes everything."""
    entry: Entry = next(one for one in entries(file) if one["id"] == name)
    broken = answer or {"status": 500, "content_type": "application/json", "body": "{}"}
    script = Script(lambda number, _request: broken if number < failing else OK)
    given = {
        **entry["given"],
        "credentials": {**entry["given"].get("credentials", {}), "rapidpro:incoming": "incoming-token"},
    }
    play = Play(world(given, session(script)), script)
    script.pass_time = play.made.cht.pass_time
    for step in entry.get("steps", ()):
        play.step(step, entry)
    return play


def task_states(made: World, key: str = "tasks") -> list[str]:
    (doc,) = docs_of(made)
    return [task["state"] for task in doc[key]]


def queued(made: World) -> list[str]:
    return [name for doc in docs_of(made, "sentinel") for name in doc.get("queue", ())]


def test_a_task_whose_text_is_missing_is_set_to_a_state_that_no_other_code_knows() -> None:
    """schedules/due-generated-missing-text-clear"""
    entry = next(one for one in entries("schedules") if one["id"] == "due-generated-missing-text-clear")
    made = world(entry["given"])
    made.control.post("/cht/run", json={"pass": "schedules"})
    assert task_states(made, "scheduled_tasks") == ["clear"]


def test_a_lost_answer_makes_the_receiver_get_the_push_twice() -> None:
    """outbound/push-answer-lost"""
    play = repeated("outbound", "push-answer-lost", failing=1, reset=True)
    first, second = play.script.asked
    assert first == second


def test_a_push_that_is_refused_for_good_is_sent_for_ever() -> None:
    """outbound/push-http-400"""
    refused = {"status": 400, "content_type": "application/json", "body": "{}"}
    play = repeated("outbound", "push-http-400", failing=1000, **refused)
    before = len(play.script.asked)
    play.made.clock.advance(86_400)
    assert len(play.script.asked) - before == 288


def test_a_second_push_that_fails_while_the_first_is_queued_is_lost() -> None:
    """outbound/queue-not-topped-up"""
    play = repeated("outbound", "queue-not-topped-up", failing=3)
    play.made.clock.advance(3600)
    assert [request["path"] for request in play.script.asked] == ["/a", "/a", "/b", "/a"]
    assert queued(play.made) == []


def test_a_queued_push_is_made_although_the_document_is_no_longer_relevant() -> None:
    """outbound/queued-no-longer-relevant"""
    play = repeated("outbound", "queued-no-longer-relevant", failing=1)
    assert '"form":"other"' in play.script.asked[-1]["body"]


def test_the_prototype_never_learns_what_became_of_a_message() -> None:
    """outbound/proto-message"""
    play = repeated("outbound", "proto-message")
    play.made.clock.advance(86_400)
    assert (len(play.script.asked), task_states(play.made)) == (1, ["pending"])


def test_the_prototype_sends_to_the_first_of_several_recipients_only() -> None:
    """outbound/proto-second-task-missed"""
    play = repeated("outbound", "proto-second-task-missed")
    play.made.clock.advance(86_400)
    assert [request["body"].count("u-2") for request in play.script.asked] == [0]


def test_the_prototype_sends_a_message_that_was_cleared_meanwhile() -> None:
    """outbound/proto-cleared-still-sent"""
    play = repeated("outbound", "proto-cleared-still-sent", failing=1)
    assert (len(play.script.asked), task_states(play.made)) == (2, ["cleared"])


def test_the_prototype_holds_incoming_texts_while_rapidpro_is_slow_and_starts_the_flow_twice() -> None:
    """outbound/proto-slow-push-holds-incoming"""
    play = repeated("outbound", "proto-slow-push-holds-incoming", failing=1, **OK, delay=12)
    assert play.wrong == []  # the recorded ten seconds until the answer among them
    assert len(play.script.asked) == 2
