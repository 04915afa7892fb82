"""Whole attempts whose picture has to be looked at first: borders and fields are measured once, for all outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from jobs import services
from jobs.engine.spec import JOB_SPEC
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.models import Attempt, Job
from jobs.states import JobState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.media]
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def submit(clip: str, *outputs: dict[str, Any]) -> Job:
    document = {"kind": "transcode", "input": clip, "outputs": list(outputs)}
    return services.submit(spec=JOB_SPEC.validate_python(document, strict=False), source="api")


def test_borders_are_measured_once_and_cut_off_every_output(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    boxed = clips.make(seconds=4, size="320x180", more=("-vf", "lutyuv=y=val*0.6+80,scale=320:132,setsar=1,pad=320:180:0:24", *X264))
    source = buckets.put(boxed)
    auto = {"video": {"crop": "auto", "short_side": None}}
    job = submit(
        source,
        {"template": "mp4-h264-360p", "address": "oss://output/a.mp4", "overrides": auto},
        {"template": "mp4-h265-360p", "address": "oss://output/b.mp4", "overrides": {"video": auto["video"] | {"width": 160}}},
        {"template": "mp4-h264-360p", "address": "oss://output/c.mp4", "overrides": {"video": {"deinterlace": "auto", "short_side": None}}},
    )
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    sizes = [_size(buckets.output / name) for name in ("a.mp4", "b.mp4", "c.mp4")]
    assert sizes == [(320, 132), (160, 66), (320, 180)]
    looks = [argv for argv in Attempt.objects.get().argv if argv[-2:] == ["null", "none"] or argv[-2:] == ["null", "-"]]
    assert len(looks) == 2  # one for borders, one for fields


def test_an_animated_webp_is_read_back_and_published(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=1, size="128x72"))
    job = submit(source, {"address": "oss://output/a.webp", "overrides": {"container": {"format": "webp"}, "video": {"width": 64, "fps": 10.0}}})
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    with Image.open(buckets.output / "a.webp") as image:
        assert image.size == (64, 36)
        assert np.asarray(image.convert("RGB")).std() > 20


def _size(path: Path) -> tuple[int, int]:
    stream = ffprobe.probe(path, tools=tools.find(), cwd=path.parent).video[0]
    return stream.width, stream.height
