"""``python -m tests.bench [--only work,dialects,queue,pages,library] [--rows 1000000]``: the budgets of docs/development.md, measured; exits 1 if one is not kept."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import dialects, frames, pages, work
from tests.bench.report import Row, machine
from tests.server import ROOT, Server

PARTS = ("start", "work", "frames", "dialects", "queue", "pages", "library")


def main() -> int:
    """Measure and print, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas: " + ", ".join(PARTS))
    parser.add_argument("--rows", type=int, default=1_000_000, help="finished jobs for the jobs page")
    options = parser.parse_args()
    chosen = [part for part in PARTS if part in options.only.split(",")]
    print(machine(), flush=True)
    kept = True
    with tempfile.TemporaryDirectory(prefix="reelmill-bench-") as room:
        for row in measured(chosen, Path(room), options.rows):
            print(row, flush=True)
            kept &= row.kept
    return 0 if kept else 1


def measured(chosen: list[str], room: Path, rows: int) -> Iterator[Row]:
    """Every row, in the order in which they disturb each other least."""
    server = Server(room, workers=2)
    if {"start", "work", "frames", "dialects", "pages"} & set(chosen):
        try:
            server.start()
            server.finished(server.api("/jobs")[1]["items"][0]["id"])
            if "start" in chosen:
                stopped = server.stop()
                server.start()
                yield Row("a later start until ready", f"{server.ready_seconds:.1f} s", "≤ 5 s", server.ready_seconds <= 5)
                yield Row("Ctrl-C until everything has ended", f"{stopped:.1f} s", "≤ 10 s", stopped <= 10)
                yield work.measure_memory(server)
            if "work" in chosen:
                yield from works(server, room)
            if "dialects" in chosen:
                yield from dialects.measure_dialects(server)
            if "frames" in chosen:
                yield from frames.rows(server, film(room), room)
            if "pages" in chosen:
                yield pages.measure_jobs_page(server, rows)
        finally:
            server.stop()
    if "queue" in chosen:
        yield from apart(room, "queue")
    if "library" in chosen:
        yield from apart(room, "library", "100000")


def film(room: Path) -> Path:
    """The 720p source of the sample media; else a synthetic one of the same size."""
    media = Path(os.environ.get("REELMILL_TEST_MEDIA", ROOT.parent / "shared" / "media"))
    source = media / "bbb-720p24-h264-mp3-55s.mp4"
    if not source.exists():
        source = room / "synthetic.mp4"
        picture = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=24:duration=31", "-f", "lavfi", "-i", "sine=duration=31"]
        subprocess.run([work.tools.find().ffmpeg, "-nostdin", "-v", "error", *picture, "-pix_fmt", "yuv420p", str(source)], check=True, timeout=300)
    return source


def works(server: Server, room: Path) -> Iterator[Row]:
    """What a job costs and how soon it starts."""
    source = film(room)
    clip = work.cut(source, room / "clip.mp4", work.SECONDS)
    small = work.cut(source, room / "small.mp4", 0.4)
    yield from work.measure_start(server, small)
    yield work.measure_two(server, work.cut(source, room / "two.mp4", 2))
    yield work.measure_filters(clip)
    yield work.measure_overhead(server, clip)
    yield work.measure_ladder(server, clip)


def apart(room: Path, part: str, *more: str) -> Iterator[Row]:
    """Claims and no-op steps, or searches: in a process of their own for each database, since settings are read once."""
    databases = {"SQLite": "", "PostgreSQL": os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/reelmill")}
    for name, url in databases.items():
        environment = Server(room / part / name).environment | {"DATABASE_URL": url}
        done = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{part}", name, *more], cwd=ROOT, env=environment, text=True, capture_output=True, check=False, timeout=1800
        )
        if done.returncode:
            yield Row(f"{part} on {name}", "could not be measured", "", False, done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "")
            continue
        for line in done.stdout.splitlines():
            what, value, budget, ok, *note = line.split("\t")
            yield Row(f"{what}, {name}", value, budget, ok == "ok", *note)


if __name__ == "__main__":
    sys.exit(main())
