"""Cover: the best picture of a video, chosen by what can be measured. Pure: where to look, how good a picture is, which ones to keep.

A candidate is looked at with the pictures just before and after it: what lies exactly between those two is a fade or a dissolve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.kinds.kind import Kind
from jobs.engine.kinds.snapshot import Take, end_of
from jobs.engine.spec import SnapshotOutput, SnapshotSpec

if TYPE_CHECKING:
    from jobs.engine.probe import Probe
    from jobs.engine.spec import CoverSpec, PreviewSpec

KIND = Kind(name="cover", lane="short", makes_outputs=True)
LOOK_WIDTH = 320  # px of the pictures that are measured
BESIDE = 0.2  # s to the pictures beside a candidate
APART = 0.1  # s: candidates nearer than this are the same picture
SEEK_COSTS = 5.0  # s of video that are decoded to reach a place: half of what often lies between key frames; a short video is gone through once instead
BLIND_STEP = 2.0  # s between candidates of a video that does not tell its length
ALIKE = 0.12  # difference below which two pictures show the same
MIDDLE = 112.0  # of 255: the brightness of a well exposed picture


@dataclass(frozen=True)
class Measures:
    """What was measured of one picture of :data:`LOOK_WIDTH` px.

    ``edges``: variance of the Laplacian. ``brightness``, ``contrast``: mean and standard deviation, 0–255. ``dark``, ``bright``: share of pixels at the ends
    of the scale, ``flat``: share of the most common brightness, 0–1. ``colours``: colourfulness after Hasler and Süsstrunk, about 0–110. ``between``: how
    nearly it is the mean of its neighbours, 0–1. ``motion``: difference of the neighbours, 0–1. ``look``: a small picture as numbers 0–1, to compare by.
    """

    edges: float
    brightness: float
    contrast: float
    dark: float
    bright: float
    flat: float
    colours: float
    between: float
    motion: float
    look: tuple[float, ...]


@dataclass(frozen=True)
class Score:
    """How good a picture is: ``total`` and its parts, 0–100. ``faults``: why it is worse than its parts: black, white, plain, fade."""

    total: float
    sharpness: float
    exposure: float
    contrast: float
    colours: float
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A picture that may become the cover. ``time``: s from the beginning of the file."""

    time: float
    measures: Measures
    score: Score


@dataclass(frozen=True)
class Places:
    """Where to look. ``middles``: times of the places; none: every picture taken is one. ``warnings``: what has to be said about it."""

    takes: tuple[Take, ...]
    middles: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()


def as_snapshots(spec: CoverSpec) -> SnapshotSpec:
    """The pictures that are kept, as a snapshot job would be asked for them; their times are only known later."""
    return SnapshotSpec(
        input=spec.input,
        output=spec.output,
        mode="average" if spec.keep > 1 else "single",
        count=spec.keep if spec.keep > 1 else None,
        width=spec.width,
        height=spec.height,
        format=spec.format,
        quality=spec.quality,
    )


def small(spec: CoverSpec | PreviewSpec) -> SnapshotSpec:
    """How the pictures that are measured are made."""
    output = SnapshotOutput(address=spec.output.address)
    return SnapshotSpec(input=spec.input, output=output, mode="times", times=(0.0,), width=LOOK_WIDTH, format="jpg", quality=95)


def places(probe: Probe, number: int) -> Places:
    """Where to look: ``number`` places spread over the video, each with the pictures beside it. Raises JobError NoVideoStream."""
    end = end_of(probe)
    if end is None:
        length = number * BLIND_STEP
        told = f"The input does not tell how long it is, so only its first {length:g} s were looked at."
        return Places((Take("", 0.0, BLIND_STEP, number),), (), (told,))
    number = max(1, min(number, int(end / APART)))
    middles = tuple((place + 0.5) * end / number for place in range(number))
    if end <= number * SEEK_COSTS:
        return Places((Take("", 0.0, BESIDE, int(end / BESIDE) + 1),), middles)
    return Places(tuple(Take("", round(max(0.0, middle - BESIDE), 3), BESIDE, 3) for middle in middles), middles)


def groups(times: Sequence[float], middles: Sequence[float]) -> list[tuple[int, int | None, int | None]]:
    """Which of the pictures taken (their times, ascending) belongs to each place, with those just before and after it, as positions; None: there is none.

    Without ``middles`` each picture is a place of its own, without neighbours."""
    if not middles:
        return [(at, None, None) for at in range(len(times))]
    found: dict[int, tuple[int, int | None, int | None]] = {}
    for middle in middles:
        at = min(range(len(times)), key=lambda number: abs(times[number] - middle))
        near = [other if 0 <= other < len(times) and abs(times[other] - times[at]) < 1.5 * BESIDE else None for other in (at - 1, at + 1)]
        found[at] = (at, near[0], near[1])
    return list(found.values())


def score(measures: Measures) -> Score:
    """Judge a picture."""
    sharpness = measures.edges / (measures.edges + 150)
    exposure = max(0.0, 1 - abs(measures.brightness - MIDDLE) / MIDDLE) * (1 - max(measures.dark, measures.bright) ** 2)
    contrast = min(1.0, measures.contrast / 60)
    colours = min(1.0, measures.colours / 60)
    total = 0.35 * sharpness + 0.25 * exposure + 0.2 * contrast + 0.2 * colours
    faults = []
    if measures.dark > 0.85:
        faults.append("black")
        total *= 0.1
    elif measures.bright > 0.85:
        faults.append("white")
        total *= 0.1
    elif measures.flat > 0.6:  # letters on a plain ground: credits, titles
        faults.append("plain")
        total *= 0.35
    if measures.motion > 0.03 and measures.between < 0.25:
        faults.append("fade")
        total *= 0.5
    return Score(
        total=round(100 * total, 1),
        sharpness=round(100 * sharpness, 1),
        exposure=round(100 * exposure, 1),
        contrast=round(100 * contrast, 1),
        colours=round(100 * colours, 1),
        faults=tuple(faults),
    )


def difference(one: Measures, other: Measures) -> float:
    """How different two pictures look: 0 the same, 1 black and white."""
    return sum(abs(a - b) for a, b in zip(one.look, other.look, strict=True)) / max(1, len(one.look))


def best(candidates: Sequence[Candidate], keep: int) -> list[Candidate]:
    """The best ones, best first; none that looks like a better one, as long as there are others. At least one."""
    ranked = sorted(candidates, key=lambda one: (-one.score.total, one.time))
    chosen: list[Candidate] = []
    for one in ranked:
        if len(chosen) < keep and all(difference(one.measures, other.measures) > ALIKE for other in chosen):
            chosen.append(one)
    return chosen
