"""A workflow that watches, and executions of it that ended well and half well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.models import Execution, Workflow
from tests.jobs.workflows import go_on, watch, workflow


@pytest.fixture
def clip(clips: Any) -> Path:
    path: Path = clips.make(seconds=1, size="160x90")
    return path


@pytest.fixture
def flow(db: None, buckets: Any, presets: None, pipeline: Any) -> Workflow:
    """One that watches oss://input/in/."""
    return workflow()


@pytest.fixture
def ran(flow: Workflow, buckets: Any, clips: Any, work_off: Any) -> Execution:
    """An execution that went well."""
    buckets.put(clips.make(seconds=1), "in/clip.mp4")
    assert watch() == 1
    go_on(work_off)
    return Execution.objects.get()


@pytest.fixture
def half(flow: Workflow, buckets: Any, clips: Any, work_off: Any) -> Execution:
    """One whose second step failed: there is no picture to encode."""
    buckets.put(clips.make(seconds=1, video=False), "in/sound.m4a")
    assert watch() == 1
    go_on(work_off)
    return Execution.objects.get()
