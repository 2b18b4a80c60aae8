"""All effects by name, one module for each. Add new ones to this list."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fakes.faults.effect import Effect
from fakes.faults.effects import (
    act_late,
    clock_skew,
    delay,
    drip,
    drop_field,
    empty,
    endless_pages,
    garble,
    hang,
    html_page,
    lose_reply,
    null_field,
    outage,
    pass_through,
    redirect,
    refuse,
    reject_token,
    repeat,
    replace_reply,
    reset,
    set_cookies,
    set_field,
    stale,
    throttle,
    truncate,
)

MODULES = (
    pass_through,
    refuse,
    redirect,
    throttle,
    reject_token,
    html_page,
    outage,
    delay,
    hang,
    reset,
    lose_reply,
    replace_reply,
    act_late,
    truncate,
    drip,
    garble,
    empty,
    drop_field,
    null_field,
    set_field,
    repeat,
    stale,
    endless_pages,
    set_cookies,
    clock_skew,
)
EFFECTS: Mapping[str, Effect] = MappingProxyType({module.EFFECT.name: module.EFFECT for module in MODULES})
