"""Volume, loudness and channels: what is heard in the real output, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.engine.plan import AudioPlan, Branch
from jobs.engine.template import Template
from tests.surface.harness import Bench, Made, problems
from tests.surface.hearing import ENG, FAST, FIRST, RATE, level, near, run, tone_files, tones

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def files(bench: Bench) -> dict[str, Path]:
    """Inputs by name."""
    return tone_files(bench)


def steps(made: Made, audio: AudioPlan | None = None) -> list[str]:
    """Names of the filters after mixing."""
    return [step[0] for step in (audio or made.output.renditions[0].audios[0]).mixed if not isinstance(step, Branch)]


# --- volume and loudness ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("gain", [-40, -20, -6, 0, 6, 20])
def test_volume(bench: Bench, files: dict[str, Path], gain: float) -> None:
    """ims-multi-audio-tracks.txt: Volume: level (linear), up to 20 dB; at −60 dB this source would lie below what 16 bits can say."""
    made = bench.run(files["quiet"], {"container": {"format": "flac"}, "audio": {"volume_db": gain}})
    assert level(made.samples()[:, 0]) == pytest.approx(-47.1 + gain, abs=0.4)


def test_volume_of_one_track_only(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: Volume."""
    made = run(bench, files, [FIRST, {**ENG, "volume_db": -12}])
    assert level(made.samples(0)[:, 0]) - level(made.samples(1)[:, 0]) == pytest.approx(12, abs=0.5)


def measured(bench: Bench, path: Path, track: int = 0) -> tuple[float, float]:
    """Integrated loudness (LUFS) and true peak (dBTP), by another filter than the one that we use."""
    argv = [bench.tools.ffmpeg, "-nostdin", "-hide_banner", "-i", str(path), "-map", f"0:a:{track}", "-af", "ebur128=peak=true", "-f", "null", "-"]
    log = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stderr
    summary = log[log.rindex("Summary:") :]
    loudness, peak = re.search(r"I:\s+(-?[\d.]+|-inf) LUFS", summary), re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary)
    assert loudness is not None
    assert peak is not None
    return float(loudness[1]), float(peak[1])


LOUD: list[tuple[str, str, str, dict[str, float]]] = [
    ("quiet tone, −23", "quiet", "flac", {}),
    ("quiet tone, −16", "quiet", "flac", {"integrated_lufs": -16.0}),
    ("quiet tone, −30", "quiet", "flac", {"integrated_lufs": -30.0}),
    ("quiet tone in AAC", "quiet", "mp4", {"integrated_lufs": -20.0}),
    ("loud noise, −23", "loud", "flac", {}),
    ("loud noise, −14", "loud", "wav", {"integrated_lufs": -14.0}),
    ("speech, −23", "media:speech-5s.wav", "flac", {"range_lu": 20.0}),
    ("speech, −16, peaks held at −2", "media:speech-5s.wav", "flac", {"integrated_lufs": -16.0, "true_peak_db": -2.0}),
    ("radio, −18", "media:radio-7s-stereo.flac", "flac", {"integrated_lufs": -18.0, "true_peak_db": -1.5}),
    ("speech that is stereo now", "media:speech-5s.wav", "mp4", {"integrated_lufs": -19.0}),
]


@pytest.mark.parametrize("row", LOUD, ids=lambda row: row[0])
def test_loudness(bench: Bench, files: dict[str, Path], row: tuple[str, str, str, dict[str, float]]) -> None:
    """api-dialects.md: Volume.IntegratedLoudnessTarget, TruePeak, LoudnessRangeTarget (MPS): EBU R128: within 1 LU of the target, and no true peak above the limit (half a dB for lossy codecs)."""
    name, source, format_, wanted = row
    path = bench.media / source.removeprefix("media:") if source.startswith("media:") else files[source]
    audio: dict[str, Any] = {"loudness": wanted}
    if "stereo now" in name:
        audio["channels"] = 2
    made = bench.run(path, {"container": {"format": format_ if format_ != "mp4" else "m4a"}, "audio": audio})
    loudness, peak = measured(bench, made.file)
    assert loudness == pytest.approx(wanted.get("integrated_lufs", -23.0), abs=1.0)
    assert peak <= wanted.get("true_peak_db", -1.0) + (0.1 if format_ != "mp4" else 0.6)
    assert made.probe.audio[0].sample_rate == made.output.renditions[0].audios[0].sample_rate


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("a clip", {"edit": {"start": 1.0, "duration": 2.0}}),
        ("another speed", {"edit": {"speed": 2.0}}),
        ("a join", {"edit": {"after": [{"address": "oss://input/film"}]}}),
        ("a tail", {"edit": {"tails": [{"address": "oss://input/film"}]}}),
        ("a mix", {"audio": {"mix": True, "channels": 2}}),
        ("cropped by itself", {"video": {"crop": "auto", **FAST}}),
        ("a set", {"container": {"format": "dash"}}),
    ],
)
def test_loudness_is_that_of_what_is_heard_in_the_end(bench: Bench, files: dict[str, Path], name: str, more: dict[str, Any]) -> None:
    """Issue 3: EBU R128. The chain is measured with everything that is done to it before."""
    template: dict[str, Any] = {"container": {"format": "mkv"}, "video": FAST, **more}
    template["audio"] = {**more.get("audio", {}), "loudness": {"integrated_lufs": -28.0}}
    made = bench.run(files["quiet"], template, files=files)
    track = next(r for r in made.output.renditions if r.audios)
    assert "volume" in steps(made, track.audios[0]) or "measured_I" in str(track.audios[0].mixed)
    if name != "a tail":  # comes after, as loud as it is
        assert measured(bench, made.room / track.file)[0] == pytest.approx(-28.0, abs=1.0)


