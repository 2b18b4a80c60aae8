"""What a benchmark ran on: figures without it mean nothing."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import psutil

CPU_INFO = Path("/proc/cpuinfo")
"""Linux only; elsewhere the standard library knows at least the kind of processor."""


def machine() -> dict[str, str | int | float]:
    """Processor, cores, memory in GiB, system and Python, and how busy the machine is (processes that want to run)."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load_average": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"
