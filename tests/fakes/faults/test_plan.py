"""Which requests a fault hits, how often, and from when on; invalid faults."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any

import pytest

from fakes.clock import VirtualClock
from fakes.faults import PRESETS, Fault, FaultError, Plan, parse_faults
from fakes.faults.effects import EFFECTS
from fakes.faults.effects.reject_token import invalid_credential
from fakes.serving.wsgi import build_environ
from tests.fakes.echo_service import in_process, on_a_socket


def request(
    method: str = "POST", path: str = "/api", body: Any = None, token: str = "", query: str = ""
) -> dict[str, Any]:
    headers = {"Authorization": token} if token else {}
    return build_environ(method, path, query, headers, b"" if body is None else json.dumps(body).encode())


def hits(fault: dict[str, Any], *requests: dict[str, Any], service: str = "rapidpro") -> list[bool]:
    plan = Plan(VirtualClock())
    plan.add(Fault.parse({"effect": "reset", "times": None, **fault}))
    return [plan.take(service, one) is not None for one in requests]


@pytest.mark.parametrize(
    ("match", "matching", "other"),
    [
        ({"method": "post"}, request("POST"), request("GET")),
        (
            {"path": "/api/v2/broadcasts.json"},
            request(path="/api/v2/broadcasts.json"),
            request(path="/api/v2/broadcasts"),
        ),
        ({"path": "/api/v2/*.json"}, request(path="/api/v2/messages.json"), request(path="/api/v1/messages.json")),
        ({"token": "abc"}, request(token="Token abc"), request(token="Token abd")),
        ({"token": "dTpw"}, request(token="Basic dTpw"), request()),
        (
            {"to": "+250788123123"},
            request(body={"urns": ["tel:+250788123123"]}),
            request(body={"urns": ["tel:+250788123124"]}),
        ),
        (
            {"to": "tel:+250788123123"},
            request(body={"messages": [{"from": "+250788123123"}]}),
            request(body={"messages": []}),
        ),
        ({"to": "+250788123123"}, request(query="urn=tel%3A%2B250788123123"), request(query="urn=tel%3A%2B25")),
        ({"text": "due"}, request(body={"text": "Visit due tomorrow"}), request(body={"text": "Visit"})),
        ({"text": "due"}, request(body={"text": {"eng": "Visit due"}}), request(body=["due"])),
        ({"text": "due"}, request(body={"messages": [{"content": "Visit due"}]}), request()),
        ({"text": "due", "method": "POST"}, request(body={"text": "due"}), request("PUT", body={"text": "due"})),
    ],
)
def test_a_fault_hits_matching_requests_only(
    match: dict[str, Any], matching: dict[str, Any], other: dict[str, Any]
) -> None:
    assert hits({"match": match}, matching, other) == [True, False]


def test_a_fault_of_one_service_does_not_hit_the_other() -> None:
    assert hits({"service": "cht"}, request(), service="rapidpro") == [False]
    assert hits({"service": "cht"}, request(), service="cht") == [True]
    assert hits({}, request(), service="cht") == [True]


def test_a_body_that_is_not_json_matches_no_text() -> None:
    assert hits({"match": {"text": "due"}}, build_environ("POST", "/", "", {}, b"due {")) == [False]
    assert hits({"match": {"text": "due"}}, build_environ("POST", "/", "", {}, b"[" * 100_000)) == [False]


def test_skip_and_times_limit_which_requests_are_hit() -> None:
    assert hits({"skip": 1, "times": 2}, *[request() for _ in range(5)]) == [False, True, True, False, False]


def test_faults_are_used_up_one_after_another() -> None:
    plan = Plan(VirtualClock())
    plan.add(Fault.parse({"effect": "reset"}), Fault.parse({"effect": "empty", "times": 2}))
    taken = [plan.take("rapidpro", request()) for _ in range(4)]
    assert [planned and planned.name for planned in taken] == ["reset#1", "empty#2", "empty#2", None]
    assert plan.unused() == []


def test_a_share_has_its_own_random_generator() -> None:
    def pattern(seed: int) -> list[bool]:
        return hits({"share": 0.3, "seed": seed}, *[request() for _ in range(1000)])

    assert pattern(1) == pattern(1) != pattern(2)
    assert 250 < sum(pattern(1)) < 350


def test_a_time_window_opens_and_closes_by_itself() -> None:
    clock = VirtualClock()
    plan = Plan(clock)
    plan.add(Fault.parse({"effect": "outage", "from_seconds": 10, "for_seconds": 60}))
    seen = []
    for seconds in (0, 9, 1, 59, 1):
        clock.advance(seconds)
        seen.append(plan.take("rapidpro", request()) is not None)
    assert seen == [False, False, True, True, False]


def test_unused_faults_are_listed() -> None:
    plan = Plan(VirtualClock())
    plan.add(Fault.parse({"effect": "reset", "times": 2}), Fault.parse({"effect": "empty", "times": None}))
    plan.take("rapidpro", request())
    assert [fault["effect"] for fault in plan.unused()] == ["reset", "empty"]
    plan.take("rapidpro", request())
    plan.take("rapidpro", request())
    assert plan.unused() == []


def test_a_removed_fault_hits_nothing_more() -> None:
    plan = Plan(VirtualClock())
    kept, gone = plan.add(Fault.parse({"effect": "empty", "skip": 1}), Fault.parse({"effect": "reset"}))
    plan.remove(gone.id)
    assert plan.take("rapidpro", request()) is None
    assert plan.take("rapidpro", request()) is kept
    with pytest.raises(FaultError, match="there is no fault 2: the planned faults are 1"):
        plan.remove(gone.id)


def test_a_token_is_shown_masked() -> None:
    shown = json.dumps(Fault.parse({"effect": "reset", "match": {"token": "RAPIDPRO-TEST-TOKEN"}}).as_json())
    assert "TEST-TOKEN" not in shown
    assert "RAPI…EN" in json.loads(shown)["match"]["token"]


def test_a_fault_is_equal_after_a_round_trip_through_json() -> None:
    given = {"effect": "lose_reply", "service": "cht", "match": {"method": "POST"}, "skip": 2, "share": 0.5}
    fault = Fault.parse(given)
    assert Fault.parse(fault.as_json()) == fault


@pytest.mark.parametrize("place", ["in process", "on a socket"])
def test_counting_is_exact_under_concurrent_requests(place: str) -> None:
    if place == "on a socket":
        with on_a_socket() as setup:
            seen = _ask_concurrently(setup)
    else:
        seen = _ask_concurrently(in_process())
    assert seen.count(503) == 37
    assert seen.count(200) == 8 * 25 - 37


def _ask_concurrently(setup: Any) -> list[int]:
    setup.fakes.plan.add(Fault.parse({"effect": "refuse", "times": 37, "skip": 20}))
    seen: list[int] = []

    def ask() -> None:
        seen.extend(setup.ask()[1] for _ in range(25))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "a fault is an object"),
        ({}, "effect is missing"),
        ({"effect": "explode"}, "unknown effect 'explode': expected one of act_late, clock_skew, delay"),
        ({"effect": "dealy"}, "did you mean 'delay'"),
        ({"effect": ["reset"]}, "effect: expected a text"),
        ({"effect": "reset", "tims": 3}, "unknown field of a fault 'tims'.*did you mean 'times'.*expected one of"),
        ({"effect": "reset", "service": "textit"}, "service: expected one of rapidpro, cht, got 'textit'"),
        ({"effect": "reset", "share": 1.1}, "share: expected a number of at least 0 and at most 1, got 1.1"),
        ({"effect": "reset", "share": -0.1}, "share: expected"),
        ({"effect": "reset", "share": float("nan")}, "share: expected"),
        ({"effect": "reset", "times": -1}, "times: expected an integer of at least 1"),
        ({"effect": "reset", "times": 0}, "times: expected an integer of at least 1"),
        ({"effect": "reset", "times": 1.5}, "times: expected an integer"),
        ({"effect": "reset", "times": True}, "times: expected an integer"),
        ({"effect": "reset", "skip": -1}, "skip: expected an integer of at least 0"),
        ({"effect": "reset", "skip": None}, "skip: expected an integer"),
        ({"effect": "reset", "for_seconds": -5}, "for_seconds: expected a number of at least 0"),
        ({"effect": "reset", "from_seconds": -5}, "from_seconds: expected a number of at least 0"),
        ({"effect": "reset", "seed": "x"}, "seed: expected an integer"),
        ({"effect": "reset", "match": []}, "match: expected an object"),
        (
            {"effect": "reset", "match": {"url": "/"}},
            "unknown key of match 'url': expected one of method, path, text, to, token",
        ),
        ({"effect": "reset", "match": {"path": 3}}, "match.path: expected a text, got 3"),
        ({"effect": "reset", "with": {"how": "x"}}, "the effect reset takes no options, got 'how'"),
        ({"effect": "refuse", "with": []}, "with: expected an object"),
        ({"effect": "refuse", "with": {"code": 3}}, "unknown option of the effect refuse 'code': expected one of body"),
        ({"effect": "refuse", "with": {"status": 99}}, "with.status of refuse: expected an integer of at least 200"),
        ({"effect": "delay", "with": {"seconds": -1}}, "with.seconds of delay: expected a number of at least 0"),
        ({"effect": "lose_reply", "with": {"how": "explode"}}, "expected one of close, reset, hang, got 'explode'"),
        ({"effect": "throttle", "with": {"fill": 1}}, "with.fill of throttle: expected a boolean"),
        ({"effect": "drop_field"}, "with.path of drop_field is missing"),
        ({"effect": "drop_field", "with": {"path": "a[b]"}}, "expected a path such as status"),
        ({"effect": "drop_field", "with": {"path": ""}}, "expected a path such as status"),
        (
            {"preset": "outrage"},
            "unknown preset 'outrage'.*did you mean 'outage'.*expected one of absurd-dates, aggregator-down",
        ),
        ({"preset": "outage", "tims": 1}, "unknown field of a preset 'tims'"),
        ({"preset": "outage", "effect": "reset"}, "unknown field of a preset 'effect'"),
        ({"preset": "late-reports", "times": 1}, "sets the channel and has no faults"),
    ],
)
def test_an_invalid_fault_is_refused_with_what_is_allowed(given: Any, sentence: str) -> None:
    with pytest.raises(FaultError, match=sentence):
        parse_faults(given) if given != [] else Fault.parse(given)


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_can_be_planned_or_sets_the_channel(name: str) -> None:
    faults, channel = parse_faults({"preset": name})
    assert faults or channel


def test_a_preset_accepts_overrides_and_keeps_the_rest() -> None:
    ((fault,), _) = parse_faults(
        {"preset": "lost-reply", "times": 5, "match": {"to": "+250788123123"}, "with": {"how": "reset"}}
    )
    shown = fault.as_json()
    assert (shown["times"], shown["with"]["how"]) == (5, "reset")
    assert shown["match"] == {"method": "POST", "path": "/api/v2/broadcasts.json", "to": "+250788123123"}


def test_a_list_is_planned_completely_or_not_at_all() -> None:
    faults, channel = parse_faults([{"effect": "reset"}, {"preset": "aggregator-down"}, {"preset": "throttled"}])
    assert [fault.effect.name for fault in faults] == ["reset", "throttle"]
    assert channel == {"down": True}
    with pytest.raises(FaultError):
        parse_faults([{"effect": "reset"}, {"effect": "explode"}])


def test_an_outage_lasts_unless_times_is_given() -> None:
    assert Fault.parse({"effect": "outage"}).times is None
    assert Fault.parse({"effect": "outage", "times": 2}).times == 2


def test_each_effect_and_option_says_what_it_does() -> None:
    for effect in EFFECTS.values():
        assert effect.about.endswith("."), effect.name
        assert all(option.about for option in effect.options.values())


def test_rejecting_a_password_keeps_the_user() -> None:
    user, _, password = base64.b64decode(
        invalid_credential("Basic " + base64.b64encode(b"admin:pass").decode())[6:]
    ).partition(b":")
    assert (user, password) != (b"admin", b"pass")
    assert user == b"admin"
    assert invalid_credential("Basic é") == "Basic " + base64.b64encode(b":no-longer-valid").decode()
