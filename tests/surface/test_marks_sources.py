"""Marks and hidden areas on unusual sources and in unusual outputs: turned, stretched, of variable rate, joined, in two passes, several in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.surface.harness import Bench, Made
from tests.surface.marks_reference import far, logo, shown

pytestmark = pytest.mark.media
VIDEO = {"preset": "ultrafast", "crf": 4}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, bench: Bench) -> dict[str, Path]:
    images = bench.media / "images"
    return {"logo": logo(tmp_path_factory.mktemp("marks") / "logo.png"), "gif": images / "circle-128.gif", "apng": images / "iss-245.apng"}


def both(bench: Bench, files: dict[str, Path], source: Path, sections: dict[str, Any], **spec: Any) -> tuple[Made, Made]:
    """Without and with."""
    base = {"container": {"format": "mp4"}, "video": {**VIDEO, **sections.get("video", {})}, "audio": {"remove": True}}
    plain, marked = bench.run_all(source, base, {**base, **{k: v for k, v in sections.items() if k != "video"}}, files=files, spec=spec or None)
    return plain, marked


def times(made: Made) -> list[float]:
    found = made.raw("-show_entries", "packet=pts_time", "-select_streams", "v")
    return sorted(float(packet["pts_time"]) for packet in found["packets"])


def changed(plain: Made, marked: Made, threshold: float = 12) -> tuple[float, float, float, float]:
    """Where the third picture differs, as shares of the picture: left, top, right, bottom."""
    one, other = plain.frames(count=3)[2].astype(int), marked.frames(count=3)[2].astype(int)
    mask = np.abs(one - other).mean(axis=-1) > threshold
    rows, columns = np.where(mask.sum(axis=1) > 2)[0], np.where(mask.sum(axis=0) > 2)[0]
    height, width = mask.shape
    return columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height


@pytest.mark.parametrize(
    "name",
    ["phone-rot90-320p30-h264-aac.mov", "phone-rot180-320p30-h264.mov", "phone-rot270-320p30-h264.mov", "sar2x1-360p30-h264.mp4", "bear-161x121-vp9-odd.webm"],
)
def test_areas_lie_in_the_upright_picture(bench: Bench, files: dict[str, Path], name: str) -> None:
    area = {"dx": 0.25, "dy": 0.25, "width": 0.5, "height": 0.25, "method": "blur"}
    black = {"dx": 0.25, "dy": 0.25, "width": 0.5, "height": 0.25, "method": "mosaic"}
    plain, marked = both(bench, files, bench.media / name, {"delogos": [black, area]}, input={"address": "oss://input/x", "duration": 0.5})
    one, other = plain.frames(count=3)[2], marked.frames(count=3)[2]
    height, width = one.shape[:2]
    inside = np.zeros((height, width), bool)
    inside[round(0.25 * height) - 2 : round(0.5 * height) + 2, round(0.25 * width) - 4 : round(0.75 * width) + 4] = True
    assert far(one[~inside], other[~inside]) < 2.5
    assert far(one[inside], other[inside]) > 2 * far(one[~inside], other[~inside])


@pytest.mark.parametrize("name", ["phone-rot90-320p30-h264-aac.mov", "sar2x1-360p30-h264.mp4"])
def test_marks_lie_in_the_upright_picture(bench: Bench, files: dict[str, Path], name: str) -> None:
    marks = [{"image": "oss://input/logo", "corner": "bottom_right", "width": 0.25, "height": 0.25, "dx": 0.125, "dy": 0.125}]
    plain, marked = both(bench, files, bench.media / name, {"watermarks": marks}, input={"address": "oss://input/x", "duration": 0.5})
    assert changed(plain, marked) == pytest.approx((0.625, 0.625, 0.875, 0.875), abs=0.03)


@pytest.mark.parametrize("mark", ["logo", "gif"])
@pytest.mark.parametrize(
    "name", ["dog-1080p-vfr-phone-h264-aac.mp4", "flower-540p30-h264-aac.mp4", "screen-3026x1386-vfr-h264-noaudio.mp4", "earth-270p30-vp9-opus.webm"]
)
def test_the_time_of_every_frame_stays(bench: Bench, files: dict[str, Path], name: str, mark: str) -> None:
    """Of constant and variable rates, with still and moving marks: times are the source's to the last tick."""
    marks = [{"image": f"oss://input/{mark}", "corner": "top_left", "start": 0.1}]
    sections = {"video": {"width": 320}, "watermarks": marks, "delogos": [{"width": 0.5, "height": 0.5}]}
    plain, marked = both(bench, files, bench.media / name, sections, input={"address": "oss://input/x", "duration": 1.0})
    assert times(plain) == times(marked)


