"""The options of `conform` that say what is judged, and the worlds for it."""

from __future__ import annotations

import ipaddress
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import click

from conformance.cli.options.types import is_loopback
from conformance.live.account import Account
from conformance.live.cht import LiveChtWorlds
from conformance.running.worlds import BuiltInWorlds, HttpWorlds, InProcessWorlds, Worlds
from conformance.subjects.built_in import UnknownSubject, named
from conformance.subjects.external import ExternalRelay
from conformance.subjects.reference_process import ReferenceProcess

REFERENCE_POLL = 0.2
PASSWORD = "CHT_PASSWORD"


@dataclass(frozen=True, slots=True)
class SubjectOptions:
    """The options of a caller: which subject is judged, and how."""

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

    def check(self) -> None:
        """click.UsageError for options that do not go together."""
        check_started(self.url, self.command)
        if self.http and self.url is not None:
            raise click.UsageError("--http is for the reference relay; --subject-url always uses sockets")
        for name, value in (("--subject", self.subject), ("--cht-url", self.cht_url)):
            others = {"--http": self.http, "--subject-url": self.url}
            if value is not None and any(others.values()):
                other = next(word for word, used in others.items() if used)
                raise click.UsageError(f"{name} and {other} both say what is judged: use one of them")
        if self.subject is not None and self.cht_url is not None:
            raise click.UsageError("--subject and --cht-url both say what is judged: use one of them")
        if self.poll_seconds is not None and self.command is None and self.cht_url is None:
            raise click.UsageError("--poll-seconds goes with --subject-command or --cht-url: it affects nothing else")
        if (self.cht_url is None) != (self.cht_user is None):
            raise click.UsageError("--cht-url and --cht-user go together: which CHT, and its administrator")
        self._check_remote()
        self._check_bind()

    def _check_bind(self) -> None:
        if self.bind is None:
            return
        if self.cht_url is None:
            raise click.UsageError("--bind goes with --cht-url: it is for a CHT that cannot reach the loopback address")
        if ipaddress.ip_address(self.bind).is_unspecified:
            raise click.UsageError(
                f"--bind {self.bind} is not an address that CHT can call: give one that it can reach"
            )

    def _check_remote(self) -> None:
        if self.allow_remote and self.cht_url is None:
            raise click.UsageError("--allow-remote goes with --cht-url")
        if self.cht_url is not None and not self.allow_remote and not is_loopback(self.cht_url):
            raise click.UsageError(
                f"{self.cht_url} is not on this machine, and judging a CHT changes its settings and documents: "
                "if it is your own test instance, use --allow-remote"
            )

    def worlds_by_subject(self) -> list[Worlds]:
        """The worlds of each subject. click.UsageError for an unknown name or a missing password."""
        if self.subject is not None:
            return [self._built_in(name) for name in self._names(self.subject)]
        if self.cht_url is not None:
            return [LiveChtWorlds(self.profile, self.seed, self._account(os.environ), self.poll_seconds, self.bind)]
        if self.url is not None:
            return [HttpWorlds(self.profile, self.seed, self._external)]
        if self.http:
            return [HttpWorlds(self.profile, self.seed, reference_process)]
        return [InProcessWorlds(self.profile, self.seed)]

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

    def _external(self) -> ExternalRelay:
        return ExternalRelay(str(self.url), self.command, poll_seconds=self.poll_seconds or 1)

    def arguments(self, name: str = "") -> str:
        """These options as a command line, to repeat the run; `name` is the built-in subject, if one is meant."""
        words = ["--profile", self.profile, "--seed", str(self.seed)]
        if self.http:
            words.append("--http")
        if self.allow_remote:
            words.append("--allow-remote")
        valued = {
            "--subject": name if self.subject is not None else None,
            "--subject-url": self.url,
            "--subject-command": self.command,
            "--cht-url": self.cht_url,
            "--cht-user": self.cht_user,
            "--bind": self.bind,
            "--poll-seconds": None if self.poll_seconds is None else f"{self.poll_seconds:g}",
        }
        words += [word for option, value in valued.items() if value is not None for word in (option, value)]
        return shlex.join(words)


def check_started(url: str | None, command: str | None) -> None:
    """click.UsageError if a relay is to be started, but the address where it will listen is missing."""
    if command is None:
        return
    if url is None:
        raise click.UsageError("--subject-command needs --subject-url: where the relay will listen")
    if urlsplit(url).port is None:
        raise click.UsageError(f"--subject-command needs a port in --subject-url, such as {url.rstrip('/')}:7070")


def reference_process() -> ExternalRelay:
    """The reference relay as a separate process."""
    return ReferenceProcess(REFERENCE_POLL)
