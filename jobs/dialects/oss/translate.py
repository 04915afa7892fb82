"""From a processing request to one of our job specs, as a document. Pure.

What the product does where nothing is said stands here wherever it differs from ours: streams are copied, the target holds even where the source
is smaller, sets come in segments of 10 s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jobs.dialects.oss.grammar import Wanted, invalid
from jobs.dialects.oss.parameters import PARTS_MAX, SOUND_FILES, Checked
from jobs.dialects.shares import side_of
from jobs.engine.address import Address

if TYPE_CHECKING:
    from jobs.engine.probe import Probe

Document = dict[str, Any]
CRF = 23.0  # where neither a bitrate nor a quality is said
SEGMENT_SECONDS = 10.0
SEGMENT_NAME = "{name}-%d"  # counted from 0
_FORMATS = {"oga": "ogg"}  # by their names among ours
_SEGMENTS = {("hls", "ts"): "ts", ("hls", "mp4"): "fmp4", ("dash", "mp4"): "fmp4", ("dash", "webm"): "webm"}
_SOUND_SEGMENTS = {"aac": "ts", "mp3": "ts", "ac3": "ts"}
_CHOICE = ("convert", "keep", "fail")
_BRACES = re.compile(r"\{[^{}]*\}")
_AUTOEXT = re.compile(r"(?<!\{)\{autoext\}(?!\})")


def target(wanted: Wanted, source: Address, extension: str, *, several: bool = False) -> str:
    """The address of what comes out, as a pattern. A key without an extension gets the output's; that of ``several`` pictures a number too.

    Raises OssRefusal InvalidArgument where there is no sys/saveas.
    """
    if not wanted.saved:
        raise invalid("sys/saveas with the parameter o is required.")
    key = wanted.key
    _stem, dot, ending = _BRACES.sub("x", key.replace("{autoext}", "x").rpartition("/")[2]).rpartition(".")
    if not dot or not ending:
        key += ("_0_{index}" if several and "{index}" not in key else "") + f".{extension}"
    key = _AUTOEXT.sub(extension, key)
    return f"oss://{wanted.bucket or source.bucket}/{key}"


def needs_probe(checked: Checked) -> bool:
    """Whether sizes or numbers depend on what is in the source."""
    if checked.operation == "video/animation" and "num" in checked.values and not {"inter", "fps"} & set(checked.values):
        return True
    return any(name in checked.values for name in ("pw", "ph", "psw", "psh"))


def to_spec(checked: Checked, wanted: Wanted, source: Address, probe: Probe | None = None) -> Document:
    """The job. ``probe``: of the source, where :func:`needs_probe`. Raises OssRefusal InvalidArgument for what cannot be combined or is not done here."""
    return _SPECS[checked.operation](checked, wanted, source, probe)


# --- video/convert, audio/convert and both concats --------------------------------------------------------------------
def _convert(checked: Checked, wanted: Wanted, source: Address, probe: Probe | None) -> Document:
    overrides = _overrides(checked)
    document: Document = {"kind": "transcode", "input": _input(source, checked.values)}
    return document | {"outputs": [{"address": target(wanted, source, _extension(checked)), "overrides": overrides}]}


def _concat(checked: Checked, wanted: Wanted, source: Address, probe: Probe | None) -> Document:
    """The aligned part, which gives size, rate and sound, is the job's input; the others are joined before and after it."""
    own = (source, checked.values)
    before = [_part(values, source) for name, values in checked.nodes if name == "pre"]
    after = [_part(values, source) for name, values in checked.nodes if name == "sur"]
    parts = [*before, own, *after]
    if len(parts) < 2:
        raise invalid("Name at least one object to join, with pre or sur.")
    if len(parts) > PARTS_MAX:
        raise invalid(f"At most {PARTS_MAX} objects can be joined.")
    main = checked.value("align", 0)
    if main >= len(parts):
        raise invalid(f"The parameter align is {main}, but there are only {len(parts)} objects, counted from 0.")
    inputs = [_input(address, values) for address, values in parts]
    overrides = _overrides(checked, joined=True)
    overrides["edit"] = {"before": inputs[:main], "after": inputs[main + 1 :], "clip_first_part": True}
    document: Document = {"kind": "transcode", "input": inputs[main]}
    return document | {"outputs": [{"address": target(wanted, source, _extension(checked)), "overrides": overrides}]}


def _part(values: Mapping[str, Any], source: Address) -> tuple[Address, Mapping[str, Any]]:
    try:
        return Address.parse(f"oss://{values.get('b', source.bucket)}/{values['o']}"), values
    except ValueError as error:
        raise invalid(str(error)) from None


