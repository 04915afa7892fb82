"""The history of a pipeline in words. Events keep keys and values; people read sentences."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from jobs.models import Pipeline

if TYPE_CHECKING:
    from jobs.models import PipelineEvent

KINDS = {
    "created": pgettext_lazy("what happened", "Created"),
    "changed": pgettext_lazy("what happened", "Changed"),
    "paused": pgettext_lazy("what happened", "Paused"),
    "resumed": pgettext_lazy("what happened", "Resumed"),
    "took over": pgettext_lazy("what happened", "Took over the jobs of another pipeline"),
}


@dataclass(frozen=True)
class Told:
    """One event, ready to be read."""

    event: PipelineEvent
    label: str
    details: str


def told(event: PipelineEvent) -> Told:
    """The event with its kind and details in the reader's language."""
    return Told(event, str(KINDS.get(event.kind, event.kind)), _details(event.kind, event.data))


def _details(kind: str, data: dict[str, Any]) -> str:
    if kind == "paused":
        parts = [data.get("reason") or ""]
        if at := data.get("resume_at"):
            local = timezone.localtime(dt.datetime.fromisoformat(at)).strftime("%Y-%m-%d %H:%M")
            parts.append(_("resumes %(time)s") % {"time": local})
        return " · ".join(part for part in parts if part)
    if kind == "changed":
        return " · ".join(f"{_field(name)}: {before} → {after}" for name, (before, after) in data.items())
    if kind == "took over":
        return _("from %(name)s") % {"name": data.get("from", "")}
    return str(data.get("reason", ""))


def _field(name: str) -> str:
    return str(getattr(Pipeline._meta.get_field(name), "verbose_name", name))
