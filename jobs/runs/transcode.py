"""Transcode: one input, one or many outputs.

1. Fetch and probe the input; resolve the plan; outputs that cannot be done fail at once. Narrowband changes the plan (:mod:`jobs.runs.narrowing`).
2. Outputs of one group share a process. Exit status proves nothing: each output is verified by itself.
3. What did not verify runs once more alone; what fails alone has failed, with its own code. The others stay.
4. Each verified output is published, then recorded; what an earlier attempt published is not done again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import placeholders, records
from jobs.engine.address import Address
from jobs.engine.argv import works
from jobs.engine.containers import TEXTS
from jobs.engine.errors import JobError, ReelmillError
from jobs.engine.sets import Room, facts, of_size
from jobs.engine.verify import Check, verdict, verify
from jobs.ffmpeg.sets import look
from jobs.runs.growing import Showing
from jobs.runs.narrowing import SEARCH_SHARE, Narrowed, checked, narrowed
from jobs.runs.planned import planned, write_texts
from jobs.runs.publish import Published, publish_output, record_rendition
from jobs.runs.thinning import thinned
from jobs.secrecy import is_opaque
from jobs.states import FINAL, Phase

if TYPE_CHECKING:
    from jobs.engine.plan import OutputPlan, Plan, Work
    from jobs.engine.probe import Probe
    from jobs.models import Output
    from jobs.runs.run import Run

IGNORED = "The template is customized: what the job asked to change in it was ignored."
SEARCHED = 0.3  # of the job's progress bar that lies before this step, where others have searched
ENCODE_SHARE = 0.96  # of the progress bar; the rest is verifying and storing


@dataclass
class Verified:
    """An output's files in the room, as they were found."""

    room: Room
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
    if run.step.index:  # what was searched for before this step is the first part of the job's way
        run.pulse.span(SEARCHED, 1 - SEARCHED)
    made = thinned(run, planned(run))
    rows, plan = made.rows, made.plan
    for failed in plan.failed:
        records.output_failed(run.fence, failed.index, JobError(failed.code, failed.message))
    for output in plan.outputs:
        ignored = () if rows[output.index].overrides or not made.spec.outputs[output.index].overrides else (IGNORED,)
        records.note_plan(run.fence, output.index, [origin.model_dump() for origin in output.parameters], (*ignored, *output.warnings))
    plan, narrow = narrowed(run, made)
    todo = {output.index for output in plan.outputs if rows[output.index].state not in FINAL}
    if not todo:
        return
    groups = works(plan, only=todo)
    start = SEARCH_SHARE if narrow and not run.step.index else 0.0
    share = (ENCODE_SHARE - start) / len(groups)
    for number, work in enumerate(groups):
        _encode(run, plan, work, rows, narrow, done=start + number * share, share=share)


def _encode(run: Run, plan: Plan, work: Work, rows: dict[int, Output], narrow: dict[int, Narrowed], *, done: float, share: float) -> None:
    """Run one group; what does not verify runs alone."""
    unverified = _run_and_publish(run, work, plan, rows, narrow, done=done, share=share, last_chance=len(work.outputs) == 1)
    for index in unverified:
        _discard(run, next(output for output in plan.outputs if output.index == index))
        for alone in works(plan, only=[index], alone=True):
            _run_and_publish(run, alone, plan, rows, narrow, done=done, share=share, last_chance=True)


def _run_and_publish(
    run: Run, work: Work, plan: Plan, rows: dict[int, Output], narrow: dict[int, Narrowed], *, done: float, share: float, last_chance: bool
) -> Collection[int]:
    """Run a work's commands and publish what verifies. Returns the outputs that did not; on the last chance they are recorded as failed instead."""
    exit_code = 0
    outputs = {output.index: output for output in plan.outputs}
    part = share / len(work.commands)
    with Showing(run, [outputs[index] for index in work.outputs], rows) as showing:
        for number, command in enumerate(work.commands):
            run.pulse.phase(Phase.ENCODE if command.program == "ffmpeg" else Phase.PACKAGE)
            exit_code = run.command(command, done=done + number * part, share=part).exit_code
            if exit_code:
                break
        showing.freeze()
        unverified: list[int] = []
        for index in work.outputs:
            run.pulse.phase(Phase.VERIFY)
            found = verified(run, outputs[index])
            if found.good and (exit_code == 0 or not last_chance):
                if index in narrow:
                    _publish_narrowed(run, plan, outputs[index], rows[index], found, narrow[index])
                    continue
                run.pulse.phase(Phase.PUBLISH)
                _publish(run, outputs[index], rows[index], found, showing.shown(index))
            elif last_chance:
                records.output_failed(run.fence, index, _why(run, exit_code, found, rows[index]), found.rows)
            else:
                unverified.append(index)
    return unverified


