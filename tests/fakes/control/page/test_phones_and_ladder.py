"""The page: phones, conversations, the ladder."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Page, expect

from conformance.services.neighbours import neighbours
from fakes.serving.transport import WSGIAdapter
from fakes.serving.wsgi import Environ, Reply, StartResponse, WSGIApp
from tests.fakes.control.page.conftest import AMINA, BARAKA, Opened, Workbench, add_phone

HOOK = "http://relay.test/api/v2/sms/rapidpro/incoming-messages"


def accepting(_environ: Environ, start_response: StartResponse) -> list[bytes]:
    """A relay that takes every text."""
    return Reply.of(201, "application/json", b'{"taken": true}').to_wsgi(start_response)


def refusing(_environ: Environ, start_response: StartResponse) -> list[bytes]:
    """A relay that takes none: the flow then tells the person."""
    return Reply.of(503, "text/plain", b"not now").to_wsgi(start_response)


def with_relay(workbench: Workbench, relay: WSGIApp = accepting) -> None:
    workbench.fakes.session("rapidpro").mount("http://relay.test", WSGIAdapter(relay))
    workbench.ask("PUT", "/rapidpro/webhook", {"url": HOOK})


def send(workbench: Workbench, text: str, number: str = AMINA) -> None:
    workbench.ask("POST", f"/rapidpro/phones/{number}/texts", {"text": text})


def rows(tab: Page) -> list[str]:
    """The words of the visible rows."""
    return [" ".join(one.split()) for one in tab.locator("#rows .row-words").all_inner_texts()]


def bubbles(tab: Page, number: str = AMINA) -> list[str]:
    """The words in the bubbles of a conversation."""
    return tab.get_by_role("log", name=f"Conversation of {number}").locator(".words").all_inner_texts()


def test_a_text_goes_in_and_the_reply_comes_back_with_its_ticks(opened: Opened, workbench: Workbench) -> None:
    with_relay(workbench, refusing)
    tab = opened()
    add_phone(tab)
    tab.get_by_label(f"Text from {AMINA}").fill("TEMP 38.5")
    tab.get_by_role("button", name="Send").click()
    log = tab.get_by_role("log", name=f"Conversation of {AMINA}")
    expect(log.locator(".bubble")).to_have_count(2)
    assert bubbles(tab)[0] == "TEMP 38.5"
    assert bubbles(tab)[1].startswith("We could not process your message")
    expect(log.locator(".theirs .state")).to_contain_text("◷ queued")
    workbench.pass_time(60)
    expect(log.locator(".theirs .state")).to_contain_text("✓✓ delivered · on the phone")
    expect(tab.locator("#rows")).to_contain_text("“TEMP 38.5” from Amina")
    expect(tab.locator("#rows")).to_contain_text("wired: “We could")
    expect(tab.locator("#rows")).to_contain_text("delivered: “We could")
    names = workbench.ask("GET", "/rapidpro/phones?texts=yes")["names"]
    assert names == {AMINA: "Amina"}


def test_several_texts_at_once_in_any_script(opened: Opened, workbench: Workbench) -> None:
    tab = opened()
    add_phone(tab, BARAKA, "بركة")
    tab.get_by_label("Each line is a text").check()
    tab.get_by_label(f"Text from {BARAKA}").fill("درجة الحرارة ٣٨\n\nአዎ\nघर पर हूँ 🏠")
    tab.get_by_role("button", name="Send").click()
    mine = tab.get_by_role("log").locator(".mine .words")
    expect(mine).to_have_count(3)
    assert sorted(mine.all_inner_texts()) == sorted(["درجة الحرارة ٣٨", "አዎ", "घर पर हूँ 🏠"])
    arabic = mine.filter(has_text="درجة")
    assert arabic.evaluate("node => getComputedStyle(node).direction") == "rtl"
    assert {one["text"] for one in workbench.ask("GET", f"/rapidpro/phones/{BARAKA}/texts")["texts"]} == {
        "درجة الحرارة ٣٨",
        "አዎ",
        "घर पर हूँ 🏠",
    }


def test_what_is_refused_is_told_and_the_text_is_kept(opened: Opened) -> None:
    tab = opened(refused=400)
    tab.get_by_label("Number", exact=True).fill("MTN")
    tab.get_by_role("button", name="Add a phone").click()
    expect(tab.get_by_role("alert")).to_contain_text("MTN")
    expect(tab.locator(".phone")).to_have_count(0)
    add_phone(tab)
    tab.route("**/texts", lambda route: route.fulfill(status=400, json={"error": "not this one"}))
    tab.get_by_label(f"Text from {AMINA}").fill("TEMP 38.5")
    tab.get_by_role("button", name="Send").click()
    expect(tab.get_by_role("alert")).to_have_text("not this one")
    expect(tab.get_by_label(f"Text from {AMINA}")).to_have_value("TEMP 38.5")


def test_delivery_reports_by_hand(opened: Opened, workbench: Workbench) -> None:
    with_relay(workbench, refusing)
    send(workbench, "hello")
    tab = opened()
    card = tab.locator(".phone")
    card.get_by_text("Delivery reports, repetition").click()
    card.get_by_label("Texts to this phone").select_option("never reported: only by hand")
    expect(tab.get_by_role("status").filter(has_text="from now on")).to_be_visible()
    assert workbench.ask("GET", "/rapidpro/channel")["aimed"] == [{"match": {"to": AMINA}, "trouble": "never_reports"}]
    workbench.pass_time(60)
    state = card.locator(".theirs .state")
    expect(state).to_contain_text("✓ wired · on the phone")
    card.get_by_text("Report by hand").click()
    card.get_by_role("button", name="Delivered, twice").click()
    expect(state).to_contain_text("✓✓ delivered")
    message = workbench.ask("GET", "/rapidpro/messages?statuses=yes")["messages"][-1]
    assert [one["status"] for one in message["statuses"]].count("delivered") >= 1
    with tab.expect_response(lambda reply: reply.request.method == "PUT"):
        card.get_by_label("Texts to this phone").select_option("as the channel has it")
    assert workbench.ask("GET", "/rapidpro/channel")["aimed"] == []


def test_a_report_of_failure_shows_its_reason_and_the_message_can_be_resent(
    opened: Opened, workbench: Workbench
) -> None:
    with_relay(workbench, refusing)
    workbench.ask("PUT", "/rapidpro/channel", {"aimed": [{"match": {"to": AMINA}, "trouble": "failed"}]})
    send(workbench, "hello")
    workbench.pass_time(60)
    tab = opened()
    bubble = tab.locator(".bubble.theirs")
    expect(bubble.locator(".state")).to_contain_text("✗ failed")
    workbench.ask("PUT", "/rapidpro/channel", {"aimed": []})
    bubble.get_by_text("Report by hand").click()
    bubble.get_by_role("button", name="Resend").click()
    expect(bubble.locator(".state")).not_to_contain_text("failed")
    workbench.pass_time(3600)
    expect(bubble.locator(".state")).to_contain_text("delivered")
    expect(bubble.get_by_role("button", name="Resend")).to_be_hidden()


def test_a_call_opens_with_request_and_answer_and_the_secrets_hidden(opened: Opened, workbench: Workbench) -> None:
    with_relay(workbench)
    workbench.ask("PUT", "/rapidpro/webhook", {"token": "a-secret-of-the-webhook"})
    send(workbench, "TEMP 38.5")
    tab = opened()
    tab.locator(".row").filter(has_text="RapidPro to Relay").click()
    panel = tab.locator("#exchange")
    expect(panel.get_by_role("heading", name="Exchange 1")).to_be_focused()
    expect(panel).to_contain_text("TEMP 38.5")
    expect(panel).to_contain_text("Status 201")
    expect(panel).to_contain_text('"taken": true')
    for headers in panel.get_by_text("Headers").all():
        headers.click()
    expect(panel).to_contain_text("authorization: ")
    assert "a-secret-of-the-webhook" not in tab.content()
    assert tab.url.endswith("#seq=1")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    assert "#" not in tab.url


def test_a_link_to_a_moment_opens_it(opened: Opened, workbench: Workbench) -> None:
    with_relay(workbench)
    for number in range(40):
        send(workbench, f"text {number}", f"+2507881230{number:02}")
    tab = opened("#seq=3")
    expect(tab.locator("#exchange-body")).to_contain_text("text 2")
    expect(tab.locator("#rows [aria-selected=true]")).to_contain_text("text 2")
    expect(tab.locator("#rows [aria-selected=true]")).to_be_in_viewport()
    tab.evaluate("location.hash = '#seq=999'")
    expect(tab.locator("#exchange-body")).to_contain_text("The ledger does not hold this exchange")


def test_the_ladder_follows_the_newest_until_somebody_looks_around(opened: Opened, workbench: Workbench) -> None:
    with_relay(workbench)
    for number in range(20):
        send(workbench, f"text {number}")
    tab = opened()
    expect(tab.locator("#rows .row").last).to_contain_text("text 19")
    send(workbench, "the next")
    expect(tab.locator("#rows .row").last).to_contain_text("the next")
    tab.locator("#rows").press("Home")
    expect(tab.get_by_label("Follow the newest")).not_to_be_checked()
    send(workbench, "and another")
    expect(tab.locator("#ladder-count")).to_contain_text("exchanges: 22")
    expect(tab.locator("#rows .row").first).to_contain_text("text 0")


def test_the_ladder_filters_by_person_and_folds_polls(opened: Opened, workbench: Workbench) -> None:
    with_relay(workbench)
    workbench.ask("PUT", f"/rapidpro/phones/{AMINA}", {"name": "Amina"})
    relay = neighbours(workbench.addresses["cht"], workbench.addresses["rapidpro"])
    for _ in range(5):
        headers = {"Authorization": f"Token {relay.rapidpro_token}"}
        assert requests.get(f"{relay.rapidpro_url}/api/v2/messages.json", headers=headers, timeout=5).ok
        assert requests.post(
            f"{relay.cht_url}/api/sms", json={}, auth=(relay.cht_user, relay.cht_password), timeout=5
        ).ok
    send(workbench, "mine")
    send(workbench, "yours", BARAKA)
    tab = opened()
    expect(tab.locator("#ladder-count")).to_contain_text("exchanges: 12")
    tab.get_by_label("Person").select_option(AMINA)
    expect(tab.locator("#rows .row")).to_have_count(2)
    assert all("mine" in one for one in rows(tab))
    tab.get_by_label("Person").select_option("")
    expect(tab.locator("#rows")).to_contain_text("yours")
    assert sum("(5 times, last 12:00:00)" in one for one in rows(tab)) == 2
    assert len(rows(tab)) == 6
    tab.locator(".row").filter(has_text="5 times").first.click()
    expect(tab.locator("#exchange")).to_contain_text("1 of 5 calls that are folded into this row.")
    tab.locator("#exchange").get_by_role("button", name="Later").click()
    expect(tab.locator("#exchange")).to_contain_text("2 of 5 calls")
    tab.get_by_label("Fold polls").uncheck()
    expect(tab.locator("#rows .row")).to_have_count(14)


def test_a_fault_that_is_switched_on_is_seen_in_the_ladder(opened: Opened, workbench: Workbench) -> None:
    tab = opened()
    switch = tab.get_by_role("switch", name="throttled on", exact=True).or_(
        tab.get_by_role("switch", name="throttled off", exact=True)
    )
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(tab.locator("#planned")).to_contain_text("throttle, rapidpro. Used: 0, left: 3")
    requests.get(f"{workbench.addresses['rapidpro']}/api/v2/messages.json", timeout=5)
    bad = tab.locator("#rows .bad")
    expect(bad).to_contain_text("fault: throttle")
    expect(bad).to_contain_text("answered 429")
    expect(tab.locator("#planned")).to_contain_text("Used: 1, left: 2")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    assert workbench.ask("GET", "/faults") == {"faults": []}
    workbench.fakes.services["rapidpro"].exhaust_quota()  # type: ignore[attr-defined]
    relay = neighbours(workbench.addresses["cht"], workbench.addresses["rapidpro"])
    headers = {"Authorization": f"Token {relay.rapidpro_token}"}
    assert requests.get(f"{relay.rapidpro_url}/api/v2/messages.json", headers=headers, timeout=5).status_code == 429
    expect(bad.last).to_contain_text("throttled")


ON = """async ([planned, presets, effects]) => {
  const {completed, isPlanned} = await import("/page/faults/matching.js");
  const all = completed(presets, effects);
  return planned.map(([faults, channel]) => all.filter((one) => isPlanned(one, faults, channel)).map(({name}) => name));
}"""


def test_every_preset_is_known_again_among_the_planned_faults(opened: Opened, workbench: Workbench) -> None:
    presets, effects = workbench.ask("GET", "/presets"), workbench.ask("GET", "/effects")
    planned = []
    for preset in presets["presets"]:
        workbench.ask("POST", "/faults", {"preset": preset["name"]})
        planned.append((workbench.ask("GET", "/faults")["faults"], workbench.ask("GET", "/rapidpro/channel")))
        workbench.ask("DELETE", "/faults")
    assert opened().evaluate(ON, [planned, presets, effects]) == [[one["name"]] for one in presets["presets"]]


@pytest.mark.parametrize("name", ["flaky-network", "late-reports", "aggregator-down"])
def test_a_switch_goes_off_again_and_leaves_nothing(opened: Opened, workbench: Workbench, name: str) -> None:
    before = workbench.ask("GET", "/rapidpro/channel")
    workbench.ask("POST", "/faults", {"preset": name})
    tab = opened()
    on = tab.locator("#presets [aria-checked=true] .preset-name")
    expect(on).to_have_text([name])
    on.click()
    expect(on).to_have_count(0)
    assert workbench.ask("GET", "/faults") == {"faults": []}
    assert workbench.ask("GET", "/rapidpro/channel") == before


def test_a_fault_of_ones_own(opened: Opened, workbench: Workbench) -> None:
    tab = opened()
    tab.get_by_text("A fault of your own").click()
    form = tab.locator("#own-form")
    form.get_by_role("combobox", name="Effect").select_option("replace_reply")
    form.get_by_label("status").fill("418")
    form.get_by_role("combobox", name="Service").select_option("cht")
    form.get_by_label("method").fill("GET")
    form.get_by_label("times").fill("2")
    form.get_by_role("button", name="Plan the fault").click()
    expect(tab.locator("#planned")).to_contain_text("replace_reply, cht GET. Used: 0, left: 2")
    (fault,) = workbench.ask("GET", "/faults")["faults"]
    assert (fault["with"]["status"], fault["match"], fault["times"]) == (418, {"method": "GET"}, 2)
    assert requests.get(f"{workbench.addresses['cht']}/api/info", timeout=5).status_code == 418
    tab.get_by_role("button", name="Remove fault 1").click()
    expect(tab.locator("#no-faults")).to_be_visible()


def test_time_is_stepped_by_a_minute_an_hour_a_day(opened: Opened) -> None:
    tab = opened()
    now = tab.locator("#now")
    expect(now).to_have_text("2026-01-05 12:00:00 UTC")
    for name, time in (("+1 minute", "01-05 12:01"), ("+1 hour", "01-05 13:01"), ("+1 day", "01-06 13:01")):
        tab.get_by_role("button", name=name).click()
        expect(now).to_contain_text(time)


def test_time_runs_stands_still_and_goes_to_the_next_thing(opened: Opened, workbench: Workbench) -> None:
    workbench.ask("POST", "/rapidpro/broadcasts", {"count": 1, "number": AMINA})
    tab = opened()
    expect(tab.locator("#next-what")).to_contain_text("Next: ")
    before = tab.locator("#now").get_attribute("datetime") or ""
    tab.get_by_role("button", name="To the next thing").click()
    expect(tab.locator("#now")).not_to_have_attribute("datetime", before)
    expect(tab.locator("#told")).to_contain_text("It happened: a phone or a contact has changed")
    tab.get_by_label("Speed").select_option("3600×")
    tab.get_by_role("button", name="Run", exact=True).click()
    expect(tab.locator(".theirs .state")).to_contain_text("delivered")
    tab.get_by_role("button", name="Pause").click()
    expect(tab.get_by_role("button", name="Run", exact=True)).to_be_visible()
    clock = workbench.ask("GET", "/clock")
    assert (clock["running"], clock["speed"]) == (False, 3600)


def test_all_is_forgotten_by_a_reset(opened: Opened, workbench: Workbench) -> None:
    send(workbench, "before")
    tab = opened()
    expect(tab.locator("#rows .row")).not_to_have_count(0)
    workbench.ask("POST", "/reset")
    expect(tab.locator("#rows .row")).to_have_count(0)
    expect(tab.locator("#no-phones")).to_be_visible()
    send(workbench, "after")
    expect(tab.locator(".mine .words")).to_have_text(["after"])


SEEN = """(hidden) => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_page_in_the_background_reads_nothing_and_catches_up(opened: Opened, workbench: Workbench) -> None:
    send(workbench, "before")
    with_relay(workbench)
    send(workbench, "known")
    tab = opened()
    expect(tab.locator("#ladder-count")).to_contain_text("exchanges: 1")
    asked: list[str] = []
    tab.evaluate(SEEN, True)
    tab.on("request", lambda request: asked.append(request.url))
    send(workbench, "meanwhile")
    tab.evaluate("new Promise((resolve) => setTimeout(resolve, 500))")  # longer than the page needs to be told
    assert asked == []
    tab.evaluate(SEEN, False)
    expect(tab.locator("#ladder-count")).to_contain_text("exchanges: 2")
    expect(tab.locator(".mine .words")).to_have_text(["before", "known", "meanwhile"])
    tab.evaluate(SEEN, True)
    workbench.ask("POST", "/reset")
    send(workbench, "anew")
    tab.evaluate(SEEN, False)
    expect(tab.locator(".mine .words")).to_have_text(["anew"])
    expect(tab.locator("#ladder-count")).to_contain_text("exchanges: 0")


def test_evil_texts_are_shown_and_do_nothing(opened: Opened, workbench: Workbench) -> None:
    words = "<img src=x onerror=alert(1)></script><script>alert(1)</script>"
    with_relay(workbench)
    workbench.ask("PUT", f"/rapidpro/phones/{AMINA}", {"name": words})
    send(workbench, words)
    tab = opened("#seq=1")
    expect(tab.locator(".mine .words")).to_have_text(words)
    expect(tab.locator("#exchange")).to_be_visible()
    assert tab.locator("img, iframe, main script").count() == 0


def test_texts_of_one_moment_are_in_their_order_whatever_changed_last(opened: Opened, workbench: Workbench) -> None:
    for text in ("one", "two"):
        send(workbench, text)
    first = workbench.ask("GET", "/rapidpro/messages")["messages"][0]
    workbench.fakes.services["rapidpro"].store.note_change(  # type: ignore[attr-defined]
        workbench.fakes.services["rapidpro"].store.message_by_id[first["id"]]  # type: ignore[attr-defined]
    )
    changed = workbench.ask("GET", "/rapidpro/messages?changed=0")["messages"]
    assert [one["text"] for one in changed] == ["two", "one"]
    expect(opened().locator(".mine .words")).to_have_text(["one", "two"])
