"""Whole answers in limited time: slow and endless answers are abandoned."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import requests

from fakes.serving.deadline import DeadlineAdapter

Serve = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Lets a function answer the next caller on a socket; returns the address."""
    listeners: list[socket.socket] = []

    def start(answer: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def once() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(65536)
                try:
                    answer(caller)
                except OSError:
                    return  # the caller has left

        threading.Thread(target=once, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for listener in listeners:
        listener.close()


def get(url: str, max_bytes: int | None = None, timeout: float = 10) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", DeadlineAdapter(max_bytes))
        return session.get(url, timeout=(5, timeout))


def answers(body: bytes, *headers: str) -> Callable[[socket.socket], None]:
    head = "\r\n".join(["HTTP/1.1 200 OK", "Connection: close", *headers, "", ""]).encode()
    return lambda caller: caller.sendall(head + body)


def answer_slowly(caller: socket.socket) -> None:
    """Send a byte now and then, until the caller leaves."""
    caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    pause = threading.Event()
    while not pause.wait(0.02):
        caller.sendall(b"x")


def answer_endlessly(caller: socket.socket) -> None:
    """Send data until the caller leaves."""
    caller.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        caller.sendall(b"x" * 65536)


def test_an_ordinary_answer_is_read_as_usual(serve: Serve) -> None:
    answer = get(serve(answers(b'{"saved":1}', "Content-Length: 11", "X-Told: yes")))
    assert (answer.status_code, answer.headers["X-Told"], answer.json()) == (200, "yes", {"saved": 1})
    packed = gzip.compress(b"hello")
    assert get(serve(answers(packed, "Content-Encoding: gzip"))).text == "hello"
    assert get(serve(answers(b"2\r\nok\r\n0\r\n\r\n", "Transfer-Encoding: chunked"))).text == "ok"


def test_a_slow_answer_times_out_as_a_whole(serve: Serve) -> None:
    with pytest.raises(requests.ReadTimeout, match=r"did not end within 0\.3 seconds"):
        get(serve(answer_slowly), timeout=0.3)


def test_an_endless_answer_is_cut_off_soon_after_the_limit(serve: Serve) -> None:
    answer = get(serve(answer_endlessly), max_bytes=200_000)
    assert 200_000 < len(answer.content) <= 200_000 + 64 * 1024


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (answers(b"{}", "Content-Length: 11"), requests.exceptions.ChunkedEncodingError),
        (answers(b"zz", "Transfer-Encoding: chunked"), requests.exceptions.ChunkedEncodingError),
        (answers(b"no gzip", "Content-Encoding: gzip"), requests.exceptions.ContentDecodingError),
    ],
    ids=["too short", "broken chunks", "not packed"],
)
def test_broken_answers_fail_as_they_do_with_requests(
    serve: Serve, answer: Callable[[socket.socket], None], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        get(serve(answer))
