"""One pass with each neighbour: gather what is due, call, store what came of it. The decisions are in relay.policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from relay import matching, policy
from relay.cht import Cht, Report
from relay.messages import RAPIDPRO_STATUS, Accepted, Broadcast, Message, Sms, Stage, Trouble, Unknown
from relay.policy import Incoming, Outgoing, Question, Timing
from relay.rapidpro import RapidPro
from relay.store import Store

ROUNDS = 40
"""Exchanges with CHT in one pass; it hands out 25 texts in each."""
BATCH = 50
SENDS = 100
"""Texts sent in one pass, so that CHT is heard in between."""
LISTINGS = 20
"""Requests for states in one pass."""
PAGES = 40
"""Pages of broadcasts looked through for one lost answer; 250 on each."""


class ChtPass:
    """Tell CHT texts and states, take what it wants sent, until neither side has more."""

    def __init__(self, store: Store, cht: Cht, now: Callable[[], datetime], timing: Timing, log: Any) -> None:
        self._store, self._cht, self._now, self._timing, self._log = store, cht, now, timing, log
        self._poll = timedelta(seconds=timing.poll)
        self.progress = False

    def run(self, row: Any) -> dict[str, Any]:
        """The pass; values for Store.release. Raises Trouble."""
        self.progress = False
        done: set[str] = set()
        for turn in range(ROUNDS):
            now = self._now()
            if turn and not self._store.keep("cht", now):
                break
            texts, reports = self._batch(now, row.failures if turn == 0 else 0)
            if turn and not texts and not reports:
                return {"at_latest": now + self._poll}
            handed, confirmed = self._exchange(texts, reports)
            if not confirmed:
                reports = []
            done |= {report.id for report in reports}
            # A text that CHT hands out again although its state was told just now would be told for ever.
            fresh = [message for message in handed if message.id not in done]
            if not fresh and not texts and not reports:
                return {"at_latest": now + self._poll}
            self._store.told(texts if confirmed else [], reports, fresh, self._now())
        return {"at_latest": self._now()}

    def _batch(self, now: datetime, failures: int) -> tuple[list[Incoming], list[Report]]:
        texts, reports = self._store.due_for_cht(now, BATCH)
        if texts and texts[0].attempts:
            return texts[:1], []  # was in a request that failed: goes alone, so that it spoils no other
        if failures and reports:
            reports = reports[failures % len(reports) :][:1]  # should one report be what CHT cannot bear
        return list(takewhile(lambda text: not text.attempts, texts)), reports

    def _exchange(self, texts: Sequence[Incoming], reports: Sequence[Report]) -> tuple[list[Message], bool]:
        """One exchange: what CHT hands out, and whether it confirmed. If only the texts failed, they are to blame."""
        try:
            handed = self._cht.exchange([text.message for text in texts], reports)
        except Trouble as trouble:
            if not texts or trouble.slow or trouble.wait is not None or not self._store.keep("cht", self._now()):
                raise
            handed = self._cht.exchange()
            self._log.warning("cht_failed_on_texts", ids=[text.id for text in texts], cause=trouble.cause)
            wait = policy.pause(texts[0].attempts, self._timing) if len(texts) == 1 else timedelta(0)
            if trouble.happened is None:  # CHT may still be at it, and would not know the ids again until it is done
                wait = max(wait, self._timing.look_again)
            self._store.blame(texts, self._now() + wait)
            return handed, False
        self.progress = True
        return handed, True


class RapidProPass:
    """Settle what is unknown, send what is ready, ask for states: in this order."""

    def __init__(self, store: Store, rapidpro: RapidPro, now: Callable[[], datetime], timing: Timing, log: Any) -> None:
        self._store, self._rapidpro, self._now, self._log = store, rapidpro, now, log
        self._timing, self._poll = timing, timing.poll
        self._strange: set[str] = set()
        self._mark: datetime | None = None
        self.progress = False

    def run(self, row: Any) -> dict[str, Any]:
        """The pass; values for Store.release. Raises Trouble."""
        self.progress = False
        self._mark = max(filter(None, (self._mark, row.mark)), default=None)
        self._settle()
        self._send()
        self._ask()
        return {"at_latest": policy.FAR, "mark": self._mark}

    def _settle(self) -> None:
        """Look up in RapidPro what may or may not have been sent, before anything is sent again."""
        texts = self._store.unsettled(self._now())
        if not texts:
            return
        found: list[Broadcast] = []
        whole = True
        for number, page in enumerate(self._rapidpro.broadcasts(min(t.since or t.received_at for t in texts)), 1):
            found += page
            if number == PAGES:
                whole = False
                break
        self.progress = True
        matched = matching.match_broadcasts(texts, found, self._store.taken(found))
        for text in texts:
            now = self._now()
            if text.seq in matched:
                changes = policy.accepted(text, matched[text.seq], now, self._poll)
            elif whole:
                changes = policy.not_found(text, now, self._timing)
            else:
                changes = {"next_at": now + self._timing.grace}
            self._log.info("looked_up", id=text.id, found=text.seq in matched)
            self._store.change(text, changes, now)

    def _send(self) -> None:
        sent = 0
        while sent < SENDS and (batch := self._store.ready(self._now(), SENDS - sent)):
            for text in batch:
                now = self._now()
                if not self._store.begin(text, now, policy.earliest(self._mark, now)):
                    return  # another relay has taken over
                self._send_one(policy.begun(text, self._mark, now))
            sent += len(batch)

    def _send_one(self, text: Outgoing) -> None:
        try:
            outcome = self._rapidpro.send(text.message)
        except Trouble:  # certainly not sent: as if never tried
            back = {"stage": Stage.READY, "attempts": text.attempts - 1, "next_at": text.next_at}
            self._store.change(text, back, self._now())
            raise
        now = self._now()
        stored = self._store.change(text, policy.after_send(text, outcome, now, self._poll), now)
        self._log.info("sent", id=text.id, outcome=type(outcome).__name__, stored=stored)
        if isinstance(outcome, Unknown):
            raise outcome.trouble
        self.progress = True
        if isinstance(outcome, Accepted) and outcome.broadcast.created_on:
            self._mark = max(filter(None, (self._mark, outcome.broadcast.created_on)))

    def _ask(self) -> None:
        """Learn states: many texts with each request, and no more than LISTINGS requests."""
        now = self._now()
        left = LISTINGS
        asked = policy.questions(self._store.watched(now), now)
        while asked:
            question = asked.pop(0)
            if left <= 0:
                self._learn(question.texts, {})
                continue
            if not self._store.keep("rapidpro", self._now()):
                return
            matched, pages, cut = self._answer(question)
            left -= pages
            later = [t for t in question.texts if cut and t.seq not in matched and t.broadcast_id]
            asked += [policy.by_name(text) for text in later]
            self._learn([text for text in question.texts if text not in later], matched)

    def _answer(self, question: Question) -> tuple[dict[int, Sms], int, bool]:
        """The messages that answer, the pages read, and whether more pages were left unread."""
        found: list[Sms] = []
        matched: dict[int, Sms] = {}
        pages = 0
        for page in self._rapidpro.messages(broadcast=question.broadcast, after=question.after, before=question.before):
            found += page
            pages += 1
            matched = matching.match_messages(question.texts, found, self._others(question, found))
            if len(matched) == len(question.texts) or pages >= question.most_pages:
                break
        self.progress = True
        return matched, pages, pages >= question.most_pages and question.broadcast is None

    def _others(self, question: Question, found: Sequence[Sms]) -> set[str]:
        """Broadcasts of other texts of ours; needed only for texts whose own broadcast has no name."""
        if all(text.broadcast_id for text in question.texts):
            return set()
        own = {text.broadcast_id for text in question.texts}
        return {name for name in self._store.taken(Broadcast(sms.broadcast, None) for sms in found) if name not in own}

    def _learn(self, texts: Sequence[Outgoing], matched: dict[int, Sms]) -> None:
        for text in texts:
            now = self._now()
            sms = matched.get(text.seq)
            if sms is not None and sms.status not in RAPIDPRO_STATUS and sms.status not in self._strange:
                self._strange.add(sms.status)
                self._log.warning("unknown_status", status=sms.status[:40])
            if not self._store.change(text, policy.news(text, sms, now, self._poll), now):
                self._store.change(text, policy.news(text, None, now, self._poll), now)
