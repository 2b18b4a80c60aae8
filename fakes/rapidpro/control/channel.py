"""Control routes for what is behind the API: the table of all, the channel, and the aggregators' own calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from fakes.rapidpro.control.callbacks import BadCall, answer
from fakes.rapidpro.control.flows import (
    archive_flow,
    change_flow,
    change_webhook,
    import_bundle,
    show_flow,
    show_flows,
    show_sessions,
    show_webhook,
)
from fakes.rapidpro.control.messages import show_messages
from fakes.rapidpro.control.phones import name_phone, receive, show_phones, show_texts
from fakes.rapidpro.courier import channel as channels
from fakes.rapidpro.courier.aggregators import AGGREGATORS, find_status
from fakes.rapidpro.flows.bundles.reading import BadBundle
from fakes.rapidpro.mailroom.incoming import BadText
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.rapidpro.settings import BadSetting
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
        ("/flows/<uuid>", "GET", show_flow),
        ("/flows/<uuid>", "DELETE", archive_flow),
        ("/phones/<number>/sessions", "GET", show_sessions),
        ("/phones", "GET", show_phones),
        ("/phones/<number>", "PUT", name_phone),
        ("/phones/<number>/texts", "GET", show_texts),
        ("/phones/<number>/texts", "POST", receive),
        ("/messages", "GET", show_messages),
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
