"""Quota, channel and outages of a shape, in its own time or compressed into real time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from conformance.planning.question import Span, merged
from conformance.planning.run import plan_outage
from conformance.world.world import World
from loadtests.results import FaultBand
from loadtests.shapes.model import HOUR, SERVICES, UNLIMITED, Shape

RELAYS_PART = {"path": "/api/*"}
"""Of CHT only what a relay calls is away: documents with new texts are still stored."""
PERIODS = {"hour": 3600, "minute": 60, "second": 1}
"""The periods in which RapidPro counts requests."""


def rate_of(quota: int, compressed: float) -> str:
    """RapidPro's rate for a quota an hour when time is compressed: in the longest period that is not too long.

    An hour that is compressed into 20 seconds cannot be had, since RapidPro counts by the hour, minute or second: then
    the same number of requests is allowed in the same time, but in windows of a second.
    """
    if quota >= UNLIMITED:
        return f"{quota}/hour"
    window = HOUR / compressed
    name = next((name for name, seconds in PERIODS.items() if seconds <= window * 1.001), "second")
    return f"{max(1, round(quota / window * PERIODS[name]))}/{name}"


def prepare(world: World, shape: Shape, compressed: float) -> Mapping[str, str]:
    """Set quota and channel. Returns RapidPro's rates by scope."""
    if shape.quota is not None:
        scopes = world.control.get("/rapidpro/rates")
        world.control.put("/rapidpro/rates", dict.fromkeys(scopes, rate_of(shape.quota, compressed)))
    if shape.channel:
        world.channel(**compressed_channel(shape.channel, compressed))
    return dict(world.control.get("/rapidpro/rates"))


def compressed_channel(channel: Mapping[str, Any], compressed: float) -> dict[str, Any]:
    """The channel's settings when time is compressed: shorter delays, more texts a second."""
    found = dict(channel)
    if "tps" in found:
        found["tps"] *= compressed
    if "spacing" in found:
        found["spacing"] /= compressed
    if "sync_every" in found:
        found["sync_every"] = max(1, found["sync_every"] / compressed)  # the fake takes no less
    if "delays" in found:
        found["delays"] = {
            key: [one / compressed for one in value] if isinstance(value, list) else value / compressed
            for key, value in found["delays"].items()
        }
    return found


def outage_spans(shape: Shape) -> Iterator[tuple[str, Span]]:
    """When each service is away, in the shape's own time; spans of one service do not overlap."""
    for service in SERVICES:
        for span in merged((one.begins, one.ends) for one in shape.outages if one.service == service):
            yield service, span


def plan_outages(world: World, shape: Shape, began: datetime, compressed: float) -> Sequence[FaultBand]:
    """Let the services be away as the shape says, counted from now; `began` is this moment."""
    bands = []
    for service, (begins, ends) in outage_spans(shape):
        first, last = begins / compressed, ends / compressed
        plan_outage(world, service, (first, last), RELAYS_PART if service == "cht" else None)
        bands.append(FaultBand(service, "outage", began + timedelta(seconds=first), began + timedelta(seconds=last)))
    return bands
