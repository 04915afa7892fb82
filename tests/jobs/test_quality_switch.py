"""The switch «measure the quality» of an output: one quality job for each, once the transcode has ended, whatever dies in between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, JobEvent, Output, Pipeline
from jobs.node.beat import Beat
from jobs.quality import following as measuring
from jobs.sweep import sweep

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]
SMALL = {"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": 20, "preset": "veryfast"}, "audio": {"remove": True}}


def spec(source: str, *wishes: Any, overrides: dict[str, Any] = SMALL, **clip: Any) -> Any:
    outputs = [{"address": f"oss://output/{n}.mp4", "overrides": overrides, "quality": wish} for n, wish in enumerate(wishes)]
    return JOB_SPEC.validate_python({"kind": "transcode", "input": {"address": source, **clip}, "outputs": outputs}, strict=False)


def scores(output: Output) -> dict[str, Any]:
    """What the output knows of itself."""
    found: dict[str, Any] = (output.quality or {})["scores"]
    return found


def measuring_jobs() -> list[Job]:
    return list(Job.objects.filter(kind="quality").order_by("created_at"))


def test_the_outputs_that_asked_are_measured(api_of: Any, bob: User, client_of: Any, charlie: User, buckets: Any, clips: Any, work_off: Any) -> None:
    other = Pipeline.objects.create(name="other")
    asked = spec(buckets.put(clips.make(seconds=2)), True, False, ["psnr", "vmaf"], start=0.5, duration=1)
    job = services.submit(spec=asked, pipeline="other", priority=9, owner=bob)
    assert not measuring_jobs(), "nothing is made before there is something to measure"
    work_off()
    job.refresh_from_db()
    assert job.state == "succeeded"
    made = measuring_jobs()
    assert [(one.state, one.pipeline_id, one.priority, one.owner) for one in made] == [("succeeded", other.id, 9, bob)] * 2
    assert all(job.finished_at and one.created_at > job.finished_at for one in made), "the transcode is not held back"
    first, unasked, third = job.outputs.order_by("index")
    assert [(one.quality or {})["job"] for one in (first, third)] == [one.id for one in made]
    assert unasked.quality is None
    assert set(scores(first)) == {"vmaf", "vmaf_neg", "ssim", "psnr", "xpsnr"}
    assert set(scores(third)) == {"psnr", "vmaf"}
    assert scores(first) == (made[0].result or {})["scores"]
    assert scores(first)["vmaf"]["mean"] > 85
    told = api_of(bob).get(f"/api/v1/jobs/{job.id}").json()
    assert [output["quality"] and output["quality"]["scores"]["vmaf"]["mean"] for output in told["outputs"]] == [
        scores(first)["vmaf"]["mean"],
        None,
        scores(third)["vmaf"]["mean"],
    ]
    assert [event.data["job"] for event in JobEvent.objects.filter(job=job, kind="measured").order_by("id")] == [one.id for one in made]
    page = client_of(charlie).get(f"/console/jobs/{job.id}/").content.decode()
    assert f"/console/jobs/{made[0].id}/" in page
    assert f"VMAF {scores(first)['vmaf']['mean']:.1f}" in page
    assert f"/console/jobs/{job.id}/" in client_of(charlie).get(f"/console/jobs/{made[0].id}/").content.decode(), "and the way back"


def test_a_worker_that_dies_between_end_and_wish_loses_nothing(buckets: Any, clips: Any, work_off: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = services.submit(spec=spec(buckets.put(clips.make(seconds=1)), True))
    with monkeypatch.context() as dead:
        dead.setattr(measuring, "follow", lambda job_id: 0)
        work_off()
    assert Job.objects.get(pk=job.id).state == "succeeded"
    assert not measuring_jobs()
    Beat({}, timezone.now()).sweep()
    assert len(measuring_jobs()) == 1
    assert (measuring.catch_up(), measuring.follow(job.id)) == (0, 0), "once"
    sweep()
    work_off()
    assert [one.state for one in measuring_jobs()] == ["succeeded"]
    assert (Output.objects.get(job=job).quality or {})["job"] == measuring_jobs()[0].id


def test_a_full_queue_makes_it_wait(buckets: Any, clips: Any, work_off: Any) -> None:
    job = services.submit(spec=spec(buckets.put(clips.make(seconds=1)), True))
    Pipeline.objects.update(max_queued=0)
    work_off()
    output = Output.objects.get(job=job)
    assert (output.state, output.quality_due, measuring_jobs()) == ("succeeded", True, [])
    Pipeline.objects.update(max_queued=10)
    assert measuring.catch_up() == 1
    output.refresh_from_db()
    assert not output.quality_due
    assert output.quality_job == measuring_jobs()[0]


def test_a_running_job_is_left_alone(buckets: Any, clips: Any) -> None:
    """An output may have succeeded long before its job ends: its measuring would take a slot from it."""
    job = services.submit(spec=spec(buckets.put(clips.make(seconds=1)), True))
    Job.objects.filter(pk=job.id).update(state="running", started_at=timezone.now())
    Output.objects.filter(job=job).update(state="succeeded")
    assert (measuring.follow(job.id), measuring.catch_up()) == (0, 0)


def test_an_output_that_failed_is_not_measured(buckets: Any, clips: Any, work_off: Any) -> None:
    asked = spec(buckets.put(clips.make(seconds=1)), True, True)
    asked = asked.model_copy(update={"outputs": (asked.outputs[0], asked.outputs[1].model_copy(update={"overwrite": False}))})
    job = services.submit(spec=asked)
    (buckets.output / "1.mp4").write_bytes(b"here first")
    work_off()
    job.refresh_from_db()
    assert (job.state, job.code) == ("failed", "SomeOutputsFailed")
    assert [one.spec["output"] for one in measuring_jobs()] == [job.outputs.get(index=0).id]


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"container": {"format": "m4a"}, "video": {"remove": True}}, "without video"),
        (SMALL | {"edit": {"after": [{"address": "oss://input/other.mp4"}]}}, "joined from several inputs"),
        (SMALL | {"container": {"format": "dash"}}, "DASH"),
        (SMALL | {"container": {"format": "hls"}, "encryption": {"method": "aes-128"}}, "encrypted"),
    ],
)
def test_what_cannot_be_measured_is_refused_at_the_door(overrides: dict[str, Any], why: str, buckets: Any, clips: Any) -> None:
    source = buckets.put(clips.make(seconds=1))
    buckets.put(clips.make(seconds=1), "other.mp4")
    with pytest.raises(Refused) as refused:
        services.submit(spec=spec(source, True, overrides=overrides))
    assert not Job.objects.exists()
    (problem,) = (problem for problem in refused.value.problems if problem.loc == ("outputs", 0, "quality"))
    assert why in problem.message


@pytest.mark.parametrize("wish", [[], ["vmaf", "beauty"], "much"])
def test_a_wish_that_makes_no_sense(wish: Any, api_of: Any, bob: User, buckets: Any, clips: Any) -> None:
    body = {
        "kind": "transcode",
        "input": buckets.put(clips.make(seconds=1)),
        "outputs": [{"address": "oss://output/a.mp4", "overrides": SMALL, "quality": wish}],
    }
    answer = api_of(bob).post("/api/v1/jobs", json.dumps(body), content_type="application/json")
    assert answer.status_code in (400, 422), answer.content
    assert answer.json()["errors"][0]["loc"][:3] == ["outputs", 0, "quality"]


def test_the_form_asks_for_it(client_of: Any, bob: User, buckets: Any, clips: Any) -> None:
    source = buckets.put(clips.make(seconds=1))
    client = client_of(bob)
    fields = {"input": source, "pipeline": "default", "outputs-count": "1", "outputs-0-template": "mp4-h264-540p", "outputs-0-bucket": "output"}
    fields |= {"outputs-0-overwrite": "on", "outputs-0-quality": "on"}
    answer = client.post("/console/jobs/new/transcode/", fields)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    job = Job.objects.get(kind="transcode")
    assert job.spec["outputs"][0]["quality"] is True
    Job.objects.filter(pk=job.id).update(spec={**job.spec, "outputs": [{**job.spec["outputs"][0], "quality": ["psnr"]}]})
    again = client.get(f"/console/jobs/new/transcode/?from_job={job.id}").content.decode()
    assert 'name="outputs-0-metrics" value="psnr"' in again, "a choice of measures survives the form"
