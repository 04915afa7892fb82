"""Outputs whose names are patterns, and outputs without a template: what is written where, and what is refused at the door."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job
from jobs.states import JobState
from media_assets.models import MediaFile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
TINY = {"container": {"format": "mp4"}, "video": {"height": 64, "preset": "ultrafast"}, "audio": {"remove": True}}


def submit(source: str, *outputs: dict[str, Any]) -> Job:
    return services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": source, "outputs": list(outputs)}, strict=False), source="api")


def test_an_output_without_template_is_all_in_its_overrides_and_its_name_is_filled(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=1, size="128x72"), "talks/{one}.mp4")
    job = submit(source, {"address": "oss://output/{dirname}/{barename}-{resolution}{{}}.{autoext}", "overrides": TINY})
    assert job.outputs.get().key == "talks/{one}-x64{}.mp4"
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    assert (buckets.output / "talks/{one}-x64{}.mp4").is_file()
    assert (job.outputs.get().template, job.outputs.get().template_name) == (None, "")
    again = services.retry(job.id, outputs=[job.outputs.get().id], owner=None, actor="")
    assert again.outputs.get().key == "talks/{one}-x64{}.mp4"


def test_what_is_known_late_is_in_the_name_of_the_object_and_of_the_row(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=1, size="128x72"), "a.mp4")
    job = submit(source, {"address": "oss://output/{FileName}-{DestMd5}-{DestAvgBitrate}.mp4", "overrides": TINY})
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    (made,) = buckets.output.glob("a-*")
    md5 = hashlib.md5(made.read_bytes(), usedforsecurity=False).hexdigest()
    kbps = made.stat().st_size * 8 / 1000
    assert made.name.startswith(f"a-{md5}-")
    assert int(made.stem.rpartition("-")[2]) == pytest.approx(kbps, rel=0.05)
    assert job.outputs.get().key == made.name
    assert MediaFile.objects.get(role="rendition").key == made.name


@pytest.mark.parametrize(
    ("output", "code", "place"),
    [
        ({"address": "oss://output/{RunId}.mp4", "overrides": TINY}, "InvalidAddress", ("outputs", 0, "address")),
        ({"address": "oss://output/x.mp4", "overrides": {"video": {"height": 64}}}, "InvalidParameter", ("outputs", 0, "overrides", "container")),
        ({"address": "oss://output/x.mp4"}, "InvalidParameter", ("outputs", 0, "overrides", "container")),
        ({"address": "oss://output/a/{tags.x}/b.mp4", "overrides": TINY}, "InvalidAddress", ("outputs", 0, "address")),
    ],
)
def test_refused_at_the_door(buckets: Any, clips: Any, output: dict[str, Any], code: str, place: tuple[Any, ...]) -> None:
    source = buckets.put(clips.make(seconds=1, size="128x72"), "a.mp4")
    with pytest.raises(Refused) as caught:
        submit(source, output)
    assert (caught.value.code, caught.value.problems[0].loc) == (code, place)


def test_patterns_that_give_one_name_are_a_conflict_and_the_input_is_not_overwritten(buckets: Any, clips: Any) -> None:
    source = buckets.put(clips.make(seconds=1, size="128x72"), "a.mp4")
    with pytest.raises(Refused) as caught:
        submit(source, {"address": "oss://output/{FileName}.mp4", "overrides": TINY}, {"address": "oss://output/a.{autoext}", "overrides": TINY})
    assert caught.value.code == "OutputConflict"
