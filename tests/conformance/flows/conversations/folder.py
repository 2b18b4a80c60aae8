"""Files of a conversation in a folder, and the command on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from conformance.cli.flow.record import record_command
from conformance.cli.flow.test import test_command
from tests.conformance.flows.building import call, export, flow, node, post, say, split

GLOBALS = "globals: {cht_token: cht-incoming-token}\n"
TWO_STEPS = """\
    steps:
      - text: hello
      - reply: Thanks
"""


def relay() -> dict[str, Any]:
    """An export: a text goes to CHT, and the person is told what became of it."""
    return export(
        flow(
            "Texts", call("post", post(), good="thanks", bad="sorry"), node("thanks", say("Thanks")),
            node("sorry", say("Sorry, @contact.name")),
        ),
        catch_all="Texts",
    )  # fmt: skip


def question(seconds: int = 600) -> dict[str, Any]:
    """An export: a question that is asked once more after a time, and then given up."""
    return export(
        flow(
            "Ask", node("q", say("Age?"), to="w"),
            split("w", cases={"Number": ("has_number", "end")}, other="again", wait=True, seconds=seconds,
                  result="Age", late="late"),
            node("again", say("A number, please"), to="w"), node("end", say("Thanks")), node("late", say("Too late")),
        ),
        catch_all="Ask",
    )  # fmt: skip


def write(folder: Path, conversations: str, document: Any = None, name: str = "a.test.yaml") -> Path:
    """A conversation file with the keys `flow` and `globals` before what is given, and its export."""
    (folder / "flows.json").write_text(json.dumps(relay() if document is None else document), "utf-8")
    path = folder / name
    path.write_text(
        conversations if name.endswith(".feature") else f"flow: flows.json\n{GLOBALS}{conversations}", "utf-8"
    )
    return path


def one(steps: str, more: str = "") -> str:
    """One conversation, from the lines of its steps."""
    lines = "".join(f"      {line}\n" for line in steps.strip().splitlines())
    return f"{more}conversations:\n  - name: one\n    steps:\n{lines}"


def flow_test(*arguments: object) -> Result:
    """`flow test` with these arguments."""
    return CliRunner().invoke(test_command, list(map(str, arguments)), catch_exceptions=False)


def flow_record(typed: str, *arguments: object) -> Result:
    """`flow record` with these arguments, and what is typed."""
    return CliRunner().invoke(record_command, list(map(str, arguments)), input=typed, catch_exceptions=False)
