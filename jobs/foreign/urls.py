"""Pages of IMM's projects, mounted at /console/projects/."""

from __future__ import annotations

from django.urls import path

from jobs.foreign import views

app_name = "projects"
urlpatterns = [
    path("", views.project_list, name="project_list"),
    path("<slug:name>/", views.project_detail, name="project_detail"),
    path("<slug:name>/attach/", views.bucket_attach, name="bucket_attach"),
    path("<slug:name>/detach/<slug:bucket>/", views.bucket_detach, name="bucket_detach"),
    path("<slug:name>/delete/", views.project_delete, name="project_delete"),
]
