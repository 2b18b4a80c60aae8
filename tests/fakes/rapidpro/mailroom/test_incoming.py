"""A person texts in: stored, posted by the flow's webhook, answered if that failed; and the control routes."""

import json
import threading
from typing import Any

import pytest

from fakes.rapidpro.courier.aggregators import AGGREGATORS, incoming_payload, report_payload
from tests.fakes.rapidpro.memory_records import Broadcast
from tests.fakes.rapidpro.worlds import AMINA, TEXTS, URL
from tests.fakes.rapidpro.worlds import IncomingWorld as World


def test_a_text_is_stored_and_posted_with_the_documented_body_and_headers() -> None:
    world = World()
    happened = world.text('Muraho é 👶 "x" & <y>')
    ((method, path, headers, body),) = world.relay.requests
    assert (method, path) == ("POST", "/api/v2/sms/rapidpro/incoming-messages")
    sent = json.loads(body)
    assert sent == {"id": happened["run"], "from": AMINA, "content": 'Muraho é 👶 "x" & <y>'}
    assert list(sent) == ["content", "from", "id"]
    assert headers["HTTP_AUTHORIZATION"] == "Token secret"
    assert headers["CONTENT_TYPE"] == "application/json"
    assert headers["HTTP_ACCEPT"] == "application/json"
    assert headers["HTTP_USER_AGENT"] == "Mailroom/26.3"
    assert headers["HTTP_X_MAILROOM_MODE"] == "normal"
    assert happened["webhook"] == {"url": URL, "status": 200, "body": '{"saved":1}', "error": None}
    assert happened["reply"] is None
    (message,) = world.records.incoming
    assert (message.id, message.text, message.urn) == (happened["message"], 'Muraho é 👶 "x" & <y>', f"tel:{AMINA}")
    assert world.phone() == [("sent", 'Muraho é 👶 "x" & <y>')]


def test_the_run_keeps_the_result_of_the_call() -> None:
    world = World()
    happened = world.text()
    (run,) = world.records.runs
    assert run.uuid == happened["run"]
    assert (run.results["relay"]["value"], run.results["relay"]["category"]) == ("200", "Success")
    assert run.results["relay"]["extra"] == {"saved": 1}


@pytest.mark.parametrize(("profile", "agent"), [("9.3", "RapidProMailroom/9.3.45"), ("9.0", "RapidProMailroom/9.0.0")])
def test_older_versions_send_another_user_agent(profile: Any, agent: Any) -> None:
    world = World(profile=profile)
    world.text()
    assert world.relay.requests[0][2]["HTTP_USER_AGENT"] == agent


def test_accept_and_token_can_be_left_out_and_headers_added() -> None:
    world = World(accept=False, headers={"X-Own": "1", "content-type": "text/plain"})
    world.put("webhook", token=None)
    world.text()
    headers = world.relay.requests[0][2]
    assert "HTTP_AUTHORIZATION" not in headers
    assert headers.get("HTTP_ACCEPT") in (None, "*/*") or "application/json" not in headers["HTTP_ACCEPT"]
    assert headers["HTTP_X_OWN"] == "1"
    assert headers["CONTENT_TYPE"] == "text/plain"


@pytest.mark.parametrize("part", ["id", "from", "content"])
def test_a_part_of_the_body_can_be_left_out(part: Any) -> None:
    world = World(omit=[part])
    world.text()
    assert set(world.relay.bodies()[0]) == {"id", "from", "content"} - {part}


def test_a_failed_call_is_not_repeated_and_the_sender_gets_a_message() -> None:
    world = World(reply_on_failure="Sorry, your report was not received (@webhook.status)")
    world.relay.answers = [503]
    happened = world.text()
    assert len(world.relay.requests) == 1
    assert happened["webhook"]["status"] == 503
    assert happened["reply"]["text"] == "Sorry, your report was not received (503)"
    world.clock.advance(30)
    assert world.phone() == [("sent", "R JINA 12"), ("received", "Sorry, your report was not received (503)")]
    reply = world.records.messages[0]
    assert (reply.id, reply.flow) == (happened["reply"]["message"], world.records.flow)


