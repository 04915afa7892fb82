"""What pages say of steps, workflows and executions: words, icons, bars, and the picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from jobs.workflows import graph
from jobs.workflows.states import ActivityState, ExecutionState
from jobs.workflows.tree import KINDS
from templates_app.snapshots.words import MODES

if TYPE_CHECKING:
    import datetime as dt

    from jobs.workflows.models import Activity, Execution

NOTE = 31  # letters
PUBLISH = {
    "manual": gettext_lazy("By hand: it stays private"),
    "all": gettext_lazy("When all other steps have succeeded"),
    "first": gettext_lazy("When the first output is ready"),
}
WORDS: dict[str, tuple[Any, str]] = {
    "analysis": (gettext_lazy("Template analysis"), "sliders"),
    "mediainfo": (gettext_lazy("Media info"), "info"),
    "inspect": (gettext_lazy("Inspection"), "search"),
    "transcode": (gettext_lazy("Transcode"), "film"),
    "snapshot": (gettext_lazy("Snapshots"), "image"),
    "sprite": (gettext_lazy("Sprite"), "grid"),
    "cover": (gettext_lazy("Cover"), "bookmark"),
    "preview": (gettext_lazy("Preview"), "play"),
    "package": (pgettext_lazy("kind of step", "Package"), "box"),
    "publish": (pgettext_lazy("kind of step", "Publish"), "eye"),
}
"""What a step of this kind is called, and its icon. Package and publish are kinds here, though no kinds of jobs."""


def kind_of(step: Mapping[str, Any]) -> str:
    """The key into :data:`WORDS` of a step as it was kept."""
    kind = str(step.get("type", ""))
    kinds = KINDS.get(kind, ())
    said = (step.get("job") or {}).get("kind") or (kinds[0] if kinds else kind)
    return kind if kind in ("package", "publish") else said if said in WORDS else kind


def word(kind: str) -> str:
    """What it is called."""
    return str(WORDS[kind][0]) if kind in WORDS else kind


def icon(kind: str) -> str:
    """Its icon."""
    return WORDS[kind][1] if kind in WORDS else "question"


def sentence(step: Mapping[str, Any]) -> str:
    """What a step does, in one line."""
    job = step.get("job") or {}
    kind = kind_of(step)
    if kind == "publish":
        return str(PUBLISH.get(step.get("mode") or "manual", ""))
    if outputs := job.get("outputs"):
        return ", ".join(dict.fromkeys(str(one.get("template") or _("own parameters")) for one in outputs))
    if kind == "snapshot":
        return str(dict(MODES).get(job.get("mode", "single"), "")) or word(kind)
    return str(job.get("template") or "")


class OfKind:
    """A step as it is called and drawn."""

    kind: str

    @property
    def word(self) -> str:
        """What it is called."""
        return word(self.kind)

    @property
    def icon(self) -> str:
        """Its icon."""
        return icon(self.kind)


@dataclass(frozen=True)
class Line(OfKind):
    """One step of a workflow, as pages list it."""

    name: str
    kind: str
    under: str
    text: str
    addresses: tuple[str, ...] = ()


def lines(steps: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The steps of a workflow."""
    return [Line(str(step.get("name", "")), kind_of(step), str(step.get("under") or ""), sentence(step), _addresses(step)) for step in steps]


def _addresses(step: Mapping[str, Any]) -> tuple[str, ...]:
    job = step.get("job") or {}
    found = [one.get("address") for one in job.get("outputs") or ()]
    for name in ("output", "index", "singles"):
        value = job.get(name)
        found.append(value.get("address") if isinstance(value, dict) else value)
    return tuple(str(one) for one in found if one)


def start_of(bucket: str, path: str) -> graph.Step:
    """The box at the top of the picture."""
    return graph.Step(_("New file"), "folder", f"{bucket}/{path}" if len(bucket) + len(path) < graph.LETTERS else graph.clipped(f"{bucket}/{path}", 30))