def _input(address: Address, values: Mapping[str, Any]) -> Document:
    found: Document = {"address": str(address)}
    if values.get("ss"):
        found["start"] = values["ss"] / 1000
    if values.get("t"):
        found["duration"] = values["t"] / 1000
    return found


def _segment(checked: Checked) -> Mapping[str, Any] | None:
    nodes = [values for name, values in checked.nodes if name == "segment"]
    if len(nodes) > 1:
        raise invalid("segment is given twice.")
    return nodes[0] if nodes else None


def _extension(checked: Checked) -> str:
    segment = _segment(checked)
    return {"hls": "m3u8", "dash": "mpd"}[segment["f"]] if segment else str(checked.values["f"])


def _only_sound(checked: Checked) -> bool:
    return checked.operation.startswith("audio/") or checked.values["f"] in SOUND_FILES


def _overrides(checked: Checked, *, joined: bool = False) -> Document:
    format_, segment = checked.values["f"], _segment(checked)
    mux: Document = {}
    if segment:
        kind = _SEGMENTS.get((segment["f"], format_)) or (_SOUND_SEGMENTS.get(format_) if segment["f"] == "hls" else None)
        if kind is None:
            raise invalid(f"Segments for {segment['f']} cannot be {format_} files.")
        mux = {"segment_format": kind, "segment_seconds": segment["t"] / 1000 if "t" in segment else SEGMENT_SECONDS}
        mux |= {"segment_name": SEGMENT_NAME, "start_number": 0}
    found: Document = {
        "container": {"format": segment["f"] if segment else _FORMATS.get(format_, format_)},
        "video": {"remove": True} if checked.value("vn") or _only_sound(checked) else _video(checked, joined),
        "audio": {"remove": True} if checked.value("an") else _audio(checked, joined),
        "conditions": {
            "if_smaller": _CHOICE[checked.value("sopt", 0)],
            "if_lower_fps": _CHOICE[checked.value("fpsopt", 0)],
            "if_lower_video_bitrate": _CHOICE[checked.value("vbopt", 0)],
            "if_lower_audio_bitrate": _CHOICE[checked.value("abopt", 0)],
        },
    }
    if checked.value("sn") or _only_sound(checked):
        found["subtitle"] = {"remove": True}
    return found | ({"mux": mux} if mux else {})


def _video(checked: Checked, joined: bool) -> Document:
    if {"crf", "vb"} <= set(checked.values):
        raise invalid("The parameters crf and vb exclude each other.")
    codec = checked.value("vcodec", None if joined else "copy")
    if codec == "copy":
        return {"codec": "copy"}  # the other parameters say how to encode; they are void
    found: Document = {"codec": codec} if codec else {}
    if "s" in checked.values:
        found["width"], found["height"] = checked.values["s"]
        found["scale_type"] = checked.value("scaletype", "stretch")
        if checked.value("arotate"):
            found["follow_orientation"] = True
    if "vb" in checked.values:
        found["bitrate_kbps"] = _kbps(checked.values["vb"])
    else:
        found["crf"] = checked.value("crf", CRF)
    for name, ours, turn in _VIDEO:
        if name in checked.values:
            found[ours] = turn(checked.values[name])
    return found


def _audio(checked: Checked, joined: bool) -> Document:
    if {"aq", "ab"} <= set(checked.values):
        raise invalid("The parameters aq and ab exclude each other.")
    usual = None if joined or checked.operation.startswith("audio/") else "copy"
    codec = checked.value("acodec", usual)
    if codec == "copy":
        return {"codec": "copy"}
    found: Document = {"codec": codec} if codec else {}
    for name, ours, turn in _AUDIO:
        if name in checked.values:
            found[ours] = turn(checked.values[name])
    if "adepth" in checked.values and "flac" in (codec, checked.values["f"]):
        found["bit_depth"] = checked.values["adepth"]
    return found


def _kbps(bits: int) -> int:
    return max(1, round(bits / 1000))


def _same(value: Any) -> Any:
    return value


_VIDEO: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("fps", "fps", _same),
    ("pixfmt", "pixel_format", _same),
    ("g", "gop", _same),
    ("maxrate", "maxrate_kbps", _kbps),
    ("bufsize", "bufsize_kbit", _kbps),
)
_AUDIO: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("ar", "sample_rate", _same),
    ("ac", "channels", _same),
    ("aq", "quality", _same),
    ("ab", "bitrate_kbps", _kbps),
)


# --- pictures ---------------------------------------------------------------------------------------------------------
def _box(checked: Checked, probe: Probe | None, prefix: str = "") -> Document:
    """Width and height in px: as said, or as a share of the upright source."""
    sides = {}
    for side, letter in (("width", "w"), ("height", "h")):
        pixels, percent = checked.value(f"{prefix}{letter}"), checked.value(f"p{prefix}{letter}")
        if pixels and percent:
            raise invalid(f"The parameters {prefix}{letter} and p{prefix}{letter} exclude each other.")
        if percent:
            sides[side] = _share(probe, side, percent)
        elif pixels:
            sides[side] = pixels
    if "scaletype" in checked.values and len(sides) == 2:
        return sides | {"scale_type": checked.values["scaletype"]}
    return sides


