"""Buckets, media and the files that belong to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.lib.ids import new_id


class Bucket(models.Model):
    """A place for objects. Driver «local»: a folder; others come later."""

    class Driver(models.TextChoices):
        LOCAL = "local", _("Local folder")

    name = models.CharField(_("name"), max_length=63, unique=True)
    driver = models.CharField(_("driver"), max_length=16, choices=Driver.choices, default=Driver.LOCAL)
    folder = models.CharField(_("folder"), max_length=1024, blank=True, help_text=_("Empty: a folder of the bucket's name in the data folder."))
    is_input = models.BooleanField(_("input"), default=False)
    is_output = models.BooleanField(_("output"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("bucket")
        verbose_name_plural = _("buckets")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A node of the category tree (three levels at most, held by the service)."""

    name = models.CharField(_("name"), max_length=64)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent"))

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=("parent", "name"), name="category_name"),
            models.UniqueConstraint(fields=("name",), condition=Q(parent__isnull=True), name="category_root_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word that media can carry."""

    name = models.CharField(_("name"), max_length=32, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Media(models.Model):
    """A title in the library: every input ever used or uploaded."""

    class State(models.TextChoices):
        UNPUBLISHED = "unpublished", _("Private")
        PUBLISHED = "published", _("Published")

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    title = models.CharField(_("title"), max_length=128, blank=True)
    description = models.CharField(_("description"), max_length=1024, blank=True)
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="media", verbose_name=_("category"))
    tags = models.ManyToManyField(Tag, blank=True, related_name="media", verbose_name=_("tags"))
    state = models.CharField(_("publish state"), max_length=16, choices=State.choices, default=State.UNPUBLISHED)
    bucket = models.CharField(_("bucket"), max_length=63)
    key = models.CharField(_("key"), max_length=1023)
    info = models.JSONField(_("media info"), null=True, blank=True, help_text=_("jobs.engine.probe.Probe as JSON"))
    cover_bucket = models.CharField(_("cover bucket"), max_length=63, blank=True)
    cover_key = models.CharField(_("cover key"), max_length=1023, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("media")
        verbose_name_plural = _("media")
        ordering = ("-created_at", "-id")
        constraints = [models.UniqueConstraint(fields=("bucket", "key"), name="media_source")]

    def __str__(self) -> str:
        return self.title or self.key

    @property
    def address(self) -> str:
        """The source's address."""
        return f"oss://{self.bucket}/{self.key}"


class MediaFile(models.Model):
    """An object that belongs to a media: its source, a rendition, … . A set (HLS) is one row: ``parts`` names its other objects.

    The rendition of one media may be the source of another one: one row for each role.
    """

    class Role(models.TextChoices):
        SOURCE = "source", _("Source")
        RENDITION = "rendition", _("Rendition")

    media = models.ForeignKey(Media, on_delete=models.CASCADE, related_name="files", verbose_name=_("media"))
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    bucket = models.CharField(_("bucket"), max_length=63)
    key = models.CharField(_("key"), max_length=1023)
    parts = models.JSONField(_("parts"), default=list, blank=True, help_text=_("keys of the set's other objects, in the same bucket"))
    size = models.BigIntegerField(_("size in bytes"), null=True, blank=True, help_text=_("all parts together"))
    etag = models.CharField(_("etag"), max_length=64, blank=True)
    info = models.JSONField(_("media info"), null=True, blank=True)
    job_id = models.CharField(_("job"), max_length=32, blank=True, db_index=True)
    output_id = models.CharField(_("output"), max_length=32, blank=True, db_index=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("media file")
        verbose_name_plural = _("media files")
        ordering = ("media", "role", "key")
        constraints = [models.UniqueConstraint(fields=("bucket", "key", "role"), name="media_file_object")]

    def __str__(self) -> str:
        return f"oss://{self.bucket}/{self.key}"


class Discard(models.Model):
    """An object that must go away at a time, unless the row is withdrawn before.

    Written before objects of a set are moved into place (withdrawn in the transaction that records them), and for the parts of a set that
    was replaced. The sweep removes what is due, so a crash at any moment leaves no orphan for ever.
    """

    bucket = models.CharField(_("bucket"), max_length=63)
    key = models.CharField(_("key"), max_length=1023)
    etag = models.CharField(_("etag"), max_length=64, blank=True, help_text=_("only the object of this etag goes away"))
    main = models.CharField(
        _("main object"), max_length=1023, default="", help_text=_("key of the set's playlist or of the single file; its lock guards the set")
    )
    token = models.CharField(_("token"), max_length=64, db_index=True, help_text=_("output and attempt that wrote it"))
    due_at = models.DateTimeField(_("due"), db_index=True)

    class Meta:
        verbose_name = _("discard")
        verbose_name_plural = _("discards")
        ordering = ("due_at",)

    def __str__(self) -> str:
        return f"oss://{self.bucket}/{self.key}"
