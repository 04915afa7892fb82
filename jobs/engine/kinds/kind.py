"""What the rest has to know about a kind of job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """One kind. ``lane``: the queue that its steps wait in; steps of the lane «main» take a slot of their pipeline, those of «short» none."""

    name: str
    lane: Literal["main", "short"]
    makes_outputs: bool
    """Whether it writes objects; others only answer with facts."""

    @property
    def takes_slot(self) -> bool:
        """Light kinds run beside everything else."""
        return self.lane == "main"
