"""Variations of the recorded requests; the expected answers were read in RapidPro's source.

Read at v6.4.0, v8.0.0, v9.3.76 and v26.3.54: temba/api/v2/fields.py (the field classes), temba/api/v2/serializers.py
(Broadcast-, Msg-, Contact-, ContactBulkAction-, MsgBulkActionSerializer), temba/utils/fields.py (NameValidator).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.seed.default import default_seed
from fakes.serving.wsgi import Reply, build_environ, call

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANN, BOB, GONE = (f"000000c0-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
HEADERS = {"Authorization": "Token RAPIDPRO-TEST-TOKEN-0000000000000000000000", "Content-Type": "application/json"}
URNS = {"urns": ["tel:+250788000001"]}
HELLO = {**URNS, "text": "Hello"}
NO_STRING_OR_INTEGER = "Must be a string or integer"
NULL, BLANK = "This field may not be null.", "This field may not be blank."
NOT_ISO = "Not an allowed ISO 639-3 language code."
Post = Callable[..., tuple[int, Any]]


def seed(**more: Any) -> dict[str, Any]:
    given = dict(default_seed(NOW))
    born = "2025-12-01T00:00:00Z"
    person = {"workspace": 1, "created_on": born}
    given["contacts"] = [
        {**person, "uuid": ANN, "name": "Ann", "urns": ["tel:+250788000001"]},
        {**person, "uuid": BOB, "name": "Bob", "urns": ["tel:+250788000002"], "status": "blocked"},
    ]
    named = {"workspace": 1}
    given["groups"] = [
        {**named, "uuid": "00000060-0000-4000-8000-000000000001", "name": "Nurses"},
        {**named, "uuid": "00000060-0000-4000-8000-000000000002", "name": "Villagers", "query": 'village != ""'},
    ]
    given["fields"] = [{**named, "key": "age", "name": "Age", "type": "number"}]
    text = {"workspace": 1, "contact": ANN, "text": "hi", "status": "handled", "created_on": born}
    given["messages"] = [
        {**text, "id": 1, "uuid": "00000099-0000-4000-8000-000000000001", "direction": "in"},
        {**text, "id": 2, "uuid": "00000099-0000-4000-8000-000000000002", "direction": "out", "status": "sent"},
    ]
    return {**given, **more}


def poster(profile: str, **more: Any) -> Post:
    site = RapidPro(VirtualClock(NOW), profile=profile, session=requests.Session(), rng=random.Random(1))
    site.seed(seed(**more))

    def post(name: str, body: Mapping[str, Any], query: str = "", method: str = "POST") -> tuple[int, Any]:
        raw = json.dumps(body).encode() if method == "POST" else b""
        reply: Reply = call(site, build_environ(method, f"/api/v2/{name}.json", query, HEADERS, raw))
        return reply.status, json.loads(reply.body) if reply.body.startswith((b"{", b"[")) else None

    return post


@pytest.fixture
def post() -> Post:
    return poster("26")


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"contacts": [None]}, {"contacts": [NO_STRING_OR_INTEGER]}),
        ({"contacts": [1.5]}, {"contacts": [NO_STRING_OR_INTEGER]}),
        ({"contacts": [True]}, {"contacts": ["No such object: True"]}),
        ({"contacts": [5]}, {"contacts": ["No such object: 5"]}),
        ({"contacts": [""]}, {"contacts": ["No such object: "]}),
        ({"contacts": {"abc": 1}}, {"contacts": ["No such object: abc"]}),
        ({"contacts": "x" * 101}, {"contacts": ["Ensure this field has no more than 100 elements."]}),
        ({"contacts": 5}, {"contacts": ['Expected a list of items but got type "int".']}),
        ({"contacts": None}, {"contacts": [NULL]}),
        ({"contacts": ["tel:0788000001"]}, {"contacts": ["No such object: tel:0788000001"]}),
        ({"groups": [False]}, {"groups": ["No such object: False"]}),
        ({"urns": ["   "]}, {"urns": {"0": [BLANK]}}),
        ({"urns": ["foo:" + "a" * 300]}, {"urns": {"0": [f"Invalid URN: foo:{'a' * 300}. "
                                                          "Ensure phone numbers contain country codes."]}}),
        ({"text": {"english": ""}}, {"text": {"english": [BLANK]}}),
        ({"text": {"english": "Hello", "kin": ""}}, {"text": {"kin": [BLANK]}}),
        ({"text": {"english": "Hello", "kin": "Muraho"}}, {"text": {"english": [NOT_ISO]}}),
        ({"text": ["Hello"]}, {"text": {"eng": ["Not a valid string."]}}),
        ({"attachments": {"eng": ["x"] * 11}}, {"attachments": {"eng": ["Ensure this field has no more than "
                                                                          "10 elements."]}}),
        ({"attachments": {"eng": None}}, {"attachments": {"eng": [NULL]}}),
        ({"attachments": [None]}, {"attachments": {"eng": [NO_STRING_OR_INTEGER]}}),
        ({"quick_replies": [{"type": "text"}]},
         {"quick_replies": {"eng": {"0": ["Quick replies of type 'text' require a 'text' value."]}}}),
        ({"quick_replies": [{"type": "url", "text": "Look"}]},
         {"quick_replies": {"eng": {"0": ["Quick replies of type 'url' require 'text' and 'extra' values."]}}}),
        ({"quick_replies": [{"type": "shout", "text": "Yes"}]},
         {"quick_replies": {"eng": {"0": {"type": ['"shout" is not a valid choice.']}}}}),
        ({"quick_replies": [{"text": "Yes"}] * 11},
         {"quick_replies": {"eng": ["Ensure this field has no more than 10 elements."]}}),
    ],
)  # fmt: skip
def test_a_broadcast_with_a_wrong_field_is_refused_in_the_real_words(
    post: Post, given: dict[str, Any], errors: dict[str, Any]
) -> None:
    assert post("broadcasts", {**HELLO, **given}) == (400, errors)


def test_a_text_may_have_fifty_languages_and_no_more(post: Post) -> None:
    from fakes.rapidpro.api.values.languages import is_language

    letters = "abcdefghijklmnopqrstuvwxyz"
    codes = [code for a in letters for b in letters if is_language(code := f"a{a}{b}")][:51]
    assert post("broadcasts", {**URNS, "text": dict.fromkeys(codes[:50], "Hello")})[0] == 201
    refused = post("broadcasts", {**URNS, "text": dict.fromkeys(codes, "Hello")})
    assert refused == (400, {"text": ["Ensure this field has no more than 50 elements."]})


def test_a_long_number_is_measured_in_its_usual_form(post: Post) -> None:
    status, shown = post("broadcasts", {"urns": ["tel:+250788000001" + " " * 300], "text": "Hello"})
    assert (status, shown["urns"]) == (201, ["tel:+250788000001"])


def test_an_empty_list_of_attachments_stands_in_for_a_text() -> None:
    status, shown = poster("9.3")("broadcasts", {**URNS, "attachments": []})
    assert (status, shown["text"], shown["attachments"]) == (201, {"eng": None}, {"eng": []})


def test_attachments_and_quick_replies_need_the_base_language(post: Post) -> None:
    texts = {"eng": "Hello", "kin": "Muraho"}
    body: dict[str, Any] = {**URNS, "text": texts, "base_language": "kin", "attachments": {"eng": []}}
    said = "No attachment translations provided in base language."
    assert post("broadcasts", body) == (400, {"non_field_errors": [said]})
    body = {**URNS, "text": texts, "base_language": "kin", "quick_replies": [{"text": "Yes"}]}
    said = "No quick_replies translations provided in base language."
    assert post("broadcasts", body) == (400, {"non_field_errors": [said]})


@pytest.mark.parametrize(
    ("profile", "text", "said"),
    [
        ("8.0", {"eng": "Hi", "xxx": "Hm"}, None),
        ("8.0", {"eng": "Hi", "en": "Hm"}, "Language code en is not valid."),
        ("8.0", {"eng": 5, "en": "Hm"}, "Translations must be strings."),
        ("8.0", {"kin": 5}, "Must include translation for base language 'eng'"),
        ("8.0", {"eng": "x" * 641}, "Ensure translations have no more than 640 characters."),
        ("8.0", "x" * 641, "Ensure this field has no more than 640 characters."),
        ("6.4", {"eng": "Hi", "en": "Hm"}, None),
        ("6.4", {"eng": "Hi", "english": "Hm"}, "Language code english is not valid."),
        ("7.4", {"eng": "Hi", "base": "Hm"}, None),
    ],
)
def test_old_versions_check_translations_one_after_the_other(profile: str, text: Any, said: str | None) -> None:
    status, shown = poster(profile)("broadcasts", {**URNS, "text": text})
    assert (status, shown.get("text")) == ((201, text) if said is None else (400, [said]))


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"contact": ""}, {"contact": [NULL]}),
        ({"contact": True}, {"contact": ["No such object: True"]}),
        ({"contact": [ANN]}, {"contact": [NO_STRING_OR_INTEGER]}),
        ({"contact": ANN, "quick_replies": [{"text": ""}]},
         {"quick_replies": {"0": ["Quick replies of type 'text' require a 'text' value."]}}),
    ],
)  # fmt: skip
def test_a_message_with_a_wrong_field_is_refused_in_the_real_words(
    post: Post, given: dict[str, Any], errors: dict[str, Any]
) -> None:
    assert post("messages", {"text": "Hello", **given}) == (400, errors)


def test_an_empty_flow_counts_as_null(post: Post) -> None:
    assert post("flow_starts", {**URNS, "flow": ""}) == (400, {"flow": [NULL]})


@pytest.mark.parametrize(
    ("given", "status", "answer"),
    [
        ({"messages": [1], "action": "archive"}, 204, None),
        ({"messages": [1, 77, "abc", "1"], "action": "archive"}, 200, {"failures": [77, "abc", "1"]}),
        ({"messages": [1, 2], "action": "archive"}, 400, {"messages": ["Not an incoming message: 2"]}),
        ({"messages": [None], "action": "archive"}, 400, {"messages": [NO_STRING_OR_INTEGER]}),
        ({"messages": [1], "action": "shout"}, 400, {"action": ['"shout" is not a valid choice.']}),
        ({"messages": [1], "action": None}, 400, {"action": [NULL]}),
        ({"messages": [1], "action": "label"}, 400,
         {"non_field_errors": ['For action "label" you should also specify a label']}),
        ({"messages": [1], "action": "delete", "label_name": "X"}, 400,
         {"non_field_errors": ['For action "delete" you should not specify a label']}),
        ({"messages": [1], "action": "label", "label_name": 'a"b'}, 400,
         {"label_name": ['Cannot contain the character: "']}),
        ({"messages": [1], "action": "label", "label_name": "x" * 65}, 400,
         {"label_name": ["Cannot be longer than 64 characters.",
                         "Ensure this field has no more than 64 characters."]}),
        ({"messages": [1], "action": "unlabel", "label_name": "Nobody"}, 204, None),
    ],
)  # fmt: skip
def test_message_actions_answer_as_the_real_ones(post: Post, given: dict[str, Any], status: int, answer: Any) -> None:
    assert post("message_actions", given) == (status, answer)


def test_a_label_is_named_once(post: Post) -> None:
    assert post("message_actions", {"messages": [1], "action": "label", "label_name": "Odd"})[0] == 204
    both = {"messages": [1], "action": "label", "label": "odd", "label_name": "Odd"}
    assert post("message_actions", both) == (
        400,
        {"non_field_errors": ["Can't specify both label and label_name."]},
    )


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"contacts": [], "action": "block"}, {"contacts": ["Contacts can't be empty."]}),
        ({"contacts": [ANN], "action": "add"},
         {"non_field_errors": ['For action "add" you should also specify a group']}),
        ({"contacts": [ANN], "action": "block", "group": "Nurses"},
         {"non_field_errors": ['For action "block" you should not specify a group']}),
        ({"contacts": [ANN], "action": "add", "group": "Villagers"},
         {"group": ["Contact group must not be query based: Villagers"]}),
        ({"contacts": [ANN, BOB], "action": "add", "group": "Nurses"},
         {"non_field_errors": [f"Non-active contacts cannot be added to groups: {BOB}"]}),
    ],
)  # fmt: skip
def test_contact_actions_are_refused_in_the_real_words(
    post: Post, given: dict[str, Any], errors: dict[str, Any]
) -> None:
    assert post("contact_actions", given) == (400, errors)


@pytest.mark.parametrize(
    ("query", "given", "errors"),
    [
        (f"uuid={ANN}", {"language": "en"}, {"language": ["Ensure this field has at least 3 characters."]}),
        (f"uuid={ANN}", {"language": "xxx"}, {"language": ["Not a valid ISO639-3 language code."]}),
        (f"uuid={ANN}", {"fields": {"age": {"a": 1}}}, {"fields": {"age": ["Not a valid string."]}}),
        (f"uuid={BOB}", {"groups": ["Nurses"]}, {"groups": ["Non-active contacts can't be added to groups"]}),
        (f"uuid={ANN}", {"groups": ["Villagers"]}, {"groups": ["Contact group must not be query based: Villagers"]}),
        ("urn=tel:%2B250788000001", {"urns": ["tel:+250788000009"]},
         {"urns": ["Field not allowed when using URN in URL"]}),
    ],
)  # fmt: skip
def test_changes_to_contacts_are_refused_in_the_real_words(
    post: Post, query: str, given: dict[str, Any], errors: dict[str, Any]
) -> None:
    assert post("contacts", given, query) == (400, errors)


def test_a_group_to_filter_by_is_written_as_it_is_stored(post: Post) -> None:
    assert post("contacts", {"groups": ["nURSES"]}, f"uuid={ANN}")[0] == 200
    assert len(post("contacts", {}, "group=Nurses", "GET")[1]["results"]) == 1
    assert post("contacts", {}, "group=nurses", "GET")[1]["results"] == []


@pytest.mark.parametrize("name", ["contacts", "groups", "fields", "globals", "labels"])
def test_nothing_is_written_in_a_suspended_workspace(name: str) -> None:
    spaces = [{**default_seed(NOW)["workspaces"][0], "suspended": True}]
    status, answer = poster("26", workspaces=spaces)(name, {"name": "New", "type": "text", "value": "x"})
    assert (status, list(answer)) == (400, ["non_field_errors"])


@pytest.mark.parametrize(("profile", "urns"), [("6.4", []), ("9.3", ["tel:********"]), ("26", ["tel:********"])])
def test_an_anonymous_workspace_shows_schemes_only(profile: str, urns: list[str]) -> None:
    spaces = [{**default_seed(NOW)["workspaces"][0], "anonymous": True}]
    shown = poster(profile, workspaces=spaces)("contacts", {}, f"uuid={ANN}", "GET")[1]["results"][0]
    assert shown["urns"] == urns


def test_nothing_is_left_of_a_deleted_contact(post: Post) -> None:
    assert post("contacts", {"language": "eng", "fields": {"age": 7}}, f"uuid={ANN}")[1]["fields"] == {"age": "7"}
    assert post("contacts", {}, f"uuid={ANN}", "DELETE")[0] == 204
    shown = post("contacts", {}, "deleted=yes", "GET")[1]["results"][0]
    assert (shown["language"], shown["fields"], shown["urns"], shown["status"]) == (None, {}, [], None)
    assert len(post("contacts", {}, "deleted=t", "GET")[1]["results"]) == 1, "t is no yes: Bob, who is still there"
