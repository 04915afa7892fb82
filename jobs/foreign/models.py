"""Rows for what other products count differently: a task of several jobs, projects and the buckets attached to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from jobs import clock


class Project(models.Model):
    """An IMM project: a name under which tasks and attached buckets stand together. No tenant: it keeps nothing apart."""

    name = models.CharField(_("name"), max_length=128, unique=True)
    description = models.CharField(_("description"), max_length=256, blank=True)
    foreign = models.JSONField(
        _("foreign words"), default=dict, blank=True, help_text=_("service role, tags and limits as they were sent; told again in answers")
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = clock.ChangedField(_("updated"), editable=False)

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class BucketAttachment(models.Model):
    """A bucket and the one project that it is attached to."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="attachments", verbose_name=_("project"))
    bucket = models.OneToOneField("media_assets.Bucket", on_delete=models.CASCADE, related_name="+", verbose_name=_("bucket"))
    description = models.CharField(_("description"), max_length=256, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = clock.ChangedField(_("updated"), editable=False)

    class Meta:
        verbose_name = _("attached bucket")
        verbose_name_plural = _("attached buckets")
        ordering = ("bucket__name",)

    def __str__(self) -> str:
        return str(self.bucket)


class ForeignTask(models.Model):
    """A task as another product counts it: one or several of our jobs, sent in one request. Its state is that of its jobs together."""

    id = models.CharField(_("id"), primary_key=True, max_length=64, editable=False)
    product = models.CharField(_("product"), max_length=8, help_text=_("imm, ims or oss"))
    type = models.CharField(_("type"), max_length=32)
    project = models.CharField(_("project"), max_length=128, blank=True)
    name = models.CharField(_("name"), max_length=128, blank=True)
    user_data = models.CharField(_("user data"), max_length=1024, blank=True)
    tags = models.JSONField(_("tags"), default=dict, blank=True)
    request = models.JSONField(_("request"), default=dict, blank=True, help_text=_("as sent"))
    notify = models.JSONField(_("notification"), default=dict, blank=True, help_text=_("who wants to hear of its end, as sent"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    token = models.CharField(_("client token"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("foreign task")
        verbose_name_plural = _("foreign tasks")
        ordering = ("-created_at", "-id")
        constraints = [models.UniqueConstraint(fields=("owner", "product", "type", "token"), condition=~Q(token=""), name="foreign_task_token")]
        indexes = [models.Index(F("product"), F("type"), F("created_at").desc(), F("id").desc(), name="foreign_task_newest")]

    def __str__(self) -> str:
        return self.id


class ForeignTaskJob(models.Model):
    """A job of a task; ``words``: what the product calls its outputs, by their indices."""

    task = models.ForeignKey(ForeignTask, on_delete=models.CASCADE, related_name="parts", verbose_name=_("task"))
    job = models.OneToOneField("jobs.Job", on_delete=models.CASCADE, related_name="task_part", verbose_name=_("job"))
    index = models.PositiveSmallIntegerField(_("index"))
    words = models.JSONField(_("foreign words"), default=dict, blank=True)

    class Meta:
        verbose_name = _("job of a foreign task")
        verbose_name_plural = _("jobs of foreign tasks")
        ordering = ("task", "index")
        constraints = [models.UniqueConstraint(fields=("task", "index"), name="foreign_task_job_index")]

    def __str__(self) -> str:
        return f"{self.task_id}/{self.index}"
