"""Watermarks and subtitles of IMS: templates of the types 4 and 5, and what a job lays over them. Pure.

Here the text of a watermark is plain, unlike in MPS. A whole number is px, a decimal below 1 a share of the output's side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jobs.dialects.answer_template import said, text, texts
from jobs.dialects.ims.files import MediaOf, source

if TYPE_CHECKING:
    from jobs.dialects.reading import Fields

Params = dict[str, Any]
CORNERS = {"TopRight": "top_right", "TopLeft": "top_left", "BottomRight": "bottom_right", "BottomLeft": "bottom_left"}
CHARSETS = {"UTF-8": "utf-8", "GBK": "gbk", "BIG5": "big5", "auto": "auto"}
FORMATS = {"srt": "srt", "ass": "ass", "vtt": "vtt", "ttml": "ttml"}
OWN_FONTS = frozenset({"simsun", "wenquanyi zen hei", "wenquanyi micro hei"})
"""Fonts of the cloud's machines: one of ours that has the characters stands in."""
TO_THE_END = "toend"


def image(fields: Fields, endpoint: str, media_of: MediaOf) -> Params:
    """An image watermark, or what is laid over its template. Raises Bad."""
    found = _place(fields)
    if fields.has("File"):
        found["image"] = source(fields.child("File"), endpoint, media_of)
    return found


def words(fields: Fields) -> Params:
    """A text watermark, or what is laid over its template. Raises Bad."""
    if fields.has("Adaptive") and fields.flag("Adaptive"):
        raise fields.bad("Adaptive", "Text that fits itself to the picture is not offered here.")
    font = fields.text("FontName", most=64)
    opacity = fields.number("FontAlpha", 0.001, 1)
    found: Params = {
        "text": said(
            content=fields.text("Content", most=1024),
            font=None if font.lower() in OWN_FONTS else font,
            size=_length(fields, "FontSize"),
            color=_colour(fields, "FontColor"),
            opacity=opacity,
            outline_width=fields.whole("BorderWidth", 0, 64),
            outline_color=_colour(fields, "BorderColor"),
        )
    }
    for name, ours in (("Left", "dx"), ("Top", "dy")):
        if (length := _length(fields, name)) is not None:
            found |= {ours: length, "corner": "top_left"}
    return found


def subtitle(fields: Fields, endpoint: str, media_of: MediaOf) -> Params:
    """A subtitle file that is drawn into the picture. Raises Bad."""
    fields.need("File")
    fields.one_of("Format", FORMATS, "")
    return {"address": source(fields.child("File"), endpoint, media_of), "charset": fields.one_of("CharEnc", CHARSETS, "auto"), "burn": True}


def told(kind: str, params: Mapping[str, Any]) -> Params:
    """A watermark template's parameters in IMS's words."""
    if kind == "text":
        own = params.get("text") or {}
        return texts(
            Content=own.get("content"),
            FontName=own.get("font"),
            FontSize=own.get("size"),
            FontColor=own.get("color"),
            FontAlpha=own.get("opacity"),
            BorderWidth=own.get("outline_width"),
            BorderColor=own.get("outline_color"),
            Left=params.get("dx"),
            Top=params.get("dy"),
        )
    corners = {ours: word for word, ours in CORNERS.items()}
    duration = params.get("duration")
    file = said(File={"Type": "OSS", "Media": params["image"]} if params.get("image") else None)
    return (
        texts(**{name: params.get(name.lower()) for name in ("Width", "Height", "Dx", "Dy")})
        | file
        | {
            "ReferPos": corners[params.get("corner") or "top_right"],
            "Timeline": {"Start": text(params.get("start") or 0), "Duration": "ToEND" if duration is None else text(duration)},
        }
    )


def _place(fields: Fields) -> Params:
    found: Params = {name.lower(): length for name in ("Width", "Height", "Dx", "Dy") if (length := _length(fields, name)) is not None}
    if corner := fields.one_of("ReferPos", CORNERS, None):
        found["corner"] = corner
    time = fields.child("Timeline")
    if start := time.number("Start", 0, 86_399):
        found["start"] = start
    if time.has("Duration") and time.text("Duration").lower() != TO_THE_END:
        found["duration"] = time.number("Duration", 0.001, 86_399)
    return found


def _length(fields: Fields, name: str) -> int | float | None:
    number = fields.number(name, 0, 4096)
    if number is None or number == int(number):
        return None if number is None else int(number)
    if number > 1:
        raise fields.bad(name, "Write px as a whole number, or a share between 0 and 1.")
    return number


def _colour(fields: Fields, name: str) -> str | None:
    colour = fields.text(name, most=24)
    return f"#{colour[2:]}" if colour.lower().startswith("0x") else colour or None
