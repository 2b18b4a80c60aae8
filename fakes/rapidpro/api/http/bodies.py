"""The body of a request: JSON, or a form."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from email.message import Message
from io import BytesIO
from typing import Any

from fakes.rapidpro.api.http import accept
from fakes.rapidpro.api.http.wire import ApiError, Call, detail, field_errors
from fakes.rapidpro.versions.profile import Profile
from fakes.serving.wsgi import BodyTooLarge, read_body

LIMIT = 16 * 1024 * 1024
"""Bytes. RapidPro itself has no limit for JSON; the proxies in front of real sites do."""
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
UTF8 = "utf-8"
KINDS = (accept.JSON_KIND, FORM, MULTIPART)
BOUNDARY = re.compile(r"[ -~]{0,200}[!-~]")
LISTS = frozenset({"urns", "contacts", "groups", "messages"})
NO_MARK = "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"
EMPTY_DICTIONARY = "This dictionary may not be empty."


def read(call: Call, profile: Profile) -> Any:
    """The parsed body ({} if it is empty), or the ApiError that reading `Call.body` raises."""
    try:
        return _parsed(call, profile)
    except ApiError as refused:
        return refused


def _parsed(call: Call, profile: Profile) -> Any:
    try:
        body = read_body(call.environ, LIMIT)
    except BodyTooLarge:
        raise detail(413, f"Request bodies may have at most {LIMIT} bytes.") from None
    content_type = call.environ.get("CONTENT_TYPE") or ""
    if not body:
        return _form(call, body, content_type, profile) if _is_form(content_type) else {}
    if content_type == accept.JSON_KIND:  # the usual case, without parsing
        return _json(body, UTF8, strict=profile.serializer == "new")
    for kind in KINDS:
        if accept.matches(kind, content_type):
            if kind == accept.JSON_KIND:
                return _json(body, _charset(content_type), strict=profile.serializer == "new")
            return _form(call, body, content_type, profile)
    raise ApiError(415, {"detail": f'Unsupported media type "{content_type}" in request.'})


def _is_form(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() in (FORM, MULTIPART)


def _charset(content_type: str) -> str:
    """The charset of the content type; UTF-8 if it names none or an unknown one."""
    name = _parameter(content_type, "charset") or UTF8
    try:
        codecs.getreader(name)
        return name
    except LookupError:
        return UTF8


def _json(body: bytes, charset: str, *, strict: bool) -> Any:
    try:
        text = _text(body, charset)
        if text.startswith("\ufeff"):
            raise ValueError(NO_MARK)
        return (_STRICT if strict else _LAX).decode(text)
    except ValueError as problem:
        raise detail(400, f"JSON parse error - {problem}") from None


def _text(body: bytes, charset: str) -> str:
    """Decoded as a stream, which skips a truncated last character."""
    if charset != UTF8:
        return codecs.getreader(charset)(BytesIO(body)).read()
    try:
        return body.decode()
    except UnicodeDecodeError:
        return codecs.getreader(charset)(BytesIO(body)).read()


def _refuse(name: str) -> Any:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


_STRICT, _LAX = json.JSONDecoder(parse_constant=_refuse), json.JSONDecoder()


def _form(call: Call, body: bytes, content_type: str, profile: Profile) -> Mapping[str, Any]:
    form = _fields(body, content_type, boundary_needed=profile.boundary_needed) if body else {}
    if "/broadcasts" in call.path and profile.serializer == "new":
        # A form cannot hold dictionaries: RapidPro finds empty ones, whatever was sent.
        names = ("text", "attachments", "quick_replies") if profile.quick_replies else ("text", "attachments")
        raise field_errors({name: [EMPTY_DICTIONARY] for name in names})
    return {name: values if name in LISTS else values[-1] for name, values in form.items()}


def _fields(body: bytes, content_type: str, *, boundary_needed: bool) -> Mapping[str, list[str]]:
    """A form's fields with all their values; unreadable parts are skipped, as Django does."""
    from werkzeug.exceptions import HTTPException  # forms are rare, and loading is slow
    from werkzeug.formparser import parse_form_data

    if accept.matches(MULTIPART, content_type):
        boundary = _parameter(content_type, "boundary")
        if boundary is None and not boundary_needed:
            return {}
        if boundary is None or not BOUNDARY.fullmatch(boundary):
            raise detail(400, f"Multipart form parse error - Invalid boundary in multipart: {boundary}")
    environ = {
        "REQUEST_METHOD": "POST", "CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }  # fmt: skip
    try:
        _, form, _ = parse_form_data(environ, silent=False, max_form_memory_size=LIMIT)
    except (ValueError, HTTPException):
        return {}
    return dict(form.lists())


def _parameter(content_type: str, name: str) -> str | None:
    """A parameter of a content type, or None."""
    header = Message()
    header["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    found = header.get_param(name)
    return found if isinstance(found, str) else None
