"""`relay-harness fault`: plans, lists and removes faults in fakes that run as a process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from conformance.cli import harness
from fakes.faults.effects import EFFECTS
from fakes.faults.presets import PRESETS
from fakes.serving.process import Addresses, start_fakes
from tests import harness_command

TOKEN = "RAPIDPRO-TEST-TOKEN-0000000000000000000000"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def fakes() -> Iterator[Addresses]:
    with start_fakes(("rapidpro",)) as addresses:
        yield addresses


def fault(*words: str, control: str | None = None) -> Result:
    """The command in this process: quicker than in a separate one."""
    return CliRunner(env={"HARNESS_CONTROL": control}).invoke(harness, ["fault", *words])


@pytest.fixture
def at(fakes: Addresses) -> str:
    requests.post(f"{fakes.control}/reset", timeout=10).raise_for_status()
    return fakes.control


def listed(at: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(fault("list", "--json", control=at).stdout)["faults"]
    return found


def test_a_preset_is_planned_used_counted_and_removed(at: str, fakes: Addresses) -> None:
    added = fault("add", "throttled", control=at)
    assert added.exit_code == 0, added.output
    headers = {"Authorization": f"Token {TOKEN}"}
    answer = requests.get(f"{fakes.rapidpro}/api/v2/messages.json", headers=headers, timeout=10)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    told = fault("list", control=at)
    assert "throttle retry_after=60" in told.stdout
    assert "used 1 times, 2 left" in told.stdout
    cleared = fault("clear", control=at)
    assert (cleared.exit_code, cleared.stdout) == (0, "1 fault removed\n")
    assert fault("list", control=at).stdout == "no faults are planned\n"
    assert requests.get(f"{fakes.rapidpro}/api/v2/messages.json", headers=headers, timeout=10).status_code == 200


def test_every_option_reaches_the_plan(at: str) -> None:
    words = (
        "--effect throttle --with retry_after=30 --service rapidpro --method POST --path /api/v2/broadcasts.json "
        "--to +250788123123 --text Hello --times 3 --from-seconds 5 --for-seconds 60 --skip 1 --share 0.5 --seed 7"
    )
    assert fault("add", *words.split(), control=at).exit_code == 0
    (one,) = listed(at)
    assert (one["effect"], one["with"]["retry_after"], one["service"]) == ("throttle", 30, "rapidpro")
    assert one["match"] == {
        "method": "POST", "path": "/api/v2/broadcasts.json", "to": "+250788123123", "text": "Hello"
    }  # fmt: skip
    assert (one["times"], one["from_seconds"], one["for_seconds"]) == (3, 5, 60)
    assert (one["skip"], one["share"], one["seed"]) == (1, 0.5, 7)


def test_options_that_are_texts_stay_texts_and_others_are_json(at: str) -> None:
    field = ("add", "--effect", "set_field", "--with", "path=status")
    assert fault(*field, "--with", "value=teleported", control=at).exit_code == 0
    assert fault(*field, "--with", 'value={"a": [1]}', control=at).exit_code == 0
    assert fault("add", "--effect", "html_page", "--with", "title=404", control=at).exit_code == 0
    assert fault("add", "html-login-page", "--with", "title=502", "--times", "forever", control=at).exit_code == 0
    faults = listed(at)
    assert [one["with"].get("value") for one in faults[:2]] == ["teleported", {"a": [1]}]
    assert [one["with"]["title"] for one in faults[2:]] == ["404", "502"]
    assert faults[3]["times"] is None


def test_one_fault_of_many_is_removed_by_its_number(at: str) -> None:
    numbers = [
        json.loads(fault("add", name, "--json", control=at).stdout)["faults"][0]["id"] for name in ("outage", "slow")
    ]
    assert fault("clear", str(numbers[0]), control=at).exit_code == 0
    assert [one["id"] for one in listed(at)] == numbers[1:]


def test_a_preset_of_the_channel_is_shown(at: str) -> None:
    added = fault("add", "aggregator-down", control=at)
    assert (added.exit_code, added.stdout) == (0, 'channel  {"down": true}\n')


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "trottled"), "unknown preset 'trottled' (did you mean 'throttled'?): expected one of absurd-dates"),
        (("add", "--effect", "explode"), "unknown effect 'explode'"),
        (("add", "--effect", "delay", "--with", "retry_after=3"), "unknown option of the effect delay 'retry_after'"),
        (("add", "throttled", "--share", "2"), "share: expected a number of at least 0 and at most 1, got 2.0"),
        (("add", "throttled", "--times", "0"), "times: expected"),
        (("clear", "99"), "there is no fault 99"),
        (("add",), "say what goes wrong: a preset"),
        (("add", "throttled", "--effect", "delay"), "say what goes wrong: a preset"),
        (("add", "throttled", "--times", "often"), "expected a number or forever, got 'often'"),
        (("add", "throttled", "--with", "retry_after"), "expected NAME=VALUE such as retry_after=30"),
    ],
)
def test_what_cannot_be_planned_is_reported_with_valid_choices(at: str, words: tuple[str, ...], sentence: str) -> None:
    done = fault(*words, control=at)
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())
    assert done.stdout == ""
    assert listed(at) == []


def test_without_an_address_or_without_fakes_there_it_says_what_to_do() -> None:
    done = fault("list")
    assert done.exit_code == 2
    assert "Give --control URL, or the environment variable HARNESS_CONTROL" in done.stderr
    done = fault("list", "--control", NOWHERE)
    assert done.exit_code == 2
    assert f"no control API answers at {NOWHERE}" in done.stderr
    assert "relay-harness up" in done.stderr


def test_a_service_that_is_not_the_control_api_is_noticed(fakes: Addresses) -> None:
    done = fault("list", "--control", str(fakes.rapidpro))
    assert done.exit_code == 2
    assert "is not the control API of the fakes" in done.stderr


@pytest.mark.parametrize(("what", "names"), [("presets", PRESETS), ("effects", EFFECTS)])
def test_presets_and_effects_are_listed_with_a_sentence_each(what: str, names: dict[str, Any]) -> None:
    lines = fault(what).stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(names)
    document = json.loads(fault(what, "--json").stdout)
    assert list(document) == list(names)
    assert all(len(sentence) > 10 for sentence in document.values())


def test_it_works_as_a_process_with_the_address_on_the_command_line(at: str) -> None:
    done = harness_command.harness("fault", "add", "outage", "--for-seconds", "120", "--control", at)
    assert done.returncode == 0, done.stderr
    assert [one["for_seconds"] for one in listed(at)] == [120]
