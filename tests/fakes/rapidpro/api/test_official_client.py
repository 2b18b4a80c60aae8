"""RapidPro's official client for Python works with the fake one, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
from temba_client.exceptions import (
    TembaBadRequestError,
    TembaHttpError,
    TembaNoSuchObjectError,
    TembaRateExceededError,
    TembaSerializationException,
    TembaTokenError,
)
from temba_client.v2 import TembaClient

from fakes.serving.process import Addresses, start_fakes
from tests.folders import GOLDEN

SETUP = GOLDEN / "rapidpro" / "setup.json"
NOW = "2024-10-02T08:00:00Z"
ANN, BOB = "tel:+250788123001", "tel:+250788123002"
INTAKE = "000000f0-0000-4000-8000-000000000001"
MANY = 1_050


@pytest.fixture(scope="module", params=["9.3", "26"])
def fakes(request: pytest.FixtureRequest) -> Iterator[Addresses]:
    with start_fakes(["rapidpro"], profile=request.param, clock="virtual", now=NOW) as addresses:
        yield addresses


@pytest.fixture(autouse=True)
def seeded(fakes: Addresses) -> None:
    control(fakes, "POST", "/rapidpro/seed", seed())


def seed() -> Any:
    """The recordings' world, with many more messages in workspace 5."""
    given = json.loads(SETUP.read_text("utf-8"))
    # The client cannot read a start without exclusions on record: RapidPro shows an object for a truth value there.
    given["flow_starts"] = [row for row in given["flow_starts"] if row["exclusions"]]
    one = next(row for row in given["messages"] if row["workspace"] == 5 and row["direction"] == "out")
    given["messages"] = [row for row in given["messages"] if row["workspace"] != 5] + [
        {**one, "id": 100_000 + number, "uuid": f"00000099-0000-4000-8000-{number:012x}", "text": f"text {number}"}
        for number in range(MANY)
    ]
    return given


