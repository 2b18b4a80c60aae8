"""Which requests count towards which quota, and what a throttled answer says.

Read at v6.4.0, v8.0.0, v9.3.76 and v26.3.54: temba/api/support.py (OrgUserRateThrottle), temba/api/models.py
(APIPermission), temba/api/v2/views.py (`throttle_scope`); Django REST framework's throttling.py, views.py (the order
of its checks) and exceptions.py (Throttled).
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.api.http.throttle import MANY_OWNERS, Throttle
from fakes.rapidpro.api.http.wire import ApiError
from fakes.rapidpro.seed.default import default_seed
from fakes.serving.wsgi import Reply, build_environ, call
from tests.fakes.rapidpro.api.test_variations import HEADERS, NOW

JSON = {"Accept": "application/json"}


class Site:
    """One fake with two workspaces, in which one hour grants one request of scope v2 unless said otherwise."""

    def __init__(self, profile: str, rate: str = "1/hour", **space: Any) -> None:
        self.clock = VirtualClock(NOW)
        self.rapidpro = RapidPro(self.clock, profile=profile, session=requests.Session(), rng=random.Random(1))
        seed = dict(default_seed(NOW))
        other = {"id": 2, "uuid": "000000a0-0000-4000-8000-000000000002", "name": "Other"}
        seed["workspaces"] = [{**seed["workspaces"][0], **space}, other]
        both = {"1": "administrator", "2": "administrator"}
        seed["users"] = [*seed["users"], {"email": "two@example.com", "name": "Two", "roles": both},
                         {"email": "staff@example.com", "name": "Staff", "staff": True, "roles": both},
                         {"email": "agent@example.com", "name": "Agent", "roles": {"1": "agent"}}]  # fmt: skip
        for key, user, workspace in (("B", "two", 1), ("C", "two", 2), ("S1", "staff", 1), ("S2", "staff", 2),
                                     ("AGENT", "agent", 1)):  # fmt: skip
            one = {"key": key, "user": f"{user}@example.com", "workspace": workspace}
            seed["tokens"] = {**seed["tokens"], key: one}
        self.rapidpro.seed(seed)
        self.rapidpro.set_rates({"v2": rate})

    def ask(
        self, path: str, method: str = "GET", token: str | None = HEADERS["Authorization"][6:], **headers: str
    ) -> Reply:
        given = {**JSON, **headers, **({"Authorization": f"Token {token}"} if token else {})}
        return call(self.rapidpro, build_environ(method, f"/api/v2/{path}", "", given, b""))

    def left(self, **more: Any) -> bool:
        """Whether a request is granted now."""
        return self.ask("workspace.json", **more).status == 200


@pytest.mark.parametrize(
    ("profile", "path", "method", "token", "counts"),
    [
        ("26", "workspace.json", "HEAD", "B", True),
        ("26", "workspace.json", "OPTIONS", "B", True),
        ("26", "workspace.json", "PUT", "B", True),  # its own permission does not look at the method
        ("26", "contact_actions.json", "GET", "B", True),
        ("26", "", "POST", "B", True),
        ("26", "flows.json", "HEAD", "B", False),
        ("26", "flows.json", "OPTIONS", "B", False),
        ("26", "flows.json", "PUT", "B", False),
        ("26", "flows", "POST", "B", False),
        ("26", "flows", "GET", "B", True),
        ("26", "flows", "GET", "AGENT", True),  # documentation is for everybody
        ("26", "flows.json", "GET", "AGENT", False),
        ("26", "flows.json", "GET", "nobody", False),
        ("26", "flows.json", "GET", None, False),
        ("26", "nothing.json", "GET", "B", False),
        ("26", "groups.json", "DELETE", "B", True),  # a 400
        ("26", "broadcasts.json", "GET", "B", True),
        ("26", "messages.json", "GET", "B", False),  # of another scope
        ("26", "contacts.json", "GET", "B", False),
        ("26", "runs.json", "GET", "B", False),
        ("9.3", "broadcasts.json", "GET", "B", False),
        ("8.0", "flows.json", "HEAD", "B", True),
        ("8.0", "flows.json", "OPTIONS", "B", True),
        ("8.0", "flows.json", "PUT", "B", True),
        ("8.0", "", "GET", "B", False),  # the root had no quota
    ],
)
def test_accepted_requests_count_whatever_their_outcome(
    profile: str, path: str, method: str, token: str | None, counts: bool
) -> None:
    site = Site(profile)
    site.ask(path, method, token)
    assert site.left() is not counts


def test_requests_without_an_acceptable_answer_format_do_not_count() -> None:
    site = Site("26")
    assert site.ask("flows.json", Accept="text/html").status == 406
    assert site.left()
    assert not site.left()


def test_all_tokens_of_a_workspace_share_its_quota_and_other_workspaces_have_their_own() -> None:
    site = Site("26")
    assert [site.left(token=key) for key in ("B", "B", "C", "C")] == [True, False, True, False]
    assert not site.left()
    site = Site("6.4")
    path = "org.json"
    statuses = [site.ask(path, token=key).status for key in ("B", "B")] + [site.ask(path).status]
    assert statuses == [200, 429, 200], "per user then"


def test_staff_had_their_own_quota_in_each_workspace() -> None:
    site = Site("9.3")
    assert [site.left(token=key) for key in ("S1", "B", "S1", "S2", "C")] == [True, True, False, True, True]


def test_requests_without_a_token_count_by_the_address_that_proxies_forward() -> None:
    site = Site("26")
    assert [site.ask("flows", token=None).status for _ in range(2)] == [200, 429]
    first, second = {"X-Forwarded-For": "10.0.0.1, 10.0.0.2"}, {"X-Forwarded-For": "10.0.0.1"}
    same = {"X-Forwarded-For": "10.0.0.1,10.0.0.2"}
    assert [site.ask("", token=None, **one).status for one in (first, second, same)] == [200, 200, 429]
    assert site.left()


def test_only_old_versions_ignore_the_rate_of_a_workspace() -> None:
    own: Any = {"rate_overrides": {"v2": "2/hour"}}
    for profile, granted in (("26", 2), ("7.4", 2), ("6.4", 1)):
        site = Site(profile, **own)
        assert [site.ask("org.json").status for _ in range(3)].count(200) == granted, profile


def json_of(reply: Reply) -> tuple[int, str | None, str]:
    return reply.status, reply.header("Retry-After"), json.loads(reply.body)["detail"]


EXPECTED = "Request was throttled. Expected available in {} second{}."


def test_a_request_is_granted_again_at_the_end_of_the_period_and_the_wait_is_rounded_up() -> None:
    site = Site("26", "2/minute")
    assert site.left()
    site.clock.advance(20)
    assert site.left()
    site.clock.advance(0.5)
    assert json_of(site.ask("org.json")) == (429, "40", EXPECTED.format(40, "s"))
    site.clock.advance(39.25)
    assert json_of(site.ask("org.json")) == (429, "1", EXPECTED.format(1, ""))
    site.clock.advance(0.25)
    assert [site.left(), site.left()] == [True, False], "one has left the window, the other not"
    site.clock.advance(20)
    assert [site.left(), site.left()] == [True, False]


def test_refused_requests_do_not_prolong_the_wait() -> None:
    site = Site("26", "1/minute")
    assert site.left()
    for _ in range(59):
        site.clock.advance(1)
        assert not site.left()
    site.clock.advance(1)
    assert site.left()


def test_a_rate_of_zero_requires_waiting_for_the_whole_period() -> None:
    assert json_of(Site("26", "0/minute").ask("org.json")) == (429, "60", EXPECTED.format(60, "s"))


def test_after_the_rate_is_lowered_the_answer_names_no_wait() -> None:
    site = Site("26", "3/hour")
    assert [site.left() for _ in range(3)] == [True] * 3
    site.rapidpro.set_rates({"v2": "2/hour"})
    assert json_of(site.ask("org.json")) == (429, None, "Request was throttled.")
    site.rapidpro.set_rates({"v2": "3/hour"})
    assert json_of(site.ask("org.json")) == (429, "3600", EXPECTED.format(3600, "s"))
    site.rapidpro.set_rates({"v2": "4/hour"})
    assert site.left()


def test_a_longer_period_counts_the_requests_that_the_shorter_one_remembers() -> None:
    site = Site("26", "1/minute")
    assert site.left()
    site.clock.advance(30)
    site.rapidpro.set_rates({"v2": "1/hour"})
    assert json_of(site.ask("org.json")) == (429, "3570", EXPECTED.format(3570, "s"))
    site.clock.advance(31)
    assert site.left(), "the minute's memory is gone"


def test_quotas_of_callers_who_are_long_gone_take_no_room() -> None:
    clock = VirtualClock(NOW)
    throttle = Throttle(clock, {"v2": "2/hour"})
    for count in range(20 * MANY_OWNERS):
        throttle.grant("v2", f"10.0.{count}", {})
        clock.advance(10)
    assert len(throttle._granted) < 3 * MANY_OWNERS
    throttle.grant("v2", f"10.0.{count}", {})
    with pytest.raises(ApiError):
        throttle.grant("v2", f"10.0.{count}", {})
