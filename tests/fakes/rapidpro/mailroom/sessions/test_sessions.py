"""Texts in flows: triggers, waits, timeouts, the contact lock, what is stored, what the API shows.

Source: FACTS of the engine (mailroom core/models/trigger.go, core/tasks/ctasks/msg_received.go, core/crons).
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from fakes.clock import SystemClock
from fakes.rapidpro.flows.bundles.reading import read_bundle
from tests.fakes.rapidpro.flow_bundles import (
    act,
    ask,
    bundle,
    call,
    catch_all,
    enter,
    flow,
    keyword,
    say,
    uuid_of,
)
from tests.fakes.rapidpro.flow_sites import URL, Site
from tests.fakes.rapidpro.worlds import AMINA, TEXTS, IncomingWorld

BEN, CALEB = "+250788123002", "+250788123003"
SURVEY = flow(
    "Survey", say("q1", "How old?", "age"), ask("age", "bye", result="Age"), say("bye", "Thanks, @results.age")
)
HELP = flow("Help", say("help", "Call 114"))
OTHERS = flow("Others", say("other", "We got: @input.text"))
ALL = bundle(SURVEY, HELP, OTHERS, triggers=[keyword("Survey", "join"), keyword("Help", "help"), catch_all("Others")])
GENERATIONS = pytest.mark.parametrize("profile", ["9.0", "26"])


@GENERATIONS
def test_a_conversation_goes_through_its_waits(profile: str) -> None:
    site = Site(ALL, profile=profile)
    first = site.text("Join please")
    assert site.api("contacts.json")["results"][0].get("flow", {"name": "Survey"})["name"] == "Survey"
    second = site.text("31")
    assert site.said() == ["How old?", "Thanks, 31"]
    assert (first["waits"], second["waits"], first["run"]) == (True, False, second["run"])
    (run,) = site.runs()
    assert (run["values"]["age"]["value"], run["exit_type"], run["responded"]) == ("31", "completed", True)
    assert len(run["path"]) == 3


@GENERATIONS
@pytest.mark.parametrize(
    ("text", "answer"),
    [("help", "Call 114"), ("HELP me", "Call 114"), ("me help", "We got: me help"), ("", "We got: ")],
)
def test_the_first_word_chooses_the_trigger(profile: str, text: str, answer: str) -> None:
    site = Site(ALL, profile=profile)
    site.text(text)
    assert site.said() == [answer]


def test_a_keyword_may_have_to_be_the_only_word() -> None:
    site = Site(bundle(HELP, OTHERS, triggers=[keyword("Help", "help", match_type="O"), catch_all("Others")]))
    site.text("help me")
    site.text(" help!")
    assert site.said() == ["We got: help me", "Call 114"]


@GENERATIONS
def test_a_keyword_ends_an_open_wait_and_any_other_text_answers_it(profile: str) -> None:
    site = Site(ALL, profile=profile)
    site.text("join")
    site.text("help")
    site.text("hello")
    assert site.said() == ["How old?", "Call 114", "We got: hello"]
    runs = {run["flow"]["name"]: run["exit_type"] for run in site.runs()}
    assert runs == {"Survey": "interrupted", "Help": "completed", "Others": "completed"}


def test_a_flow_that_ignores_triggers_keeps_its_wait() -> None:
    site = Site({**ALL, "ignore_triggers": ["Survey"]})
    site.text("join")
    site.text("help")
    assert site.said() == ["How old?", "Thanks, help"]


def test_without_a_trigger_a_text_stays_in_the_inbox() -> None:
    site = Site(bundle(HELP, triggers=[keyword("Help", "help")]))
    assert site.text("hello")["run"] is None
    (message,) = site.api("messages.json?folder=inbox")["results"]
    assert (message["text"], message["flow"]) == ("hello", None)


def test_a_later_trigger_replaces_one_for_the_same_texts() -> None:
    site = Site(ALL, bundle(flow("New", say("n", "new help")), triggers=[keyword("New", "help", "aid")]))
    site.text("help")
    site.text("aid")
    assert site.said() == ["new help", "new help"]


@GENERATIONS
def test_a_text_from_a_group_prefers_the_trigger_of_the_group(profile: str) -> None:
    nurses = {"uuid": uuid_of("Nurses"), "name": "Nurses", "query": None}
    joins = flow(
        "Join", act("join", {"type": "add_contact_groups", "groups": [{"uuid": uuid_of("Nurses"), "name": "Nurses"}]})
    )
    own = flow("Own", say("own", "Hello nurse"))
    triggers = [
        keyword("Join", "nurse"), catch_all("Others"), catch_all("Own", groups=[nurses]),
    ]  # fmt: skip
    site = Site(bundle(joins, own, OTHERS, triggers=triggers, groups=[nurses]), profile=profile)
    site.text("x")
    site.text("nurse")
    site.text("y")
    site.text("z", BEN)
    assert (site.said(), site.said(BEN)) == (["We got: x", "Hello nurse"], ["We got: z"])
    assert [one["name"] for one in site.api("contacts.json")["results"][1]["groups"]] == ["Nurses"]


@pytest.mark.parametrize(("profile", "after"), [("26", 30), ("9.0", 60)])
def test_a_wait_times_out_at_the_next_look(profile: str, after: int) -> None:
    late = flow(
        "Late",
        say("q", "Well?", "w"),
        ask("w", "ok", timeout=10, late="late"),
        say("ok", "ok"),
        say("late", "Too late"),
    )
    site = Site(bundle(late, triggers=[keyword("Late", "go")]), profile=profile)
    site.text("go")  # five seconds after a full minute
    site.clock.advance(after - 6)
    assert site.said() == ["Well?"]
    site.clock.advance(2)
    assert site.said() == ["Well?", "Too late"]
    assert site.text("ok")["run"] is None


@GENERATIONS
def test_a_wait_expires_and_the_parent_goes_on(profile: str) -> None:
    child = flow("Child", say("q", "Well?", "w"), ask("w", None), expires=30)
    parent = flow("Parent", enter("in", "Child", "done", "expired"), say("done", "done"), say("expired", "No answer"))
    site = Site(bundle(parent, child, triggers=[keyword("Parent", "go")]), profile=profile)
    site.text("go")
    site.clock.advance(29 * 60)
    assert site.said() == ["Well?"]
    site.clock.advance(120)
    assert site.said() == ["Well?", "No answer"]
    assert {run["flow"]["name"]: run["exit_type"] for run in site.runs()} == {"Child": "expired", "Parent": "completed"}


def test_an_answered_wait_does_not_time_out() -> None:
    twice = flow(
        "Twice",
        say("q", "1?", "w"),
        ask("w", "q2", timeout=60, late="late"),
        say("q2", "2?", "w2"),
        ask("w2", None),
        say("late", "late"),
    )
    site = Site(bundle(twice, triggers=[keyword("Twice", "go")]))
    site.text("go")
    site.text("a")
    site.clock.advance(600)
    assert site.said() == ["1?", "2?"]


@GENERATIONS
def test_what_a_flow_changes_is_stored_and_seen_by_the_api(profile: str) -> None:
    changes = act(
        "c",
        {"type": "set_contact_name", "name": "Amina"},
        {"type": "set_contact_language", "language": "eng"},
        {"type": "set_contact_field", "field": {"key": "village", "name": "Village"}, "value": "Kano"},
        {"type": "add_contact_urn", "scheme": "mailto", "path": "a@b.org"},
        {"type": "set_run_result", "name": "Done", "value": "yes", "category": "Yes"},
    )
    fields = [{"key": "village", "name": "Village", "type": "text"}]
    site = Site(bundle(flow("Change", changes), triggers=[catch_all("Change")], fields=fields), profile=profile)
    site.text("x")
    (shown,) = site.api("contacts.json")["results"]
    assert (shown["name"], shown["language"], shown["fields"]["village"]) == ("Amina", "eng", "Kano")
    assert shown["urns"] == [f"tel:{AMINA}", "mailto:a@b.org"]
    (listed,) = (one for one in site.api("flows.json")["results"] if one["name"] == "Change")
    assert [(one["key"], one["name"]) for one in listed["results"]] == [("done", "Done")]
    assert (listed["expires"], listed["type"]) == (60, "message")
    assert listed["runs"]["completed"] == (1 if profile == "26" else 0)  # 9.0 counts only now and then


@GENERATIONS
def test_a_start_by_the_api_gives_its_params_to_the_flow_and_ends_an_open_wait(profile: str) -> None:
    told = flow("Told", say("t", "@trigger.params.words"))
    site = Site(ALL, bundle(told), profile=profile)
    site.text("join")
    start = {"flow": uuid_of("Told"), "urns": [f"tel:{AMINA}", f"tel:{BEN}"], "params": {"words": "Come on Monday"}}
    site.api("flow_starts.json", start)
    site.clock.advance(60)
    assert (site.said(), site.said(BEN)) == (["How old?", "Come on Monday"], ["Come on Monday"])
    runs = {(one["flow"]["name"], one["exit_type"]): one["start"] for one in site.runs()}
    assert runs["Survey", "interrupted"] is None
    assert runs["Told", "completed"] is not None


def test_a_start_can_leave_out_those_in_a_flow_and_those_who_were_in_it() -> None:
    told = flow("Told", say("t", "told"))
    site = Site(ALL, bundle(told))
    site.text("join")
    start: dict[str, Any] = {"flow": uuid_of("Told"), "urns": [f"tel:{AMINA}", f"tel:{BEN}"]}
    site.api("flow_starts.json", {**start, "exclude_active": True})
    site.clock.advance(60)
    assert (site.said(), site.said(BEN)) == (["How old?"], ["told"])
    site.api("flow_starts.json", {**start, "restart_participants": False})
    site.clock.advance(60)
    assert (site.said(), site.said(BEN)) == (["How old?", "told"], ["told"])


@GENERATIONS
def test_a_flow_can_start_another_and_send_to_others(profile: str) -> None:
    teller = flow(
        "Teller",
        act(
            "t",
            {"type": "send_broadcast", "text": "To Ben: @input.text", "urns": [f"tel:{BEN}"]},
            {"type": "start_session", "flow": {"uuid": uuid_of("Help"), "name": "Help"}, "urns": [f"tel:{BEN}"]},
        ),
    )
    site = Site(bundle(HELP, teller, triggers=[catch_all("Teller")]), profile=profile)
    site.text("hi")
    site.clock.advance(60)
    assert sorted(site.said(BEN)) == ["Call 114", "To Ben: hi"]


def _reference(row: Any) -> dict[str, str]:
    return {"uuid": row.uuid, "name": row.name or ""}


HELPS = {"type": "start_session", "flow": {"uuid": uuid_of("Help"), "name": "Help"}}


@GENERATIONS
@pytest.mark.parametrize("action", [HELPS, {"type": "send_broadcast", "text": "Call 114"}], ids=["start", "broadcast"])
def test_contacts_and_groups_of_one_name_are_told_apart_by_their_uuids(profile: str, action: Any) -> None:
    site = Site(profile=profile)
    store = site.rapidpro.store
    workspace, now = store.workspaces()[0], site.clock.now()
    numbers = [f"+25078812301{n}" for n in range(5)]
    people = [store.new_contact(workspace, f"tel:{number}", now) for number in numbers]
    groups = [store.new_group(workspace, "", "Nurses", None) for _ in range(2)]
    for person in people[:3]:
        store.change_contact(person, now, name="Eric")
    store.change_contact(people[3], now, groups=[groups[0]])
    store.change_contact(people[4], now, groups=[groups[1]])
    named = {"contacts": [_reference(people[1]), {"uuid": people[2].uuid, "name": ""}]}
    teller = flow("Teller", act("t", {**action, **named, "groups": [_reference(groups[1])]}))
    site.rapidpro.mailroom.import_flows(read_bundle(bundle(HELP, teller, triggers=[catch_all("Teller")])))
    site.text("x")
    site.clock.advance(60)
    assert [site.said(number) for number in numbers] == [[], ["Call 114"], ["Call 114"], [], ["Call 114"]]


@GENERATIONS
def test_a_flow_can_start_another_for_a_new_contact_and_then_nobody_else(profile: str) -> None:
    told = flow("Told", act("t", {"type": "set_contact_name", "name": "For @parent.contact.urn"}))
    starts = {
        "type": "start_session", "flow": {"uuid": uuid_of("Told"), "name": "Told"}, "create_contact": True,
        "urns": [f"tel:{BEN}"],
    }  # fmt: skip
    site = Site(bundle(told, flow("Teller", act("t", starts)), triggers=[catch_all("Teller")]), profile=profile)
    site.text("x")
    site.clock.advance(60)
    new, amina = site.api("contacts.json")["results"]
    assert (new["name"], new["urns"], amina["name"]) == (f"For tel:{AMINA}", [], None)
    assert site.contact(BEN) is None
    assert {run["flow"]["name"]: run["contact"]["uuid"] for run in site.runs()} == {
        "Teller": amina["uuid"], "Told": new["uuid"],
    }  # fmt: skip


@GENERATIONS
@pytest.mark.parametrize(("others", "told"), [([], ["Hello nurses"]), ([f"tel:{CALEB}"], [])])
def test_a_start_for_one_contact_may_reach_a_group_and_one_for_several_may_not(
    profile: str, others: list[str], told: list[str]
) -> None:
    site = Site(profile=profile)
    store = site.rapidpro.store
    workspace, now = store.workspaces()[0], site.clock.now()
    nurses = store.new_group(workspace, "", "Nurses", None)
    store.change_contact(store.new_contact(workspace, f"tel:{BEN}", now), now, groups=[nurses])
    hello = {"type": "send_broadcast", "text": "Hello nurses", "groups": [_reference(nurses)]}
    site.rapidpro.mailroom.import_flows(read_bundle(bundle(flow("Hello", act("h", hello)))))
    site.api("flow_starts.json", {"flow": uuid_of("Hello"), "urns": [f"tel:{AMINA}", *others]})
    site.clock.advance(60)
    assert site.said(BEN) == told


def test_a_flow_that_another_one_started_knows_that_one() -> None:
    told = flow("Told", say("t", "From @parent.contact: @parent.results.code"))
    starts = {"type": "start_session", "flow": {"uuid": uuid_of("Told"), "name": "Told"}, "urns": [f"tel:{BEN}"]}
    names = {"type": "set_contact_name", "name": "Amina"}
    teller = flow("Teller", act("t", names, {"type": "set_run_result", "name": "Code", "value": "7"}, starts))
    site = Site(bundle(told, teller, triggers=[catch_all("Teller")]))
    site.text("x")
    site.clock.advance(60)
    assert site.said(BEN) == ["From Amina: 7"]


def test_flows_that_start_each_other_without_end_are_stopped() -> None:
    starts = {"type": "start_session", "flow": {"uuid": uuid_of("Again"), "name": "Again"}, "urns": [f"tel:{AMINA}"]}
    site = Site(bundle(flow("Again", say("again", "again", None, starts)), triggers=[catch_all("Again")]))
    site.text("x")
    site.clock.advance(600)
    assert 2 < len(site.said()) < 20


def test_a_stretch_that_does_too_much_is_broken_off_and_told() -> None:
    long = {"type": "send_msg", "text": '@(repeat("x", 9999))'}
    loop = flow("Loop", act("a", *[{**long, "uuid": uuid_of(str(n))} for n in range(90)], then="a"))
    site = Site(bundle(loop, triggers=[catch_all("Loop")]))
    happened = site.text("x")
    assert (happened["run"], site.said()) == (None, [])
    assert "10,000,000 characters" in happened["errors"][0].replace("10000000", "10,000,000")


def test_a_message_before_a_slow_call_is_sent_after_it() -> None:
    slow = flow("Slow", say("first", "Received", "call"), call("call", URL, None, None))
    site = Site(bundle(slow, triggers=[catch_all("Slow")]))
    seen: list[int] = []
    site.endpoint.before = lambda: seen.append(len(site.rapidpro.store.by_contact[site.contact().uuid]))
    site.text("x")
    assert (seen, site.said()) == ([1], ["Received"])


def test_texts_of_one_person_wait_for_the_webhook_and_those_of_others_do_not() -> None:
    relay = flow("Relay it", call("call", URL, None, None))
    site = Site(bundle(relay, triggers=[catch_all("Relay it")]))
    called, go = threading.Event(), threading.Event()

    def first_waits() -> None:
        site.endpoint.before = lambda: None
        called.set()
        assert go.wait(20)

    site.endpoint.before = first_waits
    receive = site.rapidpro.mailroom.incoming.receive
    first = threading.Thread(target=receive, args=(AMINA, "one"))
    first.start()
    assert called.wait(20)
    second = threading.Thread(target=receive, args=(AMINA, "two"))
    second.start()
    receive(BEN, "other")
    go.set()
    first.join(20)
    second.join(20)
    assert [one["content"] for one in site.bodies()] == ["other", "one", "two"]


def test_a_timeout_waits_for_the_contacts_lock() -> None:
    late = flow(
        "Late",
        say("q", "?", "w"),
        ask("w", "call", timeout=10, late="late"),
        call("call", URL, None, None),
        say("late", "late"),
    )
    site = Site(bundle(late, triggers=[keyword("Late", "go")]))
    site.text("go")
    site.endpoint.before = lambda: site.clock.advance(120)  # the answer comes when the time is long over
    site.text("answer")
    assert site.said() == ["?"]
    assert [run["exit_type"] for run in site.runs()] == ["completed"]


def test_in_real_time_a_start_runs_in_a_thread_of_its_own_and_the_service_goes_on() -> None:
    relay = flow("Relay it", call("call", URL, None, None))
    site = Site(bundle(relay), clock=SystemClock())
    called, go = threading.Event(), threading.Event()

    def wait() -> None:
        called.set()
        assert go.wait(20)

    site.endpoint.before = wait
    site.api("flow_starts.json", {"flow": uuid_of("Relay it"), "urns": [f"tel:{AMINA}"]})
    assert called.wait(20)
    assert site.runs() == []  # the API answers while the call is made
    go.set()
    for _ in range(200):
        if site.runs():
            break
        threading.Event().wait(0.05)
    assert [run["exit_type"] for run in site.runs()] == ["completed"]


@GENERATIONS
def test_a_redelivered_answer_meets_the_wait_again_in_the_same_run(profile: str) -> None:
    site = Site(ALL, profile=profile)
    site.text("join")
    answered = site.text("31")
    again = site.rapidpro.mailroom.incoming.redeliver(AMINA, new_run=False)
    assert again["run"] == answered["run"]
    assert site.said() == ["How old?", "Thanks, 31", "Thanks, 31"]
    assert len(site.runs()) == 1


def test_a_redelivered_text_is_posted_with_the_settings_of_now() -> None:
    world = IncomingWorld()
    world.text()
    world.put("webhook", url="http://relay.test/new")
    world.http.post(TEXTS, json={"again": True})
    assert [path for _, path, *_ in world.relay.requests][-1] == "/new"


def test_a_reset_keeps_nothing_of_a_session_whose_webhook_was_running() -> None:
    relay = flow("Relay it", say("s", "hello", "call"), call("call", URL, None, None))
    site = Site(bundle(relay, triggers=[catch_all("Relay it")]))
    site.endpoint.before = site.rapidpro.reset
    site.text("x")
    assert (list(site.rapidpro.store.all_messages()), site.rapidpro.store.runs) == ([], [])


@GENERATIONS
def test_the_sessions_of_a_person_are_shown_with_their_path(profile: str) -> None:
    relay = flow("Relay it", call("call", URL, None, "sorry"), say("sorry", "Not received: @results.relay.value"))
    site = Site(bundle(relay, triggers=[catch_all("Relay it")]), profile=profile)
    site.endpoint.answers = [(400, b"Message was not saved")]
    site.text("x")
    (session,) = site.sessions()
    (stretch,) = session["stretches"]
    assert [step["type"] for step in stretch["steps"]] == ["call_webhook + switch", "send_msg"]
    called, *_ = stretch["steps"][0]["events"]
    assert (called["status"], called["body"], called["method"]) == (400, "Message was not saved", "POST")
    assert session["runs"][0]["results"]["relay"] == {"name": "Relay", "value": "400", "category": "Failure"}
