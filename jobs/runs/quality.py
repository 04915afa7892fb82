"""Quality: decode an output and its source side by side and measure. Its result is data, not a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import transitions
from jobs.engine import quality
from jobs.engine.errors import JobError
from jobs.engine.kinds import quality as kind
from jobs.engine.measure import wanted
from jobs.engine.plan import Source
from jobs.engine.rates import source_fps
from jobs.engine.resolve import resolve
from jobs.engine.spec import JOB_SPEC, OutputSpec, QualitySpec, TranscodeSpec
from jobs.engine.template import Template
from jobs.lettering.plans import drawn
from jobs.media_tools import media_tools
from jobs.models import Output
from jobs.runs import playlists
from jobs.runs.gather import gather
from jobs.runs.measuring import measured
from jobs.runs.opening import open_input
from jobs.states import Phase
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.engine.probe import Probe
    from jobs.runs.run import Run

DISTORTED = "distorted"
LOG_BYTES = 64 << 20
AGREES = 0.1  # of the told rate


def run_quality(run: Run) -> dict[str, Any]:
    """Measure. Raises JobError NoVideoStream, ObjectNotFound, QualityNotComparable, ResourceContentBad and those of the reference's plan."""
    reference = open_input(run)
    spec = QualitySpec.model_validate(run.job.spec, strict=False)
    output = _fetched(run, spec)
    if output.picture is None:
        raise JobError("NoVideoStream")
    asked, template = _asked(spec)
    hdr = output.picture.color_transfer in quality.HDR_TRANSFERS
    shaped = quality.shaped(template)
    template = quality.reference_template(template, hdr=hdr, deep=quality.deep(output.picture.pixel_format))
    material, (template,) = gather(run, asked, [template], reference)
    if measures := wanted(asked, [template], material):
        material = replace(material, measured=measured(run, measures))
    plan = drawn(resolve(asked, [template], material, overrides=[{}]), run.room)
    for text in (text for made in plan.outputs for text in made.texts):
        (run.room / text.name).write_bytes(text.data)
    stream = output.picture
    source = Source(file=DISTORTED, format=output.format_name, pixels=stream.width * stream.height)
    found = quality.comparison(plan, source, stream, spec.metrics, frames=stream.frames or _guessed(output), every=spec.every, shaped=shaped)
    run.pulse.phase(Phase.MEASURE)
    if run.command(found.command).exit_code:
        raise JobError("ResourceContentBad", f"The pictures cannot be compared to their end: {run.decisive_line}" if run.decisive_line else "")
    own = _text(run, quality.COUNTED)
    frames = quality.counted(own)
    quality.check_counts(frames, quality.counted(_text(run, quality.GIVEN)))
    series = quality.read(found, _text(run, quality.VMAF_LOG), _lines(run, quality.XPSNR_LOG))
    told = kind.told(found, series, frames=frames, fps=_fps(output, frames), versions=media_tools().version, times=quality.moments(own, found.every))
    _noted(run, spec, told)
    return told


def _noted(run: Run, spec: QualitySpec, told: dict[str, Any]) -> None:
    """The output knows its scores, without their courses. Whoever looks at the page of its job is told."""
    with transaction.atomic():
        run.fence.lock()
        scores = {name: told[name] for name in ("model", "frames", "every", "scores")}
        maker = Output.objects.filter(pk=spec.output, bucket=spec.distorted.bucket, key=spec.distorted.key).values_list("job_id", flat=True).first()
        if maker is not None:
            transitions.change(maker)
            Output.objects.filter(pk=spec.output).update(quality={"job": run.job.id, **scores})


def _fetched(run: Run, spec: QualitySpec) -> Probe:
    """The other side in the room."""
    run.pulse.phase(Phase.FETCH)
    place = storage(spec.distorted.bucket)
    if place.stat(spec.distorted.key) is None:
        raise JobError("ObjectNotFound", f"No object at {spec.distorted.bucket}/{spec.distorted.key}.")
    run.need_space()
    place.pin(spec.distorted.key, run.room, DISTORTED)
    run.pulse.phase(Phase.PROBE)
    return playlists.fetched(run, spec.distorted, DISTORTED)


def _asked(spec: QualitySpec) -> tuple[TranscodeSpec, Template]:
    """What made the output, as far as that is known: its job's spec with this one output, and its template."""
    row = Output.objects.select_related("job").filter(pk=spec.output).first() if spec.output else None
    if row is None or row.job.kind != "transcode":
        return TranscodeSpec(input=spec.input, outputs=(OutputSpec(address=spec.distorted),)), kind.PLAIN
    asked = JOB_SPEC.validate_python(row.job.spec, strict=False)
    if not isinstance(asked, TranscodeSpec):  # told by its kind; for the type checker
        raise TypeError(asked.kind)
    return asked.model_copy(update={"outputs": (asked.outputs[row.index],)}), Template.model_validate(row.effective, strict=False)


def _guessed(output: Probe) -> int | None:
    """About how many pictures, where the container does not say."""
    stream = output.picture
    fps = source_fps(stream) if stream else None
    return round(fps * output.duration) if fps and output.duration else None


def _fps(output: Probe, frames: int) -> float | None:
    """What places the pictures in time: the rate that the file tells, where that agrees with their number (old containers tell 60 for what has 7)."""
    stream = output.picture
    told, seconds = (source_fps(stream), stream.duration or output.duration) if stream else (None, None)
    if not seconds or (told and abs(frames / seconds / told - 1) < AGREES):
        return told
    return round(frames / seconds, 3)


def _text(run: Run, name: str) -> str:
    path = run.room / name
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(LOG_BYTES).decode(errors="replace")


def _lines(run: Run, name: str) -> Iterator[str]:
    """Line by line, for it has one of every picture; nothing where there is no such file."""
    path = run.room / name
    if path.is_file():
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file
