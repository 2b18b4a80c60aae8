"""Sessions: what was done by hand is recorded without secrets, and comes to the same when it is played again."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.cli.results.replay import replay_command
from conformance.services.neighbours import INCOMING_TOKEN, RAPIDPRO_TOKEN
from conformance.subjects.built_in import named
from conformance.workbench.session import recorder
from conformance.workbench.session.actions import BadSession
from conformance.workbench.session.outcome import differences
from conformance.workbench.session.replay import Played, play
from conformance.workbench.session.session import Session
from fakes.serving.wsgi import Environ, StartResponse
from tests.conformance.workbench.benches import AMINA, BEGIN, DAY, GRACE, Hand, bench
from tests.fakes.rapidpro.flow_bundles import bundle, call, flow, keyword, say
from tests.fakes.serving.raw import served

REFERENCE = named("reference")


def played(scenario: Any) -> Played:
    """The scenario, from its file, played by the reference relay."""
    return play(Session.from_json(json.loads(json.dumps(scenario))), REFERENCE)


def expect_same(scenario: Any) -> Played:
    found = played(scenario)
    assert differences(scenario["outcome"], found.outcome) == []
    assert found.refused == ()
    return found


def a_morning(hand: Hand) -> None:
    """Texts both ways, two troubles, a name, a reminder that arrives three days later."""
    hand.ask("PUT", f"/rapidpro/phones/{AMINA}", {"name": "Amina"})
    hand.text(AMINA, "TEMP 38.5")
    hand.step(61)
    hand.ask("POST", "/faults", {"preset": "throttled", "times": 2})
    hand.due(AMINA, "Come on Monday")
    hand.step(600)
    hand.ask("POST", "/faults", {"service": "cht", "effect": "lose_reply", "times": 1})
    hand.text(GRACE, "Ndagije kwa muganga 🤒")
    hand.due(GRACE, "Take your tablets", "2026-03-04T10:00:00Z")
    hand.ask("POST", "/clock/next", {})
    hand.step(3 * DAY)


def test_a_session_comes_to_the_same_when_it_is_played_again() -> None:
    with bench() as hand:
        a_morning(hand)
        scenario = hand.scenario()
        assert hand.received(GRACE) == ["Take your tablets"]
    assert [scenario["kind"], scenario["version"], scenario["missing"]] == ["session", 1, []]
    assert scenario["outcome"]["arrivals"] == [[AMINA, "Come on Monday"], [GRACE, "Take your tablets"]]
    assert expect_same(scenario).violations == ()


ACTIONS = st.sampled_from(
    [
        lambda hand: hand.text(AMINA, "TEMP 38.5"),
        lambda hand: hand.due(AMINA, "Come on Monday"),
        lambda hand: hand.due(GRACE, "Tomorrow", "2026-03-03T08:30:00Z"),
        lambda hand: hand.ask("POST", "/faults", {"preset": "throttled", "times": 1}),
        lambda hand: hand.ask(
            "POST", "/faults", {"service": "rapidpro", "effect": "delay", "with": {"seconds": 90}, "times": 2}
        ),
        lambda hand: hand.ask("DELETE", "/faults"),
        lambda hand: hand.ask("PUT", "/rapidpro/channel", {"tps": 1}),
        lambda hand: hand.step(7.5),
        lambda hand: hand.step(3600),
        lambda hand: hand.step(4 * 3600),
        lambda hand: hand.ask("POST", "/clock/next", {}),
        lambda hand: hand.ask("POST", "/reset", {}),
    ]
)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(actions=st.lists(ACTIONS, min_size=2, max_size=8))
def test_any_session_comes_to_the_same(actions: list[Any]) -> None:
    with bench() as hand:
        for act in actions:
            act(hand)
        expect_same(hand.scenario())


def test_what_happens_while_time_runs_comes_to_the_same() -> None:
    with bench(poll_seconds=5.0) as hand:
        hand.ask("PUT", "/clock", {"running": True, "speed": 600})
        hand.text(AMINA, "TEMP 38.5")
        hand.due(AMINA, "Come on Monday")
        while not hand.received(AMINA):
            hand.text(GRACE, "Is it Monday?")
        hand.ask("PUT", "/clock", {"running": False})
        expect_same(hand.scenario())


def test_a_session_begins_anew_with_a_reset_and_keeps_the_flows() -> None:
    export = {"version": "13", "flows": [flow("Hello", say("hello", "Hello"))]}
    with bench() as hand:
        hand.ask("POST", "/rapidpro/flows", export)
        hand.text(AMINA, "TEMP 38.5")
        hand.step(60)
        hand.ask("POST", "/reset", {})
        hand.text(GRACE, "TEMP 37.0")
        hand.step(60)
        scenario = hand.scenario()
    assert [one["path"].rsplit("/", 2)[-1] for one in scenario["actions"]] == ["flows", "texts", "advance"]
    assert scenario["outcome"]["reports"] == [[GRACE, "TEMP 37.0"]]
    expect_same(scenario)


def test_requests_to_the_fakes_themselves_are_in_the_session_with_the_role_of_their_account() -> None:
    with bench() as hand:
        cht = hand.bench.addresses["cht"]
        document = {"type": "data_record", "tasks": [], "from": AMINA}
        stored = requests.put(f"{cht}/medic/by-hand", json=document, auth=("admin", "pass"), timeout=10)
        assert stored.ok
        requests.get(f"{cht}/medic/by-hand", auth=("somebody", "a-password-of-mine"), timeout=10, allow_redirects=False)
        scenario = hand.scenario()
    (action,) = scenario["actions"]
    assert (action["to"], action["path"], action["headers"]["authorization"]) == (
        "cht", "/medic/by-hand", "{cht_admin}",
    )  # fmt: skip
    assert scenario["missing"] == ["GET /medic/by-hand to cht: it holds secrets"]
    assert "a-password-of-mine" not in json.dumps(scenario)


def test_secrets_are_not_in_a_session_and_it_can_be_played_all_the_same() -> None:
    mine = "my-own-secret-0123456789"
    with bench() as hand:
        asks = flow(
            "Asks", call("ask", "http://127.0.0.1:9/", "end", "end", Authorization=f"Token {mine}"), say("end", "x")
        )
        hand.ask("POST", "/rapidpro/flows", bundle(asks, globals={"relay_token": mine, "place": "Kigali"}))
        hand.ask("PUT", "/rapidpro/webhook", {"token": mine, "headers": {"X-Key": mine}})
        hand.text(AMINA, "TEMP 38.5")
        hand.ask("PUT", "/rapidpro/webhook", {"token": INCOMING_TOKEN})
        hand.text(AMINA, f"my token is {RAPIDPRO_TOKEN}")
        hand.ask("PUT", "/cht/credentials/some:key", {"value": mine})
        hand.ask("PUT", "/rapidpro/tokens/relay", {"key": mine})
        hand.due(AMINA, "Come on Monday")
        hand.step(3600)
        scenario = hand.scenario()
        files = [hand.reply("POST", "/session/export", {"as": kind}).body for kind in ("pytest", "report")]
    whole = json.dumps(scenario) + "".join(file.decode() for file in files)
    password = base64.b64encode(b"gateway:gateway-pass").decode()
    assert not [secret for secret in (mine, RAPIDPRO_TOKEN, INCOMING_TOKEN, password) if secret in whole]
    found = played(scenario)
    assert found.refused == ()
    assert found.outcome["texts"][0] == scenario["outcome"]["texts"][0] == [AMINA, "TEMP 38.5", "refused"]


def test_a_session_is_bounded_and_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_ACTIONS", 3)
    with bench() as hand:
        for number in range(5):
            hand.text(AMINA, f"text {number}")
        session = hand.ask("GET", "/session")
    assert len(session["actions"]) == 3
    assert session["missing"] == [
        "what came after 3 actions: the session is full, POST /reset begins a new one (2 times)"
    ]


def test_what_is_refused_and_what_only_reads_is_no_action() -> None:
    with bench() as hand:
        assert hand.reply("POST", "/faults", {"preset": "no such"}).status == 400
        assert hand.reply("GET", "/checks").status == 200
        assert hand.reply("PUT", "/clock", {"running": False}).status == 200
        assert hand.ask("GET", "/session")["actions"] == []
        assert hand.reply("POST", "/session/export", {"as": "pytest"}).status == 409
        assert b"expected one of scenario, pytest, report" in hand.reply("POST", "/session/export", {"as": "pdf"}).body


def replay(*arguments: str) -> Result:
    return CliRunner().invoke(replay_command, arguments)


def test_the_command_plays_a_session_and_tells_what_differs(tmp_path: Path) -> None:
    with bench() as hand:
        hand.text(AMINA, "TEMP 38.5")
        hand.due(AMINA, "Come on Monday")
        hand.step(600)
        scenario = hand.scenario()
    file = tmp_path / "session.json"
    file.write_text(json.dumps(scenario))
    done = replay(str(file))
    assert (done.exit_code, done.stdout) == (0, "the same came of it as in the session; nothing is wrong\n"), (
        done.stderr
    )
    scenario["actions"][0]["json"]["text"] = "TEMP 39.5"
    file.write_text(json.dumps(scenario))
    done = replay(str(file), "--json")
    document = json.loads(done.stdout)
    assert (done.exit_code, document["violations"]) == (1, [])
    assert document["differences"][1] == (
        f"the reports in CHT differ: number 1 was ['{AMINA}', 'TEMP 38.5'] in the session, now ['{AMINA}', 'TEMP 39.5']"
    )


def test_another_subject_is_judged_with_the_same_session() -> None:
    with bench() as hand:
        hand.ask("POST", "/faults", {"service": "rapidpro", "effect": "lose_reply", "times": 1})
        hand.due(AMINA, "Come on Monday")
        hand.step(3600)
        scenario = hand.scenario()
    found = play(Session.from_json(scenario), named("cht-5.2"))
    assert {one.kind for one in found.violations} == {"duplicated"}


def test_a_session_of_somebody_else_calls_nobody_unless_it_is_trusted() -> None:
    called = threading.Event()

    def answer(_environ: Environ, start_response: StartResponse) -> list[bytes]:
        called.set()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]

    with served(answer) as (host, port), bench() as hand:
        hand.ask("PUT", "/rapidpro/webhook", {"url": f"http://{host}:{port}/hook"})
        hand.text(AMINA, "TEMP 38.5")
        session = Session.from_json(hand.scenario())
        assert called.is_set()
        called.clear()
        found = play(session, REFERENCE)
        assert not called.is_set()
        assert found.refused == (f"http://{host}:{port} was not called: if you trust the session, use --trust",)
        assert play(session, REFERENCE, trust=True).refused == ()
        assert called.is_set()


GOOD: dict[str, Any] = {
    "kind": "session", "version": 1, "profile": "26", "cht_release": "5.2", "seed": 1, "poll_seconds": 2,
    "began": "2026-03-02T08:00:00Z", "ended": "2026-03-02T09:00:00Z", "actions": [], "outcome": None,
}  # fmt: skip
ACTION = {"at": "2026-03-02T08:30:00Z", "to": "control", "method": "POST", "path": "/reset"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"version": 2}, "expected a session of version 1"),
        ({"profile": "27"}, "profile: expected one of"),
        ({"profile": ["26"]}, "profile: expected one of"),
        ({"cht_release": 5.2}, "cht_release: expected one of"),
        ({"seed": True}, "seed: expected a whole number"),
        ({"poll_seconds": 0}, "poll_seconds: expected seconds"),
        ({"began": "yesterday"}, "began: expected an ISO 8601 time"),
        ({"ended": 5}, "ended: expected an ISO 8601 time"),
        ({"ended": "2026-03-01T08:00:00Z"}, "the times of a session must go on"),
        ({"actions": {}}, "actions: expected a list"),
        ({"actions": ["x"]}, "action 1: expected an object"),
        ({"actions": [{**ACTION, "to": "relay"}]}, "action 1: expected to: control, rapidpro, cht"),
        ({"actions": [{**ACTION, "path": "reset"}]}, "action 1: expected a path"),
        ({"actions": [{**ACTION, "at": None}]}, "action 1: at: expected an ISO 8601 time"),
        ({"actions": [{**ACTION, "headers": {"a": 1}}]}, "action 1: headers: expected"),
        ({"actions": [{**ACTION, "base64": "="}]}, "action 1: base64 cannot be read"),
        ({"actions": [{**ACTION, "text": "a", "json": {}}]}, "action 1: expected one of json, text and base64"),
        ({"actions": [{**ACTION, "more": 1}]}, "action 1: expected an object"),
        ({"outcome": []}, "outcome: expected an object of lists"),
        ({"missing": [1]}, "missing: expected a list of texts"),
    ],
)
def test_a_file_that_is_no_session_is_refused_with_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadSession) as refused:
        Session.from_json({**GOOD, **changes})
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize("arguments", [("--scenario", "x"), ("--subject", "no such")])
def test_options_that_do_not_fit_a_session_are_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "session.json"
    file.write_text(json.dumps({**GOOD, "actions": [ACTION]}))
    done = replay(str(file), *arguments)
    assert (done.exit_code, type(done.exception)) == (2, SystemExit)


def test_a_session_begins_when_time_begins() -> None:
    with bench() as hand:
        assert hand.ask("GET", "/session")["began"] == BEGIN.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_a_flow_that_calls_the_fakes_themselves_waits_for_nobody_and_is_played_again() -> None:
    with bench() as hand:
        url = f"{hand.bench.addresses['cht']}/api/v1/monitoring"
        asks = flow("Asks", call("ask", url, "hello", "hello", method="GET", body=""), say("hello", "Hello"))
        hand.ask("POST", "/rapidpro/flows", bundle(asks, triggers=[keyword("Asks", "hi")]))
        began = monotonic()
        result = hand.text(AMINA, "hi")
        assert ([one["status"] for one in result["calls"]], monotonic() - began < 5) == (
            [401],
            True,
        )  # it has no account
        hand.step(60)
        scenario = hand.scenario()
    assert "{cht}/api/v1/monitoring" in json.dumps(scenario)
    expect_same(scenario)


def test_in_real_time_people_text_at_the_same_time_and_the_session_has_them_in_order() -> None:
    with bench(virtual=False, make_relay=None) as hand, ThreadPoolExecutor(8) as people:
        meet = threading.Barrier(9, timeout=10)

        def answer(_environ: Environ, start_response: StartResponse) -> list[bytes]:
            meet.wait()  # all eight are under way
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b"{}"]

        with served(answer, threads=8) as (host, port):
            hand.ask("PUT", "/rapidpro/webhook", {"url": f"http://{host}:{port}/hook"})
            sent = [people.submit(hand.text, f"+25078812300{number}", "TEMP 38.5") for number in range(8)]
            meet.wait()
            assert [one.result()["webhook"]["status"] for one in sent] == [200] * 8
        session = Session.from_json(hand.scenario())
    assert len(session.actions) == 9
    assert session.outcome is None
