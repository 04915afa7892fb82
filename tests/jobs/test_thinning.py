"""Automatic ladders on real clips: of a picture without detail the upper rungs are left out and it is said, of grain all stay; twice the same."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jobs import services
from jobs.engine import playlist
from jobs.engine.address import Address
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, Output

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]
RUNGS = [("180p", 180, 400), ("270p", 270, 800), ("360p", 360, 1500), ("540p", 540, 3000)]
LADDER: dict[str, Any] = {
    "container": {"format": "hls"},
    "video": {"codec": "h264", "preset": "veryfast", "crf": 23},
    "audio": {"remove": True},
    "mux": {"segment_seconds": 2, "automatic": True},
    "ladder": [{"name": name, "video": {"short_side": side, "maxrate_kbps": rate, "bufsize_kbit": 2 * rate}} for name, side, rate in RUNGS],
}
SMOOTH = "testsrc2=size=960x540:rate=25:duration=4,gblur=sigma=16"
GRAIN = "testsrc2=size=960x540:rate=25:duration=4,noise=alls=12:allf=t"


@pytest.fixture
def clip(buckets: Any, tmp_path: Path, ffmpeg: str) -> Any:
    def make(picture: str) -> str:
        path = tmp_path / "clip.mp4"
        argv: list[Any] = [ffmpeg, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "veryfast", "-crf", "10", path]
        subprocess.run(argv, check=True, timeout=120)
        return str(buckets.put(path, "in/clip.mp4"))

    return make


def made(source: str, work_off: Any, **change: Any) -> Output:
    outputs = [{"address": "oss://output/set/main.m3u8", "overrides": {**LADDER, **change}}]
    job = services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": {"address": source}, "outputs": outputs}, strict=False))
    work_off()
    job.refresh_from_db()
    output = job.outputs.get()
    assert job.state == "succeeded", (job.code, output.message)
    return output


def rates(buckets: Any) -> list[tuple[int, str]]:
    """(bits per second, size) of each rung that the master offers, in its order."""
    text = (buckets.output / "set" / "main.m3u8").read_text()
    assert isinstance(playlist.read(text, Address("output", "set/main.m3u8")), playlist.Choice)
    return [(int(rate), size) for rate, size in re.findall(r"BANDWIDTH=(\d+).*?RESOLUTION=(\d+x\d+)", text)]


def test_of_a_picture_without_detail_the_smaller_rungs_do(clip: Any, buckets: Any, work_off: Any, client_of: Any, charlie: Any) -> None:
    output = made(clip(SMOOTH), work_off)
    offered = rates(buckets)
    assert 1 <= len(offered) < len(RUNGS), offered
    assert sorted(offered) == sorted(offered, key=lambda one: int(one[1].split("x")[1])), "rates rise with the sizes"
    (said,) = [text for text in output.warnings if text.startswith("Left out, since they add nothing on this input: ")]
    assert len(re.findall(r"p \(VMAF", said)) == len(RUNGS) - len(offered)
    page = client_of(charlie).get(f"/console/jobs/{output.job_id}/outputs/").content.decode()
    assert "add nothing on this input" in page


def test_of_grain_every_rung_stays(clip: Any, buckets: Any, work_off: Any) -> None:
    output = made(clip(GRAIN), work_off)
    assert len(rates(buckets)) == len(RUNGS)
    assert not [text for text in output.warnings if "Left out" in text]


def test_without_the_switch_all_are_made(clip: Any, buckets: Any, work_off: Any) -> None:
    made(clip(SMOOTH), work_off, mux={"segment_seconds": 2})
    assert len(rates(buckets)) == len(RUNGS)


def test_a_second_attempt_does_not_look_again(clip: Any, buckets: Any, work_off: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures lie with the step; what is in them decides."""
    from jobs.models import Step
    from jobs.runs import thinning

    outputs = [{"address": "oss://output/set/main.m3u8", "overrides": LADDER}]
    spec = JOB_SPEC.validate_python({"kind": "transcode", "input": {"address": clip(SMOOTH)}, "outputs": outputs}, strict=False)
    job = services.submit(spec=spec)
    kept = {"0": [["180p", 180, 100.0, 50.0], ["270p", 270, 200.0, 80.0], ["360p", 360, 300.0, 80.5], ["540p", 540, 400.0, 81.0]]}
    Step.objects.filter(job=job).update(result={"rungs": kept})

    def never(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(thinning, "_rated", never)
    work_off()
    assert Job.objects.get(pk=job.pk).state == "succeeded"
    assert [size for _rate, size in rates(buckets)] == ["320x180", "480x270"]
