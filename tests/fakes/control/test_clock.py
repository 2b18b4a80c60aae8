"""The virtual clock by the control API: running, standing still, steps, and the next thing that happens."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from fakes.assembly import Fakes, assemble_services
from fakes.clock import SystemClock, VirtualClock
from fakes.control.app import control_app
from fakes.control.clock.driver import MOST_CALLS, TimeDriver
from fakes.control.clock.next_thing import go_to_next
from fakes.serving.wsgi import WSGIApp, build_environ, call

NUMBER = "+250788123001"
JSON = {"Content-Type": "application/json"}
ACCESS = {
    "rapidpro": {**JSON, "Authorization": "Token RAPIDPRO-TEST-TOKEN-0000000000000000000000"},
    "cht": {**JSON, "Authorization": f"Basic {b64encode(b'gateway:gateway-pass').decode()}"},
}


class Poller:
    """A worker that is due every few seconds, and notes when it was called."""

    def __init__(self, clock: VirtualClock, seconds: float) -> None:
        self._clock, self._every = clock, timedelta(seconds=seconds)
        self._due = clock.now()
        self.calls: list[datetime] = []

    def next_due(self) -> datetime | None:
        return self._due

    def work(self) -> None:
        self.calls.append(self._clock.now())
        self._due = self._clock.now() + self._every


class Failing(Poller):
    def work(self) -> None:
        raise ValueError("the worker has a bug")


def ask(control: WSGIApp, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    raw = b"" if body is None else json.dumps(body).encode()
    reply = call(control, build_environ(method, path, "", {"Host": "127.0.0.1:99"}, raw))
    return reply.status, json.loads(reply.body)


@pytest.fixture
def fakes() -> Fakes:
    return assemble_services(("rapidpro", "cht"), VirtualClock())


@pytest.fixture
def control(fakes: Fakes) -> WSGIApp:
    return control_app(fakes)


def test_a_worker_is_called_at_its_times_among_the_timers_of_the_fakes() -> None:
    clock = VirtualClock()
    poller = Poller(clock, 20)
    timers: list[datetime] = []
    clock.call_later(30, lambda: timers.append(clock.now()))
    start = clock.now()
    TimeDriver(clock, poller).advance(60)
    assert [(at - start).seconds for at in poller.calls] == [0, 20, 40, 60]
    assert [(at - start).seconds for at in timers] == [30]
    assert clock.now() == start + timedelta(seconds=60)


def test_in_a_long_step_a_worker_is_called_a_bounded_number_of_times_and_at_its_end() -> None:
    clock = VirtualClock()
    poller = Poller(clock, 2)
    TimeDriver(clock, poller).advance(3 * 86400)
    assert MOST_CALLS * 0.9 <= len(poller.calls) <= MOST_CALLS + 1


def test_a_clock_that_runs_goes_on_by_itself_until_it_is_stopped(fakes: Fakes, control: WSGIApp) -> None:
    began, passed = fakes.clock.now(), threading.Event()
    fakes.clock.call_later(3600, passed.set)
    assert ask(control, "PUT", "/clock", {"running": True, "speed": 36_000})[1]["running"] is True
    assert passed.wait(10)
    stopped = ask(control, "PUT", "/clock", {"running": False})[1]
    assert (stopped["running"], stopped["speed"]) == (False, 36_000)
    assert stopped["now"] == ask(control, "GET", "/clock")[1]["now"]
    assert fakes.clock.now() >= began + timedelta(hours=1)


def test_a_worker_that_fails_stops_the_clock_and_the_clock_says_why(fakes: Fakes) -> None:
    assert isinstance(fakes.clock, VirtualClock)
    driver = TimeDriver(fakes.clock, Failing(fakes.clock, 1))
    control = control_app(fakes, driver=driver)
    ask(control, "PUT", "/clock", {"running": True})
    while driver.running:  # ends as soon as the thread has called the worker
        threading.Event().wait(0.01)
    shown = ask(control, "GET", "/clock")[1]
    assert (shown["running"], shown["problem"]) == (False, "the clock was stopped: the worker has a bug")


def test_what_is_due_next_is_told_with_its_time(fakes: Fakes, control: WSGIApp) -> None:
    assert ask(control, "GET", "/clock/next") == (
        200, {"at": "2024-10-01T08:01:00.000000Z", "what": "CHT does its background work"},
    )  # fmt: skip
    assert isinstance(fakes.clock, VirtualClock)
    with_relay = control_app(fakes, driver=TimeDriver(fakes.clock, Poller(fakes.clock, 20)))
    assert ask(with_relay, "GET", "/clock/next")[1] == {
        "at": "2024-10-01T08:00:00.000000Z",
        "what": "the relay works: it polls, or repeats a call",
    }


def test_the_next_thing_is_no_pass_in_which_nothing_is_new(control: WSGIApp) -> None:
    ask(control, "POST", "/rapidpro/broadcasts", {"count": 1, "number": NUMBER})
    statuses: list[str] = []
    while not statuses or statuses[-1] != "delivered":
        status, answer = ask(control, "POST", "/clock/next")
        assert (status, answer["happened"]) == (200, True)
        statuses += [one["status"] for one in ask(control, "GET", "/rapidpro/messages")[1]["messages"]]
    assert list(dict.fromkeys(statuses)) == ["queued", "wired", "sent", "delivered"]


def test_a_week_in_which_nothing_happens_is_told_so(fakes: Fakes, control: WSGIApp) -> None:
    began = fakes.clock.now()
    answer = ask(control, "POST", "/clock/next")[1]
    assert (answer["happened"], answer["what"]) == (False, None)
    assert fakes.clock.now() == began + timedelta(days=7)


class Relay(Poller):
    """Polls CHT, and after three days it does something else."""

    def __init__(self, fakes: Fakes, do: Callable[[], object]) -> None:
        assert isinstance(fakes.clock, VirtualClock)
        super().__init__(fakes.clock, 2)
        self._fakes, self._do = fakes, do
        self._moment = fakes.clock.now() + timedelta(days=3)

    def work(self) -> None:
        super().work()
        use(self._fakes, "cht", "POST", "/api/sms", {"messages": []})
        use(self._fakes, "rapidpro", "GET", "/api/v2/messages.json", None)
        if self._fakes.clock.now() >= self._moment:
            self._do()


def use(fakes: Fakes, service: str, method: str, path: str, body: Any) -> None:
    raw = b"" if body is None else json.dumps(body).encode()
    call(fakes.apps[service], build_environ(method, path, "", ACCESS[service], raw))


BROADCAST = {"urns": [f"tel:{NUMBER}"], "text": "Come on Monday"}


@pytest.mark.parametrize(
    ("service", "method", "path", "body", "what"),
    [
        ("rapidpro", "POST", "/api/v2/broadcasts.json", BROADCAST, f"asks to send “Come on Monday” to {NUMBER}"),
        ("cht", "POST", "/api/sms", {"messages": [{"id": "1", "from": NUMBER, "content": "TEMP"}]},
         "gateway hands over 1 text"),
        ("cht", "POST", "/api/sms", {"updates": [{"id": "1", "status": "SENT"}]}, "gateway reports 1 state"),
        ("cht", "POST", "/api/nobody", {}, "POST /api/nobody: answered 403"),
        ("rapidpro", "GET", "/api/v2/nothing.json", None, "GET /api/v2/nothing.json: answered 404"),
    ],
)  # fmt: skip
def test_polls_of_days_are_passed_over_until_a_request_brings_something(
    fakes: Fakes, service: str, method: str, path: str, body: Any, what: str
) -> None:
    began = fakes.clock.now()
    relay = Relay(fakes, lambda: use(fakes, service, method, path, body))
    control = control_app(fakes, driver=TimeDriver(cast("VirtualClock", fakes.clock), relay))
    answer = ask(control, "POST", "/clock/next")[1]
    assert (answer["happened"], answer["what"]) == (True, what)
    assert timedelta(days=3) <= fakes.clock.now() - began < timedelta(days=3, minutes=11)


def test_what_fakes_do_by_themselves_is_told(fakes: Fakes, control: WSGIApp) -> None:
    due = fakes.clock.now() + timedelta(days=2)
    body = {"number": NUMBER, "text": "Take your tablets", "due": due.isoformat()}
    assert ask(control, "POST", "/cht/messages", body)[0] in (200, 201)
    answer = ask(control, "POST", "/clock/next")[1]
    assert answer["what"] == "a document of CHT has changed"
    assert due <= fakes.clock.now() < due + timedelta(minutes=6)


def test_going_to_the_next_thing_takes_a_bounded_real_time(fakes: Fakes) -> None:
    clock = cast("VirtualClock", fakes.clock)
    poller, seconds = Poller(clock, 2), iter(range(0, 1000, 4))
    assert go_to_next(fakes, TimeDriver(clock, poller), lambda: next(seconds)) is None
    assert 0 < len(poller.calls) < 10


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/clock", {"running": True}),
        ("GET", "/clock/next", None),
        ("POST", "/clock/next", {}),
        ("POST", "/clock/advance", {"seconds": 1}),
    ],
)
def test_real_time_is_moved_by_nobody(method: str, path: str, body: Any) -> None:
    clock = SystemClock()
    status, answer = ask(control_app(assemble_services(("cht",), clock)), method, path, body)
    clock.close()
    assert (status, answer["error"].split(":")[0]) == (409, "time is real here and nobody moves it")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "expected"),
        ({"running": "yes"}, 'expected "running"'),
        ({"speed": 0}, "speed: expected a number above 0"),
        ({"speed": -1}, "speed: expected"),
        ({"speed": True}, "speed: expected"),
        ({"speed": "fast"}, "speed: expected"),
        ({"speed": 1e9}, "speed: expected"),
    ],
)
def test_a_clock_runs_or_not_at_a_speed(control: WSGIApp, body: Any, sentence: str) -> None:
    status, answer = ask(control, "PUT", "/clock", body)
    assert status == 400
    assert answer["error"].startswith(sentence)


def test_a_speed_that_json_should_not_hold_is_refused(control: WSGIApp) -> None:
    reply = call(control, build_environ("PUT", "/clock", "", {"Host": "127.0.0.1"}, b'{"speed": NaN}'))
    assert reply.status == 400


def test_of_many_things_at_once_few_are_told(fakes: Fakes) -> None:
    def send() -> None:
        for _ in range(20):
            use(fakes, "rapidpro", "POST", "/api/v2/broadcasts.json", BROADCAST)

    clock = cast("VirtualClock", fakes.clock)
    clock.call_later(30, send)
    told = go_to_next(fakes, TimeDriver(clock))
    assert told == "; ".join([*[f"asks to send “Come on Monday” to {NUMBER}"] * 3, "17 more"])
