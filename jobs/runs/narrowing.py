"""Narrowband in the transcode itself: what is not known yet is searched for, the plan is changed as decided, and the finished file is held against it.

decision → encode (with the other outputs) → check: measure every few pictures → seldom a corrected encode → certificate

Where even the corrected encode is larger than the twin may be, the twin itself is published: Narrowband never costs bits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobs import records, steps
from jobs.engine import narrowband, quality
from jobs.engine.argv import works
from jobs.engine.certificate import Measured, certificate
from jobs.engine.errors import JobError
from jobs.engine.plan import Source
from jobs.media_tools import media_tools
from jobs.records import AGAIN
from jobs.runs import searches
from jobs.runs.joined import picture_file
from jobs.runs.measuring import written
from jobs.runs.searches import LOG_BYTES, Known, Search, surveyed
from jobs.states import Phase

if TYPE_CHECKING:
    from jobs.engine.narrowband import Decision, Verdict
    from jobs.engine.plan import OutputPlan, Plan
    from jobs.runs.planned import Planned
    from jobs.runs.run import Run

SEARCH_SHARE = 0.15  # of the progress bar, where the search is part of this attempt
EVERY = (1, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)  # primes: none keeps step with a pattern of B-frames
ALL = 48  # pictures up to which every one is measured
MEASURED_MAX = 3000  # pictures
TRUST = 1.03  # × what the twin is expected to have
SIZES = "-stats_enc_post:v"


@dataclass
class Narrowed:
    """One output. ``twin``: as planned without Narrowband; ``encodes``: how many were made; ``found``: what the check has measured."""

    search: Search
    decision: Decision
    twin: OutputPlan
    asked_twin: bool
    encodes: int = 1
    seconds: dict[str, float] = field(default_factory=dict)
    found: Measured | None = None
    made_twin: Measured | None = None

    @property
    def document(self) -> dict[str, Any] | None:
        """The certificate; None before the check."""
        if self.found is None:
            return None
        video = self.search.case.video
        return certificate(
            self.decision,
            self.found,
            twin=self.made_twin,
            picture_seconds=surveyed(self.search).seconds,
            encodes=self.encodes,
            encoder=video.encoder,
            ffmpeg=media_tools().version,
            seconds=self.seconds,
        )


def narrowed(run: Run, made: Planned) -> tuple[Plan, dict[int, Narrowed]]:
    """The plan as decided, and the outputs that it was decided for. An output whose search fails, fails alone."""
    if not any(template.video.narrowband for template in made.templates):
        return made.plan, {}
    facts = steps.facts(run.job.id)
    known = Known.of(facts)
    found: dict[int, Narrowed] = {}
    wanted = searches.searches(run, made, known)
    for number, search in enumerate(wanted):
        try:
            _search(run, search, known, done=SEARCH_SHARE * number / len(wanted), share=SEARCH_SHARE / len(wanted))
            decision = narrowband.decide(search.case, surveyed(search), search.points)
        except JobError as error:
            if error.code in AGAIN:
                raise
            for index in search.outputs:
                records.output_failed(run.fence, index, error)
                made.rows[index].refresh_from_db()
            continue
        for output in made.plan.outputs:
            if output.index in search.outputs:
                asked = made.templates[output.index].video.narrowband
                spent = {name: round(value / len(wanted), 2) for name, value in known.seconds.items()}
                found[output.index] = Narrowed(search, decision, output, bool(asked and asked.measure_twin), seconds=spent)
    outputs = tuple(decided(made.plan, one, one.decision) if (one := found.get(output.index)) else output for output in made.plan.outputs)
    return made.plan.model_copy(update={"outputs": outputs}), found


def _search(run: Run, search: Search, known: Known, *, done: float, share: float) -> None:
    """Whatever of the search no step has done, each piece kept as soon as it is found: for Narrowband 1 the survey and one probe."""
    if search.survey is None:
        run.pulse.phase(Phase.SURVEY)
        searches.look(run, search, known, done=done, share=share / 2)
        records.note_step(run.fence, known.result)
    survey = surveyed(search)
    while asks := narrowband.next_asks(search.case, survey, search.points):
        run.pulse.phase(Phase.SEARCH)
        for ask in asks:
            searches.probe(run, search, ask, known, done=done + share / 2, share=share / 2)
            records.note_step(run.fence, known.result)


def decided(plan: Plan, one: Narrowed, decision: Decision) -> OutputPlan:
    """The output's plan as decided; the encoder writes down how large each picture is."""
    alone = narrowband.adapted(plan.model_copy(update={"outputs": (one.twin,)}), decision)
    return _weighed(alone.outputs[0])


