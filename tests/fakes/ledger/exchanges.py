"""Exchanges for tests of the ledger."""

from __future__ import annotations

from datetime import UTC, datetime

from fakes.ledger import Exchange, Ledger
from fakes.serving.wsgi import Reply

AT = datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC)


def add(ledger: Ledger, body: bytes = b"", answer: bytes = b"[]", service: str = "cht") -> Exchange:
    """One more exchange in the ledger."""
    return ledger.add(
        at=AT,
        service=service,
        direction="in",
        method="POST",
        path="/api/sms",
        query="",
        headers={"host": "cht.test"},
        body=body,
        reply=Reply.of(200, "application/json", answer),
    )


def written(ledger: Ledger) -> Ledger:
    """The same, when all that has to be in the file is there."""
    writer = ledger._writer
    if writer is not None:
        writer.join(30)
        assert not writer.is_alive()
    return ledger
