"""Snapshots: pictures of a video at some of its times.

1. Fetch and probe the input; look at its fields and its black beginning where that matters; plan.
2. Run the commands. What a seek did not reach is taken again, in the end from the beginning of the file.
3. Every picture is decoded whole and held against the plan; then all are published at once and recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import pictures, placeholders, records
from jobs.engine import fields, snapshot_black
from jobs.engine.address import Address
from jobs.engine.errors import JobError
from jobs.engine.kinds import snapshot as kind
from jobs.engine.mp4_index import Need
from jobs.engine.probe import Probe, VideoStream
from jobs.engine.snapshot_picture import FORMATS, QUALITY_USUAL, format_of, suspicious
from jobs.engine.sources import Material
from jobs.engine.spec import InputSpec, SnapshotSpec, TranscodeSpec
from jobs.engine.template import Container, Template, Video
from jobs.runs.opening import open_input
from jobs.runs.publish import check_keys, publish_files
from jobs.states import JobState, Phase
from media_assets import snapshots
from media_assets.storage import Staged

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.models import Output
    from jobs.runs.run import Run

TIMES_MAX = 20  # for which only their own parts of a large object are fetched
AGAIN_MAX = 3  # pictures for which the file is read from its beginning: each costs all that lies before it
ALL_BLACK = "Everything within 60 s is black, so the first picture was taken as it is."


@dataclass(frozen=True)
class Picture:
    """One picture in the room."""

    time: float
    path: Path


def run_snapshot(run: Run) -> dict[str, Any]:
    """Make the pictures that the job asks for. Raises JobError NoVideoStream, TimeOutOfRange, ResourceContentBad, OutputVerifyFailed and what publishing says."""
    spec = SnapshotSpec.model_validate(run.job.spec, strict=False)
    times = _times(spec)
    probe = open_input(run, Need(times=times) if times is not None else None)
    row = run.job.outputs.get()
    if row.state == JobState.SUCCEEDED and (done := snapshots.result_of(run.job.id)):
        return done  # an earlier attempt ended between publishing and saying so
    stream = kind.video_of(probe)
    run.pulse.phase(Phase.ANALYSE)
    if suspicious(stream):
        run.fetch_rest()  # fields are looked for all over the file
    counts = fields_of(run, spec, probe, stream)
    warnings: list[str] = []
    first = _first(run, spec, probe, stream, warnings)
    format_ = format_of(spec)
    plan = kind.plan(spec, probe, format_, counts=counts, first=first)
    warnings += plan.warnings
    run.pulse.phase(Phase.ENCODE)
    found, failed = taken(run, plan, share=0.9)
    if run.part is not None and (run.complained or failed or len(found) < (plan.wanted or 1)):
        run.fetch_rest()
        found, failed = retaken(run, plan, found, share=0.9)
    if plan.wanted is not None and len(found) < plan.wanted:
        found += taken_again(run, spec, probe, format_, counts, plan, found)
    found = sorted(found, key=lambda picture: picture.time)
    _judge(run, plan, found, warnings, failed=failed)
    return keep(run, spec, row, plan, found, warnings)


def _times(spec: SnapshotSpec) -> tuple[float, ...] | None:
    """The times of all pictures, where they are few and nothing else of the video is looked at."""
    if spec.skip_black is not None or spec.mode not in ("single", "times"):
        return None
    times = (spec.time or 0.0,) if spec.mode == "single" else spec.times
    return times if len(times) <= TIMES_MAX else None


# --- before -----------------------------------------------------------------------------------------------------------
def fields_of(run: Run, spec: SnapshotSpec, probe: Probe, stream: VideoStream) -> fields.Counts | None:
    """What the pictures say about fields, where the container says that there are some."""
    if not suspicious(stream):
        return None
    asking = TranscodeSpec.model_construct(input=InputSpec.model_construct(address=spec.input.address, start=None, duration=None), outputs=())
    template = Template(container=Container(format="mp4"), video=Video(deinterlace="auto"))
    found = None
    for measure in fields.wanted(asking, [template], Material(probe)):
        finished = run.command(measure.command, share=0.0)
        found = measure.read(finished.tail) if finished.exit_code == 0 else None
    return found


def _first(run: Run, spec: SnapshotSpec, probe: Probe, stream: VideoStream, warnings: list[str]) -> float | None:
    """The time of the first picture that is not black, where that is asked for."""
    if spec.skip_black is None:
        return None
    start = spec.time or 0.0
    finished = run.command(snapshot_black.command(probe, stream, spec.skip_black, start), share=0.0)
    later = snapshot_black.read(finished.tail) if finished.exit_code == 0 else None
    if later is None:
        warnings.append(ALL_BLACK)
    return later


# --- making -----------------------------------------------------------------------------------------------------------
def taken(run: Run, plan: kind.SnapshotPlan, *, share: float) -> tuple[list[Picture], bool]:
    """Run all works. Answers the pictures that are there, and whether a command failed."""
    failed = False
    commands = [command for work in plan.works for command in work.commands]
    for number, command in enumerate(commands):
        done = run.command(command, done=share * number / len(commands), share=share / len(commands))
        failed = failed or done.exit_code != 0
    found = []
    for take in plan.takes:
        for path in run.room.glob(take.pattern.replace("%d", "*")):
            told = path.stem.partition("-")[2]
            if told.isdecimal() and path.stat().st_size:
                found.append(Picture(take.time(int(told)), path))
    return found, failed


def retaken(run: Run, plan: kind.SnapshotPlan, wrong: Sequence[Picture], *, share: float) -> tuple[list[Picture], bool]:
    """Run all works anew, where the pictures that are there may be wrong."""
    for picture in wrong:
        picture.path.unlink()
    return taken(run, plan, share=share)


def taken_again(
    run: Run, spec: SnapshotSpec, probe: Probe, format_: str, counts: fields.Counts | None, plan: kind.SnapshotPlan, found: list[Picture]
) -> list[Picture]:
    """Pictures that a seek did not reach: taken as they are at that time, then from the beginning of the file."""
    made: list[Picture] = []
    for prefix, whole in (("t", False), ("u", True)):
        there = {picture.time for picture in (*found, *made)}
        missing = [take.start for take in plan.takes if take.limit == 1 and take.start not in there]
        if not missing or (len(missing) > AGAIN_MAX and (whole or not found)):
            break
        asking = spec.model_copy(update={"mode": "times", "times": tuple(missing), "frame": "normal"})
        more, _failed = taken(run, kind.plan(asking, probe, format_, counts=counts, whole=whole, prefix=prefix), share=0.0)
        made += more
    return made


def _judge(run: Run, plan: kind.SnapshotPlan, found: list[Picture], warnings: list[str], *, failed: bool) -> None:
    """Nothing at all is a failure; less than was to be expected is worth a warning."""
    if not found:
        if failed:
            raise run.unreadable()
        raise JobError("TimeOutOfRange")
    if plan.wanted is not None and len(found) < plan.wanted:
        warnings.append(f"The video ends before all pictures are taken: {len(found)} of {plan.wanted}.")


def keep(
    run: Run,
    spec: SnapshotSpec,
    row: Output,
    plan: kind.SnapshotPlan,
    found: list[Picture],
    warnings: list[str],
    about: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Bring the pictures into their format, look at each whole, and publish them if all are as planned. Answers the job's result.

    ``about``: what else is to be kept of each picture.
    """
    format_ = format_of(spec)
    if format_ == "avif":
        found = [Picture(picture.time, pictures.to_avif(picture.path, spec.quality or QUALITY_USUAL)) for picture in found]
    run.pulse.phase(Phase.VERIFY)
    checks = _checked(plan, found, format_)
    records.note_plan(run.fence, 0, (), warnings)
    if not all(check["ok"] for check in checks):
        records.output_failed(run.fence, 0, JobError("OutputVerifyFailed"), checks)
        return {"count": 0, "pictures": []}
    run.pulse.phase(Phase.PUBLISH)
    return _published(run, spec, row, plan, found, checks, format_, about)


