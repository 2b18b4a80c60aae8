"""Checks of conduct at their borders: times to the tenth of a second, quotas apart, secrets among other words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.checks.conduct import called_while_throttled, needless_call, scope, secret_leaked
from conformance.checks.needed import Need, _cht, _rapidpro, need_of
from conformance.history.model import Call, History
from tests.conformance.checks.test_checks import call

MINUTE = {"retry-after": "60"}


def violations(*calls: Call) -> int:
    return len(list(called_while_throttled(History(calls=calls))))


@pytest.mark.parametrize(
    ("path", "quota"),
    [
        ("/api/v2/broadcasts.json", "broadcasts"),
        ("/api/v2/broadcasts", "broadcasts"),
        ("/api/v2/messages.json/", "messages"),
        ("/textit/api/v2/contacts.json", "contacts"),
        ("/api/v2/runs.json", "runs"),
        ("/api/v2/flow_starts.json", "others"),
        ("/api/v2/broadcasts/explorer", "others"),
        ("/", "others"),
    ],
)
def test_a_request_counts_towards_the_quota_of_its_endpoint(path: str, quota: str) -> None:
    assert scope(call(0, path=path)) == quota


@pytest.mark.parametrize(
    ("seconds", "found"),
    [(0, 0), (0.1, 0), (0.101, 1), (30, 1), (59.899, 1), (59.9, 0), (60, 0), (90, 0)],
)
def test_the_time_that_a_429_asks_for_is_to_be_waited_but_for_a_tenth_of_a_second(seconds: float, found: int) -> None:
    assert violations(call(0, 429, reply_headers=MINUTE), call(seconds)) == found


@pytest.mark.parametrize("wait", ["", "soon", "-5", "1.5"])
def test_a_429_without_a_number_of_seconds_asks_for_nothing(wait: str) -> None:
    assert violations(call(0, 429, reply_headers={"retry-after": wait}), call(1)) == 0
    assert violations(call(0, 429), call(1)) == 0


def test_another_answer_with_a_time_to_wait_asks_for_nothing() -> None:
    assert violations(call(0, 503, reply_headers=MINUTE), call(1)) == 0


@pytest.mark.parametrize(
    ("second", "third", "found"),
    [
        (30, 65, 1),  # the refusal at 30 s is a violation itself, and does not prolong the time
        (30, 59.9, 1),
        (59.9, 70, 1),  # asked in time and refused again: a minute from then
        (60, 70, 1),
        (60, 120, 0),
    ],
)
def test_a_further_429_asks_for_its_own_time_only_after_that_of_the_first(
    second: float, third: float, found: int
) -> None:
    refused = [call(at, 429, reply_headers=MINUTE) for at in (0, second)]
    assert violations(*refused, call(third)) == found


def test_a_quota_is_that_of_one_endpoint_and_of_rapidpro_only() -> None:
    refused = call(0, 429, path="/api/v2/flows.json", reply_headers=MINUTE)
    elsewhere = (
        call(1, path="/api/v2/messages.json"),
        call(2, path="/api/sms", service="cht"),
        call(3, path="/sms/incoming", direction="out"),
        call(4, path="/api/sms", service="cht", direction="out"),
    )
    assert violations(refused, *elsewhere) == 0
    assert violations(*elsewhere, replace(refused, at=call(10).at), call(20, path="/api/v2/flow_starts.json")) == 1


def test_calls_are_judged_in_the_order_of_time_and_of_the_ledger() -> None:
    refused = call(0, 429, reply_headers=MINUTE)
    assert violations(call(30), refused) == 1
    assert violations(call(-1), refused) == 0


def secrets(*calls: Call) -> int:
    return len(list(secret_leaked(History(calls=calls))))


def test_a_secret_is_found_after_calls_and_words_that_are_none() -> None:
    own = call(1, headers={"authorization": "Token [hidden:rapidpro:relay]"})
    webhook = call(2, direction="out", body="[hidden:rapidpro:relay]")
    leak = call(3, body="[hidden:cht:password of admin]ed, [hidden:rapidpro:relay]")
    assert secrets(own, webhook) == 0
    assert secrets(own, webhook, leak) == 1


def test_a_secret_belongs_to_the_service_that_its_name_begins_with() -> None:
    header = {"authorization": "Token [hidden:rapidpro:relay: the second]"}
    assert secrets(call(1, headers=header)) == 0
    assert secrets(call(1, headers=header, service="cht")) == 1


def test_a_secret_in_an_answer_or_in_the_output_is_named_with_its_place() -> None:
    secret = "[hidden:rapidpro:relay]"
    answer = call(1, 403, direction="out", path="/sms/incoming", reply_body=secret)
    line = f"{secret} {'x' * (100 - len(secret))}"
    found = [one.sentence for one in secret_leaked(History(calls=(answer,), output=(line,)))]
    assert found == [
        "the answer to POST /sms/incoming: its body contains the secret rapidpro:relay",
        f"it printed the secret rapidpro:relay: '{line[:100]}…'",
    ]


def test_needless_calls_are_found_after_those_that_are_needed_or_known() -> None:
    contacts = call(2, path="/api/v2/contacts.json")
    calls = (call(1, direction="out"), contacts, contacts, call(3), call(4, path="/api/v2/groups.json"))
    assert [one.sentence.split(":")[1] for one in needless_call(History(calls=calls))] == [
        " POST /api/v2/contacts.json",
        " POST /api/v2/groups.json",
    ]


def test_a_need_has_the_paths_of_its_service() -> None:
    assert _rapidpro(("GET",), "why", "org", "") == Need("rapidpro", ("GET",), ("/api/v2/org", "/api/v2"), "why", False)
    assert _cht(("POST",), "why", "/a", "/b") == Need("cht", ("POST",), ("/a", "/b"), "why", False)
    assert _cht(("POST",), "why", "/a", elsewhere=True) == Need("cht", ("POST",), ("/a",), "why", True)


def test_rapidpros_paths_may_end_with_api() -> None:
    assert need_of("rapidpro", "GET", "/api/v2/messages.api") == need_of("rapidpro", "GET", "/api/v2/messages.json")
    assert need_of("rapidpro", "GET", "/api/v2/messages.xml") is None
