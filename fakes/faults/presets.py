"""Presets: named faults for common problems, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fakes.faults.errors import FaultError, unknown
from fakes.faults.fault import FIELDS, Fault

SEND: Mapping[str, Any] = MappingProxyType({"method": "POST", "path": "/api/v2/broadcasts.json"})
LIST: Mapping[str, Any] = MappingProxyType({"method": "GET"})
LOOK_UP: Mapping[str, Any] = MappingProxyType({"method": "GET", "path": "/api/v2/messages.json"})

END_OF_TIME = "9999-12-31T23:59:59.999999Z"


@dataclass(frozen=True, slots=True)
class Preset:
    """What happens, the faults to plan, and the settings for the channel of the fake RapidPro."""

    about: str
    faults: tuple[Mapping[str, Any], ...] = ()
    channel: Mapping[str, Any] = field(default_factory=dict)


def _rapidpro(effect: str, options: Mapping[str, Any] | None = None, **fields: Any) -> Mapping[str, Any]:
    return {"service": "rapidpro", "effect": effect, "with": dict(options or {}), **fields}


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "throttled": Preset(
            "RapidPro answers the next three requests with 429 and a Retry-After of one minute.",
            (_rapidpro("throttle", {"retry_after": 60}, times=3),),
        ),
        "slow-throttled": Preset(
            "The next send uses up the hourly quota: 429 until the quota's window has moved on.",
            (_rapidpro("throttle", {"fill": True}, match=dict(SEND)),),
        ),
        "bad-token": Preset(
            "RapidPro no longer accepts any token.",
            (_rapidpro("reject_token", times=None),),
        ),
        "rotated-token": Preset(
            "The token was replaced in RapidPro; the old one (`match.token`, or the default one) is refused.",
            (_rapidpro("reject_token", times=None, match={"token": "RAPIDPRO-TEST-TOKEN-0000000000000000000000"}),),
        ),
        "revoked-for-an-hour": Preset(
            "Somebody deactivates the token's user and activates it again an hour later.",
            (_rapidpro("reject_token", times=None, for_seconds=3600),),
        ),
        "missing-status": Preset(
            "The reply to an accepted broadcast lacks `status` (cht-core issue 9467).",
            (_rapidpro("drop_field", {"path": "status"}, match=dict(SEND)),),
        ),
        "missing-id": Preset(
            "The reply to an accepted broadcast lacks `id` (cht-core issue 9467).",
            (_rapidpro("drop_field", {"path": "id"}, match=dict(SEND)),),
        ),
        "unknown-status": Preset(
            "Messages have an unknown status.",
            (_rapidpro("set_field", {"path": "results[*].status", "value": "teleported"}, match=dict(LOOK_UP)),),
        ),
        "lost-reply": Preset(
            "RapidPro accepts a broadcast, but its reply is lost.",
            (_rapidpro("lose_reply", match=dict(SEND)),),
        ),
        "gateway-timeout": Preset(
            "RapidPro accepts a broadcast, but a proxy has given up waiting and answers 504.",
            (_rapidpro("replace_reply", {"status": 504}, match=dict(SEND)),),
        ),
        "html-login-page": Preset(
            "A proxy shows its login page, with status 200.",
            (_rapidpro("html_page", {"status": 200, "title": "Sign In"}),),
        ),
        "empty-200": Preset(
            "RapidPro acts, but its successful reply has no body.",
            (_rapidpro("empty"),),
        ),
        "malformed-json": Preset(
            "RapidPro acts, but the JSON of its reply is cut off in the middle.",
            (_rapidpro("garble", {"how": "cut"}),),
        ),
        "outage": Preset(
            "RapidPro is down for ten minutes.",
            (_rapidpro("outage", for_seconds=600),),
        ),
        "flaky-network": Preset(
            "The connection of one request in five breaks: before RapidPro sees it, after it acted, or mid-reply.",
            (
                _rapidpro("reset", share=0.08, times=None, seed=1),
                _rapidpro("lose_reply", share=0.08, times=None, seed=2),
                _rapidpro("truncate", share=0.06, times=None, seed=3),
            ),
        ),
        "slow": Preset(
            "RapidPro takes three seconds for every reply.",
            (_rapidpro("delay", {"seconds": 3}, times=None),),
        ),
        "dripping-reply": Preset(
            "RapidPro's next reply arrives a byte at a time and takes ten minutes.",
            (_rapidpro("drip"),),
        ),
        "dripping-headers": Preset(
            "The headers of RapidPro's next reply arrive a byte at a time and take ten minutes.",
            (_rapidpro("drip", {"part": "headers"}),),
        ),
        "endless-interim": Preset(
            "RapidPro says `102 Processing` for ten minutes before it replies.",
            (_rapidpro("drip", {"part": "interim"}),),
        ),
        "endless-pages": Preset(
            "The list of messages has a next page without end.",
            (_rapidpro("endless_pages", match=dict(LOOK_UP)),),
        ),
        "cookies": Preset(
            "RapidPro sets thirty large cookies with each reply.",
            (_rapidpro("set_cookies", {"count": 30, "size": 1000}, times=None),),
        ),
        "clock-ahead": Preset(
            "RapidPro's clock is two hours ahead.",
            (_rapidpro("clock_skew", {"seconds": 7200}),),
        ),
        "clock-behind": Preset(
            "RapidPro's clock is two hours behind.",
            (_rapidpro("clock_skew", {"seconds": -7200}),),
        ),
        "absurd-dates": Preset(
            "Messages and broadcasts were created in the year 9999.",
            (_rapidpro("set_field", {"path": "results[*].created_on", "value": END_OF_TIME}, match=dict(LIST)),),
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
            "The aggregator accepts no messages; RapidPro retries by itself.",
            channel={"down": True},
        ),
    }
)


def parse_faults(data: Any) -> tuple[list[Fault], Mapping[str, Any]]:
    """The faults of a request, and the settings for RapidPro's channel.

    `data` is one fault, a list, or `{"preset": NAME}` with fields to override. Raises FaultError if any is invalid.
    """
    if isinstance(data, list):
        parts = [parse_faults(item) for item in data]
        settings = {key: value for _, channel in parts for key, value in channel.items()}
        return [fault for faults, _ in parts for fault in faults], settings
    if isinstance(data, Mapping) and "preset" in data:
        return _parse_preset(data)
    return [Fault.parse(data)], {}


def _parse_preset(data: Mapping[str, Any]) -> tuple[list[Fault], Mapping[str, Any]]:
    name = data["preset"]
    if not isinstance(name, str) or name not in PRESETS:
        raise unknown("preset", name, PRESETS)
    overrides = {key: value for key, value in data.items() if key != "preset"}
    for key in overrides:
        if key not in FIELDS or key == "effect":
            raise unknown("field of a preset", key, {*FIELDS, "preset"} - {"effect"})
    preset = PRESETS[name]
    if overrides and not preset.faults:
        raise FaultError(f"the preset {name} sets the channel and has no faults: it takes no {', '.join(overrides)}")
    return [Fault.parse(_merge(fault, overrides)) for fault in preset.faults], preset.channel


def _merge(fault: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**fault, **overrides}
    for part in ("with", "match"):
        if isinstance(overrides.get(part), Mapping):
            merged[part] = {**fault.get(part, {}), **overrides[part]}
    return merged
