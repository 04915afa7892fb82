"""Tiles against pictures that ffmpeg decodes by itself: each is the one shown when its cue begins, upright, in shape and colour; and no tile is too far from its time."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from jobs import services
from jobs.engine.spec import JOB_SPEC
from tests.jobs.test_snapshot_pixels import SDR, psnr, times_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
CUE = re.compile(r"(\d+):(\d\d):(\d\d\.\d{3}) --> (\d+):(\d\d):(\d\d\.\d{3})\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)\n")
ROWS = [
    # file, what is asked, size of a tile, what the independent decode has to do
    ("phone-rot90-320p30-h264-aac.mov", {"interval": 0.5}, (90, 160), ""),
    ("lamp-rot90-720p30-hevc-aac.mov", {"interval": 0.25}, (90, 160), ""),
    ("sar2x1-360p30-h264.mp4", {"interval": 1.0}, (160, 45), ""),
    ("desk-360i25-h264-tff-noaudio.mp4", {"interval": 0.7}, (160, 90), "bwdif=mode=send_frame:parity=tff:deint=all,"),
    ("roof-720x1280p30-av1-hdr10-aac.mp4", {"interval": 1.0}, (90, 160), SDR + ","),
    ("dog-1080p-vfr-phone-h264-aac.mp4", {"interval": 0.3}, (160, 90), ""),
    ("screen-3026x1386-vfr-h264-noaudio.mp4", {"mode": "average", "count": 7}, (160, 73), ""),
    ("bbb-720p24-h264-mp3-55s.mp4", {"interval": 2.0}, (160, 90), ""),
    ("bbb-720p24-h264-mp3-55s.mp4", {"interval": 3.0, "frame": "normal"}, (160, 90), ""),
    ("bottles-360p30-h264-noaudio.mp4", {"interval": 1.0, "time": 1.5, "count": 5}, (160, 90), ""),
    ("tenmin-288p1-h264-noaudio-600s.mkv", {"interval": 10.0}, (160, 120), ""),
    ("bbb-1080p24-mpeg2-mp2.ts", {"interval": 0.5}, (160, 90), ""),
    ("camera-240p15-mjpeg-pcm.avi", {"interval": 1.0}, (160, 120), ""),
    ("flower-540p30-vp8-vorbis.webm", {"interval": 0.5}, (160, 90), ""),
    ("face-720p30-h264-aac-fragmented-offset.mp4", {"interval": 0.2}, (160, 107), ""),
]


def shown_at(times: list[float], wanted: float) -> int:
    """The last picture that begins no later; before the first one it is the first."""
    return max((number for number, time in enumerate(times) if time <= wanted + 0.0006), key=lambda number: times[number], default=0)


def made(buckets: Any, source: Path, work_off: Callable[[], int], **more: Any) -> Any:
    address = buckets.put(source, f"in{source.suffix}")
    document = {"kind": "sprite", "input": address, "output": "oss://output/s/a b-{TileCount}.png", "columns": 4, "rows": 3} | more
    job = services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
    work_off()
    job.refresh_from_db()
    assert job.state == "succeeded", (job.code, job.message)
    return job


def cues(index: Path) -> list[tuple[float, float, Path, tuple[int, int, int, int]]]:
    """Begin, end, file and box of every cue."""
    text = index.read_text()
    assert text.startswith("WEBVTT\n\n")
    found = []
    for match in CUE.finditer(text):
        h, m, s, h2, m2, s2, name, x, y, w, high = match.groups()
        begin, end = int(h) * 3600 + int(m) * 60 + float(s), int(h2) * 3600 + int(m2) * 60 + float(s2)
        found.append((begin, end, index.parent / unquote(name), (int(x), int(y), int(w), int(high))))
    assert len(found) == text.count("-->")
    return found


def pictures(ffmpeg: str, path: Path, size: tuple[int, int], chain: str) -> np.ndarray[Any, Any]:
    """Every picture of the file in this size, as RGB."""
    graph = f"{chain}scale={size[0]}:{size[1]}:flags=bicubic+accurate_rnd+full_chroma_int,format=rgb24"
    argv = [ffmpeg, "-v", "error", "-i", str(path), "-map", "0:v:0", "-vf", graph, "-fps_mode", "passthrough", "-f", "rawvideo", "-"]
    raw = subprocess.run(argv, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0], 3)


def tiles(found: list[tuple[float, float, Path, tuple[int, int, int, int]]]) -> list[np.ndarray[Any, Any]]:
    opened: dict[Path, Image.Image] = {}
    for _, _, path, _ in found:
        opened.setdefault(path, Image.open(path).convert("RGB"))
    return [np.asarray(opened[path].crop((x, y, x + w, y + h)), float) for _, _, path, (x, y, w, h) in found]


@pytest.mark.parametrize(("name", "more", "size", "chain"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_each_tile_is_the_picture_at_its_cue(
    buckets: Any, media: Path, ffmpeg: str, work_off: Callable[[], int], name: str, more: dict[str, Any], size: tuple[int, int], chain: str
) -> None:
    small = {"cell_width": 90} if size[0] == 90 else {"cell_width": 160}
    job = made(buckets, media / name, work_off, margin=3, padding=2, color="#ff0000", **small, **more)
    found = cues(buckets.output / "s" / "a b.vtt")
    assert len(found) == job.result["count"] >= 3
    assert {box[2:] for *_, box in found} == {size}
    # one after the other without a gap, to the end
    assert found[0][0] == more.get("time", 0.0)
    assert [cue[1] for cue in found[:-1]] == [cue[0] for cue in found[1:]]
    step = more.get("interval") or found[-1][1] / more["count"]
    for number, cue in enumerate(found):
        assert abs(cue[0] - (found[0][0] + number * step)) <= step / 2 + 0.002, "no further than half a step from its time"
    all_pictures, times = pictures(ffmpeg, media / name, size, chain), times_of(ffmpeg, media / name)
    if "count" not in more:
        assert found[-1][1] >= times[-1] - 0.001
        assert found[-1][1] <= times[-1] + 1.1
    worst = min(psnr(tile, all_pictures[shown_at(times, cue[0])].astype(float)) for tile, cue in zip(tiles(found), found, strict=True))
    assert worst >= (30 if chain.startswith(SDR) else 35), "tone mapping small pictures is not making tone-mapped ones small"
    with Image.open(found[0][2]) as sheet:
        assert sheet.size == (2 * 3 + 4 * size[0] + 3 * 2, 2 * 3 + 3 * size[1] + 2 * 2)
        assert sheet.convert("RGB").getpixel((1, 1)) == (255, 0, 0)


def test_sparse_key_frames_are_helped_out_and_dense_ones_are_enough(buckets: Any, ffmpeg: str, tmp_path: Path, work_off: Callable[[], int]) -> None:
    """Key frames only in the first third: there they stand for the pictures, the others are taken exactly; the decoder never goes through the whole file."""
    path = tmp_path / "odd.mp4"
    keys = "expr:lte(t,10)*eq(mod(n,25),0)+eq(n,0)"
    argv = [
        ffmpeg,
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=320x180:r=25:d=30",
        "-c:v",
        "libx264",
        "-g",
        "9999",
        "-force_key_frames",
        keys,
        "-sc_threshold",
        "0",
    ]
    subprocess.run([*argv, "-pix_fmt", "yuv420p", str(path)], check=True)
    job = made(buckets, path, work_off, cell_width=160, interval=2.5)
    found = cues(buckets.output / "s" / "a b.vtt")
    assert [cue[0] for cue in found][4:] == [10.0, 12.5, 15.0, 17.5, 20.0, 22.5, 25.0, 27.5]
    assert found[-1][1] == pytest.approx(30.0, abs=0.05)
    all_pictures = pictures(ffmpeg, path, (160, 90), "")
    times = times_of(ffmpeg, path)
    assert min(psnr(tile, all_pictures[shown_at(times, cue[0])].astype(float)) for tile, cue in zip(tiles(found), found, strict=True)) >= 35
    argvs = [argv for attempt in job.steps.get().attempts.all() for argv in attempt.argv]
    assert "nokey" in argvs[0]
    dense = tmp_path / "dense.mp4"
    argv = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=30", "-c:v", "libx264", "-g", "50", "-pix_fmt", "yuv420p", str(dense)]
    subprocess.run(argv, check=True)
    job = made(buckets, dense, work_off, cell_width=160, interval=5.0)
    assert [len(attempt.argv) for attempt in job.steps.get().attempts.all()] == [1], "one run over the key frames did it all"


@pytest.mark.parametrize("ending", ["jpg", "webp"])
def test_other_formats_show_the_same(buckets: Any, media: Path, ffmpeg: str, work_off: Callable[[], int], ending: str) -> None:
    path = media / "bbb-720p25-h264-aac51.mp4"
    made(buckets, path, work_off, output=f"oss://output/s/{{TileCount}}.{ending}", index="oss://output/elsewhere/in dex.vtt", interval=1.0, cell_width=320)
    found = cues(buckets.output / "elsewhere" / "in dex.vtt")
    all_pictures, times = pictures(ffmpeg, path, (320, 180), ""), times_of(ffmpeg, path)
    assert min(psnr(tile, all_pictures[shown_at(times, cue[0])].astype(float)) for tile, cue in zip(tiles(found), found, strict=True)) >= 30


def test_the_pictures_are_kept_in_their_own_size(buckets: Any, media: Path, ffmpeg: str, work_off: Callable[[], int]) -> None:
    path = media / "flower-540p30-h264-aac.mp4"
    job = made(buckets, path, work_off, interval=1.0, frame="normal", singles="oss://output/k/{Count}-{SnapshotTime}.png", width=480, cell_width=120)
    times = times_of(ffmpeg, path)
    whole = pictures(ffmpeg, path, (480, 270), "")
    names = sorted(file.name for file in (buckets.output / "k").iterdir())
    assert names == [f"{n + 1:05d}-{n * 1000}.png" for n in range(job.result["count"])]
    for number, name in enumerate(names):
        with Image.open(buckets.output / "k" / name) as image:
            assert psnr(np.asarray(image.convert("RGB"), float), whole[shown_at(times, float(number))].astype(float)) >= 35
    small = pictures(ffmpeg, path, (120, 68), "")
    found = cues(buckets.output / "s" / "a b.vtt")
    assert min(psnr(tile, small[shown_at(times, cue[0])].astype(float)) for tile, cue in zip(tiles(found), found, strict=True)) >= 30
