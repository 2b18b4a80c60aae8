"""A real Chromium without a window, for tests of pages and for pictures of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = f"no browser is installed: install one of {', '.join(NAMES)}"


@contextmanager
def browser() -> Iterator[Browser]:
    """The installed Chromium. Without one the test is skipped; with HARNESS_REQUIRE_BROWSER set, it fails."""
    path = browser_path()
    if path is None:
        if os.environ.get("HARNESS_REQUIRE_BROWSER"):
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
    with started(path) as running:
        yield running


def browser_path() -> str | None:
    """The program of the installed Chromium, if there is one."""
    return next((found for found in map(shutil.which, NAMES) if found), None)


@contextmanager
def started(path: str) -> Iterator[Browser]:
    """The browser at that path, running."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield running
        finally:
            running.close()
