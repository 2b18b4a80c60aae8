"""CHT's processes are killed, held and started again: what waits is done afterwards, what died is not heard of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.cht.jobs import JobStopped
from tests.fakes.cht.recorded_traffic import World, send, world
from tests.scripted_server import Script, session

ADMIN = {"Authorization": "Basic YWRtaW46cGFzcw==", "Content-Type": "application/json"}
OK = {"status": 201, "content_type": "application/json", "body": "{}"}
PUSHING = {
    "settings": {
        "transitions": {"mark_for_outbound": {}},
        "outbound": {
            "p": {
                "relevant_to": "true",
                "destination": {"base_url": "http://localhost:8000", "path": "/push"},
                "mapping": {"id": "doc._id"},
            }
        },
    }
}


def made_world(answer: Any = OK) -> tuple[World, Script]:
    script = Script(lambda _number, _request: answer)
    made = world(PUSHING, session(script))
    script.pass_time = made.cht.pass_time
    return made, script


def put(made: World, doc_id: str) -> None:
    request = {"method": "PUT", "path": f"/medic/{doc_id}", "headers": ADMIN, "body": json.dumps({"_id": doc_id})}
    assert send(made.cht, request).status == 201
    made.clock.advance(0)


def test_what_is_saved_while_the_processes_are_killed_is_pushed_when_they_run_again() -> None:
    made, script = made_world()
    made.cht.kill()
    put(made, "a")
    made.clock.advance(3600)
    assert script.asked == []
    made.cht.start()
    made.clock.advance(0)
    assert len(script.asked) == 1


def test_paused_processes_begin_nothing_until_they_are_resumed() -> None:
    made, script = made_world()
    made.cht.background.pause()
    put(made, "a")
    made.clock.advance(3600)
    assert script.asked == []
    made.cht.background.resume()
    made.clock.advance(0)
    assert len(script.asked) == 1


def test_a_process_that_is_killed_during_a_push_repeats_it() -> None:
    """Nothing was noted as pushed: cht-core sentinel/src/lib/feed.js goes on from the last change that was done."""
    deaths = iter([True, False])
    made, script = made_world()

    def dying(_number: int, _request: Any) -> Any:
        if next(deaths):
            made.cht.kill()
            raise JobStopped
        return OK

    script.answer_with(dying)
    put(made, "a")
    made.cht.start()
    made.clock.advance(0)
    assert len(script.asked) == 2
    made.clock.advance(3600)
    assert len(script.asked) == 2


def test_the_interval_of_the_passes_can_be_set_and_holds_after_a_restart() -> None:
    made, _script = made_world()
    assert made.control.put("/cht/timers", json={"sending_every": 1}).get_json() == {"sending_every": 1.0}
    made.cht.restart()
    assert made.cht.background.sending_every == 1


@pytest.mark.parametrize("wrong", [{}, {"sending_every": 0}, {"sending_every": "1"}, {"sending_every": True}, []])
def test_an_invalid_interval_is_rejected_with_a_sentence(wrong: Any) -> None:
    made, _script = made_world()
    answer = made.control.put("/cht/timers", json=wrong)
    assert answer.status_code == 400
    assert "expected seconds" in answer.get_data(as_text=True)
