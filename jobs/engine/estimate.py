"""How large an output will be, roughly, from its template alone: for forms and for asking after free space. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.codecs import AAC_PROFILES, AUDIO, VIDEO, container
from jobs.engine.containers import TEXTS
from jobs.engine.resolve import laid_over
from jobs.engine.tracks import over, wanted_tracks

if TYPE_CHECKING:
    from jobs.engine.template import Audio, Template, Video

# kbit/s of ordinary live action in H.264 at CRF 23, 30 frames per second, 1280×720; size and rate scale it
_USUAL_KBPS = 2200.0
_USUAL_PIXELS = 1280 * 720
# codec → (share of that at its own usual quality, steps of CRF that halve it); measured on two films
_SHARES = {"h264": (1.0, 6.0), "h265": (0.6, 6.0), "vp9": (1.0, 12.0), "av1": (0.9, 12.0), "mpeg2": (3.3, 6.0), "mpeg4": (2.4, 6.0)}
# Codecs whose pictures stand alone: bits per pixel of every frame
_BITS_PER_PIXEL = {"proxy": 1.2, "lt": 2.8, "standard": 4.1, "hq": 6.1, "4444": 8.8}
_WEBP_BITS_PER_PIXEL = 0.7
_GIF_BITS_PER_PIXEL = 8000 * 1000 / (480 * 270) / 15
_TEXT_BYTES = 2000  # of subtitles, a minute of talk
_LOSSLESS_KBPS = 800  # FLAC, both channels of CD quality


def bytes_per_minute(template: Template, pixels: int | None = None, fps: float | None = None, source_kbps: int | None = None) -> int | None:
    """Bytes that a minute of output takes, all rungs of a ladder and all tracks together.

    ``pixels``, ``fps``, ``source_kbps``: of the source, where known. None for a copy of an unknown source. Good to a factor of two for
    constant quality; a bitrate is kept closely.
    """
    if template.container.format in TEXTS:
        return _TEXT_BYTES
    held = container(template.container.format, template.mux.segment_format)
    total = 0.0
    for variant in [laid_over(template, r) for r in template.ladder] or [template]:
        if held.video and not variant.video.remove:
            if variant.video.codec == "copy":
                if source_kbps is None:
                    return None
                total += source_kbps
            else:
                total += _video_kbps(variant.video, held.video[0], pixels, fps)
        for track in wanted_tracks(variant):
            audio = over(variant.audio, track)
            if audio.codec == "copy":
                total += source_kbps if source_kbps is not None and not held.video else 128
            else:
                total += _audio_kbps(audio, held.audio[0])
    return round(total * 1000 / 8 * 60 * 1.02)


def usual_kbps(video: Video, usual: str) -> float | None:
    """What this size and rate take at the codec's own quality; None where the size is the source's, and for codecs without a bitrate."""
    codec = video.codec or usual
    if codec not in _SHARES or not (video.width or video.height or video.short_side or video.long_side):
        return None
    return _video_kbps(video.model_copy(update=dict.fromkeys(("bitrate_kbps", "bitrate_max_kbps", "maxrate_kbps", "crf"))), usual, None, None)


def _video_kbps(video: Video, usual: str, source_pixels: int | None, source_fps: float | None) -> float:
    pixels = _pixels(video, source_pixels or _USUAL_PIXELS)
    rate = video.fps or min(source_fps or 30.0, video.max_fps or 240.0)
    codec = video.codec or usual
    if codec in ("gif", "webp"):
        return pixels * min(rate, 50.0) * (_GIF_BITS_PER_PIXEL if codec == "gif" else _WEBP_BITS_PER_PIXEL) / 1000
    if codec == "prores":
        return pixels * rate * _BITS_PER_PIXEL[video.profile or "standard"] / 1000
    if bitrate := video.bitrate_kbps or video.bitrate_max_kbps:
        return float(bitrate)
    share, halving = _SHARES[codec]
    own = VIDEO[codec].crf
    better = 0.0 if own is None or video.crf is None else (own - video.crf) / halving
    kbps: float = _USUAL_KBPS * share * (pixels / _USUAL_PIXELS) ** 0.75 * (rate / 30) ** 0.6 * 2**better
    return min(kbps, float(video.maxrate_kbps or 10**9))


def _pixels(video: Video, source: int) -> float:
    """Pixels of the output; a missing side follows 16:9."""
    if video.width and video.height:
        wanted = float(video.width * video.height)
    elif video.width or video.height:
        wanted = video.width**2 * 9 / 16 if video.width else (video.height or 0) ** 2 * 16 / 9
    elif video.short_side:
        wanted = video.short_side**2 * 16 / 9
    elif video.long_side:
        wanted = video.long_side**2 * 9 / 16
    else:
        return float(source)
    return wanted


def _audio_kbps(audio: Audio, usual: str) -> float:
    codec = audio.codec or usual
    channels, row = audio.channels or 2, AUDIO[codec]
    if codec.startswith("pcm"):
        return (audio.sample_rate or 48000) * channels * (24 if "24" in codec else 16) / 1000
    profile = AAC_PROFILES.get(audio.profile or "")
    per_channel = profile.kbps if profile else row.kbps
    if per_channel is None:
        return _LOSSLESS_KBPS * (1.5 if audio.bit_depth == 24 else 1.0) * channels / 2
    if audio.quality is not None:
        return per_channel[2] * channels * (0.4 + 1.6 * audio.quality / 100)
    return min(float(audio.bitrate_kbps or per_channel[2] * channels), float(per_channel[1] * channels))
