"""`python -m fakes eval` as a process, with the recorded cases and with invalid lines."""

import json
import random
import subprocess
import sys
from typing import Any

import pytest

from tests.folders import GOLDEN

RECORDED = json.loads((GOLDEN / "flows/expressions.json").read_text(encoding="utf-8"))


def process(stdin: bytes) -> tuple[int, list[Any]]:
    """Exit status and answers; stderr must be empty."""
    command = [sys.executable, "-m", "fakes", "eval"]
    ended = subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)
    assert ended.stderr == b""
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()]


def line(template: str, **context: Any) -> bytes:
    return json.dumps({"template": template, "context": context, "env": {}}).encode() + b"\n"


def test_every_recorded_case_passes_through_the_process() -> None:
    cases = RECORDED["cases"]
    asked = [
        {
            "template": case["template"],
            "context": {**RECORDED["contexts"][case["context"]], **case.get("patch", {})},
            "env": RECORDED["env"],
        }
        for case in cases
    ]
    status, answers = process("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in asked).encode())
    assert status == 0
    assert [(a["text"], bool(a["errors"])) for a in answers] == [(case["expected"], case["error"]) for case in cases]
    assert len(answers) == 89


def test_invalid_lines_get_a_sentence_each_and_the_last_line_is_still_evaluated() -> None:
    noise = random.Random(1).randbytes(50_000).replace(b"\n", b"")
    lines = [
        noise, b"\x00" * 1_000, "é".encode("utf-16"), b"\xef\xbb\xbf{}", b"[" * 50_000, b'{"template": 1e999}',
        b'{"template": "@a", "context": {"a": NaN}}', b'{"template": "@a", "context": {"a": ' + b"9" * 5_000 + b"}}",
        b'{"template": "", "context": {"a": ' + b'{"b":' * 5_000 + b"1" + b"}" * 5_001 + b"}",
        b'{"template": "", "env": {"timezone": ["x"], "now": {}}}',
    ]  # fmt: skip
    status, answers = process(b"\n".join([*lines, line("@(1 + 1)")]))
    assert status == 2
    assert [set(answer) for answer in answers[:-1]] == [{"error"}] * len(lines)
    assert all(len(answer["error"]) < 300 for answer in answers[:-1])
    assert answers[-1] == {"text": "2", "errors": []}


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("@(" + "(" * 10_000 + "1" + ")" * 10_000 + ")", "expression nesting too deep"),
        ("@(" + "upper(" * 10_000 + '"a"' + ")" * 10_000 + ")", "expression nesting too deep"),
        ("@(" + "(x) => " * 5_000 + "1)", None),
        ("@(" + "1+" * 1_000_000 + "1)", "expression is too complex to evaluate"),
        ("@(frobnicate(1))", "context has no property 'frobnicate'"),
        ("@(((f) => f(f))((f) => f(f)))", "expression nesting too deep"),
        ("@(a.b" + ".c" * 10_000 + ")", "object has no property 'b'"),
        ("@(has_email(mail))", None),
        ("@(" * 100_000, None),
    ],
)
def test_a_hostile_template_is_answered(template: str, error: str | None) -> None:
    status, answers = process(line(template, a={}, mail="a.b-" * 50_000 + "a@" * 50_000))
    assert status == 0
    assert error is None or answers[0]["errors"] == [error]
    assert len(answers) == 1


def test_numbers_of_a_context_keep_all_their_digits() -> None:
    given = b'{"template": "@n @m @(n + 1)", "context": {"n": 12345678901234567890.123456789, "m": 1.50}}'
    assert process(given) == (
        0,
        [{"text": "12345678901234567890.123456789 1.5 12345678901234567891.123456789", "errors": []}],
    )
