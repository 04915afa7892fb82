"""Text tracks: files in every encoding and the input's own streams; what the probed tracks say, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jobs.engine import charsets, scripts, texts
from jobs.engine.template import Template
from tests.surface.harness import Bench, problems
from tests.surface.reading import CUES, FR, HANS, JA, KO, ZH, failure, run, said, stated, text_files, times

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def files(bench: Bench) -> dict[str, Path]:
    """Inputs by name."""
    return text_files(bench)


# --- files as tracks ---------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("format_", "name", "codec"),
    [
        ("mp4", "a.srt", "mov_text"),
        ("mov", "a.srt", "mov_text"),
        ("mkv", "a.srt", "subrip"),
        ("webm", "a.srt", "webvtt"),
        ("mp4", "a.vtt", "mov_text"),
        ("mkv", "a.vtt", "subrip"),
        ("webm", "a.vtt", "webvtt"),
        ("mp4", "a.ass", "mov_text"),
        ("mkv", "a.ass", "ass"),
        ("webm", "a.ass", "webvtt"),
        ("mp4", "crlf.srt", "mov_text"),
    ],
)
def test_a_file_becomes_a_track(bench: Bench, files: dict[str, Path], format_: str, name: str, codec: str) -> None:
    """SubtitleConfig.ExtSubtitleList (MPS); Source.Subtitles (IMM)."""
    made = run(bench, files, {"files": [{"address": name, "language": "en", "title": "Full: 100 %"}]}, format_)
    assert [(c, language) for c, language, *_ in stated(made)] == [(codec, "eng")]
    assert times(made) == (CUES if not name.endswith("ass") else CUES[:1])
    assert texts.without_tags(re.sub(r"<[^>]*>", "", said(made)[0][2])) in ("Hello you", "Hello & you", "Hello\nyou, all")


def test_languages_titles_and_flags(bench: Bench, files: dict[str, Path]) -> None:
    """Source.Subtitles.Language (IMM)."""
    made = run(bench, files, {"files": [{"address": "a.srt", "language": "zh", "title": "中文"}, {"address": "a.vtt", "default": True}]}, "mkv")
    assert stated(made) == [("subrip", "zho", "中文", 0, 0), ("subrip", None, None, 1, 0)]


def test_styles_of_ass_are_kept_in_mkv(bench: Bench, files: dict[str, Path]) -> None:
    """Issue 3: SRT/ASS in MKV."""
    made = run(bench, files, {"files": [{"address": "a.ass"}]}, "mkv")
    argv = [made.tools.ffmpeg, "-v", "error", "-i", str(made.file), "-map", "0:s:0", "-c", "copy", "-f", "ass", "-"]
    text = subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout.decode()
    assert "Style: Top,DejaVu Sans,40" in text
    assert "{\\b1}Hello{\\b0}\\Nyou, all" in text
    assert "not shown" not in text


@pytest.mark.parametrize(
    ("name", "charset", "text"),
    [
        ("hans-utf8.srt", "auto", HANS),
        ("hans-gbk.srt", "auto", HANS),
        ("hans-gbk.srt", "gbk", HANS),
        ("zh-utf8.srt", "utf-8", ZH),
        ("zh-big5.srt", "auto", ZH),
        ("zh-big5.srt", "big5", ZH),
        ("zh-utf16.srt", "auto", ZH),
        ("zh-utf16.srt", "utf-16", ZH),
        ("zh-utf16be.srt", "auto", ZH),
        ("ja.srt", "auto", JA),
        ("ja.srt", "shift_jis", JA),
        ("ko.srt", "auto", KO),
        ("ko.srt", "euc-kr", KO),
        ("fr.srt", "auto", FR),
        ("fr.srt", "windows-1252", FR),
    ],
)
def test_charsets(bench: Bench, files: dict[str, Path], name: str, charset: str, text: str) -> None:
    """SubtitleConfig.ExtSubtitleList (MPS), CharEnc: charEnc: the same text whatever the file's encoding."""
    made = run(bench, files, {"files": [{"address": name, "charset": charset}]}, "mkv")
    assert said(made)[0][2] == text.split("\n")[2]
    guessed = charset == "auto" and "utf" not in name
    assert any("was taken for" in warning for warning in made.output.warnings) == guessed


def test_the_sample_in_gbk_is_the_sample_in_utf8(bench: Bench, files: dict[str, Path]) -> None:
    """SubtitleConfig.ExtSubtitleList (MPS), CharEnc."""
    shared = {name: bench.media / "subtitles" / name for name in ("zh-utf8.srt", "zh-gbk.srt")}
    a, b = (run(bench, {**files, **shared}, {"files": [{"address": name}]}, "mkv", "three.mp4") for name in shared)
    assert said(a) == said(b)
    assert said(a)[0][2] == "你好，世界！这是第一条字幕。"


