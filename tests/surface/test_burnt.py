"""Burnt subtitles: what is seen in the decoded pictures, where, when and in which letters."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.surface.harness import Bench
from tests.surface.reading import changed, failure, run, shown, stated, text_files

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def files(bench: Bench) -> dict[str, Path]:
    """Inputs by name."""
    return text_files(bench)


@pytest.mark.parametrize(
    ("source", "name", "top"),
    [("plain.mp4", "a.srt", False), ("plain.mp4", "hans-gbk.srt", False), ("upright.mp4", "a.srt", False), ("plain.mp4", "a.ass", True)],
)
def test_burnt_texts_are_seen_where_and_while_they_should(bench: Bench, files: dict[str, Path], source: str, name: str, top: bool) -> None:
    """SubtitleConfig.ExtSubtitleList (MPS)."""
    made = run(bench, files, {"files": [{"address": name, "burn": True}]}, source=source)
    different = changed(bench, files, made, source)
    end = {"a.srt": 0.6, "a.ass": 0.6}.get(name, 0.8)
    wanted = [0.2 <= n / 25 < end or (name == "a.srt" and 0.7 <= n / 25 < 0.9) for n in range(25)]
    assert shown(different) == wanted
    rows = np.flatnonzero(different.any(axis=(0, 2)))
    height = different.shape[1]
    assert rows.max() < height / 2 if top else rows.min() > height * 0.6
    assert made.probe.subtitle == ()


def test_a_burnt_text_is_white_with_a_dark_border(bench: Bench, files: dict[str, Path]) -> None:
    made = run(bench, files, {"files": [{"address": "a.srt", "burn": True}]}, source="large.mp4")
    frame = made.frames(pixel_format="gray")[10]
    assert frame.max() > 225
    assert frame.min() < 30


def test_on_hdr_a_burnt_text_is_reference_white(bench: Bench, files: dict[str, Path]) -> None:
    """58 % of PQ's range: 64 + 0.58 × 876 of 10 bits; more would dazzle."""
    hdr = {**files, "hdr.mp4": bench.media / "roof-720x1280p30-av1-hdr10-aac.mp4"}
    spec = {"input": {"address": "oss://input/x", "duration": 0.5}}
    video = {"codec": "h265", "profile": "main10", "hdr": "keep", "width": 360, "height": 640, "preset": "ultrafast"}
    made = run(bench, hdr, {"files": [{"address": "a.srt", "burn": True}]}, source="hdr.mp4", spec=spec, video=video)
    argv = [made.tools.ffmpeg, "-v", "error", "-i", str(made.file), "-map", "0:v", "-f", "rawvideo", "-pix_fmt", "gray10le", "-"]
    frames = np.frombuffer(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout, dtype=np.uint16).reshape(-1, 640, 360)
    bare = run(bench, hdr, {}, source="hdr.mp4", spec=spec, video=video)
    argv[4] = str(bare.file)
    before = np.frombuffer(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout, dtype=np.uint16).reshape(-1, 640, 360)
    changed_ = frames[10][np.abs(frames[10].astype(int) - before[10]) > 150]
    assert np.percentile(changed_, 95) == pytest.approx(572, abs=40)


def test_styles_of_ass_are_drawn(bench: Bench, files: dict[str, Path]) -> None:
    made = run(bench, files, {"files": [{"address": "a.ass", "burn": True}]}, source="large.mp4")
    frame = made.frames()[10].astype(int)
    red = (frame[:, :, 0] > 150) & (frame[:, :, 1] < 90) & (frame[:, :, 2] < 90)
    assert red.sum() > 500  # &H000000FF is red


