"""How size and score run with the CRF: through what was probed, and between and beyond by what is usual of the encoder. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.engine.narrowband.records import Group, Point


@dataclass(frozen=True)
class Model:
    """What is usual of an encoder. Fitted as docs/narrowband.md says.

    ``start``: CRF of the fast probe; ``shift``: at this much more CRF the plan's preset scores what the fast one does (``shift_grows``: see :meth:`shift_of`); ``fast_size``: its size then, against the fast one's;
    ``exponent``: bits fall by 2^(exponent · d / 6) for d CRF more; ``steep``, ``steeper``: VMAF per CRF is (steep + steeper · (96 − VMAF)) · (CRF − flat) / bend; ``plain_*``: the twin's own settings against
    ours at equal CRF: its size, and how much more CRF of ours scores the same; ``average_crf``: what an average bitrate loses against constant quality of equal size;
    ``paid``: of the twin's size is enough for its quality with the settings that pay; ``followed``: whether ``twin.average_bitrate`` holds; ``seen``: where the twin has
    more CRF than this, ``plain_*`` are not believed but measured.
    """

    start: float
    shift: float
    shift_grows: float
    fast_size: float
    exponent: float
    steep: float
    steeper: float
    plain_size: float
    plain_crf: float
    average_crf: float
    followed: bool
    flat: float = 4.0
    bend: float = 26.0
    least: float = 12.0
    middle: float = 27.0
    most: float = 45.0
    seen: float = 33.0
    paid: float = 0.87  # x264; with 0.88 one of five rows came out 0.4 % larger than the twin

    @property
    def equal(self) -> float:
        """Of the twin's size, forecast, that ours may take where its score is the goal: a little more than ``paid`` is better already, whatever was forecast."""
        return min(ROOM, self.paid + 0.05)

    def crf_to_shrink(self, factor: float) -> float:
        """How much more CRF divides the size by this; below 1: how much less multiplies it."""
        return 6 * math.log2(factor) / self.exponent

    def shift_of(self, key_kbit: float, kbit: float) -> float:
        """``shift`` of a clip: it grows with how much a key frame costs against the others, for the fast preset predicts badly where there is much to predict."""
        ratio = key_kbit / kbit if kbit > 0 and key_kbit > 0 else 10.0
        return min(5.5, max(1.0, self.shift + self.shift_grows * math.log(ratio / 10)))

    def exponent_at(self, crf: float) -> float:
        """``exponent`` around a CRF."""
        return self.exponent + (STEEPER * max(0.0, min(12.0, STEEP_BELOW - crf)) if self.followed else 0.0)

    def plain(self, crf: float) -> float:
        """How much more CRF of ours scores the same as this CRF of the twin's: without the encoder's bets on what eyes like, more where bits are few or many."""
        more = 0.15 * (crf - 25) if crf > 25 else 0.12 * (25 - crf)
        return self.plain_crf + (more if self.plain_crf > 0 else 0.0)

    def slope(self, vmaf: float, crf: float) -> float:
        """VMAF lost per CRF: the more, the lower the score, and hardly anything at low CRF, where only what scaling took is missing."""
        return (self.steep + self.steeper * max(0.0, 96.0 - vmaf)) * min(1.5, max(0.1, (crf - self.flat) / self.bend))


MODELS: Mapping[str, Model] = {
    "libx264": Model(26.0, 2.9, 0.85, 0.83, 1.05, 0.3, 0.1, 1.04, 0.7, 0.3, followed=True),
    "libx265": Model(26.0, 1.2, 0.3, 1.0, 1.0, 0.3, 0.1, 1.1, -0.4, 0.3, followed=True, paid=0.92),
    "libsvtav1": Model(
        30.0, 9.0, 0.0, 0.55, 0.52, 0.05, 0.035, 1.0, 0.0, 1.0, followed=False, flat=-30.0, bend=60.0, least=10.0, middle=35.0, most=60.0, seen=45.0, paid=1.0
    ),
}
SCORE_MAX = 99.9
ROOM = 0.97  # of the twin's size, forecast, that ours may take
CUT_SIZE = 1.08  # × the bits that pictures have in a window, in the whole clip (forecasts were 4 to 16 % too small on six rows)
MILDER = (
    0.6  # exponent: windows differ less with the real preset than with the fast one (of 1, 0.6 and 0.3 this fits 16 rows best: 0.51 VMAF off, root mean square)
)
STEEPER, STEEP_BELOW = 0.035, 28.0  # bits grow faster towards low CRF: so much more exponent for each CRF below (probes of eight clips)
CUT_SHORT = 0.4  # VMAF: how much worse pictures come out in a window than in the whole clip (mean of 29 rows, whose forecasts were 1.1 too high to 1.6 too low)
PACE = 1.3  # × the usual slope beyond a single probe (real ones of eight rows lay up to 2.2 higher towards low CRF; finished files of six up to 1.1)


@dataclass(frozen=True)
class Spot:
    """One known place of a curve."""

    crf: float
    vmaf: float
    kbps: float
    key_kbit: float


