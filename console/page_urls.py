"""Pages that belong to no app, mounted at /console/."""

from __future__ import annotations

from django.urls import path

from console import views

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
    path("workers/", views.workers, name="workers"),
]
