"""Frame rates: what a source has, and what an output gets. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.codecs import GIF_FPS_MAX
from jobs.engine.errors import JobError

if TYPE_CHECKING:
    from jobs.engine.probe import VideoStream
    from jobs.engine.template import Conditions, Video

WEBP_FPS_MAX = 100.0  # delays count in ms, and browsers slow down what asks for less than 11 of them
ANIMATED = {"gif": ("GIF", GIF_FPS_MAX), "webp": ("WebP", WEBP_FPS_MAX)}


def source_fps(stream: VideoStream) -> float | None:
    """The average rate, or the nominal one where the average is not believable."""
    return stream.fps or stream.nominal_fps


def constant_rate(stream: VideoStream) -> bool:
    """Whether all frames last equally long, as far as the container tells."""
    return bool(stream.fps and stream.nominal_fps and abs(stream.fps - stream.nominal_fps) <= 0.001 * stream.fps)


def plan_rate(video: Video, conditions: Conditions, stream: VideoStream, codec: str, warnings: list[str]) -> float | None:
    """Frames per second to convert to, or None where the source's own timing is kept. Raises JobError SourceTooSmall."""
    own = source_fps(stream)
    wanted = video.fps or None
    if wanted is None and video.max_fps and own and own > video.max_fps:
        wanted = video.max_fps
    elif wanted and own and own < wanted - 0.01:
        if conditions.if_lower_fps == "fail":
            raise JobError("SourceTooSmall", f"The source has {own:.3g} frames per second, the template asks for {wanted:g}.")
        if conditions.if_lower_fps == "keep":
            warnings.append(f"The source has fewer frames per second than the template asks for: its own {own:.3g} was kept.")
            wanted = None
    if codec in ANIMATED:
        name, most = ANIMATED[codec]
        if wanted is None and not (constant_rate(stream) and own and own <= most):
            wanted = min(stream.nominal_fps or 25.0, most)
        elif wanted and wanted > most:
            warnings.append(f"{name} plays at most {most:g} frames per second.")
            wanted = most
    if wanted and own and constant_rate(stream) and abs(own - wanted) < 0.0005 * wanted:
        return None
    return wanted


def exact_rate(rate: float) -> str:
    """A rate for ffmpeg: the NTSC ones as fractions, so that 29.97 does not drift."""
    for whole in (24, 30, 48, 60, 120, 240):
        if abs(rate - whole * 1000 / 1001) < 0.005:
            return f"{whole}000/1001"
    return f"{rate:g}"
