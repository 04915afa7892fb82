"""The states of executions and of their activities. Ours in rows, JSON and console alike."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ActivityState(models.TextChoices):
    """What became of one step in one execution. «skipped»: not done, because a step above it did not succeed or the execution was cancelled."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    SUCCESS = "success", _("Succeeded")
    FAIL = "fail", _("Failed")
    SKIPPED = "skipped", _("Skipped")


class ExecutionState(models.TextChoices):
    """The state of an execution, which follows from its activities. «completed»: it is over, and some steps failed (how many: ``Execution.failures``)."""

    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    COMPLETED = "completed", _("Completed with failures")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
