"""An imported flow and the fake CHT together: what the person is told, and what CHT has.

The flow is that of CHT's documentation, with an error branch. What can go wrong is in the FACTS of the flow engine and
in cht-core issue 6532.
"""

from __future__ import annotations

from typing import Any

import pytest

from conformance.services.cht_client import ChtClient
from conformance.services.in_process import CHT_URL, InProcessFakes
from conformance.services.neighbours import CHT_ADMIN
from tests.fakes.rapidpro.flow_bundles import (
    ask,
    bundle,
    call,
    catch_all,
    flow,
    keyword,
    say,
)

PERSON = "+250788200088"
SORRY = "Your report was not received"
PATH = "/api/v2/sms/rapidpro/incoming-messages"
RELAY = flow(
    "Relay to CHT",
    call("post", "@globals.cht_url", None, "sorry", Authorization="Token @globals.cht_key"),
    say("sorry", SORRY),
)
GENERATIONS = pytest.mark.parametrize("profile", ["9.0", "26"])


class FlowAndCht:
    """Both fakes on one clock; the flow posts to CHT itself."""

    def __init__(self, profile: str, *bundles: dict[str, Any], globals_: tuple[str, ...] = ("cht_url", "cht_key")):
        self.fakes = InProcessFakes(profile, 1)
        self.fakes.reach(CHT_URL, self.fakes.app("cht"))
        key = self.fakes.neighbours.incoming_token
        ChtClient(self.fakes.session, CHT_URL, *CHT_ADMIN).credential("rapidpro:incoming", key)
        values = {"cht_url": CHT_URL + PATH, "cht_key": key}
        known = {name: values[name] for name in globals_}
        self.imported = [self.fakes.control.post("/rapidpro/flows", {**one, "globals": known}) for one in bundles]

    def text(self, text: str) -> dict[str, Any]:
        self.fakes.clock.advance(5)
        found: dict[str, Any] = self.fakes.control.post(f"/rapidpro/phones/{PERSON}/texts", {"text": text})
        return found

    def told(self) -> list[str]:
        self.fakes.clock.advance(600)
        texts = self.fakes.control.get(f"/rapidpro/phones/{PERSON}/texts")["texts"]
        return [one["text"] for one in texts if one["direction"] == "received"]

    def stored(self) -> list[str]:
        """The texts of the reports that CHT has."""
        docs = self.fakes.control.get("/cht/docs")["docs"]
        return [one["sms_message"]["message"] for one in docs if "sms_message" in one]

    def lines(self) -> dict[str, Any]:
        found: dict[str, Any] = self.fakes.control.get(f"/rapidpro/phones/{PERSON}/sessions")
        return found


@GENERATIONS
def test_given_the_flow_when_cht_accepts_a_text_then_cht_has_it_and_the_person_is_told_nothing(profile: str) -> None:
    world = FlowAndCht(profile, bundle(RELAY, triggers=[catch_all("Relay to CHT")]))
    happened = world.text("TEMP 38.5")
    assert (happened["webhook"]["status"], world.stored(), world.told()) == (200, ["TEMP 38.5"], [])


@GENERATIONS
def test_given_a_failure_branch_when_cht_answers_400_then_the_person_is_told_and_cht_has_nothing(profile: str) -> None:
    world = FlowAndCht(profile, bundle(RELAY, triggers=[catch_all("Relay to CHT")]))
    happened = world.text("")  # CHT refuses a text without content
    assert (happened["webhook"]["status"], world.stored(), world.told()) == (400, [], [SORRY])


@GENERATIONS
def test_given_a_timeout_after_cht_stored_the_text_then_the_person_is_told_although_cht_has_it(profile: str) -> None:
    world = FlowAndCht(profile, bundle(RELAY, triggers=[catch_all("Relay to CHT")]))
    world.fakes.control.post("/faults", {
        "service": "cht", "effect": "lose_reply", "with": {"how": "hang"}, "match": {"method": "POST", "path": PATH},
    })  # fmt: skip
    happened = world.text("TEMP 38.5")
    assert (happened["webhook"]["status"], world.stored(), world.told()) == (0, ["TEMP 38.5"], [SORRY])


@GENERATIONS
def test_given_an_open_wait_when_a_report_comes_then_the_wait_swallows_it_until_it_expires(profile: str) -> None:
    survey = flow("Survey", say("q", "How old?", "w"), ask("w", None), expires=60)
    both = bundle(RELAY, survey, triggers=[catch_all("Relay to CHT"), keyword("Survey", "join")])
    world = FlowAndCht(profile, both)
    world.text("join")
    assert world.text("TEMP 38.5")["webhook"] is None
    assert world.stored() == []
    world.text("join")
    world.fakes.clock.advance(62 * 60)
    world.text("TEMP 39")
    assert world.stored() == ["TEMP 39"]


@GENERATIONS
def test_given_a_loop_over_waits_when_two_texts_are_posted_in_one_run_then_cht_stores_the_first(profile: str) -> None:
    post = call("post", "@globals.cht_url", "next", "next", Authorization="Token @globals.cht_key")
    loop = flow("Loop", post, ask("next", "post"))
    world = FlowAndCht(profile, bundle(loop, triggers=[catch_all("Loop")]))
    first, second = world.text("TEMP 38"), world.text("TEMP 39")
    assert first["run"] == second["run"]
    assert (first["webhook"]["status"], second["webhook"]["status"]) == (200, 400)
    assert world.stored() == ["TEMP 38"]


@GENERATIONS
def test_given_a_missing_global_then_the_import_says_so_and_the_text_is_not_posted(profile: str) -> None:
    world = FlowAndCht(profile, bundle(RELAY, triggers=[catch_all("Relay to CHT")]), globals_=("cht_key",))
    assert world.imported[0]["missing"] == {"globals": ["cht_url"]}
    happened = world.text("TEMP 38.5")
    assert happened["webhook"] is None
    assert any("cht_url" in one for one in happened["errors"])
    assert (world.stored(), world.told()) == ([], [SORRY])


@GENERATIONS
def test_given_a_person_in_two_flows_when_the_second_starts_then_the_first_is_over(profile: str) -> None:
    one = flow("One", say("q", "One?", "w"), ask("w", "end"), say("end", "one done"))
    two = flow("Two", say("q", "Two?", "w"), ask("w", "end"), say("end", "two done"))
    world = FlowAndCht(profile, bundle(one, two, triggers=[keyword("One", "one"), keyword("Two", "two")]))
    for text in ("one", "two", "yes", "yes"):
        world.text(text)
    assert world.told() == ["One?", "Two?", "two done"]
    assert [session["status"] for session in world.lines()["sessions"]] == ["interrupted", "completed"]


@GENERATIONS
def test_given_an_expired_wait_when_the_person_answers_late_then_the_answer_goes_to_cht(profile: str) -> None:
    survey = flow("Survey", say("q", "How old?", "w"), ask("w", None, result="Age"), expires=30)
    both = bundle(RELAY, survey, triggers=[catch_all("Relay to CHT"), keyword("Survey", "join")])
    world = FlowAndCht(profile, both)
    world.text("join")
    world.fakes.clock.advance(32 * 60)
    world.text("31")
    assert world.stored() == ["31"]
    (run,) = world.lines()["sessions"][0]["runs"]
    assert (run["status"], run["results"]) == ("expired", {})
