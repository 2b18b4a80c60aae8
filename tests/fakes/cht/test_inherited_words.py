"""Words that every JavaScript object has a property for, in all tables of settings and documents CHT looks words up in.

What CHT's own code answers to them is in `tests/golden/cht_source/inherited.json`.
"""

from __future__ import annotations

from typing import Any

import pytest

from fakes.cht.couch.documents import Doc
from fakes.cht.errors import ServerError
from fakes.cht.javascript.inherited import FUNCTIONS
from fakes.cht.javascript.mustache import TemplateError, render
from fakes.cht.javascript.paths import set_path
from fakes.cht.messages.generator import Context, Messages
from fakes.cht.messages.history import History
from fakes.cht.messages.recipients import phone_of
from fakes.cht.reports.records import record_of_json, record_of_text
from fakes.cht.reports.validation.functions import FUNCTIONS as RULES
from fakes.cht.reports.validation.functions import RuleError, value_of
from fakes.cht.reports.validation.rules import holds
from fakes.cht.state import State
from fakes.cht.transitions.lib.forms import is_valid_submission
from tests.fakes.cht.client import GATEWAY, Client, client
from tests.fakes.cht.messaging.gateway import JSON, pending, sending, under_way
from tests.fakes.cht.recorded_traffic import docs_of, world
from tests.fakes.cht.transitions.cht_source import read
from tests.fakes.cht.transitions.test_registration import SETTINGS, clinic, replies, text

WORDS = (*FUNCTIONS, "__proto__")
RECORDED = read("inherited")
NO_TRIM = "msg.trim is not a function"


def test_templates_find_what_objects_lists_and_functions_inherit() -> None:
    found = []
    for one in RECORDED["templates"]:
        try:
            found.append({"template": one["template"], "outcome": render(one["template"], RECORDED["view"])})
        except (TypeError, TemplateError) as fault:
            found.append({"template": one["template"], "throws": str(fault)})
    assert len(found) > 200
    assert found == RECORDED["templates"]


def test_texts_are_parsed_with_what_tables_of_fields_labels_types_and_languages_inherit() -> None:
    assert len(RECORDED["parsing"]) > 200
    for one in RECORDED["parsing"]:
        state = client({"settings": {"forms": {"T": {"meta": {"code": "T"}, "fields": one["form"]}}}}).cht.state
        data = {"from": "+250788123456", "message": one["text"], "locale": one.get("locale")}
        if one.get("throws"):
            with pytest.raises(ServerError):
                record_of_text(data, state)
            continue
        record = record_of_text(data, state)
        assert record["fields"] == one["fields"], one
        assert [error["code"] for error in record["errors"]] == [code for code, _ in one["errors"]], one


def test_rules_find_inherited_functions_and_values() -> None:
    for one in RECORDED["rules"]:
        own: dict[str, Any] = {"a": "5"}
        values = {**own, one["property"]: value_of(own, one["property"])}
        try:
            outcome: Any = holds(one["rule"], values, one["property"], RULES)
        except RuleError:
            outcome = "throws"
        assert outcome == one["outcome"], one


def task_and_errors(state: State, content: Doc, recipient: Any = None, context: Context | None = None) -> Doc:
    doc: Doc = {"from": "+250788123456", "fields": {}}
    Messages(state, History()).add(doc, content, recipient, context or Context())
    return doc


@pytest.mark.parametrize("word", WORDS)
def test_an_inherited_translation_key_is_an_error_of_the_record_and_nothing_is_sent(word: str) -> None:
    doc = task_and_errors(client().cht.state, {"translation_key": word})
    assert doc["tasks"] == []
    assert doc["errors"] == [{"code": "parse_error", "message": f"{NO_TRIM}: {word}"}]


@pytest.mark.parametrize("word", FUNCTIONS)
def test_a_text_of_its_own_comes_before_an_inherited_one(word: str) -> None:
    texts = {"_id": "messages-en", "type": "translations", "generic": {word: "Hello"}}
    other = {"_id": "messages-ne", "type": "translations", "generic": {"a": "b"}}
    state = client({"docs": [texts]}).cht.state
    assert task_and_errors(state, {"translation_key": word})["tasks"][0]["messages"][0]["message"] == "Hello"
    both = client({"docs": [texts, other], "settings": {"locale": "ne"}}).cht.state
    assert task_and_errors(both, {"translation_key": word})["tasks"] == [], "another language has it by inheritance"


@pytest.mark.parametrize("word", WORDS)
def test_an_inherited_recipient_is_an_error_where_the_settings_change_numbers(word: str) -> None:
    changes: tuple[tuple[Doc, str], ...] = (
        ({"outgoing_phone_replace": {"match": "+250", "replace": "0"}}, "phone.indexOf"),
        ({"outgoing_phone_filters": [{"match": "^a", "replace": "b"}]}, "phone.replace"),
    )
    for settings, function in changes:
        with pytest.raises(TypeError, match=function):
            phone_of(settings, {"from": "+250788123456"}, word)
        (error,) = task_and_errors(client({"settings": settings}).cht.state, {"message": "hello"}, word)["errors"]
        assert error["message"] == f"{function} is not a function: undefined"


