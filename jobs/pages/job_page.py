"""What the page of one job shows, made from its rows: head, failure, outputs, parameters, changes against the job it retries, and the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from console.error_texts import translated
from console.lib.media_names import codec_name
from jobs import clock, queries
from jobs.certificates import reading as certificates
from jobs.engine.errors import CODES
from jobs.logs import reader as log_reader
from jobs.logs.kept import KeptLog
from jobs.models import Attempt, Execution, Job, Output
from jobs.models import Step as JobStep
from jobs.pages.list_rows import is_held, look_of, row_version
from jobs.states import JobState, Phase, StepState
from templates_app.fields import LABELS
from templates_app.parameters import told

if TYPE_CHECKING:
    import datetime as dt

    from jobs.certificates.reading import Certificate
    from jobs.logs.reader import Line

EXECUTIONS_SHOWN = 3
VIDEO_FILES = frozenset({"mp4", "mov", "m4v", "webm"})
GALLERIES = frozenset({"snapshot", "cover", "sprite"})
"""Kinds whose pictures are shown beside each other, not in the player."""
SEARCHING = (Phase.SURVEY, Phase.SEARCH, Phase.CHECK)
"""Phases of Narrowband."""
AUDIO_FILES = frozenset({"mp3", "m4a", "ogg", "flac", "wav", "aac", "opus"})


@dataclass(frozen=True)
class Failure:
    """Why the job failed: never an empty box."""

    code: str
    sentence: str
    remedy: str
    retryable: bool
    lines: list[Line]
    line: int
    log_url: str


@dataclass(frozen=True)
class Step:
    """One phase in the head: done, under way, or to come."""

    label: str
    state: str


@dataclass
class Head:
    """The head of the page."""

    job: Job
    look: str
    held: bool
    version: str
    tries: int
    tries_max: int
    steps: list[Step] = field(default_factory=list)
    elapsed: float | None = None
    left: float | None = None
    wait: float | None = None
    ahead: int | None = None
    not_before: dt.datetime | None = None
    failure: Failure | None = None

    @property
    def title(self) -> str:
        """Of the browser's tab: progress while it runs, then the outcome."""
        name = self.job.input_key.rpartition("/")[2]
        if self.job.state == JobState.RUNNING:
            return f"{self.job.progress} % · {name} · Reelmill"
        return f"{self.job.get_state_display()} · {name} · Reelmill"

    @property
    def announce(self) -> str:
        """What is spoken when it changes: quarters of the way, and the end."""
        if self.job.is_final:
            return str(self.job.get_state_display())
        quarter = self.job.progress // 25 * 25
        return _("%(n)s percent") % {"n": quarter} if quarter else ""

    @property
    def executions(self) -> list[Execution]:
        """The executions of workflows that it is a step of; a second one took its result over."""
        if self.job.source != Job.Source.WORKFLOW:
            return []
        return list(Execution.objects.filter(activities__job=self.job).only("id", "workflow_name").order_by("created_at")[:EXECUTIONS_SHOWN])


@dataclass(frozen=True)
class OutputView:
    """One output as the page shows it."""

    output: Output
    url: str
    player: str
    codecs: str
    size: str
    compares: bool
    duration: float | None
    fps: float | None
    kbps: int | None
    saved: int | None
    error: str
    remedy: str
    failed_checks: list[dict[str, Any]]
    certificate: Certificate | None = None


def head(job: Job, *, log: bool = True) -> Head:
    """Head data; a few small queries. ``log``: whether lines of the log may be shown."""
    steps = list(job.steps.order_by("index"))
    tries = max((step.attempt for step in steps), default=0)
    found = Head(job, look_of(job), is_held(job), row_version(job), tries, max(3, tries))
    now = clock.now()
    if job.started_at:
        found.elapsed = ((job.finished_at or now) - job.started_at).total_seconds()
        found.wait = (job.started_at - job.created_at).total_seconds()
    else:
        found.wait = ((job.finished_at or now) - job.created_at).total_seconds()
    if job.state == JobState.RUNNING:
        found.steps = _steps(job, steps)
        found.left = _left(job, now, several=len(steps) > 1)
    elif job.state == JobState.QUEUED:
        ready = [step for step in steps if step.state == StepState.READY]
        if ready:
            found.ahead = _ahead(ready[0])
        found.not_before = next((step.not_before for step in steps if step.not_before), None)
    elif job.state == JobState.FAILED:
        found.failure = failure(job, log=log)
    return found


