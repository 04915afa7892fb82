"""Sizes of pictures as shares of the source. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.engine.probe import Probe

SIDE_MAX = 4096


def side_of(probe: Probe, side: str, share: float) -> int:
    """Px of a share of the upright picture's «width» or «height», even. Raises ValueError with one plain sentence."""
    stream = probe.picture
    if stream is None:
        raise ValueError("The object has no video.")
    turned = stream.rotation % 180 == 90
    whole = stream.height if (side == "width") == turned else stream.width
    found = max(2, round(whole * share / 2) * 2)
    if found > SIDE_MAX:
        raise ValueError(f"{share * 100:g} % of the video's {side} are more than {SIDE_MAX} pixels.")
    return found
