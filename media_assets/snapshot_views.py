"""The tab of a media's snapshots, and the choice or upload of its cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from django.contrib import messages
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import operator, viewer
from console.error_texts import translated
from console.lib.file_body import file_body
from console.lib.paging import capped_count
from console.lib.returning import back
from console.views import conflict
from jobs import usage
from jobs.engine.errors import Refused
from media_assets import covers, library, snapshots, sprites
from media_assets.forms import CoverForm
from media_assets.models import Media, MediaFile
from media_assets.picture_zip import PictureZip

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

SHOWN = 300
SPRITES_SHOWN = 10
ENDLESS = 2**62  # the archive's length is known when it has been read


@require_GET
@viewer
def snapshot_zip(request: HttpRequest, media_id: str) -> StreamingHttpResponse:
    """All pictures of a media in one archive, or those of the job ``job``."""
    media = get_object_or_404(Media, pk=media_id)
    job = request.GET.get("job", "")
    found = [(one.bucket, one.key) for one in snapshots.of_media(media) if not job or one.job_id == job]
    if not found:
        raise Http404
    response = StreamingHttpResponse(file_body(request, cast("BinaryIO", PictureZip(found)), None, ENDLESS), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="snapshots-{(job or media.id)[:8]}.zip"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
@viewer
def media_snapshots(request: HttpRequest, media_id: str) -> HttpResponse:
    """All pictures that were taken of it, newest job first."""
    media = get_object_or_404(Media.objects.select_related("category").prefetch_related("tags"), pk=media_id)
    files = list(media.files.all())
    found = snapshots.of_media(media)
    context = {
        "media": media,
        "tab": "snapshots",
        "files": files,
        "renditions": [file for file in files if file.role == MediaFile.Role.RENDITION],
        "category_path": library.path(media.category),
        "job_count": capped_count(usage.jobs_of_media(media.id), 1000)[0],
        "snapshots": found[:SHOWN],
        "sprites": sprites.of_media(media)[:SPRITES_SHOWN],
        "more": len(found) > SHOWN,
    }
    return render(request, "media_assets/media_snapshots.html", context)


@require_POST
@operator
def media_cover(request: HttpRequest, media_id: str) -> HttpResponseBase:
    """Make one of its snapshots the cover."""
    media = get_object_or_404(Media, pk=media_id)
    try:
        snapshots.choose_cover(media, request.POST.get("bucket", ""), request.POST.get("key", ""))
    except Refused as error:
        return conflict(request, error.message)
    messages.success(request, _("The cover was set."))
    return redirect(back(request, reverse("media:media_tab", args=[media.id, "snapshots"])))


@require_http_methods(["GET", "POST"])
@operator
def cover_upload(request: HttpRequest, media_id: str) -> HttpResponseBase:
    """Make a picture of one's own the cover."""
    media = get_object_or_404(Media, pk=media_id)
    form = CoverForm(request.POST, request.FILES) if request.method == "POST" else CoverForm()
    if form.is_bound and form.is_valid():
        try:
            covers.from_file(media, form.cleaned_data["picture"])
        except Refused as error:
            form.add_error("picture", translated(error.message))
        else:
            messages.success(request, _("The cover was set."))
            return redirect(back(request, reverse("media:media_detail", args=[media.id])))
    context = {"form": form, "media": media, "next": back(request, "")}
    return render(request, "media_assets/cover_form.html", context, status=422 if form.is_bound else 200)
