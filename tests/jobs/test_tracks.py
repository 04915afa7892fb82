"""The three scenarios of IMS with several audio tracks, said natively, and what else needs the worker itself: fetching, measuring, failing alone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.probe import Probe
from jobs.engine.spec import JOB_SPEC
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.models import Job
from jobs.states import JobState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.media]
RATE = 8000


@pytest.fixture
def inputs(buckets: Any, ffmpeg: str, tmp_path: Path) -> dict[str, str]:
    """A film in Chinese (440 Hz), an English dub (660 Hz, a file with a picture of its own), a Japanese one (880 Hz), a file in three languages (550, 990, 1210)."""

    def make(name: str, *tracks: tuple[int, str], video: bool = True) -> str:
        argv = [ffmpeg, "-nostdin", "-v", "error", "-y"]
        if video:
            argv += ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2"]
        for frequency, _ in tracks:
            argv += ["-f", "lavfi", "-i", f"sine=frequency={frequency}:sample_rate=48000:duration=2"]
        for number in range(len(tracks) + video):
            argv += ["-map", str(number)]
        for number, (_, language) in enumerate(tracks):
            argv += [f"-metadata:s:a:{number}", f"language={language}"]
        subprocess.run([*argv, *(["-c:v", "libx264", "-preset", "ultrafast"] if video else []), str(tmp_path / name)], check=True, timeout=60)
        address: str = buckets.put(tmp_path / name, name)
        return address

    return {
        "film": make("video-with-default-audio.mp4", (440, "zho")),
        "english": make("english-audio.mp4", (660, "und")),
        "japanese": make("japanese-audio.mp4", (880, "und"), video=False),
        "multilingual": make("multilingual-file.mp4", (550, "eng"), (990, "jpn"), (1210, "deu")),
    }


def tone(path: Path, track: int, ffmpeg: str) -> int:
    """The frequency that is heard most, Hz."""
    argv = [ffmpeg, "-nostdin", "-v", "error", "-i", str(path), "-map", f"0:a:{track}", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-"]
    samples = np.frombuffer(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout, dtype=np.float32)
    spectrum = np.abs(np.fft.rfft(samples))
    return 10 * round(int(spectrum.argmax()) * RATE / len(samples) / 10)


def facts(path: Path) -> Probe:
    return ffprobe.probe(path, tools=tools.find(), cwd=path.parent, count_packets=True)


def submit(**document: Any) -> Job:
    return services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", **document}, strict=False), source="api")


SCENARIOS: dict[str, tuple[list[dict[str, Any]], list[str], list[int]]] = {
    "1 keep original audio": (
        [
            {"input": "video", "language_control": "InputFirst"},
            {"input": "EnglishAudio", "language_control": "Configured", "language": "eng"},
            {"input": "JapaneseAudio", "language_control": "Configured", "language": "jpn"},
        ],
        ["zho", "eng", "jpn"],
        [440, 660, 880],
    ),
    "2 remove original audio": (
        [
            {"input": "EnglishAudio", "language_control": "Configured", "language": "eng"},
            {"input": "JapaneseAudio", "language_control": "Configured", "language": "jpn"},
        ],
        ["eng", "jpn"],
        [660, 880],
    ),
    "3 select audio by language": (
        [
            {"input": "video", "language_control": "InputFirst"},
            {"input": "EnglishAudio", "language_control": "Configured", "language": "eng"},
            {"input": "JapaneseAudio", "language_control": "InputFirst"},
        ],
        ["zho", "eng", "jpn"],
        [440, 660, 990],
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_ims(inputs: dict[str, str], buckets: Any, work_off: Callable[[], int], ffmpeg: str, api_of: Callable[[User], Client], bob: User, name: str) -> None:
    """ims-multi-audio-tracks.txt, sent as JSON: the output has the tracks in order, with their languages, and each sounds as it should."""
    audios, languages, frequencies = SCENARIOS[name]
    third: dict[str, Any] = {"name": "JapaneseAudio", "address": inputs["japanese"]}
    if name.startswith("3"):
        selector = {"name": "JapaneseAudio", "rule": "tag", "language": "jpn"}
        third = {"name": "JapaneseFile", "address": inputs["multilingual"], "audio_selectors": [selector]}
    document = {
        "kind": "transcode",
        "pipeline": "default",
        "input": inputs["film"],
        "input_name": "video",
        "inputs": [{"name": "EnglishAudio", "address": inputs["english"]}, third],
        "outputs": [{"template": "mp4-h264-360p", "address": "oss://output/video/360p/360p.mp4", "overrides": {"audios": audios}}],
    }
    answer = api_of(bob).post("/api/v1/jobs", document, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert work_off() == 1
    job = Job.objects.get(pk=answer.json()["id"])
    assert job.state == JobState.SUCCEEDED, (job.message, list(job.outputs.values_list("message", flat=True)))
    made = buckets.output / "video/360p/360p.mp4"
    found = facts(made)
    assert [stream.language for stream in found.audio] == languages
    assert [tone(made, track, ffmpeg) for track in range(len(languages))] == frequencies
    assert [stream.default for stream in found.audio] == [True, *[False] * (len(languages) - 1)]
    assert {stream.codec for stream in found.audio} == {"aac"}
    assert found.picture
    assert found.duration == pytest.approx(2, abs=0.1)


@pytest.mark.media
def test_a_real_file_with_two_languages(buckets: Any, media: Path, work_off: Callable[[], int]) -> None:
    """English and German are counted down aloud; the German one is asked for first."""
    shutil.copyfile(media / "count-480p10-h264-2audio-eng-deu-srt.mkv", buckets.input / "count.mkv")
    audios = [{"select_language": "ger"}, {"select_language": "en", "title": "Original"}]
    overrides = {"audios": audios, "video": {"preset": "ultrafast"}}
    job = submit(
        input={"address": "oss://input/count.mkv", "duration": 7.0},  # the first text comes after 5 s; a clip without any has no track for texts
        outputs=[{"template": "mp4-h264-360p", "address": "oss://output/a.mp4", "overrides": overrides}],
    )
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, list(job.outputs.values_list("message", flat=True))
    found = facts(buckets.output / "a.mp4")
    assert [(s.language, s.title) for s in found.audio] == [("deu", "Deutsch"), ("eng", "Original")]
    assert [(s.language, s.codec) for s in found.subtitle] == [("deu", "mov_text")]


def test_a_selector_that_matches_nothing_fails_its_output_only(inputs: dict[str, str], buckets: Any, work_off: Callable[[], int]) -> None:
    outputs = [
        {"template": "mp4-h264-360p", "address": "oss://output/good.mp4", "overrides": {"audios": [{"input": "M", "select_language": "eng"}]}},
        {"template": "mp4-h264-360p", "address": "oss://output/bad.mp4", "overrides": {"audios": [{"input": "M", "select_language": "fra"}]}},
    ]
    job = submit(input=inputs["film"], inputs=[{"name": "M", "address": inputs["multilingual"]}], outputs=outputs)
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "SomeOutputsFailed")
    assert [(o.state, o.code) for o in job.outputs.order_by("index")] == [(JobState.SUCCEEDED, ""), (JobState.FAILED, "TrackNotFound")]
    assert (buckets.output / "good.mp4").exists()
    assert not (buckets.output / "bad.mp4").exists()


def test_names_that_nobody_gave_are_refused_at_the_door(inputs: dict[str, str]) -> None:
    overrides = {"audios": [{"input": "nobody"}, {"input": "E", "stream": 1, "select_language": "eng"}]}
    with pytest.raises(Refused) as refused:
        submit(
            input=inputs["film"],
            inputs=[{"name": "E", "address": inputs["english"]}, {"name": "E", "address": inputs["japanese"]}],
            outputs=[{"template": "mp4-h264-360p", "address": "oss://output/a.mp4", "overrides": overrides}],
        )
    places = {".".join(map(str, p.loc)) for p in refused.value.problems}
    assert {"inputs.1.name", "outputs.0.overrides.audios.0.input", "outputs.0.overrides.audios.1.stream"} <= places


def test_loudness_is_measured_first(inputs: dict[str, str], buckets: Any, work_off: Callable[[], int], ffmpeg: str) -> None:
    job = submit(
        input=inputs["film"],
        outputs=[{"template": "m4a-aac-128k", "address": "oss://output/a.m4a", "overrides": {"audio": {"loudness": {"integrated_lufs": -30.0}}}}],
    )
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, list(job.outputs.values_list("message", flat=True))
    argv = [ffmpeg, "-nostdin", "-hide_banner", "-i", str(buckets.output / "a.m4a"), "-af", "ebur128", "-f", "null", "-"]
    log = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stderr
    assert float(log[log.rindex("I:") + 2 :].split()[0]) == pytest.approx(-30, abs=1)


def test_subtitle_files_are_fetched_written_and_drawn(inputs: dict[str, str], buckets: Any, work_off: Callable[[], int], ffmpeg: str) -> None:
    """A GBK file as a track and in the picture; a broken one fails only the output that wants it."""
    (buckets.input / "字幕.srt").write_bytes("1\n00:00:00,200 --> 00:00:01,000\n你好，这是字幕\n".encode("gbk"))
    (buckets.input / "broken.srt").write_bytes(b"1\nnot a time\nx\n")
    file = {"address": "oss://input/字幕.srt", "language": "chi"}
    wanted = {"a": {"files": [file]}, "b": {"files": [{**file, "burn": True}]}, "c": {"files": [{"address": "oss://input/broken.srt"}]}}
    outputs = [{"template": "mp4-h264-360p", "address": f"oss://output/{name}.mp4", "overrides": {"subtitle": subtitle}} for name, subtitle in wanted.items()]
    job = submit(input=inputs["film"], outputs=outputs)
    work_off()
    rows = list(job.outputs.order_by("index"))
    assert [(row.state, row.code) for row in rows] == [(JobState.SUCCEEDED, ""), (JobState.SUCCEEDED, ""), (JobState.FAILED, "SubtitleNotReadable")]
    assert rows[2].message == "«broken.srt»: Line 1 of the subtitle file is no time such as 00:00:01,000 --> 00:00:02,500."
    found = facts(buckets.output / "a.mp4")
    assert [(s.codec, s.language) for s in found.subtitle] == [("mov_text", "zho")]
    text = subprocess.run([ffmpeg, "-v", "error", "-i", str(buckets.output / "a.mp4"), "-f", "srt", "-"], capture_output=True, check=True, timeout=60).stdout
    assert "你好，这是字幕" in text.decode()
    assert facts(buckets.output / "b.mp4").subtitle == ()


@pytest.mark.media
def test_a_subtitle_stream_of_a_real_file_is_drawn(buckets: Any, media: Path, work_off: Callable[[], int]) -> None:
    shutil.copyfile(media / "count-480p10-h264-2audio-eng-deu-srt.mkv", buckets.input / "count.mkv")
    job = submit(
        input={"address": "oss://input/count.mkv", "start": 3.0, "duration": 2.0},
        outputs=[{"template": "mp4-h264-360p", "address": "oss://output/a.mp4", "overrides": {"subtitle": {"burn_stream": 0, "remove": True}}}],
    )
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, list(job.outputs.values_list("message", flat=True))
    assert facts(buckets.output / "a.mp4").subtitle == ()
