"""The finished file held against the decision: is it to be encoded once more, and is what was expected of the twin to be believed. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jobs.engine.narrowband.curves import MODELS, ROOM
from jobs.engine.narrowband.records import Figures, Verdict
from jobs.engine.narrowband.search import SHORT

if TYPE_CHECKING:
    from jobs.engine.narrowband.curves import Model
    from jobs.engine.narrowband.records import Decision

CORRECTIONS = 2  # further encodes at most; the second one only where the first has not come near enough
SURE = 4.0  # CRF: how far from a finished file its size is known well enough to stay below a bound; further, an average bitrate does it
MENDED = 0.35  # VMAF: version 2 encodes once more what is further below the goal; where that is a guess of the twin's score, only what is SHORT
BRIEF = 1.0  # s
PLAIN = 0.15  # of the twin's estimated bitrate
CLOSE = 0.94  # the same: estimates are that uncertain, and nothing may be larger than the twin
OFF = 1.0  # VMAF
SAME = 0.15  # CRF: what lies nearer to each other is the same


def verdict(decision: Decision, *, kbps: float, vmaf: float | None) -> Verdict:
    """The finished file. ``kbps``: of its picture; scores None: not measured."""
    larger = kbps > decision.cap_kbps * (1.0 if decision.known else 1.005)
    short = max(0.0, round(decision.goal - vmaf, 3)) if vmaf is not None else 0.0
    again: Decision | None = None
    if larger and decision.bitrate_kbps is None:
        capped = decision.model_copy(update={"capped": True, "reason": decision.reason if decision.reason == "twin" else "cap"})
        model = _model(decision)
        more = model.crf_to_shrink(kbps / (decision.cap_kbps * min(model.equal, CLOSE)))
        if more <= SURE and decision.codec != "av1":
            again = _with(capped, decision.crf + more)
        else:
            again = capped.model_copy(update={"bitrate_kbps": max(10, math.floor(decision.cap_kbps * 0.95)), "zones": (), "reason": "cap"})
    elif (
        short > (MENDED if decision.method == 2 and (decision.known or decision.goal >= decision.target) else SHORT)
        and decision.bitrate_kbps is None
        and kbps < decision.cap_kbps * 0.9
    ):
        model = _model(decision)
        usual = model.slope(decision.goal - short / 2, decision.crf)
        less = short / min(2 * usual, max(usual / 3, decision.slope or usual))
        room = model.crf_to_shrink(decision.cap_kbps * ROOM / kbps)
        again = _with(decision, decision.crf - min(less, room, 6.0))
    return Verdict(kept=not larger and short <= SHORT, larger=larger, short_by=short, again=again)


def slimmer(decision: Decision, *, kbps: float) -> Decision | None:
    """The same with less, where the twin's score is the goal and the finished file seems nearly as large as the twin: with the settings that pay its quality needs no more
    than :attr:`Model.equal` of it, and another encode costs no more than making the twin to compare. None: it is small enough, or the twin is known."""
    if decision.reason != "twin" or decision.known or decision.codec == "av1" or decision.bitrate_kbps is not None or kbps <= CLOSE * decision.twin.kbps:
        return None
    model = _model(decision)
    if model.equal >= CLOSE:
        return None  # settings that hardly pay: nothing would be won
    least = model.equal * decision.twin.kbps
    more = model.crf_to_shrink(kbps / least)
    forecast = Figures(kbps=round(least, 1), vmaf=round(decision.forecast.vmaf - more * model.slope(decision.forecast.vmaf, decision.crf), 2))
    return _with(decision, decision.crf + more).model_copy(update={"forecast": forecast}) if more <= SURE else None


def settled(decision: Decision, *, kbps: float, vmaf: float | None) -> Decision:
    """The decision with a better guess of the goal, where that is the twin's score and version 1 knows it from one fast probe only.

    What that probe misjudges of the output it misjudges of the twin too; what is sure is how the two compare in size. So the twin is worth what the finished file was
    measured to be worth, and what its further bits buy beyond those that our settings save.
    """
    if decision.method != 1 or decision.reason != "twin" or decision.known or vmaf is None:
        return decision
    model = _model(decision)
    crf = model.crf_to_shrink(max(1.0, model.paid * decision.twin.kbps) / max(1.0, kbps))
    goal = round(min(decision.target, vmaf + crf * model.slope(vmaf, decision.crf)), 2)
    return decision.model_copy(update={"goal": goal, "twin": decision.twin.model_copy(update={"vmaf": goal})})


def doubtful(decision: Decision, *, kbps: float, vmaf: float | None, seconds: float) -> bool:
    """Whether what is expected of the twin is not to be believed, so that it must be made and measured. ``kbps``, ``vmaf``, ``seconds``: of the finished file.

    Forecasts know nothing of rate control in clips of less than a second; of pictures that cost next to nothing at any quality (all black) they expect that better ones
    cost more; what is nearly as large as the twin is expected to be may be larger than it is; and where the goal is the twin's score, a file that is not as forecast
    tells that the twin will not be so either (version 1, after :func:`settled`: a file that seems to be short of it).
    """
    off = False
    if vmaf is not None and decision.reason != "target" and decision.follows:
        off = (abs(vmaf - decision.forecast.vmaf) if decision.method == 2 else decision.goal - vmaf) > OFF
    return seconds < BRIEF or not PLAIN <= kbps / max(1.0, decision.twin.kbps) <= CLOSE or decision.guessed or off


def informed(decision: Decision, *, kbps: float, vmaf: float, neg: float) -> Decision:
    """The decision with what the twin came to once it was made: its size is the bound, and its score the goal where that is less than the target."""
    twin = Figures(kbps=round(kbps, 1), vmaf=round(vmaf, 2), neg=round(neg, 2))
    return decision.model_copy(update={"twin": twin, "known": True, "cap_kbps": twin.kbps, "goal": round(min(decision.target, vmaf), 2)})


def between(low: Decision, low_kbps: float, high: Decision, high_kbps: float) -> Decision | None:
    """``low`` was not good enough, ``high`` was larger than the twin may be: the CRF between them that is just small enough. None: it is one of them."""
    if high_kbps <= low_kbps:
        return None
    share = math.log(high.cap_kbps * ROOM / low_kbps) / math.log(high_kbps / low_kbps)
    found = _with(low, low.crf + (high.crf - low.crf) * share)
    return found if high.crf + SAME < found.crf < low.crf - SAME else None


def _model(decision: Decision) -> Model:
    return MODELS["libsvtav1" if decision.codec == "av1" else "libx265" if decision.codec == "hevc" else "libx264"]


def _with(decision: Decision, crf: float) -> Decision:
    return decision.model_copy(update={"crf": float(math.floor(crf)) if decision.codec == "av1" else round(crf, 2)})
