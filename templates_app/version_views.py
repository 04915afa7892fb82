"""Versions of a template: the list, what changed between two of them, and going back to an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from console.auth import admin, viewer
from console.error_texts import translated
from jobs.engine.errors import Refused
from templates_app import services
from templates_app.parameters import changes
from templates_app.summary import sentence
from templates_app.views import may_see, template_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from templates_app.models import TemplateVersion

SHOWN = 200


@require_GET
@viewer
def template_versions(request: HttpRequest, template_id: str) -> HttpResponse:
    """All versions, and what differs between ``a`` and ``b`` (without them: between the newest two)."""
    row = template_of(template_id)
    if not may_see(request, row):
        raise PermissionDenied(_("Only admins see the parameters of a customized template."))
    versions = list(row.versions.order_by("-number")[:SHOWN])
    by_number = {str(version.number): version for version in versions}
    newest = versions[0]
    after = by_number.get(request.GET.get("b", ""), newest)
    before = by_number.get(request.GET.get("a", "")) or _before(versions, after)
    context = {
        "template": row,
        "versions": [{"version": version, "sentence": sentence(version.params)} for version in versions],
        "before": before,
        "after": after,
        "changes": changes(before.params, after.params) if before is not None else [],
    }
    return render(request, "templates_app/template_versions.html", context)


def _before(versions: list[TemplateVersion], after: TemplateVersion) -> TemplateVersion | None:
    return next((version for version in versions if version.number < after.number), None)


@require_POST
@admin
def template_restore(request: HttpRequest, template_id: str, number: int) -> HttpResponse:
    """Make an earlier version's parameters the current ones, as a new version."""
    row = template_of(template_id)
    if row.is_preset or row.deleted_at:
        raise PermissionDenied(_("Presets cannot be edited. Duplicate it as a custom template."))
    try:
        services.restore(row, number)
    except Refused as error:
        if error.code == "NotFound":
            raise Http404 from None
        messages.error(request, " ".join(translated(problem.message) for problem in error.problems) or translated(error.message))
    else:
        messages.success(request, _("Version %(n)s is the current one again, as a new version.") % {"n": number})
    return redirect("templates:template_versions", row.id)
