"""How large an output will be, roughly, from its template alone: for forms and for asking after free space. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.codecs import AUDIO, CONTAINERS
from jobs.engine.resolve import laid_over

if TYPE_CHECKING:
    from jobs.engine.template import Audio, Template, Video

# kbit/s of ordinary live action at CRF 23, 30 frames per second, 1280×720; size and rate scale it, six steps of CRF double it
_USUAL_KBPS = 2200.0
_USUAL_PIXELS = 1280 * 720
_H265_SHARE = 0.55
_FLAC_KBPS = 800
_GIF_KBPS_PER_PIXEL = 8000 / (480 * 270)


def bytes_per_minute(template: Template, pixels: int | None = None, fps: float | None = None, source_kbps: int | None = None) -> int | None:
    """Bytes that a minute of output takes, all rungs of a ladder together.

    ``pixels``, ``fps``, ``source_kbps``: of the source, where known. None for a copy of an unknown source. Good to a factor of two for
    constant quality; a bitrate is kept closely.
    """
    container = CONTAINERS[template.container.format]
    total = 0.0
    for variant in [laid_over(template, r) for r in template.ladder] or [template]:
        if container.video and not variant.video.remove:
            if variant.video.codec == "copy":
                if source_kbps is None:
                    return None
                total += source_kbps
            else:
                total += _video_kbps(variant.video, container.video[0], pixels, fps)
        if container.audio and not variant.audio.remove and variant.audio.codec != "copy":
            total += _audio_kbps(variant.audio, container.audio[0])
        elif container.audio and variant.audio.codec == "copy":
            total += source_kbps if source_kbps is not None and not container.video else 128
    return round(total * 1000 / 8 * 60 * 1.02)


def _video_kbps(video: Video, usual: str, source_pixels: int | None, source_fps: float | None) -> float:
    pixels = _pixels(video, source_pixels or _USUAL_PIXELS)
    rate = video.fps or min(source_fps or 30.0, video.max_fps or 240.0)
    codec = video.codec or usual
    if codec == "gif":
        return pixels * _GIF_KBPS_PER_PIXEL * min(rate, 50.0) / 15
    if video.bitrate_kbps:
        return float(video.bitrate_kbps)
    crf = video.crf if video.crf is not None else 23.0 if codec == "h264" else 26.0
    kbps: float = _USUAL_KBPS * (pixels / _USUAL_PIXELS) ** 0.75 * (rate / 30) ** 0.6 * 2 ** ((23 - crf) / 6)
    if codec == "h265":
        kbps *= _H265_SHARE * 2**0.5  # its scale of CRF lies three steps higher
    return min(kbps, float(video.maxrate_kbps or 10**9))


def _pixels(video: Video, source: int) -> float:
    """Pixels of the output; a missing side follows 16:9."""
    if video.width and video.height:
        wanted = float(video.width * video.height)
    elif video.width or video.height:
        wanted = video.width**2 * 9 / 16 if video.width else (video.height or 0) ** 2 * 16 / 9
    elif video.short_side:
        wanted = video.short_side**2 * 16 / 9
    else:
        return float(source)
    return wanted


def _audio_kbps(audio: Audio, usual: str) -> float:
    per_channel = AUDIO[audio.codec or usual].kbps if (audio.codec or usual) != "copy" else None
    if per_channel is None:
        return _FLAC_KBPS
    return float(audio.bitrate_kbps or per_channel[2] * (audio.channels or 2))
