"""Quality: an output held against its source. What is compared with what is decided in ``jobs.engine.quality``. Pure."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from jobs.engine.kinds.kind import Kind
from jobs.engine.template import Container, Template

if TYPE_CHECKING:
    from jobs.engine.quality import Comparison, Series
    from jobs.engine.spec import Metric

KIND = Kind(name="quality", lane="main", makes_outputs=False)
PLAIN = Template(container=Container(format="mp4"))  # of an object that nobody here made: nothing but its size is changed
HUNDREDTHS = 100
TICKS = 1000 * HUNDREDTHS  # per second


def packed(values: Sequence[float]) -> str:
    """A series as text: hundredths as little-endian 32-bit numbers, deflated, Base64. An hour at 25 frames per second takes some 150 kB."""
    numbers = [round(value * HUNDREDTHS) for value in values]
    return base64.b64encode(zlib.compress(struct.pack(f"<{len(numbers)}i", *numbers), 9)).decode()


def unpacked(text: str) -> list[float]:
    """What :func:`packed` was given, in hundredths. Raises ValueError."""
    try:
        data = zlib.decompress(base64.b64decode(text, validate=True))
        return [number / HUNDREDTHS for (number,) in struct.iter_unpack("<i", data)]
    except (zlib.error, struct.error) as error:
        raise ValueError("no packed series") from error


def moments(result: Mapping[str, Any], count: int) -> list[float] | None:
    """When each of ``count`` pictures of a result is shown, s from the first one: as the file tells it, else by the mean rate; None: neither is known."""
    if told := result.get("times"):
        times = [ticks / 1000 for ticks in accumulate(unpacked(told))]
        if len(times) >= count:
            return times[:count]
    fps = result["fps"]
    return [number * result["every"] / fps for number in range(count)] if fps else None


def told(
    found: Comparison, series: Mapping[Metric, Series], *, frames: int, fps: float | None, versions: str, times: Sequence[float] | None = None
) -> dict[str, Any]:
    """The answer as JSON. ``series`` of SSIM are kept in ten-thousandths of a part: times 100. ``times``: of the pictures that were looked at, s; kept as the
    milliseconds between them."""
    return {
        "frames": frames,
        "fps": fps,
        "every": found.every,
        "model": found.model,
        "width": found.width,
        "height": found.height,
        "shaped": found.shaped,
        "tool": versions,
        "times": None if times is None else packed([(late - early) / HUNDREDTHS for early, late in pairwise((0, *(round(time * TICKS) for time in times)))]),
        "scores": {name: one.summary for name, one in series.items()},
        "series": {name: packed([value * 100 for value in one.values] if name == "ssim" else one.values) for name, one in series.items()},
    }
