"""/health: what is true of each direction, and no secrets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from relay import Relay
from relay.web import STALE_SECONDS
from tests.relay.neighbours import START, World, connection_refused, make_relay, post_text


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def relay(world: World, database: str) -> Any:
    relay = make_relay(world, database=database)
    yield relay
    relay.close()


def health(relay: Relay) -> Any:
    return relay.app.test_client().get("/health").json


def test_before_the_first_success_there_is_none_and_nothing_waits(relay: Relay) -> None:
    report = health(relay)
    assert report["status"] == "ok"
    for neighbour in ("cht", "rapidpro"):
        assert (report[neighbour]["last_success"], report[neighbour]["oldest_text_seconds"]) == (None, 0)


def test_the_last_success_with_each_neighbour_is_shown_also_while_it_fails(world: World, relay: Relay) -> None:
    world.add_texts("Visit due")
    relay.work(world.now)
    world.faults.append(lambda _m, path, _b, _a: connection_refused() if path == "/api/sms" else None)
    world.run(relay, 600)
    report = health(relay)
    assert (report["status"], report["cht"]["last_success"]) == ("trouble", START.isoformat())
    assert START.isoformat() < report["rapidpro"]["last_success"] <= world.now.isoformat()


def test_the_age_of_the_oldest_text_is_shown_for_each_direction(world: World, relay: Relay) -> None:
    world.add_texts("Visit due", "Later")
    world.faults.append(lambda _m, path, _b, _a: connection_refused() if "broadcasts" in path else None)
    relay.work(world.now)
    world.faults.append(lambda _m, path, _b, _a: connection_refused() if path == "/api/sms" else None)
    world.run(relay, 20)
    post_text(relay)
    world.run(relay, 30)
    report = health(relay)
    assert report["cht"]["oldest_text_seconds"] == 30
    assert report["rapidpro"]["oldest_text_seconds"] == 50


def test_a_text_that_waits_for_long_is_trouble_although_no_call_fails(world: World, relay: Relay) -> None:
    post_text(relay)
    world.now += timedelta(seconds=STALE_SECONDS)
    assert health(relay)["status"] == "ok"
    world.now += timedelta(seconds=1)
    assert health(relay)["status"] == "trouble"
    relay.work(world.now)
    assert health(relay)["status"] == "ok"
