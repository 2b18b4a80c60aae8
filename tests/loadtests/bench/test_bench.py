"""The benchmarks measure what they claim, and fail if the work was not done. No times are asserted."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from fakes.serving.process import Addresses, start_fakes
from loadtests.bench import commands, flows, numbers
from loadtests.bench.peers import mountebank
from loadtests.bench.relay import through
from loadtests.bench.relay.texter import Texter
from loadtests.bench.servers import exchange, watchers
from loadtests.bench.servers.client import Connection
from loadtests.bench.servers.processes import pinned, process_usage
from loadtests.bench.stores import cht, compared, gateway
from tests import node
from tests.browser import browser

BROADCASTS = (
    {"urns": ["tel:+250788123001"], "text": "Visit due"},
    {"urns": ["tel:+250788123002"], "text": "Rappel: visite demain à 8 h"},
)


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of mountebank, installed for this test."""
    folder = tmp_path_factory.mktemp("peers") / "new"
    try:
        installed = mountebank.install(folder)
    except mountebank.NoMountebank as reason:
        node.lacking(str(reason))
    return installed


def test_large_requests_to_the_gateway_api_are_measured() -> None:
    figures = gateway.measure()
    assert list(figures) == ["100 messages", "100 updates"]
    assert all(row["slowest_ms"] >= row["quickest_ms"] > 0 for row in figures.values())


def test_the_stateful_exchange_is_measured_beside_its_peers(command: Path) -> None:
    figures = exchange.measure(command, seconds=0.3, connections=2)
    *servers, in_all = figures
    peers = [exchange.BARE, exchange.FLASK, exchange.WAITRESS, exchange.MOUNTEBANK]
    assert servers == [exchange.FAKE, *peers, exchange.AT_ONCE]
    assert all(value > 0 for server in servers for value in figures[server].values())
    for server in servers:
        of_fake = figures[exchange.FAKE]["requests_per_cpu_second"]
        ratio = figures[server]["requests_per_cpu_second"] / of_fake
        assert figures[server]["relative_to_the_fake"] == pytest.approx(ratio, abs=0.01)
    assert figures[in_all]["first_answer_seconds"] > 0
    assert figures[in_all]["cpu_seconds_between_its_turns"] >= 0


@pytest.fixture(params=["flask", "flask-waitress", "mountebank"])
def peer(request: pytest.FixtureRequest) -> Iterator[Addresses]:
    """A peer that keeps messages."""
    if request.param == "mountebank":
        with mountebank.start_mountebank(request.getfixturevalue("command")) as addresses:
            yield addresses
    else:
        with start_fakes((request.param,), module="loadtests.bench.peers") as addresses:
            yield addresses


def test_a_peer_remembers_each_broadcast_and_keeps_its_connections_open(peer: Addresses) -> None:
    connection = Connection(str(peer.rapidpro))
    sent = [connection.json("POST", "/api/v2/broadcasts.json", exchange.AUTHORIZATION, body) for body in BROADCASTS]
    for answer, body in zip(sent, BROADCASTS, strict=True):
        path = f"/api/v2/messages.json?broadcast={answer['id']}"
        (message,) = connection.json("GET", path, exchange.AUTHORIZATION)["results"]
        assert (message["urn"], message["text"]) == (body["urns"][0], body["text"])
        assert (message["broadcast"], message["direction"]) == (answer["id"], "out")
    assert sent[0]["id"] != sent[1]["id"]
    connection.close()


def test_a_server_that_does_not_do_the_work_is_an_error(peer: Addresses) -> None:
    url = str(peer.rapidpro)
    known = [exchange.first_broadcast(url, 0), 10**9]
    exchange.load(url, partial(exchange.exchange, known=known), seconds=0.1, connections=1)
    with pytest.raises(ValueError, match="the look-up did not find the message: "):
        exchange.load(url, partial(exchange.exchange, known=known), seconds=0.1, connections=2)


def test_a_server_that_answers_otherwise_is_an_error() -> None:
    expected = pytest.raises(ValueError, match="the broadcast was answered 200: ")
    with start_fakes(("bare",), module="loadtests.bench.peers") as bare, expected:
        exchange.load(str(bare.rapidpro), exchange.exchange, seconds=0.1, connections=2)


@pytest.mark.parametrize("peer", ["flask", "flask-waitress"], indirect=True)
def test_the_flask_peer_refuses_other_tokens_as_rapidpro_does(peer: Addresses) -> None:
    connection = Connection(str(peer.rapidpro))
    headers = "Authorization: Token wrong\r\n"
    assert connection.request("GET", "/api/v2/messages.json?broadcast=1", headers)[0] == 403
    connection.close()


