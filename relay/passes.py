"""One pass with each neighbour: gather what is due, call, store what came of it. The decisions are in relay.policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from relay import matching, policy
from relay.cht import Cht
from relay.matching import Record
from relay.messages import RAPIDPRO_STATUS, Message, Refused, Report, Sms, Stage, Trouble
from relay.policy import Incoming, Outgoing, Question, Timing
from relay.rapidpro import RapidPro
from relay.store import Store

BATCH = 50
"""Texts and states told in one pass; CHT hands out 25 texts in each."""
SENDS = 100
"""Texts sent in one pass, so that CHT is heard in between."""
ASKED = 1000
"""Texts whose states are asked in one pass."""
LISTINGS = 20
"""Listings of states in one pass."""


class ChtPass:
    """Tell CHT texts and states, take what it wants sent."""

    def __init__(self, store: Store, cht: Cht, now: Callable[[], float], timing: Timing, log: Any) -> None:
        self._store, self._cht, self._now, self._timing, self._log = store, cht, now, timing, log
        self.progress = False

    def run(self, failures: int) -> None:
        """One exchange. Raises Trouble."""
        self.progress = False
        texts, reports = self._batch(failures)
        handed, confirmed = self._exchange(texts, reports)
        if not confirmed:
            texts, reports = [], []
        # A text that CHT hands out although its state is being told would be told for ever.
        told = {report.id for report in reports}
        fresh = [message for message in handed if message.id not in told]
        now = self._now()
        self._store.told(texts, reports, fresh, now, now + self._timing.poll)

    def _batch(self, failures: int) -> tuple[list[Incoming], list[Report]]:
        texts, reports = self._store.due_for_cht(self._now(), BATCH)
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
            if not texts or trouble.slow or trouble.wait is not None:
                raise
            handed = self._cht.exchange()
            self._log.warning("cht_failed_on_texts", ids=[text.id for text in texts], cause=trouble.cause)
            wait = self._timing.pause(texts[0].attempts) if len(texts) == 1 else 0
            if trouble.happened is None:  # CHT may still be at it, and would not know the ids again until it is done
                wait = max(wait, self._timing.grace / 4)
            self._store.blame(texts, self._now() + wait)
            return handed, False
        self.progress = True
        return handed, True


class RapidProPass:
    """Settle what is unknown, send what is ready, ask for states: in this order."""

    def __init__(self, store: Store, rapidpro: RapidPro, now: Callable[[], float], timing: Timing, log: Any) -> None:
        self._store, self._rapidpro, self._now, self._timing, self._log = store, rapidpro, now, timing, log
        self._strange: set[str] = set()
        self._newest = 0.0
        self.progress = False

    def run(self, _failures: int) -> None:
        """The pass. Raises Trouble."""
        self.progress = False
        self._settle()
        self._send()
        self._ask()

    def _settle(self) -> None:
        """Look up in RapidPro what may or may not have been sent, before anything is sent again."""
        texts = self._store.unsettled(self._now())
        if not texts:
            return
        start = min(text.since for text in texts if text.stage == Stage.SENDING)
        found = [row for page in self._rapidpro.broadcasts(start) for row in page]
        self.progress = True
        matched = self._recognised(texts, found)
        now = self._now()
        decided = []
        for text in texts:
            own = matched.get(text.seq)
            self._log.info("looked_up", id=text.id, found=own is not None)
            if own is not None:
                decided.append((text, policy.accepted(text, own, now, self._timing)))
            elif text.stage == Stage.SENDING:
                decided.append((text, policy.not_found(text, now, self._timing)))
        self._store.change(decided)

    def _send(self) -> None:
        for _ in range(SENDS):
            now = self._now()
            text = self._store.begin(now, policy.earliest(self._newest, now))
            if text is None:
                return
            self._send_one(text)

    def _send_one(self, text: Outgoing) -> None:
        try:
            broadcast = self._rapidpro.send(text.message)
        except Trouble as trouble:
            if trouble.happened is False:  # as if never tried
                self._store.change([(text, {"stage": Stage.READY, "attempts": text.attempts - 1})])
            raise
        except Refused as refused:
            changes = policy.refused(str(refused))
        else:
            changes = policy.accepted(text, broadcast, self._now(), self._timing)
            self._newest = max(self._newest, broadcast.created_on or 0)
        self._log.info("sent", id=text.id, stage=changes["stage"])
        self._store.change([(text, changes)])
        self.progress = True

    def _ask(self) -> None:
        """Learn states: many texts with each request; what a listing does not show soon is asked for by name."""
        asked = policy.questions(self._store.watched(self._now(), ASKED))
        left = LISTINGS
        while asked:
            question = asked.pop(0)
            matched, pages = self._answer(question) if left > 0 else ({}, 0)
            left -= pages
            cut = question.broadcast is None and pages == question.most_pages
            unseen = [text for text in question.texts if cut and text.broadcast_id and text.seq not in matched]
            asked += [policy.by_name(text) for text in unseen]
            self._learn([text for text in question.texts if text not in unseen], matched)

    def _answer(self, question: Question) -> tuple[dict[int, Sms], int]:
        """The messages that answer, and how many pages were read."""
        found: list[Sms] = []
        matched: dict[int, Sms] = {}
        number = 0
        pages = self._rapidpro.messages(broadcast=question.broadcast, after=question.after, before=question.before)
        for number, page in enumerate(pages, 1):
            self.progress = True
            found += page
            matched = matching.match_by_name(question.texts, found)
            others = [text for text in question.texts if text.seq not in matched and not text.message_ref]
            matched |= self._recognised(others, [sms for sms in found if sms not in matched.values()])
            if len(matched) == len(question.texts) or number == question.most_pages:
                break
        return matched, number

    def _recognised(self, texts: Sequence[Outgoing], found: Sequence[Record]) -> dict[int, Record]:
        """Which of these is which text's, by words, phone and time; none that is another text's of ours already."""
        fitting = matching.candidates(texts, found)
        taken = self._store.taken({name for record in fitting for name in record.names if name})
        return matching.match(texts, fitting, taken)

    def _learn(self, texts: Sequence[Outgoing], matched: dict[int, Sms]) -> None:
        for sms in matched.values():
            if sms.status not in RAPIDPRO_STATUS and sms.status not in self._strange:
                self._strange.add(sms.status)
                self._log.warning("unknown_status", status=sms.status[:40])
        now = self._now()
        self._store.change([(text, policy.news(text, matched.get(text.seq), now, self._timing)) for text in texts])
