"""Transparent inputs (VP8 and VP9 with a plane of alpha): who decodes it, and which outputs keep it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.codecs import CONTAINERS

if TYPE_CHECKING:
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.template import Template

ALPHA_DECODERS = {"vp9": "libvpx-vp9", "vp8": "libvpx"}
"""ffmpeg's own decoders leave out the alpha of these."""
ALPHA_PIXELS = "yuva420p"
BESIDE = frozenset({"webm", "mkv"})
"""Containers that hold the plane beside VP9."""


def decoder(template: Template, stream: VideoStream | None) -> str | None:
    """What has to decode this input because its transparency goes through to the output; None: anything may."""
    video, format_ = template.video, template.container.format
    if stream is None or not stream.alpha or video.remove or not CONTAINERS[format_].video:
        return None
    if template.watermarks or template.delogos or template.edit.openings or template.edit.tails or video.denoise or video.sharpen or _burns(template):
        return None  # what they do, they do to opaque pictures
    codec = video.codec or CONTAINERS[format_].video[0]
    kept = codec in ("gif", "webp") or (codec == "vp9" and format_ in BESIDE and video.pixel_format in (None, ALPHA_PIXELS))
    return ALPHA_DECODERS.get(stream.codec) if kept else None


def _burns(template: Template) -> bool:
    texts = template.subtitle
    return texts.burn_stream is not None or any(file.burn for file in texts.files)


def seen(probe: Probe) -> Probe:
    """The input as that decoder shows it."""
    own = probe.picture
    video = tuple(v.model_copy(update={"pixel_format": ALPHA_PIXELS}) if v is own else v for v in probe.video)
    return probe.model_copy(update={"video": video})
