"""Pages of pipelines: list, detail, create, edit, pause, resume, delete. They parse, ask, call a service and render."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import admin, operator, viewer
from console.error_texts import translated
from console.lib.form_errors import add_refusal
from console.lib.lists import chips, is_poll, without
from console.lib.pages import render_page
from console.lib.returning import back
from jobs import services
from jobs.engine.errors import Refused
from jobs.models import Job, Pipeline
from jobs.notices.queries import topics
from jobs.pipelines import queries as pipeline_queries
from jobs.pipelines.forms import PauseForm, PipelineDeleteForm, PipelineFilterForm, PipelineForm
from jobs.pipelines.history import told

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

BULK_MAX = 200


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


def _answer(request: HttpRequest, template: str, form: Form, **context: Any) -> HttpResponse:
    """A form page: 422 with what was typed if it was sent and refused."""
    return render(request, template, {"form": form, **context}, status=422 if form.is_bound and form.errors else 200)


@require_GET
@viewer
def pipeline_list(request: HttpRequest) -> HttpResponse:
    """All pipelines with their load; live."""
    form = PipelineFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    pipelines = list(pipeline_queries.filtered(wanted.get("q", ""), wanted.get("type", ""), wanted.get("state", "")))
    loads = pipeline_queries.loads(pipelines)
    rows = [{"pipeline": pipeline, "load": loads[pipeline.id]} for pipeline in pipelines]
    context = {"form": form, "rows": rows, "default_name": settings.REELMILL_DEFAULT_PIPELINE}
    context |= {"chips": chips(request, form), "clear_url": without(request, list(form.fields))}
    if is_poll(request):
        return render(request, "pipelines/pipeline_list.html#table", context)
    return render_page(request, "pipelines/pipeline_list.html", context, parts={"results": "results"})


@require_GET
@viewer
def pipeline_detail(request: HttpRequest, pipeline_id: str) -> HttpResponse:
    """One pipeline: settings, load, who changed its state and why, and what waits in it."""
    pipeline = get_object_or_404(Pipeline, pk=pipeline_id)
    steps = pipeline_queries.waiting(pipeline)
    context = {
        "pipeline": pipeline,
        "load": pipeline_queries.loads([pipeline])[pipeline.id],
        "events": [told(event) for event in pipeline.events.all()[: pipeline_queries.HISTORY_SHOWN]],
        "waiting": steps[: pipeline_queries.WAITING_SHOWN],
        "waiting_shown": pipeline_queries.WAITING_SHOWN,
        "is_default": pipeline.name == settings.REELMILL_DEFAULT_PIPELINE,
    }
    template = "pipelines/pipeline_detail.html#load" if is_poll(request) else "pipelines/pipeline_detail.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@admin
def pipeline_create(request: HttpRequest) -> HttpResponse:
    """A new pipeline."""
    form = PipelineForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            pipeline = services.create_pipeline(**form.cleaned_data, actor=_actor(request))
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Pipeline %(name)s was created.") % {"name": pipeline.name})
            return redirect("pipelines:pipeline_detail", pipeline.id)
    return _answer(request, "pipelines/pipeline_form.html", form, topics=topics())


@require_http_methods(["GET", "POST"])
@admin
def pipeline_edit(request: HttpRequest, pipeline_id: str) -> HttpResponse:
    """Change a pipeline; its type stays."""
    pipeline = get_object_or_404(Pipeline, pk=pipeline_id)
    initial = {name: getattr(pipeline, name) for name in services.PIPELINE_FIELDS}
    form = PipelineForm(request.POST if request.method == "POST" else None, initial=initial, with_type=False)
    if form.is_bound and form.is_valid():
        try:
            services.update_pipeline(pipeline, form.cleaned_data, actor=_actor(request))
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Pipeline %(name)s was saved.") % {"name": form.cleaned_data["name"]})
            return redirect("pipelines:pipeline_detail", pipeline.id)
    return _answer(request, "pipelines/pipeline_form.html", form, pipeline=pipeline, topics=topics())


@require_http_methods(["GET", "POST"])
@operator
def pipeline_pause(request: HttpRequest, pipeline_id: str) -> HttpResponse:
    """Pause, after saying what that means. A dialog for htmx, a page otherwise; both are this address."""
    pipeline = get_object_or_404(Pipeline, pk=pipeline_id)
    form = PauseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            services.pause_pipeline(pipeline, **form.cleaned_data, actor=_actor(request))
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Pipeline %(name)s is paused.") % {"name": pipeline.name})
            return redirect(back(request, reverse("pipelines:pipeline_list")))
    load = pipeline_queries.loads([pipeline])[pipeline.id]
    return _answer(request, "pipelines/pipeline_pause.html", form, pipeline=pipeline, load=load, next=back(request, ""))


@require_POST
@operator
def pipeline_resume(request: HttpRequest, pipeline_id: str) -> HttpResponse:
    """Resume at once; there is nothing to lose."""
    pipeline = get_object_or_404(Pipeline, pk=pipeline_id)
    services.resume_pipeline(pipeline, actor=_actor(request))
    messages.success(request, _("Pipeline %(name)s is active again.") % {"name": pipeline.name})
    return redirect(back(request, reverse("pipelines:pipeline_list")))


@require_POST
@operator
def pipeline_bulk(request: HttpRequest) -> HttpResponse:
    """Pause the chosen ones after a page that says what that means, or resume them at once. Those that are in that state already stay as they are."""
    action = request.POST.get("action", "")
    was = {"pause": Pipeline.State.ACTIVE, "resume": Pipeline.State.PAUSED}.get(action)
    chosen = list(Pipeline.objects.filter(pk__in=request.POST.getlist("id")[:BULK_MAX], state=was).order_by("name")) if was else []
    target = back(request, reverse("pipelines:pipeline_list"))
    if not chosen:
        messages.error(request, _("Select at least one active pipeline to pause, or a paused one to resume."))
        return redirect(target)
    if action == "resume":
        for pipeline in chosen:
            services.resume_pipeline(pipeline, actor=_actor(request))
        messages.success(request, ngettext("%(n)s pipeline is active again.", "%(n)s pipelines are active again.", len(chosen)) % {"n": len(chosen)})
        return redirect(target)
    form = PauseForm(request.POST if "confirmed" in request.POST else None)
    if form.is_bound and form.is_valid():
        for pipeline in chosen:
            services.pause_pipeline(pipeline, **form.cleaned_data, actor=_actor(request))
        messages.success(request, ngettext("%(n)s pipeline is paused.", "%(n)s pipelines are paused.", len(chosen)) % {"n": len(chosen)})
        return redirect(target)
    return _answer(request, "pipelines/pipeline_bulk.html", form, pipelines=chosen, loads=pipeline_queries.loads(chosen), next=target)


@require_http_methods(["GET", "POST"])
@admin
def pipeline_delete(request: HttpRequest, pipeline_id: str) -> HttpResponse:
    """Delete after its name was typed; its jobs go to another pipeline."""
    pipeline = get_object_or_404(Pipeline, pk=pipeline_id)
    default = Pipeline.objects.filter(name=settings.REELMILL_DEFAULT_PIPELINE).first()
    form = PipelineDeleteForm(request.POST if request.method == "POST" else None, pipeline=pipeline, initial={"move_to": default})
    if form.is_bound and form.is_valid():
        try:
            services.delete_pipeline(pipeline, move_to=form.cleaned_data["move_to"], actor=_actor(request))
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Pipeline %(name)s was deleted.") % {"name": pipeline.name})
            return redirect("pipelines:pipeline_list")
    load = pipeline_queries.loads([pipeline])[pipeline.id]
    is_default = pipeline.name == settings.REELMILL_DEFAULT_PIPELINE
    return _answer(request, "pipelines/pipeline_delete.html", form, pipeline=pipeline, load=load, is_default=is_default)


@require_POST
@operator
def job_up(request: HttpRequest, pipeline_id: str, job_id: str) -> HttpResponse:
    """Raise the priority of one waiting job by one."""
    job = get_object_or_404(Job, pk=job_id, pipeline=pipeline_id)
    try:
        changed = services.set_priority(job.id, min(10, job.priority + 1), actor=_actor(request))
    except Refused as error:
        messages.error(request, translated(error.message))
    else:
        messages.success(request, _("Priority is now %(priority)s.") % {"priority": changed.priority})
    return redirect(back(request, reverse("pipelines:pipeline_detail", args=[pipeline_id])))
