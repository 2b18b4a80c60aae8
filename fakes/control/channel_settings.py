"""Settings of RapidPro's channel that come with a preset, and their former values to put back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import BadRequest

from fakes.serving.wsgi import Reply, WSGIApp, build_environ, call

PATH = "/rapidpro/channel"


class ChannelSettings:
    """Speaks to `GET|PUT /rapidpro/channel` of the control API `app`, as any caller would."""

    def __init__(self, app: WSGIApp) -> None:
        self._app = app
        self._former: dict[str, Any] = {}

    def change(self, settings: Mapping[str, Any]) -> None:
        """Set these. BadRequest with the service's reason if it refuses."""
        if not settings:
            return
        before = json.loads(self._ask("GET").body)
        self._ask("PUT", settings)
        for key in settings:
            self._former.setdefault(key, before.get(key))

    def restore(self) -> None:
        """Put back what `change` changed."""
        if self._former:
            self._ask("PUT", self._former)
            self._former = {}

    def _ask(self, method: str, settings: Mapping[str, Any] | None = None) -> Reply:
        body = b"" if settings is None else json.dumps(dict(settings)).encode()
        headers = {"Content-Type": "application/json"}
        reply = call(self._app, build_environ(method, PATH, "", headers, body))
        if reply.status == 404:
            raise BadRequest("this preset sets RapidPro's channel, and no fake RapidPro runs here")
        if reply.status >= 300:
            raise BadRequest(
                f"RapidPro's channel refused {dict(settings or {})}: {reply.body.decode(errors='replace')}"
            )
        return reply
