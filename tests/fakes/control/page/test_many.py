"""The page with 10,000 exchanges: it stays quick and small, because it holds what is visible."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from fakes.control.events import hub
from fakes.serving.wsgi import Reply
from tests.fakes.control.page.conftest import AMINA, NOON, Opened, Workbench

MANY = 10_000
LONGEST_FRAME = 100.0
"""Milliseconds."""
TRIES = 8
"""Other tests may use all processors for a moment."""
MOST_MEMORY = 300_000_000
"""Bytes of the page's heap, after a collection."""

WATCH = """() => {
  window.longest = 0;
  let before = performance.now();
  const frame = (now) => {
    window.longest = Math.max(window.longest, now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
SCROLL = """async () => {
  const box = document.getElementById("rows");
  for (let step = 0; step <= 60; step++) {
    box.scrollTop = box.scrollHeight * step / 60;
    await new Promise(requestAnimationFrame);
  }
}"""


def fill(workbench: Workbench, count: int) -> None:
    """Exchanges as of a morning on which half of the calls are polls."""
    first = workbench.fakes.ledger.last
    for number in range(first, first + count):
        poll = number % 2 == 0
        phone, text = f"+25078{number % 1000:07}", f"reminder {number}"
        body = {} if poll else {"urns": [f"tel:{phone}"], "text": {"eng": text}}
        workbench.fakes.ledger.add(
            at=NOON + timedelta(milliseconds=number),
            service="cht" if poll else "rapidpro",
            direction="in",
            method="POST",
            path="/api/sms" if poll else "/api/v2/broadcasts.json",
            query="",
            headers={"content-type": "application/json"},
            body=json.dumps(body).encode(),
            reply=Reply.of(200 if poll else 201, "application/json", b'{"messages": []}'),
        )


def longest_frame(tab: Page, workbench: Workbench, known: int) -> float:
    """Of a page that is scrolled through while exchanges go on to arrive, in milliseconds."""
    tab.evaluate(WATCH)
    fill(workbench, 500)
    tab.evaluate(SCROLL)
    expect(tab.locator("#ladder-count")).to_contain_text(f"exchanges: {known + 500}")
    found: float = tab.evaluate("window.longest")
    return found


def test_ten_thousand_exchanges_are_quick_to_look_through_and_small(opened: Opened, workbench: Workbench) -> None:
    fill(workbench, MANY)
    tab = opened()
    expect(tab.locator("#ladder-count")).to_contain_text(f"exchanges: {MANY}", timeout=60_000)
    assert tab.locator("#rows .row").count() < 60
    frames = (longest_frame(tab, workbench, MANY + 500 * times) for times in range(TRIES))
    assert any(frame < LONGEST_FRAME for frame in frames)
    tab.evaluate("location.hash = '#seq=2'")
    expect(tab.locator("#rows [aria-selected=true]")).to_contain_text("reminder 1")
    session = tab.context.new_cdp_session(tab)
    session.send("HeapProfiler.collectGarbage")
    assert session.send("Runtime.getHeapUsage")["usedSize"] < MOST_MEMORY


def messages(workbench: Workbench, count: int) -> None:
    workbench.ask("POST", "/rapidpro/broadcasts", {"count": count, "number": AMINA})
    workbench.pass_time(count)


def test_thousands_of_messages_are_read_in_pieces_until_all_are_there(opened: Opened, workbench: Workbench) -> None:
    for count in (1000, 500):
        messages(workbench, count)
    tab = opened()
    expect(tab.locator(".phone-count")).to_have_text("Texts: 1500", timeout=30_000)


def test_while_the_fakes_are_busy_little_is_read_at_once_and_all_in_the_end(
    opened: Opened, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages(workbench, 1)
    tab = opened()
    expect(tab.locator(".phone-count")).to_have_text("Texts: 1")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url) if "/rapidpro/messages" in request.url else None)
    monkeypatch.setattr(hub, "BUSY", 0)
    messages(workbench, 150)
    expect(tab.locator(".phone-count")).to_have_text("Texts: 151", timeout=30_000)
    assert [url for url in asked if "limit=100" in url]
