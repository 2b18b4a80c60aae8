"""Collects a history from the state of the services and the ledger: what is judged, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from conformance.history.model import Arrival, Call, History, IncomingText, Strangers
from conformance.history.others import ADMINISTRATOR
from conformance.history.reading import message_of, moment, reports_in, stripped, texts_of
from conformance.history.strangers import Before, before, strangers
from conformance.history.unsendable import Originals
from conformance.services.control_client import ControlClient
from conformance.verdicts import HarnessBroken
from fakes.redaction import Redaction

RELAY = "relay"
"""The name of the relay's token in RapidPro; those of its former ones begin with it."""
ROWS = "/rapidpro/messages"


class Exchanges:
    """The exchanges of the ledger numbered above `after`. The ledger only grows, so only new ones are fetched.

    `hide` are secrets that the fakes do not know: the token that the relay expects.
    """

    def __init__(self, control: ControlClient, after: int, hide: Redaction | None = None) -> None:
        self._control = control
        self._hide = hide
        self._last = after
        self._calls: list[Call] = []

    def all(self) -> Sequence[Call]:
        """All exchanges so far. HarnessBroken if some of them, or parts of them, are not kept any more."""
        new = self._control.exchanges(self._last, whole=True)
        if new:
            expect_whole(new)
            calls = (Call.from_json(exchange) for exchange in new)
            self._calls += calls if self._hide is None else [_without_secrets(call, self._hide) for call in calls]
            self._last = new[-1]["seq"]
        return self._calls


def expect_whole(exchanges: Iterable[Mapping[str, Any]]) -> None:
    """HarnessBroken if a body that a check may need was too long for the ledger. The harness's own are not needed."""
    for exchange in exchanges:
        for name in ("request", "reply"):
            cut = (exchange[name] or {}).get("cut")
            if cut is not None and ADMINISTRATOR not in exchange["request"]["headers"].get("authorization", ""):
                which = f"{exchange['seq']}, {exchange['service']} {exchange['method']} {exchange['path']},"
                raise HarnessBroken(
                    f"exchange {which} cannot be judged: the ledger keeps {cut['shown']} of the {cut['length']} bytes "
                    f"of its {name}. Start the fakes with --ledger-body {cut['length']} or more"
                )


def _without_secrets(call: Call, hide: Redaction) -> Call:
    values = [call.path, call.query, call.body, call.reply_body, *call.headers.values(), *call.reply_headers.values()]
    if not hide.concerns("\n".join(values)):
        return call
    path, query, body, reply_body, *rest = hide.values(values)
    headers = dict(zip(call.headers, rest, strict=False))
    reply_headers = dict(zip(call.reply_headers, rest[len(headers) :], strict=True))
    return replace(
        call, path=path, query=query, body=body, reply_body=reply_body, headers=headers, reply_headers=reply_headers
    )


@dataclass(frozen=True, slots=True)
class Others:
    """How strangers are told from people: the numbers `known` so far in this run, and what was there at the start."""

    known: Set[str]
    earlier: Before


def earlier_than_now(control: ControlClient, documents: Iterable[Mapping[str, Any]], *, others_write: bool) -> Before:
    """What is there at the start of a scenario."""
    return before(documents, control.get(ROWS)["messages"], others_write=others_write)


def observe(
    control: ControlClient,
    documents: Iterable[Mapping[str, Any]],
    numbers: Set[str],
    incoming_texts: Sequence[IncomingText],
    calls: Sequence[Call],
    others: Others | None = None,
) -> History:
    """The history of the people with these `numbers`, and of strangers if `others` says who they are.

    `calls` are the exchanges that belong to it.
    """
    docs = list(documents)
    all_rows = control.get(ROWS)["messages"]
    rows = [row for row in all_rows if row["number"] in numbers]
    outgoing = tuple(texts_of(docs, numbers))
    originals = Originals(outgoing)
    sent = [row for row in rows if row["direction"] == "out"]
    return History(
        incoming_texts=tuple(incoming_texts),
        reports=tuple(report for report in reports_in(docs) if report.number in numbers),
        outgoing_texts=outgoing,
        arrivals=originals.named(arrivals(control, numbers)),
        messages=originals.named(tuple(message_of(row) for row in sent if _by_relay(row))),
        calls=tuple(calls),
        flow_replies=tuple((row["number"], stripped(row["text"])) for row in rows if row["origin"] == "flow"),
        strangers=Strangers() if others is None else strangers(docs, all_rows, others.known | numbers, others.earlier),
        others=frozenset(row["id"] for row in sent if not _by_relay(row)),
        refs=frozenset(_refs(docs)),
    )


def _by_relay(row: Mapping[str, Any]) -> bool:
    """Whether the relay had this message sent: with its own token, or a former one of it."""
    return row["origin"] != "flow" and str(row["sent_by"] or "").startswith(RELAY)


def _refs(docs: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for doc in docs:
        sms = doc.get("sms_message")
        if isinstance(sms, Mapping) and sms.get("gateway_ref"):
            yield str(sms["gateway_ref"])


def arrivals(control: ControlClient, numbers: Set[str]) -> tuple[Arrival, ...]:
    """What the phones with these numbers received, as it arrived."""
    phones = control.get("/rapidpro/phones", texts="yes")["texts"]
    return tuple(
        Arrival(number, stripped(text["text"]), moment(text["at"]), text.get("message_id"))
        for number in sorted(numbers & phones.keys())
        for text in phones[number]
        if text["direction"] == "received"
    )
