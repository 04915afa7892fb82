"""Submit, cancel, retry, priorities and pipelines, through the services that every interface uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, JobEvent, Output, Pipeline, PipelineEvent, Step
from jobs.states import JobState, StepState
from media_assets.models import Media
from templates_app import services as template_services

pytestmark = pytest.mark.usefixtures("presets", "pipeline")


@pytest.fixture
def clip(buckets: Any, clips: Any) -> str:
    """The address of a small input."""
    return str(buckets.put(clips.make(seconds=1), "in/clip.mp4"))


def spec(clip: str, *outputs: dict[str, Any], **more: Any) -> Any:
    rows = outputs or ({"template": "mp4-h264-360p", "address": "oss://output/clip.mp4"},)
    return JOB_SPEC.validate_python({"kind": "transcode", "input": clip, "outputs": list(rows)} | more, strict=False)


def refused(call: Callable[[], Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        call()
    return caught.value


def test_submit_writes_job_outputs_step_media_and_history(clip: str, bob: User) -> None:
    job = services.submit(spec=spec(clip), owner=bob, source=Job.Source.CONSOLE, user_data="x" * 1024)
    assert (job.state, job.priority, job.owner) == (JobState.QUEUED, 6, bob)
    output = job.outputs.get()
    assert str(output) == "oss://output/clip.mp4"
    assert output.effective["video"]["short_side"] == 360
    step = job.steps.get()
    assert (step.state, step.lane, step.priority) == (StepState.READY, "main", 6)
    assert Media.objects.get(pk=job.media_id).address == clip
    assert list(JobEvent.objects.values_list("kind", "actor")) == [("submitted", "bob")]


def test_light_kinds_go_to_the_short_lane(clip: str) -> None:
    job = services.submit(spec=JOB_SPEC.validate_python({"kind": "mediainfo", "input": clip}), source="api")
    assert job.steps.get().lane == "short"


def test_priority_comes_from_the_pipeline_unless_given(clip: str, pipeline: Pipeline) -> None:
    services.update_pipeline(pipeline, {"default_priority": 9}, actor="t")
    assert services.submit(spec=spec(clip), source="api").priority == 9
    assert services.submit(spec=spec(clip), source="api", priority=2).priority == 2


def test_every_mistake_is_told_at_once_with_its_place(clip: str) -> None:
    error = refused(
        lambda: services.submit(
            spec=spec(
                "oss://input/none.mp4",
                {"template": "no-such", "address": "oss://output/a.mp4"},
                {"template": "mp4-h264-360p", "address": "oss://nowhere/a.mp4"},
                {"template": "mp4-h264-360p", "address": "oss://input/b.mp4"},
                {"template": "mp4-h264-360p", "address": "oss://output/c.mp4", "overrides": {"video": {"crf": 99, "wdith": 3}}},
                {"template": "mp4-h264-360p", "address": "oss://output/d.flv", "overrides": {"container": {"format": "flv"}, "video": {"codec": "h265"}}},
            ),
            source="api",
        )
    )
    assert error.code == "InvalidParameter"
    places = {problem.loc[:5] for problem in error.problems}
    assert ("input", "address") in places
    assert ("outputs", 0, "template") in places
    assert ("outputs", 1, "address") in places
    assert ("outputs", 2, "address") in places
    assert {("outputs", 3, "overrides", "video", "crf"), ("outputs", 3, "overrides", "video", "wdith")} <= places
    assert any(place[:2] == ("outputs", 4) for place in places)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("outputs", "code"),
    [
        ([{"template": "no-such", "address": "oss://output/a.mp4"}], "TemplateNotFound"),
        ([{"template": "mp4-h264-360p", "address": "oss://nowhere/a.mp4"}], "BucketNotFound"),
        ([{"template": "mp4-h264-360p", "address": "oss://input/other.mp4"}], "BucketRoleMissing"),
        ([{"template": "mp4-h264-360p", "address": "oss://output/a.mp4"}] * 2, "OutputConflict"),
        ([{"template": "hls-h264-360p", "address": "oss://output/a.mp4"}], "InvalidAddress"),
        ([{"template": "mp4-h264-360p", "address": "oss://output/" + "n" * 300 + ".mp4"}], "InvalidAddress"),
        ([{"template": "mp4-h264-360p", "address": "oss://output/a.mp4", "overrides": {"video": {"crf": 20, "bitrate_kbps": 900}}}], "ImpossibleCombination"),
    ],
)
def test_one_kind_of_mistake_answers_with_its_own_code(clip: str, outputs: list[dict[str, Any]], code: str) -> None:
    assert refused(lambda: services.submit(spec=spec(clip, *outputs), source="api")).code == code


def test_an_output_may_not_overwrite_the_input(clip: str, buckets: Any) -> None:
    from media_assets.models import Bucket

    Bucket.objects.filter(name="input").update(is_output=True)
    assert refused(lambda: services.submit(spec=spec(clip, {"template": "mp4-h264-360p", "address": clip}), source="api")).code == "OutputOverwritesInput"


def test_overwriting_can_be_forbidden(clip: str, buckets: Any) -> None:
    (buckets.output / "clip.mp4").write_bytes(b"there")
    wish = {"template": "mp4-h264-360p", "address": "oss://output/clip.mp4", "overwrite": False}
    assert refused(lambda: services.submit(spec=spec(clip, wish), source="api")).code == "ObjectAlreadyExists"


def test_an_idempotency_key_makes_one_job(clip: str, bob: User) -> None:
    def send(digest: str) -> Job:
        return services.submit(spec=spec(clip), source="api", owner=bob, idempotency_key="k", idempotency_digest=digest)

    assert send("a").id == send("a").id
    assert Job.objects.count() == 1
    assert refused(lambda: send("b")).code == "IdempotencyConflict"


def test_a_full_pipeline_refuses(clip: str, pipeline: Pipeline) -> None:
    services.update_pipeline(pipeline, {"max_queued": 1}, actor="t")
    services.submit(spec=spec(clip), source="api")
    assert refused(lambda: services.submit(spec=spec(clip), source="api")).code == "QueueFull"


def test_cancel_ends_a_queued_job_at_once(clip: str) -> None:
    job = services.cancel(services.submit(spec=spec(clip), source="api").id, actor="bob")
    assert job.state == JobState.CANCELLED
    assert job.finished_at is not None
    assert set(job.outputs.values_list("state", flat=True)) == {JobState.CANCELLED}
    assert job.steps.get().state == StepState.CANCELLED
    assert refused(lambda: services.cancel(job.id, actor="bob")).code == "WrongState"


def test_retry_makes_a_linked_job_of_what_did_not_succeed(clip: str, bob: User) -> None:
    job = services.submit(
        spec=spec(clip, {"template": "mp4-h264-360p", "address": "oss://output/a.mp4"}, {"template": "mp3-128k", "address": "oss://output/b.mp3"}),
        source="api",
    )
    assert refused(lambda: services.retry(job.id, owner=bob, actor="bob")).code == "WrongState"
    services.cancel(job.id, actor="bob")
    Output.objects.filter(job=job, index=0).update(state=JobState.SUCCEEDED)
    again = services.retry(job.id, owner=bob, actor="bob")
    assert again.retry_of == job
    assert [str(output) for output in again.outputs.all()] == ["oss://output/b.mp3"]
    one = services.retry(job.id, outputs=[job.outputs.get(index=0).id], owner=bob, actor="bob")
    assert [str(output) for output in one.outputs.all()] == ["oss://output/a.mp4"]
    assert refused(lambda: services.retry(job.id, outputs=["0" * 32], owner=bob, actor="bob")).code == "NotFound"


def test_retry_keeps_the_template_version(clip: str, bob: User) -> None:
    made = template_services.create(name="mine", params={"container": {"format": "mp4"}, "video": {"crf": 30}})
    job = services.submit(spec=spec(clip, {"template": "mine", "address": "oss://output/a.mp4"}), source="api")
    template_services.update(made, params={"container": {"format": "mp4"}, "video": {"crf": 20}})
    services.cancel(job.id, actor="bob")
    again = services.retry(job.id, owner=bob, actor="bob")
    assert again.outputs.get().effective["video"]["crf"] == 30


def test_priority_moves_waiting_steps(clip: str) -> None:
    job = services.submit(spec=spec(clip), source="api")
    services.set_priority(job.id, 10, actor="bob")
    assert Step.objects.get(job=job).priority == 10
    assert refused(lambda: services.set_priority(job.id, 11, actor="bob")).code == "InvalidParameter"


def test_pipelines_are_checked_paused_resumed_and_deleted(clip: str, pipeline: Pipeline) -> None:
    error = refused(lambda: services.create_pipeline(name="-x", actor="a", slots=0, default_priority=11))
    assert {problem.loc for problem in error.problems} == {("name",), ("slots",), ("default_priority",)}
    night = services.create_pipeline(name="night", actor="a", slots=3)
    assert refused(lambda: services.create_pipeline(name="night", actor="a")).problems[0].loc == ("name",)
    services.pause_pipeline(night, actor="a", reason="disk swap")
    night.refresh_from_db()
    assert (night.state, night.pause_reason) == ("Paused", "disk swap")
    job = services.submit(spec=spec(clip), pipeline="night", source="api")
    services.resume_pipeline(night, actor="a")
    assert list(PipelineEvent.objects.filter(pipeline=night).order_by("id").values_list("kind", flat=True)) == ["created", "paused", "resumed"]
    services.delete_pipeline(night, actor="a", move_to=pipeline)
    job.refresh_from_db()
    assert job.pipeline == pipeline
    assert job.steps.get().pipeline == pipeline
    assert refused(lambda: services.delete_pipeline(pipeline, actor="a")).code == "WrongState"
