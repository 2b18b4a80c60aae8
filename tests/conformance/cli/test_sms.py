"""`relay-harness sms`: a phone behind fakes that run as a process, with the reference relay between them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from conformance.cli import harness
from conformance.services.processes import FakeProcesses
from conformance.subjects.reference_process import ReferenceProcess
from conformance.verdicts import HarnessBroken
from fakes.serving.process import start_fakes

ANN, BEN, CAL = "+250788123001", "+250788123002", "+250788123003"


class Up:
    """What `relay-harness up` starts."""

    def __init__(self) -> None:
        self.fakes = FakeProcesses("26", 1)
        self.fakes.restore_defaults()
        self.relay = ReferenceProcess(poll_seconds=0.2)

    def start(self) -> None:
        self.relay.start(self.fakes.neighbours)
        self.webhook(self.relay.webhook_url())

    def webhook(self, url: str | None) -> None:
        self.fakes.control.put("/rapidpro/webhook", {"url": url, "token": self.relay.webhook_token()})

    def stop(self) -> None:
        self.relay.stop()
        self.fakes.close()

    def sms(self, *words: str) -> Result:
        runner = CliRunner(env={"HARNESS_CONTROL": self.fakes.control.url, "HARNESS_CHT": None, "CHT_PASSWORD": None})
        return runner.invoke(harness, ["sms", *words])


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    world = Up()
    try:
        world.start()
        yield world
    finally:
        world.stop()


def test_a_text_sent_by_a_person_is_accepted_by_the_relay_and_reaches_cht(up: Up) -> None:
    done = up.sms("send", ANN, "TEMP 38.5")
    assert done.exit_code == 0, done.output
    assert "RapidPro stored it as message" in done.stdout
    assert f'POST {up.relay.webhook_url()}: 200 {{"saved":1}}' in done.stdout
    shown = up.sms("show", ANN)
    assert shown.exit_code == 0
    assert "sent      TEMP 38.5" in shown.stdout


def test_a_text_that_no_webhook_accepts_is_reported_as_a_failure(up: Up) -> None:
    try:
        up.webhook(None)
        done = up.sms("send", BEN, "first")
        assert done.exit_code == 1
        assert "no flow took it" in done.stdout
        up.webhook("http://127.0.0.1:9/nobody")
        done = up.sms("send", BEN, "second", "--json")
        assert done.exit_code == 1
        assert json.loads(done.stdout)["webhook"]["status"] == 0
    finally:
        up.webhook(up.relay.webhook_url())


def test_a_duplicate_is_reported_as_such(up: Up) -> None:
    for attempt in range(5):  # on a busy machine the second may come too late to count as a duplicate
        assert up.sms("send", BEN, f"again {attempt}").exit_code == 0
        done = up.sms("send", BEN, f"again {attempt}")
        if done.exit_code:
            break
    assert done.exit_code == 1
    assert "dropped it as a duplicate of message" in done.stdout


def test_a_text_that_is_due_in_cht_arrives_on_the_phone(up: Up) -> None:
    assert up.sms("show", CAL).stdout == f"{CAL} has sent and received nothing\n"
    made = up.sms("due", CAL, "Take the blue ones", "--cht-url", up.fakes.cht_url)
    assert made.exit_code == 0, made.output
    came = up.sms("wait", CAL, "--known", "0", "--for", "15", "--json")
    assert came.exit_code == 0, came.output
    assert [text["text"] for text in json.loads(came.stdout)["texts"]] == ["Take the blue ones"]
    assert json.loads(up.sms("show", CAL, "--json").stdout)["texts"][0]["direction"] == "received"


def test_the_fake_cht_is_found_by_itself(up: Up) -> None:
    made = up.sms("due", ANN, "Found you", "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["cht"] == up.fakes.cht_url
    assert up.sms("wait", ANN, "--known", "0", "--for", "15").exit_code == 0


def test_waiting_for_a_text_that_does_not_come_is_a_failure(up: Up) -> None:
    done = up.sms("wait", "+250788123009", "--for", "0")
    assert (done.exit_code, done.stdout) == (1, "+250788123009 received no text within 0 s\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("send", "nobody", "Hello"), "expected a phone number such as +250788123123 or a short code, got 'nobody'"),
        (("show", " "), "expected a phone number"),
        (("due", ANN, " "), "NUMBER and TEXT must not be empty"),
        (("due", ANN, "x", "--cht-url", "http://cht.example.org"), "is not on this machine"),
        (("due", ANN, "x", "--cht-user", "ada"), "CHT_PASSWORD is not set: the password of ada"),
        (("due", ANN, "x", "--cht-url", "http://127.0.0.1:9"), "CHT at http://127.0.0.1:9 does not answer"),
        (("wait", ANN, "--for", "long"), "is not a valid float"),
    ],
)
def test_what_cannot_be_done_is_reported_in_a_sentence(up: Up, words: tuple[str, ...], sentence: str) -> None:
    done = up.sms(*words)
    assert done.exit_code == 2
    assert sentence in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_an_account_that_cht_refuses_is_reported(up: Up) -> None:
    runner = CliRunner(env={"HARNESS_CONTROL": up.fakes.control.url, "CHT_PASSWORD": "wrong"})
    words = ["sms", "due", ANN, "x", "--cht-user", "admin", "--cht-url", up.fakes.cht_url]
    done = runner.invoke(harness, words)
    assert done.exit_code == 2
    assert "401" in done.stderr
    assert "wrong" not in done.stderr


def test_where_no_fake_cht_runs_its_address_must_be_given() -> None:
    with start_fakes(("rapidpro",)) as fakes:
        done = CliRunner().invoke(harness, ["sms", "due", ANN, "x", "--control", fakes.control])
    assert done.exit_code == 2
    assert "use --cht-url" in done.stderr
    assert not isinstance(done.exception, HarnessBroken)
