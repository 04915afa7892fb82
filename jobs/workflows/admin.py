"""Workflows and executions, as raw rows: looked at here, written by services."""

from __future__ import annotations

from django.contrib import admin

from console.lib.admin import ReadOnly, ReadOnlyInline
from jobs.workflows.models import Activity, Execution, SeenObject, Workflow, WorkflowVersion


class WorkflowVersionInline(ReadOnlyInline):
    """Versions of a workflow."""

    model = WorkflowVersion
    fields = ("number", "actor", "created_at", "document")


class ActivityInline(ReadOnlyInline):
    """Steps of an execution."""

    model = Activity
    fields = ("index", "name", "type", "under", "state", "job", "code", "message", "started_at", "finished_at")


@admin.register(Workflow)
class WorkflowAdmin(ReadOnly):
    """Workflows."""

    list_display = ("name", "state", "trigger", "bucket", "path", "pipeline", "number", "scanned_at", "updated_at")
    list_filter = ("state", "trigger", "source")
    search_fields = ("id", "name", "bucket", "path")
    list_select_related = ("pipeline",)
    inlines = (WorkflowVersionInline,)


@admin.register(WorkflowVersion)
class WorkflowVersionAdmin(ReadOnly):
    """What workflows did from one edit to the next."""

    list_display = ("workflow", "number", "actor", "created_at")
    search_fields = ("workflow__id", "workflow__name")
    list_select_related = ("workflow",)


@admin.register(Execution)
class ExecutionAdmin(ReadOnly):
    """Executions."""

    list_display = ("id", "workflow_name", "number", "trigger", "bucket", "key", "state", "failures", "created_at", "finished_at")
    list_filter = ("state", "trigger")
    search_fields = ("id", "workflow_name", "key")
    inlines = (ActivityInline,)


@admin.register(Activity)
class ActivityAdmin(ReadOnly):
    """Steps of executions."""

    list_display = ("execution", "index", "name", "type", "state", "job", "code")
    list_filter = ("state", "type")
    search_fields = ("execution__id", "name", "job__id")
    list_select_related = ("execution", "job")


@admin.register(SeenObject)
class SeenObjectAdmin(ReadOnly):
    """Objects that workflows have seen."""

    list_display = ("workflow", "key", "etag", "settled", "seen_at")
    list_filter = ("settled",)
    search_fields = ("workflow__id", "workflow__name", "key")
    list_select_related = ("workflow",)
