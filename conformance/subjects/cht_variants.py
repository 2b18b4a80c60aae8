"""The ways in which CHT Core can be its own relay, each as data: what is configured, where texts go in, how it sends.

Sources: cht-core `api/src/services/rapidpro.js` (its gateway), issue 6532 (the prototype by outbound push), recorded as
`outgoing_rapidpro` and `outbound/proto-*`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from conformance.services.cht_client import ChtSide
from conformance.services.control_client import Control
from conformance.services.neighbours import Neighbours
from conformance.services.requests import ASKING, BROADCASTS, SENDING
from conformance.subjects.base import CrashPoint, Means
from conformance.verdicts import Untestable
from fakes.faults.presets import PRESETS

INCOMING = "/api/v2/sms/rapidpro/incoming-messages"
MISSPELT = "/api/v1/sms/radpidpro/incoming-messages"
"""The only path of releases before 4.1."""
FLOW_STARTS = "/api/v2/flow_starts.json"
STORES = frozenset({CrashPoint.TEXT_TAKEN, CrashPoint.REPORT_STORED})
"""CHT takes a text over by storing it: these are one moment."""
Configure = Callable[[ChtSide, Neighbours, Control], None]


@dataclass(frozen=True, slots=True)
class Way:
    """One way. `release` is the release of CHT whose work it is; `asks` whether it asks RapidPro for states.

    `left_aside` are checks of what it never does, which would otherwise show in every scenario with a text out.
    """

    about: str
    release: str
    incoming: str
    sending: str
    asks: bool
    crash_points: frozenset[CrashPoint]
    configure: Configure
    left_aside: frozenset[str] = frozenset()

    @property
    def means(self) -> frozenset[Means]:
        """What it can be put through wherever it runs."""
        return frozenset({Means.STATES} if self.asks else ())

    def meets(self, fault: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fault in the form in which it meets CHT as a relay. Untestable for a fault that cannot meet it."""
        if fault.get("service") == "cht":
            raise Untestable("CHT is the subject itself: nothing stands between it and its gateway API to fail")
        where = _where(fault)
        if where == ASKING and not self.asks:
            raise Untestable("the subject never asks RapidPro for a state")
        if where == SENDING and self.sending != BROADCASTS:
            return {**fault, "match": {**fault.get("match", {}), "method": "POST", "path": self.sending}}
        return fault


def _where(fault: Mapping[str, Any]) -> Mapping[str, Any]:
    """Method and path that a fault or a preset is for; empty for all."""
    preset = PRESETS.get(str(fault.get("preset")))
    by_preset: Mapping[str, Any] = (
        next((one.get("match", {}) for one in preset.faults), {}) if preset is not None else {}
    )
    match = fault.get("match") or by_preset
    return {key: match[key] for key in ("method", "path") if key in match}


def use_gateway(cht: ChtSide, neighbours: Neighbours, _control: Control) -> None:
    """Switch on CHT's own RapidPro gateway, by CHT's own API."""
    cht.settings({"sms": {"outgoing_service": "rapidpro", "rapidpro": {"url": neighbours.rapidpro_url}}})
    cht.credential("rapidpro:incoming", neighbours.incoming_token)
    cht.credential("rapidpro:outgoing", neighbours.rapidpro_token)


def use_push(cht: ChtSide, neighbours: Neighbours, control: Control) -> None:
    """Have a flow started for the first task of each document, as the prototype did; all other sending is off."""
    flow = control.put("/rapidpro/flow", {"says": "@trigger.params.content"})["uuid"]
    push = {
        "relevant_to": "doc.tasks && doc.tasks[0] && doc.tasks[0].state === 'pending'",
        "destination": {
            "base_url": neighbours.rapidpro_url,
            "path": FLOW_STARTS,
            "auth": {"type": "header", "name": "Authorization", "value_key": "rapidpro-header"},
        },
        "mapping": {
            "flow": {"expr": f"'{flow}'"},
            "urns": {"expr": "[ 'tel:' + doc.tasks[0].messages[0].to ]"},
            "extra.id": "doc.tasks.0.messages.0.uuid",
            "extra.content": "doc.tasks.0.messages.0.message",
        },
    }
    cht.credential("rapidpro:incoming", neighbours.incoming_token)
    cht.credential("rapidpro-header", f"Token {neighbours.rapidpro_token}")
    cht.settings(
        {
            "sms": {"outgoing_service": "none"},
            "transitions": {"mark_for_outbound": {"disable": False}},
            "outbound": {"rapidpro-flow": push},
        }
    )


GATEWAY_POINTS = STORES | {CrashPoint.BROADCAST_ACCEPTED, CrashPoint.STATES_ASKED, CrashPoint.STATES_TOLD}
WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "cht-5.2": Way(
            "CHT Core's own RapidPro gateway, release 5.2",
            "5.2", INCOMING, BROADCASTS, True, GATEWAY_POINTS, use_gateway,
        ),
        "cht-3.11": Way(
            "CHT Core's own RapidPro gateway, release 3.11",
            "3.11", MISSPELT, BROADCASTS, True, GATEWAY_POINTS, use_gateway,
        ),
        "outbound-push": Way(
            "the prototype of cht-core issue 6532: an outbound push starts a flow for the first task",
            "5.2", INCOMING, FLOW_STARTS, False, STORES | {CrashPoint.BROADCAST_ACCEPTED}, use_push,
            frozenset({"state_wrong"}),
        ),
    }
)  # fmt: skip
"""Each way by its subject's name."""
