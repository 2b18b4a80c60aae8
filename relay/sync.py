"""The work: one sync with each neighbour reads what is due, makes calls, and stores what policy decides."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, repeat, takewhile
from typing import Any

from relay import matching, policy
from relay.cht import exchange
from relay.http_client import Calls, Http
from relay.models import CallError, Message, Neighbour, OutgoingText, Record, StateUpdate, TextRefused
from relay.policy import StatusQuery
from relay.rapidpro import RapidProClient
from relay.settings import Settings
from relay.store import Store

BATCH_SIZE = 50
"""Texts, and state updates, in one request to CHT. CHT hands out 25 texts in each response."""
MAX_SENDS = 100
"""Texts sent in one sync, so that states are told in between."""
SENDS_TOGETHER = 4
"""Texts whose sending is begun in one transaction, and that may be sent at the same time."""
MAX_CHECKS = 1000
"""Texts whose status is checked in one sync."""
MAX_QUERIES = 20
"""Status queries in one sync; the rest stays due."""


class Sync:
    """The work with one neighbour, in one thread. `now` is the relay's time."""

    name: str

    def __init__(self, settings: Settings, session: Any, now: Callable[[], float], calls: Calls, log: Any) -> None:
        self.store = Store(settings.database)
        self._http = Http(session, self.name, now, self.store.confirm_lock, calls)
        self._settings, self._now, self._log = settings, now, log

    def run(self, neighbour: Neighbour) -> None:
        """Do what is due, and store how it went."""
        answered = self._http.answered
        try:
            self._work(neighbour.failures)
            outcome = neighbour._replace(failures=0, last_error=None, succeeded_at=self._now())
        except CallError as error:
            failures = 1 if self._http.answered > answered else neighbour.failures + 1
            wait = policy.back_off(failures, error, self._settings.poll_seconds)
            outcome = neighbour._replace(failures=failures, last_error=error.cause, blocked_until=self._now() + wait)
            self._log.warning("call_failed", neighbour=self.name, cause=error.cause, retry_seconds=round(wait))
        self.store.save_neighbour(outcome._replace(poll_at=self._now() + self._settings.poll_seconds))

    def _work(self, failures: int) -> None:
        """Raises CallError if the neighbour does not do what it should."""
        raise NotImplementedError


class ChtSync(Sync):
    """Sends texts and state updates to CHT, and stores the texts that CHT wants sent."""

    name = "cht"

    def _work(self, failures: int) -> None:
        texts, updates = self._batch(failures)
        try:
            messages = exchange(self._settings, self._http, texts, updates)
        except CallError as error:
            if not texts or error.needs_admin or error.retry_after is not None:
                raise
            messages = exchange(self._settings, self._http)  # CHT is healthy, so the texts caused the error
            self._postpone(texts, error)
            texts, updates = [], []
        # Leave out texts whose status was just reported: storing them would mark them as unreported, again and again.
        reported = {update.id for update in updates}
        self.store.save_exchange(texts, updates, [m for m in messages if m.id not in reported], self._now())

    def _batch(self, failures: int) -> tuple[list[Message], list[StateUpdate]]:
        texts, updates = self.store.due_for_cht(self._now(), BATCH_SIZE)
        if texts and texts[0].attempts:
            return texts[:1], []  # a request with this text failed: send it alone, so that it affects no other
        if failures and updates:
            updates = updates[failures % len(updates) :][:1]  # one at a time, in case CHT fails on one of them
        return list(takewhile(lambda text: not text.attempts, texts)), updates

    def _postpone(self, texts: Sequence[Message], error: CallError) -> None:
        self._log.warning("texts_postponed", ids=[text.id for text in texts], cause=error.cause)
        wait = policy.retry_delay(texts[0].attempts, self._settings.settle_seconds) if len(texts) == 1 else 0
        if error.outcome_unknown:  # CHT may still be working, and recognises the ids only when it has finished
            wait = max(wait, self._settings.settle_seconds / 4)
        self.store.postpone(texts, self._now() + wait)


