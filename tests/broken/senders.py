"""Relays that know only numbers in full as senders."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from fakes.serving.wsgi import Environ, Reply, StartResponse, WSGIApp
from relay import Settings
from tests.broken.pieces import Defect, changing
from tests.broken.relays import Broken, caught_by, change_body

SHORT = re.compile(r"(?:tel:)?[0-9]{3,6}")


def drops_short_codes(app: WSGIApp, _settings: Settings) -> WSGIApp:
    """Answers 200 to a text from a short code, and drops it."""

    def dropping(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        with suppress(ValueError, AttributeError, TypeError):
            if SHORT.fullmatch(json.loads(body).get("from")):
                return Reply(200, (("Content-Type", "application/json"),), b'{"saved":1}').to_wsgi(start_response)
        return app(environ, start_response)

    return dropping


def with_sender(make: Any) -> Any:
    """An app that changes senders."""

    def changed(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "from": make(body["from"].removeprefix("tel:"))} if isinstance(body.get("from"), str) else body

    return changing(lambda environ: change_body(environ, changed))


def relays_with_senders() -> Mapping[str, Broken]:
    """All of them by name."""
    return {
        "drops texts from short codes": caught_by(Defect(app=drops_short_codes), "IN-15"),
        "puts a plus before every sender": caught_by(
            Defect(app=with_sender(lambda sender: f"+{sender.lstrip('+')}")), "IN-15"
        ),
        "puts its country before every sender": caught_by(
            Defect(app=with_sender(lambda sender: f"+250{sender.removeprefix('+250')}")), "IN-15"
        ),
    }
