"""Rows of the queue for tests that look at the queue alone: a job with one step, and outputs if asked."""

from __future__ import annotations

import itertools
from typing import Any

from console.lib.ids import new_id
from jobs.models import Job, Lane, Output, Pipeline, Step
from templates_app.models import Template, TemplateVersion

_ages = itertools.count(1)


def pipeline(name: str = "default", slots: int = 2, **more: Any) -> Pipeline:
    """A pipeline of that name with so many slots."""
    return Pipeline.objects.update_or_create(name=name, defaults={"slots": slots, **more})[0]


def waiting(line: Pipeline, *, priority: int = 6, lane: str = Lane.MAIN, needs: str = "", outputs: int = 0, **more: Any) -> Step:
    """A queued job whose only step is ready; younger than every one made before."""
    kind = "transcode" if lane == Lane.MAIN else "mediainfo"
    job = Job.objects.create(kind=kind, pipeline=line, priority=priority, spec={}, input_bucket="input", input_key="clip.mp4")
    if outputs:
        version = _version()
        Output.objects.bulk_create(
            Output(job=job, index=i, template=version, template_name="t", effective={}, bucket="output", key=f"{job.id}/{i}.mp4") for i in range(outputs)
        )
    return Step.objects.create(job=job, kind=kind, pipeline=line, lane=lane, needs=needs, priority=priority, seq=next(_ages), **more)


def _version() -> TemplateVersion:
    template, _ = Template.objects.get_or_create(name="t", defaults={"id": new_id()})
    return TemplateVersion.objects.get_or_create(template=template, number=1, defaults={"params": {}})[0]
