"""Quality of an output against its source: VMAF and its kin, frame by frame. Pure.

How the two are paired. The reference is the source as the output's own plan sees it: the same clip, frame rate, fields, crop, turn and tone mapping, but not
its size. Both sides are then paired by the number of the picture, never by time: time bases differ, and pairing by them silently compares neighbours. Both
sides are counted in the same run; unequal numbers are refused. The output is scaled to the reference's size (bicubic), as the field does it. Where
something was laid over the picture or its shape was changed (watermarks, hidden areas, burnt subtitles, borders, cut edges), the reference goes through all of
that too, and both are compared at the output's size.

Values are compared as colours mean them: what the output does not tell of its colours is taken to be as in the reference. Told on one side only, ffmpeg
would convert the other: a file that is held against itself then has VMAF NEG 95.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from jobs.engine import colour
from jobs.engine.argv import works
from jobs.engine.codecs import HDR_TRANSFERS as HDR_TRANSFERS
from jobs.engine.errors import JobError
from jobs.engine.plan import Branch, Expected, ExpectedColours, FilterSpec, Pad, Plan, RenditionPlan, Source, VideoPlan
from jobs.engine.template import Audio, Subtitle, Template, Video

if TYPE_CHECKING:
    from jobs.engine.plan import Command
    from jobs.engine.probe import VideoStream
    from jobs.engine.spec import Metric

FINE = 1440  # lines; above this VMAF's model for 4K is the right one
MEASURED_MAX = 9_000  # frames that are looked at; of longer ones every third, fifth … (five minutes at 30 frames per second)
STEPS = (1, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61)
"""Each how manyth: primes, for a step that divides a GOP would look at key frames more often than they come, and one that keeps step with B-frames at P-frames alone."""
NEAR, BEFORE, AFTER = 7, 2, 1
"""From this step on only the pictures that are looked at go into the measures, with those that motion is reckoned from: two before each and one after it."""
THREADS = 2
VMAF_LOG, XPSNR_LOG = "quality-vmaf.csv", "quality-xpsnr.txt"
COMPARED, COUNTED, GIVEN = "quality-compared.txt", "quality-output.txt", "quality-reference.txt"
TIMED = "{n} {ti}"  # of each picture: its number, and the time in s that its file gives it
FAR = 1e7  # s: what has no time is said to be later than this, or as much earlier
BLIND = 60.0  # dB: what equal pictures are said to have, as libvmaf does for 8 bit
EIGHT = (None, "yuv420p")
_DEEP = re.compile(r"(9|1[0246])(le|be)$")
_KEPT = ("fps", "max_fps", "scan", "crop", "rotate", "flip", "deinterlace")
_SIZE = ("width", "height", "short_side", "long_side", "follow_orientation", "scale_type")


def shaped(template: Template) -> bool:
    """Whether more than the size was changed, so that both must be compared at the output's size."""
    video = template.video
    cut = video.scale_type in ("crop", "fill") and bool(video.width) and bool(video.height)
    burnt = template.subtitle.burn_stream is not None or any(file.burn for file in template.subtitle.files)
    return bool(template.watermarks or template.delogos or burnt or video.pad or cut)


def deep(pixel_format: str | None) -> bool:
    """Whether pictures have more than 8 bits. Such an output is compared in 10: brought down to 8 it would be dithered, and near-lossless ones lose a point."""
    return bool(_DEEP.search(pixel_format or ""))


def reference_template(template: Template, *, hdr: bool, deep: bool = False) -> Template:
    """What makes the reference out of the source: the output's template without sound, ladder, key and encoder settings, and, unless its picture was changed
    otherwise, without its size. ``hdr``: the output has HDR, so the reference keeps it; ``deep``: it has more than 8 bits."""
    video = template.video
    names = (*_KEPT, *_SIZE, "pad") if shaped(template) else _KEPT
    said = {name: value for name in names if (value := getattr(video, name)) is not None}
    codec, pixels = ("h265", "yuv420p10le") if hdr or deep else ("h264", "yuv420p")
    return template.model_copy(
        update={
            "container": template.container.model_copy(update={"format": "mkv"}),
            "video": Video.model_validate(said | {"codec": codec, "pixel_format": pixels, "hdr": "keep" if hdr else "sdr"}),
            "audio": Audio(remove=True),
            "audios": (),
            "subtitle": template.subtitle if shaped(template) else Subtitle(remove=True),
            "mux": type(template.mux)(),
            "encryption": None,
            "ladder": (),
        }
    )


@dataclass(frozen=True)
class Comparison:
    """What will be compared. ``model``: VMAF's; ``every``: each how manyth frame is looked at."""

    command: Command
    metrics: tuple[Metric, ...]
    model: str
    every: int
    width: int
    height: int
    shaped: bool


