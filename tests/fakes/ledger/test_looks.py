"""The harness's own looks: not in the ledger, hit by no fault, and nobody else can make one."""

from __future__ import annotations

import pytest

from fakes.faults import Fault
from fakes.ledger.looks import HEADER
from tests.fakes.echo_service import EchoSetup, in_process


@pytest.fixture
def setup() -> EchoSetup:
    found = in_process()
    found.fakes.plan.add(Fault.parse({"effect": "refuse"}))
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_meets_the_service_itself_and_is_only_counted(setup: EchoSetup, method: str) -> None:
    token = setup.fakes.ledger.looks.token
    assert setup.ask(method, headers={HEADER: token})[1] == 200
    assert (len(setup.fakes.ledger), len(setup.fakes.plan.unused())) == (0, 1)
    assert setup.fakes.ledger.figures()["own_looks_total"] == 1


@pytest.mark.parametrize(("method", "token"), [("GET", ""), ("GET", "guessed"), ("GET", "\xff"), ("POST", None)])
def test_other_requests_are_no_looks(setup: EchoSetup, method: str, token: str | None) -> None:
    right = setup.fakes.ledger.looks.token
    assert setup.ask(method, headers={HEADER: (right if token is None else token).encode("latin-1")})[1] == 503
    assert (len(setup.fakes.ledger), setup.fakes.plan.unused()) == (1, [])
