"""What could be claimed now: the first waiting step of each (pipeline, lane, needs), and the second look under lock. Reads only; the claim writes.

A few index lookups per pipeline (and per kind of need that waits in it), however long the backlogs are. SQL by hand: this is the one path where
Django's own would be the larger part of the work, and the planner sees from the states written out that the partial indexes serve.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from django.db import connection

from jobs import hot
from jobs.models import Lane

HEADS_SQLITE = """
WITH RECURSIVE waiting(pipeline, needs) AS (
    SELECT p.id, (SELECT min(s.needs) FROM jobs_step s WHERE s.pipeline_id = p.id AND s.lane = '{lane}' AND s.state = 'ready')
    FROM jobs_pipeline p
    WHERE p.state = 'Active' AND {free}
    UNION ALL
    SELECT w.pipeline, (SELECT min(s.needs) FROM jobs_step s WHERE s.pipeline_id = w.pipeline AND s.lane = '{lane}' AND s.state = 'ready' AND s.needs > w.needs)
    FROM waiting w
    WHERE w.needs IS NOT NULL
)
SELECT (SELECT s.id {first}) AS id, w.pipeline, w.needs, (SELECT s.priority {first}) AS priority, (SELECT s.seq {first}) AS seq
FROM waiting w
WHERE w.needs IS NOT NULL
ORDER BY priority DESC, seq, id
"""  # the same subquery three times: SQLite has no LATERAL, and each of them is one look into an index
HEAD_OF = """
FROM jobs_step s WHERE s.pipeline_id = w.pipeline AND s.lane = '{lane}' AND s.state = 'ready' AND s.needs = w.needs
ORDER BY s.priority DESC, s.seq, s.id LIMIT 1
"""
HEADS_POSTGRESQL = """
WITH RECURSIVE waiting AS (
    SELECT p.id AS pipeline, head.*
    FROM jobs_pipeline p CROSS JOIN LATERAL (SELECT {first}) head
    WHERE p.state = 'Active' AND {free}
    UNION ALL
    SELECT w.pipeline, head.*
    FROM waiting w CROSS JOIN LATERAL (SELECT {following}) head
)
SELECT id, pipeline, needs, priority, seq FROM waiting ORDER BY priority DESC, seq, id
"""  # one look into the index per head: a third of what SQLite's text costs here
LATERAL_HEAD = """
s.needs, s.priority, s.seq, s.id FROM jobs_step s WHERE s.pipeline_id = {line} AND s.lane = '{lane}' AND s.state = 'ready'{more}
ORDER BY s.needs, s.priority DESC, s.seq, s.id LIMIT 1
"""
FREE_SLOT = "(SELECT count(*) FROM jobs_step r WHERE r.pipeline_id = p.id AND r.state = 'running' AND r.lane = 'main') < p.slots"
ACTIVE = "SELECT slots FROM jobs_pipeline WHERE id = %s AND state = 'Active'"
FIRST = """
SELECT s.id, s.priority, s.seq, s.job_id, s.kind, s.attempt,
    (SELECT count(*) FROM jobs_step r WHERE r.pipeline_id = s.pipeline_id AND r.state = 'running' AND r.lane = 'main'),
    EXISTS (SELECT 1 FROM jobs_step o WHERE o.pipeline_id = s.pipeline_id AND o.lane = s.lane AND o.needs = s.needs AND o.state = 'ready' AND o.id <> s.id)
FROM jobs_step s JOIN jobs_job j ON j.id = s.job_id
WHERE s.pipeline_id = %s AND s.lane = %s AND s.needs = %s AND s.state = 'ready' ORDER BY s.priority DESC, s.seq, s.id LIMIT 1
"""


class Candidate(NamedTuple):
    """A step that may be claimed by whoever holds the locks now."""

    step_id: int
    job_id: str
    kind: str
    attempt: int
    pipeline_id: str
    slots_left: bool  # the pipeline may start another one beside it
    followed: bool  # another one waits behind it, with the same needs


class Head(NamedTuple):
    """The first waiting step of one pipeline, lane and need."""

    step_id: int
    pipeline_id: str
    needs: str
    priority: int
    seq: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """Smaller goes first: priority, then age."""
        return (-self.priority, self.seq, self.step_id)


def heads(lane: str, capabilities: frozenset[str] | None = None) -> list[Head]:
    """Claimable heads, the best first; only those whose needs are within ``capabilities`` (None: whatever they need)."""
    found = [Head(*row) for row in hot.do((query(lane), []))[0].rows]
    return [head for head in found if capabilities is None or not head.needs or capabilities.issuperset(head.needs.split("+"))]


@cache
def query(lane: str) -> str:
    """The statement behind :func:`heads`. Light steps take no slot."""
    lane = Lane(lane).value  # one of ours: it goes into the text
    free = FREE_SLOT if lane == Lane.MAIN else "1 = 1"
    if connection.vendor == "postgresql":
        first = LATERAL_HEAD.format(line="p.id", lane=lane, more="")
        following = LATERAL_HEAD.format(line="w.pipeline", lane=lane, more=" AND s.needs > w.needs")
        return HEADS_POSTGRESQL.format(free=free, first=first, following=following)
    return HEADS_SQLITE.format(free=free, lane=lane, first=HEAD_OF.format(lane=lane))


def confirm(best: Head, lane: str, next_best: Head | None) -> Candidate | None:
    """Look again, under lock: the step that may be claimed now for that head. None: it is gone, no longer the best, or may no longer start.

    Inside a transaction. SQLite: it is IMMEDIATE, nobody else writes. PostgreSQL: the pipeline's row is locked first; running steps are counted and the
    head is read in a later statement, which sees what the previous holder of the lock has committed. A job that somebody is changing is left alone.
    """
    locks = connection.features.has_select_for_update
    pipeline, first = hot.do(
        (ACTIVE + (" FOR NO KEY UPDATE" if locks else ""), [best.pipeline_id]),
        (FIRST + (" FOR NO KEY UPDATE OF j SKIP LOCKED" if locks else ""), [best.pipeline_id, str(lane), best.needs]),
    )
    if not pipeline.rows or not first.rows:
        return None
    slots = pipeline.rows[0][0]
    step_id, priority, seq, job_id, kind, attempt, running, followed = first.rows[0]
    if lane == Lane.MAIN and running >= slots:
        return None
    if next_best is not None and (-priority, seq, step_id) > next_best.rank:
        return None  # the head that was seen is gone, and another pipeline has something better than what follows it
    return Candidate(step_id, job_id, kind, attempt, best.pipeline_id, lane != Lane.MAIN or running + 1 < slots, bool(followed))


def more(found: list[Head], claimed: Candidate) -> bool:
    """Whether another worker of that kind could start something beside ``claimed``, as far as what was seen for it tells.

    Who submits, hands back, resumes or gives slots rings for itself, and who ends a step looks again: only what was there before counts here.
    """
    if claimed.slots_left and (claimed.followed or len(found) > 1):
        return True
    return any(head.pipeline_id != claimed.pipeline_id for head in found)
