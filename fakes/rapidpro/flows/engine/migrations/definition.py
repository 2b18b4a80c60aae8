"""Parts of a definition as JSON, whatever is missing or wrong in it: migrations come before all checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def objects(values: Any) -> list[Json]:
    """The objects of a list; none if it is no list."""
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def text(values: Json, name: str) -> str:
    """A text property; "" if it is none."""
    found = values.get(name)
    return found if isinstance(found, str) else ""


def nodes(flow: Json) -> list[Json]:
    """The nodes of a flow."""
    return objects(flow.get("nodes"))


def actions(flow: Json, *types: str) -> Iterator[Json]:
    """All actions of these types."""
    for node in nodes(flow):
        for action in objects(node.get("actions")):
            if text(action, "type") in types:
                yield action


def routers(flow: Json) -> Iterator[Json]:
    """All routers."""
    for node in nodes(flow):
        if isinstance(node.get("router"), dict):
            yield node["router"]


def splits(flow: Json, *types: str) -> Iterator[tuple[Json, Json]]:
    """Nodes of one action of these types and a switch router: the two."""
    for node in nodes(flow):
        found, router = objects(node.get("actions")), node.get("router")
        if len(found) != 1 or text(found[0], "type") not in types or not isinstance(router, dict):
            continue
        if text(router, "type") == "switch":
            yield found[0], router


def languages(flow: Json) -> Iterator[Json]:
    """The translations of each language: item UUID to properties."""
    localization = flow.get("localization")
    for found in localization.values() if isinstance(localization, dict) else ():
        if isinstance(found, dict):
            yield found


def translated(language: Json, uuid: Any, name: str) -> list[str] | None:
    """The translation of one property; None if there is none."""
    item = language.get(uuid) if isinstance(uuid, str) else None
    found = item.get(name) if isinstance(item, dict) else None
    return [one if isinstance(one, str) else "" for one in found] if isinstance(found, list) else None


def translate(language: Json, uuid: str, name: str, values: list[str]) -> None:
    """Set the translation of one property."""
    item = language.get(uuid)
    language[uuid] = {**(item if isinstance(item, dict) else {}), name: values}


def drop_translation(language: Json, uuid: str, name: str) -> None:
    """Remove the translation of one property, and the item if nothing is left of it."""
    item = language.get(uuid)
    if isinstance(item, dict):
        item.pop(name, None)
        if not item:
            del language[uuid]
