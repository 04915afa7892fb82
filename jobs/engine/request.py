"""One output as it was asked for: what its planning starts from. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.engine.probe import Probe
    from jobs.engine.sources import Material, Sources
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Template


@dataclass(frozen=True)
class Request:
    """One output as it was asked for, with all that is known. ``sources`` is the plan's table, which planning fills."""

    index: int
    template: Template
    spec: TranscodeSpec
    material: Material
    sources: Sources

    @property
    def probe(self) -> Probe:
        """The job's input."""
        return self.material.probe
