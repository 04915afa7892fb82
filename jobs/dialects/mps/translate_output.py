"""One element of SubmitJobs' Outputs → one output of a JobSpec. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.dialects import translate_template
from jobs.dialects.mps import translate_edit, translate_marks
from jobs.dialects.mps.reading import base64_text, key
from jobs.dialects.reading import Bad, Fields
from jobs.engine.address import key_mistake
from jobs.engine.spec import USER_DATA_BYTES

Params = dict[str, Any]
ENDINGS = {"hls": ".m3u8", "dash": ".mpd"}
NOT_SERVED = ("DigiWaterMark", "SuperReso", "WaterMarkConfigUrl", "MultiSpeedInfo", "OutSubtitleList")
SEGMENTS = "{name}-%05d"
"""How MPS names segments: ``{playlist}-00001.ts`` and so on."""
URI_CHARS = 1024


@dataclass(frozen=True)
class Known:
    """What has to be known of the rows that an output names: its template's parameters, and the kinds of the watermark templates."""

    params: Mapping[str, Any]
    mark_kinds: Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """An output as it was asked for. ``priority``: None where nothing is said."""

    spec: Params
    priority: int | None


def output(fields: Fields, bucket: str, known: Known, endpoint: str = "") -> Asked:
    """Read one output, which goes to ``bucket``. Raises Bad."""
    for name in NOT_SERVED:
        if fields.child(name).values if name != "WaterMarkConfigUrl" else fields.has(name):
            raise Bad(fields.at(name), "This is not served.", kind="feature")
    overrides = translate_template.overrides(fields, known.params)
    format_ = (overrides.get("container") or known.params.get("container") or {}).get("format", "mp4")
    _turn(fields, overrides)
    _tracks(fields, overrides)
    if format_ == "hls":
        overrides["mux"] = {"segment_name": SEGMENTS} | overrides.get("mux", {})
    if fields.has("WaterMarks"):
        overrides["watermarks"] = translate_marks.marks(fields, known.mark_kinds)
    for name, section in (
        ("edit", translate_edit.edit(fields, endpoint)),
        ("subtitle", _subtitles(fields)),
        ("delogos", translate_edit.delogos(fields)),
        ("encryption", _encryption(fields.child("Encryption"), format_)),
    ):
        if section:
            overrides[name] = section
    user_data = fields.text("UserData")
    if len(user_data.encode()) > USER_DATA_BYTES:
        raise Bad(fields.at("UserData"), f"At most {USER_DATA_BYTES} bytes.", kind="range")
    address = f"oss://{bucket}/{_key(fields, format_)}"
    spec = {"template": fields.text("TemplateId", most=128), "address": address, "overrides": overrides, "user_data": user_data}
    return Asked(spec, fields.whole("Priority", 1, 10))


def _key(fields: Fields, format_: str) -> str:
    """The output's key: only playlists get their ending by themselves."""
    fields.need("OutputObject")
    found = key(fields.text("OutputObject"), fields.at("OutputObject"))
    if mistake := key_mistake(found):
        raise Bad(fields.at("OutputObject"), mistake, kind="key")
    ending = ENDINGS.get(format_, "")
    return found if found.endswith(ending) else found + ending


def _turn(fields: Fields, overrides: Params) -> None:
    angle = fields.whole("Rotate", 0, 359)
    if angle:
        overrides["video"] = overrides.get("video", {}) | {"rotate": angle}


def _tracks(fields: Fields, overrides: Params) -> None:
    """AudioStreamMap, VideoStreamMap and Amix."""
    if fields.has("VideoStreamMap") and fields.text("VideoStreamMap").rstrip("?") not in ("0:v:0", "0:v"):
        raise Bad(fields.at("VideoStreamMap"), "Only the first picture (0:v:0) can be chosen.", kind="unsupported")
    if fields.has("AudioStreamMap"):
        overrides["audios"] = [{"stream": stream_number(fields, "AudioStreamMap", "a")}]
    mixed = fields.children("Amix", 4)
    if mixed:
        overrides["audio"] = overrides.get("audio", {}) | {"mix": True, "mix_streams": [0, *(_mixed(one) for one in mixed)]}


def _mixed(one: Fields) -> int:
    """A stream of the input that is mixed into its first one; other files are not."""
    one.need("AmixURL")
    if one.text("AmixURL").lower() != "input":
        raise Bad(one.at("AmixURL"), "Only streams of the input itself can be mixed: write input.", kind="feature")
    for name in ("Start", "Duration"):
        if one.has(name):
            raise Bad(one.at(name), "A part of a stream cannot be mixed.", kind="feature")
    one.one_of("MixDurMode", {"long": True, "first": True}, default=True)
    return stream_number(one, "Map", "a")


def stream_number(fields: Fields, name: str, kind: str) -> int:
    """``0:a:2`` is 2. Raises Bad."""
    head, _, number = fields.text(name).rpartition(":")
    if head != f"0:{kind}" or not number.isdecimal() or len(number) > 2:
        raise Bad(fields.at(name), f"Write 0:{kind}:n.")
    return int(number)


def _subtitles(fields: Fields) -> Params:
    """External subtitles are drawn into the picture, as MPS does; streams of the input are kept as tracks."""
    config = fields.child("SubtitleConfig")
    files = [translate_edit.subtitle_file(one) for one in config.children("ExtSubtitleList", 4)]
    streams = [stream_number(one, "Map", "s") for one in config.children("SubtitleList", 4)]
    return ({"files": files} if files else {}) | ({"streams": streams} if streams else {})


def _encryption(fields: Fields, format_: str) -> Params:
    """``hls-aes-128`` with a key that was sent; those of a key service are not known here."""
    if not fields.values:
        return {}
    fields.one_of("Type", {"hls-aes-128": True}, default=True)
    if format_ != "hls":
        raise Bad(fields.at("Type"), "Only m3u8 outputs are encrypted.", kind="container")
    if fields.text("KeyType").lower() == "kms":
        raise Bad(fields.at("KeyType"), "Keys of a key service are not known here: send Base64.", kind="feature")
    fields.one_of("KeyType", {"Base64": True}, default=True)
    fields.need("Key")
    content_key = base64_text(fields, "Key")
    if len(content_key) != 16:
        raise Bad(fields.at("Key"), "The key has 16 bytes.", kind="base64")
    found: Params = {"method": "aes-128", "key": content_key.hex()}
    if fields.has("KeyUri"):
        try:
            uri = base64_text(fields, "KeyUri").decode()
        except UnicodeDecodeError:
            raise Bad(fields.at("KeyUri"), "The address is not UTF-8.", kind="base64") from None
        if len(uri) > URI_CHARS or not uri.isprintable():
            raise Bad(fields.at("KeyUri"), f"At most {URI_CHARS} printable characters.")
        found["key_uri"] = uri
    return found
