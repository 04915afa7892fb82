"""The upload page: a plain multipart form, which upload.js turns into a queue with progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from csp.constants import SELF
from django.conf import settings
from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import operator, viewer
from console.error_texts import translated
from jobs import services as job_services
from jobs.defaults import in_turn, output_address
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.engine.spec import InputSpec, OutputSpec, TranscodeSpec
from jobs.models import Job
from media_assets import direct_uploads, library
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
    """What can be chosen: the starter first, own templates, then presets; but intelligent ones, which need an analysis before."""
    rows = Template.objects.filter(deleted_at=None, current__isnull=False).exclude(kind=Template.Kind.INTELLIGENT).select_related("current").order_by("name")
    return sorted(rows, key=lambda row: (row.name != STARTER, row.is_preset, row.name))


@require_http_methods(["GET", "POST"])
@operator
def upload(request: HttpRequest) -> HttpResponse:
    """Choose files; they go to the bucket, into the library, and through a template if one is chosen."""
    templates = _templates()
    choices = [(row.name, f"{row.name} ({sentence(row.current.params)})" if row.current else row.name) for row in templates]
    form = UploadForm(request.POST if request.method == "POST" else None, request.FILES or None, initial={"template": STARTER}, templates=choices)
    if form.is_bound and form.is_valid():
        files = form.cleaned_data["file"]
        title = form.cleaned_data["title"] if len(files) == 1 else ""
        done = [_store(request, file, title=title, **{name: form.cleaned_data[name] for name in ("bucket", "folder", "if_exists", "tags")}) for file in files]
        job_ids = _submit(request, done, form.cleaned_data["template"])
        _tell(request, done, len(job_ids))
        return redirect(_next(done, job_ids))
    stores = direct_uploads.origins()
    context = {
        "form": form,
        "limit_bytes": settings.REELMILL_MAX_UPLOAD_GB * 1_000_000_000,
        "direct_buckets": sorted(stores),
        "known_tags": library.tags(),
    }
    response = render(request, "media_assets/upload.html", context, status=422 if form.is_bound else 200)
    if stores:
        response._csp_update = {"connect-src": [SELF, *sorted(set(stores.values()))]}  # type: ignore[attr-defined]  # as django-csp's decorators do
    return response


@require_POST
@operator
def upload_submit(request: HttpRequest) -> HttpResponse:
    """A job for ``input``, which has just been uploaded, with ``template``: ``{"id": …}`` (201), or 422 with the reason."""
    try:
        job = _job(request, Address.parse(request.POST.get("input", "")), request.POST.get("template", ""))
    except Refused as error:
        return JsonResponse({"message": translated(error.problems[0].message if error.problems else error.message)}, status=422)
    except ValueError as error:
        return JsonResponse({"message": translated(str(error))}, status=422)
    return JsonResponse({"id": job.id}, status=201)


@in_turn()
def _job(request: HttpRequest, source: Address, template: str) -> Job:
    """A job with the default name. Raises Refused."""
    spec = TranscodeSpec(input=InputSpec(address=source), outputs=(OutputSpec(template=template, address=output_address(source, template)),))
    return job_services.submit(spec=spec, source=Job.Source.CONSOLE, owner=request.user)


@require_GET
@viewer
def upload_job(request: HttpRequest, job_id: str) -> HttpResponse:
    """The row of an upload once it is a job: state and progress, asked for again until the job has ended."""
    job = get_object_or_404(Job.objects.defer("probe", "log_line"), pk=job_id)
    return render(request, "media_assets/_upload_job.html", {"job": job, "name": Address(job.input_bucket, job.input_key).name})


def _store(request: HttpRequest, file: UploadedFile[Any], *, bucket: str, folder: str, if_exists: str, title: str, tags: list[str]) -> Arrival:
    """One file into the bucket and the library; a refusal is told, and does not stop the others."""
    name = file.name or "file"
    try:
        key = f"{folder}/{name}" if folder else name
        return Arrival(name, store(bucket, key, file.chunks(), if_exists=if_exists, user=request.user, title=title, tags=tags))  # type: ignore[arg-type]  # the form's choices
    except Refused as error:
        return Arrival(name, error=translated(error.message))


def _submit(request: HttpRequest, done: Sequence[Arrival], template: str) -> list[str]:
    """One job for each file that arrived, if a template was chosen; a refusal is told."""
    job_ids = []
    for arrival in done:
        if not template or arrival.media is None:
            continue
        try:
            job_ids.append(_job(request, Address(arrival.media.bucket, arrival.media.key), template).id)
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
