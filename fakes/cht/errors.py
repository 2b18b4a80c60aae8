"""How CHT's API refuses a request (cht-core `api/src/server-utils.js`)."""

from __future__ import annotations

from typing import Any


class HttpError(Exception):
    """A failure that ends a request. `details` follow the message where there are some."""

    def __init__(self, status: int, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details


class Unauthorized(HttpError):
    """No valid credentials. `prompt` asks for basic authentication whatever `Accept` says."""

    def __init__(self, prompt: bool = False) -> None:
        super().__init__(401, "unauthorized")
        self.prompt = prompt


class ServerError(HttpError):
    """Something the real server did not expect; it tells no more than `Server error`."""

    def __init__(self, details: Any = None) -> None:
        super().__init__(500, "Server error", details)
