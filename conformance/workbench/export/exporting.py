"""What a session becomes: which file, with which name and content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from conformance.reports.file_writing import as_json
from conformance.workbench.bench import Bench
from conformance.workbench.export.html_report import html_report
from conformance.workbench.export.pytest_test import pytest_test
from conformance.workbench.session.outcome import outcome
from conformance.workbench.session.recorder import Recorder
from conformance.workbench.session.session import Session
from conformance.workbench.settings import BenchSettings


class Exporter:
    """Makes the files of one workbench."""

    def __init__(self, bench: Bench, recorder: Recorder, settings: BenchSettings) -> None:
        self.bench = bench
        self.recorder = recorder
        self.settings = settings

    def session(self) -> Session:
        """The session so far. What came of it is told only if another play must come to the same: in virtual time."""
        with self.bench.lock:
            virtual = self.bench.driver is not None
            return Session(
                profile=self.settings.profile,
                seed=self.settings.seed,
                poll_seconds=self.settings.poll_seconds,
                began=self.recorder.began,
                ended=self.bench.world.now(),
                actions=tuple(sorted(self.recorder.actions, key=lambda one: one.at)),  # in real time they overlap
                outcome=outcome(self.bench.history(), self.recorder.names.hide) if virtual else None,
                missing=tuple(self.recorder.sentences()),
                cht_release=self.settings.cht_release,
            )

    def export(self, kind: str) -> tuple[str, str, str]:
        """Name, content type and content of the file. NotAsTest if no test can be made of it."""
        return KINDS[kind](self)


def _scenario(exporter: Exporter) -> tuple[str, str, str]:
    return "session.json", "application/json", as_json(exporter.session().as_json())


def _pytest(exporter: Exporter) -> tuple[str, str, str]:
    return "test_session.py", "text/x-python; charset=utf-8", pytest_test(exporter.session())


def _report(exporter: Exporter) -> tuple[str, str, str]:
    with exporter.bench.lock:
        return "session.html", "text/html; charset=utf-8", html_report(exporter.bench, exporter.session())


KINDS: Mapping[str, Callable[[Exporter], tuple[str, str, str]]] = MappingProxyType(
    {"scenario": _scenario, "pytest": _pytest, "report": _report}
)