def _checked(plan: kind.SnapshotPlan, found: list[Picture], format_: str) -> list[dict[str, Any]]:
    """Every picture decoded whole: its format and its size."""
    wanted = pictures.Seen(FORMATS[format_].pillow, plan.width, plan.height)
    wrong = [seen for seen in (pictures.look(picture.path) for picture in found) if seen != wanted]
    odd = wrong[0] if wrong else wanted
    said = "unreadable" if odd is None else f"{odd.format} {odd.width}×{odd.height}"
    return [
        {"name": "pictures", "wanted": "at least 1", "found": str(len(found)), "ok": bool(found), "short": False},
        {"name": "size", "wanted": f"{wanted.format} {wanted.width}×{wanted.height}", "found": said, "ok": not wrong, "short": False},
    ]


# --- publishing -------------------------------------------------------------------------------------------------------
def _published(
    run: Run,
    spec: SnapshotSpec,
    row: Output,
    plan: kind.SnapshotPlan,
    found: list[Picture],
    checks: list[dict[str, Any]],
    format_: str,
    about: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Make all pictures visible and record them, fenced by the attempt. Answers the job's result."""
    # a row that was published already names its first picture; the pattern is in the spec, but times in it are the first attempt's
    keys = [placeholders.finish_picture(row.key, number=number, seconds=picture.time) for number, picture in enumerate(found, 1)]
    check_keys(run, row, keys, "Two pictures would have the same name: add {Count}.")
    sizes = [picture.path.stat().st_size for picture in found]
    made = [
        {"time": round(p.time, 3), "bucket": row.bucket, "key": key, "size": size, "width": plan.width, "height": plan.height}
        for p, key, size in zip(found, keys, sizes, strict=True)
    ]
    if about:
        made = [row | dict(more) for row, more in zip(made, about, strict=True)]
    result = {"count": len(made), "pictures": made}
    stream = VideoStream(index=0, codec=FORMATS[format_].codec, width=plan.width, height=plan.height, frames=1)
    info = Probe(format_name="image2", size=sum(sizes), video=(stream,)).model_dump(mode="json")

    def record() -> None:
        with transaction.atomic():
            records.output_done(run.fence, row.id, key=keys[0], size=sum(sizes), parts=keys[1:], info=info, checks=checks)
            snapshots.record(run.job.media_id, Address(row.bucket, keys[0]), keys[1:], result, job_id=run.job.id, output_id=row.id)
            if spec.set_cover:
                snapshots.set_cover(run.job.media_id, row.bucket, keys[0])

    files = [Staged(picture.path, key) for picture, key in zip(found, keys, strict=True)]
    publish_files(run, row, files[1:], files[0], record=record)
    return result
