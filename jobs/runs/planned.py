"""What every step of a transcode has in hand: its inputs in the room, what was measured on them, and the plan of all outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobs.analysing.admission import is_intelligent
from jobs.engine.measure import wanted
from jobs.engine.resolve import resolve
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from jobs.lettering.plans import drawn
from jobs.runs.gather import gather
from jobs.runs.keys import content_keys
from jobs.runs.measuring import measured
from jobs.runs.opening import open_input
from jobs.runs.versions import unchanged

if TYPE_CHECKING:
    from jobs.engine.plan import OutputPlan, Plan
    from jobs.engine.sources import Material
    from jobs.models import Output
    from jobs.runs.run import Run


@dataclass
class Planned:
    """``rows`` by index; ``templates`` of all outputs, in order, with the parts of their lists."""

    spec: TranscodeSpec
    rows: dict[int, Output]
    templates: list[Template]
    material: Material
    plan: Plan


def planned(run: Run) -> Planned:
    """Fetch, measure and plan; texts that the outputs need lie in the room. The same job and input give the same plan in every step and attempt."""
    probe = open_input(run)
    spec = TranscodeSpec.model_validate(run.job.spec, strict=False)
    rows = {row.index: row for row in run.job.outputs.select_related("template__template").order_by("index")}
    if any(is_intelligent(row.template) for row in rows.values()):  # their values were found on that version
        unchanged(run)
    templates = [Template.model_validate(rows[index].effective, strict=False) for index in sorted(rows)]
    material, templates = gather(run, spec, templates, probe)
    material = replace(material, keys=content_keys(run.job.media_id, rows, templates))
    # what is found may change what else has to be measured: a clip that begins earlier is heard from there
    while measures := [one for one in wanted(spec, templates, material) if one.name not in material.measured]:
        material = replace(material, measured={**material.measured, **measured(run, measures)})
    plan = drawn(resolve(spec, templates, material, overrides=[rows[index].overrides for index in sorted(rows)]), run.room)
    for output in plan.outputs:
        write_texts(run, output)
    return Planned(spec, rows, templates, material, plan)


def write_texts(run: Run, output: OutputPlan) -> None:
    """Put the small files that an output's filters read into the room."""
    for text in output.texts:
        (run.room / text.name).write_bytes(text.data)
