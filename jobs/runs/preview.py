"""Preview: choose the most different shots of a video, or one highlight, and make a short moving picture of them.

The shots become a transcode of their own: the engine plans, makes and verifies it like any other.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import records
from jobs.engine import scenes
from jobs.engine.address import Address
from jobs.engine.argv import works
from jobs.engine.errors import JobError
from jobs.engine.kinds import preview as kind
from jobs.engine.kinds.cover import SEEK_COSTS
from jobs.engine.kinds.snapshot import end_of
from jobs.engine.measure import wanted
from jobs.engine.resolve import resolve
from jobs.engine.sets import facts
from jobs.engine.sources import Fetched, Material
from jobs.engine.spec import PreviewSpec
from jobs.engine.verify import verdict
from jobs.runs.candidates import candidates
from jobs.runs.measuring import measured, written
from jobs.runs.opening import open_input
from jobs.runs.publish import Published, publish_output
from jobs.runs.transcode import Verified, verified
from jobs.states import JobState, Phase
from media_assets import previews

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.engine.plan import OutputPlan
    from jobs.engine.probe import Probe
    from jobs.models import Output
    from jobs.runs.run import Run

SEEKING, LOOKING = 0.4, 0.5  # of the progress bar
SEEN = ("seen-cuts.txt", "seen-light.txt")
TEXT_BYTES = 64 << 20  # of one kind of line
MADE = 0.96
SILENT = "The sound of this part of the video cannot be read, so the preview has none."


def run_preview(run: Run) -> dict[str, Any]:
    """Choose, make, publish. Raises JobError NoVideoStream, ResourceContentBad and what making and publishing say."""
    probe = open_input(run)
    spec = PreviewSpec.model_validate(run.job.spec, strict=False)
    row = run.job.outputs.get()
    if row.state == JobState.SUCCEEDED and (done := previews.result_of(run.job.id)):
        return done  # an earlier attempt ended between publishing and saying so
    warnings: list[str] = []
    shots = _shots(run, spec, probe, warnings)
    output, found, exit_code = _made(run, spec, probe, shots, warnings)
    if (exit_code or not found.good) and any(rendition.audios for rendition in output.renditions):
        warnings.append(SILENT)
        output, found, exit_code = _made(run, spec.model_copy(update={"sound": False}), probe, shots, warnings)
    if exit_code or not found.good:
        said = verdict(found.checks)
        line = f"The encoder stopped with an error: {run.decisive_line}" if run.decisive_line else ""
        error = JobError("EncodeFailed", line) if exit_code else JobError(*said) if said else JobError("OutputVerifyFailed")
        records.output_failed(run.fence, 0, error, found.rows)
        return {}
    run.pulse.phase(Phase.PUBLISH)
    return _publish(run, row, output, found, {"format": output.format, "shots": [asdict(shot) for shot in shots]})


def _shots(run: Run, spec: PreviewSpec, probe: Probe, warnings: list[str]) -> tuple[kind.Shot, ...]:
    """Which stretches. A video that is no longer than the preview is shown whole, without looking."""
    end = end_of(probe)
    if end is not None and end <= spec.seconds:
        return kind.shots(spec, probe, (), lambda _time: None)
    found, _counts = candidates(run, spec, probe, warnings, share=SEEKING)
    return kind.shots(spec, probe, found, _looking(run, spec, probe))


def _looking(run: Run, spec: PreviewSpec, probe: Probe) -> kind.Look:
    """Looks at the pictures around a time; a short video is gone through once instead."""
    end, reach = end_of(probe), kind.reach(spec)
    whole = end if end is not None and end <= spec.candidates * SEEK_COSTS else None
    seen: list[scenes.Seen] = []

    def look(time: float) -> scenes.Seen | None:
        low = max(0.0, time - reach)
        high = time + reach if end is None else min(end, time + reach)
        if known := next((one for one in seen if one.has(low, high)), None):
            return known
        if whole is not None:
            low, high = 0.0, whole
        for name in SEEN:
            (run.room / name).unlink(missing_ok=True)
        finished = run.command(scenes.command(probe, low, high, *SEEN), done=SEEKING, share=0.0)
        cuts, light = (written(run, name, TEXT_BYTES) for name in SEEN)
        found = scenes.read(low, high, cuts, light) if finished.exit_code == 0 else None
        if found is not None:
            seen.append(found)
        return found

    return look


def _made(run: Run, spec: PreviewSpec, probe: Probe, shots: Sequence[kind.Shot], warnings: list[str]) -> tuple[OutputPlan, Verified, int]:
    """Run the transcode; answers its only output's plan, what came out, and the exit code of the last command."""
    asked, template = kind.transcode(spec, probe, shots)
    material = Material(probe, {asked.input.address: Fetched("input", probe)})
    if measures := wanted(asked, [template], material):
        material = Material(probe, material.files, measured(run, measures))
    plan = resolve(asked, [template], material)
    for failed in plan.failed:
        raise JobError(failed.code, failed.message)
    (output,) = plan.outputs
    records.note_plan(run.fence, 0, [origin.model_dump() for origin in output.parameters], (*warnings, *output.warnings))
    run.pulse.phase(Phase.ENCODE)
    commands = [command for work in works(plan) for command in work.commands]
    exit_code = 0
    for number, command in enumerate(commands):
        share = (MADE - LOOKING) / len(commands)
        exit_code = run.command(command, done=LOOKING + number * share, share=share).exit_code
        if exit_code:
            break
    run.pulse.phase(Phase.VERIFY)
    return output, verified(run, output), exit_code


def _publish(run: Run, row: Output, output: OutputPlan, found: Verified, result: dict[str, Any]) -> dict[str, Any]:
    """Make it visible and record it, fenced by the attempt. Answers the job's result."""
    address = Address(row.bucket, row.key)
    info = facts(output, found.room.probes).model_dump(mode="json")
    result = {"preview": {"bucket": row.bucket, "key": row.key, "seconds": info["duration"]} | result}

    def record(published: Published) -> None:
        with transaction.atomic():
            records.output_done(run.fence, row.id, key=address.key, size=published.size, parts=published.parts, info=info, checks=found.rows)
            previews.record(run.job.media_id, address, published.size, info | result, job_id=run.job.id, output_id=row.id)

    publish_output(run, output, row, address, found.room, record=record)
    return result
