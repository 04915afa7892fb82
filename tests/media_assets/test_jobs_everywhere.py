"""The same jobs on a folder and on real S3 servers: every kind, sets, snapshots and logs; keys that are hard; a store that goes away under way."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Attempt, Job, JobEvent
from jobs.states import JobState
from media_assets.models import Bucket, MediaFile
from media_assets.storage import storage
from tests.clips import Clips
from tests.media_assets.stores import SECRET, Line, times

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
PLACES = ("local", "moto", "rclone")


@pytest.fixture(params=PLACES)
def films(request: pytest.FixtureRequest, bind: Callable[..., Any], tmp_path: Path) -> Any:
    """The bucket «films», as input and output, on each kind of storage."""
    if request.param == "local":
        folder = tmp_path / "films"
        folder.mkdir()
        Bucket.objects.create(name="films", folder=str(folder), is_input=True, is_output=True)
        return storage("films")
    return bind("films", request.param)


def run(work_off: Callable[[], int], **document: Any) -> Job:
    job = services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
    work_off()
    job.refresh_from_db()
    return job


def done(work_off: Callable[[], int], **document: Any) -> Job:
    job = run(work_off, **document)
    assert job.state == JobState.SUCCEEDED, (job.kind, job.code, job.message, [row.error_message for row in job.outputs.all()])
    return job


def test_every_kind_of_job(
    films: Any, clips: Clips, work_off: Callable[[], int], decoded: Callable[..., int], charlie: Any, client_of: Callable[..., Client], tmp_path: Path
) -> None:
    key = "in put/a+b %41 🎬.mp4"
    films.put(key, [clips.make(seconds=3, size="320x180").read_bytes()])
    source = f"oss://films/{key}"
    info = done(work_off, kind="mediainfo", input=source).result
    assert (info["video"][0]["width"], info["audio"][0]["codec"]) == (320, "aac")
    assert done(work_off, kind="inspect", input=source).result
    pictures = done(work_off, kind="snapshot", input=source, output="oss://films/pic tures/{Count}.jpg", mode="average", count=3)
    names = [facts.key for facts in films.list("pic tures/")]
    assert len(names) == 3
    for name in names:
        with films.open(name) as file:
            assert Image.open(io.BytesIO(file.read())).size == (320, 180)
    assert MediaFile.objects.filter(role=MediaFile.Role.SNAPSHOT, job_id=pictures.id).exists()
    sprite = done(work_off, kind="sprite", input=source, output="oss://films/sheets/{TileCount}.jpg", interval=1, columns=2, rows=2, cell_width=80)
    with films.open("sheets/00001.jpg") as file, films.open(sprite.result["index"]["key"]) as index:
        assert Image.open(io.BytesIO(file.read())).size == (160, 90)
        assert index.read().count(b"#xywh=") == 3
    cover = done(work_off, kind="cover", input=source, output="oss://films/covers/{Count}.webp", candidates=6, keep=1)
    with films.open(cover.result["pictures"][0]["key"]) as file:
        assert Image.open(io.BytesIO(file.read())).format == "WEBP"
    preview = done(work_off, kind="preview", input=source, output="oss://films/moving.gif", seconds=1, shots=2, candidates=6)
    with films.open(preview.result["preview"]["key"]) as file:
        assert Image.open(io.BytesIO(file.read())).n_frames == pytest.approx(10, abs=1)  # type: ignore[attr-defined]
    outputs = [
        {"template": "mp4-h264-360p", "address": "oss://films/out/a b.mp4"},
        {"template": "hls-h264-360p", "address": "oss://films/sets/a b.m3u8"},
    ]
    job = done(work_off, kind="transcode", input=source, outputs=outputs)
    assert decoded(films.pin("out/a b.mp4", tmp_path, "out.mp4")) == 75
    told = done(work_off, kind="quality", input=source, distorted="oss://films/out/a b.mp4", metrics=["psnr"]).result
    assert told["scores"]["psnr"]["mean"] > 20
    row = MediaFile.objects.get(bucket="films", key="sets/a b.m3u8")
    for part in [*row.parts, row.key]:
        films.pin(part, tmp_path, part.rpartition("/")[2])
    assert decoded(tmp_path / "a b.m3u8") == 75
    client = client_of(charlie)
    log = client.get(reverse("jobs:job_log", args=[job.id])).content.decode()
    assert "libx264" in log or "h264" in log
    got = client.get("/objects/films/out/a%20b.mp4", headers={"range": "bytes=4-7"})
    assert (got.status_code, got.getvalue()) == (206, b"ftyp")
    assert {facts.key for facts in films.list("sets/")} == {row.key, *row.parts}


KEYS = ["a b.mp4", "plus+sign.mp4", "per%cent%2F%zz.mp4", "🎬/猫 🐈‍⬛.mp4", "quote'\"&<>;$`.mp4", "q?x=1#frag.mp4", "é" * 100 + ".mp4"]
LONG = "/".join(["d" * 200] * 5)[: 1023 - 18] + "/" + "x" * 12 + ".mp4"  # 1,022 bytes


@pytest.mark.parametrize("kind", ["moto", "rclone"])
def test_keys_that_are_hard(bind: Callable[..., Any], clips: Clips, work_off: Callable[[], int], kind: str) -> None:
    films = bind("films", kind)
    data = clips.make(seconds=1, size="160x90").read_bytes()
    for key in [*KEYS, *([LONG] if kind == "moto" else [])]:  # rclone's objects are files, whose names are shorter
        films.put(key, [data])
        assert [facts.key for facts in films.list(key)] == [key]
        assert done(work_off, kind="mediainfo", input=f"oss://films/{key}").result["video"], key
        name = key.removesuffix(".mp4")[:200] + "-{Count}.png"
        job = done(work_off, kind="snapshot", input=f"oss://films/{key}", output=f"oss://films/{name}", mode="single", time=0.2)
        assert films.stat(job.outputs.get().key) is not None, key
        assert films.delete(key)
        assert films.stat(key) is None


@pytest.mark.parametrize("key", ["a//b.mp4", "../b.mp4", "a/../b.mp4", "a/./b.mp4", "/a.mp4", "a\x00.mp4", "a\n.mp4", "x" * 1025])
def test_keys_that_cannot_be_are_refused_at_the_door(bind: Callable[..., Any], api_of: Callable[..., Client], bob: Any, key: str) -> None:
    films = bind("films")
    answer = api_of(bob).post("/api/v1/jobs", json.dumps({"kind": "mediainfo", "input": f"oss://films/{key}"}), content_type="application/json")
    assert answer.status_code == 400, answer.content
    with pytest.raises(Refused):
        films.put(key, [b"x"])


def test_a_bucket_that_is_deleted_under_way(bind: Callable[..., Any], clips: Clips, work_off: Callable[[], int]) -> None:
    films = bind("films")
    films.put("a.mp4", [clips.make(seconds=1).read_bytes()])
    document = {"kind": "mediainfo", "input": "oss://films/a.mp4"}
    job = services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
    remote = Bucket.objects.get(name="films").remote
    films.client.delete_object(Bucket=remote, Key="a.mp4")
    films.client.delete_bucket(Bucket=remote)
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "ObjectNotFound") or job.code == "BucketNotFound"


@pytest.mark.parametrize("fault", ["503", "expired", "late", "reset"])
@pytest.mark.parametrize("when", ["GET", "PUT"])
def test_a_lasting_fault_is_said_clearly_and_nothing_half_is_seen(
    bind: Callable[..., Any], clips: Clips, work_off: Callable[[], int], line: Line, alice: Any, client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, fault: str, when: str,
) -> None:  # fmt: skip
    monkeypatch.setattr("media_assets.s3_reading.PAUSE", 0.01)
    monkeypatch.setattr("media_assets.publishing_s3.PATIENCE", 1.0, raising=False)
    caplog.set_level(logging.DEBUG)
    films = bind("films", endpoint=line.endpoint)
    films.put("a.mp4", [clips.make(seconds=1).read_bytes()])
    document = {"kind": "snapshot", "input": "oss://films/a.mp4", "output": "oss://films/out/{Count}.png", "mode": "single"}
    job = services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
    line.fault = times(10_000, fault, lambda method, path: method == when and "list-type" not in path)
    work_off()
    line.fault = lambda method, path: ""
    job.refresh_from_db()
    if fault in ("503", "reset") and (fault, when) != ("reset", "PUT"):
        assert (job.state, job.code) == (JobState.QUEUED, "") or job.code == "BucketUnreachable", (job.state, job.code)
    elif fault in ("expired", "late"):
        assert (job.state, job.code) == (JobState.FAILED, "BucketAccessDenied")
    if job.state != JobState.SUCCEEDED:
        assert films.list("out/") == []
    said = [str(list(Model.objects.values())) for Model in (Job, JobEvent, Attempt)]
    pages = [client_of(alice).get(url).content.decode() for url in (reverse("jobs:job_detail", args=[job.id]), reverse("media:bucket_list"), "/api/v1/buckets")]
    for text in (*said, *pages, caplog.text):
        assert SECRET not in text
        assert "X-Amz-Signature" not in text
