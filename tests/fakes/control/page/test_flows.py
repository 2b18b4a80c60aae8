"""The page: flows that are dropped on it, who waits where, results, quota, the channel."""

from __future__ import annotations

import json

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.fakes.control.page.conftest import AMINA, Opened, Workbench, add_phone
from tests.folders import ROOT

EXPORT = ROOT / "examples" / "flows" / "records.json"
FLOW = "Fever and cough to CHT records"

DROP = """(box, text) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], "records.json", {type: "application/json"}));
  for (const name of ["dragover", "drop"]) {
    box.dispatchEvent(new DragEvent(name, {dataTransfer: transfer, bubbles: true, cancelable: true}));
  }
}"""


def tab_of(tab: Page, name: str) -> None:
    tab.get_by_role("tab", name=name).click()


def test_an_export_is_dropped_and_run_and_shows_where_a_person_stands(opened: Opened) -> None:
    tab = opened()
    add_phone(tab)
    tab_of(tab, "RapidPro")
    tab.locator("#drop-flow").evaluate(DROP, EXPORT.read_text("utf-8"))
    expect(tab.get_by_text("records.json is imported.")).to_be_visible()
    expect(tab.get_by_role("combobox", name="Flow")).to_have_text(FLOW)
    nodes = json.loads(EXPORT.read_text("utf-8"))["flows"][0]["nodes"]
    expect(tab.locator("#flow-drawing .node")).to_have_count(len(nodes))
    text = tab.get_by_label(f"Text from {AMINA}")
    text.fill("fever")
    text.press("Enter")
    expect(tab.get_by_role("img", name=f"{FLOW}. Nodes: {len(nodes)}, people who wait: 1")).to_be_visible()
    expect(tab.locator("#flow-drawing .waited")).to_contain_text("● Amina")
    expect(tab.locator("#flow-people")).to_contain_text("Amina waits at")
    expect(tab.get_by_role("log").locator(".theirs")).to_have_count(1)


def test_an_export_that_is_no_flow_is_refused_with_the_reason(opened: Opened) -> None:
    tab = opened(refused=400)
    tab_of(tab, "RapidPro")
    tab.locator("#drop-flow input").set_input_files(
        files={"name": "x.json", "mimeType": "application/json", "buffer": b"{]"}
    )
    expect(tab.get_by_role("alert")).to_contain_text("not JSON")


def test_a_flow_without_places_is_drawn_in_layers_that_do_not_overlap(opened: Opened, workbench: Workbench) -> None:
    export = json.loads(EXPORT.read_text("utf-8"))
    for flow in export["flows"]:
        del flow["_ui"]
    workbench.ask("POST", "/rapidpro/flows", export)
    tab = opened()
    tab_of(tab, "RapidPro")
    boxes = tab.locator("#flow-drawing rect").evaluate_all(
        "all => all.map(one => [one.x.baseVal.value, one.y.baseVal.value])"
    )
    assert len(boxes) == len({tuple(one) for one in boxes}) == len(export["flows"][0]["nodes"])
    assert all(
        abs(one[0] - other[0]) >= 190 or abs(one[1] - other[1]) >= 62
        for one in boxes
        for other in boxes
        if one != other
    )


def test_the_results_of_people_are_listed(opened: Opened, workbench: Workbench) -> None:
    workbench.ask("POST", "/rapidpro/flows", json.loads(EXPORT.read_text("utf-8")))
    for text in ("fever", "38.5"):
        workbench.ask("POST", f"/rapidpro/phones/{AMINA}/texts", {"text": text})
    tab = opened()
    tab_of(tab, "RapidPro")
    tab.get_by_text("Results of people in flows").click()
    expect(tab.locator("#results")).to_contain_text("38.5")


def test_the_quota_that_is_left_and_when_it_refills(opened: Opened, workbench: Workbench) -> None:
    workbench.ask("PUT", "/rapidpro/rates", {"v2.messages": "10/hour"})
    tab = opened()
    tab_of(tab, "RapidPro")
    row = tab.locator("#quota tbody tr").filter(has_text="v2.messages")
    expect(row).to_contain_text("10/hour")
    expect(row).to_contain_text("unused")
    workbench.fakes.services["rapidpro"].exhaust_quota()  # type: ignore[attr-defined]
    expect(row).to_contain_text("2026-01-05 13:00:00")
    expect(row.get_by_role("meter", name="v2.messages: 0 requests left")).to_be_visible()


@pytest.mark.parametrize(
    ("setting", "value", "saved"), [("tps", "3", 3.0), ("bad_numbers", '["+250788000000"]', ["+250788000000"])]
)
def test_a_setting_of_the_channel_is_changed_alone(
    opened: Opened, workbench: Workbench, setting: str, value: str, saved: object
) -> None:
    before = workbench.ask("GET", "/rapidpro/channel")
    tab = opened()
    tab_of(tab, "RapidPro")
    tab.get_by_text("Channel settings", exact=True).click()
    tab.locator("#channel").get_by_label(setting, exact=True).fill(value)
    tab.get_by_role("button", name="Save the channel settings").click()
    expect(tab.get_by_text("The channel settings are saved.")).to_be_visible()
    assert workbench.ask("GET", "/rapidpro/channel") == {**before, setting: saved}


def test_a_flow_that_calls_cht_by_itself_is_drawn_without_a_relay(opened: Opened, workbench: Workbench) -> None:
    records = f"{workbench.addresses['cht']}/api/v2/records"
    export = json.loads(EXPORT.read_text("utf-8"))
    workbench.ask("POST", "/rapidpro/flows", {**export, "globals": {"cht_records_url": records}})
    tab = opened()
    for text in ("fever", "yes", "no"):
        workbench.ask("POST", f"/rapidpro/phones/{AMINA}/texts", {"text": text})
    calls = tab.locator("#rows .row").filter(has_text="/api/v2/records")
    expect(calls).to_have_count(2)  # as RapidPro's call, and as CHT's request
    for call in calls.all():
        expect(call).to_contain_text("RapidPro to CHT")
    requests.post(records, json={}, headers={"Accept": "application/json"}, timeout=10)  # as a relay
    expect(calls).to_have_count(3)
    expect(calls.last).to_contain_text("Relay to CHT")
