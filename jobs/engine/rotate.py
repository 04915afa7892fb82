"""Turn and mirror the upright picture. Pure.

Quarter turns move pixels and nothing else. Any other angle makes the picture as large as the turned one needs, with black corners: nothing is
cut off, and a size that is asked for is the size of all that.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jobs.engine.geometry import Upright

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec
    from jobs.engine.template import Video

_HORIZONTAL: FilterSpec = ("hflip", ())
_VERTICAL: FilterSpec = ("vflip", ())
_QUARTERS: dict[int, tuple[FilterSpec, ...]] = {
    90: (("transpose", (("dir", "clock"),)),),
    180: (_HORIZONTAL, _VERTICAL),
    270: (("transpose", (("dir", "cclock"),)),),
}
_FLIPS: dict[str, tuple[FilterSpec, ...]] = {"horizontal": (_HORIZONTAL,), "vertical": (_VERTICAL,), "both": (_HORIZONTAL, _VERTICAL)}


def turn(source: Upright, video: Video) -> tuple[Upright, tuple[FilterSpec, ...]]:
    """The picture after turning and mirroring, in this order."""
    angle = video.rotate or 0
    flips = _FLIPS[video.flip] if video.flip else ()
    if angle == 0:
        return source, flips
    if angle % 180 == 0:
        return source, (*_QUARTERS[angle], *flips)
    if angle % 90 == 0:
        return Upright(source.height, source.width, source.square), (*_QUARTERS[angle], *flips)
    turned = Upright(*around(source.width, source.height, angle), square=True)
    chain: list[FilterSpec] = []
    if not source.square:  # a turn of pixels that are not square would be a distortion
        chain += [("scale", (("w", source.width), ("h", source.height), ("flags", "bicubic"))), ("setsar", (("sar", "1"),))]
    chain.append(("rotate", (("angle", f"{angle}*PI/180"), ("out_w", turned.width), ("out_h", turned.height), ("fillcolor", "black"))))
    return turned, (*chain, *flips)


def around(width: int, height: int, angle: int) -> tuple[int, int]:
    """The box around a turned picture, in even numbers."""
    sine, cosine = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
    return _even_above(width * cosine + height * sine), _even_above(width * sine + height * cosine)


def _even_above(value: float) -> int:
    return 2 * math.ceil(value / 2 - 1e-9)
