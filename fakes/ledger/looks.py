"""The harness's own looks at a service: requests that are nobody's traffic, marked by a token that only it knows."""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass, field

from fakes.serving.wsgi import Environ, environ_key

HEADER = "X-Harness-Look"
KEY = environ_key(HEADER)


@dataclass
class Looks:
    """The token, and how many requests had it. Only what changes nothing is a look: GET and HEAD."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has(self, environ: Environ) -> bool:
        """Whether this request is one; then it is counted."""
        given = environ.get(KEY)
        if given is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return False
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self.token.encode()):
            return False
        with self._lock:
            self.count += 1
        return True
