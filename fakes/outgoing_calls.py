"""The session that services use for calls out (RapidPro's webhook): each call is an exchange in the ledger too."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from fakes.clock import Clock
from fakes.ledger import Ledger
from fakes.serving.deadline import BoundedAdapter
from fakes.serving.wsgi import Reply

TIMEOUT = (5.0, 15.0)
"""Seconds to connect and to wait for an answer, where the service says nothing else. Real time: these are sockets."""
MOST_READ = 4 * 1024 * 1024
"""Bytes of an answer: more than any service takes in, so that it sees that there is too much."""


class CallsOut(requests.Session):
    """A session without retries, cookies, or settings from the environment, whose calls are recorded.

    Calls may go to any address that a user configures as a webhook; nothing restricts them.
    """

    def __init__(self, ledger: Ledger, service: str, clock: Clock) -> None:
        self._recording = (ledger, service, clock)  # first: requests mounts its own adapters at once
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("http://", BoundedAdapter(MOST_READ, connections=64))
        self.mount("https://", BoundedAdapter(MOST_READ, connections=64))

    def mount(self, prefix: str | bytes, adapter: BaseAdapter) -> None:
        """Use `adapter` for URLs that begin with `prefix`; what passes through it is recorded."""
        super().mount(prefix, RecordedAdapter(adapter, *self._recording))


class RecordedAdapter(BaseAdapter):
    """An adapter around another that writes each exchange to the ledger, also one that fails."""

    def __init__(self, inner: BaseAdapter, ledger: Ledger, service: str, clock: Clock) -> None:
        super().__init__()
        self._inner = inner
        self._ledger = ledger
        self._service = service
        self._clock = clock

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send, read the whole answer, record both."""
        at = self._clock.now()
        reply: Reply | None = None
        error: str | None = None
        try:
            response = self._inner.send(request, stream, timeout or TIMEOUT, verify, cert, proxies)
            reply = Reply(response.status_code, tuple(response.headers.items()), response.content)
        except requests.RequestException as failure:
            error = f"{type(failure).__name__}: {failure}"
            raise
        finally:
            url = urlsplit(str(request.url))
            self._ledger.add(
                at=at,
                service=self._service,
                direction="out",
                method=str(request.method),
                path=url.path or "/",
                query=url.query,
                headers={"host": url.netloc} | {name.lower(): _text(value) for name, value in request.headers.items()},
                body=_body(request.body),
                reply=reply,
                error=error,
            )
        return response

    def close(self) -> None:
        """Close what the inner adapter holds open."""
        self._inner.close()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(body: Any) -> bytes:
    return body if isinstance(body, bytes) else str(body or "").encode()
