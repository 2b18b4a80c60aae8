"""Whom a flow reaches by a contact query. Source: mailroom core/search/resolve.go, core/tasks/starts/start_flow.go."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.rapidpro.flows.bundles.reading import read_bundle
from tests.fakes.rapidpro.flow_bundles import act, ask, bundle, catch_all, flow, keyword, say, uuid_of
from tests.fakes.rapidpro.flow_sites import Site
from tests.fakes.rapidpro.worlds import AMINA

NAMES = ("Ben Ali", "Caleb", "Ben Obi", "Dina")
NUMBERS = tuple(f"+25078812302{n}" for n in range(len(NAMES)))
HELP = flow("Help", say("help", "Call 114"))
STARTS = {"type": "start_session", "flow": {"uuid": uuid_of("Help"), "name": "Help"}}
SENDS = {"type": "send_broadcast", "text": "Call 114"}
GENERATIONS = pytest.mark.parametrize("profile", ["9.0", "26"])


def people(profile: str = "26") -> Site:
    """A site with the people of NAMES. Ben Obi is blocked; Caleb and Dina are in the group Nurses."""
    site = Site(profile=profile)
    store = site.rapidpro.store
    workspace, now = store.workspaces()[0], site.clock.now()
    nurses = store.new_group(workspace, "", "Nurses", None)
    for name, number in zip(NAMES, NUMBERS, strict=True):
        row = store.new_contact(workspace, f"tel:{number}", now)
        groups = [nurses] if name in ("Caleb", "Dina") else []
        store.change_contact(row, now, name=name, groups=groups, status="blocked" if name == "Ben Obi" else "active")
    return site


def texted(site: Site, action: dict[str, Any], *others: Any) -> list[str]:
    """Amina texts "ben" to a flow with this action. Returns the names of those who got a text."""
    teller = flow("Teller", act("t", action))
    site.rapidpro.mailroom.import_flows(read_bundle(bundle(HELP, teller, *others, triggers=[catch_all("Teller")])))
    site.text("ben")
    site.clock.advance(60)
    return [name for name, number in zip(NAMES, NUMBERS, strict=True) if site.said(number)]


QUERIES: list[tuple[str, list[str]]] = [
    ("name ~ @input.text", ["Ben Ali"]),  # which is quoted; and not the blocked one
    ("@input.text", ["Ben Ali"]),
    ('group = "nurses"', ["Caleb", "Dina"]),
    ('group != "nurses" AND name != ""', ["Ben Ali"]),
    ("tel ~ 8123021 or name = dina", ["Caleb", "Dina"]),
    ('status = "blocked"', []),
    ('history = "help"', []),
    ("name = nobody", []),
]


@GENERATIONS
@pytest.mark.parametrize(("query", "reached"), QUERIES)
def test_a_broadcast_by_query_reaches_all_active_contacts_that_fit(
    profile: str, query: str, reached: list[str]
) -> None:
    assert texted(people(profile), {**SENDS, "contact_query": query}) == reached


@GENERATIONS
@pytest.mark.parametrize(("query", "reached"), QUERIES)
def test_a_start_by_query_reaches_the_oldest_contact_that_fits(profile: str, query: str, reached: list[str]) -> None:
    assert texted(people(profile), {**STARTS, "contact_query": query}) == reached[:1]


def test_a_start_by_query_reaches_one_contact_in_all_and_whoever_is_created_by_a_number() -> None:
    site, new = people(), "+250788123029"
    action = {**STARTS, "contact_query": 'group = "nurses"', "urns": [f"tel:{NUMBERS[0]}", f"tel:{new}"]}
    assert texted(site, action) == ["Ben Ali"]
    assert site.said(new) == ["Call 114"]


@pytest.mark.parametrize(("waits", "reached"), [(True, []), (False, ["Caleb"])])
def test_a_start_may_leave_out_who_is_in_a_flow(waits: bool, reached: list[str]) -> None:
    site = people()
    asking = flow("Asking", say("q", "How old?", "a"), ask("a", None))
    site.rapidpro.mailroom.import_flows(read_bundle(bundle(asking, triggers=[keyword("Asking", "ask")])))
    if waits:
        site.text("ask", NUMBERS[1])
    before = len(site.said(NUMBERS[1]))
    texted(site, {**STARTS, "contact_query": "name = caleb", "exclusions": {"in_a_flow": True}})
    (start,) = site.rapidpro.store.starts
    assert start.exclusions == {"in_a_flow": True}
    assert site.said(NUMBERS[1])[before:] == ["Call 114"] * len(reached)


@pytest.mark.parametrize("attribute", ["flow", "history"])
def test_a_query_knows_in_which_flow_a_contact_waits_and_in_which_it_was(attribute: str) -> None:
    site = people()
    asking = flow("Asking", say("q", "How old?", "a"), ask("a", None))
    site.rapidpro.mailroom.import_flows(read_bundle(bundle(asking, triggers=[keyword("Asking", "ask")])))
    site.text("ask", NUMBERS[3])
    texted(site, {**SENDS, "contact_query": f"{attribute} = asking"})
    assert site.said(NUMBERS[3]) == ["How old?", "Call 114"]


@pytest.mark.parametrize("query", ["(", "age <", "nothing_of_that_name = 1"])
@pytest.mark.parametrize(("action", "what"), [(SENDS, "the broadcast"), (STARTS, "the start of the flow")])
def test_a_query_that_cannot_be_read_fails_all_of_it_and_is_told(action: Any, what: str, query: str) -> None:
    site = people()
    assert texted(site, {**action, "contact_query": query}) == []
    broadcasts = [one["status"] for one in site.api("broadcasts.json")["results"]]
    assert [*broadcasts, *(one.status for one in site.rapidpro.store.starts)] == ["failed"]
    (step,) = site.sessions()[0]["stretches"][0]["steps"]
    (told,) = [event["text"] for event in step["events"] if event["type"] == "warning"]
    assert told.startswith(f"{what} fails: its query {query} cannot be read: ")


def test_a_start_by_query_can_reach_the_person_who_texts() -> None:
    site = people()
    assert texted(site, {**STARTS, "contact_query": f"tel = {AMINA}"}) == []
    assert site.said() == ["Call 114"]
