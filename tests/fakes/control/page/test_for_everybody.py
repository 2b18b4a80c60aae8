"""The page for everybody: by keyboard alone, for screen readers, in light and dark, on narrow and wide screens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.control.page.conftest import AMINA, BARAKA, Opened, Workbench, others, running
from tests.folders import ROOT
from tests.node import install

AXE = "axe-core@4.14.1"
JUDGE = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
TABS = ("Faults", "RapidPro", "CHT", "Take it with you")
LONG = "a text without end " * 30 + "andawordthatisverylongindeed" * 10


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core (MPL-2.0), which judges pages by WCAG; it is not part of this project."""
    folder = tmp_path_factory.mktemp("axe")
    install(folder, AXE)
    return Path(folder, "node_modules", "axe-core", "axe.min.js").read_text("utf-8")


@pytest.fixture
def workbench() -> Iterator[Workbench]:
    """With checks that find something, and a session that can be saved."""
    violation = {"kind": "sent_twice", "level": "must", "sentence": LONG, "seqs": [1], "number": AMINA}
    with running("rapidpro", "cht", further=[others([violation])]) as found:
        yield found


def full(workbench: Workbench) -> None:
    """Two people, long texts, a flow, faults, a call that fails."""
    workbench.ask("PUT", "/rapidpro/webhook", {"url": "http://127.0.0.1:9/nobody"})
    workbench.ask("PUT", f"/rapidpro/phones/{AMINA}", {"name": "Amina"})
    for number, text in ((AMINA, "TEMP 38.5"), (BARAKA, LONG)):
        workbench.ask("POST", f"/rapidpro/phones/{number}/texts", {"text": text})
    workbench.pass_time(60)
    workbench.ask("POST", "/faults", {"preset": "flaky-network"})
    workbench.ask(
        "POST", "/rapidpro/flows", json.loads((ROOT / "examples" / "flows" / "records.json").read_text("utf-8"))
    )
    workbench.ask("POST", f"/rapidpro/phones/{AMINA}/texts", {"text": "fever"})


def all_open(tab: Page) -> None:
    tab.locator("#rows .row").first.wait_for()
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    tab.locator("#exchange-body pre").first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened: Opened, workbench: Workbench, axe: str, scheme: str) -> None:
    full(workbench)
    tab = opened("#seq=1", scheme=scheme)
    tab.evaluate(axe)
    for name in TABS:
        tab.get_by_role("tab", name=name).click()
        all_open(tab)
        found: list[dict[str, Any]] = tab.evaluate(JUDGE)
        bad = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]
        assert bad == [], name


@pytest.mark.parametrize("width", [390, 1920])
def test_nothing_is_wider_than_the_window(opened: Opened, workbench: Workbench, width: int) -> None:
    full(workbench)
    tab = opened("#seq=1", width=width)
    for name in TABS:
        tab.get_by_role("tab", name=name).click()
        all_open(tab)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(21, 25, 29)")])
def test_it_is_dark_where_people_want_it(opened: Opened, scheme: str, paper: str) -> None:
    tab = opened(scheme=scheme)
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == paper


def tab_to(tab: Page, wanted: str) -> None:
    """Press the tab key until the element with this accessible name has the focus."""
    for _ in range(80):
        tab.keyboard.press("Tab")
        if (
            tab.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"
                " || document.activeElement.labels?.[0]?.innerText.trim()"
            )
            == wanted
        ):
            return
    pytest.fail(f"the tab key does not lead to {wanted}")


def test_the_keyboard_suffices(opened: Opened, workbench: Workbench) -> None:
    workbench.ask("PUT", "/rapidpro/webhook", {"url": "http://127.0.0.1:9/nobody"})
    tab = opened()
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Phones")).to_be_focused()
    tab.keyboard.press("Enter")
    tab_to(tab, "Number")
    tab.keyboard.type(AMINA)
    tab.keyboard.press("Tab")
    tab.keyboard.type("Amina")
    tab.keyboard.press("Enter")
    expect(tab.get_by_label(f"Text from {AMINA}")).to_be_focused()
    tab.keyboard.type("TEMP 38.5")
    tab.keyboard.press("Shift+Enter")
    tab.keyboard.type("and cough")
    tab.keyboard.press("Enter")
    expect(tab.locator(".mine .words")).to_have_text("TEMP 38.5\nand cough", use_inner_text=True)
    expect(tab.locator("#rows .row")).to_have_count(2)
    tab_to(tab, "What happened, in order of time")
    tab.keyboard.press("Home")
    expect(tab.locator("#rows [aria-selected=true]")).to_contain_text("from Amina")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    expect(tab.locator("#exchange-title")).to_be_focused()
    tab_to(tab, "Close")
    tab.keyboard.press("Enter")
    expect(tab.locator("#rows")).to_be_focused()
    tab_to(tab, "Faults")
    tab.keyboard.press("ArrowRight")
    expect(tab.get_by_role("tab", name="RapidPro")).to_be_focused()
    expect(tab.get_by_role("tabpanel")).to_have_count(1)
    expect(tab.get_by_role("tabpanel", name="RapidPro")).to_be_visible()