def control(fakes: Addresses, method: str, path: str, body: Any) -> Any:
    answer = requests.request(method, fakes.control + path, json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def client(fakes: Addresses, token: str = "admin") -> Any:
    key = json.loads(SETUP.read_text("utf-8"))["tokens"][token]["key"]
    return TembaClient(fakes.rapidpro, key, transformer=with_quick_replies)


def with_quick_replies(_kind: type, row: dict[str, Any]) -> dict[str, Any]:
    """Messages had no quick replies before v10.1.54; the client of today wants a list."""
    return {"quick_replies": [], **row}


def test_a_broadcast_is_sent_and_its_messages_are_delivered(fakes: Addresses) -> None:
    caller = client(fakes)
    made = caller.create_broadcast("Visit due tomorrow", urns=[ANN, BOB])
    assert (made.status, made.urns, made.text) == ("pending", [ANN, BOB], {"eng": "Visit due tomorrow"})
    assert str(made.created_on) == "2024-10-02 08:00:00+00:00"
    control(fakes, "POST", "/clock/advance", {"seconds": 60})
    found = [one for one in caller.get_messages(folder="sent").all() if one.text == "Visit due tomorrow"]
    assert {one.urn for one in found} == {ANN, BOB}
    assert {one.status for one in found} <= {"wired", "sent", "delivered"}
    assert all(one.sent_on is not None and one.contact.name in ("Ann", "Bob") for one in found)


def test_all_broadcasts_can_be_read(fakes: Addresses) -> None:
    found = client(fakes).get_broadcasts().all()
    assert len(found) == 10
    assert found[0].created_on >= found[-1].created_on


def test_more_than_a_thousand_messages_come_page_by_page_each_once(fakes: Addresses) -> None:
    pages = list(client(fakes, "volume").get_messages().iterfetches())
    assert [len(page) for page in pages] == [250, 250, 250, 250, 50]
    texts = [message.text for page in pages for message in page]
    assert texts == [f"text {number}" for number in reversed(range(MANY))]


def test_an_iteration_is_resumed_from_its_cursor(fakes: Addresses) -> None:
    query = client(fakes, "volume").get_messages()
    first = query.iterfetches()
    next(first)
    resumed = query.iterfetches(resume_cursor=first.get_cursor())
    assert next(resumed)[0].text == f"text {MANY - 251}"


def test_a_message_to_one_contact_and_its_labels(fakes: Addresses) -> None:
    caller = client(fakes)
    contact = caller.get_contacts(urn=ANN).first()
    with suppress(TembaSerializationException):  # of the answer, for the same want of quick replies
        caller.create_message(contact, "Hello Ann", attachments=None, quick_replies=None)
    made = caller.get_messages(folder="outbox").first()
    assert made.text == "Hello Ann"
    assert (made.direction, made.status, made.contact.uuid) == ("out", "queued", contact.uuid)
    incoming = caller.get_messages(folder="inbox").all()[-1]
    label = caller.create_label("Urgent")
    number = json.loads(SETUP.read_text("utf-8"))["messages"]
    stored = next(row["id"] for row in number if row["text"] == incoming.text)
    caller.bulk_label_messages([stored], label=label)
    assert [one.count for one in caller.get_labels(name="Urgent").all()] == [1]


def test_contacts_are_created_changed_grouped_and_deleted(fakes: Addresses) -> None:
    caller = client(fakes)
    made = caller.create_contact(name="Neo", urns=["tel:+250788999001"], fields={"village": "Kigali"})
    assert (made.name, made.urns, made.fields) == ("Neo", ["tel:+250788999001"], {"village": "Kigali"})
    assert caller.update_contact(made, name="Neo N.").name == "Neo N."
    group = caller.create_group("Guests")
    caller.bulk_add_contacts([made], group)
    assert [one.uuid for one in caller.get_contacts(group="Guests").all()] == [made.uuid]
    assert [one.count for one in caller.get_groups(name="Guests").all()] == [1]
    caller.delete_contact(made)
    assert caller.get_contacts(uuid=made.uuid).all() == []
    assert caller.get_contacts(uuid=made.uuid, deleted=True).first().name is None


def test_a_flow_is_started_and_its_runs_are_read(fakes: Addresses) -> None:
    caller = client(fakes)
    made = caller.create_flow_start(INTAKE, urns=[ANN], params={"case_id": "abc"})
    assert (made.status, made.flow.name, made.params) == ("pending", "Intake", {"case_id": "abc"})
    control(fakes, "POST", "/clock/advance", {"seconds": 60})
    found = caller.get_flow_starts(uuid=made.uuid).first()
    assert found.status == "completed"
    assert caller.get_runs(flow=INTAKE).all()[0].flow.uuid == INTAKE


def test_everything_else_can_be_read_with_the_clients_own_types(fakes: Addresses) -> None:
    caller = client(fakes)
    for query in (
        caller.get_channels(), caller.get_fields(), caller.get_flows(), caller.get_globals(), caller.get_groups(),
        caller.get_labels(), caller.get_flow_starts(), caller.get_runs(), caller.get_contacts(),
    ):  # fmt: skip
        rows = query.all()
        assert rows
        assert all(row.serialize() for row in rows)
    assert caller.get_org().name == "Clinic Relay"
    assert caller.get_org().timezone == "Africa/Kigali"


def test_a_rate_limit_error_has_the_seconds_to_wait(fakes: Addresses) -> None:
    caller = client(fakes)
    control(fakes, "PUT", "/rapidpro/rates", {"v2.messages": "2/minute"})
    caller.get_messages().first()
    control(fakes, "POST", "/clock/advance", {"seconds": 12.5})
    caller.get_messages().first()
    with pytest.raises(TembaRateExceededError) as refused:
        caller.get_messages().first()
    assert refused.value.retry_after == 48  # the first one leaves the window 47.5 s from now
    control(fakes, "POST", "/clock/advance", {"seconds": 47.5})
    assert caller.get_messages().first() is not None


def test_errors_are_raised_as_the_clients_own_exceptions(fakes: Addresses) -> None:
    caller = client(fakes)
    with pytest.raises(TembaBadRequestError) as bad:
        caller.create_broadcast("Hello", urns=["tel:12"])
    assert bad.value.errors == {"urns": {"0": ["Invalid URN: tel:12. Ensure phone numbers contain country codes."]}}
    with pytest.raises(TembaTokenError):
        TembaClient(fakes.rapidpro, "UNKNOWN").get_org()
    with pytest.raises(TembaTokenError):
        client(fakes, "viewer").create_broadcast("Hello", urns=[ANN])
    with pytest.raises(TembaNoSuchObjectError):
        caller.update_contact("000000c0-0000-4000-8000-00000000ffff", name="Nobody")
    requests.put(f"{fakes.control}/rapidpro/engine", json={"state": "down"}, timeout=10)
    with pytest.raises(TembaHttpError, match="500"):
        caller.create_broadcast("Hello", urns=[ANN])