def test_in_the_old_engine_the_status_is_among_the_results() -> None:
    world = World(profile="9.0", reply_on_failure="@results.relay.value [@webhook.error]")
    world.relay.answers = [(400, b'{"error": "no content"}')]
    assert world.text()["reply"]["text"] == "400 [no content]"


def test_the_message_to_the_sender_can_be_switched_off() -> None:
    world = World(reply_on_failure=None)
    world.relay.answers = [400]
    assert world.text()["reply"] is None
    world.clock.advance(60)
    assert world.records.messages == []


def test_a_connection_that_fails_has_status_0() -> None:
    world = World()
    world.relay.answers = [ConnectionError()]
    happened = world.text()
    assert happened["webhook"]["status"] == 0
    assert happened["webhook"]["error"]
    assert happened["reply"]["text"].startswith("We could not process your message")
    assert world.records.runs[0].results["relay"]["value"] == "0"


@pytest.mark.parametrize(
    ("first", "calls"), [(503, 2), (500, 2), (ConnectionError(), 2), (400, 1), (403, 1), (429, 1), (200, 1)]
)
def test_with_a_retry_the_flow_calls_once_more_in_the_same_run(first: Any, calls: Any) -> None:
    world = World(retry=True)
    world.relay.answers = [first, 200]
    happened = world.text()
    assert len(world.relay.requests) == len(happened["calls"]) == calls
    assert len({body["id"] for body in world.relay.bodies()}) == 1
    assert (happened["reply"] is None) == (calls == 2 or first == 200)


def test_the_sender_also_gets_a_message_after_a_second_failure() -> None:
    world = World(retry=True)
    world.relay.answers = [503, 503]
    assert world.text()["reply"] is not None
    assert set(world.records.runs[0].results) == {"relay", "relay_retry"}


@pytest.mark.parametrize(("profile", "informed"), [("26", False), ("9.3", True)])
def test_an_answer_that_is_too_large_is_a_failure_in_each_generation(profile: Any, informed: Any) -> None:
    world = World(profile=profile)
    world.relay.answers = [(200, b"x" * (1024 * 1024 + 1))]
    happened = world.text()
    assert happened["webhook"]["error"] == "body too large or cut off"
    assert (happened["reply"] is not None) == informed
    assert world.records.runs[0].results["relay"]["category"] == "Failure"


def test_a_redelivered_text_has_the_same_id_or_a_run_of_its_own() -> None:
    world = World()
    first = world.text()
    again = world.http.post(TEXTS, json={"again": True}).get_json()
    assert (again["run"], again["message"]) == (first["run"], first["message"])
    new_run = world.http.post(TEXTS, json={"again": "new_run"}).get_json()
    assert new_run["message"] == first["message"]
    assert [body["id"] for body in world.relay.bodies()] == [first["run"], first["run"], new_run["run"]]
    assert new_run["run"] != first["run"]
    assert len(world.records.incoming) == 1


def test_the_same_external_id_is_accepted_once_a_day() -> None:
    world = World()
    first = world.text(external_id="x1")
    second = world.text("another text", external_id="x1")
    assert (second["duplicate"], second["message"], second["webhook"]) == (True, first["message"], None)
    assert world.text("R JINA 12", external_id="x2")["duplicate"] is False
    world.clock.advance(25 * 3600)
    assert world.text(external_id="x1")["duplicate"] is False
    assert len(world.relay.requests) == 3


def test_without_an_id_the_same_text_within_seconds_is_accepted_once() -> None:
    world = World()
    world.text()
    assert world.text()["duplicate"] is True
    assert world.text("R JINA 13")["duplicate"] is False
    world.clock.advance(5)
    assert world.text("R JINA 13")["duplicate"] is False
    assert len(world.relay.requests) == 3


