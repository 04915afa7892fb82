"""The packets of a video stream: how even the frame rate really is, and the groups of pictures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from pydantic import Field

from jobs.engine.probe import number
from jobs.engine.types import Strict

EVEN = 0.1  # share of a frame's length by which it may differ and still be even
UNEVEN_SHARE = 0.01  # of all frames: so many may be uneven in a constant rate (an edit, a dropped frame)
TOLD = 0.99  # of all frames: so many must tell their time


class FrameRate(Strict):
    """The frame rate as measured from the times of the frames."""

    kind: Literal["constant", "variable"]
    mean: float = Field(description="frames per second")
    slowest: float = Field(description="frames per second, of the longest frame")
    fastest: float = Field(description="frames per second, of the shortest frame")


class Gops(Strict):
    """Groups of pictures: from one key frame to the next, in frames."""

    count: int
    shortest: int
    mean: float
    longest: int
    longest_seconds: float | None = None
    structure: Literal["closed", "open"] | None = Field(
        None, description="null: pictures lead into the key frame, and the packets do not tell whether they need what is before it"
    )


class LookedAt(Strict):
    """How much of the first video stream was read for frame rates and groups of pictures."""

    packets: int
    seconds: float
    whole: bool


@dataclass(frozen=True)
class Packet:
    """A packet of the first video stream, in the order of the file. Times in s."""

    pts: float | None
    dts: float | None
    key: bool


def parse_packets(written: str) -> tuple[Packet, ...]:
    """Lines «pts_time,dts_time,flags» of ffprobe; what cannot be read is left out."""
    found = []
    for line in written.splitlines():
        parts = line.strip().split(",")
        if len(parts) >= 3:
            found.append(Packet(number(parts[0]), number(parts[1]), parts[2].startswith("K")))
    return tuple(found)


def _times(packets: Sequence[Packet]) -> list[float]:
    """Times of the frames in the order in which they are shown; where a container does not tell them all, in the order in which they are decoded; nothing
    where it does not tell these either (MPEG-PS tells the times of some)."""
    for known in ([p.pts for p in packets if p.pts is not None], [p.dts for p in packets if p.dts is not None]):
        if len(known) > TOLD * len(packets):
            return sorted(set(known))
    return []


def frame_rate(packets: Sequence[Packet]) -> FrameRate | None:
    """How even the frames are; None where there are fewer than two, or no times."""
    times = _times(packets)
    lengths = [later - earlier for earlier, later in pairwise(times)]
    if not lengths:
        return None
    usual = median(lengths)
    spare = max(EVEN * usual, 0.0011)  # containers that count in milliseconds round
    uneven = sum(abs(length - usual) > spare for length in lengths)
    return FrameRate(
        kind="variable" if uneven > UNEVEN_SHARE * len(lengths) else "constant",
        mean=round(len(lengths) / (times[-1] - times[0]), 3),
        slowest=round(1 / max(lengths), 3),
        fastest=round(1 / min(lengths), 3),
    )


def gops(codec: str, packets: Sequence[Packet], *, whole: bool) -> Gops | None:
    """From key frame to key frame; None where there is none. The last group counts only if it is known to be complete."""
    keys = [at for at, packet in enumerate(packets) if packet.key]
    if not keys:
        return None
    ends = [*keys[1:], len(packets)] if whole or len(keys) == 1 else keys[1:]
    lengths = [end - at for at, end in zip(keys, ends, strict=False)]
    starts = [packets[at].pts for at in keys]
    gaps = [b - a for a, b in pairwise(starts) if a is not None and b is not None]
    return Gops(
        count=len(lengths),
        shortest=min(lengths),
        mean=round(sum(lengths) / len(lengths), 2),
        longest=max(lengths),
        longest_seconds=round(max(gaps), 3) if gaps else None,
        structure=_structure(codec, packets, keys),
    )


def _structure(codec: str, packets: Sequence[Packet], keys: Sequence[int]) -> Literal["closed", "open"] | None:
    """Open where pictures that follow a key frame in the file are shown before it. In H.264 these always need what lies before; elsewhere they may not."""
    if all(packet.pts is None for packet in packets):
        return None
    leading = False
    for at, end in zip(keys[1:], [*keys[2:], len(packets)], strict=False):
        begin = packets[at].pts
        leading = leading or (begin is not None and any(p.pts is not None and p.pts < begin for p in packets[at + 1 : end]))
    if not leading:
        return "closed"
    return "open" if codec == "h264" else None


def looked_at(packets: Sequence[Packet], *, whole: bool) -> LookedAt:
    """How much these packets are. ``whole``: all of them."""
    times = _times(packets)
    return LookedAt(packets=len(packets), seconds=round(times[-1] - times[0], 3) if times else 0.0, whole=whole)
