"""Finds the pickle (the scenario with its example's values) of each result in the feature files.

What has none, such as conduct, which no scenario states, gets a feature that is written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gherkin.ast_builder import AstBuilder
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler, GherkinDocumentWithURI, Pickle
from gherkin.stream.id_generator import IdGenerator

from conformance.evidence.model import Step, StepOutcome
from conformance.reports.ci.times import feature_of
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.visible import visible

UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
KEYWORDS = ("Given", "When", "Then", "And", "But", "*")


@dataclass(slots=True)
class Feature:
    """A feature file with its pickles, and those of them that were run."""

    uri: str
    text: str
    document: GherkinDocumentWithURI
    names: dict[str, list[Pickle]]
    """Its pickles by the name that their results have."""
    run: list[Pickle] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.document["feature"]["name"]) if "feature" in self.document else ""

    def take(self, feature: str, scenario: str) -> Pickle | None:
        """The pickle of a result, each only once. A result without a feature's name may belong to any."""
        if feature not in ("", self.name) or not self.names.get(scenario):
            return None
        self.run.append(self.names[scenario].pop(0))
        return self.run[-1]


class Features:
    """The feature files that a report's results come from, and a pickle for each result."""

    def __init__(self, folder: Path, report: Report, ids: IdGenerator) -> None:
        self._ids = ids
        sources = [(f"features/{path.name}", path.read_text("utf-8")) for path in sorted(folder.glob("*.feature"))]
        files = [self._parsed(uri, text) for uri, text in sources]
        found: dict[int, Pickle] = {}
        missing: dict[str, list[int]] = {}
        for place, result in enumerate(report.results):
            pickle = None if result.elsewhere else _taken(files, result)
            if pickle is None:
                missing.setdefault(feature_of(result), []).append(place)
            else:
                found[place] = pickle
        sentences = {one.id: one.sentence for one in report.requirements}
        for name, places in missing.items():
            files.append(self._written(name, [report.results[place] for place in places], sentences))
            found.update(zip(places, files[-1].run, strict=True))
        self.used = [feature for feature in files if feature.run]
        self.pickles = [found[place] for place in range(len(report.results))]

    def _parsed(self, uri: str, text: str) -> Feature:
        document: Any = Parser(AstBuilder(self._ids)).parse(text)
        document["uri"] = uri
        rows = dict(_rows(document))
        names: dict[str, list[Pickle]] = {}
        raw = dict(_scenario_names(document))
        for pickle in Compiler(self._ids).compile(document):
            scenario, *row = pickle["astNodeIds"]
            example = "-".join(rows[row[0]]) if row else ""
            names.setdefault(f"{raw[scenario]} ({example})" if example else raw[scenario], []).append(pickle)
        return Feature(uri, text, document, names)

    def _written(self, name: str, results: Sequence[ScenarioResult], sentences: Mapping[str, str]) -> Feature:
        """A feature for results that no file has; its pickles are in the order of the results, and count as run."""
        uri = f"written/{UNSAFE.sub('-', name)[:60]}.feature"
        feature = self._parsed(uri, "\n".join(_feature_lines(name, results, sentences)))
        pickles = [pickle for named in feature.names.values() for pickle in named]
        feature.run = sorted(pickles, key=lambda pickle: pickle["location"]["line"])
        return feature


def _taken(files: Sequence[Feature], result: ScenarioResult) -> Pickle | None:
    taken = (one.take(result.feature, result.name) for one in files)
    return next((pickle for pickle in taken if pickle is not None), None)


def _scenarios(document: Any) -> Iterator[Any]:
    feature = document.get("feature") or {"children": []}
    for child in feature["children"]:
        inner = child["rule"]["children"] if "rule" in child else [child]
        yield from (one["scenario"] for one in inner if "scenario" in one)


def _scenario_names(document: Any) -> Iterator[tuple[str, str]]:
    for scenario in _scenarios(document):
        yield scenario["id"], scenario["name"]


def _rows(document: Any) -> Iterator[tuple[str, list[str]]]:
    for scenario in _scenarios(document):
        for examples in scenario["examples"]:
            for row in examples["tableBody"]:
                yield row["id"], [cell["value"] for cell in row["cells"]]


def _feature_lines(name: str, results: Sequence[ScenarioResult], sentences: Mapping[str, str]) -> Iterator[str]:
    yield f"Feature: {_line(name)}"
    for result in results:
        yield ""
        yield "  " + " ".join(f"@req:{UNSAFE.sub('-', id_)}" for id_ in result.requirements)
        yield f"  Scenario: {_line(result.name)}"
        sentence = " ".join(sentences.get(id_, id_) for id_ in result.requirements)
        steps = result.evidence.steps if result.evidence else ()
        for step in steps or (Step("*", sentence, StepOutcome.NOT_RUN),):
            yield f"    {step.keyword if step.keyword in KEYWORDS else '*'} {_line(step.text)}"


def _line(words: str) -> str:
    """On one line, and never empty: Gherkin would take an empty step for the end of a scenario."""
    return " ".join(visible(words).split()) or "-"
