"""A real browser on a page from elsewhere tries to use the control API in all ways that pages have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser

from fakes.assembly import Fakes, assemble_services
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.serving.server import WSGIServer
from fakes.serving.wsgi import Environ, Reply, WSGIApp
from fakes.standalone import listen
from tests.browser import browser as running_browser

FAULT = '{"effect": "refuse"}'
ATTEMPTS = """async (control) => {
  const fault = '{"effect": "refuse"}', json = {"Content-Type": "application/json"};
  const ways = {
    text: () => fetch(control + "/faults", {method: "POST", mode: "no-cors", body: fault}),
    bytes: () => fetch(control + "/faults", {method: "POST", mode: "no-cors", body: new TextEncoder().encode(fault)}),
    empty: () => fetch(control + "/reset", {method: "POST", mode: "no-cors"}),
    json: () => fetch(control + "/faults", {method: "POST", body: fault, headers: json}),
    remove: () => fetch(control + "/faults", {method: "DELETE"}),
    read: () => fetch(control + "/rapidpro/messages").then((reply) => reply.text()),
    look: () => fetch(control + "/ledger", {mode: "no-cors"}),
    beacon: async () => navigator.sendBeacon(control + "/faults", fault),
    events: () => new Promise((done) => {
      const source = new EventSource(control + "/events");
      source.onopen = () => done("opened");
      source.onerror = () => { source.close(); done("refused"); };
    }),
  };
  for (const [tag, name] of [["img", "src"], ["script", "src"], ["iframe", "src"]])
    ways[tag] = () => new Promise((done) => {
      const one = document.createElement(tag);
      one.onload = one.onerror = (event) => done(event.type);
      one[name] = control + (tag === "iframe" ? "/page" : "/cht/settings");
      document.body.append(one);
    });
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
    ways[type] = () => new Promise((done) => {
      const frame = document.createElement("iframe"), form = document.createElement("form");
      frame.name = form.target = type;
      Object.assign(form, {method: "POST", action: control + "/faults", enctype: type});
      const field = form.appendChild(document.createElement("input"));
      [field.name, field.value] = [fault.slice(0, -1) + ', "x": "', '"}'];
      document.body.append(frame, form);
      frame.onload = () => done("loaded");
      form.submit();
    });
  const ends = {};
  for (const [name, way] of Object.entries(ways)) ends[name] = await way().then(String, () => "failed");
  return ends;
}"""


@dataclass
class Control:
    """The control API on a socket, and what was answered to whom."""

    fakes: Fakes = field(default_factory=lambda: assemble_services(("rapidpro", "cht"), VirtualClock()))
    answered: list[tuple[str, str, int]] = field(default_factory=list)

    def __call__(self, environ: Environ, start_response: Any) -> Any:
        def noted(status: str, headers: Any, *rest: Any) -> Any:
            self.answered.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], int(status[:3])))
            return start_response(status, headers, *rest)

        return self._app(environ, noted)

    def __post_init__(self) -> None:
        self._app = control_app(self.fakes)


def elsewhere(_environ: Environ, start_response: Any) -> Any:
    return Reply.of(200, "text/html", b"<!doctype html><title>x</title><a>x</a>").to_wsgi(start_response)


@contextmanager
def served(app: WSGIApp) -> Iterator[int]:
    listener = listen("127.0.0.1", 0)
    server = WSGIServer(app, listener, threads=8)
    server.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_browser() as found:
        yield found


@pytest.mark.parametrize("site", ["localhost", "127.0.0.1"])
def test_no_way_of_another_page_reaches_the_fakes(chromium: Browser, site: str) -> None:
    control = Control()
    with served(control) as port, served(elsewhere) as other:
        page = chromium.new_page()
        page.goto(f"http://{site}:{other}/")
        ends = page.evaluate(ATTEMPTS, f"http://127.0.0.1:{port}")
        page.close()
    assert len(ends) == 15
    assert [ends["read"], ends["json"], ends["remove"], ends["events"]] == ["failed", "failed", "failed", "refused"]
    assert {method for method, _, _ in control.answered} >= {"GET", "POST", "OPTIONS"}
    assert {status for _, _, status in control.answered} == {403}, control.answered
    assert len(control.answered) >= 14
    assert len(control.fakes.plan) == 0


def test_our_own_page_can_use_it_and_a_link_elsewhere_leads_to_it(chromium: Browser) -> None:
    control = Control()
    with served(control) as port, served(elsewhere) as other:
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{port}/health")
        planned = page.evaluate(
            """(fault) => fetch("/faults", {method: "POST", body: fault, headers: {"Content-Type": "application/json"}})
            .then((reply) => reply.status)""",
            FAULT,
        )
        removed = page.evaluate('() => fetch("/faults", {method: "DELETE"}).then((reply) => reply.status)')
        page.goto(f"http://localhost:{other}/")
        page.evaluate(f"document.querySelector('a').href = 'http://127.0.0.1:{port}/page?x=1'")
        with page.expect_navigation():
            page.click("a")
        page.close()
    assert (planned, removed) == (201, 200)
    assert [status for _, path, status in control.answered if path == "/page"] != [403]
    assert 403 not in [status for _, path, status in control.answered if path != "/favicon.ico"]
