"""Every write that people and interfaces cause: submit, cancel, retry, priorities, pipelines. One transaction each.

What a worker writes about its attempts is in ``jobs.records``; how states follow from each other in ``jobs.transitions``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction

from console import audit
from console.lib.ids import new_id
from console.lib.sealing import sealed_keys
from jobs import clock, placeholders, scheduler, steps, transitions, used_marks
from jobs.admission import Admitted, Pinned, admit
from jobs.engine.errors import Problem, Refused
from jobs.engine.spec import JOB_SPEC, LIGHT_KINDS, AnySpec, QualitySpec, SpriteSpec
from jobs.engine.vocabulary.marks import Watermark
from jobs.models import Job, Lane, Output, Pipeline, PipelineEvent, Step
from jobs.queries import find_pipeline
from jobs.states import JobState, StepState
from jobs.workflows.models import Execution, Workflow
from media_assets import services as media_services
from media_assets import sprites

if TYPE_CHECKING:
    import datetime as dt

    from django.contrib.auth.models import User

    from media_assets.models import Media


@dataclass(frozen=True)
class Submission:
    """Who sends a job and how it is to be treated; everything that is not the spec."""

    pipeline: str = "default"
    priority: int | None = None
    user_data: str = ""
    notify_topic: str | None = None  # None: the pipeline's; "": nobody is told (synchronous jobs)
    notify_each: bool = False  # a product that calls each output a job is told of each
    source: str = Job.Source.API
    owner: User | None = None
    foreign: Mapping[str, Any] = field(default_factory=dict)
    retry_of: Job | None = None
    idempotency_key: str = ""
    idempotency_digest: str = ""
    media_id: str = ""  # of the input, where it is known


def submit(*, spec: AnySpec, pinned: Mapping[int, Pinned] | None = None, **envelope: Any) -> Job:
    """Accept a job: write it with its outputs and steps in one transaction, then ring. ``envelope``: the fields of :class:`Submission`.

    ``pinned`` gives template versions and watermarks by output index (a retry keeps those of the first time). With an idempotency key that the same
    owner used before, the job of that time comes back. Raises Refused, with every mistake and its place.
    """
    sent = Submission(**envelope)
    if earlier := _same_request(sent):
        return earlier
    pipeline = find_pipeline(sent.pipeline)
    admitted = admit(spec, pinned or {})
    try:
        with transaction.atomic():
            job = _write(spec, pipeline, sent, admitted)
            scheduler.ring_on_commit(Lane.SHORT if spec.kind in LIGHT_KINDS else Lane.MAIN)
    except IntegrityError:
        if earlier := _same_request(sent):
            return earlier
        raise
    return job


def submit_all(orders: Sequence[tuple[AnySpec, Submission]], record: Callable[[Sequence[Job]], None]) -> list[Job]:
    """Accept several jobs, all or none; ``record`` writes the sender's own rows about them in the same transaction.

    Idempotency is the sender's. Raises Refused for the first that is not possible; its places begin with («orders», index).
    """
    ready = []
    for number, (spec, sent) in enumerate(orders):
        try:
            ready.append((spec, find_pipeline(sent.pipeline), sent, admit(spec, {})))
        except Refused as error:
            problems = error.problems or (Problem((), error.message),)
            raise Refused(error.code, error.message, problems=tuple(Problem(("orders", number, *p.loc), p.message) for p in problems)) from error
    with transaction.atomic():
        jobs = [_write(*order) for order in ready]
        record(jobs)
        for lane in {Lane.SHORT if spec.kind in LIGHT_KINDS else Lane.MAIN for spec, _sent in orders}:
            scheduler.ring_on_commit(lane)
    return jobs


def submit_follower(spec: AnySpec, first: Job, *, source: str, notify_topic: str) -> Job:
    """A job that follows from a finished one, in its pipeline and for its owner. Inside the caller's transaction. Nothing is looked at again at the door: what
    has gone meanwhile fails the new job, where it can be seen. Raises Refused QueueFull."""
    sent = Submission(priority=first.priority, source=source, owner=first.owner, notify_topic=notify_topic, media_id=first.media_id)
    scheduler.ring_on_commit(Lane.SHORT if spec.kind in LIGHT_KINDS else Lane.MAIN)
    return _write(spec, first.pipeline, sent, Admitted(first.input_etag))


def _same_request(sent: Submission) -> Job | None:
    """The job that this owner made with this idempotency key. Raises Refused if it was made by another request."""
    if not sent.idempotency_key:
        return None
    earlier = Job.objects.filter(owner=sent.owner, idempotency_key=sent.idempotency_key).first()
    if earlier is not None and earlier.idempotency_digest != sent.idempotency_digest:
        raise Refused("IdempotencyConflict")
    return earlier


def _write(spec: AnySpec, pipeline: Pipeline, sent: Submission, admitted: Admitted) -> Job:
    """The rows of a new job. Inside the caller's transaction."""
    if Job.objects.filter(pipeline=pipeline, state=JobState.QUEUED).count() >= pipeline.max_queued:
        raise Refused("QueueFull", f"{pipeline.max_queued} jobs are already queued in this pipeline.")
    media_id = sent.media_id or _media(spec).id
    priority = sent.priority if sent.priority is not None else pipeline.default_priority
    accepted = clock.now()
    job = Job.objects.create(
        id=new_id(),
        kind=spec.kind,
        pipeline=pipeline,
        priority=priority,
        spec=_sealed(spec.model_dump(mode="json")),
        input_bucket=spec.input.address.bucket,
        input_key=spec.input.address.key,
        input_etag=admitted.input_etag,
        media_id=media_id,
        user_data=sent.user_data,
        notify_topic=pipeline.notify_topic if sent.notify_topic is None else sent.notify_topic,
        notify_each=sent.notify_each,
        source=sent.source,
        foreign=dict(sent.foreign),
        owner=sent.owner,
        retry_of=sent.retry_of,
        idempotency_key=sent.idempotency_key,
        idempotency_digest=sent.idempotency_digest,
        created_at=accepted,
    )
    made = Output.objects.bulk_create(
        Output(
            job=job,
            index=index,
            template=output.version,
            template_name=output.version.template.name if output.version else "",
            overrides=_sealed(output.overrides),
            effective=_sealed(output.effective.model_dump(mode="json")),
            bucket=output.address.bucket,
            key=output.address.key,
            overwrite=output.spec.overwrite,
            user_data=output.spec.user_data,
            quality_due=bool(output.spec.metrics),
        )
        for index, output in enumerate(admitted.outputs)
    )
    used_marks.remember((row, output.effective) for row, output in zip(made, admitted.outputs, strict=True))
    if admitted.made is not None:
        said = spec.model_dump(mode="json", exclude={"kind", "input", "output"}, exclude_unset=True) | dict(admitted.patterns)
        Output.objects.create(job=job, index=0, effective=said, bucket=admitted.made.bucket, key=admitted.made.key, overwrite=admitted.overwrite)
    Step.objects.bulk_create(
        steps.written(
            steps.first(spec, [output.effective for output in admitted.outputs]),
            job=job,
            pipeline=pipeline,
            lane=Lane.SHORT if spec.kind in LIGHT_KINDS else Lane.MAIN,
            needs=admitted.needs,
            priority=priority,
            seq=int(accepted.timestamp() * 1_000_000),
        )
    )
    if isinstance(spec, QualitySpec) and spec.output is not None:
        Output.objects.filter(pk=spec.output).update(quality_job=job, quality_due=False)
    actor = sent.owner.get_username() if sent.owner else ""
    transitions.event(job.id, "submitted", actor, source=sent.source)
    if sent.retry_of is not None:
        transitions.event(sent.retry_of.id, "retried", actor, job=job.id)
        audit.record("job.retried", sent.retry_of.id, sent.retry_of.input_key, actor=actor, job=job.id)
    return job


