"""What leaves the comparing page: curves of the bitrate, every figure as CSV and JSON, and both pictures beside each other as one. Reads only."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from jobs.comparing.sides import Side, score_of
from jobs.quality.chart import POINTS

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.comparing.sides import Dip, Row

GAP = 8  # px between the two pictures


@dataclass(frozen=True)
class Rates:
    """The bitrate of both sides, second by second: curves in a box of 1000 × 100, whose top is ``most`` kbit/s."""

    most: float
    curves: tuple[tuple[Side, str], ...]


def rates(sides: Sequence[Side], length: float) -> Rates | None:
    """The curves; None where neither side's packets can be read."""
    found = [(one, one.flow.rates) for one in sides if one.flow and one.flow.rates]
    if not found or not length:
        return None
    most = _round_up(1.1 * max(max(values) for _one, values in found))
    return Rates(most, tuple((one, _steps(values, most, length)) for one, values in found))


def _round_up(value: float) -> float:
    """The next number that reads well: 1, 1.5, 2, 3, 5, 7.5 of its magnitude."""
    size = 10.0 ** math.floor(math.log10(max(value, 1.0)))
    return next(step * size for step in (1, 1.5, 2, 3, 5, 7.5, 10) if step * size >= value)


def _steps(values: Sequence[float], most: float, length: float) -> str:
    """A curve of steps: a second has one bitrate from its beginning to its end. Of long ones the mean of several seconds."""
    wide = max(1, math.ceil(len(values) / POINTS))
    means = [sum(part) / len(part) for at in range(0, len(values), wide) if (part := values[at : at + wide])]
    found = []
    for index, value in enumerate(means):
        y = f"{100 - 100 * min(1.0, value / most):.1f}"
        left, right = (min(1000.0, 1000 * edge * wide / length) for edge in (index, index + 1))
        found.append(f"{left:.1f},{y} {right:.1f},{y}")
    return " ".join(found)


def csv_lines(a: Side, b: Side) -> list[list[str]]:
    """VMAF and bitrate of both by time: number of the picture on side a, seconds, VMAF of a and b, kbit/s of a and b in that second.
    One line for each picture that was measured; where neither was, one for each second."""
    base = a if a.series else b
    found = [["picture", "seconds", *(f"{what}_{one.letter.lower()}" for what in ("vmaf", "kbps") for one in (a, b))]]
    if base.series:
        times = [(index * base.every, seconds) for index, seconds in enumerate(base.series_times)]
    else:
        times = [(a.course.at(second), float(second)) for second in range(max(len(one.flow.rates) if one.flow else 0 for one in (a, b)))]
    for number, seconds in times:
        scores = (f"{score_of(one, base, min(number, len(base.course) - 1)):g}" if one.series else "" for one in (a, b))
        found.append([str(number), f"{seconds:.3f}", *scores, *(_rate_at(one, seconds) for one in (a, b))])
    return found


def _rate_at(one: Side, seconds: float) -> str:
    values = one.flow.rates if one.flow else ()
    return f"{values[min(len(values) - 1, int(seconds))]:.1f}" if values else ""


def document(a: Side, b: Side, lines: Sequence[Row], lows: Sequence[Dip]) -> dict[str, Any]:
    """The whole report as JSON. Labels and values are in the reader's language, as on the page; the series are plain numbers."""

    def told(one: Side) -> dict[str, Any]:
        return {
            "name": one.name,
            "output": None if one.source else one.output.id,
            "address": f"oss://{one.bucket}/{one.key}",
            "size": one.size,
            "seconds": one.seconds,
            "vmaf": one.scores or None,
            "vmaf_series": list(one.series),
            "vmaf_every": one.every,
            "kbps_by_second": [round(value, 1) for value in one.flow.rates] if one.flow else [],
            "certificate": None if one.source else _certificate(one),
        }

    return {
        "a": told(a),
        "b": told(b),
        "figures": [{"label": row.label, "a": row.values[0], "b": row.values[1], "better": row.better or None} for row in lines],
        "lowest": [{"picture": dip.number, "seconds": round(dip.seconds, 3), "scores": list(dip.scores)} for dip in lows],
    }


def _certificate(one: Side) -> dict[str, Any] | None:
    """Without the settings that were found: those are parameters, which not everybody may see."""
    found: dict[str, Any] | None = one.output.certificate
    return {name: value for name, value in found.items() if name not in ("crf", "zones")} if found else None


def pair(left: Path, right: Path) -> bytes:
    """Both pictures beside each other as one PNG, as high as the higher one; the lower one is enlarged to it, pixel by pixel as large as they are on the page."""
    with Image.open(left) as a, Image.open(right) as b:
        height = max(a.height, b.height)
        shown = [
            one.convert("RGB")
            if one.height == height
            else one.convert("RGB").resize((round(one.width * height / one.height), height), Image.Resampling.BICUBIC)
            for one in (a, b)
        ]
    whole = Image.new("RGB", (shown[0].width + GAP + shown[1].width, height), "white")
    whole.paste(shown[0], (0, 0))
    whole.paste(shown[1], (shown[0].width + GAP, 0))
    out = io.BytesIO()
    whole.save(out, "PNG", compress_level=6)
    return out.getvalue()