def comparison(
    plan: Plan, source: Source, stream: VideoStream, metrics: Sequence[Metric], *, frames: int | None, every: int | None = None, shaped: bool = False
) -> Comparison:
    """The command that compares. ``plan``: of the reference template's one output; ``source``, ``stream``: the output's file; ``frames``: about how many it has;
    ``shaped``: compared at the output's size.

    Raises JobError of the reference, or QualityNotComparable.
    """
    if plan.failed:
        raise JobError(plan.failed[0].code, plan.failed[0].message)
    rendition = plan.outputs[0].renditions[0]
    reference = rendition.video
    if reference is None:
        raise JobError("NoVideoStream")
    if reference.pad is None:
        raise JobError("QualityNotComparable", "An output that was joined from several inputs has no single source to be compared with.")
    step = every or each(frames or 0)
    at = len(plan.sources)
    legs = _legs(reference, reference.pad, Pad(source=at, stream=stream.index, codec=stream.codec), metrics, step, _colours(stream, rendition.expected.colours))
    made = Plan(sources=(*plan.sources, source), outputs=(plan.outputs[0].model_copy(update={"renditions": legs, "package": (), "set": None, "index": 0}),))
    (command,) = works(made)[0].commands
    return Comparison(command, tuple(metrics), model(reference.height, reference.width), step, reference.width, reference.height, shaped)


def model(height: int, width: int) -> str:
    """VMAF's model for a picture of this size."""
    return "vmaf_4k_v0.6.1" if min(height, width) > FINE else "vmaf_v0.6.1"


def each(frames: int) -> int:
    """Each how manyth picture is looked at, of so many."""
    least = math.ceil(frames / MEASURED_MAX)
    return next((step for step in STEPS if step >= least), least | 1)


def _colours(stream: VideoStream, reference: ExpectedColours | None) -> tuple[colour.Colours, colour.Colours]:
    """What the output's values mean, and what they are compared as. Codecs that cannot tell have what players guess, as outputs of theirs are made."""
    if reference is None:
        own = colour.of_source(stream)
        return own, own
    silent = stream.codec in colour.UNTAGGED
    told = {
        "color_space": stream.color_space or (None if silent else reference.matrix),
        "color_primaries": stream.color_primaries or (None if silent else reference.primaries),
        "color_transfer": stream.color_transfer or (None if silent else reference.transfer),
    }
    return colour.of_source(stream.model_copy(update=told)), colour.Colours(reference.matrix, reference.primaries, reference.transfer)


def _numbered() -> tuple[FilterSpec, ...]:
    """Times made out of numbers, on both sides alike."""
    return ("settb", (("expr", "1/1000"),)), ("setpts", (("expr", "N*40"),))


def _legs(
    reference: VideoPlan, source: Pad, pad: Pad, metrics: Sequence[Metric], every: int, colours: tuple[colour.Colours, colour.Colours]
) -> tuple[RenditionPlan, ...]:
    """The output with the reference held against it, and both alone, which are only counted. ``colours``: of the output, and those it is compared in."""
    pixels: FilterSpec = ("format", (("pix_fmts", reference.pixel_format or "yuv420p"),))
    chosen, apart = _chosen(every)
    given = (*reference.filters, *_numbered())
    beside = (*given, *chosen, pixels, ("setsar", (("sar", "1"),)))
    chain: list[FilterSpec | Branch] = [*_numbered(), *chosen, *([] if colours[0].rgb else [colour.tags(colours[0])])]
    chain.append(("scale", (("w", reference.width), ("h", reference.height), ("flags", "bicubic"), *colour.in_scaler(*colours))))
    chain += [("setsar", (("sar", "1"),)), pixels, *([] if colours[1].rgb else [colour.tags(colours[1])])]
    if any(name != "xpsnr" for name in metrics):
        chain.append(Branch(pad=source, filters=beside, into=("libvmaf", _vmaf(metrics, model(reference.height, reference.width), apart))))
    if "xpsnr" in metrics:
        # ffmpeg's xpsnr misreads deep pictures whose rows are wider in memory than they are: at 720 and 1080 px it finds 8 dB between equal ones
        shallow: tuple[FilterSpec, ...] = () if reference.pixel_format in EIGHT else (("format", (("pix_fmts", "yuv420p"),)),)
        chain += [*shallow, Branch(pad=source, filters=(*beside, *shallow), into=("xpsnr", (("stats_file", XPSNR_LOG),)))]
    # what comes out of the comparison is as long as the longer side, whose counterpart is repeated: each side is counted by itself
    return tuple(_counted(reference, *leg) for leg in ((pad, tuple(chain), COMPARED), (pad, _numbered(), COUNTED), (source, given, GIVEN)))


def _chosen(every: int) -> tuple[tuple[FilterSpec, ...], int]:
    """What lets only the pictures through that measures need, and how far apart those that are looked at come out: each measure gives them what it would have
    given them among all others."""
    if every < NEAR:
        return (), every
    wanted = f"lte(mod(n,{every}),{AFTER})+gte(mod(n,{every}),{every - BEFORE})"
    return (("select", (("expr", wanted),)),), BEFORE + 1 + AFTER


