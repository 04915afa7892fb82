"""``FilterVideo.Watermarks`` and ``FilterVideo.Delogos`` as ours. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs.dialects.locations import object_at

if TYPE_CHECKING:
    from jobs.dialects.reading import Fields

CORNERS = {"topleft": "top_left", "topright": "top_right", "bottomleft": "bottom_left", "bottomright": "bottom_right"}
# The product's fonts are sold by two makers under two names; free systems know them as Noto
FONTS = {
    "SourceHanSans-Regular": None,
    "SourceHanSans-Bold": "Noto Sans CJK SC Bold",
    "SourceHanSerif-Regular": "Noto Serif CJK SC",
    "SourceHanSerif-Bold": "Noto Serif CJK SC Bold",
}


def watermarks(filters: Fields) -> list[dict[str, Any]]:
    """Each watermark, an image or a text, from the top left unless said otherwise. Raises Bad."""
    return [_watermark(mark) for mark in filters.children("Watermarks", 20)]


def delogos(filters: Fields) -> list[dict[str, Any]]:
    """Each area, all of the picture unless said otherwise. Raises Bad."""
    found = []
    for area in filters.children("Delogos", 20):
        row = _place(area) | _times(area)
        for name, side in (("Width", "width"), ("Height", "height")):
            row[side] = 1.0 if (length := _length(area, name)) is None else length
        found.append(row)
    return found


def _watermark(mark: Fields) -> dict[str, Any]:
    row = _place(mark) | _times(mark)
    if mark.one_of("Type", {"text": "text", "file": "file"}, "text") == "text":
        mark.need("Content")
        return row | {"text": _text(mark)}
    mark.need("URI")
    try:
        row["image"] = str(object_at(mark.text("URI")))
    except ValueError as error:
        raise mark.bad("URI", str(error)) from None
    for name, side in (("Width", "width"), ("Height", "height")):
        if (length := _length(mark, name)) is not None:
            row[side] = length
    if (opacity := mark.number("FontApha", 0, 1)) is not None:
        row["opacity"] = opacity
    return row


def _text(mark: Fields) -> dict[str, Any]:
    row: dict[str, Any] = {
        "content": mark.text("Content", most=1024),
        "size": mark.whole("FontSize", 4, 120) or 16,
        "color": mark.text("FontColor", "#000000", most=24),
    }
    if font := mark.one_of("FontName", FONTS, None):
        row["font"] = font
    if (opacity := mark.number("FontApha", 0, 1)) is not None:
        row["opacity"] = opacity
    if border := mark.whole("BorderWidth", 0, 64):
        row["outline_width"] = border
    if colour := mark.text("BorderColor", most=24):
        row["outline_color"] = colour
    return row


def _place(fields: Fields) -> dict[str, Any]:
    row: dict[str, Any] = {"corner": fields.one_of("ReferPos", CORNERS, "top_left")}
    for name, offset in (("Dx", "dx"), ("Dy", "dy")):
        if (length := _length(fields, name)) is not None:
            row[offset] = length
    return row


def _times(fields: Fields) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if (start := fields.number("StartTime", 0, 86_399)) is not None:
        row["start"] = start
    if duration := fields.number("Duration", 0, 86_399):
        row["duration"] = duration
    return row


def _length(fields: Fields, name: str) -> int | float | None:
    """Pixels as a whole number, a share of the side as a decimal up to 1.0: the number stays as it was written. 100.0 can only be pixels."""
    found = fields.number(name, 0, 4096)
    value = fields.values.get(name)
    if found is None or isinstance(value, int):
        return None if found is None else int(found)
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if found > 1:
        if found != int(found):
            raise fields.bad(name, "Pixels are whole numbers; a decimal number is a share, at most 1.0.")
        return int(found)
    return found
