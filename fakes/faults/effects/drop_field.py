"""A field that is missing from the reply."""

from __future__ import annotations

from fakes.faults.effect import Effect, Options, Serve, ServiceContext
from fakes.faults.json_fields import DROP, PATH_OPTION, change_field


def drop_field(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The service acts; a field is missing from the JSON of its reply. Errors (400 and up) are left unchanged."""
    return change_field(serve, options["path"], DROP)


EFFECT = Effect(
    "drop_field",
    drop_field,
    acts="before",
    options={"path": PATH_OPTION},
)