def _media(spec: AnySpec) -> Media:
    """What the job is about; the library knows it from now on."""
    return (sprites.media_of(spec.images) if isinstance(spec, SpriteSpec) else None) or media_services.remember(spec.input.address)


def _sealed(document: dict[str, Any]) -> dict[str, Any]:
    """Parameters as they are kept: content keys sealed. Raises Refused for a sealed key of another installation."""
    try:
        found: dict[str, Any] = sealed_keys(document)
    except ValueError:
        raise Refused("InvalidParameter", "The key was sealed by another installation: send it as 32 hexadecimal digits.") from None
    return found


def cancel(job_id: str, *, actor: str) -> Job:
    """Cancel a job: at once what is queued; what runs is told to stop and ends within seconds. A finished job raises Refused."""
    with transaction.atomic():
        job = _locked(job_id)
        if job.is_final:
            raise Refused("WrongState", f"The job has already {job.state}." if job.state != JobState.CANCELLED else "The job is already cancelled.")
        if not job.cancel_requested:
            Job.objects.filter(pk=job.pk).update(cancel_requested=True)
            transitions.event(job.id, "cancel requested", actor)
            audit.record("job.cancelled", job.id, job.input_key, actor=actor, kind=job.kind, was=job.state)
        transitions.cancel_queued(job.id, actor)
    return Job.objects.get(pk=job_id)


