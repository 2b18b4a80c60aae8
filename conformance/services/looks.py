"""The harness's own looks at a fake CHT, marked: no fault hits them, and the ledger does not have them."""

from __future__ import annotations

from typing import Any

import requests

from conformance.services.control_client import ControlClient
from fakes.serving.deadline import DeadlineAdapter


class LookAdapter(DeadlineAdapter):
    """Adds a header to requests that change nothing."""

    def __init__(self, header: str, value: str) -> None:
        super().__init__()
        self._header = {header: value}

    def add_headers(self, request: requests.PreparedRequest, **_options: Any) -> None:
        """As `requests` asks for it before a request is sent."""
        if request.method in ("GET", "HEAD"):
            request.headers.update(self._header)


def mark_looks(session: requests.Session, control: ControlClient, url: str) -> None:
    """Mark what `session` asks the fake at `url`, which `control` controls."""
    answer = control.get("/ledger/look")
    session.mount(f"{url}/", LookAdapter(answer["header"], answer["value"]))
