"""A field that is null in the reply."""

from __future__ import annotations

from fakes.faults.effect import Effect, Options, Serve, ServiceContext
from fakes.faults.json_fields import PATH_OPTION, change_field


def null_field(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The service acts; a field of the JSON of its reply is null. Errors (400 and up) are left unchanged."""
    return change_field(serve, options["path"], None)


EFFECT = Effect(
    "null_field",
    null_field,
    acts="before",
    options={"path": PATH_OPTION},
)
