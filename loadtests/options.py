"""From the options of `load` to a run: which shape, which subject, which time, which limits; and what does not fit."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from conformance.cli.options.subject import SubjectOptions
from conformance.cli.options.subject_arguments import settings_for
from conformance.cli.options.types import is_loopback
from conformance.live.cht import USUAL_INTERVAL
from conformance.running.worlds import Worlds
from conformance.services.processes import FakeProcesses
from conformance.subjects.built_in import REFERENCE, BuiltIn, UnknownSubject, named
from loadtests.driving.driver import Crew
from loadtests.gates import AT_LEAST, Limits
from loadtests.results import LoadRun
from loadtests.running.job import Job
from loadtests.running.judging import judged
from loadtests.running.real_time import run_in_real_time
from loadtests.running.settling import REAL, VIRTUAL, Patience
from loadtests.running.virtual_time import run_in_virtual_time
from loadtests.shapes.model import Shape
from loadtests.shapes.reading import BadShape, chosen

MASTER_PORT = 5557
"""Where Locust's masters usually listen."""
MILLISECONDS = ("p50_ms", "p95_ms", "p99_ms")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """The options of `load`, besides those about the subject. None: not given."""

    name: str | None = None
    file: Path | None = None
    texts: int | None = None
    seconds: float | None = None
    quota: int | None = None
    limits: Limits = field(default_factory=Limits)
    drain_seconds: float | None = None
    settle_seconds: float | None = None
    processes: int = 1
    master: bool = False
    master_bind: str = "127.0.0.1"
    master_port: int = MASTER_PORT
    expect_workers: int | None = None
    web_port: int | None = None

    def shape(self) -> Shape:
        """The shape with what the options change. click.UsageError if there is no such shape."""
        try:
            shape = chosen(self.name, self.file)
        except BadShape as problem:
            raise click.UsageError(str(problem)) from None
        shape = shape if self.texts is None else shape.with_texts(self.texts)
        shape = shape if self.seconds is None else shape.within(self.seconds)
        return shape if self.quota is None else replace(shape, quota=self.quota)

    def crew(self, shape: Shape) -> Crew:
        """Which processes send. click.UsageError for what does not go together."""
        if self.master != (self.expect_workers is not None):
            raise click.UsageError("--master and --expect-workers go together: how many workers to wait for")
        if self.master and self.processes > 1:
            raise click.UsageError("--processes starts workers on this machine; --master waits for those that come")
        by_phone = any(one.who == "people" and one.by == "phone" for one in shape.traffic)
        if self.master and by_phone and not is_loopback(f"http://{self.master_bind}"):
            raise click.UsageError(
                f"in {shape.name} people text in by RapidPro, which only this machine can reach: use a shape in which "
                "texts come by the webhook, or --processes"
            )
        return Crew(
            self.processes, self.expect_workers, self.master_bind, self.master_port if self.master else 0, self.web_port
        )

    def only_in_real_time(self, shape: Shape) -> None:
        """click.UsageError if an option makes no sense in virtual time."""
        given = {
            "--seconds": self.seconds is not None,
            "--processes": self.processes > 1,
            "--master": self.master,
            "--web": self.web_port is not None,
            **{f"--{name.replace('_', '-')}": getattr(self.limits, name) is not None for name in MILLISECONDS},
        }
        for name, used in given.items():
            if used:
                raise click.UsageError(
                    f"{name} needs real time, and {shape.name} is run in virtual time here: use --http, --subject-url "
                    "or --cht-url"
                )
        if shape.ramp is not None:
            raise click.UsageError(
                f"{shape.name} measures speed, which virtual time does not have: use --http, --subject-url or --cht-url"
            )

    def patience(self, usual: Patience) -> Patience:
        """How long to wait for what is left."""
        return Patience(self.drain_seconds or usual.limit, self.settle_seconds or usual.unchanged)

    def words(self) -> list[str]:
        """These options as words of a command line, to repeat the run."""
        valued: dict[str, object] = {
            "--file": self.file, "--texts": self.texts, "--seconds": self.seconds, "--quota": self.quota,
            **{option(name): getattr(self.limits, name) for name in Limits.__dataclass_fields__},
            "--drain-seconds": self.drain_seconds, "--settle-seconds": self.settle_seconds,
            "--processes": self.processes if self.processes > 1 else None,
            "--expect-workers": self.expect_workers,
            "--master-bind": self.master_bind if self.master else None,
            "--master-port": self.master_port if self.master else None,
        }  # fmt: skip
        found = ["relay-harness", "load", *([self.name] if self.name else []), *(["--master"] if self.master else [])]
        for name, value in valued.items():
            if value is not None:
                found += [name, f"{value:g}" if isinstance(value, float) else str(value)]
        return found


def option(limit: str) -> str:
    """The option of a limit: of some figures it is the least that is wanted."""
    name = limit.replace("_", "-")
    return f"--min-{name}" if limit in AT_LEAST else f"--{name}"


def limits_of(given: Mapping[str, Any]) -> Limits:
    """The limits among the values of options."""
    return Limits(**{name: given[name] for name in Limits.__dataclass_fields__})


def run(options: LoadOptions, subject: SubjectOptions, say: Callable[[str], None], *, reports: bool = False) -> LoadRun:
    """Run the shape against the subject and judge it. click.UsageError, HarnessBroken, or SubjectFailed if it ends."""
    shape = options.shape()
    if options.limits.highest_rate is not None and shape.ramp is None:
        raise click.UsageError(f"--min-highest-rate goes with a ramp: {shape.name} has no highest rate")
    one = built_in(subject, shape)
    command = shlex.join(options.words()) + f" {subject.arguments(subject.subject or '')}"
    if one is not None:
        options.only_in_real_time(shape)
        job = Job(shape, subject.seed, options.limits, options.patience(VIRTUAL), command, say)
        return judged(job, run_in_virtual_time(job, one, subject.profile))
    crew = options.crew(shape)
    job = Job(shape, subject.seed, options.limits, options.patience(between_polls(subject)), command, say, crew,
              reports=reports)  # fmt: skip
    return judged(job, run_in_real_time(job, worlds(subject, say)))


def between_polls(subject: SubjectOptions) -> Patience:
    """How long to wait in real time: between two polls, or two passes of a live CHT, nothing changes."""
    poll = subject.poll_seconds or (USUAL_INTERVAL if subject.cht_url is not None else 1.0)
    return replace(REAL, unchanged=REAL.unchanged + 3 * poll)


def built_in(subject: SubjectOptions, shape: Shape) -> BuiltIn | None:
    """The built-in subject to be run in virtual time; None if the shape is to be run in real time, over sockets."""
    if subject.over_sockets() or subject.cht_url is not None:
        return None
    if subject.subject is None and shape.time == "real":
        return None
    name = (subject.subject or REFERENCE).strip()
    try:
        return named(name)
    except UnknownSubject as problem:
        raise click.UsageError(f"{problem}; load takes one at a time") from None


def worlds(subject: SubjectOptions, say: Callable[[str], None]) -> Worlds:
    """The world over sockets: of a relay, of a live CHT, or of the reference relay as a process."""

    def announce(services: FakeProcesses) -> None:
        if subject.runs_already():
            say(settings_for(services, subject.url))

    if subject.over_sockets() or subject.cht_url is not None:
        return subject.worlds_by_subject(announce)[0]
    return replace(subject, http=True).http_worlds(0)
