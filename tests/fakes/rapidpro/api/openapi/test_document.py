"""The fake RapidPro's answers match its own OpenAPI document, for any request that the document allows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.core.failures import FailureGroup

from fakes.control.app import control_app
from fakes.rapidpro.api.openapi.document import document
from fakes.rapidpro.api.routes import endpoints
from fakes.rapidpro.versions.profiles import PROFILES
from fakes.serving.wsgi import Environ, StartResponse, build_environ, call
from tests.fakes.rapidpro.control.test_tokens_and_rates import ControlledRapidPro
from tests.fakes.rapidpro.recorded_traffic import World, setup

PATH = "/openapi.json"
HEADERS = {"Authorization": f"Token {setup()['tokens']['admin']['key']}"}


class Documented:
    """A fake RapidPro that also serves its document, for schemathesis."""

    def __init__(self, profile: str) -> None:
        self.world = World(profile)
        self.document = json.dumps(document(self.world.rapidpro.profile)).encode()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [self.document]
        self.world.rapidpro.throttle.reset()
        return self.world.rapidpro(environ, start_response)


def schema_of(profile: str) -> Any:
    config = schemathesis.Config.from_dict(
        {
            "generation": {"mode": "positive", "allow-x00": False, "codec": "utf-8"},
            "phases": {"stateful": {"enabled": False}},
        }
    )
    return schemathesis.openapi.from_wsgi(PATH, Documented(profile), config=config)


CHECKS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)
OLD, CURRENT = schema_of("6.4"), schema_of("26")
QUIET = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@CURRENT.parametrize()  # type: ignore[untyped-decorator]
@QUIET
def test_every_valid_request_gets_an_answer_that_fits_the_document(case: Any) -> None:
    case.call_and_validate(headers=HEADERS, checks=list(CHECKS))


@OLD.parametrize()  # type: ignore[untyped-decorator]
@QUIET
def test_every_valid_request_gets_an_answer_that_fits_the_document_in_the_oldest_version(case: Any) -> None:
    case.call_and_validate(headers=HEADERS, checks=list(CHECKS))


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_the_document_describes_every_route_and_method(profile: Any) -> None:
    description = document(profile)
    assert description["info"]["version"] == profile.name
    assert {path: {method.upper() for method in methods} for path, methods in description["paths"].items()} == {
        f"/api/v2/{name}.json": set(one.methods) for name, one in endpoints(profile).items()
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_every_seeded_row_is_as_the_document_says(profile: str) -> None:
    world = World(profile)
    for name, one in endpoints(world.rapidpro.profile).items():
        if "GET" in one.methods:
            reply = call(world.rapidpro, build_environ("GET", f"/api/v2/{name}.json", "", HEADERS, b""))
            row = document(world.rapidpro.profile)["components"]["schemas"][name]
            answer = json.loads(reply.body)
            for found in [answer] if one.single else answer["results"]:
                assert list(found) == row["required"], name


def test_an_answer_that_does_not_fit_is_noticed() -> None:
    app = Documented("26")
    description = json.loads(app.document)
    description["components"]["schemas"]["messages"]["required"].append("nothing")
    app.document = json.dumps(description).encode()
    schema = schemathesis.openapi.from_wsgi(PATH, app)
    case = schema["/api/v2/messages.json"]["GET"].Case()
    with pytest.raises(FailureGroup, match="violates schema"):
        case.call_and_validate(headers=HEADERS, checks=list(CHECKS))


def test_the_control_port_serves_the_document() -> None:
    service = ControlledRapidPro("9.3")
    reply = call(
        control_app(service.fakes), build_environ("GET", "/rapidpro/openapi.json", "", {"Host": "127.0.0.1"}, b"")
    )
    assert json.loads(reply.body) == json.loads(json.dumps(document(PROFILES["9.3"])))
