"""Buckets, the library and its files as raw rows. Objects themselves are only touched by the storage, so rows with objects are not deleted here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.lib.admin import ReadOnly
from media_assets.models import Bucket, Category, Discard, Media, MediaFile, Tag

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.safestring import SafeString


class FileInline(admin.TabularInline):
    """Objects of a media."""

    model = MediaFile
    fields = ("role", "bucket", "key", "size", "job_id", "output_id", "created_at")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(Bucket)
class BucketAdmin(ReadOnly):
    """Buckets: bound and checked in the console."""

    list_display = ("name", "driver", "folder", "is_input", "is_output", "created_at")
    list_filter = ("driver", "is_input", "is_output")
    search_fields = ("name", "folder")


@admin.register(Media)
class MediaAdmin(ReadOnly):
    """The library."""

    list_display = ("id", "title", "bucket", "key", "state", "category", "created_at", "in_console")
    list_filter = ("state", "bucket", "category")
    list_select_related = ("category",)
    search_fields = ("id__exact", "title", "key")
    inlines = (FileInline,)

    @admin.display(description=_("console"))
    def in_console(self, media: Media) -> SafeString:
        """The page that people use."""
        return format_html('<a href="{}">{}</a>', reverse("media:media_detail", args=[media.pk]), gettext("Open"))


@admin.register(MediaFile)
class MediaFileAdmin(ReadOnly):
    """Objects of media."""

    list_display = ("id", "media", "role", "bucket", "key", "size", "job_id", "output_id", "created_at")
    list_filter = ("role", "bucket")
    list_select_related = ("media",)
    search_fields = ("key", "job_id__exact", "output_id__exact")
    ordering = ("-pk",)


@admin.register(Discard)
class DiscardAdmin(ReadOnly):
    """Objects that will go away."""

    list_display = ("bucket", "key", "token", "due_at")
    list_filter = ("bucket",)
    search_fields = ("key", "token__exact")


@admin.register(Category)
class CategoryAdmin(ReadOnly):
    """The tree of categories: edited in the console, which holds its three levels."""

    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    """Words that media carry."""

    list_display = ("name",)
    search_fields = ("name",)
