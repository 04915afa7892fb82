"""Template analyses as JSON: the same jobs as ``POST /jobs`` makes, with a short way to wait for them, to find them, and to ask for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ninja import Router

from console.auth import needs_viewer
from console.lib.http import answer, known_parameters, plain_text, whole_number
from console.lib.openapi import parameter
from console.lib.paging import page
from jobs import payloads, queries, short_api
from jobs.api import PAGING
from jobs.engine.errors import Refused
from jobs.engine.spec import AnalysisSpec

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["analyses"])


class AnalysisRequest(AnalysisSpec, short_api.Awaited):
    """An analysis; what a job request says, without its kind."""


@router.post("/analyses", url_name="analysis_create", **short_api.taking(AnalysisRequest))
def analysis_create(request: HttpRequest) -> HttpResponse:
    """Find out which presets fit an input, which not and why, and the values that intelligent ones take on it. Role operator."""
    return short_api.create(request, "analysis")


@router.get(
    "/analyses",
    auth=needs_viewer,
    openapi_extra={"parameters": [parameter("state", "queued, running, succeeded, failed or cancelled; several with commas"), *PAGING]},
    url_name="analysis_list",
)
def analysis_list(request: HttpRequest) -> HttpResponse:
    """Analyses, newest first. Role viewer."""
    known_parameters(request, "state", "after", "before", "limit")
    asked = request.GET.copy()
    asked["kind"] = "analysis"
    size = whole_number(request, "limit", 25, 1, 100)
    found = page(queries.jobs(queries.JobFilter.from_query(asked)), plain_text(request, "after", 4096), plain_text(request, "before", 4096), size)
    return answer({"items": [payloads.job_payload(job, request) for job in found.items], "next": found.next, "previous": found.previous})


@router.get("/analyses/{job_id}", auth=needs_viewer, response=payloads.JobAnswer, url_name="analysis_get")
def analysis_get(request: HttpRequest, job_id: str) -> HttpResponse:
    """One analysis. Role viewer."""
    job = queries.job(job_id)
    if job.kind != "analysis":
        raise Refused("NotFound", "There is no such analysis.")
    return answer(payloads.job_payload(job, request))
