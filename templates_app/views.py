"""Pages of transcoding templates: list, detail, editor, duplicate, delete. They parse, ask, call a service and render."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import admin, viewer
from console.error_texts import translated
from console.lib.form_errors import add_refusal
from console.lib.lists import chips, paged, without
from console.lib.pages import render_page
from jobs import usage
from jobs.engine.errors import Refused
from templates_app import catalogue, services
from templates_app.forms import TemplateFilterForm, TemplateForm, initial_of
from templates_app.models import Template
from templates_app.parameters import allowed_codecs, preview_of, rows_of, size_per_minute
from templates_app.summary import numbers, sentence

TABS = {"custom": (Template.Kind.CUSTOM,), "static": (Template.Kind.STATIC,)}


def _template(template_id: str) -> Template:
    """A template by id or name; deleted ones too, since old jobs link to them."""
    if "\x00" in template_id:  # no id or name has one, and PostgreSQL would not even look
        raise Http404
    row = Template.objects.select_related("current").filter(pk=template_id).first()
    if row is None:
        row = Template.objects.select_related("current").filter(name=template_id, deleted_at=None).first()
    if row is None or row.current is None:
        raise Http404
    return row


@require_GET
@viewer
def template_list(request: HttpRequest) -> HttpResponse:
    """The templates of one tab, with the numbers of each."""
    counts = catalogue.counts()
    form = TemplateFilterForm(request.GET)
    wanted = form.wanted()
    kind = request.GET.get("kind", "")
    if kind not in TABS:
        kind = "custom" if counts.get(Template.Kind.CUSTOM) else "static"
    found, size = paged(request, catalogue.templates(TABS[kind], wanted, usage.used_templates()))
    use = usage.template_use(row.id for row in found.items)
    context = {
        "form": form,
        "kind": kind,
        "tabs": [(key, label, sum(counts.get(k, 0) for k in TABS[key])) for key, label in (("custom", _("Custom")), ("static", _("Preset static")))],
        "page": found,
        "rows": [{"template": row, "numbers": numbers(row.current.params), "use": use[row.id]} for row in found.items],  # type: ignore[union-attr]
        "size": size,
        "chips": chips(request, form),
        "clear_url": without(request, list(form.fields)),
    }
    return render_page(request, "templates_app/template_list.html", context, parts={"results": "results"})


@require_GET
@viewer
def template_detail(request: HttpRequest, template_id: str) -> HttpResponse:
    """One template: its parameters, size per minute, versions and use."""
    row = _template(template_id)
    params = row.current.params  # type: ignore[union-attr]  # _template answers 404 without one
    context = {
        "template": row,
        "numbers": numbers(params),
        "sentence": sentence(params),
        "parameters": rows_of(params),
        "ladder": params.get("ladder") or (),
        "estimate": size_per_minute(params),
        "versions": row.versions.order_by("-number")[:20],
        "use": usage.template_use([row.id])[row.id],
        "raw": json.dumps(params, indent=2, ensure_ascii=False),
    }
    return render(request, "templates_app/template_detail.html", context)


def _editor(request: HttpRequest, form: TemplateForm, **context: Any) -> HttpResponse:
    context = {"preview": preview_of(form.params or form.base), **context, "form": form, "allowed": json.dumps(allowed_codecs())}
    return render(request, "templates_app/template_form.html", context, status=422 if form.is_bound and form.errors else 200)


@require_POST
@admin
def template_preview(request: HttpRequest) -> HttpResponse:
    """What the form as it stands would give: one sentence, the size per minute, and what cannot be combined. Saves nothing."""
    form = TemplateForm(request.POST)
    form.is_valid()
    return render(request, "templates_app/template_form.html#preview", {"preview": preview_of(form.params)})


def _create(request: HttpRequest, form: TemplateForm, **context: Any) -> HttpResponse:
    """Save a new template out of the form, or show the form."""
    if form.is_bound and form.is_valid():
        try:
            row = services.create(form.cleaned_data["name"], form.params, description=form.cleaned_data["description"])
        except Refused as error:
            add_refusal(form, error, form.field_of)
        else:
            messages.success(request, _("Template %(name)s was created.") % {"name": row.name})
            return redirect("templates:template_detail", row.id)
    return _editor(request, form, **context)


@require_http_methods(["GET", "POST"])
@admin
def template_create(request: HttpRequest) -> HttpResponse:
    """A new custom template. Any field may be filled beforehand by the query string."""
    initial = {"container.format": "mp4", "video.codec": "h264", "video.crf": 26, "audio.codec": "aac", "audio.bitrate_kbps": 128}
    initial |= request.GET.dict()
    form = TemplateForm(request.POST if request.method == "POST" else None, initial=initial)
    filled = TemplateForm({"name": "x", **initial})
    filled.is_valid()
    return _create(request, form, preview=preview_of(filled.params))


@require_http_methods(["GET", "POST"])
@admin
def template_duplicate(request: HttpRequest, template_id: str) -> HttpResponse:
    """The editor, filled with another template's parameters."""
    row = _template(template_id)
    params = row.current.params  # type: ignore[union-attr]  # _template answers 404 without one
    initial = {"name": services.free_name(row.name), "description": translated(row.description), **initial_of(params)}
    form = TemplateForm(request.POST if request.method == "POST" else None, initial=initial, base=params)
    return _create(request, form, original=row)


@require_http_methods(["GET", "POST"])
@admin
def template_edit(request: HttpRequest, template_id: str) -> HttpResponse:
    """Change a custom template: saving makes a new version. Presets cannot be edited."""
    row = _template(template_id)
    if row.is_preset or row.deleted_at:
        raise PermissionDenied(_("Presets cannot be edited. Duplicate it as a custom template."))
    params = row.current.params  # type: ignore[union-attr]  # _template answers 404 without one
    initial = {"name": row.name, "description": row.description, **initial_of(params)}
    form = TemplateForm(request.POST if request.method == "POST" else None, initial=initial, base=params)
    if form.is_bound and form.is_valid():
        try:
            services.update(row, name=form.cleaned_data["name"], params=form.params, description=form.cleaned_data["description"])
        except Refused as error:
            add_refusal(form, error, form.field_of)
        else:
            messages.success(request, _("Template %(name)s was saved.") % {"name": form.cleaned_data["name"]})
            return redirect("templates:template_detail", row.id)
    return _editor(request, form, template=row, waiting=usage.unfinished_of_template(row.id))


@require_http_methods(["GET", "POST"])
@admin
def template_delete(request: HttpRequest, template_id: str) -> HttpResponse:
    """Delete a custom template, after saying who uses it. Jobs keep the version that they were submitted with."""
    row = _template(template_id)
    if row.is_preset or row.deleted_at:
        raise PermissionDenied(_("Presets cannot be deleted."))
    if request.method == "POST":
        services.delete(row)
        messages.success(request, _("Template %(name)s was deleted.") % {"name": row.name})
        return redirect("templates:template_list")
    context = {"template": row, "use": usage.template_use([row.id])[row.id], "waiting": usage.unfinished_of_template(row.id)}
    return render(request, "templates_app/template_delete.html", context)
