"""Pages of IMM's projects: which there are, and which buckets belong to them. They parse, ask, call a service and render."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from console.auth import at_least, operator, viewer
from console.error_texts import translated
from console.lib.form_errors import add_refusal
from console.lib.lists import paged
from console.models import Role
from jobs.engine.errors import Refused
from jobs.foreign import projects
from jobs.foreign import tasks as foreign_tasks
from jobs.foreign.forms import AttachForm, DescriptionForm, ProjectForm
from jobs.foreign.models import ForeignTask

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from jobs.foreign.models import Project

TASKS = 10  # newest tasks on a project's page


def _project(name: str) -> Project:
    try:
        return projects.find_project(name)
    except Refused:
        raise Http404 from None


@require_http_methods(["GET", "POST"])
@viewer
def project_list(request: HttpRequest) -> HttpResponse:
    """All projects; operators make new ones here."""
    may = at_least(request.user, Role.OPERATOR)
    form = ProjectForm(request.POST if request.method == "POST" and may else None)
    if form.is_bound and form.is_valid():
        try:
            made = projects.create_project(**form.cleaned_data)
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Project %(name)s was made.") % {"name": made.name})
            return redirect("projects:project_detail", made.name)
    found, size = paged(request, projects.projects().annotate(buckets=Count("attachments")))
    status = 403 if request.method == "POST" and not may else 422 if form.is_bound else 200
    return render(request, "projects/project_list.html", {"form": form if may else None, "page": found, "size": size}, status=status)


@require_http_methods(["GET", "POST"])
@viewer
def project_detail(request: HttpRequest, name: str) -> HttpResponse:
    """One project: its buckets, its newest tasks; operators describe it here."""
    project = _project(name)
    may = at_least(request.user, Role.OPERATOR)
    form = DescriptionForm(request.POST if request.method == "POST" and may else None, initial={"description": project.description})
    if form.is_bound and form.is_valid():
        projects.update_project(name, form.cleaned_data["description"], {})
        messages.success(request, _("Project %(name)s was saved.") % {"name": name})
        return redirect("projects:project_detail", name)
    return _page(
        request, project, AttachForm(free=projects.free_buckets()), form, 403 if request.method == "POST" and not may else 422 if form.is_bound else 200
    )


def _page(request: HttpRequest, project: Project, attach: AttachForm, form: DescriptionForm, status: int) -> HttpResponse:
    tasks = foreign_tasks.with_states(ForeignTask.objects.filter(product__in=("imm", "oss"), project=project.name).order_by("-created_at", "-id"))[:TASKS]
    context: dict[str, Any] = {
        "project": project,
        "form": form,
        "attach": attach,
        "attachments": projects.attachments(project.name),
        "tasks": [{"task": task, "told": foreign_tasks.told(task), "jobs": [part.job_id for part in task.parts.all()]} for task in tasks],
    }
    return render(request, "projects/project_detail.html", context, status=status)


@require_POST
@operator
def bucket_attach(request: HttpRequest, name: str) -> HttpResponse:
    """Give a bucket to a project."""
    project = _project(name)
    form = AttachForm(request.POST, free=projects.free_buckets())
    if form.is_valid():
        try:
            projects.attach(name, form.cleaned_data["bucket"], form.cleaned_data["description"])
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Bucket %(bucket)s belongs to %(name)s now.") % {"bucket": form.cleaned_data["bucket"], "name": name})
            return redirect("projects:project_detail", name)
    return _page(request, project, form, DescriptionForm(initial={"description": project.description}), 422)


@require_POST
@operator
def bucket_detach(request: HttpRequest, name: str, bucket: str) -> HttpResponse:
    """Take a bucket from its project."""
    _project(name)
    try:
        projects.detach(bucket)
    except Refused as error:
        messages.error(request, translated(error.message))
    else:
        messages.success(request, _("Bucket %(bucket)s belongs to no project any more.") % {"bucket": bucket})
    return redirect("projects:project_detail", name)


@require_http_methods(["GET", "POST"])
@operator
def project_delete(request: HttpRequest, name: str) -> HttpResponse:
    """Ask, then delete. Its tasks and their files stay."""
    project = _project(name)
    if request.method == "POST":
        projects.delete_project(name)
        messages.success(request, _("Project %(name)s was deleted.") % {"name": name})
        return redirect("projects:project_list")
    return render(request, "projects/project_delete.html", {"project": project, "attachments": projects.attachments(name)})
