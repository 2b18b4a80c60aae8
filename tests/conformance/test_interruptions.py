"""A harness that gets a signal at any moment ends what it started, and itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from conformance.interruptions import SIGNALS, deferred_signals, unwind_on_signals
from conformance.services.neighbours import neighbours
from conformance.subjects.external import ExternalRelay, free_port

NEIGHBOURS = neighbours("http://127.0.0.1:9", "http://127.0.0.1:9")
SLEEPING = f'{sys.executable} -c "import time; time.sleep(600)"'


@pytest.fixture(autouse=True)
def _heeded() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    unwind_on_signals()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_raises_once_and_later_ones_are_ignored(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    for again in SIGNALS:
        signal.raise_signal(again)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_deferred_signal_takes_effect_after_the_block(number: signal.Signals) -> None:
    done = []

    def work() -> None:
        with deferred_signals():
            signal.raise_signal(number)
            signal.raise_signal(signal.SIGINT)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["whole"]


def test_without_a_signal_deferring_changes_nothing() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    before = [signal.getsignal(number) for number in SIGNALS]
    with deferred_signals():
        signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN, "what is ignored stays ignored"
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_nothing_is_deferred_outside_the_main_thread() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with deferred_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


class Interrupting(subprocess.Popen[bytes]):
    """Gets a signal at places where `subprocess` cannot handle one."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[call-overload] # passed on as it came
        if self.where == "start":
            signal.raise_signal(signal.SIGTERM)

    where = "start"

    def poll(self) -> int | None:
        lock = self._waitpid_lock  # type: ignore[attr-defined] # as poll does it, where the signal comes between two lines
        lock.acquire()
        if self.where == "poll":
            signal.raise_signal(signal.SIGTERM)
        lock.release()
        return super().poll()


@pytest.mark.parametrize("where", ["start", "poll"])
def test_a_relay_that_was_just_started_is_ended_by_an_interruption(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class Noted(Interrupting):
        def __init__(self, *arguments: object, **options: object) -> None:
            try:
                super().__init__(*arguments, **options)
            finally:
                started.append(self.pid)

    monkeypatch.setattr(Interrupting, "where", where)
    monkeypatch.setattr(subprocess, "Popen", Noted)
    relay = ExternalRelay(f"http://127.0.0.1:{free_port()}", SLEEPING)
    with pytest.raises(KeyboardInterrupt):
        relay.start(NEIGHBOURS)
    relay.stop()  # without what is held back, this never returns
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
