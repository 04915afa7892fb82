"""How an attempt ends before its work is done: cancelled, its lease lost, its program stalled."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

from jobs import scheduler, services, worker, workspace
from jobs.engine.spec import JOB_SPEC
from jobs.models import Attempt, Job
from jobs.states import AttemptState, JobState, StepState
from tests.jobs.nodes import until

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
SLOW = {"video": {"preset": "veryslow", "crf": 10}}


@pytest.fixture
def running(buckets: Any, clips: Any) -> tuple[Job, scheduler.Claimed]:
    """A claimed job that would encode for a minute."""
    source = buckets.put(clips.make(seconds=30, size="1280x720", rate=30))
    document = {"kind": "transcode", "input": source, "outputs": [{"template": "mp4-h264-720p", "address": "oss://output/a.mp4", "overrides": SLOW}]}
    job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False), source="api")
    claimed = scheduler.claim("main", f"test-node/{os.getpgrp()}")
    assert claimed is not None
    return job, claimed


def during(encode: Callable[[], None], act: Callable[[], None]) -> float:
    """Run ``encode`` here; as soon as an ffmpeg of ours runs, ``act`` in a thread. Answers the seconds from the act to the end."""
    acted: list[float] = []

    def watch() -> None:
        try:
            end = time.monotonic() + 20
            while time.monotonic() < end and not children():
                time.sleep(0.05)
            time.sleep(0.3)
            acted.append(time.monotonic())
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    encode()
    ended = time.monotonic()
    thread.join()
    return ended - acted[0]


def children() -> list[int]:
    """Processes of this one that are ffmpeg."""
    found = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        for pid in (task / "children").read_text().split():
            if b"ffmpeg" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(int(pid))
    return found


def test_cancel_ends_a_running_encode_and_leaves_nothing(running: tuple[Job, scheduler.Claimed], buckets: Any) -> None:
    job, claimed = running
    took = during(lambda: worker.run_attempt(claimed), lambda: services.cancel(job.id, actor="bob") and None)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert job.outputs.get().state == JobState.CANCELLED
    assert Attempt.objects.get().state == AttemptState.CANCELLED
    assert took < 10  # a bound against hanging; the budget of 2 s is measured by the benchmarks
    assert not children()
    assert not list(workspace.root().iterdir())
    assert not (buckets.output / "a.mp4").exists()


def test_a_worker_whose_lease_was_taken_publishes_nothing(running: tuple[Job, scheduler.Claimed], buckets: Any) -> None:
    job, claimed = running
    during(lambda: worker.run_attempt(claimed), lambda: scheduler.lose(claimed.step_id, claimed.attempt, reason="test") and None)
    job.refresh_from_db()
    step = job.steps.get()
    assert (job.state, step.state, step.losses) == (JobState.QUEUED, StepState.READY, 1)
    assert Attempt.objects.get().state == AttemptState.LOST
    assert not children()
    assert not (buckets.output / "a.mp4").exists()


def test_a_stalled_program_is_ended_and_the_step_tried_again(running: tuple[Job, scheduler.Claimed], settings: Any) -> None:
    job, claimed = running
    settings.REELMILL_STALL_SECONDS = 2
    during(lambda: worker.run_attempt(claimed), lambda: [os.kill(pid, signal.SIGSTOP) for pid in children()] and None)
    job.refresh_from_db()
    step = job.steps.get()
    assert (job.state, step.state, step.losses) == (JobState.QUEUED, StepState.BLOCKED, 1)
    assert job.events.filter(kind="released", data__reason="Stalled").exists()
    assert not children()


def test_a_program_that_others_ended_is_started_again(running: tuple[Job, scheduler.Claimed]) -> None:
    """As when the machine shuts down, which sends the same signal to all at once: the job has not failed."""
    job, claimed = running
    during(lambda: worker.run_attempt(claimed), lambda: [os.kill(pid, signal.SIGTERM) for pid in children()] and None)
    job.refresh_from_db()
    step = job.steps.get()
    assert (job.state, job.code, step.state, step.losses) == (JobState.QUEUED, "", StepState.BLOCKED, 1)
    assert job.outputs.get().state == JobState.QUEUED
    assert job.events.filter(kind="released", data__reason="InternalError").exists()


def test_a_database_that_does_not_answer_counts_against_no_step(running: tuple[Job, scheduler.Claimed], settings: Any) -> None:
    """The lease cannot be renewed, so the work stops. As soon as the database answers, the step goes back; nobody has died."""
    job, claimed = running
    settings.REELMILL_LEASE_SECONDS = 1

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE jobs_step IN ACCESS EXCLUSIVE MODE" if connection.vendor == "postgresql" else "DELETE FROM jobs_step WHERE id = -1")
            time.sleep(3)

    during(lambda: worker.run_attempt(claimed), hold)
    job.refresh_from_db()
    step = job.steps.get()
    assert (job.state, step.state, step.losses) == (JobState.QUEUED, StepState.READY, 0)
    assert Attempt.objects.get().state == AttemptState.RELEASED
    assert not children()


@pytest.mark.pg
def test_a_database_that_is_started_anew_costs_no_attempt(buckets: Any, clips: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends all connections; lease, progress and record go on over new ones."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 600)  # as worker groups have it: their connections stay
    settings.REELMILL_LEASE_SECONDS = 2
    source = buckets.put(clips.make(seconds=20, size="1280x720", rate=30))
    document = {"kind": "transcode", "input": source, "outputs": [{"template": "mp4-h264-720p", "address": "oss://output/a.mp4"}]}
    job = services.submit(spec=JOB_SPEC.validate_python(document, strict=False), source="api")
    claimed = scheduler.claim("main", f"test-node/{os.getpgrp()}")
    assert claimed is not None

    def end_connections() -> None:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with connection.cursor() as cursor:
            until(lambda: cursor.execute(f"SELECT 1 {others}") or len(cursor.fetchall()) >= 2, 20, "the main thread's and the pulse's")
            cursor.execute(f"SELECT pg_terminate_backend(pid) {others}")

    during(lambda: worker.run_attempt(claimed), end_connections)
    job.refresh_from_db()
    assert (job.state, job.message, job.steps.get().attempt) == (JobState.SUCCEEDED, "", 1)


def test_three_counted_failures_fail_the_job(running: tuple[Job, scheduler.Claimed], settings: Any) -> None:
    job, claimed = running
    settings.REELMILL_STALL_SECONDS = 1
    job.steps.update(losses=2)
    during(lambda: worker.run_attempt(claimed), lambda: [os.kill(pid, signal.SIGSTOP) for pid in children()] and None)
    job.refresh_from_db()
    assert (job.state, job.code) == (JobState.FAILED, "Stalled")
    assert job.outputs.get().code == "Stalled"
