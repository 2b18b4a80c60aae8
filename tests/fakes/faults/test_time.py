"""Faults that take time: virtual in process, real on a socket; and connection endings among other traffic."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
import requests

from fakes.clock import VirtualClock
from fakes.faults import Fault
from tests.fakes.echo_service import EchoSetup, in_process, on_a_socket


def plan(setup: EchoSetup, **fault: object) -> None:
    setup.fakes.plan.add(Fault.parse(fault))


def test_a_delay_takes_virtual_time_in_process() -> None:
    setup = in_process()
    before = setup.clock.timestamp()
    plan(setup, effect="delay", **{"with": {"seconds": 3}})
    assert setup.ask()[:2] == ("reply", 200)
    assert setup.clock.timestamp() - before == pytest.approx(3)


def test_a_delay_beyond_the_clients_timeout_times_out_and_the_service_still_acts() -> None:
    setup = in_process()
    before = setup.clock.timestamp()
    plan(setup, effect="delay", **{"with": {"seconds": 30}})
    assert setup.ask(timeout=10)[0] == "ReadTimeout"
    assert setup.clock.timestamp() - before == pytest.approx(10)
    assert setup.echo.acted == 1
    (exchange,) = setup.fakes.ledger.after()
    assert (exchange.reply, exchange.acted) == (None, True)


def test_a_late_deed_is_done_after_the_client_has_given_up() -> None:
    setup = in_process()
    plan(setup, effect="act_late", **{"with": {"seconds": 30}})
    assert setup.ask(timeout=10)[0] == "ReadTimeout"
    (exchange,) = setup.fakes.ledger.after()
    assert (exchange.reply, exchange.acted, exchange.fault) == (None, True, "act_late#1")
    assert isinstance(setup.clock, VirtualClock)
    setup.clock.advance(19)
    assert setup.echo.acted == 0
    setup.clock.advance(2)
    assert setup.echo.acted == 1


def test_a_late_deed_is_done_once_on_a_socket_too() -> None:
    with on_a_socket() as setup:
        plan(setup, effect="act_late", **{"with": {"seconds": 0.2}})
        assert setup.ask(timeout=0.05)[0] == "ReadTimeout"
        assert setup.ask()[:2] == ("reply", 200)
        while setup.echo.acted < 2:  # the late one comes
            setup.fakes.plan.unused()
        assert setup.echo.acted == 2


def test_a_hang_in_process_takes_exactly_the_clients_timeout() -> None:
    setup = in_process()
    before = setup.clock.timestamp()
    plan(setup, effect="hang")
    assert setup.ask(timeout=10)[0] == "ReadTimeout"
    assert setup.clock.timestamp() - before == pytest.approx(10)


def test_a_client_without_timeout_sees_a_hang_end() -> None:
    setup = in_process()
    plan(setup, effect="hang", **{"with": {"seconds": 60}})
    assert setup.ask(timeout=None) == ("ConnectionError", "RemoteDisconnected")


def test_a_delay_on_a_socket_takes_real_time() -> None:
    with on_a_socket() as setup:
        plan(setup, effect="delay", **{"with": {"seconds": 0.3}})
        assert setup.ask(timeout=0.1)[0] == "ReadTimeout"
        plan(setup, effect="delay", **{"with": {"seconds": 0.05}})
        assert setup.ask(timeout=5)[:2] == ("reply", 200)


def test_hanging_requests_do_not_delay_others() -> None:
    with on_a_socket() as setup:
        plan(setup, effect="hang", times=100, match={"path": "/hang"})
        seen: list[str] = []
        hanging = [
            threading.Thread(target=lambda: seen.append(setup.ask("GET", "/hang", timeout=2)[0])) for _ in range(100)
        ]
        for thread in hanging:
            thread.start()
        while len(setup.fakes.ledger) < 100:  # the requests are on their way
            setup.fakes.plan.unused()
        assert setup.ask("GET", "/", timeout=1)[:2] == ("reply", 200)
        for thread in hanging:
            thread.join()
        assert seen == ["ReadTimeout"] * 100


def test_a_connection_ending_does_not_affect_busy_connections() -> None:
    with on_a_socket() as setup:
        for path in ("reset", "close", "truncate"):
            effect = {"close": "lose_reply"}.get(path, path)
            plan(setup, effect=effect, times=None, match={"path": f"/{path}"})
        seen: Counter[tuple[str, str]] = Counter()
        done = threading.Event()
        busy = [threading.Thread(target=_stay_busy, args=(setup, seen, done)) for _ in range(4)]
        endings = [threading.Thread(target=_end, args=(setup, seen, path)) for path in ("reset", "close", "truncate")]
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


def _stay_busy(setup: EchoSetup, seen: Counter[tuple[str, str]], done: threading.Event) -> None:
    with requests.Session() as session:
        while not done.is_set():
            seen["well", str(session.get(setup.url + "/well", timeout=5).status_code)] += 1


def _end(setup: EchoSetup, seen: Counter[tuple[str, str]], path: str) -> None:
    for _ in range(30):
        seen[path, setup.ask("GET", f"/{path}")[1]] += 1
