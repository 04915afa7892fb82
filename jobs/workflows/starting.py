"""An execution begins: its row, its activities, the message about it. Inside the caller's transaction; its first jobs follow within a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.lib.ids import new_id
from jobs import clock
from jobs.workflows import telling
from jobs.workflows.models import Activity, Execution, Workflow
from media_assets import services as media_services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.contrib.auth.models import User

    from jobs.engine.address import Address
    from media_assets.objects import ObjectFacts


def start(
    workflow: Workflow,
    address: Address,
    facts: ObjectFacts,
    *,
    trigger: str,
    owner: User | None = None,
    steps: Sequence[Mapping[str, Any]] | None = None,
    number: int | None = None,
    **more: Any,
) -> Execution:
    """Write an execution over this object. ``steps`` and ``number``: of an older version (None: the workflow as it is); ``more``: fields of :class:`Execution`."""
    now = clock.now()
    media = media_services.remember(address, facts=facts)
    execution = Execution.objects.create(
        id=new_id(),
        workflow=workflow,
        workflow_name=workflow.name,
        number=workflow.number if number is None else number,
        trigger=trigger,
        bucket=address.bucket,
        key=address.key,
        etag=facts.etag,
        media_id=media.pk,
        pipeline_id=workflow.pipeline_id,
        priority=workflow.priority,
        notify_topic=workflow.notify_topic,
        owner=owner,
        created_at=now,
        due_at=now,
        **more,
    )
    Activity.objects.bulk_create(
        Activity(execution=execution, index=index, name=step["name"], type=step["type"], under=step.get("under", ""), step=dict(step))
        for index, step in enumerate(workflow.steps if steps is None else steps)
    )
    telling.began(execution)
    return execution
