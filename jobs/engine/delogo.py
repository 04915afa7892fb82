"""Areas that are made unrecognisable: from the template and the source to branches that are cut out, changed and laid back. Pure.

Areas are measured in the upright source picture (rotated, square pixels), because that is the picture in which people see what has to
disappear; so they come before cropping, turning and scaling. Each area is a copy of that part of the picture, changed and laid back over
it: everything outside stays as it is, bit by bit. Areas grow to even borders, so that subsampled colour is hidden with its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.geometry import upright
from jobs.engine.overlays import FORMATS, during, offset
from jobs.engine.plan import Branch, Chain, FilterSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.engine.probe import VideoStream
    from jobs.engine.vocabulary.marks import Delogo

BLOCK_MIN = 8  # px of a mosaic's blocks
ROWS = 4  # of blocks, at least, across the shorter side of an area; more where a block would be larger than a twelfth of the picture
BORDER = 4  # px around an area from which «delogo» fills it in


@dataclass(frozen=True)
class Area:
    """Part of the decoded picture, in its own pixels; borders are even or those of the picture."""

    x: int
    y: int
    width: int
    height: int


def delogo(areas: Sequence[Delogo], stream: VideoStream, pixel_format: str | None) -> tuple[Chain, tuple[str, ...]]:
    """What comes before everything else in the picture's chain, and what a person should know.

    ``pixel_format``: the output's, for sources whose own one cannot be laid over. No areas: nothing.
    """
    chain: list[FilterSpec | Branch] = []
    warnings: list[str] = []
    known = FORMATS.get(stream.pixel_format or "")
    overlay = known or FORMATS.get(pixel_format or "", "gbrp")
    for number, wanted in enumerate(areas, start=1):
        area, cut = _placed(wanted, stream)
        if area is None:
            warnings.append(f"The area {number} to hide lies outside the picture; it was ignored.")
            continue
        if cut:
            warnings.append(f"The area {number} to hide reaches beyond the picture; it was cut at the edge.")
        chain.append(_branch(wanted, area, stream, overlay))
    if chain and known is None:
        chain.insert(0, ("format", (("pix_fmts", pixel_format if pixel_format in FORMATS else "gbrp"),)))
    return tuple(chain), tuple(warnings)


def _frame(stream: VideoStream) -> tuple[int, int]:
    """Width and height of the decoded picture once ffmpeg turned it upright; its pixels may not be square."""
    return (stream.height, stream.width) if stream.rotation % 180 else (stream.width, stream.height)


def _placed(wanted: Delogo, stream: VideoStream) -> tuple[Area | None, bool]:
    """The area inside the picture, and whether something of it was cut off."""
    seen, (across, down) = upright(stream), _frame(stream)
    width, height = offset(wanted.width, seen.width), offset(wanted.height, seen.height)
    dx, dy = offset(wanted.dx, seen.width), offset(wanted.dy, seen.height)
    left = seen.width - dx - width if wanted.corner.endswith("right") else dx
    top = seen.height - dy - height if wanted.corner.startswith("bottom") else dy
    x, x_end, cut_x = _inside(left, left + width, seen.width, across)
    y, y_end, cut_y = _inside(top, top + height, seen.height, down)
    if x_end <= x or y_end <= y:
        return None, False
    return Area(x, y, x_end - x, y_end - y), cut_x or cut_y


def _inside(first: int, last: int, seen: int, decoded: int) -> tuple[int, int, bool]:
    """From px of the upright picture to px of the decoded one, grown to even borders; whether it was cut."""
    begin, end = max(0, first), min(seen, last)
    if end <= begin:
        return 0, 0, False
    ratio = decoded / seen
    low = int(begin * ratio + 1e-9)
    high = -int(-end * ratio + 1e-9)  # rounded up
    return low - low % 2, min(decoded, high + high % 2), begin > first or end < last


def _branch(wanted: Delogo, area: Area, stream: VideoStream, overlay: str) -> Branch:
    """Cut out, change, lay back."""
    timing = during(wanted.start, wanted.duration)
    into: FilterSpec = ("overlay", (("x", area.x), ("y", area.y), ("format", overlay), ("eval", "init"), *timing))
    if wanted.method == "delogo":
        return _filled(area, stream, overlay, timing)
    cut: FilterSpec = ("crop", (("w", area.width), ("h", area.height), ("x", area.x), ("y", area.y), ("exact", 1)))
    if wanted.method == "blur":
        sigma = max(4.0, min(area.width, area.height) / 6)
        return Branch(filters=(cut, ("gblur", (("sigma", f"{sigma:.3g}"), ("steps", 3)))), into=into)
    block = block_side(area, min(_frame(stream)))
    return Branch(filters=(cut, ("pixelize", (("w", block), ("h", block), ("mode", "avg")))), into=into)


def block_side(area: Area, short: int) -> int:
    """px of a mosaic's blocks: even, so that colour has blocks of the same borders."""
    side = max(BLOCK_MIN, min(min(area.width, area.height) // ROWS, short // 12))
    return side - side % 2


def _filled(area: Area, stream: VideoStream, overlay: str, timing: tuple[tuple[str, str], ...]) -> Branch:
    """ffmpeg's delogo fills in from a border of one pixel that must exist, so the area is cut out with its surroundings, and is narrower at the
    edges of the picture by that one pixel. It only knows 8 bits; the rest of the picture keeps its own."""
    across, down = _frame(stream)
    x, y = max(0, area.x - BORDER), max(0, area.y - BORDER)
    right, bottom = min(across, area.x + area.width + BORDER), min(down, area.y + area.height + BORDER)
    inner_x, inner_y = max(1, area.x - x), max(1, area.y - y)
    inner_right, inner_bottom = min(area.x + area.width - x, right - x - 1), min(area.y + area.height - y, bottom - y - 1)
    return Branch(
        filters=(
            ("crop", (("w", right - x), ("h", bottom - y), ("x", x), ("y", y), ("exact", 1))),
            ("delogo", (("x", inner_x), ("y", inner_y), ("w", max(1, inner_right - inner_x)), ("h", max(1, inner_bottom - inner_y)))),
        ),
        into=("overlay", (("x", x), ("y", y), ("format", overlay), ("eval", "init"), *timing)),
    )
