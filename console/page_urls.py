"""Pages that belong to no app, mounted at /console/."""

from __future__ import annotations

from django.urls import path

from console import access_key_views, audit_views, views

app_name = "console"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("checklist/", views.checklist_dismiss, name="checklist_dismiss"),
    path("login/", views.sign_in, name="login"),
    path("logout/", views.sign_out, name="logout"),
    path("search/", views.search, name="search"),
    path("pulse/", views.pulse, name="pulse"),
    path("keys/", views.keys, name="keys"),
    path("appearance/", views.appearance, name="appearance"),
    path("settings/me/", views.me, name="me"),
    path("settings/access-keys/", access_key_views.access_key_list, name="access_keys"),
    path("settings/access-keys/new/", access_key_views.access_key_new, name="access_key_new"),
    path("settings/access-keys/<str:key_id>/", access_key_views.access_key_edit, name="access_key_edit"),
    path("settings/access-keys/<str:key_id>/switch/", access_key_views.access_key_switch, name="access_key_switch"),
    path("settings/access-keys/<str:key_id>/delete/", access_key_views.access_key_delete, name="access_key_delete"),
    path("settings/access-keys/<str:key_id>/lend/", access_key_views.access_key_lend, name="access_key_lend"),
    path("settings/sdk/", access_key_views.sdk, name="sdk"),
    path("audit/", audit_views.audit_list, name="audit"),
    path("audit/export/", audit_views.audit_export, name="audit_export"),
    path("workers/", views.workers, name="workers"),
]