def _weighed(output: OutputPlan) -> OutputPlan:
    rendition = output.renditions[0]
    if rendition.video is None:
        return output
    video = rendition.video.model_copy(
        update={"options": (*rendition.video.options, SIZES, _sizes(output), f"{SIZES.replace('post:', 'post_fmt:')}", "{size}")}
    )
    return output.model_copy(update={"renditions": (rendition.model_copy(update={"video": video}), *output.renditions[1:])})


def _sizes(output: OutputPlan) -> str:
    return f"sizes-{output.renditions[0].file.rpartition('.')[0]}.txt"


def checked(run: Run, plan: Plan, output: OutputPlan, one: Narrowed, encode: Callable[[OutputPlan], bool]) -> OutputPlan:
    """Hold the finished file against the decision; encode it once more where that mends it. ``encode``: makes a plan's files anew, False where that failed.

    Answers the plan of what lies in the room now. Raises JobError where nothing good can be made any more.
    """
    began = time.monotonic()
    one.found = measure(run, output, one)
    one.decision = narrowband.settled(one.decision, kbps=one.found.kbps, vmaf=one.found.vmaf)
    if not one.asked_twin and (slimmer := narrowband.slimmer(one.decision, kbps=one.found.kbps)) is not None:
        output, one.found = _again(run, plan, one, slimmer, encode)
    one.seconds["check"] = time.monotonic() - began
    if one.asked_twin or narrowband.doubtful(one.decision, kbps=one.found.kbps, vmaf=one.found.vmaf, seconds=surveyed(one.search).seconds):
        _make_twin(run, plan, one)
        one.decision = _informed(one)
    began = time.monotonic() - one.seconds["check"]
    for _ in range(narrowband.CORRECTIONS):
        verdict = _verdict(one, one.decision, one.found)
        if verdict.again is None:
            break
        first, first_found, first_decision = output, one.found, one.decision
        output, one.found = _again(run, plan, one, verdict.again, encode)
        if not _verdict(one, first_decision, one.found).larger:
            continue
        if verdict.larger:
            output = _regular(run, one, encode)
        else:  # better, but too large: what lies between, or the first one after all
            nearer = narrowband.between(first_decision, first_found.kbps, verdict.again, one.found.kbps)
            if nearer is not None:
                output, one.found = _again(run, plan, one, nearer, encode)
            if nearer is None or _verdict(one, verdict.again, one.found).larger:
                one.decision, one.found, output = first_decision, first_found, first
                if not encode(first):
                    raise JobError("EncodeFailed")
        break
    one.seconds["check"] = time.monotonic() - began
    return output


def _verdict(one: Narrowed, decision: Decision, found: Measured) -> Verdict:
    """The file against the decision. It must not be larger than the twin: than the measured one, if that was made, else than may be expected of it. What is
    larger than expected of the twin, but not than its bitrate, stays as it is: the expectation may be wrong."""
    strict = narrowband.verdict(decision, kbps=found.kbps, vmaf=found.vmaf)
    if strict.larger or one.made_twin:
        return strict
    soft = min(decision.cap_kbps, decision.twin.kbps * TRUST)
    expected = narrowband.verdict(decision.model_copy(update={"cap_kbps": soft}), kbps=found.kbps, vmaf=found.vmaf)
    return expected if not expected.larger or one.encodes > 1 else expected.model_copy(update={"again": None})


def _informed(one: Narrowed) -> Decision:
    """The decision with what is known of the twin, where it was made and measured."""
    twin = one.made_twin
    if twin is None or twin.vmaf is None or twin.neg is None:
        return one.decision
    return narrowband.informed(one.decision, kbps=twin.kbps, vmaf=twin.vmaf, neg=twin.neg)


