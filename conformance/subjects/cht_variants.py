"""Variants of CHT Core as its own relay, each as data: what is configured, where texts go in, how it sends.

Sources: cht-core `api/src/services/rapidpro.js` (its gateway), issue 6532 (the prototype by outbound push), recorded as
`outgoing_rapidpro` and `outbound/proto-*`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from conformance.services.cht_client import ChtClient
from conformance.services.control_client import ControlClient
from conformance.services.endpoints import BROADCASTS, LOOK_UP, SEND
from conformance.services.neighbours import Neighbours
from conformance.subjects.base import Capability, CrashPoint
from conformance.verdicts import Untestable
from fakes.cht.releases.release import Release
from fakes.cht.releases.table import NEWEST, RELEASES
from fakes.faults.presets import PRESETS

INCOMING = "/api/v2/sms/rapidpro/incoming-messages"
MISSPELT = "/api/v1/sms/radpidpro/incoming-messages"
"""The only path in releases before 4.1."""
FLOW_STARTS = "/api/v2/flow_starts.json"
STORES = frozenset({CrashPoint.TEXT_TAKEN, CrashPoint.REPORT_STORED})
"""CHT accepts a text by storing it: these are one moment."""
Configure = Callable[[ChtClient, Neighbours, ControlClient], None]


@dataclass(frozen=True, slots=True)
class ChtVariant:
    """One variant: a release of CHT, and how it is configured.

    `looks_up_states` is whether it asks RapidPro for the status of messages. `skipped_checks` are checks of what it
    never does, which would otherwise fail in every scenario with an outgoing text.
    """

    about: str
    release: str
    incoming_path: str
    send_path: str
    looks_up_states: bool
    crash_points: frozenset[CrashPoint]
    configure: Configure
    skipped_checks: frozenset[str] = frozenset()

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Its capabilities wherever it runs."""
        return frozenset({Capability.STATES} if self.looks_up_states else ())

    def adapt_fault(self, fault: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fault, adapted to CHT as a relay. Untestable if the fault cannot affect it."""
        if fault.get("service") == "cht":
            raise Untestable("CHT is the subject itself: nothing between it and its gateway API can fail")
        where = _where(fault)
        if where == LOOK_UP and not self.looks_up_states:
            raise Untestable("the subject never asks RapidPro for the status of a message")
        if where == SEND and self.send_path != BROADCASTS:
            return {**fault, "match": {**fault.get("match", {}), "method": "POST", "path": self.send_path}}
        return fault


def _where(fault: Mapping[str, Any]) -> Mapping[str, Any]:
    """Method and path that a fault or a preset is for; empty for all."""
    preset = PRESETS.get(str(fault.get("preset")))
    by_preset: Mapping[str, Any] = (
        next((one.get("match", {}) for one in preset.faults), {}) if preset is not None else {}
    )
    match = fault.get("match") or by_preset
    return {key: match[key] for key in ("method", "path") if key in match}


def use_gateway(cht: ChtClient, neighbours: Neighbours, _control: ControlClient) -> None:
    """Switch on CHT's own RapidPro gateway through CHT's own API."""
    cht.settings({"sms": {"outgoing_service": "rapidpro", "rapidpro": {"url": neighbours.rapidpro_url}}})
    cht.credential("rapidpro:incoming", neighbours.incoming_token)
    cht.credential("rapidpro:outgoing", neighbours.rapidpro_token)


def use_push(cht: ChtClient, neighbours: Neighbours, control: ControlClient) -> None:
    """Configure a flow start for the first task of each document, as the prototype did; all other sending is off."""
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


def _gateway(release: Release) -> ChtVariant:
    """CHT's own gateway in one release."""
    return ChtVariant(
        f"CHT Core's own RapidPro gateway, release {release.name}",
        release.name, INCOMING if release.right_path else MISSPELT, BROADCASTS, True, GATEWAY_POINTS, use_gateway,
    )  # fmt: skip


CHT_VARIANTS: Mapping[str, ChtVariant] = MappingProxyType(
    {
        **{f"cht-{name}": _gateway(RELEASES[name]) for name in reversed(tuple(RELEASES))},
        "outbound-push": ChtVariant(
            "the prototype of cht-core issue 6532: an outbound push starts a flow for the first task",
            NEWEST, INCOMING, FLOW_STARTS, False, STORES | {CrashPoint.BROADCAST_ACCEPTED}, use_push,
            frozenset({"state_wrong"}),
        ),
    }
)  # fmt: skip
"""The variants by the name of the subject."""
