"""The comparing page: the same picture on both sides, the figures, who is told what is wrong."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.utils.formats import number_format
from PIL import Image

from jobs import services
from jobs.comparing import frames as compare_frames
from jobs.comparing import sides as compare
from jobs.comparing.flow import Flow, flow
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, Output

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]
FINE: dict[str, Any] = {"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": 12, "preset": "veryfast"}, "audio": {"remove": True}}
Pictures = np.ndarray[Any, Any]


def decoded(path: Path, ffmpeg: str, size: str = "160x90") -> Pictures:
    """All pictures of a file by number, small."""
    argv: list[Any] = [ffmpeg, "-nostdin", "-v", "error", "-i", path, "-fps_mode", "passthrough", "-s", size, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, 90, 160, 3).astype(float)


def nearest(path: Path, among: Pictures) -> int:
    """The number of the picture that a PNG shows."""
    with Image.open(path) as image:
        found = np.asarray(image.convert("RGB").resize((160, 90), Image.Resampling.BICUBIC), float)
    return int(np.abs(among - found).mean(axis=(1, 2, 3)).argmin())


def made(source: str, work_off: Any, *outputs: dict[str, Any], quality: Any = False, endings: tuple[str, ...] = (), **clip: Any) -> Job:
    asked = [{"address": f"oss://output/{n}{endings[n] if endings else '.mp4'}", "overrides": output, "quality": quality} for n, output in enumerate(outputs)]
    document = {"kind": "transcode", "input": {"address": source, **clip}, "outputs": asked}
    job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False))
    work_off()
    job.refresh_from_db()
    assert job.state == "succeeded", (job.code, job.message, list(job.outputs.values_list("message", flat=True)))
    return job


@pytest.mark.parametrize(
    ("rate", "change", "clip", "first", "step"),
    [
        ("25", {}, {}, 0, 1),
        ("30000/1001", {"video": {"codec": "vp9", "crf": 20}, "container": {"format": "webm"}}, {}, 0, 1),
        ("25", {}, {"start": 0.4, "duration": 1}, 10, 1),
        ("50", {"video": {"codec": "h264", "crf": 12, "fps": 25}}, {}, 0, 2),
        ("25", {"container": {"format": "hls"}, "mux": {"segment_seconds": 1}}, {}, 0, 1),
    ],
    ids=["plain", "ntsc and webm", "clip", "half the rate", "hls"],
)
def test_both_sides_show_the_same_picture(
    rate: str, change: dict[str, Any], clip: dict[str, Any], first: int, step: int, buckets: Any, tmp_path: Path, ffmpeg: str, work_off: Any
) -> None:
    """By its number, at the beginning, in the middle and at the end."""
    path = tmp_path / "source.mp4"
    argv: list[Any] = [
        ffmpeg,
        "-nostdin",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        f"testsrc2=size=320x180:rate={rate}:duration=2",
        "-c:v",
        "libx264",
        "-bf",
        "2",
        "-g",
        "20",
    ]
    subprocess.run([*argv, "-pix_fmt", "yuv420p", path], check=True, timeout=60)
    ending = {"hls": ".m3u8", "webm": ".webm"}.get((change.get("container") or {}).get("format", ""), ".mp4")
    job = made(buckets.put(path), work_off, FINE | change, endings=(ending,), **clip)
    output = job.outputs.get()
    source, result = decoded(path, ffmpeg), decoded(buckets.output / f"0{ending}", ffmpeg)
    for number in (0, 1, 7, len(result) // 2, len(result) - 1):
        own, given = shown(output, number)
        assert nearest(own, result) == number
        assert nearest(given, source) == first + number * step


def shown(output: Output, number: int) -> tuple[Path, Path]:
    """The pictures that the page shows of an output and of its source."""
    one, source = compare.side("A", output, source=False), compare.side("B", output, source=True)
    other = compare.partner(one, number, source)
    return compare_frames.picture(output, one.course.moment(number)), compare_frames.picture(output, source.course.moment(other), source=True)


def whole(path: Path, ffmpeg: str, width: int, height: int, *options: str) -> Pictures:
    """All pictures of a file by number, each fourth pixel both ways."""
    argv: list[Any] = [ffmpeg, "-nostdin", "-v", "error", *options[:2], "-i", path, *options[2:], "-map", "0:v:0", "-fps_mode", "passthrough"]
    raw = subprocess.run([*argv, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True, timeout=120).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)[:, ::4, ::4].astype(float)


PHONE, CAMERA = "dog-1080p-vfr-phone-h264-aac.mp4", "camera-240p15-mjpeg-pcm.avi"
PART = {"start": 0.41, "duration": 1.2}


@pytest.mark.media
@pytest.mark.parametrize(
    ("name", "clip", "change", "options"),
    [
        (PHONE, {}, {}, ()),
        (PHONE, PART, {"container": {"format": "flv"}}, ()),
        (PHONE, {}, {"video": {**FINE["video"], "fps": 12}}, ("-vf", "fps=12")),
        (PHONE, PART, {"video": {**FINE["video"], "fps": 60}, "conditions": {"if_lower_fps": "convert"}}, ("-vf", "fps=60")),
        (CAMERA, PART, {}, ()),
    ],
    ids=["its own rate", "clip in milliseconds", "12 pictures a second", "clip of 60 pictures a second", "file that counts in pictures"],
)
def test_of_a_variable_rate_the_exact_pictures(
    name: str, clip: dict[str, Any], change: dict[str, Any], options: tuple[str, ...], media: Path, buckets: Any, work_off: Any, ffmpeg: str
) -> None:
    """Some pictures of a phone's clip, held against all pictures that a decoder makes of both files."""
    job = made(buckets.put(media / name), work_off, FINE | change, endings=(".flv" if "container" in change else ".mp4",), **clip)
    output = job.outputs.get()
    video = (output.media_info or {})["video"][0]
    own = whole(buckets.output / output.key, ffmpeg, video["width"], video["height"])
    seek = ("-ss", str(clip.get("start", 0)))
    given = whole(media / name, ffmpeg, video["width"], video["height"], *seek, *(("-t", str(clip["duration"])) if clip else ()), *options)
    assert len(own) == len(given) > 10
    for number in (*range(0, len(own) - 1, max(1, len(own) // 8)), len(own) - 1):
        for path, among in zip(shown(output, number), (own, given), strict=True):
            with Image.open(path) as image:
                away = np.abs(among - np.asarray(image)[::4, ::4]).mean(axis=(1, 2, 3))
            assert away[number] - 0.01 <= away.min() < 2.5, (number, int(away.argmin()), path)


def test_the_page_with_two_measured_outputs(client_of: Any, charlie: User, buckets: Any, clips: Any, work_off: Any) -> None:
    worse = {**FINE, "video": {"codec": "h264", "crf": 40}}
    job = made(buckets.put(clips.make(seconds=3)), work_off, FINE, worse, quality=["vmaf"])
    one, two = job.outputs.order_by("index")
    client = client_of(charlie)
    ticked = client.get("/console/compare/", {"o": [one.id, two.id]})
    assert ticked.headers["Location"] == f"/console/compare/?a={one.id}&b={two.id}&mode=split"
    page = client.get(ticked.headers["Location"]).content.decode()
    for output in (one, two):
        for figure in ("mean", "low1", "min"):
            assert number_format((output.quality or {})["scores"]["vmaf"][figure], 2) in page
    assert re.search(r"VMAF, mean</th>.*?<td>A</td>", page, re.S), "the better one is said by a word"
    assert re.search(r"Size</th>.*?<td>B</td>", page, re.S)
    assert page.count("<polyline") == 4, "VMAF and bitrate of both"
    assert page.count("data-chart") == 2
    frames = re.findall(r'<img src="([^"]+)"', page)
    pictures = [b"".join(client.get(url.replace("&amp;", "&")).streaming_content) for url in frames]
    assert [Image.open(io.BytesIO(data)).size for data in pictures] == [(320, 180)] * 2
    assert pictures[0] != pictures[1]
    dip = re.search(r'href="(\?a=[^"]+t=([0-9.]+))#pictures" aria-label="Lowest', page)
    assert dip
    there = client.get(f"/console/compare/{dip[1].replace('&amp;', '&')}").content.decode()
    lowest = client.get("/console/compare/compare.csv", {"a": one.id, "b": two.id}).content.decode()
    table = list(csv.DictReader(io.StringIO(lowest)))
    assert len(table) == 75
    deepest = min(table, key=lambda row: float(row["vmaf_b"]))
    assert float(dip[2]) == pytest.approx(float(deepest["seconds"]), abs=0.001), "the deepest dip is the worst picture"
    assert f"Picture {int(deepest['picture']) + 1} of 75" in there
    told = client.get("/console/compare/compare.json", {"a": one.id, "b": two.id}).json()
    for side, output in (("a", one), ("b", two)):
        rates = told[side]["kbps_by_second"]
        assert len(rates) == 3
        path = buckets.output / output.key
        assert sum(rates) * 125 == pytest.approx(path.stat().st_size, rel=0.15), "bytes of the packets, without the file's index"
        assert [float(table[25 * second + 3][f"kbps_{side}"]) for second in range(3)] == rates
        assert told[side]["vmaf_series"] == [float(row[f"vmaf_{side}"]) for row in table]
    saved = next(row for row in told["figures"] if row["label"] == "Saved against the other side")
    assert (saved["a"], saved["b"]) == ("–", f"{number_format(100 - 100 * (two.size or 0) / (one.size or 1), 1)} %")
    assert told["lowest"][0]["picture"] == int(deepest["picture"])
    pair = client.get("/console/compare/pair.png", {"a": one.id, "b": two.id, "t": dip[2]})
    with Image.open(io.BytesIO(pair.content)) as image:
        assert image.size == (648, 180)
        halves = [np.asarray(image.convert("RGB").crop((left, 0, left + 320, 180))) for left in (0, 328)]
    shown = re.findall(r'<img src="([^"]+)"', there)
    for half, url in zip(halves, shown, strict=True):
        with Image.open(io.BytesIO(b"".join(client.get(url.replace("&amp;", "&")).streaming_content))) as image:
            assert np.array_equal(half, np.asarray(image.convert("RGB")))
    report = client.get("/console/compare/report/", {"a": one.id, "b": two.id, "t": dip[2]}).content.decode()
    assert report.count("<polyline") == 4
    assert "data-print" in report
    assert shown[0] in report
    assert "Measure " not in report
    beyond = client.get("/console/compare/pair.png", {"a": one.id, "b": two.id, "t": "500"}).content
    assert beyond == client.get("/console/compare/pair.png", {"a": one.id, "b": two.id, "t": "2.96"}).content, "as on the page: the last picture"


def test_an_output_beside_its_source(client_of: Any, bob: User, buckets: Any, clips: Any, work_off: Any) -> None:
    job = made(buckets.put(clips.make(seconds=1)), work_off, FINE)
    output = job.outputs.get()
    client = client_of(bob)
    answer = client.get("/console/compare/", {"o": output.id})
    assert answer.headers["Location"].endswith(f"?a={output.id}&b=source&mode=split")
    for query in ({"a": output.id, "b": "source", "mode": "flicker"}, {"a": "source", "b": output.id}, {"a": output.id, "t": "99", "mode": "none"}):
        page = client.get("/console/compare/", query)
        assert page.status_code == 200
        assert "Source" in page.content.decode()
        assert "Measure " in page.content.decode(), "what is not measured yet can be"
    assert "Picture 25 of 25" in client.get("/console/compare/", {"a": output.id, "t": "99"}).content.decode(), "beyond the end is the last one"


def test_what_is_not_there(client_of: Any, bob: User, buckets: Any, clips: Any, work_off: Any, client: Any) -> None:
    sound = {"container": {"format": "m4a"}, "video": {"remove": True}}
    job = made(buckets.put(clips.make(seconds=1)), work_off, FINE, sound, endings=(".mp4", ".m4a"))
    one, two = job.outputs.order_by("index")
    user = client_of(bob)
    for query in ({"a": "nothing"}, {"a": one.id, "b": two.id}, {"a": "source", "b": "source"}, {"a": "source"}):
        assert user.get("/console/compare/", query).status_code == 404
    assert user.get("/console/compare/").status_code == 200
    frame = {"output": one.id, "t": "500"}
    assert user.get("/console/compare/frame.png", frame).status_code == 404
    (buckets.output / "0.mp4").unlink()
    gone = user.get("/console/compare/frame.png", {"output": one.id, "t": "0.1"})
    assert (gone.status_code, gone.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert client.get("/console/compare/", {"a": one.id}).status_code == 302, "strangers sign in first"


def test_the_flow_of_bits() -> None:
    """The fullest second, wherever it begins; key frames."""
    even = "\n".join(f"{n / 10},{n / 10},100,{'K__' if n % 20 == 0 else '___'}" for n in range(60))
    found = flow(even)
    assert found == Flow(8.0, 2.0)
    burst = "\n".join(f"{n / 10},{n / 10},{1000 if 25 <= n < 35 else 100},{'K__' if n == 0 else '___'}" for n in range(60))
    assert flow(burst) == Flow(80.0, None)
    assert flow("start,0.5\n1,N/A,5,K__\n\n") is None
    short = flow("0,0.0,1000,K__\n0,0.5,1000,___")
    assert short is not None
    assert short.peak_kbps == 32.0
    assert found is not None
    assert found.rates == pytest.approx([8.0] * 6)
    late = flow("\n".join(f"0,{n / 10},{1000 if n >= 30 else 100},___" for n in range(10, 52)))
    assert late is not None
    assert late.rates == pytest.approx([8.0, 8.0, 80.0, 80.0 * 12 / 12]), "two pictures at the end belong to the last second"
    alone = flow("3.0,3.0,1000,K__")
    assert alone is not None
    assert len(alone.rates) == 1


def test_peak_and_key_frames_of_a_real_output(buckets: Any, clips: Any, work_off: Any) -> None:
    job = made(buckets.put(clips.make(seconds=4)), work_off, {**FINE, "video": {**FINE["video"], "gop": 25}})
    one = compare.side("A", job.outputs.get(), source=False)
    assert one.flow is not None
    assert one.flow.key_seconds == pytest.approx(1.0, abs=0.01)
    assert one.size
    assert one.seconds
    average = one.size * 8 / one.seconds / 1000
    assert 0.9 * average < one.flow.peak_kbps < 8 * average
