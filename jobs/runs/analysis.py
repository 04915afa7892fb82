"""Analysis: sample what an input's pictures cost and judge every preset by it. A light kind; its result is data, not a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs import queries
from jobs.engine.analysis import facts as seeing
from jobs.engine.analysis import looking
from jobs.engine.analysis.judging import Candidate, Seen, judged
from jobs.engine.codecs import HDR_TRANSFERS
from jobs.engine.kinds import analysis as kind
from jobs.engine.sources import Material
from jobs.engine.spec import AnalysisSpec
from jobs.engine.template import Template
from jobs.runs.measuring import written
from jobs.runs.opening import open_input
from jobs.runs.versions import unchanged
from jobs.states import Phase
from templates_app.models import Template as TemplateRow
from templates_app.presets import limits_of
from templates_app.queries import listed

if TYPE_CHECKING:
    from jobs.engine.analysis.records import Complexity, Facts
    from jobs.engine.probe import Probe
    from jobs.runs.run import Run

PRESETS = (TemplateRow.Kind.STATIC, TemplateRow.Kind.NARROWBAND, TemplateRow.Kind.INTELLIGENT)
TO_SDR = frozenset({"filter:zscale", "filter:tonemap"})
TEXT_BYTES = 4 << 20  # of one list of sizes
MEASURED = 0.4  # of the progress bar
BLACK = "The pictures that were looked at are black, so nothing can be said of how complex the others are."
SHORT = "The input is shorter than one sample: all of it was looked at."


def run_analysis(run: Run) -> dict[str, Any]:
    """The answer. Raises JobError ObjectNotFound, InputChanged, ResourceContentBad, AreaOutsidePicture; a file without video is no error."""
    probe = open_input(run)
    etag = unchanged(run)
    spec = AnalysisSpec.model_validate(run.job.spec, strict=False)
    run.pulse.phase(Phase.ANALYSE)
    measured = _measured(run, spec, probe)
    facts, complexity = _looked(run, spec, probe, measured)
    found = Seen(spec, Material(probe, measured=measured), facts, complexity, queries.missing)
    answers = [judged(candidate, found) for candidate in candidates()]
    run.pulse.check()
    notes = [text for text, said in ((BLACK, facts and facts.black), (SHORT, complexity and complexity.windows == 1)) if said]
    return kind.told(spec, etag, facts, complexity, answers, notes)


def candidates() -> list[Candidate]:
    """Every preset that can be chosen: static ones, ours first, then Narrowband, then intelligent."""
    rows = [row for row in listed(PRESETS) if row.current is not None]
    rows.sort(key=lambda row: PRESETS.index(row.kind))
    return [
        Candidate(row.id, row.name, row.kind, row.current.number, Template.model_validate(row.current.params, strict=False), limits_of(row.id))
        for row in rows
        if row.current is not None and (row.kind != TemplateRow.Kind.INTELLIGENT or limits_of(row.id) is not None)
    ]


def _measured(run: Run, spec: AnalysisSpec, probe: Probe) -> dict[str, Any]:
    """Fields and borders, by the names that plans look for them."""
    values: dict[str, Any] = {}
    for measure in kind.measures(spec, probe).values():
        finished = run.command(measure.command, done=0.0, share=MEASURED / 2)
        if finished.exit_code:
            raise run.unreadable()
        values[measure.name] = measure.read(finished.tail)
    return values


def _looked(run: Run, spec: AnalysisSpec, probe: Probe, measured: dict[str, Any]) -> tuple[Facts | None, Complexity | None]:
    """The picture's facts and what it costs; None and None where there is no picture."""
    stream = probe.picture
    if stream is None:
        return None, None
    values = {name: measured.get(measure.name) for name, measure in kind.measures(spec, probe).items()}
    area = seeing.area_of(spec, stream, values.get("crop"))
    interlaced, top_first = seeing.fields_of(spec, stream, values.get("fields"))
    size = seeing.size_of(stream, area)
    mapped = stream.color_transfer in HDR_TRANSFERS and not queries.missing(TO_SDR)
    looked = looking.look(probe, stream, size, area=area, interlaced=interlaced, top_first=top_first, quality=spec.quality, tone_mapped=mapped)
    if run.command(looked.command, done=MEASURED, share=1 - MEASURED).exit_code:
        raise run.unreadable()
    complexity = looking.read(looked, {name: written(run, name, TEXT_BYTES) for name in looked.writes})
    facts = seeing.facts(spec, probe, stream, counts=values.get("fields"), area=area, complexity=complexity)
    return facts, complexity
