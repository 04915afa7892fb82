"""Pixel formats, and whether HDR stays HDR. Pure.

The rule: what is asked for and possible; else the source's, where codec and profile can; else 8 bit 4:2:0 (or what the profile is for). HDR needs 10 bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.codecs import FULL_RANGE, VIDEO
from jobs.engine.colour import of_source

if TYPE_CHECKING:
    from jobs.engine.probe import VideoStream
    from jobs.engine.template import Video

# What sources may have that we do not encode to → the nearest that we do
_NEAREST = {
    "nv12": "yuv420p",
    "p010le": "yuv420p10le",
    "yuv420p12le": "yuv420p10le",
    "yuv422p12le": "yuv422p10le",
    "yuv444p12le": "yuv444p10le",
    "yuv420p9le": "yuv420p10le",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    **FULL_RANGE,
}
DEFAULT = "yuv420p"
ANIMATED = {"gif": "pal8", "webp": "yuv420p"}
"""What they are: nothing is chosen. A transparent WebP has a plane of alpha beside it."""


@dataclass(frozen=True)
class Pixels:
    """``name``: of the output; ``tone_map``: HDR becomes SDR; ``working``: what tone mapping ends in."""

    name: str
    tone_map: bool
    working: str
    warnings: tuple[str, ...] = ()


def possible(codec: str, profile: str | None) -> tuple[str, ...]:
    """What the codec can have with this profile."""
    row = VIDEO[codec]
    return row.profiles.get(profile or "", row.pixel_formats)


def deep(pixel_format: str) -> bool:
    """At least 10 bit, as HDR needs."""
    return pixel_format.endswith(("10le", "12le"))


def plan_pixels(video: Video, codec: str, stream: VideoStream, alpha: str | None = None) -> Pixels:
    """Decide both. Animations are 8 bit RGB whatever the template says. ``alpha``: the format that keeps the source's transparency; tone mapping makes it opaque."""
    hdr = of_source(stream).hdr
    if codec in ("gif", "webp"):
        return Pixels(ANIMATED[codec], hdr, "yuv444p")
    if alpha and (not hdr or (deep(alpha) and video.hdr != "sdr")):
        return Pixels(alpha, False, alpha)
    can = possible(codec, video.profile)
    own = _NEAREST.get(stream.pixel_format or "", stream.pixel_format or "")
    warnings: list[str] = []
    if video.pixel_format in can:
        name = str(video.pixel_format)
    elif hdr and video.hdr != "sdr" and any(deep(one) for one in can):
        name = own if own in can and deep(own) else next(one for one in can if deep(one))
    elif hdr:
        name = DEFAULT if DEFAULT in can else can[0]
    else:
        name = own if own in can else DEFAULT if DEFAULT in can else can[0]
    if video.pixel_format and video.pixel_format not in can:
        warnings.append(f"{VIDEO[codec].name} cannot have {video.pixel_format} with these settings: {name} was used.")
    tone_map = hdr and (video.hdr == "sdr" or not deep(name))
    if tone_map and video.hdr == "keep":
        warnings.append("HDR needs 10 bit, which this output does not have: the picture was tone-mapped to SDR.")
    return Pixels(name, tone_map, name, tuple(warnings))
