"""Changing one field of a JSON reply, or the same field of every item."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from fakes.faults.effect import NotApplicable, Option, Serve
from fakes.faults.json_path import Step, parse_path
from fakes.serving.wsgi import Environ, Reply

DROP: Final = object()
"""In place of a value: removes the field."""

PATH_OPTION = Option("path", None, "where in the JSON, such as status or results[*].status", required=True)
"""The option of effects that change a field."""


def change_field(serve: Serve, path: str, value: Any) -> Serve:
    """The service, with one field of its JSON replies changed.

    Raises NotApplicable for an error (status 400 and up) and for a reply without that field.
    """
    steps = parse_path(path)

    def faulty(environ: Environ) -> Reply:
        reply = serve(environ)
        if reply.status >= 400:
            raise NotApplicable(reply)
        return with_changed_json(reply, lambda document: change_document(document, steps, value) > 0)

    return faulty


def with_changed_json(reply: Reply, change: Callable[[Any], bool]) -> Reply:
    """The reply with the JSON that `change` makes of its document, in place.

    Raises NotApplicable if the reply has no JSON, or if `change` says that there was nothing to change.
    """
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise NotApplicable(reply) from None
    if not change(document):
        raise NotApplicable(reply)
    return reply.with_body(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())


def change_document(document: Any, steps: list[Step], value: Any) -> int:
    """Change the places that `steps` lead to, in place. Returns how many there were."""
    *parents, last = steps
    count = 0
    for container in list(_containers(document, parents)):
        if isinstance(container, dict) and isinstance(last, str):
            count += _change_key(container, last, value)
        elif isinstance(container, list) and not isinstance(last, str):
            count += _change_items(container, last, value)
    return count


def _containers(document: Any, parents: list[Step]) -> Iterator[Any]:
    if not parents:
        yield document
        return
    step, *rest = parents
    for item in _children(document, step):
        yield from _containers(item, rest)


def _children(container: Any, step: Step) -> list[Any]:
    if isinstance(step, str):
        return [container[step]] if isinstance(container, dict) and step in container else []
    if not isinstance(container, list):
        return []
    return container if step is None else container[step : step + 1]


def _change_key(container: dict[str, Any], key: str, value: Any) -> int:
    if value is DROP:
        return 0 if container.pop(key, DROP) is DROP else 1
    container[key] = value
    return 1


def _change_items(container: list[Any], index: int | None, value: Any) -> int:
    places = range(len(container)) if index is None else range(len(container))[index : index + 1]
    for place in reversed(places):
        if value is DROP:
            del container[place]
        else:
            container[place] = value
    return len(places)
