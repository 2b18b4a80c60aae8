"""JavaScript of the settings ends after its time, also in built-in functions that the engine cannot interrupt."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakes.cht.javascript.sandbox import INTERRUPTED, MEMORY, SandboxProcess, ScriptError, evaluate
from tests.folders import ROOT

ENDED, NO_MEMORY = INTERRUPTED, "InternalError: out of memory"

HUGE = "Array(1 << 28)"
OVERRUNNING = [
    f'{HUGE}.join("a")', f"{HUGE}.sort()", f"{HUGE}.reverse()", f"{HUGE}.toString()", f"String({HUGE})", f"'' + {HUGE}",
    f"{HUGE}.indexOf(1)", f"{HUGE}.includes(1)", f"{HUGE}.slice()", f"{HUGE}.unshift(1)", f"[].concat({HUGE})",
    f"[{HUGE}].flat()", 'Array.prototype.join.call({length: 1 << 28}, "")',
    "for (;;) Array(1 << 20).indexOf(1)", "for (;;) Array(1 << 16).join('')",
]  # fmt: skip


TEXT, TEXTS = '"a".repeat(1 << 20)', 'var text = "a".repeat(1 << 20);'
ENDLESS = {
    "search": '"a".repeat(1 << 24).indexOf("a".repeat(1 << 12) + "b")',
    "searches": f'{TEXTS} for (;;) text.indexOf("b")',
    "comparisons": f'{TEXTS} for (;;) text + "b" === text + "c"',
    "pattern": '/^(a+)+$/.test("a".repeat(40) + "b")',
    "long pattern": 'new RegExp("(" + "a|".repeat(1 << 20) + "b)")',
    "comparator": "[3, 1, 2].sort(function () { for (;;); })",
    "getter": "new Proxy([], {get: function () { for (;;); }}).length",
    "typed list": "for (;;) new Uint8Array(1 << 20).sort()",
}
HUGE_RESULTS = ('"a".repeat(1 << 28)', '"x".padStart(1 << 29)', "Array.from({length: 1e9})", f"{TEXT}.split('')")


@pytest.mark.parametrize("expression", [*OVERRUNNING, *ENDLESS.values()])
def test_an_expression_that_overruns_its_time_or_memory_ends_as_a_loop_does(expression: str) -> None:
    """Each of them would run for minutes; the limits count CPU time, and this machine may be busy."""
    began = time.monotonic()
    with pytest.raises(ScriptError) as found:
        evaluate(expression, {}, seconds=0.1)
    assert time.monotonic() - began < 20
    assert str(found.value) in (ENDED, NO_MEMORY)


@pytest.mark.parametrize("name", ["search", "searches", "pattern", "comparator", "getter"])
def test_a_built_in_function_without_end_gives_the_error_of_a_loop_without_end(name: str) -> None:
    with pytest.raises(ScriptError) as endless:
        evaluate("for (;;);", {}, seconds=0.1)
    assert str(endless.value) == ENDED
    with pytest.raises(ScriptError, match=ENDED):
        evaluate(ENDLESS[name], {}, seconds=0.1)


@pytest.mark.parametrize("expression", HUGE_RESULTS)
def test_memory_is_limited(expression: str) -> None:
    with pytest.raises(ScriptError):
        evaluate(expression, {}, memory=8 << 20)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[3, 1, 2].sort().join('-')", "1-2-3"),
        ("[[1, 2], [3]].flat().concat([4], 5).reverse()", [5, 4, 3, 2, 1]),
        ("'a-b-c'.replace(/-/g, '+').split('+')", ["a", "b", "c"]),
        ("doc.list.map(function (x) { return x * 2; }).filter(function (x) { return x > 2; })", [4, 6]),
        ("Array(1000).fill(1).reduce(function (a, b) { return a + b; }, 0)", 1000),
        ("Array.prototype.slice.call('abc')", ["a", "b", "c"]),
        ("'ab'.repeat(3).toUpperCase().indexOf('BA')", 1),
        ("Object.keys([1, 2])", ["0", "1"]),
        ("(function () { for (var i in []) return i; return 'none'; })()", "none"),
        ("[].join.name + ''.split.name", "joinsplit"),
    ],
)
def test_ordinary_expressions_are_as_before(expression: str, value: object) -> None:
    assert evaluate(expression, {"doc": {"list": [1, 2, 3]}}).value == value


def test_expressions_share_a_process_until_one_of_them_overruns_its_time() -> None:
    sandbox = SandboxProcess()
    first, second = (worker_of(sandbox, "1") for _ in range(2))
    assert first == second
    assert worker_of(sandbox, ENDLESS["search"]) is None
    assert worker_of(sandbox, "1") not in (None, first)


def worker_of(sandbox: SandboxProcess, expression: str) -> int | None:
    """The id of the process that evaluated an expression; None if that ended it."""
    request = {"source": expression, "names": {}, "test": False, "seconds": 0.1, "memory": MEMORY}
    ended = "error" in sandbox.answer(request)
    process = sandbox._process
    assert (process is None) is ended
    return None if process is None else process.pid


def test_threads_get_the_outcomes_of_their_own_expressions() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: evaluate("n * 2", {"n": n}).value, range(200)))
    assert found == [n * 2 for n in range(200)]


def in_a_new_process(code: str) -> list[str]:
    """What Python prints for some code."""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout.split()


def test_without_javascript_in_the_settings_no_process_is_started_and_no_engine_loaded() -> None:
    code = """
import sys
from fakes.cht.javascript import sandbox
from tests.fakes.cht.transitions.test_registration import clinic, text
text(clinic(), "NEW Zoe")
print("quickjs" in sys.modules, sandbox._process.cache_info().currsize)
"""
    assert in_a_new_process(code) == ["False", "0"]


def test_the_process_ends_with_the_one_that_started_it_even_if_that_is_killed() -> None:
    code = """
import os, signal
from fakes.cht.javascript import sandbox
sandbox.evaluate("1", {})
print(sandbox._process()._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60)
    worker = int(ran.stdout)
    deadline = time.monotonic() + 20
    while is_running(worker):
        assert time.monotonic() < deadline, "the process goes on"
        threading.Event().wait(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text("utf-8") if Path("/proc/self").exists() else True


def test_a_forked_process_has_its_own() -> None:
    code = """
import os
from fakes.cht.javascript import sandbox
sandbox.evaluate("1", {})
before = sandbox._process()._process.pid
if os.fork() == 0:
    print(sandbox.evaluate("2", {}).value, sandbox._process()._process.pid != before, flush=True)
    os._exit(0)
os.wait()
print(sandbox.evaluate("3", {}).value, sandbox._process()._process.pid == before, flush=True)
"""
    assert in_a_new_process(code) == ["2", "True", "3", "True"]


def test_a_process_that_cannot_start_is_no_error_of_the_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakes.cht.javascript.sandbox.WORKER", Path("/nowhere/worker.py"))
    with pytest.raises(RuntimeError, match="ended with status 2"):
        worker_of(SandboxProcess(), "1")