def test_an_equal_text_after_an_answer_was_sent_is_a_new_one() -> None:
    world = World()
    world.relay.answers = [500]
    world.text("YES")
    world.clock.advance(1)
    assert not world.text("YES")["duplicate"]
    assert world.text("YES")["duplicate"]


def test_a_text_from_abroad_is_answered_over_the_channel_it_came_in_on() -> None:
    world = World()
    world.relay.answers = [500]
    happened = world.mailroom.incoming.receive("+256700123011", "Muraho")
    world.clock.advance(60)
    (message,) = world.records.incoming
    assert message.channel.uuid == "c-1"
    assert happened["reply"]["status"] == "queued"
    assert world.records.messages[0].status == "delivered"


def test_without_a_channel_a_text_is_archived_and_nothing_runs() -> None:
    world = World()
    world.records.channels.clear()
    happened = world.mailroom.incoming.receive(AMINA, "Muraho")
    assert (happened["run"], world.relay.requests) == (None, [])
    assert world.records.incoming[0].archived


def test_a_national_number_is_read_as_one_of_the_channels_country() -> None:
    world = World()
    world.records.channels[0].country = "UG"
    assert world.mailroom.incoming.number("0700123011") == "+256700123011"
    world.records.channels[0].country = None
    assert world.mailroom.incoming.number("0788123001") == AMINA


def test_expressions_in_address_and_headers_are_evaluated_for_each_text() -> None:
    world = World(headers={"X-Person": "@contact.uuid", "X-Mail": "a@b.org"})
    world.put("webhook", url=f"{URL}/@run.uuid")
    happened = world.text()
    ((_, path, headers, _),) = world.relay.requests
    assert path.endswith(f"/{happened['run']}")
    assert (headers["HTTP_X_PERSON"], headers["HTTP_X_MAIL"]) == ("p-1", "a@b.org")


def test_an_invalid_evaluated_address_is_not_called_and_the_sender_gets_a_message() -> None:
    world = World()
    world.put("webhook", url="http://@fields.edd")
    happened = world.text()
    assert (happened["webhook"], happened["calls"]) == (None, [])
    assert happened["reply"] is not None


@pytest.mark.parametrize(
    ("profile", "after", "status"),
    [("9.3", "3", 0), ("9.3", "7", 429), ("9.3", "0", 429), ("9.3", "soon", 429), ("26", "3", 429)],
)
def test_old_versions_lose_an_answer_that_requests_another_call_soon(profile: Any, after: Any, status: Any) -> None:
    world = World(profile=profile)
    world.relay.answers = [429]
    world.relay.headers = [("Retry-After", after)]
    assert world.text()["webhook"]["status"] == status
    assert len(world.relay.requests) == 1


def test_an_unknown_number_becomes_a_contact_and_a_known_one_is_found() -> None:
    world = World()
    world.text()
    world.clock.advance(10)
    world.text()
    (contact,) = world.records.contacts
    assert (contact.name, contact.urns) == (None, [f"tel:{AMINA}"])


def test_the_number_becomes_the_contacts_first_urn() -> None:
    world = World()
    amina = world.records.contact("Amina", "tel:+250788123009", f"tel:{AMINA}")
    world.text()
    assert amina.urns == [f"tel:{AMINA}", "tel:+250788123009"]


def test_a_blocked_contacts_text_is_archived_and_nothing_runs() -> None:
    world = World()
    world.records.contact("Amina", f"tel:{AMINA}", status="blocked")
    happened = world.text()
    assert (happened["run"], happened["webhook"]) == (None, None)
    assert world.records.incoming[0].archived is True
    assert world.relay.requests == []


def test_a_stopped_contact_is_active_again() -> None:
    world = World()
    amina = world.records.contact("Amina", f"tel:{AMINA}", status="stopped")
    assert world.text()["webhook"]["status"] == 200
    assert amina.status == "active"


def test_without_a_webhook_the_text_stays_in_the_inbox() -> None:
    world = World()
    world.put("webhook", url=None)
    happened = world.text()
    assert (happened["run"], happened["webhook"], happened["reply"]) == (None, None, None)
    assert world.records.incoming[0].flow is None


