"""Which rungs of a ladder are worth making on this input («automatic ladder»). Pure.

Each rung's size and score are forecast at the size of the source, as players show it on a large screen. A rung stays if it is visibly better than the next
cheaper one, costs more, and does not lie below the line between its neighbours, unless a player would then find nothing for a whole range of networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAIN = 2.0  # VMAF: what a rung must add; a difference of 6 is what half the viewers notice, and forecasts err by 1
APART = 2.5  # × the bitrate: neighbours lie no further apart where a rung between them is worth something


@dataclass(frozen=True)
class Rated:
    """One rung as it would come out: its shorter side in px, its picture's average bitrate, VMAF at the source's size."""

    name: str
    height: int
    kbps: float
    score: float

    @property
    def told(self) -> str:
        """«540p (VMAF 92.1 at 480 kbit/s)»."""
        return f"{self.name} (VMAF {self.score:.1f} at {self.kbps:.0f} kbit/s)"


def hull(rungs: Sequence[Rated]) -> tuple[str, ...]:
    """The names of those that stay, the cheapest first: bitrates, sizes and scores rise. At least one; none only of none."""
    kept: list[Rated] = []
    for rung in sorted(rungs, key=lambda one: (one.kbps, -one.score)):
        if not kept or (rung.kbps > kept[-1].kbps and rung.height >= kept[-1].height and rung.score >= kept[-1].score + GAIN):
            kept.append(rung)
    while (weak := _below(kept)) is not None:
        kept.remove(weak)
    return tuple(rung.name for rung in kept)


def _below(rungs: Sequence[Rated]) -> Rated | None:
    """The rung that lies furthest below the line between its neighbours, if they are near enough to each other to do without it."""
    found: list[tuple[float, Rated]] = []
    for left, rung, right in zip(rungs, rungs[1:], rungs[2:], strict=False):
        line = left.score + (right.score - left.score) * (rung.kbps - left.kbps) / (right.kbps - left.kbps)
        if rung.score < line and right.kbps <= APART * left.kbps:
            found.append((line - rung.score, rung))
    return max(found, key=lambda one: one[0])[1] if found else None


def left_out(rungs: Sequence[Rated], kept: Sequence[str]) -> str:
    """What the job page says of it; empty where all stay."""
    gone = [rung.told for rung in rungs if rung.name not in kept]
    return f"Left out, since they add nothing on this input: {', '.join(gone)}." if gone else ""