def cancel_output(job_id: str, output_id: str, *, actor: str) -> Job:
    """Cancel one output while its job waits; the others go on, and the last one takes the job with it. Raises Refused WrongState for what runs or is over."""
    with transaction.atomic():
        job = _locked(job_id)
        output = Output.objects.filter(pk=output_id, job=job).first()
        if output is None:
            raise Refused("NotFound", f"The job has no output {output_id}.")
        if not transitions.cancel_output(job.id, output.id, actor):
            raise Refused("WrongState", "Only an output that waits can be cancelled alone.")
        audit.record("job.cancelled", job.id, job.input_key, actor=actor, kind=job.kind, output=output.id)
    return Job.objects.get(pk=job_id)


def retry(job_id: str, *, outputs: Sequence[str] | None = None, owner: User | None, actor: str, source: str = Job.Source.API) -> Job:
    """Make a new job of a finished one, linked both ways. ``outputs``: ids of those to do again; None: those that did not succeed."""
    old = Job.objects.filter(pk=job_id).select_related("pipeline").first()
    if old is None:
        raise Refused("NotFound", "There is no such job.")
    if not old.is_final:
        raise Refused("WrongState", "The job has not finished yet.")
    rows = list(old.outputs.select_related("template__template").order_by("index"))
    chosen = _chosen(old, rows, outputs)
    document = dict(old.spec)
    if "outputs" in document:
        document["outputs"] = [document["outputs"][row.index] | {"address": _same_address(document, row)} for row in chosen]
    return submit(
        spec=JOB_SPEC.validate_python(document, strict=False),
        pinned={new_index: Pinned(row.template, _marks(row)) for new_index, row in enumerate(chosen)},
        pipeline=old.pipeline_id,
        priority=old.priority,
        user_data=old.user_data,
        notify_topic=old.notify_topic or None,
        notify_each=old.notify_each,
        source=source,
        owner=owner,
        retry_of=old,
    )


def _marks(row: Output) -> tuple[Watermark, ...]:
    """The output's watermarks with the values that they had when the job was accepted."""
    return tuple(Watermark.model_validate(mark, strict=False) for mark in row.effective.get("watermarks") or ())


def _same_address(document: Mapping[str, Any], row: Output) -> str:
    """The address that this output had, as a pattern that gives just that: names with times must not change. What is only known at the end is asked again."""
    sent: str = document["outputs"][row.index]["address"]
    return sent if placeholders.is_late(sent) else f"oss://{row.bucket}/{placeholders.escaped(row.key)}"


def _chosen(old: Job, rows: list[Output], wanted: Sequence[str] | None) -> list[Output]:
    """The outputs to do again."""
    if wanted is not None:
        if missing := set(wanted) - {row.id for row in rows}:
            raise Refused("NotFound", f"The job has no output {sorted(missing)[0]}.")
        if not wanted:
            raise Refused("InvalidParameter", "Name at least one output.")
        return [row for row in rows if row.id in set(wanted)]
    if old.state == JobState.SUCCEEDED:
        raise Refused("WrongState", "Nothing failed. Name the outputs that are to be done again.")
    alone = () if old.state == JobState.CANCELLED else (JobState.CANCELLED,)  # what was cancelled alone is not asked for any more
    return [row for row in rows if row.state not in (JobState.SUCCEEDED, *alone)]


