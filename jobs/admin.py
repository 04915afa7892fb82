"""Raw rows of the queue. A microscope: jobs, steps, attempts, outputs and events are read-only; actions call services."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from console.error_texts import translated
from console.lib.admin import ReadOnly, ReadOnlyInline
from jobs import services
from jobs.engine.errors import Refused
from jobs.foreign.admin import ProjectAdmin as ProjectAdmin  # so that Django finds them, and those beside it
from jobs.models import Attempt, Draft, Job, JobEvent, LogPart, Node, Output, Pipeline, PipelineEvent, SavedView, Step, UsedMark
from jobs.notices.admin import DeliveryAdmin as DeliveryAdmin  # so that Django finds them
from jobs.notices.admin import NotifyTargetAdmin as NotifyTargetAdmin
from jobs.workflows.admin import WorkflowAdmin as WorkflowAdmin

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

Row = TypeVar("Row", bound=Model)
AT_ONCE = 200  # rows of one action; more belong to the console's bulk actions


class OutputInline(ReadOnlyInline):
    """Outputs of a job."""

    model = Output
    fk_name = "job"
    fields = ("index", "template_name", "bucket", "key", "state", "progress", "code", "size", "published_at")


class StepInline(ReadOnlyInline):
    """Steps of a job."""

    model = Step
    fields = ("index", "kind", "lane", "needs", "state", "attempt", "losses", "worker", "lease_until", "not_before")


@admin.register(Job)
class JobAdmin(ReadOnly):
    """Jobs."""

    list_display = ("id", "state", "kind", "input", "pipeline", "priority", "progress", "code", "source", "owner", "created_at", "finished_at", "in_console")
    list_filter = ("state", "kind", "source", "pipeline")
    list_select_related = ("pipeline", "owner")
    search_fields = ("id__exact", "code__exact", "media_id__exact")  # a part of a text would read the whole table: the console searches
    search_help_text = _("A whole id, error code or media id. Search by words in the console.")
    ordering = ("-created_at", "-id")
    inlines = (OutputInline, StepInline)
    actions = ("cancel", "retry")

    @admin.display(description=_("input"))
    def input(self, job: Job) -> str:
        """Where it reads from."""
        return f"{job.input_bucket}/{job.input_key}"

    @admin.display(description=_("console"))
    def in_console(self, job: Job) -> SafeString:
        """The page that people use."""
        return _link(reverse("jobs:job_detail", args=[job.pk]))

    @admin.action(description=_("Cancel selected jobs"))
    def cancel(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        """Through the service, one by one."""
        actor = _user(request).get_username()
        _each(request, rows, lambda job: services.cancel(job.pk, actor=actor))

    @admin.action(description=_("Retry selected jobs"))
    def retry(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        """Through the service, one by one; each makes a new job."""
        user = _user(request)
        _each(request, rows, lambda job: services.retry(job.pk, outputs=None, owner=user, actor=user.get_username(), source=Job.Source.CONSOLE))


@admin.register(Output)
class OutputAdmin(ReadOnly):
    """Outputs."""

    list_display = ("id", "job", "index", "template_name", "bucket", "key", "state", "code", "size", "published_at")
    list_filter = ("state", "bucket")
    list_select_related = ("job",)
    search_fields = ("id__exact", "job__id__exact", "key__exact")
    ordering = ("-pk",)


@admin.register(UsedMark)
class UsedMarkAdmin(ReadOnly):
    """Which outputs had which watermark templates."""

    list_display = ("id", "output", "mark")
    list_select_related = ("output", "mark")
    search_fields = ("output__id__exact", "mark__name")
    ordering = ("-pk",)


class AttemptInline(ReadOnlyInline):
    """Attempts of a step."""

    model = Attempt
    fields = ("number", "worker", "state", "exit_code", "code", "started_at", "finished_at")


@admin.register(Step)
class StepAdmin(ReadOnly):
    """Steps: what workers claim."""

    list_display = ("id", "job", "index", "kind", "lane", "needs", "pipeline", "priority", "state", "attempt", "losses", "worker", "lease_until")
    list_filter = ("state", "lane", "pipeline")
    list_select_related = ("job", "pipeline")
    search_fields = ("job__id__exact", "worker__exact")
    ordering = ("-pk",)
    inlines = (AttemptInline,)


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    """Attempts, with their command lines."""

    list_display = ("id", "step", "number", "worker", "state", "exit_code", "code", "started_at", "finished_at")
    list_filter = ("state", "code")
    list_select_related = ("step",)
    search_fields = ("step__job__id__exact", "worker__exact")
    ordering = ("-pk",)


@admin.register(LogPart)
class LogPartAdmin(ReadOnly):
    """Pieces of whole logs; the job's page shows what is in them."""

    list_display = ("attempt", "number", "size")
    fields = ("attempt", "number", "size")
    list_select_related = ("attempt",)


