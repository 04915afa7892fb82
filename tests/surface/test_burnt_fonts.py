"""Fonts that come with subtitles: attached to an MKV, or inside an ASS file. What is drawn has their letters."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.engine import font_files, texts
from tests.surface.harness import Bench, Made

pytestmark = pytest.mark.media
INSTALLED = Path("/usr/share/fonts/truetype/dejavu/DejaVuSerif-Bold.ttf")
STYLE = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, "
    "Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding"
)


def ass(font: str, more: str = "") -> str:
    return "\n".join([
        "[Script Info]", "ScriptType: v4.00+", "PlayResX: 640", "PlayResY: 360", "", "[V4+ Styles]", f"Format: {STYLE}",
        f"Style: Default,{font},60,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,-1,0,0,0,100,100,0,0,1,2,0,2,10,10,10,1", "", more, "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text", "Dialogue: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,Hamburg", "",
    ])  # fmt: skip


@pytest.fixture(scope="module")
def font() -> bytes:
    """A font that no machine has installed: an installed one under another name."""
    if not INSTALLED.is_file():
        pytest.skip("DejaVu Serif is not installed here")
    data = INSTALLED.read_bytes()
    for old, new in (("DejaVu Serif", "Zqwert Serif"), ("DejaVuSerif", "ZqwertSerif")):
        data = data.replace(old.encode("utf-16-be"), new.encode("utf-16-be")).replace(old.encode(), new.encode())
    return data


def inside(data: bytes) -> str:
    return f"[Fonts]\nfontname: zqwert_B0.ttf\n{font_files.encoded(data)}\n"


@pytest.fixture(scope="module")
def films(bench: Bench, font: bytes) -> dict[str, Path]:
    """A film with a text in that font, with the font attached and without; ASS files with the font inside, with a broken one, and without."""
    room = bench.folder / "with-fonts"
    room.mkdir()
    files = {"bare.ass": ass("Zqwert Serif"), "inside.ass": ass("Zqwert Serif", inside(font)), "broken.ass": ass("Zqwert Serif", inside(font[:900]))}
    files["installed.ass"] = ass("DejaVu Serif")
    for name, text in files.items():
        (room / name).write_text(text)
    (room / "z.ttf").write_bytes(font)
    base = [bench.tools.ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "color=gray:size=640x360:rate=10:duration=1"]
    subprocess.run([*base, "-c:v", "libx264", str(room / "plain.mp4")], check=True, timeout=60)
    text = ["-i", str(room / "bare.ass"), "-map", "0", "-map", "1", "-c:v", "libx264", "-c:s", "copy"]
    subprocess.run([*base, *text, str(room / "without.mkv")], check=True, timeout=60)
    attach = ["-attach", str(room / "z.ttf"), "-metadata:s:t", "mimetype=application/x-truetype-font", "-metadata:s:t", "filename=z.ttf"]
    subprocess.run([*base, *text, *attach, str(room / "with.mkv")], check=True, timeout=60)
    return {path.name: path for path in room.iterdir()}


def drawn(bench: Bench, films: dict[str, Path], source: str, subtitle: dict[str, Any]) -> tuple[np.ndarray, Made]:
    made = bench.run(films[source], {"container": {"format": "mkv"}, "video": {"preset": "ultrafast", "crf": 5}, "subtitle": subtitle}, files=films)
    frame: np.ndarray = made.frames(pixel_format="gray")[5].astype(int)
    return frame, made


def unlike(one: np.ndarray, other: np.ndarray) -> int:
    return int((np.abs(one - other) > 60).sum())


def told(made: Made) -> list[str]:
    return [warning for warning in made.output.warnings if "font" in warning]


def test_a_font_attached_to_the_input_is_used(bench: Bench, films: dict[str, Path]) -> None:
    """SubtitleList.Map (MPS)."""
    wanted, _ = drawn(bench, films, "plain.mp4", {"files": [{"address": "oss://input/installed.ass", "burn": True}]})
    with_it, made = drawn(bench, films, "with.mkv", {"burn_stream": 0})
    without, other = drawn(bench, films, "without.mkv", {"burn_stream": 0})
    assert unlike(with_it, wanted) == 0
    assert unlike(without, wanted) > 500
    assert made.output.warnings == ()
    assert told(other) == ["The worker has no font «Zqwert Serif»; another one was taken."]


def test_a_font_inside_an_ass_file_is_used(bench: Bench, films: dict[str, Path]) -> None:
    """SubtitleConfig.ExtSubtitleList (MPS)."""
    pictures = {}
    for name in ("installed", "inside", "bare", "broken"):
        pictures[name], made = drawn(bench, films, "plain.mp4", {"files": [{"address": f"oss://input/{name}.ass", "burn": True}]})
        assert bool(told(made)) == (name in ("bare", "broken"))
    assert unlike(pictures["inside"], pictures["installed"]) == 0
    assert unlike(pictures["bare"], pictures["installed"]) > 500
    assert unlike(pictures["broken"], pictures["bare"]) == 0


def test_a_forced_font_is_stronger(bench: Bench, films: dict[str, Path]) -> None:
    one, made = drawn(bench, films, "plain.mp4", {"files": [{"address": "oss://input/inside.ass", "burn": True, "font": "DejaVu Sans"}]})
    other, _ = drawn(bench, films, "plain.mp4", {"files": [{"address": "oss://input/installed.ass", "burn": True, "font": "DejaVu Sans"}]})
    assert unlike(one, other) == 0
    assert told(made) == []


@pytest.mark.parametrize("length", [0, 1, 2, 3, 44, 45, 46, 59, 60, 61, 1000])
def test_fonts_as_text_and_back(length: int) -> None:
    data = bytes((7 * number + length) % 256 for number in range(length))
    text = font_files.encoded(data)
    assert font_files.decoded(text) == data
    assert all(len(line) <= 80 and all(33 <= ord(c) <= 96 for c in line) for line in text.split("\n"))


def test_three_bytes_are_four_characters() -> None:
    assert font_files.encoded(b"\x00\x01\x00") == "!!%!"
    assert font_files.encoded(b"\xff\xff\xff") == "````"
    assert font_files.encoded(b"\xff") == "`Q"


@pytest.mark.parametrize("text", ["abc", "!!!!!", "!!\x7f!"])
def test_what_is_no_font_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no font"):
        font_files.decoded(text)


def test_names_of_fonts(font: bytes) -> None:
    assert {"zqwert serif", "zqwert serif bold", "zqwertserif-bold"} <= font_files.names(font)
    assert font_files.names(b"\x00\x01\x00\x00" + b"\xff" * 60) == frozenset()
    assert font_files.names(b"MZ" + font) == frozenset()
    assert font_files.names(font[:100]) == frozenset()


def test_a_line_of_a_font_may_look_like_a_heading() -> None:
    line = "[" + "A" * 78 + "]"
    script = texts.read(ass("X", f"[Fonts]\nfontname: a.ttf\n{line}\n"))
    assert script.attached == (("a.ttf", line),)
    assert len(script.cues) == 1
