"""What differs between releases in CHT's calls: RapidPro, Africa's Talking, outbound pushes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from fakes.cht.releases.table import RELEASES
from fakes.cht.service import Cht
from fakes.clock import VirtualClock
from tests.fakes.cht.messaging.gateway import JSON, pending, refused, sending, under_way
from tests.fakes.cht.recorded_traffic import RECORDED_AT
from tests.scripted_server import Script, session

EACH = pytest.mark.parametrize("name", RELEASES)
OLD = ("3.11", "4.4", "4.13")
"""Before 4.14, and before `fetch`."""
AFRICAS_TALKING = "https://api.africastalking.com"
TAKEN = '{"SMSMessageData": {"Recipients": [{"statusCode": 101, "messageId": "ATXid_1"}]}}'


@EACH
@pytest.mark.parametrize("body", ['{"id": 1, "status": "pending"}', '{"id": 1}'])
def test_an_unknown_status_is_an_error_before_4_14(name: str, body: str) -> None:
    made = sending(lambda *_: {"status": 201, "content_type": JSON, "body": body}, pending(1), release=name)
    made.clock.advance(180)
    if name in OLD:
        assert (len(made.texts), made.states()) == (3, ["pending"])
    else:
        assert (len(made.texts), made.states()) == (1, ["received-by-gateway"])


@EACH
def test_a_refused_text_is_failed_since_4_14(name: str) -> None:
    made = sending(lambda *_: refused(400), pending(1), release=name)
    made.clock.advance(180)
    assert (len(made.texts), made.states()) == ((3, ["pending"]) if name in OLD else (1, ["failed"]))


@EACH
def test_redirects_of_a_broadcast_are_followed_since_4_17(name: str) -> None:
    made = sending(
        lambda *_: {"status": 302, "content_type": None, "headers": {"Location": "/x"}}, pending(1), release=name
    )
    made.run("send")
    assert (len(made.script.asked) > 1) is (name not in OLD)


@EACH
def test_calls_to_rapidpro_name_cht_since_4_19(name: str) -> None:
    made = sending(lambda *_: refused(429), [*pending(1), *under_way(1, first=1)], release=name)
    made.run("send")
    made.run("poll")
    expected = f"Community Health Toolkit/{name}.0 (linux,x64)" if name in ("4.21", "5.1", "5.2") else None
    assert [request["headers"].get("user-agent") for request in made.script.asked] == [expected, expected]


def africas_talking(name: str, content_type: str) -> str:
    script = Script(lambda *_: {"status": 201, "content_type": content_type, "body": TAKEN})
    cht = Cht(VirtualClock(), session=session(script, [AFRICAS_TALKING]), rng=random.Random(1), release=name)
    account = {"outgoing_service": "africas-talking", "africas_talking": {"username": "clinic"}, "reply_to": "1"}
    credentials = {"africastalking.com:outgoing": "key"}
    cht.seed({"settings": {"sms": account}, "credentials": credentials, "docs": pending(1)})
    cht.background.run("send")
    (doc,) = cht.state.all_docs()
    return str(doc["tasks"][0]["state"])


@EACH
def test_texts_by_africas_talking_stay_pending_in_4_17_to_4_20(name: str) -> None:
    """cht-core 10068: what was parsed is parsed again. JSON under another content type was not parsed yet."""
    assert africas_talking(name, JSON) == ("pending" if name == "4.17" else "sent")
    assert (africas_talking(name, "text/plain") == "sent") is (name in (*OLD, "4.17"))


def pushing(name: str, answer: dict[str, Any], **push: Any) -> tuple[Cht, Script]:
    script = Script(lambda *_: answer)
    clock = VirtualClock(RECORDED_AT)
    cht = Cht(clock, session=session(script, ["http://push.test"]), rng=random.Random(1), release=name)
    configured = {
        "relevant_to": "doc.form === 'A'",
        "destination": {"base_url": "http://push.test", "path": "/in"},
        "mapping": {"id": "doc._id"},
        **push,
    }
    cht.seed({"settings": {"transitions": {"mark_for_outbound": True}, "outbound": {"p": configured}}})
    cht.state.save({"_id": "d", "type": "data_record", "form": "A"})
    clock.advance(1)
    return cht, script


@EACH
def test_pushes_name_cht_since_4_18(name: str) -> None:
    _, script = pushing(name, {"status": 200, "content_type": JSON, "body": "{}"})
    (request,) = script.asked
    expected = f"Community Health Toolkit/{name}.0 (linux,x64)" if name in ("4.21", "5.1", "5.2") else None
    assert request["headers"].get("user-agent") == expected


@EACH
def test_a_cron_of_a_push_is_ignored_before_4_5(name: str) -> None:
    _, script = pushing(name, {"status": 200, "content_type": JSON, "body": "{}"}, cron="0 0 1 1 *")
    assert len(script.asked) == (1 if name in ("3.11", "4.4") else 0)


@EACH
def test_redirects_of_a_push_are_followed_since_4_17(name: str) -> None:
    _, script = pushing(name, {"status": 307, "content_type": None, "headers": {"Location": "/x"}})
    assert (len(script.asked) > 1) is (name not in OLD)
