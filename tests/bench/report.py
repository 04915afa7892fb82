"""One line of the report, and the machine it was measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """What was measured, what came out, what the budget is, and whether it was kept. ``note`` says how."""

    what: str
    value: str
    budget: str
    kept: bool
    note: str = ""

    def __str__(self) -> str:
        return f"{'ok  ' if self.kept else 'OVER'}  {self.what:58} {self.value:>26}   budget {self.budget:26} {self.note}".rstrip()


def machine() -> str:
    """Processor, cores, memory, system."""
    model = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.processor()
    )
    memory = int(next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))) / 2**20
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}; load at the start {os.getloadavg()[0]:.1f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def ms(seconds: float) -> str:
    """Milliseconds for a person."""
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"
