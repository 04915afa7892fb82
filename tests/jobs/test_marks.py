"""Watermarks and hidden areas through the queue, on a real file: what was published is looked at, not only probed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs import services
from jobs.engine.spec import TranscodeSpec
from jobs.lettering import fonts
from jobs.models import Job
from jobs.states import JobState
from templates_app.marks import services as mark_services
from tests.surface.marks_reference import far, laid, logo, psnr

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.media]
SOURCE = "flower-540p30-h264-aac.mp4"
VIDEO = {"codec": "h264", "crf": 16.0, "preset": "ultrafast", "pixel_format": "yuv420p"}
AUDIO = {"codec": "aac", "bitrate_kbps": 96, "channels": 2, "sample_rate": 44100}
W, H = 960, 540


@pytest.fixture
def frames(buckets: Any, ffmpeg: str) -> Callable[..., np.ndarray]:
    """Decoded pictures of an output."""

    def read(name: str, width: int = W, height: int = H) -> np.ndarray:
        argv = [ffmpeg, "-nostdin", "-v", "error", "-i", str(buckets.output / name), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        return np.frombuffer(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout, np.uint8).reshape(-1, height, width, 3)

    return read


@pytest.fixture
def submit(buckets: Any, media: Path) -> Callable[..., Job]:
    """Outputs by name → sections, of the first half second of the real file."""

    def send(**outputs: dict[str, Any]) -> Job:
        buckets.put(media / SOURCE, "video-demo/building.mov")
        buckets.put(media / "images" / "logo-431x120-rgba.png", "video-demo/aliyun.png")
        logo(buckets.input / "plain.png", (100, 50))
        buckets.put(media / "malicious" / "png-bomb-20000.png", "bomb.png")
        rows = [
            {
                "template": "mp4-h264-360p",
                "address": f"oss://output/{name}.mp4",
                "overrides": {"video": {**VIDEO, "short_side": None}, "audio": AUDIO, **sections},
            }
            for name, sections in outputs.items()
        ]
        document = {"input": {"address": "oss://input/video-demo/building.mov", "duration": 0.5}, "outputs": rows}
        return services.submit(spec=TranscodeSpec.model_validate_json(json.dumps(document)), source="api")

    return send


def test_imm_mp4_with_watermarks(submit: Any, work_off: Any, frames: Any, media: Path) -> None:
    """seeds/imm-video-transcoding.txt: «Transcode to MP4 and add watermarks»."""
    marks = [
        {"image": "oss://input/video-demo/aliyun.png", "corner": "top_left", "dx": 0.05, "dy": 0.1, "width": 0.1},
        {"text": {"content": "Intelligent Media Management", "color": "#FFFFFF", "size": 40}, "corner": "bottom_right", "dx": 0.05, "dy": 0.1},
    ]
    job = submit(plain={}, marked={"watermarks": marks})
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    plain, marked = frames("plain.mp4"), frames("marked.mp4")
    assert plain.shape == marked.shape
    wanted = laid(plain[7], media / "images" / "logo-431x120-rgba.png", (48, 54, 96, 27))
    assert psnr(marked[7, 54:81, 48:144], wanted[54:81, 48:144]) > 28
    assert psnr(plain[7, 54:81, 48:144], wanted[54:81, 48:144]) < 25
    white = (marked[7].astype(int) > 235).all(axis=-1) & ~(plain[7].astype(int) > 200).all(axis=-1)
    rows, columns = np.where(white.sum(axis=1) > 3)[0], np.where(white[400:].any(axis=0))[0]
    assert 912 - 4 <= columns[-1] < 912, "it ends 0.05 of the width before the right side"
    assert 440 < rows[rows > 400].min() < rows.max() < 486, "and 0.1 of the height above the lower one"
    assert far(marked[7, 150:400], plain[7, 150:400]) < 3
    assert job.outputs.get(index=1).warnings == []


def test_imm_mosaic_areas(submit: Any, work_off: Any, frames: Any) -> None:
    """seeds/imm-video-transcoding.txt: «Mosaic watermark areas in a video»; the second area is larger than the picture is from there."""
    areas = [
        {"corner": "top_left", "dx": 0.05, "dy": 0.1, "width": 0.1, "height": 0.1},
        {"corner": "bottom_right", "dx": 0.05, "dy": 0.1, "width": 1200, "height": 100},
    ]
    job = submit(plain={}, hidden={"delogos": areas})
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    plain, hidden = frames("plain.mp4"), frames("hidden.mp4")

    for x, y, side in ((48, 54, 12), (0, 386, 24)):
        inner = np.s_[7, y + side + 2 : y + 2 * side - 2, x + side + 2 : x + 2 * side - 2]
        assert hidden[inner].std(axis=(0, 1)).max() < 5, "a block has one colour"
    for y, y_end, x, x_end in ((54, 108, 48, 144), (386, 486, 0, 912)):
        assert far(hidden[7, y:y_end, x:x_end], plain[7, y:y_end, x:x_end]) > 4
    assert far(hidden[7, 120:380], plain[7, 120:380]) < 3
    assert "The area 2 to hide reaches beyond the picture; it was cut at the edge." in job.outputs.get(index=1).warnings


def test_a_watermark_template_in_a_job(submit: Any, work_off: Any, frames: Any) -> None:
    mark_services.create("Logo", "image", {"corner": "bottom_left", "width": 100, "dx": 10, "dy": 20})
    job = submit(marked={"watermarks": [{"template": "Logo", "image": "oss://input/plain.png", "dx": 30}]})
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    inside = frames("marked.mp4")[7, H - 20 - 48 : H - 22, 32:128]
    assert np.abs(inside.reshape(-1, 3).mean(axis=0) - (220, 30, 30)).max() < 6


def test_what_cannot_be_laid_over_fails_only_its_output(submit: Any, work_off: Any) -> None:
    job = submit(good={}, bad={"watermarks": [{"image": "oss://input/bomb.png"}]})
    work_off()
    job.refresh_from_db()
    assert [(o.state, o.code) for o in job.outputs.order_by("index")] == [(JobState.SUCCEEDED, ""), (JobState.FAILED, "WatermarkTooLarge")]


def test_fonts_that_are_missing_are_told(submit: Any, work_off: Any, monkeypatch: Any) -> None:
    job = submit(one={"watermarks": [{"text": {"content": "Hi", "font": "Nope"}}]})
    work_off()
    assert "The worker has no font «Nope»; «DejaVu Sans» was taken." in job.outputs.get().warnings
    monkeypatch.setattr(fonts, "fonts", lambda: ())
    job = submit(two={"watermarks": [{"text": {"content": "Hi"}}]})
    work_off()
    assert job.outputs.get().code == "FontMissing"
