"""No web page from elsewhere can use the control API: tried for every route in the list, so for new ones too."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from flask import Blueprint

from fakes.assembly import assemble_services
from fakes.clock import VirtualClock
from fakes.control.app import AGGREGATOR_CALLS, control_app
from fakes.serving.wsgi import Reply, WSGIApp, build_environ, call
from tests.fakes.control.test_route_list import listed

HERE = "127.0.0.1:7001"
OWN_PAGE = {"Host": HERE, "Origin": f"http://{HERE}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
FORMS = (
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
)
JSON_AS_FORM = "application/x-www-form-urlencoded"
NO_HEADERS: Mapping[str, str] = {}
JSON_TYPE = {"Content-Type": "application/json; charset=utf-8"}
PROTECTION = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
ROUTES = sorted((route["method"], route["path"]) for route in listed())
CHANGES = [route for route in ROUTES if route[0] != "GET"]
FOREIGN: dict[str, Mapping[str, str]] = {
    "an origin from elsewhere": {"Origin": "https://evil.example"},
    "no origin, as from a sandboxed frame or a file": {"Origin": "null"},
    "an origin that looks like ours": {"Origin": "http://127.0.0.1.evil.example"},
    "a name that was bound to this machine": {"Host": "evil.example:7001"},
    "that name as host and as origin": {"Host": "evil.example:7001", "Origin": "http://evil.example:7001"},
    "no host": {"Host": ""},
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another port of this machine": {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
    "a value of Sec-Fetch-Site that nobody knows": {"Sec-Fetch-Site": "SAME-ORIGIN"},
    "an image or a script of another site": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "a frame of another site": {
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe",
    },
}  # fmt: skip
"""What a browser sends for pages that are not ours, new browsers and old."""


@pytest.fixture(scope="module")
def control() -> WSGIApp:
    return control_app(assemble_services(("rapidpro", "cht"), VirtualClock()))


def ask(control: WSGIApp, method: str, path: str, headers: Mapping[str, str] = NO_HEADERS, body: bytes = b"") -> Reply:
    path = path.replace("<", "").replace(">", "")
    return call(control, build_environ(method, path, "", {"Host": HERE, **headers}, body))


def refusal(reply: Reply) -> str:
    assert reply.status == 403, reply.body
    return str(json.loads(reply.body)["error"])


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_page_from_elsewhere_is_refused(method: str, path: str, control: WSGIApp) -> None:
    for attack, headers in FOREIGN.items():
        bare = ask(control, method, path, headers)
        full = ask(control, method, path, {**JSON_TYPE, **headers}, b"{}")
        assert (attack, bare.status, full.status) == (attack, 403, 403)


@pytest.mark.parametrize("path", sorted({path for _, path in ROUTES}))
def test_so_is_any_other_method(path: str, control: WSGIApp) -> None:
    for method in ("HEAD", "OPTIONS", "PATCH", "TRACE"):
        for attack, headers in FOREIGN.items():
            assert (method, attack, ask(control, method, path, headers).status) == (method, attack, 403)


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_form_is_refused_wherever_it_comes_from(method: str, path: str, control: WSGIApp) -> None:
    for kind in FORMS:
        form = {"Content-Type": kind}
        for body in (b"{}", b""):
            for sender in ({"Origin": f"http://{HERE}"}, {"Sec-Fetch-Site": "same-origin"}):
                assert "application/json" in refusal(ask(control, method, path, {**form, **sender}, body))
            assert "Origin" in refusal(ask(control, method, path, {**form, "Origin": "null"}, body))
            if not path.startswith(AGGREGATOR_CALLS) and not (body and kind == JSON_AS_FORM):
                assert "application/json" in refusal(ask(control, method, path, form, body))


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        (b'{"seconds": 1}', True),
        (b' [{"preset": "outage"}]', True),
        (b"seconds=1", False),
        (b"%7B%22a%22%3A1%7D", False),
    ],
)
def test_a_program_may_call_json_a_form_as_curl_does(body: bytes, taken: bool, control: WSGIApp) -> None:
    form = {"Content-Type": JSON_AS_FORM}
    assert (ask(control, "POST", "/faults", form, body).status != 403) is taken
    for sender in ({"Origin": f"http://{HERE}"}, {"Sec-Fetch-Site": "same-origin"}):
        assert ask(control, "POST", "/faults", {**form, **sender}, body).status == 403


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_a_page_cannot_leave_the_content_type_out(method: str, path: str, control: WSGIApp) -> None:
    for sender in ({"Origin": f"http://{HERE}"}, {"Sec-Fetch-Site": "same-origin"}):
        assert "got 'none'" in refusal(ask(control, method, path, sender, b"{}"))


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_our_own_page_and_programs_are_served_and_other_sites_may_use_no_answer(method: str, path: str) -> None:
    control = control_app(assemble_services(("rapidpro", "cht"), VirtualClock()))
    body = b"" if method == "GET" else b"{}"
    for headers in (OWN_PAGE | JSON_TYPE, JSON_TYPE, NO_HEADERS, FOREIGN["another site"]):
        reply = ask(control, method, path, headers, body)
        assert (reply.status == 403) is (headers is FOREIGN["another site"])
        assert "default-src 'self'" in str(reply.header("Content-Security-Policy"))
        assert "unsafe" not in str(reply.header("Content-Security-Policy"))
        assert {name: reply.header(name) for name in PROTECTION} == PROTECTION
        assert not any(name.lower().startswith("access-control-") for name, _ in reply.headers)
    assert ask(control, method, path, OWN_PAGE).status != 403  # DELETE and the like, with nothing in it


def test_a_link_on_another_page_leads_to_the_workbench_and_to_nothing_else(control: WSGIApp) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    for method, path in {("GET", "/page"), ("POST", "/page"), ("GET", "/page/"), *ROUTES}:
        assert (ask(control, method, path, followed).status == 403) is ((method, path) != ("GET", "/page"))


def test_aggregators_send_forms_from_programs_only(control: WSGIApp) -> None:
    path, form = f"{AGGREGATOR_CALLS}at/any/status", {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(control, "POST", path, form, b"id=1&status=Success").status == 200
    assert ask(control, "POST", path, {**form, "Sec-Fetch-Site": "none"}, b"id=1&status=Success").status == 403


def test_routes_that_others_add_are_protected_too() -> None:
    added = Blueprint("added", __name__)
    added.add_url_rule("/added", "added", lambda: {"secret": 1}, methods=["GET", "POST", "PUT", "DELETE"])
    control = control_app(assemble_services(("cht",), VirtualClock()), further=[added])
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert ask(control, method, "/added", JSON_TYPE).status == 200
        for attack, headers in FOREIGN.items():
            assert (attack, ask(control, method, "/added", {**JSON_TYPE, **headers}).status) == (attack, 403)
