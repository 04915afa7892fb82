"""Whole attempts with real programs: what is published is what was asked for, and what fails says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs import services
from jobs.engine import hls
from jobs.engine.spec import JOB_SPEC
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.logs import reader as log_reader
from jobs.logs.kept import KeptLog
from jobs.models import Attempt, Job
from jobs.states import JobState
from jobs.workspace import log_path, root
from media_assets.models import Discard, MediaFile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]


def submit(clip: str, *outputs: tuple[str, str], **more: Any) -> Job:
    document = {"kind": "transcode", "input": clip, "outputs": [{"template": t, "address": f"oss://output/{k}"} | more for t, k in outputs]}
    return services.submit(spec=JOB_SPEC.validate_python(document, strict=False), source="api")


def facts(path: Path) -> Any:
    return ffprobe.probe(path, tools=tools.find(), cwd=path.parent, count_packets=True, own_playlist=path.suffix == ".m3u8")


def test_an_mp4_is_made_verified_published_and_recorded(buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    source = buckets.put(clips.make(seconds=2, size="640x360", rate=25), "猫 🎬/-%d clip.mp4")
    job = submit(source, ("mp4-h264-360p", "out/猫 %d.mp4"))
    assert work_off() == 1
    job.refresh_from_db()
    assert (job.state, job.progress, job.code) == (JobState.SUCCEEDED, 100, "")
    made = buckets.output / "out/猫 %d.mp4"
    assert decoded(made) == 50
    found = facts(made)
    assert (found.video[0].codec, found.video[0].width, found.video[0].height, found.audio[0].codec) == ("h264", 640, 360, "aac")
    output = job.outputs.get()
    assert output.size == made.stat().st_size
    assert output.media_info["video"][0]["frames"] == 50
    assert all(check["ok"] for check in output.checks)
    assert output.checks
    rendition = MediaFile.objects.get(role="rendition")
    assert (rendition.key, rendition.job_id, rendition.media_id) == ("out/猫 %d.mp4", job.id, job.media_id)
    attempt = Attempt.objects.get()
    assert attempt.exit_code == 0
    assert attempt.argv[0][-1] == "o0.mp4" or any("o0.mp4" in word for word in attempt.argv[0])
    assert not log_path(attempt.log_name).exists()
    assert log_reader.search(KeptLog(attempt), "Output #0").total == 1
    assert list(root().iterdir()) == []
    assert not Discard.objects.exists()


def test_a_ladder_is_one_process_and_its_master_names_complete_rungs(
    buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]
) -> None:
    source = buckets.put(clips.make(seconds=3, size="1280x720", rate=25))
    job = submit(source, ("hls-ladder", "set/movie.m3u8"))
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    assert len(Attempt.objects.get().argv) == 1
    master = (buckets.output / "set/movie.m3u8").read_text()
    rungs = [line for line in master.splitlines() if line and not line.startswith("#")]
    assert len(rungs) == 3
    for rung in rungs:
        playlist = hls.read((buckets.output / "set" / rung).read_text())
        assert playlist.seconds == pytest.approx(3, abs=0.1)
        assert decoded(buckets.output / "set" / rung) == 75
    output = job.outputs.get()
    assert {f"set/{rung}" for rung in rungs} <= set(output.parts)
    assert sorted(p.name for p in (buckets.output / "set").iterdir()) == sorted(["movie.m3u8", *(part.rpartition("/")[2] for part in output.parts)])


def test_many_outputs_share_one_process_and_a_bad_one_fails_alone(
    buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]
) -> None:
    source = buckets.put(clips.make(seconds=1, size="640x360", audio=False))
    job = submit(source, ("mp4-h264-360p", "a.mp4"), ("mp3-128k", "b.mp3"), ("mp4-h265-360p", "c.mp4"))
    work_off()
    job.refresh_from_db()
    states = {output.key: (output.state, output.code) for output in job.outputs.all()}
    assert states["a.mp4"] == states["c.mp4"] == (JobState.SUCCEEDED, "")
    assert states["b.mp3"] == (JobState.FAILED, "NoAudioStream")
    assert (job.state, job.code) == (JobState.FAILED, "SomeOutputsFailed")
    assert decoded(buckets.output / "a.mp4") == decoded(buckets.output / "c.mp4") == 25
    assert not (buckets.output / "b.mp3").exists()
    assert len(Attempt.objects.get().argv) == 1


@pytest.mark.parametrize("name", ["zero-bytes.mp4", "text-named.mp4", "noise.mkv", "cut-no-moov.mp4", "bad-container.mp4"])
def test_unreadable_inputs_fail_with_a_sentence(buckets: Any, media: Path, work_off: Callable[[], int], name: str) -> None:
    job = submit(buckets.put(media / "corrupt" / name), ("mp4-h264-360p", "a.mp4"))
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "InputNotReadable")
    assert job.message.endswith(".")
    assert not (buckets.output / "a.mp4").exists()
    assert job.outputs.get().code == "InputNotReadable"


def test_an_input_that_vanished_fails(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=1), "gone.mp4")
    job = submit(source, ("mp4-h264-360p", "a.mp4"))
    (buckets.input / "gone.mp4").unlink()
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "ObjectNotFound")


def test_replacing_an_output_removes_the_old_set_later(buckets: Any, clips: Any, work_off: Callable[[], int], settings: Any) -> None:
    from django.utils import timezone

    from media_assets.storage import sweep_discards

    settings.REELMILL_DISCARD_GRACE_SECONDS = 0
    source = buckets.put(clips.make(seconds=1))
    first = submit(source, ("hls-h264-360p", "s/a.m3u8"))
    work_off()
    second = submit(source, ("hls-h264-360p", "s/a.m3u8"))
    work_off()
    sweep_discards(timezone.now())
    kept = set(second.outputs.get().parts)
    assert not kept & set(first.outputs.get().parts)
    assert {f"s/{p.name}" for p in (buckets.output / "s").iterdir()} == kept | {"s/a.m3u8"}


def test_a_full_disk_makes_the_step_wait(buckets: Any, clips: Any, work_off: Callable[[], int], settings: Any) -> None:
    settings.REELMILL_MIN_FREE_MB = 10**9
    job = submit(buckets.put(clips.make(seconds=1)), ("mp4-h264-360p", "a.mp4"))
    assert work_off() == 1
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert job.steps.get().state == "blocked"
    assert job.steps.get().losses == 0
    settings.REELMILL_MIN_FREE_MB = 1
    job.steps.update(state="ready", not_before=None)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED


def test_media_info_answers_with_data(buckets: Any, media: Path, work_off: Callable[[], int]) -> None:
    address = buckets.put(media / "phone-rot90-320p30-h264-aac.mov")
    job = services.submit(spec=JOB_SPEC.validate_python({"kind": "mediainfo", "input": address}), source="api")
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    assert (job.result["video"][0]["width"], job.result["video"][0]["rotation"] % 180) == (568, 90)