def picture(bucket: str, path: str, steps: Iterable[Mapping[str, Any]]) -> graph.Graph:
    """The picture of a workflow."""
    return graph.drawn(
        start_of(bucket, path),
        [graph.Step(line.name, line.icon, note(line.kind, line.text), line.under) for line in lines(steps)],
    )


def note(kind: str, text: str) -> str:
    """What stands below the name of a step in the picture."""
    said = text if not text or kind == "publish" or text == word(kind) else f"{word(kind)} · {text}"
    return graph.clipped(said or word(kind), NOTE)


# --- executions -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Part(OfKind):
    """One step of an execution. ``start``, ``width``: of its bar, in % of the whole time; None: it has not begun."""

    activity: Activity
    kind: str
    text: str
    start: float | None
    width: float | None
    took: dt.timedelta | None

    @property
    def progress(self) -> int | None:
        """Of its job, while it runs."""
        job = self.activity.job
        return job.progress if job is not None and self.activity.state == ActivityState.RUNNING else None


def parts(execution: Execution) -> list[Part]:
    """The steps of an execution in order, with the bars of the timeline."""
    now = timezone.now()
    begin, end = execution.created_at, execution.finished_at or now
    whole = max(0.001, (end - begin).total_seconds())
    found = []
    for activity in execution.activities.all():
        start = width = took = None
        if activity.started_at:
            took = (activity.finished_at or (now if activity.state == ActivityState.RUNNING else activity.started_at)) - activity.started_at
            start = min(99.0, max(0.0, (activity.started_at - begin).total_seconds() / whole * 100))
            width = max(1.0, min(100.0 - start, took.total_seconds() / whole * 100))
        found.append(Part(activity, kind_of(activity.step | {"type": activity.type}), sentence(activity.step | {"type": activity.type}), start, width, took))
    return found


def ran(execution: Execution, rows: Sequence[Part], path: str = "") -> graph.Graph:
    """The picture of an execution, with states; boxes lead to the jobs."""
    return graph.drawn(
        graph.Step(execution.key.rpartition("/")[2], "film", graph.clipped(f"{execution.bucket}/{path}", 32), state="success"),
        [
            graph.Step(
                part.activity.name,
                part.icon,
                f"{part.word} · {part.activity.get_state_display()}",
                part.activity.under,
                part.activity.state,
                reverse("jobs:job_detail", args=[part.activity.job_id]) if part.activity.job_id else "",
            )
            for part in rows
        ],
    )


@dataclass(frozen=True)
class Row:
    """An execution as a list shows it."""

    execution: Execution
    states: tuple[tuple[str, str, str], ...]
    """Of each step: state, name, the state's word."""
    took: dt.timedelta

    @property
    def done(self) -> int:
        """How many steps are over."""
        return sum(state not in (ActivityState.WAITING, ActivityState.RUNNING) for state, _name, _word in self.states)

    @property
    def label(self) -> str:
        """The word of the badge."""
        return label_of(self.execution)

    @property
    def look(self) -> str:
        """The badge."""
        return look_of(self.execution)


def rows_of(executions: Iterable[Execution]) -> list[Row]:
    """Executions as rows; their activities were fetched with them."""
    now = timezone.now()
    return [
        Row(one, tuple((row.state, row.name, row.get_state_display()) for row in one.activities.all()), (one.finished_at or now) - one.created_at)
        for one in executions
    ]


def look_of(execution: Execution) -> str:
    """The badge: the state, or what people call it in between."""
    return "cancelling" if execution.state == ExecutionState.RUNNING and execution.cancel_requested else str(execution.state)


def label_of(execution: Execution) -> str:
    """Where the state needs a number: «Completed with 1 failure»; else empty."""
    if execution.state != ExecutionState.COMPLETED:
        return ""
    return ngettext("Completed with %(n)s failure", "Completed with %(n)s failures", execution.failures) % {"n": execution.failures}
