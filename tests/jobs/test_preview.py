"""Preview jobs: what comes out is decoded and held against the scenes that were put in."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence, ImageStat

from jobs import records
from jobs.engine.errors import Refused
from jobs.ffmpeg import tools
from jobs.ffmpeg.probe import probe
from jobs.models import Job, Step
from jobs.states import JobState
from media_assets.models import Media, MediaFile
from tests.jobs.films import film, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pipeline")]


@pytest.fixture
def done(work_off: Callable[[], int]) -> Callable[..., Job]:
    """done(address, output, …) -> a preview job that was worked off."""

    def ask(source: str, output: str, **more: Any) -> Job:
        job = submitted("preview", source, output, **more)
        work_off()
        job.refresh_from_db()
        return job

    return ask


def frames(path: Path) -> list[Image.Image]:
    with Image.open(path) as image:
        return [frame.convert("RGB") for frame in ImageSequence.Iterator(image)]


def shown(path: Path) -> float:
    """Seconds of all pictures; such as do not change are one."""
    with Image.open(path) as image:
        total = 0
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            total += image.info["duration"]
    return total / 1000


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_a_summary_shows_the_scenes_that_differ(buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job], ending: str) -> None:
    source = buckets.put(film(ffmpeg, tmp_path / "film.mp4", ["black", "good", "test", "bars", "plasma"], sound=True))
    job = done(source, f"oss://output/p/{{FileName}}.{ending}", shots=4, seconds=4, candidates=20, width=160)
    assert (job.state, job.code) == (JobState.SUCCEEDED, ""), job.message
    shots = job.result["preview"]["shots"]
    assert [shot["seconds"] for shot in shots] == [1, 1, 1, 1]
    assert all(later["start"] >= earlier["start"] + 1 for earlier, later in pairwise(shots))
    scenes = {int((shot["start"] + 0.5) // 2) for shot in shots}
    assert scenes == {1, 2, 3, 4}, "one of each scene, nothing of the black one"
    made = buckets.output / f"p/film.{ending}"
    pictures = frames(made)
    assert shown(made) == pytest.approx(4, abs=0.2)
    assert pictures[0].size == (160, 90)
    assert all(ImageStat.Stat(picture.convert("L")).mean[0] > 20 for picture in pictures), [
        shots,
        [round(ImageStat.Stat(p.convert("L")).mean[0]) for p in pictures],
    ]
    file = MediaFile.objects.get(role="preview")
    assert (file.key, file.job_id, file.size) == (f"p/film.{ending}", job.id, made.stat().st_size)
    assert file.info["preview"]["shots"] == shots
    assert (job.outputs.get().size, Step.objects.get().lane) == (made.stat().st_size, "short")
    assert Media.objects.get(pk=job.media_id).cover_key == ""


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts"])
def test_a_shot_does_not_leave_its_scene_in_files_that_are_only_looked_at_here_and_there(
    buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job], ending: str
) -> None:
    source = buckets.put(film(ffmpeg, tmp_path / f"film.{ending}", ["black", "good", "black", "test", "black", "bars", "black"], sound=True))
    job = done(source, "oss://output/a.gif", shots=2, seconds=3, candidates=2)
    assert job.state == JobState.SUCCEEDED, job.message
    first, second = job.result["preview"]["shots"]
    for shot, scene in ((first, 2), (second, 10)):
        assert scene <= shot["start"] <= shot["start"] + shot["seconds"] <= scene + 2.001
        assert shot["seconds"] == pytest.approx(1.5, abs=0.05)
    pictures = frames(buckets.output / "a.gif")
    assert all(ImageStat.Stat(picture.convert("L")).mean[0] > 20 for picture in pictures)


def test_scenes_shorter_than_a_shot_leave_their_time_to_others(buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job]) -> None:
    source = buckets.put(film(ffmpeg, tmp_path / "film.mp4", ["good", "test", "bars", "bars", "bars"]))
    job = done(source, "oss://output/a.webp", shots=3, seconds=8, candidates=30, width=160)
    assert job.state == JobState.SUCCEEDED, job.message
    shots = job.result["preview"]["shots"]
    assert [round(shot["seconds"], 1) for shot in shots] == [2.0, 2.0, 4.0]
    assert shown(buckets.output / "a.webp") == pytest.approx(8, abs=0.3)


def test_a_highlight_is_five_seconds_of_the_part_that_is_worth_it_with_its_sound(
    buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job], decoded: Callable[[Path], int]
) -> None:
    source = buckets.put(film(ffmpeg, tmp_path / "film.mp4", ["black", "black", "credits", "test", "test", "test", "black", "black"], sound=True))
    job = done(source, "oss://output/highlight.mp4", candidates=32)
    assert job.state == JobState.SUCCEEDED, job.message
    (shot,) = job.result["preview"]["shots"]
    assert shot["seconds"] == 5
    assert 3.5 <= shot["start"] <= 9.5, "at least half of it is the moving part"
    made = buckets.output / "highlight.mp4"
    assert decoded(made) == pytest.approx(125, abs=2)
    found = probe(made, tools=tools.find(), cwd=tmp_path)
    assert found.duration == pytest.approx(5, abs=0.15)
    assert found.picture is not None
    assert (found.picture.codec, found.picture.width, found.picture.height) == ("h264", 320, 180)
    assert found.sound is not None


def test_several_shots_in_mp4_are_joined_with_their_sound(
    buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job], decoded: Callable[[Path], int]
) -> None:
    source = buckets.put(film(ffmpeg, tmp_path / "film.mp4", ["good", "test", "bars", "plasma"], sound=True))
    job = done(source, "oss://output/{FileName}-sum.mp4", shots=3, seconds=3, sound=True)
    assert job.state == JobState.SUCCEEDED, job.message
    assert decoded(buckets.output / "film-sum.mp4") == pytest.approx(75, abs=3)
    silent = done(source, "oss://output/silent.mp4", shots=3, seconds=3, sound=False, fps=10, width=100)
    assert silent.state == JobState.SUCCEEDED, silent.message
    found = probe(buckets.output / "silent.mp4", tools=tools.find(), cwd=tmp_path)
    assert (found.audio, found.picture and found.picture.width, found.picture and found.picture.fps) == ((), 100, 10)


def test_a_film_shorter_than_its_preview_is_shown_whole(buckets: Any, clips: Any, done: Callable[..., Job]) -> None:
    job = done(buckets.put(clips.make(seconds=2, size="128x72", rate=25), "short.mp4"), "oss://output/short.gif", seconds=5)
    assert job.state == JobState.SUCCEEDED, job.message
    assert job.result["preview"]["shots"] == [{"start": 0.0, "seconds": 2.0}]
    assert len(frames(buckets.output / "short.gif")) == pytest.approx(20, abs=1)


@pytest.mark.parametrize(("scenes", "options"), [(["black"], ()), (["noise"], ()), (["good"], ("-frames:v", "1"))], ids=["all black", "noise", "one frame"])
def test_odd_films_have_a_preview_too(buckets: Any, ffmpeg: str, tmp_path: Path, done: Callable[..., Job], scenes: list[str], options: tuple[str, ...]) -> None:
    source = buckets.put(film(ffmpeg, tmp_path / "odd.mp4", scenes, options=options))
    job = done(source, "oss://output/odd.gif", seconds=1, shots=2, candidates=4)
    assert job.state == JobState.SUCCEEDED, job.message
    assert frames(buckets.output / "odd.gif")


@pytest.mark.parametrize(
    ("name", "size"),
    [("phone-rot90-320p30-h264-aac.mov", (320, 568)), ("sar2x1-360p30-h264.mp4", (480, 134)), ("roof-720x1280p30-av1-hdr10-aac.mp4", (480, 854))],
)
def test_real_files_give_upright_right_shaped_previews(buckets: Any, media: Path, done: Callable[..., Job], name: str, size: tuple[int, int]) -> None:
    job = done(buckets.put(media / name), "oss://output/real.webp", seconds=1, shots=2)
    assert job.state == JobState.SUCCEEDED, job.message
    assert frames(buckets.output / "real.webp")[0].size == pytest.approx(size, abs=1)


@pytest.mark.parametrize(
    ("name", "sounds", "warned"),
    [("count-480p10-h264-2audio-eng-deu-srt.mkv", 1, False), ("plain-1080p25-h264-aac-srt.mkv", 1, False), ("bricks-160x120-msmpeg4v2-metasound.asf", 0, True)],
    ids=["subtitles", "subtitles too", "sound that stops"],
)
def test_subtitles_are_left_out_and_unreadable_sound_too(
    buckets: Any, media: Path, tmp_path: Path, done: Callable[..., Job], name: str, sounds: int, warned: bool
) -> None:
    job = done(buckets.put(media / name), "oss://output/real.mp4", seconds=1, candidates=4, width=160)
    assert job.state == JobState.SUCCEEDED, job.message
    found = probe(buckets.output / "real.mp4", tools=tools.find(), cwd=tmp_path)
    assert (len(found.video), len(found.audio), len(found.subtitle)) == (1, sounds, 0)
    assert any("cannot be read" in text for text in job.outputs.get().warnings) == warned


@pytest.mark.parametrize("name", ["speech-5s.mp3", "radio-7s-stereo.opus"])
def test_sound_alone_has_no_preview(buckets: Any, media: Path, done: Callable[..., Job], name: str) -> None:
    job = done(buckets.put(media / name), "oss://output/x.gif")
    assert (job.state, job.code) == (JobState.FAILED, "NoVideoStream")
    assert not list(buckets.output.iterdir())


def test_a_sound_file_with_a_cover_picture_has_no_preview(buckets: Any, ffmpeg: str, media: Path, tmp_path: Path, done: Callable[..., Job]) -> None:
    cover, path = tmp_path / "cover.png", tmp_path / "song.m4a"
    Image.new("RGB", (64, 64), "red").save(cover)
    argv = [ffmpeg, "-v", "error", "-i", str(media / "commentary-6s-aac.m4a"), "-i", str(cover), "-map", "0:a", "-map", "1", "-c", "copy"]
    subprocess.run([*argv, "-disposition:v", "attached_pic", str(path)], check=True, stdin=subprocess.DEVNULL)
    job = done(buckets.put(path), "oss://output/x.gif")
    assert (job.state, job.code) == (JobState.FAILED, "NoVideoStream")


def test_not_to_overwrite_fails_and_leaves_what_is_there(buckets: Any, clips: Any, done: Callable[..., Job]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25), "short.mp4")
    (buckets.output / "there.gif").write_bytes(b"mine")
    with pytest.raises(Refused) as refused:
        submitted("preview", source, output={"address": "oss://output/there.gif", "overwrite": False})
    assert refused.value.code == "ObjectAlreadyExists"
    assert (buckets.output / "there.gif").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("more", "loc"),
    [
        ({"format": "gif", "output": "oss://output/a.mp4"}, ("format",)),
        ({"shots": 12, "seconds": 1}, ("shots",)),
        ({"shots": 5, "candidates": 2}, ("candidates",)),
        ({"output": "oss://output/{Count}.gif"}, ("output", "address")),
        ({"output": "oss://nowhere/a.gif"}, ("output", "address")),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(buckets: Any, clips: Any, more: dict[str, Any], loc: tuple[str, ...]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    with pytest.raises(Refused) as refused:
        submitted("preview", source, **({"output": "oss://output/a.gif"} | more))
    assert loc in [problem.loc for problem in refused.value.problems]


@pytest.mark.parametrize(("kind", "output"), [("preview", "oss://output/once.gif"), ("cover", "oss://output/once.jpg")])
def test_what_was_published_before_a_crash_is_told_and_not_made_again(
    buckets: Any, clips: Any, work_off: Callable[[], int], monkeypatch: pytest.MonkeyPatch, kind: str, output: str
) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25), "short.mp4")
    job = submitted(kind, source, output, **({"keep": 1} if kind == "cover" else {"seconds": 1}))

    def crash(*_args: Any) -> None:
        raise RuntimeError("between publishing and saying so")

    with monkeypatch.context() as patch:
        patch.setattr(records, "step_done", crash)
        work_off()
    made = buckets.output / output.removeprefix("oss://output/")
    before = (made.stat().st_ino, made.stat().st_mtime_ns)
    job.steps.update(state="ready", not_before=None)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    assert (made.stat().st_ino, made.stat().st_mtime_ns) == before
    told = job.result["preview"] if kind == "preview" else job.result["pictures"][0]
    assert told["key"] == made.name
    assert MediaFile.objects.exclude(role="source").count() == 1