def test_mountebank_that_is_there_is_not_installed_again(command: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert mountebank.install(command.parents[4]) == command


def test_without_npm_mountebank_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(mountebank.NoMountebank, match=r"node is not installed: install Node.js 18 or newer, or leave"):
        mountebank.install(tmp_path)


@contextlib.contextmanager
def waiting_process(code: str = "pass", *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of Python that prints a line when it has run `code`, and then waits."""
    words = [sys.executable, "-c", f"{code}; print('done', flush=True); input()", *arguments]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        yield process
        process.communicate("\n")


def test_the_processor_time_of_processes_that_a_server_started_counts() -> None:
    child = "sum(range(10**7)); print('done', flush=True); input()"
    code = "import subprocess, sys; one = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=-1)"
    with waiting_process(f"{code}; one.stdout.readline()", child) as process:
        own = psutil.Process(process.pid).cpu_times()
        assert process_usage(process.pid).cpu_seconds > own.user + own.system + 0.05


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process to a core")
def test_all_servers_are_pinned_to_one_core_and_the_client_to_the_others() -> None:
    cores = sorted(os.sched_getaffinity(0))
    with waiting_process() as one, waiting_process() as other:
        with pinned(one.pid, other.pid):
            assert os.sched_getaffinity(one.pid) == os.sched_getaffinity(other.pid) == {cores[0]}
            assert os.sched_getaffinity(0) == (set(cores[1:]) or set(cores))
        assert os.sched_getaffinity(0) == set(cores)


def test_stores_are_compared_by_operation() -> None:
    figures = compared.measure(few=300, many=600, rounds=5)
    assert {"cht hand out 25", "cht look up and update", "rapidpro page", "rapidpro status change"} <= figures.keys()
    assert all(list(row) == ["us_with_300", "us_with_600", "ratio"] for row in figures.values())
    assert all(value > 0 for row in figures.values() for value in row.values())


def test_texts_through_the_relay_are_measured_in_both_directions_and_judged() -> None:
    figures = through.measure(seconds=0.3, connections=(1, 4), texts_out=20)
    assert list(figures) == ["out", "out, RapidPro takes 0.1 s", "in, 1 at a time", "in, 4 at a time", "all"]
    assert figures["all"]["texts"] > 20
    assert [figures["all"][name] for name in ("lost", "twice", "other_violations")] == [0, 0, 0]
    assert figures["all"]["calls_per_text_out"] >= 1
    assert all(value > 0 for name in list(figures)[:-1] for value in figures[name].values())


def test_a_text_that_is_not_accepted_is_an_error() -> None:
    with start_fakes(("cht",)) as addresses, pytest.raises(ValueError, match="a text was answered"):
        Texter(f"{addresses.cht}{through.WEBHOOK}", "wrong", "run").text(connections=1, seconds=0.1)


def test_an_answer_other_than_200_is_an_error() -> None:
    service = cht.new_cht()
    service.state.users.clear()
    with pytest.raises(AssertionError, match="expected 200, got 401"):
        cht.exchange(service, {})


def test_texts_through_a_flow_are_measured_in_each_generation() -> None:
    figures = flows.measure(texts=20)
    assert list(figures) == ["generation 9", "generation new"]
    assert all(row["texts"] == 20 and row["texts_per_cpu_second"] > 0 for row in figures.values())


def test_the_suite_is_measured_by_its_command() -> None:
    (figures,) = commands.measure_suite(only=["OUT-1"]).values()
    assert figures["scenarios"] >= 2
    assert figures["scenarios_per_second"] == pytest.approx(figures["scenarios"] / figures["seconds"], abs=0.1)
    assert figures["cpu_seconds"] > 0


def test_simulation_is_measured_by_its_command() -> None:
    (figures,) = commands.measure_simulation(runs=2).values()
    assert (figures["runs"], figures["failing"], figures["virtual_hours"]) == (2, 0, 12)
    assert figures["runs_per_minute"] > 0


def test_a_command_that_judges_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"(?s)relay-harness conform .* ended with 2: .*NOBODY-1"):
        commands.measure_suite(only=["NOBODY-1"])


def test_no_number_is_stored_without_its_country_code_however_worlds_are_run() -> None:
    figures = numbers.measure(worlds=50)
    assert len(figures) == 3
    for row in figures.values():
        assert row["worlds"] == 50
        assert row["numbers_stored"] >= 100
        assert row["without_country_code"] == 0


def test_a_number_without_its_country_code_would_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "FULL", "+250788200013")
    assert numbers.one_after_the_other(2) == (6, 6)
    assert numbers.at_once(2) == (6, 6)
    stored, bare = numbers.reset_in_use(20)
    assert stored == bare > 0


def test_pages_are_watched_in_turns_with_none() -> None:
    with browser():  # skips the test, or fails it, where there is none
        pass
    figures = watchers.measure(seconds=1, rounds=1, watchers=2)
    assert [name.split(", ")[-1] for name in figures] == [
        "as fast as possible", "2 watchers", "compared", "100 requests a second", "2 watchers", "compared",
    ]  # fmt: skip
    assert figures["100 requests a second"]["requests_per_second"] <= 110
    assert figures["as fast as possible"]["requests_per_second"] > 110
    ratios = [row for name, row in figures.items() if name.endswith("compared")]
    assert all(row["throughput_ratio"] > 0 and row["cpu_ratio"] > 0 for row in ratios)


def test_turns_are_compared_by_what_a_request_costs() -> None:
    alone, watched = watchers.Turns(), watchers.Turns()
    for requests, wall, cpu in ((1000, 1.0, 0.1), (1000, 1.0, 0.1)):
        alone.add(requests, wall, cpu)
    for requests, wall, cpu in ((900, 1.0, 0.099), (900, 1.0, 0.099)):
        watched.add(requests, wall, cpu)
    assert watchers.compared(alone, watched) == {
        "throughput_ratio": 0.9, "cpu_ratio": 1.1, "watching_percent_of_a_core": 0.9,
    }  # fmt: skip


def test_turns_without_requests_say_nothing() -> None:
    with pytest.raises(ValueError, match="nothing can be said"):
        watchers.Turns().add(0, 1.0, 0.5)
