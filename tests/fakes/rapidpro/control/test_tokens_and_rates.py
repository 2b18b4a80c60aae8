"""Tokens, rates, the engine and seeds of the fake RapidPro, and their changes at run time."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from fakes.assembly import Fakes, assemble_services
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.serving.wsgi import Reply, build_environ, call
from tests.fakes.rapidpro.recorded_traffic import RECORDED_AT, setup

ANN = "tel:+250788123001"
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
SEEN = (
    "broadcasts", "messages", "contacts", "flows", "flow_starts", "runs", "groups", "labels", "fields", "globals",
    "channels", "users",
)  # fmt: skip


class ControlledRapidPro:
    """The fake with its control API, in the state of the recordings."""

    def __init__(self, profile: str = "26") -> None:
        self.clock = VirtualClock(RECORDED_AT)
        self.fakes: Fakes = assemble_services(["rapidpro"], self.clock, profile=profile, seeds={"rapidpro": setup()})
        self.control = control_app(self.fakes)

    def control_call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Host": "127.0.0.1", "Content-Type": "application/json"}
        path, _, query = path.partition("?")
        reply = call(self.control, build_environ(method, f"/rapidpro{path}", query, headers, raw))
        return reply.status, json.loads(reply.body)

    def ask(
        self, path: str, token: str = "admin", *, key: str | None = None, method: str = "GET", body: Any = None
    ) -> Reply:
        path, _, query = path.partition("?")
        key = setup()["tokens"][token]["key"] if key is None else key
        headers = {"Authorization": f"Token {key}", "Content-Type": "application/json"}
        raw = b"" if body is None else json.dumps(body).encode()
        environ = build_environ(method, f"/api/v2/{path}", query, headers, raw)
        return call(self.fakes.apps["rapidpro"], environ)

    def status(self, path: str, token: str = "admin", **more: Any) -> int:
        return self.ask(path, token, **more).status

    def rows(self, path: str, token: str = "admin") -> list[Any]:
        found: list[Any] = json.loads(self.ask(path, token).body)["results"]
        return found


@pytest.fixture
def service() -> ControlledRapidPro:
    return ControlledRapidPro()


# Tokens


def test_tokens_are_listed_by_name_without_their_keys(service: ControlledRapidPro) -> None:
    status, answer = service.control_call("GET", "/tokens")
    assert status == 200
    assert answer == {name: one["active"] for name, one in setup()["tokens"].items()}


def test_after_a_rotation_only_the_new_key_is_accepted(service: ControlledRapidPro) -> None:
    assert service.control_call("PUT", "/tokens/admin", {"key": "NEW-KEY"}) == (200, {"name": "admin", "active": True})
    assert service.status("workspace.json", key="NEW-KEY") == 200
    refused = service.ask("workspace.json")
    assert (refused.status, json.loads(refused.body)) == (403, {"detail": "Invalid token"})


def test_a_token_can_be_deactivated_and_activated_again(service: ControlledRapidPro) -> None:
    assert service.control_call("PUT", "/tokens/admin", {"active": False}) == (200, {"name": "admin", "active": False})
    assert json.loads(service.ask("workspace.json").body) == {"detail": "Invalid token"}
    assert service.status("workspace.json", "editor") == 200
    service.control_call("PUT", "/tokens/admin", {"active": True})
    assert service.status("workspace.json") == 200


def test_a_reset_brings_back_the_first_key(service: ControlledRapidPro) -> None:
    service.control_call("PUT", "/tokens/admin", {"key": "NEW-KEY", "active": False})
    service.fakes.reset()
    assert service.status("workspace.json") == 200
    assert service.status("workspace.json", key="NEW-KEY") == 403


@pytest.mark.parametrize(
    "body", [{}, [], None, 5, {"key": 5}, {"key": ""}, {"key": "a b"}, {"active": "no"}, {"name": "x"}, b"{", b"\xff"],
    ids=str,
)  # fmt: skip
def test_an_invalid_change_of_a_token_is_refused_with_a_sentence(service: ControlledRapidPro, body: Any) -> None:
    status, answer = service.control_call("PUT", "/tokens/admin", b"null" if body is None else body)
    assert status == 400
    assert isinstance(answer["error"], str)
    assert service.status("workspace.json") == 200


def test_an_unknown_token_or_a_key_of_another_is_refused(service: ControlledRapidPro) -> None:
    status, answer = service.control_call("PUT", "/tokens/nobody", {"active": False})
    assert (status, answer["error"].partition(";")[0]) == (400, "unknown token 'nobody'")
    taken = setup()["tokens"]["editor"]["key"]
    assert service.control_call("PUT", "/tokens/admin", {"key": taken}) == (
        400,
        {"error": "another token already has this key"},
    )


def test_keys_never_appear_in_the_ledger(service: ControlledRapidPro) -> None:
    first = setup()["tokens"]["admin"]["key"]
    service.ask("workspace.json")
    service.control_call("PUT", "/tokens/admin", {"key": "A-ROTATED-SECRET"})
    service.ask("workspace.json", key="A-ROTATED-SECRET")
    service.ask("workspace.json")
    answer = json.dumps(service.fakes.ledger.export(service.fakes.ledger.after(0)))
    assert "A-ROTATED-SECRET" not in answer
    assert first not in answer
    assert answer.count("[hidden:rapidpro:admin]") == 1
    assert answer.count("[hidden:rapidpro:admin, before 1]") == 2


# Roles and workspaces


@pytest.mark.parametrize(
    ("token", "reads", "writes"),
    [("admin", 200, 201), ("editor", 200, 201), ("viewer", 403, 403), ("agent", 403, 403), ("outsider", 403, 403),
     ("inactive-user", 403, 403), ("inactive-token", 403, 403), ("staff", 403, 403), ("suspended", 200, 400),
     ("flagged", 200, 400)],
)  # fmt: skip
def test_a_role_has_the_permissions_it_has_in_the_real_rapidpro(
    service: ControlledRapidPro, token: str, reads: int, writes: int
) -> None:
    assert service.status("messages.json", token) == reads
    assert service.status("broadcasts.json", token, method="POST", body={"urns": [ANN], "text": "x"}) == writes


def test_a_viewer_gets_an_error_that_names_what_is_missing(service: ControlledRapidPro) -> None:
    assert json.loads(service.ask("messages.json", "viewer").body) == FORBIDDEN


@pytest.mark.parametrize("name", SEEN)
def test_a_token_sees_rows_of_its_own_workspace_only(service: ControlledRapidPro, name: str) -> None:
    def identities(token: str) -> set[Any]:
        return {json.dumps(row.get("uuid") or row.get("id") or row) for row in service.rows(f"{name}.json", token)}

    service.ask("contacts.json", "other", method="POST", body={"name": "Only there", "urns": ["tel:+256772000999"]})
    assert identities("admin").isdisjoint(identities("other") - ({"null"} if name == "users" else set()))


def test_ids_of_another_workspace_look_like_ids_that_do_not_exist(service: ControlledRapidPro) -> None:
    assert service.rows("broadcasts.json?id=1001", "other") == []
    assert service.rows("messages.json?broadcast=1001", "other") == []
    assert service.rows("messages.json?id=5001", "other") == []
    uuid = setup()["contacts"][0]["uuid"]
    assert service.rows(f"messages.json?contact={uuid}", "other") == []
    assert service.rows(f"contacts.json?uuid={uuid}", "other") == []
    body = {"contacts": [uuid], "text": "x"}
    refused = service.ask("broadcasts.json", "other", method="POST", body=body)
    assert json.loads(refused.body) == {"contacts": [f"No such object: {uuid}"]}
    assert service.status(f"contacts.json?uuid={uuid}", "other", method="DELETE") == 404


def test_the_same_number_is_another_person_in_another_workspace(service: ControlledRapidPro) -> None:
    made = service.ask("contacts.json", "other", method="POST", body={"name": "Namesake", "urns": [ANN]})
    assert made.status == 201
    assert service.rows(f"contacts.json?urn={ANN.replace('+', '%2B')}")[0]["name"] == "Ann"


# Quotas


def test_rates_are_shown_and_changed(service: ControlledRapidPro) -> None:
    assert service.control_call("GET", "/rates")[1]["v2.messages"] == "3600/hour"
    status, answer = service.control_call("PUT", "/rates", {"v2.messages": "1/minute"})
    assert (status, answer["v2.messages"], answer["v2"]) == (200, "1/minute", "3600/hour")
    assert [service.status("messages.json") for _ in range(2)] == [200, 429]
    assert service.status("workspace.json") == 200
    service.fakes.reset()
    assert service.control_call("GET", "/rates")[1]["v2.messages"] == "3600/hour"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({"v3": "1/hour"}, "unknown scope 'v3': expected one of v2, "), ({"v2": "often"}, "a rate is a number"),
     ({"v2": "1/fortnight"}, "a rate is"), ({"v2": "-1/hour"}, "a rate is"), ({"v2": "²/hour"}, "a rate is"),
     ({"v2": 5}, "expected an object of rates"), ([], "expected an object of rates"), ("x", "expected an object")],
)  # fmt: skip
def test_an_invalid_rate_is_refused_with_a_sentence(service: ControlledRapidPro, given: Any, sentence: str) -> None:
    before = service.control_call("GET", "/rates")
    status, answer = service.control_call("PUT", "/rates", given)
    assert status == 400
    assert answer["error"].startswith(sentence)
    assert service.control_call("GET", "/rates") == before


def test_all_tokens_of_a_workspace_share_one_quota_and_no_other_workspace_does(service: ControlledRapidPro) -> None:
    service.control_call("PUT", "/rates", {"v2.messages": "2/hour"})
    assert [service.status("messages.json", token) for token in ("admin", "editor", "admin", "editor")] == [
        200, 200, 429, 429,
    ]  # fmt: skip
    assert service.status("messages.json", "other") == 200


def test_a_workspace_may_have_rates_of_its_own() -> None:
    service = ControlledRapidPro("9.3")
    assert [service.status("broadcasts.json", "override") for _ in range(3)] == [200, 200, 429]
    assert [service.status("workspace.json", "override") for _ in range(4)] == [200, 200, 200, 429]
    assert service.status("messages.json", "override") == 200
    assert [service.status("broadcasts.json") for _ in range(3)] == [200, 200, 200]


def test_granted_requests_count_whatever_their_outcome(service: ControlledRapidPro) -> None:
    service.control_call("PUT", "/rates", {"v2.messages": "4/hour", "v2": "3/hour"})
    asked = ("?id=x", "?broadcast=x", "?cursor=zzz", "")
    assert [service.status(f"messages.json{query}") for query in asked] == [400, 500, 404, 200]
    assert service.status("messages.json") == 429
    assert service.status("broadcasts.json", method="POST", body={}) == 400
    assert service.status("flow_starts.json", method="POST", body={}) == 400
    assert service.status("groups.json", method="POST", body={"name": ""}) == 400
    assert service.status("broadcasts.json", method="POST", body={}) == 429


def test_requests_refused_before_the_quota_do_not_count(service: ControlledRapidPro) -> None:
    service.control_call("PUT", "/rates", {"v2.messages": "1/hour"})
    assert service.status("messages.json", "viewer") == 403
    assert service.status("messages.json", key="UNKNOWN") == 403
    assert service.status("messages.json", method="DELETE") == 405
    assert service.status("nothing.json") == 404
    assert [service.status("messages.json") for _ in range(3)] == [200, 429, 429]


def test_refused_requests_do_not_prolong_the_wait_and_one_request_at_a_time_is_granted_again(
    service: ControlledRapidPro,
) -> None:
    service.control_call("PUT", "/rates", {"v2.messages": "2/minute"})
    assert service.status("messages.json") == 200
    service.clock.advance(20)
    assert service.status("messages.json") == 200
    waits = []
    for _ in range(4):
        service.clock.advance(9.5)
        waits.append(service.ask("messages.json").header("Retry-After"))
    assert waits == ["31", "21", "12", "2"]
    service.clock.advance(2)
    assert [service.status("messages.json") for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("rate", ["10/minute", "1000000000/minute"])
def test_a_quota_of_any_size_is_used_up_at_once_and_free_again_when_its_time_is_over(
    service: ControlledRapidPro, rate: str
) -> None:
    service.control_call("PUT", "/rates", {"v2.messages": rate})
    service.fakes.services["rapidpro"].exhaust_quota()  # type: ignore[attr-defined]
    service.clock.advance(15)
    assert service.ask("messages.json").header("Retry-After") == "45"
    service.clock.advance(45)
    assert service.status("messages.json") == 200


def test_a_wait_of_one_second_is_written_in_the_singular(service: ControlledRapidPro) -> None:
    service.control_call("PUT", "/rates", {"v2.messages": "1/minute"})
    service.status("messages.json")
    service.clock.advance(59.2)
    refused = service.ask("messages.json")
    assert refused.header("Retry-After") == "1"
    assert json.loads(refused.body) == {"detail": "Request was throttled. Expected available in 1 second."}


def test_callers_without_a_token_have_a_quota_by_address(service: ControlledRapidPro) -> None:
    service.control_call("PUT", "/rates", {"v2.messages": "1/hour"})

    def documentation(address: str) -> int:
        environ = build_environ("GET", "/api/v2/messages", "", {"Accept": "application/json"}, b"")
        return call(service.fakes.apps["rapidpro"], environ | {"REMOTE_ADDR": address}).status

    assert [documentation("10.0.0.1"), documentation("10.0.0.1"), documentation("10.0.0.2")] == [200, 429, 200]
    assert service.status("messages.json") == 200


# The rest of the control API


def test_the_message_engine_is_stopped_and_started(service: ControlledRapidPro) -> None:
    body = {"urns": [ANN], "text": "x"}
    assert service.control_call("PUT", "/engine", {"state": "down"}) == (200, {"state": "down"})
    assert service.status("broadcasts.json", method="POST", body=body) == 500
    assert service.control_call("PUT", "/engine", {"state": "idle"})[0] == 200
    made = json.loads(service.ask("broadcasts.json", method="POST", body=body).body)
    service.clock.advance(3600)
    assert service.rows(f"broadcasts.json?id={made['id']}")[0]["status"] == "pending"
    status, answer = service.control_call("PUT", "/engine", {"state": "tired"})
    assert (status, answer["error"]) == (400, "state: expected one of working, idle, down, got 'tired'")


@pytest.mark.parametrize(
    ("seed", "word"),
    [({}, "needs workspaces"), ([], "is an object"), ({**setup(), "users": {}}, "missing or empty"),
     ({**setup(), "messages": {}}, "messages must be a list"),
     ({**setup(), "tokens": {"a": {"key": "k", "workspace": 99, "user": "admin@clinic.example"}}}, "tokens[0]"),
     ({**setup(), "users": [{"email": "a", "roles": {"1": "king"}}]}, "unknown role 'king'")],
    ids=["empty", "list", "no-users", "messages", "workspace", "role"],
)  # fmt: skip
def test_a_seed_that_cannot_be_used_is_refused_and_changes_nothing(
    service: ControlledRapidPro, seed: Any, word: str
) -> None:
    made = json.loads(service.ask("broadcasts.json", method="POST", body={"urns": [ANN], "text": "x"}).body)
    status, answer = service.control_call("POST", "/seed", seed)
    assert status == 400
    assert word in answer["error"]
    assert service.rows(f"broadcasts.json?id={made['id']}") != []


def test_a_seed_starts_the_world_over(service: ControlledRapidPro) -> None:
    made = json.loads(service.ask("broadcasts.json", method="POST", body={"urns": [ANN], "text": "x"}).body)
    assert service.control_call("POST", "/seed", setup()) == (200, {"status": "ok", "workspaces": 9})
    assert service.rows(f"broadcasts.json?id={made['id']}") == []
    again = json.loads(service.ask("broadcasts.json", method="POST", body={"urns": [ANN], "text": "x"}).body)
    assert (again["id"], again["uuid"]) == (made["id"], made["uuid"])


def test_tokens_and_rates_may_change_while_many_requests_come_in(service: ControlledRapidPro) -> None:
    service.control_call("PUT", "/rates", {"v2": "50/second", "v2.messages": "50/second"})
    found: list[int] = []

    def ask() -> None:
        found.extend(service.status("messages.json", token) for _ in range(100) for token in ("admin", "editor"))

    def change() -> None:
        for number in range(200):
            service.control_call("PUT", "/tokens/other", {"key": f"KEY-{number}"})
            service.clock.advance(0.5)

    workers = [threading.Thread(target=work) for work in (ask, ask, ask, change)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 600
    assert set(found) <= {200, 429}
