"""What the library's pages say about a file of a media, out of its media info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from jobs.engine.codecs import AUDIO, VIDEO

if TYPE_CHECKING:
    from media_assets.models import MediaFile

register = template.Library()
_NAMES = {row.stream: row.name for row in VIDEO.values()} | {row.stream: row.name for row in AUDIO.values()}


def _picture(info: dict[str, Any] | None) -> dict[str, Any] | None:
    return next((stream for stream in (info or {}).get("video", ()) if not stream.get("attached_picture")), None)


@register.filter
def output_label(file: MediaFile) -> str:
    """«HLS», «MP4 540p», «MP3»."""
    extension = file.key.rpartition(".")[2].upper()
    words = ["HLS" if extension == "M3U8" else extension]
    if picture := _picture(file.info):
        words.append(f"{min(picture['width'], picture['height'])}p")
    return " ".join(words)


@register.filter
def output_codecs(file: MediaFile) -> str:
    """«H.264 + AAC»."""
    info = file.info or {}
    names = [picture["codec"]] if (picture := _picture(info)) else []
    names += [stream["codec"] for stream in info.get("audio", ())[:1]]
    return " + ".join(_NAMES.get(name, name) for name in names)


@register.filter
def output_picture(file: MediaFile) -> str:
    """«960 × 540»."""
    picture = _picture(file.info)
    return f"{picture['width']} × {picture['height']}" if picture else ""


@register.filter
def player_kind(file: MediaFile) -> str:
    """How the player shows it: hls, image, audio or video. A file of which nothing is known yet is tried as video."""
    extension = file.key.rpartition(".")[2].lower()
    if extension == "m3u8":
        return "hls"
    if extension == "gif":
        return "image"
    return "audio" if file.info and not _picture(file.info) else "video"
