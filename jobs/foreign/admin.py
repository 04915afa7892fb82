"""Projects, attached buckets and tasks of other products, as raw rows: looked at here, written through the products' interfaces."""

from __future__ import annotations

from django.contrib import admin

from console.lib.admin import ReadOnly, ReadOnlyInline
from jobs.foreign.models import BucketAttachment, ForeignTask, ForeignTaskJob, Project


class BucketAttachmentInline(ReadOnlyInline):
    """Buckets of a project."""

    model = BucketAttachment
    fields = ("bucket", "description", "created_at")


class ForeignTaskJobInline(ReadOnlyInline):
    """Jobs of a task."""

    model = ForeignTaskJob
    fields = ("index", "job", "words")


@admin.register(Project)
class ProjectAdmin(ReadOnly):
    """Projects."""

    list_display = ("name", "description", "created_at", "updated_at")
    search_fields = ("name",)
    inlines = (BucketAttachmentInline,)


@admin.register(BucketAttachment)
class BucketAttachmentAdmin(ReadOnly):
    """Attached buckets."""

    list_display = ("bucket", "project", "description", "created_at")
    search_fields = ("bucket__name", "project__name")
    list_select_related = ("bucket", "project")


@admin.register(ForeignTask)
class ForeignTaskAdmin(ReadOnly):
    """Tasks."""

    list_display = ("id", "product", "type", "project", "name", "owner", "created_at")
    list_filter = ("product", "type")
    search_fields = ("id", "name", "project")
    list_select_related = ("owner",)
    inlines = (ForeignTaskJobInline,)


@admin.register(ForeignTaskJob)
class ForeignTaskJobAdmin(ReadOnly):
    """Which jobs a task consists of."""

    list_display = ("task", "index", "job")
    search_fields = ("task__id", "job__id")
    list_select_related = ("task", "job")
