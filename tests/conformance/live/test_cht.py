"""`relay-harness conform --cht-url`: a live CHT Core is the relay; here it is a fake CHT in a separate process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from conformance.cli.options.types import is_loopback
from conformance.live.account import (
    RIGHT_PATH_SINCE,
    Account,
    check_account,
    check_nothing_waits,
    documents_of,
    release_of,
)
from conformance.live.cht import ChtTiming, LiveCht, LiveChtWorlds
from conformance.services.cht_client import ChtClient
from conformance.subjects.cht_variants import INCOMING, MISSPELT
from conformance.verdicts import HarnessBroken, Untestable
from fakes.serving.process import Addresses, start_fakes
from tests.fakes.cht.client import client
from tests.folders import ROOT

ADMIN = ("admin", "pass")
INTERVAL = 0.3


@pytest.fixture(scope="module")
def cht() -> Iterator[Addresses]:
    """A fake CHT in a separate process, whose passes run every 0.3 seconds."""
    with start_fakes(("cht",)) as addresses:
        requests.put(f"{addresses.control}/cht/timers", json={"sending_every": INTERVAL}, timeout=10).raise_for_status()
        yield addresses


def conform(
    url: str | None, *arguments: str, user: str = "admin", password: str | None = "pass"
) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != "CHT_PASSWORD"}
    env |= {"PYTHONPATH": str(ROOT), "COLUMNS": "200", **({} if password is None else {"CHT_PASSWORD": password})}
    command = [sys.executable, "-m", "conformance", "conform", "--cht-url", str(url), "--cht-user", user, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def documents(cht: Addresses) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{cht.control}/cht/docs", timeout=10).json()["docs"]
    return found


def sms_settings(cht: Addresses) -> Any:
    return requests.get(f"{cht.cht}/api/v1/settings", auth=ADMIN, timeout=10).json()["sms"]


def test_a_live_cht_is_judged_and_left_as_it_was(cht: Addresses) -> None:
    before = sms_settings(cht)
    done = conform(
        cht.cht, "--poll-seconds", str(INTERVAL), "--only", "AUTH-1,OUT-2,OUT-3,WHY-3,CRASH-2,IN-9", "--json"
    )
    assert done.returncode == 1, done.stderr + done.stdout
    found = json.loads(done.stdout)
    verdicts = {one["id"]: one["verdict"] for one in found["requirements"]}
    assert verdicts == {
        "WHY-3": "failed",
        "IN-9": "unknown",
        "AUTH-1": "passed",
        "OUT-2": "unknown",
        "OUT-3": "passed",
        "CRASH-2": "unknown",
    }
    assert found["subject"] == {
        "name": "live CHT", "kind": "live", "url": cht.cht, "version": "5.2.0", "time": "real",
    }  # fmt: skip
    assert found["broken"] == []
    repeats = [scenario["repeat"] for one in found["requirements"] for scenario in one["scenarios"]]
    assert any(f"--cht-url {cht.cht} --cht-user admin" in repeat for repeat in repeats)
    assert "pass " not in "".join(repeats), "the password is in the environment only"
    assert documents(cht) == []
    assert sms_settings(cht) == before


@pytest.fixture
def bare_settings(cht: Addresses) -> Iterator[dict[str, Any]]:
    """The settings of a CHT with neither a form nor settings for SMS; put back afterwards."""
    url, before = (
        f"{cht.cht}/api/v1/settings",
        requests.get(f"{cht.cht}/api/v1/settings", auth=ADMIN, timeout=10).json(),
    )
    bare = {key: value for key, value in before.items() if key not in ("sms", "forms")}
    requests.put(url, params={"overwrite": "true"}, json=bare, auth=ADMIN, timeout=10).raise_for_status()
    yield all_settings(cht)
    requests.put(url, params={"overwrite": "true"}, json=before, auth=ADMIN, timeout=10).raise_for_status()


def all_settings(cht: Addresses) -> Any:
    return requests.get(f"{cht.cht}/api/v1/settings", auth=ADMIN, timeout=10).json()


def test_a_cht_without_the_form_gets_it_for_the_run_and_no_longer(
    cht: Addresses, bare_settings: dict[str, Any]
) -> None:
    done = conform(cht.cht, "--poll-seconds", str(INTERVAL), "--only", "IN-2,OUT-6", "--json")
    found = json.loads(done.stdout)
    verdicts = {one["id"]: one["verdict"] for one in found["requirements"]}
    assert verdicts == {"IN-2": "passed", "OUT-6": "unknown"}, done.stdout
    (speed,) = (one["reason"] for row in found["requirements"] for one in row["scenarios"] if row["id"] == "OUT-6")
    assert "every 0.3 s, one that is used every 60 s" in speed
    assert "sms" not in bare_settings
    assert all_settings(cht) == bare_settings


def test_a_run_that_is_interrupted_leaves_a_cht_as_it_was(cht: Addresses, bare_settings: dict[str, Any]) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CHT_PASSWORD": ADMIN[1]}
    command = [sys.executable, "-m", "conformance", "conform", "--cht-url", str(cht.cht), "--cht-user", ADMIN[0],
               "--poll-seconds", "600", "--only", "OUT-1"]  # fmt: skip
    run = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while "sms" not in all_settings(cht):
            assert run.poll() is None, "it ended before it changed anything"
        run.send_signal(signal.SIGINT)
        run.wait(60)
    finally:
        run.kill()
    assert all_settings(cht) == bare_settings


def test_a_run_that_cannot_begin_leaves_a_cht_as_it_was(
    cht: Addresses, bare_settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise HarnessBroken("no credential can be stored")

    monkeypatch.setattr(ChtClient, "credential", fails)
    worlds = LiveChtWorlds("26", 1, Account(str(cht.cht), *ADMIN))
    try:
        with pytest.raises(HarnessBroken, match="no credential"):
            worlds.begin()
        assert "sms" in all_settings(cht)
    finally:
        worlds.end()
    assert worlds.cleanup_failure == ""
    assert all_settings(cht) == bare_settings


def test_a_cht_that_holds_texts_to_be_sent_is_refused_and_left_alone(cht: Addresses) -> None:
    task = {"state": "scheduled", "messages": [{"to": "+250788999999", "message": "hello", "uuid": "u"}]}
    put = requests.put(
        f"{cht.cht}/medic/waits", json={"_id": "waits", "scheduled_tasks": [task]}, auth=ADMIN, timeout=10
    )
    try:
        done = conform(cht.cht, "--only", "AUTH-1")
        assert (done.returncode, done.stdout) == (2, "")
        assert "this CHT has 1 texts to send" in done.stderr
        assert sms_settings(cht) == {"outgoing_service": "medic-gateway"}
    finally:
        requests.delete(f"{cht.cht}/medic/waits", params={"rev": put.json()["rev"]}, auth=ADMIN, timeout=10)


@pytest.mark.parametrize(
    ("user", "password", "sentence"),
    [
        ("admin", "wrong", "refuses admin: check --cht-user and the password in CHT_PASSWORD"),
        ("nobody", "pass", "refuses nobody"),
        ("plain-user", "plain-pass", "plain-user is no administrator"),
        ("admin", None, "CHT_PASSWORD is not set"),
        ("admin", "", "CHT_PASSWORD is not set"),
    ],
)
def test_a_user_who_may_not_configure_cht_is_reported(
    cht: Addresses, user: str, password: str | None, sentence: str
) -> None:
    done = conform(cht.cht, "--only", "AUTH-1", user=user, password=password)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cht_that_cannot_be_reached_is_reported() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    done = conform(url, "--only", "AUTH-1")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"the CHT at {url} cannot be reached" in done.stderr


def test_a_service_that_is_not_cht_is_reported(cht: Addresses) -> None:
    done = conform(cht.control, "--only", "AUTH-1")
    assert done.returncode == 2
    assert "is it a CHT, and has it started up?" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--cht-url", "http://cht.example.org", "--cht-user", "a"), "use --allow-remote"),
        (("--cht-url", "http://cht.test", "--cht-user", "a"), "use --allow-remote"),
        (("--cht-url", "http://127.0.0.1:9"), "--cht-url and --cht-user go together"),
        (("--cht-user", "a"), "--cht-url and --cht-user go together"),
        (("--cht-url", "nonsense", "--cht-user", "a"), "expected an address"),
        (("--cht-url", "http://127.0.0.1:9", "--cht-user", "a", "--http"), "use one of them"),
        (("--allow-remote",), "--allow-remote goes with --subject-url or --cht-url"),
    ],
)
def test_wrong_usage_is_reported(arguments: tuple[str, ...], sentence: str) -> None:
    command = [sys.executable, "-m", "conformance", "conform", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "300", "CHT_PASSWORD": "x"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_the_help_says_what_is_written_to_a_live_cht() -> None:
    command = [sys.executable, "-m", "conformance", "conform", "--help"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True)
    told = " ".join(done.stdout.split())
    for words in ("settings `sms`", "rapidpro:incoming", "rapidpro:outgoing", "documents are deleted", "CHT_PASSWORD"):
        assert words in told


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:5988", True),
        ("http://127.8.8.8", True),
        ("http://localhost", True),
        ("http://[::1]:5988", True),
        ("http://192.168.0.9", False),
        ("http://cht.test", False),
        ("http://localhost.example.org", False),
    ],
)
def test_only_what_is_this_machine_for_certain_is_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("version", "path"),
    [("3.11.0", MISSPELT), ("4.0.1", MISSPELT), ("4.1.0", INCOMING), ("5.2.0-beta.1", INCOMING), ("unknown", INCOMING)],
)
def test_releases_before_4_1_have_only_the_misspelt_path(version: str, path: str) -> None:
    assert LiveCht(Account("http://localhost", "a", "b"), version).webhook_url() == f"http://localhost{path}"


@pytest.mark.parametrize(("release", "path"), [("3.11", MISSPELT), ("5.2", INCOMING)])
def test_the_release_is_read_from_the_cht_itself(release: str, path: str) -> None:
    made = client(release=release)
    account = Account("http://cht.test", *ADMIN)
    subject = LiveCht(account, check_account(made.session, account))
    assert subject.version.startswith(f"{release}.")
    assert subject.webhook_url() == f"http://cht.test{path}"


def test_an_unreadable_version_counts_as_new() -> None:
    assert release_of("x.y.z") == release_of("") == RIGHT_PATH_SINCE
    assert release_of("10.0.0") > RIGHT_PATH_SINCE


def test_a_live_cht_is_neither_killed_nor_restarted() -> None:
    subject = LiveCht(Account("http://localhost", "a", "b"), "5.2.0")
    for attempt in (subject.kill, subject.restart):
        with pytest.raises(Untestable, match="live CHT"):
            attempt()
    with pytest.raises(Untestable, match="the subject itself"):
        subject.adapt_fault({"service": "cht", "effect": "outage"})


def test_begin_must_be_called_before_open() -> None:
    with pytest.raises(HarnessBroken, match="call begin"):
        LiveChtWorlds("26", 1, Account("http://localhost", "a", "b")).open()


def test_a_while_is_longer_than_from_one_pass_to_the_next() -> None:
    assert ChtTiming(60).a_while == 150
    assert ChtTiming(0.3).a_while == 2


def test_only_documents_of_the_runs_own_people_are_deleted() -> None:
    mine: dict[str, Any] = {"_id": "1", "from": "+1"}
    to_me = {"_id": "2", "tasks": [{"messages": [{"to": "+1"}]}]}
    later = {"_id": "3", "scheduled_tasks": [{"messages": [{"to": "+1"}]}]}
    others: list[dict[str, Any]] = [{"_id": "4", "from": "+2"}, {"_id": "5"}, {"_id": "6", "tasks": None}]
    assert documents_of([mine, to_me, later, *others], {"+1"}) == [mine, to_me, later]


@pytest.mark.parametrize("state", ["delivered", "failed", "cleared", "sent"])
def test_texts_in_a_final_state_do_not_matter(state: str) -> None:
    check_nothing_waits([{"tasks": [{"state": state}]}, {"_id": "x"}])
