"""Pages of notifications: targets, the messages to them, and what came back. They parse, ask, call a service and render."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import admin, operator, viewer
from console.error_texts import translated
from console.lib.form_errors import add_refusal
from console.lib.lists import listed
from console.lib.pages import render_page
from console.lib.returning import back
from jobs.engine.errors import Refused
from jobs.notices import queries, targets
from jobs.notices.delivering import send_now
from jobs.notices.forms import DeliveryFilterForm, TargetFilterForm, TargetForm
from jobs.notices.models import Delivery, NotifyTarget

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SHOWN = 10  # newest messages on a target's page


def _target(target_id: str) -> NotifyTarget:
    try:
        return targets.find(target_id)
    except Refused:
        raise Http404 from None


def _delivery(delivery_id: str) -> Delivery:
    try:
        return queries.delivery(delivery_id)
    except Refused:
        raise Http404 from None


@require_GET
@viewer
def target_list(request: HttpRequest) -> HttpResponse:
    """All targets and how they are doing."""
    form = TargetFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    found, context = listed(request, form, queries.targets(wanted.get("q", ""), wanted.get("kind", "")))
    uses = queries.uses(found.items)
    context |= {
        "rows": [{"target": row, "use": uses[row.name]} for row in found.items],
        "unbound": queries.unbound_topics(),
    }
    return render_page(request, "notices/target_list.html", context, parts={"results": "results"})


@require_GET
@viewer
def target_detail(request: HttpRequest, target_id: str) -> HttpResponse:
    """One target: what it is, who names it, its newest messages."""
    target = _target(target_id)
    context = {"target": target, "use": queries.uses([target])[target.name], "deliveries": queries.deliveries(topic=target.name)[:SHOWN]}
    return render(request, "notices/target_detail.html", context)


def _form_page(request: HttpRequest, form: TargetForm, **context: Any) -> HttpResponse:
    return render(request, "notices/target_form.html", {"form": form, **context}, status=422 if form.is_bound and form.errors else 200)


@require_http_methods(["GET", "POST"])
@admin
def target_create(request: HttpRequest) -> HttpResponse:
    """A new target; its secret is shown once, on the page that follows."""
    form = TargetForm(request.POST if request.method == "POST" else None, initial={"name": request.GET.get("name", "")})
    if form.is_bound and form.is_valid():
        try:
            target, secret = targets.create(**form.cleaned_data)
        except Refused as error:
            add_refusal(form, error)
        else:
            return _told(request, target, "" if form.cleaned_data["secret"] else secret)
    return _form_page(request, form)


@require_http_methods(["GET", "POST"])
@admin
def target_edit(request: HttpRequest, target_id: str) -> HttpResponse:
    """Change a target."""
    target = _target(target_id)
    initial = {name: getattr(target, name) for name in ("name", "kind", "url", "form")} | {"events": ", ".join(target.events)}
    form = TargetForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        changes = dict(form.cleaned_data)
        try:
            targets.update(target, changes, secret=changes.pop("secret"))
        except Refused as error:
            add_refusal(form, error)
        else:
            messages.success(request, _("Target %(name)s was saved.") % {"name": target.name})
            return redirect("notices:target_detail", target.id)
    return _form_page(request, form, target=_target(target_id))


@require_POST
@admin
def target_secret(request: HttpRequest, target_id: str) -> HttpResponse:
    """Another secret; shown once."""
    target = _target(target_id)
    return _told(request, target, targets.new_secret(target))


def _told(request: HttpRequest, target: NotifyTarget, secret: str) -> HttpResponse:
    """The page that shows a secret, this once; without one, the target's page."""
    if not secret:
        messages.success(request, _("Target %(name)s was saved.") % {"name": target.name})
        return redirect("notices:target_detail", target.id)
    response = render(request, "notices/target_secret.html", {"target": target, "secret": secret})
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@operator
def target_test(request: HttpRequest, target_id: str) -> HttpResponse:
    """Send a message that says nothing of a job, now, and show what came back."""
    target = _target(target_id)
    try:
        row = send_now(targets.trial(target), target)
    except Refused as error:
        messages.error(request, translated(error.message))
        return redirect("notices:target_detail", target.id)
    if request.headers.get("HX-Request") == "true":
        return render(request, "notices/_test.html", {"delivery": row})
    if row.state == Delivery.State.DELIVERED:
        messages.success(request, _("The address answered %(status)s after %(ms)s ms.") % {"status": row.status, "ms": row.milliseconds})
    else:
        messages.error(request, translated(row.error) or _("The address answered %(status)s after %(ms)s ms.") % {"status": row.status, "ms": row.milliseconds})
    return redirect("notices:target_detail", target.id)


@require_POST
@operator
def target_resume(request: HttpRequest, target_id: str) -> HttpResponse:
    """Send again to a target that rests after many failures."""
    target = _target(target_id)
    targets.resume(target)
    messages.success(request, _("Messages go to %(name)s again.") % {"name": target.name})
    return redirect("notices:target_detail", target.id)


@require_http_methods(["GET", "POST"])
@admin
def target_delete(request: HttpRequest, target_id: str) -> HttpResponse:
    """Remove a target, after saying who names it."""
    target = _target(target_id)
    if request.method == "POST":
        targets.delete(target)
        messages.success(request, _("Target %(name)s was removed.") % {"name": target.name})
        return redirect("notices:target_list")
    return render(request, "notices/target_delete.html", {"target": target, "use": queries.uses([target])[target.name]})


@require_GET
@viewer
def delivery_list(request: HttpRequest) -> HttpResponse:
    """All messages, newest first."""
    form = DeliveryFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    found, context = listed(request, form, queries.deliveries(wanted.get("topic", ""), wanted.get("state", ""), wanted.get("job", "").strip()))
    return render_page(request, "notices/delivery_list.html", context | {"deliveries": found.items}, parts={"results": "results"})


@require_GET
@viewer
def delivery_detail(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """One message: its text, every try, and the command that sends it by hand (unsigned)."""
    row = _delivery(delivery_id)
    target = NotifyTarget.objects.filter(name=row.topic).first()
    words = ["curl", "-X", "POST", "-H", "Content-Type: application/json", "-H", f"X-Reelmill-Delivery: {row.id}", "--data-raw", row.body]
    context = {
        "delivery": row,
        "target": target,
        "tries": list(reversed(row.tries or [])),
        "pretty": json.dumps(json.loads(row.body), indent=2, ensure_ascii=False) if row.body else "",
        "curl": shlex.join([*words, target.url]) if target and target.url and row.body else "",
    }
    return render(request, "notices/delivery_detail.html", context)


@require_POST
@operator
def delivery_send(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """Send a message again."""
    row = _delivery(delivery_id)
    try:
        targets.send_again(row)
    except Refused as error:
        messages.error(request, translated(error.message))
    else:
        messages.success(request, _("The message is on its way again."))
    return redirect(back(request, reverse("notices:delivery_detail", args=[row.id])))
