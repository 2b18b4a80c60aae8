"""`python -m fakes` as a process: start, refusal to start, use, end."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil
import pytest
import requests

from fakes.serving.process import Addresses, StartError, start_fakes
from fakes.standalone import listen

ECHO = "tests.fakes.echo_fakes"


@pytest.fixture(scope="module")
def both() -> Iterator[Addresses]:
    with start_fakes(clock="virtual", now="2026-03-01T08:00:00Z", module=ECHO) as addresses:
        yield addresses


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", ECHO, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL)


def test_the_page_is_served_where_it_is_asked_for() -> None:
    with start_fakes(("cht",), arguments=["--page"]) as with_page, start_fakes(("cht",)) as without:
        statuses = [requests.get(f"{one.control}/page", timeout=5).status_code for one in (with_page, without)]
    assert statuses == [200, 404]


def test_the_services_share_one_ledger_one_plan_and_one_clock(both: Addresses) -> None:
    requests.post(f"{both.control}/reset", timeout=5)
    requests.post(f"{both.control}/faults", json={"effect": "refuse", "times": 2}, timeout=5)
    assert requests.get(f"{both.rapidpro}/a", timeout=5).status_code == 503
    assert requests.get(f"{both.cht}/b", timeout=5).status_code == 503
    assert requests.get(f"{both.cht}/b", timeout=5).status_code == 200
    ledger = requests.get(f"{both.control}/ledger", timeout=5).json()
    assert [(one["service"], one["path"]) for one in ledger["exchanges"]] == [
        ("rapidpro", "/a"),
        ("cht", "/b"),
        ("cht", "/b"),
    ]
    assert ledger["exchanges"][0]["at"].startswith("2026-03-01T08:00:00")


def test_time_advances_over_http(both: Addresses) -> None:
    before = requests.get(f"{both.control}/clock", timeout=5).json()["now"]
    after = requests.post(f"{both.control}/clock/advance", json={"seconds": 3600}, timeout=5).json()["now"]
    assert (int(after[11:13]) - int(before[11:13])) % 24 == 1


def test_a_preset_reaches_the_channel_over_http(both: Addresses) -> None:
    requests.post(f"{both.control}/faults", json={"preset": "aggregator-down"}, timeout=5)
    assert requests.get(f"{both.control}/rapidpro/channel", timeout=5).json()["down"] is True
    requests.delete(f"{both.control}/faults", timeout=5)
    assert requests.get(f"{both.control}/rapidpro/channel", timeout=5).json()["down"] is False


@pytest.mark.parametrize("effect", ["reset", "lose_reply", "truncate"])
def test_a_broken_connection_is_seen_by_its_caller_alone(both: Addresses, effect: str) -> None:
    requests.post(f"{both.control}/faults", json={"effect": effect, "match": {"path": "/x"}}, timeout=5)
    with requests.Session() as well:
        assert well.get(f"{both.rapidpro}/well", timeout=5).status_code == 200
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            requests.get(f"{both.rapidpro}/x", timeout=5)
        assert well.get(f"{both.rapidpro}/well", timeout=5).status_code == 200


def test_ten_megabytes_are_accepted_without_a_hang_or_crash(both: Addresses) -> None:
    body = b"x" * 10_000_000
    assert requests.post(f"{both.rapidpro}/", data=body, timeout=10).json()["bytes"] == 10_000_000
    assert requests.post(f"{both.rapidpro}/", data=iter([body]), timeout=10).json()["bytes"] == 10_000_000
    assert requests.post(f"{both.control}/faults", data=body + body, timeout=10).status_code == 413
    assert requests.get(f"{both.control}/health", timeout=5).status_code == 200


def test_health_returns_the_addresses_of_the_services(both: Addresses) -> None:
    health = requests.get(f"{both.control}/health", timeout=5).json()
    assert (health["rapidpro"], health["cht"]) == (both.rapidpro, both.cht)


def test_bytes_that_are_not_http_do_no_harm(both: Addresses) -> None:
    port = int(str(both.rapidpro).rsplit(":", 1)[1])
    for noise in (
        b"\x16\x03\x01\x00",
        b"GET\r\n\r\n",
        b"A" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5000 + b"\r\n",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection, contextlib.suppress(OSError):
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    assert requests.get(f"{both.rapidpro}/", timeout=5).status_code == 200


def test_control_accepts_this_machine_only(both: Addresses) -> None:
    assert requests.get(f"{both.control}/clock", headers={"Host": "evil.example"}, timeout=5).status_code == 403


def test_it_ends_with_status_0_on_a_signal() -> None:
    process = subprocess.Popen([sys.executable, "-m", ECHO, "rapidpro"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as lines:
        url = json.loads(lines.readline())["rapidpro"]
        assert requests.get(url, timeout=5).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_a_hanging_request_does_not_keep_it_alive() -> None:
    with start_fakes(("rapidpro",), module=ECHO) as addresses:
        for effect in ("hang", "delay"):
            requests.post(f"{addresses.control}/faults", json={"effect": effect, "with": {"seconds": 600}}, timeout=5)
        waiting = [threading.Thread(target=_request_without_reply, args=(addresses.rapidpro,)) for _ in range(2)]
        for thread in waiting:
            thread.start()
        while len(requests.get(f"{addresses.control}/faults", timeout=5).json()["faults"]) != 2 or _unused(addresses):
            pass
        began = perf_counter()
    assert perf_counter() - began < 2
    for thread in waiting:
        thread.join()


def _request_without_reply(url: str | None) -> None:
    with contextlib.suppress(requests.RequestException):
        requests.get(str(url), timeout=10)


def _unused(addresses: Addresses) -> bool:
    faults: list[dict[str, Any]] = requests.get(f"{addresses.control}/faults", timeout=5).json()["faults"]
    return any(fault["unused"] for fault in faults)


def test_it_ends_when_its_starter_is_killed() -> None:
    starter = (
        "import sys, time\nfrom fakes.serving.process import start_fakes\n"
        f"with start_fakes(('rapidpro',), module={ECHO!r}) as a:\n print(a.pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as lines:
        pid = int(lines.readline())
        assert _is_alive(pid)
        process.kill()
        process.wait()
        began = perf_counter()
        while _is_alive(pid) and perf_counter() - began < 5:
            pass
    assert not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_both_get_the_given_port_and_the_next() -> None:
    port = _two_free_ports()
    with start_fakes(arguments=("--port", str(port)), module=ECHO) as addresses:
        assert (addresses.rapidpro, addresses.cht) == (f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}")


def _two_free_ports() -> int:
    for port in range(20_000, 30_000, 7):
        with contextlib.suppress(Exception), contextlib.closing(listen("127.0.0.1", port)):
            listen("127.0.0.1", port + 1).close()
            return port
    raise AssertionError("no two free ports")


def test_a_seed_file_sets_the_initial_state(tmp_path: Path) -> None:
    seed = tmp_path / "seed.json"
    seed.write_text('{"start": 41}')
    with start_fakes(("rapidpro",), arguments=("--seed-file", str(seed)), module=ECHO) as addresses:
        assert requests.get(str(addresses.rapidpro), timeout=5).json()["id"] == 42
    seed.write_text('{"cht": {"start": 6}}')
    with start_fakes(arguments=("--seed-file", str(seed)), module=ECHO) as addresses:
        assert requests.get(str(addresses.cht), timeout=5).json()["id"] == 7


def test_a_bound_address_is_for_the_services_only() -> None:
    with start_fakes(("rapidpro",), arguments=("--bind", "0.0.0.0"), module=ECHO) as addresses:
        assert requests.get(str(addresses.rapidpro), timeout=5).status_code == 200
        opened = psutil.Process(addresses.pid).net_connections("tcp")
        listening = {(one.laddr.ip, one.laddr.port) for one in opened if one.status == psutil.CONN_LISTEN}
        assert {ip for ip, port in listening if addresses.control.endswith(f":{port}")} == {"127.0.0.1"}
        assert len(listening) == 2


def test_a_port_in_use_is_one_sentence_and_status_2() -> None:
    with contextlib.closing(listen("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = start("rapidpro", "--port", str(port))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rapidpro", "--profile", "5.0"), "unknown profile '5.0'"),
        (("rapidpro", "--port", "70000"), "70000 is not in the range"),
        (("rapidpro", "--clock", "sundial"), "'sundial' is not one of"),
        (("rapidpro", "--clock", "virtual", "--now", "yesterday"), "expected an ISO 8601 time"),
        (("rapidpro", "--now", "2026-03-01"), "--now sets a virtual clock"),
        (("rapidpro", "--bind", "not an address"), "cannot listen on not an address port 0"),
        (("rapidpro", "--seed-file", "/nowhere/seed.json"), "cannot be read: No such file or directory"),
        (("both", "--port", "65535"), "cannot listen on 127.0.0.1 port 65536"),
        (("textit",), "No such command 'textit'"),
    ],
)
def test_what_cannot_start_says_why_with_status_2(arguments: tuple[str, ...], sentence: str) -> None:
    refused = start(*arguments)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize(
    ("what", "seed", "sentence"),
    [
        ("rapidpro", "{", "is not JSON"),
        ("rapidpro", '{"begin": 1}', "start: expected a number"),
        ("rapidpro", "[]", "expected an object of seeds by service: rapidpro"),
        ("both", '{"textit": {}}', "expected an object of seeds by service: rapidpro, cht"),
        ("both", "[" * 100_000, "cannot be used: it is nested too deeply"),
        ("cht", '{"a":' * 900 + "1" + "}" * 900, "cannot be used: it is nested too deeply"),
        ("both", '{"cht": 1}', "expected an object of seeds by service"),
    ],
)
def test_a_bad_seed_file_says_why_with_status_2(what: str, seed: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_text(seed)
    refused = start(what, "--seed-file", str(path))
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
    assert sentence in refused.stderr


def test_a_failed_start_raises_an_error() -> None:
    with pytest.raises(StartError, match="did not start"), start_fakes(("rapidpro",), profile="5.0", module=ECHO):
        pass


def test_eval_answers_line_by_line() -> None:
    command = [sys.executable, "-m", "fakes", "eval"]
    lines = '{"template": "Amina é @(1 + 2)"}\nno json\n'
    done = subprocess.run(command, input=lines.encode(), capture_output=True, timeout=20, check=False)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["text"], first["errors"]) == ("Amina é 3", [])
    assert (done.returncode, "error" in second) == (2, True)
