"""The kill test on a store: real workers are killed while they fetch, encode and publish. Nothing half is seen, and after the sweep no upload is left open."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from jobs import services
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, JobEvent
from jobs.states import FINAL, JobState
from media_assets.models import Bucket
from media_assets.s3 import S3Storage
from media_assets.storage import sweep_discards
from tests.clips import Clips
from tests.jobs.nodes import RunningNode, on_this_database, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill, pytest.mark.media]
KILLS = 10
COPY = {"container": {"format": "mp4"}, "video": {"codec": "copy"}, "audio": {"codec": "copy"}}


@pytest.fixture
def node(tmp_path: Path, environment: Callable[..., dict[str, str]], free_port: Callable[[], int]) -> Iterator[RunningNode]:
    """``manage.py serve`` with two groups for encodes, on the test's database."""
    data = tmp_path / "node"
    more = {"REELMILL_WORKERS": "2", "REELMILL_PORT": str(free_port()), "REELMILL_NODE": "victim", "REELMILL_DISCARD_GRACE_SECONDS": "2"}
    made = RunningNode(["manage.py", "serve"], environment(data, **on_this_database(data), **more), data)
    yield made
    made.destroy()


@pytest.mark.parametrize("kind", ["moto", "rclone"])
def test_workers_that_die_leave_nothing_half_in_a_store(
    node: RunningNode, bind: Callable[..., S3Storage], clips: Clips, presets: None, pipeline: Any, decoded: Callable[[Path], int], tmp_path: Path, kind: str
) -> None:
    films = bind("films", kind)
    small = clips.make(seconds=4, size="640x360")
    large = clips.make(
        seconds=8, size="640x360", more=("-vf", "noise=alls=80:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-pix_fmt", "yuv420p")
    )
    assert large.stat().st_size > 3 * (8 << 20)  # goes up in parts
    films.put("small.mp4", [small.read_bytes()])
    films.put("large.mp4", [large.read_bytes()])
    node.wait_ready()
    draw, wanted = random.Random(7), 0

    def submit() -> None:
        nonlocal wanted
        if wanted % 2:
            output = {"template": "hls-h264-360p", "address": f"oss://films/sets/{wanted}.m3u8"}
        else:
            output = {"overrides": COPY, "address": f"oss://films/copies/{wanted}.mp4"}
        document = {"kind": "transcode", "input": f"oss://films/{'small' if wanted % 2 else 'large'}.mp4", "outputs": [output]}
        services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
        wanted += 1

    def unfinished() -> int:
        return Job.objects.exclude(state__in=FINAL).count()

    kills = 0
    end = time.monotonic() + 90
    while kills < KILLS:
        assert time.monotonic() < end
        while unfinished() < 3:
            submit()
        time.sleep(draw.uniform(0.2, 1.2))
        for facts in films.list("copies/"):
            assert abs(facts.size - large.stat().st_size) < 200_000, facts  # what can be seen is whole
        busy = [group for group in node.groups() if group.worker]
        if busy and Job.objects.filter(state=JobState.RUNNING).exists():
            os.kill(draw.choice(busy).worker, signal.SIGKILL)
            kills += 1
    until(lambda: not unfinished(), 90, "jobs are left unfinished")
    assert node.stop() < 15

    assert JobEvent.objects.filter(kind__in=("lost", "released")).count() >= 3
    bad = [job for job in Job.objects.all() if job.state != JobState.SUCCEEDED and job.code != "WorkerLost"]
    assert not bad, [(job.code, job.message) for job in bad]
    good = [job for job in Job.objects.all() if job.state == JobState.SUCCEEDED]
    assert len(good) >= wanted - 2
    later = timezone.now() + dt.timedelta(hours=25)
    sweep_discards(later)
    films.end_abandoned(later)
    assert not films.client.list_multipart_uploads(Bucket=Bucket.objects.get(name="films").remote).get("Uploads")
    rows = [output for job in good for output in job.outputs.all()]
    assert {facts.key for facts in films.list()} - {"small.mp4", "large.mp4"} == {key for row in rows for key in (row.key, *row.parts)}
    for row in rows:
        room = tmp_path / row.id
        room.mkdir()
        for key in (*row.parts, row.key):
            films.pin(key, room, key.rpartition("/")[2])
        assert decoded(room / row.key.rpartition("/")[2]) == (200 if row.key.startswith("copies/") else 100), row.key
