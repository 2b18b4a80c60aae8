"""Where the real CHT is weak at its interfaces, the fake one is weak in the same way; each test names its recording."""

from __future__ import annotations

from typing import Any

from fakes.serving.wsgi import Reply
from tests.fakes.cht.recorded_traffic import World, docs_of, entries, send, send_at_once, world


def recorded(file: str, name: str) -> dict[str, Any]:
    return dict(next(entry for entry in entries(file) if entry["id"] == name))


def begin(file: str, name: str) -> tuple[World, dict[str, Any]]:
    entry = recorded(file, name)
    return world(entry["given"]), entry["request"]


def once(file: str, name: str) -> tuple[World, Reply]:
    made, request = begin(file, name)
    return made, send(made.cht, request)


def test_simultaneous_texts_with_one_id_are_all_saved() -> None:
    """rapidpro_incoming/race-same-id"""
    made, request = begin("rapidpro_incoming", "race-same-id")
    replies = send_at_once(made.cht, request, 5)
    assert [reply.status for reply in replies] == [200] * 5
    assert len(docs_of(made)) == 5


def test_a_text_repeated_after_a_lost_answer_is_refused_although_it_is_safe() -> None:
    """rapidpro_incoming/duplicate-same"""
    made, reply = once("rapidpro_incoming", "duplicate-same")
    assert (reply.status, len(docs_of(made))) == (400, 1)


def test_a_text_whose_id_equals_the_reference_of_a_broadcast_is_refused() -> None:
    """rapidpro_incoming/duplicate-of-outgoing-ref-number"""
    made, reply = once("rapidpro_incoming", "duplicate-of-outgoing-ref-number")
    assert (reply.status, len(docs_of(made))) == (400, 1)  # the broadcast's own document only


def test_a_text_that_comes_while_the_server_starts_up_is_lost_with_a_200() -> None:
    """rapidpro_incoming/startup-no-accept"""
    made, reply = once("rapidpro_incoming", "startup-no-accept")
    assert (reply.status, docs_of(made)) == (200, [])


def test_malformed_json_is_an_error_of_the_server() -> None:
    """rapidpro_incoming/body-malformed"""
    _, reply = once("rapidpro_incoming", "body-malformed")
    assert reply.status == 500


def test_a_wrong_method_is_a_missing_login() -> None:
    """rapidpro_incoming/method-get"""
    _, reply = once("rapidpro_incoming", "method-get")
    assert reply.status == 401


def test_errors_are_plain_text_unless_json_is_asked_for() -> None:
    """rapidpro_incoming/auth-none-text"""
    _, reply = once("rapidpro_incoming", "auth-none-text")
    assert reply.header("Content-Type") == "text/plain"


def test_an_object_is_taken_for_an_id() -> None:
    """rapidpro_incoming/ok-id-object"""
    made, reply = once("rapidpro_incoming", "ok-id-object")
    assert (reply.status, docs_of(made)[0]["sms_message"]["gateway_ref"]) == (200, {"a": 1})


def test_a_late_update_takes_a_message_out_of_delivered() -> None:
    """sms_gateway/update-backwards"""
    made, _ = once("sms_gateway", "update-backwards")
    assert docs_of(made)[0]["tasks"][0]["state"] == "received-by-gateway"


def test_null_for_no_messages_is_an_error_of_the_server_in_a_shape_no_gateway_expects() -> None:
    """sms_gateway/post-messages-null"""
    _, reply = once("sms_gateway", "post-messages-null")
    assert (reply.status, reply.body) == (500, b'{"code":500,"error":"Server error"}')


def test_the_same_id_twice_in_one_request_is_saved_twice() -> None:
    """sms_gateway/messages-two-same-id"""
    made, _ = once("sms_gateway", "messages-two-same-id")
    assert len(docs_of(made)) == 2


def test_two_phones_that_ask_at_once_get_the_same_messages() -> None:
    """sms_gateway/outgoing-again: nothing is reserved, whoever asks gets what was handed out before"""
    made, request = begin("sms_gateway", "outgoing-again")
    first, second = send(made.cht, request), send(made.cht, request)
    assert first.body == second.body
    assert b'"id"' in first.body
