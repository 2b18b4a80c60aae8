"""Runs sessions: builds what the engine needs under the lock, runs it without, and stores the outcome under the lock.

A contact has one session at a time. Source: mailroom core/models/session.go, core/runner, core/tasks/handler,
core/crons (wait timeouts and expirations).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from fakes.rapidpro.flows.bundles.library import Library
from fakes.rapidpro.flows.engine import (
    Contact,
    NotAccepted,
    Outcome,
    Refused,
    Session,
    Surroundings,
    TooMuch,
    Trigger,
    expire,
    reply,
    start,
    stored,
    time_out,
)
from fakes.rapidpro.flows.running.rows import engine_contact, engine_workspace, path_of, results_of
from fakes.rapidpro.flows.running.sender import HttpSession, Sender
from fakes.rapidpro.mailroom.dispatch import Dispatcher
from fakes.rapidpro.mailroom.sessions.effects import Effects
from fakes.rapidpro.mailroom.sessions.history import History
from fakes.rapidpro.mailroom.sessions.locks import ContactLocks
from fakes.rapidpro.mailroom.sessions.search import ContactSearch
from fakes.rapidpro.mailroom.sessions.work import Cause, Done, Waiting, Work
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Records, Workspace

BUSY = 1.0
"""Seconds until something that found the contact's lock taken is tried again."""
SEED_BITS = 64


