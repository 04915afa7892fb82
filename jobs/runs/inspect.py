"""Inspect: look through a file once and at a few places of it. A light kind; its result is data, not a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs.engine.kinds import inspect as kind
from jobs.engine.spec import InspectSpec
from jobs.runs import measuring
from jobs.runs.opening import open_input
from jobs.states import Phase

if TYPE_CHECKING:
    from jobs.runs.run import Run

THROUGH = 0.95  # of the progress bar
TEXT_BYTES = 16 << 20  # of one kind of finding


def run_inspect(run: Run) -> dict[str, Any]:
    """Everything that was asked for. Raises JobError NoVideoStream, NoAudioStream, ClipOutOfRange, ResourceContentBad."""
    probe = open_input(run)
    spec = InspectSpec.model_validate(run.job.spec, strict=False)
    looking = kind.plan(spec, probe)
    run.pulse.phase(Phase.ANALYSE)
    written: dict[str, str] = {}
    tail = ""
    if looking.command is not None:
        finished = run.command(looking.command, share=THROUGH)
        if finished.exit_code:
            raise run.unreadable()
        tail = finished.tail
        written = {name: measuring.written(run, name, TEXT_BYTES) for name in looking.writes}
    sampled: dict[str, Any] = {}
    for name, measure in looking.sampled.items():
        seen = run.command(measure.command, done=THROUGH, share=0.0)
        if seen.exit_code:
            raise run.unreadable()
        sampled[name] = measure.read(seen.tail)
    return kind.read(spec, probe, looking, written, tail, sampled)
