"""Fixtures that several test files use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests import postgresql


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """An empty PostgreSQL database: HARNESS_POSTGRESQL_URL, or one on a server started for this run.

    Without the server's binaries the test is skipped, unless HARNESS_REQUIRE_POSTGRESQL is set: then it fails.
    """
    given = os.environ.get("HARNESS_POSTGRESQL_URL")
    if given:
        yield given
        return
    folder = postgresql.binaries()
    if folder is None:
        reason = "PostgreSQL is not installed: install it (Debian: postgresql), or set HARNESS_POSTGRESQL_URL"
        if os.environ.get("HARNESS_REQUIRE_POSTGRESQL"):
            pytest.fail(reason)
        pytest.skip(reason)
    with postgresql.server(folder) as url:
        yield url


@pytest.fixture
def empty_postgresql(postgresql_url: str) -> Iterator[str]:
    """The same, without what earlier tests left in it."""
    engine = create_engine(postgresql_url, poolclass=NullPool)
    drop = text("DROP TABLE IF EXISTS neighbours, inbox, outbox")
    with engine.begin() as db:
        db.execute(drop)
    yield postgresql_url
    with engine.begin() as db:
        db.execute(drop)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind for a relay."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/relay.db"
    url: str = request.getfixturevalue("empty_postgresql")
    return url
