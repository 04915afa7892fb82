"""Pages of workflows and executions, mounted at /console/."""

from __future__ import annotations

from django.urls import path

from jobs.workflows import execution_views, views

app_name = "workflows"
urlpatterns = [
    path("workflows/", views.workflow_list, name="workflow_list"),
    path("workflows/new/", views.workflow_new, name="workflow_new"),
    path("workflows/checks/", views.workflow_checks, name="workflow_checks"),
    path("workflows/bulk/", views.workflow_bulk, name="workflow_bulk"),
    path("workflows/<slug:workflow_id>/", views.workflow_detail, name="workflow_detail"),
    path("workflows/<slug:workflow_id>/edit/", views.workflow_edit, name="workflow_edit"),
    path("workflows/<slug:workflow_id>/enable/", views.workflow_enable, name="workflow_enable"),
    path("workflows/<slug:workflow_id>/disable/", views.workflow_disable, name="workflow_disable"),
    path("workflows/<slug:workflow_id>/run/", views.workflow_run, name="workflow_run"),
    path("workflows/<slug:workflow_id>/delete/", views.workflow_delete, name="workflow_delete"),
    path("executions/", execution_views.execution_list, name="execution_list"),
    path("executions/bulk/", execution_views.execution_bulk, name="execution_bulk"),
    path("executions/<slug:execution_id>/", execution_views.execution_detail, name="execution_detail"),
    path("executions/<slug:execution_id>/cancel/", execution_views.execution_cancel, name="execution_cancel"),
    path("executions/<slug:execution_id>/again/", execution_views.execution_again, name="execution_again"),
]
