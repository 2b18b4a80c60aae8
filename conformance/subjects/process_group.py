"""The processes of a started subject: have they ended, how, and ending them all."""

from __future__ import annotations

import os
import signal
import subprocess

from conformance.interruptions import deferred_signals

STOP_SECONDS = 5.0
"""How long a relay may take to end after SIGTERM; then it is killed."""


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended. Always use this: an interrupted poll can make every later wait hang."""
    with deferred_signals():
        return process.poll() is not None


def end_group(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Signal a process and its children; kill those that still run after STOP_SECONDS."""
    for signal_ in (how, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_)
        except (ProcessLookupError, PermissionError):  # macOS: all of the group have ended
            break
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def describe_status(returncode: int) -> str:
    """How a process ended, for people."""
    if returncode >= 0:
        return f"ended with status {returncode}"
    try:
        return f"was ended by {signal.Signals(-returncode).name}"
    except ValueError:  # a real-time signal
        return f"was ended by signal {-returncode}"
