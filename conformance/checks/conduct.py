"""How the subject behaves towards its neighbours: quotas, secrets, requests that nobody needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from conformance.checks.needed import need_of
from conformance.checks.violation import Violation, shown
from conformance.history.model import Call, History
from conformance.history.others import by_others
from fakes.serving.other_origin import ELSEWHERE

SLACK = timedelta(milliseconds=100)
"""Tolerance for requests that were already on their way when RapidPro answered 429."""

HIDDEN = re.compile(r"\[hidden:([^\]]+)\]")

NOT_GIVEN = frozenset({"cht:password of admin"})
"""Secrets that no relay is given, so that it cannot reveal them. A short one is found in ordinary words: `pass` in
`passed` or `dépasse`."""


def scope(call: Call) -> str:
    """The quota that a RapidPro request counts towards (RapidPro, `temba/api/v2/views.py`, `throttle_scope`)."""
    name = PurePosixPath(call.path).name.removesuffix(".json")
    return name if name in {"broadcasts", "messages", "contacts", "runs"} else "others"


def called_while_throttled(history: History) -> Iterator[Violation]:
    """A request for which RapidPro had answered 429, before the time in its Retry-After had passed."""
    until: dict[str, tuple[Call, timedelta]] = {}
    for call in sorted(history.calls, key=lambda one: (one.at, one.seq)):
        if call.service != "rapidpro" or call.direction != "in":
            continue
        quota = scope(call)
        if quota in until:
            refused, wait = until[quota]
            if refused.at + SLACK < call.at < refused.at + wait - SLACK:
                yield Violation(
                    "called_while_throttled",
                    "throttle-ignored",
                    f"{call.method} {call.path} came {(call.at - refused.at).total_seconds():.1f} s after a 429 that "
                    f"asked for {wait.total_seconds():.0f} s",
                    calls=(refused.seq, call.seq),
                )
        wait_for = call.reply_headers.get("retry-after", "")
        if call.status == 429 and wait_for.isdigit() and quota not in _still(until, call):
            until[quota] = (call, timedelta(seconds=int(wait_for)))


def _still(until: dict[str, tuple[Call, timedelta]], call: Call) -> set[str]:
    """The quotas whose waiting time has not passed at the time of `call`: a further 429 does not prolong it."""
    return {quota for quota, (refused, wait) in until.items() if call.at < refused.at + wait - SLACK}


def secret_leaked(history: History) -> Iterator[Violation]:
    """A secret where it does not belong: in a path, a body, another header, a request to the wrong service, the relay's
    own answer, or what it prints. In base64, hex and other disguises, too.

    The ledger replaces secrets by `[hidden:OWNER:NAME]`, so that they can be found but not read.
    """
    for call in history.calls:
        places = _own_answer(call) if call.direction == "out" else _request(call)
        for place, value in places.items():
            for name in _secrets(value):
                owner = name.split(":", 1)[0]
                if call.direction == "out":
                    yield _leaked(
                        f"the answer to {call.method} {call.path}: its {place} contains the secret {name}", call
                    )
                elif place != "authorization" or owner != call.service:
                    yield _leaked(f"{call.method} {call.path}: {place} contains the secret {name}", call)
    for line in history.output:
        for name in dict.fromkeys(_secrets(line)):
            yield _leaked(f"it printed the secret {name}: {shown(line, 100)}")


def _request(call: Call) -> Mapping[str, str]:
    return {"path": call.path, "query": call.query, "body": call.body, **call.headers}


def _own_answer(call: Call) -> Mapping[str, str]:
    """The relay's answer to RapidPro's webhook. What a service answers to CHT's own calls is not the relay's."""
    return {"body": call.reply_body, **call.reply_headers} if call.service == "rapidpro" else {}


def _secrets(value: str) -> Sequence[str]:
    if "[hidden:" not in value:  # nearly always; quicker than the regular expression
        return ()
    return [name for name in HIDDEN.findall(value) if name not in NOT_GIVEN]


def _leaked(sentence: str, call: Call | None = None) -> Violation:
    return Violation("secret_leaked", "secret-leaked", sentence, calls=() if call is None else (call.seq,))


def needless_call(history: History) -> Iterator[Violation]:
    """A request for something else than sending, finding and following texts, such as contacts; or for a path or a
    method that the service does not have.

    One violation for each kind of request. What others in the workspace ask, and the harness itself, is left out.
    """
    seen: set[tuple[str, str, str]] = set()
    for call in history.calls:
        kind = (call.service, call.method, call.path)
        if call.direction != "in" or call.service == ELSEWHERE or kind in seen or by_others(call):
            continue
        seen.add(kind)
        need = need_of(*kind)
        if need is None:
            yield _needless(call, "no relay needs this to send, find and follow texts")
        elif call.unexpected and not need.elsewhere:
            yield _needless(call, call.unexpected)


def _needless(call: Call, why: str) -> Violation:
    return Violation(
        "needless_call", "needless", f"{call.service}: {call.method} {call.path}: {why}", calls=(call.seq,)
    )
