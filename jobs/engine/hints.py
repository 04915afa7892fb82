"""What a template's numbers mean beside each other, and which of them are unusual: for people who write it. Nothing of this is a mistake. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.engine.codecs import VIDEO, container
from jobs.engine.containers import SEGMENTED
from jobs.engine.encoders import segment_seconds
from jobs.engine.estimate import usual_kbps
from jobs.engine.resolve import laid_over

if TYPE_CHECKING:
    from jobs.engine.template import Template, Video

BAND = 3.0  # a bitrate is usual from a third of the codec's own to three times as much: films differ that much
RATE = 25.0  # frames per second, where the template does not say any
WHOLE = 0.02  # share of a segment by which its length may miss a multiple


def hints(template: Template) -> tuple[str, ...]:
    """Sentences; empty where there is nothing to say."""
    held = container(template.container.format, template.mux.segment_format)
    if not held.video or template.video.remove or template.video.codec == "copy":
        return ()
    variants = [laid_over(template, rung) for rung in template.ladder] or [template]
    found = [sentence for one in variants for sentence in _rates(one.video, held.video[0])]
    found += _groups(template)
    return tuple(dict.fromkeys(found))


def _rates(video: Video, usual: str) -> Iterator[str]:
    """The bitrate against the picture's size, the buffer against the peak."""
    codec = video.codec or usual
    if "bitrate_kbps" not in VIDEO[codec].fields:
        return
    if video.bitrate_kbps is not None and (likely := usual_kbps(video, usual)):
        low, high = _round(likely / BAND), _round(likely * BAND)
        if not low <= video.bitrate_kbps <= high:
            yield f"Pictures of this size usually take {low:,} to {high:,} kbit/s in {VIDEO[codec].name}; {video.bitrate_kbps:,} is unusual."
    if video.maxrate_kbps and video.bufsize_kbit and not 0.5 <= video.bufsize_kbit / video.maxrate_kbps <= 4:
        yield f"A buffer is usually twice the peak bitrate: {2 * video.maxrate_kbps:,} kbit."


def _groups(template: Template) -> Iterator[str]:
    """Key frames in the other unit, and against the length of segments."""
    video, rate = template.video, template.video.fps or RATE
    if video.gop:
        yield f"{video.gop:,} frames between key frames are {video.gop / rate:.3g} s at {rate:g} frames per second."
    elif video.gop_seconds:
        yield f"{video.gop_seconds:g} s between key frames are {max(1, round(video.gop_seconds * rate)):,} frames at {rate:g} frames per second."
    apart = video.gop_seconds or (video.gop / video.fps if video.gop and video.fps else None)
    segment = segment_seconds(template)
    if template.container.format in SEGMENTED and apart and segment:
        times = segment / apart
        if abs(times - max(1, round(times))) > WHOLE:
            yield f"Segments of {segment:g} s are no multiple of the {apart:.3g} s between key frames: further key frames are made where they begin."


def _round(kbps: float) -> int:
    """To two digits: a band is nothing exact."""
    step: int = 10 ** max(0, len(str(int(kbps))) - 2)
    return max(step, round(kbps / step) * step)
