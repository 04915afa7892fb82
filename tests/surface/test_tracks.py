"""Audio tracks: which inputs, streams and languages, in what order; told by probing and by ear."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.engine.rules.tracks import check_inputs
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template
from tests.surface.harness import Bench
from tests.surface.hearing import ENG, FAST, FIRST, INPUTS, JPN, RATE, failure, heard, level, near, run, stated, tone_files, tones

pytestmark = pytest.mark.media
IMS = "ims-multi-audio-tracks.txt"


@pytest.fixture(scope="module")
def files(bench: Bench) -> dict[str, Path]:
    """Inputs by name."""
    return tone_files(bench)


# name, seed, tracks, language of each, tones of each
TRACKS: list[tuple[str, str, list[dict[str, Any]], list[str], list[int]]] = [
    ("scenario 1: keep original audio", f"{IMS}: Scenario 1", [FIRST, ENG, JPN], ["chi", "eng", "jpn"], [440, 660, 880]),
    ("scenario 2: remove original audio", f"{IMS}: Scenario 2", [ENG, JPN], ["eng", "jpn"], [660, 880]),
    (
        "scenario 3: select audio by language",
        f"{IMS}: Scenario 3",
        [FIRST, ENG, {"input": "Jpn", "language_control": "InputFirst"}],
        ["chi", "eng", "jpn"],
        [440, 660, 990],
    ),
    ("order is as given", f"{IMS}: Audios", [JPN, ENG, FIRST], ["jpn", "eng", "chi"], [880, 660, 440]),
    ("the same input twice", f"{IMS}: InputRef", [FIRST, {**FIRST, "volume_db": -6}], ["chi", "chi"], [440, 440]),
    ("selector by index", f"{IMS}: AudioSelector.Rule", [{"input": "Third"}], ["deu"], [1210]),
    ("stream number", f"{IMS}: Audios", [{"input": "Many", "stream": 1}], ["jpn"], [990]),
    ("language, ISO 639-2/B", f"{IMS}: Language", [{"input": "Many", "select_language": "ger"}], ["deu"], [1210]),
    ("language, ISO 639-1", f"{IMS}: Language", [{"input": "Many", "select_language": "de"}], ["deu"], [1210]),
    ("InputFirst: the tag is stronger", f"{IMS}: LanguageControl", [{**FIRST, "language": "fra"}], ["chi"], [440]),
    ("InputFirst without a tag: language", f"{IMS}: LanguageControl", [{**ENG, "language_control": "InputFirst"}], ["eng"], [660]),
    ("InputFirst without any: und", f"{IMS}: LanguageControl", [{"input": "EnglishAudio", "language_control": "InputFirst"}], ["und"], [660]),
    ("Configured is stronger than the tag", f"{IMS}: LanguageControl", [{**FIRST, "language_control": "Configured", "language": "fra"}], ["fra"], [440]),
    ("language alone is Configured", f"{IMS}: LanguageControl", [{**FIRST, "language_control": None, "language": "fra"}], ["fra"], [440]),
    ("nothing said is InputFirst", f"{IMS}: LanguageControl", [{"input": "Jpn"}], ["jpn"], [990]),
    ("remove in one track", f"{IMS}: Remove", [{**FIRST, "remove": True}, ENG], ["eng"], [660]),
    ("an input without a picture", f"{IMS}: Inputs", [JPN], ["jpn"], [880]),
]


@pytest.mark.parametrize("row", TRACKS, ids=lambda row: row[0])
def test_tracks(bench: Bench, files: dict[str, Path], row: tuple[str, str, list[dict[str, Any]], list[str], list[int]]) -> None:
    _, _, audios, languages, frequencies = row
    made = run(bench, files, audios)
    wanted = ["zho" if language == "chi" else language for language in languages]  # MP4 keeps the terminological code
    assert [language for language, _, _ in stated(made)] == wanted
    assert [round(f, -1) for track in range(len(wanted)) for f in heard(made, track)] == frequencies


@pytest.mark.parametrize(
    ("format_", "languages"), [("mov", ["chi", "eng"]), ("mkv", ["zho", "eng"]), ("ts", ["zho", "eng"]), ("m4a", ["zho", "eng"]), ("avi", [None, None])]
)
def test_languages_in_each_container(bench: Bench, files: dict[str, Path], format_: str, languages: list[str | None]) -> None:
    """ims-multi-audio-tracks.txt: Language: MOV has codes of its own (QuickTime's numbers); AVI has none."""
    made = run(bench, files, [FIRST, ENG], format_=format_)
    assert [language for language, _, _ in stated(made)] == languages
    assert near(heard(made, 0), 440)
    assert near(heard(made, 1), 660)
    assert any("no place for a language" in w for w in made.output.warnings) == (format_ == "avi")


@pytest.mark.parametrize("format_", ["mp4", "mkv", "mov", "m4a"])
def test_default_and_title(bench: Bench, files: dict[str, Path], format_: str) -> None:
    """console.md: Audio tracks: the flag goes to the first track, or to the one that asks for it; titles may hold anything."""
    title = "评论: a=b 'x' \"y\" % \\n"
    made = run(bench, files, [FIRST, {**ENG, "title": title, "default": True}], format_=format_)
    assert [(name, default) for _, name, default in stated(made)][1] == ((title, 1) if format_ != "mov" and format_ != "m4a" else (stated(made)[1][1], 1))
    assert stated(made)[0][2] == 0
    assert stated(run(bench, files, [FIRST, ENG], format_=format_))[0][2] == 1
    if format_ in ("mov", "m4a"):  # no names of tracks but the handler's
        assert [s["tags"].get("handler_name") for s in made.raw()["streams"] if s["codec_type"] == "audio"][1] == title


@pytest.mark.parametrize("format_", ["hls", "dash", "cmaf"])
def test_sets_have_each_track_apart(bench: Bench, files: dict[str, Path], format_: str) -> None:
    """Issue 3: shared audio."""
    made = run(bench, files, [FIRST, ENG, {"input": "Jpn", "default": True}], format_=format_)
    assert made.output.set is not None
    tracks = [track for track in made.output.set.tracks if track.kind == "audio"]
    assert [(track.language, track.default) for track in tracks] == [("zho", False), ("eng", False), ("jpn", True)]
    for track, frequency in zip(tracks, (440, 660, 990), strict=True):
        path = made.room / track.file
        if path.suffix == ".m3u8":  # its segments are one file here
            path = next(made.room.glob(f"{path.stem}-0*"))
        assert near(tones(made.samples(file=path, rate=RATE)[:, 0]), frequency)


def test_own_codec_bitrate_rate_and_channels_per_track(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: Codec, Bitrate, Samplerate, Channels."""
    audios = [FIRST, {**ENG, "codec": "mp3", "sample_rate": 32000, "channels": 2}, {**JPN, "codec": "copy"}]
    made = run(bench, files, audios, format_="mkv", audio={"sample_rate": 24000, "bitrate_kbps": 48})
    found = [(s["codec_name"], int(s["sample_rate"]), s["channels"]) for s in made.raw()["streams"] if s["codec_type"] == "audio"]
    assert found == [("aac", 24000, 1), ("mp3", 32000, 2), ("aac", 48000, 1)]


def test_a_longer_track_goes_on_and_a_shorter_one_ends(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: Inputs."""
    made = run(bench, files, [FIRST, {"input": "Long"}, {"input": "Short"}])
    lengths = [len(made.samples(track)) / RATE for track in range(3)]
    assert lengths == pytest.approx([1.5, 3.0, 0.6], abs=0.06)
    assert made.probe.duration == pytest.approx(3.0, abs=0.06)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
@pytest.mark.parametrize("picture", [True, False])
def test_a_track_may_end_long_before_the_picture_that_it_came_with(bench: Bench, files: dict[str, Path], ending: str, picture: bool) -> None:
    """ims-multi-audio-tracks.txt: Inputs: a film as a further input gives its sound; what its file says of its length is its picture's."""
    film = bench.folder / f"dubbed-{picture}.{ending}"
    argv = [bench.tools.ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=128x72:rate=5:duration=12"]
    argv += ["-f", "lavfi", "-i", "sine=frequency=770:sample_rate=48000:duration=9", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
    subprocess.run([*argv, str(film)], check=True, timeout=60)
    template = {"container": {"format": "mp4" if picture else "m4a"}, "audios": [{"input": "Dub"}], **({"video": FAST} if picture else {})}
    spec = {"input_name": "video", "inputs": [{"name": "Dub", "address": "oss://input/dub"}]}
    made = bench.run(files["film"], template, files={"dub": film}, spec=spec)
    assert len(made.samples(0)) / RATE == pytest.approx(9, abs=0.06)
    assert made.probe.duration == pytest.approx(9, abs=0.06)


def test_the_only_track_of_a_further_file_is_as_long_as_the_file(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: Inputs: Matroska tells no lengths of streams, and of a single one need not."""
    sound = bench.folder / "alone.mka"
    argv = [bench.tools.ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "sine=frequency=770:sample_rate=48000:duration=6", "-c:a", "aac", str(sound)]
    subprocess.run(argv, check=True, timeout=60)
    spec = {"input_name": "video", "inputs": [{"name": "Dub", "address": "oss://input/dub"}]}
    made = bench.run(files["film"], {"container": {"format": "mp4"}, "video": FAST, "audios": [{"input": "Dub"}]}, files={"dub": sound}, spec=spec)
    assert len(made.samples(0)) / RATE == pytest.approx(6, abs=0.06)
    assert made.output.renditions[0].expected.duration == pytest.approx(6, abs=0.06)


def test_a_further_input_follows_the_clip_unless_it_has_its_own(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: Inputs."""
    template = {"container": {"format": "mp4"}, "video": FAST, "audios": [FIRST, {"input": "Long"}, {"input": "Late"}]}
    clip = {**INPUTS, "input": {"address": "oss://input/film", "start": 0.5, "duration": 0.8}}
    made = bench.run(files["film"], template, files=files, spec=clip)
    assert [len(made.samples(track)) / RATE for track in range(3)] == pytest.approx([0.8, 0.8, 0.5], abs=0.06)
    sources = {(s.file, s.start, s.duration) for s in made.plan.sources if s.file != "input"}
    assert {(start, duration) for _, start, duration in sources} == {(0.5, 0.8), (1.0, 0.5)}


def test_a_dub_that_begins_late_in_its_own_film_begins_late_here(bench: Bench, files: dict[str, Path]) -> None:
    """Inputs (IMS): files are aligned by their beginnings, not by the first sound in them."""
    late = bench.folder / "late.mkv"
    argv = [bench.tools.ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=128x72:rate=25:duration=2"]
    argv += ["-itsoffset", "0.5", "-f", "lavfi", "-i", "sine=frequency=770:sample_rate=48000:duration=1", "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([*argv, "-c:a", "flac", str(late)], check=True, timeout=60)
    template = {"container": {"format": "mkv"}, "video": FAST, "audios": [FIRST, {"input": "Late"}]}
    spec = {"input_name": "video", "inputs": [{"name": "Late", "address": "oss://input/late"}]}
    made = bench.run(files["film"], template, files={"late": late}, spec=spec)
    starts = [float(stream["start_time"]) for stream in made.raw()["streams"] if stream["codec_type"] == "audio"]
    assert starts == pytest.approx([0.0, 0.5], abs=0.05)


def test_sound_of_another_input_beside_a_silent_picture(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: InputRef."""
    made = run(bench, files, [ENG], source="silent")
    assert near(heard(made), 660)
    assert made.probe.picture is not None


def test_sound_alone_of_another_input(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: InputRef."""
    made = run(bench, files, [{"input": "Long"}], format_="mp3")
    assert near(heard(made), 770)
    assert made.probe.duration == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(
    ("audios", "source", "said"),
    [
        ([{"input": "Many", "select_language": "fra"}], "film", "Audio track 1: its input has no audio in fra; it has 0: eng, 1: jpn, 2: ger."),
        ([FIRST, {"input": "Many", "stream": 3}], "film", "Audio track 2: its input has no audio stream 3; it has 0: eng, 1: jpn, 2: ger."),
        ([FIRST], "silent", "Audio track 1: its input has no audio."),
        ([{"select_language": "jpn"}], "untagged", "Audio track 1: its input has no audio in jpn; it has 0: und."),
        ([{"mix": True, "mix_streams": [0, 4], "input": "Many"}], "film", "Audio track 1: its input has no audio stream 4; it has 0: eng, 1: jpn, 2: ger."),
    ],
)
def test_a_track_that_is_not_there_fails_the_output(bench: Bench, files: dict[str, Path], audios: list[dict[str, Any]], source: str, said: str) -> None:
    """Issue 3: a selector that matches nothing fails that output."""
    assert failure(bench, files, audios, source) == ("TrackNotFound", said)


# --- mixing ---------------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "audio", "wanted"),
    [
        ("all streams into one", {"mix": True}, [550, 990, 1210]),
        ("some streams", {"mix": True, "mix_streams": [2, 0]}, [550, 1210]),
        ("one stream", {"mix": True, "mix_streams": [1]}, [990]),
    ],
)
def test_mix(bench: Bench, files: dict[str, Path], name: str, audio: dict[str, Any], wanted: list[int]) -> None:
    """api-dialects.md: FilterAudio.Mixing, Stream (IMM)."""
    made = bench.run(files["many"], {"container": {"format": "mp4"}, "video": FAST, "audio": audio})
    assert len(made.probe.audio) == 1
    assert near(heard(made), *wanted)
    # nothing is made quieter by mixing: every tone has the level it had
    assert level(made.samples()[:, 0]) == pytest.approx(-21.07 + 10 * np.log10(len(wanted)), abs=0.5)


def test_mix_beside_another_track(bench: Bench, files: dict[str, Path]) -> None:
    """FilterAudio.Mixing (IMM)."""
    made = run(bench, files, [{"input": "Many", "mix": True}, ENG])
    assert near(heard(made, 0), 550, 990, 1210)
    assert near(heard(made, 1), 660)


def test_a_mix_does_not_clip(bench: Bench, files: dict[str, Path]) -> None:
    """FilterAudio.Mixing (IMM): three loud streams add up to 2.4 times full scale."""
    path = bench.folder / "tones" / "loud3.mkv"
    loud = [w for f in (550, 990, 1210) for w in ("-f", "lavfi", "-i", f"sine=frequency={f}:sample_rate=48000:duration=1.5,volume=6.4")]
    subprocess.run([bench.tools.ffmpeg, "-v", "error", "-y", *loud, "-map", "0", "-map", "1", "-map", "2", "-c:a", "flac", str(path)], check=True, timeout=60)
    made = bench.run(path, {"container": {"format": "flac"}, "audio": {"mix": True}})
    samples = made.samples(rate=48000)[:, 0]
    assert 0.8 < np.abs(samples).max() <= 1.0
    assert np.count_nonzero(np.abs(samples) > 0.999) < 0.01 * len(samples)


def test_mix_of_different_layouts(bench: Bench) -> None:
    """FilterAudio.Mixing (IMM): two streams of 5.1 in one file, mixed and folded down."""
    made = bench.run(bench.media / "dual-aac51-tracks-audioonly.mp4", {"container": {"format": "m4a"}, "audio": {"mix": True, "channels": 2}})
    assert (len(made.probe.audio), made.probe.audio[0].channels) == (1, 2)


# --- remove and the conditions ----------------------------------------------------------------------------------------------------------------
def test_remove(bench: Bench, files: dict[str, Path]) -> None:
    """oss-video-convert.txt, «an»; ims-multi-audio-tracks.txt: Remove."""
    made = bench.run(files["film"], {"container": {"format": "mp4"}, "video": FAST, "audio": {"remove": True}})
    assert made.probe.audio == ()


def test_all_tracks_removed(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: Remove."""
    made = run(bench, files, [{**FIRST, "remove": True}])
    assert made.probe.audio == ()


@pytest.mark.parametrize("track", [False, True], ids=["audio", "audios"])
def test_condition_keeps_the_lower_bitrate(bench: Bench, files: dict[str, Path], track: bool) -> None:
    """api-dialects.md: IsCheckAudioBitrate, …Fail (MPS): conditions hold for tracks too."""
    section = {"audios": [{"bitrate_kbps": 256}]} if track else {"audio": {"bitrate_kbps": 256}}
    made = bench.run(files["film"], {"container": {"format": "mp4"}, "video": FAST, **section, "conditions": {"if_lower_audio_bitrate": "keep"}})
    assert any("its own" in warning for warning in made.output.warnings)
    template = {"container": {"format": "mp4"}, "video": FAST, **section, "conditions": {"if_lower_audio_bitrate": "fail"}}
    with pytest.raises(AssertionError, match="SourceTooSmall"):
        bench.run(files["film"], template)


def _names(audios: list[dict[str, Any]], **spec: Any) -> list[tuple[str, str]]:
    sent = TranscodeSpec.model_validate_json(json.dumps({"input": "oss://input/film", "outputs": [{"template": "t", "address": "oss://output/0"}], **spec}))
    template = Template.model_validate_json(json.dumps({"container": {"format": "mp4"}, "audios": audios}))
    return [(".".join(map(str, p.loc)), p.message) for p in check_inputs(sent, [template])]


@pytest.mark.parametrize(
    ("audios", "spec", "wanted"),
    [
        ([{"input": "x"}], INPUTS, [("outputs.0.overrides.audios.0.input", "There is no input or audio selector named «x».")]),
        ([FIRST, ENG, {"input": "Jpn"}], INPUTS, []),
        ([{"input": "Jpn", "stream": 1}], INPUTS, [("outputs.0.overrides.audios.0.stream", "«Jpn» chooses a stream already.")]),
        (
            [],
            {"input_name": "a", "inputs": [{"name": "a", "address": "oss://input/x"}]},
            [("inputs.0.name", "Two inputs or audio selectors are named «a».")],
        ),
        ([], {"audio_selectors": [{"name": "s", "rule": "tag"}]}, [("audio_selectors.0.language", "A selector by tag needs a language.")]),
        ([], {"audio_selectors": [{"name": "s", "rule": "index"}]}, [("audio_selectors.0.stream", "A selector by index needs the number of a stream.")]),
    ],
)
def test_names_of_inputs(audios: list[dict[str, Any]], spec: dict[str, Any], wanted: list[tuple[str, str]]) -> None:
    """ims-multi-audio-tracks.txt: InputRef must match a name."""
    assert _names(audios, **spec) == wanted


def test_selectors_of_the_jobs_own_input(bench: Bench, files: dict[str, Path]) -> None:
    """ims-multi-audio-tracks.txt: AudioSelector."""
    template = {"container": {"format": "m4a"}, "audios": [{"input": "one"}, {"input": "two"}]}
    spec = {"audio_selectors": [{"name": "one", "rule": "index", "stream": 2}, {"name": "two", "rule": "tag", "language": "en"}]}
    made = bench.run(files["many"], template, spec=spec)
    assert near(heard(made, 0), 1210)
    assert near(heard(made, 1), 550)


@pytest.mark.parametrize(
    ("track", "good"),
    [
        ({"language": "zzzz"}, False),
        ({"language": "zh"}, True),
        ({"title": "a\nb"}, False),
        ({"title": "x" * 129}, False),
        ({"title": ""}, False),
        ({"stream": 100}, False),
        ({"stream": 99}, True),
        ({"language_control": "InputOnly"}, False),
    ],
)
def test_ranges_of_a_track(track: dict[str, Any], good: bool) -> None:
    text = json.dumps({"container": {"format": "mp4"}, "audios": [track]})
    if good:
        Template.model_validate_json(text)
    else:
        with pytest.raises(ValueError, match="validation error"):
            Template.model_validate_json(text)