@pytest.mark.parametrize("offset", [-0.3, 0.1, 3600, -3600])
def test_offset(bench: Bench, files: dict[str, Path], offset: float) -> None:
    """Source.Subtitles.TimeOffset (IMM): offset_seconds shifts all times; what leaves the clip is left out, with a word about it."""
    made = run(bench, files, {"files": [{"address": "a.srt", "offset_seconds": offset}]}, "mkv")
    wanted = [(max(0.0, a + offset), min(1.0, b + offset)) for a, b in CUES if b + offset > 0 and a + offset < 1]
    if wanted:
        assert times(made) == wanted
    else:
        assert stated(made) == []
        assert any("left out" in warning for warning in made.output.warnings)


def test_a_clip_of_the_input_takes_its_part_of_the_texts(bench: Bench, files: dict[str, Path]) -> None:
    """Clip.TimeSpan (MPS)."""
    spec = {"input": {"address": "oss://input/x", "start": 1.5, "duration": 1.0}}
    made = run(bench, files, {"files": [{"address": "long.srt"}]}, "mkv", "three.mp4", spec=spec)
    assert said(made) == [
        (pytest.approx(0, abs=0.01), pytest.approx(0.4, abs=0.01), "text 1"),
        (pytest.approx(0.5, abs=0.01), pytest.approx(1.0, abs=0.01), "text 2"),
    ]


def test_an_outputs_own_clip_and_speed(bench: Bench, files: dict[str, Path]) -> None:
    made = run(bench, files, {"files": [{"address": "long.srt"}]}, "mkv", "three.mp4", edit={"start": 0.5, "speed": 2.0})
    assert [(start, end) for start, end, _ in said(made)] == [
        (pytest.approx(0.25, abs=0.01), pytest.approx(0.7, abs=0.01)),
        (pytest.approx(0.75, abs=0.01), pytest.approx(1.2, abs=0.01)),
    ]


def test_words_that_could_mean_something_are_only_text(bench: Bench, files: dict[str, Path]) -> None:
    made = run(bench, files, {"files": [{"address": "tricky.srt"}]}, "mkv")
    assert "%{x} ':[],;" in said(made)[0][2]


@pytest.mark.parametrize(
    ("format_", "mux"),
    [("hls", {}), ("hls", {"segment_format": "fmp4"}), ("dash", {}), ("cmaf", {})],
    ids=["hls", "hls-fmp4", "dash", "cmaf"],
)
def test_sets_have_a_webvtt_file_per_text(bench: Bench, files: dict[str, Path], format_: str, mux: dict[str, Any]) -> None:
    """WebVTTSubtitleURL (MPS): files and the input's own streams alike, each a track of the set."""
    wanted = {"languages": ["eng"], "files": [{"address": "hans-gbk.srt", "language": "zho", "title": "中文"}]}
    made = run(bench, files, wanted, format_, "film.mkv", mux=mux)
    assert made.output.set is not None
    tracks = [track for track in made.output.set.tracks if track.kind == "text"]
    assert [(track.language, track.title) for track in tracks] == [("eng", "English: full"), ("zho", "中文")]
    scripts_ = [texts.read((made.room / track.file).read_text()) for track in tracks]
    assert [script.kind for script in scripts_] == ["vtt", "vtt"]
    assert [(round(c.start, 2), round(c.end, 2)) for c in scripts_[0].cues] == CUES
    assert scripts_[1].cues[0].text == HANS.split("\n")[2]


