"""`relay-harness up` as people start it, and its page in a real Chromium."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import browser as running_browser
from tests.folders import ROOT

Addresses = dict[str, str]


@contextmanager
def up(*arguments: str) -> Iterator[Addresses]:
    """The running workbench; what it prints as addresses."""
    command = [sys.executable, "-m", "conformance", "up", "--json", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield json.loads(running.stdout.readline())
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(timeout=30)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_browser() as started:
        yield started


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    """The page of a workbench whose time stands still at a Monday noon. In the end there was no console message."""
    seen: list[str] = []
    with (
        up("--clock", "virtual", "--now", "2026-01-05T12:00:00Z", "--poll-seconds", "60") as addresses,
        chromium.new_context() as context,
    ):
        page = context.new_page()
        page.on("console", lambda message: seen.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.goto(addresses["page"])
        page.get_by_text("Live", exact=True).wait_for()
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Run", exact=True).wait_for()
        yield page
    assert seen == []