def test_a_gain_is_linear_where_the_peaks_allow_it(bench: Bench, files: dict[str, Path]) -> None:
    """Issue 3: EBU R128."""
    made = bench.run(files["quiet"], {"container": {"format": "flac"}, "audio": {"loudness": {}}})
    assert steps(made) == ["volume"]


def test_peaks_stay_below_the_limit_where_a_gain_would_push_them_over(bench: Bench, files: dict[str, Path]) -> None:
    """Volume.TruePeak (MPS)."""
    made = bench.run(files["peaky"], {"container": {"format": "flac"}, "audio": {"loudness": {"integrated_lufs": -16.0, "true_peak_db": -3.0}}})
    assert steps(made) == ["loudnorm", "aresample"]
    assert measured(bench, made.file)[1] <= -2.8


def test_silence_stays_silence(bench: Bench, files: dict[str, Path]) -> None:
    """Issue 3: EBU R128."""
    made = bench.run(files["nothing"], {"container": {"format": "flac"}, "audio": {"loudness": {}}})
    assert np.abs(made.samples()).max() < 1e-4


def test_each_track_has_its_own_loudness(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: Audios, Volume."""
    audios: list[dict[str, Any]] = [
        {"input": "Long", "loudness": {"integrated_lufs": -20.0}},
        {"input": "Long", "loudness": {"integrated_lufs": -30.0}},
        {"input": "Long"},
    ]
    made = run(bench, files, audios)
    assert [measured(bench, made.file, track)[0] for track in range(3)] == pytest.approx([-20, -30, -21.1], abs=1.0)


# --- channels -----------------------------------------------------------------------------------------------------------------------------------
def places(made: Made, channels: int) -> list[list[int]]:
    """The tones of every channel."""
    argv = [
        made.tools.ffmpeg,
        "-nostdin",
        "-v",
        "error",
        "-i",
        str(made.file),
        "-map",
        "0:a:0",
        "-f",
        "f32le",
        "-ar",
        str(RATE),
        "-",
    ]  # as they are, not folded
    samples = np.frombuffer(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout, dtype=np.float32).reshape(-1, channels)
    loudest = max(level(samples[:, c]) for c in range(channels))
    return [tones(samples[:, c]) if level(samples[:, c]) > loudest - 30 else [] for c in range(channels)]


FIVE = [[300], [400], [500], [60], [700], [800]]
SEVEN = [*FIVE, [900], [1000]]


@pytest.mark.parametrize(
    ("source", "format_", "codec", "wanted"),
    [
        ("5.1", "mp4", "aac", FIVE),
        ("5.1", "mkv", "ac3", FIVE),
        ("5.1", "mkv", "opus", FIVE),
        ("5.1", "ogg", "vorbis", FIVE),
        ("5.1", "flac", "flac", FIVE),
        ("5.1", "wav", "pcm_s16le", FIVE),
        ("7.1", "m4a", "aac", SEVEN),
        ("7.1", "mkv", "opus", SEVEN),
        ("7.1", "ogg", "vorbis", SEVEN),
        ("7.1", "flac", "flac", SEVEN),
        ("7.1", "wav", "pcm_s24le", SEVEN),
        ("quad", "flac", "flac", [[300], [400], [700], [800]]),
        ("quad", "ogg", "vorbis", [[300], [400], [700], [800]]),
        ("stereo", "mp4", "aac", [[300], [400]]),
    ],
)
def test_channels_keep_their_places(bench: Bench, files: dict[str, Path], source: str, format_: str, codec: str, wanted: list[list[int]]) -> None:
    """Issue 3: channel layouts to 7.1: each channel has a tone of its own; every codec orders channels differently inside."""
    template: dict[str, Any] = {"container": {"format": "m4a" if format_ == "mp4" else format_}, "audio": {"codec": codec}}
    if format_ == "mkv":
        template["video"] = {"remove": True}
    made = bench.run(files[source], template)
    assert made.probe.audio[0].channels == len(wanted)
    found = places(made, len(wanted))
    assert all(near(a, *b) for a, b in zip(found, wanted, strict=True)), found


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("source", ["stereo", "7.1"])
def test_every_number_of_channels(bench: Bench, files: dict[str, Path], source: str, channels: int) -> None:
    """oss-video-convert.txt, «ac»: OSS ac 1–8: up and down. The front pair keeps its side, mono hears both."""
    made = bench.run(files[source], {"container": {"format": "flac"}, "audio": {"channels": channels}})
    assert made.probe.audio[0].channels == channels
    found = places(made, channels)
    if channels == 1:
        assert {300, 400} <= {round(f, -2) for f in found[0]}
    else:
        assert 300 in {round(f, -2) for f in found[0]}
        assert 400 in {round(f, -2) for f in found[1]}
        assert 400 not in {round(f, -2) for f in found[0]}


def test_five_one_to_stereo_folds_the_sides_where_they_belong(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: Channels; imm-video-transcoding.txt: Channel 2."""
    made = bench.run(files["5.1"], {"container": {"format": "mp3"}, "audio": {"channels": 2}})
    left, right = ([round(f, -2) for f in side] for side in places(made, 2))
    assert left == [300, 500, 700]
    assert right == [400, 500, 800]


def test_mono_to_stereo_is_as_loud(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: Channels."""
    made = bench.run(files["japanese"], {"container": {"format": "flac"}, "audio": {"channels": 2}})
    samples = made.samples(channels=2)
    assert level(samples[:, 0]) == pytest.approx(level(samples[:, 1]), abs=0.01)
    assert measured(bench, made.file)[0] == pytest.approx(measured(bench, files["japanese"])[0], abs=0.2)


# --- refused at the door ------------------------------------------------------------------------------------------------------------------------
REFUSED: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("two tracks in MP3", "mp3", {"audios": [{}, {}]}, "audios.1", "MP3 holds one audio track"),
    ("two tracks in FLV", "flv", {"audios": [{}, {}]}, "audios.1", "FLV holds one audio track"),
    ("two tracks in WAV", "wav", {"audios": [{}, {}]}, "audios.1", "WAV holds one audio track"),
    ("tracks in GIF", "gif", {"audios": [{}]}, "audios", "GIF holds no sound"),
    ("tracks and remove", "mp4", {"audio": {"remove": True}, "audios": [{}]}, "audios", "The sound is removed"),
    ("stream and language", "mp4", {"audios": [{"stream": 1, "select_language": "eng"}]}, "audios.0.stream", "not both"),
    ("Configured without language", "mp4", {"audios": [{"language_control": "Configured"}]}, "audios.0.language", "needs a language"),
    ("two defaults", "mp4", {"audios": [{"default": True}, {"default": True}]}, "audios.1.default", "Only one"),
    ("mix and a stream", "mp4", {"audios": [{"mix": True, "stream": 1}]}, "audios.0.mix", "takes all"),
    ("mix_streams without mix", "mp4", {"audio": {"mix_streams": [1]}}, "audio.mix_streams", "needs «mix»"),
    ("copy and volume", "mp4", {"audio": {"codec": "copy", "volume_db": 3}}, "audio.volume_db", "Copied sound"),
    ("copy and loudness in a track", "mp4", {"audios": [{"codec": "copy", "loudness": {}}]}, "audios.0.loudness", "Copied sound"),
    ("a codec that the container cannot hold", "ts", {"audios": [{}, {"codec": "flac"}]}, "audios.1.codec", "FLAC"),
    ("channels that the codec cannot have", "mp4", {"audios": [{"codec": "mp3", "channels": 6}]}, "audios.0.channels", "MP3"),
    ("an inherited field", "mp4", {"audio": {"bitrate_kbps": 64}, "audios": [{"codec": "flac"}]}, "audios.0.bitrate_kbps", "FLAC"),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[0])
def test_refused(row: tuple[str, str, dict[str, Any], str, str]) -> None:
    _, format_, sections, place, said = row
    assert any(loc == place and said in message for loc, message in problems(format_, **sections)), problems(format_, **sections)


@pytest.mark.parametrize(
    ("section", "good"),
    [
        *(({"volume_db": value}, good) for value, good in ((-60.1, False), (-60, True), (20, True), (20.1, False))),
        *(({"channels": value}, good) for value, good in ((0, False), (1, True), (8, True), (9, False))),
        *(({"loudness": {"integrated_lufs": value}}, good) for value, good in ((-70.1, False), (-70, True), (-5, True), (-4.9, False))),
        *(({"loudness": {"true_peak_db": value}}, good) for value, good in ((-9.1, False), (-9, True), (0, True), (0.1, False))),
        *(({"loudness": {"range_lu": value}}, good) for value, good in ((0.9, False), (1, True), (20, True), (20.1, False))),
        *(({"mix_streams": value, "mix": True}, good) for value, good in (([], False), ([0], True), ([99], True), ([100], False), ([-1], False))),
    ],
)
def test_ranges(section: dict[str, Any], good: bool) -> None:
    text = json.dumps({"container": {"format": "wav"}, "audio": section})
    if good:
        Template.model_validate_json(text)
    else:
        with pytest.raises(ValueError, match="validation error"):
            Template.model_validate_json(text)
