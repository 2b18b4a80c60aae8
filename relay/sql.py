"""The tables, and the statements that the store runs: such as SQLite and PostgreSQL both understand."""

from __future__ import annotations

from sqlalchemy import bindparam, text

from relay.policy import Incoming, Outgoing

SCHEMA = """
CREATE TABLE IF NOT EXISTS neighbours (
    name TEXT PRIMARY KEY,
    due_at DOUBLE PRECISION NOT NULL DEFAULT 0,
    blocked_until DOUBLE PRECISION NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT
);
CREATE TABLE IF NOT EXISTS inbox (
    seq {key}, id TEXT NOT NULL UNIQUE, phone TEXT NOT NULL, text TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    received_at DOUBLE PRECISION NOT NULL,
    next_at DOUBLE PRECISION
);
CREATE INDEX IF NOT EXISTS inbox_due ON inbox (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS inbox_phone ON inbox (phone, seq) WHERE next_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS outbox (
    seq {key}, id TEXT NOT NULL UNIQUE, phone TEXT NOT NULL, text TEXT NOT NULL,
    stage TEXT NOT NULL DEFAULT 'ready',
    attempts INTEGER NOT NULL DEFAULT 0, looks INTEGER NOT NULL DEFAULT 0,
    next_at DOUBLE PRECISION,
    since DOUBLE PRECISION NOT NULL DEFAULT 0, accepted_at DOUBLE PRECISION NOT NULL DEFAULT 0,
    broadcast_id TEXT, broadcast_uuid TEXT, message_ref TEXT, message_at DOUBLE PRECISION,
    status TEXT NOT NULL DEFAULT 'UNSENT', reason TEXT, to_tell BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (stage, next_at, seq);
CREATE INDEX IF NOT EXISTS outbox_phone ON outbox (phone, stage, seq);
CREATE INDEX IF NOT EXISTS outbox_to_tell ON outbox (seq) WHERE to_tell;
CREATE INDEX IF NOT EXISTS outbox_id ON outbox (broadcast_id);
CREATE INDEX IF NOT EXISTS outbox_uuid ON outbox (broadcast_uuid);
CREATE INDEX IF NOT EXISTS outbox_ref ON outbox (message_ref);
INSERT INTO neighbours (name) VALUES ('cht'), ('rapidpro') ON CONFLICT DO NOTHING
"""

PATIENCE = 3
"""Attempts during which a text in trouble holds back later ones to or from the same phone, to keep their order."""
WAITING = f"""next_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM inbox earlier WHERE earlier.phone = inbox.phone AND earlier.seq < inbox.seq
    AND earlier.next_at > :now AND earlier.attempts < {PATIENCE})"""
READY = f"""stage = 'ready' AND NOT EXISTS (
    SELECT 1 FROM outbox earlier WHERE earlier.phone = outbox.phone AND earlier.seq < outbox.seq
    AND earlier.stage IN ('ready', 'sending') AND earlier.attempts < {PATIENCE})"""
OUTGOING = f"SELECT {', '.join(f'outbox.{name}' for name in Outgoing._fields)} FROM outbox"

# --- what is due

NEIGHBOURS = text("SELECT name, due_at, blocked_until, failures, error FROM neighbours ORDER BY name")
DUE = text(f"""SELECT
    (SELECT MIN(next_at) FROM inbox WHERE {WAITING}),
    (SELECT 0 WHERE EXISTS (SELECT 1 FROM outbox WHERE to_tell)),
    (SELECT MIN(next_at) FROM outbox WHERE {READY}),
    (SELECT MIN(next_at) FROM outbox WHERE stage = 'sending'),
    (SELECT MIN(next_at) FROM outbox WHERE stage = 'accepted')""")
FARED = text(
    "UPDATE neighbours SET due_at = :due_at, blocked_until = :blocked_until, failures = :failures, error = :error"
    " WHERE name = :name"
)

# --- in

RECEIVE = text(
    "INSERT INTO inbox (id, phone, text, received_at, next_at) VALUES (:id, :phone, :text, :now, :now)"
    " ON CONFLICT DO NOTHING"
)
RECEIVED = text("SELECT phone, text FROM inbox WHERE id = :id")
FOR_CHT = text(
    f"SELECT {', '.join(Incoming._fields)} FROM inbox WHERE next_at <= :now AND {WAITING} ORDER BY seq LIMIT :most"
)
HANDED_OVER = text("UPDATE inbox SET next_at = NULL WHERE seq = :seq")
BLAME = text("UPDATE inbox SET attempts = attempts + 1, next_at = :next_at WHERE seq = :seq")

# --- out

TAKE = text(
    "INSERT INTO outbox (id, phone, text, next_at) VALUES (:id, :phone, :text, :now)"
    " ON CONFLICT (id) DO UPDATE SET to_tell = TRUE"
)
NEXT = text(f"{OUTGOING} WHERE next_at <= :now AND {READY} ORDER BY next_at, seq LIMIT 1")
SAVE = text(
    f"UPDATE outbox SET {', '.join(f'{name} = :{name}' for name in Outgoing._fields[4:])} WHERE seq = :seq",
)
# With them go equal texts accepted under no name: the broadcast that shows up may be theirs.
UNSETTLED = text(f"""{OUTGOING} WHERE stage = 'sending' AND next_at <= :now UNION {OUTGOING}
    JOIN outbox lost ON lost.phone = outbox.phone AND lost.text = outbox.text AND lost.since < outbox.since + 86400
    WHERE lost.stage = 'sending' AND lost.next_at <= :now
    AND outbox.stage = 'accepted' AND outbox.broadcast_id IS NULL AND outbox.broadcast_uuid IS NULL""")
WATCHED = text(f"{OUTGOING} WHERE stage = 'accepted' AND next_at <= :now ORDER BY next_at, seq LIMIT :most")
TAKEN = text(
    "SELECT broadcast_id, broadcast_uuid, message_ref FROM outbox"
    " WHERE broadcast_id IN :names OR broadcast_uuid IN :names OR message_ref IN :names"
).bindparams(bindparam("names", expanding=True))

# --- states

TO_TELL = text("SELECT id, status, reason FROM outbox WHERE to_tell ORDER BY seq LIMIT :most")
TOLD = text("UPDATE outbox SET to_tell = FALSE WHERE id = :id")

# --- looking after itself

FORGET = (
    text("DELETE FROM inbox WHERE next_at IS NULL AND received_at < :before"),
    text("DELETE FROM outbox WHERE next_at IS NULL AND NOT to_tell AND since < :before"),
)
QUEUES = text("""SELECT
    (SELECT COUNT(*) FROM inbox WHERE next_at IS NOT NULL) AS to_cht,
    (SELECT COUNT(*) FROM outbox WHERE stage = 'ready') AS to_send,
    (SELECT COUNT(*) FROM outbox WHERE stage = 'sending') AS outcome_unknown,
    (SELECT COUNT(*) FROM outbox WHERE to_tell) AS states_to_tell,
    (SELECT COUNT(*) FROM outbox WHERE stage = 'accepted' AND next_at IS NOT NULL) AS states_to_ask""")
