"""`report.html` in a real browser: it filters, opens, can be used by keyboard, and nothing in it is run or fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from conformance.evidence.model import Part
from conformance.reports.joined import Joined
from conformance.reports.page.html import page
from conformance.reports.report import Report, ScenarioResult
from conformance.requirements.catalogue import load
from conformance.verdicts import Verdict
from tests.browser import browser as running_browser
from tests.browser import inaccessible, opened_file
from tests.conformance.reports.examples import EVENTS, EVIDENCE, evil_report, report, run_info

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as started:
        yield started


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Opens a page of reports. In the end there was no console message, no error, and no request but for the page."""
    path = tmp_path / "report.html"
    with ExitStack() as pages:

        def open_page(*reports: Report, cell: str = "", width: int = 1400, scheme: str = "light") -> Page:
            path.write_text(page(Joined(reports)), "utf-8")
            return pages.enter_context(opened_file(browser, path, width=width, scheme=scheme, place=cell))

        yield open_page


def rows(tab: Page) -> list[str]:
    """The ids of the requirements that are shown."""
    found: list[str] = tab.eval_on_selector_all("tbody tr:not([hidden])", "rows => rows.map(row => row.dataset.id)")
    return found


def test_a_cell_opens_its_scenarios_with_steps_ladder_and_exchanges(opened: Opened) -> None:
    tab = opened(report())
    tab.get_by_role("link", name="OUT-6, naive: failed").click()
    panel = tab.locator("#panel")
    expect(panel).to_be_in_viewport()
    expect(panel.locator(".step-failed")).to_have_text('Then Amina receives "Come on Monday" once (failed)')
    expect(panel.locator(".reason")).to_contain_text("sent twice: 'Come on Monday' to Amina")
    drawing = panel.get_by_role("img", name="Ladder of 7 events")
    expect(drawing.locator(".lane-name")).to_have_text(["Phone", "RapidPro", "Relay", "CHT"])
    expect(drawing.locator("g")).to_have_count(len(EVENTS))
    expect(drawing.locator("g.faulty.decisive")).to_contain_text("fault: lose_reply")
    expect(drawing.locator("g").last).to_contain_text("(12 times, last 09:14:00.000Z)")
    expect(drawing.locator("g").last).to_contain_text("after 3 more")
    expect(panel.locator(".exchanges > li")).to_have_count(len(EVENTS))
    expect(panel.locator(".exchanges .decisive pre").last).to_be_visible()
    expect(panel).to_contain_text("1 of 2 texts arrived as reports in CHT")
    expect(panel).to_contain_text("Missing: I am ill")
    expect(panel).to_contain_text('Arrived too often: "Come on Monday" for Amina (twice)')
    expect(panel).to_contain_text("relay-harness conform --only OUT-6 --seed 1")


def test_a_link_to_a_cell_opens_it(opened: Opened) -> None:
    tab = opened(report(), report("other"), cell="#OPS-8/1")
    expect(tab.locator("#panel-title")).to_have_text("OPS-8, other: broken")
    expect(tab.locator("#panel-title")).to_be_in_viewport()
    expect(tab.locator(".scenario > summary")).to_contain_text(["Odd dates", "After a crash"])
    tab.goto(tab.url.replace("OPS-8", "NOPE"))
    expect(tab.locator("#panel")).to_be_hidden()


def test_the_filter_takes_verdict_level_and_words(opened: Opened) -> None:
    tab = opened(report())
    assert rows(tab) == ["OUT-1", "OUT-6", "QUOTA-3", "OPS-8"]
    tab.get_by_role("checkbox", name="failed").uncheck()
    assert rows(tab) == ["OUT-1", "OPS-8"]
    expect(tab.locator("#shown")).to_have_text("2 of 4 requirements")
    tab.get_by_role("checkbox", name="failed").check()
    tab.get_by_role("checkbox", name="must").uncheck()
    assert rows(tab) == ["QUOTA-3", "OPS-8"]
    tab.get_by_role("checkbox", name="must").check()
    tab.get_by_role("searchbox").fill("LOST answer")
    assert rows(tab) == ["OUT-6"]
    tab.get_by_role("searchbox").fill("9 requests")
    assert rows(tab) == ["QUOTA-3"]
    tab.get_by_role("searchbox").fill("nothing has this")
    assert rows(tab) == []
    tab.keyboard.press("Enter")
    expect(tab.locator("#shown")).to_have_text("0 of 4 requirements")


def test_the_keyboard_suffices(opened: Opened) -> None:
    tab = opened(report(), report("other"))
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Skip to the matrix")).to_be_focused()
    tab.get_by_role("link", name="OUT-1, naive").focus()
    for key, name in (("ArrowRight", "OUT-1, other"), ("ArrowDown", "OUT-6, other"), ("ArrowLeft", "OUT-6, naive")):
        tab.keyboard.press(key)
        expect(tab.get_by_role("link", name=name)).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator("#panel-title")).to_be_focused()
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("button", name="Close")).to_be_focused()
    tab.keyboard.press("Escape")
    expect(tab.locator("#panel")).to_be_hidden()
    expect(tab.get_by_role("link", name="OUT-6, naive")).to_be_focused()
    tab.go_back()
    expect(tab.locator("#panel")).to_be_visible()


