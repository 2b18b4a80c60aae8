"""A field with an unexpected value."""

from __future__ import annotations

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.faults.json_fields import PATH_OPTION, change_field


def set_field(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The service acts; a field of the JSON of its reply (present or not) gets a value of your choice.
    Errors (400 and up) are left unchanged.
    """
    return change_field(serve, options["path"], options["value"])


EFFECT = Effect(
    "set_field",
    set_field,
    acts="before",
    options={
        "path": PATH_OPTION,
        "value": Option("any", None, "the new value", required=True),
    },
)
