"""The body of a request: JSON, or a form where versions take one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from fakes.rapidpro.api.wire import Call, Refused, detail, field_errors, over_fields
from fakes.rapidpro.profile import Profile
from fakes.wsgi import BodyTooLarge, read_body

LIMIT = 16 * 1024 * 1024
"""Bytes. RapidPro itself has no limit for JSON; the proxies in front of real ones do."""
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
LISTS = frozenset({"urns", "contacts", "groups", "messages"})
NO_MARK = "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"
EMPTY_DICTIONARY = "This dictionary may not be empty."


def read(call: Call, profile: Profile) -> Mapping[str, Any]:
    """The body as an object of fields; an empty one is an object without fields. Raises Refused."""
    try:
        body = read_body(call.environ, LIMIT)
    except BodyTooLarge:
        raise detail(413, f"Request bodies may have at most {LIMIT} bytes.") from None
    if not body:
        return {}
    given = call.environ.get("CONTENT_TYPE") or ""
    kind = given.partition(";")[0].strip().lower()
    if kind in FORMS:
        return _form(call, body, given, profile)
    if kind != "application/json":
        raise Refused(415, {"detail": f'Unsupported media type "{given}" in request.'})
    value = _json(body, strict=profile.serializer == "new")
    if not isinstance(value, dict):
        raise over_fields("Request body should be a single JSON object")
    return value


def _json(body: bytes, *, strict: bool) -> Any:
    try:
        text = body.decode()
        if text.startswith("\ufeff"):
            raise ValueError(NO_MARK)
        return (_STRICT if strict else _LAX).decode(text)
    except ValueError as problem:
        raise detail(400, f"JSON parse error - {problem}") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


_STRICT, _LAX = json.JSONDecoder(parse_constant=_refuse), json.JSONDecoder()


def _form(call: Call, body: bytes, given: str, profile: Profile) -> Mapping[str, Any]:
    from werkzeug.exceptions import HTTPException  # forms are rare, and loading takes a while
    from werkzeug.formparser import parse_form_data

    environ = {
        "REQUEST_METHOD": "POST", "CONTENT_TYPE": given, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body),
    }  # fmt: skip
    try:
        _, form, _ = parse_form_data(environ, silent=False, max_form_memory_size=LIMIT)
    except (ValueError, HTTPException) as problem:
        raise detail(400, f"Multipart form parse error - {problem}") from None
    if "/broadcasts" in call.path and profile.serializer == "new":
        # Dictionaries cannot be written in such a form: RapidPro finds empty ones, whatever was sent.
        names = ("text", "attachments", "quick_replies") if profile.quick_replies else ("text", "attachments")
        raise field_errors({name: [EMPTY_DICTIONARY] for name in names})
    return {name: form.getlist(name) if name in LISTS else form[name] for name in form}
