"""Transcode: one input, one or many outputs.

1. Fetch and probe the input; resolve the plan; outputs that cannot be done fail at once.
2. Outputs of one group share a process. Exit status proves nothing: each output is verified by itself.
3. What did not verify runs once more alone; what fails alone has failed, with its own code. The others stay.
4. Each verified output is published, then recorded; what an earlier attempt published is not done again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import records, scheduler
from jobs.engine import hls
from jobs.engine.address import Address
from jobs.engine.argv import commands
from jobs.engine.errors import JobError, ReelmillError
from jobs.engine.resolve import resolve
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from jobs.engine.verify import Check, verdict, verify
from jobs.runs.publish import Published, publish_output, record_rendition
from jobs.states import JobState, Phase

if TYPE_CHECKING:
    from jobs.engine.plan import Command, OutputPlan, Plan
    from jobs.engine.probe import Probe
    from jobs.models import Output
    from jobs.runs.run import Run

ENCODE_SHARE = 0.96  # of the progress bar; the rest is verifying and storing


@dataclass
class Verified:
    """An output's files in the room, as they were found."""

    probes: dict[str, Probe]
    playlists: dict[str, str]
    sizes: dict[str, int]
    checks: tuple[Check, ...]

    @property
    def good(self) -> bool:
        return all(check.ok for check in self.checks)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The checks, to be kept with the output."""
        return [asdict(check) for check in self.checks]


def run_transcode(run: Run) -> None:
    """Do all outputs that are not done yet."""
    probe = run.open_input()
    spec = TranscodeSpec.model_validate(run.job.spec, strict=False)
    rows = {row.index: row for row in run.job.outputs.order_by("index")}
    templates = [Template.model_validate(rows[index].effective, strict=False) for index in sorted(rows)]
    plan = resolve(spec, templates, probe, overrides=[rows[index].overrides for index in sorted(rows)])
    for failed in plan.failed:
        records.output_failed(run.fence, failed.index, JobError(failed.code, failed.message))
    for output in plan.outputs:
        records.note_plan(run.fence, output.index, [origin.model_dump() for origin in output.parameters], output.warnings)
    todo = {output.index for output in plan.outputs if rows[output.index].state not in (JobState.SUCCEEDED, JobState.FAILED)}
    if not todo:
        return
    work = commands(plan, only=todo)
    share = ENCODE_SHARE / len(work)
    for number, command in enumerate(work):
        _encode(run, plan, command, rows, done=number * share, share=share)


def _encode(run: Run, plan: Plan, command: Command, rows: dict[int, Output], *, done: float, share: float) -> None:
    """Run one group; what does not verify runs alone."""
    outputs = {output.index: output for output in plan.outputs}
    unverified = _run_and_publish(run, command, outputs, rows, done=done, share=share, last_chance=len(command.outputs) == 1)
    for index in unverified:
        _discard(run, outputs[index])
        for alone in commands(plan, only=[index], alone=True):
            _run_and_publish(run, alone, outputs, rows, done=done, share=share, last_chance=True)


def _run_and_publish(
    run: Run, command: Command, outputs: dict[int, OutputPlan], rows: dict[int, Output], *, done: float, share: float, last_chance: bool
) -> Collection[int]:
    """Run a command and publish what verifies. Returns the outputs that did not; on the last chance they are recorded as failed instead."""
    run.pulse.phase(Phase.ENCODE)
    finished = run.command(command, done=done, share=share)
    unverified: list[int] = []
    for index in command.outputs:
        run.pulse.phase(Phase.VERIFY)
        found = _look(run, outputs[index])
        if found.good and (finished.exit_code == 0 or not last_chance):
            run.pulse.phase(Phase.PUBLISH)
            _publish(run, outputs[index], rows[index], found)
        elif last_chance:
            records.output_failed(run.fence, index, _why(run, finished.exit_code, found), found.rows)
        else:
            unverified.append(index)
    return unverified


def _why(run: Run, exit_code: int, found: Verified) -> ReelmillError:
    """The error of an output that failed alone."""
    if exit_code:
        return JobError("EncodeFailed", f"The encoder stopped with an error: {run.decisive_line}" if run.decisive_line else "")
    said = verdict(found.checks)
    return JobError(*said) if said else JobError("OutputVerifyFailed")


def _look(run: Run, output: OutputPlan) -> Verified:
    """Probe and measure an output's files, then hold them against the plan."""
    probes: dict[str, Probe] = {}
    playlists: dict[str, str] = {}
    sizes = {path.name: path.stat().st_size for path in run.room.iterdir() if path.is_file()}
    for rendition in output.renditions:
        if not sizes.get(rendition.file):
            continue
        is_playlist = rendition.segments is not None
        if is_playlist:
            playlists[rendition.file] = (run.room / rendition.file).read_text(errors="replace")
        try:
            probes[rendition.file] = run.probe(rendition.file, count_packets=True, own_playlist=is_playlist)
        except JobError:
            continue  # verify tells that it is missing
    return Verified(probes, playlists, sizes, verify(output, probes, playlists, sizes))


def _publish(run: Run, output: OutputPlan, row: Output, found: Verified) -> None:
    """Make the output visible and record it, fenced by the attempt."""
    address = Address(row.bucket, row.key)
    info = found.probes[output.renditions[0].file].model_dump(mode="json")

    def fence() -> bool:
        return not run.pulse.stopping and scheduler.holds(run.fence.step_id, run.fence.attempt)

    def record(published: Published) -> None:
        with transaction.atomic():
            records.output_done(run.fence, row.id, size=published.size, parts=published.parts, info=info, checks=found.rows)
            record_rendition(run.job, row, published, info)

    try:
        publish_output(run, output, row, address, hls_variants(output, found), fence=fence, record=record)
    except JobError as error:
        records.output_failed(run.fence, output.index, error, found.rows)


def hls_variants(output: OutputPlan, found: Verified) -> list[hls.Variant]:
    """What a master playlist says of each rung; empty for other outputs."""
    if output.master is None:
        return []
    return [hls.variant(rendition.file, found.playlists[rendition.file], found.sizes, found.probes[rendition.file]) for rendition in output.renditions]


def _discard(run: Run, output: OutputPlan) -> None:
    """Remove what a failed group left of an output, before it runs alone."""
    for rendition in output.renditions:
        stem = rendition.file.rpartition(".")[0]
        for path in run.room.glob(f"{stem}*"):
            path.unlink()
