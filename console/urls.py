"""The only place that mounts: pages, JSON, objects, admin, health."""

from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from console import health
from console.api import api, unknown_path
from media_assets.key_views import key_view, license_view
from media_assets.link_views import link_view
from media_assets.serve import object_view

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="console:overview"), name="root"),
    # what browsers ask for on pages that name no icon: the admin's, the interface's own
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("console/icon.svg")), name="favicon"),
    # pages for operators; each list has its own namespace
    path("console/", include("console.page_urls")),
    path("console/", include("jobs.urls")),
    path("console/pipelines/", include("jobs.pipelines.urls")),
    path("console/notifications/", include("jobs.notices.urls")),
    path("console/", include("jobs.workflows.urls")),
    path("console/projects/", include("jobs.foreign.urls")),
    path("console/templates/", include("templates_app.urls")),
    path("console/", include("media_assets.urls")),
    # programs
    path("api/v1/", api.urls),
    re_path(r"^api(?:/|\Z)", unknown_path),
    path("objects/<str:bucket>/<path:key>", object_view, name="objects"),
    path("links/<str:token>/<str:bucket>/<path:key>", link_view, name="link"),
    path("keys/<slug:key_id>", key_view, name="key"),
    path("keys/<slug:key_id>/license", license_view, name="key_license"),
    # administrators
    path("admin/", admin.site.urls),
    # monitors
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]
handler400 = "console.views.bad_request"
handler403 = "console.views.forbidden"
handler404 = "console.views.not_found"
handler500 = "console.views.server_error"
