"""A `requests` transport adapter whose timeout covers the whole answer.

`requests` restarts its timeout for every chunk that arrives: a server that sends a byte now and then holds it for ever.
Go's HTTP client, with which RapidPro calls webhooks, has one timeout for the whole call (net/http client.go,
Client.Timeout).
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError
from urllib3.response import BaseHTTPResponse, HTTPResponse

CHUNK_SIZE = 64 * 1024


class DeadlineAdapter(HTTPAdapter):
    """Reads every answer at once, `stream` or not, within the read timeout for the whole answer.

    Stops reading soon after `max_bytes` bytes. Raises requests.ReadTimeout, and otherwise what `requests` raises when
    it reads an answer.
    """

    def __init__(self, max_bytes: int | None = None, *, connections: int = 10) -> None:
        super().__init__(pool_maxsize=connections)
        self._max_bytes = max_bytes

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the answer is read at once in any case
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send, and read the whole answer."""
        began = time.monotonic()
        response = super().send(request, True, timeout, verify, cert, proxies)
        time_limit = read_timeout(timeout)
        end = None if time_limit is None else began + time_limit
        try:
            body = self._read(response.raw, end)
        except ProtocolError as failure:
            raise requests.exceptions.ChunkedEncodingError(failure, request=request) from None
        except DecodeError as failure:
            raise requests.exceptions.ContentDecodingError(failure, request=request) from None
        except HTTPError as failure:
            raise requests.ConnectionError(failure, request=request) from None
        except TimeoutError:
            raise requests.ReadTimeout(
                f"the answer did not end within {time_limit:g} seconds", request=request
            ) from None
        response.raw = HTTPResponse(body=io.BytesIO(body), status=response.status_code, preload_content=False)
        return response

    def _read(self, raw: BaseHTTPResponse, end: float | None) -> bytes:
        body = bytearray()
        for chunk in _chunks(raw):
            body += chunk
            if self._max_bytes is not None and len(body) > self._max_bytes:
                raw.close()
                break
            if end is not None and time.monotonic() > end:
                raw.close()
                raise TimeoutError
        return bytes(body)


def read_timeout(timeout: Any) -> float | None:
    """The seconds to wait for an answer in the `timeout` of a `requests` call; None for ever."""
    limit = timeout[1] if isinstance(timeout, tuple) else timeout
    return None if limit is None else float(limit)


def _chunks(raw: BaseHTTPResponse) -> Iterator[bytes]:
    """The body in chunks as they arrive; does not wait for a chunk to be full."""
    while chunk := raw.read1(CHUNK_SIZE, decode_content=True):
        yield chunk
