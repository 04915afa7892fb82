"""Analysis: which presets fit an input, and with what values an intelligent one would be used on it. What is looked for is in ``jobs.engine.analysis``. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs.engine import crop, fields
from jobs.engine.kinds.kind import Kind
from jobs.engine.sources import Material
from jobs.engine.spec import OutputSpec, TranscodeSpec
from jobs.engine.template import Container, Template, Video

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.engine.analysis.records import Answer, Complexity, Facts
    from jobs.engine.probe import Probe
    from jobs.engine.sampling import Measure
    from jobs.engine.spec import AnalysisSpec

KIND = Kind(name="analysis", lane="short", makes_outputs=False)


def measures(spec: AnalysisSpec, probe: Probe) -> dict[str, Measure]:
    """What is looked at first: fields always, since two words of the presets depend on them; borders where they are asked for."""
    asked = TranscodeSpec.model_construct(input=spec.whole, outputs=(OutputSpec.model_construct(address=spec.input.address, overrides={}),))
    template = Template(container=Container(format="mp4"), video=Video(deinterlace="auto", crop="auto" if spec.crop == "auto" else None))
    found = {"fields": fields.wanted(asked, [template], Material(probe)), "crop": crop.wanted(asked, [template], Material(probe))}
    return {name: one[0] for name, one in found.items() if one}


def told(spec: AnalysisSpec, etag: str, facts: Facts | None, complexity: Complexity | None, answers: Sequence[Answer], notes: Sequence[str]) -> dict[str, Any]:
    """The answer as JSON. ``etag``: of the object that was looked at; an answer holds for no other."""
    return {
        "etag": etag,
        "config": spec.model_dump(mode="json", include={"quality", "method", "deinterlace", "crop"}),
        "input": facts.model_dump(mode="json") if facts else None,
        "complexity": complexity.model_dump(mode="json") if complexity else None,
        "notes": list(notes),
        "fitting": sum(answer.fits for answer in answers),
        "presets": [answer.model_dump(mode="json") for answer in answers],
    }
