"""Sheets of small pictures against the filters that one would type, and a single picture against bare ffmpeg. Real jobs, real workers."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.ffmpeg import tools
from tests.bench.report import Row, ms
from tests.bench.work import when

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server import Server

STEP = 5.0
NONE = subprocess.DEVNULL


def longer(source: Path, target: Path, seconds: float) -> Path:
    """The source over and over, by stream copy, without sound."""
    argv = [tools.find().ffmpeg, "-nostdin", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(source), "-t", str(seconds), "-an", "-c", "copy", str(target)]
    subprocess.run(argv, check=True, stdin=NONE, timeout=300)
    return target


def encoded(source: Path, target: Path, seconds: float) -> Path:
    """720p as services deliver it: a key frame every two seconds."""
    argv = [
        tools.find().ffmpeg,
        "-nostdin",
        "-v",
        "error",
        "-y",
        "-t",
        str(seconds),
        "-i",
        str(source),
        "-an",
        "-vf",
        "scale=1280:720,fps=24",
        "-pix_fmt",
        "yuv420p",
    ]
    subprocess.run([*argv, "-c:v", "libx264", "-preset", "veryfast", "-g", "48", str(target)], check=True, stdin=NONE, timeout=300)
    return target


def _best(what: Callable[[], float], times: int = 2) -> float:
    return min(what() for _ in range(times))


def _bare(argv: list[str], room: Path) -> float:
    begun = time.monotonic()
    subprocess.run([tools.find().ffmpeg, "-nostdin", "-y", *argv], cwd=room, check=True, stdin=NONE, stdout=NONE, stderr=NONE, timeout=600)
    return time.monotonic() - begun


def measure_sprite(server: Server, clip: Path, room: Path) -> Row:
    """Wall time of the job's work (claim to end) against decoding everything, the pictures picked by ``fps`` and laid out by ``tile``."""
    address = server.put(clip, "bench/film.mp4")
    typed = _best(lambda: _bare(["-i", str(clip), "-vf", f"fps=1/{STEP:g},scale=160:90,tile=10x10", "-q:v", "3", "full-%d.jpg"], room))
    body = {"input": address, "output": "oss://output/bench/film-{TileCount}.jpg", "interval": STEP, "cell_width": 160}

    def job() -> float:
        done = server.finished(server.api("/sprites", method="POST", body=body)[1]["id"], 600)
        assert done["state"] == "succeeded", done
        return _worked(done)

    ours = _best(job)
    ratio = ours / typed
    return Row(
        "sprite of a 720p video ÷ full decode with fps and tile", f"{ratio:.3f} ({ours:.2f} / {typed:.2f} s)", "≤ 0.12", ratio <= 0.12, f"{STEP:g} s steps"
    )


def measure_single(server: Server, clip: Path, seconds: float, room: Path) -> Row:
    """A picture at 80 % of a long file: work of the job, from claim to end, over bare ffmpeg that opens the file there."""
    address = server.put(clip, "bench/film.mp4")
    at = 0.8 * seconds
    typed = _best(lambda: _bare(["-ss", f"{at:.3f}", "-i", str(clip), "-frames:v", "1", "-q:v", "2", "one.jpg"], room), 5)
    body = {"input": address, "output": "oss://output/bench/one.jpg", "time": at}

    def job() -> float:
        done = server.finished(server.api("/snapshots", method="POST", body=body)[1]["id"], 60)
        assert done["state"] == "succeeded", done
        return _worked(done)

    ours = _best(job, 5)
    return Row("a picture at 80 % of a long file, over bare ffmpeg", f"{ms(ours - typed)} ({ms(ours)} − {ms(typed)})", "≤ 300 ms", ours - typed <= 0.3)


def measure_waited(server: Server, clip: Path, seconds: float) -> Row:
    """The longest that somebody waits for a picture anywhere in a long file, from request to answer, while every worker encodes."""
    address = server.put(clip, "bench/film.mp4")
    slow = {"container": {"format": "mp4"}, "video": {"codec": "h264", "preset": "medium", "height": 720}, "audio": {"remove": True}}
    jobs = []
    for number in range(server.workers + 1):
        body = {"kind": "transcode", "input": address, "outputs": [{"address": f"oss://output/bench/busy-{number}.mp4", "overrides": slow}]}
        jobs.append(server.api("/jobs", method="POST", body=body)[1]["id"])
    until = time.monotonic() + 60
    while sum(server.api(f"/jobs/{job}")[1]["state"] == "running" for job in jobs) < server.workers:
        assert time.monotonic() < until, "the workers do not begin"
        time.sleep(0.1)
    waited = []
    for share in (0.0, 0.07, 0.31, 0.5, 0.64, 0.8, 0.99):
        begun = time.monotonic()
        status, done = server.api(
            "/snapshots", method="POST", body={"input": address, "output": "oss://output/bench/waited.jpg", "time": share * seconds, "wait": True}
        )
        waited.append(time.monotonic() - begun)
        assert (status, done["state"]) == (201, "succeeded"), done
    busy = [server.api(f"/jobs/{job}")[1]["state"] for job in jobs]
    assert busy.count("running") == server.workers, "they encoded all the time"
    for job in jobs:
        server.api(f"/jobs/{job}/cancel", method="POST", body={})
    for job in jobs:
        server.finished(job, 60)
    return Row("a picture that somebody waits for, while every worker encodes", f"at most {ms(max(waited))}", "≤ 2,000 ms", max(waited) <= 2)


def _worked(done: dict[str, Any]) -> float:
    return (when(done["finished_at"]) - when(done["started_at"])).total_seconds()


def rows(server: Server, source: Path, room: Path) -> list[Row]:
    """All of the same long file."""
    film = longer(encoded(source, room / "minute.mp4", 50), room / "film.mp4", 600)
    return [measure_sprite(server, film, room), measure_single(server, film, 600, room), measure_waited(server, film, 600)]
