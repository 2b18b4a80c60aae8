"""The file of older exchanges: private, bounded, gone at the end, and not needed."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes.ledger import Dropped, Exchange, Keeping, Ledger
from fakes.ledger import ledger as module
from fakes.ledger.keeping import MIB
from fakes.ledger.ledger import FAR_BEHIND
from fakes.ledger.spool import Spool
from tests.fakes.ledger.exchanges import add, written

SMALL = Keeping(memory=2, batch=2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file is created."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def filled(ledger: Ledger, number: int = 20, length: int = 10) -> Ledger:
    for _ in range(number):
        written(ledger)
        add(ledger, os.urandom(length))
    return written(ledger)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has files without a name")
def test_the_file_has_no_name_so_that_a_crash_leaves_nothing_behind(folder: Path) -> None:
    ledger = filled(Ledger(SMALL))
    assert len(ledger.after()) == 20
    assert list(folder.iterdir()) == []
    ledger.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at open files by /proc")
def test_the_file_is_for_its_owner_alone_and_is_closed_at_a_reset(folder: Path) -> None:
    def modes() -> list[int]:
        found = []
        for number in os.listdir("/proc/self/fd"):
            path = Path("/proc/self/fd") / number
            if path.is_symlink() and os.readlink(path).startswith(str(folder)):
                found.append(stat.S_IMODE(path.stat().st_mode))
        return found

    ledger = filled(Ledger(SMALL))
    assert modes() == [0o600]
    ledger.clear()
    assert modes() == []


def test_no_file_is_created_while_all_fits_in_memory(folder: Path) -> None:
    tempfile.tempdir = str(folder / "is not there")
    assert len(filled(Ledger(Keeping(memory=20))).after()) == 20


def test_a_full_file_drops_the_oldest_and_readers_notice() -> None:
    ledger = filled(Ledger(Keeping(memory=2, batch=2, spool_mib=1)), 40, 100_000)
    figures = ledger.figures()
    assert 0 < figures["spool_bytes"] <= MIB
    assert figures["dropped_total"] == ledger.missing_after(0) == ledger.first - 1 > 0
    with pytest.raises(Dropped, match=r"exchanges 1 to \d+ are not kept any more.* 1 MiB: use a larger --ledger-spool"):
        ledger.after()
    assert [one.seq for one in ledger.after(skip_dropped=True)] == list(range(ledger.first, 41))
    assert len(ledger.after(ledger.first - 1)) == len(ledger)
    ledger.close()


def test_on_a_full_disk_the_fake_goes_on_with_what_fits_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = filled(Ledger(SMALL), 10, 10_000)
    assert ledger._spool is not None
    assert ledger._spool._database is not None
    ledger._spool._database.execute("PRAGMA max_page_count=30")  # SQLite itself then says that the disk is full
    filled(ledger, 30, 10_000)
    assert ledger.last == 40
    assert ledger.figures()["spool_failures_total"] > 0
    assert 0 < ledger.figures()["spooled_exchanges"] < 12
    assert capsys.readouterr().err.count("old exchanges of the ledger are dropped: database or disk is full") == 1
    with pytest.raises(Dropped, match=r"could not be used, database or disk is full.*give it room.*TMPDIR"):
        ledger.after()
    assert [one.seq for one in ledger.after(skip_dropped=True)] == list(range(ledger.first, 41))
    ledger.close()


def test_without_a_folder_for_the_file_the_fake_goes_on_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tempfile.tempdir = str(folder / "is not there")
    ledger = filled(Ledger(SMALL))
    assert "No such file or directory" in capsys.readouterr().err
    assert 2 <= len(ledger) <= 4
    assert ledger.figures()["dropped_total"] == ledger.missing_after(0) == 20 - len(ledger)
    with pytest.raises(Dropped, match="No such file or directory"):
        ledger.after()


def test_what_is_dropped_on_purpose_is_told_with_the_option_that_keeps_it() -> None:
    ledger = filled(Ledger(Keeping(memory=2, batch=2, older="drop")))
    with pytest.raises(Dropped, match="--ledger-older drop keeps the newest 2: use --ledger-older spool"):
        ledger.after()
    assert ledger.figures()["dropped_total"] == ledger.missing_after(0) > 0


class SlowDisk(Spool):
    """A file that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__(MIB)
        self.let_go = threading.Event()

    def put(self, exchanges: Sequence[Exchange]) -> None:
        assert self.let_go.wait(30)
        super().put(exchanges)


def test_requests_wait_for_a_slow_disk_so_that_the_memory_stays_bounded() -> None:
    ledger = Ledger(SMALL)
    ledger._spool = disk = SlowDisk()
    most = SMALL.memory + FAR_BEHIND * SMALL.batch + 1
    most_seen = []

    def fill() -> None:
        for _ in range(200):
            add(ledger)
            most_seen.append(ledger.figures()["memory_exchanges"])

    caller = threading.Thread(target=fill)
    caller.start()
    while ledger.last < most:
        assert caller.is_alive()
    disk.let_go.set()
    caller.join(30)
    assert len(most_seen) == len(written(ledger).after()) == 200
    assert max(most_seen) <= most
    ledger.close()


def test_requests_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0)
    ledger = Ledger(SMALL)
    ledger._spool = disk = SlowDisk()
    for _ in range(100):
        add(ledger)
    assert [one.seq for one in ledger.after()] == list(range(1, 101))
    disk.let_go.set()
    assert len(written(ledger).after()) == 100
    ledger.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_after_an_unforeseen_error_the_next_requests_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(SMALL)
    with monkeypatch.context() as broken:
        broken.setattr(Spool, "put", lambda *_: 1 / 0)
        filled(ledger, 10)
    assert ledger.figures()["spooled_exchanges"] == 0
    filled(ledger, 10)
    assert [one.seq for one in ledger.after()] == list(range(1, 21))
    assert ledger.figures()["memory_exchanges"] <= 4
    ledger.close()
