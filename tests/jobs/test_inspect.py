"""Inspect jobs on clips whose black, frozen and silent stretches, cuts, loudness, fields and borders are known."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, Step
from jobs.states import JobState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pipeline")]

Made = Callable[..., str]


@pytest.fixture
def made(buckets: Any, ffmpeg: str, tmp_path: Path) -> Made:
    """made(name, video graph, audio graph) -> address of a clip of these; "" leaves one out."""

    def make(name: str, video: str, audio: str = "") -> str:
        path = tmp_path / name
        graph = ";".join(part for part in (video and f"{video}[v]", audio and f"{audio}[a]") if part)
        maps = [word for part, label in ((video, "[v]"), (audio, "[a]")) if part for word in ("-map", label)]
        argv = [ffmpeg, "-v", "error", "-filter_complex", graph, *maps, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=60)
        return str(buckets.put(path, name))

    return make


@pytest.fixture
def answer(work_off: Callable[[], int]) -> Callable[..., dict[str, Any]]:
    """answer(address, **parameters) -> the result of a finished inspect job."""

    def ask(address: str, **more: Any) -> dict[str, Any]:
        job = submit(address, **more)
        work_off()
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, job.message
        return dict(job.result)

    return ask


def submit(address: str, **more: Any) -> Job:
    return services.submit(spec=JOB_SPEC.validate_json(json.dumps({"kind": "inspect", "input": address} | more)), source="api")


SCENES = (
    "testsrc2=s=320x180:r=25:d=2[a];mandelbrot=s=320x180:r=25,trim=duration=2[b];color=black:s=320x180:r=25:d=1.6[c];smptehdbars=s=320x180:r=25:d=3[d];"
    "[a]format=yuv420p[a1];[b]format=yuv420p[b1];[c]format=yuv420p[c1];[d]format=yuv420p[d1];[a1][b1][c1][d1]concat=n=4:v=1:a=0"
)
SOUND = (
    "sine=frequency=1000:sample_rate=48000:duration=3,volume=12dB[s1];anullsrc=r=48000:cl=mono,atrim=duration=2.6[s2];"
    "sine=frequency=1000:sample_rate=48000:duration=3,volume=12dB[s3];[s1][s2][s3]concat=n=3:v=0:a=1"
)


def test_everything_that_was_put_in_is_found(made: Made, answer: Callable[..., dict[str, Any]]) -> None:
    found = answer(made("known.mkv", SCENES, SOUND))
    assert found["looked_at"] == {"start": 0.0, "seconds": pytest.approx(8.6, abs=0.1), "whole": True}
    assert found["skipped"] == {}
    assert [cut["time"] for cut in found["scenes"]["cuts"]] == pytest.approx([2.0, 4.0, 5.6], abs=0.05)
    assert found["scenes"]["count"] == 4
    assert [(row["start"], row["end"]) for row in found["black"]["stretches"]] == [(pytest.approx(4.0, abs=0.05), pytest.approx(5.6, abs=0.05))]
    assert found["black"]["share"] == pytest.approx(18.6, abs=1)
    (frozen,) = found["freeze"]["stretches"]  # the bars stand still to the end, longer than 2 s; black is shorter
    assert (frozen["start"], frozen["end"]) == (pytest.approx(5.6, abs=0.1), pytest.approx(8.6, abs=0.1))
    assert [(row["start"], row["end"]) for row in found["silence"]["stretches"]] == [(pytest.approx(3.0, abs=0.1), pytest.approx(5.6, abs=0.1))]
    assert found["loudness"]["integrated_lufs"] == pytest.approx(-9, abs=1.5)  # a sine of ffmpeg's has 1/8 of full scale, 12 dB more is half of it
    assert found["loudness"]["true_peak_db"] == pytest.approx(-6, abs=0.5)
    curve = found["loudness"]["curve"]
    assert curve["step"] * len(curve["lufs"]) == pytest.approx(8.6, abs=0.3)
    assert curve["lufs"][20] == pytest.approx(-9, abs=1.5)
    assert curve["lufs"][45] == -70
    assert found["interlace"]["interlaced"] is False
    assert found["crop"] == {"borders": False, "of": {"width": 320, "height": 180}, "width": 320, "height": 180, "left": 0, "top": 0}


def test_a_film_of_one_scene_with_sound_all_through_has_nothing_to_tell(made: Made, answer: Callable[..., dict[str, Any]]) -> None:
    found = answer(made("one.mp4", "testsrc2=s=320x180:r=25:d=3", "sine=d=3"))
    assert found["scenes"] == {"count": 1, "mean_seconds": pytest.approx(3, abs=0.1), "cuts": [], "more": False}
    for name in ("black", "freeze", "silence"):
        assert found[name] == {"count": 0, "seconds": 0, "share": 0, "stretches": [], "more": False}


def test_all_black_and_silent_is_one_stretch_to_the_end(buckets: Any, media: Path, answer: Callable[..., dict[str, Any]], made: Made) -> None:
    found = answer(made("nothing.mp4", "color=black:s=320x180:r=25:d=3", "anullsrc=r=48000:cl=stereo,atrim=duration=3"))
    for name in ("black", "freeze", "silence"):
        (row,) = found[name]["stretches"]
        assert (row["start"], row["end"]) == (pytest.approx(0, abs=0.05), pytest.approx(3, abs=0.1)), name
        assert found[name]["share"] == pytest.approx(100, abs=2)
    assert (found["loudness"]["integrated_lufs"], found["loudness"]["true_peak_db"]) == (None, None)
    assert found["crop"]["borders"] is False, "darkness is no border"


def test_only_what_was_asked_for_is_looked_for(made: Made, answer: Callable[..., dict[str, Any]]) -> None:
    source = made("known.mkv", SCENES, SOUND)
    found = answer(source, measures=["silence"], silence_seconds=3.0)
    assert set(found) == {"looked_at", "skipped", "silence"}
    assert found["silence"]["count"] == 0, "it is silent for 2.6 s"
    assert answer(source, measures=["black"], black_seconds=1.7)["black"]["count"] == 0
    assert answer(source, measures=["scenes"], scene_threshold=100)["scenes"]["count"] == 1
    assert answer(source, measures=["freeze"], freeze_seconds=1.0)["freeze"]["count"] == 2, "the black second and a half too"


def test_a_clip_counts_from_the_beginning_of_the_file(made: Made, answer: Callable[..., dict[str, Any]]) -> None:
    found = answer("", input={"address": made("known.mkv", SCENES, SOUND), "start": 3.0, "duration": 3.0})
    assert found["looked_at"] == {"start": 3.0, "seconds": 3.0, "whole": False}
    assert [cut["time"] for cut in found["scenes"]["cuts"]] == pytest.approx([4.0, 5.6], abs=0.05)
    assert (found["black"]["stretches"][0]["start"], found["black"]["stretches"][0]["end"]) == (pytest.approx(4, abs=0.05), pytest.approx(5.6, abs=0.05))


def test_borders_and_fields_are_found(buckets: Any, media: Path, made: Made, answer: Callable[..., dict[str, Any]]) -> None:
    boxed = answer(made("boxed.mp4", "testsrc2=s=320x136:r=25:d=3,pad=320:180:0:22"), measures=["crop"])["crop"]
    assert boxed == {"borders": True, "of": {"width": 320, "height": 180}, "width": 320, "height": 136, "left": 0, "top": 22}
    real = answer(str(buckets.put(media / "desk-360i25-h264-tff-noaudio.mp4")), measures=["interlace"])["interlace"]
    assert (real["interlaced"], real["top_first"], real["container"]) == (True, True, "tt")


@pytest.mark.parametrize(
    ("name", "has", "skipped"),
    [
        ("speech-5s.wav", {"silence", "loudness"}, {"scenes", "black", "freeze", "interlace", "crop"}),
        ("bottles-360p30-h264-noaudio.mp4", {"scenes", "black", "freeze", "interlace", "crop"}, {"silence", "loudness"}),
        ("coverart-360p30-h264-aac-png.mp4", {"scenes", "black", "freeze", "interlace", "crop", "silence", "loudness"}, set()),
        ("dual-aac51-tracks-audioonly.mp4", {"silence", "loudness"}, {"scenes", "black", "freeze", "interlace", "crop"}),
        ("voice-nb.amr", {"silence", "loudness"}, {"scenes", "black", "freeze", "interlace", "crop"}),
        ("roof-720x1280p30-av1-hdr10-aac.mp4", {"scenes", "black", "freeze", "interlace", "crop", "silence", "loudness"}, set()),
        ("face-720p30-h264-aac-fragmented-offset.mp4", {"scenes", "black", "freeze", "interlace", "crop", "silence", "loudness"}, set()),
    ],
)
def test_real_files_answer_with_what_they_have(
    buckets: Any, media: Path, answer: Callable[..., dict[str, Any]], name: str, has: set[str], skipped: set[str]
) -> None:
    found = answer(str(buckets.put(media / name)))
    assert (set(found) - {"looked_at", "skipped"}, set(found["skipped"])) == (has, skipped)


def test_a_real_film_has_the_cuts_that_a_person_sees(buckets: Any, media: Path, answer: Callable[..., dict[str, Any]], ffmpeg: str, tmp_path: Path) -> None:
    source = media / "bbb-720p24-h264-mp3-55s.mp4"
    cuts = [cut["time"] for cut in answer(str(buckets.put(source)), measures=["scenes"])["scenes"]["cuts"]]
    assert len(cuts) >= 3
    for time in cuts[:4]:  # the pictures on both sides of a cut differ, independently decoded and compared
        pair = [_picture(ffmpeg, source, at) for at in (time - 0.0625, time + 0.0208)]
        assert sum(abs(a - b) for a, b in zip(*pair, strict=True)) / len(pair[0]) > 12


def _picture(ffmpeg: str, path: Path, at: float) -> bytes:
    argv = [ffmpeg, "-v", "error", "-ss", f"{at:.4f}", "-i", str(path), "-frames:v", "1", "-vf", "scale=64:36,format=gray", "-f", "rawvideo", "-"]
    return subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


@pytest.mark.parametrize(("measures", "code"), [(["silence"], "NoAudioStream"), (["loudness", "silence"], "NoAudioStream")])
def test_nothing_possible_fails_with_its_code(buckets: Any, media: Path, work_off: Callable[[], int], measures: list[str], code: str) -> None:
    job = submit(str(buckets.put(media / "bottles-360p30-h264-noaudio.mp4")), measures=measures)
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, code)


def test_a_picture_measure_of_sound_fails_with_its_code(buckets: Any, media: Path, work_off: Callable[[], int]) -> None:
    job = submit(str(buckets.put(media / "speech-5s.mp3")), measures=["black"])
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code, Step.objects.get().lane) == (JobState.FAILED, "NoVideoStream", "short")


def test_what_is_no_object_is_refused_at_the_door(buckets: Any) -> None:
    with pytest.raises(Refused) as refused:
        submit("oss://input/none.mp4")
    assert refused.value.code == "ObjectNotFound"
