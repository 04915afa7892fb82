"""Doing one thing to many jobs: choose them (by ids, or by the list's query), then do it one by one and tell what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import QueryDict

from console.error_texts import translated
from jobs import queries, services
from jobs.engine.errors import Refused
from jobs.models import Job

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ACTIONS = ("cancel", "retry", "priority", "move")
CAP = 1000
SHOWN = 10


@dataclass(frozen=True)
class Chosen:
    """The jobs that are meant. ``more``: the query matches more than may be done at once. ``all``: chosen by query."""

    ids: list[str]
    names: list[str]
    all: bool
    more: bool


@dataclass(frozen=True)
class Result:
    """What became of one job; ``error`` is empty where it was done. ``new_id``: the job that a retry made."""

    id: str
    name: str
    error: str = ""
    new_id: str = ""


@dataclass(frozen=True)
class Results:
    """Of all."""

    done: list[Result]
    refused: list[Result]


def choose(form: QueryDict) -> Chosen:
    """Read the selection: ``all=1`` with ``query``, or ``id`` repeated. Raises Refused for a query that makes no sense."""
    by_query = form.get("all") == "1"
    if by_query:
        rows = queries.jobs(queries.JobFilter.from_query(QueryDict(form.get("query", ""))))
    else:
        rows = Job.objects.filter(pk__in=form.getlist("id")[:CAP]).order_by("-created_at", "-id")
    found = list(rows.prefetch_related(None).values_list("id", "input_key")[: CAP + 1])
    names = [key.rpartition("/")[2] for _id, key in found[:SHOWN]]
    return Chosen([job_id for job_id, _key in found[:CAP]], names, by_query, len(found) > CAP)


def run(action: str, ids: list[str], *, user: User, priority: int = 0, pipeline: str = "") -> Results:
    """Do it to each. A refusal of one does not stop the others."""
    names = dict(Job.objects.filter(pk__in=ids).values_list("id", "input_key"))
    done, refused = [], []
    for job_id in ids:
        name = names.get(job_id, job_id).rpartition("/")[2]
        try:
            new_id = _one(action, job_id, user, priority, pipeline)
        except Refused as error:
            refused.append(Result(job_id, name, translated(error.message)))
        else:
            done.append(Result(job_id, name, new_id=new_id))
    return Results(done, refused)


def _one(action: str, job_id: str, user: User, priority: int, pipeline: str) -> str:
    actor = user.get_username()
    if action == "cancel":
        services.cancel(job_id, actor=actor)
    elif action == "priority":
        services.set_priority(job_id, priority, actor=actor)
    elif action == "move":
        services.move(job_id, pipeline, actor=actor)
    else:
        return services.retry(job_id, owner=user, actor=actor, source=Job.Source.CONSOLE).id
    return ""
