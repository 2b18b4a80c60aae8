"""What a fake RapidPro loads before its first answer, while its user waits, and what it loads later.

The flow engine is loaded at once: flows are imported at the start, and every text goes through one.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from fakes.assembly import assemble_services
from fakes.clock import VirtualClock
from fakes.serving.wsgi import build_environ, call

SLOW = (
    "flask",
    "jinja2",
    "requests",
    "urllib3",
    "fakes.cht",
    "fakes.rapidpro.api.openapi.document",
)
PROGRAM = """
import json, sys
from fakes.assembly import assemble_services
from fakes.clock import SystemClock
from fakes.rapidpro.seed.default import default_seed
from fakes.standalone import run
from fakes.serving.wsgi import build_environ, call

clock = SystemClock()
fakes = assemble_services(["rapidpro"], clock)
token = {"Authorization": f"Token {default_seed(clock.now())['tokens']['relay']['key']}"}
reply = call(fakes.apps["rapidpro"], build_environ("GET", "/api/v2/workspace.json", "", token, b""))
print(json.dumps([reply.status, sorted(set(sys.argv[1:]) & set(sys.modules))]))
"""


def test_nothing_slow_is_loaded_before_the_first_answer() -> None:
    command = [sys.executable, "-c", PROGRAM, *SLOW]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[200, []]"


@pytest.mark.parametrize("prefix", ["http://", "https://"])
def test_calls_out_go_through_the_session_that_adapters_are_mounted_on(prefix: str) -> None:
    fakes = assemble_services(["rapidpro"], VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    assert not fakes.sessions
    session = fakes.session("rapidpro")
    assert fakes.session("rapidpro") is session
    assert session.get_adapter(f"{prefix}relay.test/") is not None


def test_a_reason_phrase_stands_behind_every_status() -> None:
    fakes = assemble_services(["rapidpro"], VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    seen: list[str] = []
    environ = build_environ("GET", "/api/v2/workspace.json", "", {}, b"")
    list(fakes.apps["rapidpro"](environ, lambda status, _headers: seen.append(status)))
    assert seen == ["403 Forbidden"]
    assert call(fakes.apps["rapidpro"], environ).status == 403