def _counted(reference: VideoPlan, pad: Pad, filters: tuple[FilterSpec | Branch, ...], log: str) -> RenditionPlan:
    """Pictures that go nowhere but into ffmpeg's statistics."""
    video = VideoPlan(
        pad=pad,
        encoder="wrapped_avframe",
        codec="wrapped_avframe",
        filters=filters,
        options=("-fps_mode", "passthrough", "-enc_time_base", "demux"),
        width=reference.width,
        height=reference.height,
    )
    return RenditionPlan(
        name=log, file=f"{log}.none", video=video, mux_options=("-stats_enc_pre:v", log, "-stats_enc_pre_fmt:v", TIMED, "-f", "null"), expected=Expected()
    )


def _vmaf(metrics: Sequence[Metric], version: str, every: int) -> tuple[tuple[str, str | int], ...]:
    models = [f"version={version}:name=vmaf"] if "vmaf" in metrics or not {"vmaf_neg"} & set(metrics) else []
    if "vmaf_neg" in metrics:
        models.append(f"version={version}neg:name=vmaf_neg")
    features = [f"name={word}" for name, word in (("psnr", "psnr"), ("ssim", "float_ssim")) if name in metrics]
    said: list[tuple[str, str | int]] = [
        ("n_threads", THREADS),
        ("n_subsample", every),
        ("log_fmt", "csv"),
        ("log_path", VMAF_LOG),
        ("model", "|".join(models)),
    ]
    return (*said, ("feature", "|".join(features))) if features else tuple(said)


# --- reading --------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Series:
    """One measure, picture by picture, in the order of the pictures that were looked at."""

    values: tuple[float, ...]

    @property
    def summary(self) -> dict[str, float]:
        """mean, harmonic mean (of value + 1, as libvmaf has it, so that a zero is no end of all), the values below which 1 % and 5 % of the pictures lie, and
        the smallest."""
        values = sorted(self.values)
        harmonic = len(values) / sum(1 / (max(0.0, value) + 1) for value in values) - 1
        found = {"mean": sum(values) / len(values), "harmonic_mean": harmonic, "low1": _low(values, 1), "low5": _low(values, 5), "min": values[0]}
        return {name: round(value, 3) for name, value in found.items()}


def _low(values: Sequence[float], percent: int) -> float:
    """Nearest rank."""
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def counted(log: str) -> int:
    """How many pictures one side had: each line of ffmpeg's statistics is :data:`TIMED`."""
    lines = log.strip().splitlines()
    return int(lines[-1].split()[0]) + 1 if lines else 0


def moments(log: str, every: int) -> tuple[float, ...] | None:
    """When each picture that was looked at is shown, s from the first one. None: the file does not give every one a time, or not in their order."""
    times = [float(line.split()[1]) for line in log.splitlines()[::every]]
    if not times or any(abs(time) > FAR for time in times) or any(late < early for early, late in pairwise(times)):
        return None
    return tuple(time - times[0] for time in times)


def check_counts(output: int, reference: int) -> None:
    """Raises JobError QualityNotComparable unless both sides have the same number of pictures, at least one."""
    if output != reference or not output:
        raise JobError("QualityNotComparable", f"The output has {output} pictures and the source {reference}: they cannot be paired.")


def read(found: Comparison, vmaf: str, xpsnr: Iterable[str]) -> dict[Metric, Series]:
    """The measures out of the logs. ``xpsnr``: lines of its log, which has every picture."""
    columns: dict[str, list[float]] = {}
    lines = vmaf.splitlines()
    if lines:
        names = [name.strip() for name in lines[0].split(",")]
        for line in lines[1:]:
            for name, text in zip(names, line.split(","), strict=False):
                if text.strip():
                    columns.setdefault(name, []).append(float(text))
    wanted: tuple[tuple[Metric, str], ...] = (("vmaf", "vmaf"), ("vmaf_neg", "vmaf_neg"), ("ssim", "float_ssim"), ("psnr", "psnr_y"))
    series: dict[Metric, Series] = {name: Series(tuple(columns[column])) for name, column in wanted if name in found.metrics and columns.get(column)}
    if "xpsnr" in found.metrics and (values := _xpsnr(xpsnr, _chosen(found.every)[1])):
        series["xpsnr"] = Series(tuple(values))
    return series


def _xpsnr(log: Iterable[str], every: int) -> list[float]:
    """Luma, of lines like «n:    1  XPSNR y: 37.4201  XPSNR u: …»: of the pictures that the other measures look at."""
    found: list[float] = []
    for number, line in enumerate(line for line in log if line.startswith("n:")):
        if number % every == 0:
            text = line.split("XPSNR y:")[1].split()[0]
            found.append(BLIND if text in ("inf", "nan") else min(float(text), 100.0))
    return found
