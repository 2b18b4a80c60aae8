"""The page shows what there is: one service alone, checks, a session."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.fakes.control.page.conftest import AMINA, opener, others, running


def test_violations_lead_into_the_ladder(chromium: Browser) -> None:
    violation = {"kind": "sent_twice", "level": "must", "sentence": "“Come” was sent twice", "number": AMINA}
    with (
        running("rapidpro", "cht", further=[others([{**violation, "seqs": [2, 3]}])]) as workbench,
        opener(chromium, workbench) as opened,
    ):
        workbench.ask("PUT", "/rapidpro/webhook", {"url": "http://127.0.0.1:9/nobody"})
        for text in ("one", "two", "three"):
            workbench.ask("POST", f"/rapidpro/phones/{AMINA}/texts", {"text": text})
        tab = opened()
        expect(tab.locator("#checks-count")).to_have_text("Violations: 1")
        expect(tab.locator(".violation")).to_contain_text("sent_twice (must) “Come” was sent twice")
        tab.get_by_role("link", name="exchange 2").click()
        expect(tab.locator("#exchange-body")).to_contain_text("two")
        expect(tab.locator("#rows [aria-selected=true]")).to_contain_text("/nobody")
        tab.get_by_role("link", name="exchange 3").click()
        expect(tab.locator("#exchange-body")).to_contain_text("three")


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_text_on_its_way_is_shown_apart_from_violations(chromium: Browser, wrong: int) -> None:
    waiting = {"kind": "lost", "level": "waiting", "sentence": "“Come” is pending", "seqs": [], "number": AMINA}
    violation = {**waiting, "kind": "sent_twice", "level": "must", "sentence": "“Go” was sent twice"}
    found = [waiting, *[violation] * wrong]
    with (
        running("rapidpro", "cht", further=[others(found)]) as workbench,
        opener(chromium, workbench) as opened,
    ):
        tab = opened()
        expect(tab.locator("#under-way-count")).to_have_text("Under way: 1")
        expect(tab.locator("#under-way")).to_contain_text("“Come” is pending")
        expect(tab.locator("#under-way .mark")).to_have_count(0)
        expect(tab.locator("#checks")).not_to_contain_text("lost")
        expect(tab.locator("#checks-count")).to_have_text("Violations: 1" if wrong else "Nothing is wrong so far.")
        expect(tab.locator(".violation")).to_have_count(wrong)


def test_a_session_is_saved_under_the_name_that_it_has(chromium: Browser) -> None:
    with running("cht", further=[others([])]) as workbench, opener(chromium, workbench) as opened:
        tab = opened()
        expect(tab.locator("#checks-count")).to_have_text("Nothing is wrong so far.")
        tab.get_by_role("tab", name="Take it with you").click()
        with tab.expect_download() as download:
            tab.get_by_role("button", name="Scenario file").click()
        assert download.value.suggested_filename == "scenario.txt"
        assert download.value.path().read_text("utf-8") == "what was done"


def test_a_service_that_does_not_run_is_not_shown(chromium: Browser) -> None:
    with running("cht") as workbench, opener(chromium, workbench) as opened:
        tab = opened()
        expect(tab.get_by_role("tab")).to_have_text(["Faults", "CHT"])
        expect(tab.get_by_role("heading", name="Phones")).to_be_hidden()
        expect(tab.locator("#checks")).to_be_hidden()
        expect(tab.get_by_role("switch")).not_to_have_count(0)
    with running("rapidpro") as workbench, opener(chromium, workbench) as opened:
        expect(opened().get_by_role("tab")).to_have_text(["Faults", "RapidPro"])
