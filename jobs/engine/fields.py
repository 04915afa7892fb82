"""Interlaced pictures: whether a source is, and what is done about it. Pure.

Containers often lie about fields, so ``deinterlace: auto`` (and ``scan: progressive``) looks at the pictures themselves, in two ways: idet compares
them with their neighbours in time, which takes things that move up or down for fields; and combs are counted, lines that differ from both
neighbours and not from the lines after next, which still pictures of interlaced films do not have. Two of three (the container's word is the third) decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from jobs.engine.sampling import Measure, clip_name, per_clip

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec
    from jobs.engine.probe import VideoStream
    from jobs.engine.sources import Material
    from jobs.engine.spec import InputSpec, TranscodeSpec
    from jobs.engine.template import Template, Video

# Combs are counted in the middle of every twelfth picture: an expression for each pixel is slow
_COMBS = (
    "idet,split[all][few];[few]select='eq(mod(n,12),6)',crop=w='min(iw,640)':h='min(ih,480)',format=gray,"
    "geq=lum='255*gt((p(X,Y)-p(X,Y-1))*(p(X,Y)-p(X,Y+1)),100)*lt(abs(p(X,Y)-p(X,Y-2)),12)*lt(abs(p(X,Y)-p(X,Y+2)),12)*lt(abs(p(X,Y-1)-p(X,Y+1)),12)',"
    "signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG,nullsink;[all]null"
)
_COMB = re.compile(r"lavfi\.signalstats\.YAVG=([\d.]+)")
COMB_SHARE = 0.001
"""Of all pixels. Whole pictures of 14 kinds had at most 0.0006, interlaced ones that moved at least 0.002."""
_COUNTS = re.compile(r"(?:Single|Multi) frame detection: TFF:\s*(\d+) BFF:\s*(\d+) Progressive:\s*(\d+)")
LEAST_PICTURES = 4
"""So many combed pictures are no accident."""


class Counts(NamedTuple):
    """Pictures that idet saw: top field first, bottom field first, whole. ``combs``: share of pixels that belong to combs."""

    top: int
    bottom: int
    whole: int
    combs: float = 0.0


@dataclass(frozen=True)
class Fields:
    """What becomes of fields. ``kept``: the picture stays interlaced; ``filters`` come first of all; ``top_first``: order of the kept fields."""

    filters: tuple[FilterSpec, ...] = ()
    kept: bool = False
    top_first: bool = True
    warnings: tuple[str, ...] = ()


def wanted(spec: TranscodeSpec, templates: Sequence[Template], material: Material) -> tuple[Measure, ...]:
    """Look at fields where an output asks for it: one measurement per clip of the job's input."""
    return per_clip(spec, templates, material, asks=asks, name=name, filter_text=_COMBS, read=lambda tail, _stream: read(tail))


def asks(video: Video) -> bool:
    """Whether this output needs the measurement."""
    return video.deinterlace == "auto" or (video.scan == "progressive" and video.deinterlace is None)


def name(clip: InputSpec) -> str:
    """Of the measurement."""
    return clip_name("fields", "input", clip.start or 0.0, clip.duration)


def read(tail: str) -> Counts | None:
    """idet's sums. It reports twice where the graph was set up twice, once with zeros."""
    found = [tuple(int(number) for number in row) for row in _COUNTS.findall(tail)]
    if not found:
        return None
    combs = [float(number) / 255 for number in _COMB.findall(tail)]
    top, bottom, whole = (sum(row[column] for row in found) for column in range(3))
    return Counts(top, bottom, whole, sum(combs) / len(combs) if combs else 0.0)


def plan_fields(stream: VideoStream, video: Video, clip: InputSpec, measured: Mapping[str, Any]) -> Fields:
    """Deinterlace, keep the fields, or do nothing."""
    marked = stream.field_order not in (None, "progressive")
    top_first = stream.field_order not in ("bb", "tb")
    if video.deinterlace == "force":
        return Fields(deinterlaced(stream, None))
    if asks(video):
        return _as_measured(stream, measured.get(name(clip)) or Counts(0, 0, 0), marked=marked)
    if video.scan == "interlaced":
        return Fields(() if marked else (("setfield", (("mode", "tff"),)),), kept=True, top_first=top_first or not marked)
    if not marked:
        return Fields()
    if stream.rotation % 180 or video.rotate or video.flip in ("vertical", "both"):
        # fields do not survive that
        return Fields(deinterlaced(stream, top_first), warnings=("The source is interlaced and is turned, so it was deinterlaced.",))
    return Fields(kept=True, top_first=top_first, warnings=("The source is interlaced and is encoded as it is.",))


@dataclass(frozen=True)
class Decided:
    """Whether a picture has fields; ``top_first``: in which order."""

    interlaced: bool
    top_first: bool


def decided(stream: VideoStream, counts: Counts) -> Decided:
    """Two of three: idet, combs, the container's word."""
    fields, combs, marked = counts.top + counts.bottom, counts.combs >= COMB_SHARE, stream.field_order not in (None, "progressive")
    moving = fields > counts.whole and fields >= LEAST_PICTURES
    return Decided(moving + combs + marked >= 2, counts.top >= counts.bottom if moving else stream.field_order not in ("bb", "tb"))


def _as_measured(stream: VideoStream, counts: Counts, *, marked: bool) -> Fields:
    found = decided(stream, counts)
    if found.interlaced:
        return Fields(deinterlaced(stream, found.top_first))
    return Fields((("setfield", (("mode", "prog"),)),) if marked else ())


def deinterlaced(stream: VideoStream, top_first: bool | None) -> tuple[FilterSpec, ...]:
    """bwdif, a whole picture for each pair of fields, at the same frame rate. ``top_first`` None: as the pictures say."""
    parity = {True: "tff", False: "bff", None: "auto"}[top_first]
    bwdif: FilterSpec = ("bwdif", (("mode", "send_frame"), ("parity", parity), ("deint", "all")))
    if stream.rotation % 180:  # ffmpeg has turned the lines of the fields into columns
        return ("transpose", (("dir", "cclock"),)), bwdif, ("transpose", (("dir", "clock"),))
    return (bwdif,)
