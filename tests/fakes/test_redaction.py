"""Secrets are hidden in every disguise, and what only resembles one is shown."""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.ledger import Exchange, as_json
from fakes.redaction import Redaction
from fakes.serving.wsgi import Reply

TOKEN = "RAPIDPRO-TEST-TOKEN-0000000000000000000000"
WORDS = "relay-incoming-token"
HIDE = Redaction({"rapidpro:relay": TOKEN, "cht:incoming": WORDS, "cht:password of admin": "pass"})
LABEL, OTHER = "[hidden:rapidpro:relay]", "[hidden:cht:incoming]"


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def in_base64_url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def fully_percent_encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


DISGUISES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "base64": in_base64,
    "base64 for URLs without padding": in_base64_url,
    "base64 of user and password": lambda one: in_base64(f"gateway:{one}"),
    "base64 of a scheme and a token": lambda one: in_base64(f"Token {one}"),
    "base64 of JSON": lambda one: in_base64(f'{{"token": "{one}"}}'),
    "base64 behind other letters": lambda one: f"x{in_base64(one)}x",
    "hex": lambda one: one.encode().hex(),
    "hex in capitals": lambda one: one.encode().hex().upper(),
    "percent-encoded": lambda one: urllib.parse.quote(f"Token {one}", safe="").replace("-", "%2d"),
    "each character percent-encoded": fully_percent_encoded,
    "each character percent-encoded in small letters": lambda one: fully_percent_encoded(one).lower(),
    "JSON escapes": lambda one: "".join(f"\\u{ord(char):04x}" for char in one),
    "one JSON escape": lambda one: one.replace("-", "\\u002d"),
}
STREWN: dict[str, Callable[[str], str]] = {
    "blanks": " ".join,
    "lines": lambda one: f"{one[:20]}\r\n {one[20:]}",
    "commas": lambda one: ", ".join((one[:9], one[9:25], one[25:])),
    "hex with colons": lambda one: one.encode().hex(":"),
    "hex in capitals with blanks": lambda one: one.encode().hex(" ").upper(),
    "without punctuation": lambda one: one.replace("-", ""),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize(("secret", "label"), [(TOKEN, LABEL), (WORDS, OTHER)])
def test_a_secret_is_found_and_hidden_in_its_disguise(disguise: str, secret: str, label: str) -> None:
    text = f"before {DISGUISES[disguise](secret)} after"
    hidden = HIDE.text(text)
    assert HIDE.concerns(text)
    assert label in hidden
    assert secret not in hidden
    assert HIDE.text(hidden) == hidden


@pytest.mark.parametrize("strewn", STREWN)
def test_a_long_secret_is_found_with_other_characters_in_it(strewn: str) -> None:
    text = f"before {STREWN[strewn](TOKEN)} after"
    assert HIDE.concerns(text)
    assert HIDE.text(text) == f"before {LABEL} after"


@pytest.mark.parametrize("at", [6, 13, 21, 36])
def test_a_secret_that_is_divided_over_two_values_is_found(at: int) -> None:
    values = ["nothing", f"a={TOKEN[:at]}", "*/*", f"{TOKEN[at:]};"]
    assert HIDE.concerns("\n".join(values))
    assert HIDE.values(values) == ["nothing", f"a={LABEL}", "*/*", f"{LABEL};"]


@given(st.binary(max_size=9), st.binary(max_size=9))
def test_base64_is_found_wherever_it_begins(before: bytes, after: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(before + TOKEN.encode() + after).decode()
        assert HIDE.concerns(encoded)
        assert LABEL in HIDE.text(encoded)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the relay's incoming token does not match: set RELAY_INCOMING_TOKEN",
        "relay_incoming_token=?",
        "RAPIDPRO-TEST",
        "100%, 5 %25 and \\u0041",
        "cGFzc2U=",
        "70617373",
        "0" * 60,
    ],
)
def test_what_only_resembles_a_secret_is_shown(text: str) -> None:
    assert HIDE.text(text) == text
    assert HIDE.values([text, "RAPIDPRO-TEST"]) == [text, "RAPIDPRO-TEST"]


def test_a_label_stays_as_it_is_whatever_is_in_its_name() -> None:
    hide = Redaction({"cht:password of gateway": "gateway-pass", "cht:password of admin": "pass"})
    hidden = hide.text('{"reason": "d\\u00e9passe, gateway-pass"}')
    assert hidden == '{"reason": "d\\u00e9[hidden:cht:password of admin]e, [hidden:cht:password of gateway]"}'
    assert hide.text(hidden) == hidden
    assert hide.values([hidden, "a"]) == [hidden, "a"]


def test_a_header_for_authorization_shows_only_names() -> None:
    assert HIDE.authorization(f"Token {TOKEN}") == f"Token {LABEL}"
    assert HIDE.authorization(f"Basic {in_base64(f'gateway:{TOKEN}')}") == f"Basic gateway:{LABEL}"
    assert HIDE.authorization(f"Bearer {in_base64(TOKEN)}") == f"Bearer {LABEL}"
    assert HIDE.authorization("Token something else") == "Token [hidden]"


def test_the_ledger_shows_no_secret_in_any_part_of_an_exchange() -> None:
    headers = {"x-one": TOKEN[:17], "authorization": f"Token {TOKEN}", "x-two": TOKEN[17:], "accept": "*/*"}
    answered = (("X-Debug", in_base64(WORDS)), ("Authorization", f"Token {WORDS}"))
    reply = Reply(403, answered, WORDS.encode().hex().encode())
    exchange = Exchange(
        seq=1, at=datetime(2026, 3, 2, tzinfo=UTC), service="cht", direction="in", method="GET", path=f"/{TOKEN}",
        query=f"t={TOKEN}", headers=headers, body=in_base64(TOKEN).encode(), reply=reply,
        unexpected=f"no route for /{TOKEN}", error=f"KeyError: {TOKEN}",
    )  # fmt: skip
    shown = as_json(exchange, HIDE)
    assert shown["path"] == f"/{LABEL}"
    assert shown["request"]["headers"] == {
        "x-one": LABEL, "x-two": LABEL, "accept": "*/*", "authorization": f"Token {LABEL}",
    }  # fmt: skip
    assert LABEL in shown["request"]["body"]
    assert OTHER in shown["reply"]["headers"]["x-debug"]
    assert shown["reply"]["headers"]["authorization"] == f"Token {OTHER}"
    assert shown["reply"]["body"] == OTHER
    assert TOKEN not in str(shown)
    assert WORDS not in str(shown)
