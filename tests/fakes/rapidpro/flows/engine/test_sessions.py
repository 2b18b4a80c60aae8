"""Sessions: starting, waiting, resuming, sub-flows, limits. What recordings do not show, or show only once."""

import copy
from typing import Any

import pytest

from fakes.rapidpro.flows.engine import NotAccepted, Refused, expire, reply, stored, time_out
from fakes.rapidpro.flows.engine.calls.exchange import Answer
from tests.fakes.rapidpro.flows.engine.building import Conversation, action, flow, node, say, split, uid

ASK: list[dict[str, Any]] = [
    node("ask", say("Name?"), to="wait"),
    split("wait", "@input.text", [("has_text", [], "Any")], {"Silent": None, "Any": "end"}, seconds=60, result="Name"),
    node("end", say("Hi @results.name")),
]
GENERATIONS = ("new", "9")


def enter(name: str, **values: Any) -> dict[str, Any]:
    return action("enter_flow", flow={"uuid": uid(f"flow {name}"), "name": name}, **values)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_step_leaves_the_session_that_it_was_given_as_it_was(generation: Any) -> None:
    waiting = Conversation(flow("Ask", *ASK), generation=generation).start()
    before, session = copy.deepcopy(waiting.outcome.session), waiting.outcome.session
    first, second = (reply(session, waiting.input("Zawadi"), waiting.around) for _ in range(2))
    assert session == before
    assert first.session.status == second.session.status == "completed"
    assert [e.values["text"] for e in first.events if e.type == "msg_created"] == ["Hi Zawadi"]


def test_the_contact_that_starts_a_session_is_not_changed_by_it() -> None:
    conversation = Conversation(flow("Name", node("n", action("set_contact_name", name="Zawadi")))).start("hi")
    assert conversation.contact.name == "Amina Otieno"
    assert conversation.outcome.session.contact.name == "Zawadi"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_session_that_does_not_wait_accepts_nothing(generation: Any) -> None:
    ended = Conversation(flow("Bye", node("n", say("Bye"))), generation=generation).start()
    for resume in (time_out, expire):
        with pytest.raises(NotAccepted, match="only waiting sessions can be resumed"):
            resume(ended.outcome.session, ended.around)


def test_an_expired_child_hands_over_to_its_parent() -> None:
    parent = flow("Parent", split(
        "parent", "@child.status", [("has_only_text", ["completed"], "Done")], {"Done": None, "Gone": "gone"},
        enter("Ask"),
    ), node("gone", say("child @child.status")))  # fmt: skip
    waiting = Conversation(parent, flow("Ask", *ASK)).start()
    after = expire(waiting.outcome.session, waiting.around)
    assert [run.status for run in after.session.runs] == ["completed", "expired"]
    assert [e.values["text"] for e in after.events if e.type == "msg_created"] == ["child expired"]


def test_a_terminal_child_ends_its_parent_before_it_starts() -> None:
    parent = flow(
        "Parent", node("p", enter("Ask", terminal=True), say("same node"), to="never"), node("never", say("x"))
    )
    waiting = Conversation(parent, flow("Ask", *ASK)).start()
    assert waiting.texts() == ["same node", "Name?"]
    assert [run.status for run in waiting.outcome.session.runs] == ["completed", "waiting"]
    assert waiting.says("Zawadi").outcome.session.status == "completed"


@pytest.mark.parametrize(
    ("generation", "words"),
    [
        ("new", "Reached maximum number of steps per sprint (250)"),
        ("9", "reached maximum number of steps per sprint (200)"),
    ],
)
def test_a_cycle_without_a_wait_ends_at_the_limit_of_steps(generation: Any, words: str) -> None:
    loop = flow("Loop", node("a", to="b"), node("b", to="a"))
    ended = Conversation(loop, generation=generation).start()
    assert ended.notes() == [words]
    assert ended.outcome.session.status == "failed"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_flows_that_enter_each_other_without_end_fail(generation: Any) -> None:
    endless = [flow("A", node("a", enter("B"))), flow("B", node("b", enter("A")))]
    ended = Conversation(*endless, generation=generation).start()
    assert ended.outcome.session.status == "failed"
    assert {run.status for run in ended.outcome.session.runs} == {"failed"}


