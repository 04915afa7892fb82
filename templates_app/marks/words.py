"""A watermark template in words, for cards, tables and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from templates_app.marks.models import WatermarkTemplate

CORNERS = (
    ("top_left", gettext_lazy("Top left")),
    ("top_right", gettext_lazy("Top right")),
    ("bottom_left", gettext_lazy("Bottom left")),
    ("bottom_right", gettext_lazy("Bottom right")),
)


def described(row: WatermarkTemplate) -> dict[str, str]:
    """Corner, size, offset, time and what is shown, each in a few words."""
    params = row.params
    text = params.get("text") or {}
    corner = dict(CORNERS)[params.get("corner", "top_right")]
    return {
        "corner": str(corner),
        "size": _letters(text) if row.kind == "text" else _size(params),
        "offset": f"{length(params.get('dx', 0))}, {length(params.get('dy', 0))}",
        "time": _time(params),
        "shown": text.get("content", "") if row.kind == "text" else params.get("image", ""),
    }


def length(value: int | float) -> str:
    """«12 px» or «5 %»."""
    return f"{value * 100:g} %" if isinstance(value, float) else f"{value} px"


def _size(params: dict[str, Any]) -> str:
    width, height = params.get("width"), params.get("height")
    if width is None and height is None:
        return _("12 % of the width")
    if height is None:
        return _("%(length)s wide") % {"length": length(width)}  # type: ignore[arg-type]
    if width is None:
        return _("%(length)s high") % {"length": length(height)}
    return f"{length(width)} × {length(height)}"


def _letters(text: dict[str, Any]) -> str:
    return _("letters of %(length)s") % {"length": length(text.get("size", 16))}


def _time(params: dict[str, Any]) -> str:
    start, duration = params.get("start") or 0, params.get("duration")
    if not start and duration is None:
        return _("always")
    if duration is None:
        return _("from %(start)g s to the end") % {"start": start}
    return f"{start:g}–{start + duration:g} s"
