"""A field that is null in the answer."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.faults.fields import changed


def null_field(serve: Serve, given: Given, _around: Around) -> Serve:
    """The service acts; a field of the JSON of its answer is null. Errors (400 and up) stay as they are."""
    return changed(serve, given["path"], None)


EFFECT = Effect(
    "null_field",
    null_field,
    acts="before",
    options={"path": Option("path", None, "where in the JSON, such as status or results[*].status", required=True)},
)
