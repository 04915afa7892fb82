"""A disk that is really full: work waits, nothing is damaged, and it goes on when there is space."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from jobs import services
from jobs.engine.spec import JOB_SPEC
from jobs.models import Attempt
from jobs.states import AttemptState, JobState
from jobs.workspace import root
from media_assets.models import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("presets", "pipeline"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system"),
]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], check=False).returncode:
        pytest.skip("this machine does not allow to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize(("template", "key"), [("mp4-h264-720p", "a.mp4"), ("hls-h264-720p", "s/a.m3u8")])
def test_publishing_waits_for_space_and_leaves_what_is_there(
    buckets: Any, clips: Any, small_disk: Path, settings: Any, work_off: Callable[[], int], decoded: Callable[[Path], int], template: str, key: str
) -> None:
    settings.REELMILL_MIN_FREE_MB = 0
    Bucket.objects.filter(name="output").update(folder=str(small_disk))
    (small_disk / key).parent.mkdir(exist_ok=True)
    (small_disk / key).write_bytes(b"what was there before")
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 900_000)
    document = {
        "kind": "transcode",
        "input": buckets.put(clips.make(seconds=3, size="1280x720")),
        "outputs": [{"template": template, "address": f"oss://output/{key}"}],
    }
    job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False), source="api")
    work_off()
    job.refresh_from_db()
    assert (job.state, job.steps.get().state, job.steps.get().losses) == (JobState.QUEUED, "blocked", 0)
    assert Attempt.objects.get().state == AttemptState.RELEASED
    assert (small_disk / key).read_bytes() == b"what was there before"
    assert {path.name for path in small_disk.rglob("*") if path.is_file() and ".reelmill" not in path.parts} == {"filler", key.rpartition("/")[2]}
    assert list(root().iterdir()) == []

    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    job.steps.update(state="ready", not_before=None)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    playable = small_disk / key
    assert decoded(playable) == 75


def test_a_program_that_finds_no_space_first_is_started_again(
    buckets: Any, clips: Any, small_disk: Path, settings: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]
) -> None:
    """The disk fills up between two looks at it: the program fails by itself, and its output is not to blame."""
    settings.REELMILL_MIN_FREE_MB = 0
    room = root()
    room.rmdir()
    room.symlink_to(small_disk)
    clip = clips.make(seconds=2, size="320x180")
    (small_disk / "filler").write_bytes(b"x" * (900_000 - clip.stat().st_size))
    source = buckets.put(clip)
    rough = {"video": {"width": 1280, "height": 720, "crf": 1, "preset": "ultrafast"}}
    document = {"kind": "transcode", "input": source, "outputs": [{"template": "mp4-h264-720p", "address": "oss://output/a.mp4", "overrides": rough}]}
    job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False), source="api")
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code, job.steps.get().state) == (JobState.QUEUED, "", "blocked")
    assert job.outputs.get().state == JobState.QUEUED
    room.unlink()
    job.steps.update(state="ready", not_before=None)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    assert decoded(buckets.output / "a.mp4") == 50
