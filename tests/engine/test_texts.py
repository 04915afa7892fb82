"""Reading and writing subtitle files: mildness, strictness, and nothing that takes for ever."""

from __future__ import annotations

import random
import time

import pytest

from jobs.engine.scripts import Clock, flat, own_ass, shifted, to_ass, to_srt, to_vtt
from jobs.engine.texts import SubtitleMistake, read

TIMES = "00:00:01,000 --> 00:00:02,000"
HEAD = "[Script Info]\nPlayResX: 640\n\n[Events]\nFormat: Start, End, Style, Text\n"


def one(text: str) -> str:
    """What becomes of one text of an SRT file."""
    return read(f"1\n{TIMES}\n{text}\n").cues[0].text


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("a <i>b</i> c", "a <i>b</i> c"),
        ("<I>a</I>", "<i>a</i>"),
        ("<i>a", "<i>a</i>"),
        ("a</i>", "a"),
        ('<font color="red">a</font>', "a"),
        ("<b><i>a</b></i>", "<b><i>a</b></i>"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("{\\an8}up", "up"),
        ("{\\i1}x{\\i0}", "x"),
        ("{curly}", "{curly}"),
        ("<00:00:01.500>word", "word"),
        ("a\u2028b", "a\nb"),
        ("bell\x07", "bell"),
    ],
)
def test_markup(written: str, read_as: str) -> None:
    assert one(written) == read_as


@pytest.mark.parametrize("text", ["00:00:01.000 --> 00:00:02.000", "0:0:1,0 --> 0:0:2,0", "00:01,000 --> 00:02,000", " 00:00:01,000  -->  00:00:02,000  X1:0 "])
def test_times_are_read_mildly(text: str) -> None:
    (cue,) = read(f"{text}\nx\n").cues
    assert (cue.start, cue.end) == (1.0, 2.0)


def test_cues_without_length_or_text_are_left_out() -> None:
    script = read(f"1\n{TIMES}\n\n2\n00:00:03,000 --> 00:00:03,000\nnever\n\n3\n00:00:04,000 --> 00:00:05,000\nx\n")
    assert [cue.text for cue in script.cues] == ["x"]


def test_places() -> None:
    assert read(f"{TIMES}\n{{\\an8}}x\n").cues[0].place == 8
    assert "{\\an8}x" in to_ass([(read(f"{TIMES}\n{{\\an8}}x\n"), "Sans")], 640, 360)
    assert read("WEBVTT\n\n00:01.000 --> 00:02.000 line:10%\nx\n").cues[0].place == 8
    assert read("WEBVTT\n\n00:01.000 --> 00:02.000 line:90% align:left wrong:1\nx\n").cues[0].settings == "line:90% align:left"


def test_nothing_of_a_text_is_a_command_in_ass() -> None:
    written = to_ass([(read(f"{TIMES}\n{{\\p1 x}} \\N {{b}} \\\\ <i>y</i>\n"), "Sans")], 640, 360)
    line = next(row for row in written.split("\n") if row.startswith("Dialogue"))
    assert line.endswith(",, " + "\\\u2060N \\{b\\} \\\u2060\\\u2060 {\\i1}y{\\i0}")


def test_nothing_of_a_text_is_another_cue() -> None:
    script = read(HEAD + f"Dialogue: 0:00:01.00,0:00:02.00,Default,a\\N\\N7\\N{TIMES}\\N<b>x\n")
    assert len(read(to_srt(flat(script))).cues) == 1
    assert len(read(to_vtt(flat(script))).cues) == 1


def test_ass_is_kept_with_its_styles_and_without_drawings_as_text() -> None:
    script = read(HEAD + "Dialogue: 0:00:01.00,0:00:02.00,Default,{\\p1}m 0 0{\\p0}{\\b1}a, b{\\b0}\\hc\nComment: 0:00:01.00,0:00:02.00,Default,no\n")
    assert [cue.text for cue in flat(script)] == ["a, b c"]
    moved = shifted(script, Clock(start=0.5, speed=2.0))
    assert "Dialogue: 0:00:00.25,0:00:00.75,Default,{\\p1}m 0 0" in own_ass(moved)


def test_pictures_inside_are_left_out_and_fonts_come_along() -> None:
    script = read(HEAD + "Dialogue: 0:00:01.00,0:00:02.00,Default,x\n[Fonts]\nfontname: a.ttf\nAAAA\n[Graphics]\nfilename: b.bmp\nBBBB\n")
    assert script.warnings
    assert script.attached == (("a.ttf", "AAAA"),)
    assert "AAAA" not in own_ass(script)


@pytest.mark.parametrize(
    "body",
    ["<" * 9_000, "<" + "a" * 9_000, "{\\p1" * 1_900, "{" * 9_000, "<i>" * 3_000, "</i>" * 2_000, "&lt;" * 2_000, " " * 9_000 + "x"],
    ids=["angles", "one tag", "drawings", "braces", "opened", "closed", "entities", "blanks"],
)
def test_texts_that_are_made_to_be_slow_are_not(body: str) -> None:
    began = time.process_time()
    for text in (
        f"{TIMES}\n{body}\n\n" * 100,
        "WEBVTT\n\n" + f"{TIMES.replace(',', '.')}\n{body}\n\n" * 100,
        HEAD + f"Dialogue: 0:00:01.00,0:00:02.00,x,{body}\n" * 100,
    ):
        try:
            script = read(text)
        except SubtitleMistake:
            continue
        to_srt(flat(script)), to_vtt(flat(script)), to_ass([(script, "Sans")], 640, 360)
    assert time.process_time() - began < 5


def test_anything_is_read_or_refused_in_a_sentence() -> None:
    dice = random.Random(5)
    pieces = [
        "WEBVTT",
        "\n",
        "\n\n",
        TIMES,
        "-->",
        "1",
        "[Script Info]",
        "[Events]",
        "Format: Start, End, Text",
        "Dialogue: ",
        "0:00:01.00,0:00:02.00,x",
        "NOTE",
        "<i>",
        "{",
        "x",
        ",",
    ]
    for _ in range(3000):
        text = "".join(dice.choice(pieces) for _ in range(dice.randrange(1, 14)))
        try:
            script = read(text)
        except SubtitleMistake as mistake:
            assert "subtitle file" in str(mistake)  # noqa: PT017 - both ends are right
        else:
            assert read(to_vtt(flat(script))).cues if flat(script) else True
