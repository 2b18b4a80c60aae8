"""Lists of contacts, runs and flow starts come from indexes; they show the same as a scan of all rows."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.seed.default import default_seed
from fakes.serving.wsgi import Reply, build_environ, call

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = "000000c0-0000-4000-8000-000000000001", "000000c0-0000-4000-8000-000000000002"
OTHERS = "000000c0-0000-4000-8000-000000000003"
FLOW = "000000f0-0000-4000-8000-000000000001"
HEADERS = {"Authorization": "Token RAPIDPRO-TEST-TOKEN-0000000000000000000000", "Content-Type": "application/json"}


def contact(uuid: str, workspace: int, urn: str, minute: int) -> dict[str, Any]:
    at = f"2025-12-01T00:{minute:02}:00Z"
    return {"uuid": uuid, "workspace": workspace, "urns": [urn], "created_on": at, "modified_on": at}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def site(clock: VirtualClock) -> RapidPro:
    seed = dict(default_seed(NOW))
    other = {"id": 2, "uuid": "000000a0-0000-4000-8000-000000000002", "name": "Other"}
    seed["workspaces"] = [*seed["workspaces"], other]
    seed["contacts"] = [
        contact(FIRST, 1, "tel:+250788000001", 1),
        contact(SECOND, 1, "tel:+250788000002", 2),
        contact(OTHERS, 2, "tel:+250788000003", 3),
    ]
    seed["flows"] = [{"uuid": FLOW, "workspace": 1, "name": "Survey", "created_on": "2025-12-01T00:00:00Z",
                      "modified_on": "2025-12-01T00:00:00Z"}]  # fmt: skip
    rapidpro = RapidPro(clock, session=requests.Session(), rng=random.Random(1))
    rapidpro.seed(seed)
    return rapidpro


def ask(site: RapidPro, method: str, name: str, query: str = "", body: Mapping[str, Any] | None = None) -> Reply:
    raw = b"" if body is None else json.dumps(body).encode()
    return call(site, build_environ(method, f"/api/v2/{name}.json", query, HEADERS, raw))


def uuids(site: RapidPro, name: str, query: str = "", key: str = "uuid") -> list[Any]:
    return [one[key] for one in json.loads(ask(site, "GET", name, query).body)["results"]]


def test_contacts_come_last_changed_first_and_from_one_workspace(site: RapidPro, clock: VirtualClock) -> None:
    assert uuids(site, "contacts") == [SECOND, FIRST]
    clock.advance(60)
    assert ask(site, "POST", "contacts", f"uuid={FIRST}", {"name": "Ann"}).status == 200
    assert uuids(site, "contacts") == [FIRST, SECOND]
    clock.advance(60)
    site.mailroom.incoming.receive("+250788000002", "hello")
    assert uuids(site, "contacts") == [SECOND, FIRST]


def test_a_deleted_contact_changes_lists(site: RapidPro) -> None:
    assert ask(site, "DELETE", "contacts", f"uuid={SECOND}").status == 204
    assert uuids(site, "contacts") == [FIRST]
    assert uuids(site, "contacts", "deleted=true") == [SECOND]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"uuid={FIRST}", [FIRST]),
        (f"uuid={OTHERS}", []),
        (f"uuid={FIRST}&deleted=1", []),
        ("urn=tel:%2B250788000002", [SECOND]),
        ("urn=tel:%2B250788000009", []),
        (f"urn=tel:%2B250788000002&uuid={FIRST}", []),
        (f"urn=tel:%2B250788000002&uuid={SECOND}", [SECOND]),
        ("group=Nobody", []),
        ("before=2025-12-01T00:01:00Z", [FIRST]),
    ],
)
def test_contacts_are_found_by_each_filter(site: RapidPro, query: str, expected: list[str]) -> None:
    assert uuids(site, "contacts", query) == expected


def test_runs_are_found_by_person_and_by_flow_and_move_up_when_they_end(site: RapidPro, clock: VirtualClock) -> None:
    for urn in ("tel:+250788000001", "tel:+250788000002"):
        assert ask(site, "POST", "flow_starts", body={"flow": FLOW, "urns": [urn]}).status == 201
        clock.advance(10)
    assert uuids(site, "runs", key="contact")[0]["uuid"] == SECOND
    assert [one["uuid"] for one in uuids(site, "runs", f"contact={FIRST}", "contact")] == [FIRST]
    assert len(uuids(site, "runs", f"flow={FLOW}")) == 2
    assert uuids(site, "runs", f"contact={OTHERS}") == []
    assert uuids(site, "runs", "after=2026-01-02T00:00:00Z") == []
    assert uuids(site, "runs", "after=nonsense") == []
    assert uuids(site, "flows", key="runs")[0]["completed"] == 2


def test_flow_starts_come_last_changed_first(site: RapidPro, clock: VirtualClock) -> None:
    made = [json.loads(ask(site, "POST", "flow_starts", body={"flow": FLOW, "contacts": [FIRST]}).body)["uuid"]]
    clock.advance(10)
    made.append(json.loads(ask(site, "POST", "flow_starts", body={"flow": FLOW, "contacts": [SECOND]}).body)["uuid"])
    assert uuids(site, "flow_starts") == made[::-1]
    assert uuids(site, "flow_starts", f"uuid={made[0]}") == [made[0]]


def detail(site: RapidPro, name: str, query: str) -> tuple[int, Any]:
    reply = ask(site, "GET", name, query)
    return reply.status, json.loads(reply.body).get("detail")


def test_flows_are_filtered_as_in_the_source(site: RapidPro) -> None:
    """temba/api/v2/views.py, FlowsEndpoint (v26.3.54)."""
    assert uuids(site, "flows", "type=message&archived=false") == [FLOW]
    assert uuids(site, "flows", "type=voice") == uuids(site, "flows", "archived=true") == []
    assert uuids(site, "flows", "before=2025-11-30") == uuids(site, "flows", "after=nonsense") == []


def test_groups_are_filtered_as_in_the_source(site: RapidPro) -> None:
    """temba/api/v2/views.py, GroupsEndpoint (v26.3.54)."""
    for name in ("nurses", "Doctors"):
        assert ask(site, "POST", "groups", body={"name": name}).status == 201
    assert uuids(site, "groups", "name=NURSES", "name") == ["nurses"]
    assert uuids(site, "groups", "manual_only=true", "name") == ["Doctors", "nurses"]
    both = f"name=nurses&uuid={FLOW}"
    assert detail(site, "groups", both) == (400, "You may only specify one of the uuid, name parameters")
    assert detail(site, "labels", "uuid=abc")[0] == detail(site, "groups", "uuid=abc")[0] == 400


def test_runs_are_filtered_as_in_the_source(site: RapidPro, clock: VirtualClock) -> None:
    """temba/api/v2/views.py, RunsEndpoint (v26.3.54)."""
    assert ask(site, "POST", "flow_starts", body={"flow": FLOW, "contacts": [FIRST, SECOND]}).status == 201
    clock.advance(10)
    numbers = uuids(site, "runs", key="id")
    assert uuids(site, "runs", f"id={numbers[0]}", "id") == numbers[:1]
    assert detail(site, "runs", "id=abc") == (400, "Value for id must be an integer")
    assert detail(site, "runs", "flow=abc")[0] == 400
    assert ask(site, "DELETE", "contacts", f"uuid={FIRST}").status == 204
    assert uuids(site, "runs", f"contact={FIRST}") == []
    assert len(uuids(site, "runs")) == 2
