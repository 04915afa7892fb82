"""Pages of pipelines, mounted at /console/pipelines/."""

from __future__ import annotations

from django.urls import path

from jobs import pipeline_views as views

app_name = "pipelines"
urlpatterns = [
    path("", views.pipeline_list, name="pipeline_list"),
    path("new/", views.pipeline_create, name="pipeline_create"),
    path("<str:pipeline_id>/", views.pipeline_detail, name="pipeline_detail"),
    path("<str:pipeline_id>/edit/", views.pipeline_edit, name="pipeline_edit"),
    path("<str:pipeline_id>/pause/", views.pipeline_pause, name="pipeline_pause"),
    path("<str:pipeline_id>/resume/", views.pipeline_resume, name="pipeline_resume"),
    path("<str:pipeline_id>/delete/", views.pipeline_delete, name="pipeline_delete"),
    path("<str:pipeline_id>/jobs/<str:job_id>/up/", views.job_up, name="job_up"),
]
