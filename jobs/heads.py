"""What could be claimed now: the first waiting step of each (pipeline, lane, needs). Reads only; the claim locks and looks again.

Two index lookups per pipeline (plus two per kind of need that waits in it), however long the backlogs are. Tables and states are written out in
the SQL so that the planner sees that the partial index serves.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection

from jobs.models import Lane

HEADS = """
WITH RECURSIVE waiting(pipeline, needs) AS (
    SELECT p.id, (SELECT min(s.needs) FROM jobs_step s WHERE s.pipeline_id = p.id AND s.lane = %(lane)s AND s.state = 'ready')
    FROM jobs_pipeline p
    WHERE p.state = 'Active' AND {free}
    UNION ALL
    SELECT w.pipeline, (SELECT min(s.needs) FROM jobs_step s WHERE s.pipeline_id = w.pipeline AND s.lane = %(lane)s AND s.state = 'ready' AND s.needs > w.needs)
    FROM waiting w
    WHERE w.needs IS NOT NULL
)
SELECT h.id, h.pipeline_id, h.needs, h.priority, h.seq
FROM waiting w
JOIN jobs_step h ON h.id = (
    SELECT s.id FROM jobs_step s WHERE s.pipeline_id = w.pipeline AND s.lane = %(lane)s AND s.state = 'ready' AND s.needs = w.needs
    ORDER BY s.priority DESC, s.seq, s.id LIMIT 1
)
ORDER BY h.priority DESC, h.seq, h.id
"""
FREE_SLOT = "(SELECT count(*) FROM jobs_step r WHERE r.pipeline_id = p.id AND r.state = 'running' AND r.lane = 'main') < p.slots"


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
    free = FREE_SLOT if lane == Lane.MAIN else "1 = 1"  # light steps take no slot
    with connection.cursor() as cursor:
        cursor.execute(HEADS.format(free=free), {"lane": str(lane)})
        found = [Head(*row) for row in cursor.fetchall()]
    return [head for head in found if capabilities is None or not head.needs or capabilities.issuperset(head.needs.split("+"))]
