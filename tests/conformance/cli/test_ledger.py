"""`relay-harness ledger`: what crossed the wire, from running fakes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests
from click.testing import CliRunner, Result

from conformance.cli import harness
from conformance.cli.ledger import exchanges
from conformance.cli.options.running_fakes import RunningFakes
from conformance.services.neighbours import RAPIDPRO_TOKEN
from conformance.services.processes import plain_session
from fakes.ledger.keeping import BATCH
from fakes.serving.own_python import own_environment
from fakes.serving.process import Addresses, start_fakes
from tests.folders import ROOT


@pytest.fixture(scope="module")
def fakes() -> Iterator[Addresses]:
    with start_fakes() as addresses:
        yield addresses


def send(fakes: Addresses, text: str) -> None:
    requests.post(
        f"{fakes.rapidpro}/api/v2/broadcasts.json",
        json={"urns": ["tel:+250788123001"], "text": text},
        headers={"Authorization": f"Token {RAPIDPRO_TOKEN}"},
        timeout=5,
    )


def ledger(fakes: Addresses, *words: str) -> Result:
    return CliRunner(env={"HARNESS_CONTROL": fakes.control}).invoke(harness, ["ledger", *words])


def test_each_exchange_is_a_line_without_secrets(fakes: Addresses) -> None:
    send(fakes, "Come on Monday")
    requests.get(f"{fakes.cht}/api/info", timeout=5)
    done = ledger(fakes)
    assert done.exit_code == 0
    assert "POST /api/v2/broadcasts.json" in done.stdout
    assert "Come on Monday" in done.stdout
    assert RAPIDPRO_TOKEN not in done.stdout
    assert "rapidpro" not in ledger(fakes, "--service", "cht").stdout


def test_json_is_one_document_from_a_number_on(fakes: Addresses) -> None:
    send(fakes, "First")
    last = json.loads(ledger(fakes, "--json").stdout)["last"]
    send(fakes, "Second")
    found = json.loads(ledger(fakes, "--json", "--after", str(last)).stdout)
    assert [one["seq"] for one in found["exchanges"]] == [last + 1]
    assert "Second" in found["exchanges"][0]["request"]["body"]


def test_more_exchanges_than_one_answer_holds_are_all_shown(fakes: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.cli.ledger.AT_A_TIME", 2)
    for number in range(5):
        send(fakes, f"Text {number}")
    shown = ledger(fakes, "--service", "rapidpro").stdout
    assert all(shown.count(f"Text {number}") >= 1 for number in range(5))
    numbers = [line.split()[0] for line in shown.splitlines()]
    assert len(numbers) == len(set(numbers))


def test_follow_goes_on_until_ctrl_c_and_that_is_no_failure(fakes: Addresses) -> None:
    send(fakes, "Before")
    command = [sys.executable, "-m", "conformance", "ledger", "--follow", "--json", "--control", fakes.control]
    with subprocess.Popen(command, cwd=ROOT, env=own_environment(), stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        await_text(following, "Before")
        send(fakes, "Afterwards")
        await_text(following, "Afterwards")
        following.send_signal(signal.SIGINT)
    assert following.returncode == 0


def await_text(process: subprocess.Popen[str], text: str) -> None:
    """Read lines until one holds the text; the end of the output is a failure."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in json.loads(line)["request"]["body"]:
            return
    pytest.fail(f"{text} was not shown")


def test_fakes_that_were_started_again_are_followed_from_their_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    with start_fakes() as first:
        send(first, "Before one")
        send(first, "Before two")
        control, port = RunningFakes(plain_session(), first.control), first.control.rpartition(":")[2]
        following = exchanges(control, 0, None, follow=True)
        seen = [next(following)["seq"], next(following)["seq"]]
    with start_fakes(arguments=("--control-port", port)) as second:
        monkeypatch.setattr("conformance.cli.ledger.LOOK_EVERY", 0)
        send(second, "Afterwards")
        seen.append(next(following)["seq"])
    assert seen == [1, 2, 1]


def test_fakes_that_end_meanwhile_are_told() -> None:
    with start_fakes(("cht",)) as fakes:
        control = fakes.control
    done = CliRunner().invoke(harness, ["ledger", "--follow", "--control", control])
    assert done.exit_code == 2
    assert "are the fakes running there?" in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--service", "whatsapp"), "'whatsapp' is not one of 'rapidpro', 'cht'"),
        (("--after", "-1"), "not in the range"),
        (("--after", "x"), "not a valid integer"),
        (("--control", "nonsense"), "expected an address such as"),
        (("5",), "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_a_sentence(fakes: Addresses, words: tuple[str, ...], sentence: str) -> None:
    done = ledger(fakes, *words)
    assert done.exit_code == 2
    assert sentence in done.stderr


def test_without_an_address_it_says_where_to_find_it() -> None:
    done = CliRunner(env={"HARNESS_CONTROL": None}).invoke(harness, ["ledger"])
    assert done.exit_code == 2
    assert "`relay-harness up` prints the address" in done.stderr


def test_what_is_not_kept_any_more_is_said_beside_what_is() -> None:
    with start_fakes(arguments=("--ledger-memory", "1", "--ledger-older", "drop")) as fakes, plain_session() as session:
        for _ in range(BATCH + 2):
            session.get(f"{fakes.cht}/api/info", timeout=5)
        done = ledger(fakes, "--json")
    numbers = [one["seq"] for one in json.loads(done.stdout)["exchanges"]]
    assert numbers == list(range(BATCH + 1, BATCH + 3))
    assert done.stderr == f"({BATCH} earlier exchanges are not kept any more)\n"
