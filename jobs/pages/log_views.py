"""The log tab: windows of lines with anchors, a search over all of it, what is appended while the job runs, and the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console.auth import viewer
from console.lib.file_body import file_body
from jobs import queries, secrecy
from jobs.found import find
from jobs.logs import reader as log_reader
from jobs.logs.kept import KeptLog
from jobs.pages.detail_views import frame
from jobs.pages.job_page import newest_log

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from jobs.models import Attempt, Job

LEVELS = {"warn": "EW", "error": "E"}


def _number(request: HttpRequest, name: str) -> int | None:
    """A whole number of the query, or None."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 15 else None


def _attempt(request: HttpRequest, job: Job) -> Attempt | None:
    """The attempt that is asked for, else the newest that has a log."""
    wanted = _number(request, "attempt")
    if wanted is None:
        return newest_log(job.id)
    return queries.attempts(job.id).filter(pk=wanted).exclude(log_name="").first()


def _readable(request: HttpRequest, job_id: str) -> Job:
    """The job, whose log this person may read, or the 404 or the 403 page."""
    job = find(job_id)
    if secrecy.hides(request, job):
        raise PermissionDenied(secrecy.why())
    return job


@require_GET
@viewer
def job_log(request: HttpRequest, job_id: str) -> HttpResponse:
    """The last 1,000 lines, or those before or around a line; with ``q`` the true number of hits and where they are."""
    job = find(job_id)
    told = frame(request, job, "log")
    if told["secret"]:
        return render(request, "jobs/job_log.html", told)
    attempt = _attempt(request, job)
    text, level = request.GET.get("q", "").strip()[:200], request.GET.get("level", "")
    before, at = _number(request, "before"), _number(request, "at")
    context: dict[str, Any] = told | {"attempt": attempt, "q": text, "level": level if level in LEVELS else "", "at": at, "before": before}
    context["attempts"] = queries.attempts(job.id).exclude(log_name="").order_by("-started_at", "-pk")[:50]
    if attempt is not None:
        kept = KeptLog(attempt)
        context["window"] = log_reader.window(kept, before=before, around=at, levels=LEVELS.get(level, ""))
        context["hits"] = log_reader.search(kept, text) if text else None
        context["is_tail"] = kept.is_tail
        context["follow"] = attempt.state == "running" and not (before or at or level)
    return render(request, "jobs/job_log.html", context)


@require_GET
@viewer
def log_tail(request: HttpRequest, job_id: str) -> HttpResponse:
    """Lines after ``after`` bytes, numbered from ``line``; headers say where to go on, and whether the attempt is over."""
    job = _readable(request, job_id)
    attempt = _attempt(request, job)
    if attempt is None:
        raise Http404
    over = attempt.state != "running"  # read before the file: nothing is written after the end was
    news = log_reader.appended(KeptLog(attempt), _number(request, "after") or 0, _number(request, "line") or 0)
    response = render(request, "jobs/job_log.html#lines", {"lines": news.lines})
    told = {"X-Log-After": str(news.size), "X-Log-Line": str(news.total), "X-Log-End": str(int(over and not news.lines)), "Cache-Control": "no-store"}
    for name, value in told.items():
        response.headers[name] = value
    return response


@require_GET
@viewer
def log_download(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """The whole log as a file."""
    job = _readable(request, job_id)
    attempt = _attempt(request, job)
    try:
        file = KeptLog(attempt).open() if attempt else None
    except OSError:
        file = None
    if file is None or attempt is None:
        raise Http404
    size = file.seek(0, 2)
    name = f"job-{job.id[:12]}-{attempt.number}.log"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return StreamingHttpResponse(file_body(request, file, 0, size), headers=headers, content_type="text/plain; charset=utf-8")