def test_the_lock_is_free_while_the_webhook_is_called() -> None:
    world = World()
    free = []

    def look() -> None:
        def try_it() -> None:
            if world.lock.acquire(timeout=1):
                free.append(True)
                world.lock.release()

        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()

    world.relay.before = look
    world.text()
    assert free == [True]


def test_channels_that_accept_no_empty_text_ignore_it() -> None:
    world = World()
    assert world.text("")["webhook"]["status"] == 200
    world.put("channel", aggregator="infobip")
    world.clock.advance(10)
    happened = world.text("")
    assert happened["ignored"]
    assert happened["message"] is None
    assert len(world.relay.requests) == 1


@pytest.mark.parametrize(
    "form", ["+250788123001", "250788123001", "0788123001", "788123001", "%2B250%20788%20123%20001"]
)
def test_a_phone_is_found_by_any_form_of_its_number(form: Any) -> None:
    world = World()
    assert world.http.post(f"/rapidpro/phones/{form}/texts", json={"text": "x"}).status_code == 200
    assert world.phone() == [("sent", "x")]


@pytest.mark.parametrize(
    ("path", "given", "complaint"),
    [
        (TEXTS, {}, "text is missing"),
        (TEXTS, {"text": 5}, "text must be str, got int"),
        (TEXTS, {"text": None}, "text must be str"),
        (TEXTS, {"txt": "x"}, "unknown field 'txt': possible are text, external_id, again"),
        (TEXTS, {"text": "x", "external_id": 1}, "external_id must be str"),
        (TEXTS, {"again": "yes"}, "again must be true, false"),
        (TEXTS, {"again": True}, "has sent no text that can be redelivered"),
        (TEXTS, [], "expected an object"),
        (TEXTS, "x", "expected an object"),
        (TEXTS, {"text": "x" * 10_001}, "at most 10000 characters"),
        ("/rapidpro/phones/12/texts", {"text": "x"}, "expected a phone number such as"),
        ("/rapidpro/phones/Amina/texts", {"text": "x"}, "expected a phone number such as"),
        ("/rapidpro/channel/reports", {"message": 1}, "expected message (a number) and status"),
        ("/rapidpro/channel/reports", {"message": 1, "status": "delivered"}, "there is no outgoing message 1"),
        (
            "/rapidpro/channel/reports",
            {"message": 1, "status": "gone"},
            "plain does not report 'gone': possible are sent",
        ),
        ("/rapidpro/messages/77/resend", {}, "there is no outgoing message 77"),
    ],
)
def test_an_impossible_control_request_is_refused_with_a_reason(path: Any, given: Any, complaint: Any) -> None:
    answer = World().http.post(path, json=given)
    assert answer.status_code == 400
    assert complaint in answer.get_json()["error"]


@pytest.mark.parametrize("path", [TEXTS, "/rapidpro/channel/reports"])
def test_a_body_that_is_not_json_is_refused(path: Any) -> None:
    answer = World().http.post(path, data=b"{")
    assert (answer.status_code, answer.get_json()["error"].startswith("the body is not JSON")) == (400, True)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"uri": "x"}, "unknown webhook setting 'uri': possible are url, token"),
        ({"url": "relay"}, "url must be an address that begins with http"),
        ({"token": 5}, "token must be a text or null"),
        ({"accept": 1}, "accept must be true or false"),
        ({"headers": {"a": 1}}, "headers must be an object of texts"),
        ({"headers": {"a": "b\r\nc"}}, "headers must be an object of texts"),
        ({"body": 1}, "body must be a text or null"),
        ({"omit": ["sender"]}, "omit must be a list of any of id, from, content"),
        ([], "webhook must be an object with any of url"),
    ],
)
def test_a_wrong_webhook_setting_is_refused(given: Any, complaint: Any) -> None:
    answer = World().http.put("/rapidpro/webhook", json=given)
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(complaint)


