"""What flows can read and send: names of the context, the workspace's date format, limits of webhook calls.

Read in goflow v0.293.0 and v0.198.0: flows/engine/run.go (RootContext, nodeContext), flows/engine/legacy.go,
flows/actions/call_webhook.go (requestSize), utils/json.go; in rapidpro v26.3.54: temba/orgs/models.py (date formats).
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.flows import webhook as hooks
from fakes.rapidpro.flows.engine.calls.json_answers import json_text
from fakes.rapidpro.seed.default import default_seed
from fakes.service import SeedError

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
PHONE = "+250788000001"


class Far:
    """A session whose calls are kept and answered with the given body."""

    def __init__(self, body: bytes = b"{}", status: int = 200) -> None:
        self.bodies: list[bytes] = []
        self._body, self._status = body, status

    def request(self, method: str, url: str, *, data: bytes | None, **_: Any) -> requests.Response:
        assert method == "POST"
        self.bodies.append(data or b"")
        response = requests.Response()
        response.status_code, response.raw, response.url = self._status, io.BytesIO(self._body), url
        response.headers["X-Far"] = "away"
        return response


def site(far: Far, profile: str = "26", **workspace: Any) -> RapidPro:
    rapidpro = RapidPro(VirtualClock(NOW), profile=profile, session=far, rng=random.Random(1))
    seed = dict(default_seed(NOW))
    rapidpro.seed({**seed, "workspaces": [{**seed["workspaces"][0], **workspace}]})
    return rapidpro


@pytest.fixture
def sent() -> Callable[..., str]:
    def body_of(template: str, profile: str = "26", **workspace: Any) -> str:
        far = Far()
        rapidpro = site(far, profile, **workspace)
        rapidpro.mailroom.incoming.webhook = hooks.Webhook(url="http://relay.test/", body=template)
        rapidpro.mailroom.incoming.receive(PHONE, "hello")
        return far.bodies[0].decode()

    return body_of


@pytest.mark.parametrize(
    ("style", "written"), [("day_first", "02-01-2026"), ("month_first", "01-02-2026"), ("year_first", "2026-01-02")]
)
def test_dates_are_written_in_the_format_of_the_workspace(sent: Callable[..., str], style: str, written: str) -> None:
    assert sent("@(format_date(now()))", date_style=style) == written


def test_an_invalid_date_format_is_refused() -> None:
    with pytest.raises(SeedError, match="date_style: expected one of day_first"):
        site(Far(), date_style="backwards")


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("@node.visit_count", "1"),
        ("@(count(node.categories))", "2"),
        ("@(count(run.path))", "1"),
        ("@run.flow.revision", "1"),
        ('@(default(run.exited_on, "not yet"))', "not yet"),
        ("@run.contact", "0788 000 001"),
        ("@(json(legacy_extra))", "{}"),
        ("@(json(locals))", "{}"),
    ],
)
def test_a_flow_can_read_its_run_and_its_node(sent: Callable[..., str], template: str, written: str) -> None:
    assert sent(template) == written


def test_old_flows_have_no_locals(sent: Callable[..., str]) -> None:
    assert sent("[@(json(locals))]", "9.3") == "[]"


def reply_to(far: Far, template: str, profile: str = "26", **settings: Any) -> str:
    rapidpro = site(far, profile)
    rapidpro.mailroom.incoming.webhook = hooks.Webhook(url="http://relay.test/", reply_on_failure=template, **settings)
    reply = rapidpro.mailroom.incoming.receive(PHONE, "hello")["reply"]
    return "" if reply is None else str(reply["text"])


def test_the_answer_of_a_webhook_can_be_read_afterwards() -> None:
    far = Far(json.dumps({"Why Not": "busy"}).encode(), status=503)
    template = '@legacy_extra.why_not @(webhook.headers["X-Far"]) @run.results.relay.value'
    assert reply_to(far, template) == "busy away 503"


LIMIT = 256 * 1024
HEAD = len("POST http://relay.test/ HTTP/1.1\r\nContent-Type: application/json\r\nX: y\r\n\r\n")


def sent_by(profile: str, size: int) -> tuple[list[int], str]:
    """The sizes of the bodies that are sent if the body has `size` bytes, and the reply."""
    far, text = Far(), "x" * 10_000
    body = "x" * (size % 10_000) + "@input.text" * (size // 10_000)
    rapidpro = site(far, profile)
    rapidpro.mailroom.incoming.webhook = hooks.Webhook(
        url="http://relay.test/", accept=False, headers={"X": "y"}, body=body, reply_on_failure="@(json(webhook))"
    )
    reply = rapidpro.mailroom.incoming.receive(PHONE, text)["reply"]
    return [len(one) for one in far.bodies], "" if reply is None else reply["text"]


def test_new_versions_send_no_request_above_256_kib() -> None:
    assert sent_by("26", LIMIT + 1) == ([], "null")
    assert sent_by("9.3", LIMIT + 1) == ([LIMIT + 1], "")


def test_the_limit_counts_request_line_headers_and_body_to_the_byte() -> None:
    assert sent_by("26", LIMIT - HEAD) == ([LIMIT - HEAD], "")
    assert sent_by("26", LIMIT - HEAD + 1) == ([], "null")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("NaN", None),
        ('{"a": Infinity}', None),
        ('{"a": "b\\u0000c"}', {"a": "bc"}),
        ('{"a": "b\\\\u0000c"}', {"a": "b\\u0000c"}),
        ('{"a": "b\x00c"}', {"a": "bc"}),
        ("nonsense", None),
    ],
)
def test_an_answer_is_recognised_as_json_or_not(body: str, found: Any) -> None:
    text = json_text(body.encode())
    assert (None if text is None else json.loads(text)) == found
