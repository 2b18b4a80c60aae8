"""`send_msg` and `send_broadcast`. Source: goflow flows/actions/send_msg.go, send_broadcast.go, base.go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fakes.rapidpro.flows.engine.actions.message_templates import Templated, templated
from fakes.rapidpro.flows.engine.actions.references import recipients_of
from fakes.rapidpro.flows.engine.checks import is_attachment
from fakes.rapidpro.flows.engine.definitions import Action
from fakes.rapidpro.flows.engine.state.contact import Urn
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.state.workspace import Channel
from fakes.rapidpro.flows.engine.work.languages import texts_of
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import text_of

MAX_REPLY = 64
MAX_REPLY_EXTRA = 1000
MAX_ATTACHMENT = 2048


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says."""

    text: str
    attachments: tuple[str, ...]
    quick_replies: tuple[str, ...]


def content_of(action: Action, stretch: Stretch, run: Run, languages: Sequence[str] | None = None) -> Content:
    """The content in the first of the languages that has it, each part by itself; defects are noted."""

    def texts(name: str, native: list[str]) -> list[str]:
        return texts_of(action.uuid, name, native, stretch, run, languages)

    text = text_of(texts("text", [action.text("text")])[0], stretch, run)[0]
    attachments = [_attachment(one, stretch, run) for one in texts("attachments", action.texts("attachments"))]
    replies = [_quick_reply(one, stretch, run) for one in texts("quick_replies", action.texts("quick_replies"))]
    return Content(text, tuple(one for one in attachments if one), tuple(one for one in replies if one))


def _attachment(template: str, stretch: Stretch, run: Run) -> str:
    text = text_of(template, stretch, run)[0].strip()
    if stretch.rules.checks_attachments and not is_attachment(text):
        stretch.error("Attachment evaluated to invalid value and will be ignored", run)
        return ""
    if not text:
        stretch.raw_error("attachment text evaluated to empty string, skipping", run)
    elif len(text.encode("utf-8", "replace")) > MAX_ATTACHMENT:
        new = f"Evaluated attachment is longer than the {MAX_ATTACHMENT} limit and will be ignored"
        old = f"evaluated attachment is longer than {MAX_ATTACHMENT} limit, skipping"
        stretch.raw_error(new if stretch.rules.is_new else old, run)
        return ""
    return text


def _quick_reply(template: str, stretch: Stretch, run: Run) -> str:
    text = text_of(template, stretch, run)[0]
    if not text:
        old = "quick reply text evaluated to empty string, skipping"
        new = "Quick reply evaluated to empty string and will be ignored"
        stretch.raw_error(new if stretch.rules.is_new else old, run)
    if not stretch.rules.is_new:
        return shortened(text, MAX_REPLY)
    text, marker, extra = text.partition("<extra>")
    return shortened(text, MAX_REPLY) + marker + shortened(extra, MAX_REPLY_EXTRA)


def shortened(text: str, most: int) -> str:
    """The text, cut with three dots if it is longer."""
    return text if len(text) <= most else text[: most - 3] + "..."


def send_msg(action: Action, stretch: Stretch, run: Run) -> None:
    """A message to the contact; one that cannot be sent is created too, with the reason."""
    contact, rules = stretch.session.contact, stretch.rules
    content = content_of(action, stretch, run)
    routes = contact.routes(stretch.workspace)
    if not (rules.all_urns and action.values.get("all_urns")):
        routes = routes[:1]
    if not routes:
        _create(stretch, run, content, None, None, "no_route" if rules.is_new else "no_destination")
    for urn, channel in routes:
        filled = templated(action, channel, stretch, run)
        shown = content if filled is None else _preview(content, filled, stretch)
        _create(stretch, run, shown, urn, channel, _unsendable(stretch), filled)


def _unsendable(stretch: Stretch) -> str:
    status = stretch.session.contact.status
    if status == "active":
        return ""
    return f"contact_{status}" if stretch.rules.is_new else "contact_status"


def _preview(content: Content, filled: Templated, stretch: Stretch) -> Content:
    if stretch.rules.is_new:
        return Content(filled.text, filled.attachments, filled.quick_replies)
    return Content(filled.text, content.attachments, content.quick_replies)


def _create(
    stretch: Stretch, run: Run, content: Content, urn: Urn | None, channel: Channel | None, unsendable: str,
    filled: Templated | None = None,
) -> None:  # fmt: skip
    stretch.note("msg_created", {
        "text": content.text,
        "attachments": list(content.attachments),
        "quick_replies": list(content.quick_replies),
        "urn": None if urn is None else urn.identity,
        "channel": None if channel is None else channel.uuid,
        "unsendable": unsendable,
        "templating": None if filled is None else filled.templating,
    }, run)  # fmt: skip


def send_broadcast(action: Action, stretch: Stretch, run: Run) -> None:
    """A broadcast in all languages of the flow."""
    recipients = recipients_of(action, stretch, run)
    if stretch.around.batch and (recipients.groups or recipients.query):
        stretch.error("Can't send broadcasts to groups during batch starts", run)
        return
    flow = stretch.flow_of(run)
    native = "" if flow is None else flow.language
    languages = [native, *sorted(flow.localization if flow is not None else ())]
    contents = {one: content_of(action, stretch, run, [one, native]) for one in dict.fromkeys(languages)}
    if recipients.is_empty and not action.text("contact_query"):
        return
    stretch.note("broadcast_created", {
        "texts": {one: content.text for one, content in contents.items()},
        "attachments": {one: list(found.attachments) for one, found in contents.items() if found.attachments},
        "quick_replies": {one: list(found.quick_replies) for one, found in contents.items() if found.quick_replies},
        "base_language": native,
        "groups": recipients.groups,
        "contacts": recipients.contacts,
        "urns": recipients.urns,
        "query": recipients.query,
    }, run)  # fmt: skip