def test_only_an_existing_channel_can_be_removed() -> None:
    world = World()
    assert world.http.delete("/rapidpro/channels/c-1").get_json() == {"uuid": "c-1", "removed": True}
    answer = world.http.delete("/rapidpro/channels/c-1")
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "there is no channel c-1; GET /api/v2/channels.json lists them"


def test_settings_are_shown_as_they_are_put() -> None:
    world = World()
    shown = world.http.get("/rapidpro/webhook").get_json()
    assert (shown["url"], shown["token"], shown["omit"], shown["retry"]) == (URL, "secret", [], False)
    assert world.http.put("/rapidpro/webhook", json=shown).get_json() == shown
    world.put("channel", tps=50, shares={"failed": 0.5})
    channel = world.http.get("/rapidpro/channel").get_json()
    assert (channel["tps"], channel["shares"]["failed"], channel["aggregator"]) == (50, 0.5, "plain")
    answer = world.http.put("/rapidpro/channel", json={"shares": {"failed": 2}})
    assert (answer.status_code, "between 0 and 1" in answer.get_json()["error"]) == (400, True)


def sent(world: Any, text: Any = "Muraho") -> Any:
    world.mailroom.broadcast_created(Broadcast(id=9001, texts={"eng": text}, urns=[f"tel:{AMINA}"]))
    world.clock.advance(60)
    return world.records.messages[-1]


def test_a_phones_texts_say_when_and_how_long() -> None:
    world = World()
    message = sent(world, "ç" * 71)
    (entry,) = world.http.get(TEXTS).get_json()["texts"]
    assert entry == {
        "at": entry["at"], "direction": "received", "text": "ç" * 71, "message_id": message.id, "segments": 2,
    }  # fmt: skip
    assert entry["at"].startswith("2024-10-01T08:00:")
    assert world.http.get("/rapidpro/phones").get_json() == {"phones": [AMINA]}


def test_all_stored_messages_are_listed_with_their_origin() -> None:
    world = World()
    message = sent(world)
    world.relay.answers = [500]
    happened = world.text()
    world.clock.advance(60)
    rows = world.http.get("/rapidpro/messages").get_json()["messages"]
    shown = {row["id"]: (row["direction"], row["origin"], row["number"], row["status"]) for row in rows}
    assert shown == {
        happened["message"]: ("in", "flow", AMINA, "handled"),
        message.id: ("out", "api", AMINA, "delivered"),
        happened["reply"]["message"]: ("out", "flow", AMINA, "delivered"),
    }


def test_the_body_can_be_replaced() -> None:
    world = World(body='@(json(object("id", run.uuid, "content", default(results.report, ""))))')
    happened = world.text()
    assert world.relay.bodies() == [{"id": happened["run"], "content": ""}]
    world.put("webhook", body=None)
    world.text("x")
    assert world.relay.bodies()[1]["content"] == "x"


def test_a_report_and_a_resend_can_be_requested() -> None:
    world = World()
    message = sent(world)
    answer = world.http.post("/rapidpro/channel/reports", json={"message": message.id, "status": "failed"})
    assert answer.get_json() == {"message": message.id, "word": "failed", "taken": True, "status": "failed"}
    answer = world.http.post(f"/rapidpro/messages/{message.id}/resend", json={})
    assert answer.get_json()["status"] == "queued"
    world.clock.advance(60)
    assert world.phone() == [("received", "Muraho"), ("received", "Muraho")]
    assert world.http.post(f"/rapidpro/messages/{message.id}/resend", json={}).status_code == 400


def test_any_word_of_a_known_infobip_group_can_be_reported_by_hand() -> None:
    world = World()
    world.put("channel", aggregator="infobip")
    message = sent(world)
    answer = world.http.post("/rapidpro/channel/reports", json={"message": message.id, "status": "REJECTED_SOURCE"})
    assert answer.get_json() == {"message": message.id, "word": "REJECTED_SOURCE", "taken": True, "status": "failed"}
    answer = world.http.post("/rapidpro/channel/reports", json={"message": message.id, "status": "GONE_SOURCE"})
    assert (answer.status_code, message.status) == (400, "failed")