@dataclass(frozen=True)
class Curve:
    """Of one class of shots. ``spots``: by CRF; at least one."""

    model: Model
    spots: tuple[Spot, ...]
    sure: bool = True  # has a real probe
    own: Spot | None = None  # the twin's settings, where they were probed

    @classmethod
    def of(cls, model: Model, group: Group, points: Sequence[Point], *, single: bool, fps: float) -> Curve:
        """From its real probes; without one from the fast probe. ``single``: there is one class only."""
        real = [point for point in points if not point.fast and not point.plain and (point.group == group.number or (single and point.group < 0))]
        fast = next((point for point in points if point.fast), None)
        if real or fast is None:
            latest = {point.crf: _whole(model, group, point, fast) for point in real}
            plain = next((point for point in points if point.plain), None)
            return cls(model, tuple(latest[crf] for crf in sorted(latest)), own=_whole(model, group, plain, fast) if plain else None)
        kbps, vmaf, _ = _seen(group, fast)
        shift = model.shift_of(fast.key_kbit, fast.kbit_s / fps)
        return cls(model, (Spot(fast.crf + shift, vmaf, kbps * model.fast_size, fast.key_kbit * model.fast_size),), sure=False)

    def vmaf(self, crf: float) -> float:
        """The score at a CRF."""
        return self._score(crf)

    def kbps(self, crf: float) -> float:
        """kbit/s at a CRF, without key frames."""
        return self._size(crf, "kbps")

    def key(self, crf: float) -> float:
        """kbit of a key frame at a CRF."""
        return self._size(crf, "key_kbit")

    def plain(self, crf: float) -> float:
        """How much more CRF of ours scores the same as this CRF of the twin's: as measured, and around that as usual."""
        usual = self.model.plain(crf)
        if self.own is None:
            return usual
        return usual + self.crf_for(self.own.vmaf) - self.own.crf - self.model.plain(self.own.crf)

    @property
    def plain_size(self) -> float:
        """Size with the twin's settings against ours at equal CRF."""
        return self.own.kbps / self.kbps(self.own.crf) if self.own is not None else self.model.plain_size

    def crf_for(self, vmaf: float) -> float:
        """The CRF with this score, within the model's bounds."""
        low, high = self.model.least, self.model.most
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if self.vmaf(middle) > vmaf else (low, middle)
        return low

    def _score(self, crf: float) -> float:
        left, right = self._around(crf)
        if left is not None and right is not None:
            share = (crf - left.crf) / (right.crf - left.crf)
            return left.vmaf * (1 - share) + right.vmaf * share
        known = left or right or self.spots[0]
        score = known.vmaf
        pace = self._pace(known)
        # step by step: the curve bends
        steps = max(1, math.ceil(abs(crf - known.crf) / 0.5))
        step = (crf - known.crf) / steps
        for number in range(steps):
            score = min(SCORE_MAX, max(0.0, score - step * self.model.slope(score, known.crf + step * (number + 0.5)) * pace))
        return score

    def _pace(self, known: Spot) -> float:
        """How steep this curve is beyond its probes, against the usual."""
        if len(self.spots) < 2:
            return PACE
        other = self.spots[1] if known is self.spots[0] else self.spots[-2]
        seen = (known.vmaf - other.vmaf) / (other.crf - known.crf)
        usual = self.model.slope((known.vmaf + other.vmaf) / 2, (known.crf + other.crf) / 2)
        return min(2.5, max(0.3, seen / usual))

    def _size(self, crf: float, name: str) -> float:
        left, right = self._around(crf)
        if left is not None and right is not None:
            share = (crf - left.crf) / (right.crf - left.crf)
            return math.exp(math.log(max(1e-3, getattr(left, name))) * (1 - share) + math.log(max(1e-3, getattr(right, name))) * share)
        known = left or right or self.spots[0]
        return float(getattr(known, name)) * 2 ** (-self.model.exponent_at((crf + known.crf) / 2) * (crf - known.crf) / 6)

    def _around(self, crf: float) -> tuple[Spot | None, Spot | None]:
        left = next((spot for spot in reversed(self.spots) if spot.crf <= crf), None)
        right = next((spot for spot in self.spots if spot.crf > crf), None)
        return left, right


def _whole(model: Model, group: Group, point: Point, fast: Point | None) -> Spot:
    """What a real probe of some windows tells of all windows of the class, as far as the fast probe, which had all, saw these differ; and its score in the whole clip:
    the encoder does not see what the last pictures of a window will be good for, and gives them less."""
    kbps, vmaf, key = _seen(group, point)
    if fast is not None:
        every, same = _seen(group, fast), _seen(group, fast, point)
        kbps, key = (
            own * min(2.0, max(0.5, whole / part)) ** MILDER if part else own for own, whole, part in ((kbps, every[0], same[0]), (key, every[2], same[2]))
        )
        if same[1] < SCORE_MAX:
            vmaf = 100 - (100 - vmaf) * min(2.0, max(0.5, (100 - every[1]) / (100 - same[1]))) ** MILDER
    return Spot(point.crf, min(SCORE_MAX, vmaf + CUT_SHORT), kbps * CUT_SIZE, key)


def _seen(group: Group, point: Point, of: Point | None = None) -> tuple[float, float, float]:
    """kbit/s, VMAF and kbit of a first picture in the windows of a class; ``of``: only those that this probe had too."""
    frames = {window.first: window.frames for window in group.windows}
    allowed = {row[0] for row in of.by_window} if of is not None else set(frames)
    rows = [row for row in point.by_window if row[0] in frames and row[0] in allowed]
    total = sum(frames[row[0]] for row in rows)
    if not total:
        return point.kbit_s, point.vmaf, point.key_kbit
    kbps, vmaf, key = (sum(row[at] * frames[row[0]] for row in rows) / total for at in (1, 2, 3))
    return kbps, vmaf, key
