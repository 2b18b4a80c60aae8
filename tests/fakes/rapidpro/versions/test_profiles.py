"""Every difference between versions is observed over the wire, and docs/profiles.md lists them all."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

import pytest

from fakes.field_meanings import meanings
from fakes.rapidpro.api.http.pages import decode
from fakes.rapidpro.seed.default import default_seed
from fakes.rapidpro.versions.docs import updated
from fakes.rapidpro.versions.profile import Profile
from fakes.rapidpro.versions.profiles import PROFILES, differences, version_of
from fakes.serving.wsgi import Reply, build_environ, call
from tests.fakes.rapidpro.recorded_traffic import RECORDED_AT, World, setup
from tests.folders import DOCS

PAGE = DOCS / "profiles.md"
TO_ANN = {"urns": ["tel:+250788123001"], "text": "Hello"}
INTAKE = "000000f0-0000-4000-8000-000000000001"
NO_UUID = "abc"


class Caller:
    """Sends requests to one fake RapidPro in the state of the recordings."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.world = World(profile.name)
        self.rapidpro = self.world.rapidpro

    def ask(self, method: str, path: str, query: str = "", *, token: str | None = "admin", **more: Any) -> Reply:
        """`path` without /api/v2/; `token`: a name of the setup, none for no token; `json` or `body`."""
        headers = {"Accept": "application/json", **more.get("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Token {setup()['tokens'][token]['key']}"
        body: bytes = more.get("body", b"")
        if "json" in more:
            headers["Content-Type"] = "application/json"
            body = json.dumps(more["json"]).encode()
        return call(self.rapidpro, build_environ(method, f"/api/v2/{path}", query, headers, body))

    def get(self, path: str, query: str = "", **more: Any) -> Any:
        return json.loads(self.ask("GET", path, query, **more).body)

    def rows(self, path: str, query: str = "", **more: Any) -> list[Any]:
        found: list[Any] = self.get(path, query, **more)["results"]
        return found

    def post(self, path: str, body: Any, query: str = "", **more: Any) -> Any:
        return json.loads(self.ask("POST", path, query, json=body, **more).body)

    def start(self, **more: Any) -> Any:
        return self.post("flow_starts.json", {"flow": INTAKE, "urns": ["tel:+250788123001"], **more})

    def granted(self, name: str, *asked: tuple[str, str, str]) -> int:
        """The status of the last of these requests when one request of the scope `name` is granted."""
        self.rapidpro.set_rates({name: "1/hour"})
        return [self.ask(method, path, token=token).status for method, path, token in asked][-1]

    def ids(self, folder: str) -> list[Any]:
        return [row.get("uuid") or row["id"] for row in self.rows("messages.json", f"folder={folder}")]

    def stored(self, folder: str) -> frozenset[str]:
        """The stored statuses of the messages in a folder."""
        store = self.rapidpro.store
        return frozenset(
            (store.message_by_uuid.get(key) or store.message_by_id[key]).status for key in self.ids(folder)
        )


def common_headers(caller: Caller) -> Any:
    names = {name for profile in PROFILES.values() for name, _ in profile.common_headers}
    return tuple(pair for pair in caller.ask("GET", "workspace.json").headers if pair[0] in names)


def workspace_header(caller: Caller) -> Any:
    found = [pair for pair in caller.ask("GET", "workspace.json").headers if pair[0].startswith("X-Temba")]
    assert [value for _, value in found] in ([], ["1"], ["000000a0-0000-4000-8000-000000000001"])
    return found[0][0] if found else None


def strict_basic_auth(caller: Caller) -> Any:
    header = f"Basic {base64.b64encode(b'nocolon').decode()}"
    detail = caller.get("workspace.json", token=None, headers={"Authorization": header})["detail"]
    return "base64" in detail


def surveyor_resources(caller: Caller) -> Any:
    caller.rapidpro.store.tokens[setup()["tokens"]["viewer"]["key"]].user.roles = {1: "surveyor"}
    names = ("contacts", "fields", "flows", "messages", "org", "workspace", "broadcasts", "groups", "labels")
    opened = {name for name in names if caller.ask("GET", f"{name}.json", token="viewer").status == 200}
    return opened | ({"boundaries"} if opened else set())  # which the fake does not offer


def rates(caller: Caller) -> Any:
    found = {}
    scopes = {"v2": "workspace", "v2.contacts": "contacts", "v2.messages": "messages", "v2.runs": "runs"}
    if caller.profile.broadcast_scope != "v2":
        scopes["v2.broadcasts"] = "broadcasts"
    for scope, name in scopes.items():
        allowed = int(caller.profile.rates[scope].partition("/")[0])
        caller.rapidpro.exhaust_quota()
        assert caller.ask("GET", f"{name}.json").status == 429
        caller.rapidpro.throttle.reset()
        path = f"{name}.json"
        statuses = {caller.ask("GET", path, "id=999" if name == "broadcasts" else "").status for _ in range(3)}
        granted = len(caller.rapidpro.throttle._granted[scope, caller.rapidpro._api.quota_key(token(caller))])
        found[scope] = f"{allowed}/hour" if statuses == {200} and granted == 3 else "?"
    return found


def token(caller: Caller) -> Any:
    return caller.rapidpro.store.tokens[setup()["tokens"]["admin"]["key"]]


def words(shown: list[Any], stored: Mapping[Any, Any]) -> dict[str, str]:
    """Stored to shown status where they differ."""
    found = {stored[row.get("id") or row["uuid"]].status: row["status"] for row in shown}
    return {kept: word for kept, word in found.items() if kept != word}


def broadcast_statuses(caller: Caller) -> Any:
    store = caller.rapidpro.store
    return words(caller.rows("broadcasts.json"), {**store.broadcast_by_id, **store.broadcast_by_uuid}) or None


def message_statuses(caller: Caller) -> Any:
    store = caller.rapidpro.store
    shown = caller.rows("messages.json") + caller.rows("messages.json", "folder=incoming")
    return words(shown, {**store.message_by_id, **store.message_by_uuid})


def start_statuses(caller: Caller) -> Any:
    stored = {one.uuid: one for one in caller.rapidpro.store.starts}
    next(one for one in stored.values() if one.status == "pending").status = "queued"
    return words([{**row, "id": None} for row in caller.rows("flow_starts.json")], stored) or None


def serializer(caller: Caller) -> Any:
    answer = caller.post("broadcasts.json", {"urns": ["tel:+250788123001"]})
    return "old" if answer == {"text": ["This field is required."]} else "new"


def text_limit(caller: Caller) -> Any:
    return max(
        length
        for length in (640, 641, 4096, 4097)
        if caller.ask("POST", "broadcasts.json", json={**TO_ANN, "text": "é" * length}).status == 201
    )


def null_text_allowed(caller: Caller) -> Any:
    return next(row["text"] for row in caller.rows("broadcasts.json") if row["text"].get("eng") in (None, "")) == {
        "eng": None
    }


def boundary_needed(it: Caller) -> bool:
    """A form without a boundary is malformed, or has no fields."""
    refused = it.ask("POST", "contact_actions.json", headers={"Content-Type": "multipart/form-data"}, body=b"x")
    return "detail" in json.loads(refused.body)


def engine_by_http(caller: Caller) -> Any:
    caller.rapidpro.engine = "down"
    return caller.ask("POST", "broadcasts.json", json=TO_ANN).status == 500


def numeric_media_allowed(caller: Caller) -> Any:
    if not caller.profile.posts_messages:
        return caller.profile.numeric_media_allowed
    return caller.ask("POST", "broadcasts.json", json={**TO_ANN, "attachments": [1]}).status == 400


def quick_replies(caller: Caller) -> Any:
    replies = [{"type": "text", "text": "Yes"}]
    answer = caller.post("broadcasts.json", {**TO_ANN, "quick_replies": replies})
    return answer.get("quick_replies") == {"eng": replies}


def broadcast_filter(caller: Caller) -> Any:
    filtered, every = (len(caller.rows("messages.json", query)) for query in ("broadcast=1001", ""))
    assert filtered in (2, every)
    return filtered == 2


def sent_ordered_by_sent_on(caller: Caller) -> Any:
    times = [row["sent_on"] for row in caller.rows("messages.json", "folder=sent")]
    return times == sorted(times, reverse=True)


def incoming_unhandled(caller: Caller) -> Any:
    return "not handled yet" in [row["text"] for row in caller.rows("messages.json", "folder=incoming")]


def deleted_visibility(caller: Caller) -> Any:
    rows = caller.rows("messages.json", "folder=incoming")
    shown = [row["visibility"] for row in rows if row["visibility"] not in ("visible", "archived")]
    return shown[0] if shown else caller.profile.deleted_visibility  # where there is no such folder, none is ever shown


def urn_in_use_by_index(caller: Caller) -> Any:
    return isinstance(caller.post("contacts.json", {"urns": ["tel:+250788123001"]})["urns"], dict)


def steals_urns(caller: Caller) -> Any:
    ann, bob = (next(one for one in setup()["contacts"] if one["name"] == name) for name in ("Ann", "Bob"))
    return caller.post("contacts.json", {"urns": bob["urns"]}, f"uuid={ann['uuid']}")["urns"] == bob["urns"]


def deleted_contact_text(caller: Caller) -> Any:
    gone = next(one["uuid"] for one in setup()["contacts"] if one["deleted"])
    return caller.post("contacts.json", {}, f"uuid={gone}")["non_field_errors"][0]


def dated_actions(caller: Caller) -> Any:
    """Each action on a message that it changes."""
    store = caller.rapidpro.store
    named = {"label": "Important", "unlabel": "Important"}
    targets = {"label": 5102, "unlabel": 5101, "archive": 5106, "restore": 5103, "delete": 5107}
    before = {action: store.message_by_id[number].modified_on for action, number in targets.items()}
    for action, number in targets.items():
        label = {"label": named[action]} if action in named else {}
        done = caller.ask("POST", "message_actions.json", json={"messages": [number], "action": action, **label})
        assert done.status == 204
    return {action for action, number in targets.items() if store.message_by_id[number].modified_on != before[action]}


def max_cursor_offset(caller: Caller) -> Any:
    """Taken from the code: observing it would need a hundred thousand messages of equal time."""
    found = decode(base64.b64encode(b"o=5000000").decode(), caller.profile.max_cursor_offset)
    return found.offset if found else None


def orders_urns(caller: Caller) -> Any:
    shown = caller.post("contacts.json", {"urns": ["mailto:new@example.com", "tel:+250788123999"]})
    row = caller.rows("contacts.json", f"uuid={shown['uuid']}&expand_urns=1&urn_order=priority")[0]
    return row["urns"][0] != "mailto:new@example.com" and row["urns"][0]["scheme"] == "mailto"


def labels_archived(caller: Caller) -> Any:
    store = caller.rapidpro.store
    label = next(one for one in store.labels if one.workspace.id == 1 and store.by_label.get(one.uuid))
    for message in list(store.by_label[label.uuid]):
        store.set_visibility(message, "archived")
    return caller.rows("messages.json", f"label={label.uuid}") != []


def labels_by_any_uuid_form(caller: Caller) -> Any:
    label = next(one for one in caller.rapidpro.store.labels if one.workspace.id == 1)
    return caller.ask("POST", "labels.json", f"uuid={label.uuid.replace('-', '')}", json={"name": "New"}).status == 200


def not_found_text(caller: Caller) -> Any:
    detail = caller.post("contacts.json", {}, f"uuid={setup()['contacts'][0]['uuid'][:-1]}f")["detail"]
    return detail.replace("Contact", "{model}")


def no_contact_name(caller: Caller) -> Any:
    if not caller.profile.posts_messages:
        return caller.profile.no_contact_name
    nameless = next(one["uuid"] for one in setup()["contacts"] if one["workspace"] == 1 and not one.get("name"))
    return caller.post("messages.json", {"contact": nameless, "text": "Hi"})["contact"]["name"]


def credits_shown(caller: Caller) -> Any:
    used, remaining = caller.get("workspace.json")["credits"].values()
    assert used == remaining
    return used


def system_groups(caller: Caller) -> Any:
    rows = caller.rows("groups.json")
    assert all(("system" in row) is (len(rows) == 4) for row in rows)
    return len(rows) == 4


def validates_uuids(caller: Caller) -> Any:
    statuses = {caller.ask("GET", f"{name}.json", f"uuid={NO_UUID}").status for name in ("contacts", "channels")}
    assert len(statuses) == 1
    return statuses == {400}


def first_run(caller: Caller) -> Any:
    return caller.rows("runs.json", "responded=true")[0]


def refusal(caller: Caller, name: str) -> Any:
    return caller.post("broadcasts.json", TO_ANN, token=name)["non_field_errors"][0]


def cleaned(caller: Caller) -> bool:
    return "case_id" in caller.start(params={"case id": 1})["params"]


def field_error(caller: Caller, name: str) -> str:
    """The error for a new field of that name; empty if it is created."""
    reply = caller.ask("POST", "fields.json", json={"name": name, "type": "text", "label": name, "value_type": "text"})
    return "" if reply.status == 201 else reply.body.decode()


def group_names(caller: Caller) -> Any:
    tried = {name for profile in PROFILES.values() for name in profile.group_names}
    return {name for name in tried if "unique" in str(caller.post("groups.json", {"name": name})["name"])}


def field_names(caller: Caller) -> Any:
    tried = {name for profile in PROFILES.values() for name in profile.field_names}
    return {name for name in tried if "unique" in field_error(caller, name)}


def reserved_keys(caller: Caller) -> Any:
    tried = {key for profile in PROFILES.values() for key in profile.reserved_keys}
    return {key for key in tried if "Generated key" in field_error(caller, key.replace("_", "-") + "-")}


def one_label_too_many(caller: Caller) -> Reply:
    caller.rapidpro.store.workspace_by_id[1].limits = {"labels": 0}
    return caller.ask("POST", "labels.json", json={"name": "One more"})


def limit_text(caller: Caller) -> Any:
    labels = sum(one.workspace.id == 1 for one in caller.rapidpro.store.labels)
    errors = json.loads(one_label_too_many(caller).body)
    text: str = errors["detail"] if "detail" in errors else errors["non_field_errors"][0]
    return text.replace(f" {labels} labels", " {count} {what}").replace(" 0", " {limit}")


def params_limit(caller: Caller) -> Any:
    """The longest JSON that is accepted, if the next longer one is not."""
    body = {"flow": INTAKE, "urns": ["tel:+250788123001"]}
    lengths = (10_000, 10_001)
    taken = [
        length
        for length in lengths
        if caller.ask("POST", "flow_starts.json", json={**body, "params": {"a": "x" * (length - 9)}}).status == 201
    ]
    return None if len(taken) == len(lengths) else max(taken)


def accepts_ticket(caller: Caller) -> Any:
    named = {"contact": setup()["contacts"][0]["uuid"], **TO_ANN, "ticket": "x"}
    answers = {name: caller.post(f"{name}.json", named).get("ticket") for name in ("broadcasts", "messages")}
    return {name for name, errors in answers.items() if errors == ["No such object: x"]}


def user_fields(caller: Caller) -> Any:
    return tuple(caller.rows("users.json")[0]) if "users" in caller.profile.resources else caller.profile.user_fields


def user_filters(caller: Caller) -> Any:
    if "users" not in caller.profile.resources:
        return frozenset()
    nobody = {"email": "nobody@example.com", "uuid": "00000055-0000-4000-8000-0000000fffff"}
    return {name for name, value in nobody.items() if not caller.rows("users.json", f"{name}={value}")}


def hidden(caller: Caller) -> Any:
    """A contact of a workspace that has just become anonymous."""
    caller.rapidpro.store.workspace_by_id[1].anonymous = True
    return caller.rows("contacts.json")[0]


OBSERVED: Mapping[str, Callable[[Caller], Any]] = {
    "common_headers": common_headers,
    "workspace_header": workspace_header,
    "not_found_is_page": lambda it: b"<!doctype" in it.ask("GET", "nothing.json").body,
    "not_found_charset": lambda it: "charset" in (it.ask("GET", "nothing.json").header("Content-Type") or ""),
    "escapes_unicode": lambda it: b"\\u00e9" in it.ask("POST", "broadcasts.json", json={**TO_ANN, "text": "é"}).body,
    "checks_method_first": lambda it: it.ask("DELETE", "broadcasts.json", token=None).status == 405,
    "public_documentation": lambda it: it.ask("GET", "broadcasts", token=None).status == 200,
    "public_root": lambda it: it.ask("GET", "", token=None).status == 200,
    "strict_basic_auth": strict_basic_auth,
    "staff_tokens": lambda it: it.ask("GET", "workspace.json", token="staff").status == 200,
    "surveyor_resources": surveyor_resources,
    "rates": rates,
    "broadcast_scope": lambda it: (
        "v2"
        if it.granted("v2", ("GET", "workspace.json", "admin"), ("GET", "broadcasts.json", "admin")) == 429
        else "v2.broadcasts"
    ),
    "throttled_by_user": lambda it: (
        it.granted("v2", ("GET", "workspace.json", "admin"), ("GET", "workspace.json", "editor")) == 200
    ),
    "broadcast_fields": lambda it: tuple(it.rows("broadcasts.json")[0]),
    "broadcast_statuses": broadcast_statuses,
    "boundary_needed": boundary_needed,
    "engine_by_http": engine_by_http,
    "serializer": serializer,
    "checks_text_languages": lambda it: (
        it.post("broadcasts.json", {**TO_ANN, "text": {"eng": "a", "xx": "b"}})
        == {"text": ["Language code xx is not valid."]}
    ),
    "counts_items_first": lambda it: "only contain" in str(it.post("flow_starts.json", {"urns": ["x"] * 101})["urns"]),
    "text_limit": text_limit,
    "null_text_allowed": null_text_allowed,
    "filter_by_uuid": lambda it: it.rows("messages.json", "uuid=00000055-0000-4000-8000-0000000fffff") == [],
    "numeric_media_allowed": numeric_media_allowed,
    "quick_replies": quick_replies,
    "broadcast_filter": broadcast_filter,
    "message_fields": lambda it: tuple(it.rows("messages.json")[0]),
    "message_statuses": message_statuses,
    "message_types": lambda it: "text" in {row["type"] for row in it.rows("messages.json")},
    "posts_messages": lambda it: it.ask("POST", "messages.json", json={}).status != 405,
    "outbox_statuses": lambda it: it.stored("outbox"),
    "sent_statuses": lambda it: it.stored("sent"),
    "sent_ordered_by_sent_on": sent_ordered_by_sent_on,
    "voice_in_inbox": lambda it: "voice" in {row["type"] for row in it.rows("messages.json", "folder=inbox")},
    "incoming_folder": lambda it: it.ids("incoming") != [],
    "incoming_unhandled": incoming_unhandled,
    "deleted_visibility": deleted_visibility,
    "start_fields": lambda it: tuple(it.rows("flow_starts.json")[0]),
    "start_statuses": start_statuses,
    "starts_by_id": lambda it: len(it.rows("flow_starts.json", "id=901")) == 1,
    "narrows_params": cleaned,
    "null_params": lambda it: it.start()["params"] is None,
    "empty_exclusions": lambda it: {} in [row["exclude_active"] for row in it.rows("flow_starts.json")],
    "reads_starts_back": lambda it: list(it.start(params={"bb": 1, "a": 2})["params"]) == ["a", "bb"],
    "invalid_uuid_text": lambda it: (
        it.get("flow_starts.json", f"uuid={NO_UUID}")["detail"].replace("uuid", "{name}", 1).replace(NO_UUID, "{value}")
    ),
    "validates_uuids": validates_uuids,
    "contact_fields": lambda it: tuple(it.rows("contacts.json")[0]),
    "urn_in_use_by_index": urn_in_use_by_index,
    "steals_urns": steals_urns,
    "deleted_contact_text": deleted_contact_text,
    "dated_actions": dated_actions,
    "urn_display_kept": lambda it: any("#" in urn for row in it.rows("contacts.json") for urn in row["urns"]),
    "max_cursor_offset": max_cursor_offset,
    "paths_optional": lambda it: it.rows("runs.json", "paths=false")[0]["path"] is None,
    "expands_urns": lambda it: any(
        isinstance(urn, dict) for row in it.rows("contacts.json", "expand_urns=1") for urn in row["urns"]
    ),
    "orders_urns": orders_urns,
    "labels_archived": labels_archived,
    "labels_by_any_uuid_form": labels_by_any_uuid_form,
    "not_found_text": not_found_text,
    "no_contact_name": no_contact_name,
    "run_fields": lambda it: tuple(first_run(it)),
    "run_value_fields": lambda it: tuple(first_run(it)["values"]["answer"]),
    "run_steps_timed": lambda it: first_run(it)["path"][0]["time"] != first_run(it)["created_on"],
    "anon_fields": lambda it: tuple(name for name in hidden(it) if name not in it.profile.contact_fields),
    "run_contact_display": lambda it: "urn_display" in first_run(it)["contact"],
    "params_limit": params_limit,
    "accepts_ticket": accepts_ticket,
    "user_fields": user_fields,
    "user_filters": user_filters,
    "channel_type_shown": lambda it: "type" in it.rows("channels.json")[0],
    "workspace_fields": lambda it: tuple(it.get("workspace.json")),
    "credits": credits_shown,
    "counts_runs": lambda it: any(row["runs"]["completed"] for row in it.rows("flows.json")),
    "field_fields": lambda it: tuple(it.rows("fields.json")[0]),
    "system_groups": system_groups,
    "lenient_names": lambda it: it.ask("POST", "groups.json", json={"name": 'a"b'}).status == 201,
    "group_names": group_names,
    "field_names": field_names,
    "reserved_keys": reserved_keys,
    "duplicate_key_fails": lambda it: (
        [field_error(it, name) != "" for name in ("Two Words", "two-words")] == [False, True]
    ),
    "limit_status": lambda it: one_label_too_many(it).status,
    "limit_text": limit_text,
    "flow_run_counts": lambda it: tuple(it.rows("flows.json")[0]["runs"]),
    "resources": lambda it: tuple(it.get("")),
    "suspended_text": lambda it: refusal(it, "suspended"),
    "flagged_text": lambda it: refusal(it, "flagged"),
}  # fmt: skip


@pytest.mark.parametrize("name", OBSERVED)
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_callers_see_what_a_profile_says(profile: Profile, name: str) -> None:
    seen, expected = OBSERVED[name](Caller(profile)), getattr(profile, name)
    if name in ("broadcast_statuses", "message_statuses", "start_statuses") and expected is not None:
        expected = {key: word for key, word in expected.items() if key != word}
    assert seen == expected


def test_every_field_of_a_profile_is_observed_and_has_a_meaning() -> None:
    names = {one.name for one in fields(Profile)} - {"name", "about"}
    assert names == set(OBSERVED)
    assert names == set(meanings(Profile))


def test_the_next_version_has_no_numbers_and_no_filter_by_broadcast() -> None:
    coming, current = PROFILES["next"], PROFILES["26"]
    deprecated = {"anon_fields", "user_fields"}
    gone = {"broadcast_fields", "message_fields", "broadcast_filter"}
    assert set(differences(current, coming)) == deprecated | gone
    caller = Caller(coming)
    made = caller.post("broadcasts.json", TO_ANN)
    assert "id" not in made
    assert made["uuid"]
    every = caller.rows("messages.json")
    assert not {"id", "broadcast", "media"} & every[0].keys()
    assert caller.rows("messages.json", "broadcast=1001") == every
    assert caller.rows("messages.json", "broadcast=1&folder=failed") == caller.rows("messages.json", "folder=failed")
    assert caller.rows("messages.json", "broadcast=abc") == every


def test_an_unknown_profile_is_refused_with_the_list_of_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown profile of RapidPro '5': expected one of 6\.4, 7\.4, .*26, next"):
        version_of(PROFILES, "5")


def test_each_profile_differs_from_its_neighbours() -> None:
    profiles = list(PROFILES.values())
    for one, other in pairwise(profiles):
        assert differences(one, other), (one.name, other.name)


def test_the_table_of_the_page_is_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert updated(text) == text, "stale: run python -m fakes docs"
    assert updated(text.replace("| no |", "| yes |")) == text


def test_a_page_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="begin profiles"):
        updated("no markers")


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_works_with_the_built_in_seed(profile: str) -> None:
    world = World(profile)
    world.rapidpro.seed(default_seed(RECORDED_AT))
    headers = {"Authorization": "Token RAPIDPRO-TEST-TOKEN-0000000000000000000000", "Content-Type": "application/json"}
    body = json.dumps(TO_ANN).encode()
    assert call(world.rapidpro, build_environ("POST", "/api/v2/broadcasts.json", "", headers, body)).status == 201
