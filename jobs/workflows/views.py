"""Pages of workflows: list, one of them, the editor, on and off, run on a file, delete. They parse, ask, call a service and render."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import admin, operator, viewer
from console.error_texts import translated
from console.lib.form_errors import add_refusal
from console.lib.ids import new_id
from console.lib.lists import chips, is_poll, paged, without
from console.lib.pages import render_page
from console.lib.returning import back
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.notices.queries import topics
from jobs.submitting.views import RECENT
from jobs.workflows import graph, queries, runs, services, shown
from jobs.workflows.forms import RunForm, WorkflowFilterForm
from jobs.workflows.models import Workflow
from jobs.workflows.rearranging import ADDABLE, rearranged
from jobs.workflows.starters import STARTERS, starter
from jobs.workflows.step_forms import WorkflowForms
from media_assets.models import Media
from templates_app.available import lists
from templates_app.offered import offered

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

NEWEST = 10  # executions on a workflow's page
VERSIONS = 10
BULK_MAX = 200
SWITCHES = {"enable": Workflow.State.INACTIVE, "disable": Workflow.State.ACTIVE}
"""What a workflow is before it is switched so."""


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


def found_or_404(workflow_id: str) -> Workflow:
    """A workflow of the caller's."""
    try:
        return queries.find(workflow_id)
    except Refused:
        raise Http404 from None


def refusal(error: Refused) -> str:
    """What was refused, in sentences."""
    return " ".join(translated(one.message) for one in error.problems) or translated(error.message)


@require_GET
@viewer
def workflow_list(request: HttpRequest) -> HttpResponse:
    """All workflows and how they are doing; live."""
    form = WorkflowFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    found, size = paged(request, queries.workflows(wanted.get("q", ""), wanted.get("state", "")))
    uses = queries.uses(found.items)
    context = {
        "form": form,
        "page": found,
        "size": size,
        "rows": [{"workflow": row, "use": uses[row.pk], "steps": shown.lines(row.steps)} for row in found.items],
        "chips": chips(request, form),
        "clear_url": without(request, list(form.fields)),
        "starters": STARTERS,
    }
    if is_poll(request):
        return render(request, "workflows/workflow_list.html#table", context)
    return render_page(request, "workflows/workflow_list.html", context, parts={"results": "results"})


@require_GET
@viewer
def workflow_detail(request: HttpRequest, workflow_id: str) -> HttpResponse:
    """One workflow: what it does, its newest executions, its versions."""
    workflow = found_or_404(workflow_id)
    context = {
        "workflow": workflow,
        "use": queries.uses([workflow])[workflow.pk],
        "steps": shown.lines(workflow.steps),
        "graph": shown.picture(workflow.bucket, workflow.path, workflow.steps),
        "rows": shown.rows_of(queries.executions(workflow=workflow.pk)[:NEWEST]),
        "versions": workflow.versions.order_by("-number")[:VERSIONS],
        "overlaps": services.overlaps(workflow.bucket, workflow.path, workflow.pk) if workflow.is_watching else (),
    }
    return render(request, "workflows/workflow_detail.html", context)


# --- the editor -----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@admin
def workflow_new(request: HttpRequest) -> HttpResponse:
    """A new workflow: from a starter, or from nothing."""
    if request.method == "POST":
        return _sent(request, None)
    chosen = starter(request.GET.get("starter", ""))
    if chosen is None and "starter" not in request.GET:
        return render(request, "workflows/workflow_new.html", {"starters": STARTERS})
    forms = WorkflowForms(document={})
    if chosen is not None:
        document = chosen.document(next(iter(forms.choices.buckets), "output"))
        forms = WorkflowForms(document=document | {"name": _free(document["name"])})
    return _editor(request, forms, None)


@require_http_methods(["GET", "POST"])
@admin
def workflow_edit(request: HttpRequest, workflow_id: str) -> HttpResponse:
    """Change a workflow: a new version; what runs keeps the old one."""
    workflow = found_or_404(workflow_id)
    if request.method == "POST":
        return _sent(request, workflow)
    fields = ("name", "bucket", "path", "trigger", "priority", "file_types", "notify_topic", "steps")
    document = {name: getattr(workflow, name) for name in fields} | {"pipeline": workflow.pipeline.name}
    return _editor(request, WorkflowForms(document=document), workflow)


