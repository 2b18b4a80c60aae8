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
from conformance.running.misconduct import Misconduct
from conformance.running.plugin import ConformancePlugin, requirement_ids, scenario_name, scenario_of
from conformance.running.scenario_order import Order, ScenarioLoop, in_order
from conformance.running.worlds import Worlds
from conformance.shadowing import ROOT
from conformance.verdicts import Verdict

QUIET = (
    "--disable-plugin-autoload", "-p", "pytest_bdd.plugin", "-p", "no:terminal",
    "-p", "no:cacheprovider", "-p", "no:logging", "-c", os.devnull, "--import-mode=importlib",
    "-o", "disable_test_id_escaping_and_forfeit_all_rights_to_community_support=true",
)  # fmt: skip
"""Options of pytest: other installed plugins must neither slow nor change a run."""
DISTURBING = ("PYTEST_", "PY_COLORS")
"""Beginnings of the names of environment variables that change how pytest runs."""


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
    scenarios: Sequence[str] = (),
    repeat: Callable[[tuple[str, ...]], str] = lambda _ids: "",
    on_result: Callable[[ScenarioResult], None] = lambda _result: None,
    verbose: bool = False,
) -> Report:
    """Judge the subject of `worlds` by the `requirements`, in this process.

    What breaks is in the report, and never raised. `scenarios`: names of the only scenarios to judge, if any are given
    (`judged_by` names their requirements); `verbose`: the evidence of every scenario in full, of
    passed ones too.
    """
    report = Report(worlds.describe(), worlds.profile, requirements)
    play(worlds, report, scenarios=scenarios, repeat=repeat, on_result=on_result, verbose=verbose)
    return report


def play(
    worlds: Worlds,
    report: Report,
    *,
    scenarios: Sequence[str] = (),
    order: Order = in_order,
    repeat: Callable[[tuple[str, ...]], str],
    on_result: Callable[[ScenarioResult], None],
    misconduct: Misconduct | None = None,
    verbose: bool = False,
) -> None:
    """Play the scenarios of `report.requirements` as `order` says. The report gets their results as they come.

    KeyboardInterrupt after a signal; the report has what was judged until then.
    """
    plugin = ConformancePlugin(
        worlds,
        report,
        known=load(),
        scenarios=scenarios,
        repeat=repeat,
        on_result=on_result,
        misconduct=misconduct,
        verbose=verbose,
    )
    problems = Problems()
    folder = features_folder()
    try:
        with undisturbed(), rare_collection():
            status = pytest.main(
                [*QUIET, f"--rootdir={folder}", str(folder)], plugins=[plugin, problems, ScenarioLoop(order)]
            )
    finally:
        worlds.end()
        report.broken.extend(problems.found)
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not report.broken:
        report.broken.append(f"pytest ended with {status!r}: no scenario was judged")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Take the variables that change pytest out of the environment for a while."""
    taken = {name: os.environ.pop(name) for name in tuple(os.environ) if name.startswith(DISTURBING)}
    try:
        yield
    finally:
        os.environ.update(taken)


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


class UnknownScenario(ValueError):
    """No scenario of the selected requirements has this name."""


@dataclass(frozen=True, slots=True)
class ScenarioEntry:
    """A scenario as `list` and `show` print it."""

    name: str
    requirements: tuple[str, ...]
    feature: str
    steps: tuple[str, ...]


def scenarios() -> list[ScenarioEntry]:
    """All scenarios, without running any. KeyboardInterrupt after a signal, which pytest itself only reports."""
    collector = Collector()
    folder = features_folder()
    with undisturbed():
        status = pytest.main([*QUIET, "--collect-only", f"--rootdir={folder}", str(folder)], plugins=[collector])
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return collector.found


def judged_by(names: Sequence[str], requirements: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """Those of the requirements that scenarios with these names judge. UnknownScenario if one judges none of them."""
    ids = {requirement.id for requirement in requirements}
    judging = [entry for entry in scenarios() if entry.name in names and ids & set(entry.requirements)]
    for name in names:
        if all(name != entry.name for entry in judging):
            raise UnknownScenario(f"no scenario of the selected requirements is named {name!r}")
    return tuple(one for one in requirements if any(one.id in entry.requirements for entry in judging))


def planned(requirements: Sequence[Requirement], names: Sequence[str] = ()) -> list[ScenarioEntry]:
    """The scenarios that judge these requirements, in the order in which a run knows them; only those with one of the
    names, if any are given."""
    ids = {requirement.id for requirement in requirements}
    judging = [entry for entry in scenarios() if ids & set(entry.requirements)]
    return [entry for entry in judging if not names or entry.name in names]


def end_early(report: Report, entries: Sequence[ScenarioEntry], why: str) -> None:
    """Put the results into the order of the planned `entries`; those without one are unknown, because of `why`."""
    left = list(report.results)
    report.results.clear()
    for entry in entries:
        found = [one for one in left if (one.name, one.requirements) == (entry.name, entry.requirements)]
        left = [one for one in left if one not in found]
        reason = f"not judged: {why}"
        missing = ScenarioResult(entry.name, entry.requirements, Verdict.UNKNOWN, 0.0, reason, feature=entry.feature)
        report.results.extend(found or [missing])
    report.results.extend(left)
    report.ended_early = why


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
