"""Cut out a part of the upright picture: the area as given, or what lies inside black borders. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine.errors import JobError
from jobs.engine.geometry import Upright, upright
from jobs.engine.sampling import Measure, clip_name, per_clip

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec
    from jobs.engine.probe import VideoStream
    from jobs.engine.sources import Material
    from jobs.engine.spec import InputSpec, TranscodeSpec
    from jobs.engine.template import Box, Template, Video

# 24 of 255 is darker than any shadow that matters and brighter than studio black with noise. round=2: whole chroma samples
CROPDETECT = "cropdetect=limit=0.094:round=2:reset=0:skip=0"
LEAST_SHARE = 0.2
"""Of width and height. A smaller rest is a dark scene, not a border."""
_FOUND = re.compile(r"crop=(-?\d+):(-?\d+):(-?\d+):(-?\d+)")

Area = tuple[int, int, int, int]
"""Width, height, left, top in decoded pixels, turned upright."""


@dataclass(frozen=True)
class Cut:
    """What is left of the upright picture, and how."""

    upright: Upright
    filters: tuple[FilterSpec, ...] = ()
    warnings: tuple[str, ...] = ()


def wanted(spec: TranscodeSpec, templates: Sequence[Template], material: Material) -> tuple[Measure, ...]:
    """Look for borders where an output asks for it: one measurement per clip of the job's input."""
    return per_clip(spec, templates, material, asks=lambda video: video.crop == "auto", name=name, filter_text=CROPDETECT, read=read)


def name(clip: InputSpec) -> str:
    """Of the measurement."""
    return clip_name("crop", "input", clip.start or 0.0, clip.duration)


def read(tail: str, stream: VideoStream) -> Area | None:
    """cropdetect's last word, which holds everything that it saw; None: no borders, or nothing but darkness."""
    found = _FOUND.findall(tail)
    if not found:
        return None
    width, height, left, top = (int(number) for number in found[-1])
    whole_width, whole_height = decoded(stream)
    if width < LEAST_SHARE * whole_width or height < LEAST_SHARE * whole_height or left < 0 or top < 0:
        return None
    # two lines at an edge are no border but the rounding to whole chroma samples
    if whole_width - width < 4 and whole_height - height < 4:
        return None
    return width, height, left, top


def decoded(stream: VideoStream) -> tuple[int, int]:
    """Width and height in decoded pixels, turned upright; square or not."""
    return (stream.height, stream.width) if stream.rotation % 180 else (stream.width, stream.height)


def cut(stream: VideoStream, video: Video, measured: Any, *, fields: bool = False) -> Cut:
    """Cut out what is asked for. ``measured``: an Area or None. ``fields``: the picture stays interlaced, so that whole pairs of lines go.

    Raises JobError AreaOutsidePicture where nothing of the picture lies inside the area.
    """
    whole = upright(stream)
    if video.crop is None:
        return Cut(whole)
    if video.crop == "auto":
        return Cut(whole) if measured is None else _made(stream, whole, measured, fields, ())
    area, warnings = _clipped(video.crop, stream, whole)
    return _made(stream, whole, area, fields, warnings)


def _clipped(box: Box, stream: VideoStream, whole: Upright) -> tuple[Area, tuple[str, ...]]:
    """A box of the square picture in decoded pixels, without what lies outside."""
    if box.left >= whole.width or box.top >= whole.height:
        raise JobError("AreaOutsidePicture", f"The area to cut out begins at {box.left}, {box.top}; the upright picture is {whole.width}×{whole.height}.")
    right, bottom = min(box.left + box.width, whole.width), min(box.top + box.height, whole.height)
    said = f"The area to cut out goes beyond the picture: {right - box.left}×{bottom - box.top} px were taken."
    warnings = (said,) if (right - box.left, bottom - box.top) != (box.width, box.height) else ()
    width, height = decoded(stream)
    across, down = width / whole.width, height / whole.height
    left, top = round(box.left * across), round(box.top * down)
    return (max(1, round(right * across) - left), max(1, round(bottom * down) - top), min(left, width - 1), min(top, height - 1)), warnings


def _made(stream: VideoStream, whole: Upright, area: Area, fields: bool, warnings: tuple[str, ...]) -> Cut:
    width, height, left, top = area
    if fields:
        height, top = max(2, height - height % 2), top - top % 2
    all_width, all_height = decoded(stream)
    if (width, height) == (all_width, all_height):
        return Cut(whole, warnings=warnings)
    left_over = Upright(max(1, round(width * whole.width / all_width)), max(1, round(height * whole.height / all_height)), whole.square)
    # exact: not rounded to whole chroma samples; the place is what was asked for
    return Cut(left_over, (("crop", (("w", width), ("h", height), ("x", left), ("y", top), ("exact", 1))),), warnings)


def area_of(video: Video, clip: InputSpec | None, measured: Mapping[str, Any]) -> Any:
    """The measured area for an output, if it asked for one."""
    return measured.get(name(clip)) if video.crop == "auto" and clip else None