def _share(probe: Probe | None, side: str, percent: float) -> int:
    if probe is None:
        raise invalid("The object has no video.")
    try:
        return side_of(probe, side, percent / 100)
    except ValueError as error:
        raise invalid(str(error)) from None


def _snapshots(checked: Checked, wanted: Wanted, source: Address, probe: Probe | None) -> Document:
    one = checked.value("num") == 1
    address = target(wanted, source, str(checked.values["f"]), several=not one)
    document: Document = {"kind": "snapshot", "input": {"address": str(source)}, "output": {"address": address}, "format": checked.values["f"]}
    return document | _box(checked, probe) | _moments(checked)


def _moments(checked: Checked) -> Document:
    """Which pictures of the video."""
    start, interval, count = checked.value("ss", 0) / 1000, checked.value("inter"), checked.value("num")
    mode = checked.value("m", "inter")
    counted: Document = {"count": count} if count else {}
    if mode == "dhash":
        raise invalid("The parameter m of snapshots can be inter, key or avg here; dhash is not supported.")
    if mode == "inter" and interval:
        return {"mode": "series", "time": start, "interval": interval / 1000} | counted
    if mode == "inter" and count == 1:
        return {"mode": "single", "time": start}
    if start:
        raise invalid("The parameter ss is supported only together with inter, or with num_1, here.")
    if mode == "avg":
        if not count:
            raise invalid("The parameter num is required with m_avg.")
        return {"mode": "average", "count": count}
    if mode == "key":
        return {"mode": "keyframes"} | counted | ({"interval": interval / 1000} if interval else {})
    return {"mode": "frames", "every": 1} | counted


def _sprite(checked: Checked, wanted: Wanted, source: Address, probe: Probe | None) -> Document:
    columns, rows = checked.value("tw", 10), checked.value("th", 10)
    one = checked.value("num") is not None and checked.values["num"] <= columns * rows
    address = target(wanted, source, str(checked.values["f"]), several=not one)
    document: Document = {"kind": "sprite", "input": {"address": str(source)}, "output": {"address": address}, "format": checked.values["f"]}
    document |= {"columns": columns, "rows": rows, "padding": checked.value("pad", 0), "margin": checked.value("margin", 0)}
    for side, value in _box(checked, probe, "s").items():
        document[side if side == "scale_type" else f"cell_{side}"] = value
    moments = _moments(checked)
    if moments["mode"] == "single":
        return document | {"mode": "series", "time": moments["time"], "count": 1}
    if moments["mode"] == "frames" and checked.value("num"):
        moments = {"mode": "average", "count": checked.values["num"]}
    if moments["mode"] not in ("series", "average"):
        raise invalid("The parameter inter, or num, is required with m_inter here; m_key is not supported.")
    return document | moments


def _animation(checked: Checked, wanted: Wanted, source: Address, probe: Probe | None) -> Document:
    """One picture every ``inter`` ms, shown at ``fps``: where the two differ, it plays faster or slower than the source."""
    interval, fps, count = checked.value("inter"), checked.value("fps") or None, checked.value("num")
    taken = 1000 / interval if interval else fps or (probe.picture.fps if probe and probe.picture else None)
    shown = fps or (taken if interval else None)
    video: Document = _box(checked, probe) | ({"fps": round(shown, 6)} if shown else {})
    start = checked.value("ss", 0) / 1000
    given: Document = {"address": str(source)} | ({"start": start} if start else {})
    if count:
        if not taken:
            raise invalid("The object does not tell its frame rate: give inter or fps together with num.")
        given["duration"] = round(count / taken, 6)
    overrides: Document = {"container": {"format": checked.values["f"]}, "video": video, "conditions": {"if_smaller": "convert", "if_lower_fps": "convert"}}
    if interval and shown and taken and abs(shown / taken - 1) > 1e-6:
        overrides["edit"] = {"speed": round(shown / taken, 6)}
    return {"kind": "transcode", "input": given, "outputs": [{"address": target(wanted, source, str(checked.values["f"])), "overrides": overrides}]}


_SPECS: dict[str, Callable[[Checked, Wanted, Address, Any], Document]] = {
    "video/convert": _convert,
    "audio/convert": _convert,
    "video/concat": _concat,
    "audio/concat": _concat,
    "video/snapshots": _snapshots,
    "video/sprite": _sprite,
    "video/animation": _animation,
}
