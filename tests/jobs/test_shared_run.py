"""One process, many outputs: what one of them suffers does not harm the others. Here somebody takes the file of the second away while it is written."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from jobs import services
from jobs.engine.spec import JOB_SPEC
from jobs.models import Attempt, Job
from jobs.states import JobState
from jobs.workspace import root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]


class Thief(threading.Thread):
    """Removes «o1.mp4» from every room as soon as it appears, at most so many times."""

    def __init__(self, times: int) -> None:
        super().__init__(daemon=True)
        self.left = times
        self.over = threading.Event()

    def run(self) -> None:
        while self.left and not self.over.is_set():
            for file in root().glob("*/o1.mp4"):
                file.unlink(missing_ok=True)
                self.left -= 1
            time.sleep(0.005)


@pytest.fixture
def rob() -> Iterator[Callable[[int], Thief]]:
    """Starts a thief; it is stopped at the end."""
    thieves: list[Thief] = []

    def start(times: int) -> Thief:
        thieves.append(Thief(times))
        thieves[-1].start()
        return thieves[-1]

    yield start
    for thief in thieves:
        thief.over.set()
        thief.join()


def submit(source: str) -> Job:
    outputs = [{"template": "mp4-h264-360p", "address": "oss://output/a.mp4"}, {"template": "mp4-h264-540p", "address": "oss://output/b.mp4"}]
    return services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": source, "outputs": outputs}, strict=False), source="api")


def test_what_did_not_verify_runs_once_more_alone(
    buckets: Any, clips: Any, work_off: Callable[[], int], rob: Callable[[int], Thief], decoded: Callable[[Path], int]
) -> None:
    job = submit(buckets.put(clips.make(seconds=4, size="960x540")))
    thief = rob(1)
    work_off()
    job.refresh_from_db()
    assert thief.left == 0
    assert job.state == JobState.SUCCEEDED, job.message
    shared, alone = Attempt.objects.get().argv
    assert {"o0.mp4", "o1.mp4"} <= set(shared)
    assert "o0.mp4" not in alone
    assert decoded(buckets.output / "a.mp4") == decoded(buckets.output / "b.mp4") == 100


def test_what_fails_alone_has_failed_and_the_others_stay(
    buckets: Any, clips: Any, work_off: Callable[[], int], rob: Callable[[int], Thief], decoded: Callable[[Path], int]
) -> None:
    job = submit(buckets.put(clips.make(seconds=4, size="960x540")))
    rob(100)
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "SomeOutputsFailed")
    good, bad = job.outputs.order_by("index")
    assert (good.state, bad.state) == (JobState.SUCCEEDED, JobState.FAILED)
    assert bad.code in ("EncodeFailed", "OutputVerifyFailed")
    assert decoded(buckets.output / "a.mp4") == 100
    assert not (buckets.output / "b.mp4").exists()

    again = services.retry(job.id, owner=None, actor="test")
    assert [str(output) for output in again.outputs.all()] == ["oss://output/b.mp4"]
