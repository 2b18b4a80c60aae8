"""Which endpoint `flow outcomes` calls: the fake CHT, the reference relay, or the relay at an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from conformance.cli.options.subject import SubjectOptions
from conformance.flows.outcomes.endpoints import FakeCht, RelayBefore, fresh_fakes
from conformance.flows.outcomes.outcome import Open
from conformance.running.worlds import Worlds
from conformance.services.processes import plain_session
from conformance.subjects.in_process import WEBHOOK, InProcessRelay
from conformance.verdicts import Verdict
from conformance.world.world import World
from fakes.rapidpro.versions.profiles import DEFAULT
from fakes.serving.transport import InProcessSession


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """The options of a caller. `cht_port`: where the fake CHT listens for a relay that runs already."""

    reference: bool = False
    url: str | None = None
    command: str | None = None
    cht_port: int | None = None
    allow_remote: bool = False

    def check(self) -> None:
        """click.UsageError for options that do not go together."""
        if self.url is None and (self.command is not None or self.cht_port is not None):
            raise click.UsageError("--subject-command and --cht-port go with --subject-url: they affect nothing else")
        if self.reference and self.url is not None:
            raise click.UsageError("--reference and --subject-url both say what is called: use one of them")
        self._subject().check()

    @property
    def about(self) -> str:
        """What is called, for people."""
        return self.url or ("the reference relay" if self.reference else "the fake CHT")

    @contextmanager
    def opened(self) -> Iterator[Open]:
        """Makes the endpoint anew for each conversation; at the end all is stopped."""
        if not self.reference and self.url is None:
            fakes = fresh_fakes()
            yield lambda key: FakeCht(fakes, key)
            return
        (worlds,) = self._subject().worlds_by_subject()
        worlds.begin()
        opened: list[World] = []
        try:
            yield _opener(worlds, opened)
        finally:
            for world in opened:
                worlds.close(world, Verdict.PASSED)
            worlds.end()

    def _subject(self) -> SubjectOptions:
        return SubjectOptions(False, self.url, self.command, DEFAULT, 1, None, cht_port=self.cht_port,
                              allow_remote=self.allow_remote)  # fmt: skip


def _opener(worlds: Worlds, opened: list[World]) -> Callable[[str], RelayBefore]:
    def open_(key: str) -> RelayBefore:  # noqa: ARG001 - a relay has a token of its own
        while opened:
            worlds.close(opened.pop(), Verdict.PASSED)
        world = worlds.open()
        opened.append(world)
        session = plain_session()
        if isinstance(world.subject, InProcessRelay):
            session = InProcessSession()
            session.mount(WEBHOOK, world.subject.adapter())
        return RelayBefore(world, session)

    return open_
