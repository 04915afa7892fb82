"""The samples of the product texts, said natively and done on real files: the seven of IMM and the four of OSS. (Those of IMS: test_tracks.)

Each is sent as one output without template, as an integrator who leaves that product would write it; what comes out is probed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs import services
from jobs.engine import hls
from jobs.engine.probe import Probe
from jobs.engine.spec import JOB_SPEC
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.states import JobState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.media]
NAME = "video-demo/Shushan Commercial Building"
AUDIO = {"codec": "aac", "channels": 2, "sample_rate": 44100}
H264 = {"codec": "h264", "pixel_format": "yuv420p", "preset": "veryfast"}


@pytest.fixture
def run(buckets: Any, media: Path, work_off: Callable[[], int]) -> Callable[..., Any]:
    """Send outputs for a file of the sample media and work it off. Returns the output bucket's folder."""

    def go(file: str, key: str, *outputs: dict[str, Any], objects: dict[str, str] | None = None, **more: Any) -> Path:
        for name, source in ({key: file} | (objects or {})).items():
            path = buckets.input / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(media / source, path)
        document = {"kind": "transcode", "input": {"address": f"oss://input/{key}", **more}, "outputs": list(outputs)}
        job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False), source="api")
        work_off()
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, (job.message, list(job.outputs.values_list("message", flat=True)))
        return Path(buckets.output)

    return go


def facts(path: Path) -> Probe:
    """What is in a published file or set."""
    return ffprobe.probe(path, tools=tools.find(), cwd=path.parent, count_packets=True, own_playlist=path.suffix == ".m3u8")


def out(name: str, **overrides: Any) -> dict[str, Any]:
    """An output as it is sent."""
    return {"address": f"oss://output/{name}", "overrides": overrides}


def test_imm_1_to_mp4(run: Callable[..., Path]) -> None:
    folder = run(
        "flower-540p30-h264-aac.mp4", f"{NAME}.mov",
        out(f"{NAME}.mp4", container={"format": "mp4"}, video=H264 | {"crf": 24.0}, audio=AUDIO | {"bitrate_kbps": 96}),
    )  # fmt: skip
    found = facts(folder / f"{NAME}.mp4")
    assert found.picture
    assert found.sound
    assert (found.picture.codec, found.picture.width, found.picture.height, found.picture.pixel_format) == ("h264", 960, 540, "yuv420p")
    assert (found.sound.codec, found.sound.channels, found.sound.sample_rate) == ("aac", 2, 44100)


def test_imm_2_to_hls_with_h265_never_larger_than_the_source(run: Callable[..., Path]) -> None:
    video = {
        "codec": "h265", "preset": "ultrafast", "crf": 24.0, "width": 1920, "height": 1080, "scale_type": "fit", "follow_orientation": True, "fps": 30.0,
        "pixel_format": "yuv420p",
    }  # fmt: skip
    folder = run(
        "flower-540p30-h264-aac.mp4", f"{NAME}.mov",
        out(f"{NAME}.{{autoext}}", container={"format": "hls"}, video=video, audio=AUDIO | {"bitrate_kbps": 128}, mux={"segment_seconds": 10.0},
            conditions={"if_smaller": "keep", "if_lower_fps": "keep"}),
    )  # fmt: skip
    found = facts(folder / f"{NAME}.m3u8")
    assert found.picture
    assert (found.picture.codec, found.picture.width, found.picture.height) == ("hevc", 960, 540)
    assert found.picture.fps == pytest.approx(29.97, abs=0.05)


def test_imm_3_to_three_hls_sizes_of_an_upright_video(run: Callable[..., Path]) -> None:
    def size(height: int, crf: float, fps: float, kbps: int) -> dict[str, Any]:
        video = H264 | {"crf": crf, "height": height, "scale_type": None, "follow_orientation": True, "fps": fps}
        return out(
            f"{NAME}-{{resolution}}.{{autoext}}", container={"format": "hls"}, video=video, audio=AUDIO | {"bitrate_kbps": kbps}, mux={"segment_seconds": 10.0},
            conditions={"if_smaller": "keep", "if_lower_fps": "keep"},
        )  # fmt: skip

    folder = run("lamp-rot90-720p30-hevc-aac.mov", f"{NAME}.mov", size(1080, 25.0, 30.0, 256), size(720, 26.0, 30.0, 128), size(480, 28.0, 25.0, 96))
    sizes = []
    for name in ("x1080", "x720", "x480"):
        picture = facts(folder / f"{NAME}-{name}.m3u8").picture
        assert picture
        sizes.append((picture.width, picture.height))
    assert sizes == [(720, 1280), (720, 1280), (480, 854)], "1080 is more than the source has; the short side of an upright picture is its width"


def test_imm_4_logo_and_text(run: Callable[..., Path]) -> None:
    marks = [
        {"image": "oss://input/video-demo/logo.png", "corner": "top_left", "dx": 0.05, "dy": 0.1, "width": 0.1},
        {"text": {"content": "Intelligent Media Management", "color": "#FFFFFF", "size": 40}, "corner": "bottom_right", "dx": 0.05, "dy": 0.1},
    ]
    plain = out("plain.mp4", container={"format": "mp4"}, video=H264 | {"crf": 25.0})
    marked = out(f"{NAME}.{{autoext}}", container={"format": "mp4"}, video=H264 | {"crf": 25.0}, watermarks=marks)
    folder = run("flower-540p30-h264-aac.mp4", f"{NAME}.mov", plain, marked, objects={"video-demo/logo.png": LOGO})
    assert facts(folder / f"{NAME}.mp4").picture == pytest.approx(facts(folder / f"{NAME}.mp4").picture)
    assert facts(folder / f"{NAME}.mp4").picture.frames == facts(folder / "plain.mp4").picture.frames  # type: ignore[union-attr]