def _free(name: str) -> str:
    """The name, with a number behind it where it is taken."""
    taken = set(Workflow.objects.filter(name__startswith=name).values_list("name", flat=True))
    return next(text for text in (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))) if text not in taken)


def _sent(request: HttpRequest, workflow: Workflow | None) -> HttpResponse:
    """What the editor sent: a button that rearranges, «check», or «save»."""
    if (again := rearranged(request.POST)) is not None:
        return _editor(request, WorkflowForms(again[0], quiet=True, opened=again[1]), workflow)
    forms = WorkflowForms(request.POST)
    if "check" in request.POST:
        return _editor(request, forms, workflow, checked=True)
    wanted = forms.wanted() if forms.is_valid() else None
    if wanted is not None:
        try:
            if workflow is None:
                active = "active" in request.POST
                saved = services.create(wanted, owner=cast("User", request.user), actor=_actor(request), active=active, source=Workflow.Source.CONSOLE)
                messages.success(request, _("Workflow %(name)s was created.") % {"name": saved.name})
            else:
                saved = services.replace(workflow, wanted, actor=_actor(request))
                messages.success(request, _("Workflow %(name)s was saved.") % {"name": saved.name})
        except Refused as error:
            forms.add_problems(error)
        else:
            return redirect("workflows:workflow_detail", saved.pk)
    return _editor(request, forms, workflow, status=422)


def _editor(request: HttpRequest, forms: WorkflowForms, workflow: Workflow | None, *, checked: bool = False, status: int = 200) -> HttpResponse:
    context = {
        "forms": forms,
        "form": forms.main,
        "workflow": workflow,
        "checks": _checks(forms, workflow) if checked else None,
        "graph": _picture(forms),
        "kinds": [(kind, shown.word(kind), shown.icon(kind)) for kind in ADDABLE],
        "allowed": json.dumps(offered()),
        "topics": topics(),
        "editor_url": request.path,
        "checks_url": f"{reverse('workflows:workflow_checks')}{f'?workflow={workflow.pk}' if workflow else ''}",
        **lists(),
    }
    return render(request, "workflows/workflow_edit.html", context, status=status)


@require_POST
@admin
def workflow_checks(request: HttpRequest) -> HttpResponse:
    """The picture and what is wrong with the workflow as it stands. Writes nothing."""
    forms = WorkflowForms(request.POST)
    workflow = found_or_404(request.GET["workflow"]) if request.GET.get("workflow") else None
    context = {"checks": _checks(forms, workflow), "graph": _picture(forms), "workflow": workflow, "checks_url": request.get_full_path()}
    return render(request, "workflows/workflow_edit.html#checks", context)


def _checks(forms: WorkflowForms, workflow: Workflow | None) -> dict[str, Any]:
    """What saving would refuse, and what it would only warn of."""
    wanted = forms.wanted() if forms.is_valid() else None
    if wanted is not None:
        for problem in services.check(wanted, workflow):
            forms.place(problem)
    watching = wanted is not None and wanted.trigger == Workflow.Trigger.AUTOMATIC
    others = services.overlaps(wanted.bucket, wanted.path, workflow.pk if workflow else "") if wanted is not None and watching else []
    return {"problems": [(label, text) for _anchor, label, text in forms.errors], "overlaps": others}


def _picture(forms: WorkflowForms) -> graph.Graph:
    start = shown.start_of(str(forms.main["bucket"].value() or ""), str(forms.main["path"].value() or ""))
    steps = forms.draft()
    notes = [shown.note(one["kind"], one["text"]) for one in steps]
    return graph.drawn(start, [graph.Step(one["name"], shown.icon(one["kind"]), note, one["under"]) for one, note in zip(steps, notes, strict=True)])


# --- what is done with one ------------------------------------------------------------------------------------------------
@require_POST
@operator
def workflow_enable(request: HttpRequest, workflow_id: str) -> HttpResponse:
    """Switch it on."""
    return _switched(request, found_or_404(workflow_id), on=True)


