"""JUnit XML as Jenkins, GitLab and GitHub actions read it: a suite for each feature, a test case for each result.

Source: `junit-10.xsd` of Jenkins' xunit plugin, which allows properties of a suite, but not of a test case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from conformance.reports.ci.times import began, by_feature, feature_of, total
from conformance.reports.ladder_text import as_text
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.visible import visible
from conformance.verdicts import Verdict

OUTCOMES = {Verdict.FAILED: "failure", Verdict.BROKEN: "error", Verdict.UNKNOWN: "skipped"}


def junit_xml(report: Report) -> str:
    """The report as JUnit XML. Characters that XML forbids are shown as `[U+0000]`."""
    root = Element("testsuites", {"name": visible(f"CHT-RapidPro conformance of {report.name}")})
    _count(root, report.results, report.broken)
    for feature, results in by_feature(report).items():
        suite = _suite(root, report, feature, results)
        for result in results:
            _case(suite, result)
    if report.broken:
        suite = _suite(root, report, "The harness", (), report.broken)
        for sentence in report.broken:
            case = SubElement(suite, "testcase", {"name": "runs", "classname": "The harness", "time": "0.000"})
            SubElement(case, "error", {"type": "broken", "message": _first_line(sentence)}).text = visible(sentence)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suite(
    root: Element, report: Report, name: str, results: Sequence[ScenarioResult], broken: Sequence[str] = ()
) -> Element:
    suite = SubElement(root, "testsuite", {"name": visible(name)})
    _count(suite, results, broken)
    suite.set("skipped", str(sum(one.verdict is Verdict.UNKNOWN for one in results)))
    suite.set("timestamp", began(report, results[0] if results else None).isoformat(timespec="seconds"))
    properties = SubElement(suite, "properties")
    for key, value in _properties(report, results):
        SubElement(properties, "property", {"name": key, "value": visible(value)})
    return suite


def _properties(report: Report, results: Sequence[ScenarioResult]) -> Iterable[tuple[str, str]]:
    yield "subject", report.name
    yield "profile", report.profile
    yield "seed", str(report.run.seed)
    yield "harness", report.run.harness
    yield "command", report.run.command
    ids = {id_ for result in results for id_ in result.requirements}
    for one in report.requirements:
        if one.id in ids:
            yield "requirement", f"{one.id} {one.level} {report.verdict(one)}: {one.sentence}"


def _count(element: Element, results: Sequence[ScenarioResult], broken: Sequence[str]) -> None:
    verdicts = [one.verdict for one in results]
    element.set("tests", str(len(results) + len(broken)))
    element.set("failures", str(verdicts.count(Verdict.FAILED)))
    element.set("errors", str(verdicts.count(Verdict.BROKEN) + len(broken)))
    element.set("time", f"{total(results):.3f}")


def _case(suite: Element, result: ScenarioResult) -> None:
    name = f"{' '.join(result.requirements)}: {result.name}"
    attributes = {"name": name, "classname": feature_of(result), "time": f"{result.seconds:.3f}"}
    case = SubElement(suite, "testcase", {key: visible(value) for key, value in attributes.items()})
    outcome = OUTCOMES.get(result.verdict)
    if outcome is not None:
        about = {"type": result.verdict.value, "message": _first_line(result.reason)}
        words = "\n\n".join(part for part in (visible(result.reason), as_text(result)) if part)
        SubElement(case, outcome, about).text = words


def _first_line(words: str) -> str:
    return visible(words.partition("\n")[0])
