"""The tables, and the statements that the store runs, in SQL that both SQLite and PostgreSQL understand."""

from __future__ import annotations

from sqlalchemy import bindparam, text

from relay.models import IncomingText, OutgoingText

SCHEMA = """
CREATE TABLE IF NOT EXISTS neighbours (
    name TEXT PRIMARY KEY,
    poll_at DOUBLE PRECISION NOT NULL DEFAULT 0,
    blocked_until DOUBLE PRECISION NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    succeeded_at DOUBLE PRECISION NOT NULL DEFAULT 0,
    checks INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS inbox (
    seq {key}, id TEXT NOT NULL UNIQUE, phone TEXT NOT NULL, content TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, received_at DOUBLE PRECISION NOT NULL, due_at DOUBLE PRECISION
);
CREATE INDEX IF NOT EXISTS inbox_due ON inbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS inbox_waiting ON inbox (seq) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS inbox_postponed ON inbox (phone, seq) WHERE due_at IS NOT NULL AND attempts > 0;
CREATE TABLE IF NOT EXISTS outbox (
    seq {key}, id TEXT NOT NULL UNIQUE, phone TEXT NOT NULL, content TEXT NOT NULL,
    send_state TEXT NOT NULL DEFAULT 'ready', due_at DOUBLE PRECISION,
    attempts INTEGER NOT NULL DEFAULT 0, lookups INTEGER NOT NULL DEFAULT 0,
    search_from DOUBLE PRECISION NOT NULL DEFAULT 0, accepted_at DOUBLE PRECISION NOT NULL DEFAULT 0,
    broadcast_id TEXT, broadcast_uuid TEXT, message_ref TEXT, message_created_on DOUBLE PRECISION,
    status TEXT NOT NULL DEFAULT 'UNSENT', reason TEXT, unreported BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (send_state, due_at, seq);
CREATE INDEX IF NOT EXISTS outbox_phone ON outbox (phone, send_state, seq);
CREATE INDEX IF NOT EXISTS outbox_unreported ON outbox (seq) WHERE unreported;
CREATE INDEX IF NOT EXISTS outbox_broadcast_id ON outbox (broadcast_id);
CREATE INDEX IF NOT EXISTS outbox_broadcast_uuid ON outbox (broadcast_uuid);
CREATE INDEX IF NOT EXISTS outbox_message_ref ON outbox (message_ref);
INSERT INTO neighbours (name) VALUES ('cht'), ('rapidpro') ON CONFLICT DO NOTHING
"""

BLOCKING_ATTEMPTS = 3
"""A failing text holds back later texts of the same phone, to keep their order, until it has had this many attempts."""
INCOMING_READY = f"""due_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM inbox earlier WHERE earlier.phone = inbox.phone AND earlier.seq < inbox.seq
    AND earlier.due_at > :now AND earlier.attempts > 0 AND earlier.attempts < {BLOCKING_ATTEMPTS})"""
OUTGOING_READY = f"""send_state = 'ready' AND NOT EXISTS (
    SELECT 1 FROM outbox earlier WHERE earlier.phone = outbox.phone AND earlier.seq < outbox.seq
    AND earlier.send_state IN ('ready', 'sending') AND earlier.attempts < {BLOCKING_ATTEMPTS})"""
OUTGOING = f"SELECT {', '.join(f'outbox.{name}' for name in OutgoingText._fields)} FROM outbox"

# --- neighbours, and when there is work for them

NEIGHBOUR = "SELECT name, poll_at, blocked_until, failures, last_error, succeeded_at"
NEIGHBOURS = text(f"{NEIGHBOUR} FROM neighbours ORDER BY name")
LATEST_POLL = "(SELECT MAX(poll_at) FROM neighbours)"
DUE_TIMES = {
    "cht": text(f"""{NEIGHBOUR}, {LATEST_POLL}, CASE WHEN failures > 0 THEN 0 ELSE poll_at END,
        (SELECT MIN(due_at) FROM inbox WHERE {INCOMING_READY}),
        (SELECT 0 WHERE EXISTS (SELECT 1 FROM outbox WHERE unreported)) FROM neighbours WHERE name = 'cht'"""),
    "rapidpro": text(f"""{NEIGHBOUR}, {LATEST_POLL}, (SELECT MIN(due_at) FROM outbox WHERE {OUTGOING_READY}),
        (SELECT MIN(due_at) FROM outbox WHERE send_state = 'sending'),
        (SELECT MIN(due_at) FROM outbox WHERE send_state = 'accepted') FROM neighbours WHERE name = 'rapidpro'"""),
}
SAVE_NEIGHBOUR = text("""UPDATE neighbours SET poll_at = :poll_at, blocked_until = :blocked_until,
    failures = :failures, last_error = :last_error, succeeded_at = :succeeded_at WHERE name = :name""")

