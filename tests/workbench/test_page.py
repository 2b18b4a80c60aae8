"""A tester's morning with the reference relay: everything as people do it, on the page of `relay-harness up`."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.fakes.control.page.conftest import AMINA, add_phone
from tests.harness_command import harness


def step(tab: Page, *names: str) -> None:
    """Let time pass."""
    for name in names:
        with tab.expect_response(lambda reply: reply.url.endswith("/clock/advance") and reply.ok):
            tab.get_by_role("button", name=name).click()


def remind(tab: Page, text: str) -> None:
    tab.get_by_role("tab", name="CHT").click()
    form = tab.locator("#new-message")
    form.get_by_label("To", exact=True).fill(AMINA)
    form.get_by_label("Message").fill(text)
    form.get_by_role("combobox", name="When").select_option("in three days")
    form.get_by_role("button", name="Create the message").click()


SETTINGS = {"transitions": {"default_responses": True}, "default_responses": {"start_date": "2016-01-01"}}
"""With these, CHT answers every text."""


def test_a_text_goes_to_cht_and_its_answer_comes_back(tab: Page) -> None:
    add_phone(tab)
    tab.get_by_role("tab", name="CHT").click()
    tab.locator("#drop-settings input").set_input_files(
        files={"name": "app_settings.json", "mimeType": "application/json", "buffer": json.dumps(SETTINGS).encode()}
    )
    expect(tab.get_by_text("CHT uses the settings in app_settings.json.")).to_be_visible()
    tab.get_by_label(f"Text from {AMINA}").fill("I have a fever")
    tab.keyboard.press("Enter")
    step(tab, "+1 hour")
    ladder = tab.locator("#rows")
    for words in ("“I have a fever” from Amina", "RapidPro delivers “I have a fever”", "gateway hands over 1 text"):
        expect(ladder).to_contain_text(words)
    expect(tab.locator(".theirs .state")).to_contain_text("✓✓ delivered · on the phone")
    expect(ladder).to_contain_text("asks to send")
    expect(tab.get_by_role("status").filter(has_text="Nothing is wrong so far.")).to_be_visible()


def test_a_reminder_arrives_after_three_days_and_what_was_done_is_saved_and_replayed(tab: Page, tmp_path: Path) -> None:
    """RapidPro throttles the relay meanwhile."""
    add_phone(tab)
    remind(tab, "Come on Thursday")
    tab.get_by_role("tab", name="Faults").click()
    tab.get_by_role("switch", name="throttled off", exact=True).click()
    step(tab, "+1 day", "+1 day", "+1 day", "+1 hour")
    bubble = tab.locator(".theirs")
    expect(bubble.locator(".words")).to_have_text("Come on Thursday")
    expect(bubble.locator(".state")).to_contain_text("2026-01-08")
    expect(bubble.locator(".state")).to_contain_text("✓✓ delivered")
    tab.get_by_label("Follow the newest").uncheck()
    tab.locator("#rows").press("Home")
    expect(tab.locator("#rows .bad").first).to_contain_text("fault: throttle")
    tab.get_by_role("tab", name="Take it with you").click()
    saved = {}
    for kind in ("Scenario file", "Test for pytest", "Report"):
        with tab.expect_download() as download:
            tab.get_by_role("button", name=kind).click()
        saved[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[kind])
    assert [path.name for path in saved.values()] == ["session.json", "test_session.py", "session.html"]
    replayed = harness("replay", str(saved["Scenario file"]))
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "def test_" in saved["Test for pytest"].read_text("utf-8")
    assert "Come on Thursday" in saved["Report"].read_text("utf-8")
