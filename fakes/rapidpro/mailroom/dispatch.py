"""Mailroom's main task: broadcasts, flow starts and single messages become messages in the channel's queue.

Source: mailroom core/tasks/send_broadcast*.go, core/search/resolve.go, core/models/broadcast.go, msg.go (v26.3.47; up
to v9.3 core/tasks/msgs/, core/models/broadcasts.go, msgs.go). Differences between versions are in `habits`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from fakes.rapidpro.courier.courier import Courier
from fakes.rapidpro.mailroom.broadcast_content import content_for
from fakes.rapidpro.mailroom.loop_guard import LoopGuard
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Content, Records, Workspace
from fakes.rapidpro.urns import channel_for, identity_of, path_of

BATCH = 100
TASK_INTERVAL = (0.05, 0.2)
"""Seconds until the waiting tasks run, least and most."""
TASKS_AT_ONCE = 500
Task = Callable[[], None]
Search = Callable[[Workspace, str], list[Any]]
MOST_BY_QUERY = 1
"""How many contacts a flow can start by a query. Source: mailroom core/tasks/starts/start_flow.go."""
StartSessions = Callable[[Any, Workspace, list[Any], Task], None]


class Recipient(NamedTuple):
    """A contact, its requested URN if any, and whether it was also named directly or by a group."""

    contact: Any
    requested_urn: str | None
    named: bool


class Dispatcher:
    """Processes what the API has stored. Callers of all methods hold the service's lock."""

    def __init__(self, records: Records, runtime: Runtime, courier: Courier) -> None:
        self.records = records
        self.runtime = runtime
        self.courier = courier
        self.loop_guard = LoopGuard(runtime.habits.loop_limit)
        self.start_sessions: StartSessions = lambda _start, _workspace, _contacts, finished: finished()
        """Starts the sessions of a flow start, and calls `finished` when all have begun."""
        self.is_excluded: Callable[[Any, Any], bool] = lambda _start, _contact: False
        """Whether a flow start leaves out a contact."""
        self.search: Search = lambda _workspace, _query: []
        """The contacts that fit a query. ValueError if it cannot be read."""
        self._tasks: deque[Task] = deque()
        self._scheduled = False

    def broadcast_created(self, broadcast: Any) -> None:
        """A broadcast was stored as pending."""
        self._add_task(partial(self._resolve, broadcast))

    def flow_started(self, start: Any) -> None:
        """A flow start was stored as pending."""
        self._add_task(partial(self._resolve_start, start))

    def waiting_tasks(self) -> int:
        """The number of waiting tasks."""
        return len(self._tasks)

    def reset(self) -> None:
        """Cancel all tasks and start over."""
        self._tasks.clear()
        self._scheduled = False
        self.loop_guard = LoopGuard(self.runtime.habits.loop_limit)

    def contact_of(self, workspace: Workspace, urn: str) -> Any:
        """The contact with the URN; a new one without a name if there is none."""
        owner = self.records.contact_by_urn(workspace, identity_of(urn))
        return owner if owner is not None else self.records.new_contact(workspace, urn, self.runtime.clock.now())

    def send(
        self, workspace: Workspace, contact: Any, content: Content, *, requested_urn: str | None = None,
        high_priority: bool = True, broadcast: Any = None, flow: Any = None, sent_by: str | None = None,
        stretch: list[Any] | None = None,
    ) -> Any:  # fmt: skip
        """One message to one contact, queued or failed with a reason; None where old versions create none.

        `stretch`: instead of the queue, it is added to these messages, which the caller queues together.
        """
        urn, channel = self.route(workspace, contact, requested_urn)
        reason = self._failure_reason(workspace, contact, content.text, channel)
        if reason in ("no destination", "contact") and not self.runtime.habits.stores_unreachable:
            return None
        message = self.records.new_outgoing(
            workspace, contact, uuid=self.runtime.new_uuid(), content=content, urn=urn, channel=channel,
            status="failed" if reason else "queued", failed_reason=reason, broadcast=broadcast, flow=flow,
            high_priority=high_priority, now=self.runtime.clock.now(),
        )  # fmt: skip
        message.sent_by = sent_by if broadcast is None else broadcast.sent_by
        if reason is None:
            (self.courier.queue if stretch is None else stretch.append)(message)
        return message

    def _failure_reason(self, workspace: Workspace, contact: Any, text: str, channel: Any) -> str | None:
        if contact.status != "active":
            return "contact"
        if channel is None:
            return "no destination"
        if workspace.suspended:
            return "suspended"
        return "looping" if self.loop_guard.is_loop(contact.id, text, self.runtime.clock.timestamp()) else None

    def route(self, workspace: Workspace, contact: Any, requested_urn: str | None = None) -> tuple[str | None, Any]:
        """The contact's first URN that has a channel, and that channel; only the requested URN if there is one."""
        channels = self.records.channels_of(workspace)
        for urn in contact.urns if requested_urn is None else [requested_urn]:
            channel = self.records.last_channel_of(contact, urn) or channel_for(urn, channels)
            if channel is not None:
                return urn, channel
        return None, None

    def _add_task(self, task: Task) -> None:
        self._tasks.append(task)
        if not self._scheduled:
            self._scheduled = True
            self.runtime.call_later(self.runtime.rng.uniform(*TASK_INTERVAL), self._run_tasks)

    def _run_tasks(self) -> None:
        for _ in range(min(len(self._tasks), TASKS_AT_ONCE)):
            self._tasks.popleft()()
        self._scheduled = bool(self._tasks)
        if self._scheduled:
            self.runtime.call_later(self.runtime.rng.uniform(*TASK_INTERVAL), self._run_tasks)

    def _resolve(self, broadcast: Any) -> None:
        """Find the recipients, then add tasks in batches of a hundred. An invalid URN or query fails all of it."""
        if broadcast.status not in ("pending", "queued"):
            return
        now = self.runtime.clock.now()
        recipients = self.records.recipients_of(broadcast)
        if not all(path_of(urn) for urn in recipients.urns):
            self.records.set_broadcast(broadcast, "failed", None, now)
            return
        try:
            found = self._recipients(self.records.workspace_of(broadcast), recipients)
        except ValueError:  # of the query
            self.records.set_broadcast(broadcast, "failed", None, now)
            return
        self.records.set_broadcast(broadcast, "queued" if found else "completed", len(found), now)
        for begin in range(0, len(found), BATCH):
            last = begin + BATCH >= len(found)
            self._add_task(partial(self._batch, broadcast, found[begin : begin + BATCH], len(found), last))

    def _recipients(self, workspace: Workspace, recipients: Any) -> list[Recipient]:
        """Contacts, contacts of URNs, group members and who fits the query, each once.

        With a group or a query: only active contacts. ValueError if the query cannot be read.
        """
        by_query = self.search(workspace, recipients.query) if recipients.query else []
        found = {one.id: Recipient(one, None, True) for one in (*recipients.contacts, *recipients.members, *by_query)}
        for urn in recipients.urns:
            contact = self.contact_of(workspace, urn)
            found[contact.id] = Recipient(contact, urn, contact.id in found and found[contact.id].named)
        if recipients.by_group or recipients.query:
            return [one for one in found.values() if one.contact.status == "active"]
        return list(found.values())

    def _batch(self, broadcast: Any, batch: list[Recipient], total: int, last: bool) -> None:
        if broadcast.status == "interrupted":
            return
        workspace = self.records.workspace_of(broadcast)
        for one in batch:
            content = content_for(broadcast, one.contact, workspace, self.records, self.runtime)
            if content is not None:
                self._send_to(workspace, one, content, broadcast)
        self.records.set_broadcast(broadcast, "completed" if last else "started", total, self.runtime.clock.now())

    def _send_to(self, workspace: Workspace, one: Recipient, content: Content, broadcast: Any) -> None:
        """Send to one contact: in old versions two messages if it was named both directly and by one of its URNs."""
        habits, contact = self.runtime.habits, one.contact
        requested_urn = one.requested_urn if habits.sends_to_requested_urn else None
        first = self.send(
            workspace, contact, content, requested_urn=requested_urn, high_priority=False, broadcast=broadcast
        )
        if habits.sends_to_both and one.named and first is not None and self.route(workspace, contact)[0] != first.urn:
            self.send(workspace, contact, content, high_priority=False, broadcast=broadcast)

    def _resolve_start(self, start: Any) -> None:
        """Every contact gets a session, but those that the start excludes. A new contact is started alone."""
        now = self.runtime.clock.now()
        workspace = self.records.workspace_of(start)
        if start.creates_contact:
            found = [self.records.new_contact(workspace, None, now)]
        else:
            try:
                found = self._started(start, workspace)
            except ValueError:  # of the query
                self.records.set_start(start, "failed", None, now)
                return
        self.records.set_start(start, "started" if found else "completed", len(found), now)
        for begin in range(0, len(found), BATCH):
            batch, last = found[begin : begin + BATCH], begin + BATCH >= len(found)
            self._add_task(partial(self._start_batch, start, workspace, batch, len(found), last))

    def _started(self, start: Any, workspace: Workspace) -> list[Any]:
        """Who is started. With a query in a flow: the oldest contact, and those whom the start has created."""
        known = {one.id for one in self.records.contacts_in(workspace)} if start.query else frozenset()
        everybody = [one.contact for one in self._recipients(workspace, self.records.recipients_of(start))]
        found = [one for one in everybody if one.status == "active" and not self.is_excluded(start, one)]
        if not start.query:
            return found
        older = sorted((one for one in found if one.id in known), key=lambda one: int(one.id))
        return [*older[:MOST_BY_QUERY], *(one for one in found if one.id not in known)]

    def _start_batch(self, start: Any, workspace: Workspace, batch: list[Any], total: int, last: bool) -> None:
        def finished() -> None:
            if last:
                self.records.set_start(start, "completed", total, self.runtime.clock.now())

        self.start_sessions(start, workspace, batch, finished)
