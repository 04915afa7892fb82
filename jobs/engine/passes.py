"""Two passes: the first one looks at the picture and writes statistics, the second one encodes by them. Pure.

x264 and x265 get the name of their file by a parameter. For the others ffmpeg makes it from the stream's number in the whole process («name-3.log»), so
a first pass must then have the very streams of the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.engine.codecs import VIDEO

if TYPE_CHECKING:
    from jobs.engine.plan import Join, OutputPlan, RenditionPlan, VideoPlan

STATISTICS = "pass"  # of the first pass, for the second
_KINDS = {row.encoder: row.twice for row in VIDEO.values()}


def twice(rendition: RenditionPlan) -> bool:
    """Whether this picture is encoded in two passes."""
    return rendition.video is not None and rendition.video.passes == 2


def first_pass(outputs: Sequence[OutputPlan]) -> list[OutputPlan]:
    """What the first pass reads: pictures in two passes alone, or everything where statistics are found by the stream's number."""
    renditions = [r for o in outputs for r in o.renditions]
    if len(renditions) > 1 and any(r.video is not None and twice(r) and _KINDS[r.video.encoder] == "ffmpeg" for r in renditions):
        return list(outputs)
    bare = [o.model_copy(update={"renditions": tuple(_silent(r) for r in o.renditions if twice(r)), "join": _seen(o)}) for o in outputs]
    return [o for o in bare if o.renditions]


def _silent(rendition: RenditionPlan) -> RenditionPlan:
    return rendition.model_copy(update={"audios": (), "subtitles": ()})


def _seen(output: OutputPlan) -> Join | None:
    """The join without its sound, which nobody takes in a first pass."""
    return output.join.model_copy(update={"has_sound": False}) if output.join else None


def video_options(video: VideoPlan, file: str, number: int) -> tuple[str, ...]:
    """The encoder's options in pass ``number`` (0: there is only one)."""
    if not number or video.passes != 2:
        return video.options
    statistics = f"{STATISTICS}-{file}"
    kind = _KINDS[video.encoder]
    if kind == "x264":  # -pass also makes its first pass a quick one
        return (*_with_params(video.options, "-x264-params", f"stats={statistics}"), "-pass:v", str(number))
    if kind == "x265":
        return _with_params(video.options, "-x265-params", f"pass={number}:stats={statistics}")
    return (*video.options, "-pass:v", str(number), "-passlogfile:v", statistics)


def _with_params(options: tuple[str, ...], name: str, more: str) -> tuple[str, ...]:
    """Options with something added to the one that counts once."""
    if name not in options:
        return (*options, name, more)
    at = options.index(name) + 1
    return (*options[:at], f"{options[at]}:{more}", *options[at + 1 :])
