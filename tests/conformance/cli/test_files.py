"""Files that the commands read: what is wrong with one is a sentence and status 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli.results.replay import replay_command

CONTENTS = {
    "brackets": b"[" * 100_000,
    "deep objects": b'{"a":' * 500 + b"1" + b"}" * 500,
    "not UTF-8": b"\xff\xfe",
    "empty": b"",
    "a number with too many digits": b"1" * 10_000,
    "other JSON": b'{"version": 1}',
    "events that are no events": b'{"version":1,"subject":"reference","profile":"26","seed":1,"hours":1,'
    b'"poll_seconds":600,"events":[' + b"[" * 60 + b"]" * 60 + b"]}",
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_a_file_that_cannot_be_replayed_is_a_sentence_and_status_2(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "schedule.json"
    path.write_bytes(content)
    result = CliRunner().invoke(replay_command, [str(path)])
    assert result.exit_code == 2
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Error: " in result.output


def test_a_folder_and_a_missing_file_are_told_as_such(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        result = CliRunner().invoke(replay_command, [str(path)])
        assert result.exit_code == 2
        assert "cannot be read" in result.output
