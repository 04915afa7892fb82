"""The statement that puts the message about a job's end into the outbox, to go with those that end it: both are there, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from datetime import datetime

    from jobs.hot import Statement

# One message a job, or one for each of its outputs where a product calls each of them a job. The id is the job's or the output's: nothing ends twice.
WRITE = """
INSERT INTO jobs_delivery (id, topic, job_id, output_id, state, created_at, due_at)
SELECT COALESCE(o.id, j.id), j.notify_topic, j.id, COALESCE(o.id, ''), 'waiting', %s, %s
FROM jobs_job j LEFT JOIN jobs_output o ON (j.notify_each AND o.job_id = j.id)
WHERE j.id = %s AND j.notify_topic <> ''
"""


def telling(job_id: str, now: datetime) -> Statement:
    """Writes the messages of a job that ends now, if it names a topic."""
    moment = connection.ops.adapt_datetimefield_value(now)
    return WRITE, [moment, moment, job_id]
