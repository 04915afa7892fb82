"""How executions go on and end, with real files, and what people may do with them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from console.models import AuditEntry
from jobs import services as job_services
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.models import Delivery, Execution, Job, NotifyTarget, Output, Pipeline, Workflow
from jobs.notices import targets
from jobs.notices.delivering import deliver
from jobs.workflows import advancing, runs, services
from media_assets.models import Bucket, Media
from tests.jobs.workflows import LOOK, MP4, SMALL, go_on, refreshed, story, wanted, watch, workflow
from tests.listener import listening

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]


# --- how it goes on ------------------------------------------------------------------------------------------------------
def test_a_failed_step_skips_those_below_and_counts(buckets: Any, clip: Path, work_off: Any) -> None:
    bad = {
        "name": "bad",
        "type": "transcode",
        "job": {"outputs": [{"address": "oss://output/{RunId}/bad.mp4", "overrides": {**SMALL, "audio": {"codec": "aac"}, "video": {"remove": True}}}]},
    }
    below = {"name": "below", "type": "snapshot", "under": "bad", "job": {"output": "oss://output/{RunId}/x.jpg"}}
    flow = workflow(LOOK, MP4, bad, below, {"name": "out", "type": "publish", "mode": "all"})
    buckets.put(_silent(clip), "in/silent.mp4")
    assert watch() == 1
    go_on(work_off)
    run = Execution.objects.get()
    assert (run.state, run.failures) == ("completed", 1)
    assert story(run) == {"look": "success", "mp4": "success", "bad": "fail", "below": "skipped", "out": "skipped"}
    failed = run.activities.get(name="bad")
    assert failed.job is not None
    assert (failed.code, failed.message) == (failed.job.code, failed.job.message)
    assert Media.objects.get(pk=run.media_id).state == "unpublished"
    again = runs.again(run.pk, from_failed=True, owner=None, actor="bob")
    assert story(again) == {"look": "success", "mp4": "success", "bad": "waiting", "below": "waiting", "out": "waiting"}
    assert again.activities.get(name="mp4").job_id == run.activities.get(name="mp4").job_id
    go_on(work_off)
    assert (refreshed(again).state, refreshed(again).again_of, Job.objects.count()) == ("completed", run, 4)
    services.replace(flow, wanted(LOOK), actor="alice")
    whole = runs.again(run.pk, owner=None, actor="bob")
    assert (whole.number, story(whole)) == (2, {"look": "waiting"})


def _silent(clip: Path) -> Path:
    import subprocess

    import imageio_ffmpeg

    made = clip.with_name("silent.mp4")
    if not made.exists():
        subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-i", str(clip), "-an", "-c", "copy", str(made)], check=True)
    return made


def test_all_failed_is_failed_and_nothing_to_run_from(buckets: Any, tmp_path: Path, work_off: Any) -> None:
    workflow(LOOK, MP4)
    text = tmp_path / "no.mp4"
    text.write_text("this is no film")
    buckets.put(text, "in/no.mp4")
    watch()
    go_on(work_off)
    run = Execution.objects.get()
    assert (run.state, run.failures, story(run)) == ("failed", 1, {"look": "fail", "mp4": "skipped"})


def test_running_executions_keep_their_version(buckets: Any, clip: Path, work_off: Any) -> None:
    flow = workflow(LOOK, MP4)
    buckets.put(clip, "in/one.mp4")
    watch()
    advancing.advance_all()
    flow = services.replace(flow, wanted(LOOK, name="renamed"), actor="alice")
    assert (flow.number, flow.name, [row.number for row in flow.versions.all()]) == (2, "renamed", [2, 1])
    assert services.replace(flow, wanted(LOOK, name="again"), actor="alice").number == 2, "a name is no version"
    entries = AuditEntry.objects.filter(action="workflow.changed").order_by("id").values_list("data", flat=True)
    assert list(entries) == [{"version": 2, "name": ["flow", "renamed"], "fields": ["steps"]}, {"version": 2, "name": ["renamed", "again"]}]
    go_on(work_off)
    run = Execution.objects.get()
    assert (run.number, run.state, story(run)) == (1, "succeeded", {"look": "success", "mp4": "success"})


def test_a_step_of_another_age_fails_and_holds_up_nothing(buckets: Any, clip: Path, work_off: Any) -> None:
    workflow(LOOK, {**MP4, "under": ""})
    buckets.put(clip, "in/one.mp4")
    watch()
    Execution.objects.get().activities.filter(name="mp4").update(step={"name": "mp4", "type": "transmogrify"})
    go_on(work_off)
    run = Execution.objects.get()
    assert (run.state, story(run), run.activities.get(name="mp4").code) == ("completed", {"look": "success", "mp4": "fail"}, "InvalidParameter")


def test_a_full_queue_makes_steps_wait(buckets: Any, clip: Path, work_off: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Pipeline.objects.filter(name="default").update(max_queued=1)
    workflow(LOOK, {**MP4, "under": ""})
    buckets.put(clip, "in/one.mp4")
    watch()
    advancing.advance_all()
    run = Execution.objects.get()
    assert sorted(story(run).values()) == ["running", "waiting"]
    assert run.activities.get(state="waiting").code == "QueueFull"
    monkeypatch.setattr(advancing, "RESTS", dt.timedelta(0))
    work_off()
    go_on(work_off)
    assert refreshed(run).state == "succeeded"


def test_a_step_that_waited_too_long_has_failed(buckets: Any, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Pipeline.objects.filter(name="default").update(max_queued=1)
    workflow(LOOK, {**MP4, "under": ""})
    buckets.put(clip, "in/one.mp4")
    watch()
    advancing.advance_all()
    monkeypatch.setattr(advancing, "PATIENCE", dt.timedelta(0))
    Execution.objects.update(due_at=timezone.now())
    advancing.advance_all()
    assert story(Execution.objects.get()) == {"look": "running", "mp4": "fail"}


def test_the_first_output_publishes(buckets: Any, clip: Path, work_off: Any) -> None:
    late = {**MP4, "name": "late", "under": "mp4", "job": {"outputs": [{"address": "oss://output/{RunId}/late.mp4", "overrides": SMALL}]}}
    workflow({**MP4, "under": ""}, late, {"name": "out", "type": "publish", "mode": "first"})
    buckets.put(clip, "in/one.mp4")
    watch()
    advancing.advance_all()
    work_off()
    advancing.advance_all()
    run = Execution.objects.get()
    assert story(run) == {"mp4": "success", "late": "running", "out": "success"}
    assert Media.objects.get(pk=run.media_id).state == "published"
    go_on(work_off)
    assert refreshed(run).state == "succeeded"


def test_an_intelligent_preset_below_its_analysis(buckets: Any, clips: Any, work_off: Any) -> None:
    from templates_app.models import Template

    preset = Template.objects.filter(kind="intelligent", name__icontains="MP4").order_by("name").first()
    assert preset is not None
    look = {"name": "look", "type": "analyse"}
    smart = {
        "name": "smart",
        "type": "transcode",
        "under": "look",
        "job": {"outputs": [{"template": preset.pk, "address": "oss://output/{RunId}/smart.{autoext}"}]},
    }
    workflow(look, smart)
    buckets.put(clips.make(seconds=2, size="640x360"), "in/one.mp4")
    watch()
    go_on(work_off)
    run = Execution.objects.get()
    assert story(run)["look"] == "success"
    assert run.activities.get(name="smart").code in ("", "TemplateUnfit"), "the analysis above was asked, whatever it says"


# --- what people do ------------------------------------------------------------------------------------------------------
def test_cancel(buckets: Any, clip: Path, work_off: Any) -> None:
    workflow(LOOK, MP4, {**MP4, "name": "other", "under": "", "job": {"outputs": [{"address": "oss://output/{RunId}/o.mp4", "overrides": SMALL}]}})
    buckets.put(clip, "in/one.mp4")
    watch()
    advancing.advance_all()
    work_off(lanes=("short",))
    advancing.advance_all()
    run = Execution.objects.get()
    assert story(run) == {"look": "success", "mp4": "running", "other": "running"}
    runs.cancel(run.pk, actor="bob")
    go_on(work_off)
    run = refreshed(run)
    assert (run.state, story(run)) == ("cancelled", {"look": "success", "mp4": "fail", "other": "fail"})
    assert set(run.activities.values_list("name", "code")) == {("look", ""), ("mp4", "Cancelled"), ("other", "Cancelled")}
    assert not Output.objects.filter(state="succeeded").exists()
    with pytest.raises(Refused, match="over"):
        runs.cancel(run.pk, actor="bob")
    assert AuditEntry.objects.filter(action="execution.cancelled", actor="bob").exists()


def test_a_cancel_before_anything_began(buckets: Any, clip: Path) -> None:
    workflow()
    buckets.put(clip, "in/one.mp4")
    watch()
    run = runs.cancel(Execution.objects.get().pk, actor="bob")
    advancing.advance_all()
    assert (refreshed(run).state, story(run), Job.objects.count()) == ("cancelled", {"look": "skipped", "mp4": "skipped"}, 0)


def test_by_hand_and_as_a_test(buckets: Any, clip: Path, work_off: Any) -> None:
    flow = workflow(active=False)
    anywhere = Address.parse(buckets.put(clip, "elsewhere/one.mp4"))
    with pytest.raises(Refused, match="inactive"):
        runs.run(flow, anywhere, owner=None, actor="bob")
    with pytest.raises(Refused, match="No object"):
        runs.run(flow, Address("input", "nothing.mp4"), owner=None, actor="bob", test=True)
    tried = runs.run(flow, anywhere, owner=None, actor="bob", test=True, user_data="mine")
    twice = runs.run(flow, anywhere, owner=None, actor="bob", test=True)
    go_on(work_off)
    assert {refreshed(tried).state, refreshed(twice).state} == {"succeeded"}
    assert (tried.trigger, {job.user_data for job in Job.objects.filter(activities__execution=tried)}) == ("test", {"mine"})
    with pytest.raises(Refused, match="No step has failed"):
        runs.again(tried.pk, from_failed=True, owner=None, actor="bob")
    services.delete(flow, actor="alice")
    with pytest.raises(Refused, match="deleted"):
        runs.again(tried.pk, owner=None, actor="bob")
    assert (refreshed(tried).workflow, refreshed(tried).workflow_name) == (None, "flow")


def test_idempotency_of_a_run(buckets: Any, clip: Path, bob: User) -> None:
    flow = workflow()
    where = Address.parse(buckets.put(clip, "elsewhere/one.mp4"))
    one, two = (runs.run(flow, where, owner=bob, actor="bob", idempotency_key="k") for _ in range(2))
    assert one == two


def test_a_workflow_that_runs_is_not_deleted_and_its_pipeline_hands_it_over(buckets: Any, clip: Path, work_off: Any) -> None:
    line = job_services.create_pipeline(name="films", actor="alice")
    flow = workflow(pipeline="films")
    buckets.put(clip, "in/one.mp4")
    watch()
    with pytest.raises(Refused, match="running"):
        services.delete(flow, actor="alice")
    job_services.delete_pipeline(line, actor="alice")
    go_on(work_off)
    flow.refresh_from_db()
    assert (flow.pipeline.name, Execution.objects.get().state) == ("default", "succeeded")


def test_beginning_and_end_are_told(buckets: Any, clip: Path, work_off: Any, settings: Any) -> None:
    settings.REELMILL_PRIVATE_CALLBACKS = (ipaddress.ip_network("127.0.0.1/32"),)
    workflow(notify_topic="films")
    with listening() as ear:
        target, _secret = targets.create(name="films", url=ear.url)
        buckets.put(clip, "in/one.mp4")
        watch()
        assert Delivery.objects.count() == 1, "the beginning is told with the beginning itself"
        go_on(work_off)
        while deliver():
            pass
        told = [json.loads(body) for _path, _headers, body in ear.got]
    run = Execution.objects.get()
    assert sorted(one["type"] for one in told) == ["execution.started", "execution.succeeded"]
    began, ended = sorted(told, key=lambda one: str(one["time"]))
    assert [one["execution"]["state"] for one in (began, ended)] == ["running", "succeeded"]
    assert ended["execution"]["activities"][1]["job"] == run.activities.get(name="mp4").job_id
    assert not Delivery.objects.filter(job__isnull=False).exists(), "jobs of a workflow are not told of one by one"
    targets.update(NotifyTarget.objects.get(pk=target.pk), {"name": "movies"})
    assert Workflow.objects.get().notify_topic == "movies"


def test_deliveries_name_their_execution(api_of: Any, charlie: User, buckets: Any, clip: Path) -> None:
    workflow(notify_topic="films")
    targets.create(name="films")
    buckets.put(clip, "in/one.mp4")
    watch()
    run = Execution.objects.get()
    (told,) = api_of(charlie, "viewer").get(f"/api/v1/deliveries?job={run.pk}").json()["items"]
    assert (told["execution"], told["job"], told["state"]) == (run.pk, None, "waiting")
    assert api_of(charlie, "viewer").get("/api/v1/notifications/films").json()["workflows"] == ["flow"]


def test_a_path_that_cannot_be_listed_is_told_and_tried_again(buckets: Any, clip: Path) -> None:
    flow = workflow()
    Bucket.objects.filter(name="input").update(name="gone")
    assert watch(1) == 0
    flow.refresh_from_db()
    assert "input" in flow.scan_error
    assert flow.scan_at is not None
    assert flow.scan_at > timezone.now() + dt.timedelta(seconds=20)
    Bucket.objects.filter(name="gone").update(name="input")
    buckets.put(clip, "in/one.mp4")
    assert watch(2) == 1
    flow.refresh_from_db()
    assert flow.scan_error == ""
