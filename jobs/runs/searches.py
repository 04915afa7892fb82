"""Narrowband's search in a job's steps: which pictures are searched for, what is known of them by now, and how one survey or probe is made.

A picture that several outputs share (the same encode in another container) is searched for once, and so is a survey that several pictures share. Which
those are follows from the plan, so every step finds the same answer by itself. What was found lies in the results of steps: nothing of it is done twice.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jobs import records
from jobs.engine import narrowband, quality
from jobs.engine.codecs import HDR_TRANSFERS
from jobs.engine.errors import JobError
from jobs.engine.measure import wanted
from jobs.engine.narrowband import Ask, Point, Survey
from jobs.engine.rates import source_fps
from jobs.engine.resolve import resolve
from jobs.lettering.plans import drawn
from jobs.runs.measuring import measured, written
from jobs.runs.planned import write_texts
from jobs.states import FINAL, StepState
from jobs.steps import NewStep, StepFacts

if TYPE_CHECKING:
    from jobs.engine.narrowband import Case
    from jobs.engine.plan import Command, OutputPlan
    from jobs.runs.planned import Planned
    from jobs.runs.run import Run

LOG_BYTES = 64 << 20


@dataclass
class Search:
    """One picture. ``outputs``: indices of those that show it, the first one gives it its name; ``key``: of its survey; ``shaped``: measured at its own size."""

    outputs: list[int]
    case: Case
    key: str
    shaped: bool
    survey: Survey | None = None
    points: list[Point] = field(default_factory=list)

    @property
    def name(self) -> int:
        """Index of the output that it is called after."""
        return self.outputs[0]


@dataclass
class Known:
    """What the steps of a job have found so far. ``points`` by the name of their search; ``seconds`` that it took: survey, probes."""

    surveys: dict[str, Survey] = field(default_factory=dict)
    points: dict[int, list[Point]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: {"survey": 0.0, "probes": 0.0})

    @classmethod
    def of(cls, steps: Iterable[StepFacts]) -> Known:
        """Out of the steps' results."""
        known = cls()
        for step in steps:
            result = step.result or {}
            for key, survey in result.get("surveys", {}).items():
                known.surveys[key] = Survey.model_validate(survey, strict=False)
            for name, points in result.get("points", {}).items():
                known.points.setdefault(int(name), []).extend(Point.model_validate(point, strict=False) for point in points)
            for part, seconds in result.get("seconds", {}).items():
                known.seconds[part] = known.seconds.get(part, 0.0) + seconds
        return known

    @property
    def result(self) -> dict[str, Any]:
        """The same as a step's result."""
        return {
            "surveys": {key: survey.model_dump(mode="json") for key, survey in self.surveys.items()},
            "points": {str(name): [point.model_dump(mode="json") for point in points] for name, points in self.points.items()},
            "seconds": {part: round(seconds, 2) for part, seconds in self.seconds.items()},
        }


def searches(run: Run, made: Planned, known: Known) -> list[Search]:
    """All pictures that are searched for, with what is known of them. An output that cannot be searched for fails with the reason."""
    found: dict[str, Search] = {}
    for output in made.plan.outputs:
        asked = made.templates[output.index].video.narrowband
        if asked is None or made.rows[output.index].state in FINAL:
            continue
        try:
            case, shaped = _case(run, made, output)
            look = narrowband.survey_command(case)
        except JobError as error:
            records.output_failed(run.fence, output.index, error)
            made.rows[output.index].refresh_from_db()
            continue
        key = _digest([look.argv])
        alike = [case.plan.sources, case.video, case.reference.sources, case.seen, case.target, case.method, case.seconds]
        search = found.setdefault(_digest(alike), Search([], case, key, shaped, known.surveys.get(key)))
        search.outputs.append(output.index)
    for search in found.values():
        search.points = list(known.points.get(search.name, ()))
    return list(found.values())


