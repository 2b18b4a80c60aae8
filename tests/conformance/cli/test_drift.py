"""`relay-harness drift`: it names the right version, finds all differences from it, and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from conformance.cli import harness
from conformance.drift.questions import MOST_REQUESTS
from conformance.services.neighbours import CHT_ADMIN, CHT_GATEWAY, RAPIDPRO_TOKEN
from fakes.rapidpro.versions.profiles import PROFILES
from fakes.serving.process import Addresses, start_fakes
from tests.harness_command import harness as harness_process

ANN = "+250788123001"
SECRET_TEXT = "Ünique words of a patient"
NOWHERE = "http://127.0.0.1:9"


def drift(*words: str, token: str | None = RAPIDPRO_TOKEN, password: str | None = CHT_GATEWAY[1]) -> Result:
    runner = CliRunner(env={"RAPIDPRO_TOKEN": token, "CHT_PASSWORD": password})
    return runner.invoke(harness, ["drift", *words])


def document(done: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def call(method: str, url: str, **options: Any) -> requests.Response:
    answer = requests.request(method, url, timeout=10, **options)
    answer.raise_for_status()
    return answer


def fill(fakes: Addresses) -> None:
    """One incoming text with a flow run; one broadcast."""
    call("PUT", f"{fakes.control}/rapidpro/webhook", json={"url": f"{NOWHERE}/nobody"})
    call("POST", f"{fakes.control}/rapidpro/phones/{ANN}/texts", json={"text": SECRET_TEXT})
    headers = {"Authorization": f"Token {RAPIDPRO_TOKEN}"}
    body = {"urns": [f"tel:{ANN}"], "text": {"eng": SECRET_TEXT}}
    call("POST", f"{fakes.rapidpro}/api/v2/broadcasts.json", headers=headers, json=body)


def asked(fakes: Addresses, service: str) -> list[dict[str, Any]]:
    found = call("GET", f"{fakes.control}/ledger", params={"service": service}).json()["exchanges"]
    return [one for one in found if one["direction"] == "in"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_service_as_recorded_is_named_by_its_version_and_asked_little(profile: str) -> None:
    with start_fakes(("rapidpro",), profile=profile) as fakes:
        fill(fakes)
        before = len(asked(fakes, "rapidpro"))
        done = drift("--rapidpro", str(fakes.rapidpro), "--json")
        questions = asked(fakes, "rapidpro")[before:]
    assert done.exit_code == 0, done.output
    found = document(done)
    assert (found["fits"], found["differences"], found["notes"]) == ([profile], [], [])
    assert {one["method"] for one in questions} == {"GET"}
    assert len(questions) == found["requests"] <= MOST_REQUESTS == 12


@pytest.fixture(scope="module")
def both() -> Iterator[Addresses]:
    with start_fakes(("rapidpro", "cht"), profile="26") as addresses:
        yield addresses


@pytest.fixture
def fakes(both: Addresses) -> Addresses:
    call("POST", f"{both.control}/reset")
    fill(both)
    return both


def plan(fakes: Addresses, effect: str, at: str, service: str = "rapidpro", **given: Any) -> None:
    fault = {"service": service, "effect": effect, "with": given, "match": {"path": at}, "times": None}
    call("POST", f"{fakes.control}/faults", json=fault)


MESSAGES, BROADCASTS = "/api/v2/messages.json", "/api/v2/broadcasts.json"
WORKSPACE = "/api/v2/workspace.json"
REFUSED = {"status": 400, "content_type": "application/json"}


@pytest.mark.parametrize(
    ("effect", "path", "given", "sentence"),
    [
        ("drop_field", MESSAGES, {"path": "results[*].status"}, "messages: results[*].status: missing"),
        ("drop_field", WORKSPACE, {"path": "timezone"}, "workspace: timezone: missing"),
        ("null_field", MESSAGES, {"path": "results[*].direction"}, "null is not one of the recorded words: in, out"),
        ("null_field", MESSAGES, {"path": "results[*].created_on"}, "results[*].created_on: null, recorded: string"),
        ("set_field", BROADCASTS, {"path": "results[*].id", "value": "a"}, "results[*].id: string, recorded: integer"),
        ("set_field", MESSAGES, {"path": "results[*].colour", "value": 1}, "colour: a field that was never recorded"),
        ("set_field", MESSAGES, {"path": "results[*].created_on", "value": "today"}, "recorded form of a date-time"),
        ("set_field", MESSAGES, {"path": "results[*].uuid", "value": "X"}, "not of the recorded form of a uuid"),
        ("drop_field", "/api/v2/", {"path": "broadcasts"}, "list of resources: broadcasts: missing"),
        ("html_page", BROADCASTS, {"status": 200}, "broadcasts: content type 'text/html; charset=utf-8'"),
        ("garble", BROADCASTS, {"how": "cut"}, "broadcasts: the body is not JSON"),
        ("empty", BROADCASTS, {}, "broadcasts: the body is not JSON"),
        ("refuse", "/api/v2/runs.json", {"status": 503}, "runs: status 503, recorded: 200"),
        ("reset", "/api/v2/runs.json", {}, "runs: no answer (ConnectionError)"),
        ("refuse", "/api/v2/flows.json", {**REFUSED, "body": '{"detail":"No."}'}, """says '{"detail":"No."}', rec"""),
    ],
)
def test_what_differs_is_found_and_the_version_still_recognised(
    fakes: Addresses, effect: str, path: str, given: dict[str, Any], sentence: str
) -> None:
    plan(fakes, effect, path, **given)
    done = drift("--rapidpro", str(fakes.rapidpro))
    assert done.exit_code == 1, done.output
    assert f"{fakes.rapidpro} is closest to rapidpro 26, and differs in" in done.stdout
    assert sentence in done.stdout
    assert len({line.partition(":")[0] for line in done.stdout.splitlines() if line.startswith("  - ")}) == 1
    assert SECRET_TEXT not in done.stdout


def test_the_preset_of_an_unknown_status_is_drift_and_the_status_is_shown(fakes: Addresses) -> None:
    call("POST", f"{fakes.control}/faults", json={"preset": "unknown-status", "times": None})
    found = document(drift("--rapidpro", str(fakes.rapidpro), "--json"))
    assert found["fits"] == ["26"]
    (one,) = found["differences"]
    assert one["seen_at"] == ["messages"]
    assert one["what"].startswith("results[*].status: teleported is not one of the recorded words: delivered, errored")


def test_rows_where_none_were_recorded_are_drift_and_are_not_shown(fakes: Addresses) -> None:
    plan(fakes, "set_field", MESSAGES, path="results", value=[{"text": SECRET_TEXT}])
    done = drift("--rapidpro", str(fakes.rapidpro))
    assert done.exit_code == 1
    assert "unknown folder: returns rows, recorded: none" in done.stdout
    assert SECRET_TEXT not in done.stdout


def test_rows_without_a_token_are_drift_and_are_not_shown(fakes: Addresses) -> None:
    body = json.dumps({"results": [{"text": SECRET_TEXT}]})
    plan(fakes, "refuse", "/api/v2/broadcasts", status=200, body=body, content_type="application/json")
    done = drift("--rapidpro", str(fakes.rapidpro))
    assert done.exit_code == 1, done.output
    assert "documentation without a token: returns rows, recorded: none" in done.stdout
    assert SECRET_TEXT not in done.stdout


def test_it_stops_asking_when_it_is_throttled_and_knows_the_recorded_form(fakes: Addresses) -> None:
    plan(fakes, "throttle", MESSAGES, retry_after=60)
    before = len(asked(fakes, "rapidpro"))
    done = drift("--rapidpro", str(fakes.rapidpro))
    assert done.exit_code == 0, done.output
    assert "throttled, so these questions were not asked: runs, unknown path" in done.stdout
    assert len(asked(fakes, "rapidpro")) - before == 4


def test_a_429_without_its_seconds_is_drift(fakes: Addresses) -> None:
    plan(fakes, "refuse", MESSAGES, status=429, body="Slow down")
    done = drift("--rapidpro", str(fakes.rapidpro))
    assert done.exit_code == 1
    assert "messages: header retry-after of a 429: missing, recorded: whole seconds" in done.stdout
    assert "messages: the body of a 429 does not give the seconds" in done.stdout


def test_a_service_that_throttles_at_once_could_not_be_looked_at(fakes: Addresses) -> None:
    plan(fakes, "throttle", WORKSPACE, retry_after=42)
    done = drift("--rapidpro", str(fakes.rapidpro))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is throttling this workspace: try again in 42 seconds" in done.stderr


def test_an_empty_workspace_says_what_could_not_be_seen(fakes: Addresses) -> None:
    call("POST", f"{fakes.control}/reset")
    done = drift("--rapidpro", f"{fakes.rapidpro}/api/v2/")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{fakes.rapidpro} answers as recorded of rapidpro 26\n")
    for name in ("broadcasts", "messages", "runs"):
        assert f"this workspace has no {name}: their fields could not be checked" in done.stdout


def test_versions_that_cannot_be_distinguished_are_both_named() -> None:
    with start_fakes(("rapidpro",), profile="10") as fakes:
        found = document(drift("--rapidpro", str(fakes.rapidpro), "--json"))
    assert found["fits"] == ["9.3", "10"]
    assert "these answers do not distinguish the versions 9.3 and 10" in found["notes"]


@pytest.mark.parametrize("account", [CHT_GATEWAY, CHT_ADMIN])
def test_a_cht_as_recorded_is_recognised_and_only_read(fakes: Addresses, account: tuple[str, str]) -> None:
    before = len(asked(fakes, "cht"))
    done = drift("--cht", str(fakes.cht), "--cht-user", account[0], "--json", password=account[1])
    assert done.exit_code == 0, done.output
    found = document(done)
    assert (found["service"], found["fits"], found["differences"]) == ("cht", ["5.2"], [])
    questions = asked(fakes, "cht")[before:]
    assert {one["method"] for one in questions} == {"GET"}
    assert len(questions) == found["requests"] <= MOST_REQUESTS
    assert sum(one["reply"]["status"] == 401 for one in questions) < 10  # ten would lock the account out


@pytest.mark.parametrize(
    ("effect", "path", "given", "sentence"),
    [
        ("drop_field", "/api/sms", {"path": "medic-gateway"}, "gateway API: says '{}', recorded"),
        ("set_field", "/api/info", {"path": "version", "value": "9"}, "version of the package: says"),
        (
            "set_field",
            "/api/deploy-info",
            {"path": "version", "value": 5},
            "version: version: integer, recorded: string",
        ),
        ("refuse", "/API/SMS", {"status": 404}, "gateway API in capitals: status 404, recorded: 200"),
        ("html_page", "/api/relay-harness-drift", {"status": 200}, "unknown path: status 200, recorded: 403"),
        ("lose_reply", "/API/SMS", {}, "gateway API in capitals: no answer (ConnectionError)"),
    ],
)
def test_what_differs_at_cht_is_found(
    fakes: Addresses, effect: str, path: str, given: dict[str, Any], sentence: str
) -> None:
    plan(fakes, effect, path, service="cht", **given)
    done = drift("--cht", str(fakes.cht), "--cht-user", CHT_GATEWAY[0])
    assert done.exit_code == 1, done.output
    assert sentence in done.stdout


def test_another_release_of_cht_is_noted_but_is_no_difference(fakes: Addresses) -> None:
    plan(fakes, "set_field", "/api/deploy-info", service="cht", path="version", value="4.18.0")
    done = drift("--cht", str(fakes.cht), "--cht-user", CHT_GATEWAY[0])
    assert done.exit_code == 0, done.output
    assert "note: its version is 4.18.0, recorded was 5.2" in done.stdout


def test_what_a_cht_tells_about_its_build_is_no_difference(fakes: Addresses) -> None:
    plan(fakes, "set_field", "/api/deploy-info", service="cht", path="build_info", value={"branch": "master"})
    assert drift("--cht", str(fakes.cht), "--cht-user", CHT_GATEWAY[0]).exit_code == 0


@pytest.mark.parametrize(
    ("path", "effect", "given", "sentence"),
    [
        (WORKSPACE, "html_page", {"status": 200}, "is it a RapidPro?"),
        (WORKSPACE, "refuse", {"status": 502}, "status 502: is it a RapidPro, and is it up?"),
        (WORKSPACE, "reset", {}, "cannot be reached (ConnectionError)"),
        (WORKSPACE, "refuse", {"status": 301}, "redirects to"),
        ("/api/deploy-info", "refuse", {"status": 503}, "is starting up"),
        ("/api/deploy-info", "html_page", {"status": 200}, "no version: is it a CHT?"),
        ("/api/sms", "refuse", {"status": 403}, "may not use the gateway API"),
        ("/api/sms", "refuse", {"status": 429}, "has received too many wrong passwords"),
    ],
)
def test_a_service_that_could_not_be_checked_is_no_verdict(
    fakes: Addresses, path: str, effect: str, given: dict[str, Any], sentence: str
) -> None:
    rapidpro = path == WORKSPACE
    plan(fakes, effect, path, service="rapidpro" if rapidpro else "cht", **given)
    where = ("--rapidpro", str(fakes.rapidpro)) if rapidpro else ("--cht", str(fakes.cht), "--cht-user", "gateway")
    done = drift(*where)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_a_wrong_token_or_password_is_reported_and_never_shown(fakes: Addresses) -> None:
    done = drift("--rapidpro", str(fakes.rapidpro), token="not-the-token")
    assert done.exit_code == 2
    assert "refuses the token: check RAPIDPRO_TOKEN" in done.stderr
    assert "not-the-token" not in done.output
    done = drift("--cht", str(fakes.cht), "--cht-user", "gateway", password="not-the-password")
    assert done.exit_code == 2
    assert "refuses gateway: check --cht-user and the password in CHT_PASSWORD" in done.stderr
    assert "not-the-password" not in done.output


@pytest.mark.parametrize(
    ("words", "secrets", "sentence"),
    [
        ((), {}, "--rapidpro URL or --cht URL, one of the two"),
        (("--rapidpro", NOWHERE, "--cht", NOWHERE), {}, "one of the two"),
        (("--cht", NOWHERE), {}, "--cht and --cht-user go together"),
        (("--rapidpro", NOWHERE, "--cht-user", "a"), {}, "--cht and --cht-user go together"),
        (("--cht", NOWHERE, "--cht-user", "a:b"), {}, "a name without a colon"),
        (("--rapidpro", "https://rapidpro.example.org"), {}, "if you may send requests to it, use --allow-remote"),
        (("--rapidpro", "nonsense"), {}, "expected an address such as"),
        (("--rapidpro", NOWHERE), {"token": None}, "RAPIDPRO_TOKEN is not set"),
        (("--rapidpro", NOWHERE), {"token": "tök\nen"}, "RAPIDPRO_TOKEN holds no token"),
        (("--cht", NOWHERE, "--cht-user", "a"), {"password": None}, "CHT_PASSWORD is not set"),
        (("--rapidpro", NOWHERE), {}, "could not be checked: the RapidPro at http://127.0.0.1:9 cannot be reached"),
    ],
)
def test_wrong_usage_is_reported_in_a_sentence(words: tuple[str, ...], secrets: dict[str, Any], sentence: str) -> None:
    done = drift(*words, **secrets)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in " ".join(done.stderr.split())


def test_a_remote_service_is_checked_if_that_is_allowed(fakes: Addresses) -> None:
    elsewhere = str(fakes.rapidpro).replace("127.0.0.1", "0.0.0.0")
    assert drift("--rapidpro", elsewhere).exit_code == 2
    assert drift("--rapidpro", elsewhere, "--allow-remote").exit_code == 0


def test_it_works_as_a_process_and_its_help_names_the_promise() -> None:
    done = harness_process("drift", "--help")
    assert done.returncode == 0
    for promise in ("--allow-remote", "at most 12 requests, GET only", "Nothing is written"):
        assert promise in " ".join(done.stdout.split())