@pytest.mark.parametrize(
    ("name", "kind", "word", "status"),
    [
        ("infobip", "ib", "REJECTED_SOURCE", "failed"),
        ("infobip", "ib", "UNDELIVERABLE_NOT_DELIVERED", "failed"),
        ("infobip", "ib", "PENDING_ENROUTE", "sent"),
        ("africastalking", "at", "Buffered", "sent"),
        ("africastalking", "at", "Expired", "failed"),
        ("plain", "ex", "errored", "errored"),
    ],
)
def test_a_report_in_the_aggregators_own_format_is_accepted(name: Any, kind: Any, word: Any, status: Any) -> None:
    world = World()
    world.put("channel", aggregator=name)
    message = sent(world)
    external_id = str(message.external_id)
    aggregator = AGGREGATORS[name]
    payload = report_payload(aggregator, word, external_id, AMINA, "2026-03-04T05:06:07Z")
    path = "/rapidpro" + aggregator.report_path.format(uuid="c-1")
    answer = world.http.post(path, json=payload) if kind == "ib" else world.http.post(path, data=payload)
    assert answer.status_code == 200
    assert answer.get_json()["data"][0] == {"type": "status", "status": status, "external_id": external_id}
    assert message.status == status


@pytest.mark.parametrize(
    ("path", "payload"),
    [
        ("ib/c-1/delivered", {"results": [{"messageId": "x", "status": {"groupName": "ACCEPTED"}}]}),
        ("ib/c-1/delivered", {"results": [5]}),
        ("ib/c-1/delivered", {}),
        ("ib/c-1/delivered", []),
        ("ib/c-1/receive", {"messageCount": 1, "results": [5]}),
        ("ib/c-1/receive", {"messageCount": 1, "results": [{"text": "x", "from": "12", "receivedAt": "now"}]}),
        ("at/c-1/status", {"id": "x", "status": "Submitted"}),
        ("at/c-1/receive", {"id": "x", "from": AMINA, "to": "1", "date": "2026-03-04T05:06:07Z", "text": ""}),
        ("at/c-1/receive", {"id": "x", "from": "Amina", "to": "1", "date": "2026-03-04T05:06:07Z", "text": "x"}),
        ("zz/c-1/status", {"id": "x", "status": "sent"}),
    ],
)
def test_an_invalid_call_to_courier_is_400_and_stores_nothing(path: Any, payload: Any) -> None:
    world = World()
    answer = world.http.post(f"/rapidpro/c/{path}", json=payload)
    assert (answer.status_code, answer.get_json()["message"]) == (400, "Error")
    assert world.records.incoming == []


def test_a_report_on_an_unknown_message_is_accepted_and_ignored() -> None:
    answer = World().http.post("/rapidpro/c/ex/c-1/status", data={"id": "nobody", "status": "sent"})
    assert answer.status_code == 200
    assert "unknown message nobody" in answer.get_json()["data"][0]["info"]


@pytest.mark.parametrize("name", ["plain", "infobip", "africastalking"])
def test_a_text_in_the_aggregators_own_format_is_received(name: Any) -> None:
    world = World()
    aggregator = AGGREGATORS[name]
    payload = incoming_payload(aggregator, "Muraho", "in-1", AMINA, "+250788120000", "2026-03-04T05:06:07Z")
    path = "/rapidpro" + aggregator.incoming_path.format(uuid="c-1")
    answers = [world.http.post(path, json=payload) for _ in range(2)]
    assert [one.get_json()["message"] for one in answers] == ["Message Accepted"] * 2
    assert [one.get_json()["data"][0]["duplicate"] for one in answers] == [False, True]
    assert [body["content"] for body in world.relay.bodies()] == ["Muraho"]


def test_infobip_without_messages_is_ignored() -> None:
    answer = World().http.post("/rapidpro/c/ib/c-1/receive", json={"results": [], "messageCount": 0})
    assert (answer.status_code, answer.get_json()["message"]) == (200, "Ignored")
