"""Flows on the command line: `up --flows`, `sms send`, `sms show --run`, `python -m fakes --flows`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.cli import harness
from fakes.serving.process import StartError, start_fakes
from tests.fakes.rapidpro.flow_bundles import ask, bundle, call, catch_all, flow, keyword, say
from tests.folders import ROOT

PERSON = "+250788123077"
RELAY = flow(
    "Relay to CHT", call("post", "@globals.cht_url", None, "sorry"), say("sorry", "Not received: @globals.ward")
)
SURVEY = flow("Survey", say("q", "How old?", "w"), ask("w", None, result="Age"))
BUNDLE = bundle(RELAY, SURVEY, triggers=[catch_all("Relay to CHT"), keyword("Survey", "join")])


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The addresses of fakes with two flows, and what was said about them."""
    file = tmp_path_factory.mktemp("flows") / "flows.json"
    file.write_text(json.dumps(BUNDLE), encoding="utf-8")
    command = [sys.executable, "-m", "conformance", "up", "--no-relay", "--json", "--flows", str(file),
               "--global", "cht_url={cht}/api/v2/sms/rapidpro/incoming-messages"]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = [process.stderr.readline()]
        yield json.loads(process.stdout.readline()), said
        process.terminate()
        process.communicate(timeout=30)


def sms(up: tuple[dict[str, Any], list[str]], *words: str) -> Result:
    return CliRunner(env={"HARNESS_CONTROL": up[0]["control"]}).invoke(harness, ["sms", *words])


def test_flows_can_be_given_at_the_start_and_what_is_missing_is_said(up: Any) -> None:
    assert "the workspace has no globals ward" in up[1][0]
    sent = sms(up, "send", PERSON, "TEMP 38.5")
    assert sent.exit_code == 1  # CHT has no key for the flow
    assert f"POST {up[0]['cht']}/api/v2/sms/rapidpro/incoming-messages: 403" in sent.stdout
    assert "RapidPro replies to the sender: Not received:" in sent.stdout
    assert "error in the flow: Error evaluating expression: object has no property 'ward'" in sent.stdout


def test_a_conversation_is_shown_with_the_path_through_the_flow(up: Any) -> None:
    sent = sms(up, "send", PERSON, "join")
    assert (sent.exit_code, "the flow waits for the next text" in sent.stdout) == (0, True)
    assert sms(up, "send", PERSON, "31").exit_code == 0
    shown = sms(up, "show", PERSON, "--run").stdout
    for line in ("keyword join", "text: 31", "Survey: wait msg", "message: How old?", "result Age: 31 (Other)"):
        assert line in shown
    document = json.loads(sms(up, "show", PERSON, "--run", "--json").stdout)
    assert document["sessions"][-1]["status"] == "completed"
    nobody = sms(up, "show", "+250788123078", "--run")
    assert (nobody.exit_code, nobody.output) == (0, "+250788123078 has been in no flow\n")


def test_the_fakes_alone_refuse_flows_that_the_engine_refuses(tmp_path: Path, capfd: Any) -> None:
    file = tmp_path / "flows.json"
    file.write_text(json.dumps(bundle({**RELAY, "nodes": [{}]})), encoding="utf-8")
    with pytest.raises(StartError), start_fakes(("rapidpro",), arguments=("--flows", str(file))):
        pass
    assert "flows[0] (Relay to CHT) is refused: unable to read node" in capfd.readouterr().err