def _steps(job: Job, steps: list[JobStep]) -> list[Step]:
    """The phases that this job goes through, in order; those of a search only where one is made, with its trial encodes counted."""
    searches = len(steps) > 1 or job.phase in SEARCHING or any((output.effective.get("video") or {}).get("narrowband") for output in job.outputs.all())
    phases = [phase for phase in Phase if searches or phase not in SEARCHING]
    at = next((number for number, phase in enumerate(phases) if phase == job.phase), -1)
    trials = [step.state for step in steps if step.kind == "probe"]
    labels = {phase: str(phase.label) for phase in phases}
    if trials:
        labels[Phase.SEARCH] = _("Trial encodes, %(done)s of %(all)s") % {"done": trials.count(StepState.SUCCEEDED), "all": len(trials)}
    return [Step(labels[phase], "done" if number < at else "now" if number == at else "to come") for number, phase in enumerate(phases)]


def _left(job: Job, now: dt.datetime, *, several: bool) -> float | None:
    """Seconds that are left if it goes on like this; None while that cannot be told. Of several steps the job's own progress tells, of one its newest attempt's."""
    attempt = Attempt.objects.filter(step__job=job, state="running").order_by("-started_at").values_list("started_at", flat=True).first()
    began = job.started_at if several else attempt
    if attempt is None or began is None or job.progress < 2:
        return None
    return (now - began).total_seconds() * (100 - job.progress) / job.progress


def _ahead(step: JobStep) -> int:
    """How many waiting steps of the pipeline come before this one (counted to 1,000)."""
    rows = JobStep.objects.filter(pipeline=step.pipeline_id, lane=step.lane, state=StepState.READY)
    sooner = rows.filter(priority__gt=step.priority)[:1000].count()
    return min(1000, sooner + rows.filter(priority=step.priority, seq__lt=step.seq)[:1000].count())


def failure(job: Job, *, log: bool = True) -> Failure:
    """Code, sentence, remedy, and (``log``) the decisive log line with three lines around it."""
    row = CODES.get(job.code)
    attempt = newest_log(job.id) if log else None
    lines: list[Line] = []
    number, log_url = 0, reverse("jobs:job_log", args=[job.id])
    decisive = job.log_line.strip() if log else ""
    if attempt is not None:
        lines = log_reader.around_text(KeptLog(attempt), decisive) if decisive else []
        number = next((line.number for line in lines if decisive in line.text), 0)
        if number:
            log_url = f"{log_url}?attempt={attempt.pk}&at={number}#L{number}"
    if not lines and decisive:
        lines = [log_reader.Line(0, text, log_reader.level_of(text)) for text in decisive.splitlines()[:7]]
    if not lines and row is None and attempt is not None:
        lines = log_reader.window(KeptLog(attempt), size=3).lines
    sentence = job.message or (row.sentence if row else "")
    return Failure(
        code=job.code or "InternalError",
        sentence=translated(sentence) if sentence else _("The job failed without a reason that we know."),
        remedy=translated(row.remedy) if row else _("Look at the log."),
        retryable=job.retryable,
        lines=lines,
        line=number,
        log_url=log_url if attempt else "",
    )


def newest_log(job_id: str) -> Attempt | None:
    """The newest attempt that has a log."""
    return queries.attempts(job_id).exclude(log_name="").order_by("-started_at", "-pk").first()


# --- outputs --------------------------------------------------------------------------------------------------------------
def outputs(job: Job, source_size: int | None) -> list[OutputView]:
    """All outputs, in order."""
    return [_output(output, source_size, plays=job.kind not in GALLERIES) for output in job.outputs.all()]


def source_size(job: Job) -> int | None:
    """Bytes of the input, as it was probed."""
    size = (job.probe or {}).get("size")
    return int(size) if size else None


