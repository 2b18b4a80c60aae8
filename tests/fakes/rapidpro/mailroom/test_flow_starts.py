"""The texts of flows that the API starts."""

from __future__ import annotations

from conformance.services.in_process import RAPIDPRO_URL, InProcessFakes
from conformance.services.neighbours import RAPIDPRO_TOKEN
from conformance.services.processes import plain_session

NUMBER = "+250788200077"


def started(fakes: InProcessFakes, flow: str, **params: str) -> int:
    session = plain_session()
    fakes.connect(session)
    answer = session.post(
        f"{RAPIDPRO_URL}/api/v2/flow_starts.json",
        json={"flow": flow, "urns": [f"tel:{NUMBER}"], "params": params},
        headers={"Authorization": f"Token {RAPIDPRO_TOKEN}"},
    )
    fakes.clock.advance(600)
    return answer.status_code


def received(fakes: InProcessFakes) -> list[str]:
    texts = fakes.control.get(f"/rapidpro/phones/{NUMBER}/texts")["texts"]
    return [text["text"] for text in texts if text["direction"] == "received"]


def test_a_started_flow_sends_its_params_without_evaluating_them() -> None:
    fakes = InProcessFakes("26", 1)
    flow = fakes.control.put("/rapidpro/flow", {"says": "@trigger.params.content"})["uuid"]
    assert started(fakes, flow, content="write to @contact.name or @(1+1)") == 201
    assert received(fakes) == ["write to @contact.name or @(1+1)"]
    (message,) = fakes.control.get("/rapidpro/messages")["messages"]
    assert (message["origin"], message["status"]) == ("start", "delivered")


def test_texts_start_another_flow_whose_reply_has_another_origin() -> None:
    fakes = InProcessFakes("26", 1)
    fakes.control.put("/rapidpro/flow", {"says": "@trigger.params.content"})
    fakes.control.put("/rapidpro/webhook", {"url": "http://nobody.test/", "token": "t"})
    fakes.control.post(f"/rapidpro/phones/{NUMBER}/texts", {"text": "hello"})
    origins = {row["direction"]: row["origin"] for row in fakes.control.get("/rapidpro/messages")["messages"]}
    assert origins["out"] == "flow"


def test_a_flow_without_a_template_sends_nothing() -> None:
    fakes = InProcessFakes("26", 1)
    fakes.control.put("/rapidpro/webhook", {"url": "http://nobody.test/", "token": "t"})
    flow = fakes.control.put("/rapidpro/flow", {"says": ""})["uuid"]
    assert started(fakes, flow, content="hello") == 201
    assert received(fakes) == []


def test_a_reset_removes_the_templates_of_flows() -> None:
    fakes = InProcessFakes("26", 1)
    flow = fakes.control.put("/rapidpro/flow", {"says": "hello"})["uuid"]
    fakes.reset()
    assert started(fakes, flow) == 400
