"""What a job costs beside the same work as bare ffmpeg commands, and how soon it starts. Real server, real workers."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from jobs.engine.address import Address
from jobs.engine.argv import commands
from jobs.engine.resolve import resolve
from jobs.engine.spec import InputSpec, OutputSpec, TranscodeSpec
from jobs.engine.template import Template
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from templates_app.presets import shipped
from tests.bench.report import Row, ms, percentile
from tests.server import Server

SECONDS = 30


def template(name: str) -> Template:
    """A shipped preset."""
    return Template.model_validate(next(p.params for p in shipped() if p.name == name), strict=False)


def cut(source: Path, target: Path, seconds: float) -> Path:
    """The first seconds of a file, by stream copy."""
    argv = [tools.find().ffmpeg, "-nostdin", "-v", "error", "-y", "-t", str(seconds), "-i", str(source), "-c", "copy", str(target)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=120)
    return target


def bare(source: Path, name: str) -> float:
    """Wall seconds of the very command that a job with this one preset would run, started by nobody but us."""
    with tempfile.TemporaryDirectory(prefix="reelmill-bench-") as folder:
        room = Path(folder)
        os.link(source, room / "input")
        facts = ffprobe.probe(room / "input", tools=tools.find(), cwd=room)
        spec = TranscodeSpec(
            input=InputSpec(address=Address("input", "a"), start=None, duration=None), outputs=(OutputSpec(template=name, address=Address("output", "b.m3u8")),)
        )
        work = commands(resolve(spec, [template(name)], facts))
        begun = time.monotonic()
        for command in work:
            subprocess.run(
                [tools.find().ffmpeg, *command.argv],
                cwd=room,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=600,
            )
        return time.monotonic() - begun


FILTERED = Template.model_validate(
    {
        "container": {"format": "mp4"},
        "video": {
            "crop": {"left": 40, "top": 20, "width": 1200, "height": 680},
            "denoise": "light",
            "width": 640,
            "height": 360,
            "scale_type": "fill",
            "fps": 20.0,
            "preset": "veryfast",
            "crf": 23.0,
        },
        "audio": {"remove": True},
    },
    strict=False,
)
BARE_FILTERS = "fps=20,crop=1200:680:40:20,hqdn3d=2:1.5:3:2.25,scale=636:360:flags=bicubic,pad=640:360:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p"


def measure_filters(clip: Path, times: int = 4) -> Row:
    """Our command for a chain of filters against the same chain as one would type it; best of some runs, turn by turn."""
    ours, typed = [], []
    with tempfile.TemporaryDirectory(prefix="reelmill-bench-") as folder:
        room = Path(folder)
        os.link(clip, room / "input")
        facts = ffprobe.probe(room / "input", tools=tools.find(), cwd=room)
        spec = TranscodeSpec(
            input=InputSpec(address=Address("input", "a"), start=None, duration=None), outputs=(OutputSpec(template="x", address=Address("output", "b.mp4")),)
        )
        (command,) = commands(resolve(spec, [FILTERED], facts))
        encoder = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-g", "250", "-an", "-movflags", "+faststart", "bare.mp4"]
        by_hand = ["-nostdin", "-y", "-i", "input", "-vf", BARE_FILTERS, *encoder]
        for _ in range(times):
            typed.append(_timed(by_hand, room))
            ours.append(_timed(list(command.argv), room))
    ratio = min(ours) / min(typed)
    return Row("our filters ÷ the same typed by hand, 720p → 360p", f"{ratio:.2f} ({min(ours):.1f} / {min(typed):.1f} s)", "≤ 1.05", ratio <= 1.05)


def _timed(argv: list[str], room: Path) -> float:
    begun = time.monotonic()
    none = subprocess.DEVNULL
    subprocess.run([tools.find().ffmpeg, *argv], cwd=room, check=True, timeout=600, stdin=none, stdout=none, stderr=none)
    return time.monotonic() - begun


def job(server: Server, source: str, *outputs: tuple[str, str]) -> float:
    """Wall seconds from the POST to the finished job, by the server's clock."""
    done = server.finished(server.submit(source, *outputs)["id"], 600)
    assert done["state"] == "succeeded", done
    return (when(done["finished_at"]) - when(done["created_at"])).total_seconds()


