"""The transcoding parameters of MPS, which IMS took over → our template vocabulary. Pure.

A template says everything (``whole``): what MPS holds where nothing is said is said then. An output's own parameters are a partial template, and
``base`` tells what they are laid over, for the few that mean nothing alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from jobs.dialects.reading import Bad, Fields
from jobs.dialects.unsaid import ANIMATIONS, SOUND_ONLY, fitted
from jobs.engine.template import Video

Params = dict[str, Any]
OBJECTS = ("Container", "Video", "Audio", "TransConfig", "MuxConfig")
CONTAINERS = {
    "mp4": "mp4",
    "flv": "flv",
    "m3u8": "hls",
    "hls": "hls",
    "hls-fmp4": "hls",
    "mpd": "dash",
    "dash": "dash",
    "ts": "ts",
    "mov": "mov",
    "mxf": "mxf",
    "mkv": "mkv",
    "mp3": "mp3",
    "m4a": "m4a",
    "ogg": "ogg",
    "flac": "flac",
    "gif": "gif",
    "webp": "webp",
}
VIDEO_CODECS = {
    "H.264": "h264",
    "H264": "h264",
    "AVC": "h264",
    "H.265": "h265",
    "H265": "h265",
    "HEVC": "h265",
    "AV1": "av1",
    "GIF": "gif",
    "WEBP": "webp",
    "copy": "copy",
}
PROFILES = {name: name for name in ("baseline", "main", "high")}
PRESETS = {name: name for name in ("veryfast", "fast", "medium", "slow", "slower")}
SCANS = {"interlaced": "interlaced", "progressive": "progressive", "auto": None}
PIXEL_FORMATS = get_args(get_args(Video.model_fields["pixel_format"].annotation)[0])
AUDIO_CODECS = {"AAC": "aac", "MP3": "mp3", "VORBIS": "vorbis", "FLAC": "flac", "OPUS": "opus", "AC3": "ac3", "copy": "copy"}
AAC_PROFILES = {name: name for name in ("aac_low", "aac_he", "aac_he_v2", "aac_ld", "aac_eld")}
SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
METHODS = {"auto": "dynamic", "dynamic": "dynamic", "linear": "linear", "adaptive": "adaptive"}
MODES = {"onepass": "onepass", "twopass": "twopass", "CBR": "cbr", "VBR": "vbr", "fixCRF": "crf"}
SCALING = {"rescale": "stretch", "crop": "crop", "pad": "fill", "none": None}
VERSIONS = {"1.0": 1, "2.0": 2, "1": 1, "2": 2}  # of NarrowBand
SOURCE_FPS_MAX = 60.0
GOP_USUAL = 250
CRF_USUAL = 26.0


def template(fields: Fields) -> Params:
    """A whole template, out of Container, Video, Audio, TransConfig and MuxConfig. Raises Bad."""
    found = overrides(fields, {}, whole=True)
    video, audio = fields.child("Video"), fields.child("Audio")
    format_ = found["container"]["format"]
    if not video.values or format_ in SOUND_ONLY:
        found["video"] = {"remove": True}
    elif not found.get("video", {}).get("remove"):
        found["video"] = _usual_video(found.get("video", {}), format_)
    if not audio.values or format_ in ANIMATIONS:
        found["audio"] = {"remove": True}
    elif not found.get("audio", {}).get("remove"):
        found["audio"] = _usual_audio(found.get("audio", {}))
    found["conditions"] = {"if_smaller": "convert", "if_lower_video_bitrate": "convert", "if_lower_audio_bitrate": "convert"} | found.get("conditions", {})
    return found


def overrides(fields: Fields, base: Mapping[str, Any], *, whole: bool = False) -> Params:
    """What is said in the five objects, as a partial template. Raises Bad."""
    container, video, audio, trans, mux = (fields.child(name) for name in OBJECTS)
    found: Params = {}
    if whole or container.has("Format"):
        word = container.text("Format").lower() or "mp4"
        found["container"] = {"format": container.one_of("Format", CONTAINERS, "mp4")}
        if word == "hls-fmp4":
            found["mux"] = {"segment_format": "fmp4"}
    format_ = (found.get("container") or base.get("container") or {}).get("format", "mp4")
    picture = _video(video, base.get("video") or {}, format_, whole=whole)
    picture |= _mode(trans, picture, base.get("video") or {})
    picture |= _scaling(trans, picture, base.get("video") or {})
    found |= {"video": picture} if picture else {}
    found |= {"audio": heard} if (heard := sound(audio)) else {}
    found |= {"conditions": conditions} if (conditions := _conditions(trans, video)) else {}
    packing = found.get("mux", {}) | _mux(mux, format_)
    found |= {"mux": packing} if packing else {}
    return found if whole else fitted(found, base)


# --- picture ----------------------------------------------------------------------------------------------------------
def _video(video: Fields, base: Mapping[str, Any], format_: str, *, whole: bool) -> Params:
    if video.flag("Remove"):
        return {"remove": True}
    found: Params = {"remove": False} if not whole and base.get("remove") and video.values else {}
    codec = video.one_of("Codec", VIDEO_CODECS, None)
    found |= _known(codec=codec, profile=video.one_of("Profile", PROFILES, None), preset=video.one_of("Preset", PRESETS, None))
    in_force = codec or base.get("codec") or (format_ if format_ in ANIMATIONS else "h264")
    if "profile" in found and in_force != "h264":
        raise Bad(video.at("Profile"), "Profiles are those of H.264.", kind="unsupported")
    if in_force in ANIMATIONS:
        return found | _size(video) | _known(fps=_fps(video), scan=video.one_of("ScanMode", SCANS, None))
    found |= _rate(video) | _size(video)
    fps = _fps(video)
    found |= {"fps": fps, **({} if whole else {"max_fps": None})} if fps else _known(max_fps=video.number("MaxFps", 0.01, 240))
    pixel_format = video.text("PixFmt").lower()
    found |= _known(
        **_gop(video),
        scan=video.one_of("ScanMode", SCANS, None),
        pixel_format=pixel_format if pixel_format in PIXEL_FORMATS else None,  # what cannot be used counts as not said
        crop=_box(video, "Crop", ("border", "auto")),
        pad=_box(video, "Pad", ("auto",)),
        hdr="sdr" if video.flag("Hdr2sdr") else None,
    )
    return found | _narrowband(video, found, base)


def _narrowband(video: Fields, found: Params, base: Mapping[str, Any]) -> Params:
    """NarrowBand: Abrmax is the bound of the average, and so is a bitrate; constant quality is what it finds by itself."""
    narrow = video.child("NarrowBand")
    if not narrow.values:
        return {}
    method = narrow.one_of("Version", VERSIONS, 1)
    bound, share = narrow.whole("Abrmax", 10, 50_000), narrow.number("MaxAbrRatio", 0.01, 1)
    if share is not None and share < 1:
        raise Bad(narrow.at("MaxAbrRatio"), "A share of the source's bitrate below 1 is not served: use 1, or Abrmax.", kind="feature")
    said: Params = {"narrowband": {"method": method}}
    given = [rate for rate in (bound, found.get("bitrate_kbps")) if rate is not None]
    if not given:
        return said
    least = min(given)
    peak = found.get("maxrate_kbps") or base.get("maxrate_kbps")
    return said | {"bitrate_kbps": least, "crf": None} | ({"maxrate_kbps": None, "bufsize_kbit": None} if peak is not None and peak < least else {})


def _rate(video: Fields) -> Params:
    """CRF holds where a bitrate is given too. A new average unsays the template's peak, which may be below it."""
    crf, bitrate = video.number("Crf", 0, 51), video.whole("Bitrate", 10, 50_000)
    peak, buffer = video.whole("Maxrate", 10, 50_000), video.whole("Bufsize", 1000, 128_000)
    bounds = video.child("BitrateBnd")
    found = _known(crf=crf, maxrate_kbps=peak, bufsize_kbit=buffer)
    if crf is None:
        found |= _known(bitrate_kbps=bitrate, bitrate_min_kbps=bounds.whole("Min", 10, 50_000), bitrate_max_kbps=bounds.whole("Max", 10, 50_000))
        if bitrate is not None and peak is None:
            found |= {"maxrate_kbps": None, "bufsize_kbit": None}
    return found


