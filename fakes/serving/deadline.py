"""A `requests` transport adapter that waits for a whole answer no longer than it is told to.

`requests` counts its timeout anew for every piece that arrives: whoever sends a byte now and then keeps it for ever.
Go's HTTP client, which RapidPro calls webhooks with, counts once for all (net/http client.go, Client.Timeout).
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

PIECE = 64 * 1024


class BoundedAdapter(HTTPAdapter):
    """Reads every answer at once, `stream` or not, for as long as the timeout's read part says in all.

    An answer of more than `most` bytes breaks off soon behind them. Raises requests.ReadTimeout, and otherwise what
    `requests` raises when it reads an answer.
    """

    def __init__(self, most: int | None = None, *, connections: int = 10) -> None:
        super().__init__(pool_maxsize=connections)
        self._most = most

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
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        end = None if patience is None else began + float(patience)
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
                f"the answer was not over within {patience:g} seconds", request=request
            ) from None
        response.raw = HTTPResponse(body=io.BytesIO(body), status=response.status_code, preload_content=False)
        return response

    def _read(self, raw: BaseHTTPResponse, end: float | None) -> bytes:
        body = bytearray()
        for piece in _pieces(raw):
            body += piece
            if self._most is not None and len(body) > self._most:
                raw.close()
                break
            if end is not None and time.monotonic() > end:
                raw.close()
                raise TimeoutError
        return bytes(body)


def _pieces(raw: BaseHTTPResponse) -> Iterator[bytes]:
    """What has arrived, as it arrives; never waits for a piece to be full."""
    while piece := raw.read1(PIECE, decode_content=True):
        yield piece
