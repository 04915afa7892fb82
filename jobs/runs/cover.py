"""Cover: look at many places of a video, keep its best pictures, make the best one the cover.

1. Small pictures of all candidates are measured and judged.
2. The best ones, none alike, are taken in full size, verified, published and recorded as snapshots, best first.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jobs.engine.errors import JobError
from jobs.engine.kinds import cover as kind
from jobs.engine.kinds import snapshot as pictures_kind
from jobs.engine.snapshot_picture import format_of
from jobs.engine.spec import CoverSpec
from jobs.runs.candidates import candidates
from jobs.runs.opening import open_input
from jobs.runs.snapshot import keep, taken, taken_again
from jobs.states import JobState, Phase
from media_assets import snapshots

if TYPE_CHECKING:
    from jobs.runs.run import Run

LOOKING = 0.7  # of the progress bar
POOR = 20.0
ONLY_POOR = "No picture of the video is good: it is black, blurred or plain throughout. The best of them was taken."


def run_cover(run: Run) -> dict[str, Any]:
    """Find, keep and set. Raises JobError NoVideoStream, ResourceContentBad, OutputVerifyFailed and what publishing says."""
    probe = open_input(run)
    spec = CoverSpec.model_validate(run.job.spec, strict=False)
    row = run.job.outputs.get()
    if row.state == JobState.SUCCEEDED and (done := snapshots.result_of(run.job.id)):
        return done  # an earlier attempt ended between publishing and saying so
    warnings: list[str] = []
    seen, counts = candidates(run, spec, probe, warnings, share=LOOKING)
    chosen = kind.best(seen, spec.keep)
    if chosen[0].score.total < POOR:
        warnings.append(ONLY_POOR)
    run.pulse.phase(Phase.ENCODE)
    by_time = {round(one.time, 3): one for one in chosen}
    asked = kind.as_snapshots(spec).model_copy(update={"mode": "times", "times": tuple(by_time), "count": None, "set_cover": spec.set_cover})
    format_ = format_of(asked)
    plan = pictures_kind.plan(asked, probe, format_, counts=counts)
    found, _failed = taken(run, plan, share=0.9 - LOOKING)
    if len(found) < len(chosen):
        found += taken_again(run, asked, probe, format_, counts, plan, found)
    if not found:
        raise JobError("ResourceContentBad", f"No picture of the input can be read: {run.decisive_line}" if run.decisive_line else "")
    found.sort(key=lambda one: -by_time[round(one.time, 3)].score.total)
    about = [_about(by_time[round(one.time, 3)]) for one in found]
    return keep(run, asked, row, plan, found, warnings, about)


def _about(one: kind.Candidate) -> dict[str, Any]:
    """Scores of a picture as they are kept."""
    parts = asdict(one.score)
    return {"score": parts.pop("total"), "faults": list(parts.pop("faults")), "scores": parts}
