"""What the regular preset would make of this clip: its size and how its quality runs, without encoding it. Pure.

The average bitrate of x264 (and of x265, which took over its rate control) is followed picture by picture: the quantiser is what would have spent the wanted bits on
everything so far, corrected by what was spent too much or too little. Short clips end well off the average they were asked for, and by how much decides what the
twin is worth; costs of the pictures come from the survey, the scale from a probe.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

QCOMP = 0.6
TREE = (1 - QCOMP) * 13.5  # CRF is lowered by this where the macroblock tree is on, as it is
STEP = 2 ** (4 / 6)  # most change of the quantiser's scale between two pictures
IP = 1.4
USUAL = 0.04  # s: the pace that x264 counts from
EXPONENT = 1.15  # bits fall by 2^(-EXPONENT · d / 6) for d CRF more, where the probes do not tell


@dataclass(frozen=True)
class Course:
    """What an average bitrate came to. ``crfs``: the CRF to which each picture's quantiser belongs."""

    kbps: float
    crfs: tuple[float, ...]


def scale_of(qp: float) -> float:
    """The quantiser's scale."""
    return 0.85 * 2 ** ((qp - 12) / 6)


def qp_of(scale: float) -> float:
    """The other way round."""
    return 12 + 6 * math.log2(scale / 0.85)


def average_bitrate(
    costs: Sequence[float], key_bits: float, crf: float, *, kbps: float, fps: float, blocks: int, exponent: float = EXPONENT, delay: int = 4, gop: int = 250
) -> Course:
    """Follow the encoder. ``costs``: bits of each picture when encoded at ``crf``, ``key_bits``: of a key frame then; ``kbps``: what is asked for; ``blocks``: of 16 × 16 px;
    ``delay``: pictures that are underway, of which the encoder does not yet know the size."""
    pace = (USUAL / min(1.0, max(0.01, 1 / fps))) ** (1 - QCOMP)
    at_crf = pace * scale_of(crf + TREE)  # the quantiser's scale that this CRF means
    # what the encoder starts from: one picture of usual complexity
    wanted, complexity = kbps * 1000 / fps, 0.01 * 7e5**QCOMP * math.sqrt(blocks) * (blocks * 120.0) ** (1 - QCOMP)
    per_frame = kbps * 1000 / fps
    last = pace * complexity / wanted
    spent = 0.0
    used: list[tuple[float, float]] = []  # bits, scale
    scales: list[float] = []
    for number, cost in enumerate(costs):
        key = number % gop == 0
        known = used[number - delay][0:2] if number >= delay else None
        if known:
            complexity += known[0] * known[1] / pace
            wanted += per_frame
        if number == 0:
            scale = pace * complexity / wanted
        else:
            done = number / fps
            spent_now = spent
            buffer = 2 * kbps * 1000 * max(1.0, math.sqrt(done))
            overflow = min(2.0, max(0.5, 1 + (spent_now - done * kbps * 1000) / buffer))
            scale = pace / (wanted / complexity) * overflow if number >= delay else last
            low, high = last / STEP, last * STEP
            if overflow > 1.1 and number > 3:
                high *= STEP
            elif overflow < 0.9:
                low /= STEP
            scale = min(high, max(low, scale))
        scale = min(scale_of(51), max(scale_of(1), scale))
        # a key frame is given less quantisation than the others, but for the very first
        bits = (key_bits if key else cost) * (at_crf / (scale * (IP if not number else 1.0))) ** exponent
        used.append((bits, scale))
        scales.append(scale)
        spent += bits
        last = scale
    crfs = tuple(qp_of(scale / pace) - TREE for scale in scales)
    return Course(spent * fps / max(1, len(costs)) / 1000, crfs)
