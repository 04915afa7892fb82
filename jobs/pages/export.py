"""The list of jobs as a file: CSV for tables, JSON lines for programs. At most ``CAP`` jobs, read and sent in pieces."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest

from console.lib.http import iso
from console.lib.paging import page
from jobs import queries
from jobs.models import Job
from jobs.payloads import job_payload

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, QueryDict

CAP = 10_000
PIECE = 100  # jobs per read
IDS = 1000
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
COLUMNS = (
    "id", "kind", "state", "code", "message", "pipeline", "priority", "input", "templates", "outputs", "source", "owner", "user_data", "warnings",
    "created_at", "started_at", "finished_at", "wait_seconds", "run_seconds", "retry_of",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a table program would compute a cell that begins so


def wanted(query: QueryDict) -> QuerySet[Job]:
    """The jobs with the ids given, else those of the filter, in the list's order. Raises Refused for a filter that makes no sense."""
    ids = query.getlist("id")[:IDS]
    if ids:
        return queries.with_outputs(Job.objects.filter(pk__in=ids)).order_by(*queries.SORTS["-created"])
    return queries.jobs(queries.JobFilter.from_query(query))


def body(request: HttpRequest, rows: QuerySet[Job], form: str) -> Iterator[str] | AsyncIterator[str]:
    """The file in pieces. Under ASGI a synchronous iterator would be read in full before the first byte goes out, so there it is an asynchronous one."""
    pieces = _pieces(request, rows, form)
    return _later(pieces) if isinstance(request, ASGIRequest) else pieces


async def _later(pieces: Iterator[str]) -> AsyncIterator[str]:
    """The same pieces, each made in the thread where the database may be asked."""
    following = sync_to_async(lambda: next(pieces, None))
    while (piece := await following()) is not None:
        yield piece


def _pieces(request: HttpRequest, rows: QuerySet[Job], form: str) -> Iterator[str]:
    if form == "csv":
        yield "\ufeff" + _lines([COLUMNS])  # the mark tells table programs that this is UTF-8
    sent, after = 0, None
    while sent < CAP:
        found = page(rows, after, size=min(PIECE, CAP - sent))
        if form == "csv":
            yield _lines([_row(job) for job in found.items])
        else:
            yield "".join(f"{json.dumps(job_payload(job, request), ensure_ascii=False, separators=(',', ':'))}\n" for job in found.items)
        sent, after = sent + len(found.items), found.next
        if after is None:
            break


def _lines(rows: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _row(job: Job) -> list[Any]:
    """One job in the order of ``COLUMNS``; several values of a cell have a line each."""
    outputs = list(job.outputs.all())
    wait = (job.started_at - job.created_at).total_seconds() if job.started_at else ""
    run = (job.finished_at - job.started_at).total_seconds() if job.started_at and job.finished_at else ""
    return [
        job.id, job.kind, str(job.state), job.code, _cell(job.message), _cell(job.pipeline.name), job.priority, f"oss://{job.input_bucket}/{job.input_key}",
        _cell("\n".join(dict.fromkeys(row.template_name for row in outputs))), "\n".join(str(row) for row in outputs), str(job.source),
        _cell(job.owner.get_username() if job.owner else ""), _cell(job.user_data), _cell("\n".join(map(str, job.warnings))),
        iso(job.created_at), iso(job.started_at) or "", iso(job.finished_at) or "", wait, run, job.retry_of_id or "",
    ]  # fmt: skip


def _cell(text: str) -> str:
    """Text that a table program shows as it is and does not compute."""
    return f"'{text}" if text.startswith(FORMULA) else text
