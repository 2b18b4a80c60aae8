"""`simulate --dask`: two workers of Dask find what local processes find, also if one of them dies."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conformance.simulation import search
from conformance.simulation.results import SearchResult
from conformance.simulation.schedule import Schedule
from conformance.simulation.search import simulate
from conformance.simulation.workers import dask
from conformance.simulation.workers.dask import dask_workers
from conformance.verdicts import HarnessBroken
from fakes.serving.own_python import own_environment
from tests.harness_command import harness

ON_LOOPBACK = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0", "--no-dashboard")


@contextlib.contextmanager
def running(ready: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of Dask, and the line with which it said that it is ready."""
    command = [sys.executable, "-P", "-m", "dask", *arguments, *ON_LOOPBACK]
    with subprocess.Popen(command, env=own_environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            seen = []
            for line in process.stderr:
                seen.append(line)
                if ready in line:
                    break
            assert ready in seen[-1], "".join(seen)
            yield process, seen[-1]
        finally:
            process.kill()


@contextlib.contextmanager
def scheduler() -> Iterator[str]:
    """The address of a scheduler without workers."""
    with running("Scheduler at:", "scheduler", "--port", "0") as (_, line):
        yield line.split()[-1]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """The address of a scheduler with two workers, and these."""
    options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path_factory.mktemp("dask")))
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(scheduler())
        started = [stack.enter_context(running("Registered to:", "worker", address, *options)) for _ in range(2)]
        yield address, [process for process, _ in started]


def test_the_command_finds_the_same_as_without_dask_and_saves_it_shrunk(cluster: Any, tmp_path: Path) -> None:
    address, _ = cluster
    options = ("--runs", "24", "--subject", "outbound-push", "--stop-at-first", "--save", str(tmp_path))
    done = harness("simulate", *options, "--dask", address, "--json")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    document = json.loads(done.stdout)
    with ThreadPoolExecutor(1) as here:
        local = simulate(runs=24, subject="outbound-push", stop_at_first=True, executor=here, workers=1)
    assert {key: document[key] for key in local.as_json()} == {
        **local.as_json(),
        "wall_seconds": document["wall_seconds"],
    }
    (saved,) = document["saved"]
    assert (saved["seed"], saved["shrunk"]) == (local.failing[0].seed, True)
    assert Schedule.load(Path(saved["file"])).found


def test_the_batches_of_a_worker_that_dies_are_run_again_by_another(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "CHUNK", 3)
    address, (first, _) = cluster
    options: dict[str, Any] = {"runs": 18, "subject": "outbound-push"}

    def end_first_worker(_found: SearchResult) -> None:
        first.kill()

    with dask_workers(address) as (executor, places):
        assert places == 2
        found = simulate(**options, executor=executor, workers=places, on_run=end_first_worker)
    assert first.wait() < 0, "it died by the signal, while it had batches"
    local = simulate(**options, workers=2)
    assert local.failing
    assert {**found.as_json(), "wall_seconds": 0} == {**local.as_json(), "wall_seconds": 0}


def test_without_dask_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(HarnessBroken, match=r"pip install 'cht-rapidpro-harness\[dask\]'"), dask_workers("tcp://a:1"):
        pass


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 0.3)
    address = "tcp://127.0.0.1:1"
    with (
        pytest.raises(HarnessBroken, match=f"no scheduler of Dask answers at {address} .*`dask scheduler`"),
        dask_workers(address),
    ):
        pass


def test_a_scheduler_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with scheduler() as address:
        monkeypatch.setattr(dask, "CONNECT_SECONDS", 3)
        with (
            pytest.raises(HarnessBroken, match=f"has no workers: start some with `dask worker {address}"),
            dask_workers(address),
        ):
            pass


@pytest.mark.parametrize("address", ["", "127.0.0.1:8786", "tcp://127.0.0.1", "tcp://:8786", "tcp://a:b", "http://a:1"])
def test_what_is_no_address_of_a_scheduler_is_refused(address: str) -> None:
    expected = f"expected the address of a scheduler of Dask such as tcp://10.0.0.5:8786, got {address!r}"
    with pytest.raises(HarnessBroken, match=re.escape(expected)), dask_workers(address):
        pass


def test_the_command_refuses_with_a_sentence_and_status_2() -> None:
    done = harness("simulate", "--dask", "nowhere")
    assert done.returncode == 2
    assert "expected the address of a scheduler of Dask" in done.stderr
    assert "Traceback" not in done.stderr