def _size(video: Fields) -> Params:
    found = _known(width=video.whole("Width", 128, 4096), height=video.whole("Height", 128, 4096))
    for name, side in found.items():
        if side % 2:
            raise Bad(video.at(name.title()), "Sizes are even.")
    if video.has("LongShortMode"):
        found["follow_orientation"] = video.flag("LongShortMode")
    return found


def _fps(video: Fields) -> float | None:
    fps = video.number("Fps", 0, 60)
    if fps == 0:
        raise Bad(video.at("Fps"), "A number above 0, up to 60, is expected.", kind="range")
    return fps


def _gop(video: Fields) -> Params:
    text = video.text("Gop").strip().lower()
    if text.endswith("s"):
        return {"gop_seconds": Fields({"Gop": text[:-1]}, video.place).number("Gop", 0.1, 3600)}
    return {"gop": video.whole("Gop", 1, 1_080_000)}


def _box(video: Fields, name: str, automatic: tuple[str, ...]) -> Params | str | None:
    """``width:height:left:top``, or a word for «automatic»."""
    text = video.text(name).strip().lower()
    if not text:
        return None
    if text in automatic:
        return "auto"
    parts = text.split(":")
    if len(parts) != 4 or not all(part.isdecimal() and len(part) <= 5 for part in parts):
        raise Bad(video.at(name), "Write width:height:left:top in px.", kind="value")
    return dict(zip(("width", "height", "left", "top"), map(int, parts), strict=True))


