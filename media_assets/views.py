"""Pages of the library: list, detail, edit, publish, remove, and categories. They parse, ask, call a service and render."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from console.auth import admin, at_least, operator, viewer
from console.lib.form_errors import add_refusal
from console.lib.lists import CURSORS, chips, paged, without
from console.lib.pages import render_page
from console.lib.paging import capped_count
from console.lib.returning import back
from console.models import Role
from jobs import usage
from jobs.engine.errors import Refused
from jobs.workflows import queries as workflows
from jobs.workflows.shown import rows_of
from media_assets import editing, keys, library, one_page
from media_assets.forms import DURATIONS, CategoryDeleteForm, CategoryForm, MediaFilterForm, MediaForm, RemoveForm
from media_assets.models import Category, Media, MediaFile

if TYPE_CHECKING:
    from django.forms import Form

VIEWS = ("table", "grid")
TABS = ("overview", "outputs", "jobs", "executions", "files")
JOBS_SHOWN = 50
PICTURES = frozenset(MediaFile.Role.values) - {MediaFile.Role.SOURCE, MediaFile.Role.RENDITION}
"""Roles of what was taken of a media: snapshots, sprites, previews. Removed with its outputs."""
FACETS = ("category", "tag", "state", "duration")


def _answer(request: HttpRequest, template: str, form: Form, **context: Any) -> HttpResponse:
    """A form page: 422 with what was typed if it was sent and refused."""
    return render(request, template, {"form": form, **context}, status=422 if form.is_bound and form.errors else 200)


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


@require_GET
@viewer
def media_list(request: HttpRequest) -> HttpResponse:
    """The library, as a table or a grid."""
    form = MediaFilterForm(request.GET)
    sort = request.GET.get("sort", "-created")
    wanted = form.wanted(sort)
    only_failed = form.cleaned_data.get("failed") == "1"
    rows, facets = library.searched(wanted, usage.media_with_failures() if only_failed else None)
    found, size = paged(request, rows)
    query = request.GET.copy()
    for name in CURSORS:
        query.pop(name, None)
    view = request.GET.get("view") if request.GET.get("view") in VIEWS else "table"
    context = {
        "form": form,
        "kept": {"view": "" if view == "table" else view, "sort": "" if sort == "-created" else sort},
        "page": library.media_of(found),
        "size": size,
        "count_text": _count(facets.number, facets.more),
        "facets": facets,
        "facet_groups": _facet_groups(request, form, facets),
        "facets_open": any(request.GET.get(name) for name in FACETS),
        "query": query.urlencode(),
        "view": view,
        "sort": sort,
        "chips": chips(request, form),
        "clear_url": without(request, list(form.fields)),
    }
    return render_page(request, "media_assets/media_list.html", context, parts={"results": "results"})


def _facet_groups(request: HttpRequest, form: MediaFilterForm, facets: library.Facets) -> list[dict[str, Any]]:
    """The counts as links that narrow the list down to one kind; that of a kind that is chosen already leads to it too."""
    found: dict[str, list[tuple[str, Any, int]]] = {
        "category": [(str(category.pk), category.name, number) for category, number in facets.categories],
        "tag": [(tag.name, tag.name, number) for tag, number in facets.tags],
        "state": [(state, Media.State(state).label, number) for state, number in facets.states],
        "duration": [(name, dict(DURATIONS)[name], number) for name, number in facets.lengths],
    }
    groups = []
    for name in FACETS:
        items = [
            {"label": label, "number": number, "url": _with(request, name, value), "current": request.GET.get(name) == value}
            for value, label, number in found[name]
        ]
        groups.append({"label": form.fields[name].label, "items": items})
    return groups


def _with(request: HttpRequest, name: str, value: str) -> str:
    """This page's address with that filter, from its first page on."""
    query = request.GET.copy()
    for gone in CURSORS:
        query.pop(gone, None)
    query[name] = value
    return f"?{query.urlencode()}"


def _count(number: int, more: bool) -> str:
    """How many media the filters leave, «2,000+» beyond what is counted."""
    text = number_format(number, 0, force_grouping=True) + ("+" if more else "")
    return ngettext("%(n)s media", "%(n)s media", number) % {"n": text}


@require_GET
@viewer
def media_detail(request: HttpRequest, media_id: str, tab: str = "overview") -> HttpResponse:
    """One media. Tabs are paths: outputs/, jobs/, executions/, files/."""
    if tab not in TABS:
        raise Http404
    media = get_object_or_404(Media.objects.select_related("category").prefetch_related("tags"), pk=media_id)
    files = list(media.files.order_by("role", "-updated_at"))
    jobs = usage.jobs_of_media(media.id)
    executions = workflows.executions(media=media.id)
    renditions = [file for file in files if file.role == MediaFile.Role.RENDITION]
    playing = _playing(request, renditions)
    context = {
        "media": media,
        "tab": tab,
        "files": files,
        "source": next((file for file in files if file.role == MediaFile.Role.SOURCE), None),
        "renditions": renditions,
        "playing": playing,
        "category_path": library.path(media.category),
        "transcode_url": f"{reverse('jobs:job_new')}?{urlencode({'input': media.address})}",
        "job_count": capped_count(jobs, 1000)[0],
        "jobs": jobs[:JOBS_SHOWN] if tab == "jobs" else (),
        "execution_count": capped_count(executions, 1000)[0],
        "rows": rows_of(executions[:JOBS_SHOWN]) if tab == "executions" else (),
    }
    if tab == "overview":
        context |= one_page.overview(media, files)
    response = render(request, f"media_assets/media_{tab}.html", context)
    if playing:
        keys.let_play(request, response, playing.output_id, media.id)
    return response


