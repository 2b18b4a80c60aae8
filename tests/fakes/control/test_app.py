"""The control API, in process: clock, faults, ledger, reset, metrics, and who may use it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from fakes.assembly import Fakes, assemble
from fakes.clock import Clock, SystemClock, VirtualClock
from fakes.control.app import BODY_LIMIT, SEED_LIMIT, control_app
from fakes.serving.wsgi import Reply, WSGIApp, build_environ, call
from tests.fakes.echo_service import GOOD_TOKEN, Echo


@dataclass
class ControlClient:
    """The control app over one echo service, and short calls of both."""

    fakes: Fakes
    echo: Echo
    control: WSGIApp

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        path, _, query = path.partition("?")
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        reply = call(self.control, build_environ(method, path, query, {"Host": "127.0.0.1:99"} | headers, raw))
        return reply.status, json.loads(reply.body)

    def use(self, path: str = "/api/v2/broadcasts.json", **headers: str) -> Reply:
        return call(self.fakes.apps["rapidpro"], build_environ("POST", path, "", headers, b'{"text": "Visit due"}'))


def client_with(clock: Clock) -> ControlClient:
    fakes, echo = assemble(clock), Echo()
    fakes.add(echo, echo.blueprint)
    return ControlClient(fakes, echo, control_app(fakes))


@pytest.fixture
def client() -> ControlClient:
    return client_with(VirtualClock())


def test_health_names_the_services(client: ControlClient) -> None:
    assert client.ask("GET", "/health") == (200, {"status": "ok", "services": ["rapidpro"]})


def test_a_virtual_clock_is_read_and_advanced(client: ControlClient) -> None:
    shown = {"now": "2024-10-01T08:00:00.000000Z", "kind": "virtual", "running": False, "speed": 1.0, "problem": None}
    assert client.ask("GET", "/clock") == (200, shown)
    timers_run = []
    client.fakes.clock.call_later(60, lambda: timers_run.append(True))
    assert client.ask("POST", "/clock/advance", {"seconds": 90.5})[1]["now"] == "2024-10-01T08:01:30.500000Z"
    assert timers_run == [True]


def test_real_time_cannot_be_advanced() -> None:
    status, answer = client_with(SystemClock()).ask("POST", "/clock/advance", {"seconds": 1})
    assert status == 409
    assert "--clock virtual" in answer["error"]


@pytest.mark.parametrize("seconds", [-1, "60", None, True, 1e12, [1]])
def test_time_advances_by_a_number_of_seconds_only(client: ControlClient, seconds: Any) -> None:
    status, answer = client.ask("POST", "/clock/advance", {"seconds": seconds})
    assert (status, answer["error"].startswith("seconds: expected a number")) == (400, True)


def test_a_fault_is_planned_shown_used_and_removed(client: ControlClient) -> None:
    status, answer = client.ask("POST", "/faults", {"effect": "refuse", "times": 2})
    (planned,) = answer["faults"]
    assert (status, planned["id"], planned["used"], planned["remaining"], planned["unused"]) == (201, 1, 0, 2, True)
    assert client.use().status == 503
    (shown,) = client.ask("GET", "/faults")[1]["faults"]
    assert (shown["used"], shown["remaining"], shown["with"]["status"]) == (1, 1, 503)
    assert client.ask("DELETE", "/faults/1") == (200, {"removed": 1})
    assert client.use().status == 200
    assert client.ask("DELETE", "/faults/1")[0] == 404


def test_several_faults_and_presets_are_planned_at_once(client: ControlClient) -> None:
    status, answer = client.ask("POST", "/faults", [{"effect": "reset"}, {"preset": "outage", "for_seconds": 5}])
    assert status == 201
    assert [fault["effect"] for fault in answer["faults"]] == ["reset", "outage"]
    assert client.ask("DELETE", "/faults") == (200, {"removed": 2})
    assert client.ask("GET", "/faults") == (200, {"faults": []})


def test_a_bad_fault_in_a_list_plans_nothing(client: ControlClient) -> None:
    status, answer = client.ask("POST", "/faults", [{"effect": "reset"}, {"effect": "explode"}])
    assert status == 400
    assert "unknown effect 'explode'" in answer["error"]
    assert len(client.fakes.plan) == 0


def test_channel_presets_are_restored_with_the_faults(client: ControlClient) -> None:
    client.ask("POST", "/faults", {"preset": "aggregator-down"})
    client.ask("POST", "/faults", {"preset": "late-reports"})
    assert client.echo.channel == {"down": True, "shares": {"late_report": 1.0}}
    client.ask("DELETE", "/faults")
    assert client.echo.channel == {"down": False, "shares": {"late_report": 0.0}}


def test_a_preset_that_the_channel_refuses_plans_nothing(client: ControlClient) -> None:
    del client.echo.channel["down"]
    status, answer = client.ask("POST", "/faults", [{"effect": "reset"}, {"preset": "aggregator-down"}])
    assert (status, "unknown setting" in answer["error"]) == (400, True)
    assert len(client.fakes.plan) == 0


def test_a_preset_of_the_channel_needs_rapidpro() -> None:
    fakes = assemble(VirtualClock())
    cht = Echo("cht")
    fakes.add(cht, cht.blueprint)
    client = ControlClient(fakes, Echo(), control_app(fakes))
    status, answer = client.ask("POST", "/faults", {"preset": "aggregator-down"})
    assert (status, "no fake RapidPro" in answer["error"]) == (400, True)


def test_the_ledger_is_read_in_pieces_and_keeps_secrets(client: ControlClient) -> None:
    for _ in range(5):
        client.use(Authorization=f"Token {GOOD_TOKEN}")
    status, answer = client.ask("GET", "/ledger?after=1&limit=2")
    assert (status, [one["seq"] for one in answer["exchanges"]], answer["last"]) == (200, [2, 3], 3)
    assert [one["seq"] for one in client.ask("GET", "/ledger?after=3&service=rapidpro")[1]["exchanges"]] == [4, 5]
    nothing = {"exchanges": [], "last": 5, "more": False, "first": 1, "dropped": 0}
    assert client.ask("GET", "/ledger?after=5")[1] == nothing
    assert GOOD_TOKEN not in json.dumps(answer)
    assert answer["exchanges"][0]["request"]["body"] == '{"text": "Visit due"}'


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=1.5", "service=textit", "after=" + "9" * 19])
def test_a_ledger_query_that_makes_no_sense_is_refused(client: ControlClient, query: str) -> None:
    status, answer = client.ask("GET", f"/ledger?{query}")
    assert (status, "expected" in answer["error"]) == (400, True)


def test_reset_forgets_state_faults_and_ledger(client: ControlClient) -> None:
    timers_run: list[bool] = []
    client.use()
    client.ask("POST", "/faults", {"effect": "reset"})
    client.fakes.clock.call_later(1, lambda: timers_run.append(True))
    assert client.ask("POST", "/reset")[0] == 200
    client.ask("POST", "/clock/advance", {"seconds": 2})
    assert (client.echo.acted, len(client.fakes.plan), len(client.fakes.ledger), timers_run) == (0, 0, 0, [])


def test_metrics_are_in_the_format_of_prometheus(client: ControlClient) -> None:
    client.use()
    client.ask("POST", "/faults", {"effect": "empty"})
    reply = call(client.control, build_environ("GET", "/metrics", "", {}, b""))
    lines = reply.body.decode().splitlines()
    assert str(reply.header("Content-Type")).startswith("text/plain; version=0.0.4")
    assert "fakes_exchanges_total 1" in lines
    assert "rapidpro_acted_total 1" in lines
    assert 'fakes_fault_used_total{effect="empty",id="1"} 0' in lines


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 200_000, b'{"seconds": NaN}', b""])
def test_a_body_that_is_not_json_is_refused(client: ControlClient, body: bytes) -> None:
    status, answer = client.ask("POST", "/clock/advance", body)
    assert (status, answer["error"].startswith("the body is not JSON")) == (400, True)


def test_a_body_that_is_not_an_object_is_refused(client: ControlClient) -> None:
    assert client.ask("POST", "/clock/advance", [1]) == (400, {"error": "expected a JSON object, got [1]"})


def test_a_body_that_is_too_large_is_refused_and_a_seed_may_be_larger(client: ControlClient) -> None:
    assert client.ask("POST", "/faults", b" " * (BODY_LIMIT + 1))[0] == 413
    seed = json.dumps({"start": 3}).encode()
    json_type = {"Content-Type": "application/json"}
    assert client.ask("POST", "/rapidpro/seed", seed + b" " * BODY_LIMIT, **json_type)[0] == 200
    assert client.ask("POST", "/rapidpro/seed", seed + b" " * SEED_LIMIT, **json_type)[0] == 413
    assert client.echo.acted == 3


def test_a_bad_seed_is_refused_with_its_reason(client: ControlClient) -> None:
    status, answer = client.ask("POST", "/rapidpro/seed", {"begin": 1}, **{"Content-Type": "application/json"})
    assert (status, answer["error"].startswith("start: expected a number")) == (400, True)


def test_unknown_paths_and_methods_are_json_errors(client: ControlClient) -> None:
    assert client.ask("GET", "/nothing")[0] == 404
    status, answer = client.ask("DELETE", "/health")
    assert (status, isinstance(answer["error"], str)) == (405, True)


@pytest.mark.parametrize(
    "host", ["evil.example:80", "10.0.0.1", "127.0.0.1.evil.example", "", "[", "localhost.evil.example"]
)
def test_a_foreign_host_name_is_refused(client: ControlClient, host: str) -> None:
    assert client.ask("GET", "/clock", Host=host)[0] == 403


@pytest.mark.parametrize("host", ["localhost:1", "LOCALHOST", "127.0.0.1", "127.9.9.9:1", "[::1]:80", "control.test"])
def test_names_of_this_machine_are_accepted(client: ControlClient, host: str) -> None:
    assert client.ask("GET", "/clock", Host=host)[0] == 200


def test_a_page_from_elsewhere_may_not_control_the_fakes(client: ControlClient) -> None:
    assert client.ask("POST", "/reset", Origin="https://evil.example")[0] == 403
    assert client.ask("POST", "/reset", Origin="null")[0] == 403
    assert client.ask("POST", "/reset", Origin="http://localhost:3000")[0] == 200


def test_an_internal_error_is_reported_as_such(client: ControlClient, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise RuntimeError("the timer broke")

    client.fakes.clock.call_later(1, fail)
    status, answer = client.ask("POST", "/clock/advance", {"seconds": 2})
    assert (status, answer["error"]) == (500, "internal error of the fakes: RuntimeError: the timer broke")
    assert "RuntimeError" in capsys.readouterr().err
