"""Rows of workflows and of their executions. Fields and constraints only; every write is a service."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from console.lib.ids import new_id
from jobs import clock
from jobs.workflows.states import ActivityState, ExecutionState


class Workflow(models.Model):
    """The same steps for every new object below a path. What it does is said by its newest version; running executions keep theirs."""

    class State(models.TextChoices):
        ACTIVE = "Active", _("Active")
        INACTIVE = "Inactive", _("Inactive")

    class Trigger(models.TextChoices):
        AUTOMATIC = "automatic", _("Automatic")
        MANUAL = "manual", _("Manual")

    class Source(models.TextChoices):
        CONSOLE = "console", _("Console")
        API = "api", "API"
        MPS = "mps", "MPS"

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=128, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.INACTIVE)
    trigger = models.CharField(_("trigger"), max_length=16, choices=Trigger.choices, default=Trigger.AUTOMATIC)
    bucket = models.CharField(_("input bucket"), max_length=63)
    path = models.CharField(_("input path"), max_length=1023, blank=True, help_text=_("what keys begin with: «talks/», or empty for the whole bucket"))
    pipeline = models.ForeignKey("jobs.Pipeline", on_delete=models.PROTECT, related_name="workflows", verbose_name=_("pipeline"))
    priority = models.PositiveSmallIntegerField(_("priority"), null=True, blank=True, help_text=_("of its jobs; none: the pipeline's"))
    file_types = models.JSONField(_("file types"), default=list, blank=True, help_text=_("endings without dot, lower-case; none: video and audio"))
    notify_topic = models.CharField(_("topic of notifications"), max_length=255, blank=True)
    steps = models.JSONField(_("steps"), help_text=_("of the newest version: jobs.workflows.tree as JSON"))
    number = models.PositiveIntegerField(_("version"), default=1)
    source = models.CharField(_("made through"), max_length=16, choices=Source.choices, default=Source.API)
    foreign = models.JSONField(
        _("foreign words"),
        default=dict,
        blank=True,
        help_text=_("what a request of another product said that has no place among ours; told again in its answers"),
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    scan_at = models.DateTimeField(_("next look at the path"), null=True, blank=True)
    scanned_at = models.DateTimeField(_("last look at the path"), null=True, blank=True)
    scan_error = models.TextField(_("why the path cannot be looked at"), blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = clock.ChangedField(_("updated"), editable=False)

    class Meta:
        app_label = "jobs"
        verbose_name = _("workflow")
        verbose_name_plural = _("workflows")
        ordering = ("name",)
        constraints = [models.CheckConstraint(condition=Q(priority__isnull=True) | Q(priority__range=(1, 10)), name="workflow_priority")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_watching(self) -> bool:
        """Whether new objects below its path start executions."""
        return self.state == self.State.ACTIVE and self.trigger == self.Trigger.AUTOMATIC


class WorkflowVersion(models.Model):
    """What a workflow did from one edit to the next. Never changed."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="versions", verbose_name=_("workflow"))
    number = models.PositiveIntegerField(_("version"))
    document = models.JSONField(_("workflow"), help_text=_("as it was saved: bucket, path, pipeline, priority, file_types, notify_topic, trigger, steps"))
    actor = models.CharField(_("who"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        app_label = "jobs"
        verbose_name = _("version of a workflow")
        verbose_name_plural = _("versions of workflows")
        ordering = ("workflow", "-number")
        constraints = [models.UniqueConstraint(fields=("workflow", "number"), name="workflow_version_number")]

    def __str__(self) -> str:
        return f"{self.workflow_id} v{self.number}"


class SeenObject(models.Model):
    """An object below the path of a watching workflow, once for each of its versions: what is written here never starts an execution again."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="seen", verbose_name=_("workflow"))
    key = models.CharField(_("key"), max_length=1023)
    etag = models.CharField(_("etag"), max_length=64)
    seen_at = models.DateTimeField(_("first seen"))
    settled = models.BooleanField(_("settled"), default=False, help_text=_("decided: started, there before, or of ours; else it may still be written to"))

    class Meta:
        app_label = "jobs"
        verbose_name = _("seen object")
        verbose_name_plural = _("seen objects")
        ordering = ("workflow", "key")
        constraints = [models.UniqueConstraint(fields=("workflow", "key", "etag"), name="seen_object_version")]

    def __str__(self) -> str:
        return self.key


class Execution(models.Model):
    """One run of a workflow over one object (MPS RunId). Its state follows from its activities."""

    class Trigger(models.TextChoices):
        AUTOMATIC = "automatic", _("New file")
        MANUAL = "manual", _("By hand")
        TEST = "test", _("Test")

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.SET_NULL, null=True, blank=True, related_name="executions", verbose_name=_("workflow"))
    workflow_name = models.CharField(_("name of the workflow"), max_length=128)
    number = models.PositiveIntegerField(_("version of the workflow"))
    trigger = models.CharField(_("trigger"), max_length=16, choices=Trigger.choices)
    bucket = models.CharField(_("bucket"), max_length=63)
    key = models.CharField(_("key"), max_length=1023)
    etag = models.CharField(_("etag"), max_length=64, blank=True)
    media_id = models.CharField(_("media"), max_length=32, blank=True, db_index=True)
    state = models.CharField(_("state"), max_length=16, choices=ExecutionState.choices, default=ExecutionState.RUNNING)
    failures = models.PositiveSmallIntegerField(_("failed steps"), default=0)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    pipeline = models.ForeignKey("jobs.Pipeline", on_delete=models.PROTECT, related_name="+", verbose_name=_("pipeline"))
    priority = models.PositiveSmallIntegerField(_("priority"), null=True, blank=True)
    notify_topic = models.CharField(_("topic of notifications"), max_length=255, blank=True)
    user_data = models.CharField(_("user data"), max_length=1024, blank=True)
    foreign = models.JSONField(_("foreign words"), default=dict, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    again_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="agains", verbose_name=_("run again of"))
    idempotency_key = models.CharField(_("idempotency key"), max_length=255, blank=True)
    due_at = models.DateTimeField(_("next look"), null=True, blank=True, help_text=_("when it is looked at again; none: it is over"))
    created_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    version = models.BigIntegerField(_("change counter"), default=0, help_text=_("grows with every change; live pages ask for newer"))

    class Meta:
        app_label = "jobs"
        verbose_name = _("execution")
        verbose_name_plural = _("executions")
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=("workflow", "bucket", "key", "etag"), condition=Q(trigger="automatic"), name="execution_of_object_version"),
            models.UniqueConstraint(fields=("owner", "idempotency_key"), condition=~Q(idempotency_key=""), name="execution_idempotency"),
            models.CheckConstraint(condition=Q(state="running") | Q(finished_at__isnull=False), name="execution_over_has_end"),
        ]
        indexes = [
            models.Index(F("created_at").desc(), F("id").desc(), name="execution_newest"),
            models.Index(F("workflow"), F("created_at").desc(), F("id").desc(), name="execution_workflow_newest"),
            models.Index(F("state"), F("created_at").desc(), F("id").desc(), name="execution_state_newest"),
            models.Index(F("workflow"), F("state"), F("created_at").desc(), F("id").desc(), name="execution_workflow_state"),
            models.Index(fields=("bucket", "key"), name="execution_object"),
            models.Index(fields=("due_at",), condition=Q(due_at__isnull=False), name="execution_due"),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state != ExecutionState.RUNNING

    @property
    def address(self) -> str:
        """The object's address."""
        return f"oss://{self.bucket}/{self.key}"


class Activity(models.Model):
    """One step in one execution, with the job that does it. ``step``: as the version said it (jobs.workflows.tree as JSON)."""

    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="activities", verbose_name=_("execution"))
    index = models.PositiveSmallIntegerField(_("index"))
    name = models.CharField(_("name"), max_length=64)
    type = models.CharField(_("type"), max_length=16)
    under = models.CharField(_("under"), max_length=64, blank=True, help_text=_("name of the step above it; empty: the start"))
    step = models.JSONField(_("step"))
    state = models.CharField(_("state"), max_length=16, choices=ActivityState.choices, default=ActivityState.WAITING)
    job = models.ForeignKey("jobs.Job", on_delete=models.SET_NULL, null=True, blank=True, related_name="activities", verbose_name=_("job"))
    code = models.CharField(_("error code"), max_length=64, blank=True)
    message = models.TextField(_("message"), blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        app_label = "jobs"
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ("execution", "index")
        constraints = [
            models.UniqueConstraint(fields=("execution", "index"), name="activity_index"),
            models.UniqueConstraint(fields=("execution", "name"), name="activity_name"),
        ]
        indexes = [models.Index(fields=("execution",), condition=Q(finished_at__isnull=True), name="activity_live")]

    def __str__(self) -> str:
        return f"{self.execution_id}/{self.name}"
