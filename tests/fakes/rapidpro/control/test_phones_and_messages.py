"""Phones, their names and texts, and stored messages over the control API: whole, by person, and what is new."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.assembly import assemble_services
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.rapidpro.seed.default import default_seed
from fakes.serving.wsgi import Reply
from tests.fakes.rapidpro.control.test_tokens_and_rates import ControlledRapidPro

AMINA, BEN, NEW = "+250788123001", "+250788123002", "+250788999888"


class People(ControlledRapidPro):
    """The fake with its built-in seed, and people who text."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.fakes = assemble_services(["rapidpro"], self.clock)
        self.control = control_app(self.fakes)

    def get(self, path: str, query: str = "") -> Any:
        status, answer = self.read(path, query)
        assert status == 200, answer
        return answer

    def read(self, path: str, query: str = "") -> tuple[int, Any]:
        return self.control_call("GET", path if not query else f"{path}?{query}")

    def put(self, path: str, body: Any) -> Any:
        status, answer = self.control_call("PUT", path, body)
        assert status == 200, answer
        return answer

    def text(self, number: str, *texts: str) -> None:
        for text in texts:
            assert self.control_call("POST", f"/phones/{number}/texts", {"text": text})[0] == 200
            self.clock.advance(1)

    def send(self, count: int, number: str) -> None:
        assert self.control_call("POST", "/broadcasts", {"count": count, "number": number})[0] == 200

    def do(self, step: str) -> None:
        """One thing that adds or changes messages."""
        if step == "send":
            self.send(2, AMINA)
        elif step == "text":
            self.text(BEN, "hello")
        elif step == "wait":
            self.clock.advance(3)
        elif step == "fail":
            self.put("/channel", {"bad_numbers": [AMINA]})
        else:
            failed = [one["id"] for one in self.get("/messages")["messages"] if one["status"] == "failed"]
            assert all(self.control_call("POST", f"/messages/{id_}/resend")[0] == 200 for id_ in failed)

    def ask_api(self, method: str, path: str, body: Any = None) -> Reply:
        """Ask RapidPro's API with the token of the built-in seed."""
        (key,) = (token["key"] for token in default_seed(self.clock.now())["tokens"].values())
        return self.ask(path, key=key, method=method, body=body)

    def rows_of_api(self, path: str) -> list[Any]:
        return list(json.loads(self.ask_api("GET", path).body)["results"])

    def contacts(self, number: str) -> list[Any]:
        return self.rows_of_api(f"contacts.json?urn=tel:%2B{number[1:]}")


@pytest.fixture
def people() -> People:
    return People()


def test_a_named_phone_is_listed_and_its_contact_has_the_name_in_the_api(people: People) -> None:
    named = people.put(f"/phones/{NEW}", {"name": " Nurse Ada "})
    assert (named["number"], named["name"]) == (NEW, "Nurse Ada")
    listed = people.get("/phones", "texts=yes")
    assert (NEW in listed["phones"], listed["texts"][NEW], listed["names"][NEW]) == (True, [], "Nurse Ada")
    assert [one["name"] for one in people.contacts(NEW)] == ["Nurse Ada"]
    people.text(NEW, "hello")
    assert people.put(f"/phones/{NEW}", {"name": None})["contact"] == named["contact"]
    assert NEW not in people.get("/phones", "texts=yes")["names"]
    assert [one["name"] for one in people.contacts(NEW)] == [None]


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "  "}, {"name": "x" * 65}, {"name": 5}, {"nme": "Ada"}, []]
)
def test_a_name_that_no_contact_can_have_is_refused_and_nobody_is_created(people: People, body: Any) -> None:
    status, answer = people.control_call("PUT", f"/phones/{NEW}", body)
    assert status == 400
    assert "name" in answer["error"]
    assert people.contacts(NEW) == []
    assert people.get("/phones") == {"phones": []}


def test_a_name_for_something_that_is_no_number_is_refused(people: People) -> None:
    assert people.control_call("PUT", "/phones/Ada", {"name": "Ada"})[0] == 400


