"""Buckets, media and the files that belong to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from console.lib.ids import new_id


class Bucket(models.Model):
    """A place for objects. Driver «local»: a folder; «s3»: a bucket of an S3-compatible store, or what lies under a prefix of one."""

    class Driver(models.TextChoices):
        LOCAL = "local", _("Local folder")
        S3 = "s3", _("S3-compatible")

    name = models.CharField(_("name"), max_length=63, unique=True)
    driver = models.CharField(_("driver"), max_length=16, choices=Driver.choices, default=Driver.LOCAL)
    folder = models.CharField(_("folder"), max_length=1024, blank=True, help_text=_("Empty: a folder of the bucket's name in the data folder."))
    endpoint = models.CharField(_("endpoint"), max_length=255, blank=True, help_text=_("Address of the store. Empty: AWS in the region."))
    region = models.CharField(_("region"), max_length=63, blank=True)
    remote = models.CharField(_("bucket in the store"), max_length=255, blank=True, help_text=_("Empty: the same name."))
    prefix = models.CharField(_("prefix"), max_length=512, blank=True, help_text=_("What all keys in the store begin with."))
    path_style = models.BooleanField(_("path style"), default=True, help_text=_("The bucket's name stands in the path, not in the host name."))
    access_key_id = models.CharField(_("access key id"), max_length=255, blank=True)
    sealed_secret = models.TextField(_("sealed secret"), blank=True, editable=False)
    public_endpoint = models.CharField(_("endpoint for browsers"), max_length=255, blank=True, help_text=_("Empty: the endpoint."))
    direct_uploads = models.BooleanField(_("uploads straight to the store"), default=True)
    direct_links = models.BooleanField(_("downloads straight from the store"), default=False)
    is_input = models.BooleanField(_("input"), default=False)
    is_output = models.BooleanField(_("output"), default=False)
    referers = models.TextField(_("referers"), blank=True, help_text=_("Hosts whose pages may embed the files, one in each line; empty: all."))
    without_referer = models.BooleanField(_("also without Referer"), default=True)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    trials = models.JSONField(_("what the check found"), default=list, blank=True, help_text=_("bucket_check.Trial as JSON"))
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


class MediaEntry(models.Model):
    """What the library searches and counts of a media, and nothing more: see :mod:`media_assets.indexing`, which writes it."""

    media = models.OneToOneField(Media, on_delete=models.CASCADE, primary_key=True, related_name="entry", verbose_name=_("media"))
    created_at = models.DateTimeField(_("created"))
    title = models.CharField(_("title"), max_length=128, help_text=_("or the key, where there is no title"))
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, related_name="entries", verbose_name=_("category"))
    state = models.CharField(_("publish state"), max_length=16)
    length = models.SmallIntegerField(_("duration class"), default=0)
    bits0 = models.BigIntegerField(default=0, editable=False)
    bits1 = models.BigIntegerField(default=0, editable=False)
    bits2 = models.BigIntegerField(default=0, editable=False)
    bits3 = models.BigIntegerField(default=0, editable=False)
    bits4 = models.BigIntegerField(default=0, editable=False)
    bits5 = models.BigIntegerField(default=0, editable=False)
    bits6 = models.BigIntegerField(default=0, editable=False)
    bits7 = models.BigIntegerField(default=0, editable=False)
    tags = models.CharField(_("tags"), max_length=255, blank=True, help_text=_("ids, with commas"))
    text = models.TextField(_("folded text"), blank=True)

    class Meta:
        verbose_name = _("search row")
        verbose_name_plural = _("search rows")
        ordering = ("-created_at", "-media_id")
        indexes = [
            # SQLite looks for a word in this one alone, newest first, and reads the row itself only where all bits are there.
            models.Index(fields=("created_at", "media", *(f"bits{i}" for i in range(8))), name="entry_search"),
            models.Index(fields=("title", "media"), name="entry_title"),
            models.Index(fields=("state", "length"), name="entry_state"),
            models.Index(fields=("length",), name="entry_length"),
        ]

    def __str__(self) -> str:
        return self.title


class MediaFile(models.Model):
    """An object that belongs to a media: its source, a rendition, … . A set (HLS) is one row: ``parts`` names its other objects.

    The rendition of one media may be the source of another one: one row for each role.
    """

    class Role(models.TextChoices):
        SOURCE = "source", _("Source")
        RENDITION = "rendition", _("Rendition")
        SNAPSHOT = "snapshot", _("Snapshot")
        PREVIEW = "preview", _("Preview")
        SPRITE = "sprite", _("Sprite")

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


class ContentKey(models.Model):
    """The key of encrypted sets: of one output, or shared by the outputs of one media. Sealed; who may have it is decided by media_assets.keys."""

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    scope = models.CharField(_("scope"), max_length=80, unique=True, help_text=_("output:ID, or media:ID"))
    key_id = models.CharField(_("key id"), max_length=32, help_text=_("by which encrypted fMP4 names its key"))
    sealed = models.CharField(_("sealed key"), max_length=255, editable=False)
    private = models.BooleanField(_("private"), default=False, help_text=_("only for a signed player session"))
    bucket = models.CharField(_("bucket"), max_length=63, help_text=_("of the set"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("content key")
        verbose_name_plural = _("content keys")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.scope


class Upload(models.Model):
    """A file that somebody sends in pieces, and may go on sending after a break. What has arrived lies backstage in the bucket until it is whole;
    of one that goes straight to the store (``remote_id``) in the store's own multipart upload."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Done")

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    owner = models.ForeignKey("auth.User", on_delete=models.CASCADE, related_name="+", verbose_name=_("owner"))
    bucket = models.CharField(_("bucket"), max_length=63)
    key = models.CharField(_("key"), max_length=1023)
    length = models.BigIntegerField(_("size in bytes"))
    if_exists = models.CharField(_("if the object exists"), max_length=16)
    title = models.CharField(_("title"), max_length=128, blank=True)
    metadata = models.TextField(_("metadata as sent"), blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    media = models.ForeignKey(Media, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("media"))
    remote_id = models.CharField(_("upload in the store"), max_length=1024, blank=True)
    part_size = models.BigIntegerField(_("bytes of one part"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"oss://{self.bucket}/{self.key}"


from media_assets.object_models import MultipartPart as MultipartPart  # noqa: E402  # so that Django knows them
from media_assets.object_models import MultipartUpload as MultipartUpload  # noqa: E402
from media_assets.object_models import ObjectNote as ObjectNote  # noqa: E402
