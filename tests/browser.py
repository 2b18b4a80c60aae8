"""A real Chromium without a window, for tests of pages and for pictures of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

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


@contextmanager
def opened_file(browser: Browser, path: Path, *, width: int, scheme: str, place: str = "") -> Iterator[Page]:
    """A page from a file, in a light or dark `scheme`, at this `place` (`#...`).

    In the end there was no console message, no error, and no request but for the page.
    """
    seen: list[str] = []
    viewport = {"width": width, "height": 900}
    with browser.new_context(viewport=viewport, color_scheme=scheme) as context:  # type: ignore[arg-type]
        tab = context.new_page()
        tab.on("console", lambda message: seen.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: seen.append(str(error)))
        tab.on("dialog", lambda dialog: seen.append(f"dialog: {dialog.message}"))
        tab.on("request", lambda asked: seen.append(asked.url) if not asked.url.startswith(path.as_uri()) else None)
        tab.goto(f"{path.as_uri()}{place}")
        yield tab
    assert seen == []


def inaccessible(tab: Page) -> list[str]:
    """What axe-core finds wrong with a page, with the elements: rules of WCAG, and best practices."""
    found = Axe().run(tab).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]
