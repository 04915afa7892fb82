"""Measuring an output from its card, and the figures of every picture as a file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from console.auth import operator, viewer
from console.error_texts import translated
from jobs import payloads, services
from jobs.engine.errors import Refused
from jobs.found import find
from jobs.models import Job
from jobs.quality.admission import of_output
from jobs.quality.chart import csv_lines

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_POST
@operator
def output_measure(request: HttpRequest, job_id: str, output_id: str) -> HttpResponse:
    """Measure one output against its source; the new job's page shows it."""
    job = find(job_id)
    try:
        wanted = payloads.read_job_request({"kind": "quality", "pipeline": job.pipeline.name, **of_output(output_id)})
        made = services.submit(spec=wanted.spec, pipeline=wanted.pipeline, source=Job.Source.CONSOLE, owner=request.user)
    except Refused as error:
        messages.error(request, translated(error.problems[0].message if error.problems else error.message))
        return redirect("jobs:job_detail", job.id)
    messages.success(request, _("The quality is being measured."))
    return redirect("jobs:job_detail", made.id)


@require_GET
@viewer
def quality_csv(request: HttpRequest, job_id: str) -> HttpResponse:
    """Every picture's figures."""
    job = find(job_id)
    if job.kind != "quality" or not job.result:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="quality-{job.id}.csv"'})
    csv.writer(response).writerows(csv_lines(job.result))
    return response
