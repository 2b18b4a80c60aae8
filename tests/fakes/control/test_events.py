"""The stream of events: every exchange once, across cut connections; what has changed; bounded clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.assembly import Fakes, assemble_services
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.control.events import hub
from fakes.control.events.direct import OF_RAPIDPRO, other_end
from fakes.control.events.hub import MOST_CLIENTS
from fakes.ledger import Keeping, Ledger
from fakes.rapidpro.versions.habits import HABITS
from fakes.serving.wsgi import build_environ, call
from tests.fakes.control.watching import Event, Watcher, changed, numbers
from tests.fakes.serving.raw import Address, exchange, served

TOKEN = "RAPIDPRO-TEST-TOKEN-0000000000000000000000"
NUMBER = "+250788123001"
CLOCK = {"kind": "virtual", "now": "", "running": False, "speed": 1}


class Watched:
    """Both fakes with their control API on a socket."""

    def __init__(self, fakes: Fakes, address: Address) -> None:
        self.fakes, self.address = fakes, address

    def use(self, count: int = 1) -> None:
        """So many requests to RapidPro."""
        for _ in range(count):
            body = json.dumps({"urns": [f"tel:{NUMBER}"], "text": "Come on Monday"}).encode()
            headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
            environ = build_environ("POST", "/api/v2/broadcasts.json", "", headers, body)
            assert call(self.fakes.apps["rapidpro"], environ).status == 201

    def control(self, method: str, path: str, body: object) -> None:
        raw = json.dumps(body).encode()
        request = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n"
        assert b" 20" in exchange(self.address, request.encode() + b"\r\n" + raw).split(b"\r\n")[0]


@pytest.fixture(scope="module")
def module_watched() -> Iterator[Watched]:
    fakes = assemble_services(("rapidpro", "cht"), VirtualClock())
    with served(control_app(fakes)) as address:
        yield Watched(fakes, address)


@pytest.fixture
def watched(module_watched: Watched) -> Watched:
    module_watched.fakes.reset()
    return module_watched


def test_an_exchange_is_told_in_short_and_without_secrets(watched: Watched) -> None:
    first = watched.fakes.ledger.last + 1
    watched.use()
    with Watcher(watched.address, f"?after={first - 1}") as watcher:
        ((_, number, data),) = watcher.until(lambda events: bool(numbers(events)))[-1:]
    assert (watcher.status, b"Content-Type: text/event-stream" in watcher.head) == (200, True)
    assert (number, data["seq"], data["service"], data["direction"], data["method"]) == (
        first, first, "rapidpro", "in", "POST",
    )  # fmt: skip
    assert (data["path"], data["status"], data["acted"]) == ("/api/v2/broadcasts.json", 201, True)
    assert data["numbers"] == [NUMBER]
    assert data["summary"] == f"asks to send “Come on Monday” to {NUMBER}"
    assert TOKEN not in str(data)


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(0, 3000), min_size=1, max_size=4), count=st.integers(1, 8))
def test_no_exchange_is_missed_or_told_twice_however_the_connection_is_cut(
    module_watched: Watched, cuts: list[int], count: int
) -> None:
    first = module_watched.fakes.ledger.last + 1
    module_watched.use(count)
    seen: list[int | None] = []
    last = first - 1
    for cut in cuts:
        with Watcher(module_watched.address, last=last) as watcher:
            seen += numbers(watcher.bytes(cut, first + count - 1))
        last = seen[-1] if seen and seen[-1] is not None else last
        module_watched.use()
        count += 1
    end = first + count - 1
    with Watcher(module_watched.address, last=last) as watcher:
        seen += numbers(watcher.until(lambda events: end in numbers(events)))
    assert seen == list(range(first, end + 1))


def test_many_exchanges_come_in_order_to_several_at_once(watched: Watched) -> None:
    first = watched.fakes.ledger.last
    watched.use(300)
    with ExitStack() as stack:
        for skipped in (0, 100, 299):
            watcher = stack.enter_context(Watcher(watched.address, f"?after={first + skipped}"))
            found = numbers(watcher.until(lambda events: first + 300 in numbers(events)))
            assert found == list(range(first + skipped + 1, first + 301))


def test_what_has_changed_is_told_by_its_part(watched: Watched) -> None:
    with Watcher(watched.address, f"?after={watched.fakes.ledger.last}") as watcher:
        watcher.until(bool)
        watched.control("POST", "/faults", {"preset": "throttled"})
        watcher.until(lambda events: "faults" in changed(events))
        watched.control("PUT", "/rapidpro/channel", {"tps": 5})
        watcher.until(lambda events: "channel" in changed(events))
        assert not {"messages", "phones", "docs", "reset", "rates"} & changed(watcher.events)
        watched.control("DELETE", "/faults", {})
        watched.use()
        watched.control("POST", "/clock/advance", {"seconds": 60})
        watcher.until(lambda events: {"messages", "rates", "phones"} <= changed(events))
        watched.control("POST", "/reset", {})
        watcher.until(lambda events: "reset" in changed(events))


def test_virtual_time_is_told_when_it_moves_and_when_it_begins_to_run(watched: Watched) -> None:
    with Watcher(watched.address, f"?after={watched.fakes.ledger.last}") as watcher:
        watcher.until(bool)
        watched.control("POST", "/clock/advance", {"seconds": 60})
        watcher.until(lambda events: len({data["now"] for name, _, data in events if name == "clock"}) == 2)
        watched.control("PUT", "/clock", {"running": True, "speed": 100})
        watcher.until(lambda events: any(name == "clock" and data["running"] for name, _, data in events))
        watched.control("PUT", "/clock", {"running": False})
        watcher.until(lambda events: events[-1][0] == "clock" and not events[-1][2]["running"])


def test_a_client_too_many_is_told_so_and_gets_in_when_another_has_left(watched: Watched) -> None:
    asked = b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with ExitStack() as stack:
        watchers = [stack.enter_context(Watcher(watched.address)) for _ in range(MOST_CLIENTS)]
        assert {one.status for one in watchers} == {200}
        refused = exchange(watched.address, asked)
        assert (b" 503 " in refused.split(b"\r\n")[0], b"at most 16 clients" in refused) == (True, True)
        watchers[3].close()
        assert stack.enter_context(Watcher(watched.address)).status == 200


def test_clients_use_up_no_place_for_requests(watched: Watched) -> None:
    with ExitStack() as stack:
        for _ in range(8):  # the server has four places
            stack.enter_context(Watcher(watched.address))
        watched.control("PUT", "/rapidpro/channel", {"tps": 7})


def test_what_the_ledger_has_dropped_is_passed_over_and_the_client_told_to_read_again() -> None:
    fakes = assemble_services(("rapidpro",), VirtualClock(), keeping=Keeping(memory=2, older="drop", batch=1))
    dropping = Watched(fakes, ("", 0))
    dropping.use(20)
    first, last = fakes.ledger.first, fakes.ledger.last
    client = hub.EventHub(fakes, lambda: CLOCK).open(0)
    next(client)
    told = next(client).decode()
    client.close()
    assert first > 10
    ids = [int(line.removeprefix("id: ")) for line in told.split("\n") if line.startswith("id: ")]
    assert ids == list(range(first, last + 1))
    assert '"what":["reset"]' in told


def test_a_client_of_an_earlier_run_is_told_to_read_everything_again(watched: Watched) -> None:
    watched.use()
    last = watched.fakes.ledger.last
    with Watcher(watched.address, last=10**9) as watcher:
        assert "reset" in changed(watcher.until(lambda events: last in numbers(events)))


def test_silence_is_interrupted_by_a_comment(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT", 0.0)
    client = hub.EventHub(watched.fakes, lambda: CLOCK).open(watched.fakes.ledger.last)
    assert b"event: clock" in next(client)
    assert next(client) == b": still here\n\n"
    client.close()


@pytest.mark.parametrize("query", ["?after=x", "?after=-1", "?after=1e3", "?after=1234567890123456789"])
def test_a_number_that_is_none_is_refused(watched: Watched, query: str) -> None:
    with Watcher(watched.address, query) as watcher:
        assert watcher.status == 400


def test_a_foreign_page_gets_no_events(watched: Watched) -> None:
    asked = b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n"
    assert b" 403 " in exchange(watched.address, asked).split(b"\r\n")[0]


def test_the_stream_ends_when_the_server_stops() -> None:
    fakes = assemble_services(("rapidpro",), VirtualClock())
    with ExitStack() as stack:
        with served(control_app(fakes)) as address:
            watcher = stack.enter_context(Watcher(address))
            watcher.until(bool)
        with pytest.raises(ConnectionError):
            watcher.until(lambda _: False)


@pytest.mark.parametrize("version", sorted(HABITS))
def test_calls_of_every_mailroom_are_told_from_those_of_others(version: str) -> None:
    assert HABITS[version].user_agent.startswith(OF_RAPIDPRO)
    assert not "python-requests/2.32".startswith(OF_RAPIDPRO)


def test_a_call_has_reached_only_a_request_that_is_the_same_and_came_after_it_began() -> None:
    clock = VirtualClock()
    fields: dict[str, Any] = {
        "at": clock.now(),
        "method": "POST",
        "path": "/a b",
        "query": "",
        "headers": {},
        "reply": None,
    }
    ledger = Ledger()
    ledger.add(**fields, service="cht", direction="in", body=b"{}")
    ledger.add(**{**fields, "path": "/a%20b"}, service="rapidpro", direction="out", body=b"{}")
    ledger.add(**fields, service="rapidpro", direction="out", body=b"other")
    ledger.add(**{**fields, "at": clock.now() + timedelta(seconds=1)}, service="rapidpro", direction="out", body=b"{}")
    assert [other_end(one, ledger) for one in ledger.after()] == [None, "cht", None, None]


def test_clients_are_told_whether_the_fakes_are_busy(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(events: list[Event]) -> list[bool]:
        return [data["busy"] for name, _, data in events if name == "changed"]

    with Watcher(watched.address, f"?after={watched.fakes.ledger.last}") as watcher:
        watched.use()
        watcher.until(lambda events: bool(told(events)))
        assert not any(told(watcher.events))
        monkeypatch.setattr(hub, "BUSY", 1)
        end = monotonic() + 10
        while not any(told(watcher.events)) and monotonic() < end:
            watched.use(5)
            count = len(told(watcher.events))
            watcher.until(lambda events: len(told(events)) > count)  # noqa: B023 - called at once
        assert told(watcher.events)[-1]
        assert [data["clients"] for name, _, data in watcher.events if name == "changed"][-1] == 1
