"""The pytest plugin: the fixtures `sms_world`, `fake_rapidpro` and `fake_cht`. docs/pytest-plugin.md explains them.

Importing it imports nothing of the harness: that happens when a test uses a fixture.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

from cht_rapidpro_harness.ours import imported

if TYPE_CHECKING:
    from conformance.testing.cht import FakeCht
    from conformance.testing.rapidpro import FakeRapidPro
    from conformance.testing.sms_world import SmsWorld
    from conformance.testing.start import Started

MARKER = "sms_world"
OPTIONS = {
    "mode": "in-process (default) or processes",
    "profile": "RapidPro's version, such as 9.3 or 26",
    "cht_release": "CHT's release, such as 5.2",
    "seed": "the seed of everything random",
    "clock": "system or virtual, for processes",
}
WORLD: pytest.StashKey[SmsWorld] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the ini file: sms_world_mode and so on, for all tests that say nothing else."""
    for name, about in OPTIONS.items():
        parser.addini(f"sms_world_{name}", f"fixture sms_world: {about}", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}({', '.join(OPTIONS)}): the fakes that the fixture sms_world starts")


@pytest.fixture
def sms_world(
    request: pytest.FixtureRequest, _started_fakes: Callable[[dict[str, Any]], Started]
) -> Generator[SmsWorld]:
    """A fake RapidPro and a fake CHT with phones, time and faults, fresh for this test."""
    problem = None
    try:
        world = _started_fakes(options_of(request)).world()
    except ValueError as failure:
        problem = failure
    if problem is not None:  # outside of `except`, so that only the sentence is shown
        pytest.fail(f"{MARKER}: {problem}", pytrace=False)
    request.node.stash[WORLD] = world
    yield world
    report = request.node.stash.get(REPORT, None)
    unused = world.unused_faults() if report is not None and report.passed else []
    if unused:
        names = ", ".join(str(fault["effect"]) for fault in unused)
        pytest.fail(
            f"no request has met these faults, so they tested nothing: {names} (clear_faults() removes them)",
            pytrace=False,
        )


@pytest.fixture
def fake_rapidpro(sms_world: SmsWorld) -> FakeRapidPro:
    """The fake RapidPro of `sms_world`."""
    return sms_world.rapidpro


@pytest.fixture
def fake_cht(sms_world: SmsWorld) -> FakeCht:
    """The fake CHT of `sms_world`."""
    return sms_world.cht


@pytest.fixture(scope="session")
def _started_fakes() -> Generator[Callable[[dict[str, Any]], Started]]:
    """Fakes by their options. Each is started once in a session (under pytest-xdist: in a worker), and then reset."""
    running: dict[object, Started] = {}

    def started(values: dict[str, Any]) -> Started:
        start = imported("conformance.testing.start")
        options = start.WorldOptions(**values)
        if options not in running:
            running[options] = start.start(options)
        return running[options]

    yield started
    for one in running.values():
        one.close()


REPORT: pytest.StashKey[pytest.TestReport] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the last exchanges in the report of a test that failed."""
    report = yield
    world = item.stash.get(WORLD, None)
    if world is not None and report.when == "call":
        item.stash[REPORT] = report
        if report.failed:
            report.sections.append(("last exchanges of sms_world", exchanges_of(world)))
    return report


def exchanges_of(world: SmsWorld) -> str:
    """The last exchanges. Why they cannot be shown, if the fakes have ended: the report of the test comes first."""
    try:
        return world.log()
    except imported("conformance.verdicts").HarnessBroken as failure:
        return f"cannot be read: {failure}"


def options_of(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The options of a test: from its nearest marker, else from the ini file. ValueError for an unknown one."""
    values = {name: value for name in OPTIONS if (value := request.config.getini(f"sms_world_{name}")) is not None}
    if "seed" in values:
        values["seed"] = number(values["seed"])
    marker = request.node.get_closest_marker(MARKER)
    if marker is None:
        return values
    unknown = [repr(value) for value in marker.args] + [name for name in marker.kwargs if name not in OPTIONS]
    if unknown:
        raise ValueError(
            f"the marker takes {', '.join(f'{name}=...' for name in OPTIONS)}, and not {', '.join(unknown)}"
        )
    return {**values, **marker.kwargs}


def number(text: str) -> int:
    """The seed in the ini file."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"sms_world_seed: expected a whole number, got {text!r}") from None
