"""Pages of transcoding templates: list, detail, editor, test, duplicate, delete. They parse, ask, call a service and render."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import admin, at_least, viewer
from console.error_texts import translated
from console.lib.form_errors import add_refusal
from console.lib.lists import listed
from console.lib.pages import render_page
from console.models import Role
from jobs import usage
from jobs.certificates.reading import history
from jobs.engine.errors import Refused
from jobs.submitting import trial
from media_assets.models import Media
from templates_app import catalogue, services
from templates_app.available import impossible, lists
from templates_app.forms import OWN_FIELDS, TemplateFilterForm, TemplateForm
from templates_app.models import Template
from templates_app.names import free_name
from templates_app.offered import offered
from templates_app.parameters import preview_of, rows_of, size_per_minute
from templates_app.presets import twin_of
from templates_app.rows import changed
from templates_app.shared import saved
from templates_app.summary import numbers, sentence

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TABS = {
    "custom": (Template.Kind.CUSTOM,),
    "static": (Template.Kind.STATIC,),
    "intelligent": (Template.Kind.INTELLIGENT,),
    "narrowband": (Template.Kind.NARROWBAND,),
    "customized": (Template.Kind.CUSTOMIZED,),
}
ALWAYS = ("custom", "static", "narrowband")  # the other tabs are there where they have something
RECENT = 8
START = {"container": {"format": "mp4"}, "video": {"codec": "h264", "rate_control": "crf", "crf": 26.0}, "audio": {"codec": "aac", "bitrate_kbps": 128}}


def template_of(template_id: str) -> Template:
    """A template by id or name; deleted ones too, since old jobs link to them. Raises Http404."""
    if "\x00" in template_id:  # no id or name has one, and PostgreSQL would not even look
        raise Http404
    row = Template.objects.select_related("current").filter(pk=template_id).first()
    if row is None:
        row = Template.objects.select_related("current").filter(name=template_id, deleted_at=None).first()
    if row is None or row.current is None:
        raise Http404
    return row


def may_see(request: HttpRequest, row: Template) -> bool:
    """Whether this person may see the template's parameters."""
    return not row.is_opaque or at_least(request.user, Role.ADMIN)


@require_GET
@viewer
def template_list(request: HttpRequest) -> HttpResponse:
    """The templates of one tab as a tree and a table, with the numbers of each."""
    counts = catalogue.counts()
    form = TemplateFilterForm(request.GET)
    wanted = form.wanted()
    kind = request.GET.get("kind", "")
    if kind not in TABS:
        kind = "custom" if counts.get(Template.Kind.CUSTOM) else "static"
    found, context = listed(request, form, catalogue.templates(TABS[kind], wanted, usage.used_templates()))
    use = usage.template_use(row.id for row in found.items)
    labels = [(key, kinds[0].label) for key, kinds in TABS.items()]
    context |= {
        "kind": kind,
        "kept": {"kind": kind},
        "tree": catalogue.tree(TABS[kind], wanted),
        "tabs": [(key, label, sum(counts.get(k, 0) for k in TABS[key])) for key, label in labels if key in ALWAYS or counts.get(TABS[key][0])],
        "rows": [
            {"template": row, "numbers": numbers(row.current.params) if may_see(request, row) else None, "use": use[row.id]}  # type: ignore[union-attr]
            for row in found.items
        ],
    }
    return render_page(request, "templates_app/template_list.html", context, parts={"results": "results"})


@require_GET
@viewer
def template_detail(request: HttpRequest, template_id: str) -> HttpResponse:
    """One template: its parameters, size per minute, versions and use. Of a customized one others than admins see name and use only."""
    row = template_of(template_id)
    context: dict[str, Any] = {
        "template": row,
        "visible": may_see(request, row),
        "versions": row.versions.order_by("-number")[:5],
        "use": usage.template_use([row.id])[row.id],
        "users": usage.latest_of_template(row.id),
    }
    if context["visible"]:
        params = row.current.params  # type: ignore[union-attr]  # template_of answers 404 without one
        context |= {
            "numbers": numbers(params),
            "sentence": sentence(params),
            "parameters": rows_of({key: value for key, value in params.items() if key != "ladder"}),
            "ladder": params.get("ladder") or (),
            "estimate": size_per_minute(params),
            "raw": json.dumps(params, indent=2, ensure_ascii=False),
            "narrowband": (params.get("video") or {}).get("narrowband"),
            "twin": _twin(row),
            "history": history(row.pk) if (params.get("video") or {}).get("narrowband") else None,
        }
    return render(request, "templates_app/template_detail.html", context)


def _twin(row: Template) -> Template | None:
    """The regular preset that a Narrowband preset is held against."""
    name = twin_of(row.pk) if row.kind == Template.Kind.NARROWBAND else ""
    return Template.objects.filter(name=name, deleted_at=None).first() if name else None


# --- the editor ---------------------------------------------------------------------------------------------------------
def _form(request: HttpRequest, params: dict[str, Any], initial: dict[str, Any]) -> TemplateForm:
    """The editor's form: empty, filled, sent, or with one row more or less."""
    marks = impossible()
    if request.method != "POST":
        return TemplateForm(params=params, initial=initial, marks=marks)
    if action := request.POST.get("rows", ""):
        return TemplateForm(changed(request.POST, action), params=params, marks=marks, quiet=True)
    return TemplateForm(request.POST, params=params, marks=marks)