@pytest.mark.parametrize("word", WORDS)
def test_an_inherited_link_is_found_at_the_first_contact_with_links_and_has_no_phone(word: str) -> None:
    above = {"linked_docs": {word: {"phone": "+250788000001"}}}
    patient = {"linked_docs": {"other": {}}, "parent": above}
    assert phone_of({}, {"patient": {"parent": above}, "from": "sender"}, f"link:{word}") == "+250788000001"
    assert phone_of({}, {"patient": patient, "from": "sender"}, f"link:{word}") == "sender"


@pytest.mark.parametrize("word", WORDS)
def test_a_json_report_has_inherited_fields_too(word: str) -> None:
    fields = {word: {"type": "integer"}, "a": {"type": "string", "required": True}}
    state = client({"settings": {"forms": {"T": {"meta": {"code": "T"}, "fields": fields}}}}).cht.state
    record = record_of_json({"_meta": {"form": "T", "from": "+250788123456"}, "a": "x"}, state)
    assert record["fields"] == {"a": "x"}
    assert [error["code"] for error in record["errors"]] == ["sys.incorrect_type"]


@pytest.mark.parametrize("word", WORDS)
def test_an_inherited_trigger_runs_and_may_end_the_transition(word: str) -> None:
    registration = {
        "form": "NEW",
        "events": [{"name": "on_create", "trigger": word}],
        "messages": [{"message": "Thank you"}],
    }
    report = text(clinic(registrations=[registration]), "NEW Ada")
    assert replies(report) == (["Thank you"] if word in ("constructor", "toString") else [])


@pytest.mark.parametrize("word", WORDS)
def test_a_document_of_an_inherited_form_counts_as_of_a_known_form(word: str) -> None:
    for code, known in ((word, True), ("other", False)):
        doc = {"type": "data_record", "form": code, "contact": {"phone": "+250788123456"}}
        assert is_valid_submission(SETTINGS, doc) is known
        assert not is_valid_submission(SETTINGS, {**doc, "contact": None})


def settings_after(cht: Client, change: str, how: str = "") -> Any:
    answer = cht.put(f"/api/v1/settings{how}", data=change, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    return cht.cht.state.settings


@pytest.mark.parametrize("word", WORDS)
def test_settings_that_would_change_what_all_objects_share_are_not_stored(word: str) -> None:
    cht = client()
    stays = word != "__proto__"
    assert word not in settings_after(cht, f'{{"{word}": {{"a": 1}}}}')
    assert (word in settings_after(cht, f'{{"{word}": 5}}')) is stays
    assert (word in settings_after(client(), f'{{"{word}": {{"a": 1}}}}', "?replace=1")) is stays
    assert settings_after(client(), f'{{"{word}": {{"a": 1}}}}', "?overwrite=1")[word] == {"a": 1}


def test_a_mapping_to_the_prototype_stores_nothing() -> None:
    payload: Doc = {}
    for path in ("__proto__", "__proto__.a", "a.__proto__.b", "constructor.a", "b"):
        set_path(payload, path, 5)
    assert payload == {"a": {}, "constructor": {"a": 5}, "b": 5}


@pytest.mark.parametrize("word", FUNCTIONS)
def test_states_of_a_document_with_an_inherited_id_cannot_be_saved(word: str) -> None:
    doc = {**pending(1)[0], "_id": word}
    cht = client({"users": {GATEWAY[0]: {"password": GATEWAY[1], "roles": ["admin"]}}, "docs": [doc]}, user=GATEWAY)
    answer = cht.post("/api/sms", json={"updates": [{"id": "u-000", "status": "SENT"}]})
    assert answer.status_code == 500
    assert (cht.cht.state.get(word) or {})["tasks"] == doc["tasks"]


def test_a_document_with_an_inherited_id_is_sent_again_in_each_pass() -> None:
    doc = {**pending(1)[0], "_id": "constructor"}
    made = sending(lambda n, _r: {"status": 201, "content_type": JSON, "body": f'{{"id": {n}}}'}, [doc])
    assert len(made.run("send")) == len(made.run("send")) == 1
    polled = {**under_way(1)[0], "_id": "constructor"}
    answer = '{"results": [{"status": "delivered"}]}'
    asked = sending(lambda _n, _r: {"status": 200, "content_type": JSON, "body": answer}, [polled])
    assert len(asked.run("poll")) == len(asked.run("poll")) == 1


@pytest.mark.parametrize("word", ["constructor", "harmless"])
def test_a_due_task_of_a_document_with_an_inherited_id_holds_up_all_others(word: str) -> None:
    messages = [{"uuid": "u", "to": "1", "message": "m"}]
    task = {"state": "scheduled", "due": "2026-11-22T10:00:00.000Z", "messages": messages}
    docs = [{"_id": one, "type": "data_record", "scheduled_tasks": [task]} for one in ("a", word)]
    made = world({"docs": docs})
    made.control.post("/cht/run", json={"pass": "schedules"})
    states = [doc["scheduled_tasks"][0]["state"] for doc in docs_of(made, "medic") if doc["_id"] == "a"]
    assert states == ["scheduled" if word == "constructor" else "pending"]