# --- what cannot be read -------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "charset", "sentence"),
    [
        ("bad.srt", "auto", "Line 5 of the subtitle file is no time such as 00:00:01,000 --> 00:00:02,500."),
        ("back.srt", "auto", "Line 2 of the subtitle file: the text ends before it begins."),
        ("empty.srt", "auto", "The subtitle file is empty."),
        ("html.srt", "auto", "Line 1 of the subtitle file is no time"),
        ("hans-gbk.srt", "utf-8", "The file is not UTF-8: byte 0xC4 in line 3 means nothing there."),
        ("hans-utf8.srt", "gbk", "The file is "),
        ("crlf.srt", "gbk", "The file's first bytes say that it is UTF-8, not GBK."),
        ("zh-utf16.srt", "big5", "The file's first bytes say that it is UTF-16, not Big5."),
        ("ko.srt", "shift_jis", "The file is not Shift_JIS"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_output(bench: Bench, files: dict[str, Path], name: str, charset: str, sentence: str) -> None:
    """Issue 3: subtitle files in the wrong charset, malformed."""
    code, message = failure(bench, files, {"files": [{"address": name, "charset": charset}]})
    assert code == "SubtitleNotReadable"
    assert message.startswith(f"«{name}»: {sentence}")


def test_a_file_of_50_megabytes_fails_the_output(bench: Bench, files: dict[str, Path], tmp_path: Path) -> None:
    big = tmp_path / "big.srt"
    big.write_bytes(b"1\n00:00:00,200 --> 00:00:00,600\nfine\n\n" * 1_350_000)
    assert failure(bench, {**files, "big.srt": big}, {"files": [{"address": "big.srt"}]}) == ("SubtitleNotReadable", "«big.srt»: the file has more than 10 MB.")


def test_too_many_texts_and_too_long_ones() -> None:
    one = "00:00:00,000 --> 00:00:01,000\nx\n\n"
    assert len(texts.read(one * texts.CUES_MAX).cues) == texts.CUES_MAX
    with pytest.raises(texts.SubtitleMistake, match="more than 50000 texts"):
        texts.read(one * (texts.CUES_MAX + 1))
    with pytest.raises(texts.SubtitleMistake, match=r"Line 2 .* more than 10000 characters"):
        texts.read("1\n" + one.replace("x", "x" * 10_001))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("WEBVTT\n\n00:01.000 -> 00:02.000\nx\n", "Line 3"),
        ("WEBVTT\n\nname\n00:0x.000 --> 00:02.000\nx\n", "Line 4"),
        ("[Script Info]\n\n[Events]\nDialogue: 0,0:00:00.00,0:00:01.00,x\n", "Line 4"),
        ("[Script Info]\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:00.00,0:00:1x.00,x\n", "Line 4"),
        ("[Script Info]\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:00.00\n", "Line 4"),
        ("[Script Info]\n[Events]\nFormat: Start, Text, End\n", "Line 3"),
        ("1\n00:00:01,000\nx\n", "Line 1"),
        ("WEBVTT\n", "no text to show"),
    ],
)
def test_malformed_files_name_the_line(text: str, sentence: str) -> None:
    with pytest.raises(texts.SubtitleMistake, match=sentence):
        texts.read(text)


@pytest.mark.parametrize("name", ["subtitles/elephants-dream-en.vtt", "subtitles/en-utf8.srt", "subtitles/zh-utf8.ass", "subtitles/zh-utf8.vtt"])
def test_real_files_are_read(bench: Bench, name: str) -> None:
    text, charset = charsets.decoded((bench.media / name).read_bytes())
    script = texts.read(text)
    assert charset == "utf-8"
    assert len(script.cues) == {"e": 26, "z": 2}.get(name[10], 2) or len(script.cues) > 1
    again = texts.read(scripts.to_vtt(scripts.flat(script)))
    assert [(c.start, c.end) for c in again.cues] == [(c.start, c.end) for c in scripts.flat(script)]


# --- streams of the input --------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "subtitle", "format_", "languages"),
    [
        ("all are kept", {}, "mkv", ["eng", "zho"]),
        ("all, as timed text", {}, "mp4", ["eng", "zho"]),
        ("all, as WebVTT", {}, "webm", ["eng", "zho"]),
        ("sn: none", {"remove": True}, "mkv", []),
        ("by number", {"streams": [1]}, "mkv", ["zho"]),
        ("by number, in that order", {"streams": [1, 0]}, "mp4", ["zho", "eng"]),
        ("by language", {"languages": ["zh"]}, "mkv", ["zho"]),
        ("by language that is not there", {"languages": ["fra"]}, "mkv", []),
        ("no number", {"streams": []}, "mkv", []),
        ("not the one that is drawn", {"burn_stream": 0}, "mkv", ["zho"]),
    ],
)
def test_streams(bench: Bench, files: dict[str, Path], name: str, subtitle: dict[str, Any], format_: str, languages: list[str]) -> None:
    """oss-video-convert.txt, «sn»; SubtitleList.Map (MPS); Stream (IMM)."""
    made = run(bench, files, subtitle, format_, "film.mkv")
    assert [language for _, language, *_ in stated(made)] == languages
    for number, language in enumerate(languages):
        assert ("Hello" in said(made, number)[0][2]) == (language == "eng")


def test_flags_titles_and_languages_of_the_input_are_kept(bench: Bench, files: dict[str, Path]) -> None:
    """Issue 3: embedded ones kept."""
    made = run(bench, files, {}, "mkv", "film.mkv")
    assert stated(made) == [("subrip", "eng", "English: full", 0, 0), ("subrip", "zho", None, 1, 1)]
    bare = run(bench, files, {}, "mkv", "film.mkv", mux={"strip_metadata": True})
    assert [(language, title) for _, language, title, *_ in stated(bare)] == [(None, None)] * 2


