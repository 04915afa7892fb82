"""The queue's budgets: claims beside a long backlog, no-op steps per second, and what a submit waits meanwhile.

``python -m tests.bench.queue NAME`` prints one line per budget: what, value, budget, «ok» or «over», separated by tabs. The database is that of the
environment (DATABASE_URL, else SQLite in REELMILL_DATA); everything happens in a test database beside it, which is removed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
QUEUED = 100_000
PIPELINES = 100
CLAIMS = 400
STEPS = 2_000
WORKERS = 2


def main() -> None:
    """Measure and print, or (with «--worker DATABASE») be one of the workers that are measured."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    if sys.argv[1] == "--worker":
        settings.DATABASES["default"]["NAME"] = sys.argv[2]
        django.setup()
        return be_worker()
    settings.DATABASES["default"]["TEST"] = {
        "NAME": str(settings.REELMILL_DATA / "bench.sqlite3") if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else "reelmill_bench"
    }
    django.setup()
    with own_database():
        steps = measure_steps()
        claims = measure_claim()
    rate, p99 = steps["steps_per_second"], steps["submit_p99"]
    line(f"no-op steps per second, {WORKERS} workers", f"{rate:.0f}/s", "≥ 250/s", rate >= 250)
    line("a submit meanwhile, p99", f"{p99 * 1000:.1f} ms", "≤ 20 ms", p99 <= 0.020)
    line(f"claim with {QUEUED:,} queued, p99", f"{claims['p99'] * 1000:.1f} ms", "≤ 10 ms", claims["p99"] <= 0.010)
    return None


def line(what: str, value: str, budget: str, kept: bool) -> None:
    """One row of the report."""
    print(what, value, budget, "ok" if kept else "over", sep="\t", flush=True)


@contextmanager
def own_database() -> Iterator[None]:
    """An empty, migrated database of this run."""
    from django.db import connection

    old = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(old, verbosity=0)


def measure_claim(queued: int = QUEUED, claims: int = CLAIMS) -> dict[str, Any]:
    """Seconds of a claim, in a fresh look at ``queued`` ready steps: 60 % of them urgent and paused, the rest in 99 pipelines of which a third is full.

    Answers p50, p99, max.
    """
    from jobs import records, scheduler
    from jobs.models import Job, Lane, Pipeline, Step
    from jobs.node.group import keep_connection
    from jobs.records import Fence
    from tests.bench.report import percentile

    keep_connection()  # as the groups do that claim
    lines = [Pipeline.objects.create(name=f"line {i}", slots=2) for i in range(PIPELINES)]
    paused = lines[0]
    Pipeline.objects.filter(pk=paused.pk).update(state=Pipeline.State.PAUSED)
    for start in range(0, queued, 5_000):
        numbers = range(start, min(queued, start + 5_000))
        where = [paused if n % 10 < 6 else lines[1 + n % (PIPELINES - 1)] for n in numbers]
        jobs = Job.objects.bulk_create(Job(kind="transcode", pipeline=line, spec={}, input_bucket="input", input_key="x") for line in where)
        Step.objects.bulk_create(
            Step(job=job, kind="transcode", pipeline=line, priority=10 if line is paused else 1 + n % 10, seq=n)
            for n, job, line in zip(numbers, jobs, where, strict=True)
        )
    for line in lines[1::3]:  # fill them
        Pipeline.objects.filter(pk=line.pk).update(slots=1)
        busy = Step.objects.filter(pipeline=line).order_by("seq").values_list("pk", flat=True)[0]
        Step.objects.filter(pk=busy).update(state="running", attempt=1, worker="bench/0", lease_until="2100-01-01T00:00:00Z")
    took = []
    for _ in range(claims):
        begin = time.perf_counter()
        claimed = scheduler.claim(Lane.MAIN, "bench/1")
        took.append(time.perf_counter() - begin)
        assert claimed is not None
        records.step_done(Fence(claimed.job_id, claimed.step_id, claimed.attempt))
    return {"p50": percentile(took, 0.5), "p99": percentile(took, 0.99), "max": max(took)}


def measure_steps(steps: int = STEPS, workers: int = WORKERS) -> dict[str, Any]:
    """No-op steps per second through claim and record by ``workers`` processes, and the seconds that a submit takes meanwhile (p50, p99)."""
    from django.db import connection

    from jobs.models import Job
    from tests.bench.report import percentile
    from tests.jobs import rows

    pipeline = rows.pipeline(slots=1000)
    for _ in range(steps):
        rows.waiting(pipeline)
    argv = [sys.executable, "-m", "tests.bench.queue", "--worker", str(connection.settings_dict["NAME"])]
    crew = [subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(workers)]
    try:
        for one in crew:
            assert one.stdout is not None
            one.stdout.readline()  # it stands at the line
        submits: list[float] = []
        over = threading.Event()
        submitting = threading.Thread(target=submit_meanwhile, args=(over, submits))
        submitting.start()
        begin = time.perf_counter()
        for one in crew:
            assert one.stdin is not None
            one.stdin.close()
        for one in crew:
            assert one.wait(300) == 0
        took = time.perf_counter() - begin
        over.set()
        submitting.join()
    finally:
        for one in crew:
            one.kill()
            one.wait()
            if one.stdout:
                one.stdout.close()
    finished = Job.objects.filter(state="succeeded").count()
    return {"steps_per_second": finished / took, "submit_p50": percentile(submits, 0.5), "submit_p99": percentile(submits, 0.99), "submits": len(submits)}


def submit_meanwhile(over: threading.Event, took: list[float]) -> None:
    """What a submit writes, 20 times per second: job, step and event in one transaction, then the ring."""
    from django.db import connection, transaction

    from jobs import scheduler, transitions
    from jobs.models import Pipeline
    from tests.jobs import rows

    paused = Pipeline.objects.create(name="submits", state=Pipeline.State.PAUSED)
    while not over.wait(0.05):
        begin = time.perf_counter()
        with transaction.atomic():
            step = rows.waiting(paused)
            transitions.event(step.job_id, "submitted")
            scheduler.ring_on_commit()
        took.append(time.perf_counter() - begin)
    connection.close()


def be_worker() -> None:
    """Do what is claimable as a worker group does, with steps that do nothing."""
    from jobs import records, tasks
    from jobs.node.group import keep_connection
    from jobs.records import Fence
    from jobs.scheduler import Claimed

    def nothing(claimed: Claimed) -> None:
        records.step_done(Fence(claimed.job_id, claimed.step_id, claimed.attempt))

    keep_connection()
    print("ready", flush=True)
    sys.stdin.read()
    tasks.work(nothing)


if __name__ == "__main__":
    main()
