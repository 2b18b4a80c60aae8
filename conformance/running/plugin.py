"""The pytest plugin: gives scenarios their worlds, judges each at its end, and collects verdicts by requirement.

`relay-harness conform` registers it with worlds and a report. Without that, `pytest features` judges the reference
relay in process.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

import pytest
from pytest_bdd.parser import ScenarioTemplate
from pytest_bdd.scenario import scenario_wrapper_template_registry

from conformance.history.model import History
from conformance.reports.report import Report, ScenarioResult
from conformance.requirements.catalogue import Requirement, load
from conformance.running.misconduct import Misconduct
from conformance.running.recording import Recording
from conformance.running.worlds import InProcessWorlds, Worlds
from conformance.subjects.base import Capability
from conformance.verdicts import HarnessBroken, SubjectFailed, Untestable, Verdict, verdict_of
from conformance.world.evidence import gather
from conformance.world.world import World

PROFILE = "26"
SEED = 1

NEEDS = {
    "virtual-time": Capability.VIRTUAL_TIME,
    "restart": Capability.RESTART,
    "cht-outside": Capability.CHT_OUTSIDE,
    "states": Capability.STATES,
}
"""Tags of scenarios, and the capability that each needs of its subject."""


def pytest_bdd_apply_tag(tag: str, function: Callable[..., Any]) -> bool | None:
    """`@req:OUT-4` becomes the marker `req("OUT-4")`; likewise `@incident:X`; `@restart` becomes `needs("restart")`."""
    kind, _, value = tag.partition(":")
    if kind in ("req", "incident") and value:
        getattr(pytest.mark, kind)(value)(function)
        return True
    if tag in NEEDS:
        pytest.mark.needs(tag)(function)
        return True
    known = ", ".join(["@req:ID", "@incident:NAME", *(f"@{name}" for name in NEEDS)])
    raise HarnessBroken(f"unknown scenario tag @{tag}; known: {known}")


def pytest_configure(config: pytest.Config) -> None:
    """Without a registered plugin (`pytest features`), judge the reference relay in process."""
    for name in (
        "req(id): the requirement judged",
        "incident(name): a known incident",
        "needs(tag): the capability needed",
    ):
        config.addinivalue_line("markers", name)
    if not any(isinstance(plugin, ConformancePlugin) for plugin in config.pluginmanager.get_plugins()):
        worlds, known = InProcessWorlds(PROFILE, SEED), load()
        report = Report(worlds.describe(), worlds.profile, known)
        config.pluginmanager.register(ConformancePlugin(worlds, report, known=known))


def requirement_ids(item: pytest.Item) -> tuple[str, ...]:
    """The requirements that a scenario judges."""
    return tuple(mark.args[0] for mark in item.iter_markers("req"))


def scenario_of(item: pytest.Item) -> ScenarioTemplate | None:
    """The scenario of a test, as read from its feature."""
    function = getattr(item, "obj", None)
    return None if function is None else scenario_wrapper_template_registry.get(function)


def scenario_name(item: pytest.Item) -> str:
    """The scenario's name in its feature; for an outline, with the values of the example."""
    scenario = scenario_of(item)
    name = item.name if scenario is None else scenario.name
    example = item.name.partition("[")[2].removesuffix("]")
    return f"{name} ({example})" if example else str(name)