def _again(run: Run, plan: Plan, one: Narrowed, decision: Decision, encode: Callable[[OutputPlan], bool]) -> tuple[OutputPlan, Measured]:
    made = decided(plan, one, decision)
    if not encode(made):
        raise JobError("EncodeFailed", f"The corrected encode stopped with an error: {run.decisive_line}" if run.decisive_line else "")
    one.encodes += 1
    one.decision = decision
    return made, measure(run, made, one)


def _regular(run: Run, one: Narrowed, encode: Callable[[OutputPlan], bool]) -> OutputPlan:
    """The twin itself: whatever was tried came out larger than it may be."""
    made = _weighed(one.twin)
    if not encode(made):
        raise JobError("EncodeFailed", f"The corrected encode stopped with an error: {run.decisive_line}" if run.decisive_line else "")
    one.encodes += 1
    one.found = one.made_twin = measure(run, made, one)
    one.decision = _informed(one).model_copy(update={"capped": True, "reason": "cap", "zones": ()})
    return made


def _make_twin(run: Run, plan: Plan, one: Narrowed) -> None:
    """Encode the regular output too, in a folder beside, only to measure it. Where that fails the certificate keeps its estimate."""
    began = time.monotonic()
    rendition = one.twin.renditions[0]
    bare = rendition.model_copy(
        update={
            "file": f"twin-{one.twin.index}.mkv",
            "segments": None,
            "audios": (),
            "subtitles": (),
            "mux_options": ("-f", "matroska"),
        }
    )
    twin = _weighed(one.twin.model_copy(update={"renditions": (bare,), "package": (), "set": None, "master": None}))
    run.pulse.phase(Phase.CHECK)
    for work in works(plan.model_copy(update={"outputs": (twin,)}), only=[twin.index], alone=True):
        for command in work.commands:
            if run.command(command, share=0.0).exit_code:
                return
    one.made_twin = measure(run, twin, one)
    (run.room / bare.file).unlink(missing_ok=True)
    one.seconds["twin"] = time.monotonic() - began


def measure(run: Run, output: OutputPlan, one: Narrowed) -> Measured:
    """Size and scores of a finished picture, every few pictures of it. Scores are None where it cannot be compared (said in the certificate)."""
    run.pulse.phase(Phase.CHECK)
    survey = surveyed(one.search)
    sizes = [int(line) for line in written(run, _sizes(output), LOG_BYTES).split()]
    kbps = sum(sizes) * 8 / 1000 / survey.seconds
    every = check_every(survey.frames)
    try:
        name = picture_file(run, output)
        probe = run.probe(name)
        if probe.picture is None:
            raise JobError("NoVideoStream")
        source = Source(file=name, format=probe.format_name, pixels=probe.picture.width * probe.picture.height)
        found = quality.comparison(
            one.search.case.reference, source, probe.picture, ("vmaf", "vmaf_neg"), frames=survey.frames, every=every, shaped=one.search.shaped
        )
        if run.command(found.command, share=0.0).exit_code:
            raise JobError("QualityNotComparable")
        quality.check_counts(*(quality.counted(written(run, log, LOG_BYTES)) for log in (quality.COUNTED, quality.GIVEN)))
        series = quality.read(found, written(run, quality.VMAF_LOG, LOG_BYTES), "")
    except JobError as error:
        if error.code in AGAIN:
            raise
        return Measured(kbps, None, every)
    finally:
        (run.room / f"checked-{output.index}").unlink(missing_ok=True)
    scores = {str(name): {"mean": one.summary["mean"], "p5": one.summary["low5"]} for name, one in series.items()}
    return Measured(kbps, scores if len(scores) == 2 else None, every, found.model)


def check_every(frames: int) -> int:
    """Each how manyth picture is measured, of so many."""
    if frames <= ALL:
        return 1
    least = max(3, math.ceil(frames / MEASURED_MAX))
    return next((number for number in EVERY if number >= least), least | 1)
