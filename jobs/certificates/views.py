"""The certificate as a page of its own, made to be printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from console.auth import viewer
from jobs import secrecy
from jobs.certificates.reading import of
from jobs.found import find

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_GET
@viewer
def certificate_page(request: HttpRequest, job_id: str, output_id: str) -> HttpResponse:
    """Everything that the certificate of one output says. Raises Http404 where it has none."""
    job = find(job_id)
    output = next((row for row in job.outputs.all() if row.id == output_id), None)
    found = of(output) if output is not None else None
    if output is None or found is None:
        raise Http404(_("This output has no certificate."))
    video: dict[str, Any] = next((row for row in (output.media_info or {}).get("video") or [] if not row.get("attached_picture")), {})
    context = {"job": job, "output": output, "certificate": found, "video": video, "settings_told": not secrecy.hides_output(request, output)}
    return render(request, "jobs/certificate.html", context)
