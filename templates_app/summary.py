"""A template's numbers for people: what a row of the list says, and one plain sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.engine.codecs import AAC_PROFILES, AUDIO, VIDEO
from jobs.engine.codecs import container as holding
from templates_app.words import WORDS

NBSP = "\u00a0"  # a number and its unit stay on one line


@dataclass(frozen=True)
class Numbers:
    """The cells of a row; empty: says nothing."""

    container: str
    video: str
    size: str
    rate: str
    audio: str
    flags: tuple[str, ...]


def numbers(params: dict[str, Any]) -> Numbers:
    """The cells for a template's parameters."""
    video, audio, container = params.get("video") or {}, params.get("audio") or {}, params["container"]["format"]
    can = holding(container, (params.get("mux") or {}).get("segment_format"))
    has_video = bool(can.video) and not video.get("remove")
    has_audio = bool(can.audio) and not audio.get("remove")
    return Numbers(
        container=can.name,
        video=_video(video, can.video[0]) if has_video else "",
        size=_size(video, params.get("ladder") or ()) if has_video else "",
        rate=_rate(video, params.get("ladder") or ()) if has_video else "",
        audio=_audio(audio, can.audio[0]) if has_audio else "",
        flags=_flags(params, has_video),
    )


def sentence(params: dict[str, Any]) -> str:
    """One line: «MP4 · H.264 · short side 540 px · CRF 23 · AAC 128 kbit/s»."""
    row = numbers(params)
    return " · ".join(part for part in (row.container, row.video, row.size, row.rate, _narrowband(params) if row.video else "", row.audio) if part)


def _video(video: dict[str, Any], usual: str) -> str:
    """The codec; ProRes with its kind, which is what people know it by."""
    codec = video.get("codec") or usual
    return f"{_codec(codec)}{NBSP}{video.get('profile') or 'standard'}" if codec == "prores" else _codec(codec)


def _narrowband(params: dict[str, Any]) -> str:
    """«Narrowband 2»; empty: without."""
    narrow = (params.get("video") or {}).get("narrowband")
    return _("Narrowband %(n)s") % {"n": narrow["method"]} if narrow else ""


def _codec(name: str) -> str:
    row = VIDEO.get(name) or AUDIO.get(name)
    return row.name if row else _("copy") if name == "copy" else str(WORDS.get(name, name))


def _size(video: dict[str, Any], ladder: Any) -> str:
    if ladder:
        return " / ".join(_side(rung["video"]) for rung in ladder)
    if video.get("codec") == "copy":
        return ""
    return _side(video)


def _side(video: dict[str, Any]) -> str:
    if side := video.get("short_side"):
        return f"{side}p"
    if side := video.get("long_side"):
        return _("long side %(n)s px") % {"n": side}
    width, height = video.get("width"), video.get("height")
    if width and height:
        return f"{width}{NBSP}×{NBSP}{height}"
    if width:
        return (_("%(n)s px wide") % {"n": width}).replace(" ", NBSP)
    return (_("%(n)s px high") % {"n": height}).replace(" ", NBSP) if height else _("as source")


def _rate(video: dict[str, Any], ladder: Any) -> str:
    if video.get("codec") == "copy":
        return ""
    peaks = [rung["video"].get("maxrate_kbps") for rung in ladder]
    if peaks and all(peaks) and not any(rung["video"].get(name) for rung in ladder for name in ("crf", "bitrate_kbps")):
        shown = f" /{NBSP}".join(number_format(peak, 0, force_grouping=True) for peak in peaks)
        return f"≤{NBSP}{shown}{NBSP}kbit/s"
    if rates := [text for rung in ladder if (text := _one_rate(rung["video"]))]:
        return " / ".join(dict.fromkeys(rates))
    return _one_rate(video) or _("default quality")


def _one_rate(video: dict[str, Any]) -> str:
    if video.get("narrowband") and (bound := video.get("bitrate_kbps") or video.get("maxrate_kbps")):
        return f"≤{NBSP}{_kbps(bound)}"
    if (rate := video.get("bitrate_kbps")) is not None:
        return f"CBR{NBSP}{_kbps(rate)}" if video.get("rate_control") == "cbr" else _kbps(rate)
    crf, peak = video.get("crf"), video.get("maxrate_kbps")
    text = f"CRF{NBSP}{crf:g}" if crf is not None else ""
    if peak is not None:
        text = f"{text} ≤{NBSP}{_kbps(peak)}".strip()
    return text


def _kbps(rate: int) -> str:
    return f"{number_format(rate, 0, force_grouping=True)}{NBSP}kbit/s"


def _audio(audio: dict[str, Any], usual: str) -> str:
    profile = AAC_PROFILES.get(audio.get("profile") or "")
    parts = [profile.name if profile else _codec(audio.get("codec") or usual)]
    if (quality := audio.get("quality")) is not None:
        parts.append(_("quality %(n)s") % {"n": quality})
    if rate := audio.get("bitrate_kbps"):
        parts.append(_kbps(rate))
    if sample_rate := audio.get("sample_rate"):
        parts.append(f"{number_format(sample_rate, 0, force_grouping=True)}{NBSP}Hz")
    if channels := audio.get("channels"):
        parts.append((ngettext("%(n)s channel", "%(n)s channels", channels) % {"n": channels}).replace(" ", NBSP))
    return " ".join(parts)


def _flags(params: dict[str, Any], has_video: bool) -> tuple[str, ...]:
    conditions, video = params.get("conditions") or {}, params.get("video") or {}
    flags = []
    if params.get("ladder"):
        flags.append(ngettext("%(n)s rung", "%(n)s rungs", len(params["ladder"])) % {"n": len(params["ladder"])})
    if has_video and (narrow := _narrowband(params)):
        flags.append(narrow)
    if has_video and video.get("codec") != "copy" and conditions.get("if_smaller", "keep") == "keep":
        flags.append(_("never upscales"))
    if fps := video.get("fps"):
        flags.append(f"{fps:g} fps")
    if video.get("passes") == 2:
        flags.append(_("two passes"))
    if tracks := params.get("audios"):
        flags.append(ngettext("%(n)s audio track", "%(n)s audio tracks", len(tracks)) % {"n": len(tracks)})
    if marks := params.get("watermarks"):
        flags.append(ngettext("%(n)s watermark", "%(n)s watermarks", len(marks)) % {"n": len(marks)})
    if params.get("delogos"):
        flags.append(_("blurred areas"))
    if params.get("encryption"):
        flags.append(_("encrypted"))
    if params["container"]["format"] in ("hls", "dash", "cmaf") and (length := (params.get("mux") or {}).get("segment_seconds")):
        flags.append(_("segments of %(n)s s") % {"n": f"{length:g}"})
    return tuple(flags)
