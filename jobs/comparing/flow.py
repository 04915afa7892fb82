"""How the bits of a stream are spread over time: second by second, the peak of any second, and how far apart key frames are. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

WINDOW, NEAR = 1.0, 1e-6  # s
LONGEST = 86_400  # s


@dataclass(frozen=True)
class Flow:
    """``peak_kbps``: of the fullest second, wherever it begins; ``key_seconds``: between two key frames, on average; None: fewer than two; ``rates``: kbit/s of
    each second from the first packet on, the last one of what there is of it."""

    peak_kbps: float
    key_seconds: float | None
    rates: tuple[float, ...] = field(default=(), compare=False)


def flow(lines: str) -> Flow | None:
    """Of lines «pts in s, dts in s, bytes, flags» in the order of decoding; lines without a dts are left out. None: no packet has one."""
    found: list[tuple[float, int, bool]] = []
    for line in lines.splitlines():
        words = line.split(",")
        try:
            found.append((float(words[1]), int(words[2]), words[3].startswith("K")))
        except (ValueError, IndexError):
            continue
    if not found:
        return None
    most = total = first = 0
    for last, (time, size, _key) in enumerate(found):
        total += size
        while first < last and found[first][0] <= time - WINDOW + NEAR:
            total -= found[first][1]
            first += 1
        most = max(most, total)
    span = found[-1][0] - found[0][0]
    keys = [time for time, _size, key in found if key]
    return Flow(
        most * 8 / 1000 / WINDOW if span >= WINDOW else total * 8 / 1000 / max(span, 0.04),
        (keys[-1] - keys[0]) / (len(keys) - 1) if len(keys) > 1 else None,
        _rates([(time, size) for time, size, _key in found]),
    )


def _rates(packets: list[tuple[float, int]]) -> tuple[float, ...]:
    """kbit/s by second. A last second that is hardly begun belongs to the one before it: its few pictures would look like a peak or a hole."""
    begin = min(time for time, _size in packets)
    step = (packets[-1][0] - packets[0][0]) / max(1, len(packets) - 1) or 0.04
    length = max(step, max(time for time, _size in packets) - begin + step)
    count = max(1, math.ceil(length - 0.25) if length <= LONGEST else LONGEST)
    sizes = [0] * count
    for time, size in packets:
        sizes[min(count - 1, max(0, int(time - begin + NEAR)))] += size
    spans = [1.0] * (count - 1) + [length - (count - 1)]
    return tuple(size * 8 / 1000 / span for size, span in zip(sizes, spans, strict=True))