def test_marks_of_a_clip_begin_on_its_own_clock(bench: Bench, files: dict[str, Path]) -> None:
    marks = [{"image": "oss://input/logo", "corner": "top_left", "width": 0.5, "start": 0.2, "duration": 0.2}]
    areas = [{"corner": "bottom_left", "height": 0.5, "width": 0.5, "start": 0.4, "duration": 0.2}]
    sections = {"edit": {"start": 0.6, "duration": 0.8}, "watermarks": marks, "delogos": areas}
    source = bench.clips.make(seconds=2, size="160x90")
    base = {"container": {"format": "mp4"}, "video": VIDEO, "audio": {"remove": True}, "edit": sections["edit"]}
    plain, marked = bench.run_all(source, base, {**base, **sections}, files=files)
    one, other = plain.frames(), marked.frames()
    assert len(one) == len(other) == 20
    assert shown(other, one, (0, 0, 80, 40)) == [5, 6, 7, 8, 9]
    differing = [n for n in range(20) if far(one[n, 50:88, 4:76], other[n, 50:88, 4:76]) > 5]
    assert differing == [10, 11, 12, 13, 14]


def test_on_a_join_and_at_twice_the_speed(bench: Bench, files: dict[str, Path]) -> None:
    second = bench.clips.make(seconds=1, size="128x72", rate=25)
    files = {**files, "second": second}
    edit = {"after": [{"address": "oss://input/second"}], "speed": 2.0}
    marks = [{"image": "oss://input/logo", "corner": "top_left", "width": 0.5, "start": 0.4, "duration": 0.2}]
    base = {"container": {"format": "mp4"}, "video": VIDEO, "audio": {"remove": True}, "edit": edit}
    areas = [{"corner": "bottom_right", "width": 0.5, "height": 0.5, "start": 0.6}]
    plain, marked = bench.run_all(bench.clips.make(seconds=1, size="160x90"), base, {**base, "watermarks": marks, "delogos": areas}, files=files)
    one, other = plain.frames(), marked.frames()
    assert len(one) == len(other) == 25
    assert shown(other, one, (0, 0, 80, 40)) == [10, 11, 12, 13, 14]
    assert [n for n in range(25) if far(one[n, 50:86, 84:156], other[n, 50:86, 84:156]) > 5] == list(range(15, 25))


def test_in_two_passes_and_several_outputs_of_one_process(bench: Bench, files: dict[str, Path]) -> None:
    marks = [{"image": "oss://input/gif", "corner": "top_left", "width": 0.5}, {"text": {"content": "水印", "size": 0.3}, "corner": "bottom_right"}]
    twice = {"preset": "ultrafast", "bitrate_kbps": 800, "passes": 2}
    source = bench.clips.make(seconds=1, size="160x90")
    plain, one, two, small = bench.run_all(
        source,
        {"container": {"format": "mp4"}, "video": VIDEO},
        {"container": {"format": "mp4"}, "video": VIDEO, "watermarks": marks},
        {"container": {"format": "mp4"}, "video": twice, "watermarks": marks},
        {"container": {"format": "mp4"}, "video": {**VIDEO, "width": 80}, "watermarks": marks},
        files=files,
    )  # fmt: skip
    for made in (one, two):
        found = changed(plain, made)
        assert found[0] < 0.15
        assert found[2] > 0.9
    assert small.frames().shape == (25, 44, 80, 3)


def test_a_moving_mark_in_a_ladder(bench: Bench, files: dict[str, Path]) -> None:
    ladder = [{"name": "a", "video": {"width": 160}}, {"name": "b", "video": {"width": 80}}]
    marks = [{"image": "oss://input/apng", "corner": "top_left", "width": 0.5, "start": 0.2}]
    template = {"container": {"format": "hls"}, "video": VIDEO, "ladder": ladder, "watermarks": marks, "mux": {"segment_seconds": 1.0}}
    made = bench.run(bench.clips.make(seconds=2, size="160x90"), template, files=files)
    plain = bench.run(bench.clips.make(seconds=2, size="160x90"), {**template, "watermarks": []}, files=files)
    for one, other in zip(made.output.renditions, plain.output.renditions, strict=True):
        marked, ground = made.frames(file=made.room / one.file), plain.frames(file=plain.room / other.file)
        assert len(marked) == len(ground) == 50
        half = marked.shape[2] // 4
        seen = [n for n in range(50) if far(marked[n, 4:half, 4:half], ground[n, 4:half, 4:half]) > 6]
        assert seen[0] == 5
        assert len(seen) > 40


def test_a_long_moving_mark_does_not_lengthen_the_output(bench: Bench, files: dict[str, Path]) -> None:
    """The GIF goes on for ever, the WebM for ten seconds; the output has 25 frames."""
    files = {
        **files,
        "long": bench.clips.make(seconds=10, size="64x36", audio=False, suffix="webm", more=("-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime")),
    }
    for name in ("gif", "long"):
        marks = [{"image": f"oss://input/{name}", "corner": "top_left", "width": 0.25, "duration": 0.2}]
        made = bench.run(bench.clips.make(seconds=1, size="160x90"), {"container": {"format": "mp4"}, "video": VIDEO, "watermarks": marks}, files=files)
        assert len(made.frames()) == 25
        assert made.probe.duration == pytest.approx(1.0, abs=0.06)
