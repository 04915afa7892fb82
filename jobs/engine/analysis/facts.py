"""The input as presets see it: upright, without its borders, its bitrate in the currency of H.264. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.engine import crop, fields
from jobs.engine.analysis.records import Facts
from jobs.engine.errors import JobError
from jobs.engine.geometry import upright
from jobs.engine.rates import constant_rate, source_fps
from jobs.engine.template import Video
from jobs.engine.vocabulary.picture import Box

if TYPE_CHECKING:
    from jobs.engine.analysis.records import Complexity
    from jobs.engine.crop import Area
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.spec import AnalysisSpec

AS_H264 = {
    "hevc": 1.6,
    "vp9": 1.5,
    "av1": 2.0,
    "h264": 1.0,
    "vp8": 0.9,
    "mpeg4": 0.7,
    "flv1": 0.6,
    "h263": 0.6,
    "wmv2": 0.6,
    "mpeg2video": 0.5,
    "mpeg1video": 0.4,
}
"""What H.264 needs for the same quality, as a multiple; intra codecs (MJPEG, ProRes …) and unknown ones: a third."""
INTRA = 0.33
HDR = {"smpte2084": "PQ", "arib-std-b67": "HLG"}
DARK = 32.0  # brightness, 0–255: studio black is 16
PAYS = 0.6  # share of the bits that a slight blur must save
PIXEL_DEPTH = re.compile(r"p(\d\d)(le|be)$")
ALPHA = re.compile(r"yuva|rgba|bgra|argb|abgr|gbrap|ya\d")


def fields_of(spec: AnalysisSpec, stream: VideoStream, counts: fields.Counts | None) -> tuple[bool, bool]:
    """Whether the picture is treated as interlaced, and whether the top field comes first."""
    found = fields.decided(stream, counts or fields.Counts(0, 0, 0))
    if spec.deinterlace == "auto":
        return found.interlaced, found.top_first
    return spec.deinterlace == "force", found.top_first


def area_of(spec: AnalysisSpec, stream: VideoStream, measured: Area | None) -> Area | None:
    """What is left of the decoded, upright picture; None: all of it. Raises JobError AreaOutsidePicture."""
    if spec.crop == "auto":
        return measured
    if spec.crop == "none":
        return None
    done = crop.cut(stream, Video(crop=spec.crop), None)
    arguments = next((dict(given) for name, given in done.filters if name == "crop"), None)
    return None if arguments is None else (int(arguments["w"]), int(arguments["h"]), int(arguments["x"]), int(arguments["y"]))


def size_of(stream: VideoStream, area: Area | None) -> tuple[int, int]:
    """The upright size that is left, with square pixels."""
    whole = upright(stream)
    if area is None:
        return whole.width, whole.height
    width, height = crop.decoded(stream)
    return max(1, round(area[0] * whole.width / width)), max(1, round(area[1] * whole.height / height))


def facts(spec: AnalysisSpec, probe: Probe, stream: VideoStream, *, counts: fields.Counts | None, area: Area | None, complexity: Complexity) -> Facts:
    """All of it."""
    width, height = size_of(stream, area)
    interlaced, top_first = fields_of(spec, stream, counts)
    kbps = video_kbps(probe, stream)
    depth = PIXEL_DEPTH.search(stream.pixel_format or "")
    return Facts(
        width=width,
        height=height,
        lines=lines_of(width, height),
        fps=source_fps(stream),
        constant_rate=constant_rate(stream),
        seconds=probe.duration,
        codec=stream.codec,
        kbps=kbps,
        h264_kbps=None if kbps is None else max(1, round(kbps * AS_H264.get(stream.codec, INTRA))),
        bit_depth=int(depth[1]) if depth else 8,
        hdr=HDR.get(stream.color_transfer or ""),  # type: ignore[arg-type]  # one of the two words
        alpha=bool(ALPHA.match(stream.pixel_format or "")),
        interlaced=interlaced,
        top_first=top_first,
        marked=stream.field_order not in (None, "progressive"),
        borders=area is not None and spec.crop == "auto",
        crop=None if area is None else box_of(stream, area),
        black=complexity.brightness <= DARK,
        noisy=complexity.grain >= PAYS,
    )


def lines_of(width: int, height: int) -> int:
    """The shorter side of the smallest 16:9 picture (9:16, where it stands) that holds this one: 1920 × 800 is a picture of 1,080 lines."""
    return max(min(width, height), round(max(width, height) * 9 / 16))


def box_of(stream: VideoStream, area: Area) -> Box:
    """The area in pixels of the upright picture with square pixels, as templates have it. Raises JobError AreaOutsidePicture for next to nothing."""
    whole = upright(stream)
    width, height = crop.decoded(stream)
    across, down = whole.width / width, whole.height / height
    sides = round(area[0] * across), round(area[1] * down)
    if min(sides) < 2:
        raise JobError("AreaOutsidePicture")
    return Box(width=sides[0], height=sides[1], left=round(area[2] * across), top=round(area[3] * down))


def video_kbps(probe: Probe, stream: VideoStream) -> int | None:
    """The picture's bitrate: the stream's own, else what the file leaves for it. None: too short to have one, or not told."""
    if (probe.duration or 0.0) < 0.5:
        return None
    if stream.bitrate_kbps:
        return stream.bitrate_kbps
    if not probe.bitrate_kbps:
        return None
    others = sum(sound.bitrate_kbps or 0 for sound in probe.audio)
    return max(1, probe.bitrate_kbps - others) if others < probe.bitrate_kbps else None
