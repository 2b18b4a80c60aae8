"""Conversation files: YAML and Gherkin say the same; what is wrong is told with its place, and exits with 2."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.flows.conversations.document import BadFile
from conformance.flows.conversations.durations import LONGEST, in_words, seconds_of
from conformance.flows.conversations.reading import read_conversations
from conformance.flows.conversations.validating import schema
from conformance.flows.conversations.yaml_files import read_yaml
from tests.conformance.flows.building import export, flow, node, say
from tests.conformance.flows.conversations.folder import flow_test, one, relay, write

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x], " + ", ".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 7)
)
"""A few aliases that stand for ten million texts."""
WRONG = {
    "no YAML": ("a: [", ":3: this is not YAML:"),
    "no conversations": ("starts: a\n", ":1: the key 'conversations' is missing"),
    "an unknown key": ("convs: 1\nconversations: []\n", ":3: convs: unknown key 'convs': expected flow, generations"),
    "a key twice": ("starts: a\nstarts: b\n", "this is not YAML: found duplicate key"),
    "no steps": (one("").replace("steps:", "steps: []"), ":5: conversations[0].steps: expected a list that"),
    "an unknown step": (one("- txt: a"), ":6: conversations[0].steps[0].txt: unknown key 'txt': expected text, wait"),
    "two keys in a step": (one("- text: a\n  wait: 1 s"), ":6: conversations[0].steps[0]: expected one key"),
    "a number as text": (one("- text: 5"), ":6: conversations[0].steps[0].text: expected"),
    "no duration": (one("- wait: soon"), "steps[0].wait: expected: Such as 90 seconds, 2 hours"),
    "too long a wait": (one("- wait: 100000 days"), "steps[0].wait: expected at most ten years"),
    "an unknown generation": (one("- text: a", "generations: [8]\n"), ":3: generations[0]: expected 9, 9, new, got 8"),
    "no request": (one("- call: GET"), ":6: conversations[0].steps[0].call: expected"),
    "an unknown answer": (one("- text: a", "endpoint: slow\n"), ":3: endpoint: expected"),
    "a status of none": (one("- text: a", "endpoint: 99\n"), ":3: endpoint: expected at least 100, got 99"),
    "an unknown key of a contact": (one("- text: a", "contact: {nam: A}\n"), ":3: contact.nam: unknown key 'nam'"),
    "no number": (one("- text: a", "contact: {number: me}\n"), ":3: contact.number: expected: The phone"),
    "a time without zone": (one("- text: a", "at: 2026-01-01 10:00\n"), ":3: at: expected"),
    "a day that is none": (one("- text: a", "at: '2026-02-31T10:00:00Z'\n"), "expected a time such as"),
    "a matcher with two keys": (one("- reply: {contains: a, pattern: b}"), "steps[0].reply"),
    "aliases that multiply": (one("- text: a", f"cht: {{settings: {{{LAUGHS}}}}}\n"), "an alias counts each time"),
    "no time zone": (one("- text: a", "workspace: {timezone: Mars}\n"), "workspace.timezone: expected a time"),
    "an unknown flow": (one("- start: Other"), "has no flow 'Other': expected one of 'Texts'"),
    "no pattern": (one("- text: a\n- reply: {pattern: '('}"), "the pattern '(' is not valid"),
    "no seed of CHT": (one("- text: a", "endpoint: fake-cht\ncht: {docs: [{}]}\n"), "cht: `docs` is a list"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_is_told_with_its_place_and_exits_with_2(kind: str, tmp_path: Path) -> None:
    content, sentence = WRONG[kind]
    done = flow_test(write(tmp_path, content))
    assert done.exit_code == 2
    assert sentence in done.output, done.output
    assert "Traceback" not in done.output


EXPORTS = {
    "missing": (None, "cannot be read: No such file"),
    "no JSON": ("{", "is not JSON"),
    "no export": ("[]", "an export is a JSON object"),
    "without flows": ('{"flows": []}', "that is not empty"),
    "with fields that are none": (json.dumps(relay() | {"fields": 7}), "flows.json: fields must be a list, got 7"),
    "with a trigger that is none": (json.dumps(relay() | {"triggers": [5]}), "triggers[0] must be an object, got 5"),
    "with a trigger of no flow": (
        json.dumps(relay() | {"triggers": [{"trigger_type": "C", "flow": {"name": "Gone"}}]}),
        "has no flow 'Gone': expected one of 'Texts'",
    ),
    "nested too deeply": ("[" * 100_000, "nested too deeply"),
    "refused by the engine": (
        json.dumps(export(flow("Texts", node("a", {"type": "dance"})))),
        "flow 'Texts' (aa",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_that_cannot_be_used_exits_with_2(kind: str, tmp_path: Path) -> None:
    content, sentence = EXPORTS[kind]
    path = write(tmp_path, one("- text: a"))
    (tmp_path / "flows.json").unlink()
    if content is not None:
        (tmp_path / "flows.json").write_text(content, "utf-8")
    done = flow_test(path)
    assert done.exit_code == 2
    assert "broken  one" in done.output
    assert sentence.removesuffix("aa") in done.output, done.output


def test_a_refused_flow_is_told_with_reason_and_place(tmp_path: Path) -> None:
    document = export(flow("Texts", node("a", {"type": "dance"})))
    done = flow_test(write(tmp_path, one("- text: a"), document))
    assert f"flow 'Texts' ({document['flows'][0]['uuid']}) is refused: " in done.output
    assert "unknown type: 'dance'" in done.output


def test_paths_that_are_no_conversations_exit_with_2(tmp_path: Path) -> None:
    for path, sentence in (
        (tmp_path / "none.yaml", "cannot be read: No such file"),
        (tmp_path, "expected files that end in .test.yaml, .test.yml, .feature, got none"),
        (write(tmp_path, "", name="a.txt"), "expected a file that ends in .yaml, .yml or .feature"),
    ):
        done = flow_test(path)
        assert (done.exit_code, sentence in done.output) == (2, True), done.output
    (tmp_path / "big.yaml").write_bytes(b"a" * 2_000_000)
    (tmp_path / "latin.yaml").write_bytes(b"\xff")
    assert "expected at most 1048576 bytes" in flow_test(tmp_path / "big.yaml").output
    assert "expected UTF-8" in flow_test(tmp_path / "latin.yaml").output


def test_a_conversation_that_never_ends_fails(tmp_path: Path) -> None:
    document = export(flow("Texts", node("a", say("x"), to="a")))
    done = flow_test(write(tmp_path, one("- text: a"), document))
    assert done.exit_code == 1
    assert "the run failed: " in done.output


def test_a_specification_that_9_cannot_read_is_played_with_new_only_and_that_is_told(tmp_path: Path) -> None:
    document = export(flow("Texts", node("a", say("x")), spec_version="14.4.2"))
    done = flow_test(write(tmp_path, one("- text: a\n- reply: x"), document))
    assert done.exit_code == 0
    assert "not played with generation 9, which does not read so new a specification" in done.output
    assert flow_test(write(tmp_path, one("- text: a\n- reply: x"), document), "--generation", "9").exit_code == 2


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(dict(schema()))


@given(content=st.text(max_size=60) | st.binary(max_size=60))
def test_whatever_a_file_holds_is_read_or_told(content: str | bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    folder = tmp_path_factory.mktemp("any")
    for name in ("a.yaml", "a.feature"):
        (folder / name).write_bytes(raw)
        with pytest.raises(BadFile):
            read_conversations(folder / name)


@given(st.integers(min_value=0, max_value=LONGEST))
def test_a_duration_in_words_is_that_duration(seconds: int) -> None:
    assert seconds_of(in_words(seconds)) == seconds


FEATURE = """\
Feature: Texts
  Background:
    Given the flow "flows.json"
    And the globals
      | cht_token | cht-incoming-token |
    And the person is "Ann" with number "+254712345678"

  Scenario: Taken
    Given the endpoint is the fake CHT
    When the person texts "hello"
    Then the flow calls "POST https://cht.example.org/*"
      \"\"\"
      {"content": "hello"}
      \"\"\"
    And the person gets "Thanks"
    And the result "Relay" is "200" in category "Success"
    And the run is completed
    And CHT has the report
      \"\"\"
      {"sms_message": {"message": "hello"}}
      \"\"\"

  Scenario Outline: Not taken: <answer>
    Given the endpoint answers <answer>
    When the person texts
      \"\"\"
      hello
      \"\"\"
    Then the person gets a text that contains "Sorry"
    When 2 hours pass
    Then the name of the person is "Ann"

    Examples:
      | answer        |
      | 400           |
      | gone          |
      | late, then 200 |
