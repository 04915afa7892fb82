"""What cannot be combined in a sprite job. Places are relative to the spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.engine.errors import Problem
from jobs.engine.grid import CELL_MIN, SIDE_MAX, too_high, too_wide
from jobs.engine.rules.snapshot import DIFFER
from jobs.engine.snapshot_picture import ENDINGS, FORMATS

if TYPE_CHECKING:
    from jobs.engine.spec import SpriteSpec

FIELDS: dict[str, frozenset[str]] = {
    "series": frozenset({"time", "interval", "count", "frame", "index", "singles"}),
    "average": frozenset({"count", "frame", "index", "singles"}),
    "images": frozenset({"images"}),
}
"""What each mode is told by. Everything else of these has no meaning in it."""
_TELLING = frozenset().union(*FIELDS.values())
NUMBERS = ("{TileCount}", "{index}")
INDEX = ".vtt"


def format_of(spec: SpriteSpec) -> str:
    """What is said, else what the address ends with, else jpg."""
    return spec.format or _ending(spec.output.address.key) or "jpg"


def most_px(spec: SpriteSpec) -> int:
    """px a side of a sheet."""
    return min(SIDE_MAX, FORMATS[format_of(spec)].most)


def check(spec: SpriteSpec) -> Iterator[Problem]:
    """Every impossible combination."""
    if spec.mode == "average" and spec.count is None:
        yield Problem(("count",), "The mode «average» needs «count».")
    if spec.mode == "images" and not spec.images:
        yield Problem(("images",), "The mode «images» needs «images».")
    for name in sorted(_TELLING - FIELDS[spec.mode]):
        if getattr(spec, name) not in (None, (), "auto"):
            yield Problem((name,), f"In the mode «{spec.mode}», «{name}» has no meaning.")
    yield from _names(spec)
    yield from _sizes(spec)


def _names(spec: SpriteSpec) -> Iterator[Problem]:
    key = spec.output.address.key
    ending = _ending(key)
    if ending == "avif":
        yield Problem(("output", "address"), "Sheets can be JPEG, PNG or WebP.")
    if spec.format and ending and ending not in (spec.format, "avif"):
        yield Problem(("format",), f"The address ends with another format than {spec.format}.")
    if spec.quality and (spec.format or ending) == "png":
        yield Problem(("quality",), "PNG loses nothing, so it has no quality.")
    cells = len(spec.images) if spec.mode == "images" else spec.count
    alone = cells is not None and cells <= spec.columns * spec.rows
    if not any(number in key for number in NUMBERS) and not alone:
        yield Problem(("output", "address"), "Add {TileCount}: several sheets need different names.")
    if spec.index is not None:
        if spec.index.bucket != spec.output.address.bucket:
            yield Problem(("index",), "The index must be in the bucket of the sheets.")
        if not spec.index.key.lower().endswith(INDEX):
            yield Problem(("index",), "The address of the index ends with .vtt.")
        if any(number in spec.index.key for number in NUMBERS):
            yield Problem(("index",), "There is one index for all sheets: leave {TileCount} out.")
    if spec.singles is not None:
        if spec.singles.bucket != spec.output.address.bucket:
            yield Problem(("singles",), "The single pictures must be in the bucket of the sheets.")
        if not any(name in spec.singles.key for name in DIFFER):
            yield Problem(("singles",), "Add {Count}: several images need different names.")
        if _ending(spec.singles.key) == "avif":
            yield Problem(("singles",), "The single pictures can be JPEG, PNG or WebP.")


def _sizes(spec: SpriteSpec) -> Iterator[Problem]:
    """What cannot fit whatever the video is; with unknown cells the smallest possible ones count."""
    most = most_px(spec)
    if wide := too_wide(spec.columns, spec.cell_width or spec.width or CELL_MIN, spec.margin, spec.padding, most):
        yield Problem(("columns",), wide)
    if high := too_high(spec.cell_height or spec.height or CELL_MIN, spec.margin, most):
        yield Problem(("margin",), high)
    if spec.scale_type and not ((spec.cell_width and spec.cell_height) or (spec.width and spec.height)):
        yield Problem(("scale_type",), "It says what width and height together mean; give both.")


def _ending(key: str) -> str | None:
    return ENDINGS.get(key.rpartition(".")[2].lower())


def index_key(sheets: str) -> str:
    """Where the index goes if nobody says: beside the sheets, named as they are, without their number."""
    folder, slash, name = sheets.rpartition("/")
    stem = name.replace(NUMBERS[0], "").replace(NUMBERS[1], "")
    if _ending(name) or stem.endswith((".", ".{autoext}")):
        stem = stem.rpartition(".")[0]
    stem = stem.strip("-_. ")
    return f"{folder}{slash}{stem or 'index'}{INDEX}"
