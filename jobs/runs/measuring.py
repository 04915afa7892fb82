"""Measurements that a plan waits for: run their commands, read what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jobs.engine.texts import BYTES_MAX
from jobs.states import Phase

if TYPE_CHECKING:
    from jobs.engine.measure import Measure
    from jobs.runs.run import Run


def measured(run: Run, measures: Sequence[Measure]) -> dict[str, Any]:
    """Values by name. A measurement that fails fails the job: nothing could be planned on it."""
    run.pulse.phase(Phase.ANALYSE)
    values: dict[str, Any] = {}
    for measure in measures:
        finished = run.command(measure.command, share=0.0)
        if measure.writes is not None:
            values[measure.name] = written(run, measure.writes, BYTES_MAX, measure.charset) if finished.exit_code == 0 else None
            continue
        if finished.exit_code:
            raise run.unreadable()
        values[measure.name] = measure.read(finished.tail)
    return values


def written(run: Run, name: str, most: int, charset: str = "utf-8") -> str:
    """The first ``most`` bytes of a text that a program wrote into the room; empty where there is none."""
    path = run.room / name
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(most).decode(charset, errors="replace")
