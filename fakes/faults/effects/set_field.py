"""A field with a value that nobody expects."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.faults.fields import changed


def set_field(serve: Serve, given: Given, _around: Around) -> Serve:
    """The service acts; a field of the JSON of its answer (there before or not) has a value of your choice.
    Errors (400 and up) stay as they are.
    """
    return changed(serve, given["path"], given["value"])


EFFECT = Effect(
    "set_field",
    set_field,
    acts="before",
    options={
        "path": Option("path", None, "where in the JSON, such as status or results[*].status", required=True),
        "value": Option("any", None, "the new value", required=True),
    },
)
