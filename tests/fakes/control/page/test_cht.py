"""The page: CHT's documents, messages and reminders, settings, credentials."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.fakes.control.page.conftest import AMINA, Opened, Workbench


def cht(tab: Page) -> Page:
    tab.get_by_role("tab", name="CHT").click()
    return tab


def create(tab: Page, text: str, when: str) -> None:
    form = tab.locator("#new-message")
    form.get_by_label("To", exact=True).fill(AMINA)
    form.get_by_label("Message").fill(text)
    form.get_by_role("combobox", name="When").select_option(when)
    form.get_by_role("button", name="Create the message").click()


def test_a_message_is_created_and_is_what_the_gateway_would_be_handed_next(
    opened: Opened, workbench: Workbench
) -> None:
    workbench.ask("PUT", f"/rapidpro/phones/{AMINA}", {"name": "Amina"})
    tab = cht(opened())
    expect(tab.locator("#next-texts")).to_have_text("Nothing.")
    create(tab, "Come on Monday", "now")
    expect(tab.get_by_text(f"CHT has a message to {AMINA}.")).to_be_visible()
    expect(tab.locator("#next-texts")).to_have_text("Amina: Come on Monday")
    document = tab.locator(".doc")
    expect(document).to_contain_text("Amina Come on Monday")
    expect(document.locator(".states")).to_have_text("pending")


def test_three_days_are_stepped_and_the_reminder_is_due(opened: Opened) -> None:
    tab = cht(opened())
    create(tab, "Come on Thursday", "in three days")
    expect(tab.locator(".task .state")).to_contain_text("scheduled · due 2026-01-08 12:00:00")
    for _ in range(3):
        expect(tab.locator("#next-texts")).to_have_text("Nothing.")
        tab.get_by_role("button", name="+1 day").click()
    tab.get_by_role("button", name="+1 hour").click()
    expect(tab.locator("#next-texts")).to_contain_text("Come on Thursday")
    expect(tab.locator("#rows")).to_contain_text("pending: “Come on Thursday”")
    tab.get_by_text("States", exact=True).click()
    history = tab.locator(".task ol li")
    expect(history).to_have_count(2)
    expect(history.last).to_contain_text("2026-01-08")
    expect(history.last).to_contain_text("pending")


def test_a_reminder_is_made_due_by_hand(opened: Opened) -> None:
    tab = cht(opened())
    create(tab, "Come next week", "in a week")
    tab.get_by_role("button", name="Make due now").click()
    expect(tab.get_by_text("The task is due.")).to_be_visible()
    expect(tab.locator(".task .state")).to_contain_text("pending")
    expect(tab.get_by_role("button", name="Make due now")).to_have_count(0)
    expect(tab.locator("#next-texts")).to_contain_text("Come next week")


def test_documents_are_found_by_words(opened: Opened, workbench: Workbench) -> None:
    for number in range(40):
        workbench.ask(
            "POST", "/cht/messages", {"number": f"+2507881231{number:02}", "text": f"text {number}", "due": None}
        )
    tab = cht(opened())
    expect(tab.locator(".doc")).to_have_count(30)
    tab.get_by_role("button", name="Show more").click()
    expect(tab.locator(".doc")).to_have_count(40)
    tab.locator("#find-doc").fill("TEXT 17")
    expect(tab.locator(".doc")).to_have_count(1)


def test_settings_are_dropped_and_a_credential_is_saved(opened: Opened, workbench: Workbench) -> None:
    tab = cht(opened())
    settings = {"locale": "sw", "replies_are_on": True}
    tab.locator("#drop-settings input").set_input_files(
        files={"name": "app_settings.json", "mimeType": "application/json", "buffer": json.dumps(settings).encode()}
    )
    expect(tab.get_by_text("CHT uses the settings in app_settings.json.")).to_be_visible()
    tab.get_by_text("Settings now").click()
    expect(tab.locator("#settings pre")).to_contain_text('"locale": "sw"')
    tab.get_by_label("Credential").fill("rapidpro:outgoing")
    tab.get_by_label("Secret").fill("not-to-be-seen")
    tab.get_by_role("button", name="Save the credential").click()
    expect(tab.get_by_text("CHT knows rapidpro:outgoing.")).to_be_visible()
    expect(tab.get_by_label("Secret")).to_have_value("")
    assert "not-to-be-seen" not in tab.content()
    assert "not-to-be-seen" in workbench.fakes.services["cht"].secrets().values()