def set_priority(job_id: str, priority: int, *, actor: str) -> Job:
    """Change the priority (1–10) of a job that has not finished; its waiting steps move at once."""
    if not 1 <= priority <= 10:
        raise Refused("InvalidParameter", "Choose a priority from 1 to 10.")
    with transaction.atomic():
        job = _locked(job_id)
        if job.is_final:
            raise Refused("WrongState", "The job has already finished.")
        Job.objects.filter(pk=job.pk).update(priority=priority)
        Step.objects.filter(job=job, state__in=(StepState.READY, StepState.BLOCKED)).update(priority=priority)
        transitions.event(job.id, "priority", actor, was=job.priority, now=priority)
        audit.record("job.prioritised", job.id, job.input_key, actor=actor, was=job.priority, now=priority)
    return Job.objects.get(pk=job_id)


def move(job_id: str, pipeline_name: str, *, actor: str) -> Job:
    """Move a queued job to another pipeline."""
    target = find_pipeline(pipeline_name)
    with transaction.atomic():
        job = _locked(job_id)
        if job.state != JobState.QUEUED:
            raise Refused("WrongState", "Only a queued job can be moved.")
        _move_queued(Job.objects.filter(pk=job.pk), target)
        transitions.event(job.id, "moved", actor, to=target.name)
        audit.record("job.moved", job.id, job.input_key, actor=actor, to=target.name)
        scheduler.ring_on_commit(Lane.MAIN)
    return Job.objects.get(pk=job_id)


def _locked(job_id: str) -> Job:
    """The job's row, locked until the transaction ends."""
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise Refused("NotFound", "There is no such job.")
    return job


# --- pipelines --------------------------------------------------------------------------------------------------------
PIPELINE_FIELDS = ("name", "slots", "default_priority", "max_queued", "notify_topic")


def create_pipeline(*, name: str, actor: str, type: str = Pipeline.Type.STANDARD, **fields: Any) -> Pipeline:
    """A new, active pipeline. Raises Refused with the place of each mistake."""
    pipeline = Pipeline(name=name, type=type, **fields)
    _check_pipeline(pipeline)
    with transaction.atomic():
        pipeline.save(force_insert=True)
        PipelineEvent.objects.create(pipeline=pipeline, kind="created", actor=actor)
        audit.record("pipeline.created", pipeline.pk, pipeline.name, actor=actor, type=pipeline.type, slots=pipeline.slots)
    return pipeline


def update_pipeline(pipeline: Pipeline, changes: Mapping[str, Any], *, actor: str) -> Pipeline:
    """Change name, slots, default priority, max queued, or where notifications go. The type cannot change."""
    with transaction.atomic():
        row = Pipeline.objects.select_for_update().get(pk=pipeline.pk)
        before = {name: getattr(row, name) for name in changes}
        for name, value in changes.items():
            if name not in (*PIPELINE_FIELDS, "foreign"):
                raise Refused("InvalidParameter", f"«{name}» of a pipeline cannot be changed.")
            setattr(row, name, value)
        _check_pipeline(row)
        row.save(update_fields=[*changes, "updated_at"])
        changed = {name: [before[name], value] for name, value in changes.items() if name != "foreign" and before[name] != value}
        if changed:
            PipelineEvent.objects.create(pipeline=row, kind="changed", actor=actor, data=changed)
            audit.record("pipeline.changed", row.pk, row.name, actor=actor, **changed)
        scheduler.ring_on_commit(Lane.MAIN)
    return row


