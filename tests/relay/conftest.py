"""What most tests of the relay begin with: its neighbours, and a relay between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from relay import Relay
from tests.relay.neighbours import World, make_relay


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def relay(request: pytest.FixtureRequest, world: World) -> Iterator[Relay]:
    """A relay on SQLite, or on each kind of database in a module that uses the fixture `database`."""
    values = {"database": request.getfixturevalue("database")} if "database" in request.fixturenames else {}
    relay = make_relay(world, **values)
    yield relay
    relay.close()