def test_a_new_session_has_at_most_500_runs() -> None:
    child = flow("Child", node("c"))
    again = flow("Parent", split(
        "p", "@input.text", [("has_text", [], "Again")], {"Again": "q", "Other": None}, wait={},
    ), split("q", "@child.status", [], {"Other": "p"}, enter("Child")))  # fmt: skip
    conversation = Conversation(again, child).start()
    while conversation.outcome.session.status == "waiting":
        conversation.says("more")
    assert len(conversation.outcome.session.runs) <= 500
    assert conversation.notes()[-1].startswith("Reached maximum number of")


def test_a_flow_that_is_gone_when_the_contact_answers_fails_the_session() -> None:
    waiting = Conversation(flow("Ask", *ASK)).start()
    other = Conversation(flow("Other", node("o")))
    ended = reply(waiting.outcome.session, waiting.input("Zawadi"), other.around)
    assert ended.session.status == "failed"
    assert [e.values["text"] for e in ended.events if e.type == "failure"] == [
        "Can't resume run with missing flow asset"
    ]


def test_a_node_that_is_gone_when_the_contact_answers_fails_the_session() -> None:
    waiting = Conversation(flow("Ask", *ASK)).start()
    changed = Conversation(flow("Ask", node("ask", say("Nothing"))))
    ended = reply(waiting.outcome.session, waiting.input("Zawadi"), changed.around)
    assert ended.session.status == "failed"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_voice_flows_are_refused_with_a_sentence(generation: Any) -> None:
    voice = flow("Call", node("n", action("say_msg", text="Hello")), type="voice")
    with pytest.raises(Refused, match="flows of type 'voice' need a call"):
        Conversation(voice, generation=generation).start()


def test_expressions_of_one_stretch_have_a_common_budget() -> None:
    big = '@(text_length(repeat("abcdefghij", 100000)))'
    nodes = [
        node(f"n{i}", *(say(big, quick_replies=[f"{i}.{j}"]) for j in range(20)), to=f"n{i + 1}") for i in range(9)
    ]
    ended = Conversation(flow("Big", *nodes, node("n9")), generation="9").start()
    assert set(ended.texts()) == {"1000000", ""}
    assert ended.notes()[-1] == f"error evaluating {big}: expression is too complex to evaluate"
    assert ended.outcome.session.status == "completed"


@pytest.mark.parametrize(("size", "left"), [(9_000, True), (20_000, False)])
def test_a_stored_session_forgets_large_answers(size: int, left: bool) -> None:
    call = action("call_webhook", method="GET", url="https://reports.example.org/x")
    answer = Answer(200, {}, b'{"a":"' + b"y" * size + b'"}')
    waiting = Conversation(flow("Hook", node("n", call, to="wait"), *ASK[1:]), answers=[answer]).start()
    kept = stored(waiting.outcome.session, waiting.around)
    assert (kept.runs[0].webhook is not None) is left
    assert waiting.outcome.session.runs[0].webhook is not None


@pytest.mark.parametrize("generation", GENERATIONS)
def test_expressions_see_a_change_of_the_contact_at_once(generation: Any) -> None:
    clock = '@(format_datetime("2026-03-04T12:00:00Z", "tt:mm"))'
    moved = action("set_contact_timezone", timezone="Asia/Kathmandu")
    conversation = Conversation(
        flow("Zone", node("n", {**say(clock), "uuid": uid("first")}, moved, say(clock))), generation=generation
    )
    assert conversation.start("hi").texts() == ["15:00", "17:45"]