class RapidProSync(Sync):
    """Looks up texts whose outcome is unknown, sends texts that are ready, checks statuses: in this order.

    `starmap` is that of itertools, or that of a pool of threads, which sends several texts at the same time.
    """

    name = "rapidpro"

    def __init__(self, starmap: Callable[..., Iterable[OutgoingText]], *parts: Any) -> None:
        super().__init__(*parts)
        self._rapidpro, self._starmap = RapidProClient(self._settings, self._http), starmap

    def _work(self, _failures: int) -> None:
        self._look_up()
        self._send()
        self._check_statuses()

    def _look_up(self) -> None:
        """Find out whether texts with an unknown outcome were sent, before anything is sent again."""
        now = self._now()
        texts = self.store.due_for_lookup(now)
        if not texts:
            return
        earliest = self._rapidpro.earliest_now()  # earlier than at the sending if RapidPro's clock was set back since
        texts = [text._replace(search_from=min(text.search_from, earliest)) for text in texts]
        pages = self._rapidpro.broadcasts(min(text.search_from for text in texts))
        matched = self._match(texts, [record for page in pages for record in matching.candidates(texts, page)])
        self._log.info("looked_up", ids=[text.id for text in texts], found=len(matched))
        self.store.save(*(self._after_lookup(text, matched.get(text.seq), now) for text in texts))

    def _after_lookup(self, text: OutgoingText, broadcast: Record | None, now: float) -> OutgoingText:
        if broadcast is None:
            return policy.mark_not_found(text, now, self._settings.settle_seconds)
        return policy.mark_accepted(text, broadcast, now, self._settings.poll_seconds)

    def _send(self) -> None:
        left = MAX_SENDS
        while texts := self.store.ready_to_send(self._now(), left):
            sent, errors = list[OutgoingText](), list[CallError]()
            for first in range(0, len(texts), SENDS_TOGETHER):
                ready = texts[first : first + SENDS_TOGETHER]  # each to another phone, unless one has failed often
                search_from, now = self._rapidpro.earliest_now(), self._now()
                sending = [policy.mark_sending(text, search_from, now) for text in ready]
                # Before the calls: if this process dies during one of them, its text is looked up.
                self.store.save(*sent, *sending)
                sent = list(self._starmap(self._send_one, zip(ready, sending, repeat(errors))))
                if errors:
                    break
            self.store.save(*sent)
            if errors:
                raise max(errors, key=lambda error: error.retry_after or 0)
            left -= len(texts)

    def _send_one(self, ready: OutgoingText, text: OutgoingText, errors: list[CallError]) -> OutgoingText:
        """The text after a call, or as it was if another of the texts that are sent together met an error before."""
        if errors:
            return ready
        try:
            broadcast = self._rapidpro.send(text.phone, text.content)
        except CallError as error:
            errors.append(error)
            return text if error.outcome_unknown else ready
        except TextRefused as refusal:
            text = policy.mark_refused(text, str(refusal))
        else:
            text = policy.mark_accepted(text, broadcast, self._now(), self._settings.poll_seconds)
        self._log.info("sent", id=text.id, send_state=text.send_state)
        return text

    def _check_statuses(self) -> None:
        """Query many texts at once. A text that a listing does not show soon gets a query of its own."""
        queries = deque(policy.status_queries(self.store.due_for_check(self._now(), MAX_CHECKS)))
        for _ in range(MAX_QUERIES):
            if not queries:
                return
            query = queries.popleft()
            matched, complete = self._run_query(query)
            now = self._now()
            alone, poll_seconds = query.broadcast_id is not None, self._settings.poll_seconds
            unseen = [text for text in query.texts if text.broadcast_id and text.seq not in matched and not alone]
            missing = [text for text in unseen if not complete or policy.lacks_message(text, now)]
            queries.extendleft(policy.broadcast_query(text) for text in missing)
            self.store.save(
                *(
                    policy.update_status(text, matched.get(text.seq), now, poll_seconds, alone=alone)
                    for text in query.texts
                    if text not in missing
                )
            )

    def _run_query(self, query: StatusQuery) -> tuple[dict[int, Record], bool]:
        """The messages found, by the text's seq, and whether the whole listing was read."""
        pages = list(islice(self._rapidpro.messages(*query[1:]), query.max_pages))
        records = [record for page in pages for record in page]
        matched = matching.match_by_id(query.texts, records)
        others = [text for text in query.texts if text.seq not in matched and not text.message_ref]
        matched |= self._match(others, [record for record in records if record not in matched.values()])
        return matched, len(pages) < query.max_pages

    def _match(self, texts: Sequence[OutgoingText], records: Sequence[Record]) -> dict[int, Record]:
        """The record of each text by content, phone and time, leaving out records that belong to other texts."""
        candidates = matching.candidates(texts, records)
        claimed_ids = self.store.claimed_ids({id_ for record in candidates for id_ in record.ids})
        return matching.match(texts, candidates, claimed_ids)
