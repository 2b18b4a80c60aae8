"""Fixtures that several test files use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

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
