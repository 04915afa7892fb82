"""Snapshots against pictures that ffmpeg decodes by itself, from the beginning of the file and without our chain: the right one, upright, in shape and colour."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jobs import services
from jobs.engine.spec import JOB_SPEC

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
SDR = (
    "zscale=transfer=linear:npl=203,format=gbrpf32le,zscale=primaries=bt709,tonemap=mobius:param=0.3:peak=4.93,"
    "zscale=transfer=bt709:matrix=bt709:range=limited,format=yuv444p"
)
ROWS = [
    # file, time, size as people see it, what else the independent decode has to do
    ("phone-rot90-320p30-h264-aac.mov", 1.5, (320, 568), ""),
    ("phone-rot180-320p30-h264.mov", 0.05, (568, 320), ""),
    ("phone-rot270-320p30-h264.mov", 0.05, (320, 568), ""),
    ("lamp-rot90-720p30-hevc-aac.mov", 0.7, (720, 1280), ""),
    ("sar2x1-360p30-h264.mp4", 3.21, (1280, 360), "scale=1280:360:flags=bicubic"),
    ("desk-360i25-h264-tff-noaudio.mp4", 2.5, (640, 360), "bwdif=mode=send_frame:parity=tff:deint=all"),
    ("roof-720x1280p30-av1-hdr10-aac.mp4", 2.0, (720, 1280), SDR),
    ("colour-1080p-hevc-hlg-10bit.mp4", 0.2, (1920, 1080), SDR),
    ("dog-1080p-vfr-phone-h264-aac.mp4", 1.0, (1920, 1080), ""),
    ("screen-3026x1386-vfr-h264-noaudio.mp4", 5.0, (3026, 1386), ""),
    ("face-720p30-h264-aac-fragmented-offset.mp4", 0.6, (1080, 720), ""),
    ("persons-432p10-h264-noaudio-139s.mp4", 120.05, (768, 432), ""),
    ("timecode-1080p30-hevc-aac.mp4", 7.77, (1920, 1080), ""),
    ("bbb-1080p24-mpeg2-mp2.ts", 1.9, (1920, 1080), ""),
    ("popcorn-180p24-theora-vorbis-64s.ogv", 50.0, (300, 180), ""),
    ("lego-240p30-wmv2-wma2.wmv", 4.0, (320, 240), ""),
    ("face-720p-h264-aac.flv", 0.8, (1080, 720), ""),
    ("hello-480p30-mpeg2-mp2.vob", 6.0, (640, 480), ""),
    ("testsrc-360p30-h264-422.mp4", 1.0, (640, 360), ""),
]


def submit(buckets: Any, path: Path, work_off: Callable[[], int], ending: str, **more: Any) -> Any:
    address = buckets.put(path, f"in{path.suffix}")
    document = {"kind": "snapshot", "input": address, "output": f"oss://output/{{Count}}.{ending}"} | more
    job = services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
    work_off()
    job.refresh_from_db()
    assert job.state == "succeeded", job.message
    return job


def times_of(ffmpeg: str, path: Path) -> list[float]:
    """Seconds of every picture from the beginning of the file."""
    argv = [ffmpeg, "-hide_banner", "-i", str(path), "-map", "0:v:0", "-vf", "showinfo=checksum=0", "-fps_mode", "passthrough", "-f", "null", "-"]
    said = subprocess.run(argv, capture_output=True, check=True, text=True).stderr
    return [float(time) for time in re.findall(r"\] n: *\d+ .*?pts_time:(-?[\d.]+)", said)]


def decoded(ffmpeg: str, path: Path, number: int, size: tuple[int, int], chain: str) -> np.ndarray[Any, Any]:
    """Picture ``number`` of the file, as RGB."""
    graph = ",".join(filter(None, (chain if "bwdif" in chain else "", f"select=eq(n\\,{number})", "" if "bwdif" in chain else chain)))
    graph += ",scale=flags=bicubic+accurate_rnd+full_chroma_int,format=rgb24"
    argv = [ffmpeg, "-v", "error", "-i", str(path), "-map", "0:v:0", "-vf", graph, "-frames:v", "1", "-fps_mode", "passthrough", "-f", "rawvideo", "-"]
    raw = subprocess.run(argv, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(size[1], size[0], 3).astype(float)


def psnr(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    error = float(np.mean((one - other) ** 2))
    return 99.0 if error == 0 else 10 * math.log10(255**2 / error)


def shown_at(times: list[float], wanted: float) -> int:
    """The last picture that begins no later."""
    return max((number for number, time in enumerate(times) if time <= wanted + 0.0006), key=lambda number: times[number])


@pytest.mark.parametrize(("name", "time", "size", "chain"), ROWS, ids=[row[0] for row in ROWS])
def test_a_picture_is_the_one_shown_then(
    buckets: Any, media: Path, ffmpeg: str, work_off: Callable[[], int], name: str, time: float, size: tuple[int, int], chain: str
) -> None:
    submit(buckets, media / name, work_off, "png", time=time)
    with Image.open(buckets.output / "00001.png") as image:
        assert image.size == size
        found = np.asarray(image.convert("RGB"), float)
    wanted = decoded(ffmpeg, media / name, shown_at(times_of(ffmpeg, media / name), time), size, chain)
    assert psnr(found, wanted) >= 35


@pytest.mark.parametrize("ending", ["jpg", "webp", "avif"])
def test_other_formats_show_the_same(buckets: Any, media: Path, ffmpeg: str, work_off: Callable[[], int], ending: str) -> None:
    name = "flower-540p30-h264-aac.mp4"
    submit(buckets, media / name, work_off, ending, time=2.5)
    with Image.open(buckets.output / f"00001.{ending}") as image:
        found = np.asarray(image.convert("RGB"), float)
    assert psnr(found, decoded(ffmpeg, media / name, shown_at(times_of(ffmpeg, media / name), 2.5), (960, 540), "")) >= 35


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("bottles-360p30-h264-noaudio.mp4", {"mode": "series", "interval": 0.35, "time": 1.0, "count": 6}),
        ("screen-1110x734p60-h264-noaudio.mp4", {"mode": "series", "interval": 3.0}),
        ("bbb-240p24-h264-noaudio-281s.mp4", {"mode": "average", "count": 9}),
        ("camera-240p15-mjpeg-pcm.avi", {"mode": "frames", "every": 10}),
        ("dog-1080p-vfr-phone-h264-aac.mp4", {"mode": "series", "interval": 0.3}),
    ],
)
def test_every_picture_of_a_series_is_at_its_time(buckets: Any, media: Path, ffmpeg: str, work_off: Callable[[], int], name: str, more: dict[str, Any]) -> None:
    job = submit(buckets, media / name, work_off, "png", **more)
    times = times_of(ffmpeg, media / name)
    assert job.result["count"] >= 4
    for number, picture in enumerate(job.result["pictures"], 1):
        with Image.open(buckets.output / f"{number:05d}.png") as image:
            found = np.asarray(image.convert("RGB"), float)
            size = image.size
        assert psnr(found, decoded(ffmpeg, media / name, shown_at(times, picture["time"]), size, "")) >= 35, picture


def test_a_key_frame_is_the_one_before(buckets: Any, media: Path, ffmpeg: str, work_off: Callable[[], int]) -> None:
    name = "bbb-720p24-h264-mp3-55s.mp4"
    submit(buckets, media / name, work_off, "png", time=23.0, frame="key")
    times = times_of(ffmpeg, media / name)
    with Image.open(buckets.output / "00001.png") as image:
        found = np.asarray(image.convert("RGB"), float)
    # its key frames lie at 0, 10.417, 14.125, 24.542 …
    assert psnr(found, decoded(ffmpeg, media / name, shown_at(times, 14.125), (1280, 720), "")) >= 35
