"""Who is let in, who is told what, and when: logins, the limit on failures, settings, credentials, start-up."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.fakes.cht.client import ADMIN, GATEWAY, Client, client

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Accept": "text/html"}
JSON = {"Accept": "application/json"}
PHONE = {"User-Agent": "Dalvik/2.1.0 (Linux) medic.gateway.alert.generic"}


def fail(cht: Client, times: int, user: tuple[str, str] = ("gateway", "wrong"), address: str = "10.0.0.1") -> list[int]:
    headers = {**JSON, "X-Forwarded-For": address}
    return [cht.get("/api/sms", auth=user, headers=headers).status_code for _ in range(times)]


def test_after_ten_failed_logins_even_the_right_password_has_to_wait() -> None:
    cht = client()
    assert fail(cht, 12) == [401] * 10 + [429] * 2
    refused = cht.get("/api/sms", headers={**JSON, "X-Forwarded-For": "10.0.0.1"})
    assert (refused.status_code, refused.json()) == (429, {"code": 429, "error": "Too Many Requests"})
    cht.clock.advance(10)
    assert fail(cht, 1, GATEWAY) == [200]


def test_failures_count_by_user_name_from_any_address() -> None:
    cht = client()
    for number in range(10):
        fail(cht, 1, address=f"10.0.1.{number}")
    assert fail(cht, 1, GATEWAY, address="10.0.2.1") == [429]
    assert fail(cht, 1, ADMIN, address="10.0.2.1") == [200]


def test_failures_of_old_do_not_count() -> None:
    cht = client()
    for _ in range(3):
        assert fail(cht, 9) == [401] * 9
        cht.clock.advance(10)
    assert fail(cht, 1, GATEWAY) == [200]


def test_requests_without_login_are_not_limited() -> None:
    cht = client(user=None)
    for _ in range(12):
        assert cht.get("/api/sms", headers=JSON).status_code == 401
    token = {"Authorization": "Token cht-incoming-token"}
    body = {"id": "1", "from": "+250788123456", "content": "hi"}
    assert cht.post("/api/v2/sms/rapidpro/incoming-messages", json=body, headers=token).status_code == 200
    assert cht.get("/api/sms", auth=ADMIN).status_code == 429


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic ", "Basic !!!", "Basic YWRtaW4=", "basic YWRtaW46cGFzcw==", "Digest x", "Basic " + "A" * 999],
)
def test_an_invalid_login_counts_as_none(header: str) -> None:
    answer = client(user=None).get("/api/sms", headers={"Authorization": header, **PHONE})
    assert (answer.status_code, answer.text) == (401, "not logged in")


@pytest.mark.parametrize("agent", ["python-requests/2.32", "curl/8", "okhttp/4", "Mozilla/5.0 (X11)", "Dalvik/2.1.0 x"])
@pytest.mark.parametrize("password", [None, "wrong"])
@pytest.mark.parametrize("path", ["/api/sms", "/api/deploy-info", "/medic/x", "/_session", "/api/nowhere"])
def test_a_client_without_a_valid_password_is_sent_to_the_login_page(
    agent: str, password: str | None, path: str
) -> None:
    cht = client(user=None if password is None else ("gateway", password))
    answer = cht.get(path, headers={"User-Agent": agent}, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/medic/login?redirect={quote(path, safe='')}")
    assert answer.headers["Set-Cookie"] == "login=force; Path=/; Secure; SameSite=Lax"
    assert answer.headers["logout-authorization"] == "CHT-Core API"
    asked_for_json = cht.get(path, headers={"User-Agent": agent, **JSON}, allow_redirects=False)
    assert (asked_for_json.status_code, asked_for_json.json()) == (401, {"code": 401, "error": "unauthorized"})


def test_who_follows_to_the_login_page_gets_a_page_with_status_200() -> None:
    cht = client(user=("gateway", "wrong"))
    answer = cht.post("/api/sms", json={"messages": [{"id": "1", "from": "+250788123456", "content": "hi"}]})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert [one.status_code for one in answer.history] == [302]
    assert list(cht.cht.state.all_docs()) == []


@pytest.mark.parametrize(
    ("accept", "kind", "body"),
    [
        ("text/html", "text/html; charset=utf-8", "<p>Found. Redirecting to /medic/login?redirect=%2Fapi%2Fsms</p>"),
        ("*/*", "text/plain; charset=utf-8", "Found. Redirecting to /medic/login?redirect=%2Fapi%2Fsms"),
        ("text/plain", "text/plain; charset=utf-8", "Found. Redirecting to /medic/login?redirect=%2Fapi%2Fsms"),
        ("image/png", None, ""),
    ],
)
def test_the_redirect_is_told_in_the_type_that_is_preferred(accept: str, kind: str | None, body: str) -> None:
    answer = client(user=None).get("/api/sms", headers={"Accept": accept}, allow_redirects=False)
    assert (answer.status_code, answer.headers.get("Content-Type"), answer.text) == (302, kind, body)


def test_redirects_to_the_login_page_do_not_count_as_failed_logins() -> None:
    cht = client(user=("gateway", "wrong"))
    assert [cht.get("/api/sms", allow_redirects=False).status_code for _ in range(12)] == [302] * 12
    cht.user = GATEWAY
    assert cht.get("/api/sms").status_code == 200


@pytest.mark.parametrize("agent", [PHONE["User-Agent"], "Dalvik/2.1.0 (Linux) org.odk.collect.android", None])
def test_gateway_apps_and_nameless_clients_are_prompted_for_a_password(agent: str | None) -> None:
    answer = client(user=None).get("/api/sms", headers={"User-Agent": agent}, allow_redirects=False)
    assert (answer.status_code, answer.text) == (401, "not logged in")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Medic Web Services"'


def test_a_redirect_keeps_the_query() -> None:
    answer = client(user=None).get("/api/sms?a=b", headers=BROWSER, allow_redirects=False)
    assert answer.headers["Location"] == "/medic/login?redirect=%2Fapi%2Fsms%3Fa%3Db"


@pytest.mark.parametrize(
    ("accept", "json_wanted"),
    [
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("application/*", True),
        ("text/plain;q=0.5, application/json", True),
        ("APPLICATION/JSON", True),
        ("*/*;q=0.1, application/json;q=0.9", True),
        ("text/plain, application/json", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("application/json;q=0", False),
        ("application/json;version=1", False),
        ("nonsense", False),
        ("text/*, application/json;q=0.9", False),
    ],
)
def test_errors_are_json_only_for_those_who_prefer_it(accept: str, json_wanted: bool) -> None:
    answer = client(user=None).get("/api/sms", headers={"Accept": accept, **PHONE})
    assert answer.headers["Content-Type"].startswith("application/json") == json_wanted


def test_settings_are_read_by_everybody_logged_in_and_by_nobody_else() -> None:
    cht = client()
    assert cht.get("/api/v1/settings").json()["sms"] == {"outgoing_service": "medic-gateway"}
    cht.user = GATEWAY
    assert cht.get("/api/v1/settings").status_code == 200
    cht.user = None
    assert cht.get("/api/v1/settings", headers=JSON).text == "not logged in"


def test_settings_are_merged_replaced_or_overwritten() -> None:
    cht = client({"settings": {"a": {"b": 1, "c": 2}, "d": 3}})
    assert cht.put("/api/v1/settings", json={"a": {"b": 5}}).json() == {"success": True, "updated": True}
    assert cht.get("/api/v1/settings").json()["a"] == {"b": 5, "c": 2}
    assert cht.put("/api/v1/settings", json={"a": {"b": 5}}).json() == {"success": True, "updated": False}
    cht.put("/api/v1/settings?replace=1", json={"a": {"b": 6}})
    assert cht.get("/api/v1/settings").json()["a"] == {"b": 6}
    cht.put("/api/v1/settings?overwrite=true", json={"e": 1})
    after = cht.get("/api/v1/settings").json()
    assert set(after) == {"e", "permissions"}


def test_settings_need_permission_and_the_exact_content_type() -> None:
    cht = client(user=GATEWAY)
    assert cht.put("/api/v1/settings", json={}).text == "Insufficient privileges"
    cht.user = ADMIN
    typed = {"Content-Type": "application/json; charset=utf-8"}
    assert cht.put("/api/v1/settings", data="{}", headers=typed).status_code == 400
    assert cht.put("/api/v1/settings", data="{", headers={"Content-Type": "application/json"}).status_code == 500


def test_a_new_credential_is_valid_at_once() -> None:
    cht = client()
    plain = {"Content-Type": "text/plain"}
    assert cht.put("/api/v1/credentials/rapidpro:incoming", data="new-token", headers=plain).json() == {"ok": True}
    body = {"id": "1", "from": "+250788123456", "content": "hi"}
    path = "/api/v2/sms/rapidpro/incoming-messages"
    assert (
        cht.post(path, json=body, auth=None, headers={"Authorization": "Token cht-incoming-token"}).status_code == 403
    )
    assert cht.post(path, json=body, auth=None, headers={"Authorization": "Token new-token"}).status_code == 200


def test_a_credential_cannot_be_read_back() -> None:
    assert client().get("/api/v1/credentials/rapidpro:incoming").status_code == 404


def test_only_administrators_store_credentials() -> None:
    users = {"eve": {"password": "eve-pass", "roles": ["mm-online"]}}
    cht = client({"users": users}, user=("eve", "eve-pass"))
    answer = cht.put("/api/v1/credentials/a", data="x", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.text) == (403, "Insufficient permissions")


def test_while_starting_up_clients_get_200_unless_they_prefer_json() -> None:
    cht = client({"server": "starting", "credentials": {"rapidpro:incoming": "t"}}, user=None)
    body = {"id": "1", "from": "+250788123456", "content": "hi"}
    lost = cht.post("/api/v2/sms/rapidpro/incoming-messages", json=body, headers={"Authorization": "Token t"})
    assert (lost.status_code, lost.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    told = cht.post("/anything", headers=JSON)
    assert (told.status_code, told.json()) == (503, {"error": "Service unavailable"})
    assert list(cht.cht.state.all_docs()) == []


@pytest.mark.parametrize(("release", "version"), [("3.11", "3.11.0"), ("5.2", "5.2.0")])
def test_the_version_is_told_only_to_users_and_only_as_deploy_info(release: str, version: str) -> None:
    cht = client(user=None, release=release)
    assert cht.get("/api/info").json() == {"version": "0.1.0"}
    assert cht.get("/api/deploy-info", headers=JSON).status_code == 401
    assert cht.get("/api/deploy-info", auth=GATEWAY).json() == {"version": version}


def test_the_session_shows_who_is_logged_in() -> None:
    assert client().get("/_session").json()["userCtx"] == {"name": "admin", "roles": ["_admin"]}
    assert client(user=None).get("/_session", headers=JSON).status_code == 401


def test_a_head_request_has_no_body() -> None:
    answer = client().call("HEAD", "/api/sms")
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_unknown_path_is_reported_as_unexpected() -> None:
    cht = client()
    notes: list[str] = []
    cht.cht.on_unexpected = notes.append
    cht.get("/medic/_all_docs")
    assert notes == []
    cht.get("/api/v3/sms")
    assert notes == ["no route for GET /api/v3/sms"]


def test_an_unknown_gateway_status_is_reported_as_unexpected() -> None:
    cht = client(user=GATEWAY)
    notes: list[str] = []
    cht.cht.on_unexpected = notes.append
    for status in ("SENT", "sent"):
        cht.post("/api/sms", json={"updates": [{"id": "u", "status": status}]})
    assert notes == ["update of message 'u' with an unknown gateway status: {'gateway_status': 'sent'}"]
