"""Pages of watermark templates: list, editor with its preview, delete. They parse, ask, call a service and render."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from console.auth import admin, at_least, operator, viewer
from console.error_texts import translated
from console.lib.lists import listed, without
from console.lib.pages import render_page
from console.models import Role
from jobs import usage
from jobs.engine.errors import ReelmillError, Refused
from media_assets.models import Media
from templates_app.marks import grounds, queries, services
from templates_app.marks.api import png
from templates_app.marks.forms import GroundForm, MarkFilterForm, MarkForm, initial_of
from templates_app.marks.models import WatermarkTemplate
from templates_app.marks.preview import Preview, canvas
from templates_app.marks.preview import render as rendered
from templates_app.marks.words import described
from templates_app.names import free_name
from templates_app.shared import saved

MEDIA = 20  # recent ones, offered as background
VIEWS = ("cards", "table")


def _row(mark_id: str) -> WatermarkTemplate:
    try:
        return queries.find(mark_id)
    except Refused:
        raise Http404 from None


@require_GET
@viewer
def mark_list(request: HttpRequest) -> HttpResponse:
    """All watermark templates, as cards or as a table."""
    form = MarkFilterForm(request.GET)
    q, kind = form.wanted()
    found, context = listed(request, form, queries.listed(q, kind))
    users, use = queries.used_by(found.items), usage.mark_use(row.pk for row in found.items)
    view = request.GET.get("view", "")
    context |= {
        "view": view if view in VIEWS else "cards",
        "kept": {"view": view} if view == "table" else {},
        "rows": [{"template": row, "words": described(row), "users": users[row.pk], "use": use[row.pk]} for row in found.items],
        "table_url": _with(request, view="table"),
        "cards_url": without(request, ["view"]),
    }
    return render_page(request, "templates_app/marks/list.html", context, parts={"results": "results"})


def _with(request: HttpRequest, **values: str) -> str:
    query = request.GET.copy()
    for name, value in values.items():
        query[name] = value
    return f"?{query.urlencode()}"


@require_GET
@viewer
def mark_thumb(request: HttpRequest, mark_id: str) -> HttpResponse:
    """A small picture of a watermark template on a chart, made once per version; the chart alone while its image cannot be used."""
    row = _row(mark_id)
    kept = grounds.folder() / f"thumb-{row.current_id}-{get_language()}.png"
    if not kept.exists():
        try:
            kept.write_bytes(_thumb(row))
        except ReelmillError:
            bare = HttpResponse(content_type="image/png")
            grounds.chart("middle").resize((640, 360)).save(bare, "PNG")  # type: ignore[arg-type]  # a response is written to as a file is
            bare["Cache-Control"] = "no-store"  # the image may come
            return bare
    response = HttpResponse(kept.read_bytes(), content_type="image/png")
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _thumb(row: WatermarkTemplate) -> bytes:
    mark = row.mark
    image = grounds.sample_logo() if row.kind == "image" and mark.image is None else None
    if mark.text is not None and not mark.text.content:
        mark = mark.model_copy(update={"text": mark.text.model_copy(update={"content": _("Sample text")})})
    return rendered(mark, grounds.of_chart("middle"), canvas("16:9", 360), image).png


def _media() -> list[tuple[str, str]]:
    """The newest ones that have a picture."""
    rows = Media.objects.exclude(info__isnull=True).order_by("-created_at")[: 2 * MEDIA]
    return [(row.id, str(row)[:60]) for row in rows if (row.info or {}).get("video") and not row.key.endswith(".m3u8")][:MEDIA]  # a playlist is no file


def _preview(form: MarkForm, ground: GroundForm, request: HttpRequest) -> Preview:
    """Raises ReelmillError."""
    if not ground.is_valid():
        raise Refused("InvalidParameter", next(str(error) for errors in ground.errors.values() for error in errors))
    mark = form.mark
    if mark.text is not None and not (mark.text.content or "").strip():
        mark = mark.model_copy(update={"text": mark.text.model_copy(update={"content": _("Sample text")})})
    wanted = ground.cleaned_data
    own, sample = (grounds.upload_bytes(request.FILES.get(name)) for name in ("frame", "sample"))  # type: ignore[arg-type]
    chosen = wanted["ground"] or ground.fields["ground"].initial
    if own:
        below = grounds.of_upload(own)
    elif chosen in grounds.CHARTS:
        below = grounds.of_chart(chosen)
    else:
        below = grounds.of_media(chosen, wanted["at"])
    image = sample or None
    if mark.text is None and mark.image is None and image is None:
        image = grounds.sample_logo()
    return rendered(mark, below, canvas(wanted["ratio"] or "16:9", int(wanted["side"] or 360)), image)


@require_http_methods(["GET", "POST"])
@operator
def mark_preview(request: HttpRequest) -> HttpResponse:
    """The exact picture of the form as it stands. Saves nothing."""
    sent = request.POST if request.method == "POST" else request.GET
    try:
        return png(_preview(MarkForm({"name": "x", **sent.dict()}), GroundForm(sent, media=_media()), request))
    except ReelmillError as error:
        return JsonResponse({"code": error.code, "message": str(translated(error.message))}, status=max(error.status, 400))


def _editor(request: HttpRequest, form: MarkForm, **context: Any) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    ground = GroundForm(sent, media=_media())
    shown = form.data.dict() if form.is_bound else {name: value for name, value in form.initial.items() if value not in (None, "") and name != "name"}  # type: ignore[attr-defined]
    shown.setdefault("kind", form.fixed_kind or "image")
    query = {name: str(value) for name, value in shown.items() if name not in ("csrfmiddlewaretoken", "name", "preview")}
    context = {
        "form": form,
        "ground": ground,
        "may_preview": at_least(request.user, Role.OPERATOR),
        "preview_url": f"{reverse('templates:mark_preview')}?{urlencode(query)}",
        **context,
    }
    return render(request, "templates_app/marks/form.html", context, status=422 if form.is_bound and form.errors and "preview" not in request.POST else 200)


@require_http_methods(["GET", "POST"])
@admin
def mark_create(request: HttpRequest) -> HttpResponse:
    """A new watermark template; ``from`` names one to begin with."""
    initial: dict[str, Any] = {"kind": "image", "corner": "top_right"}
    original = None
    if start := request.GET.get("from", ""):
        original = _row(start)
        initial = {"name": free_name(WatermarkTemplate, original.name), **initial_of(original.kind, original.params)}
    form = MarkForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and "preview" not in request.POST and form.is_valid():
        values = form.cleaned_data
        if saved(request, form, lambda: services.create(values["name"], values["kind"], form.params), _("Watermark template %(name)s was created.")):
            return redirect("templates:mark_list")
    return _editor(request, form, original=original)


@require_http_methods(["GET", "POST"])
@admin
def mark_edit(request: HttpRequest, mark_id: str) -> HttpResponse:
    """Change a watermark template: saving makes a new version."""
    row = _row(mark_id)
    initial = {"name": row.name, **initial_of(row.kind, row.params)}
    form = MarkForm(request.POST if request.method == "POST" else None, initial=initial, fixed_kind=row.kind)
    if form.is_bound and "preview" not in request.POST and form.is_valid():
        name = form.cleaned_data["name"]
        if saved(request, form, lambda: services.update(row, name=name, params=form.params), _("Watermark template %(name)s was saved.")):
            return redirect("templates:mark_list")
    return _editor(request, form, template=row, users=queries.used_by([row])[row.pk])


@require_GET
@viewer
def mark_detail(request: HttpRequest, mark_id: str) -> HttpResponse:
    """One watermark template: its parameters, versions and use."""
    row = _row(mark_id)
    context = {
        "template": row,
        "words": described(row),
        "users": queries.used_by([row])[row.pk],
        "use": usage.mark_use([row.pk])[row.pk],
        "jobs": usage.latest_of_mark(row.pk),
        "versions": row.versions.order_by("-number")[:20],
        "raw": json.dumps(row.params, indent=2, ensure_ascii=False),
    }
    return render(request, "templates_app/marks/detail.html", context)


@require_http_methods(["GET", "POST"])
@admin
def mark_delete(request: HttpRequest, mark_id: str) -> HttpResponse:
    """Delete a watermark template, after saying who uses it."""
    row = _row(mark_id)
    if request.method == "POST":
        services.delete(row)
        messages.success(request, _("Watermark template %(name)s was deleted.") % {"name": row.name})
        return redirect("templates:mark_list")
    context = {"template": row, "users": queries.used_by([row])[row.pk], "use": usage.mark_use([row.pk])[row.pk]}
    return render(request, "templates_app/marks/delete.html", context)
