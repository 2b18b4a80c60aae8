"""`--update` writes what happens and keeps the rest; `flow record` writes files that pass."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.conformance.flows.building import action, export, flow, node, say
from tests.conformance.flows.conversations.folder import flow_record, flow_test, question, relay, write

OLD = """\
# texts to CHT
contact: {name: Ann}   # a mother
conversations:
  - name: first
    endpoint: 500
    steps:
      - text: "hello"
      # she is told
      - reply: Thanks   # or not
      - expect:
          status: completed   # always
          results: {Relay: {value: "200"}}
  - name: second
    steps:
      - text: 'again'
      - call: none
      - reply: {contains: han}
      - reply: more
"""
NEW = """\
# texts to CHT
contact: {name: Ann}   # a mother
conversations:
  - name: first
    endpoint: 500
    steps:
      - text: "hello"
      # she is told
      - reply: Sorry, Ann # or not
      - expect:
          status: completed   # always
          results: {Relay: {value: "500"}}
  - name: second
    steps:
      - text: 'again'
      - call:
          request: POST https://cht.example.org/api/v2/sms/rapidpro/incoming-messages
          body:
            content: again
            from: '+254712345678'
            id: <uuid>
      - reply: {contains: han}
"""


def test_update_writes_what_happens_and_keeps_comments_order_and_what_fits(tmp_path: Path) -> None:
    path = write(tmp_path, OLD)
    assert flow_test(path).exit_code == 1
    assert flow_test(path, "--update").exit_code == 0
    text = path.read_text("utf-8")
    assert text.split("\n", 2)[2].replace("Ann   #", "Ann #") == NEW
    assert flow_test(path).exit_code == 0


def test_update_leaves_a_file_that_passes_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "conversations: [{name: a,   steps: [{text: hi}, {reply:   Thanks}]}]\n")
    before = path.read_bytes()
    assert flow_test(path, "--update").exit_code == 0
    assert path.read_bytes() == before


def test_update_writes_stand_ins_for_what_changes_from_run_to_run(tmp_path: Path) -> None:
    document = export(flow("Texts", node("a", say("@run.uuid at @run.created_on, @contact.name"))))
    path = write(tmp_path, "conversations: [{name: a, steps: [{text: hi}]}]\n", document)
    assert flow_test(path, "--update").exit_code == 0
    assert "reply: '<uuid> at <time>, '" in path.read_text("utf-8")


def test_update_keeps_the_ends_of_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b"flow: flows.json\r\nconversations:\r\n- name: a\r\n  steps:\r\n  - text: hi\r\n")
    assert flow_test(path, "--update").exit_code == 0
    assert path.read_bytes().split(b"\r\n")[-3:] == [b"  - text: hi", b"  - reply: Thanks", b""]


def test_gherkin_cannot_be_updated(tmp_path: Path) -> None:
    text = 'Feature: a\n  Scenario: b\n    Given the flow "flows.json"\n    When the person texts "c"\n'
    done = flow_test(write(tmp_path, text, name="a.feature"), "--update")
    assert done.exit_code == 2
    assert "only YAML files can be updated" in done.output


@pytest.mark.parametrize("seed", range(12))
def test_whatever_was_expected_an_update_makes_it_pass(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    steps = ["- text: hi"]
    for _ in range(draw.randrange(1, 10)):
        steps.append("      - " + draw.choice([
            "text: '30'", "text: x", "wait: 20 minutes", "reply: Age?", "reply: {contains: T}", "reply: Thanks",
            "call: none", "expect: {status: failed}", "expect: {results: {Age: {value: '30'}, B: {category: C}}}",
            "expect: {errors: [a], name: Zoe, fields: {age: '3'}}", "expect: {notes: [nothing]}",
        ]))  # fmt: skip
    path = write(tmp_path, "conversations:\n  - name: a\n    steps:\n      " + "\n".join(steps) + "\n", question())
    flow_test(path, "--update", "--generation", "new")
    done = flow_test(path, "--generation", "new")
    assert done.exit_code == 0, f"{done.output}\n{path.read_text('utf-8')}"


def test_a_recorded_conversation_passes(tmp_path: Path) -> None:
    write(tmp_path, "", question())
    path = tmp_path / "rec.test.yaml"
    typed = "hello\nthirty\n/wait 9 minutes\n30\n/start Ask\n/wait 1h\n/end\nnot read\n"
    done = flow_record(typed, tmp_path / "flows.json", "--to", path)
    assert done.exit_code == 0, done.output
    assert "phone <- RapidPro     A number, please" in done.output
    text = path.read_text("utf-8")
    assert "reply: Too late" in text
    assert "not read" not in text
    assert flow_test(path).exit_code == 0
    assert flow_record("hi\n", tmp_path / "flows.json", "--to", path, "--name", "second").exit_code == 0
    assert "conversation is for new only" in done.output, "9 gives the value of a timeout another text"
    assert "passed  second" in flow_test(path).output


def test_recorded_webhooks_keep_their_answers_and_show_no_secrets(tmp_path: Path) -> None:
    document = relay()
    document["flows"][0]["nodes"][0]["actions"][0]["url"] += "?key=@globals.cht_token"
    write(tmp_path, "", document)
    typed = "a\n/answer 503\nb\n/answer fake-cht late\nc\n"
    path = tmp_path / "r.test.yaml"
    done = flow_record(
        typed, tmp_path / "flows.json", "--to", path, "--global", "cht_token=cht-incoming-token"
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    text = path.read_text("utf-8")
    assert text.count("cht-incoming-token") == 1, "as the global, and nowhere else"
    assert "incoming-messages?key=*" in text
    assert text.split("steps:")[0].split("answers:")[1].split() == [
        "-",
        "fake-cht",
        "-",
        "503",
        "-",
        "fake-cht",
        "late",
    ]
    assert flow_test(path).exit_code == 0


BAD_LINES = {
    "": "no line was given",
    "/wait long\n": "line 1: expected a duration such as",
    "hi\n/answer 99\n": "line 2: expected /answer and a status from 100 to 599",
    "/dance\n": "line 1: unknown command /dance",
    "/start Nobody\n": "line 1: ",
}


@pytest.mark.parametrize("typed", BAD_LINES)
def test_a_line_that_cannot_be_carried_out_exits_with_2(typed: str, tmp_path: Path) -> None:
    write(tmp_path, "")
    done = flow_record(typed, tmp_path / "flows.json")
    assert (done.exit_code, BAD_LINES[typed] in done.output) == (2, True), done.output


def test_recording_refuses_what_cannot_be_recorded(tmp_path: Path) -> None:
    path = write(tmp_path, "conversations: [{name: a, steps: [{text: hi}]}]\n")
    other = tmp_path / "other.json"
    assert "cannot be read" in flow_record("hi\n", other).output
    other.write_text((tmp_path / "flows.json").read_text("utf-8"), "utf-8")
    done = flow_record("hi\n", other, "--to", path)
    assert (done.exit_code, "expected a file about the flow other.json" in done.output) == (2, True)
    assert "--global: expected NAME=VALUE" in flow_record("hi\n", other, "--global", "x").output
    bad = tmp_path / "bad.json"
    bad.write_text(
        json.dumps(export(flow("Texts", node("a", action("dance"))))), "utf-8"
    )  # fmt: skip
    assert (flow_record("hi\n", bad).exit_code, "is refused" in flow_record("hi\n", bad).output) == (2, True)