def background(tab: Page) -> str:
    return str(tab.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_it_is_dark_where_people_want_it_and_can_be_changed(opened: Opened) -> None:
    light, dark = "rgb(255, 255, 255)", "rgb(21, 25, 29)"
    tab = opened(report(), scheme="dark")
    assert background(tab) == dark
    tab.get_by_role("button", name="Light").click()
    assert background(tab) == light
    tab.get_by_role("button", name="Dark").click()
    assert background(tab) == dark
    assert background(opened(report())) == light


CONTRAST = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255);
  const light = (colour) => channels(colour).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, n) => sum + one * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return colour !== "rgba(0, 0, 0, 0)" || !node.parentElement ? colour : behind(node.parentElement);
  };
  return [...document.querySelectorAll("body *:not(svg *)")]
    .filter((node) => node.offsetParent && [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim()))
    .map((node) => {
      const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort().reverse();
      return [(a + 0.05) / (b + 0.05), node.outerHTML.slice(0, 80)];
    }).filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_are_distinct_enough_from_their_background(opened: Opened, scheme: str) -> None:
    """Source: WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    tab = opened(report(), cell="#OUT-6/0", scheme=scheme)
    assert tab.evaluate(CONTRAST) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_anybody_out(opened: Opened, scheme: str) -> None:
    assert inaccessible(opened(report(), cell="#OUT-6/0", scheme=scheme)) == []


@pytest.mark.parametrize("width", [390, 1920])
def test_nothing_is_wider_than_the_window(opened: Opened, width: int) -> None:
    for made in (report(), evil_report()):
        tab = opened(made, replace(made, profile="9.3"), cell=f"#{made.requirements[0].id}/0", width=width)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_evil_texts_are_shown_and_do_nothing(opened: Opened) -> None:
    tab = opened(evil_report(), cell="#OUT-1/0")
    for summary in tab.locator(".scenario > summary").all()[1:]:
        summary.click()
    words = tab.locator("body").inner_text()
    for shown in (
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "[U+202E]gnp.exe",
        "{{ 7 * 7 }}",
    ):
        assert shown in words
    assert tab.locator("img, iframe, script:not([id]) ~ script").count() == 0
    assert not {"\u202e", "\u2066", "\x1b", "\ufffe"} & set(tab.content())


def test_a_script_or_style_that_got_in_would_not_work(browser: Browser, tmp_path: Path) -> None:
    got_in = '<script>document.title = "ran"</script><style>body { background: red !important }</style>'
    path = tmp_path / "report.html"
    path.write_text(page(Joined([report()])).replace("</main>", f"{got_in}</main>"), "utf-8")
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(path.as_uri())
        assert tab.title() == "CHT-RapidPro conformance: naive"
        assert background(tab) == "rgb(255, 255, 255)"
        expect(tab.locator("#shown")).to_have_text("4 of 4 requirements")


def test_what_is_open_is_printed_without_the_controls(opened: Opened) -> None:
    tab = opened(report(), cell="#OUT-1/0")
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(tab.locator("#filter")).to_be_hidden()
    expect(tab.locator(".scenario[open]")).to_have_count(2)


def big_run(name: str) -> Report:
    """Every requirement with scenarios that failed, 247 in all, each with a long ladder and bodies of its own."""
    requirements = load()
    results = []
    for number in range(247):
        body = f"{name} {number} " + "a text that is not short " * 40
        events = [
            replace(event, reply=Part({"x-number": str(number)}, f"{n} {body}")) for n, event in enumerate(EVENTS * 6)
        ]
        id_ = requirements[number % len(requirements)].id
        results.append(
            ScenarioResult(
                f"scenario {number}",
                (id_,),
                Verdict.FAILED,
                1.0,
                "it failed",
                evidence=replace(EVIDENCE, events=events),
            )
        )
    made = Report({"name": name}, "26", requirements, results)
    made.run = run_info()
    return made


def test_five_subjects_that_fail_everything_make_a_page_that_opens_within_a_second(opened: Opened) -> None:
    reports = [big_run(f"subject {number}") for number in range(5)]
    assert len(page(Joined(reports)).encode()) < 5_000_000
    tab = opened(*reports, cell="#OUT-1/0")
    expect(tab.locator(".exchanges .decisive").first).to_be_visible()
    expect(tab.locator("#panel")).to_contain_text("more events: see report.json")
    took = []
    for _ in range(3):  # other tests may use all processors for a moment
        tab.reload()
        took.append(tab.evaluate("performance.getEntriesByType('navigation')[0].domComplete"))
    assert min(took) < 1000