def test_texts_are_read_in_pieces_across_all_phones(people: People) -> None:
    people.text(AMINA, "one")
    people.text(BEN, "two")
    people.text(AMINA, "three")
    seen, after = [], 0
    while (piece := people.get("/phones", f"texts=yes&after={after}&limit=1"))["last"] != after:
        seen += [(number, entry["text"]) for number, texts in piece["texts"].items() for entry in texts]
        after = piece["last"]
    assert seen == [(AMINA, "one"), (BEN, "two"), (AMINA, "three")]
    assert piece["texts"] == {}
    assert [one["text"] for one in people.get(f"/phones/{AMINA}/texts", "after=1")["texts"]] == ["three"]


def test_messages_are_those_of_a_person_or_those_that_are_new(people: People) -> None:
    people.text(AMINA, "one", "two")
    people.text(BEN, "three")
    every = people.get("/messages")
    of_amina = people.get("/messages", f"number=%2B{AMINA[1:]}&statuses=yes")
    assert [one for one in every["messages"] if one["number"] == AMINA] == [
        {key: value for key, value in one.items() if key != "statuses"} for one in of_amina["messages"]
    ]
    first = every["messages"][-3]["id"]
    assert [one["text"] for one in people.get("/messages", f"after={first}")["messages"]] == ["two", "three"]
    piece = people.get("/messages", f"after={first}&limit=1")
    assert ([one["text"] for one in piece["messages"]], piece["last"]) == (["two"], first + 1)
    nothing = {"messages": [], "last": every["last"], "changed": every["changed"]}
    assert people.get("/messages", f"after={every['last']}") == nothing


def test_only_messages_that_have_changed_since_are_read_again(people: People) -> None:
    people.send(2, AMINA)
    people.clock.advance(3600)
    seen = people.get("/messages")["changed"]
    assert people.get("/messages", f"changed={seen}") == {"messages": [], "last": 0, "changed": seen}
    people.text(BEN, "new")
    first, second, new = (one["id"] for one in people.get("/messages")["messages"])
    people.control_call("POST", "/channel/reports", {"message": first, "status": "read"})
    people.control_call("PUT", "/channel", {"bad_numbers": [AMINA]})
    found = people.get("/messages", f"changed={seen}&statuses=yes")
    assert [one["id"] for one in found["messages"]] == [new, first]
    assert found["messages"][1]["statuses"][-1]["status"] == found["messages"][1]["status"]
    assert people.get("/messages", f"changed={found['changed']}")["messages"] == []
    assert second not in [one["id"] for one in found["messages"]]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(["send", "text", "wait", "fail", "resend"]), max_size=8), st.integers(1, 3))
def test_whoever_reads_what_has_changed_knows_what_whoever_reads_all_knows(steps: list[str], size: int) -> None:
    people, seen = People(), 0
    known: dict[int, Any] = {}
    for step in steps:
        people.do(step)
        more = True
        while more:
            piece = people.get("/messages", f"statuses=yes&changed={seen}&limit={size}")
            known |= {one["id"]: one for one in piece["messages"]}
            seen, more = piece["changed"], bool(piece["messages"])
        assert known == {one["id"]: one for one in people.get("/messages", "statuses=yes")["messages"]}


@pytest.mark.parametrize(
    "path", ["/messages?after=-1", "/messages?limit=x", "/messages?number=Ada", "/phones?limit=1.5"]
)
def test_a_question_that_makes_no_sense_is_refused(people: People, path: str) -> None:
    status, answer = people.control_call("GET", path)
    assert (status, "expected" in answer["error"]) == (400, True)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([AMINA, BEN, NEW]), max_size=8), st.integers(1, 4))
def test_pieces_make_up_the_whole(senders: list[str], size: int) -> None:
    people = People()
    for place, number in enumerate(senders):
        people.text(number, f"text {place}")
    whole = people.get("/phones", "texts=yes")["texts"]
    pieces: dict[str, list[Any]] = {number: [] for number in whole}
    after, more = 0, True
    while more:
        piece = people.get("/phones", f"texts=yes&after={after}&limit={size}")
        assert sum(map(len, piece["texts"].values())) <= size
        for number, texts in piece["texts"].items():
            pieces[number] += texts
        after, more = piece["last"], piece["last"] > after
    assert pieces == whole
