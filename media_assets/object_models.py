"""Rows for what clients of the object store keep with objects, and for objects that come in parts."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.lib.ids import new_id


class ObjectNote(models.Model):
    """What is known of an object beside what its storage knows. Holds for the object of that etag only: one that was put there otherwise has no note."""

    class Kind(models.TextChoices):
        NORMAL = "Normal", _("Normal")
        MULTIPART = "Multipart", _("Multipart")
        APPENDABLE = "Appendable", _("Appendable")

    bucket = models.CharField(_("bucket"), max_length=63)
    key = models.CharField(_("key"), max_length=1023)
    etag = models.CharField(_("etag of the storage"), max_length=64)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.NORMAL)
    digest = models.CharField(_("digest"), max_length=64, help_text=_("MD5 of the bytes; of an object that came in parts: of its parts' MD5s, and how many"))
    crc64 = models.CharField(_("CRC-64"), max_length=20, help_text=_("CRC-64/XZ as a decimal number"))
    headers = models.JSONField(_("headers"), default=dict, blank=True, help_text=_("content type and others, as the sender gave them"))
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    written_at = models.DateTimeField(_("written"), auto_now=True)

    class Meta:
        verbose_name = _("object note")
        verbose_name_plural = _("object notes")
        ordering = ("bucket", "key")
        constraints = [models.UniqueConstraint(fields=("bucket", "key"), name="object_note")]

    def __str__(self) -> str:
        return f"oss://{self.bucket}/{self.key}"


class MultipartUpload(models.Model):
    """An object that somebody sends as numbered parts, in any order. They lie backstage in the bucket until all are put together."""

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    owner = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="+", verbose_name=_("owner"))
    bucket = models.CharField(_("bucket"), max_length=63)
    key = models.CharField(_("key"), max_length=1023)
    headers = models.JSONField(_("headers"), default=dict, blank=True)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("multipart upload")
        verbose_name_plural = _("multipart uploads")
        ordering = ("bucket", "key", "id")
        indexes = [models.Index(fields=("bucket", "key", "id"), name="multipart_place")]

    def __str__(self) -> str:
        return f"oss://{self.bucket}/{self.key}"


class MultipartPart(models.Model):
    """One part that has arrived whole."""

    upload = models.ForeignKey(MultipartUpload, on_delete=models.CASCADE, related_name="parts", verbose_name=_("upload"))
    number = models.PositiveSmallIntegerField(_("number"))
    file = models.CharField(_("file"), max_length=80, unique=True)
    size = models.BigIntegerField(_("size in bytes"))
    md5 = models.CharField("MD5", max_length=32)
    crc64 = models.CharField(_("CRC-64"), max_length=20)
    arrived_at = models.DateTimeField(_("arrived"), auto_now=True)

    class Meta:
        verbose_name = _("part of a multipart upload")
        verbose_name_plural = _("parts of multipart uploads")
        ordering = ("upload", "number")
        constraints = [models.UniqueConstraint(fields=("upload", "number"), name="multipart_part_number")]

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.number}"