def _editor(request: HttpRequest, form: TemplateForm, **context: Any) -> HttpResponse:
    wrong = form.is_bound and bool(form.errors)
    context = {
        "preview": preview_of(form.params_said or form.params),
        **context,
        "form": form,
        "parts": form.parts(),
        "allowed": json.dumps(offered()),
        "recent": Media.objects.order_by("-created_at", "-id")[:RECENT],
        **lists(),
    }
    return render(request, "templates_app/template_form.html", context, status=422 if wrong else 200)


def _sent(form: TemplateForm) -> bool:
    """Whether the form is to be saved, and can be."""
    return form.is_bound and not form.quiet and form.is_valid()


@require_POST
@admin
def template_preview(request: HttpRequest) -> HttpResponse:
    """What the form as it stands would give: one sentence, the size per minute, and what cannot be combined. Saves nothing."""
    form = TemplateForm(request.POST)
    form.is_valid()
    recent = Media.objects.order_by("-created_at", "-id")[:RECENT]
    return render(request, "templates_app/template_form.html#preview", {"preview": preview_of(form.params_said), "recent": recent})


@require_POST
@admin
def template_test(request: HttpRequest) -> HttpResponse:
    """Run the form's parameters, unsaved, on the first 10 s of a media; the answer is the job."""
    form = TemplateForm(request.POST, marks=impossible())
    form.is_valid()
    if form.params_said:
        try:
            job = trial.submit(form.params_said, request.POST.get("media", ""), cast("User", request.user))
        except Refused as error:
            add_refusal(form, error, lambda loc: form.field_of(loc[2:] if loc[:1] == ("outputs",) else loc))
        else:
            return redirect("jobs:job_detail", job.id)
    for name in OWN_FIELDS:
        form.errors.pop(name, None)
    return _editor(request, form)


def _create(request: HttpRequest, form: TemplateForm, **context: Any) -> HttpResponse:
    """Save a new template out of the form, or show the form."""
    if _sent(form):
        cleaned = form.cleaned_data
        kind = Template.Kind.CUSTOMIZED if cleaned["opaque"] else Template.Kind.CUSTOM
        row = saved(
            request,
            form,
            lambda: services.create(cleaned["name"], form.said, description=cleaned["description"], kind=kind),
            _("Template %(name)s was created."),
        )
        if row:
            return redirect("templates:template_detail", row.id)
    return _editor(request, form, **context)


@require_http_methods(["GET", "POST"])
@admin
def template_create(request: HttpRequest) -> HttpResponse:
    """A new custom template. Any field may be filled beforehand by the query string."""
    form = _form(request, {} if request.method == "POST" else START, {})
    if request.method == "GET":
        form.initial.update(request.GET.dict())
    return _create(request, form)


@require_http_methods(["GET", "POST"])
@admin
def template_duplicate(request: HttpRequest, template_id: str) -> HttpResponse:
    """The editor, filled with another template's parameters."""
    row = template_of(template_id)
    params = row.current.params  # type: ignore[union-attr]  # template_of answers 404 without one
    form = _form(request, params, {"name": free_name(Template, row.name), "description": translated(row.description)})
    return _create(request, form, original=row)


@require_http_methods(["GET", "POST"])
@admin
def template_edit(request: HttpRequest, template_id: str) -> HttpResponse:
    """Change a custom template: saving makes a new version. Presets cannot be edited."""
    row = template_of(template_id)
    if row.is_preset or row.deleted_at:
        raise PermissionDenied(_("Presets cannot be edited. Duplicate it as a custom template."))
    params = row.current.params  # type: ignore[union-attr]  # template_of answers 404 without one
    form = _form(request, params, {"name": row.name, "description": row.description, "opaque": row.is_opaque})
    if _sent(form):
        cleaned = form.cleaned_data
        kind = Template.Kind.CUSTOMIZED if cleaned["opaque"] else Template.Kind.CUSTOM
        said = {"name": cleaned["name"], "params": form.said, "description": cleaned["description"], "kind": kind}
        if saved(request, form, lambda: services.update(row, **said), _("Template %(name)s was saved.")):
            return redirect("templates:template_detail", row.id)
    return _editor(request, form, template=row, waiting=usage.unfinished_of_template(row.id), users=usage.latest_of_template(row.id, unfinished=True))


@require_http_methods(["GET", "POST"])
@admin
def template_delete(request: HttpRequest, template_id: str) -> HttpResponse:
    """Delete a custom template, after saying who uses it. Jobs keep the version that they were submitted with."""
    row = template_of(template_id)
    if row.is_preset or row.deleted_at:
        raise PermissionDenied(_("Presets cannot be deleted."))
    if request.method == "POST":
        services.delete(row)
        messages.success(request, _("Template %(name)s was deleted.") % {"name": row.name})
        return redirect("templates:template_list")
    context = {
        "template": row,
        "use": usage.template_use([row.id])[row.id],
        "waiting": usage.unfinished_of_template(row.id),
        "users": usage.latest_of_template(row.id, unfinished=True),
    }
    return render(request, "templates_app/template_delete.html", context)
