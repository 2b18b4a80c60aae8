"""Reading a bundle: the flows, triggers, fields and groups that a user exported, with what the harness adds to it.

Source: rapidpro temba/orgs/models.py (import_app), temba/triggers/models.py (import_triggers).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes.rapidpro.flows.bundles.triggers import CATCH_ALL, FIRST_WORD, KEYWORD, ONLY_WORD, OTHERS
from fakes.rapidpro.settings import shown

VERSIONS = range(3, 14)
MAX_FLOWS = 2000
OWN_KEYS = ("globals", "resthooks", "ignore_triggers", "trigger")
"""What the harness reads besides the keys of an export."""
PLAIN_FLOW = ("nodes", "action_sets")
"""Keys by which a flow without a bundle is known."""


class BadBundle(ValueError):
    """Something that cannot be imported; the text says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    """A trigger as it is written; `flow`: a UUID or a name."""

    type: str
    flow: str
    keywords: tuple[str, ...]
    match_type: str
    groups: tuple[Mapping[str, str], ...]
    exclude_groups: tuple[Mapping[str, str], ...]
    channel: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds. Definitions are JSON that nobody has checked yet."""

    flows: tuple[Mapping[str, Any], ...]
    triggers: tuple[TriggerSpec, ...] = ()
    fields: tuple[Mapping[str, str], ...] = ()
    groups: tuple[Mapping[str, str], ...] = ()
    globals: Mapping[str, str] = field(default_factory=dict)
    resthooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignore_triggers: tuple[str, ...] = ()
    not_used: tuple[str, ...] = ()
    """Sentences about parts that the fake does not imitate."""


def read_bundle(content: Any) -> Bundle:
    """The bundle, or the single flow, in this JSON. Raises BadBundle."""
    if not isinstance(content, Mapping):
        raise BadBundle(f"expected an export or a flow as a JSON object, got {shown(content)}")
    if "flows" not in content:
        content = _wrapped(content)
    else:
        _check_version(content)
    flows = _objects(content, "flows")
    if not flows:
        raise BadBundle("flows is empty: there is nothing to import")
    if len(flows) > MAX_FLOWS:
        raise BadBundle(f"flows has {len(flows)} entries: at most {MAX_FLOWS} can be imported at a time")
    triggers, not_used = _triggers(content, flows)
    campaigns = _objects(content, "campaigns")
    if campaigns:
        not_used.append(f"campaigns: {len(campaigns)} campaigns: their events are not imitated")
    return Bundle(
        flows=tuple(flows),
        triggers=tuple(triggers),
        fields=tuple(_texts(one, f"fields[{n}]", ("key",)) for n, one in enumerate(_objects(content, "fields"))),
        groups=tuple(
            _texts(one, f"groups[{n}]", ("uuid", "name")) for n, one in enumerate(_objects(content, "groups"))
        ),
        globals=_globals(content.get("globals") or {}),
        resthooks=_resthooks(content.get("resthooks") or {}),
        ignore_triggers=_words(content, "ignore_triggers", ""),
        not_used=tuple(not_used),
    )


def _wrapped(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """A flow on its own as a bundle, with the harness's keys that stand beside its own."""
    if not any(key in content for key in PLAIN_FLOW):
        raise BadBundle("there are no flows: expected the key flows of an export, or nodes of a single flow")
    own = {key: content[key] for key in OWN_KEYS if key in content}
    return {"flows": [{key: one for key, one in content.items() if key not in OWN_KEYS}], **own}


def _check_version(content: Mapping[str, Any]) -> None:
    version = str(content.get("version", ""))
    if not version.partition(".")[0].isdecimal() or int(version.partition(".")[0]) not in VERSIONS:
        raise BadBundle(f"version: expected that of an export, 3 to 13, got {shown(content.get('version'))}")


def _triggers(content: Mapping[str, Any], flows: list[Mapping[str, Any]]) -> tuple[list[TriggerSpec], list[str]]:
    found, not_used = [], []
    for number, one in enumerate(_objects(content, "triggers")):
        place, kind = f"triggers[{number}]", one.get("trigger_type")
        if isinstance(kind, str) and kind in OTHERS:
            not_used.append(f"{place}: a trigger of type {kind} ({OTHERS[kind]}): no text starts it")
        else:
            found.append(_trigger(one, place))
    if content.get("trigger") is not None:
        one = content["trigger"]
        if not isinstance(one, Mapping):
            raise BadBundle(f"trigger must be an object with trigger_type and perhaps keywords, got {shown(one)}")
        found.append(_trigger({"flow": flows[0], **one}, "trigger"))
    return found, not_used


