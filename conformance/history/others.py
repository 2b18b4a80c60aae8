"""What others did: people who use CHT or the workspace too, and CHT and RapidPro themselves.

The relay is not blamed for what is theirs. All of this is looked up only where a check would find a violation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.history.model import GATEWAY_PATH, Call, History, OutgoingText, StoredReport

RELAY_USER = "gateway"
"""The relay's user in CHT."""

RELAY_TOKEN = "[hidden:rapidpro:relay"
"""How the ledger shows the relay's own token, and its former ones."""

ADMINISTRATOR = "[hidden:cht:password of admin]"
"""The harness itself asks CHT as its administrator. No relay has this password."""

SURE_DIGITS = 8
"""The last digits of a number, which are the same however it is written."""

Key = tuple[str, str]
"""The number and the words of a text."""


def parsed(body: str) -> Any:
    """A JSON body; None if it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def entries(body: str, name: str) -> list[Mapping[str, Any]]:
    """The objects in the list `name` of a JSON body."""
    found = parsed(body)
    rows = found.get(name) if isinstance(found, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def calls_to_cht(history: History) -> Iterator[Call]:
    """The relay's calls to CHT: those of its user."""
    for call in history.calls:
        if call.service == "cht" and call.direction == "in" and call.method == "POST":
            user = call.headers.get("authorization", "").partition(" ")[2].partition(":")[0]
            if user in ("", RELAY_USER):
                yield call


def own_reports(history: History) -> list[StoredReport]:
    """The reports in CHT that the relay stored; not those of health workers, of other gateways or programs."""
    ids = {text.id for text in history.incoming_texts}
    return [report for report in history.reports if report.ref in ids or not _stored_by_others(history, report)]


def _stored_by_others(history: History, report: StoredReport) -> bool:
    """Whether no call of the relay brought this report. Where nobody calls CHT's gateway API, CHT is the relay itself.

    A gateway always gives an id; who gives none uses another of CHT's interfaces.
    """
    calls = list(calls_to_cht(history))
    if report.ref:
        gateway = [call.body for call in calls if call.path == GATEWAY_PATH]
        return bool(gateway) and not any(_holds(body, report.ref) for body in gateway)
    return not any(_holds(call.body, report.text) for call in calls if call.path != GATEWAY_PATH)


def _holds(body: str, value: str) -> bool:
    found = parsed(body)
    return value in words_of(found) if found is not None else value in body


def words_of(value: Any) -> Iterator[str]:
    """All values in a JSON document, however deep, as text; not its keys."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from words_of(one)
    elif value is not None:
        yield str(value)


def confirmed(history: History, number: str, text: str) -> int:
    """How many texts with these words CHT confirmed to the relay, and has no longer under their ids.

    Somebody has deleted them since. An id that came with other words too does not count: CHT keeps the first only.
    """
    by_id: dict[str, set[Key]] = {}
    for call in calls_to_cht(history):
        if call.path == GATEWAY_PATH and call.status == 200 and call.fault is None and is_answer(call.reply_body):
            for row in entries(call.body, "messages"):
                by_id.setdefault(str(row.get("id")), set()).add((str(row.get("from")), str(row.get("content"))))
    return sum(keys == {(number, text)} and id_ not in history.refs for id_, keys in by_id.items())


def is_answer(body: str) -> bool:
    """Whether this is an answer of CHT's gateway API, and not a page."""
    found = parsed(body)
    return isinstance(found, dict) and isinstance(found.get("messages"), list)


def handed_out(history: History) -> dict[str, set[Key]]:
    """What CHT handed out, by id: a text may have been changed or deleted in CHT since."""
    found: dict[str, set[Key]] = {}
    for call in history.calls:
        if call.service == "cht" and call.path == GATEWAY_PATH and call.status == 200:
            for row in entries(call.reply_body, "messages"):
                found.setdefault(str(row.get("id")), set()).add((str(row.get("to")), str(row.get("content")).strip()))
    return found


def times_handed_out(history: History, number: str, text: str) -> int:
    """How many texts with these words CHT handed out, under different ids."""
    return sum((number, text) in keys for keys in handed_out(history).values())


def changed_in_cht(history: History, text: OutgoingText) -> bool:
    """Whether CHT handed this text out with other words before somebody changed them."""
    return any(key != (text.number, text.text) for key in handed_out(history).get(text.uuid, ()))


def sends(history: History) -> Iterator[Call]:
    """The relay's accepted requests to RapidPro to send something."""
    for call in history.calls:
        to_rapidpro = call.service == "rapidpro" and call.direction == "in" and call.method == "POST"
        # An answer may have been lost, or spoilt by a fault, after RapidPro took the request.
        accepted = call.acted and (call.status is None or call.status < 300 or call.fault is not None)
        if to_rapidpro and accepted and RELAY_TOKEN in call.headers.get("authorization", ""):
            yield call


def accepted_without_message(history: History, text: OutgoingText) -> bool:
    """Whether RapidPro accepted this text, and made no message with it: for a blocked contact, for example, or because
    it chose another number of the contact (mailroom issue 599, rapidpro issue 452)."""
    if any((one.number, one.text) == (text.number, text.text) for one in history.messages):
        return False
    return any(text.number in call.body and _holds_words(call.body, text.text) for call in sends(history))


def chosen_by_rapidpro(history: History, number: str, text: str) -> bool:
    """Whether the relay had this text sent, but never to this number: RapidPro chose another number of the contact."""
    bodies = [call.body for call in sends(history) if "tel:" in call.body]
    asked_for = any(number[-SURE_DIGITS:] in body for body in bodies)
    return not asked_for and any(_holds_words(body, text) for body in bodies)


def asked_by_relay(history: History, number: str, text: str) -> bool:
    """Whether the relay's own token asked RapidPro to send something to this number, in whatever way.

    By a URN, which has the number in it; or by a contact or a group, which do not show the number: then the words must
    be those of the request, or those of a flow, which no request shows.
    """
    for call in sends(history):
        if number[-SURE_DIGITS:] in call.body:  # with its country code or without
            return True
        if "tel:" not in call.body and (call.path.endswith("/flow_starts.json") or _holds_words(call.body, text)):
            return True
    return False


def by_others(call: Call) -> bool:
    """Whether somebody else than the relay made this request: with a token of his own, or as CHT's administrator."""
    token = call.headers.get("authorization", "")
    return ("[hidden:rapidpro:" in token and RELAY_TOKEN not in token) or ADMINISTRATOR in token


def _holds_words(body: str, text: str) -> bool:
    """Whether a request has these words, with or without the doubled @ that RapidPro needs."""
    return any(text in (one.strip(), one.strip().replace("@@", "@")) for one in words_of(parsed(body)))


def was_failed(history: History, text: OutgoingText) -> bool:
    """Whether RapidPro told the relay that its message with this text has failed: somebody may have resent it since."""
    ids = {one.id for one in history.messages if (one.number, one.text) == (text.number, text.text)}
    return any(
        row.get("id") in ids and row.get("status") == "failed"
        for call in history.calls
        if call.service == "rapidpro" and call.method == "GET" and call.status == 200
        for row in entries(call.reply_body, "results")
    )
