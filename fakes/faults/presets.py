"""Named faults for what people meet, as data. `faults` are planned, `channel` is set in the fake RapidPro."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fakes.faults.errors import FaultError, unknown
from fakes.faults.model import FIELDS, Fault

SENDING: Mapping[str, Any] = MappingProxyType({"method": "POST", "path": "/api/v2/broadcasts.json"})
ASKING: Mapping[str, Any] = MappingProxyType({"method": "GET", "path": "/api/v2/messages.json"})


@dataclass(frozen=True, slots=True)
class Preset:
    """What it is like for those who meet it, the faults, and the settings of the channel."""

    about: str
    faults: tuple[Mapping[str, Any], ...] = ()
    channel: Mapping[str, Any] = field(default_factory=dict)


def _rapidpro(effect: str, options: Mapping[str, Any] | None = None, **fields: Any) -> Mapping[str, Any]:
    return {"service": "rapidpro", "effect": effect, "with": dict(options or {}), **fields}


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "throttled": Preset(
            "RapidPro answers 429 to the next three requests and names a minute.",
            (_rapidpro("throttle", {"retry_after": 60}, times=3),),
        ),
        "slow-throttled": Preset(
            "The quota of the hour is used up at the next send: 429 until the window has moved on.",
            (_rapidpro("throttle", {"fill": True}, match=dict(SENDING)),),
        ),
        "bad-token": Preset(
            "RapidPro no longer takes any token.",
            (_rapidpro("reject_token", times=None),),
        ),
        "rotated-token": Preset(
            "The token was replaced in RapidPro; the old one (`match.token`, or the default one) is refused.",
            (_rapidpro("reject_token", times=None, match={"token": "RAPIDPRO-TEST-TOKEN-0000000000000000000000"}),),
        ),
        "revoked-for-an-hour": Preset(
            "Somebody deactivates the token's user, and repairs it an hour later.",
            (_rapidpro("reject_token", times=None, for_seconds=3600),),
        ),
        "missing-status": Preset(
            "An accepted broadcast is answered without `status` (cht-core issue 9467).",
            (_rapidpro("drop_field", {"path": "status"}, match=dict(SENDING)),),
        ),
        "missing-id": Preset(
            "An accepted broadcast is answered without `id` (cht-core issue 9467).",
            (_rapidpro("drop_field", {"path": "id"}, match=dict(SENDING)),),
        ),
        "unknown-status": Preset(
            "Messages have a status that nobody knows.",
            (_rapidpro("set_field", {"path": "results[*].status", "value": "teleported"}, match=dict(ASKING)),),
        ),
        "lost-reply": Preset(
            "RapidPro accepts a broadcast and the answer is lost.",
            (_rapidpro("lose_reply", match=dict(SENDING)),),
        ),
        "html-login-page": Preset(
            "A proxy shows its login page, with status 200.",
            (_rapidpro("html_page", {"status": 200, "title": "Sign In"}),),
        ),
        "empty-200": Preset(
            "A success without a body, though RapidPro acted.",
            (_rapidpro("empty"),),
        ),
        "malformed-json": Preset(
            "The JSON of an answer ends in the middle, though RapidPro acted.",
            (_rapidpro("garble", {"how": "cut"}),),
        ),
        "outage": Preset(
            "RapidPro is away for ten minutes.",
            (_rapidpro("outage", for_seconds=600),),
        ),
        "flaky-network": Preset(
            "One request in five meets a broken connection: before RapidPro saw it, after it acted, or in mid-answer.",
            (
                _rapidpro("reset", share=0.08, times=None, seed=1),
                _rapidpro("lose_reply", share=0.08, times=None, seed=2),
                _rapidpro("truncate", share=0.06, times=None, seed=3),
            ),
        ),
        "slow": Preset(
            "RapidPro takes three seconds for every answer.",
            (_rapidpro("delay", {"seconds": 3}, times=None),),
        ),
        "late-reports": Preset(
            "The aggregator reports deliveries hours late.",
            channel={"shares": {"late_report": 1.0}},
        ),
        "duplicate-reports": Preset(
            "The aggregator reports each delivery twice.",
            channel={"shares": {"duplicate_report": 1.0}},
        ),
        "reports-out-of-order": Preset(
            "Delivered is reported before sent.",
            channel={"shares": {"out_of_order": 1.0}},
        ),
        "aggregator-down": Preset(
            "The aggregator takes no messages; RapidPro tries again by itself.",
            channel={"down": True},
        ),
    }
)


def expand(given: Any) -> tuple[list[Fault], Mapping[str, Any]]:
    """What a request for faults means: one fault, a list, or `{"preset": NAME}` with fields to override.

    The faults, and settings for RapidPro's channel. Raises FaultError; then nothing is to be planned.
    """
    if isinstance(given, list):
        parts = [expand(one) for one in given]
        return [fault for faults, _ in parts for fault in faults], {k: v for _, ch in parts for k, v in ch.items()}
    if isinstance(given, Mapping) and "preset" in given:
        return _expand_preset(given)
    return [Fault.parse(given)], {}


def _expand_preset(given: Mapping[str, Any]) -> tuple[list[Fault], Mapping[str, Any]]:
    name = given["preset"]
    if not isinstance(name, str) or name not in PRESETS:
        raise unknown("preset", name, PRESETS)
    changes = {key: value for key, value in given.items() if key != "preset"}
    for key in changes:
        if key not in FIELDS or key == "effect":
            raise unknown("field of a preset", key, {*FIELDS, "preset"} - {"effect"})
    preset = PRESETS[name]
    if changes and not preset.faults:
        raise FaultError(f"the preset {name} sets the channel and has no faults: it takes no {', '.join(changes)}")
    return [Fault.parse(_merged(fault, changes)) for fault in preset.faults], preset.channel


def _merged(fault: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**fault, **changes}
    for part in ("with", "match"):
        if isinstance(changes.get(part), Mapping):
            merged[part] = {**fault.get(part, {}), **changes[part]}
    return merged