def _check_pipeline(pipeline: Pipeline) -> None:
    """Raise Refused with all problems of a pipeline's fields."""
    from django.core.exceptions import ValidationError

    problems: list[Problem] = []
    if len(pipeline.name.encode()) > 128:
        problems.append(Problem(("name",), f"{len(pipeline.name.encode())} of 128 bytes."))
    elif not pipeline.name or not (pipeline.name[0].isalnum()):
        problems.append(Problem(("name",), "Start the name with a letter or a digit."))
    try:
        pipeline.full_clean(exclude=("id",))
    except ValidationError as error:
        for field, texts in error.message_dict.items():
            if field == "name" and any("already exists" in text for text in texts):
                texts = ["A pipeline with this name exists."]
            problems.extend(Problem((field,), text) for text in texts if not (field == "name" and problems))
    if problems:
        raise Refused("InvalidParameter", problems=tuple(problems))


def pause_pipeline(pipeline: Pipeline, *, actor: str, reason: str = "", resume_at: dt.datetime | None = None) -> Pipeline:
    """Pause: running steps finish, nothing that names this pipeline starts. ``resume_at``: when the sweep resumes it."""
    if resume_at is not None and resume_at <= clock.now():
        raise Refused("InvalidParameter", "This time is in the past.")
    if len(reason) > 200:
        raise Refused("InvalidParameter", "The reason has more than 200 characters.")
    with transaction.atomic():
        row = Pipeline.objects.select_for_update().get(pk=pipeline.pk)
        row.state, row.pause_reason, row.resume_at = Pipeline.State.PAUSED, reason, resume_at
        row.save(update_fields=["state", "pause_reason", "resume_at", "updated_at"])
        PipelineEvent.objects.create(
            pipeline=row, kind="paused", actor=actor, data={"reason": reason, "resume_at": resume_at.isoformat() if resume_at else None}
        )
        audit.record("pipeline.paused", row.pk, row.name, actor=actor, **({"reason": reason} if reason else {}))
    steps.rest(row)
    return row


def resume_pipeline(pipeline: Pipeline, *, actor: str) -> Pipeline:
    """Activate: waiting steps may start, in order of priority."""
    with transaction.atomic():
        row = Pipeline.objects.select_for_update().get(pk=pipeline.pk)
        if row.state != Pipeline.State.ACTIVE:
            row.state, row.pause_reason, row.resume_at = Pipeline.State.ACTIVE, "", None
            row.save(update_fields=["state", "pause_reason", "resume_at", "updated_at"])
            PipelineEvent.objects.create(pipeline=row, kind="resumed", actor=actor)
            audit.record("pipeline.resumed", row.pk, row.name, actor=actor)
        scheduler.ring_on_commit(Lane.MAIN)
        scheduler.ring_on_commit(Lane.SHORT)
    return row


def delete_pipeline(pipeline: Pipeline, *, actor: str, move_to: Pipeline | None = None) -> None:
    """Delete a pipeline that nothing runs in. Its queued jobs, its history and its workflows go to ``move_to`` (default: the default pipeline)."""
    with transaction.atomic():
        row = Pipeline.objects.select_for_update().get(pk=pipeline.pk)
        if row.name == settings.REELMILL_DEFAULT_PIPELINE:
            raise Refused("WrongState", "The default pipeline cannot be deleted.")
        if Job.objects.filter(pipeline=row, state=JobState.RUNNING).exists():
            raise Refused("WrongState", "Jobs are running in this pipeline. Pause it and let them finish first.")
        target = move_to or find_pipeline(settings.REELMILL_DEFAULT_PIPELINE)
        if target.pk == row.pk:
            raise Refused("InvalidParameter", "Choose another pipeline for its jobs.")
        _move_queued(Job.objects.filter(pipeline=row), target)
        Workflow.objects.filter(pipeline=row).update(pipeline=target)
        Execution.objects.filter(pipeline=row).update(pipeline=target)
        PipelineEvent.objects.create(pipeline=target, kind="took over", actor=actor, data={"from": row.name})
        audit.record("pipeline.deleted", row.pk, row.name, actor=actor, jobs_to=target.name)
        row.delete()
        scheduler.ring_on_commit(Lane.MAIN)


def _move_queued(jobs: Any, target: Pipeline) -> None:
    """Rewrite the pipeline of jobs and of their steps. Inside the caller's transaction."""
    Step.objects.filter(job__in=jobs).update(pipeline=target)
    jobs.update(pipeline=target)
