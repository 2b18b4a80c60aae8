"""Environment variables of a relay that names its settings otherwise: templates with the values in braces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from types import MappingProxyType

VALUES: Mapping[str, str] = MappingProxyType(
    {
        "cht_url": "RELAY_CHT_URL",
        "cht_user": "RELAY_CHT_USER",
        "cht_password": "RELAY_CHT_PASSWORD",
        "rapidpro_url": "RELAY_RAPIDPRO_URL",
        "rapidpro_token": "RELAY_RAPIDPRO_TOKEN",
        "incoming_token": "RELAY_INCOMING_TOKEN",
        "listen": "RELAY_LISTEN",
        "database": "RELAY_DATABASE",
        "poll_seconds": "RELAY_POLL_SECONDS",
        "settle_seconds": "RELAY_SETTLE_SECONDS",
    }
)
"""What stands in braces, and the variable that has the same value."""
PARTS = ("host", "port", "folder")
"""More of them: host and port of `listen`, and a folder for the relay's files."""


class BadTemplate(ValueError):
    """A template that cannot be filled; the text says why."""


def check(template: str) -> None:
    """BadTemplate if something else than a known name stands in braces."""
    try:
        names = [(name, form, conversion) for _, name, form, conversion in Formatter().parse(template)]
    except ValueError as problem:
        raise BadTemplate(f"{template!r} cannot be read ({problem}): write {{{{ and }}}} for braces") from None
    for name, form, conversion in names:
        if name is not None and (name not in (*VALUES, *PARTS) or form or conversion):
            known = ", ".join(f"{{{one}}}" for one in (*VALUES, *PARTS))
            raise BadTemplate(f"{template!r}: {{{name}}} is not known; known: {known}")


def filled(templates: Mapping[str, str], usual: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables, with the values of the `usual` ones (RELAY_CHT_URL, ...) in place of the braces."""
    values = {name: usual[variable] for name, variable in VALUES.items()}
    host, _, port = values["listen"].rpartition(":")
    values |= {"host": host, "port": port, "folder": str(folder)}
    return {name: template.format_map(values) for name, template in templates.items()}