# --- incoming texts

ADD_INCOMING = text("""INSERT INTO inbox (id, phone, content, received_at, due_at)
    VALUES (:id, :phone, :content, :now, 0) ON CONFLICT DO NOTHING""")
STORED_INCOMING = text("SELECT id, phone, content FROM inbox WHERE id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
DUE_INCOMING = text(f"""SELECT {", ".join(IncomingText._fields)} FROM inbox
    WHERE due_at <= :now AND {INCOMING_READY} ORDER BY seq LIMIT :limit""")
FINISH_INCOMING = text("UPDATE inbox SET due_at = NULL WHERE seq = :seq")
POSTPONE_INCOMING = text("UPDATE inbox SET attempts = attempts + 1, due_at = :due_at WHERE seq = :seq")

# --- outgoing texts

ADD_OUTGOING = text("""INSERT INTO outbox (id, phone, content, due_at) VALUES (:id, :phone, :content, :now)
    ON CONFLICT (id) DO UPDATE SET unreported = TRUE""")
NEXT_TO_SEND = text(f"{OUTGOING} WHERE due_at <= :now AND {OUTGOING_READY} ORDER BY due_at, seq LIMIT 1")
# CHT is told of each new status, also if it is told of the one before at this moment.
SAVE_OUTGOING = text(f"""UPDATE outbox SET unreported = unreported OR status <> :status,
    {", ".join(f"{name} = :{name}" for name in OutgoingText._fields[4:])} WHERE seq = :seq""")
# Includes equal texts that were accepted without an id: a broadcast that the lookup finds may be theirs.
DUE_FOR_LOOKUP = text(f"""{OUTGOING} WHERE send_state = 'sending' AND due_at <= :now UNION {OUTGOING}
    JOIN outbox other ON other.phone = outbox.phone AND other.content = outbox.content
    WHERE other.send_state = 'sending' AND other.due_at <= :now AND other.search_from < outbox.search_from + 86400
    AND outbox.send_state = 'accepted' AND outbox.broadcast_id IS NULL AND outbox.broadcast_uuid IS NULL""")
DUE_FOR_CHECK = text(f"{OUTGOING} WHERE send_state = 'accepted' AND due_at <= :now ORDER BY due_at, seq LIMIT :limit")
CLAIMED_IDS = text(
    "SELECT broadcast_id, broadcast_uuid, message_ref FROM outbox"
    " WHERE broadcast_id IN :ids OR broadcast_uuid IN :ids OR message_ref IN :ids"
).bindparams(bindparam("ids", expanding=True))

# --- state updates

PENDING_UPDATES = text("SELECT id, status, reason FROM outbox WHERE unreported ORDER BY seq LIMIT :limit")
FINISH_UPDATE = text("UPDATE outbox SET unreported = FALSE WHERE id = :id AND status = :status")

# --- maintenance

DELETE_OLD = (
    text("DELETE FROM inbox WHERE due_at IS NULL AND received_at < :before"),
    text("DELETE FROM outbox WHERE due_at IS NULL AND NOT unreported AND search_from < :before"),
)
QUEUE_SIZES = text("""SELECT
    (SELECT COUNT(*) FROM inbox WHERE due_at IS NOT NULL) AS to_cht,
    (SELECT COUNT(*) FROM outbox WHERE send_state = 'ready') AS to_send,
    (SELECT COUNT(*) FROM outbox WHERE send_state = 'sending') AS outcome_unknown,
    (SELECT COUNT(*) FROM outbox WHERE unreported) AS states_to_tell,
    (SELECT COUNT(*) FROM outbox WHERE send_state = 'accepted' AND due_at IS NOT NULL) AS states_to_ask""")
OLDEST_TEXTS = text("""SELECT
    (SELECT received_at FROM inbox WHERE due_at IS NOT NULL ORDER BY seq LIMIT 1) AS cht,
    (SELECT MIN(since) FROM (SELECT MIN(due_at) AS since FROM outbox WHERE send_state = 'ready' UNION ALL
        SELECT CASE WHEN accepted_at > 0 THEN accepted_at ELSE due_at END FROM outbox WHERE send_state = 'sending')
        AS waiting) AS rapidpro""")
COUNT_CHECK = text("UPDATE neighbours SET checks = checks + 1 WHERE name = 'cht'")
"""Fails if the database cannot be written. SQLite would write nothing if nothing changed."""
