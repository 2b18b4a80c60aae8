"""Starting the fakes for a test, in this process or as processes; a used one can be taken again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from conformance.services.in_process import InProcessFakes
from conformance.testing.callers_world import CallersWorld
from conformance.testing.processes import SeparateFakes
from conformance.testing.sms_world import Mode, SmsWorld, not_in_process
from conformance.world.timing import RealTiming, VirtualTiming
from fakes.cht.releases.table import NEWEST, RELEASES
from fakes.rapidpro.versions.profiles import DEFAULT, PROFILES
from fakes.serving.wsgi import WSGIApp

MODES = ("in-process", "processes")
CLOCKS = ("virtual", "system")


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """How a world is started. ValueError for a value that does not exist, with those that do.

    `clock` is for processes; in process time is always virtual.
    """

    mode: Mode = "in-process"
    profile: str = DEFAULT
    cht_release: str = NEWEST
    seed: int = 1
    clock: Literal["virtual", "system"] | None = None

    def __post_init__(self) -> None:
        known = {"mode": MODES, "profile": tuple(PROFILES), "cht_release": tuple(RELEASES)}
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name}: expected one of {', '.join(values)}, got {getattr(self, name)!r}")
        if self.clock not in (None, *CLOCKS):
            raise ValueError(f"clock: expected {' or '.join(CLOCKS)}, got {self.clock!r}")
        if self.mode == "in-process" and self.clock == "system":
            raise ValueError('clock: in process time is virtual; use mode="processes" for real time')
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise ValueError(f"seed: expected a whole number, got {self.seed!r}")


class Started(Protocol):
    """Running fakes of which each test takes a new world."""

    def world(self) -> SmsWorld:
        """A world that starts over: state, faults, channel. Earlier exchanges are not shown in it."""
        ...

    def close(self) -> None:
        """Stop the fakes."""
        ...


class StartedInProcess:
    """Fakes in this process."""

    def __init__(self, options: WorldOptions) -> None:
        self._fakes = InProcessFakes(options.profile, options.seed, cht_release=options.cht_release)
        self._reached: list[str] = []
        self._world: CallersWorld | None = None

    def world(self) -> SmsWorld:
        self._end_world()
        self._fakes.reset()
        apps = {name: self._fakes.app(name) for name in ("rapidpro", "cht")}
        world = self._world = CallersWorld(self._fakes, VirtualTiming())
        return SmsWorld(world, "in-process", self._fakes.connect, self._reach, apps)

    def _reach(self, url: str, app: WSGIApp) -> None:
        self._fakes.reach(url, app)
        self._reached.append(url)

    def _end_world(self) -> None:
        if self._world is not None:
            self._world.subject.stop()
        while self._reached:
            self._fakes.reach_no_more(self._reached.pop())

    def close(self) -> None:
        self._end_world()
        self._fakes.close()


class StartedProcesses:
    """Fakes in a process of their own."""

    def __init__(self, options: WorldOptions) -> None:
        clock = options.clock or "system"
        self._fakes = SeparateFakes(options.profile, options.cht_release, options.seed, clock)
        self._virtual = clock == "virtual"

    def world(self) -> SmsWorld:
        self._fakes.restore_defaults()
        timing = VirtualTiming() if self._virtual else RealTiming(0)
        return SmsWorld(CallersWorld(self._fakes, timing), "processes", lambda _session: None, not_in_process, {})

    def close(self) -> None:
        self._fakes.close()


def start(options: WorldOptions) -> Started:
    """Start fakes with these options. HarnessBroken if they do not start."""
    return StartedInProcess(options) if options.mode == "in-process" else StartedProcesses(options)


@contextmanager
def start_world(
    *,
    mode: Mode = "in-process",
    profile: str = DEFAULT,
    cht_release: str = NEWEST,
    seed: int = 1,
    clock: Literal["virtual", "system"] | None = None,
) -> Iterator[SmsWorld]:
    """Start both fakes for a `with` block: in this process on virtual time, or as `processes` in real time.

    `profile` is RapidPro's version, `cht_release` CHT's, `seed` is for everything random. `clock="virtual"` gives
    processes a virtual clock. Raises ValueError for an unknown value, HarnessBroken if the fakes do not start.
    """
    started = start(WorldOptions(mode, profile, cht_release, seed, clock))
    try:
        yield started.world()
    finally:
        started.close()