@require_POST
@operator
def workflow_disable(request: HttpRequest, workflow_id: str) -> HttpResponse:
    """Switch it off."""
    return _switched(request, found_or_404(workflow_id), on=False)


def _switched(request: HttpRequest, workflow: Workflow, *, on: bool) -> HttpResponse:
    try:
        (services.enable if on else services.disable)(workflow, actor=_actor(request))
    except Refused as error:
        messages.error(request, refusal(error))
    else:
        text = _("Workflow %(name)s is active: new files start it.") if on and workflow.trigger == Workflow.Trigger.AUTOMATIC else ""
        text = text or (_("Workflow %(name)s is active.") if on else _("Workflow %(name)s is inactive; what runs goes on."))
        messages.success(request, text % {"name": workflow.name})
    return redirect(back(request, reverse("workflows:workflow_detail", args=[workflow.pk])))


@require_POST
@operator
def workflow_bulk(request: HttpRequest) -> HttpResponse:
    """Switch the chosen ones on or off; those that are in that state already stay as they are."""
    action = request.POST.get("action", "")
    target = back(request, reverse("workflows:workflow_list"))
    was = SWITCHES.get(action)
    chosen = list(queries.workflows(state=was).filter(pk__in=request.POST.getlist("id")[:BULK_MAX])) if was else []
    if not chosen:
        messages.error(request, _("Select at least one inactive workflow to enable, or an active one to disable."))
        return redirect(target)
    done = 0
    for workflow in chosen:
        try:
            (services.enable if action == "enable" else services.disable)(workflow, actor=_actor(request))
            done += 1
        except Refused as error:
            messages.error(request, f"{workflow.name}: {refusal(error)}")
    if done:
        text = (
            ngettext("%(n)s workflow is active.", "%(n)s workflows are active.", done)
            if action == "enable"
            else ngettext("%(n)s workflow is inactive.", "%(n)s workflows are inactive.", done)
        )
        messages.success(request, text % {"n": done})
    return redirect(target)


@require_http_methods(["GET", "POST"])
@operator
def workflow_run(request: HttpRequest, workflow_id: str) -> HttpResponse:
    """Run it once on a file, wherever that lies; an inactive one as a test."""
    workflow = found_or_404(workflow_id)
    initial = {"input": request.GET.get("input", ""), "token": new_id()}
    form = RunForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            execution = runs.run(
                workflow,
                _address(said["input"]),
                owner=cast("User", request.user),
                actor=_actor(request),
                test=workflow.state != Workflow.State.ACTIVE,
                user_data=said["user_data"],
                idempotency_key=f"console:{said['token']}" if said["token"] else "",
            )
        except Refused as error:
            add_refusal(form, error, lambda loc: str(loc[0]) if loc and str(loc[0]) in form.fields else "input")
        else:
            messages.success(request, _("The workflow runs."))
            return redirect("workflows:execution_detail", execution.pk)
    recent = Media.objects.order_by("-created_at", "-id")[:RECENT]
    context = {"workflow": workflow, "form": form, "recent": recent, "test": workflow.state != Workflow.State.ACTIVE}
    return render(request, "workflows/workflow_run.html", context, status=422 if form.is_bound else 200)


def _address(text: str) -> Address:
    """An object's address. Raises Refused."""
    try:
        return Address.parse(text.strip())
    except ValueError as error:
        raise Refused("InvalidAddress", str(error)) from None


@require_http_methods(["GET", "POST"])
@admin
def workflow_delete(request: HttpRequest, workflow_id: str) -> HttpResponse:
    """Delete it; executions, jobs and outputs stay."""
    workflow = found_or_404(workflow_id)
    problem = ""
    if request.method == "POST":
        try:
            services.delete(workflow, actor=_actor(request))
        except Refused as error:
            problem = refusal(error)
        else:
            messages.success(request, _("Workflow %(name)s was deleted.") % {"name": workflow.name})
            return redirect("workflows:workflow_list")
    context = {"workflow": workflow, "use": queries.uses([workflow])[workflow.pk], "problem": problem}
    return render(request, "workflows/workflow_delete.html", context, status=422 if problem else 200)
