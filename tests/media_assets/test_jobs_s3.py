"""Whole jobs from S3 to S3: an MP4 and an HLS set, replaced under a reader's eyes; a store that is down makes jobs wait; wrong credentials fail them clearly."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from jobs import bucket_wait, services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, JobEvent, Step
from jobs.states import JobState, StepState
from media_assets import publishing_s3
from media_assets.models import Bucket, Discard, MediaFile
from media_assets.s3 import S3Storage
from media_assets.s3_sending import Sending
from media_assets.storage import storage, sweep_discards
from tests.clips import Clips
from tests.media_assets.stores import Line, free_port, times

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
SOURCE = "in put/a+b %41 🎬.mp4"
MP4, HLS = "out put/a+b %41 🎬.mp4", "sets/a+b %41 🎬.m3u8"
EVERY = [("mp4-h264-360p", MP4), ("hls-h264-360p", HLS)]


def submit(outputs: list[tuple[str, str]], bucket: str = "films") -> Job:
    rows = [{"template": template, "address": f"oss://{bucket}/{key}", "overwrite": True} for template, key in outputs]
    document = {"kind": "transcode", "input": f"oss://{bucket}/{SOURCE}", "outputs": rows}
    return services.submit(spec=JOB_SPEC.validate_python(document, strict=False), source="api")


def send_clip(place: S3Storage, clips: Clips) -> None:
    place.put(SOURCE, [clips.make(seconds=2, size="320x180").read_bytes()])


@pytest.mark.parametrize("kind", ["moto", "rclone"])
def test_a_job_from_s3_to_s3(
    bind: Callable[..., S3Storage], clips: Clips, work_off: Callable[[], int], decoded: Callable[..., int], kind: str, tmp_path: Path
) -> None:
    place = bind("films", kind, prefix="all/of it")
    send_clip(place, clips)
    job = submit(EVERY)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, [row.message for row in job.outputs.all()]
    assert decoded(place.pin(MP4, tmp_path, "out.mp4")) == 50
    row = MediaFile.objects.get(bucket="films", key=HLS)
    assert row.parts
    for part in row.parts:
        folder = tmp_path / "set"
        folder.mkdir(exist_ok=True)
        place.pin(part, folder, part.rpartition("/")[2])
    playlist = place.pin(HLS, folder, "main.m3u8")
    assert decoded(playlist) == 50
    assert not Discard.objects.exists()
    facts = place.stat(MP4)
    assert facts is not None
    assert MediaFile.objects.get(bucket="films", key=MP4).etag == facts.etag
    again = submit(EVERY)
    work_off()
    again.refresh_from_db()
    assert again.state == JobState.SUCCEEDED
    sweep_discards(timezone.now() + dt.timedelta(hours=1))
    assert {facts.key for facts in place.list("sets/")} == {HLS, *MediaFile.objects.get(bucket="films", key=HLS).parts}


def test_a_store_that_is_down_makes_jobs_wait(bind: Callable[..., S3Storage], clips: Clips, work_off: Callable[[], int]) -> None:
    place = bind("films")
    send_clip(place, clips)
    job = submit(EVERY[:1])
    right = Bucket.objects.get(name="films").endpoint
    Bucket.objects.filter(name="films").update(endpoint=f"http://127.0.0.1:{free_port()}")
    work_off()
    step = Step.objects.get(job=job)
    assert (step.state, step.losses) == (StepState.BLOCKED, 0)
    assert step.not_before is not None
    assert step.not_before > timezone.now() + dt.timedelta(seconds=bucket_wait.FIRST / 2)
    assert "BucketUnreachable" in JobEvent.objects.get(job=job, kind="released").data["reason"]
    Bucket.objects.filter(name="films").update(endpoint=right)
    Step.objects.filter(state=StepState.BLOCKED).update(state=StepState.READY, not_before=None)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED


def test_a_store_that_is_down_fails_no_output_that_wants_something_of_it(
    bind: Callable[..., S3Storage], buckets: Any, clips: Clips, work_off: Callable[[], int]
) -> None:
    """The input is at hand; a watermark lies in the store."""
    place = bind("films")
    picture = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(picture, "PNG")
    place.put("mark.png", [picture.getvalue()])
    source = buckets.put(clips.make(seconds=1, size="320x180"))
    marked = {"watermarks": [{"image": "oss://films/mark.png", "corner": "top_left", "dx": 8, "dy": 8, "width": 32}]}
    outputs = [
        {"template": "mp4-h264-360p", "address": "oss://output/marked.mp4", "overrides": marked},
        {"template": "mp3-128k", "address": "oss://output/a.mp3"},
    ]
    job = services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": source, "outputs": outputs}, strict=False), source="api")
    right = Bucket.objects.get(name="films").endpoint
    Bucket.objects.filter(name="films").update(endpoint=f"http://127.0.0.1:{free_port()}")
    work_off()
    job.refresh_from_db()
    assert (job.state, Step.objects.get(job=job).state) == (JobState.QUEUED, StepState.BLOCKED)
    assert {row.state for row in job.outputs.all()} == {JobState.QUEUED}
    Bucket.objects.filter(name="films").update(endpoint=right)
    Step.objects.filter(state=StepState.BLOCKED).update(state=StepState.READY, not_before=None)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, [(row.code, row.message) for row in job.outputs.all()]


def test_a_store_that_is_full_makes_jobs_wait(bind: Callable[..., S3Storage], servers: Any, clips: Clips, work_off: Callable[[], int]) -> None:
    line = Line(servers("moto").port)
    try:
        place = bind("films", endpoint=line.endpoint)
        send_clip(place, clips)
        job = submit(EVERY)
        line.fault = lambda method, path: "full" if method in ("PUT", "POST") else ""
        work_off()
        job.refresh_from_db()
        assert (job.state, job.steps.get().state, job.steps.get().losses) == (JobState.QUEUED, StepState.BLOCKED, 0)
        assert JobEvent.objects.get(job=job, kind="released").data["reason"].startswith("StorageFull")
        line.fault = lambda method, path: ""
        Step.objects.filter(state=StepState.BLOCKED).update(state=StepState.READY, not_before=None)
        work_off()
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED
    finally:
        line.close()


def test_it_waits_for_a_set_time_only(bind: Callable[..., S3Storage], clips: Clips, work_off: Callable[[], int]) -> None:
    place = bind("films")
    send_clip(place, clips)
    job = submit(EVERY[:1])
    Bucket.objects.filter(name="films").update(endpoint=f"http://127.0.0.1:{free_port()}")
    work_off()
    JobEvent.objects.filter(job=job, kind="released").update(at=timezone.now() - dt.timedelta(hours=3))
    Step.objects.filter(state=StepState.BLOCKED).update(state=StepState.READY, not_before=None)
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "BucketUnreachable")


def test_credentials_that_expired_under_way(
    bind: Callable[..., S3Storage], clips: Clips, work_off: Callable[[], int], bob: object, client_of: Callable[..., Client]
) -> None:
    place = bind("films", "rclone")
    send_clip(place, clips)
    job = submit(EVERY[:1])
    Bucket.objects.filter(name="films").update(access_key_id="expired")
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "BucketAccessDenied")
    assert "credentials" in client_of(bob).get(reverse("jobs:job_detail", args=[job.id])).content.decode()
    with pytest.raises(Refused) as error:
        submit(EVERY[:1])
    assert "BucketAccessDenied" in (error.value.code, *[problem.message for problem in error.value.problems])


def test_disturbances_on_the_way(
    bind: Callable[..., S3Storage], clips: Clips, work_off: Callable[[], int], line: Line, decoded: Callable[..., int], tmp_path: Path
) -> None:
    place = bind("films", endpoint=line.endpoint)
    send_clip(place, clips)
    job = submit(EVERY)
    faults = [
        times(3, "503", lambda method, path: True),
        times(2, "reset", lambda method, path: method == "GET"),
        times(2, "lost", lambda method, path: method == "PUT"),
    ]
    line.fault = lambda method, path: next((fault for fault in (decide(method, path) for decide in faults) if fault), "")
    work_off()
    line.fault = lambda method, path: ""
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    assert decoded(place.pin(MP4, tmp_path, "out.mp4")) == 50


def test_a_worker_that_dies_between_parts_and_playlist(
    bind: Callable[..., S3Storage], clips: Clips, work_off: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = bind("films")
    send_clip(place, clips)
    job = submit(EVERY[1:])
    real = Sending.commit

    def dying(self: Sending, **more: object) -> object:
        if self._key == HLS:
            raise RuntimeError("dies here")
        return real(self, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Sending, "commit", dying)
        patched.setattr(publishing_s3, "_clear", lambda *_: None)
        work_off()
    assert place.stat(HLS) is None
    assert place.list("sets/") != []
    Step.objects.filter(state=StepState.BLOCKED).update(state=StepState.READY, not_before=None)
    again = submit(EVERY[1:])
    work_off()
    again.refresh_from_db()
    assert again.state == JobState.SUCCEEDED
    sweep_discards(timezone.now() + dt.timedelta(hours=25))
    assert {facts.key for facts in place.list("sets/")} == {HLS, *MediaFile.objects.get(bucket="films", key=HLS).parts}
    assert job.id != again.id
    assert storage("films").stat(SOURCE) is not None
