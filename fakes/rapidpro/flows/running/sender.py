"""The HTTP exchanges of flows. Source: mailroom core/goflow/engine.go, runtime/config.go, goflow services/webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from fakes.rapidpro.flows.engine import Answer, BrokenOff, NoConnection, Request
from fakes.rapidpro.versions.engines import EngineRules

if TYPE_CHECKING:
    import requests

TIMEOUT = 15.0
PIECE = 64 * 1024


class HttpSession(Protocol):
    """What makes the calls: a `requests.Session`, or something that creates one for the first call."""

    def request(
        self, method: str, url: str, *, data: bytes | None, headers: Mapping[str, str | bytes | None], timeout: float,
        stream: bool, allow_redirects: bool,
    ) -> requests.Response:  # fmt: skip
        """One exchange; a header of None is not sent. Raises requests.RequestException."""
        ...


class Sender:
    """`send` for one stretch. `problems` says why a request, by its `id()`, got no answer."""

    def __init__(self, session: HttpSession, user_agent: str, rules: EngineRules) -> None:
        self._session = session
        self._usual = {"Accept-Encoding": "gzip", "User-Agent": user_agent, "X-Mailroom-Mode": "normal"}
        self._most = rules.max_answer
        self.problems: dict[int, str] = {}

    def send(self, request: Request) -> Answer:
        """One exchange. Raises NoConnection or BrokenOff."""
        from requests import RequestException  # a tenth of a second to load; many runs make no call

        body = request.body.encode("utf-8", "replace")
        try:
            with self._session.request(
                request.method, request.url, data=body if body or request.method != "GET" else None,
                headers=self._headers(request), timeout=TIMEOUT, stream=True, allow_redirects=False,
            ) as answer:  # fmt: skip
                return Answer(answer.status_code, dict(answer.headers), self._read(answer))
        except (RequestException, OSError, ValueError) as error:
            self.problems[id(request)] = f"{type(error).__name__}: {error}"
            raise NoConnection(request.url) from None

    def _headers(self, request: Request) -> dict[str, str | bytes | None]:
        own = {name.lower() for name in request.headers}
        usual = {name: one for name, one in self._usual.items() if name.lower() not in own}
        given = {name: one if one.isascii() else one.encode() for name, one in request.headers.items()}
        return {**({} if "accept" in own else {"Accept": None}), **usual, **given}

    def _read(self, answer: requests.Response) -> bytes:
        """The body; of one that is too large only so much that the engine sees it."""
        from requests import RequestException

        read = bytearray()
        try:
            for piece in answer.iter_content(PIECE):
                read += piece
                if len(read) > self._most:
                    break
        except RequestException:
            raise BrokenOff(answer.status_code, dict(answer.headers)) from None
        return bytes(read)
