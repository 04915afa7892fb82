"""Playback speed: filters that make picture and sound faster or slower by one factor; the pitch of the sound stays. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec

TEMPO_MAX = 2.0  # above it, atempo leaves samples out instead of blending them
TEMPO_MIN = 0.5  # the filter's own


def picture_filters(speed: float) -> tuple[FilterSpec, ...]:
    """The times of the pictures; which of them are shown is for the frame rate to say."""
    return () if speed == 1 else (("setpts", (("expr", f"PTS/{speed:g}"),)),)


def sound_filters(speed: float) -> tuple[FilterSpec, ...]:
    """One atempo, or two of the root where one would be beyond its good range (0.25 = 0.5 × 0.5)."""
    if speed == 1:
        return ()
    if TEMPO_MIN <= speed <= TEMPO_MAX:
        return (("atempo", (("tempo", f"{speed:g}"),)),)
    return (("atempo", (("tempo", f"{speed**0.5:.9g}"),)),) * 2
