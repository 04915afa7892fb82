"""The switch «measure the quality» of outputs: once a job has ended, each of its outputs that succeeded and asked for it gets a quality job, exactly one.

The wish is a column of the output. Whoever recorded the job's end fulfils it at once, and the sweep fulfils what was left: after a kill in between, or when
the queue of the pipeline was full. Wish and job change in one transaction, under the lock of the transcode job.
"""

from __future__ import annotations

import structlog
from django.db import transaction

from jobs import services, transitions
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC, InputSpec, QualitySpec, TranscodeSpec
from jobs.models import Job, Output
from jobs.states import JobState

log = structlog.get_logger(__name__)
AT_ONCE = 100  # outputs of one round of the sweep
OWN_SOURCES = frozenset({Job.Source.CONSOLE, Job.Source.API, Job.Source.CLI, Job.Source.SAMPLE, Job.Source.WORKFLOW})


def catch_up() -> int:
    """Fulfil what is due and not done. Returns how many jobs were made."""
    due = Output.objects.filter(quality_due=True, state=JobState.SUCCEEDED, job__finished_at__isnull=False).order_by("id")
    jobs = dict.fromkeys(due.values_list("job_id", flat=True)[:AT_ONCE])
    return sum(follow(job_id) for job_id in jobs)


def follow(job_id: str) -> int:
    """Make the quality jobs that a finished job's outputs asked for. Returns how many; 0 while it runs, where nothing is due, and where the queue is full."""
    if not Output.objects.filter(job=job_id, quality_due=True, state=JobState.SUCCEEDED).exists():
        return 0
    try:
        with transaction.atomic():
            transitions.lock_job(job_id)
            job = Job.objects.select_related("pipeline", "owner").get(pk=job_id)
            rows = Output.objects.filter(job=job, quality_due=True, state=JobState.SUCCEEDED).order_by("index") if job.is_final else ()
            return sum(_measure(job, row) for row in rows)
    except Refused as error:
        log.info("quality waits", job=job_id, code=error.code)
        return 0


def _measure(job: Job, row: Output) -> int:
    """One quality job of an output, in the pipeline of the transcode. Inside the caller's transaction; raises Refused QueueFull."""
    asked = JOB_SPEC.validate_python(job.spec, strict=False)
    if not isinstance(asked, TranscodeSpec):  # only outputs of transcodes can ask; for the type checker
        raise TypeError(asked.kind)
    spec = QualitySpec(
        input=InputSpec(address=asked.input.address, start=asked.input.start, duration=asked.input.duration),
        distorted=Address(row.bucket, row.key),
        output=row.id,
        metrics=asked.outputs[row.index].metrics,
    )
    own = job.source in OWN_SOURCES  # other products know no such job, so their listeners are not told of it
    made = services.submit_follower(spec, job, source=job.source if own else Job.Source.API, notify_topic=job.notify_topic if own else "")
    transitions.change(job.id)
    transitions.event(job.id, "measured", job=made.id, output=row.id)
    return 1