def when(text: str) -> dt.datetime:
    """A time of the API."""
    return dt.datetime.fromisoformat(text)


def measure_overhead(server: Server, clip: Path) -> Row:
    """A job against its bare command; the lesser of two runs each, one after the other."""
    address = server.put(clip, "bench/clip.mp4")
    alone = min(bare(clip, "mp4-h264-540p") for _ in range(2))
    ours = min(job(server, address, ("mp4-h264-540p", f"oss://output/bench/{n}.mp4")) for n in range(2))
    return Row("job ÷ bare ffmpeg, 30 s 720p → 540p MP4", f"{ours / alone:.2f} ({ours:.1f} / {alone:.1f} s)", "≤ 1.05 + 0.5 s", ours <= 1.05 * alone + 0.5)


def measure_ladder(server: Server, clip: Path) -> Row:
    """Three rungs from one decode against three commands one after another."""
    address = server.put(clip, "bench/clip.mp4")
    alone = sum(bare(clip, name) for name in ("hls-h264-720p", "hls-h264-540p", "hls-h264-360p"))
    ours = job(server, address, ("hls-ladder", "oss://output/bench/ladder/index.m3u8"))
    return Row("HLS ladder as one job ÷ three bare ffmpeg runs", f"{ours / alone:.2f} ({ours:.1f} / {alone:.1f} s)", "≤ 0.95", ours <= 0.95 * alone)


def measure_start(server: Server, small: Path, times: int = 60) -> list[Row]:
    """Submit to claim, submit to ffmpeg, on an idle system; one at a time."""
    address = server.put(small, "bench/small.mp4")
    claimed, started = [], []
    for n in range(times + 1):
        done = server.finished(server.submit(address, ("mp4-h264-360p", f"oss://output/bench/small-{n % 4}.mp4"))["id"])
        attempt = attempts(server, done["id"])[0]
        created = when(done["created_at"])
        encode = next(when(at) for phase, at in attempt["phases"] if phase == "encode")
        if n:  # the very first one after a start pays for imports
            claimed.append((when(attempt["started_at"]) - created).total_seconds())
            started.append((encode - created).total_seconds())
        time.sleep(0.05)
    rows = []
    for what, values, p50, p99 in (("submit → claimed, idle", claimed, 0.06, 0.15), ("submit → ffmpeg started, idle", started, 0.15, 0.4)):
        low, high = percentile(values, 0.5), percentile(values, 0.99)
        rows.append(Row(f"{what}, {times} jobs", f"p50 {ms(low)}, p99 {ms(high)}", f"p50 ≤ {ms(p50)}, p99 ≤ {ms(p99)}", low <= p50 and high <= p99))
    return rows


def measure_two(server: Server, clip: Path, times: int = 8) -> Row:
    """Two jobs at once to two idle groups: the later start, the worst of some tries."""
    address = server.put(clip, "bench/two.mp4")
    worst = 0.0
    for n in range(times):
        pair = [server.submit(address, ("mp4-h264-360p", f"oss://output/bench/two-{n}-{k}.mp4")) for k in (0, 1)]
        done = [server.finished(one["id"]) for one in pair]
        begun = max(when(d["started_at"]) for d in done)
        worst = max(worst, (begun - when(pair[1]["created_at"])).total_seconds())
    return Row(f"two jobs to two idle groups, worst of {times}", ms(worst), "≤ 500 ms", worst <= 0.5)


def attempts(server: Server, job_id: str) -> list[dict[str, Any]]:
    """Of one job."""
    return list(server.api(f"/jobs/{job_id}/attempts")[1]["items"])


def measure_memory(server: Server) -> Row:
    """PSS of everything the server started, idle, the short lane's group included."""
    time.sleep(3)
    assert server.process is not None
    total = sum(pss(pid) for pid in tree(server.process.pid))
    return Row(
        "memory of web, beat, 2 idle workers and the short lane",
        f"{total / 2**20:.0f} MB",
        "≤ 350 MB",
        total <= 350 * 2**20,
        f"{len(tree(server.process.pid))} processes, PSS",
    )


def tree(root: int) -> list[int]:
    """A process and all below it."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def pss(pid: int) -> int:
    """Bytes that this process holds, shared pages divided among those who share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
