"""The upload page: a plain multipart form, which upload.js turns into a queue with progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from console.auth import operator, viewer
from console.error_texts import translated
from jobs import services as job_services
from jobs.defaults import output_address
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.engine.spec import InputSpec, OutputSpec, TranscodeSpec
from jobs.models import Job
from media_assets.forms import UploadForm
from media_assets.uploads import upload as store
from templates_app.models import Template
from templates_app.summary import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest, HttpResponse

    from media_assets.models import Media

STARTER = "hls-ladder"


@dataclass(frozen=True)
class Arrival:
    """What became of one file: its media, or why there is none."""

    name: str
    media: Media | None = None
    error: str = ""


def _templates() -> list[Template]:
    """What can be chosen: the starter first, own templates, then presets."""
    rows = Template.objects.filter(deleted_at=None, current__isnull=False).select_related("current").order_by("name")
    return sorted(rows, key=lambda row: (row.name != STARTER, row.is_preset, row.name))


@require_http_methods(["GET", "POST"])
@operator
def upload(request: HttpRequest) -> HttpResponse:
    """Choose files; they go to the bucket, into the library, and through a template if one is chosen."""
    templates = _templates()
    choices = [(row.name, f"{row.name} ({sentence(row.current.params)})" if row.current else row.name) for row in templates]
    form = UploadForm(request.POST if request.method == "POST" else None, request.FILES or None, initial={"template": STARTER}, templates=choices)
    if form.is_bound and form.is_valid():
        done = [_store(request, file, **{name: form.cleaned_data[name] for name in ("bucket", "folder", "if_exists")}) for file in form.cleaned_data["file"]]
        job_ids = _submit(request, done, form.cleaned_data["template"])
        _tell(request, done, len(job_ids))
        return redirect(_next(done, job_ids))
    context = {
        "form": form,
        "limit_bytes": settings.REELMILL_MAX_UPLOAD_GB * 1_000_000_000,
    }
    return render(request, "media_assets/upload.html", context, status=422 if form.is_bound else 200)


@require_GET
@operator
def upload_output(request: HttpRequest) -> HttpResponse:
    """Where the output of ``input`` with ``template`` goes, as JSON: ``{"address": …}``. 422 for what is no address or no template."""
    try:
        address = output_address(Address.parse(request.GET.get("input", "")), request.GET.get("template", ""))
    except Refused as error:
        return JsonResponse({"message": translated(error.message)}, status=422)
    except ValueError as error:
        return JsonResponse({"message": translated(str(error))}, status=422)
    return JsonResponse({"address": str(address)})


@require_GET
@viewer
def upload_job(request: HttpRequest, job_id: str) -> HttpResponse:
    """The row of an upload once it is a job: state and progress, asked for again until the job has ended."""
    job = get_object_or_404(Job.objects.defer("probe", "log_line"), pk=job_id)
    return render(request, "media_assets/_upload_job.html", {"job": job, "name": Address(job.input_bucket, job.input_key).name})


def _store(request: HttpRequest, file: UploadedFile[Any], *, bucket: str, folder: str, if_exists: str) -> Arrival:
    """One file into the bucket and the library; a refusal is told, and does not stop the others."""
    name = file.name or "file"
    try:
        return Arrival(name, store(bucket, f"{folder}/{name}" if folder else name, file.chunks(), if_exists=if_exists, user=request.user))  # type: ignore[arg-type]  # the form's choices
    except Refused as error:
        return Arrival(name, error=translated(error.message))


def _submit(request: HttpRequest, done: Sequence[Arrival], template: str) -> list[str]:
    """One job for each file that arrived, if a template was chosen; a refusal is told."""
    job_ids = []
    for arrival in done:
        if not template or arrival.media is None:
            continue
        source = Address(arrival.media.bucket, arrival.media.key)
        spec = TranscodeSpec(input=InputSpec(address=source), outputs=(OutputSpec(template=template, address=output_address(source, template)),))
        try:
            job_ids.append(job_services.submit(spec=spec, source=Job.Source.CONSOLE, owner=request.user).id)
        except Refused as error:
            messages.error(request, f"{arrival.name}: {translated(error.message)}")
    return job_ids


def _tell(request: HttpRequest, done: Sequence[Arrival], jobs: int) -> None:
    """What arrived, and what was refused."""
    arrived = sum(arrival.media is not None for arrival in done)
    if arrived:
        messages.success(request, ngettext("%(n)s file was uploaded.", "%(n)s files were uploaded.", arrived) % {"n": arrived})
    if jobs:
        messages.success(request, ngettext("%(n)s job was submitted.", "%(n)s jobs were submitted.", jobs) % {"n": jobs})
    for arrival in done:
        if arrival.error:
            messages.error(request, f"{arrival.name}: {arrival.error}")


def _next(done: Sequence[Arrival], job_ids: Sequence[str]) -> str:
    """To the one job or the one media, else to the list that shows them all."""
    if len(job_ids) == 1:
        return reverse("jobs:job_detail", args=[job_ids[0]])
    if job_ids:
        return reverse("jobs:job_list")
    media = [arrival.media for arrival in done if arrival.media]
    return reverse("media:media_detail", args=[media[0].id]) if len(media) == 1 else reverse("media:media_list")
