"""What has to be looked at before planning: key frames, borders, fields, loudness. Pure: which commands to run, and how to read what they say.

A measurement is asked for by its name; outputs that need the same one share it. Its value stands in ``Material.measured`` when the plan is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jobs.engine import copied_start, crop, extraction, fields, listening
from jobs.engine.sampling import Measure

if TYPE_CHECKING:
    from jobs.engine.sources import Material
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Template

__all__ = ["Measure", "wanted"]

Wanted = Callable[["TranscodeSpec", Sequence["Template"], "Material"], tuple[Measure, ...]]
WANTED: tuple[Wanted, ...] = (copied_start.wanted, crop.wanted, fields.wanted, extraction.wanted, listening.wanted)
"""One function per kind of measurement."""


def wanted(spec: TranscodeSpec, templates: Sequence[Template], material: Material) -> tuple[Measure, ...]:
    """All measurements that these outputs need, each once."""
    found = [measure for ask in WANTED for measure in ask(spec, templates, material)]
    return tuple({measure.name: measure for measure in found}.values())