@admin.register(JobEvent)
class JobEventAdmin(ReadOnly):
    """History of jobs."""

    list_display = ("at", "job", "kind", "actor", "data")
    list_filter = ("kind",)
    list_select_related = ("job",)
    search_fields = ("job__id__exact", "actor__exact")
    ordering = ("-pk",)


@admin.register(PipelineEvent)
class PipelineEventAdmin(ReadOnly):
    """History of pipelines."""

    list_display = ("at", "pipeline", "kind", "actor", "data")
    list_filter = ("kind", "pipeline")
    list_select_related = ("pipeline",)
    search_fields = ("actor",)


@admin.register(Pipeline)
class PipelineAdmin(ReadOnly):
    """Pipelines: looked at here, changed in the console; paused and resumed in both."""

    list_display = ("name", "id", "type", "state", "slots", "default_priority", "max_queued", "pause_reason", "resume_at", "in_console")
    list_filter = ("state", "type")
    search_fields = ("name", "id__exact")
    actions = ("pause", "resume")

    @admin.display(description=_("console"))
    def in_console(self, pipeline: Pipeline) -> SafeString:
        """The page that people use."""
        return _link(reverse("pipelines:pipeline_detail", args=[pipeline.pk]))

    @admin.action(description=_("Pause selected pipelines"))
    def pause(self, request: HttpRequest, rows: QuerySet[Pipeline]) -> None:
        """Through the service."""
        actor = _user(request).get_username()
        _each(request, rows, lambda pipeline: services.pause_pipeline(pipeline, actor=actor, reason=gettext("by an administrator")))

    @admin.action(description=_("Resume selected pipelines"))
    def resume(self, request: HttpRequest, rows: QuerySet[Pipeline]) -> None:
        """Through the service."""
        actor = _user(request).get_username()
        _each(request, rows, lambda pipeline: services.resume_pipeline(pipeline, actor=actor))


@admin.register(Node)
class NodeAdmin(ReadOnly):
    """Hosts that run workers."""

    list_display = ("name", "version", "draining", "started_at", "seen_at", "groups")
    search_fields = ("name",)


@admin.register(SavedView)
class SavedViewAdmin(admin.ModelAdmin):
    """Named lists of people."""

    list_display = ("name", "user", "page", "query")
    list_filter = ("page",)
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    raw_id_fields = ("user",)


# --- details ----------------------------------------------------------------------------------------------------------
def _user(request: HttpRequest) -> User:
    """The administrator; admin lets nobody else in."""
    return request.user  # type: ignore[return-value]


def _link(address: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', address, gettext("Open"))


def _each(request: HttpRequest, rows: QuerySet[Row], action: Callable[[Row], object]) -> None:
    """Do it to each row; tell how many it was done to, and why not to the others."""
    done, refused = 0, []
    for row in rows[:AT_ONCE]:
        try:
            action(row)
            done += 1
        except Refused as error:
            refused.append(f"{row}: {translated(error.message)}")
    if done:
        messages.success(request, ngettext("Done for %(done)d row.", "Done for %(done)d rows.", done) % {"done": done})
    for text in refused[:10]:
        messages.warning(request, text)
    if len(refused) > 10:
        messages.warning(request, gettext("… and %(more)d more were refused.") % {"more": len(refused) - 10})


@admin.register(Draft)
class DraftAdmin(ReadOnly):
    """Forms that were filled in and not sent."""

    list_display = ("form", "user", "saved_at")
    search_fields = ("user__username",)
    list_select_related = ("user",)
