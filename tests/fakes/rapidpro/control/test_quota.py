"""What is left of the quotas: the same that the API then grants and refuses, and reading it changes nothing."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.rapidpro.control.test_phones_and_messages import People
from tests.fakes.rapidpro.control.test_tokens_and_rates import ControlledRapidPro


def usage(service: ControlledRapidPro, scope: str = "v2", token: str = "admin") -> dict[str, Any]:
    scopes = service.control_call("GET", "/quota")[1]["scopes"]
    (found,) = (one for one in scopes if (one["token"], one["scope"]) == (token, scope))
    return dict(found)


def seconds_to(service: ControlledRapidPro, at: str) -> float:
    return (datetime.fromisoformat(at) - service.clock.now()).total_seconds()


@pytest.mark.parametrize("profile", ["9.3", "26", "next"])
def test_nothing_is_used_at_first(profile: str) -> None:
    service = ControlledRapidPro(profile)
    found = usage(service)
    assert found["used"] == 0
    assert found["refills_at"] is None
    assert found["rate"] == service.control_call("GET", "/rates")[1]["v2"]
    assert found["left"] == int(found["rate"].partition("/")[0])


def test_requests_are_counted_and_leave_the_window_one_by_one() -> None:
    service = ControlledRapidPro()
    service.control_call("PUT", "/rates", {"v2": "3/minute"})
    for _ in range(3):
        assert service.status("workspace.json") == 200
        service.clock.advance(10)
    found = usage(service)
    assert (found["used"], found["left"], seconds_to(service, found["refills_at"])) == (3, 0, 30)
    assert service.status("workspace.json") == 429
    service.clock.advance(30)
    assert (usage(service)["used"], usage(service)["left"]) == (2, 1)
    assert service.status("workspace.json") == 200
    assert service.status("workspace.json") == 429


def test_after_the_rate_was_lowered_it_says_when_a_request_is_granted_again() -> None:
    service = ControlledRapidPro()
    for _ in range(4):
        service.status("workspace.json")
        service.clock.advance(10)
    service.control_call("PUT", "/rates", {"v2": "2/minute"})
    found = usage(service)
    assert (found["used"], found["left"]) == (4, 0)
    service.clock.advance(seconds_to(service, found["refills_at"]) - 0.001)
    assert service.status("workspace.json") == 429
    service.clock.advance(0.001)
    assert service.status("workspace.json") == 200


def test_where_nothing_is_allowed_nothing_is_refilled() -> None:
    service = ControlledRapidPro()
    service.control_call("PUT", "/rates", {"v2": "0/hour"})
    assert {key: usage(service)[key] for key in ("used", "left", "refills_at")} == {
        "used": 0, "left": 0, "refills_at": None,
    }  # fmt: skip


@pytest.mark.parametrize("rate", ["50/hour", "1000000/hour"])
def test_a_quota_that_a_fault_has_exhausted_is_used_up(rate: str) -> None:
    service = ControlledRapidPro()
    service.control_call("PUT", "/rates", {"v2": rate})
    service.fakes.services["rapidpro"].exhaust_quota()  # type: ignore[attr-defined] # what the effect throttle calls
    found = usage(service)
    assert (found["used"], found["left"]) == (int(rate.partition("/")[0]), 0)
    assert seconds_to(service, found["refills_at"]) == 3600
    service.clock.advance(3600)
    assert (usage(service)["used"], service.status("workspace.json")) == (0, 200)


def test_tokens_of_one_workspace_share_a_quota_and_others_have_their_own() -> None:
    service = ControlledRapidPro()
    service.status("workspace.json", "admin")
    scopes = [one for one in service.control_call("GET", "/quota")[1]["scopes"] if one["scope"] == "v2"]
    owner = usage(service)["owner"]
    assert {one["used"] for one in scopes if one["owner"] == owner} == {1}
    assert {one["used"] for one in scopes if one["owner"] != owner} <= {0}
    assert len(scopes) == len(service.control_call("GET", "/tokens")[1])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 7, 30, 61]), max_size=12), st.integers(1, 4))
def test_it_says_before_each_request_whether_it_is_granted(waits: list[int], allowed: int) -> None:
    service = People()
    service.control_call("PUT", "/rates", {"v2": f"{allowed}/minute"})
    for wait in waits:
        service.clock.advance(wait)
        before = usage(service, token="relay")
        assert before == usage(service, token="relay")
        reply = service.ask_api("GET", "workspace.json")
        assert (reply.status == 200) is (before["left"] > 0)
        if reply.status == 429:
            assert int(str(reply.header("Retry-After"))) == math.ceil(seconds_to(service, before["refills_at"]))
