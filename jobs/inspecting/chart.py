"""What an inspection found, as numbers for SVG and as a table: shares of the width in %, heights in px, so that text keeps its size on every screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.lib.quantities import clock
from jobs.inspecting.words import MEASURE_NAMES

ROW = 34
BAND = 18  # px of what is drawn in a row
CURVE = 70  # px of the loudness row
QUIET, LOUD = -60.0, 0.0  # LUFS at the ends of its axis
LEAST = 0.15  # % of the width: shorter stretches could not be seen
STRETCHES = ("black", "freeze", "silence")
TABLE = 500


@dataclass(frozen=True)
class Mark:
    """A stretch or a moment in a row."""

    x: str
    width: str
    title: str


@dataclass(frozen=True)
class Row:
    """One measure over time; ``points``: of its curve in a box of 1000 × 100."""

    kind: str
    label: str
    value: str
    text_y: int
    y: int
    height: int
    marks: tuple[Mark, ...] = ()
    points: str = ""


@dataclass(frozen=True)
class Finding:
    """One line of the table."""

    kind: str
    start: str
    end: str
    length: str


@dataclass(frozen=True)
class Chart:
    """The timeline. ``ticks``: (x, label, anchor); ``facts``: (name, value) of what has no time; ``findings``: the same as a table, of ``number`` in all."""

    rows: tuple[Row, ...]
    height: int
    axis: int
    ticks: tuple[tuple[str, str, str], ...]
    facts: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    number: int
    skipped: tuple[tuple[str, str], ...]
    whole: bool
    looked_at: str


def chart(result: dict[str, Any]) -> Chart:
    """Of the result of an inspect job."""
    looked = result["looked_at"]
    start, seconds = looked["start"], max(looked["seconds"], 0.001)
    rows, y = [], 0
    for name in ("scenes", *STRETCHES, "loudness"):
        if name in result:
            rows.append(_row(name, result[name], y, start, seconds))
            y += CURVE + ROW - BAND if name == "loudness" else ROW + 8
    findings = _findings(result)
    return Chart(
        rows=tuple(rows),
        height=y + 24,
        axis=y,
        ticks=tuple((f"{25 * part}%", clock(start + seconds * part / 4), ("start", "middle", "middle", "middle", "end")[part]) for part in range(5)),
        facts=tuple(_facts(result)),
        findings=tuple(findings[:TABLE]),
        number=len(findings),
        skipped=tuple((str(MEASURE_NAMES[name]), why) for name, why in result["skipped"].items()),
        whole=looked["whole"],
        looked_at=f"{clock(start)} – {clock(start + seconds)}",
    )


def _row(name: str, found: dict[str, Any], y: int, start: float, seconds: float) -> Row:
    label = str(MEASURE_NAMES[name])
    if name == "loudness":
        lufs = found["curve"]["lufs"]
        across = 1000 / max(1, len(lufs) - 1)
        points = " ".join(f"{number * across:.1f},{100 * (LOUD - min(max(value, QUIET), LOUD)) / (LOUD - QUIET):.1f}" for number, value in enumerate(lufs))
        told = "–" if found["integrated_lufs"] is None else f"{_number(found['integrated_lufs'])} LUFS"
        return Row(name, label, told, y + 12, y + 18, CURVE - 18, points=points)
    if name == "scenes":
        marks = tuple(Mark(_x(cut["time"] - start, seconds), "2", f"{label}: {_moment(cut['time'])}") for cut in found["cuts"])
        told = ngettext("%(n)s scene", "%(n)s scenes", found["count"]) % {"n": number_format(found["count"], 0, force_grouping=True)}
        return Row(name, label, told, y + 12, y + 18, BAND, marks)
    marks = tuple(
        Mark(_x(row["start"] - start, seconds), f"{max(LEAST, 100 * (row['end'] - row['start']) / seconds):.3f}%", f"{label}: {_stretch(row)}")
        for row in found["stretches"]
    )
    told = _("%(share)s %% · %(seconds)s s") % {"share": _number(found["share"]), "seconds": _number(found["seconds"])} if marks else _("none")
    return Row(name, label, told, y + 12, y + 18, BAND, marks)


def _findings(result: dict[str, Any]) -> list[Finding]:
    """Everything that has a time, in order of time."""
    found = [(cut["time"], Finding(str(MEASURE_NAMES["scenes"]), _moment(cut["time"]), "–", "–")) for cut in result.get("scenes", {}).get("cuts", ())]
    for name in STRETCHES:
        for row in result.get(name, {}).get("stretches", ()):
            length = f"{_number(row['end'] - row['start'], 2)} s"
            found.append((row["start"], Finding(str(MEASURE_NAMES[name]), _moment(row["start"]), _moment(row["end"]), length)))
    return [finding for _time, finding in sorted(found, key=lambda one: one[0])]


def _facts(result: dict[str, Any]) -> list[tuple[str, str]]:
    """Figures without a time."""
    facts = []
    if scenes := result.get("scenes"):
        facts.append((_("Scenes"), f"{scenes['count']} · Ø {_number(scenes['mean_seconds'])} s"))
    if loud := result.get("loudness"):
        for label, name, unit in (
            (_("Integrated loudness"), "integrated_lufs", "LUFS"),
            (_("Loudness range"), "range_lu", "LU"),
            (_("True peak"), "true_peak_db", "dBTP"),
        ):
            facts.append((label, _("silent") if loud[name] is None else f"{_number(loud[name])} {unit}"))
    if fields := result.get("interlace"):
        order = (_("top field first") if fields["top_first"] else _("bottom field first")) if fields["interlaced"] else ""
        facts.append((_("Interlacing"), _("interlaced, %(order)s") % {"order": order} if fields["interlaced"] else _("progressive")))
    if crop := result.get("crop"):
        inside = _("%(width)s × %(height)s px at %(left)s, %(top)s, of %(all)s")
        values = {name: crop[name] for name in ("width", "height", "left", "top")} | {"all": f"{crop['of']['width']} × {crop['of']['height']}"}
        facts.append((_("Picture inside black borders"), inside % values if crop["borders"] else _("no borders")))
    return facts


def _x(time: float, seconds: float) -> str:
    return f"{100 * min(max(time / seconds, 0.0), 1.0):.3f}%"


def _number(value: float, digits: int = 1) -> str:
    return number_format(round(value, digits), digits)


def _moment(time: float) -> str:
    """«1:02.48»: to the hundredth, since cuts are shorter than a second."""
    minutes, rest = divmod(round(time * 100), 6000)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours}:{minutes:02}' if hours else minutes}:{rest // 100:02}.{rest % 100:02}"


def _stretch(row: dict[str, float]) -> str:
    return f"{_moment(row['start'])} – {_moment(row['end'])}"
