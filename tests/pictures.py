"""`python -m tests.pictures` draws the pages for README.md and docs/, light and dark. Exit status: 0 drawn, 2 not.

The reports are those of real runs: of three subjects for README.md, of a load run for docs/load.md. The workbench is
`relay-harness up` after a morning.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser import NO_BROWSER, browser_path, started
from tests.folders import DOCS
from tests.harness_command import harness
from tests.workbench.pictures import pictures

SUBJECTS = "reference,cht-5.2,outbound-push"
SHAPE = "reminder_morning"
SCHEMES = ("light", "dark")
IMAGES = DOCS / "images"
MOST_BYTES = 200_000
"""Of one picture: it is in the repository and in every view of README.md."""


def main() -> int:
    """The exit status."""
    path = browser_path()
    if path is None:
        print(NO_BROWSER, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder, started(path) as browser:
        workbench = (keep(name, picture) for name, picture in pictures(browser))
        return max(draw_report(browser, folder), draw_load(browser, folder), *workbench)


def draw_report(browser: Browser, folder: str) -> int:
    """Draw the page of a conformance run; the exit status."""
    done = harness("conform", "--subject", SUBJECTS, "--report-dir", folder, timeout=900)
    if done.returncode != 1:  # two of the subjects fail, by what CHT is
        print(f"conform ended with {done.returncode}, expected 1:\n{done.stderr}", file=sys.stderr)
        return 2
    return max(draw(browser, Path(folder, "report.html"), scheme, "report", show_cell) for scheme in SCHEMES)


def draw_load(browser: Browser, folder: str) -> int:
    """Draw the plots of a load run; the exit status."""
    done = harness("load", SHAPE, "--report-dir", folder, timeout=900)
    if done.returncode != 0:
        print(f"load ended with {done.returncode}, expected 0:\n{done.stderr}", file=sys.stderr)
        return 2
    return max(draw(browser, Path(folder, "load.html"), scheme, "load", show_plots) for scheme in SCHEMES)


def show_cell(tab: Page) -> None:
    """A cell that failed, with its ladder."""
    tab.goto(f"{tab.url}#OUT-9/1")
    expect(tab.locator("#panel .ladder")).to_be_visible()
    tab.get_by_role("searchbox").fill("out- answer lost")
    tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def show_plots(tab: Page) -> None:
    """The plots alone."""
    tab.set_viewport_size({"width": 1200, "height": 660})
    tab.locator("#plots-title").evaluate("heading => heading.scrollIntoView()")


def draw(browser: Browser, path: Path, scheme: str, name: str, show: Callable[[Page], None]) -> int:
    """Draw a page in one colour scheme after `show` has moved it; the exit status."""
    with browser.new_context(viewport={"width": 1200, "height": 880}, color_scheme=scheme) as context:  # type: ignore[arg-type]
        tab = context.new_page()
        tab.goto(path.as_uri())
        show(tab)
        return keep(f"{name}-{scheme}.png", tab.screenshot())


def keep(name: str, picture: bytes) -> int:
    """Write a picture if it is small enough; the exit status."""
    if len(picture) >= MOST_BYTES:
        print(f"{name} would have {len(picture)} bytes, expected fewer than {MOST_BYTES}", file=sys.stderr)
        return 2
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / name).write_bytes(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
