"""Faults that take time: virtual in process, real on a socket; and endings among other traffic."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
import requests

from fakes.faults import Fault
from tests.fakes.faulty_echo import Stage, in_process, on_a_socket


def plan(stage: Stage, **fault: object) -> None:
    stage.fakes.plan.add(Fault.parse(fault))


def test_a_delay_takes_virtual_time_in_process() -> None:
    stage = in_process()
    before = stage.clock.timestamp()
    plan(stage, effect="delay", **{"with": {"seconds": 3}})
    assert stage.ask()[:2] == ("reply", 200)
    assert stage.clock.timestamp() - before == pytest.approx(3)


def test_a_delay_longer_than_the_clients_patience_is_a_timeout_and_the_service_acts_all_the_same() -> None:
    stage = in_process()
    before = stage.clock.timestamp()
    plan(stage, effect="delay", **{"with": {"seconds": 30}})
    assert stage.ask(timeout=10)[0] == "ReadTimeout"
    assert stage.clock.timestamp() - before == pytest.approx(10)
    assert stage.echo.acted == 1
    (exchange,) = stage.fakes.ledger.after()
    assert (exchange.reply, exchange.acted) == (None, True)


def test_a_hang_in_process_takes_the_clients_patience_and_no_more() -> None:
    stage = in_process()
    before = stage.clock.timestamp()
    plan(stage, effect="hang")
    assert stage.ask(timeout=10)[0] == "ReadTimeout"
    assert stage.clock.timestamp() - before == pytest.approx(10)


def test_a_patient_client_sees_a_hang_close_at_last() -> None:
    stage = in_process()
    plan(stage, effect="hang", **{"with": {"seconds": 60}})
    assert stage.ask(timeout=None) == ("ConnectionError", "RemoteDisconnected")


def test_a_delay_on_a_socket_takes_real_time() -> None:
    with on_a_socket() as stage:
        plan(stage, effect="delay", **{"with": {"seconds": 0.3}})
        assert stage.ask(timeout=0.1)[0] == "ReadTimeout"
        plan(stage, effect="delay", **{"with": {"seconds": 0.05}})
        assert stage.ask(timeout=5)[:2] == ("reply", 200)


def test_hanging_requests_do_not_hold_up_others() -> None:
    with on_a_socket() as stage:
        plan(stage, effect="hang", times=100, match={"path": "/hang"})
        seen: list[str] = []
        hanging = [
            threading.Thread(target=lambda: seen.append(stage.ask("GET", "/hang", timeout=2)[0])) for _ in range(100)
        ]
        for thread in hanging:
            thread.start()
        while len(stage.fakes.ledger) < 100:  # the requests are on their way
            stage.fakes.plan.unused()
        assert stage.ask("GET", "/", timeout=1)[:2] == ("reply", 200)
        for thread in hanging:
            thread.join()
        assert seen == ["ReadTimeout"] * 100


def test_endings_hit_only_their_own_connection_among_busy_ones() -> None:
    with on_a_socket() as stage:
        for path in ("reset", "close", "truncate"):
            effect = {"close": "lose_reply"}.get(path, path)
            plan(stage, effect=effect, times=None, match={"path": f"/{path}"})
        seen: Counter[tuple[str, str]] = Counter()
        done = threading.Event()
        busy = [threading.Thread(target=_stay_busy, args=(stage, seen, done)) for _ in range(4)]
        endings = [threading.Thread(target=_end, args=(stage, seen, path)) for path in ("reset", "close", "truncate")]
        for thread in [*busy, *endings]:
            thread.start()
        for thread in endings:
            thread.join()
        done.set()
        for thread in busy:
            thread.join()
    assert {key: count for key, count in seen.items() if key[0] != "well"} == {
        ("reset", "ConnectionResetError"): 30,
        ("close", "RemoteDisconnected"): 30,
        ("truncate", "IncompleteRead"): 30,
    }
    assert {kind for kind in seen if kind[0] == "well"} == {("well", "200")}
    assert seen["well", "200"] > 30


def _stay_busy(stage: Stage, seen: Counter[tuple[str, str]], done: threading.Event) -> None:
    with requests.Session() as session:
        while not done.is_set():
            seen["well", str(session.get(stage.url + "/well", timeout=5).status_code)] += 1


def _end(stage: Stage, seen: Counter[tuple[str, str]], path: str) -> None:
    for _ in range(30):
        seen[path, stage.ask("GET", f"/{path}")[1]] += 1
