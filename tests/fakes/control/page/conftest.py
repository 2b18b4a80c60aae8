"""The page in a real Chromium, over fakes in this process whose time is virtual."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from flask import Blueprint, jsonify, request
from playwright.sync_api import Browser, Page

from fakes.assembly import Fakes, assemble_services
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.control.page import page_blueprint
from fakes.serving.server import WSGIServer
from fakes.standalone import CONTROL_THREADS, THREADS, listen
from tests.browser import browser as running_browser

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
AMINA, BARAKA = "+250788123001", "+250788123002"
Opened = Callable[..., Page]


@dataclass
class Workbench:
    """The fakes, and the addresses of the services and of the control API."""

    fakes: Fakes
    addresses: dict[str, str]

    @property
    def url(self) -> str:
        return self.addresses["control"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the control API answers."""
        reply = requests.request(method, f"{self.url}{path}", json=body, timeout=20)
        assert reply.ok, reply.text
        return reply.json()

    def pass_time(self, seconds: float) -> None:
        self.ask("POST", "/clock/advance", {"seconds": seconds})


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_browser() as started:
        yield started


@contextmanager
def running(*services: str, further: Sequence[Blueprint] = ()) -> Iterator[Workbench]:
    """The fakes of these services on sockets, with the page. `further`: routes of others."""
    fakes = assemble_services(services, VirtualClock(NOON))
    listeners = {name: listen("127.0.0.1", 0) for name in (*fakes.apps, "control")}
    addresses = {name: f"http://127.0.0.1:{one.getsockname()[1]}" for name, one in listeners.items()}
    servers = [WSGIServer(app, listeners[name], threads=THREADS) for name, app in fakes.apps.items()]
    control = control_app(fakes, addresses, further=[page_blueprint(), *further])
    servers.append(WSGIServer(control, listeners["control"], threads=CONTROL_THREADS))
    for server in servers:
        server.start()
    yield Workbench(fakes, addresses)
    for server in servers:
        server.stop()


def others(violations: list[dict[str, Any]]) -> Blueprint:
    """What `relay-harness up` adds: checks, and the session as a file."""
    routes = Blueprint("others", __name__)

    @routes.get("/checks")
    def checks() -> Any:
        return jsonify(violations=violations, judged=True, problem=None)

    @routes.post("/session/export")
    def export() -> Any:
        headers = {"Content-Disposition": f'attachment; filename="{request.get_json()["as"]}.txt"'}
        return "what was done", 200, headers

    return routes


@pytest.fixture
def workbench() -> Iterator[Workbench]:
    """Both fakes."""
    with running("rapidpro", "cht") as found:
        yield found


@pytest.fixture
def opened(chromium: Browser, workbench: Workbench) -> Iterator[Opened]:
    with opener(chromium, workbench) as open_page:
        yield open_page


@contextmanager
def opener(chromium: Browser, workbench: Workbench) -> Iterator[Opened]:
    """Opens the page. In the end there was no console message, no error, and no request to anybody else.

    `refused`: a status with which the control API answers on purpose."""
    seen: list[str] = []
    contexts = []

    def open_page(
        moment: str = "", *, width: int = 1400, height: int = 900, scheme: str = "light", refused: int = 0
    ) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: noted(f"{message.type}: {message.text}", refused))
        tab.on("pageerror", lambda error: seen.append(str(error)))
        tab.on("request", lambda asked: seen.append(asked.url) if not asked.url.startswith(allowed) else None)
        tab.goto(f"{workbench.url}/page{moment}")
        tab.get_by_text("Live", exact=True).wait_for()
        return tab

    def noted(line: str, refused: int) -> None:
        if not refused or f"status of {refused}" not in line:  # the browser itself writes about each refusal
            seen.append(line)

    allowed = (f"{workbench.url}/", f"blob:{workbench.url}/")
    yield open_page
    for context in contexts:
        context.close()
    assert seen == []


def add_phone(tab: Page, number: str = AMINA, name: str = "Amina") -> None:
    """As a person does it."""
    tab.get_by_label("Number", exact=True).fill(number)
    tab.get_by_label("Name", exact=True).fill(name)
    tab.get_by_role("button", name="Add a phone").click()
    tab.get_by_label(f"Text from {number}").wait_for()
