"""Alterations that real relays and gateways make to texts, each as a function of the text."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import requests

from tests.broken.pieces import App, Between, Now, Session, body_of, changing, is_sending, with_body
from tests.broken.relays import change_body

Alteration = Callable[[str], str]

QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "–": "-", "—": "-"})
WITHOUT_WIDTH = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
VARIATIONS = re.compile("[\ufe00-\ufe0f]")


def cut_at(length: int) -> Alteration:
    """Keep the beginning of a text."""
    return lambda text: text[:length]


def ascii_digits(text: str) -> str:
    """Replace the digits of all scripts."""
    return "".join(str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char for char in text)


def number_if_it_looks_like_one(text: str) -> str:
    """Read a number and write it again, as a spreadsheet does."""
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


ALTERATIONS: Mapping[str, Alteration] = {
    "composes letters (NFC)": lambda text: unicodedata.normalize("NFC", text),
    "decomposes letters (NFD)": lambda text: unicodedata.normalize("NFD", text),
    "replaces letters of compatibility (NFKC)": lambda text: unicodedata.normalize("NFKC", text),
    "removes marks without width": lambda text: WITHOUT_WIDTH.sub("", text),
    "removes variation selectors": lambda text: VARIATIONS.sub("", text),
    "removes characters outside of the basic plane": lambda text: "".join(c for c in text if ord(c) < 0x10000),
    "collapses blanks": lambda text: re.sub(r"[ \t]+", " ", text),
    "replaces tabs by blanks": lambda text: text.replace("\t", " "),
    "replaces other blanks by plain ones": lambda text: re.sub(r"[^\S\r\n\t ]", " ", text),
    "replaces CR LF by LF": lambda text: text.replace("\r\n", "\n"),
    "joins lines": lambda text: text.replace("\n", " "),
    "replaces typographic quotes": lambda text: text.translate(QUOTES),
    "replaces digits of other scripts": ascii_digits,
    "unescapes HTML": html.unescape,
    "escapes HTML": html.escape,
    "removes HTML tags": lambda text: re.sub(r"<[^>]*>", "", text),
    "decodes percent signs": unquote,
    "decodes plus signs": lambda text: text.replace("+", " "),
    "removes double braces": lambda text: re.sub(r"\{\{.*?\}\}", "", text),
    "decodes backslashes": lambda text: text.replace("\\n", "\n"),
    "fills placeholders": lambda text: text.replace("%s", ""),
    "reads numbers": number_if_it_looks_like_one,
    "drops what is not GSM-7": lambda text: text.encode("latin-1", "replace").decode("latin-1"),
    "cuts at 70 characters": cut_at(70),
    "cuts at 134 characters": cut_at(134),
    "cuts at 160 characters": cut_at(160),
    "cuts at 306 characters": cut_at(306),
    "cuts at 459 characters": cut_at(459),
    "cuts at 639 characters": cut_at(639),
}
"""What both directions can meet."""
INCOMING_ONLY: Mapping[str, Alteration] = {
    "cuts at 640 characters": cut_at(640),
    "cuts at 670 characters": cut_at(670),
    "cuts at 1,599 characters": cut_at(1599),
    "removes blanks at both ends": str.strip,
}


def alters_incoming(alter: Alteration) -> App:
    """An app around a relay that alters incoming texts."""

    def altered(body: dict[str, Any]) -> dict[str, Any]:
        content = body.get("content")
        return {**body, "content": alter(content)} if isinstance(content, str) else body

    return changing(lambda environ: change_body(environ, altered))


class AltersOutgoing(Between):
    """Alters outgoing texts on their way to RapidPro."""

    def __init__(self, inner: requests.Session, now: Now, alter: Alteration) -> None:
        super().__init__(inner, now)
        self._alter = alter

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_sending(method, url):
            body = body_of(options)
            return super().call(method, url, with_body(options, {**body, "text": self._alter(body["text"])}))
        return super().call(method, url, options)


def alters_outgoing(alter: Alteration) -> Session:
    """The session of a relay that alters outgoing texts."""
    return lambda inner, now: AltersOutgoing(inner, now, alter)
