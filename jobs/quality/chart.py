"""What a quality job measured, for the page: scores as rows, the course over time as points for SVG, the worst moments as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from console.lib.quantities import clock
from jobs.engine.kinds.quality import moments, unpacked

NAMES = {"vmaf": "VMAF", "vmaf_neg": "VMAF NEG", "ssim": "SSIM", "psnr": "PSNR", "xpsnr": "XPSNR"}
UNITS = {"psnr": "dB", "xpsnr": "dB"}
PLACES = {"ssim": 4}
COLUMNS = (("mean", _("Mean")), ("harmonic_mean", _("Harmonic mean")), ("low5", _("5 % low")), ("low1", _("1 % low")), ("min", _("Lowest")))
POINTS = 600  # of a curve
WORST = 10
CURVES = ("vmaf", "vmaf_neg")


@dataclass(frozen=True)
class Row:
    """One measure and its figures, in the order of :data:`COLUMNS`."""

    name: str
    unit: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """``curves``: (kind, label, points in a box of 1000 × 100, 0 at its foot); ``worst``: (time, number of the picture from 1 on, score) of the lowest ones."""

    rows: tuple[Row, ...]
    curves: tuple[tuple[str, str, str], ...]
    ticks: tuple[tuple[str, str, str], ...]
    worst: tuple[tuple[str, int, str], ...]
    worst_name: str
    result: dict[str, Any]


def chart(result: dict[str, Any]) -> Chart:
    """Of the result of a quality job."""
    rows = tuple(_row(name, result["scores"][name]) for name in _measured(result))
    first = _measured(result)[0]
    values = unpacked(result["series"][first])
    times = moments(result, len(values))
    seconds = times[-1] + times[-1] / max(1, len(times) - 1) if times else 0.0
    ticks = tuple((f"{share}%", clock(seconds * share / 100), anchor) for share, anchor in ((0, "start"), (50, "middle"), (100, "end"))) if seconds else ()
    curves = tuple((name, NAMES[name], curve(unpacked(result["series"][name]), times, seconds)) for name in CURVES if name in result["series"])
    lowest = sorted(range(len(values)), key=values.__getitem__)[:WORST]
    scale = 100 if first == "ssim" else 1
    worst = tuple((clock(times[at]) if times else "–", at * result["every"] + 1, _number(first, values[at] / scale)) for at in lowest)
    return Chart(rows, curves, ticks, worst, NAMES[first], result)


def csv_lines(result: dict[str, Any]) -> list[list[str]]:
    """Every picture's figures: its number, its time in seconds, the measures."""
    names = _measured(result)
    series = [[value / 100 for value in unpacked(result["series"][name])] if name == "ssim" else unpacked(result["series"][name]) for name in names]
    found = [["picture", "seconds", *names]]
    length = max((len(one) for one in series), default=0)
    times = moments(result, length)
    for number in range(length):
        moment = f"{times[number]:.3f}" if times else ""
        found.append([str(number * result["every"]), moment, *(f"{one[number]:g}" if number < len(one) else "" for one in series)])
    return found


def _measured(result: dict[str, Any]) -> list[str]:
    """Names of the measures in our order: a database may keep an object's keys in its own."""
    return [name for name in NAMES if name in result["series"]]


def _row(name: str, scores: dict[str, float]) -> Row:
    return Row(NAMES[name], UNITS.get(name, ""), tuple(_number(name, scores[column]) for column, _label in COLUMNS))


def _number(name: str, value: float) -> str:
    return number_format(value, PLACES.get(name, 2))


def curve(values: Sequence[float], times: Sequence[float] | None, length: float) -> str:
    """A measure over time in a box of 1000 × 100, 0 at its foot: the lowest picture of each part of the box, so that no moment that falls is lost however long
    the film. ``times``: of the values, s; None, or no ``length``: they are spread evenly."""
    last = max(1, len(values) - 1)
    lows: dict[int, tuple[float, float]] = {}
    for number, value in enumerate(values):
        left = 1000 * (times[number] / length if times and length else number / last)
        part = int(left * POINTS / 1000)
        if part not in lows or value < lows[part][1]:
            lows[part] = (left, value)
    return " ".join(f"{min(1000.0, left):.1f},{100 - max(0.0, min(100.0, low)):.1f}" for left, low in lows.values())
