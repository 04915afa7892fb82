"""Pages of the bulk edits: first what would happen, then what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from console.auth import at_least, operator
from console.error_texts import translated
from console.models import Role
from jobs import usage
from media_assets import bulk, library
from media_assets.bulk_forms import ACTIONS, change_of, form_of
from media_assets.forms import MediaFilterForm
from media_assets.models import Media, MediaEntry, MediaFile

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

SHOWN = 10


def _chosen(data: QueryDict) -> QuerySet[MediaEntry]:
    """The media that were ticked, or all that the list's query matches."""
    if data.get("all") != "1":
        return MediaEntry.objects.filter(pk__in=[text[:32] for text in data.getlist("id")[: bulk.CAP]]).order_by("-created_at", "-media_id")
    query = QueryDict(data.get("query", ""))
    form = MediaFilterForm(query)
    wanted = form.wanted(query.get("sort", "-created"))
    return library.entries(wanted, usage.media_with_failures() if form.cleaned_data.get("failed") == "1" else None)


@require_POST
@operator
def media_bulk(request: HttpRequest) -> HttpResponse:
    """Tag, categorise, publish, make private or remove many. Deleting files needs an admin."""
    action = request.POST.get("action", "")
    query = request.POST.get("query", "")
    back = reverse("media:media_list") + (f"?{query}" if query else "")
    found = list(_chosen(request.POST).values_list("pk", "title")[: bulk.CAP + 1])
    if action not in ACTIONS or not found:
        messages.error(request, _("Select at least one media."))
        return redirect(back)
    ids = [media_id for media_id, _title in found[: bulk.CAP]]
    sure = "confirmed" in request.POST
    form = form_of(action, request.POST if sure else None, may_delete=at_least(request.user, Role.ADMIN))
    context = {
        "action": action,
        "query": query,
        "back": back,
        "form": form,
        "ids": ids,
        "titles": [title for _id, title in found[:SHOWN]],
        "all": request.POST.get("all") == "1",
        "more": len(found) > bulk.CAP,
        "known_tags": library.tags() if action == "tag" else (),
    }
    if sure and form.is_valid():
        results = bulk.run(ids, change_of(action, form.cleaned_data, cast("User", request.user)))
        context["refused"] = [
            {"id": row.id, "title": row.title, "error": " ".join(translated(p.message) for p in row.error.problems) or translated(row.error.message)}
            for row in results
            if row.error
        ]
        context["done"] = [row for row in results if not row.error]
        context["finished"] = True
        return render(request, "media_assets/media_bulk.html", context)
    if action == "remove":
        files = MediaFile.objects.filter(media__in=ids)
        context["outputs_bytes"] = library.bytes_of(files, *(set(MediaFile.Role.values) - {MediaFile.Role.SOURCE}))
        context["source_bytes"] = library.bytes_of(files, MediaFile.Role.SOURCE)
        context["may_delete"] = at_least(request.user, Role.ADMIN)
    if action == "publish":
        context["already"] = Media.objects.filter(pk__in=ids, state=Media.State.PUBLISHED).count()
    return render(request, "media_assets/media_bulk.html", context, status=422 if sure else 200)