def _mode(trans: Fields, picture: Params, base: Mapping[str, Any]) -> Params:
    """TransMode. Two passes and a constant bitrate need a bitrate: with CRF they mean nothing."""
    mode = trans.one_of("TransMode", MODES, None)
    if mode is None or picture.get("remove"):
        return {}
    laid = {**base, **picture}
    has_bitrate = picture.get("crf") is None and any(laid.get(name) is not None for name in ("bitrate_kbps", "bitrate_min_kbps", "bitrate_max_kbps"))
    if mode == "crf":
        return {} if picture.get("crf") is not None else {"crf": CRF_USUAL, "bitrate_kbps": None}
    if not has_bitrate:
        if mode == "cbr":
            raise Bad(trans.at("TransMode"), "A constant bitrate needs Video.Bitrate.")
        return {}
    if mode == "twopass":
        return {"passes": 2, "rate_control": "abr"}
    if mode == "cbr":
        return {"rate_control": "cbr", "passes": None, "maxrate_kbps": None}
    return {"rate_control": mode if mode == "vbr" else "abr", "passes": None}


def _scaling(trans: Fields, picture: Params, base: Mapping[str, Any]) -> Params:
    """AdjDarMethod counts where both sides are known."""
    method = trans.one_of("AdjDarMethod", SCALING, None)
    laid = {**base, **picture}
    both = laid.get("width") is not None and laid.get("height") is not None
    return {"scale_type": method} if method and both else {}


def _usual_video(video: Params, format_: str) -> Params:
    if format_ in ANIMATIONS:
        return {"codec": format_} | video
    if video.get("codec") == "copy":
        return {"codec": "copy"}
    found = {"codec": "h264", **video}
    if not any(found.get(name) is not None for name in ("crf", "bitrate_kbps", "bitrate_min_kbps", "bitrate_max_kbps")):
        found["crf"] = CRF_USUAL
    if found.get("gop") is None and found.get("gop_seconds") is None:
        found["gop"] = GOP_USUAL
    if found.get("fps") is None:
        found["max_fps"] = found.get("max_fps") or SOURCE_FPS_MAX
    return {name: value for name, value in found.items() if value is not None}