def test_a_file_beside_the_inputs_own(bench: Bench, files: dict[str, Path]) -> None:
    """The file that is to be shown takes the flag from the input's stream."""
    made = run(bench, files, {"files": [{"address": "a.vtt", "language": "fra", "default": True}]}, "mkv", "film.mkv")
    assert [(language, default) for _, language, _, default, _ in stated(made)] == [("eng", 0), ("zho", 0), ("fra", 1)]


def test_streams_follow_clip_and_speed(bench: Bench, files: dict[str, Path]) -> None:
    made = run(bench, files, {"streams": [0]}, "mkv", "film.mkv", edit={"speed": 0.5})
    assert times(made) == [(0.4, 1.2), (1.4, 1.8)]
    spec = {"input": {"address": "oss://input/x", "start": 0.4}}
    made = run(bench, files, {"streams": [0]}, "mkv", "film.mkv", spec=spec)
    assert times(made)[-1] == (pytest.approx(0.3, abs=0.02), pytest.approx(0.5, abs=0.02))


def test_streams_that_are_not_there_or_cannot_be_held(bench: Bench, files: dict[str, Path]) -> None:
    assert failure(bench, files, {"streams": [2]}, "film.mkv") == ("TrackNotFound", "The input has no subtitle stream 2; it has 2.")
    assert failure(bench, files, {"burn_stream": 5}, "film.mkv") == ("TrackNotFound", "The input has no subtitle stream 5; it has 2.")


# --- refused at the door ------------------------------------------------------------------------------------------------------------------------
FILE = {"address": "oss://input/a.srt"}
REFUSED: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("a track in TS", "ts", {"subtitle": {"files": [FILE]}}, "subtitle.files.0.burn", "TS cannot hold text tracks"),
    ("a track in FLV", "flv", {"subtitle": {"files": [FILE]}}, "subtitle.files.0.burn", "FLV cannot hold text tracks"),
    ("a track in GIF", "gif", {"subtitle": {"files": [FILE]}}, "subtitle.files.0.burn", "GIF cannot hold text tracks"),
    ("burnt into a copy", "mp4", {"video": {"codec": "copy"}, "subtitle": {"files": [{**FILE, "burn": True}]}}, "subtitle.files.0.burn", "A copied picture"),
    ("burnt into no picture", "mp4", {"video": {"remove": True}, "subtitle": {"files": [{**FILE, "burn": True}]}}, "subtitle.files.0.burn", "is removed"),
    ("burnt into sound", "mp3", {"subtitle": {"burn_stream": 0}}, "subtitle.burn_stream", "MP3 holds no picture"),
    ("font without burning", "mp4", {"subtitle": {"files": [{**FILE, "font": "Arial"}]}}, "subtitle.files.0.font", "A font is for"),
    ("two defaults", "mp4", {"subtitle": {"files": [{**FILE, "default": True}] * 2}}, "subtitle.files.1.default", "Only one text track"),
    ("numbers and languages", "mkv", {"subtitle": {"streams": [0], "languages": ["eng"]}}, "subtitle.languages", "not both"),
    ("remove and numbers", "mkv", {"subtitle": {"remove": True, "streams": [0]}}, "subtitle.streams", "has no meaning"),
    ("streams in FLV", "flv", {"subtitle": {"streams": [0]}}, "subtitle.streams", "cannot hold subtitles"),
    ("a stream twice", "mkv", {"subtitle": {"streams": [0, 0]}}, "subtitle.streams", "twice"),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[0])
def test_refused(row: tuple[str, str, dict[str, Any], str, str]) -> None:
    _, format_, sections, place, sentence = row
    assert any(loc == place and sentence in message for loc, message in problems(format_, **sections)), problems(format_, **sections)


@pytest.mark.parametrize(
    ("file", "good"),
    [
        ({"offset_seconds": -3600}, True),
        ({"offset_seconds": -3600.1}, False),
        ({"offset_seconds": 3600.1}, False),
        ({"charset": "latin-1"}, False),
        ({"font": "a,b"}, False),
        ({"font": "x" * 65}, False),
        ({"language": "xx1"}, False),
        ({"title": "a\tb"}, False),
        ({"address": "/etc/passwd"}, False),
    ],
)
def test_ranges(file: dict[str, Any], good: bool) -> None:
    text = json.dumps({"container": {"format": "mp4"}, "subtitle": {"files": [{**FILE, **file}]}})
    if good:
        Template.model_validate_json(text)
    else:
        with pytest.raises(ValueError, match="validation error"):
            Template.model_validate_json(text)
