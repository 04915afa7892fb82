"""One probe: a few windows encoded with the plan's own filters and settings at one CRF, and measured against the same pictures of the source. Pure.

The same pictures are picked on both sides by their number, put one after the other and paired by number, as ``jobs.engine.quality`` does. The measurement is at
the reference's size. The first picture of each window is left out of sizes and scores: in the output it stands in the middle of a shot.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jobs.engine.argv import works
from jobs.engine.errors import JobError
from jobs.engine.narrowband.records import Point
from jobs.engine.narrowband.sample import from_sample, from_whole, sample_command, source_of, without_loss
from jobs.engine.narrowband.tuning import tuned
from jobs.engine.plan import Branch, Expected, Pad, RenditionPlan, Source, VideoPlan
from jobs.engine.quality import THREADS, model

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jobs.engine.narrowband.case import Case
    from jobs.engine.narrowband.records import Ask, Survey, Window
    from jobs.engine.plan import Command, FilterSpec, Plan

FILE, SIZES, SCORES = "narrowband-probe.mkv", "narrowband-sizes.txt", "quality-probe.csv"
# every fifth picture: coprime with the usual pattern of B-frames, whose scores differ from those between; measuring is the dearest part of a probe
MEASURED = 5
FEW = 5  # at least so many are measured
STATS = ("-stats_enc_post:v", SIZES, "-stats_enc_post_fmt:v", "{fidx} {pts} {tb} {size} {key}")


def encode_command(case: Case, survey: Survey, ask: Ask, *, sampled: bool) -> Command:
    """Encode the windows: writes FILE and SIZES."""
    video = case.video
    # each window begins with a key frame, so that its cost is not spread over those that follow
    borders = ",".join(f"{max(0.0, at - 0.5) / survey.fps:.6f}" for at in sorted(_firsts(ask.windows)))
    options = (*tuned(video, ask.crf, method=case.method, fast=ask.fast, plain=ask.plain, steady=True), "-force_key_frames:v", borders, *STATS)
    changes: dict[str, object] = {"options": options, "passes": 1, "filters": from_whole(video.filters, survey, ask.windows)}
    plan = case.plan
    if sampled:
        plan = _reading_sample(case, plan)
        changes |= {"pad": _sampled(case, survey), "filters": from_sample(case, video.filters, survey, ask.windows)}
    rendition = RenditionPlan(name="", file=FILE, video=video.model_copy(update=changes), mux_options=("-f", "matroska"), expected=Expected())
    return _command(plan, rendition, case.output.expected_seconds)


def compare_command(case: Case, survey: Survey, ask: Ask, *, sampled: bool) -> Command:
    """Measure: reads FILE, writes SCORES."""
    seen = case.seen
    plan = _reading_sample(case, case.reference) if sampled else case.reference
    picked = from_sample(case, seen.filters, survey, ask.windows) if sampled else from_whole(seen.filters, survey, ask.windows)
    pixels: FilterSpec = ("format", (("pix_fmts", seen.pixel_format or "yuv420p"),))
    numbered: tuple[FilterSpec, ...] = (("settb", (("expr", "1/1000"),)), ("setpts", (("expr", "N*40"),)))
    beside = (*picked, *numbered, pixels, ("setsar", (("sar", "1"),)))
    version = model(seen.height, seen.width)
    measure: FilterSpec = (
        "libvmaf",
        (
            ("n_threads", THREADS),
            ("n_subsample", every(case, ask)),
            ("log_fmt", "csv"),
            ("log_path", SCORES),
            ("model", f"version={version}:name=vmaf"),
        ),
    )
    chain = (*numbered, ("scale", (("w", seen.width), ("h", seen.height), ("flags", "bicubic"))), ("setsar", (("sar", "1"),)), pixels)
    probe = Source(file=FILE, format="matroska,webm", pixels=case.video.width * case.video.height)
    video = VideoPlan(
        pad=Pad(source=len(plan.sources), stream=0, codec=case.video.codec),
        encoder="wrapped_avframe",
        codec="wrapped_avframe",
        filters=(*chain, Branch(pad=_sampled(case, survey) if sampled else seen.pad, filters=beside, into=measure)),
        options=("-fps_mode", "passthrough", "-enc_time_base", "demux"),
        width=seen.width,
        height=seen.height,
    )
    rendition = RenditionPlan(name="", file="narrowband-compared.none", video=video, mux_options=("-f", "null"), expected=Expected())
    return _command(plan.model_copy(update={"sources": (*plan.sources, probe)}), rendition, None)


def probe_commands(case: Case, survey: Survey, ask: Ask, *, sampled: bool = False) -> tuple[Command, ...]:
    """Encode, then measure; in the same folder. ``sampled``: SAMPLE lies there already (the survey wrote it if ``survey.sampled``, or an earlier probe); else the first
    command writes it, where this plan can be sampled."""
    sample = sample_command(case, survey)
    before = (sample,) if sample is not None and not sampled else ()
    aside = sample is not None
    return (*before, encode_command(case, survey, ask, sampled=aside), compare_command(case, survey, ask, sampled=aside))


def every(case: Case, ask: Ask) -> int:
    """Each how manyth picture is measured."""
    frames = _frames(ask.windows)
    return next((step for step in (MEASURED, 3) if frames >= step * FEW), 1)


def read_probe(case: Case, survey: Survey, ask: Ask, sizes: str, scores: str) -> Point:
    """What a probe found. Raises JobError QualityNotComparable where the two sides do not have the same pictures, NoVideoStream where there are none."""
    bits = _sizes(sizes)
    step = every(case, ask)
    vmaf = _scores(scores)
    if not bits:
        raise JobError("NoVideoStream", "Not one picture could be read.")
    if len(vmaf) != math.ceil(len(bits) / step):
        raise JobError("QualityNotComparable", f"The output has {len(bits)} pictures and the source {len(vmaf) * step}: they cannot be paired.")
    firsts = _firsts(ask.windows)
    whole = [at for at in range(len(bits)) if at not in firsts] or list(range(len(bits)))
    seen = [at for at in range(len(vmaf)) if at * step not in firsts] or list(range(len(vmaf)))
    parts = []
    begin = 0
    for window in ask.windows:
        mine = [at for at in whole if begin <= at < begin + window.frames]
        looked = [at for at in seen if begin <= at * step < begin + window.frames]
        if mine and looked:
            kbit_s = _mean(bits[at] for at in mine) * survey.fps / 1000
            parts.append((window.first, kbit_s, _mean(vmaf[at] for at in looked), bits[begin] / 1000))
        begin += window.frames
    return Point(
        group=ask.group,
        crf=ask.crf,
        fast=ask.fast,
        plain=ask.plain,
        kbit_s=_mean(bits[at] for at in whole) * survey.fps / 1000,
        key_kbit=_mean(bits[at] for at in firsts if at < len(bits)) / 1000,
        vmaf=_mean(vmaf[at] for at in seen),
        frames=len(bits),
        measured=len(seen),
        by_window=tuple(parts),
    )


def _sampled(case: Case, survey: Survey) -> Pad:
    return Pad(source=0, stream=0, codec=without_loss(case, _frames(survey.windows)))


def _reading_sample(case: Case, plan: Plan) -> Plan:
    """A plan whose picture comes from SAMPLE."""
    output = plan.outputs[0].model_copy(update={"join": None})
    return plan.model_copy(update={"sources": (source_of(case),), "outputs": (output,)})


def _command(plan: Plan, rendition: RenditionPlan, seconds: float | None) -> Command:
    output = plan.outputs[0].model_copy(update={"renditions": (rendition,), "package": (), "set": None, "index": 0, "expected_seconds": seconds})
    (command,) = works(plan.model_copy(update={"outputs": (output,)}))[0].commands
    return command


def _frames(windows: Sequence[Window]) -> int:
    return sum(window.frames for window in windows)


def _firsts(windows: Sequence[Window]) -> set[int]:
    found, at = set(), 0
    for window in windows:
        found.add(at)
        at += window.frames
    return found


def _sizes(log: str) -> list[float]:
    """Bits of each picture, in the order in which they are shown."""
    rows = sorted((int(words[1]), int(words[3])) for line in log.splitlines() if len(words := line.split()) == 5)
    return [size * 8.0 for _, size in rows]


def _scores(log: str) -> list[float]:
    lines = log.splitlines()
    if not lines:
        return []
    at = [name.strip() for name in lines[0].split(",")].index("vmaf")
    return [float(line.split(",")[at]) for line in lines[1:] if line.strip()]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
