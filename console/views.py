"""Pages that belong to no app: sign-in, overview, workers, my settings, search, and what is shown when something goes wrong."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console import audit, palette
from console import overview as overview_data
from console.auth import viewer
from console.charts import charts
from console.context import pulse as read_pulse
from console.forms import PreferenceForm, SignInForm
from console.lib.pages import render_page
from console.lib.returning import back
from console.models import Preference
from jobs import clock
from jobs.queries import NODE_ALIVE

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpResponseBase

YEAR = 365 * 86_400


# --- people -----------------------------------------------------------------------------------------------------------
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in, and go on to where the person wanted to be."""
    if request.method == "GET" and request.user.is_authenticated:
        return redirect(back(request, reverse("console:overview")))
    form = SignInForm(request, data=request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return redirect(back(request, resolve_url(settings.LOGIN_REDIRECT_URL)))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "console/login.html", {"form": form, "next": back(request, "")}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    if request.user.is_authenticated:
        audit.record("session.signed_out", subject=request.user.get_username())
    logout(request)
    return redirect("console:login")


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Language and theme from the top bar: cookies for everybody, and the row of whoever is signed in. Back to the same page."""
    response = redirect(back(request, reverse("console:overview")))
    changes: dict[str, str] = {}
    language, theme = request.POST.get("language", ""), request.POST.get("theme", "")
    if language in dict(settings.LANGUAGES):
        changes["language"] = language
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR, samesite="Lax")
    if theme in ("light", "dark", "system"):
        changes["theme"] = "" if theme == "system" else theme
        response.set_cookie("theme", changes["theme"], max_age=YEAR, samesite="Lax")
    if changes and request.user.is_authenticated:
        Preference.objects.update_or_create(user=request.user, defaults=changes)
    return response


@require_http_methods(["GET", "POST"])
@viewer
def me(request: HttpRequest) -> HttpResponse:
    """What I prefer; applies at once."""
    user = cast("User", request.user)
    preference = Preference.objects.filter(user=user).first() or Preference(user=user)
    names = ("language", "theme", "page_size", "keep_live", "shortcuts")
    form = PreferenceForm(request.POST if request.method == "POST" else None, initial={name: getattr(preference, name) for name in names})
    if form.is_bound and form.is_valid():
        Preference.objects.update_or_create(user=user, defaults=form.cleaned_data)
        with override(form.cleaned_data["language"] or request.LANGUAGE_CODE):
            messages.success(request, _("Your settings were saved."))
        response = redirect("console:me")
        response.set_cookie("theme", form.cleaned_data["theme"], max_age=YEAR, samesite="Lax")
        return response
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "console/me.html", {"form": form}, status=status)


# --- the state of the service -------------------------------------------------------------------------------------------
@require_GET
@viewer
def overview(request: HttpRequest) -> HttpResponse:
    """Tiles, first-run checklist, only what needs attention, and the charts of a range (they are not live)."""
    preference = Preference.objects.filter(user=cast("User", request.user)).first()
    context: dict[str, Any] = {"tiles": overview_data.tiles(), "attention": overview_data.attention(), "recent": overview_data.recent()}
    if not (preference and preference.checklist_dismissed):
        steps = overview_data.checklist()
        context["checklist"] = [] if all(step.done for step in steps) else steps
    if request.headers.get("X-Live"):
        return render(request, "console/overview.html#live", context)
    context["charts"] = charts(request.GET.get("range", ""))
    return render(request, "console/overview.html", context)


@require_POST
@viewer
def checklist_dismiss(request: HttpRequest) -> HttpResponse:
    """Hide the checklist for this person."""
    Preference.objects.update_or_create(user=cast("User", request.user), defaults={"checklist_dismissed": True})
    return redirect("console:overview")


@require_GET
@viewer
def pulse(request: HttpRequest) -> HttpResponse:
    """The pill of workers and queue."""
    return render(request, "console/_pulse.html")


@require_GET
@viewer
def workers(request: HttpRequest) -> HttpResponse:
    """Nodes, their groups, what they work on and what they can do."""
    edge = clock.now() - NODE_ALIVE
    context: dict[str, Any] = {"nodes": overview_data.nodes(edge), "pulse": read_pulse()}
    if request.headers.get("X-Live"):
        return render(request, "console/workers.html#nodes", context)
    return render(request, "console/workers.html", context)


# --- finding ------------------------------------------------------------------------------------------------------------
@require_GET
@viewer
def search(request: HttpRequest) -> HttpResponse:
    """The command palette: pages, actions, ids, file names. A whole job id opens the job."""
    text = request.GET.get("q", "").strip()[:200]
    found = palette.find(text, request.user)
    if not request.htmx and len(found) == 1 and found[0].exact:  # type: ignore[attr-defined]
        return redirect(found[0].url)
    return render_page(request, "console/search.html", {"q": text, "found": found}, parts={"palette-results": "results"})


@require_GET
@viewer
def keys(request: HttpRequest) -> HttpResponse:
    """The list of keys."""
    return render(request, "console/keys.html")


# --- when something goes wrong --------------------------------------------------------------------------------------------
def _wrong(request: HttpRequest, status: HTTPStatus, detail: str = "") -> HttpResponseBase:
    """An error page with the request's id; JSON for those who did not ask for HTML."""
    request_id = getattr(request, "id", "")
    if "text/html" not in request.headers.get("Accept", "text/html") and "*/*" not in request.headers.get("Accept", ""):
        return JsonResponse({"code": status.phrase.replace(" ", ""), "message": detail or status.phrase, "errors": [], "request_id": request_id}, status=status)
    return render(
        request, f"console/error_{status.value}.html", {"detail": detail, "request_id": request_id, "path": urlsplit(request.path).path}, status=status
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400."""
    return _wrong(request, HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """403, with the role that is missing if the guard said so."""
    return _wrong(request, HTTPStatus.FORBIDDEN, str(exception) if str(exception) else "")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404."""
    return _wrong(request, HTTPStatus.NOT_FOUND)


def conflict(request: HttpRequest, detail: str) -> HttpResponseBase:
    """409: the state has moved on. Called by views when a service refuses with WrongState."""
    return _wrong(request, HTTPStatus.CONFLICT, detail)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: reads nothing from the database, which may be what is broken."""
    request_id = getattr(request, "id", "")
    return render(None, "console/error_500.html", {"request_id": request_id}, status=HTTPStatus.INTERNAL_SERVER_ERROR)
