"""The endpoint of the flow's webhooks: answers as the file says, or the fake CHT."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from conformance.flows.conversations.model import Rule
from conformance.flows.playing.exports import BadExport
from conformance.flows.playing.matching import request_fits
from fakes.assembly import Fakes, assemble_services
from fakes.cht import Cht
from fakes.clock import VirtualClock
from fakes.rapidpro.flows.engine import Answer, NoConnection, Request
from fakes.rapidpro.versions.engines import ENGINES
from fakes.service import SeedError
from fakes.serving.wsgi import build_environ, call

RAPIDPRO_WAITS = 15
"""Seconds that RapidPro waits for an answer."""
KEY = "cht-incoming-token"
"""The fake CHT's credential for RapidPro if the file gives none."""
TOO_LARGE = max(rules.max_answer for rules in ENGINES.values())
"""Bytes that each generation still reads."""
USUAL = {"status": 200, "body": {}}
DATA = "data_record"


class Endpoint:
    """A `send` for the engine. Time passes for answers that are late when `settle` is called, after the stretch."""

    def __init__(self, rules: Sequence[Rule], cht: Mapping[str, Any], clock: VirtualClock) -> None:
        self._rules = list(rules)
        self._used: dict[int, int] = {}
        self._next: list[Any] = []
        self._settings = cht
        self._clock = clock
        self._fakes: Fakes | None = None
        self._late = 0

    def answer_next(self, answer: Any) -> None:
        """The answer to the next request, before those of the rules."""
        self._next.append(answer)

    def send(self, request: Request) -> Answer:
        """One exchange. NoConnection if the answer is late or there is none."""
        answer = self._chosen(request)
        if answer == "gone":
            raise NoConnection(request.url)
        if answer == "late":
            self._late += 1
            raise NoConnection(request.url)
        if answer in ("fake-cht", "fake-cht late"):
            found = self._ask_cht(request)
            if answer == "fake-cht":
                return found
            self._late += 1
            raise NoConnection(request.url)
        if answer == "too large":
            return Answer(200, {"Content-Type": "text/plain"}, b" " * (TOO_LARGE + 1))
        return _given({"status": answer, "body": {}} if isinstance(answer, int) else answer)

    def settle(self) -> None:
        """Let the time pass that RapidPro waited in vain."""
        seconds, self._late = self._late * RAPIDPRO_WAITS, 0
        self._clock.advance(seconds)

    def reports(self) -> list[dict[str, Any]] | None:
        """The reports that the fake CHT has, oldest first; None if there is no fake CHT."""
        if self._fakes is None:
            return [] if self._uses_cht() else None
        found = [one for one in _cht(self._fakes).state.all_docs() if one.get("type") == DATA]
        return sorted(found, key=lambda one: (one.get("reported_date") or 0, one["_id"]))

    def _uses_cht(self) -> bool:
        return any(isinstance(one, str) and one.startswith("fake-cht") for rule in self._rules for one in rule.answers)

    def _chosen(self, request: Request) -> Any:
        if self._next:
            return self._next.pop(0)
        for number, rule in enumerate(self._rules):
            if request_fits(rule.request, request.method, request.url):
                used = self._used.get(number, 0)
                self._used[number] = used + 1
                return rule.answers[min(used, len(rule.answers) - 1)]
        return USUAL if not self._rules else "gone"

    def _ask_cht(self, request: Request) -> Answer:
        if self._fakes is None:
            self._fakes = self._start_cht()
        parts = urlsplit(request.url)
        environ = build_environ(
            request.method, parts.path or "/", parts.query, request.headers, request.body.encode(),
            host=parts.netloc or "cht",
        )  # fmt: skip
        reply = call(self._fakes.apps["cht"], environ)
        return Answer(reply.status, dict(reply.headers), reply.body)

    def _start_cht(self) -> Fakes:
        seed = {"credentials": {"rapidpro:incoming": self._settings.get("key") or KEY}}
        fakes = assemble_services(["cht"], self._clock)
        given = {**seed, **{name: self._settings[name] for name in ("settings", "docs") if name in self._settings}}
        try:
            fakes.services["cht"].seed(given)
        except SeedError as error:
            raise BadExport(f"cht: {error}") from None
        return fakes


def _cht(fakes: Fakes) -> Cht:
    service = fakes.services["cht"]
    assert isinstance(service, Cht)
    return service


def _given(answer: Mapping[str, Any]) -> Answer:
    body, headers = answer.get("body", ""), dict(answer.get("headers") or {})
    if not isinstance(body, str):
        body = json.dumps(body)
        headers = {"Content-Type": "application/json", **headers}
    return Answer(int(answer["status"]), headers, body.encode())
