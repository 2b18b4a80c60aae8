"""Webhook calls: redirects, repetitions, sizes, what is not sent."""

from typing import Any

import pytest

from fakes.rapidpro.flows.engine import Answer, BrokenOff, NoConnection
from tests.fakes.rapidpro.flows.engine.building import Conversation, action, flow, node, say

URL = "https://reports.example.org/in"
SHOW = say("@results.r @results.r.category")


def called(answers: list[Any], generation: Any = "new", **values: Any) -> Conversation:
    call = action("call_webhook", result_name="R", **{"method": "POST", "url": URL, "body": "b", **values})
    return Conversation(flow("Hook", node("n", call, SHOW)), generation=generation, answers=answers).start()


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(301, "GET", ""), (302, "GET", ""), (303, "GET", ""), (307, "POST", "b"), (308, "POST", "b")],
)
def test_redirects_keep_or_drop_the_body_by_their_status(status: int, method: str, body: str) -> None:
    made = called([Answer(status, {"Location": "/new"}), Answer(200)], headers={"Content-Type": "text/plain"})
    second = made.sent[1]
    assert (second.method, second.url, second.body) == (method, "https://reports.example.org/new", body)
    assert second.headers["Referer"] == URL
    assert ("Content-Type" in second.headers) is bool(body)


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("https://reports.example.org/b", True),
        ("https://a.reports.example.org/b", True),
        ("https://other.org/b", False),
    ],
)
def test_a_token_is_not_sent_to_another_site(location: str, kept: bool) -> None:
    made = called([Answer(307, {"Location": location}), Answer(200)], headers={"Authorization": "Token t"})
    assert ("Authorization" in made.sent[1].headers) is kept


@pytest.mark.parametrize(
    ("method", "answers", "calls"),
    [
        ("GET", [NoConnection()], 3),
        ("GET", [Answer(503)], 3),
        ("GET", [Answer(503), Answer(200)], 2),
        ("GET", [Answer(500)], 1),
        ("GET", [Answer(404)], 1),
        ("POST", [NoConnection()], 1),
        ("POST", [Answer(503)], 1),
    ],
)
def test_9_repeats_what_has_no_body_and_new_repeats_nothing(method: str, answers: list[Any], calls: int) -> None:
    body = "b" if method == "POST" else ""
    assert len(called(answers, "9", method=method, body=body).sent) == calls
    assert len(called(answers, "new", method=method, body=body).sent) == 1


def test_a_post_that_9_repeats_has_lost_its_body_and_counts_as_not_connected() -> None:
    made = called([Answer(429, {"Retry-After": "3"})], "9")
    assert len(made.sent) == 1
    assert made.texts() == ["0 Failure"]


@pytest.mark.parametrize(("generation", "most"), [("new", 256 * 1024), ("9", 1024 * 1024)])
def test_an_answer_above_the_limit_is_a_failure_with_its_status(generation: Any, most: int) -> None:
    assert called([Answer(200, {}, b"x" * most)], generation).texts() == ["200 Success"]
    large = called([Answer(200, {}, b"x" * (most + 1))], generation)
    assert large.texts() == ["200 Failure"]
    assert large.events("webhook_called")[0]["status"] == "connection_error"


@pytest.mark.parametrize("generation", ["new", "9"])
def test_an_answer_that_breaks_off_is_a_failure_with_its_status(generation: Any) -> None:
    assert called([BrokenOff(200, {})], generation).texts() == ["200 Failure"]


def test_new_sends_no_request_above_256_kib() -> None:
    exact = 256 * 1024 - len(f"POST {URL} HTTP/1.1\r\n\r\n")
    template = '@(repeat("x", 9000))' * (exact // 9000) + "x" * (exact % 9000)
    assert len(called([Answer(200)], body=template).sent) == 1
    refused = called([Answer(200)], body=template + "x")
    assert refused.sent == []
    assert refused.notes()[0] == "Webhook request evaluated to 262145 bytes, exceeding the limit of 262144"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("@contact.fields.age", "Webhook URL evaluated to empty string"),
        ("http://[::1", "Webhook URL evaluated to an invalid URL: 'http://[::1'"),
        ("https://x.example.org/%zz", "Webhook URL evaluated to an invalid URL: 'https://x.example.org/%zz'"),
        ("https://x.example.org:port/", "Webhook URL evaluated to an invalid URL: 'https://x.example.org:port/'"),
        ("a:b\x07", "Webhook URL evaluated to an invalid URL: 'a:b\x07'"),
        ("reports.example.org/in", 'Post "reports.example.org/in": unsupported protocol scheme ""'),
        ("ftp://x.example.org", 'Post "ftp://x.example.org": unsupported protocol scheme "ftp"'),
        ("http:///in", 'Post "http:///in": http: no Host in request URL'),
    ],
)
def test_nothing_is_sent_to_an_address_that_is_none(url: str, problem: str) -> None:
    for generation in ("new", "9"):
        made = called([Answer(200)], generation, url=url)
        assert made.sent == []
        assert "r" not in made.outcome.session.runs[0].results
        if generation == "new":
            assert made.notes()[0] == problem


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("HTTPS://x.example.org/a b/é?q=a b#f", "https://x.example.org/a%20b/%C3%A9?q=a b#f"),
        ("https://x.example.org/a%2Fb", "https://x.example.org/a%2Fb"),
        ("https://x.example.org?", "https://x.example.org?"),
        ("https://user:pw@x.example.org:8080/", "https://user:pw@x.example.org:8080/"),
    ],
)
def test_the_address_is_written_as_the_engine_does(url: str, written: str) -> None:
    assert called([Answer(200)], url=url).sent[0].url == written


@pytest.mark.parametrize("value", ["a\nb", "a\r\nX-Other: 1", "a\x00b"])
@pytest.mark.parametrize(("generation", "prefix"), [("new", f'Post "{URL}": '), ("9", "")])
def test_a_header_cannot_be_broken_into_two(generation: Any, prefix: str, value: str) -> None:
    made = called([Answer(200)], generation, headers={"x-text": value})
    assert made.sent == []
    assert made.notes()[0] == f'{prefix}net/http: invalid header field value for "X-Text"'


@pytest.mark.parametrize(
    "body", [b"", b"OK", b"<html>", b'{"a":', b"NaN", b"[Infinity]", b"\xff\xfe", b"[" * 5000, b"1" * 9999]
)
@pytest.mark.parametrize("generation", ["new", "9"])
def test_any_answer_is_survived(generation: Any, body: bytes) -> None:
    call = action("call_webhook", method="POST", url=URL, body="b", result_name="R")
    show = say("@(json(webhook)) @(json(results.r.extra)) @legacy_extra")
    made = Conversation(
        flow("F", node("n", call, show)), generation=generation, answers=[Answer(200, {}, body)]
    ).start()
    assert made.outcome.session.status == "completed"
