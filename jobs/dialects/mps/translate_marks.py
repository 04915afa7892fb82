"""MPS's watermarks ⇄ ours. Pure.

A whole number is px, a decimal between 0 and 1 a share of the output's width (Width, Dx) or height (Height, Dy).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.dialects.answer_template import text, texts
from jobs.dialects.mps.reading import base64_text, file, said
from jobs.dialects.reading import Bad, Fields

Params = dict[str, Any]
CORNERS = {"TopRight": "top_right", "TopLeft": "top_left", "BottomRight": "bottom_right", "BottomLeft": "bottom_left"}
KINDS = {"Image": "image", "Text": "text"}
LENGTHS = ("Width", "Height", "Dx", "Dy")
EDGES = {"Width": "Width", "Dx": "Width", "Height": "Height", "Dy": "Height"}
TO_THE_END = "toend"
FOREIGN_FONTS = frozenset({"simsun", "wenquanyi zen hei", "wenquanyi micro hei"})
"""Fonts of MPS's own machines: one of ours that has the characters stands in."""


def template(config: Fields) -> tuple[str, Params]:
    """Kind and parameters of a watermark template. Raises Bad."""
    kind = config.one_of("Type", KINDS, "image")
    return kind, _place(config)


def mark(fields: Fields, template_kind: str = "") -> Params:
    """One watermark of an output. ``template_kind``: of the watermark template that it names. Raises Bad."""
    kind = fields.one_of("Type", KINDS, template_kind or ("text" if fields.has("TextWaterMark") else "image"))
    found: Params = {"template": fields.text("WaterMarkTemplateId", most=128)} if fields.has("WaterMarkTemplateId") else {}
    found |= _place(fields)
    if kind == "text":
        fields.need("TextWaterMark")
        return found | _text(fields.child("TextWaterMark"))
    fields.need("InputFile")
    return found | {"image": str(file(fields.child("InputFile")))}


def marks(fields: Fields, kinds: Mapping[str, str]) -> list[Params]:
    """All watermarks of an output; ``kinds``: of the templates that they name, by what they name them. Raises Bad."""
    return [mark(one, kinds.get(one.text("WaterMarkTemplateId"), "")) for one in fields.children("WaterMarks", 20)]


def _place(fields: Fields) -> Params:
    refer = fields.child("RatioRefer")
    for name in LENGTHS:
        if refer.has(name) and refer.text(name).lower() != EDGES[name].lower():
            raise Bad(refer.at(name), f"A decimal of {name} refers to the output's {EDGES[name].lower()} only.", kind="unsupported")
    found: Params = {name.lower(): length for name in LENGTHS if (length := _length(fields, name)) is not None}
    if corner := fields.one_of("ReferPos", CORNERS, None):
        found["corner"] = corner
    time = fields.child("Timeline")
    start = time.number("Start", 0, 86_399)
    if start:
        found["start"] = start
    if time.has("Duration") and time.text("Duration").lower() != TO_THE_END:
        duration = time.number("Duration", 0.001, 86_399)
        found["duration"] = duration
    return found


def _length(fields: Fields, name: str) -> int | float | None:
    """Px, or a share of four decimals; what is beyond them is cut off."""
    number = fields.number(name, 0, 4096)
    if number is None:
        return None
    if 0 < number < 1:
        return int(number * 10_000) / 10_000
    if number != int(number):
        raise Bad(fields.at(name), "Write px as a whole number, or a share between 0 and 1.", kind="range")
    if name in ("Width", "Height") and number < 8:
        raise Bad(fields.at(name), "Write 8 to 4096 px, or a share between 0 and 1.", kind="range")
    return int(number)


def _text(words: Fields) -> Params:
    """TextWaterMark: content, font, and its place, which counts from the top left."""
    words.need("Content")
    try:
        content = base64_text(words, "Content").decode()
    except UnicodeDecodeError:
        raise Bad(words.at("Content"), "The text is not UTF-8.", kind="base64") from None
    font = words.text("FontName", most=64)
    size, alpha, border = words.whole("FontSize", 4, 120), words.number("FontAlpha", 0.001, 1), words.whole("BorderWidth", 0, 64)
    text_ = said(
        content=content,
        font=None if font.lower() in FOREIGN_FONTS else font,
        size=size,
        color=_colour(words, "FontColor"),
        opacity=alpha,
        outline_width=border,
        outline_color=_colour(words, "BorderColor"),
    )
    found: Params = {"text": text_}
    for name, ours in (("Left", "dx"), ("Top", "dy")):
        if words.has(name):
            found |= {ours: words.whole(name, 0, 4096), "corner": "top_left"}
    return found


def _colour(words: Fields, name: str) -> str | None:
    colour = words.text(name, most=24)
    return f"#{colour[2:]}" if colour.lower().startswith("0x") else colour or None


# --- out --------------------------------------------------------------------------------------------------------------
def config(kind: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A watermark template's parameters as MPS tells them."""
    duration = params.get("duration")
    words = {ours: word for word, ours in CORNERS.items()}
    shares = {name: EDGES[name] for name in LENGTHS if isinstance(params.get(name.lower()), float)}
    return said(
        Type=kind.title(),
        ReferPos=words[params.get("corner") or "top_right"],
        RatioRefer=shares,
        Timeline={"Start": text(params.get("start") or 0), "Duration": "ToEND" if duration is None else text(duration)},
    ) | texts(**{name: params.get(name.lower()) for name in LENGTHS})
