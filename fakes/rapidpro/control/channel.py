"""Control routes for what is behind the API: channel, webhook, phones, and the aggregators' own calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from fakes.clock import format_moment
from fakes.rapidpro.control.callbacks import BadCall, answer
from fakes.rapidpro.control.flows import (
    change_flow,
    change_webhook,
    import_bundle,
    show_flows,
    show_sessions,
    show_webhook,
)
from fakes.rapidpro.courier import channel as channels
from fakes.rapidpro.courier.aggregators import AGGREGATORS, find_status
from fakes.rapidpro.flows.bundles.reading import BadBundle
from fakes.rapidpro.mailroom.incoming import BadText
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.rapidpro.settings import BadSetting
from fakes.rapidpro.urns import path_of
from fakes.serving.json_fields import json_body, typed_fields

Answer = Response | tuple[Response, int]


def add_rules(blueprint: Blueprint, mailroom: Mailroom) -> None:
    """Add all routes. Each answers wrong input with 400 and a sentence."""
    for rule, method, action in (
        ("/channel", "GET", _show_channel),
        ("/channel", "PUT", _change_channel),
        ("/channel/reports", "POST", _report),
        ("/channel/sync", "POST", _sync),
        ("/channels/<uuid>", "DELETE", _remove_channel),
        ("/webhook", "GET", show_webhook),
        ("/webhook", "PUT", change_webhook),
        ("/flow", "PUT", change_flow),
        ("/flows", "GET", show_flows),
        ("/flows", "POST", import_bundle),
        ("/phones/<number>/sessions", "GET", show_sessions),
        ("/phones", "GET", _show_phones),
        ("/phones/<number>/texts", "GET", _show_texts),
        ("/phones/<number>/texts", "POST", _receive),
        ("/messages", "GET", _show_messages),
        ("/messages/<int:message_id>/resend", "POST", _resend),
        ("/c/<kind>/<_uuid>/<action>", "POST", _aggregator_call),
    ):
        name, view = f"engine_{action.__name__.strip('_')}", _view(mailroom, action)
        view.__doc__ = action.__doc__
        blueprint.add_url_rule(rule, name, view, methods=[method])


def _view(mailroom: Mailroom, action: Callable[..., Any]) -> Callable[..., Answer]:
    def view(**parts: Any) -> Answer:
        try:
            found = action(mailroom, **parts)
        except BadRequest as error:
            return jsonify(error=error.description), 400
        except (BadBundle, BadText, BadSetting) as error:
            return jsonify(error=str(error)), 400
        except BadCall as error:
            return jsonify(message="Error", data=[{"type": "error", "error": str(error)}]), 400
        return jsonify(found)

    return view


def _show_channel(mailroom: Mailroom) -> Any:
    """The channel's settings: its aggregator, its speed, and what share of messages meets which trouble.

    Answer: {"aggregator", "tps", "spacing", "delays", "shares", "bad_numbers", "down", "sync_every", "length_limit",
    "segment_reports", "aimed"}
    """
    with mailroom.lock:
        return mailroom.courier.channel.as_json()


def _change_channel(mailroom: Mailroom) -> Any:
    """Change settings of the channel. They apply to messages that leave the queue afterwards.

    Body: {any of the settings}

    Answer: {all settings}
    """
    body = json_body()
    with mailroom.lock:
        mailroom.courier.channel = channels.changed(mailroom.courier.channel, body)
        return mailroom.courier.channel.as_json()


def _remove_channel(mailroom: Mailroom, uuid: str) -> Any:
    """A person removes a channel: what waits for it fails, and later messages have no channel.

    Answer: {"uuid": text, "removed": true}
    """
    channel = mailroom.remove_channel(uuid)
    if channel is None:
        raise BadRequest(f"there is no channel {uuid[:60]}; GET /api/v2/channels.json lists them")
    return {"uuid": channel.uuid, "removed": True}


def _show_phones(mailroom: Mailroom) -> Any:
    """The phones that have sent or received a text.

    Query: texts=yes (also the texts of each)

    Answer: {"phones": [number, ...], "texts": {number: [texts as below], ...}}
    """
    with mailroom.lock:
        numbers = mailroom.phones.numbers()
        if "texts" not in request.args:
            return {"phones": numbers}
        texts = {number: [entry.as_json() for entry in mailroom.phones.texts(number)] for number in numbers}
        return {"phones": numbers, "texts": texts}


def _show_messages(mailroom: Mailroom) -> Any:
    """The stored messages, in both directions. `origin`: flow if a flow sent it, start if the API started that flow,
    else api. `sent_by`: the name of the API token with which it was sent, or null. `number`: the person's.

    Query: statuses=yes (also the statuses that were reported about each, with their times)

    Answer: {"messages": [{"id": number, "number", "text", "status", "direction": "in" or "out", "origin", "sent_by",
    "failed_reason", "errors": number, "external_id", "created_on": ISO time, "sent_on": ISO time or null}, ...]}
    """
    with mailroom.lock:
        messages = list(mailroom.courier.records.all_messages())
        rows = [_as_json(mailroom, one) for one in messages]
        if "statuses" in request.args:
            for row, one in zip(rows, messages, strict=True):
                row["statuses"] = [{"status": status, "at": format_moment(at)} for status, at in one.statuses]
        return {"messages": rows}


def _as_json(mailroom: Mailroom, message: Any) -> dict[str, Any]:
    contact = mailroom.courier.records.contact_of(message)
    urn = message.urn or next(iter(contact.urns if contact is not None else ()), "")
    return {
        "id": message.id,
        "number": path_of(urn),
        "text": message.text,
        "status": message.status,
        "direction": message.direction,
        "origin": _origin(message),
        "sent_by": message.sent_by,
        "failed_reason": message.failed_reason,
        "errors": message.errors,
        "external_id": message.external_id,
        "created_on": format_moment(message.created_on),
        "sent_on": None if message.sent_on is None else format_moment(message.sent_on),
    }


def _origin(message: Any) -> str:
    if message.flow is None:
        return "api"
    return "flow" if message.sent_by is None else "start"


def _show_texts(mailroom: Mailroom, number: str) -> Any:
    """What a phone sent and received, in order.

    Answer: {"texts": [{"at": ISO time, "direction": "sent" or "received", "text", "message_id": number or null,
    "segments": number}, ...]}
    """
    with mailroom.lock:
        return {"texts": [entry.as_json() for entry in mailroom.phones.texts(mailroom.incoming.number(number))]}


def _receive(mailroom: Mailroom, number: str) -> Any:
    """A person sends a text, and RapidPro delivers it; or, with `again`, the phone's last text is redelivered.

    Body: {"text": text, "external_id": text (the aggregator's id), "again": true, false or "new_run"}

    Answer: {"message": number or null, "text": the text as stored, "run": uuid of the flow's run, "webhook": the last
    of "calls" or null, "calls": [{"url", "status": number or 0, "body", "error": text or null}, ...], "reply": the last
    of "replies" or null, "replies": [{"message": number, "text", "status"}, ...], "waits": whether the flow waits for
    the next text, "errors": [sentence, ...], "duplicate": true or false, "ignored": why, or null}
    """
    body = typed_fields({"text": (str,), "external_id": (str,), "again": (bool, str)})
    again = body.get("again", False)
    if again not in (True, False, "new_run"):
        raise BadRequest('again must be true, false or "new_run"')
    known = mailroom.incoming.number(number)
    if again:
        return mailroom.incoming.redeliver(known, new_run=again == "new_run")
    if "text" not in body:
        raise BadRequest("text is missing: what does the person send?")
    return mailroom.incoming.receive(known, body["text"], body.get("external_id"))


def _report(mailroom: Mailroom) -> Any:
    """A delivery report on request: `status` is one of the aggregator's statuses or a stage such as delivered.

    Of Infobip also any other word of a known group, such as REJECTED_SOURCE.

    Body: {"message": number, "status": text}

    Answer: {"message": number, "word": the aggregator's status, "taken": true or false, "status": RapidPro's status}
    """
    body = typed_fields({"message": (int,), "status": (str,)})
    if set(body) != {"message", "status"}:
        raise BadRequest("expected message (a number) and status")
    aggregator = AGGREGATORS[mailroom.channel.aggregator]
    stages = {str(stage): word for stage, word in aggregator.stages.items()}
    word = stages.get(body["status"], body["status"])
    if find_status(aggregator, word) is None:
        known = ", ".join([*stages, *(one for one in aggregator.statuses if one not in stages)])
        raise BadRequest(f"{aggregator.name} does not report {body['status']!r}: possible are {known}")
    with mailroom.lock:
        message = _message(mailroom, body["message"])
        accepted = mailroom.courier.report(message, word)
        return {"message": message.id, "word": word, "taken": accepted, "status": message.status}


def _sync(mailroom: Mailroom) -> Any:
    """The phone of an Android channel syncs now, before its time.

    Answer: {"taken": number of messages that it took}
    """
    with mailroom.lock:
        taken = mailroom.courier.sync()
    if taken is None:
        raise BadRequest("no phone can sync: that needs the channel settings aggregator android and down false")
    return {"taken": taken}


def _resend(mailroom: Mailroom, message_id: int) -> Any:
    """Somebody resends a failed message.

    Answer: {"message": number, "status": text}
    """
    with mailroom.lock:
        message = _message(mailroom, message_id)
        if message.status != "failed":
            raise BadRequest(f"only failed messages can be resent, this one is {message.status}")
        mailroom.resend(message)
        return {"message": message.id, "status": message.status}


def _message(mailroom: Mailroom, message_id: int) -> Any:
    message = mailroom.courier.records.message(message_id)
    if message is None:
        raise BadRequest(f"there is no outgoing message {message_id}")
    return message


def _aggregator_call(mailroom: Mailroom, kind: str, _uuid: str, action: str) -> Any:
    """What the real aggregator posts to courier: delivery reports and incoming texts. Any `_uuid` is accepted.

    Body: in the aggregator's own format; `kind` is ib (Infobip), at (Africa's Talking) or ex (external)

    Answer: {"message": text, "data": [{"type": text, ...}, ...]}
    """
    return answer(mailroom, kind, action, request.form.to_dict() if request.form else _payload())


def _payload() -> Any:
    try:
        return json_body()
    except BadRequest as error:
        raise BadCall(f"unable to read the request: {error.description}") from None
