"""The work: one sync with each neighbour reads what is due, makes calls, and stores what policy decides."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from relay import matching, policy
from relay.cht import ChtClient
from relay.models import CallError, Message, OutgoingText, Record, SendState, StateUpdate, TextRefused
from relay.policy import GATEWAY_STATUSES, StatusQuery
from relay.rapidpro import RapidProClient
from relay.settings import Settings
from relay.store import Store

BATCH_SIZE = 50
"""Texts, and state updates, in one request to CHT. CHT hands out 25 texts in each response."""
MAX_SENDS = 100
"""Texts sent in one sync, so that CHT is polled in between."""
MAX_CHECKS = 1000
"""Texts whose status is checked in one sync."""
MAX_QUERIES = 20
"""Status queries in one sync; the rest stays due."""


class ChtSync:
    """Sends texts and state updates to CHT, and stores the texts that CHT wants sent."""

    def __init__(self, settings: Settings, store: Store, cht: ChtClient, now: Callable[[], float], log: Any) -> None:
        self._store, self._cht, self._now, self._log = store, cht, now, log
        self._settle_seconds = settings.settle_seconds

    def run(self, failures: int) -> None:
        """Make one exchange with CHT. Raises CallError."""
        texts, updates = self._batch(failures)
        try:
            messages = self._cht.exchange(texts, updates)
        except CallError as error:
            if not texts or error.needs_admin or error.retry_after is not None:
                raise
            messages = self._cht.exchange()  # CHT is healthy, so the texts caused the error
            self._postpone(texts, error)
            texts, updates = [], []
        # Leave out texts whose status was just reported: storing them would mark them as unreported, again and again.
        reported = {update.id for update in updates}
        self._store.save_exchange(texts, updates, [m for m in messages if m.id not in reported], self._now())

    def _batch(self, failures: int) -> tuple[list[Message], list[StateUpdate]]:
        texts, updates = self._store.due_for_cht(self._now(), BATCH_SIZE)
        if texts and texts[0].attempts:
            return texts[:1], []  # a request with this text failed: send it alone, so that it affects no other
        if failures and updates:
            updates = updates[failures % len(updates) :][:1]  # one at a time, in case CHT fails on one of them
        return list(takewhile(lambda text: not text.attempts, texts)), updates

    def _postpone(self, texts: Sequence[Message], error: CallError) -> None:
        self._log.warning("texts_postponed", ids=[text.id for text in texts], cause=error.cause)
        wait = policy.retry_delay(texts[0].attempts, self._settle_seconds) if len(texts) == 1 else 0
        if error.outcome_unknown:  # CHT may still be working, and recognises the ids only when it has finished
            wait = max(wait, self._settle_seconds / 4)
        self._store.postpone(texts, self._now() + wait)


class RapidProSync:
    """Looks up texts whose outcome is unknown, sends texts that are ready, checks statuses: in this order."""

    def __init__(
        self, settings: Settings, store: Store, rapidpro: RapidProClient, now: Callable[[], float], log: Any
    ) -> None:
        self._store, self._rapidpro, self._now, self._log = store, rapidpro, now, log
        self._poll_seconds, self._settle_seconds = settings.poll_seconds, settings.settle_seconds
        self._unknown_statuses: set[str] = set()

    def run(self, _failures: int) -> None:
        """Do all that is due. Raises CallError."""
        self._look_up()
        self._send()
        self._check_statuses()

    def _look_up(self) -> None:
        """Find out whether texts with an unknown outcome were sent, before anything is sent again."""
        now, rapidpro_now = self._now(), self._rapidpro.earliest_now()
        texts = [policy.widen_search(text, rapidpro_now, now) for text in self._store.due_for_lookup(now)]
        if not texts:
            return
        pages = self._rapidpro.broadcasts(min(text.search_from for text in texts))
        records = [record for page in pages for record in matching.candidates(texts, page)]
        matched = self._match(texts, records)
        self._log.info("looked_up", ids=[text.id for text in texts], found=len(matched))
        self._store.save(*(self._after_lookup(text, matched.get(text.seq)) for text in texts))

    def _after_lookup(self, text: OutgoingText, broadcast: Record | None) -> OutgoingText:
        if broadcast is not None:
            return policy.mark_accepted(text, broadcast, self._now(), self._poll_seconds)
        sending = text.send_state == SendState.SENDING
        return policy.mark_not_found(text, self._now(), self._settle_seconds) if sending else text

    def _send(self) -> None:
        for _ in range(MAX_SENDS):
            text = self._store.next_to_send(self._now())
            if text is None:
                return
            self._send_one(text)

    def _send_one(self, ready: OutgoingText) -> None:
        text = policy.mark_sending(ready, self._rapidpro.earliest_now(), self._now())
        self._store.save(text)  # before the call: if this process dies during the call, the text is looked up
        try:
            broadcast = self._rapidpro.send(text.phone, text.content)
        except CallError as error:
            if not error.outcome_unknown:
                self._store.save(ready)
            raise
        except TextRefused as refusal:
            text = policy.mark_refused(text, str(refusal))
        else:
            text = policy.mark_accepted(text, broadcast, self._now(), self._poll_seconds)
        self._log.info("sent", id=text.id, send_state=text.send_state)
        self._store.save(text)

    def _check_statuses(self) -> None:
        """Query many texts at once. A text that a listing does not show soon gets a query of its own."""
        queries = deque(policy.status_queries(self._store.due_for_check(self._now(), MAX_CHECKS)))
        left = MAX_QUERIES
        while queries and left:
            left -= 1
            query = queries.popleft()
            matched, complete = self._run_query(query)
            missing = [t for t in query.texts if t.broadcast_id and t.seq not in matched and not query.broadcast_id]
            if complete:
                missing = [text for text in missing if policy.lacks_message(text, self._now())]
            queries.extendleft(policy.broadcast_query(text) for text in missing)
            asked = [text for text in query.texts if text not in missing]
            self._update_statuses(asked, matched, alone=query.broadcast_id is not None)

    def _run_query(self, query: StatusQuery) -> tuple[dict[int, Record], bool]:
        """The messages found, by the text's seq, and whether there can be no others."""
        records: list[Record] = []
        matched: dict[int, Record] = {}
        for number, page in enumerate(self._rapidpro.messages(*query[1:]), 1):
            records += page
            matched = matching.match_by_id(query.texts, records)
            others = [text for text in query.texts if text.seq not in matched and not text.message_ref]
            matched |= self._match(others, [record for record in records if record not in matched.values()])
            if len(matched) == len(query.texts):
                break
            if number == query.max_pages:
                return matched, query.broadcast_id is not None
        return matched, True

    def _match(self, texts: Sequence[OutgoingText], records: Sequence[Record]) -> dict[int, Record]:
        """The record of each text by content, phone and time, leaving out records that belong to other texts."""
        candidates = matching.candidates(texts, records)
        claimed_ids = self._store.claimed_ids({id_ for record in candidates for id_ in record.ids})
        return matching.match(texts, candidates, claimed_ids)

    def _update_statuses(self, texts: Sequence[OutgoingText], matched: dict[int, Record], *, alone: bool) -> None:
        unknown = {message.status[:40] for message in matched.values()} - GATEWAY_STATUSES.keys()
        if unknown - self._unknown_statuses:
            self._log.warning("unknown_status", statuses=sorted(unknown - self._unknown_statuses))
            self._unknown_statuses |= unknown
        now, poll_seconds = self._now(), self._poll_seconds
        if alone:
            texts = [t if t.seq in matched else policy.mark_without_message(t, now) for t in texts]
        self._store.save(*(policy.update_status(text, matched.get(text.seq), now, poll_seconds) for text in texts))
