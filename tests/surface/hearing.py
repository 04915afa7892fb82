"""Inputs with tones of their own, and how to tell by ear which track is which."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from tests.surface.harness import Bench, Made

RATE = 8000
FAST = {"preset": "ultrafast"}
NAMES = {"surround": "5.1", "wide": "7.1"}  # names of files that no test writes with a dot


def tones(samples: Any, rate: int = RATE) -> list[int]:
    """The frequencies that are heard, Hz, lowest first: peaks of the spectrum above a tenth of the highest."""
    middle = samples[len(samples) // 5 : -len(samples) // 5]
    spectrum: Any = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    found: list[int] = []
    for at in np.flatnonzero(spectrum > 0.1 * spectrum.max()).tolist():
        frequency = round(at * rate / len(middle))
        if not found or frequency - found[-1] > 25:
            found.append(frequency)
    return found


def level(samples: np.ndarray) -> float:
    """dB of the mean square, of full scale."""
    middle = samples[len(samples) // 5 : -len(samples) // 5]
    return float(10 * np.log10(max(1e-12, float(np.mean(np.square(middle.astype(np.float64)))))))


def heard(made: Made, track: int = 0) -> list[int]:
    """The tones of one track."""
    return tones(made.samples(track, rate=RATE)[:, 0])


def near(found: list[int], *wanted: int) -> bool:
    """The same tones, to 12 Hz."""
    return len(found) == len(wanted) and all(abs(a - b) <= 12 for a, b in zip(found, wanted, strict=True))


def stated(made: Made) -> list[tuple[str | None, str | None, int]]:
    """Language, title and default flag of every audio track, as ffprobe tells them."""
    rows = []
    for stream in made.raw()["streams"]:
        if stream["codec_type"] == "audio":
            tags = {key.lower(): value for key, value in stream.get("tags", {}).items()}
            rows.append((tags.get("language"), tags.get("title") or tags.get("name"), stream["disposition"]["default"]))
    return rows


def tone_files(bench: Bench) -> dict[str, Path]:
    """Inputs with tones of their own, so that a track can be recognised by ear: a film in Chinese (440 Hz), dubs, a file in three languages, 5.1, 7.1 …"""
    folder = bench.folder / "tones"
    if folder.exists():
        return {NAMES.get(path.stem, path.stem): path for path in folder.iterdir()}
    folder.mkdir()

    def make(name: str, tracks: list[tuple[str, str | None]], *more: str, video: bool = True, seconds: float = 1.5) -> Path:
        """``tracks``: (lavfi source, language)."""
        argv = [bench.tools.ffmpeg, "-nostdin", "-v", "error", "-y"]
        if video:
            argv += ["-f", "lavfi", "-i", f"testsrc2=size=128x72:rate=25:duration={seconds}"]
        for source, _ in tracks:
            argv += ["-f", "lavfi", "-i", source]
        for number in range(len(tracks) + video):
            argv += ["-map", str(number)]
        for number, (_, language) in enumerate(tracks):
            argv += [f"-metadata:s:a:{number}", f"language={language or 'und'}"]
        if video:
            argv += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
        path = folder / name
        subprocess.run([*argv, *more, str(path)], check=True, timeout=60)
        return path

    def sine(frequency: int, seconds: float = 1.5, volume: float = 1.0) -> str:
        return f"sine=frequency={frequency}:sample_rate=48000:duration={seconds},volume={volume}"

    def channels(layout: str, *frequencies: int) -> str:
        parts = "|".join(f"0.2*sin(2*PI*{f}*t)" for f in frequencies)
        return f"aevalsrc=exprs={parts}:channel_layout={layout}:sample_rate=48000:duration=1.5"

    return {
        "film": make("film.mp4", [(sine(440), "chi")]),
        "untagged": make("untagged.mp4", [(sine(440), None)]),
        "silent": make("silent.mp4", []),
        "english": make("english.mp4", [(sine(660), None)]),
        "japanese": make("japanese.mp4", [(sine(880), None)], video=False),
        "many": make("many.mkv", [(sine(550), "eng"), (sine(990), "jpn"), (sine(1210), "ger")]),
        "long": make("long.mp4", [(sine(770, 3), "eng")], video=False),
        "short": make("short.mp4", [(sine(770, 0.6), "eng")], video=False),
        "quiet": make("quiet.mp4", [(sine(440, 4, 0.05), "eng")], seconds=4),
        "5.1": make("surround.wav", [(channels("5.1", 300, 400, 500, 60, 700, 800), None)], "-c:a", "pcm_s16le", video=False),
        "7.1": make("wide.wav", [(channels("7.1", 300, 400, 500, 60, 700, 800, 900, 1000), None)], "-c:a", "pcm_s16le", video=False),
        "quad": make("quad.wav", [(channels("quad", 300, 400, 700, 800), None)], "-c:a", "pcm_s16le", video=False),
        "stereo": make("stereo.wav", [(channels("stereo", 300, 400), None)], "-c:a", "pcm_s16le", video=False),
        "loud": make("loud.wav", [("anoisesrc=amplitude=0.9:seed=3:sample_rate=48000:duration=6,volume=0dB", None)], "-c:a", "pcm_s16le", video=False),
        "peaky": make(
            "peaky.wav",
            [("aevalsrc=exprs=0.02*sin(2*PI*440*t)+0.9*sin(2*PI*440*t)*lt(mod(t\\,1)\\,0.01):sample_rate=48000:duration=8", None)],
            "-c:a",
            "pcm_s16le",
            video=False,
        ),
        "nothing": make("nothing.wav", [("anullsrc=sample_rate=48000:duration=2", None)], "-c:a", "pcm_s16le", "-t", "2", video=False),
    }


INPUTS = {
    "input_name": "video",
    "inputs": [
        {"name": "EnglishAudio", "address": "oss://input/english"},
        {"name": "JapaneseAudio", "address": "oss://input/japanese"},
        {
            "name": "Many",
            "address": "oss://input/many",
            "audio_selectors": [{"name": "Jpn", "rule": "tag", "language": "jpn"}, {"name": "Third", "rule": "index", "stream": 2}],
        },
        {"name": "Long", "address": "oss://input/long"},
        {"name": "Short", "address": "oss://input/short"},
        {"name": "Late", "address": "oss://input/long", "start": 1.0, "duration": 0.5},
    ],
}


def run(bench: Bench, files: dict[str, Path], audios: list[dict[str, Any]], source: str = "film", format_: str = "mp4", **more: Any) -> Made:
    """One output with these tracks; further inputs as in INPUTS."""
    template = {"container": {"format": format_}, "video": FAST, "audios": audios, **more}
    if not {"mp4", "mov", "mkv", "ts", "hls", "avi", "asf"} & {format_}:
        template.pop("video")
    return bench.run(files[source], template, files=files, spec=INPUTS)


ENG: dict[str, Any] = {"input": "EnglishAudio", "language_control": "Configured", "language": "eng"}
JPN: dict[str, Any] = {"input": "JapaneseAudio", "language_control": "Configured", "language": "jpn"}
FIRST: dict[str, Any] = {"input": "video", "language_control": "InputFirst"}


def failure(bench: Bench, files: dict[str, Path], audios: list[dict[str, Any]], source: str = "film", **more: Any) -> tuple[str, str]:
    """Code and sentence of an output that cannot be planned."""
    bench.number += 1
    room = bench.folder / f"room{bench.number}"
    room.mkdir()
    template = Template.model_validate_json(json.dumps({"container": {"format": "mp4"}, "audios": audios, **more}))
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": "oss://input/film", "outputs": [{"template": "t", "address": "oss://output/0"}], **INPUTS}))
    plan = bench.plan(room, files[source], spec, [template], files)
    return plan.failed[0].code, plan.failed[0].message
