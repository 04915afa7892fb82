"""Small pictures of many places of a video, measured and judged: what covers and previews are chosen from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.errors import JobError
from jobs.engine.kinds import cover
from jobs.engine.kinds import snapshot as pictures_kind
from jobs.runs.picture_measures import measure
from jobs.runs.snapshot import fields_of, taken, taken_again
from jobs.states import Phase

if TYPE_CHECKING:
    from jobs.engine.fields import Counts
    from jobs.engine.probe import Probe
    from jobs.engine.spec import CoverSpec, PreviewSpec
    from jobs.runs.run import Run


def candidates(run: Run, spec: CoverSpec | PreviewSpec, probe: Probe, warnings: list[str], *, share: float) -> tuple[list[cover.Candidate], Counts | None]:
    """Look at the places; at least one is found. Answers them with what was found of the picture's fields.

    Raises JobError NoVideoStream; ResourceContentBad where no picture can be taken."""
    asked = cover.small(spec)
    stream = pictures_kind.video_of(probe)
    run.pulse.phase(Phase.ANALYSE)
    counts = fields_of(run, asked, probe, stream)
    places = cover.places(probe, spec.candidates)
    warnings += places.warnings
    plan = pictures_kind.plan(asked, probe, "jpg", counts=counts, prefix="c", takes=places.takes)
    found, _failed = taken(run, plan, share=share)
    if not found:  # opening in the middle leads nowhere
        first = pictures_kind.plan(asked, probe, "jpg", counts=counts, prefix="d")
        found, _failed = taken(run, first, share=share)
        found += taken_again(run, asked, probe, "jpg", counts, first, found)
    if not found:
        raise JobError("ResourceContentBad", f"No picture of the input can be read: {run.decisive_line}" if run.decisive_line else "")
    found.sort(key=lambda one: one.time)
    seen = []
    for at, *beside in cover.groups([one.time for one in found], places.middles):
        made = measure(found[at].path, *(None if other is None else found[other].path for other in beside))
        seen.append(cover.Candidate(found[at].time, made, cover.score(made)))
    return seen, counts
