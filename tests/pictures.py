"""`python -m tests.pictures` draws the pages for README.md and docs/. Exit status: 0 drawn, 2 not drawn.

The report is that of a real run of three subjects; the workbench is `relay-harness up` after a morning.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser import NO_BROWSER, browser_path, started
from tests.folders import DOCS
from tests.harness_command import harness
from tests.workbench.pictures import pictures

SUBJECTS = "reference,cht-5.2,outbound-push"
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
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder:
        done = harness("conform", "--subject", SUBJECTS, "--report-dir", folder, timeout=900)
        if done.returncode != 1:  # two of the subjects fail, by what CHT is
            print(f"conform ended with {done.returncode}, expected 1:\n{done.stderr}", file=sys.stderr)
            return 2
        with started(path) as browser:
            report = Path(folder, "report.html").as_uri()
            drawn = [(f"report-{scheme}.png", draw(browser, report, scheme)) for scheme in SCHEMES]
            return max(keep(name, picture) for name, picture in [*drawn, *pictures(browser)])


def keep(name: str, picture: bytes) -> int:
    """Write a picture if it is small enough; the exit status."""
    if len(picture) >= MOST_BYTES:
        print(f"{name} would have {len(picture)} bytes, expected fewer than {MOST_BYTES}", file=sys.stderr)
        return 2
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / name).write_bytes(picture)
    return 0


def draw(browser: Browser, address: str, scheme: str) -> bytes:
    """The report in one colour scheme."""
    with browser.new_context(viewport={"width": 1200, "height": 880}, color_scheme=scheme) as context:  # type: ignore[arg-type]
        tab = context.new_page()
        tab.goto(f"{address}#OUT-9/1")
        expect(tab.locator("#panel .ladder")).to_be_visible()
        tab.get_by_role("searchbox").fill("out- answer lost")
        tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        return tab.screenshot()


if __name__ == "__main__":
    sys.exit(main())