def _publish_narrowed(run: Run, plan: Plan, output: OutputPlan, row: Output, found: Verified, one: Narrowed) -> None:
    """Hold it against its decision first, which may encode it anew."""

    def encode(made: OutputPlan) -> bool:
        _discard(run, made)
        run.pulse.phase(Phase.ENCODE)
        alone = works(plan.model_copy(update={"outputs": (made,)}), only=[made.index], alone=True)
        return all(run.command(command, share=0.0).exit_code == 0 for work in alone for command in work.commands) and verified(run, made).good

    try:
        made = checked(run, plan, output, one, encode)
    except JobError as error:
        if error.code in records.AGAIN:
            raise
        records.output_failed(run.fence, output.index, error, found.rows)
        return
    if made is not output or one.encodes > 1:
        found = verified(run, made)
    run.pulse.phase(Phase.PUBLISH)
    _publish(run, made, row, found, (), one.document)


def _why(run: Run, exit_code: int, found: Verified, row: Output) -> ReelmillError:
    """The error of an output that failed alone; where its template is customized without a line of the log, which only admins see."""
    if exit_code:
        return JobError("EncodeFailed", f"The encoder stopped with an error: {run.decisive_line}" if run.decisive_line and not is_opaque(row) else "")
    said = verdict(found.checks)
    return JobError(*said) if said else JobError("OutputVerifyFailed")


def verified(run: Run, output: OutputPlan) -> Verified:
    """Probe and measure an output's files, then hold them against the plan."""
    probes: dict[str, Probe] = {}
    for rendition in output.renditions:
        path = run.room / rendition.file
        if path.suffix.removeprefix(".") in TEXTS or not path.is_file() or not path.stat().st_size:
            continue
        try:
            probes[rendition.file] = run.probe(rendition.file, count_packets=True, own_playlist=rendition.segments is not None)
        except JobError as error:
            if error.code in records.AGAIN:
                raise
            continue  # verify tells that it is missing
    room = look(run.room, output, probes)
    return Verified(room, verify(output, probes, room.texts, room.sizes, room.frames, room.times))


def _publish(run: Run, output: OutputPlan, row: Output, found: Verified, shown: Collection[str], certificate: dict[str, Any] | None = None) -> None:
    """Make the output visible and record it, fenced by the attempt."""
    address = _final_address(run, output, row)
    probe = facts(output, found.room.probes)

    def record(published: Published) -> None:
        info = of_size(output, probe, published.size).model_dump(mode="json")
        with transaction.atomic():
            records.output_done(
                run.fence, row.id, key=address.key, size=published.size, parts=published.parts, info=info, checks=found.rows, certificate=certificate
            )
            record_rendition(run.job, row, address, published, info)

    try:
        publish_output(run, output, row, address, found.room, record=record, shown=shown)
    except JobError as error:
        records.output_failed(run.fence, output.index, error, found.rows)


def _final_address(run: Run, output: OutputPlan, row: Output) -> Address:
    """The output's address; what of its name is known only now is filled in."""
    if not placeholders.is_late(str(run.job.spec["outputs"][output.index]["address"])):
        return Address(row.bucket, row.key)
    path = run.room / output.renditions[0].file
    seconds = output.renditions[0].expected.duration or 0.0
    with path.open("rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    return Address(row.bucket, placeholders.finish(row.key, md5=md5, kbps=round(path.stat().st_size * 8 / 1000 / seconds) if seconds else 0))


def _discard(run: Run, output: OutputPlan) -> None:
    """Remove what a run left of an output, before it is made anew; the texts that it reads are written again."""
    for rendition in output.renditions:
        stem = rendition.file.rpartition(".")[0]
        for path in list(run.room.iterdir()):
            if path.name.startswith((f"{stem}.", f"{stem}-")):
                path.unlink()
    write_texts(run, output)
