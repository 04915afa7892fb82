"""Transparent inputs: who decodes their alpha, and which outputs keep it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.engine.codecs import CONTAINERS

if TYPE_CHECKING:
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.template import Template

ALPHA_DECODERS = {"vp9": "libvpx-vp9", "vp8": "libvpx"}
"""ffmpeg's own decoders leave out the alpha of these."""
DECODED = "yuva420p"
ALPHA_PIXELS = {"vp9": "yuva420p", "prores": "yuva444p10le"}
"""The pixel format with alpha, of codecs that can be with and without."""
BESIDE = frozenset({"webm", "mkv"})
"""Containers that hold the plane beside VP9."""
_IN_PIXELS = re.compile(r"yuva|rgba|bgra|argb|abgr|gbrap|ya\d")


def transparent(stream: VideoStream) -> bool:
    """Whether it has alpha, beside its picture (VP8, VP9) or in it."""
    return stream.alpha or bool(_IN_PIXELS.match(stream.pixel_format or ""))


def pixels(template: Template, stream: VideoStream) -> str | None:
    """The pixel format in which the output keeps the source's transparency; None: it does not, or needs none for that (GIF, WebP)."""
    return ALPHA_PIXELS.get(_codec(template)) if transparent(stream) and _kept(template) else None


def decoder(template: Template, stream: VideoStream | None) -> str | None:
    """What has to decode this input because its transparency goes through to the output; None: anything may."""
    return ALPHA_DECODERS.get(stream.codec) if stream is not None and stream.alpha and _kept(template) else None


def seen(probe: Probe) -> Probe:
    """The input as that decoder shows it."""
    own = probe.picture
    video = tuple(v.model_copy(update={"pixel_format": DECODED}) if v is own else v for v in probe.video)
    return probe.model_copy(update={"video": video})


def _kept(template: Template) -> bool:
    """Whether transparency goes through to this output."""
    video, edit, format_ = template.video, template.edit, template.container.format
    if video.remove or not CONTAINERS[format_].video:
        return False
    if template.watermarks or template.delogos or edit.openings or edit.tails or video.denoise or video.sharpen or _burns(template):
        return False  # what they do, they do to opaque pictures
    if edit.before or edit.after or edit.after_list:
        return False  # parts are brought to one opaque format
    codec = _codec(template)
    if codec == "vp9":
        return format_ in BESIDE and video.pixel_format in (None, ALPHA_PIXELS[codec])
    if codec == "prores":
        return video.profile == "4444" and video.pixel_format is None
    return codec in ("gif", "webp")


def _codec(template: Template) -> str:
    """The codec of the picture: as asked, else the container's usual one; «» where it holds none."""
    return template.video.codec or next(iter(CONTAINERS[template.container.format].video), "")


def _burns(template: Template) -> bool:
    texts = template.subtitle
    return texts.burn_stream is not None or any(file.burn for file in texts.files)
