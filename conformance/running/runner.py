"""Runs the features with one subject and collects the report; used by the command line and by tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
from pytest_bdd.parser import Step

from conformance.reports.report import Report, ScenarioResult
from conformance.requirements.catalogue import Requirement, load
from conformance.running.plugin import ConformancePlugin, requirement_ids, scenario_name, scenario_of
from conformance.running.worlds import Worlds
from conformance.shadowing import ROOT

QUIET = (
    "--disable-plugin-autoload", "-p", "pytest_bdd.plugin", "-p", "no:terminal",
    "-p", "no:cacheprovider", "-p", "no:logging", "-c", os.devnull, "--import-mode=importlib",
    "-o", "disable_test_id_escaping_and_forfeit_all_rights_to_community_support=true",
)  # fmt: skip
"""Options of pytest: other installed plugins must neither slow nor change a run."""


def features_folder() -> Path:
    """The folder of the features, in a checkout or installed. It is beside this package, whatever `sys.path` says."""
    folder = ROOT / "features"
    if not folder.is_dir():
        raise FileNotFoundError("the package `features` is not installed: reinstall the distribution")
    return folder


def conform(
    worlds: Worlds,
    requirements: Sequence[Requirement],
    *,
    repeat: Callable[[tuple[str, ...]], str] = lambda _ids: "",
    on_result: Callable[[ScenarioResult], None] = lambda _result: None,
    on_selected: Callable[[int], None] = lambda _count: None,
) -> Report:
    """Judge the subject of `worlds` by the `requirements`. What breaks is in the report, and never raised."""
    report = Report(worlds.describe(), worlds.profile, requirements)
    plugin = ConformancePlugin(
        worlds, report, known=load(), repeat=repeat, on_result=on_result, on_selected=on_selected
    )
    problems = Problems()
    folder = features_folder()
    try:
        with rare_collection():
            status = pytest.main([*QUIET, f"--rootdir={folder}", str(folder)], plugins=[plugin, problems])
    finally:
        worlds.end()
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    report.broken.extend(problems.found)
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not report.broken:
        report.broken.append(f"pytest ended with {status!r}: no scenario was judged")
    return report


@contextmanager
def rare_collection() -> Iterator[None]:
    """Look for garbage rarely: a run leaves little, and looking every few hundred objects takes 3 % of its time."""
    before = gc.get_threshold()
    gc.set_threshold(20_000, 10, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Problems:
    """Collects what goes wrong outside the scenarios."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Tracebacks without source lines: a third of a run with many failures went into finding these, for nobody."""
        config.option.tbstyle = "native"  # `--tb` itself belongs to the terminal plugin, which is off

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.found.append(f"{report.nodeid} cannot be read: {report.longreprtext}")

    def pytest_internalerror(self, excrepr: object) -> None:
        self.found.append(f"the harness broke: {excrepr}")


@dataclass(frozen=True, slots=True)
class ScenarioEntry:
    """A scenario as `list` and `show` print it."""

    name: str
    requirements: tuple[str, ...]
    feature: str
    steps: tuple[str, ...]


def scenarios() -> list[ScenarioEntry]:
    """All scenarios, without running any."""
    collector = Collector()
    folder = features_folder()
    pytest.main([*QUIET, "--collect-only", f"--rootdir={folder}", str(folder)], plugins=[collector])
    return collector.found


def step_text(step: Step, item: pytest.Item) -> str:
    """The text of a step; in an outline, with the values of the example."""
    sentence = f"{step.keyword} {step.name}"
    example: Mapping[str, str] = getattr(item, "callspec", NoExample()).params.get("_pytest_bdd_example", {})
    for name, value in example.items():
        sentence = sentence.replace(f"<{name}>", value)
    return sentence


class NoExample:
    """The values of a scenario that is not an outline: none."""

    params: Mapping[str, Mapping[str, str]] = MappingProxyType({})


class Collector:
    """Records the collected scenarios."""

    def __init__(self) -> None:
        self.found: list[ScenarioEntry] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            scenario = scenario_of(item)
            steps = () if scenario is None else tuple(step_text(step, item) for step in scenario.steps)
            feature = "" if scenario is None else str(scenario.feature.name)
            self.found.append(ScenarioEntry(scenario_name(item), requirement_ids(item), feature, steps))
