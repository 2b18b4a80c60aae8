"""The options of `conform` that say what is judged, and the worlds for it."""

from __future__ import annotations

import ipaddress
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click

from conformance.cli.options.types import is_loopback
from conformance.live.account import Account
from conformance.live.cht import LiveChtWorlds
from conformance.running.http_worlds import HttpWorlds, nothing
from conformance.running.worlds import BuiltInWorlds, InProcessWorlds, Worlds
from conformance.services.processes import FakeProcesses
from conformance.subjects.built_in import UnknownSubject, named
from conformance.subjects.external import ExternalRelay, free_port
from conformance.subjects.reference_process import ReferenceProcess
from conformance.world.timing import PATIENCE

REFERENCE_POLL = 0.2
PASSWORD = "CHT_PASSWORD"
Announce = Callable[[FakeProcesses], None]


@dataclass(frozen=True, slots=True)
class SubjectOptions:
    """The options of a caller: which subject is judged, and how. `environment` is from a subject file."""

    http: bool
    url: str | None
    command: str | None
    profile: str
    seed: int
    poll_seconds: float | None
    subject: str | None = None
    cht_url: str | None = None
    cht_user: str | None = None
    allow_remote: bool = False
    bind: str | None = None
    cht_port: int | None = None
    rapidpro_port: int | None = None
    start_seconds: float | None = None
    patience_seconds: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    log_folder: Path | None = None

    def check(self) -> None:
        """click.UsageError for options that do not go together."""
        check_started(self.url, self.command)
        self._check_one_subject()
        only_with: tuple[tuple[str, object, bool, str], ...] = (
            ("--poll-seconds", self.poll_seconds, bool(self.url or self.cht_url), "--subject-url or --cht-url"),
            ("--cht-port", self.cht_port, self.runs_already(), "--subject-url without --subject-command"),
            ("--rapidpro-port", self.rapidpro_port, self.runs_already(), "--subject-url without --subject-command"),
            ("--start-seconds", self.start_seconds, self.url is not None, "--subject-url"),
            ("--patience-seconds", self.patience_seconds, self.over_sockets(), "--subject-url or --http"),
            ("--bind", self.bind, self.runs_already() or bool(self.cht_url), "--cht-url, or --subject-url alone"),
            ("--allow-remote", self.allow_remote or None, bool(self.url or self.cht_url), "--subject-url or --cht-url"),
        )
        for name, value, usable, partner in only_with:
            if value is not None and not usable:
                raise click.UsageError(f"{name} goes with {partner}: it affects nothing else")
        if (self.cht_url is None) != (self.cht_user is None):
            raise click.UsageError("--cht-url and --cht-user go together: which CHT, and its administrator")
        if self.cht_port is not None and self.cht_port == self.rapidpro_port:
            raise click.UsageError(f"--cht-port and --rapidpro-port are both {self.cht_port}: they must differ")
        self._check_remote()

    def _check_one_subject(self) -> None:
        if self.http and self.url is not None:
            raise click.UsageError("--http is for the reference relay; --subject-url always uses sockets")
        named_ = {"--http": self.http, "--subject-url": self.url, "--subject": self.subject, "--cht-url": self.cht_url}
        used = [name for name, value in named_.items() if value]
        if len(used) > 1:
            raise click.UsageError(f"{used[1]} and {used[0]} both say what is judged: use one of them")

    def _check_remote(self) -> None:
        if self.cht_url is not None and self.bind is not None and ipaddress.ip_address(self.bind).is_unspecified:
            raise click.UsageError(
                f"--bind {self.bind} is not an address that CHT can call: give one that it can reach"
            )
        if self.allow_remote:
            return
        if self.cht_url is not None and not is_loopback(self.cht_url):
            raise click.UsageError(
                f"{self.cht_url} is not on this machine, and judging a CHT changes its settings and documents: "
                "if it is your own test instance, use --allow-remote"
            )
        if self.url is not None and not is_loopback(self.url):
            raise click.UsageError(
                f"{self.url} is not on this machine, and judging a relay sends it texts: if it is your own test "
                "instance, use --allow-remote"
            )

    def over_sockets(self) -> bool:
        """Whether a relay is judged over sockets."""
        return self.http or self.url is not None

    def runs_already(self) -> bool:
        """Whether the subject is a relay that the harness does not start."""
        return self.url is not None and self.command is None

    def several_worlds(self) -> bool:
        """Whether several worlds are possible: the harness starts the subject, over sockets each at another port."""
        return self.in_process() or self.http or self.command is not None

    def in_process(self) -> bool:
        """Whether the subject is one that is built in, in a process of the harness and in virtual time."""
        return self.cht_url is None and not self.over_sockets()

    def one_of_many(self, number: int) -> Worlds:
        """The worlds of the process with this number, for the only subject."""
        return self.worlds_by_subject()[0] if self.in_process() else self.http_worlds(number)

    def worlds_by_subject(self, announce: Announce = nothing) -> list[Worlds]:
        """The worlds of each subject. click.UsageError for an unknown name or a missing password."""
        if self.subject is not None:
            return [self._built_in(name) for name in self._names(self.subject)]
        if self.cht_url is not None:
            return [LiveChtWorlds(self.profile, self.seed, self._account(os.environ), self.poll_seconds, self.bind)]
        if self.over_sockets():
            return [self.http_worlds(0, announce)]
        return [InProcessWorlds(self.profile, self.seed)]

    def http_worlds(self, number: int, announce: Announce = nothing) -> HttpWorlds:
        """The worlds over sockets. Those of a `number` above 0 are further ones, with the relay at another port."""
        ports = {"rapidpro": self.rapidpro_port, "cht": self.cht_port}
        return HttpWorlds(
            self.profile,
            partial(
                FakeProcesses, self.profile, self.seed, self.bind, {name: port for name, port in ports.items() if port}
            ),
            partial(self._relay, None if self.url is None else self.url if number == 0 else elsewhere(self.url)),
            patience=self.patience_seconds or PATIENCE,
            announce=announce,
            probing=number == 0,
        )

    def _relay(self, url: str | None) -> ExternalRelay:
        if url is None:
            return reference_process(self.log_folder)
        return ExternalRelay(
            url,
            self.command,
            poll_seconds=self.poll_seconds or 1,
            log_folder=self.log_folder,
            environment=self.environment,
            start_seconds=self.start_seconds,
        )

    def one_by_one(self) -> list[SubjectOptions]:
        """The options for each of the built-in subjects alone."""
        return [replace(self, subject=name) for name in self._names(str(self.subject))]

    def _names(self, names_option: str) -> list[str]:
        names = list(dict.fromkeys(word.strip() for word in names_option.split(",") if word.strip()))
        if not names:
            raise click.UsageError("--subject is empty: give names such as reference,cht-5.2")
        return names

    def _built_in(self, name: str) -> Worlds:
        try:
            return BuiltInWorlds(self.profile, self.seed, named(name))
        except UnknownSubject as problem:
            raise click.UsageError(str(problem)) from None

    def _account(self, environment: Mapping[str, str]) -> Account:
        password = environment.get(PASSWORD)
        if not password:
            raise click.UsageError(f"the environment variable {PASSWORD} is not set: the password of {self.cht_user}")
        return Account(str(self.cht_url).rstrip("/"), str(self.cht_user), password)

    def arguments(self, name: str = "") -> str:
        """These options as a command line, to repeat the run; `name` is the built-in subject, if one is meant."""
        words = ["--profile", self.profile, "--seed", str(self.seed)]
        words += ["--http"] if self.http else []
        words += ["--allow-remote"] if self.allow_remote else []
        valued: dict[str, str | float | None] = {
            "--subject": name if self.subject is not None else None,
            "--subject-url": self.url,
            "--subject-command": self.command,
            "--cht-url": self.cht_url,
            "--cht-user": self.cht_user,
            "--bind": self.bind,
            "--cht-port": self.cht_port,
            "--rapidpro-port": self.rapidpro_port,
            "--poll-seconds": self.poll_seconds,
            "--start-seconds": self.start_seconds,
            "--patience-seconds": self.patience_seconds,
        }
        for option, value in valued.items():
            if value is not None:
                words += [option, f"{value:g}" if isinstance(value, float) else str(value)]
        return shlex.join(words)


def elsewhere(url: str) -> str:
    """The same address at another port, which is free now."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return parts._replace(netloc=f"{host}:{free_port()}").geturl()


def check_started(url: str | None, command: str | None) -> None:
    """click.UsageError if a relay is to be started, but the address where it will listen is missing."""
    if command is None:
        return
    if url is None:
        raise click.UsageError("--subject-command needs --subject-url: where the relay will listen")
    if urlsplit(url).port is None:
        raise click.UsageError(f"--subject-command needs a port in --subject-url, such as {url.rstrip('/')}:7070")


def reference_process(log_folder: Path | None = None) -> ExternalRelay:
    """The reference relay as a separate process."""
    return ReferenceProcess(REFERENCE_POLL, log_folder=log_folder)
