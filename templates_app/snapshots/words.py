"""A snapshot template in words, for the list and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from templates_app.snapshots.models import SnapshotTemplate

MODES = (
    ("single", gettext_lazy("One picture")),
    ("times", gettext_lazy("At several times")),
    ("series", gettext_lazy("Series")),
    ("average", gettext_lazy("Spread evenly")),
    ("frames", gettext_lazy("Every so many frames")),
    ("keyframes", gettext_lazy("Key frames")),
    ("sprite", gettext_lazy("Sprite")),
    ("webvtt", gettext_lazy("WebVTT thumbnails")),
)


def described(row: SnapshotTemplate) -> dict[str, str]:
    """Mode, size, grid and address, each in a few words."""
    params = row.params
    address = params.get("output") or ""
    sprite = row.kind != "snapshot"
    mode = params.get("mode", "series" if sprite else "single")
    return {
        "mode": str(dict(MODES).get(mode, mode)),
        "times": _times(params, mode),
        "size": _size(params.get("width"), params.get("height")) if not sprite or "width" in params or "height" in params else "",
        "grid": f"{params.get('columns', 10)} × {params.get('rows', 10)}" if sprite else "",
        "cell": _size(params.get("cell_width"), params.get("cell_height")) if sprite else "",
        "output": address["address"] if isinstance(address, dict) else address,
    }


def _times(params: dict[str, Any], mode: str) -> str:
    words = []
    if "time" in params:
        words.append(_("from %(time)g s") % {"time": params["time"]} if mode != "single" else _("at %(time)g s") % {"time": params["time"]})
    if "interval" in params or mode == "series":
        words.append(_("every %(time)g s") % {"time": params.get("interval", 10)})
    if "every" in params:
        words.append(_("every %(n)s frames") % {"n": params["every"]})
    if "times" in params:
        words.append(", ".join(f"{time:g} s" for time in params["times"][:6]))
    if "count" in params:
        words.append(_("%(n)s pictures") % {"n": params["count"]})
    return ", ".join(words)


def _size(width: int | None, height: int | None) -> str:
    if width is None and height is None:
        return _("as the source")
    return f"{width or _('auto')} × {height or _('auto')}"
