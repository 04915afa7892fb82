"""What is said of streams that are copied: their names, and whether browsers play them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.engine.codecs import Container

STREAM_NAMES = {
    "h264": "H.264", "hevc": "H.265", "av1": "AV1", "vp8": "VP8", "vp9": "VP9", "mpeg4": "MPEG-4", "mpeg2video": "MPEG-2", "mpeg1video": "MPEG-1",
    "mjpeg": "Motion JPEG", "aac": "AAC", "mp3": "MP3", "mp2": "MP2", "ac3": "AC-3", "eac3": "E-AC-3", "vorbis": "Vorbis", "opus": "Opus", "flac": "FLAC",
    "alac": "ALAC", "gif": "GIF", "amr_nb": "AMR-NB", "amr_wb": "AMR-WB", "h263": "H.263", "theora": "Theora",
    "hdmv_pgs_subtitle": "PGS", "dvd_subtitle": "DVD", "dvb_subtitle": "DVB", "subrip": "SRT", "ass": "ASS", "ssa": "SSA", "webvtt": "WebVTT", "mov_text": "timed text",
}  # fmt: skip


def codec_name(codec: str) -> str:
    """An ffprobe codec name as people write it."""
    return STREAM_NAMES.get(codec, codec)


def played(held: Container, codec: str, what: str = "") -> tuple[str, ...]:
    """What is to be said of a copied stream that browsers do not play. ``what``: « sound». Of a container that none plays the same is said of every stream."""
    if not held.plays_in_browsers:
        return (f"Browsers do not play {held.name}; streams are copied as they are.",)
    if codec not in held.plays_in_browsers:
        return (f"Browsers do not play {codec_name(codec)}{what} in {held.name}; it is copied as it is.",)
    return ()


def lying(held: Container, rotation: int, *, packaged: bool) -> tuple[str, ...]:
    """What is to be said of a copied picture that only a note turns upright, where the container has no place for that note. ``packaged``: by Shaka Packager, which
    leaves it out."""
    if not rotation or (held.turns and not packaged):
        return ()
    if rotation == 180:
        return (f"{held.name} cannot say that the picture is to be turned: the copy is shown upside down. Choose a codec to have it upright.",)
    return (f"{held.name} cannot say that the picture is to be turned: the copy is shown lying on its side. Choose a codec to have it upright.",)
