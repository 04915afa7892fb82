"""The automatic ladder in a transcode: forecast every rung from one survey and one fast probe each, then plan without those that add nothing.

What was forecast is kept with the step, so that a second attempt makes the same set without looking again. Where nothing can be forecast all rungs are made,
and a warning says why.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jobs import records, steps
from jobs.engine import narrowband, quality
from jobs.engine.codecs import HDR_TRANSFERS
from jobs.engine.errors import JobError
from jobs.engine.measure import wanted
from jobs.engine.rates import source_fps
from jobs.engine.resolve import laid_over, resolve
from jobs.engine.thinning import Rated, hull, left_out
from jobs.lettering.plans import drawn
from jobs.records import AGAIN
from jobs.runs.measuring import measured, written
from jobs.runs.planned import write_texts
from jobs.states import FINAL, Phase

if TYPE_CHECKING:
    from jobs.engine.narrowband import Case, Survey
    from jobs.engine.plan import OutputPlan, Plan
    from jobs.engine.template import Template
    from jobs.runs.planned import Planned
    from jobs.runs.run import Run

LOG_BYTES = 64 << 20
KEY = "rungs"


def thinned(run: Run, made: Planned) -> Planned:
    """The same with shorter ladders, where templates ask for it. Raises JobError only where another attempt may help."""
    outputs = [output for output in made.plan.outputs if _asks(made, output)]
    if not outputs:
        return made
    known: dict[str, Any] = {}
    for step in steps.facts(run.job.id):
        known |= (step.result or {}).get(KEY, {})
    templates, notes = list(made.templates), dict[int, str]()
    for output in outputs:
        name = str(output.index)
        try:
            if name not in known:
                known[name] = [[one.name, one.height, round(one.kbps, 1), round(one.score, 2)] for one in _rated(run, made, output)]
                records.note_step(run.fence, {KEY: known})
        except JobError as error:
            if error.code in AGAIN:
                raise
            notes[output.index] = f"The rungs could not be judged, so all of them are made: {error.message}"
            continue
        rated = [Rated(*one) for one in known[name]]
        kept = hull(rated)
        notes[output.index] = left_out(rated, kept)
        gone = {one.name for one in rated} - set(kept)
        template = templates[output.index]
        templates[output.index] = template.model_copy(update={"ladder": tuple(rung for rung in template.ladder if rung.name not in gone)})
    plan = drawn(resolve(made.spec, templates, made.material, overrides=[made.rows[index].overrides for index in sorted(made.rows)]), run.room)
    for output in plan.outputs:
        write_texts(run, output)
    noted = tuple(output.model_copy(update={"warnings": (*output.warnings, note)}) if (note := notes.get(output.index)) else output for output in plan.outputs)
    return replace(made, templates=templates, plan=plan.model_copy(update={"outputs": noted}))


def _asks(made: Planned, output: OutputPlan) -> bool:
    pictures = [rendition for rendition in output.renditions if rendition.video is not None]
    return made.templates[output.index].mux.automatic and len(pictures) > 1 and made.rows[output.index].state not in FINAL


def _rated(run: Run, made: Planned, output: OutputPlan) -> list[Rated]:
    """Every rung as it would come out. Raises JobError."""
    template, stream = made.templates[output.index], made.material.probe.picture
    if stream is None:
        raise JobError("NoVideoStream")
    reference = _reference(run, made, output, template)
    rungs = [rendition for rendition in output.renditions if rendition.video is not None]
    fps = rungs[0].expected.fps or source_fps(stream)
    found: list[Rated] = []
    survey: Survey | None = None
    run.pulse.phase(Phase.ANALYSE)
    for rendition in rungs:
        alone = made.plan.model_copy(update={"outputs": (output.model_copy(update={"renditions": (rendition,)}),), "failed": ()})
        case = narrowband.case(alone, reference, method=2, fps=fps)
        sampled = survey is not None
        if survey is None:
            survey = _survey(run, case)
            sampled = survey.sampled
        (ask,) = narrowband.first_asks(case, survey)
        for command in narrowband.probe_commands(case, survey, ask, sampled=sampled):
            _run(run, command)
        point = narrowband.read_probe(case, survey, ask, *(written(run, name, LOG_BYTES) for name in (narrowband.SIZES, narrowband.SCORES)))
        twin = narrowband.decide(case, survey, [point]).twin
        found.append(Rated(rendition.name, min(case.video.width, case.video.height), min(twin.kbps, _most(template, rendition.name, survey)), twin.vmaf))
    return found


def _most(template: Template, name: str, survey: Survey) -> float:
    """kbit/s that a rung's peak allows at most: forecasts of a constant quality know nothing of it."""
    video = next((laid_over(template, rung).video for rung in template.ladder if rung.name == name), template.video)
    if not video.maxrate_kbps:
        return math.inf
    return video.maxrate_kbps + (video.bufsize_kbit or video.maxrate_kbps) / survey.seconds


def _survey(run: Run, case: Case) -> Survey:
    _run(run, narrowband.survey_command(case))
    return narrowband.read_survey(case, *(written(run, name, LOG_BYTES) for name in (narrowband.SCENES, narrowband.COSTS)))


def _run(run: Run, command: Any) -> None:
    if run.command(command, share=0.0).exit_code:
        raise JobError("EncodeFailed", f"A trial of the search stopped with an error: {run.decisive_line}" if run.decisive_line else "")


def _reference(run: Run, made: Planned, output: OutputPlan, template: Template) -> Plan:
    """The source as the rungs see it, at its own size."""
    colours = output.renditions[0].expected.colours
    stream = made.material.probe.picture
    deep = "10" in (output.renditions[0].expected.pixel_format or "")
    transfer = colours.transfer if colours else stream.color_transfer if stream and deep else None
    templates = list(made.templates)
    templates[output.index] = quality.reference_template(template, hdr=transfer in HDR_TRANSFERS)
    material = made.material
    if measures := [one for one in wanted(made.spec, templates, material) if one.name not in material.measured]:
        material = replace(material, measured={**material.measured, **measured(run, measures)})
    seen = resolve(made.spec, templates, material, overrides=[{} for _ in templates])
    mine = {
        "outputs": tuple(one for one in seen.outputs if one.index == output.index),
        "failed": tuple(one for one in seen.failed if one.index == output.index),
    }
    plan = drawn(seen.model_copy(update=mine), run.room)
    for one in plan.outputs:
        write_texts(run, one)
    return plan
