"""Methods, content types and bodies that nobody recorded, and the order in which they are checked.

Read at v6.4.0, v7.4.0, v8.0.0, v9.0.0, v9.3.76, v10.0.1 and v26.3.54: temba/api/models.py (APIPermission),
temba/api/views.py (WriteAPIMixin, ListAPIMixin; temba/api/v2/views_base.py before), temba/api/v2/views.py
(`permission` of endpoints), temba/api/v2/serializers.py (WriteSerializer); Django REST framework's negotiation.py,
utils/mediatypes.py, parsers.py, metadata.py and urlpatterns.py, 2,188 requests to which were compared for each of
these versions, in 3.12.4 (with Django 2.2), 3.13.1, 3.14.0, 3.15.2 and 3.16.1.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.seed.default import default_seed
from fakes.rapidpro.versions.profiles import PROFILES
from fakes.serving.wsgi import Reply, build_environ, call
from tests.fakes.rapidpro.api.test_variations import ANN, HEADERS, NOW, seed

Ask = Callable[..., Reply]
HTML, JSON = "text/html; charset=utf-8", "application/json"
TOKEN = {"Authorization": HEADERS["Authorization"]}


def asker(profile: str, **more: Any) -> Ask:
    site = RapidPro(VirtualClock(NOW), profile=profile, session=requests.Session(), rng=random.Random(1))
    site.seed(seed(**more))

    def ask(
        method: str, path: str, query: str = "", body: bytes = b"", *,
        headers: Mapping[str, str] | None = None, token: bool = True,
    ) -> Reply:  # fmt: skip
        given = {**(TOKEN if token else {}), **(headers or {})}
        return call(site, build_environ(method, f"/{path}", query, given, body))

    return ask


def status_and_detail(reply: Reply) -> tuple[int, Any]:
    return reply.status, json.loads(reply.body)["detail"]


NOT_GIVEN = "Authentication credentials were not provided."


@pytest.mark.parametrize("name", ["contact_actions", "message_actions"])
def test_actions_have_a_permission_of_their_own_so_that_the_token_comes_before_the_method(name: str) -> None:
    ask = asker("26")
    assert status_and_detail(ask("GET", f"api/v2/{name}.json", token=False)) == (403, NOT_GIVEN)
    assert status_and_detail(ask("GET", f"api/v2/{name}.json")) == (405, 'Method "GET" not allowed.')
    assert status_and_detail(ask("GET", "api/v2/broadcasts.json", token=False)) == (403, NOT_GIVEN)
    assert status_and_detail(ask("PUT", "api/v2/broadcasts.json", token=False)) == (405, 'Method "PUT" not allowed.')
    assert ask("GET", f"api/v2/{name}.json").header("Allow") == "POST, OPTIONS"


def test_options_lists_actions_where_an_endpoint_has_its_own_permission() -> None:
    ask = asker("26")
    shown = json.loads(ask("OPTIONS", "api/v2/contact_actions.json").body)
    assert (shown["name"], list(shown["actions"]["POST"])) == (
        "Contact Actions Endpoint",
        ["contacts", "action", "group"],
    )
    assert shown["actions"]["POST"]["group"] == {
        "type": "field", "required": False, "read_only": False, "label": "Group",
    }  # fmt: skip
    assert "actions" not in json.loads(ask("OPTIONS", "api/v2/workspace.json").body)
    assert status_and_detail(asker("8.0")("OPTIONS", "api/v2/workspace.json")) == (405, 'Method "OPTIONS" not allowed.')


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "DELETE"])
def test_documentation_supports_only_get(method: str) -> None:
    for profile in ("9.3", "26"):
        assert asker(profile)(method, "api/v2/broadcasts", headers={"Accept": JSON}).status == 403


def test_documentation_of_actions_is_a_405_and_of_the_workspace_the_workspace() -> None:
    ask = asker("26")
    assert ask("GET", "api/v2/contact_actions", token=False).status == 405
    assert ask("GET", "api/v2/contact_actions", token=False).header("Content-Type") == HTML
    as_json = {"Accept": JSON}
    mine = default_seed(NOW)["workspaces"][0]["name"]
    assert json.loads(ask("GET", "api/v2/workspace", headers=as_json).body)["name"] == mine
    assert json.loads(ask("GET", "api/v2/workspace", headers=as_json, token=False).body) == {"uuid": None, "name": ""}
    both = "contact=a&label=b"
    assert status_and_detail(ask("GET", "api/v2/messages", both, headers=as_json, token=False))[0] == 400


def test_old_versions_create_objects_posted_without_a_suffix_and_answer_with_a_page() -> None:
    body = json.dumps({"urns": ["tel:+250788000001"], "text": "Hello"}).encode()
    ask = asker("8.0")
    reply = ask("POST", "api/v2/broadcasts", "", body, headers={"Content-Type": JSON})
    assert (reply.status, reply.header("Content-Type")) == (201, HTML)
    reply = ask("GET", "api/v2/broadcasts.api")
    assert (reply.status, reply.header("Content-Type")) == (200, HTML)
    assert asker("9.0")("GET", "api/v2/broadcasts.api").status == 404
    assert ask("DELETE", "api/v2/contacts", f"uuid={ANN}").status == 200, "a page has something to say, so no 204"


def test_the_root_is_a_page_or_json_and_has_a_suffix_too() -> None:
    ask = asker("26")
    assert ask("GET", "api/v2/").header("Content-Type") == HTML
    assert ask("GET", "api/v2/", headers={"Accept": JSON}).header("Content-Type") == JSON
    for path in ("api/v2/.json", "api/v2/.json/"):
        assert ask("GET", path).header("Content-Type") == JSON
    assert status_and_detail(ask("POST", "api/v2/.json", token=False)) == (405, 'Method "POST" not allowed.')
    assert (ask("GET", "api").status, ask("GET", "api").header("Location")) == (301, "/api/")
    assert (ask("GET", "api/").status, ask("GET", "api/").header("Location")) == (302, "/api/v2/")


@pytest.mark.parametrize(
    ("accept", "status", "indent"),
    [
        ("", 406, 0),
        ("text/*", 406, 0),
        ("application/*", 200, 0),
        ("*/json", 200, 0),
        ("APPLICATION/JSON", 200, 0),
        ("application/json;q=0", 200, 0),
        ("*/*;q=0", 200, 0),
        ("text/html, application/json;q=0.1", 200, 0),
        ("application/json; version=2", 200, 0),
        ("garbage", 406, 0),
        ("a/b/c", 406, 0),
        ("application/json; indent=2", 200, 2),
        ("application/json; indent=9", 200, 8),
        ("application/json; indent=0", 200, 0),
        ("application/json; indent=-1", 200, 0),
        ("application/json; indent=abc", 200, 0),
        ('application/json; indent="4"', 200, 4),
        ("application/json; Indent= 4", 200, 4),
        ("*/*; indent=4", 200, 4),
        ("text/html, */*;indent=3", 200, 3),
    ],
)
def test_a_suffix_offers_json_only(accept: str, status: int, indent: int) -> None:
    reply = asker("26")("GET", "api/v2/broadcasts.json", headers={"Accept": accept})
    assert reply.status == status
    first = reply.body.partition(b"\n")[2].partition(b'"')[0] if b"\n" in reply.body else b""
    assert (reply.header("Content-Type"), len(first)) == (JSON if status == 200 else HTML, indent)


@pytest.mark.parametrize(
    ("accept", "query", "status", "kind"),
    [
        (None, "", 200, HTML),
        ("*/*", "", 200, HTML),
        ("application/json, text/html", "", 200, HTML),
        ("application/json;a=1, text/html", "", 200, JSON),
        ("text/*;q=0.1, application/json", "", 200, JSON),
        (None, "format=json", 200, JSON),
        (None, "format=api", 200, HTML),
        ("text/html", "format=json", 406, HTML),
        (JSON, "format=api", 406, HTML),
        (None, "format=xml", 404, HTML),
        (None, "format=JSON", 404, HTML),
        (JSON, "format=", 200, JSON),
        (None, "format=api&format=json", 200, JSON),
    ],
)
def test_without_a_suffix_the_caller_chooses(accept: str | None, query: str, status: int, kind: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    reply = asker("26")("GET", "api/v2/broadcasts", query, headers=headers)
    assert (reply.status, reply.header("Content-Type")) == (status, kind)
    assert asker("26")("GET", "api/v2/broadcasts.json", "format=xml").status == 200, "the suffix has been heard before"


MADE = {"urns": ["tel:+250788000001"], "text": "Hé"}
NOT_UTF16 = "JSON parse error - UTF-16 stream does not start with BOM"
NO_BOUNDARY = "Multipart form parse error - Invalid boundary in multipart: "


@pytest.mark.parametrize(
    ("kind", "body", "status", "detail"),
    [
        ("application/json; charset=latin-1", json.dumps(MADE, ensure_ascii=False).encode("latin-1"), 201, None),
        ("application/json; charset=nonsense", json.dumps(MADE, ensure_ascii=False).encode(), 201, None),
        ("application/json; charset=utf-16", json.dumps(MADE).encode(), 400, NOT_UTF16),
        ("application/json", json.dumps(MADE).encode() + b"\xc3", 201, None),
        ("application/json", b"\xff", 400, "JSON parse error - 'utf-8' codec can't decode byte 0xff in position 0: "
                                           "invalid start byte"),
        ("application/*", json.dumps(MADE).encode(), 201, None),
        ("*/*", json.dumps(MADE).encode(), 201, None),
        ("application/json/x", b"{}", 415, 'Unsupported media type "application/json/x" in request.'),
        ("", b"{}", 415, 'Unsupported media type "" in request.'),
        ("multipart/form-data", b"{}", 400, f"{NO_BOUNDARY}None"),
        ("multipart/form-data; boundary=", b"{}", 400, NO_BOUNDARY),
    ],
)  # fmt: skip
def test_a_body_is_read_as_its_type_says(kind: str, body: bytes, status: int, detail: str | None) -> None:
    reply = asker("26")("POST", "api/v2/broadcasts.json", "", body, headers={"Content-Type": kind})
    assert reply.status == status, reply.body
    assert json.loads(reply.body).get("detail") == detail


def test_a_form_that_cannot_be_read_has_no_fields() -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = asker("26")("POST", "api/v2/contact_actions.json", "", b"[]", headers=headers)
    assert json.loads(reply.body) == {"contacts": ["This field is required."], "action": ["This field is required."]}


def test_the_body_of_a_delete_is_ignored() -> None:
    for kind, body in (("text/plain", b"{"), (JSON, b"{")):
        reply = asker("26")("DELETE", "api/v2/contacts.json", f"uuid={ANN}", body, headers={"Content-Type": kind})
        assert reply.status == 204


def test_a_form_without_a_boundary_was_an_empty_one_in_django_2() -> None:
    headers = {"Content-Type": "multipart/form-data"}
    replies = {one: asker(one)("POST", "api/v2/contact_actions.json", "", b"{}", headers=headers) for one in PROFILES}
    required = {"contacts": ["This field is required."], "action": ["This field is required."]}
    for name, reply in replies.items():
        assert reply.status == 400
        assert json.loads(reply.body) == (required if name == "6.4" else {"detail": f"{NO_BOUNDARY}None"})


@pytest.mark.parametrize("profile", PROFILES)
def test_an_action_says_that_its_empty_answer_is_json_and_a_deletion_does_not(profile: str) -> None:
    ask, body = asker(profile), json.dumps({"contacts": [ANN], "action": "block"}).encode()
    done = ask("POST", "api/v2/contact_actions.json", "", body, headers={"Content-Type": JSON})
    gone = ask("DELETE", "api/v2/contacts.json", f"uuid={ANN}")
    assert (done.status, done.header("Content-Type"), done.body) == (204, JSON, b"")
    assert (gone.status, gone.header("Content-Type"), gone.body) == (204, None, b"")


def test_redirects_to_the_api_accept_exactly_the_methods_in_allow() -> None:
    ask = asker("26")
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert ask(method, "api/").status == 302
    for method in ("TRACE", "FROB"):
        refused = ask(method, "api/")
        assert (refused.status, refused.body) == (405, b"")
        assert refused.header("Allow") == "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
        assert ask(method, "api").status == 301, "the slash is added before anybody looks at the method"


NOBODY = "00000000-0000-4000-8000-00000000ffff"
NAMED = {"broadcasts": "Broadcast", "messages": "Msg", "flow_starts": "FlowStart", "contacts": "Contact",
         "groups": "ContactGroup", "labels": "Label"}  # fmt: skip


@pytest.mark.parametrize(("name", "model"), NAMED.items())
def test_the_named_object_is_looked_up_before_the_body_is_read(name: str, model: str) -> None:
    for kind, body in (("text/plain", b"x"), (JSON, b"{"), (JSON, b"[]")):
        reply = asker("26")("POST", f"api/v2/{name}.json", f"uuid={NOBODY}", body, headers={"Content-Type": kind})
        assert status_and_detail(reply) == (404, f"No {model} matches the given query.")


@pytest.mark.parametrize("name", ["groups", "fields", "labels", "globals"])
def test_a_limit_is_checked_before_the_body_is_read(name: str) -> None:
    spaces = [{**default_seed(NOW)["workspaces"][0], "limits": {name: 0}}]
    for profile, statuses in (("26", (409, 409, 409)), ("7.4", (409, 409, 409)), ("6.4", (415, 400, 400))):
        ask, found = asker(profile, workspaces=spaces), []
        for kind, body in (("text/plain", b"x"), (JSON, b"{"), (JSON, b"[]")):
            found.append(ask("POST", f"api/v2/{name}.json", "", body, headers={"Content-Type": kind}).status)
        assert tuple(found) == statuses, profile


def test_a_limit_comes_before_a_suspended_workspace_and_that_before_fields() -> None:
    space = {**default_seed(NOW)["workspaces"][0], "suspended": True}
    headers = {"Content-Type": JSON}
    ask = asker("26", workspaces=[{**space, "limits": {"labels": 0}}])
    assert ask("POST", "api/v2/labels.json", "", b"{}", headers=headers).status == 409
    ask = asker("26", workspaces=[{**space, "flagged": True}])
    for name, body, said in (
        ("labels", b"{", "JSON parse error"),
        ("labels", b"[]", "Request body should be"),
        ("labels", b"{}", "currently flagged"),
        ("contact_actions", b"{}", "currently flagged"),
        ("broadcasts", b"null", "Request body should be"),
    ):
        reply = ask("POST", f"api/v2/{name}.json", "", body, headers=headers)
        assert reply.status == 400
        assert said in reply.body.decode()
