"""Workers die while Narrowband 2 surveys, probes and encodes: what has a result is not done again, and the job is done once."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.models import Attempt, Job, JobEvent, Step
from jobs.states import JobState, StepState
from media_assets.models import Discard
from tests.jobs.nodes import RunningNode, of_folder, on_this_database, until
from tests.jobs.test_narrowband import H264, changed, narrow, rows, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill, pytest.mark.media, pytest.mark.usefixtures("presets", "pipeline")]
VICTIMS = ("survey", "probe", "transcode")


@pytest.fixture
def node(tmp_path: Path, environment: Callable[..., dict[str, str]]) -> Iterator[RunningNode]:
    """``manage.py worker`` with two groups for encodes, on the test's database."""
    data = tmp_path / "data"
    more = {"REELMILL_WORKERS": "2", "REELMILL_NODE": "victim"}
    made = RunningNode(["manage.py", "worker"], environment(data, **on_this_database(data), **more), data)
    yield made
    made.destroy()


def busy(node: RunningNode, kind: str) -> int:
    """The worker process of a group that runs a program for a step of this kind; 0: none does now."""
    for step in Step.objects.filter(kind=kind, state=StepState.RUNNING, attempt=1, program_running=True):
        group = next((group for group in node.groups() if group.main == int(step.worker.rpartition("/")[2])), None)
        if group is not None and group.programs and group.worker:
            return group.worker
    return 0


def test_what_was_found_survives_every_death(node: RunningNode, media: Path, buckets: Any, decoded: Callable[[Path], int]) -> None:
    template = changed(H264, short_side=720, preset="slow")
    source = buckets.put(media / "bbb-720p25-h264-aac51.mp4")
    node.wait_ready()
    job = submitted(source, narrow(template), narrow(changed(template, short_side=480)))
    done_before: dict[int, Any] = {}
    for kind in VICTIMS:
        begin = time.monotonic()
        while not (worker := busy(node, kind)):
            assert time.monotonic() - begin < 120, f"no {kind} could be killed: {list(Step.objects.values_list('kind', 'state', 'attempt'))}"
            time.sleep(0.01)
        done_before |= {step.pk: (step.attempt, step.result) for step in Step.objects.filter(job=job, state=StepState.SUCCEEDED)}
        os.kill(worker, signal.SIGKILL)
    until(lambda: Job.objects.get(pk=job.pk).finished_at, 180, "the job is left unfinished")

    for row in rows(job):
        assert row.certificate is not None
        assert decoded(buckets.output / row.key) == 132
    steps = {step.pk: step for step in Step.objects.filter(job=job)}
    for pk, (attempt, result) in done_before.items():  # nothing that had a result was done again
        assert (steps[pk].attempt, steps[pk].result) == (attempt, result)
    lost = JobEvent.objects.filter(job=job, kind="lost").count()
    assert lost == len(VICTIMS)
    tries = Counter(step.kind for step in steps.values() if step.attempt > 1)
    assert tries == Counter(VICTIMS)
    assert sum(step.kind == "probe" and step.attempt == 1 for step in steps.values()) >= 2
    assert Attempt.objects.filter(step__job=job, state="lost").count() == len(VICTIMS)

    published = Counter(JobEvent.objects.filter(job=job, kind="published").values_list("data__output", flat=True))
    assert set(published.values()) == {1}
    assert JobEvent.objects.filter(job=job, kind=JobState.SUCCEEDED).count() == 1
    until(lambda: not list((node.data / "work").iterdir()), 20, "rooms of dead attempts")
    until(lambda: not Discard.objects.exists(), 20, "objects that wait for removal")
    assert not [pid for group in node.groups() + node.groups("short") for pid in group.programs]
    assert node.stop() < 10
    assert of_folder(node.data) == []
