"""Coverage, pictures, JUnit, JSON and the HTML page of played conversations; the conversations of the ready flows."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conformance.flows.coverage.picture import mermaid, picture_of, positions_in, svg
from conformance.flows.coverage.watching import WatchedFlows
from conformance.flows.judging.running import run_files
from fakes.rapidpro.versions.engines import ENGINES
from tests.conformance.flows.building import action, export, flow, node, say, split, uid
from tests.conformance.flows.conversations.folder import flow_test, one, question, relay, write
from tests.folders import ROOT

READY = ROOT / "examples" / "flows"


def test_the_ready_flows_do_what_their_conversations_say_and_are_reached_wholly() -> None:
    done = flow_test(READY, "--fail-under", "100", "--json")
    document = json.loads(done.stdout)
    assert done.exit_code == 0, [found for found in document["conversations"] if found["outcome"] != "passed"]
    assert {Path(path).stem for path in document["coverage"]} == {path.stem for path in READY.glob("*.json")}


def test_what_was_never_reached_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, one("- text: hello\n- reply: Age?\n- text: '30'\n- reply: Thanks"), question())
    done = flow_test(path)
    assert done.output.splitlines()[-7:] == [
        f"{tmp_path / 'flows.json'}: 53.8 % reached (7 of 13 nodes, exits, cases)",
        "  never reached: flow 'Ask': exit Other of node 2 (wait, split by @input.text)",
        "  never reached: flow 'Ask': exit No Response of node 2 (wait, split by @input.text)",
        "  never reached: flow 'Ask': node 3 (send_msg 'A number, please')",
        "  never reached: flow 'Ask': exit only of node 3 (send_msg 'A number, please')",
        "  never reached: flow 'Ask': node 5 (send_msg 'Too late')",
        "  never reached: flow 'Ask': exit only of node 5 (send_msg 'Too late')",
    ]


def test_cases_count_each_on_its_own_although_they_share_a_category(tmp_path: Path) -> None:
    both = split("s", cases={"A": ("has_phrase", "a", "n"), "B": ("has_phrase", "b", "n")}, other="n")
    both["router"]["cases"][1]["category_uuid"] = both["router"]["cases"][0]["category_uuid"]
    path = write(tmp_path, one("- text: b\n- reply: x"), export(flow("Texts", both, node("n", say("x")))))
    assert "never reached: flow 'Texts': case has_phrase a of node 1" in flow_test(path).output
    assert "case has_phrase b of" not in flow_test(path).output


def test_too_little_coverage_exits_with_1(tmp_path: Path) -> None:
    path = write(tmp_path, one("- text: hello\n- reply: Thanks"))
    assert flow_test(path, "--fail-under", "60").exit_code == 0
    done = flow_test(path, "--fail-under", "90")
    assert (done.exit_code, "62.5 % was reached, expected at least 90 %" in done.output) == (1, True)
    assert flow_test(path, "--fail-under", "101").exit_code == 2


def test_flows_that_are_entered_count_and_others_are_named(tmp_path: Path) -> None:
    child = flow("Child", node("c", say("child")))
    enter = node("p", action("enter_flow", flow={"uuid": uid("Child"), "name": "Child"}))
    document = export(flow("Parent", enter), child, flow("Alone", node("z", say("z"))), catch_all="Parent")
    done = flow_test(write(tmp_path, one("- text: a\n- reply: child"), document))
    assert "100.0 % reached (4 of 4 nodes, exits, cases)" in done.output
    assert "flows that no conversation enters: Alone" in done.output


def test_json_and_junit_have_every_conversation(tmp_path: Path) -> None:
    path = write(tmp_path, one('- text: "a<b\\x01"\n- reply: Bye'))
    done = flow_test(path, "--json", "--junit", tmp_path / "junit.xml")
    document = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [(found["generation"], found["outcome"]) for found in document["conversations"]] == [
        ("9", "failed"), ("new", "failed"),
    ]  # fmt: skip
    assert document["conversations"][0]["problems"] == [{"line": 7, "text": "expected the text Bye, got Thanks"}]
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "2", "0")
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert "a<b\\x01" in str(failure.text)


def test_a_file_that_cannot_be_written_exits_with_2(tmp_path: Path) -> None:
    path = write(tmp_path, one("- text: hello\n- reply: Thanks"))
    done = flow_test(path, "--junit", tmp_path / "none" / "junit.xml")
    assert (done.exit_code, "cannot be written: No such file" in done.output) == (2, True)


class Tags(HTMLParser):
    """The tags of a page, and its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_is_one_file_without_scripts_and_escapes_all_texts(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    document = export(flow("Texts", node("a", say(evil)), node("b", say('"<b>&'))))
    path = write(tmp_path, one(f"- text: '{evil}'\n- reply: '{evil}'"), document)
    assert flow_test(path, "--html", tmp_path / "page.html").exit_code == 0
    text = (tmp_path / "page.html").read_text("utf-8")
    page = Tags()
    page.feed(text)
    assert "script" not in page.tags
    assert "svg" in page.tags
    assert f"phone -> RapidPro     {evil}" in page.words
    assert "default-src 'none'" in text
    assert "flow 'Texts': node 2" in page.words


def test_the_picture_shows_each_node_and_exit_and_what_was_never_reached(tmp_path: Path) -> None:
    results = run_files([write(tmp_path, one("- text: hello\n- reply: Thanks"))], ["9"])
    ((path, _),) = results.exports.items()
    coverage = results.coverage(path)
    picture = picture_of(coverage.flows[0], coverage.counts)
    assert mermaid(picture).splitlines() == [
        "flowchart TD",
        "    n1[\"1. call_webhook 'https://cht.example.org/api/v2/sms/ra...'<br/>once\"]",
        "    n2[\"2. send_msg 'Thanks'<br/>once\"]",
        "    n3[\"3. send_msg 'Sorry, #64;contact.name'<br/>0 times\"]:::never",
        "    end((end))",
        '    n1 -->|"Success"| n2',
        '    n1 -.->|"Other"| n3',
        '    n2 -->|"only"| end',
        '    n3 -.->|"only"| end',
        "    classDef never stroke-dasharray: 4 4,fill:#fff1f0",
    ]
    root = ElementTree.fromstring(svg(picture))
    space = "{http://www.w3.org/2000/svg}"
    assert [group.get("class") for group in root.iter(f"{space}g")] == ["box", "box", "box never"]
    assert [one.get("class") for one in root.iter(f"{space}path")] == ["arrow", "arrow never", "arrow", "arrow never"]
    boxes = [(float(one.get("x", 0)), float(one.get("y", 0))) for one in root.iter(f"{space}rect")]
    assert len(set(boxes)) == 3
    width, height = map(float, re.findall(r"[0-9.]+", root.get("viewBox", ""))[2:])
    assert all(x + 200 <= width and y + 58 <= height for x, y in boxes)


NAMES = ("post", "thanks", "sorry")
PLACES = {uid(name): (10.0 * index, 20.0) for index, name in enumerate(NAMES)}
WHOLE = {"nodes": {uuid: {"position": {"left": left, "top": top}} for uuid, (left, top) in PLACES.items()}}
PART = {"nodes": {uid("post"): {"position": {"left": 10, "top": 20}}}}
NULL = {"nodes": {uid("post"): None}}


@pytest.mark.parametrize(
    ("ui", "expected"), [(WHOLE, PLACES), (PART, None), ({}, None), (None, None), (NULL, None), ({"nodes": []}, None)]
)
def test_positions_of_the_editor_are_used_if_all_nodes_have_them(ui: object, expected: object) -> None:
    definition = {**relay()["flows"][0], "_ui": ui}
    read = WatchedFlows([definition], ENGINES["9"]).get(uid("Texts"))
    assert positions_in(definition, read) == expected
