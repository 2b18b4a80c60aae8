"""Changing one field, or the same field of every item, of a JSON answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from fakes.faults.effect import DidNothing, Serve
from fakes.faults.paths import Step, parse_path
from fakes.serving.wsgi import Environ, Reply

DROP: Final = object()
"""In place of a value: the field goes."""


def changed(serve: Serve, path: str, value: Any) -> Serve:
    """The service with a field of its JSON answers changed.

    An answer without its place, or an error (status 400 and up), is left alone: DidNothing.
    """
    steps = parse_path(path)

    def faulty(environ: Environ) -> Reply:
        reply = serve(environ)
        if reply.status >= 400:
            raise DidNothing(reply)
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            raise DidNothing(reply) from None
        if not change(document, steps, value):
            raise DidNothing(reply)
        return reply.with_body(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())

    return faulty


def change(document: Any, steps: list[Step], value: Any) -> int:
    """Change the places that `steps` lead to; how many there were. `document` is the caller's own."""
    *way, last = steps
    count = 0
    for holder in list(_holders(document, way)):
        if isinstance(holder, dict) and isinstance(last, str):
            count += _change_key(holder, last, value)
        elif isinstance(holder, list) and not isinstance(last, str):
            count += _change_items(holder, last, value)
    return count


def _holders(document: Any, way: list[Step]) -> Iterator[Any]:
    if not way:
        yield document
        return
    step, *rest = way
    for item in _under(document, step):
        yield from _holders(item, rest)


def _under(holder: Any, step: Step) -> list[Any]:
    if isinstance(step, str):
        return [holder[step]] if isinstance(holder, dict) and step in holder else []
    if not isinstance(holder, list):
        return []
    return holder if step is None else holder[step : step + 1]


def _change_key(holder: dict[str, Any], key: str, value: Any) -> int:
    if value is DROP:
        return 0 if holder.pop(key, DROP) is DROP else 1
    holder[key] = value
    return 1


def _change_items(holder: list[Any], index: int | None, value: Any) -> int:
    places = range(len(holder)) if index is None else range(len(holder))[index : index + 1]
    for place in reversed(places):
        if value is DROP:
            del holder[place]
        else:
            holder[place] = value
    return len(places)
