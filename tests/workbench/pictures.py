"""Pictures of the workbench for README.md and docs/workbench.md: light, dark, and on a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
from playwright.sync_api import Browser, Page, expect

from tests.workbench.conftest import Addresses, up

AMINA, BARAKA = "+250788123001", "+250788123002"
THROTTLED = 429
NOON = "2026-01-05T12:00:00Z"
SIZES = {"light": (1300, 660), "dark": (1300, 660), "narrow": (390, 844)}


def pictures(browser: Browser) -> Iterator[tuple[str, bytes]]:
    """Each picture with its name."""
    with up("--clock", "virtual", "--now", NOON) as addresses:
        morning(addresses)
        for name, (width, height) in SIZES.items():
            scheme: Any = "dark" if name == "dark" else "light"
            size: Any = {"width": width, "height": height}
            with browser.new_context(viewport=size, color_scheme=scheme) as context:
                yield f"workbench-{name}.png", picture(context.new_page(), addresses)


def morning(addresses: Addresses) -> None:
    """Two people text, CHT answers, a reminder goes out while RapidPro throttles."""

    def ask(method: str, path: str, body: Any) -> None:
        requests.request(method, f"{addresses['control']}{path}", json=body, timeout=60).raise_for_status()

    ask("PUT", "/clock", {"running": False})
    settings = {"transitions": {"default_responses": True}, "default_responses": {"start_date": "2016-01-01"}}
    ask("PUT", "/cht/settings", settings)
    for number, name in ((AMINA, "Amina"), (BARAKA, "Baraka")):
        ask("PUT", f"/rapidpro/phones/{number}", {"name": name})
    ask("POST", f"/rapidpro/phones/{AMINA}/texts", {"text": "I have a fever"})
    ask("POST", "/clock/advance", {"seconds": 30})
    ask("POST", "/faults", {"preset": "throttled"})
    ask("POST", "/cht/messages", {"number": BARAKA, "text": "Come on Monday", "due": None})
    ask("POST", "/clock/advance", {"seconds": 240})
    ask("POST", "/faults", {"preset": "late-reports"})


def picture(tab: Page, addresses: Addresses) -> bytes:
    """The page with the first throttled call chosen."""
    calls = requests.get(f"{addresses['control']}/ledger", timeout=60).json()["exchanges"]
    first = next(one["seq"] for one in calls if one["reply"] and one["reply"]["status"] == THROTTLED)
    tab.goto(f"{addresses['page']}#seq={first}")
    expect(tab.locator(".theirs .state")).to_have_count(2)
    expect(tab.locator("#exchange-body")).to_contain_text(f"Status {THROTTLED}")
    tab.locator("#rows").evaluate("box => { box.scrollTop += box.clientHeight / 2; }")
    tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    return tab.screenshot()