def _playing(request: HttpRequest, renditions: list[MediaFile]) -> MediaFile | None:
    """The rendition asked for, else the newest; None: the source."""
    wanted = request.GET.get("play", "")
    return next((file for file in renditions if str(file.pk) == wanted), renditions[0] if renditions else None)


@require_http_methods(["GET", "POST"])
@operator
def media_edit(request: HttpRequest, media_id: str) -> HttpResponse:
    """Title, description, tags, category."""
    media = get_object_or_404(Media, pk=media_id)
    initial = {
        "title": media.title,
        "description": media.description,
        "tags": ", ".join(tag.name for tag in media.tags.all()),
        "category": media.category_id or "",
    }
    form = MediaForm(_sent(request), initial=initial)
    if form.is_bound and form.is_valid():
        try:
            editing.describe(media, **form.cleaned_data)
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("The changes were saved."))
            return redirect(back(request, reverse("media:media_detail", args=[media.id])))
    return _answer(request, "media_assets/media_form.html", form, media=media, known_tags=library.tags(), next=back(request, ""))


@require_http_methods(["GET", "POST"])
@operator
def media_publish(request: HttpRequest, media_id: str) -> HttpResponse:
    """Publish or make private, after saying what that means."""
    media = get_object_or_404(Media, pk=media_id)
    target = Media.State.UNPUBLISHED if media.state == Media.State.PUBLISHED else Media.State.PUBLISHED
    if request.method == "POST":
        try:
            editing.set_state(media, request.POST.get("state") or target)
        except Refused as error:
            return render(request, "media_assets/media_publish.html", {"media": media, "target": target, "error": error.problems[0].message}, status=422)
        messages.success(request, _("The publish state was changed."))
        return redirect(back(request, reverse("media:media_detail", args=[media.id])))
    return render(request, "media_assets/media_publish.html", {"media": media, "target": target, "next": back(request, "")})


@require_http_methods(["GET", "POST"])
@operator
def media_remove(request: HttpRequest, media_id: str) -> HttpResponse:
    """Take out of the library: keep the files, delete the outputs too, or the source as well. Deleting files needs an admin."""
    media = get_object_or_404(Media, pk=media_id)
    files = list(media.files.all())
    busy = usage.unfinished_of_media(media.id)
    may_delete = at_least(request.user, Role.ADMIN)
    form = RemoveForm(_sent(request), may_delete=may_delete)
    if form.is_bound and busy:
        form.add_error(None, _("Jobs still work on it. Cancel them or let them finish first."))
    if form.is_bound and form.is_valid():
        title = str(media)
        editing.remove(media, editing.Take(form.cleaned_data["take"]))
        messages.success(request, _("%(title)s was removed from the library.") % {"title": title})
        return redirect("media:media_list")
    context = {
        "media": media,
        "busy": busy,
        "outputs_bytes": library.bytes_of(files, MediaFile.Role.RENDITION),
        "pictures_bytes": library.bytes_of(files, *PICTURES),
        "pictures_number": sum(1 + len(file.parts) for file in files if file.role in PICTURES),
        "outputs_number": sum(file.role == MediaFile.Role.RENDITION for file in files),
        "source_bytes": library.bytes_of(files, MediaFile.Role.SOURCE),
        "may_delete": may_delete,
    }
    return _answer(request, "media_assets/media_remove.html", form, **context)


# --- categories -------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@viewer
def category_list(request: HttpRequest) -> HttpResponse:
    """The tree, and a form for a new category."""
    form = CategoryForm(_sent(request))
    if form.is_bound:
        if not at_least(request.user, Role.OPERATOR):
            raise PermissionDenied(_("This needs the role «%(role)s».") % {"role": Role.OPERATOR.label})
        if form.is_valid():
            try:
                made = editing.create_category(form.cleaned_data["name"], form.cleaned_data["parent"])
            except Refused as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("Category %(name)s was created.") % {"name": made.name})
                return redirect("media:category_list")
    return _answer(request, "media_assets/category_list.html", form, categories=library.categories())


@require_http_methods(["GET", "POST"])
@operator
def category_edit(request: HttpRequest, category_id: int) -> HttpResponse:
    """Rename or move."""
    category = get_object_or_404(Category, pk=category_id)
    form = CategoryForm(_sent(request), initial={"name": category.name, "parent": category.parent_id})
    if form.is_bound and form.is_valid():
        try:
            editing.change_category(category, form.cleaned_data["name"], form.cleaned_data["parent"])
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("The changes were saved."))
            return redirect("media:category_list")
    return _answer(request, "media_assets/category_form.html", form, category=category)


@require_http_methods(["GET", "POST"])
@admin
def category_delete(request: HttpRequest, category_id: int) -> HttpResponse:
    """Delete, after asking where its media go."""
    category = get_object_or_404(Category, pk=category_id)
    form = CategoryDeleteForm(_sent(request), initial={"move_to": category.parent_id})
    if form.is_bound and form.is_valid():
        try:
            editing.delete_category(category, form.cleaned_data["move_to"])
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Category %(name)s was deleted.") % {"name": category.name})
            return redirect("media:category_list")
    number = category.media.count()
    return _answer(request, "media_assets/category_delete.html", form, category=category, number=number, children=category.children.count())
