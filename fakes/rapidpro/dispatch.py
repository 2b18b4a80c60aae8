"""Mailroom's main work: from broadcasts, flow starts and single messages to messages in the channel's queue.

Read at mailroom v9.3.45: web/msg/broadcast.go, core/tasks/msgs/send_broadcast*.go, core/search/resolve.go,
core/models/broadcasts.go, msgs.go, contacts.go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from fakes.rapidpro.addresses import channel_for, identity_of, path_of
from fakes.rapidpro.context import context_of, run_context
from fakes.rapidpro.courier import Courier
from fakes.rapidpro.engine import Work
from fakes.rapidpro.loops import LoopGuard
from fakes.rapidpro.records import Records, Workspace
from fakes.rapidpro.templates import written

BATCH = 100
STEP = (0.05, 0.2)
"""Seconds until the next look at the list of tasks."""
TASKS_AT_ONCE = 500
Task = Callable[[], None]
Recipient = tuple[Any, str | None]
"""A contact, and the URN that was asked for if it was."""


class Dispatcher:
    """Does what the API has only noted. All methods are called with the service's lock held."""

    def __init__(self, records: Records, work: Work, courier: Courier) -> None:
        self.records = records
        self.work = work
        self.courier = courier
        self.loops = LoopGuard(work.habits.loop_limit)
        self.says: dict[str, str] = {}
        """What a flow (by uuid) says to those for whom the API starts it: a template. Others say nothing."""
        self._tasks: deque[Task] = deque()
        self._coming = False

    def broadcast_created(self, broadcast: Any) -> None:
        """A broadcast was stored as pending."""
        self._do(partial(self._resolve, broadcast))

    def message_created(self, message: Any) -> None:
        """A single message was stored, queued or failed."""
        if message.status == "queued":
            self.courier.queue(message, first=True)

    def flow_started(self, start: Any) -> None:
        """A flow start was stored as pending."""
        self._do(partial(self._resolve_start, start))

    def busy(self) -> int:
        """How many tasks wait."""
        return len(self._tasks)

    def forget(self) -> None:
        """Begin anew."""
        self._tasks.clear()
        self.says.clear()
        self._coming = False
        self.loops = LoopGuard(self.work.habits.loop_limit)

    def contact_of(self, workspace: Workspace, urn: str) -> Any:
        """The owner of the URN; a contact without a name is made if nobody owns it."""
        owner = self.records.contact_by_urn(workspace, identity_of(urn))
        return owner if owner is not None else self.records.new_contact(workspace, urn, self.work.clock.now())

    def send(
        self, workspace: Workspace, contact: Any, text: str, *, asked: str | None = None, first: bool = True,
        broadcast: Any = None, flow: Any = None, language: str | None = None,
    ) -> Any:  # fmt: skip
        """One message to one contact, queued or failed with its reason; none where old versions made none."""
        reason = self._reason_against(workspace, contact)
        destination = self._destination(workspace, contact, asked)
        if reason is None and destination is None:
            reason = "no destination"
        if reason in ("no destination", "contact") and not self.work.habits.stores_unreachable:
            return None
        if reason is None and self.loops.loops(contact.id, text, self.work.clock.timestamp()):
            reason = "looping"
        urn, channel = destination if destination is not None else (None, None)
        message = self.records.new_outgoing(
            workspace, contact, uuid=self.work.new_uuid(), text=text, urn=urn, channel=channel,
            status="failed" if reason else "queued", failed_reason=reason, broadcast=broadcast, flow=flow,
            language=language, now=self.work.clock.now(),
        )  # fmt: skip
        if reason is None:
            self.courier.queue(message, first=first)
        return message

    def _reason_against(self, workspace: Workspace, contact: Any) -> str | None:
        if workspace.suspended:
            return "suspended"
        return None if contact.status == "active" else "contact"

    def _destination(self, workspace: Workspace, contact: Any, asked: str | None) -> tuple[str, Any] | None:
        """The contact's first sendable URN, not necessarily the one asked for, but in old versions."""
        channels = self.records.channels_of(workspace)
        urns = [asked] if asked is not None and self.work.habits.sends_to_urn_asked_for else contact.urns
        for urn in urns:
            channel = channel_for(urn, channels)
            if channel is not None:
                return urn, channel
        return None

    def _do(self, task: Task) -> None:
        self._tasks.append(task)
        if not self._coming:
            self._coming = True
            self.work.later(self.work.rng.uniform(*STEP), self._look)

    def _look(self) -> None:
        for _ in range(min(len(self._tasks), TASKS_AT_ONCE)):
            self._tasks.popleft()()
        self._coming = bool(self._tasks)
        if self._coming:
            self.work.later(self.work.rng.uniform(*STEP), self._look)

    def _resolve(self, broadcast: Any) -> None:
        """Who gets it; then it waits, in batches of a hundred. An invalid address fails the whole broadcast."""
        if broadcast.status not in ("pending", "queued"):
            return
        now = self.work.clock.now()
        wanted = self.records.wanted(broadcast)
        if not all(path_of(urn) for urn in wanted.urns):
            self.records.set_broadcast(broadcast, "failed", None, now)
            return
        found = self._recipients(self.records.workspace_of(broadcast), wanted)
        self.records.set_broadcast(broadcast, "queued" if found else "completed", len(found), now)
        for begin in range(0, len(found), BATCH):
            last = begin + BATCH >= len(found)
            self._do(partial(self._batch, broadcast, found[begin : begin + BATCH], len(found), last))

    def _recipients(self, workspace: Workspace, wanted: Any) -> list[Recipient]:
        """Contacts, owners of URNs and group members, each once. With a group: only the active ones."""
        found: dict[int, Recipient] = {}
        for contact in wanted.contacts:
            found.setdefault(contact.id, (contact, None))
        for urn in wanted.urns:
            contact = self.contact_of(workspace, urn)
            found.setdefault(contact.id, (contact, urn))
        for contact in wanted.members:
            found.setdefault(contact.id, (contact, None))
        if wanted.by_group:
            return [one for one in found.values() if one[0].status == "active"]
        return list(found.values())

    def _batch(self, broadcast: Any, batch: list[Recipient], total: int, last: bool) -> None:
        if broadcast.status == "interrupted":
            return
        workspace = self.records.workspace_of(broadcast)
        texts = self.records.texts_of(broadcast)
        attached = self.records.attached(broadcast)
        for contact, asked in batch:
            language, template = self._translation(workspace, contact, texts, broadcast.base_language)
            text = self._evaluated(workspace, contact, template)
            if text or attached:
                self.send(
                    workspace, contact, text, asked=asked, first=total == 1, broadcast=broadcast, language=language
                )
        self.records.set_broadcast(broadcast, "completed" if last else "started", total, self.work.clock.now())

    def _translation(self, workspace: Workspace, contact: Any, texts: Any, base: str) -> tuple[str, str]:
        """The contact's language if the workspace has it, else the workspace's first, else the base language."""
        wished = [contact.language] if contact.language in workspace.languages else []
        for language in (*wished, *workspace.languages[:1], base):
            if language in texts:
                return language, texts[language] or ""
        return base, ""

    def _evaluated(self, workspace: Workspace, contact: Any, template: str) -> str:
        if "@" not in template:
            return template
        return written(template, context_of(self.records, workspace, contact), workspace, self.work)

    def _resolve_start(self, start: Any) -> None:
        """Everybody gets a run; of what the flow does only what it says is played."""
        now = self.work.clock.now()
        workspace = self.records.workspace_of(start)
        found = [one for one, _ in self._recipients(workspace, self.records.wanted(start)) if one.status == "active"]
        self.records.set_start(start, "started" if found else "completed", len(found), now)
        if found:
            self._do(partial(self._start_batch, start, workspace, found))

    def _start_batch(self, start: Any, workspace: Workspace, contacts: list[Any]) -> None:
        now = self.work.clock.now()
        for contact in contacts:
            run = self.records.new_run(workspace, contact, None, uuid=self.work.new_uuid(), start=start, now=now)
            self._say(start, workspace, contact, run)
            self.records.end_run(run, {}, now)
        self.records.set_start(start, "completed", len(contacts), now)

    def _say(self, start: Any, workspace: Workspace, contact: Any, run: Any) -> None:
        """Send what the flow says: the values given to the start are `@trigger.params`, and are not evaluated again."""
        template = self.says.get(start.flow.uuid) if self.says else None
        if template is None:
            return
        trigger = {"type": "manual", "params": start.params or {}, "keyword": "", "origin": "api", "user": None}
        context = run_context(
            context_of(self.records, workspace, contact), uuid=run.uuid, flow=start.flow, at=run.created_on,
            trigger=trigger, generation=self.work.habits.generation,
        )  # fmt: skip
        text = written(template, context, workspace, self.work)
        if text:
            self.send(workspace, contact, text, flow=start.flow)