def _digest(parts: Sequence[object]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _case(run: Run, made: Planned, output: OutputPlan) -> tuple[Case, bool]:
    """The twin's plan and the source as it sees it. Raises JobError."""
    index = output.index
    template = made.templates[index]
    asked = template.video.narrowband
    expected = output.renditions[0].expected
    stream = made.material.probe.picture
    if asked is None or stream is None:
        raise JobError("NoVideoStream")
    transfer = expected.colours.transfer if expected.colours else stream.color_transfer if "10" in (expected.pixel_format or "") else None
    reference = quality.reference_template(template, hdr=transfer in HDR_TRANSFERS, deep=quality.deep(expected.pixel_format))
    templates = [reference if number == index else one for number, one in enumerate(made.templates)]
    material = made.material
    if measures := [one for one in wanted(made.spec, templates, material) if one.name not in material.measured]:
        material = replace(material, measured={**material.measured, **measured(run, measures)})
    seen = resolve(made.spec, templates, material, overrides=[{} for _ in templates])
    mine = seen.model_copy(
        update={"outputs": tuple(one for one in seen.outputs if one.index == index), "failed": tuple(one for one in seen.failed if one.index == index)}
    )
    mine = drawn(mine, run.room)
    for one in mine.outputs:
        write_texts(run, one)
    twin = made.plan.model_copy(update={"outputs": (output,), "failed": ()})
    fps = expected.fps or source_fps(stream)
    found = narrowband.case(twin, mine, method=asked.method, target=asked.target, fps=fps, pixels=stream.pixel_format)
    return found, quality.shaped(template)


def look(run: Run, search: Search, known: Known, *, done: float = 0.0, share: float = 1.0) -> Survey:
    """Make the survey of a picture, unless it is known. Raises JobError."""
    if search.key not in known.surveys:
        began = time.monotonic()
        _run(run, narrowband.survey_command(search.case), done=done, share=share)
        scenes, costs = (written(run, name, LOG_BYTES) for name in (narrowband.SCENES, narrowband.COSTS))
        known.surveys[search.key] = narrowband.read_survey(search.case, scenes, costs)
        known.seconds["survey"] += time.monotonic() - began
    search.survey = known.surveys[search.key]
    return search.survey


def probe(run: Run, search: Search, ask: Ask, known: Known, *, done: float = 0.0, share: float = 1.0) -> Point:
    """Make one probe. Raises JobError."""
    survey = surveyed(search)
    began = time.monotonic()
    commands = narrowband.probe_commands(search.case, survey, ask)
    for number, command in enumerate(commands):
        _run(run, command, done=done + share * number / len(commands), share=share / len(commands))
    sizes, scores = (written(run, name, LOG_BYTES) for name in (narrowband.SIZES, narrowband.SCORES))
    point = narrowband.read_probe(search.case, survey, ask, sizes, scores)
    known.seconds["probes"] += time.monotonic() - began
    known.points.setdefault(search.name, []).append(point)
    search.points.append(point)
    return point


def surveyed(search: Search) -> Survey:
    """The survey of a picture whose search has begun."""
    if search.survey is None:
        raise JobError("InternalError", "searched for, but not surveyed")
    return search.survey


def _run(run: Run, command: Command, *, done: float, share: float) -> None:
    if run.command(command, done=done, share=share).exit_code:
        raise JobError("EncodeFailed", f"A trial of the search stopped with an error: {run.decisive_line}" if run.decisive_line else "")


# --- which steps follow ---------------------------------------------------------------------------------------------------
def step_of(search: Search, ask: Ask) -> NewStep:
    """A probe as a step of its own."""
    return NewStep("probe", {"output": search.name, "ask": ask.model_dump(mode="json")})


def following(search: Search, steps: Sequence[StepFacts]) -> list[NewStep]:
    """The next round of this picture's probes: none while one of the present round is to come, and none once enough is known."""
    mine = [step for step in steps if step.kind == "probe" and step.data.get("output") == search.name]
    if any(step.state != StepState.SUCCEEDED or not step.result or step.result.get("failed") for step in mine):
        return []
    points = Known.of(mine).points.get(search.name, [])
    return [step_of(search, ask) for ask in narrowband.next_asks(search.case, surveyed(search), points)]
