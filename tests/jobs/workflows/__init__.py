"""Workflows for tests: one with few words, and clocks that run when told to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils import timezone

from jobs.models import Execution, Workflow
from jobs.workflows import advancing, services, tree, watching
from jobs.workflows.services import Wanted

SMALL = {"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": 30, "preset": "ultrafast", "height": 90}, "audio": {"remove": True}}
LOOK = {"name": "look", "type": "analyse", "job": {"kind": "mediainfo"}}
MP4 = {"name": "mp4", "type": "transcode", "under": "look", "job": {"outputs": [{"address": "oss://output/{RunId}/{FileName}.mp4", "overrides": SMALL}]}}
LATER = dt.timedelta(seconds=11)


def url(name: str, *args: Any) -> str:
    """Of a page of workflows."""
    return reverse(f"workflows:{name}", args=args)


def wanted(*steps: dict[str, Any], name: str = "flow", path: str = "in", bucket: str = "input", **more: Any) -> Wanted:
    return Wanted(name=name, bucket=bucket, path=path, steps=tree.read(steps or (LOOK, MP4)), **more)


def workflow(*steps: dict[str, Any], active: bool = True, owner: Any = None, source: str = "api", **more: Any) -> Workflow:
    """One that watches oss://input/in/ and transcodes, unless told otherwise."""
    return services.create(wanted(*steps, **more), owner=owner, actor="alice", active=active, source=source)


def watch(times: int = 2) -> int:
    """Look at all paths as often, a little longer than files take to settle in between; answers how many executions began."""
    began = 0
    for turn in range(times):
        Workflow.objects.filter(scan_at__isnull=False).update(scan_at=timezone.now())
        began += watching.watch(timezone.now() + turn * LATER + dt.timedelta(seconds=1))
    return began


def go_on(work_off: Callable[..., int], turns: int = 20) -> None:
    """Until nothing is left to do."""
    for _ in range(turns):
        advancing.advance_all()
        if not work_off() and not advancing.due(timezone.now()):
            return
    raise AssertionError("it does not end")


def story(execution: Execution) -> dict[str, str]:
    """States of its activities by name."""
    return dict(execution.activities.order_by("index").values_list("name", "state"))


def refreshed(execution: Execution) -> Execution:
    return Execution.objects.get(pk=execution.pk)
