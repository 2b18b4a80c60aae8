"""Judging never loses what it needs: exchanges that are not kept, whole or in part, are an error of the harness."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.history.observe import Exchanges
from conformance.services.control_client import ControlClient, InProcessControlClient
from conformance.services.processes import plain_session
from conformance.verdicts import HarnessBroken
from fakes.assembly import Fakes, assemble
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.ledger import MAX_BODY_SHOWN, Keeping
from fakes.ledger.keeping import BATCH
from fakes.serving.process import start_fakes
from fakes.serving.transport import WSGIAdapter
from tests.fakes.echo_service import Echo
from tests.fakes.ledger.exchanges import AT, add, written


def fakes_with(keeping: Keeping, number: int, body: bytes = b"{}") -> Fakes:
    fakes, echo = assemble(VirtualClock(), keeping), Echo("cht")
    fakes.add(echo, echo.blueprint)
    for _ in range(number):
        add(written(fakes.ledger), body)
    written(fakes.ledger)
    return fakes


def in_process(fakes: Fakes) -> ControlClient:
    return InProcessControlClient(control_app(fakes), fakes.ledger)


def by_http(fakes: Fakes) -> ControlClient:
    session = plain_session()
    session.mount("http://control.test", WSGIAdapter(control_app(fakes)))
    return ControlClient(session, "http://control.test")


@pytest.fixture(params=[in_process, by_http])
def client(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_a_judge_reads_across_the_border_and_long_bodies_whole(client: Any) -> None:
    body = b'{"messages": [' + b" " * MAX_BODY_SHOWN + b"]}"
    fakes = fakes_with(Keeping(memory=2, batch=2), 9, body)
    calls = Exchanges(client(fakes), 0).all()
    assert [call.seq for call in calls] == list(range(1, 10))
    assert {call.body for call in calls} == {body.decode()}
    fakes.ledger.close()


def test_exchanges_that_were_dropped_break_the_harness(client: Any) -> None:
    fakes = fakes_with(Keeping(memory=2, batch=2, older="drop"), 9)
    with pytest.raises(HarnessBroken, match=r"exchanges 1 to . are not kept any more.*--ledger-older spool"):
        Exchanges(client(fakes), 0).all()
    assert len(Exchanges(client(fakes), 7).all()) == 2


@pytest.mark.parametrize("part", ["request", "reply"])
def test_a_body_that_is_not_whole_breaks_the_harness(client: Any, part: str) -> None:
    fakes = fakes_with(Keeping(body=5000), 1)
    long = b"x" * 5001
    add(fakes.ledger, *((long,) if part == "request" else (b"", long)))
    sentence = f"exchange 2, cht POST /api/sms, .* 4096 of the 5001 bytes of its {part}.*--ledger-body 5001 or more"
    with pytest.raises(HarnessBroken, match=sentence):
        Exchanges(client(fakes), 0).all()


def test_what_the_harness_itself_asked_need_not_be_whole(client: Any) -> None:
    fakes = fakes_with(Keeping(body=10), 0)
    headers = {"authorization": "Basic YWRtaW46cGFzcw=="}
    fakes.ledger.secret_sources = [Administrator()]
    fakes.ledger.add(
        at=AT, service="cht", direction="in", method="PUT", path="/medic/a", query="", headers=headers,
        body=b"x" * 2000, reply=None,
    )  # fmt: skip
    assert len(Exchanges(client(fakes), 0).all()) == 1


class Administrator:
    def secrets(self) -> dict[str, str]:
        return {"cht:password of admin": "pass"}


def test_a_process_is_judged_by_its_own_options() -> None:
    arguments = ("--ledger-memory", "0", "--ledger-older", "drop")
    with start_fakes(("rapidpro",), arguments=arguments) as addresses, plain_session() as session:
        for _ in range(BATCH + 1):
            session.get(f"{addresses.rapidpro}/api/v2/workspace.json", timeout=5)
        with pytest.raises(HarnessBroken, match="--ledger-older drop keeps the newest 0"):
            Exchanges(ControlClient(session, addresses.control), 0).all()
