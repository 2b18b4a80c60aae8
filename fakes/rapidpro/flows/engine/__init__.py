"""The flow engine: reads flow definitions and runs sessions, in two generations of the real engine (goflow).

Everything is plain data, and every step is pure: it gets a session and an input, and returns a new session with the
events that happened; the given session stays as it was. Nothing is stored and nothing is sent here, but webhook calls
go out through the function `send` while a stretch runs, as in the real engine.

    flows = FlowStore(bundle["flows"], ENGINES["new"])    # Refused: a definition has no UUID
    around = Surroundings(flows, workspace, at, chance, send)
    outcome = start(flow_uuid, contact, Trigger("msg"), around, given=Input(...))    # Refused: the flow is not valid
    outcome = reply(outcome.session, Input(...), around)    # NotAccepted: the session does not wait for a text
    outcome = time_out(outcome.session, around)    # when the seconds of the last `msg_wait` event have passed
    outcome = expire(outcome.session, around)    # when the flow's `expire_after` has passed

- `FlowStore(definitions, rules)` reads a flow when it is first needed; `get(uuid)` raises Refused with reason and
  place.
- The rules of a profile are `ENGINES[HABITS[profile].generation]`.
- `Surroundings`: flows, `Workspace`, the time `at` (one for the whole stretch), `chance` (random.Random: UUIDs, random
  routers), `send` (one HTTP exchange: `Request` to `Answer`; raises NoConnection or BrokenOff; redirects, repetitions
  and size limits are the engine's), `batch` (the session is one of many of a start).
- `stored(session, around)` is the session as it comes back from a database: `@webhook` forgets large answers.
- `Session.status` is waiting, completed or failed. A session that waits has one run with status waiting; its contact
  is `session.contact`, which the caller stores. It expires `Flow.expire_after` after the wait began.
- `Event.type` with `values`: msg_created {text, attachments, quick_replies, urn, channel, unsendable, templating};
  msg_wait {wait, seconds, hint}; webhook_called {url, status, status_code, retries, request, exchanges, resthook};
  resthook_called {resthook, payload}; run_started {flow}, node_entered, run_ended {status};
  run_result_changed {key, name, value, category}; contact_name_changed {name} (and language, status, timezone),
  contact_field_changed {field, value}, contact_urns_changed {urns}, contact_groups_changed {added, removed};
  input_labels_added {input, labels}; email_sent {to, subject, body};
  broadcast_created {texts, attachments, quick_replies, base_language, groups, contacts, urns, query};
  session_triggered {flow, groups, contacts, urns, query, exclusions, create_contact, parent,
  ancestors_since_input} (the last two are for the `Trigger` of the new sessions; groups and contacts of both are
  {uuid, name}; the name is empty where the flow names a contact by UUID alone); ticket_opened {uuid, topic, note},
  ticket_note_added {uuid, note}; optin_not_requested {optin}; error, warning, failure {text}.
  `Event.run` is the index of the run in `session.runs`.
- TooMuch is raised when a stretch has more than 40,000 events or 10 million characters.
- `search(query, contacts, workspace, env, attribute)`: who the `query` of a broadcast or a start is for.
- Voice flows are read and not started: Refused.
"""

from __future__ import annotations

from fakes.rapidpro.flows.engine.calls.exchange import Answer, BrokenOff, NoConnection, Request, Send
from fakes.rapidpro.flows.engine.changes.queries import BadQuery, search
from fakes.rapidpro.flows.engine.definitions import Flow, flow_json, read_flow
from fakes.rapidpro.flows.engine.refused import NotAccepted, Refused, TooMuch
from fakes.rapidpro.flows.engine.state.contact import Contact, FieldValue, Urn
from fakes.rapidpro.flows.engine.state.session import Event, Input, Outcome, Session, Trigger
from fakes.rapidpro.flows.engine.state.workspace import Workspace
from fakes.rapidpro.flows.engine.stepping.sessions import expire, reply, start, stored, time_out
from fakes.rapidpro.flows.engine.work.flows import FlowStore
from fakes.rapidpro.flows.engine.work.stretch import Surroundings

__all__ = [
    "Answer", "BadQuery", "BrokenOff", "Contact", "Event", "FieldValue", "Flow", "FlowStore", "Input", "NoConnection",
    "NotAccepted", "Outcome", "Refused", "Request", "Send", "Session", "Surroundings", "TooMuch", "Trigger", "Urn",
    "Workspace", "expire", "flow_json", "read_flow", "reply", "search", "start", "stored", "time_out",
]  # fmt: skip
