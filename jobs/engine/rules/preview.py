"""What cannot be combined in a preview job. Places are relative to the spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.engine.errors import Problem

if TYPE_CHECKING:
    from jobs.engine.spec import PreviewSpec

FORMATS = ("gif", "webp", "mp4")
SHOT_SECONDS = 0.4
"""A shorter shot is a flash, not a picture."""


def format_of(spec: PreviewSpec) -> str:
    """What is said, else what the address ends with, else mp4."""
    return spec.format or _ending(spec) or "mp4"


def shots_of(spec: PreviewSpec) -> int:
    """How many stretches of the video: one highlight in MP4, a summary of five elsewhere; fewer where they would be too short."""
    most = max(1, int(spec.seconds / SHOT_SECONDS))
    return min(spec.shots or (1 if format_of(spec) == "mp4" else 5), most)


def check(spec: PreviewSpec) -> Iterator[Problem]:
    """Every impossible combination."""
    ending = _ending(spec)
    if spec.format and ending and ending != spec.format:
        yield Problem(("format",), f"The address ends with another format than {spec.format}.")
    if spec.shots and spec.shots > 1 and spec.seconds / spec.shots < SHOT_SECONDS:
        yield Problem(("shots",), f"{spec.shots} shots in {spec.seconds:g} s are shorter than {SHOT_SECONDS:g} s each.")
    if spec.shots and spec.shots > spec.candidates:
        yield Problem(("candidates",), "There must be at least as many candidates as shots.")


def _ending(spec: PreviewSpec) -> str | None:
    ending = spec.output.address.key.rpartition(".")[2].lower()
    return ending if ending in FORMATS else None