def test_bold_and_italics_are_drawn(bench: Bench, files: dict[str, Path], tmp_path: Path) -> None:
    pictures = []
    for number, text in enumerate(("same words", "<b>same words</b>", "<i>same words</i>", "<font color=red>same words</font>")):
        path = tmp_path / f"{number}.srt"
        path.write_text(f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n")
        made = run(bench, {**files, "x.srt": path}, {"files": [{"address": "x.srt", "burn": True}]}, source="large.mp4")
        pictures.append(made.frames(pixel_format="gray")[5].astype(int))
    plain, bold, italic, coloured = pictures
    assert (np.abs(plain - bold) > 60).sum() > 100
    assert (np.abs(plain - italic) > 60).sum() > 100
    assert (np.abs(plain - coloured) > 60).sum() == 0


def glyph(bench: Bench, files: dict[str, Path], tmp_path: Path, text: str, **more: Any) -> np.ndarray:
    path = tmp_path / "g.srt"
    path.write_text(f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n")
    made = run(bench, {**files, "g.srt": path}, {"files": [{"address": "g.srt", "burn": True, **more}]}, source="large.mp4")
    frame: np.ndarray = made.frames(pixel_format="gray")[5].astype(int)
    return frame


@pytest.mark.parametrize(("one", "other"), [("你", "好"), ("한", "글"), ("あ", "い"), ("é", "ß"), ("ع", "م")])
def test_letters_are_not_boxes(bench: Bench, files: dict[str, Path], tmp_path: Path, one: str, other: str) -> None:
    """Two characters of one script look different: a font that lacks them would draw the same box twice."""
    a, b = (glyph(bench, files, tmp_path, c * 3) for c in (one, other))
    assert (np.abs(a - 126) > 60).sum() > 100
    assert (np.abs(a - b) > 60).sum() > 100


@pytest.mark.parametrize(
    ("name", "twin", "more"), [("hans-gbk.srt", "hans-utf8.srt", {}), ("zh-big5.srt", "zh-utf8.srt", {}), ("zh-utf16.srt", "zh-utf8.srt", {})]
)
def test_burnt_texts_look_the_same_in_every_charset(bench: Bench, files: dict[str, Path], name: str, twin: str, more: dict[str, Any]) -> None:
    """SubtitleConfig.ExtSubtitleList (MPS), CharEnc."""
    a, b = (run(bench, files, {"files": [{"address": n, "burn": True, **more}]}).frames(pixel_format="gray") for n in (name, twin))
    assert np.array_equal(a, b)


def test_the_font_that_was_asked_for(bench: Bench, files: dict[str, Path], tmp_path: Path) -> None:
    """SubtitleConfig.ExtSubtitleList (MPS), FontName."""
    sans, serif, none = (glyph(bench, files, tmp_path, "Hamburg", **font) for font in ({}, {"font": "DejaVu Serif"}, {"font": "No Such Font"}))
    assert (np.abs(sans - serif) > 60).sum() > 100
    assert (np.abs(none - 126) > 60).sum() > 100


def test_a_missing_font_is_told(bench: Bench, files: dict[str, Path]) -> None:
    """Issue 3: fonts missing."""
    made = run(bench, files, {"files": [{"address": "a.srt", "burn": True, "font": "No Such Font"}]})
    assert "The worker has no font «No Such Font»; another one was taken." in made.output.warnings


def test_a_forced_font_takes_the_place_of_those_of_an_ass_file(bench: Bench, files: dict[str, Path]) -> None:
    a, b = (run(bench, files, {"files": [{"address": "a.ass", "burn": True, **font}]}, source="large.mp4") for font in ({}, {"font": "DejaVu Serif"}))
    assert (np.abs(a.frames(pixel_format="gray")[10].astype(int) - b.frames(pixel_format="gray")[10]) > 60).sum() > 100


def test_commands_in_a_text_are_only_drawn(bench: Bench, files: dict[str, Path]) -> None:
    """A drawing command, a new line, a tag: nothing of it is obeyed, the words are seen in the lower part."""
    made = run(bench, files, {"files": [{"address": "tricky.srt", "burn": True}]}, source="large.mp4")
    different = changed(bench, files, made, "large.mp4")
    rows = np.flatnonzero(different.any(axis=(0, 2)))
    assert rows.min() > 180
    assert rows.max() - rows.min() < 90


def test_two_burnt_files_are_stacked(bench: Bench, files: dict[str, Path]) -> None:
    one = changed(bench, files, run(bench, files, {"files": [{"address": "a.srt", "burn": True}]}))
    both = changed(bench, files, run(bench, files, {"files": [{"address": "a.srt", "burn": True}, {"address": "hans-utf8.srt", "burn": True}]}))
    heights = [np.flatnonzero(d[10].any(axis=1)) for d in (one, both)]
    assert heights[1].max() - heights[1].min() > 1.6 * (heights[0].max() - heights[0].min())


@pytest.mark.parametrize("edit", [{}, {"start": 0.3}, {"speed": 0.5}])
def test_burnt_texts_are_in_step_with_a_clip(bench: Bench, files: dict[str, Path], edit: dict[str, Any]) -> None:
    """Where the input is clipped, or played slower, the words come with the same picture."""
    spec = {"input": {"address": "oss://input/x", "start": 0.2}}
    made = run(bench, files, {"files": [{"address": "long.srt", "burn": True}]}, source="three.mp4", spec=spec, edit=edit)
    different = changed(bench, files, made, "three.mp4", spec=spec, edit=edit)
    begin, speed = 0.2 + edit.get("start", 0.0), edit.get("speed", 1.0)
    wanted = [any(second <= begin + n / 25 * speed + 1e-6 < second + 0.9 for second in (1, 2)) for n in range(len(different))]
    assert sum(a != b for a, b in zip(shown(different), wanted, strict=True)) <= 2


def test_a_text_stream_of_the_input_is_drawn(bench: Bench, files: dict[str, Path]) -> None:
    """SubtitleList.Map (MPS)."""
    made = run(bench, files, {"burn_stream": 0, "remove": True}, source="film.mkv")
    assert shown(changed(bench, files, made, "film.mkv")) == [0.2 <= n / 25 < 0.6 or 0.7 <= n / 25 < 0.9 for n in range(25)]
    assert made.probe.subtitle == ()


def test_a_drawn_stream_is_in_step_with_a_clip_that_begins_within_a_text(bench: Bench, files: dict[str, Path]) -> None:
    spec = {"input": {"address": "oss://input/x", "start": 0.4}}
    made = run(bench, files, {"burn_stream": 0, "remove": True}, source="film.mkv", spec=spec)
    found = shown(changed(bench, files, made, "film.mkv", spec=spec))
    assert found[0]
    assert found == [n / 25 + 0.4 < 0.6 - 1e-6 or 0.7 - 1e-6 <= n / 25 + 0.4 < 0.9 - 1e-6 for n in range(15)]


def test_every_rung_has_the_texts(bench: Bench, files: dict[str, Path]) -> None:
    ladder = [{"name": "a", "video": {"short_side": 180}}, {"name": "b", "video": {"short_side": 90}}]
    made = run(bench, files, {"files": [{"address": "a.srt", "burn": True}]}, "hls", ladder=ladder)
    for rendition in made.output.renditions:
        frames = made.frames(pixel_format="gray", file=made.room / rendition.file)
        assert int(frames[10].max()) - int(frames[0].max()) > 30


@pytest.mark.parametrize("format_", ["gif", "mkv", "webm"])
def test_burning_into_other_formats(bench: Bench, files: dict[str, Path], format_: str) -> None:
    made = run(bench, files, {"files": [{"address": "a.srt", "burn": True}]}, format_, video={"fps": 10.0} if format_ == "gif" else {})
    frames = made.frames(pixel_format="gray")
    assert int(frames[4 if format_ == "gif" else 10].max()) - int(frames[0].max()) > 60


def pgs(path: Path, start: float, end: float) -> None:
    """A PGS stream of our own: one white box of 64×16 at (32, 40) of a 128×72 picture, between two times."""

    def segment(seconds: float, kind: int, body: bytes) -> bytes:
        return b"PG" + struct.pack(">IIBH", round(seconds * 90000), 0, kind, len(body)) + body

    def composition(seconds: float, state: int, objects: bytes, number: int) -> bytes:
        return segment(seconds, 0x16, struct.pack(">HHBHBBBB", 128, 72, 0x10, number, state, 0, 0, len(objects) // 8) + objects)

    window = segment(start, 0x17, struct.pack(">BBHHHH", 1, 0, 32, 40, 64, 16))
    palette = segment(start, 0x14, bytes([0, 0, 1, 235, 128, 128, 255]))
    line = bytes([0, 0xC0, 64, 1, 0, 0])  # a run of 64 pixels of colour 1, end of line
    image = line * 16
    picture = segment(start, 0x15, struct.pack(">HBB", 0, 0, 0xC0) + (len(image) + 4).to_bytes(3, "big") + struct.pack(">HH", 64, 16) + image)
    shown_ = composition(start, 0x80, struct.pack(">HBBHH", 0, 0, 0, 32, 40), 0) + window + palette + picture + segment(start, 0x80, b"")
    gone = composition(end, 0x00, b"", 1) + segment(end, 0x17, struct.pack(">BBHHHH", 1, 0, 32, 40, 64, 16)) + segment(end, 0x80, b"")
    path.write_bytes(shown_ + gone)


def test_a_stream_of_pictures_is_laid_over(bench: Bench, files: dict[str, Path], tmp_path: Path) -> None:
    """Subtitles pgs (IMM): PGS, as on discs: drawn at the output's size; MP4 cannot hold it as a track."""
    pgs(tmp_path / "x.sup", 0.2, 0.6)
    film = tmp_path / "pgs.mkv"
    argv = [bench.tools.ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "color=c=gray:size=128x72:rate=25:duration=1", "-itsoffset", "0.2"]
    argv += ["-f", "sup", "-i", str(tmp_path / "x.sup")]
    subprocess.run([*argv, "-map", "0", "-map", "1", "-c:v", "libx264", "-c:s", "copy", str(film)], check=True, timeout=60)
    mine = {**files, "pgs.mkv": film}
    made = run(
        bench, mine, {"burn_stream": 0}, source="pgs.mkv", video={"width": 256, "height": 144, "preset": "ultrafast"}, conditions={"if_smaller": "convert"}
    )
    frames = made.frames(pixel_format="gray")
    assert frames.shape[1:] == (144, 256)
    seen = [n for n, frame in enumerate(frames) if frame[96, 128] > 200]
    assert seen in (list(range(5, 15)), list(range(6, 16)))  # ffmpeg shows pictures of subtitles at the next frame
    box = np.argwhere(frames[10] > 200)
    assert (box.min(axis=0) - (80, 64)).tolist() == pytest.approx([0, 0], abs=2)
    assert (box.max(axis=0) - (111, 191)).tolist() == pytest.approx([0, 0], abs=2)
    kept = run(bench, mine, {}, "mkv", "pgs.mkv")
    assert [row[0] for row in stated(kept)] == ["hdmv_pgs_subtitle"]
    dropped = run(bench, mine, {}, "mp4", "pgs.mkv")
    assert stated(dropped) == []
    assert any("PGS" in warning for warning in dropped.output.warnings)
    assert failure(bench, mine, {"streams": [0]}, "pgs.mkv", "mp4")[0] == "ImpossibleCombination"
