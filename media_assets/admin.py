"""Buckets, the library and its files as raw rows. Objects themselves are only touched by the storage, so rows with objects are not deleted here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.lib.admin import ReadOnly, ReadOnlyInline
from media_assets.models import Bucket, Category, ContentKey, Discard, Media, MediaEntry, MediaFile, MultipartPart, MultipartUpload, ObjectNote, Tag, Upload

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


class FileInline(ReadOnlyInline):
    """Objects of a media."""

    model = MediaFile
    fields = ("role", "bucket", "key", "size", "job_id", "output_id", "created_at")


@admin.register(Bucket)
class BucketAdmin(ReadOnly):
    """Buckets: bound and checked in the console."""

    list_display = ("name", "driver", "folder", "endpoint", "remote", "prefix", "is_input", "is_output", "created_at")
    list_filter = ("driver", "is_input", "is_output")
    search_fields = ("name", "folder", "endpoint", "remote")
    exclude = ("sealed_secret",)


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


@admin.register(MediaEntry)
class MediaEntryAdmin(ReadOnly):
    """What the library searches: written whenever a media changes."""

    list_display = ("media_id", "title", "state", "length", "category", "created_at")
    list_filter = ("state", "length")
    list_select_related = ("category",)
    search_fields = ("pk__exact", "title")


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
class TagAdmin(ReadOnly):
    """Words that media carry: they come and go with the media, on its page."""

    list_display = ("name",)
    search_fields = ("name",)


@admin.register(Upload)
class UploadAdmin(ReadOnly):
    """Uploads in pieces: who sends what, and until when it is kept."""

    list_display = ("id", "bucket", "key", "length", "state", "owner", "created_at", "expires_at")
    list_filter = ("state", "bucket")
    list_select_related = ("owner",)
    search_fields = ("id__exact", "key")


@admin.register(ContentKey)
class ContentKeyAdmin(ReadOnly):
    """Keys of encrypted sets. The key itself is never shown, not even sealed."""

    list_display = ("id", "scope", "private", "bucket", "created_at")
    list_filter = ("private", "bucket")
    search_fields = ("id__exact", "scope")
    exclude = ("sealed",)


class PartInline(ReadOnlyInline):
    """What has arrived."""

    model = MultipartPart
    fields = ("number", "size", "md5", "arrived_at")


@admin.register(MultipartUpload)
class MultipartUploadAdmin(ReadOnly):
    """Uploads in parts that are not put together yet."""

    list_display = ("id", "bucket", "key", "owner", "created_at", "expires_at")
    list_filter = ("bucket",)
    list_select_related = ("owner",)
    search_fields = ("id__exact", "key")
    inlines = (PartInline,)


@admin.register(MultipartPart)
class MultipartPartAdmin(ReadOnly):
    """Parts that have arrived and wait for the others."""

    list_display = ("upload", "number", "size", "md5", "arrived_at")
    list_select_related = ("upload",)
    search_fields = ("upload__id__exact", "upload__key")


@admin.register(ObjectNote)
class ObjectNoteAdmin(ReadOnly):
    """Digests, types and metadata of objects that clients of the object store wrote."""

    list_display = ("bucket", "key", "kind", "digest", "crc64", "written_at")
    list_filter = ("bucket", "kind")
    search_fields = ("key", "digest")
