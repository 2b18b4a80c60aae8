"""Requests as bytes, in any division, and the environs that become of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.serving.request_reader import HEAD_LIMIT, REPEATED_HEAD_LIMIT, RefusedRequest, Request, RequestReader
from fakes.serving.wsgi import HEADERS_KEY, read_body, request_headers

POST = b"POST /a%C3%A9?x=%20y HTTP/1.1\r\nHost: fake\r\nX-Name: caf\xe9\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = b"PUT /b HTTP/1.1\r\nHost: fake\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"
LAST = b"GET /c HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n\r\n"
SEEN = [
    ("POST", "/a\xc3\xa9", "x=%20y", b"body", True),
    ("PUT", "/b", "", b"body", True),
    ("GET", "/c", "", b"", False),
]


def read(parts: Sequence[bytes]) -> list[Request]:
    reader = RequestReader({}, lambda: None)
    return [request for part in parts for request in reader.feed(part)]


def seen(request: Request) -> tuple[Any, ...]:
    environ = request.environ
    asked = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]
    return (*asked, read_body(environ, 100), request.keep_alive)


@given(st.lists(st.integers(0, len(POST + CHUNKED + LAST)), max_size=8))
def test_requests_are_the_same_however_their_bytes_are_divided(cuts: list[int]) -> None:
    whole = POST + CHUNKED + LAST
    ends = [0, *sorted(cuts), len(whole)]
    requests = read([whole[start:end] for start, end in itertools.pairwise(ends)])
    assert [seen(request) for request in requests] == SEEN
    assert requests[0].environ["HTTP_X_NAME"] == "caf\xe9"


def test_a_header_that_comes_twice_is_one_with_both_values() -> None:
    (request,) = read([b"GET / HTTP/1.1\r\nHost: fake\r\nX-A: 1\r\nx-a: 2\r\n\r\n"])
    assert request.environ["HTTP_X_A"] == "1,2"


@pytest.mark.parametrize("size", [1, REPEATED_HEAD_LIMIT])
def test_headers_that_are_sent_again_belong_to_each_request_alone(size: int) -> None:
    head = b"Host: fake\r\nContent-Type: a/b\r\nX-A: %b\r\nx-a: 2\r\n\r\n" % (b"1" * size)
    first, second = read([b"GET / HTTP/1.1\r\n" + head, b"GET /again HTTP/1.1\r\n" + head])
    first.environ["HTTP_X_A"] = "changed"
    assert second.environ["HTTP_X_A"] == "1" * size + ",2"
    without = {key: value for key, value in second.environ.items() if key != HEADERS_KEY}
    assert list(request_headers(second.environ).items()) == list(request_headers(without).items())


def test_a_target_with_scheme_and_host_is_read_as_its_path() -> None:
    (request,) = read([b"GET http://elsewhere:81/a/b?c=d HTTP/1.1\r\nHost: fake\r\n\r\n"])
    assert seen(request) == ("GET", "/a/b", "c=d", b"", True)


def test_an_offer_to_change_the_protocol_is_answered_in_this_one() -> None:
    offer = b"Host: fake\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nbody"
    requests = read([b"POST /a HTTP/1.1\r\n" + offer + LAST])
    assert [seen(request)[:4] for request in requests] == [("POST", "/a", "", b"body"), SEEN[2][:4]]


def test_a_request_for_a_tunnel_is_refused() -> None:
    with pytest.raises(RefusedRequest) as refused:
        read([b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n"])
    assert refused.value.status == 405


def test_a_caller_that_waits_with_its_body_is_told_to_go_on() -> None:
    told: list[str] = []
    reader = RequestReader({}, lambda: told.append("go on"))
    head = b"POST / HTTP/1.1\r\nHost: fake\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    assert reader.feed(head) == []
    assert told == ["go on"]
    (request,) = reader.feed(b"body")
    assert read_body(request.environ, 100) == b"body"


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nA\x00: b\r\n\r\n"]
)
def test_what_is_no_http_is_refused(garbage: bytes) -> None:
    with pytest.raises(RefusedRequest) as refused:
        read([garbage])
    assert refused.value.status == 400


@pytest.mark.parametrize("where", ["/%s", "/ HTTP/1.1\r\nHost: fake\r\nX-A: %s"])
def test_a_head_without_end_is_refused(where: str) -> None:
    begin, _, end = f"GET {where} HTTP/1.1\r\n\r\n".partition("%s")
    with pytest.raises(RefusedRequest) as refused:
        read([begin.encode(), b"a" * (HEAD_LIMIT + 1), end.encode()])
    assert refused.value.status == 431


def test_many_headers_are_too_long_a_head_too() -> None:
    header = b"X-Name: " + b"a" * 1000 + b"\r\n"
    with pytest.raises(RefusedRequest) as refused:
        read([b"GET / HTTP/1.1\r\n", *[header] * 500, b"\r\n"])
    assert refused.value.status == 431
