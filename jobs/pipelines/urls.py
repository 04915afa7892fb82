"""Pages of pipelines, mounted at /console/pipelines/."""

from __future__ import annotations

from django.urls import path

from jobs.pipelines import views

app_name = "pipelines"
urlpatterns = [
    path("", views.pipeline_list, name="pipeline_list"),
    path("new/", views.pipeline_create, name="pipeline_create"),
    path("bulk/", views.pipeline_bulk, name="pipeline_bulk"),
    path("<slug:pipeline_id>/", views.pipeline_detail, name="pipeline_detail"),
    path("<slug:pipeline_id>/edit/", views.pipeline_edit, name="pipeline_edit"),
    path("<slug:pipeline_id>/pause/", views.pipeline_pause, name="pipeline_pause"),
    path("<slug:pipeline_id>/resume/", views.pipeline_resume, name="pipeline_resume"),
    path("<slug:pipeline_id>/delete/", views.pipeline_delete, name="pipeline_delete"),
    path("<slug:pipeline_id>/jobs/<slug:job_id>/up/", views.job_up, name="job_up"),
]