# --- sound ------------------------------------------------------------------------------------------------------------
def sound(audio: Fields) -> Params:
    """What is said of the sound, as a partial section «audio». Raises Bad."""
    if audio.flag("Remove"):
        return {"remove": True}
    codec = audio.one_of("Codec", AUDIO_CODECS, None)
    rate = audio.whole("Samplerate", 8000, 96_000)
    if rate is not None and rate not in SAMPLE_RATES:
        raise Bad(audio.at("Samplerate"), f"Use one of {', '.join(map(str, SAMPLE_RATES))}.")
    found = _known(
        codec=codec,
        profile=audio.one_of("Profile", AAC_PROFILES, None),
        sample_rate=rate,
        channels=audio.whole("Channels", 1, 8),
        bitrate_kbps=audio.whole("Bitrate", 8, 1000),
    )
    if "profile" in found and codec not in (None, "aac"):
        raise Bad(audio.at("Profile"), "Profiles are those of AAC.", kind="unsupported")
    if codec == "flac":
        found["bitrate_kbps"] = None
    return found | _volume(audio.child("Volume"))


def _volume(volume: Fields) -> Params:
    method = volume.one_of("Method", METHODS, "dynamic" if volume.values and not volume.has("Level") else "linear")
    if not volume.values:
        return {}
    if method == "adaptive":
        raise Bad(volume.at("Method"), "The method adaptive is not served: use dynamic or linear.", kind="feature")
    if method == "linear":
        level = volume.number("Level", -60, 20)
        return {"volume_db": -20.0 if level is None else level}
    target, peak, span = volume.number("IntegratedLoudnessTarget", -70, -5), volume.number("TruePeak", -9, 0), volume.number("LoudnessRangeTarget", 1, 20)
    return {
        "loudness": {
            "integrated_lufs": -6.0 if target is None else target,
            "true_peak_db": -1.0 if peak is None else peak,
            "range_lu": 8.0 if span is None else span,
        }
    }


def _usual_audio(audio: Params) -> Params:
    if audio.get("codec") == "copy":
        return {"codec": "copy"}
    codec = audio.get("codec", "aac")
    usual: Params = {"codec": codec, "sample_rate": 48_000 if codec == "opus" else 44_100, "channels": 2}
    if codec != "flac":
        usual["bitrate_kbps"] = 128
    return usual | {name: value for name, value in audio.items() if value is not None}


# --- the rest ---------------------------------------------------------------------------------------------------------
def _conditions(trans: Fields, video: Fields) -> Params:
    """«…Fail» wins over the other one. MaxAbrRatio 1 says that the bitrate is not above the source's."""
    found: Params = {"if_lower_video_bitrate": "keep"} if video.child("NarrowBand").number("MaxAbrRatio", 0.01, 1) == 1 else {}
    for name, field in (("IsCheckReso", "if_smaller"), ("IsCheckVideoBitrate", "if_lower_video_bitrate"), ("IsCheckAudioBitrate", "if_lower_audio_bitrate")):
        if trans.flag(f"{name}Fail"):
            found[field] = "fail"
        elif trans.has(name):
            found[field] = "keep" if trans.flag(name) else "convert"
    return found


def _mux(mux: Fields, format_: str) -> Params:
    segment, gif, webp = mux.child("Segment"), mux.child("Gif"), mux.child("Webp")
    found: Params = {}
    if format_ in ("hls", "dash"):
        found |= _known(segment_seconds=segment.number("Duration", 1, 60), cut_times=_marks(segment) or None)
    if format_ == "gif":
        found |= _known(
            loop=gif.whole("Loop", 0, 65_535),
            final_delay_cs=gif.whole("FinalDelay", 0, 65_535),
            dither=gif.one_of("DitherMode", {"sierra": "sierra", "bayer": "bayer", "none": "none"}, None),
            palette="clip" if gif.flag("IsCustomPalette") else None,
        )
    if format_ == "webp":
        found |= _known(loop=webp.whole("Loop", 0, 65_535))
    return found


def _marks(segment: Fields) -> list[float]:
    """ForceSegTime: up to ten second marks with commas."""
    words = [word.strip() for word in segment.text("ForceSegTime").split(",") if word.strip()]
    if len(words) > 10:
        raise Bad(segment.at("ForceSegTime"), "At most 10 times.", kind="list")
    marks = [Fields({"ForceSegTime": word}, segment.place).number("ForceSegTime", 0, 86_400) or 0.0 for word in words]
    if marks != sorted(set(marks)):
        raise Bad(segment.at("ForceSegTime"), "The times ascend.")
    return marks


def _known(**fields: Any) -> Params:
    return {name: value for name, value in fields.items() if value is not None}
