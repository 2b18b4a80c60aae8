"""Request bodies as the body parsers of CHT's API read them: JSON, forms, plain text.

A body of another content type is not read; the handlers get an empty object.
"""

from __future__ import annotations

import codecs
import json
import zlib
from typing import Any
from urllib.parse import parse_qsl

from fakes.cht.api.http import MAX_BODY, Request, collect
from fakes.cht.errors import HttpError, ServerError
from fakes.cht.javascript import js
from fakes.serving.wsgi import BodyTooLarge

TEXT_TYPES = {"text/plain", "application/xml", "text/csv"}
MAX_FIELDS = 1000
"""Maximum number of fields of a form."""


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


DECODER = json.JSONDecoder(parse_float=js.number, parse_int=js.number, parse_constant=_refuse)


def json_body(request: Request) -> Any:
    """The parsed JSON body; `{}` if there is none or it has another content type. Raises ServerError, HttpError(413).

    Strict: the body must be an object or a list.
    """
    if request.content_type != "application/json" or not request.has_body:
        return {}
    text = _text(request, "utf-8", only_unicode=True)
    if not text:
        return {}
    if text.lstrip(" \t\n\r")[:1] not in ("{", "["):
        raise ServerError
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError):
        raise ServerError from None


def form_body(request: Request) -> dict[str, Any]:
    """The fields of a form; `{}` without a body or for another content type. Raises ServerError, HttpError(413)."""
    if request.content_type != "application/x-www-form-urlencoded" or not request.has_body:
        return {}
    text = _text(request, "utf-8", only_unicode=False)
    if text.count("&") >= MAX_FIELDS:
        raise ServerError
    return dict(collect(parse_qsl(text, keep_blank_values=True)))


def text_body(request: Request) -> Any:
    """The text of a plain text body; `{}` for another content type. Raises ServerError, HttpError(413)."""
    if request.content_type not in TEXT_TYPES or not request.has_body:
        return {}
    return _text(request, "utf-8", only_unicode=False)


def raw_body(request: Request) -> bytes:
    """The bytes of the body, decompressed if necessary. Raises ServerError, HttpError(413)."""
    try:
        body = request.body
    except BodyTooLarge:
        raise HttpError(413, "Payload Too Large") from None
    encoding = (request.header("Content-Encoding") or "identity").strip().lower()
    if encoding == "identity":
        return body
    if encoding not in ("gzip", "deflate"):
        raise ServerError
    return _unpack(body, encoding)


def _unpack(body: bytes, encoding: str) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16 if encoding == "gzip" else zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, MAX_BODY + 1)
    except zlib.error:
        raise ServerError from None
    if len(plain) > MAX_BODY:
        raise HttpError(413, "Payload Too Large")
    if not unpacker.eof:
        raise ServerError
    return plain


def _text(request: Request, default: str, *, only_unicode: bool) -> str:
    charset = _charset(request.header("Content-Type") or "") or default
    if only_unicode and not charset.startswith("utf-"):
        raise ServerError
    try:
        codec = codecs.lookup(charset)
        plain = raw_body(request).decode(codec.name, "replace")
    except (LookupError, UnicodeError, ValueError):
        raise ServerError from None
    return plain.removeprefix("\ufeff")


def _charset(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""
