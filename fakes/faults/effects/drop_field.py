"""A field that is missing from the answer."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.faults.fields import DROP, changed


def drop_field(serve: Serve, given: Given, _around: Around) -> Serve:
    """The service acts; a field is missing from the JSON of its answer. Errors (400 and up) stay as they are."""
    return changed(serve, given["path"], DROP)


EFFECT = Effect(
    "drop_field",
    drop_field,
    acts="before",
    options={"path": Option("path", None, "where in the JSON, such as status or results[*].status", required=True)},
)
