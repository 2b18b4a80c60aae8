"""Long bodies as JSON: what is shown, what is said about the rest, and no part of a secret at the cut."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.ledger import MAX_BODY_SHOWN, Exchange, Keeping, Ledger
from fakes.ledger.exchange import HEAD
from fakes.redaction import SMALLEST_PART
from tests.fakes.ledger.exchanges import add

TOKEN = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
DISGUISES = (TOKEN, TOKEN.encode().hex(), base64.b64encode(TOKEN.encode()).decode())


class Owner:
    def secrets(self) -> dict[str, str]:
        return {"rapidpro:relay": TOKEN}


def shown(body: bytes, longest: int, *, whole: bool = False) -> tuple[dict[str, Any], Exchange]:
    ledger = Ledger(Keeping(body=longest), secret_sources=[Owner()])
    exchange = add(ledger, body)
    return ledger.export([exchange], whole=whole)[0]["request"], exchange


def test_a_body_is_shown_to_a_limit_or_whole() -> None:
    body = b"x" * (MAX_BODY_SHOWN + 1)
    part, _ = shown(body, 2 * MAX_BODY_SHOWN)
    assert part["body"] == "x" * MAX_BODY_SHOWN + f"… ({len(body)} bytes)"
    digest = hashlib.sha256(body).hexdigest()
    assert part["cut"] == {"shown": MAX_BODY_SHOWN, "length": len(body), "sha256": digest, "kept": True}
    whole, _ = shown(body, 2 * MAX_BODY_SHOWN, whole=True)
    assert (whole["body"], "cut" in whole) == (body.decode(), False)


@pytest.mark.parametrize("whole", [False, True])
def test_of_a_body_that_is_not_kept_the_head_is_shown(whole: bool) -> None:
    body = b"y" * 10_000
    part, _ = shown(body, 9_999, whole=whole)
    assert part["body"] == "y" * HEAD + "… (10000 bytes)"
    digest = hashlib.sha256(body).hexdigest()
    assert part["cut"] == {"shown": HEAD, "length": 10_000, "sha256": digest, "kept": False}


@settings(deadline=None)
@given(secret=st.sampled_from(DISGUISES), before=st.integers(0, HEAD), kept=st.booleans())
def test_a_cut_shows_no_part_of_a_secret(secret: str, before: int, kept: bool) -> None:
    limit = MAX_BODY_SHOWN if kept else HEAD
    body = "z" * (limit - before) + secret + "z" * MAX_BODY_SHOWN
    text = shown(body.encode(), 10 * MAX_BODY_SHOWN if kept else HEAD)[0]["body"]
    assert secret not in text
    longest = next(size for size in range(len(secret), -1, -1) if secret[:size] in text)
    assert longest < SMALLEST_PART
