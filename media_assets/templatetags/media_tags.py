"""What the library's pages say about a file of a media, out of its media info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from console.lib.media_names import codec_name
from jobs.forms import KINDS
from media_assets import sprites

if TYPE_CHECKING:
    from jobs.models import Job
    from media_assets.models import MediaFile

register = template.Library()


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
    return " + ".join(codec_name(name) for name in names)


@register.filter
def output_picture(file: MediaFile) -> str:
    """«960 × 540»."""
    picture = _picture(file.info)
    return f"{picture['width']} × {picture['height']}" if picture else ""


@register.filter
def player_kind(file: MediaFile) -> str:
    """How the player shows it: hls, dash, image, audio or video. A file of which nothing is known yet is tried as video."""
    extension = file.key.rpartition(".")[2].lower()
    if extension == "m3u8":
        return "hls"
    if extension == "mpd":
        return "dash"
    if extension in ("gif", "webp"):
        return "image"
    return "audio" if file.info and not _picture(file.info) else "video"


@register.filter
def thumbnails(file: MediaFile) -> str:
    """Address of the index of small pictures that fits this file; empty where there is none."""
    return sprites.thumbnails(file.media_id, (file.info or file.media.info or {}).get("duration"))


@register.filter
def frame_rate(file: MediaFile) -> float | None:
    """Pictures per second."""
    picture = _picture(file.info or file.media.info)
    return picture.get("fps") if picture else None


@register.filter
def kind_name(job: Job) -> str:
    """What kind of job it is: «Transcode»."""
    return str(KINDS.get(job.kind, job.kind))


@register.filter
def snapshot_count(files: list[MediaFile]) -> int:
    """Pictures among the files of a media: a job's are one row."""
    return sum(1 + len(file.parts) for file in files if file.role == "snapshot")
