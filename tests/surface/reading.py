"""Subtitle files and films that have some, and how to read what came out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.engine import texts
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from tests.surface.harness import Bench, Made

SRT = "1\n00:00:00,200 --> 00:00:00,600\nHello <i>you</i>\n\n2\n00:00:00,700 --> 00:00:00,900\nÀ bientôt & <b>go</b>\n"
CUES = [(0.2, 0.6), (0.7, 0.9)]
ZH = "1\n00:00:00,200 --> 00:00:00,800\n你好，世界！這裡不會亂碼。\n"
HANS = "1\n00:00:00,200 --> 00:00:00,800\n你好，世界！这里不会乱码，我们看看字幕。\n"
JA = "1\n00:00:00,200 --> 00:00:00,800\nこんにちは、世界。字幕のテストです。\n"
KO = "1\n00:00:00,200 --> 00:00:00,800\n안녕하세요, 세계. 자막 시험입니다.\n"
FR = "1\n00:00:00,200 --> 00:00:00,800\nÇa va très bien, l’été est là.\n"
ASS = """[Script Info]
ScriptType: v4.00+
PlayResX: 640
PlayResY: 360

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Top,DejaVu Sans,40,&H000000FF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,1,0,8,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Top,,0,0,0,,not shown
Dialogue: 0,0:00:00.20,0:00:00.60,Top,,0,0,0,,{\\b1}Hello{\\b0}\\Nyou, all
"""
VTT = "WEBVTT - a title\n\nNOTE nothing\n\nSTYLE\n::cue { color: red }\n\nfirst\n00:00.200 --> 00:00.600 line:0\n<v Ann>Hello &amp; <i>you</i></v>\n\n00:00.700 --> 00:00.900\ngo\n"


def text_files(bench: Bench) -> dict[str, Path]:
    """Subtitle files, and a film that has two of them."""
    folder = bench.folder / "texts"
    if folder.exists():
        return {path.name: path for path in folder.iterdir()}
    folder.mkdir()
    written = {
        "a.srt": SRT.encode(),
        "crlf.srt": b"\xef\xbb\xbf" + SRT.replace("\n", "\r\n").encode(),
        "a.vtt": VTT.encode(),
        "a.ass": ASS.encode(),
        "hans-utf8.srt": HANS.encode(),
        "hans-gbk.srt": HANS.encode("gbk"),
        "zh-utf8.srt": ZH.encode(),
        "zh-big5.srt": ZH.encode("big5"),
        "zh-utf16.srt": ZH.encode("utf-16"),
        "zh-utf16be.srt": b"\xfe\xff" + ZH.encode("utf-16-be"),
        "ja.srt": JA.encode("shift_jis"),
        "ko.srt": KO.encode("euc-kr"),
        "fr.srt": FR.encode("cp1252"),
        "bad.srt": b"1\n00:00:00,200 --> 00:00:00,600\nfine\n\nthis is no time\nnor this\n",
        "back.srt": b"1\n00:00:02,200 --> 00:00:00,600\nbackwards\n",
        "empty.srt": b"\n\n",
        "html.srt": b"<html><body>404</body></html>",
        "long.srt": "".join(f"{n}\n00:00:{n:02d},000 --> 00:00:{n:02d},900\ntext {n}\n\n" for n in range(1, 60)).encode(),
        "tricky.srt": b"1\n00:00:00,000 --> 00:00:01,000\n{\\p1}m 0 0 l 100 0{\\p0} \\N %{x} ':[],; <script>\n",
    }
    for name, data in written.items():
        (folder / name).write_bytes(data)
    film = folder / "film.mkv"
    argv = [bench.tools.ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "color=c=gray:size=320x180:rate=25:duration=1"]
    argv += ["-f", "srt", "-i", str(folder / "a.srt"), "-f", "srt", "-i", str(folder / "hans-utf8.srt"), "-map", "0", "-map", "1", "-map", "2"]
    argv += ["-c:v", "libx264", "-preset", "ultrafast", "-c:s", "srt", "-metadata:s:s:0", "language=eng", "-metadata:s:s:0", "title=English: full"]
    argv += ["-metadata:s:s:1", "language=chi", "-disposition:s:0", "0", "-disposition:s:1", "default+forced", str(film)]
    subprocess.run(argv, check=True, timeout=60)
    for name, size, seconds in (("plain", "320x180", 1), ("large", "640x360", 1), ("upright", "180x320", 1), ("three", "320x180", 3)):
        argv = [bench.tools.ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", f"color=c=gray:size={size}:rate=25:duration={seconds}", "-c:v", "libx264"]
        subprocess.run([*argv, "-preset", "ultrafast", str(folder / f"{name}.mp4")], check=True, timeout=60)
    return {path.name: path for path in folder.iterdir()}


def run(bench: Bench, files: dict[str, Path], subtitle: dict[str, Any], format_: str = "mp4", source: str = "plain.mp4", **more: Any) -> Made:
    """One output; files of ``subtitle`` are named by their key alone."""
    spec = more.pop("spec", None)
    subtitle = {**subtitle, "files": [{**f, "address": f"oss://input/{f['address']}"} for f in subtitle.get("files", ())]}
    template = {"container": {"format": format_}, "video": {"preset": "ultrafast"} if format_ != "webm" else {}, "subtitle": subtitle, **more}
    if format_ == "m4a":
        template.pop("video")
    return bench.run(files[source], template, files=files, spec=spec)


def said(made: Made, number: int = 0, file: Path | None = None) -> list[Any]:
    """Begin, end and text of a text track, taken out as WebVTT by plain ffmpeg."""
    argv = [made.tools.ffmpeg, "-nostdin", "-v", "error", "-i", str(file or made.file), "-map", f"0:s:{number}", "-f", "srt", "-"]
    script = texts.read(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout.decode())
    return [(cue.start, cue.end, cue.text) for cue in script.cues]


def times(made: Made, number: int = 0) -> Any:
    """Begin and end of every text, to be compared to a hundredth of a second."""
    return [(pytest.approx(start, abs=0.011), pytest.approx(end, abs=0.011)) for start, end, _ in said(made, number)]


def stated(made: Made) -> list[tuple[str, str | None, str | None, int, int]]:
    """Codec, language, title, default and forced of every text track."""
    rows = []
    for stream in made.raw()["streams"]:
        if stream["codec_type"] == "subtitle":
            tags = {key.lower(): value for key, value in stream.get("tags", {}).items()}
            flags = stream["disposition"]
            rows.append((stream["codec_name"], tags.get("language"), tags.get("title") or tags.get("name"), flags["default"], flags["forced"]))
    return rows


def failure(bench: Bench, files: dict[str, Path], subtitle: dict[str, Any], source: str = "plain.mp4", format_: str = "mkv") -> tuple[str, str]:
    """Code and sentence of an output that cannot be planned."""
    bench.number += 1
    room = bench.folder / f"room{bench.number}"
    room.mkdir()
    subtitle = {**subtitle, "files": [{**f, "address": f"oss://input/{f['address']}"} for f in subtitle.get("files", ())]}
    template = Template.model_validate_json(json.dumps({"container": {"format": format_}, "subtitle": subtitle}))
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": "oss://input/x", "outputs": [{"template": "t", "address": "oss://output/0"}]}))
    plan = bench.plan(room, files[source], spec, [template], files)
    return plan.failed[0].code, plan.failed[0].message


def changed(bench: Bench, files: dict[str, Path], made: Made, source: str = "plain.mp4", **more: Any) -> Any:
    """Where and when pixels differ from the same output without subtitles: (frames, height, width)."""
    bare = run(bench, files, {"remove": True}, source=source, **more)
    return np.abs(made.frames(pixel_format="gray").astype(int) - bare.frames(pixel_format="gray").astype(int)) > 24


def shown(different: np.ndarray) -> list[bool]:
    return [bool(frame.any()) for frame in different]
