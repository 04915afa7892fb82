"""Steps before a transcode that searches (Narrowband 2): one survey, then rounds of probes. Each probe is a step of its own, so workers share them.

survey → the first probe of each picture … → the next ones, as long as the search asks for them → transcode

The last probe of a round adds the next round in the transaction that records it. An output whose picture cannot be searched for fails alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs import records, steps
from jobs.engine import narrowband
from jobs.engine.errors import JobError
from jobs.engine.narrowband import Ask
from jobs.records import AGAIN
from jobs.runs import searches
from jobs.runs.planned import planned
from jobs.runs.searches import Known, Search
from jobs.states import Phase, StepState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.runs.run import Run
    from jobs.steps import NewStep, StepFacts

SURVEY_SHARE, PROBES_SHARE = 0.06, 0.24  # of the job's progress bar
UNKNOWN_PROBES = 4  # about so many follow a first one


def run_survey(run: Run) -> None:
    """Look at every picture that is searched for."""
    run.pulse.span(0.0, SURVEY_SHARE, Phase.SURVEY)
    made = planned(run)
    for failed in made.plan.failed:
        records.output_failed(run.fence, failed.index, JobError(failed.code, failed.message))
    known = Known.of([own] if (own := _own(run)) else [])
    found = searches.searches(run, made, known)
    run.pulse.phase(Phase.SURVEY)
    good: list[Search] = []
    for number, search in enumerate(found):
        try:
            searches.look(run, search, known, done=number / len(found), share=1 / len(found))
        except JobError as error:
            _failed(run, search, error)
            continue
        good.append(search)
        records.note_step(run.fence, known.result)
    run.kept = known.result

    def more(_steps: Sequence[StepFacts]) -> list[NewStep]:
        return [searches.step_of(search, ask) for search in good for ask in narrowband.first_asks(search.case, searches.surveyed(search))]

    run.more = more


def run_probe(run: Run) -> None:
    """Make one probe, and say which ones follow when it was the last of its round."""
    facts = steps.facts(run.job.id)
    probes = [step.state for step in facts if step.kind == "probe"]
    share = PROBES_SHARE / max(len(probes), UNKNOWN_PROBES)
    run.pulse.span(SURVEY_SHARE + share * probes.count(StepState.SUCCEEDED), share, Phase.SEARCH)
    made = planned(run)
    known = Known()
    name = int(run.step.data["output"])
    search = next((one for one in searches.searches(run, made, Known.of(facts)) if one.name == name), None)
    if search is None or search.survey is None:  # its output has failed
        run.kept = {"failed": "OutputFailed"}
        return
    run.pulse.phase(Phase.SEARCH)
    try:
        searches.probe(run, search, Ask.model_validate(run.step.data["ask"], strict=False), known)
    except JobError as error:
        _failed(run, search, error)
        run.kept = {"failed": error.code}
        return
    run.kept = known.result
    wanted = search

    def more(seen: Sequence[StepFacts]) -> list[NewStep]:
        return searches.following(wanted, seen)

    run.more = more


def _own(run: Run) -> StepFacts | None:
    """This step as an earlier attempt left it."""
    return next((step for step in steps.facts(run.job.id) if step.index == run.step.index), None)


def _failed(run: Run, search: Search, error: JobError) -> None:
    """The outputs of this picture fail alone, but for what may be the moment's: then the step is tried again."""
    if error.code in AGAIN:
        raise error
    for index in search.outputs:
        records.output_failed(run.fence, index, error)
