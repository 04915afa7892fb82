"""The log tab: windows of lines with anchors, a search over all of it, what is appended while the job runs, and the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console.auth import viewer
from jobs import log_reader, queries, workspace
from jobs.detail_views import find, frame
from jobs.job_page import newest_log

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


@require_GET
@viewer
def job_log(request: HttpRequest, job_id: str) -> HttpResponse:
    """The last 1,000 lines, or those before or around a line; with ``q`` the true number of hits and where they are."""
    job = find(job_id)
    attempt = _attempt(request, job)
    text, level = request.GET.get("q", "").strip()[:200], request.GET.get("level", "")
    before, at = _number(request, "before"), _number(request, "at")
    context: dict[str, Any] = frame(job, "log") | {"attempt": attempt, "q": text, "level": level if level in LEVELS else "", "at": at, "before": before}
    context["attempts"] = queries.attempts(job.id).exclude(log_name="").order_by("-started_at", "-pk")[:50]
    if attempt is not None:
        path = workspace.log_path(attempt.log_name)
        context["window"] = log_reader.window(path, before=before, around=at, levels=LEVELS.get(level, ""))
        context["hits"] = log_reader.search(path, text) if text else None
        context["follow"] = attempt.state == "running" and not (before or at or level)
    return render(request, "jobs/job_log.html", context)


@require_GET
@viewer
def log_tail(request: HttpRequest, job_id: str) -> HttpResponse:
    """Lines after ``after`` bytes, numbered from ``line``; headers say where to go on, and whether the attempt is over."""
    job = find(job_id)
    attempt = _attempt(request, job)
    if attempt is None:
        raise Http404
    over = attempt.state != "running"  # read before the file: nothing is written after the end was
    news = log_reader.appended(workspace.log_path(attempt.log_name), _number(request, "after") or 0, _number(request, "line") or 0)
    response = render(request, "jobs/job_log.html#lines", {"lines": news.lines})
    told = {"X-Log-After": str(news.size), "X-Log-Line": str(news.total), "X-Log-End": str(int(over and not news.lines)), "Cache-Control": "no-store"}
    for name, value in told.items():
        response.headers[name] = value
    return response


@require_GET
@viewer
def log_download(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """The whole log as a file."""
    job = find(job_id)
    attempt = _attempt(request, job)
    try:
        file = workspace.log_path(attempt.log_name).open("rb") if attempt else None
    except OSError:
        file = None
    if file is None or attempt is None:
        raise Http404
    return FileResponse(file, as_attachment=True, filename=f"job-{job.id[:12]}-{attempt.number}.log", content_type="text/plain; charset=utf-8")
