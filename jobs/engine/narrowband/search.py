"""Which CRF: a forecast from one fast probe, then a few real ones, secants in between; and the decision. Pure and repeatable: the same points, the same answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.narrowband.curves import MODELS, ROOM, Curve
from jobs.engine.narrowband.records import Ask, Decision, Figures, Zone, follows
from jobs.engine.narrowband.twin import Course, average_bitrate

if TYPE_CHECKING:
    from jobs.engine.narrowband.case import Case
    from jobs.engine.narrowband.records import Group, Point, Reason, Survey, Window

PROBES, PROBES_OF_MANY = 4, 2  # real ones for each class of shots; where there are more than two classes, of which each decides little
NEAR = 1.8  # VMAF: a forecast this close to a probe is good enough
FAR = 3.0  # CRF: further from all probes the score is not believed, however flat the curve is said to be
STEP = 0.4  # CRF: nearer probes tell nothing new
GUESSED = 0.8  # of the twin's size, where it has more CRF than the model knows of: its size may be forecast a fifth too large
APART = 3.0  # CRF: classes of shots lie at most so far from their middle
BELOW = 2.0  # VMAF: a class lies at most so far below the goal
MARGIN = 0.5  # VMAF added to the target: forecasts are that uncertain, and a second encode is dearer than these bits
ALIKE = 0.3  # VMAF added to the twin's score, where that is the goal: it is a forecast too
UNLIKE, UNLIKE_MOST = 0.4, 1.0  # × how far the scores of a clip's windows lie from their mean, added to that; and the most of both together
NEARLY = 1.0  # VMAF: a twin of which so little less than the target is expected may as well reach it, so the target is aimed at
OVER = 1.1  # × its bitrate: what an average bitrate overshoots at most, as far as we believe it
START_SECONDS, LATE = 0.6, 2.0  # s, CRF: how much worse than followed the beginning of an average bitrate comes out (3.5, 3.1, 0.5, 1.1 on four clips)
BLIND = 98.0  # VMAF: where a window scores more in the fast probe, all are probed: on an HDR clip half of them misled by 8 VMAF
PEAK = 1.5  # × the cap, where the twin has no peak of its own
UNSURE = 3.0  # VMAF: a guess of the twin's score may be so much too high
SHORT = 1.0  # VMAF: a finished file may be this much below its goal


def first_asks(case: Case, survey: Survey) -> tuple[Ask, ...]:
    """The fast probe, of all classes at once."""
    return (Ask(group=-1, crf=MODELS[case.encoder].start, fast=True, windows=survey.windows),)


def next_asks(case: Case, survey: Survey, points: Sequence[Point]) -> tuple[Ask, ...]:
    """The probes of the next round; none: enough is known. All of one round may run at the same time."""
    if not any(point.fast for point in points):
        return first_asks(case, survey)
    if case.method == 1:
        return ()
    state = _State.of(case, survey, points)
    own = any(point.plain for point in points)
    most = PROBES - own if len(survey.groups) <= 2 else PROBES_OF_MANY
    if not own and all(curve.sure for curve in state.curves) and state.unseen():
        # the search is held against this: known before anything is searched for further
        half = tuple(sorted((window for group in survey.groups for window in _likest(group, points)), key=lambda window: window.first))
        return (Ask(group=-1, crf=_asked(state.twin_crf, whole=case.encoder == "libsvtav1"), plain=True, windows=half),)
    asks = []
    for group, crf in zip(survey.groups, state.wanted(), strict=True):
        real = [point for point in points if point.group == group.number and not point.fast]
        asked = next_crf(state.curves[group.number], real, crf, whole=case.encoder == "libsvtav1", most=most)
        if asked is not None:
            asks.append(Ask(group=group.number, crf=asked, windows=_likest(group, points)))
    return tuple(asks)


def _likest(group: Group, points: Sequence[Point]) -> tuple[Window, ...]:
    """The half of a class's windows that is most like all of it, as the fast probe saw them: real probes are dear, and how the others differ is known from there."""
    seen = {row[0]: row for point in points if point.fast for row in point.by_window}
    rows = [seen[window.first] for window in group.windows if window.first in seen]
    if len(rows) < len(group.windows) or max(row[2] for row in rows) > BLIND:
        return group.windows  # how they differ at another CRF cannot be told
    mean = sum(row[2] for row in rows) / len(rows)
    order = sorted(rows, key=lambda row: (round(abs(row[2] - mean), 1), -row[1]))[: (len(rows) + 1) // 2]
    return tuple(window for window in group.windows if any(row[0] == window.first for row in order))


def next_crf(curve: Curve, real: Sequence[Point], crf: float, *, whole: bool = False, most: int = PROBES) -> float | None:
    """Where to probe next, given where the search stands; None: the real probes are near enough, or there were enough."""
    crf = _asked(crf, whole=whole)
    if len(real) >= most:
        return None
    if real:
        nearest = min(real, key=lambda point: abs(point.crf - crf))
        between = min(point.crf for point in real) <= crf <= max(point.crf for point in real)
        allowed = NEAR * (2 if between else 1)
        away = abs(nearest.crf - crf)
        if away < STEP or (abs(curve.vmaf(crf) - nearest.vmaf) <= allowed and (between or away <= FAR * (2 if whole else 1))):
            return None
    return crf


def _asked(crf: float, *, whole: bool) -> float:
    return float(round(crf)) if whole else round(crf, 1)


def decide(case: Case, survey: Survey, points: Sequence[Point]) -> Decision:
    """How the output is encoded."""
    state = _State.of(case, survey, points)
    crfs = list(state.wanted())
    as_twin = follows(state.goal, case.target)
    if case.method == 1 and as_twin:
        # one fast probe tells less of what the twin is worth than of how large it is: bits are only taken away as far as the settings pay for it
        crfs = [min(crf, state.crf_of_size(state.twin.kbps * MODELS[case.encoder].paid)) for crf in crfs]
        if state.unseen():  # nor much of its size there
            crfs = [max(crf, state.crf_of_size(state.twin.kbps * GUESSED)) for crf in crfs]
    enough = state.twin.kbps * MODELS[case.encoder].equal if as_twin else math.inf
    equal = len(crfs) == 1 and state.kbps(crfs) > enough
    if equal:
        crfs = [state.crf_of_size(enough)]
    kbps = state.kbps(crfs)
    tight = False
    most = min(state.twin.kbps, case.cap_kbps or math.inf) * ROOM
    while kbps > most and max(crfs) < MODELS[case.encoder].most:
        tight, crfs = True, [crf + 0.1 for crf in crfs]
        kbps = state.kbps(crfs)
    if case.encoder == "libsvtav1":  # one whole number for the file; upwards only where the cap asks for it
        mean = sum(crf * group.frames for crf, group in zip(crfs, survey.groups, strict=True)) / survey.frames
        crfs = [float(math.ceil(mean) if tight else math.floor(mean))] * len(crfs)
        kbps = state.kbps(crfs)
    base = _middle(crfs, [group.frames for group in survey.groups])
    forecast = Figures(kbps=round(kbps, 1), vmaf=round(state.vmaf(crfs), 2))
    zones = tuple(
        Zone(first=shot.first, last=shot.first + shot.frames - 1, offset=round(crfs[shot.group] - base, 2))
        for shot in survey.shots
        if abs(crfs[shot.group] - base) >= 0.1
    )
    capped = as_twin or tight
    reason: Reason = "cap" if tight else "twin" if as_twin else "target"
    if forecast.vmaf < state.goal - SHORT and not tight and not equal:
        reason, capped = "best_effort", True
    return Decision(
        method=case.method,
        codec=case.video.codec,
        target=case.target,
        goal=round(state.goal, 2),
        crf=round(base, 2),
        zones=zones,
        maxrate_kbps=case.maxrate_kbps or (round(case.cap_kbps * PEAK) if case.cap_kbps else None),
        bufsize_kbit=case.bufsize_kbit or (round(case.cap_kbps * PEAK * 2) if case.cap_kbps else None),
        slope=round(state.vmaf([crf - 1 for crf in crfs]) - state.vmaf([crf + 1 for crf in crfs]), 3) / 2,
        forecast=forecast,
        twin=state.twin,
        guessed=state.unseen(),
        cap_kbps=round(min(case.cap_kbps or math.inf, state.twin.kbps * 1.05), 1),
        capped=capped,
        reason=reason,
        why=_why(reason, case.target, state.goal, state.twin, forecast),
        probes=len(points),
    )


@dataclass(frozen=True)
class _State:
    """What is known so far."""

    case: Case
    survey: Survey
    curves: tuple[Curve, ...]
    twin: Figures
    goal: float
    twin_crf: float = 0.0  # that pictures of the twin have on average
    spread: float = 0.0  # VMAF: how far the windows of a class lie from their mean, as the fast probe saw them

    @classmethod
    def of(cls, case: Case, survey: Survey, points: Sequence[Point]) -> _State:
        model = MODELS[case.encoder]
        curves = tuple(Curve.of(model, group, points, single=len(survey.groups) == 1, fps=survey.fps) for group in survey.groups)
        bare = cls(case, survey, curves, Figures(kbps=0, vmaf=0), case.target)
        twin, crf = bare._twin()
        return cls(case, survey, curves, twin, min(case.target, twin.vmaf), crf, _spread(survey, points))

    def unseen(self) -> bool:
        """Whether the twin's score is the goal, or nearly, and is a guess: more CRF than the model knows of."""
        return self.twin_crf > MODELS[self.case.encoder].seen and self.twin.vmaf < self.case.target + UNSURE

    # --- the clip out of its classes
    def _shares(self) -> list[float]:
        return [group.frames / self.survey.frames for group in self.survey.groups]

    def vmaf(self, crfs: Sequence[float]) -> float:
        return min(100.0, sum(share * curve.vmaf(crf) for share, curve, crf in zip(self._shares(), self.curves, crfs, strict=True)))

    def kbps(self, crfs: Sequence[float]) -> float:
        rest = sum(
            share * curve.kbps(crf) * self._typical(number) for number, (share, curve, crf) in enumerate(zip(self._shares(), self.curves, crfs, strict=True))
        )
        keys = max(self.survey.keys, 1)
        key = self.curves[0].key(crfs[0]) * keys / self.survey.seconds
        return rest * (1 - keys / self.survey.frames) + key

    def crf_of_size(self, kbps: float) -> float:
        """The constant quality that is this large."""
        low, high = MODELS[self.case.encoder].least, MODELS[self.case.encoder].most
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if self.kbps([middle] * len(self.curves)) > kbps else (low, middle)
        return low

    def _typical(self, number: int) -> float:
        """What a picture of this class costs, against one of its windows: by the survey."""
        whole, looked = _Mean(), _Mean()
        stride, costs = self.survey.stride, self.survey.costs
        for shot in self.survey.shots:
            if shot.group == number:
                whole.add(costs[at // stride] for at in range(max(1, shot.first), shot.first + shot.frames) if at // stride < len(costs))
        for window in self.survey.groups[number].windows:
            looked.add(costs[at // stride] for at in range(max(1, window.first + 1), window.first + window.frames) if at // stride < len(costs))
        ratio = whole.value / looked.value if whole.value and looked.value else 1.0
        return min(2.0, max(0.5, ratio))

    def wanted(self) -> tuple[float, ...]:
        """A CRF for each class that reaches the goal together: where a bit buys equally much in all of them, within APART of each other and none far below."""
        unsure = min(UNLIKE_MOST, ALIKE + UNLIKE * self.spread)
        reached = self.twin.vmaf + unsure if self.twin.vmaf < self.case.target - NEARLY else max(self.twin.vmaf, self.case.target)
        goal = min(99.0, self.case.target + MARGIN, reached)
        if len(self.curves) == 1:
            return (self.curves[0].crf_for(goal),)
        low, high = -6.0, 12.0  # logarithm of the price of a point of VMAF
        found = self._priced(low, goal)
        for _ in range(40):
            middle = (low + high) / 2
            found = self._priced(middle, goal)
            low, high = (middle, high) if self.vmaf(found) < goal else (low, middle)
        return tuple(found)

    def _priced(self, price: float, goal: float) -> list[float]:
        model = MODELS[self.case.encoder]
        worth = math.exp(price)
        grid = [model.least + 0.25 * step for step in range(int((model.most - model.least) * 4) + 1)]
        crfs = [_best(curve, grid, worth) for curve in self.curves]
        middle = _middle(crfs, [group.frames for group in self.survey.groups])
        kept = []
        for crf, curve in zip(crfs, self.curves, strict=True):
            near = min(middle + APART, max(middle - APART, crf))
            kept.append(min(near, curve.crf_for(goal - BELOW)))
        return [min(crf, min(kept) + 2 * APART) for crf in kept]

    def _twin(self) -> tuple[Figures, float]:
        """The regular preset's size and scores, and the CRF that its pictures have on average. Its own settings spend a little more at equal CRF and show a little less."""
        model, cap = MODELS[self.case.encoder], self.case.cap_kbps
        video, survey = self.case.video, self.survey
        own = self.curves[0].own
        if cap is None:
            words = dict(zip(video.options[::2], video.options[1::2], strict=True))
            crf = float(words.get("-crf", model.middle))
            return self._constant(crf, 0.0, math.inf), crf
        if model.followed:
            at = own.crf if own is not None else model.middle
            blocks = math.ceil(video.width / 16) * math.ceil(video.height / 16)
            gop = max(1, round(survey.frames / max(1, survey.keys)))
            for _ in range(2):  # once more from where it lies: sizes run straight only near by
                key = own.key_kbit * 1000 if own is not None else self.curves[0].key(at) * 1000 * model.plain_size
                exponent = model.exponent_at(at)
                course = average_bitrate(self._costs(at), key, at, kbps=cap, fps=survey.fps, blocks=blocks, exponent=exponent, gop=gop)
                at = own.crf if own is not None else min(model.most, max(model.least, sum(course.crfs) / len(course.crfs)))
            return Figures(kbps=round(min(course.kbps, cap * OVER), 1), vmaf=round(self._scored(course), 2)), sum(course.crfs) / len(course.crfs)
        # the constant quality that is as large; an average bitrate spends its bits a little worse
        low = self.crf_of_size(cap / self._plain_size())
        return self._constant(low, model.average_crf, cap), low

    def _constant(self, crf: float, loss: float, most: float) -> Figures:
        """The twin's settings at one CRF; ``loss``: CRF that its rate control costs, ``most``: kbit/s."""
        worth = [crf + curve.plain(crf) + loss for curve in self.curves]
        size = min(most, self.kbps([crf] * len(self.curves)) * self._plain_size())
        return Figures(kbps=round(size, 1), vmaf=round(self.vmaf(worth), 2))

    def _plain_size(self) -> float:
        return sum(share * curve.plain_size for share, curve in zip(self._shares(), self.curves, strict=True))

    def _scored(self, course: Course) -> float:
        """The mean score of pictures that are encoded at these CRFs with the twin's own settings."""
        owner = [0] * self.survey.frames
        for shot in self.survey.shots:
            owner[shot.first : shot.first + shot.frames] = [shot.group] * shot.frames
        known: dict[tuple[int, float], float] = {}
        total = 0.0
        for at, (number, followed) in enumerate(zip(owner, course.crfs, strict=True)):
            crf = followed + (LATE if at < self.survey.fps * START_SECONDS else 0.0)
            place = number, round(crf * 4) / 4
            if place not in known:
                curve = self.curves[number]
                known[place] = curve.vmaf(place[1] + curve.plain(place[1]))
            total += known[place]
        return total / len(course.crfs)

    def _costs(self, crf: float) -> list[float]:
        """Bits of every picture by the survey, scaled so that each class spends what its probe says."""
        survey = self.survey
        found = [0.0] * survey.frames
        for number, curve in enumerate(self.curves):
            mean = _Mean()
            mine = [shot for shot in survey.shots if shot.group == number]
            numbers = [at for shot in mine for at in range(shot.first, shot.first + shot.frames)]
            values = [survey.costs[min(at // survey.stride, len(survey.costs) - 1)] for at in numbers]
            mean.add(value for at, value in zip(numbers, values, strict=True) if at)
            each = curve.kbps(crf) * self._typical(number) * 1000 / survey.fps * curve.plain_size
            for at, value in zip(numbers, values, strict=True):
                found[at] = each * (value / mean.value if mean.value else 1.0)
        return found


def _spread(survey: Survey, points: Sequence[Point]) -> float:
    seen = {row[0]: row[2] for point in points if point.fast for row in point.by_window}
    classes = [[seen[window.first] for window in group.windows if window.first in seen] for group in survey.groups]
    squares = [(score - sum(one) / len(one)) ** 2 for one in classes for score in one]
    return math.sqrt(sum(squares) / len(squares)) if squares else 0.0


class _Mean:
    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, values: object) -> None:
        for value in values:  # type: ignore[attr-defined]
            self._sum += value
            self._count += 1

    @property
    def value(self) -> float:
        return self._sum / self._count if self._count else 0.0


def _best(curve: Curve, grid: Sequence[float], worth: float) -> float:
    """The CRF at which another bit is no longer worth its points."""
    return min(grid, key=lambda crf: curve.kbps(crf) - worth * curve.vmaf(crf))


def _middle(crfs: Sequence[float], weights: Sequence[int]) -> float:
    """The CRF in whose middle the pictures lie."""
    return sum(crf * weight for crf, weight in zip(crfs, weights, strict=True)) / sum(weights)


def _why(reason: Reason, target: float, goal: float, twin: Figures, forecast: Figures) -> str:
    if reason == "target":
        return f"The target of VMAF {target:g} is expected with {forecast.kbps:.0f} kbit/s."
    if reason == "twin":
        return f"The regular preset reaches VMAF {twin.vmaf:.1f} here, less than the target of {target:g}: the same is expected with fewer bits."
    if reason == "cap":
        return f"VMAF {goal:.1f} would take more than the regular preset's bitrate: {forecast.vmaf:.1f} is expected within it."
    return f"VMAF {target:g} cannot be reached at this size: {forecast.vmaf:.1f} is the best that is expected."