def _trigger(one: Mapping[str, Any], place: str) -> TriggerSpec:
    kind = one.get("trigger_type")
    if kind not in (KEYWORD, CATCH_ALL):
        known = ", ".join((KEYWORD, CATCH_ALL, *OTHERS))
        raise BadBundle(f"{place}.trigger_type: expected one of {known}, got {shown(kind)}")
    keywords = _words(one, "keywords", place) or _words({"keywords": [one.get("keyword") or ""]}, "keywords", place)
    keywords = tuple(word.strip().lower() for word in keywords if word.strip())
    if kind == KEYWORD and not keywords:
        raise BadBundle(f"{place}.keywords: a keyword trigger needs one")
    match_type = one.get("match_type") or FIRST_WORD
    if match_type not in (FIRST_WORD, ONLY_WORD):
        raise BadBundle(f"{place}.match_type: expected F (first word) or O (only word), got {shown(match_type)}")
    flow = _flow_name(one.get("flow"))
    if not flow:
        raise BadBundle(f"{place}.flow: expected a reference with uuid and name, got {shown(one.get('flow'))}")
    channel = one.get("channel")
    return TriggerSpec(
        kind,
        flow,
        keywords if kind == KEYWORD else (),
        match_type,
        _references(one, "groups", place),
        _references(one, "exclude_groups", place),
        str(channel.get("uuid") or "") if isinstance(channel, Mapping) else str(channel or ""),
    )


def _references(
    values: Mapping[str, Any], key: str, place: str = "", needed: tuple[str, ...] = ("name",)
) -> tuple[Mapping[str, str], ...]:
    name = f"{place}.{key}" if place else key
    return tuple(_texts(one, f"{name}[{n}]", needed) for n, one in enumerate(_objects(values, key, place)))


def _flow_name(reference: Any) -> str:
    if isinstance(reference, Mapping):
        metadata = reference.get("metadata")
        uuid = reference.get("uuid") or (metadata.get("uuid") if isinstance(metadata, Mapping) else None)
        return str(uuid or reference.get("name") or "")
    return reference if isinstance(reference, str) else ""


def _objects(values: Mapping[str, Any], key: str, place: str = "") -> list[Mapping[str, Any]]:
    name = f"{place}.{key}" if place else key
    found = values.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise BadBundle(f"{name} must be a list, got {shown(found)}")
    for number, one in enumerate(found):
        if not isinstance(one, Mapping):
            raise BadBundle(f"{name}[{number}] must be an object, got {shown(one)}")
    return found


def _texts(one: Mapping[str, Any], place: str, needed: tuple[str, ...]) -> Mapping[str, str]:
    """The texts in an object; those that are needed must not be empty."""
    for key in needed:
        if not isinstance(one.get(key), str) or not one[key]:
            raise BadBundle(f"{place}.{key}: expected a text, got {shown(one.get(key))}")
    return {key: value for key, value in one.items() if isinstance(value, str)}


def _words(values: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    found = values.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BadBundle(f"{place}.{key}".lstrip(".") + f": expected a list of texts, got {shown(found)}")
    return tuple(found)


def _globals(values: Any) -> Mapping[str, str]:
    if not isinstance(values, Mapping) or not all(isinstance(one, str | int | float) for one in values.values()):
        raise BadBundle(f"globals: expected an object of texts by key, got {shown(values)}")
    return {str(key): one if isinstance(one, str) else json.dumps(one) for key, one in values.items()}


def _resthooks(values: Any) -> Mapping[str, tuple[str, ...]]:
    good = isinstance(values, Mapping) and all(isinstance(one, list) for one in values.values())
    if not good:
        raise BadBundle(f"resthooks: expected an object of lists of addresses by slug, got {shown(values)}")
    return {str(slug): tuple(map(str, urls)) for slug, urls in values.items()}