class Sessions:
    """All sessions. `run` takes the service's lock itself; callers hold the contact's lock, but not the service's."""

    def __init__(
        self, records: Records, runtime: Runtime, dispatcher: Dispatcher, library: Library, http: HttpSession
    ) -> None:
        self._records = records
        self._runtime = runtime
        self._library = library
        self._http = http
        self.effects = Effects(records, runtime, dispatcher, library)
        self.locks = ContactLocks()
        self.history = History(library)
        self._waiting: dict[int, Waiting] = {}
        dispatcher.start_sessions = self._start_batch
        dispatcher.is_excluded = self._is_excluded
        self._search = ContactSearch(records, runtime, library, self.flow_of)
        dispatcher.search = self._search.find

    def reset(self) -> None:
        """Forget all sessions."""
        self._waiting.clear()
        self.effects.clear()
        self.history.clear()

    def waiting(self, contact: Any) -> Waiting | None:
        """The contact's session, if it waits."""
        return self._waiting.get(contact.id)

    def all_waiting(self) -> list[Session]:
        """The sessions that wait, in the order in which they began to."""
        return [one.session for one in self._waiting.values()]

    def flow_of(self, contact: Any) -> Any:
        """The flow in which the contact waits, or None."""
        waiting = self._waiting.get(contact.id)
        return None if waiting is None else self._records.flow_of(contact.workspace, waiting.flow)

    def new_work(self, workspace: Workspace, contact: Any, cause: Cause, **parts: Any) -> Work:
        """Work that begins now, with a seed of its own."""
        seed = self._runtime.rng.getrandbits(SEED_BITS)
        return Work(workspace, contact, cause, self._runtime.clock.now(), seed, **parts)

    def again(self, work: Work) -> Work:
        """The same work once more, in a new run."""
        return self.new_work(
            work.workspace, work.contact, work.cause, flow=work.flow, trigger=work.trigger, given=work.given,
            before=work.before, message=work.message,
        )  # fmt: skip

    def run(self, work: Work) -> Done:
        """Run the stretch and store what it did. A flow that the engine refuses does nothing."""
        rules = self._library.rules
        sender = Sender(self._http, self._runtime.habits.user_agent, rules)
        with self._runtime.lock:
            epoch = self._runtime.epoch
            workspace = engine_workspace(self._records, work.workspace, self._library.resthooks)
            tickets = self.effects.tickets.get(work.contact.id, ())
            person = engine_contact(self._records, work.contact, workspace, tickets, work.at, rules.generation)
            flows = self._library.flows()
        chance = random.Random(work.seed)
        around = Surroundings(flows, workspace, work.at, chance, sender.send, work.batch)
        try:
            outcome = _advance(work, person, around)
        except (Refused, NotAccepted, TooMuch) as problem:
            return Done(work, problem=str(problem))
        with self._runtime.lock:
            if self._runtime.epoch != epoch:
                return Done(work, outcome.session, outcome.events, call_problems=sender.problems)
            return self._store(work, outcome, around, sender)

    def _store(self, work: Work, outcome: Outcome, around: Surroundings, sender: Sender) -> Done:
        session = outcome.session
        if work.before is None and session.type != "messaging_background":
            self.interrupt(work.contact)
        rows = self._store_runs(work, session)
        sent = self.effects.apply(work, session, outcome.events)
        warnings = self._search.warnings(work.workspace, outcome.events)
        done = Done(work, session, (*outcome.events, *warnings), tuple(sent), sender.problems)
        self.history.add(done)
        if session.status == "waiting":
            self._wait(work, Waiting(stored(session, around), rows), outcome)
        elif session.type != "messaging_background" and self._waiting.get(work.contact.id) is work.before:
            self._waiting.pop(work.contact.id, None)
        return done

    def _store_runs(self, work: Work, session: Session) -> dict[str, Any]:
        now, rows = self._runtime.clock.now(), {} if work.before is None else dict(work.before.rows)
        ended = {} if work.before is None else {one.uuid for one in work.before.session.runs if not one.is_open}
        for run in session.runs:
            if run.uuid in ended:
                continue
            row = rows.get(run.uuid)
            if row is None:
                flow = self._records.flow_of(work.workspace, self._library.row_uuid(run.flow_uuid))
                row = self._records.new_run(
                    work.workspace, work.contact, flow, uuid=run.uuid, start=work.start, now=work.at
                )
                rows[run.uuid] = row
            self._records.set_run(
                row, now, status=run.status, results=results_of(run), path=path_of(run),
                responded=work.given is not None,
            )  # fmt: skip
        return rows

    def interrupt(self, contact: Any) -> None:
        """End the contact's session, if it waits: another flow starts."""
        waiting = self._waiting.pop(contact.id, None)
        if waiting is None:
            return
        for run in waiting.session.runs:
            if run.is_open and run.uuid in waiting.rows:
                self._records.set_run(
                    waiting.rows[run.uuid], self._runtime.clock.now(), status="interrupted", results=results_of(run),
                    path=path_of(run), responded=False,
                )  # fmt: skip
        self.history.interrupted(waiting.session)

    def interrupt_flow(self, flow: str) -> int:
        """End the sessions that wait in a flow: it is archived. Returns how many."""
        found = [one.session.contact for one in self._waiting.values() if one.flow == flow]
        for contact in found:
            self.interrupt(contact)
        return len(found)

    # Waits.

    def _wait(self, work: Work, waiting: Waiting, outcome: Outcome) -> None:
        self._waiting[work.contact.id] = waiting
        seconds = next((one.values["seconds"] for one in reversed(outcome.events) if one.type == "msg_wait"), None)
        if seconds is not None:
            self._later(seconds, "timeout", work, waiting)
        flow = self._library.flows().find(waiting.flow)
        if flow is not None:
            self._later(flow.expire_after.total_seconds(), "expiration", work, waiting)

    def _later(self, seconds: float, cause: Cause, work: Work, waiting: Waiting) -> None:
        delay = self._runtime.to_next_minute(seconds, self._runtime.habits.checks_waits_every)
        self._runtime.call_outside(delay, self._end_wait, cause, work, waiting)

    def _end_wait(self, cause: Cause, work: Work, waiting: Waiting) -> None:
        """The wait's time is over, unless the contact has answered."""
        if self._waiting.get(work.contact.id) is not waiting:
            return
        with self.locks.if_free(work.contact.id) as free:
            if not free:
                self._runtime.call_outside(BUSY, self._end_wait, cause, work, waiting)
                return
            with self._runtime.lock:
                if self._waiting.get(work.contact.id) is not waiting:
                    return
                following = self.new_work(work.workspace, work.contact, cause, before=waiting, start=work.start)
            self.run(following)

    # Starts.

    def _is_excluded(self, row: Any, contact: Any) -> bool:
        exclusions = getattr(row, "exclusions", None) or {}
        if exclusions.get("in_a_flow") and contact.id in self._waiting:
            return True
        return bool(exclusions.get("started_previously")) and self._records.was_in_flow(contact, row.flow)

    def _start_batch(self, row: Any, workspace: Workspace, contacts: Sequence[Any], finished: Any) -> None:
        """Start the flow for contacts, without the lock; then call `finished` with the lock."""
        self._runtime.call_outside(0, self._start_all, row, workspace, contacts, finished)

    def _start_all(self, row: Any, workspace: Workspace, contacts: Iterable[Any], finished: Any) -> None:
        for contact in contacts:
            self._start_one(row, workspace, contact)
        with self._runtime.lock:
            finished()

    def _start_one(self, row: Any, workspace: Workspace, contact: Any) -> None:
        with self.locks.if_free(contact.id) as free:
            if not free:
                self._runtime.call_outside(BUSY, self._start_one, row, workspace, contact)
                return
            with self._runtime.lock:
                if not self._library.has(row.flow.uuid):
                    self._empty_run(row, workspace, contact)
                    return
                usual = Trigger("manual", params=row.params, origin=row.origin)
                trigger = self.effects.triggers.get(row.uuid, usual)
                batch = row.contact_count > 1
                work = self.new_work(
                    workspace, contact, "start", flow=row.flow.uuid, trigger=trigger, start=row, batch=batch
                )
            self.run(work)

    def _empty_run(self, row: Any, workspace: Workspace, contact: Any) -> None:
        """A run of a flow without a definition: it has no nodes."""
        now, uuid = self._runtime.clock.now(), self._runtime.new_uuid()
        run = self._records.new_run(workspace, contact, row.flow, uuid=uuid, start=row, now=now)
        self._records.set_run(run, now, status="completed", results={}, path=[], responded=False)


def _advance(work: Work, person: Contact, around: Surroundings) -> Outcome:
    if work.before is None:
        return start(work.flow, person, work.trigger, around, work.given)
    session = replace(work.before.session, contact=person)
    if work.cause == "timeout":
        return time_out(session, around)
    if work.cause == "expiration":
        return expire(session, around)
    assert work.given is not None
    return reply(session, work.given, around)