LOGO = "images/logo-256x256-rgba.png"


def test_imm_5_a_clip_to_flv(run: Callable[..., Path]) -> None:
    folder = run(
        "timecode-720p30-h264-aac-42s.mp4", f"{NAME}.mov",
        out(f"{NAME}.{{autoext}}", container={"format": "flv"}, video=H264 | {"bitrate_kbps": 1000}, audio=AUDIO | {"bitrate_kbps": 96}),
        start=5.0, duration=10.0,
    )  # fmt: skip
    found = facts(folder / f"{NAME}.flv")
    assert found.picture
    assert (found.picture.codec, found.picture.frames) == ("h264", 300)
    assert found.duration == pytest.approx(10.0, abs=0.1)


def test_imm_6_another_container(run: Callable[..., Path], decoded: Callable[[Path], int]) -> None:
    folder = run(
        "phone-rot90-320p30-h264-aac.mov", f"{NAME}.mov",
        out(f"{NAME}.{{autoext}}", container={"format": "mp4"}, video={"codec": "copy"}, audio={"codec": "copy"}),
    )  # fmt: skip
    found = facts(folder / f"{NAME}.mp4")
    assert found.picture
    assert (found.picture.codec, found.picture.rotation % 180, found.sound.codec if found.sound else None) == ("h264", 90, "aac")
    assert decoded(folder / f"{NAME}.mp4") == found.picture.frames


def test_imm_7_mosaic_over_two_areas(run: Callable[..., Path]) -> None:
    areas = [
        {"corner": "top_left", "dx": 0.05, "dy": 0.1, "width": 0.1, "height": 0.1},
        {"corner": "bottom_right", "dx": 0.05, "dy": 0.1, "width": 600, "height": 100},
    ]
    folder = run(
        "flower-540p30-h264-aac.mp4", f"{NAME}.mp4",
        out(f"{NAME}-mosaic.{{autoext}}", container={"format": "mp4"}, video=H264 | {"crf": 24.0}, audio=AUDIO | {"bitrate_kbps": 96}, delogos=areas),
    )  # fmt: skip
    assert facts(folder / f"{NAME}-mosaic.mp4").picture


def test_oss_1_avi_with_h265_and_aac(run: Callable[..., Path], decoded: Callable[[Path], int]) -> None:
    video = {"codec": "h265", "preset": "ultrafast", "width": 1920, "height": 1080, "bitrate_kbps": 2000, "fps": 30.0}
    folder = run(
        "flower-540p30-h264-aac.mp4", "src.mp4",
        out("dest.avi", container={"format": "avi"}, video=video, audio={"codec": "aac", "bitrate_kbps": 100}, subtitle={"remove": True},
            conditions={"if_smaller": "convert", "if_lower_fps": "convert"}),
        duration=2.0,
    )  # fmt: skip
    found = facts(folder / "dest.avi")
    assert found.picture
    assert (found.picture.codec, found.picture.width, found.picture.height, found.sound.codec if found.sound else None) == ("hevc", 1920, 1080, "aac")
    assert decoded(folder / "dest.avi") == pytest.approx(60, abs=1)


def test_oss_2_from_avi_to_mp4(run: Callable[..., Path]) -> None:
    video = {"codec": "h265", "preset": "ultrafast", "width": 1920, "height": 1080, "bitrate_kbps": 2000, "fps": 30.0}
    folder = run(
        "earth-270p30-mpeg4-mp3.avi", "example.avi",
        out("outobjprefix.{autoext}", container={"format": "mp4"}, video=video, audio={"codec": "aac", "bitrate_kbps": 100}, subtitle={"remove": True},
            conditions={"if_smaller": "convert", "if_lower_fps": "convert"}),
        duration=2.0,
    )  # fmt: skip
    found = facts(folder / "outobjprefix.mp4")
    assert found.picture
    assert (found.picture.codec, found.picture.width, found.picture.height, found.sound.codec if found.sound else None) == ("hevc", 1920, 1080, "aac")


def test_oss_3_from_avi_to_hls(run: Callable[..., Path]) -> None:
    folder = run(
        "earth-270p30-mpeg4-mp3.avi", "example.avi",
        out("outobjprefix.{autoext}", container={"format": "hls"}, video={"codec": "h264", "preset": "veryfast", "bitrate_kbps": 1000},
            audio={"codec": "mp3", "bitrate_kbps": 100}, mux={"segment_seconds": 30.0}),
        start=1.0, duration=60.0,
    )  # fmt: skip
    found = facts(folder / "outobjprefix.m3u8")
    assert (found.picture.codec if found.picture else None, found.sound.codec if found.sound else None) == ("h264", "mp3")
    assert hls.read((folder / "outobjprefix.m3u8").read_text()).seconds == pytest.approx(4.03, abs=0.1)


def test_oss_4_the_sound_of_an_avi(run: Callable[..., Path]) -> None:
    folder = run(
        "earth-270p30-mpeg4-mp3.avi", "example.avi",
        out("outobjprefix.{autoext}", container={"format": "mp3"}, video={"remove": True}, audio={"codec": "mp3", "bitrate_kbps": 100}, subtitle={"remove": True}),
    )  # fmt: skip
    found = facts(folder / "outobjprefix.mp3")
    assert (found.picture, found.sound.codec if found.sound else None) == (None, "mp3")