def _output(output: Output, source_size: int | None, *, plays: bool) -> OutputView:
    info = output.media_info or {}
    video = next((row for row in info.get("video") or [] if not row.get("attached_picture")), None)
    audio = next(iter(info.get("audio") or []), None)
    done = output.state == JobState.SUCCEEDED
    there = done or output.is_shown
    row = CODES.get(output.code)
    seconds = info.get("duration")
    whole = source_size and output.size and done
    return OutputView(
        output=output,
        url=reverse("objects", args=[output.bucket, output.key]) if there else "",
        player=player_of(output.key) if there and plays else "",
        codecs=" + ".join(codec_name(part["codec"]) for part in (video, audio) if part),
        size=f"{video['width']} × {video['height']}" if video else "",
        compares=done and video is not None,
        duration=seconds,
        fps=video.get("fps") if video else None,
        kbps=round(output.size * 8 / seconds / 1000) if output.size and seconds else info.get("bitrate_kbps"),
        saved=round(100 - 100 * output.size / source_size) if whole and output.size and source_size else None,
        error=translated(output.message or (row.sentence if row else output.code)) if output.code else "",
        remedy=translated(row.remedy) if row else "",
        failed_checks=[check for check in output.checks if not check.get("ok", True)],
        certificate=certificates.of(output) if done else None,
    )


def player_of(key: str) -> str:
    """How a browser can show the object: «hls», «dash», «video», «audio», «image», or not at all («»)."""
    extension = key.rpartition(".")[2].lower()
    if extension == "m3u8":
        return "hls"
    if extension == "mpd":
        return "dash"
    if extension in VIDEO_FILES:
        return "video"
    if extension in AUDIO_FILES:
        return "audio"
    return "image" if extension in ("gif", "webp") else ""


# --- parameters -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Parameter:
    """One effective value with where it comes from."""

    label: str
    name: str
    value: str
    origin: str


@dataclass(frozen=True)
class Change:
    """One value that differs from the job that this one retries."""

    name: str
    was: str
    now: str


def parameters(output: Output) -> list[Parameter]:
    """As resolved for this input; before that, what template and overrides say."""
    origins = {"override": _("this job"), "template": _("template"), "default": _("default"), "source": _("source")}
    if output.parameters:
        return [
            Parameter(_label(row["loc"]), row["loc"], _value(row["loc"], str(row["value"])), origins.get(row["origin"], row["origin"]))
            for row in output.parameters
        ]
    over = flat(output.overrides)
    rows = flat(output.effective)
    return [
        Parameter(_label(name), name, _value(name, str(value)), origins["override" if name in over else "template"])
        for name, value in rows.items()
        if value is not None
    ]


def _label(name: str) -> str:
    """The field's; what follows from several fields has one of its own."""
    return _("Size") if name == "video.size" else str(LABELS.get(name, name))


def _value(name: str, text: str) -> str:
    return text.replace("×", " × ") if name == "video.size" else told(name, text)


def changes(job: Job) -> list[Change]:
    """What is different from the job it retries: values of outputs, input, priority, pipeline."""
    old = job.retry_of
    if old is None:
        return []
    before, now = _flat_job(old), _flat_job(job)
    if before.keys() != now.keys() and job.outputs.count() != old.outputs.count():
        kept = {key for key in now if key.startswith("output")}
        before = {key: value for key, value in before.items() if not key.startswith("output") or key in kept}
    return [Change(key, before.get(key, "–"), now.get(key, "–")) for key in sorted(before | now) if before.get(key) != now.get(key)]


def _flat_job(job: Job) -> dict[str, str]:
    found = {"pipeline": job.pipeline.name, "priority": str(job.priority), "input": f"oss://{job.input_bucket}/{job.input_key}"}
    for name in ("start", "duration"):
        found[f"input.{name}"] = str((job.spec.get("input") or {}).get(name) or "–")
    for output in job.outputs.order_by("index"):
        place = f"output {output.bucket}/{output.key}"
        found[f"{place}: template"] = output.template_name
        found |= {f"{place}: {LABELS.get(name, name)}": str(value) for name, value in flat(output.effective).items() if value is not None}
    return found


def flat(document: Any, prefix: str = "") -> dict[str, Any]:
    """A nested document as dotted names."""
    found: dict[str, Any] = {}
    for key, value in (document or {}).items():
        name = f"{prefix}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: _short(value)}
    return found


def _short(value: Any) -> Any:
    """A list of named things as their names: the rungs of a ladder."""
    if isinstance(value, list | tuple):
        return ", ".join(str(one.get("name", one)) if isinstance(one, dict) else str(one) for one in value)
    return value
