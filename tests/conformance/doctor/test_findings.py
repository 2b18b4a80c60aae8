"""The findings of `doctor`: each is seen to be good, and to be bad with a remedy."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, PathDistribution
from pathlib import Path
from typing import Any

import pytest
import requests

from conformance.doctor import machine, services
from conformance.doctor.finding import Finding, State
from conformance.shadowing import ROOT
from fakes.assembly import assemble_services
from fakes.clock import VirtualClock
from fakes.serving.transport import WSGIAdapter

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


def distribution_with(tmp_path: Path, *requires: str) -> PathDistribution:
    lines = ["Metadata-Version: 2.1", "Name: x", "Version: 1", *(f"Requires-Dist: {one}" for one in requires)]
    (tmp_path / "METADATA").write_text("\n".join(lines))
    return PathDistribution(tmp_path)


def installed(name: str) -> str:
    if name == "click":
        return "8.3.1"
    raise PackageNotFoundError(name)


@pytest.mark.parametrize(
    ("requires", "state", "words"),
    [
        (("click>=8.3,<9",), State.OK, "1 required"),
        (("click>=8.3,<9", "psycopg; extra == 'postgresql'"), State.OK, "1 required"),
        (("click>=9",), State.BAD, "click is 8.3.1, expected >=9"),
        (("click>=8", "flask>=3"), State.BAD, "flask is missing"),
    ],
)
def test_packages_are_compared_with_what_is_required(
    requires: tuple[str, ...], state: State, words: str, tmp_path: Path
) -> None:
    found = machine.packages(distribution_with(tmp_path, *requires), installed)
    assert found.state is state
    assert words in found.sentence
    assert bool(found.remedy) == (state is State.BAD)


def test_a_port_is_free_or_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        taken = machine.port(number)
    assert taken.state is State.BAD
    assert f"port {number} is not free" in taken.sentence
    assert machine.port(number).state is State.OK


def test_a_clock_before_the_installation_is_wrong() -> None:
    made = datetime.fromtimestamp((ROOT / "conformance" / "__init__.py").stat().st_mtime, UTC)
    assert machine.clock(made - timedelta(days=1)).state is State.BAD
    assert machine.clock(made + timedelta(days=1)).state is State.OK


def test_an_unknown_time_zone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.time_zones().state is State.OK
    monkeypatch.setattr(machine, "ZONE", "Africa/Nowhere")
    assert machine.time_zones().state is State.BAD


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert machine.disk(tmp_path).state is State.OK
    gone = machine.disk(tmp_path / "gone")
    assert gone.state is State.BAD
    assert "TMPDIR" in gone.remedy


def test_fakes_that_do_not_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.processes().state is State.OK
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert machine.processes().state is State.BAD


def session_to(service: str, ahead: float = 0) -> requests.Session:
    """A session that reaches the fake `service` at http://live.test; its clock is `ahead` of NOW."""
    clock = VirtualClock(NOW + timedelta(seconds=ahead))
    session = requests.Session()
    session.mount("http://live.test", WSGIAdapter(assemble_services((service,), clock).apps[service], now=clock.now))
    return session


def look(wanted: str, session: requests.Session, secret: bool = True) -> dict[str, Finding]:
    url: Any = "http://live.test/"
    found = (
        services.rapidpro(session, url, NOW, token=secret)
        if wanted == "rapidpro"
        else services.cht(session, url, NOW, password=secret)
    )
    return {one.name: one for one in found}


@pytest.mark.parametrize(("service", "name"), [("rapidpro", "RapidPro"), ("cht", "CHT")])
def test_a_service_is_reached_and_what_drift_would_ask_is_told(service: str, name: str) -> None:
    found = look(service, session_to(service))
    assert {one.state for one in found.values()} == {State.OK}
    assert "GET only: /api/" in found[f"{name} drift"].sentence
    assert f"relay-harness drift --{service} http://live.test" in found[f"{name} drift"].sentence


@pytest.mark.parametrize(("service", "name"), [("rapidpro", "RapidPro"), ("cht", "CHT")])
def test_another_service_at_the_address_is_told(service: str, name: str) -> None:
    other = "cht" if service == "rapidpro" else "rapidpro"
    found = look(service, session_to(other))
    assert found[name].state is State.BAD
    assert f"not as a {name} refuses it" in found[name].sentence


@pytest.mark.parametrize(("ahead", "word"), [(300, "300 s ahead of"), (-7200, "7200 s behind")])
def test_a_clock_that_differs_is_a_warning(ahead: float, word: str) -> None:
    found = look("cht", session_to("cht", ahead))["CHT clock"]
    assert found.state is State.WARNING
    assert word in found.sentence


def test_a_missing_secret_is_a_warning() -> None:
    assert look("cht", session_to("cht"), secret=False)["CHT password"].state is State.WARNING
    assert look("rapidpro", session_to("rapidpro"), secret=False)["RapidPro token"].state is State.WARNING
