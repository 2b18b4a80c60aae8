"""The relay is killed for real, over real sockets, under traffic; the ledger judges."""

from __future__ import annotations

import json

from conformance.cli.options.subject import reference_process
from conformance.running.crashes import kill_repeatedly
from tests.harness_command import harness


def test_two_hundred_texts_each_way_survive_kill_9_under_way() -> None:
    result = kill_repeatedly(reference_process(), kills=4, seed=11, ahead=200)
    assert result.violations == ()
    assert result.texts_in >= 200
    assert result.texts_out >= 200


def test_the_command_kills_and_prints_one_document() -> None:
    done = harness("crashes", "--kills", "3", "--seed", "5", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["kills"], document["lost"], document["duplicated"]) == (3, 0, 0)
    assert document["texts_in"] > 0
    assert document["texts_out"] > 0


def test_a_relay_that_cannot_be_started_again_cannot_be_judged() -> None:
    done = harness("crashes", "--kills", "1", "--subject-url", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert "go together" in done.stderr
