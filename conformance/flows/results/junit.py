"""The results of conversations as JUnit XML, which CI systems show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree

from conformance.flows.judging.result import ConversationResult
from conformance.flows.judging.running import Results

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Results) -> str:
    """A test suite for each file, a test case for each conversation and generation."""
    root = ElementTree.Element("testsuites", {"name": "relay-harness flow test", **_counts(results.conversations)})
    for path, of_file in groupby(results.conversations, key=lambda one: one.conversation.path):
        found = list(of_file)
        suite = ElementTree.SubElement(root, "testsuite", {"name": str(path), **_counts(found)})
        for one in found:
            _case(suite, one)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(results: Iterable[ConversationResult]) -> dict[str, str]:
    found = list(results)
    return {
        "tests": str(len(found)),
        "failures": str(sum(one.outcome == "failed" for one in found)),
        "errors": str(sum(one.outcome == "broken" for one in found)),
        "time": f"{sum(one.seconds for one in found):.3f}",
    }


def _case(suite: ElementTree.Element, one: ConversationResult) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=_clean(one.conversation.path.stem),
        name=_clean(f"{one.conversation.name} [{one.generation}]"), file=str(one.conversation.path),
        line=str(one.conversation.line), time=f"{one.seconds:.3f}",
    )  # fmt: skip
    if one.outcome != "passed":
        kind = "failure" if one.outcome == "failed" else "error"
        problems = [f"{one.conversation.path}:{each.line}: {each.text}" for each in one.problems]
        told = ElementTree.SubElement(case, kind, message=_clean(one.problems[0].text if one.problems else one.outcome))
        told.text = _clean("\n".join([*(line.written() for line in one.lines), *problems]))


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
