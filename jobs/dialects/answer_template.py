"""Our template vocabulary → the objects of MPS, which IMS took over: every number a text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Params = Mapping[str, Any]
CONTAINERS = {"hls": "m3u8", "dash": "mpd"}
VIDEO_CODECS = {
    "h264": "H.264",
    "h265": "H.265",
    "gif": "GIF",
    "webp": "WEBP",
    "av1": "AV1",
    "vp9": "VP9",
    "mpeg2": "MPEG-2",
    "mpeg4": "MPEG-4",
    "prores": "ProRes",
}
SCALING = {"stretch": "rescale", "crop": "crop", "fill": "pad", "fit": "rescale"}


def parts(params: Params, *, removals: bool) -> dict[str, Any]:
    """Container, Video, Audio, TransConfig and MuxConfig. ``removals``: whether Remove is told (templates have it, outputs do not)."""
    format_ = (params.get("container") or {}).get("format", "")
    mux = params.get("mux") or {}
    fragmented = format_ == "hls" and mux.get("segment_format") == "fmp4"
    return said(
        Container=said(Format="hls-fmp4" if fragmented else CONTAINERS.get(format_, format_)),
        Video=video(params.get("video") or {}, removals=removals),
        Audio=audio(params.get("audio") or {}, removals=removals),
        TransConfig=trans(params),
        MuxConfig=muxing(mux, format_),
    )


def video(params: Params, *, removals: bool) -> dict[str, Any]:
    """The picture; empty where there is none and removals are not told. Narrowband is told of templates only, as Remove is."""
    if params.get("remove"):
        return {"Remove": "true"} if removals else {}
    codec, narrow = params.get("codec"), params.get("narrowband") if removals else None
    return texts(
        Codec=VIDEO_CODECS.get(codec or "", codec),
        Profile=params.get("profile"),
        Bitrate=params.get("bitrate_kbps"),
        Crf=params.get("crf"),
        Width=params.get("width"),
        Height=params.get("height"),
        Fps=params.get("fps") or None,
        MaxFps=params.get("max_fps"),
        Gop=f"{params['gop_seconds']:g}s" if params.get("gop_seconds") else params.get("gop"),
        Preset=params.get("preset"),
        ScanMode=params.get("scan"),
        Bufsize=params.get("bufsize_kbit"),
        Maxrate=params.get("maxrate_kbps"),
        PixFmt=params.get("pixel_format"),
        Crop=_box(params.get("crop"), "border"),
        Pad=_box(params.get("pad"), "auto"),
        LongShortMode=params.get("follow_orientation"),
        Hdr2sdr=True if params.get("hdr") == "sdr" else None,
        Remove=False if removals else None,
    ) | said(
        BitrateBnd=texts(Max=params.get("bitrate_max_kbps"), Min=params.get("bitrate_min_kbps")),
        NarrowBand=said(Version=f"{narrow['method']}.0", Abrmax=float(bound))
        if narrow and (bound := params.get("bitrate_kbps") or params.get("maxrate_kbps"))
        else None,
    )


def audio(params: Params, *, removals: bool) -> dict[str, Any]:
    """The sound, in the same way."""
    if params.get("remove"):
        return {"Remove": "true"} if removals else {}
    codec = params.get("codec")
    return texts(
        Codec="copy" if codec == "copy" else codec and codec.upper(),
        Profile=params.get("profile"),
        Samplerate=params.get("sample_rate"),
        Bitrate=params.get("bitrate_kbps"),
        Channels=params.get("channels"),
        Qscale=params.get("quality"),
        Remove=False if removals else None,
    ) | said(Volume=_volume(params))


def _volume(params: Params) -> dict[str, str]:
    if params.get("volume_db") is not None:
        return texts(Method="linear", Level=params["volume_db"])
    if loudness := params.get("loudness"):
        return texts(
            Method="dynamic",
            IntegratedLoudnessTarget=loudness.get("integrated_lufs"),
            TruePeak=loudness.get("true_peak_db"),
            LoudnessRangeTarget=loudness.get("range_lu"),
        )
    return {}


def trans(params: Params) -> dict[str, str]:
    """TransConfig: mode, scaling, and what happens where the source is below the target."""
    picture, conditions = params.get("video") or {}, params.get("conditions") or {}
    mode = None
    if not picture.get("remove") and picture.get("codec") not in ("copy", "gif", "webp"):
        mode = "twopass" if picture.get("passes") == 2 else {"cbr": "CBR", "vbr": "VBR"}.get(picture.get("rate_control") or "", "onepass")
    found: dict[str, Any] = {"TransMode": mode, "AdjDarMethod": SCALING.get(picture.get("scale_type") or "", "none" if mode else None)}
    for name, field in (("IsCheckReso", "if_smaller"), ("IsCheckVideoBitrate", "if_lower_video_bitrate"), ("IsCheckAudioBitrate", "if_lower_audio_bitrate")):
        if value := conditions.get(field):
            found |= {name: value == "keep", f"{name}Fail": value == "fail"}
    return texts(**found)


def muxing(mux: Params, format_: str) -> dict[str, Any]:
    """MuxConfig."""
    segment = texts(Duration=mux.get("segment_seconds"), ForceSegTime=",".join(f"{mark:g}" for mark in mux.get("cut_times") or ()) or None)
    gif = texts(
        Loop=mux.get("loop"),
        FinalDelay=mux.get("final_delay_cs"),
        IsCustomPalette=True if mux.get("palette") == "clip" else None,
        DitherMode=mux.get("dither"),
    )
    return said(
        Segment=segment if format_ in ("hls", "dash") else None,
        Gif=gif if format_ == "gif" else None,
        Webp=texts(Loop=mux.get("loop")) if format_ == "webp" else None,
    )


def said(**fields: Any) -> dict[str, Any]:
    """Without what is not known."""
    return {name: value for name, value in fields.items() if value not in (None, "", {}, [])}


def texts(**fields: Any) -> dict[str, Any]:
    """Numbers and booleans as MPS writes them; what is None is left out."""
    return {name: text(value) for name, value in fields.items() if value is not None}


def text(value: Any) -> str:
    """One value as a text: ``true``, ``25``, ``29.97``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _box(value: Any, automatic: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return automatic
    return ":".join(str(value.get(name) or 0) for name in ("width", "height", "left", "top"))
