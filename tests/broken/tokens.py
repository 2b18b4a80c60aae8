"""Relays that let in who does not have the token, because they compare it badly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fakes.serving.wsgi import Environ, StartResponse, WSGIApp
from relay import Settings
from tests.broken.pieces import App, Defect
from tests.broken.relays import Broken, caught_by

LetsIn = Callable[[str, Settings], bool]
"""Whether a credential, which stands behind `Token`, is taken for the token."""


def comparing(lets_in: LetsIn) -> App:
    """An app that also lets in by this comparison."""

    def wrap(app: WSGIApp, settings: Settings) -> WSGIApp:
        def lax(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            scheme, _, credential = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
            if scheme == "Token" and lets_in(credential, settings):
                environ["HTTP_AUTHORIZATION"] = f"Token {settings.incoming_token}"
            return app(environ, start_response)

        return lax

    return wrap


COMPARISONS: Mapping[str, tuple[LetsIn, tuple[str, ...]]] = {
    "the beginning of what is sent": (lambda sent, one: sent.startswith(one.incoming_token), ("AUTH-2",)),
    "the end of what is sent": (lambda sent, one: sent.endswith(one.incoming_token), ("AUTH-2", "AUTH-3")),
    "any part of what is sent": (lambda sent, one: one.incoming_token in sent, ("AUTH-2", "AUTH-3")),
    "the beginning of the token": (lambda sent, one: one.incoming_token.startswith(sent), ("AUTH-2", "AUTH-3")),
    "letters without their case": (lambda sent, one: sent.lower() == one.incoming_token.lower(), ("AUTH-2",)),
    "letters without their accents": (
        lambda sent, one: sent.encode("ascii", "ignore") == one.incoming_token.replace("e", "").encode(),
        ("AUTH-2",),
    ),
    "the first lengths only": (lambda sent, one: len(sent) > 9 and sent[:9] == one.incoming_token[:9], ("AUTH-2",)),
    "RapidPro's token, too": (lambda sent, one: sent == one.rapidpro_token, ("AUTH-2",)),
    "CHT's password, too": (lambda sent, one: sent == one.cht_password, ("AUTH-2",)),
}
"""How each compares, and the requirements that catch it."""


def relays_with_tokens() -> Mapping[str, Broken]:
    """All of them by name."""
    return {
        f"compares {name}": caught_by(Defect(app=comparing(lets_in)), *ids)
        for name, (lets_in, ids) in COMPARISONS.items()
    }
