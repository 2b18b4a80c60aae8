"""The session for calls that a service makes itself (RapidPro's webhook); each call is recorded in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from fakes.clock import Clock
from fakes.ledger import Ledger
from fakes.serving.deadline import DeadlineAdapter
from fakes.serving.transport import body_bytes, header_text
from fakes.serving.wsgi import Reply

TIMEOUT = (5.0, 15.0)
"""Default seconds to connect and to wait for an answer. Real time: these are sockets."""
MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""More than any service accepts, so that the service itself sees that an answer is too long."""


class RecordingSession(requests.Session):
    """A session without retries, cookies, or settings from the environment, whose calls are recorded.

    Calls may go to any address that a user configures as a webhook, without restriction.
    """

    def __init__(self, ledger: Ledger, service: str, clock: Clock) -> None:
        self._recording = (ledger, service, clock)  # first: `super().__init__` mounts adapters
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("http://", DeadlineAdapter(MAX_ANSWER_BYTES, connections=64))
        self.mount("https://", DeadlineAdapter(MAX_ANSWER_BYTES, connections=64))

    def mount(self, prefix: str | bytes, adapter: BaseAdapter) -> None:
        """Use `adapter` for URLs that begin with `prefix`, and record its exchanges."""
        super().mount(prefix, RecordingAdapter(adapter, *self._recording))


class RecordingAdapter(BaseAdapter):
    """Wraps an adapter and writes each exchange to the ledger, including those that fail."""

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
        """Send, read the whole answer, and record both."""
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
                headers={"host": url.netloc}
                | {name.lower(): header_text(value) for name, value in request.headers.items()},
                body=body_bytes(request.body),
                reply=reply,
                error=error,
            )
        return response

    def close(self) -> None:
        """Close the inner adapter."""
        self._inner.close()
