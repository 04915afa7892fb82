"""Where a video stops being black. Pure: the command that looks, and how to read what it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jobs.engine.argv import GLOBAL, opened
from jobs.engine.plan import Command, Source

if TYPE_CHECKING:
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.spec import SkipBlack

LOOKED_AT = 60.0  # s: black that is longer is meant so
_TIME = re.compile(r"pts_time:\s*(\d+(?:\.\d+)?)")


def command(probe: Probe, stream: VideoStream, black: SkipBlack, start: float) -> Command:
    """Look for the first picture from ``start`` (s) on that is not black. It ends with that picture."""
    options = ("-copyts", "-start_at_zero", "-noaccurate_seek")
    source = Source(format=probe.format_name, start=start or None, duration=LOOKED_AT, options=options)
    chain = (
        f"[0:{stream.index}]select='gte(t,{start - 0.0005:.4f})',scale=w='min(iw,320)':h=-2:out_range=full,format=gray,blackframe=amount=0:threshold={black.threshold},"
        f"metadata=mode=select:key=lavfi.blackframe.pblack:value={black.level - 0.5}:function=less,metadata=mode=print:key=lavfi.blackframe.pblack[seen]"
    )
    argv = (*GLOBAL, *opened(source, (stream.codec,), copies=False), "-filter_complex", chain, "-map", "[seen]", "-frames:v", "1")
    return Command(argv=(*argv, "-fps_mode", "passthrough", "-f", "null", "none"), expected_seconds=LOOKED_AT, pixels=stream.width * stream.height)


def read(tail: str) -> float | None:
    """Seconds from the beginning of the file; None: everything that was looked at is black."""
    found = _TIME.search(tail)
    return float(found[1]) if found else None
