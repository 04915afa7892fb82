"""The states of jobs, outputs, steps and attempts, and the moves that are allowed. Ours in rows, JSON and console alike."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    """States of a job and of an output."""

    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class StepState(models.TextChoices):
    """States of a step. «blocked» waits: until a time, or without one for the steps of its job that stand before it; «ready» may be claimed."""

    BLOCKED = "blocked", _("Blocked")
    READY = "ready", _("Ready")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class AttemptState(models.TextChoices):
    """How one attempt ended. «lost»: its lease ran out or its worker died; «released»: handed back by us, not counted."""

    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    LOST = "lost", _("Lost")
    RELEASED = "released", _("Released")


class Phase(models.TextChoices):
    """What a running job is doing."""

    FETCH = "fetch", _("Fetch")
    PROBE = "probe", _("Probe")
    ANALYSE = "analyse", _("Analyse")
    SURVEY = "survey", _("Survey")
    SEARCH = "search", _("Trial encodes")
    ENCODE = "encode", _("Encode")
    MEASURE = "measure", _("Measure")
    PACKAGE = "package", _("Package")
    VERIFY = "verify", _("Verify")
    CHECK = "check", _("Check")
    PUBLISH = "publish", _("Store")


FINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
MOVES: dict[str, frozenset[str]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.FAILED}),
    JobState.RUNNING: frozenset({JobState.QUEUED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}
