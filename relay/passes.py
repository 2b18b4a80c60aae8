"""One pass with each neighbour: gather what is due, call, store what came of it. The decisions are in relay.policy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from relay import matching, policy
from relay.cht import Cht
from relay.messages import Record, Refused, Report, Stage, Trouble
from relay.policy import RAPIDPRO_STATUS, Incoming, Outgoing, Question
from relay.rapidpro import RapidPro
from relay.settings import Settings
from relay.store import Store

BATCH = 50
"""Texts and states told in one pass; CHT hands out 25 texts in each."""
SENDS = 100
"""Texts sent in one pass, so that CHT is heard in between."""
ASKED = 1000
"""Texts whose states are asked in one pass."""
LISTINGS = 20
"""Listings of states in one pass; the rest stays due."""


class ChtPass:
    """Tell CHT texts and states, take what it wants sent."""

    def __init__(self, settings: Settings, store: Store, cht: Cht, now: Callable[[], float], log: Any) -> None:
        self._store, self._cht, self._now, self._log = store, cht, now, log
        self._grace = settings.settle_seconds
        self.progress = False

    def run(self, failures: int) -> None:
        """One exchange. Raises Trouble."""
        self.progress = False
        texts, reports = self._batch(failures)
        try:
            handed = self._cht.exchange(texts, reports)
            self.progress = True
        except Trouble as trouble:
            if not texts or trouble.slow or trouble.wait is not None:
                raise
            handed = self._cht.exchange()  # CHT is well: the texts are to blame
            self._blame(texts, trouble)
            texts, reports = [], []
        # A text that CHT hands out although its state is being told would be told for ever.
        told = {report.id for report in reports}
        self._store.told(texts, reports, [message for message in handed if message.id not in told], self._now())

    def _batch(self, failures: int) -> tuple[list[Incoming], list[Report]]:
        texts, reports = self._store.for_cht(self._now(), BATCH)
        if texts and texts[0].attempts:
            return texts[:1], []  # was in a request that failed: goes alone, so that it spoils no other
        if failures and reports:
            reports = reports[failures % len(reports) :][:1]  # should one report be what CHT cannot bear
        return list(takewhile(lambda text: not text.attempts, texts)), reports

    def _blame(self, texts: Sequence[Incoming], trouble: Trouble) -> None:
        self._log.warning("cht_failed_on_texts", ids=[text.id for text in texts], cause=trouble.cause)
        wait = policy.pause(texts[0].attempts, self._grace) if len(texts) == 1 else 0
        if trouble.happened is None:  # CHT may still be at it, and would not know the ids again until it is done
            wait = max(wait, self._grace / 4)
        self._store.blame(texts, self._now() + wait)


class RapidProPass:
    """Settle what is unknown, send what is ready, ask for states: in this order."""

    def __init__(
        self, settings: Settings, store: Store, rapidpro: RapidPro, now: Callable[[], float], log: Any
    ) -> None:
        self._store, self._rapidpro, self._now, self._log = store, rapidpro, now, log
        self._poll, self._grace = settings.poll_seconds, settings.settle_seconds
        self._newest = 0.0
        self._strange: set[str] = set()
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
        pages = self._rapidpro.broadcasts(min(text.since for text in texts))
        found = [record for page in pages for record in page]
        self.progress = True
        matched = self._recognised(texts, found)
        self._log.info("looked_up", ids=[text.id for text in texts], found=len(matched))
        self._store.save(*(self._settled(text, matched.get(text.seq)) for text in texts))

    def _settled(self, text: Outgoing, own: Record | None) -> Outgoing:
        if own is not None:
            return policy.accepted(text, own, self._now(), self._poll)
        return policy.not_found(text, self._now(), self._grace) if text.stage == Stage.SENDING else text

    def _send(self) -> None:
        for _ in range(SENDS):
            text = self._store.next(self._now())
            if text is None:
                return
            self._send_one(text)

    def _send_one(self, ready: Outgoing) -> None:
        text = policy.sending(ready, self._newest, self._now())
        self._store.save(text)  # before the call: should this process die in it, it will be looked up
        try:
            broadcast = self._rapidpro.send(text.phone, text.text)
        except Trouble as trouble:
            if trouble.happened is False:
                self._store.save(ready)
            raise
        except Refused as refused:
            text = policy.refused(text, str(refused))
        else:
            text = policy.accepted(text, broadcast, self._now(), self._poll)
            self._newest = max(self._newest, broadcast.created_on or 0)
        self._log.info("sent", id=text.id, stage=text.stage)
        self._store.save(text)
        self.progress = True

    def _ask(self) -> None:
        """Learn states: many texts with each request; what a listing does not show soon is asked for by name."""
        asked = deque(policy.questions(self._store.watched(self._now(), ASKED)))
        left = LISTINGS
        while asked and left:
            left -= 1
            question = asked.popleft()
            matched, whole = self._answer(question)
            unseen = [] if whole else [t for t in question.texts if t.broadcast_id and t.seq not in matched]
            asked.extendleft(policy.by_name(text) for text in unseen)
            self._learn([text for text in question.texts if text not in unseen], matched)

    def _answer(self, question: Question) -> tuple[dict[int, Record], bool]:
        """The messages that answer, and whether there are no more that might."""
        found: list[Record] = []
        matched: dict[int, Record] = {}
        for number, page in enumerate(self._rapidpro.messages(*question[1:]), 1):
            self.progress = True
            found += page
            matched = matching.match_by_name(question.texts, found)
            others = [text for text in question.texts if text.seq not in matched and not text.message_ref]
            matched |= self._recognised(others, [sms for sms in found if sms not in matched.values()])
            if len(matched) == len(question.texts):
                break
            if number == question.most_pages:
                return matched, question.broadcast is not None
        return matched, True

    def _recognised(self, texts: Sequence[Outgoing], found: Sequence[Record]) -> dict[int, Record]:
        """Which of these is which text's, by words, phone and time; none that is another text's of ours already."""
        fitting = matching.candidates(texts, found)
        taken = self._store.taken({name for record in fitting for name in record.names})
        return matching.match(texts, fitting, taken)

    def _learn(self, texts: Sequence[Outgoing], matched: dict[int, Record]) -> None:
        strange = {sms.status[:40] for sms in matched.values()} - RAPIDPRO_STATUS.keys() - self._strange
        if strange:
            self._strange |= strange
            self._log.warning("unknown_status", statuses=sorted(strange))
        now = self._now()
        self._store.save(*(policy.news(text, matched.get(text.seq), now, self._poll) for text in texts))