class ConformancePlugin(Recording):
    """One run of the features with one subject. `verbose`: full evidence of every scenario, of passed ones too."""

    def __init__(
        self,
        worlds: Worlds,
        report: Report,
        *,
        known: Iterable[Requirement],
        scenarios: Iterable[str] = (),
        repeat: Callable[[tuple[str, ...]], str] = lambda _ids: "",
        on_result: Callable[[ScenarioResult], None] = lambda _result: None,
        misconduct: Misconduct | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(verbose=verbose)
        self.worlds = worlds
        self.report = report
        self._known = {requirement.id for requirement in known}
        self._scenarios = frozenset(scenarios)
        self._repeat = repeat
        self._on_result = on_result
        self._worlds: dict[str, World] = {}
        self._misconduct = misconduct or Misconduct(report.requirements)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Check tags against requirements, in both directions; keep the selected scenarios."""
        judged = {id_ for item in items for id_ in requirement_ids(item)}
        for item in items:
            if not requirement_ids(item):
                self.report.broken.append(f"{scenario_name(item)!r} names no requirement: tag it @req:ID")
        for id_ in sorted(judged - self._known):
            self.report.broken.append(f"a scenario is tagged @req:{id_}, which requirements.toml does not have")
        for id_ in sorted(self._known - judged):
            self.report.broken.append(f"no scenario judges {id_}: write one and tag it @req:{id_}")
        selected = {requirement.id for requirement in self.report.requirements}
        kept = [item for item in items if selected & set(requirement_ids(item))]
        if self._scenarios:
            kept = [item for item in kept if scenario_name(item) in self._scenarios]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept

    @pytest.fixture
    def world(self, request: pytest.FixtureRequest) -> Generator[World]:
        """Two services, one subject, one clock, fresh for this scenario."""
        item = request.node
        for mark in item.iter_markers("needs"):
            if NEEDS[mark.args[0]] not in self.worlds.capabilities():
                raise Untestable(f"needs {NEEDS[mark.args[0]]}, which this subject does not support")
        world = self.worlds.open()
        self._worlds[item.nodeid] = world
        yield world
        self._worlds.pop(item.nodeid, None)
        self.worlds.close(world, getattr(item, "verdict", Verdict.BROKEN))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Add what the checks of conduct found. Fail the run for that, and if anything broke outside the scenarios."""
        found = self._misconduct.results(self._repeat)
        self.report.results.extend(found)
        if found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self.report.broken and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """After the steps, settle and judge, so that no scenario passes because it looked too early."""
        self.begin_recording()
        try:
            result = yield
            if item.nodeid not in self._worlds:
                raise HarnessBroken("the scenario did not use its world: it tested nothing")
            history = self._worlds[item.nodeid].judge()
        except Untestable:
            raise
        except SubjectFailed as failure:
            self.keep_evidence(self._worlds.get(item.nodeid), failure.rests_on)
            self._look_at_conduct(item)
            raise
        except Exception:  # a fault of the harness, whatever it is: shown with what had happened, and raised again
            self.keep_evidence(self._worlds.get(item.nodeid))
            raise
        self._look_at_conduct(item, history)
        if self.verbose:
            self.keep_evidence(self._worlds[item.nodeid])
        return result

    def _look_at_conduct(self, item: pytest.Item, history: History | None = None) -> None:
        world = self._worlds.get(item.nodeid)
        if world is not None:
            seen = history or world.history()
            self._misconduct.add(
                scenario_name(item),
                requirement_ids(item),
                world.misconduct(seen),
                lambda wrong: self.with_steps(gather(world, seen, wrong, full=self.verbose)),
            )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Under plain pytest: say what the checks of conduct found, since no test failed for it."""
        for result in self._misconduct.results(self._repeat):
            terminalreporter.write_line(f"{' '.join(result.requirements)} failed, {result.name}\n{result.reason}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn the exception into a verdict, and record it."""
        test_report = yield
        failure = call.excinfo.value if call.excinfo is not None else None
        if call.when == "call" or failure is not None:
            verdict = verdict_of(failure)
            item.verdict = verdict  # type: ignore[attr-defined]  # read again by the world fixture
            if verdict is Verdict.UNKNOWN:
                test_report.outcome = "skipped"
                test_report.longrepr = (str(item.path), 0, f"unknown: {failure}")
            self._record(item, verdict, call.duration, reason_of(failure, test_report))
        return test_report

    def _record(self, item: pytest.Item, verdict: Verdict, seconds: float, reason: str) -> None:
        ids = requirement_ids(item)
        repeat = "" if verdict is Verdict.PASSED else self._repeat(ids)
        scenario = scenario_of(item)
        result = ScenarioResult(
            scenario_name(item),
            ids,
            verdict,
            seconds,
            reason,
            repeat,
            feature="" if scenario is None else str(scenario.feature.name or ""),
            started=self.started,
            evidence=self.with_steps(self.evidence),
        )
        self.report.results.append(result)
        self._on_result(result)


def reason_of(failure: BaseException | None, report: pytest.TestReport) -> str:
    """Why a scenario did not pass: one sentence for a verdict of the suite, the traceback if the harness broke."""
    if failure is None:
        return ""
    if verdict_of(failure) is not Verdict.BROKEN or isinstance(failure, HarnessBroken):
        return str(failure)
    return f"{type(failure).__name__}: {failure}\n{report.longreprtext}"
