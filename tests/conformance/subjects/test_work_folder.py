"""The output of a started relay: read as it grows, its end without secrets, and kept where a report points to it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from conformance.services.neighbours import INCOMING_TOKEN, neighbours
from conformance.subjects.external import ExternalRelay, free_port
from conformance.subjects.work_folder import WorkFolder
from conformance.verdicts import HarnessBroken


def test_only_whole_lines_are_read_and_each_once() -> None:
    folder = WorkFolder()
    assert folder.printed() == ""
    log = folder.log()
    log.write_text("one\ntw", "utf-8")
    assert (folder.printed(), folder.printed()) == ("one", "")
    log.write_text("one\ntwo\nthree\n", "utf-8")
    assert folder.printed() == "two\nthree"
    assert folder.tail() == "one\ntwo\nthree\n"
    place = folder.path()
    folder.remove()
    assert not place.exists()


@pytest.mark.parametrize(("keep", "text"), [(True, "words"), (True, ""), (False, "words")])
def test_the_output_stays_if_it_is_to_be_kept_and_says_something(keep: bool, text: str, tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path)
    log = folder.log()
    log.write_text(text, "utf-8")
    if keep:
        folder.keep_log()
    folder.remove()
    assert log.exists() == (keep and bool(text))
    assert folder.log() != log, "the next subject has an output of its own"
    folder.remove()


def test_a_relay_shows_the_end_of_its_output_without_secrets(tmp_path: Path) -> None:
    program = f"print('first'); print('my token is {INCOMING_TOKEN}', flush=True)"
    relay = ExternalRelay(
        f"http://127.0.0.1:{free_port()}", shlex.join([sys.executable, "-c", program]), log_folder=tmp_path
    )
    with pytest.raises(HarnessBroken, match="ended with status 0"):
        relay.start(neighbours("http://127.0.0.1:9", "http://127.0.0.1:9"))
    assert relay.log_path is not None
    assert relay.log_path.parent == tmp_path
    (line,) = relay.log_tail(1)
    assert line.startswith("my token is ")
    assert INCOMING_TOKEN not in line
    assert relay.log_tail(5)[0] == "first"
    relay.stop()
    assert ExternalRelay("http://127.0.0.1:9").log_path is None