"""


def test_gherkin_says_what_yaml_says(tmp_path: Path) -> None:
    gherkin = read_conversations(write(tmp_path, FEATURE, name="a.feature"))
    names = ["Taken", "Not taken: 400", "Not taken: gone", "Not taken: late, then 200"]
    assert [found.name for found in gherkin] == names
    steps = """
- text: hello
- call: {request: "POST https://cht.example.org/*", body: {content: hello}}
- reply: Thanks
- expect: {results: {Relay: {value: "200", category: Success}}}
- expect: {status: completed}
- expect: {reports: [{sms_message: {message: hello}}]}"""
    more = 'contact: {name: Ann, number: "+254712345678"}\nendpoint: fake-cht\n'
    (yaml,) = read_conversations(write(tmp_path, one(steps, more)))
    assert gherkin[0].setting == yaml.setting
    assert [(step.kind, step.value) for step in gherkin[0].steps] == [(step.kind, step.value) for step in yaml.steps]
    assert gherkin[0].steps[0].line == 10
    assert flow_test(tmp_path).exit_code == 0


WRONG_GHERKIN = {
    "an unknown sentence": (FEATURE.replace("gets", "receives"), ':15: the person receives "Thanks": unknown'),
    "no Gherkin": ("Hello", ":1: this is not Gherkin"),
    "no scenario": ("Feature: a\n", "expected a feature with scenarios, got none"),
    "a table of three columns": (FEATURE.replace("| cht_token |", "| cht_token | a |"), "a table of two columns"),
    "two kinds of endpoints": (
        FEATURE.replace("Given the endpoint is", "Given the endpoint answers 500\n    And the endpoint is"),
        "the endpoint has answers already",
    ),
    "something below a sentence": (
        FEATURE.replace("And the run is completed", "And the run is completed\n      | a |"), "expected nothing below",
    ),
    "no flow": ('Feature: a\n  Scenario: b\n    When the person texts "c"\n', "the sentence `Given the flow"),
    "no JSON": (FEATURE.replace('{"sms_message"', "{sms_message"), ":18: CHT has the report: expected JSON below"),
    "a wrong value": (FEATURE.replace("2 hours", "2 moons"), "conversations[1].steps[2].wait: expected: Such as"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG_GHERKIN)
def test_wrong_gherkin_is_told_with_its_place_and_exits_with_2(kind: str, tmp_path: Path) -> None:
    content, sentence = WRONG_GHERKIN[kind]
    done = flow_test(write(tmp_path, content, name="a.feature"))
    assert done.exit_code == 2
    assert sentence in done.output, done.output


def test_comments_anchors_and_kinds_of_scalars_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, one("- text: &t hello # a\n- reply: *t", "at: 2026-03-04T05:06:07+03:00\n"), relay())
    content = read_yaml(path).content
    assert content["at"] in ("2026-03-04T02:06:07Z", "2026-03-04T05:06:07+03:00")
    assert content["conversations"][0]["steps"] == [{"text": "hello"}, {"reply": "hello"}]
