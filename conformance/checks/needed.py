"""What a relay may ask of RapidPro and CHT, each with the reason. Anything else is more than it needs."""

from __future__ import annotations

from typing import NamedTuple


class Need(NamedTuple):
    """Requests of one kind. The `paths` are compared in any case, without a last slash and RapidPro's suffixes.

    The fakes do not have everything that is `elsewhere`: that they do not know it says nothing about the relay.
    """

    service: str
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    reason: str
    elsewhere: bool = False


def _rapidpro(methods: tuple[str, ...], reason: str, *names: str) -> Need:
    return Need("rapidpro", methods, tuple(f"/api/v2/{name}".rstrip("/") for name in names), reason)


def _cht(methods: tuple[str, ...], reason: str, *paths: str, elsewhere: bool = False) -> Need:
    return Need("cht", methods, paths, reason, elsewhere)


READ, CREATE = ("GET", "HEAD"), ("POST",)
AS_RAPIDPRO = ("/api/v2/sms/rapidpro/incoming-messages", "/api/v1/sms/radpidpro/incoming-messages")

NEEDS = (
    _rapidpro(CREATE, "sends a text", "broadcasts"),
    _rapidpro(READ, "finds a text again whose answer was lost", "broadcasts"),
    _rapidpro(READ, "follows what becomes of a text; finds one again", "messages"),
    _rapidpro(CREATE, "sends a text to one person, in versions that have it", "messages"),
    _rapidpro(CREATE, "sends a text through a flow", "flow_starts"),
    _rapidpro(READ, "finds a flow start again whose answer was lost", "flow_starts"),
    _rapidpro(READ, "tells whether the token is accepted, and for which workspace", "workspace", "org"),
    _rapidpro(READ, "tells whether RapidPro answers", ""),
    _cht((*READ, *CREATE), "fetches texts, hands texts over, reports states", "/api/sms", "/api/v1/sms"),
    _cht(CREATE, "hands a text to CHT as RapidPro would", *AS_RAPIDPRO),
    _cht(CREATE, "hands a text to CHT as a record", "/api/v1/records", "/api/v2/records"),
    _cht((*READ, *CREATE, "DELETE"), "logs in and out; tells whether the session is still good", "/_session"),
    _cht((*READ, *CREATE), "logs in", "/medic/login"),
    _cht(READ, "tells whether CHT answers, and its release", "/api/info", "/api/deploy-info"),
    _cht(READ, "tells whether CHT answers", "/", "/_up", "/api/v1/monitoring", "/api/v2/monitoring", elsewhere=True),
)
"""Contacts and groups are not among them: a broadcast reaches a number by its URN, and RapidPro creates the contact by
itself. What a contact's record says about a patient is not a relay's business. CHT's documents are not either: the
gateway API hands out all that is to be sent."""


def need_of(service: str, method: str, path: str) -> Need | None:
    """What a request is needed for; None for a request that no relay needs."""
    plain = path.lower().rstrip("/") or "/"
    if service == "rapidpro":
        plain = plain.removesuffix(".json").removesuffix(".api")
    found = (need for need in NEEDS if need.service == service and method in need.methods and plain in need.paths)
    return next(found, None)
