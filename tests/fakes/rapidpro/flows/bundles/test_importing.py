"""Importing bundles: what becomes of them, what is missing, and why one is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.flows.bundles.files import MAX_BYTES, bundle_in
from fakes.rapidpro.flows.bundles.reading import BadBundle
from fakes.rapidpro.seed.default import default_seed
from fakes.service import SeedError
from tests.fakes.rapidpro.flow_bundles import act, ask, bundle, call, catch_all, enter, flow, keyword, say, uuid_of
from tests.fakes.rapidpro.flow_sites import Site
from tests.fakes.rapidpro.memory_records import T0
from tests.fakes.rapidpro.worlds import IncomingWorld

HELLO = flow("Hello", say("hello", "Hello"))


def refused(content: Any) -> str:
    answer = IncomingWorld().http.post("/rapidpro/flows", json=content)
    assert answer.status_code == 400
    return str(answer.get_json()["error"])


def broken(key: str, value: Any) -> Any:
    made = json.loads(json.dumps(HELLO))
    made["nodes"][0][key] = value
    return bundle(HELLO, {**made, "uuid": uuid_of("Broken"), "name": "Broken"})


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ([], "expected an export or a flow as a JSON object, got []"),
        ({}, "there are no flows: expected the key flows"),
        (bundle(), "flows is empty"),
        ({**bundle(HELLO), "version": "14"}, "version: expected that of an export, 3 to 13, got '14'"),
        ({"flows": [HELLO]}, "version: expected that of an export, 3 to 13, got None"),
        ({**bundle(HELLO), "flows": {}}, "flows must be a list"),
        ({**bundle(HELLO), "flows": [HELLO, 5]}, "flows[1] must be an object, got 5"),
        (bundle({**HELLO, "uuid": ""}), "can't parse UUID from flow asset"),
        (bundle(HELLO, HELLO), "two of them have the same UUID"),
        (broken("actions", [{"type": "fly", "uuid": uuid_of("x")}]), "flows[1] (Broken) is refused: "),
        (broken("exits", []), "flows[1] (Broken) is refused: "),
        (bundle({**HELLO, "type": "voice"}), "voice flows need a call"),
        (bundle(HELLO, triggers=[catch_all("Hello", trigger_type="Z")]), "triggers[0].trigger_type: expected one of K"),
        (bundle(HELLO, triggers=[keyword("Hello")]), "triggers[0].keywords: a keyword trigger needs one"),
        (bundle(HELLO, triggers=[keyword("Hello", "x", match_type="Q")]), "triggers[0].match_type: expected F"),
        (bundle(HELLO, triggers=[catch_all("Nobody")]), "a trigger starts the flow"),
        (bundle(HELLO, triggers=[{"trigger_type": "C"}]), "triggers[0].flow: expected a reference"),
        (bundle(HELLO, triggers=[catch_all("Hello", groups=[{}])]), "triggers[0].groups[0].name: expected a text"),
        (bundle(HELLO, groups=[{"name": "x"}]), "groups[0].uuid: expected a text"),
        (bundle(HELLO, fields=[{"name": "x"}]), "fields[0].key: expected a text"),
        (bundle(HELLO, globals=[1]), "globals: expected an object of texts by key"),
        (bundle(HELLO, resthooks={"a": "b"}), "resthooks: expected an object of lists"),
        (bundle(HELLO, ignore_triggers="x"), "ignore_triggers: expected a list of texts"),
        ({**HELLO, "trigger": "C"}, "trigger must be an object with trigger_type"),
    ],
)  # fmt: skip
def test_a_bundle_that_is_not_valid_is_refused_with_reason_and_place(content: Any, complaint: str) -> None:
    assert complaint in refused(content)


def test_a_refused_bundle_changes_nothing() -> None:
    site = Site()
    with pytest.raises(BadBundle):
        site.rapidpro.add_bundle({**broken("exits", []), "globals": {"a": "b"}, "groups": [{"uuid": "1", "name": "x"}]})
    store = site.rapidpro.store
    assert (store.flows, store.globals, store.groups, site.rapidpro.mailroom.imported_flows()["flows"]) == (
        [],
        [],
        [],
        [],
    )


def test_a_flow_on_its_own_can_be_given_a_trigger() -> None:
    site = Site({**HELLO, "trigger": {"trigger_type": "K", "keywords": ["Hi"]}})
    site.text("hi there")
    assert site.said() == ["Hello"]


def test_what_the_flows_need_and_the_workspace_lacks_is_told() -> None:
    needs = act(
        "n",
        {"type": "send_msg", "text": "@globals.ward @fields.village @contact.fields.age @globals.known"},
        {"type": "set_contact_field", "field": {"key": "edd", "name": "EDD"}, "value": "x"},
        {"type": "add_contact_groups", "groups": [{"uuid": uuid_of("G"), "name": "Mothers"}]},
        {"type": "add_input_labels", "labels": [{"uuid": uuid_of("L"), "name": "Reports"}]},
        {"type": "call_resthook", "resthook": "new-report", "result_name": "Hook"},
        then="e",
    )
    whole = flow("Needs", needs, enter("e", "Absent", None))
    (found,) = Site(bundle(whole, fields=[{"key": "age", "name": "Age"}], globals={"known": "1"})).imported
    assert found["missing"] == {
        "fields": ["edd", "village"], "flows": ["Absent"], "globals": ["ward"], "groups": ["Mothers"],
        "labels": ["Reports"], "resthooks": ["new-report"],
    }  # fmt: skip


def test_what_is_not_imitated_is_told() -> None:
    voice = {**flow("Voice", say("v", "x")), "type": "voice"}
    others = [{**catch_all("Hello"), "trigger_type": "S"}, catch_all("Voice")]
    (found,) = Site(bundle(HELLO, voice, triggers=others, campaigns=[{}])).imported
    notes = " | ".join(found["not_used"])
    for part in ("type S (schedule)", "campaigns: 1", "flow Voice: voice flows", "trigger of Voice: voice flows"):
        assert part in notes
    assert found["triggers"] == []


def test_a_group_of_the_same_name_is_the_one_that_is_there() -> None:
    def joins(uuid: str) -> Any:
        group = {"uuid": uuid, "name": "Mothers"}
        name = f"Join {uuid}"
        return bundle(
            flow(name, act("j", {"type": "add_contact_groups", "groups": [group]})),
            triggers=[keyword(name, uuid[:4])], groups=[group],
        )  # fmt: skip

    first, second = uuid_of("1"), uuid_of("2")
    site = Site(joins(first), joins(second))
    site.text(second[:4])
    assert [one.uuid for one in site.contact().groups] == [first]


def test_resthooks_call_their_subscribers() -> None:
    hook = act("h", {"type": "call_resthook", "resthook": "new-report", "result_name": "Hook"})
    whole = bundle(
        flow("Hook", hook), triggers=[catch_all("Hook")], resthooks={"new-report": ["http://relay.test/hook"]}
    )
    site = Site(whole)
    site.text("x")
    assert [path for _, path, *_ in site.endpoint.requests] == ["/hook"]


def test_bundles_in_a_seed_are_there_after_each_reset() -> None:
    whole = bundle(HELLO, triggers=[catch_all("Hello")])
    rapidpro = RapidPro(VirtualClock(T0), session=requests.Session(), rng=random.Random(1))
    rapidpro.seed({**default_seed(T0), "bundles": [whole]})
    rapidpro.reset()
    assert [one["name"] for one in rapidpro.mailroom.imported_flows()["flows"]] == ["Hello"]
    with pytest.raises(SeedError, match="bundles: flows is empty"):
        rapidpro.seed({**default_seed(T0), "bundles": [bundle()]})
    with pytest.raises(SeedError, match="is refused"):
        rapidpro.seed({**default_seed(T0), "bundles": [broken("exits", [])]})
    assert rapidpro.mailroom.incoming.receive("+250788123001", "x")["reply"]["text"] == "Hello"


def test_an_imported_catch_all_goes_before_the_built_in_one_until_that_is_set_again() -> None:
    world = IncomingWorld()
    world.http.post("/rapidpro/flows", json=bundle(HELLO, triggers=[catch_all("Hello")]))
    assert world.text("one")["calls"] == []
    world.put("webhook", url="http://relay.test/again")
    assert world.text("two")["webhook"]["status"] == 200


def test_a_webhook_setting_that_the_engine_refuses_is_refused() -> None:
    answer = IncomingWorld().http.put("/rapidpro/webhook", json={"body": "x" * 20_001})
    assert answer.status_code == 400
    assert "RapidPro refuses a flow with these settings" in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "is not JSON"),
        (json.dumps(bundle(HELLO)).encode()[:-20], "is not JSON"),
        (b"[" * 100_000, "cannot be used: it is nested too deeply"),
        (b"[" * 150 + b"]" * 150, "cannot be used: it is nested too deeply"),
        (b" " * (MAX_BYTES + 1), f"has {MAX_BYTES + 1} bytes: at most {MAX_BYTES} are read"),
        (b"\xff\xfe\x00", "is not JSON"),
    ],
)
def test_a_file_that_is_no_bundle_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "flows.json"
    path.write_bytes(content)
    with pytest.raises(BadBundle, match=complaint):
        bundle_in(path)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadBundle, match="cannot be read: No such file"):
        bundle_in(Path("/nowhere/flows.json"))


@pytest.mark.parametrize("profile", ["9.0", "26"])
def test_the_api_lists_what_an_imported_flow_saves(profile: str) -> None:
    saves = flow("Saves", call("c", "http://relay.test/", "w", None), ask("w", None, {"yes": None}, result="Answer"))
    site = Site(bundle(saves), profile=profile)
    (listed,) = site.api("flows.json")["results"]
    results = {one["key"]: one["categories"] for one in listed["results"]}
    assert results == {"relay": ["Success", "Failure"], "answer": ["yes", "Other"]}
