"""``python -m tests.bench.narrowband [--quick] [--codec h264,h265,av1] [--only bbb] [--keep FOLDER]``: what Narrowband saves, on real clips.

Each clip (natural, at least 4 s, trimmed to 10 s) is made with the regular preset (the twin), by plain bisection on CRF over the whole file with the twin's own
settings (the baseline), with Narrowband 1 and with Narrowband 2, and each result is measured against the source, picture by picture. Times are processor seconds
of ffmpeg, so that a busy machine does not change them much; ``--wall`` takes the clock. ``--keep`` remembers what was measured, so that a run can be continued.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.bench import narrowband_clips as clips
from tests.bench.narrowband_rows import Bench, Result
from tests.bench.narrowband_table import printed, wanted
from tests.bench.report import machine
from tests.server import ROOT


def main() -> int:
    """Measure and print; 1 if a wanted figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a handful of small rows, every third picture measured")
    parser.add_argument("--codec", default="h264", help="h264, h265, av1; with commas")
    parser.add_argument("--only", default="", help="rows whose name contains this")
    parser.add_argument("--keep", type=Path, help="folder for what was measured")
    parser.add_argument("--every", type=int, help="measure each how manyth picture; not said: all, with --quick every third")
    parser.add_argument("--wall", action="store_true", help="compare times by the clock")
    options = parser.parse_args()
    media = Path(os.environ.get("REELMILL_TEST_MEDIA", ROOT.parent / "shared" / "media"))
    print(machine(), flush=True)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="reelmill-narrowband-") as room:
        bench = Bench(media, Path(room), options.keep, every=options.every or (3 if options.quick else 1), wall=options.wall)
        print(printed.head, flush=True)
        for codec in options.codec.split(","):
            for row in clips.rows(bench, codec, quick=options.quick):
                if options.only in row.name:
                    results.append(bench.result(row))
                    print(printed.line(results[-1]), flush=True)
    missed = False
    for kept, text in wanted(results):
        missed |= not kept
        print(("met    " if kept else "MISSED ") + text, flush=True)
    return int(missed or not results)


if __name__ == "__main__":
    sys.exit(main())
