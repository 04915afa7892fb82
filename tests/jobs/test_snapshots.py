"""Snapshot jobs through the queue: what is published, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, Step
from jobs.states import JobState
from media_assets.models import Discard, Media, MediaFile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]


def submit(source: str, output: str = "oss://output/one.jpg", **more: Any) -> Job:
    document = {"kind": "snapshot", "input": source, "output": output} | more
    return services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")


def done(job: Job, work_off: Callable[[], int]) -> Job:
    work_off()
    job.refresh_from_db()
    return job


def test_a_single_picture_is_made_verified_published_and_recorded(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=2, size="320x180", rate=25), "猫 🎬/-%d clip.mp4")
    job = done(submit(source, "oss://output/{ObjectPrefix}{FileName}-{SnapshotTime}.{autoext}", time=1.2, width=160, set_cover=True), work_off)
    assert (job.state, job.progress, job.code) == (JobState.SUCCEEDED, 100, "")
    made = buckets.output / "猫 🎬/-%d clip-1200.jpg"
    with Image.open(made) as image:
        assert (image.format, image.size) == ("JPEG", (160, 90))
    output = job.outputs.get()
    assert (output.key, output.parts, output.size) == ("猫 🎬/-%d clip-1200.jpg", [], made.stat().st_size)
    assert all(check["ok"] for check in output.checks)
    assert job.result["count"] == 1
    file = MediaFile.objects.get(role="snapshot")
    assert (file.key, file.job_id, file.media_id) == (output.key, job.id, job.media_id)
    media = Media.objects.get(pk=job.media_id)
    assert (media.cover_bucket, media.cover_key) == ("output", output.key)
    assert Step.objects.get().lane == "short"
    assert not Discard.objects.exists()


@pytest.mark.parametrize(
    ("more", "times"),
    [
        ({"mode": "times", "times": [1.5, 0.0, 1.5, 9.0]}, [0.0, 1.5]),
        ({"mode": "series", "interval": 0.5}, [0.0, 0.5, 1.0, 1.5]),
        ({"mode": "series", "interval": 0.5, "time": 0.9, "count": 9}, [0.9, 1.4, 1.9]),
        ({"mode": "series", "interval": 0.5, "count": 2, "frame": "key"}, [0.0, 0.5]),
        ({"mode": "average", "count": 4}, [0.25, 0.75, 1.25, 1.75]),
        ({"mode": "frames", "every": 20}, [0.0, 0.8, 1.6]),
        ({"mode": "keyframes"}, [0.0]),
    ],
)
def test_modes_give_the_pictures_that_they_name(buckets: Any, clips: Any, work_off: Callable[[], int], more: dict[str, Any], times: list[float]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    job = done(submit(source, "oss://output/s/{Count}.png", **more), work_off)
    assert job.state == JobState.SUCCEEDED, job.message
    assert [picture["time"] for picture in job.result["pictures"]] == pytest.approx(times, abs=0.001)
    names = [f"{number:05d}.png" for number in range(1, len(times) + 1)]
    assert sorted(path.name for path in (buckets.output / "s").iterdir()) == names
    output = job.outputs.get()
    assert [output.key, *output.parts] == [f"s/{name}" for name in names]
    warned = [text for text in output.warnings if "ends before" in text]
    assert bool(warned) == (more.get("count") == 9 or 9.0 in more.get("times", ()))


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif"])
def test_formats_follow_the_address(buckets: Any, clips: Any, work_off: Callable[[], int], ending: str) -> None:
    source = buckets.put(clips.make(seconds=2, size="161x121", rate=25, audio=False, suffix="mkv"), "clip.mkv")
    job = done(submit(source, f"oss://output/one.{ending}", time=1.0), work_off)
    assert job.state == JobState.SUCCEEDED, job.message
    with Image.open(buckets.output / f"one.{ending}") as image:
        assert image.format == {"jpg": "JPEG"}.get(ending, ending.upper())
        image.load()


def test_fewer_pictures_at_the_same_names_take_the_old_ones_away(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    done(submit(source, "oss://output/s/{Count}.jpg", mode="average", count=4), work_off)
    done(submit(source, "oss://output/s/{Count}.jpg", mode="average", count=2), work_off)
    assert {row.key for row in Discard.objects.all()} == {"s/00003.jpg", "s/00004.jpg"}
    assert MediaFile.objects.get(role="snapshot").parts == ["s/00002.jpg"]


def test_the_black_beginning_is_skipped(buckets: Any, ffmpeg: str, tmp_path: Path, work_off: Callable[[], int]) -> None:
    import subprocess

    path = tmp_path / "dark.mp4"
    graph = "color=black:s=128x72:r=25:d=1[a];testsrc2=s=128x72:r=25:d=1[b];[a][b]concat=n=2:v=1:a=0[v]"
    subprocess.run([ffmpeg, "-v", "error", "-filter_complex", graph, "-map", "[v]", "-c:v", "libx264", "-pix_fmt", "yuv420p", str(path)], check=True)
    source = buckets.put(path, "dark.mp4")
    job = done(submit(source, skip_black={}), work_off)
    assert job.result["pictures"][0]["time"] == pytest.approx(1.0, abs=0.001)
    with Image.open(buckets.output / "one.jpg") as image:
        assert max(high for _low, high in image.getextrema()) > 200
    job = done(submit(source, skip_black={"level": 30, "threshold": 255}), work_off)
    assert job.result["pictures"][0]["time"] == 0
    assert any("black" in text for text in job.outputs.get().warnings)


# --- what is refused ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("more", "loc"),
    [
        ({"mode": "series"}, ("output", "address")),
        ({"mode": "times"}, ("times",)),
        ({"mode": "average"}, ("count",)),
        ({"mode": "frames"}, ("every",)),
        ({"count": 3}, ("count",)),
        ({"mode": "keyframes", "time": 3.0}, ("time",)),
        ({"format": "png"}, ("format",)),
        ({"output": "oss://output/one.png", "quality": 80}, ("quality",)),
        ({"scale_type": "fit", "width": 100}, ("scale_type",)),
        ({"output": "oss://output/{Nothing}.jpg"}, ("output", "address")),
        ({"output": "oss://nowhere/one.jpg"}, ("output", "address")),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(buckets: Any, clips: Any, more: dict[str, Any], loc: tuple[str, ...]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    with pytest.raises(Refused) as refused:
        submit(source, **more)
    assert loc in [problem.loc for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("speech-5s.mp3", {}, "NoVideoStream"),
        ("flower-540p30-h264-aac.mp4", {"time": 5.5}, "TimeOutOfRange"),
        ("flower-540p30-h264-aac.mp4", {"mode": "series", "time": 6.0, "output": "oss://output/{Count}.jpg"}, "TimeOutOfRange"),
    ],
)
def test_what_cannot_be_done_fails_with_its_code(buckets: Any, media: Path, work_off: Callable[[], int], name: str, more: dict[str, Any], code: str) -> None:
    job = done(submit(buckets.put(media / name, name), **more), work_off)
    assert (job.state, job.code) == (JobState.FAILED, code)
    assert not list(buckets.output.iterdir())


def test_a_sound_file_with_a_cover_picture_has_no_video(buckets: Any, ffmpeg: str, media: Path, tmp_path: Path, work_off: Callable[[], int]) -> None:
    import subprocess

    path = tmp_path / "song.m4a"
    cover = tmp_path / "cover.png"
    Image.new("RGB", (64, 64), "red").save(cover)
    argv = [ffmpeg, "-v", "error", "-i", str(media / "commentary-6s-aac.m4a"), "-i", str(cover), "-map", "0:a", "-map", "1", "-c", "copy"]
    subprocess.run([*argv, "-disposition:v:0", "attached_pic", str(path)], check=True)
    job = done(submit(buckets.put(path, "song.m4a")), work_off)
    assert (job.state, job.code) == (JobState.FAILED, "NoVideoStream")


def test_a_video_of_one_frame_has_one_picture(buckets: Any, ffmpeg: str, tmp_path: Path, work_off: Callable[[], int]) -> None:
    import subprocess

    path = tmp_path / "one.mp4"
    subprocess.run([ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=128x72:r=25", "-frames:v", "1", "-pix_fmt", "yuv420p", str(path)], check=True)
    source = buckets.put(path, "one.mp4")
    for more in ({}, {"frame": "key"}, {"mode": "average", "count": 1}, {"mode": "series", "interval": 1.0, "count": 1}):
        assert done(submit(source, **more), work_off).result["count"] == 1
    assert done(submit(source, time=1.0), work_off).code == "TimeOutOfRange"


def test_nothing_is_replaced_that_must_stay(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    (buckets.output / "s").mkdir()
    (buckets.output / "s/00002.jpg").write_bytes(b"mine")
    output = {"address": "oss://output/s/{Count}.jpg", "overwrite": False}
    job = done(submit(source, output, mode="average", count=3), work_off)
    assert (job.state, job.code) == (JobState.FAILED, "ObjectAlreadyExists")
    assert [path.name for path in (buckets.output / "s").iterdir()] == ["00002.jpg"]


def test_a_failed_job_is_tried_again_as_it_was_sent(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    output = {"address": "oss://output/{FileName}-{Count}.jpg", "overwrite": False}
    (buckets.output / "clip-00001.jpg").write_bytes(b"in the way")
    with pytest.raises(Refused):
        submit(source, output, mode="average", count=2)
    (buckets.output / "clip-00001.jpg").rename(buckets.output / "clip-00002.jpg")
    failed = done(submit(source, output, mode="average", count=2), work_off)
    assert failed.code == "ObjectAlreadyExists"
    (buckets.output / "clip-00002.jpg").unlink()
    again = done(services.retry(failed.id, owner=None, actor="bob"), work_off)
    assert (again.state, again.result["count"], again.spec) == (JobState.SUCCEEDED, 2, failed.spec)


# --- the JSON interface ---------------------------------------------------------------------------------------------------
def post(client: Any, document: dict[str, Any]) -> Any:
    return client.post("/api/v1/snapshots", data=json.dumps(document), content_type="application/json")


def test_the_short_way_waits_for_the_answer(
    buckets: Any, clips: Any, bob: Any, api_of: Any, work_off: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    monkeypatch.setattr("jobs.waiting.sleep", lambda _seconds: work_off())
    answer = post(api_of(bob), {"input": source, "output": "oss://output/one.jpg", "time": 1.0, "wait": True})
    assert answer.status_code == 201, answer.json()
    job = answer.json()
    assert (job["kind"], job["state"], job["result"]["count"]) == ("snapshot", "succeeded", 1)
    assert job["result"]["pictures"][0]["address"] == "oss://output/one.jpg"
    assert job["result"]["pictures"][0]["url"] == job["outputs"][0]["url"]
    late = post(api_of(bob), {"input": source, "output": "oss://output/one.jpg", "time": 100.0, "wait": True})
    assert (late.status_code, late.json()["code"]) == (400, "TimeOutOfRange")


def test_who_waits_too_long_is_told_the_job(buckets: Any, clips: Any, bob: Any, api_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72", rate=25, audio=False), "clip.mp4")
    monkeypatch.setattr("jobs.waiting.WAIT_SECONDS", 0.1)
    answer = post(api_of(bob), {"input": source, "output": "oss://output/one.jpg", "wait": True})
    assert (answer.status_code, answer.json()["code"]) == (504, "NotFinishedYet")
    assert Job.objects.get(pk=answer.json()["job"]).priority == 10


def test_mistakes_have_the_places_of_what_was_sent(buckets: Any, bob: Any, api_of: Any) -> None:
    answer = post(api_of(bob), {"input": "oss://input/none.mp4", "output": "oss://output/one.jpg", "time": -1})
    assert answer.status_code == 400
    assert [row["loc"] for row in answer.json()["errors"]] == [["time"]]
    answer = post(api_of(bob), {"input": "oss://input/none.mp4", "output": "oss://output/one.jpg"})
    assert answer.json()["errors"][0]["loc"] == ["input"]
