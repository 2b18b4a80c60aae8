"""All tables of broken relays together."""

from __future__ import annotations

from collections.abc import Mapping

from tests.broken.conduct import conduct
from tests.broken.errors import relays_with_errors
from tests.broken.pages import relays_with_pages
from tests.broken.relays import Broken, broken_relays
from tests.broken.senders import relays_with_senders
from tests.broken.times import relays_with_windows
from tests.broken.tokens import relays_with_tokens


def every_broken_relay() -> Mapping[str, Broken]:
    """Each by name. ValueError if two have the same name."""
    tables = (
        broken_relays(),
        conduct(),
        relays_with_errors(),
        relays_with_windows(),
        relays_with_tokens(),
        relays_with_senders(),
        relays_with_pages(),
    )
    found = {name: broken for table in tables for name, broken in table.items()}
    if len(found) < sum(map(len, tables)):
        raise ValueError("two broken relays have the same name")
    return found
