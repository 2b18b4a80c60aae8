"""`call_webhook`. Source: goflow flows/actions/call_webhook.go, flows/webhook.go, services/webhooks."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.rapidpro.flows.engine.calls.addresses import header_name, request_problem, written_url
from fakes.rapidpro.flows.engine.calls.client import Call, make_call
from fakes.rapidpro.flows.engine.calls.exchange import Answer, Request
from fakes.rapidpro.flows.engine.calls.json_answers import json_text
from fakes.rapidpro.flows.engine.definitions import Action
from fakes.rapidpro.flows.engine.state.session import Run, WebhookCall
from fakes.rapidpro.flows.engine.work import results
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import text_of

MAX_EXTRA = 10_000
"""Bytes; a longer answer is not kept with the result."""
MAX_SHOWN_URL = 255


def call_webhook(action: Action, stretch: Stretch, run: Run) -> None:
    """Make the call, unless its address is not valid or, in `new`, the request is too large."""
    if stretch.rules.is_new:
        run.webhook = None
    url = text_of(action.text("url"), stretch, run)[0].strip()
    address = written_url(url) if len(url) <= stretch.rules.max_url else None
    if address is None:
        shown = url if len(url) <= MAX_SHOWN_URL or not stretch.rules.is_new else url[: MAX_SHOWN_URL - 3] + "..."
        problem = f"to an invalid URL: '{shown}'" if url else "to empty string"
        stretch.error(f"Webhook URL evaluated {problem}", run)
        return
    request = _request(action, address, stretch, run)
    size, most = request_size(request), stretch.rules.max_request
    if most is not None and size > most:
        stretch.raw_error(f"Webhook request evaluated to {size} bytes, exceeding the limit of {most}", run)
        return
    problem = request_problem(request, new=stretch.rules.is_new)
    if problem:
        stretch.raw_error(problem, run)
        return
    call = make_call(request, stretch.around.send, stretch.rules)
    status = status_of(call)
    note_call(call, request, status, stretch, run)
    run.webhook = shown_call(call, request, stretch)
    if action.text("result_name"):
        save_result(action.text("result_name"), run.webhook, status, stretch, run)


def _request(action: Action, url: str, stretch: Stretch, run: Run) -> Request:
    templates: Mapping[str, str] = action.values.get("headers") or {}

    def headers() -> dict[str, str]:
        return {header_name(name): text_of(templates[name] or "", stretch, run)[0] for name in sorted(templates)}

    new = stretch.rules.is_new
    found = headers() if new else {}
    body = text_of(action.text("body"), stretch, run, limit=None)[0]
    return Request(action.text("method").upper(), url, found if new else headers(), body)


def request_size(request: Request) -> int:
    """Bytes of the request line, the flow's headers and the body, as they go over the wire."""
    lines = [f"{request.method} {request.url} HTTP/1.1", *(f"{name}: {one}" for name, one in request.headers.items())]
    return len("\r\n".join([*lines, "", request.body]).encode("utf-8", "replace"))


def status_of(call: Call, *, is_resthook: bool = False) -> str:
    """How the call ended: success, response_error, connection_error or subscriber_gone."""
    failed = (call.error or call.too_large) and not is_resthook
    if call.answer is None or failed:
        return "connection_error"
    if is_resthook and call.answer.status == 410:
        return "subscriber_gone"
    return "success" if call.answer.status // 100 == 2 else "response_error"


def note_call(call: Call, request: Request, status: str, stretch: Stretch, run: Run, resthook: str = "") -> None:
    """Record the call, and what went wrong besides its status."""
    most = stretch.rules.max_answer
    if call.too_large and stretch.rules.is_new:
        stretch.warning(f"Webhook response exceeded the limit of {most} bytes", run)
    elif call.too_large:
        stretch.raw_error("response body exceeds size limit", run)
    elif call.error:
        stretch.raw_error(call.error, run)
    stretch.note("webhook_called", {
        "url": call.url if stretch.rules.is_new else request.url,
        "status": status,
        "status_code": 0 if call.answer is None else call.answer.status,
        "retries": call.retries,
        "request": request,
        "exchanges": call.exchanges,
        "resthook": resthook,
    }, run)  # fmt: skip


def shown_call(call: Call, request: Request, stretch: Stretch) -> WebhookCall:
    """The call as `@webhook` shows it."""
    answer = call.answer or Answer(0)
    readable = not (call.error or call.too_large)
    last = call.exchanges[-1].request if call.exchanges and stretch.rules.is_new else request
    found = json_text(answer.body) if readable else None
    headers = {header_name(name): one for name, one in answer.headers.items()}
    return WebhookCall(last.method, last.url, answer.status, headers, found)


def save_result(name: str, call: WebhookCall, status: str, stretch: Stretch, run: Run) -> None:
    """Save the result of a call; the answer's JSON is kept if it is short."""
    extra = call.json if call.json is not None and len(call.json.encode()) < MAX_EXTRA else None
    category = results.SUCCESS if status == "success" else results.FAILURE
    results.save(stretch, run, name, str(call.status), category, given=f"{call.method} {call.url}", extra=extra)
