"""The errors of CHT's API (cht-core `api/src/server-utils.js`)."""

from __future__ import annotations

from typing import Any


class HttpError(Exception):
    """An error that ends a request. `details`, if any, follow the message."""

    def __init__(self, status: int, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details


class Unauthorized(HttpError):
    """No valid credentials. `prompt` requests basic authentication, whatever `Accept` says."""

    def __init__(self, prompt: bool = False) -> None:
        super().__init__(401, "unauthorized")
        self.prompt = prompt


class ServerError(HttpError):
    """An error that the real server does not handle; its message is only `Server error`."""

    def __init__(self, details: Any = None) -> None:
        super().__init__(500, "Server error", details)
