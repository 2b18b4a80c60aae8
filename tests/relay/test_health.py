"""/health: what is true of each direction, and no secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from relay import Relay, http_client, web
from relay.http_client import QUOTA, Calls
from relay.web import STALE_SECONDS
from tests.relay.neighbours import (
    AMINA,
    START,
    TOKEN,
    World,
    connection_refused,
    fault_on,
    post_text,
    reply,
)

pytestmark = pytest.mark.usefixtures("database")


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


def test_it_is_stopped_when_nobody_works_any_more(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health(relay)["status"] == "ok"
    monkeypatch.setattr(web, "STILL_SECONDS", -1)
    assert relay.app.test_client().get("/health").status_code == 503
    assert health(relay)["status"] == "stopped"


# --- /metrics

SAMPLE = re.compile(r"([a-z_]+)(?:\{([^}]*)\})? (-?[0-9.e+]+|NaN)")


def metrics(relay: Relay) -> Mapping[str, float]:
    """The samples of /metrics in Prometheus's text format 0.0.4, by name and labels."""
    answer = relay.app.test_client().get("/metrics")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    samples = [SAMPLE.fullmatch(line) for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(samples)
    return {f"{sample[1]} {sample[2]}": float(sample[3]) for sample in samples if sample}


def test_metrics_show_queues_ages_and_calls(world: World, relay: Relay) -> None:
    throttled = reply(429, {"detail": "x"}, Retry_After="600")
    world.faults.append(fault_on("POST", "/api/v2/broadcasts.json", throttled))
    world.add_texts("Visit due")
    relay.work(world.now)
    world.now += timedelta(seconds=10)
    post_text(relay)
    post_text(relay, id="")
    shown = metrics(relay)
    assert shown['relay_health name="trouble",part="status"'] == 1
    assert shown['relay_health name="to_send",part="queues"'] == 1
    assert shown['relay_health name="oldest_text_seconds",part="rapidpro"'] == 10
    assert shown['relay_health name="blocked_until",part="rapidpro"'] == START.timestamp() + 600
    assert shown['relay_health name="succeeded_at",part="cht"'] == START.timestamp()
    assert shown['relay_calls_total endpoint="broadcasts.json",outcome="429",service="rapidpro"'] == 1
    assert shown['relay_calls_total endpoint="sms",outcome="200",service="cht"'] >= 1
    path = "/api/v2/sms/rapidpro/incoming-messages"
    assert shown[f'relay_calls_total endpoint="{path}",outcome="200",service="relay"'] == 1
    assert shown[f'relay_calls_total endpoint="{path}",outcome="400",service="relay"'] == 1


def test_granted_calls_of_this_hour_count_against_the_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls()
    for minute, outcome in ((0, "201"), (20, "429"), (30, "no answer"), (40, "403"), (50, "200")):
        monkeypatch.setattr(http_client, "steady", lambda minute=minute: minute * 60.0)
        calls.count("rapidpro", "broadcasts.json", outcome)
        calls.count("cht", "sms", outcome)
    assert calls.quota_left() == {"broadcasts.json": QUOTA - 3}
    monkeypatch.setattr(http_client, "steady", lambda: 61 * 60.0)
    assert calls.quota_left() == {"broadcasts.json": QUOTA - 2}


def test_metrics_show_what_is_left_of_the_quota(world: World, relay: Relay) -> None:
    world.add_texts("One", "Two")
    relay.work(world.now)
    assert metrics(relay)['relay_health name="broadcasts.json",part="quota_left"'] == QUOTA - 2


def test_metrics_show_no_secrets_and_no_texts(world: World, relay: Relay) -> None:
    post_text(relay)
    world.add_texts("Visit due")
    relay.work(world.now)
    text = relay.app.test_client().get("/metrics").text
    for secret in (TOKEN, "gateway-pass", "rapidpro-token", AMINA, "TEMP", "Visit"):
        assert secret not in text


def test_metrics_are_shown_while_the_database_stands_still(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("gone")

    monkeypatch.setattr(relay._web_store, "health", broken)
    assert metrics(relay)['relay_health name="stopped",part="status"'] == 1
