"""Rows of the queue and of the history of jobs. Fields and constraints only; every write is a service."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from console.lib.ids import new_id
from jobs import clock
from jobs.states import FINAL, AttemptState, JobState, Phase, StepState

PRIORITY = [MinValueValidator(1), MaxValueValidator(10)]


class Lane(models.TextChoices):
    """Which worker groups may take a step: «main» encodes and takes a slot; «short» is light and takes none."""

    MAIN = "main", _("Main")
    SHORT = "short", _("Short")


class Pipeline(models.Model):
    """A queue of jobs with slots. Paused: running steps finish, nothing starts."""

    class State(models.TextChoices):
        ACTIVE = "Active", _("Active")
        PAUSED = "Paused", _("Paused")

    class Type(models.TextChoices):
        STANDARD = "standard", _("Standard")
        NARROWBAND = "narrowband", _("Narrowband")
        FAST = "fast", _("High-speed")

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=128, unique=True)
    type = models.CharField(_("type"), max_length=16, choices=Type.choices, default=Type.STANDARD)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ACTIVE)
    slots = models.PositiveSmallIntegerField(
        _("slots"), default=2, validators=[MinValueValidator(1), MaxValueValidator(1000)], help_text=_("How many of its encodes may run at once.")
    )
    default_priority = models.PositiveSmallIntegerField(_("default priority"), default=6, validators=PRIORITY, help_text=_("1–10; 10 runs first."))
    max_queued = models.PositiveIntegerField(
        _("max queued"), default=10_000, validators=[MinValueValidator(1), MaxValueValidator(1_000_000)], help_text=_("Further submits are refused.")
    )
    notify_topic = models.CharField(
        _("topic of notifications"), max_length=255, blank=True, help_text=_("Where the ends of its jobs are told; empty: nowhere.")
    )
    foreign = models.JSONField(
        _("foreign words"),
        default=dict,
        blank=True,
        help_text=_("what a request of another product said that has no place among ours; told again in its answers"),
    )
    pause_reason = models.CharField(_("reason of the pause"), max_length=200, blank=True)
    resume_at = models.DateTimeField(_("resume at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    updated_at = clock.ChangedField(_("updated"), editable=False)

    class Meta:
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(condition=Q(slots__gte=1), name="pipeline_slots"),
            models.CheckConstraint(condition=Q(default_priority__range=(1, 10)), name="pipeline_priority"),
        ]

    def __str__(self) -> str:
        return self.name


class PipelineEvent(models.Model):
    """History of a pipeline: who paused, resumed or changed it, and why."""

    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="events", verbose_name=_("pipeline"))
    at = models.DateTimeField(_("time"), default=clock.now, editable=False)
    kind = models.CharField(_("kind"), max_length=32)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    data = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("pipeline event")
        verbose_name_plural = _("pipeline events")
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return self.kind


class Job(models.Model):
    """A JobSpec that somebody sent, and what became of it."""

    class Source(models.TextChoices):
        CONSOLE = "console", _("Console")
        API = "api", "API"
        CLI = "cli", _("Command line")
        SAMPLE = "sample", _("Sample")
        WORKFLOW = "workflow", _("Workflow")
        MPS = "mps", "MPS"
        IMM = "imm", "IMM"
        IMS = "ims", "IMS"
        OSS = "oss", "OSS"

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=16)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="jobs", verbose_name=_("pipeline"))
    priority = models.PositiveSmallIntegerField(_("priority"), default=6, validators=PRIORITY)
    spec = models.JSONField(_("spec"), help_text=_("as sent"))
    input_bucket = models.CharField(_("input bucket"), max_length=63)
    input_key = models.CharField(_("input key"), max_length=1023)
    input_etag = models.CharField(_("input etag"), max_length=64, blank=True)
    media_id = models.CharField(_("media"), max_length=32, blank=True, db_index=True)
    state = models.CharField(_("state"), max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    code = models.CharField(_("error code"), max_length=64, blank=True)
    message = models.TextField(_("message"), blank=True)
    retryable = models.BooleanField(_("retryable"), default=False)
    log_line = models.TextField(_("decisive log line"), blank=True)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    user_data = models.CharField(_("user data"), max_length=1024, blank=True)
    progress = models.PositiveSmallIntegerField(_("progress in %"), default=0)
    phase = models.CharField(_("phase"), max_length=16, choices=Phase.choices, blank=True)
    speed = models.FloatField(_("speed"), null=True, blank=True)
    fps = models.FloatField(_("frames per second"), null=True, blank=True)
    probe = models.JSONField(_("probe of the input"), null=True, blank=True)
    result = models.JSONField(_("result"), null=True, blank=True, help_text=_("of kinds that answer with data, not with files"))
    source = models.CharField(_("submitted through"), max_length=16, choices=Source.choices, default=Source.API)
    foreign = models.JSONField(
        _("foreign words"),
        default=dict,
        blank=True,
        help_text=_("what a request of another product said that has no place among ours; told again in its answers"),
    )
    notify_topic = models.CharField(_("topic of notifications"), max_length=255, blank=True, default="", db_default="")
    notify_each = models.BooleanField(_("tell of each output"), default=False, db_default=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs", verbose_name=_("owner"))
    retry_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="retries", verbose_name=_("retry of"))
    idempotency_key = models.CharField(_("idempotency key"), max_length=255, blank=True)
    idempotency_digest = models.CharField(_("digest of the request"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    version = models.BigIntegerField(_("change counter"), default=0, help_text=_("grows with every change; live pages ask for newer"))

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ("-created_at", "-id")
        constraints = [
            models.CheckConstraint(condition=Q(priority__range=(1, 10)), name="job_priority"),
            models.CheckConstraint(condition=Q(progress__range=(0, 100)), name="job_progress"),
            models.CheckConstraint(condition=Q(finished_at__isnull=True) | Q(state__in=sorted(FINAL)), name="job_finished_is_final"),
            models.UniqueConstraint(fields=("owner", "idempotency_key"), condition=~Q(idempotency_key=""), name="job_idempotency"),
        ]
        indexes = [
            models.Index(F("created_at").desc(), F("id").desc(), name="job_newest"),
            models.Index(F("state"), F("created_at").desc(), F("id").desc(), name="job_state_newest"),
            models.Index(F("pipeline"), F("created_at").desc(), F("id").desc(), name="job_pipeline_newest"),
            models.Index(F("kind"), F("created_at").desc(), F("id").desc(), name="job_kind_newest"),
            models.Index(F("source"), F("created_at").desc(), F("id").desc(), name="job_source_newest"),
            models.Index(
                F("pipeline"), F("state"), F("created_at").desc(), F("id").desc(), name="job_pipeline_state_newest"
            ),  # whole: SQLite takes no partial one for «state = ?»
            models.Index(
                fields=("retry_of",), condition=Q(retry_of__isnull=False), name="job_retry_of"
            ),  # the foreign key's own is mostly NULL: ANALYZE spoils it
            models.Index(F("code"), F("created_at").desc(), condition=~Q(code=""), name="job_code_newest"),
            models.Index(fields=("id",), condition=Q(cancel_requested=True, finished_at__isnull=True), name="job_cancelling"),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINAL


class Output(models.Model):
    """One output of a job."""

    id = models.CharField(_("id"), primary_key=True, max_length=32, default=new_id, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="outputs", verbose_name=_("job"))
    index = models.PositiveSmallIntegerField(_("index"))
    template = models.ForeignKey(
        "templates_app.TemplateVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("template version"),
        help_text=_("none: the overrides are all of it"),
    )
    template_name = models.CharField(_("template name"), max_length=128, blank=True)
    overrides = models.JSONField(_("overrides"), default=dict, blank=True)
    effective = models.JSONField(_("effective parameters"), help_text=_("template and overrides merged"))
    parameters = models.JSONField(_("parameters with origin"), default=list, blank=True)
    bucket = models.CharField(_("bucket"), max_length=63)
    key = models.CharField(_("key"), max_length=1023)
    overwrite = models.BooleanField(_("overwrite"), default=True)
    user_data = models.CharField(_("user data"), max_length=1024, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress in %"), default=0)
    code = models.CharField(_("error code"), max_length=64, blank=True)
    message = models.TextField(_("message"), blank=True)
    retryable = models.BooleanField(_("retryable"), default=False)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    size = models.BigIntegerField(_("size in bytes"), null=True, blank=True)
    parts = models.JSONField(_("parts"), default=list, blank=True, help_text=_("keys of the set's other objects"))
    media_info = models.JSONField(_("media info"), null=True, blank=True)
    checks = models.JSONField(_("checks"), default=list, blank=True, help_text=_("what was verified: name, wanted, found, ok"))
    certificate = models.JSONField(
        _("certificate"), null=True, blank=True, help_text=_("of Narrowband: what was found, measured and saved; see docs/narrowband.md")
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_attempt = models.PositiveIntegerField(_("published by attempt"), null=True, blank=True)
    quality_due = models.BooleanField(_("quality to be measured"), default=False, db_default=False, help_text=_("asked for, and its job is not made yet"))
    quality_job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="measures", verbose_name=_("quality job"))
    quality = models.JSONField(_("quality"), null=True, blank=True, help_text=_("scores of the newest measurement: job, model, frames, scores"))

    class Meta:
        verbose_name = _("output")
        verbose_name_plural = _("outputs")
        ordering = ("job", "index")
        constraints = [
            models.UniqueConstraint(fields=("job", "index"), name="output_index"),
            models.UniqueConstraint(fields=("job", "bucket", "key"), name="output_address"),
        ]
        indexes = [
            models.Index(fields=("bucket", "key"), name="output_object"),
            models.Index(fields=("id",), condition=Q(quality_due=True, state="succeeded"), name="output_quality_due"),
            models.Index(fields=("job",), condition=Q(certificate__isnull=False), name="output_certificate"),
        ]

    def __str__(self) -> str:
        return f"oss://{self.bucket}/{self.key}"

    @property
    def is_shown(self) -> bool:
        """Whether it can be played already, though it is not finished: its playlist grows."""
        return self.state == JobState.RUNNING and self.published_at is not None


class UsedMark(models.Model):
    """An output and a watermark template whose values were laid over its own when the job was accepted."""

    output = models.ForeignKey(Output, on_delete=models.CASCADE, related_name="used_marks", verbose_name=_("output"))
    mark = models.ForeignKey("templates_app.WatermarkTemplate", on_delete=models.CASCADE, related_name="+", verbose_name=_("watermark template"))

    class Meta:
        verbose_name = _("used watermark template")
        verbose_name_plural = _("used watermark templates")
        ordering = ("output", "mark")
        constraints = [models.UniqueConstraint(fields=("output", "mark"), name="used_mark_once")]

    def __str__(self) -> str:
        return f"{self.output_id} · {self.mark_id}"


class Step(models.Model):
    """The piece of a job that a worker claims. Carries pipeline, priority and age itself, so that a claim reads one index."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="steps", verbose_name=_("job"))
    kind = models.CharField(_("kind"), max_length=16)
    index = models.PositiveSmallIntegerField(_("index"), default=0)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="steps", verbose_name=_("pipeline"))
    lane = models.CharField(_("lane"), max_length=8, choices=Lane.choices, default=Lane.MAIN)
    needs = models.CharField(_("needs"), max_length=255, blank=True, help_text=_("capabilities that a worker must have; mostly empty"))
    priority = models.PositiveSmallIntegerField(_("priority"), default=6, validators=PRIORITY)
    seq = models.BigIntegerField(_("age"), help_text=_("µs since 1970 when the job was submitted"))
    state = models.CharField(_("state"), max_length=16, choices=StepState.choices, default=StepState.READY)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    losses = models.PositiveSmallIntegerField(_("losses"), default=0, help_text=_("workers lost while its program ran"))
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    worker = models.CharField(_("worker"), max_length=128, blank=True, help_text=_("node/process group"))
    program_running = models.BooleanField(_("program running"), default=False)
    data = models.JSONField(_("what to do"), default=dict, blank=True, help_text=_("of kinds whose job alone does not say it"))
    result = models.JSONField(_("result"), null=True, blank=True, help_text=_("what later steps of the job go on with"))

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ("job", "index")
        constraints = [
            models.UniqueConstraint(fields=("job", "index"), name="step_index"),
            models.CheckConstraint(condition=~Q(state="running") | Q(lease_until__isnull=False), name="step_running_has_lease"),
        ]
        indexes = [
            models.Index(F("pipeline"), F("lane"), F("needs"), F("priority").desc(), F("seq"), F("id"), condition=Q(state="ready"), name="step_head"),
            models.Index(fields=("pipeline",), condition=Q(state="running"), name="step_running"),
            models.Index(fields=("lease_until",), condition=Q(state="running"), name="step_lease"),
            models.Index(fields=("not_before",), condition=Q(not_before__isnull=False), name="step_not_before"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.index}"


class Attempt(models.Model):
    """One try of a step by one worker."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="attempts", verbose_name=_("step"))
    number = models.PositiveIntegerField(_("number"))
    worker = models.CharField(_("worker"), max_length=128)
    state = models.CharField(_("state"), max_length=16, choices=AttemptState.choices, default=AttemptState.RUNNING)
    argv = models.JSONField(_("command lines"), default=list, blank=True)
    tool_version = models.CharField(_("tool version"), max_length=128, blank=True)
    exit_code = models.IntegerField(_("exit code"), null=True, blank=True)
    code = models.CharField(_("error code"), max_length=64, blank=True)
    message = models.TextField(_("message"), blank=True)
    log_tail = models.TextField(_("end of the log"), blank=True)
    log_name = models.CharField(_("log file"), max_length=255, blank=True)
    usage = models.JSONField(_("usage"), default=dict, blank=True, help_text=_("cpu_seconds, max_rss_bytes"))
    phases = models.JSONField(_("phases"), default=list, blank=True, help_text=_("[[phase, iso start], …]"))
    started_at = models.DateTimeField(_("started"), default=clock.now, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("step", "number")
        constraints = [models.UniqueConstraint(fields=("step", "number"), name="attempt_number")]

    def __str__(self) -> str:
        return f"{self.step_id} #{self.number}"


class LogPart(models.Model):
    """A piece of the whole log of an attempt that is over, compressed with zlib."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="log_parts", verbose_name=_("attempt"))
    number = models.PositiveIntegerField(_("number"))
    size = models.PositiveIntegerField(_("size in bytes"), help_text=_("before compression"))
    data = models.BinaryField(_("data"))

    class Meta:
        verbose_name = _("part of a log")
        verbose_name_plural = _("parts of logs")
        ordering = ("attempt", "number")
        constraints = [models.UniqueConstraint(fields=("attempt", "number"), name="log_part_number")]

    def __str__(self) -> str:
        return f"{self.attempt_id}/{self.number}"


class JobEvent(models.Model):
    """Append-only history of a job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events", verbose_name=_("job"))
    at = models.DateTimeField(_("time"), default=clock.now, editable=False)
    kind = models.CharField(_("kind"), max_length=32)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    data = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("job event")
        verbose_name_plural = _("job events")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.kind


class Node(models.Model):
    """A host that runs workers; its beat writes this row every few seconds."""

    name = models.CharField(_("name"), primary_key=True, max_length=100)
    groups = models.JSONField(_("groups"), default=list, blank=True, help_text=_("[{lane, pgid, started_at}]"))
    capabilities = models.JSONField(_("capabilities"), default=dict, blank=True)
    version = models.CharField(_("version"), max_length=64, blank=True)
    draining = models.BooleanField(_("draining"), default=False)
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A named query string of a list page, kept for one person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views", verbose_name=_("user"))
    page = models.CharField(_("page"), max_length=32)
    name = models.CharField(_("name"), max_length=64)
    query = models.CharField(_("query"), max_length=1024)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=("user", "page", "name"), name="saved_view_name")]

    def __str__(self) -> str:
        return self.name


class Draft(models.Model):
    """What somebody has filled into a form and not sent yet; kept for a day."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts", verbose_name=_("user"))
    form = models.CharField(_("form"), max_length=32)
    body = models.TextField(_("fields"), help_text=_("as a form sends them"))
    saved_at = models.DateTimeField(_("saved"), db_index=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        ordering = ("-saved_at",)
        constraints = [models.UniqueConstraint(fields=("user", "form"), name="draft_of_form")]

    def __str__(self) -> str:
        return self.form


from jobs.foreign.models import BucketAttachment as BucketAttachment  # noqa: E402  # so that Django knows them
from jobs.foreign.models import ForeignTask as ForeignTask  # noqa: E402
from jobs.foreign.models import ForeignTaskJob as ForeignTaskJob  # noqa: E402
from jobs.foreign.models import Project as Project  # noqa: E402
from jobs.notices.models import Delivery as Delivery  # noqa: E402
from jobs.notices.models import NotifyTarget as NotifyTarget  # noqa: E402
from jobs.workflows.models import Activity as Activity  # noqa: E402
from jobs.workflows.models import Execution as Execution  # noqa: E402
from jobs.workflows.models import SeenObject as SeenObject  # noqa: E402
from jobs.workflows.models import Workflow as Workflow  # noqa: E402
from jobs.workflows.models import WorkflowVersion as WorkflowVersion  # noqa: E402
