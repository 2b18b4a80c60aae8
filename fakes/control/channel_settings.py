"""Settings of RapidPro's channel that a preset changes, and their previous values for restoring them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import BadRequest

from fakes.serving.wsgi import Reply, WSGIApp, build_environ, call

PATH = "/rapidpro/channel"


class ChannelSettings:
    """Uses `GET|PUT /rapidpro/channel` of the control API `app`, as any caller would."""

    def __init__(self, app: WSGIApp) -> None:
        self._app = app
        self._previous: dict[str, Any] = {}

    def change(self, settings: Mapping[str, Any]) -> None:
        """Change these settings. Raises BadRequest with the reason if the service refuses."""
        if not settings:
            return
        before = json.loads(self._request("GET").body)
        self._request("PUT", settings)
        for key in settings:
            self._previous.setdefault(key, before.get(key))

    def restore(self) -> None:
        """Restore the settings that `change` changed."""
        if self._previous:
            self._request("PUT", self._previous)
            self._previous = {}

    def _request(self, method: str, settings: Mapping[str, Any] | None = None) -> Reply:
        body = b"" if settings is None else json.dumps(dict(settings)).encode()
        headers = {"Content-Type": "application/json"}
        reply = call(self._app, build_environ(method, PATH, "", headers, body))
        if reply.status == 404:
            raise BadRequest("this preset changes RapidPro's channel, but no fake RapidPro is running")
        if reply.status >= 300:
            raise BadRequest(
                f"RapidPro's channel refused {dict(settings or {})}: {reply.body.decode(errors='replace')}"
            )
        return reply
