"""Workflows with real files: what starts them, what they make, how they end, and what people may do with them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from console.models import AuditEntry
from jobs import services as job_services
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Delivery, Execution, Job, NotifyTarget, Output, Pipeline, SeenObject, Workflow
from jobs.notices import targets
from jobs.notices.delivering import deliver
from jobs.workflows import advancing, runs, services, watching
from media_assets import object_writing
from media_assets.models import Bucket, Discard, Media
from media_assets.object_writing import About
from tests.jobs.workflows import LOOK, MP4, SMALL, go_on, refreshed, story, wanted, watch, workflow
from tests.listener import listening

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clip(clips: Any) -> Path:
    path: Path = clips.make(seconds=1, size="160x90")
    return path


def upload(path: Path, key: str, bucket: str = "input") -> None:
    object_writing.write(Address(bucket, key), [path.read_bytes()], About())


# --- what starts it ------------------------------------------------------------------------------------------------------
def test_an_upload_is_run_at_once_and_makes_what_the_steps_say(buckets: Any, clip: Path, work_off: Any, decoded: Callable[[Path], int], alice: User) -> None:
    page = {
        "name": "hls",
        "type": "package",
        "under": "mp4",
        "job": {"outputs": [{"template": "hls-h264-360p", "address": "oss://output/{MediaId}/{FileName}.m3u8"}]},
    }
    shots = {"name": "shots", "type": "snapshot", "job": {"mode": "average", "count": 2, "output": "oss://output/{RunId}/{Count}.jpg"}}
    publish = {"name": "out", "type": "publish", "mode": "all"}
    flow = workflow(LOOK, MP4, page, shots, publish, owner=alice)
    upload(clip, "in/sub/one.mp4")
    upload(clip, "elsewhere/two.mp4")
    assert watch(1) == 1, "what came through us is whole: nobody waits for it to settle"
    (run,) = Execution.objects.all()
    assert (run.workflow, run.number, run.key, run.trigger, run.state, run.owner) == (flow, 1, "in/sub/one.mp4", "automatic", "running", alice)
    advancing.advance_all()
    assert story(run) == {"look": "running", "mp4": "waiting", "hls": "waiting", "shots": "running", "out": "waiting"}
    go_on(work_off)
    run = refreshed(run)
    assert (run.state, run.failures) == ("succeeded", 0), list(run.activities.values_list("name", "state", "message"))
    assert decoded(buckets.output / run.pk / "one.mp4") == 25
    assert decoded(buckets.output / run.media_id / "one.m3u8") == 25
    assert sorted(path.name for path in (buckets.output / run.pk).glob("*.jpg")) == ["00001.jpg", "00002.jpg"]
    assert Media.objects.get(pk=run.media_id).state == "published"
    jobs = Job.objects.filter(activities__execution=run)
    assert {(job.source, job.owner, job.media_id, job.state) for job in jobs} == {("workflow", alice, run.media_id, "succeeded")}
    assert run.finished_at
    assert run.finished_at >= max(job.finished_at for job in jobs if job.finished_at)
    assert (watch(3), Execution.objects.count()) == (0, 1)


def test_a_file_put_there_by_hand_is_run_when_it_has_not_changed_for_ten_seconds(
    buckets: Any, clip: Path, work_off: Any, decoded: Callable[[Path], int]
) -> None:
    workflow()
    target = buckets.input / "in" / "deep" / "er" / "hand.mp4"
    target.parent.mkdir(parents=True)
    whole = clip.read_bytes()
    target.write_bytes(whole[: len(whole) // 2])
    began = timezone.now()
    assert [_look(began + dt.timedelta(seconds=second)) for second in (0, 4, 9)] == [0, 0, 0]
    with target.open("ab") as more:
        more.write(whole[len(whole) // 2 :])
    assert [_look(began + dt.timedelta(seconds=second)) for second in (11, 15, 20)] == [0, 0, 0], "it was written to: its time begins anew"
    assert _look(began + dt.timedelta(seconds=21)) == 1
    assert SeenObject.objects.count() == 1, "what it was while it was written is forgotten"
    go_on(work_off)
    (run,) = Execution.objects.all()
    assert run.state == "succeeded"
    assert decoded(buckets.output / run.pk / "hand.mp4") == 25
    assert watch(3) == 0


def _look(moment: dt.datetime) -> int:
    Workflow.objects.update(scan_at=moment)
    return watching.watch(moment)


def test_a_file_that_was_moved_there_with_old_times_is_new_all_the_same(buckets: Any, clip: Path) -> None:
    workflow()
    buckets.put(clip, "elsewhere/old.mp4")
    long_ago = (dt.datetime(2001, 1, 1, tzinfo=dt.UTC).timestamp(),) * 2
    os.utime(buckets.input / "elsewhere/old.mp4", long_ago)
    (buckets.input / "in").mkdir()
    (buckets.input / "elsewhere/old.mp4").rename(buckets.input / "in/old.mp4")
    assert watch(2) == 1


def test_each_version_of_an_object_is_run_once(buckets: Any, clip: Path, clips: Any) -> None:
    workflow()
    upload(clip, "in/one.mp4")
    assert watch(3) == 1
    upload(clips.make(seconds=2, size="160x90"), "in/one.mp4")
    assert watch(3) == 1
    assert Execution.objects.values("etag").distinct().count() == 2


def test_what_is_there_already_is_not_new(buckets: Any, clip: Path) -> None:
    buckets.put(clip, "in/old.mp4")
    flow = workflow(active=False)
    buckets.put(clip, "in/meanwhile.mp4")
    assert watch(2) == 0, "inactive"
    services.enable(flow, actor="bob")
    buckets.put(clip, "in/new.mp4")
    assert watch(3) == 1
    assert Execution.objects.get().key == "in/new.mp4"
    services.disable(flow, actor="bob")
    buckets.put(clip, "in/later.mp4")
    assert watch(2) == 0
    services.enable(flow, actor="bob")
    assert watch(3) == 0, "what came while it was off starts nothing"


def test_types_hidden_files_and_empty_ones(buckets: Any, clip: Path) -> None:
    workflow()
    workflow(name="texts", path="", file_types=(".TXT", "m4v"))
    for name in ("a.MP4", "b.m4v", "c.txt", ".d.mp4", "e.mp4.part", "f"):
        buckets.put(clip, f"in/{name}")
    (buckets.input / "in/empty.mp4").touch()
    assert watch(3) == 4
    assert sorted(Execution.objects.values_list("workflow__name", "key")) == [
        ("flow", "in/a.MP4"),
        ("flow", "in/b.m4v"),
        ("texts", "in/b.m4v"),
        ("texts", "in/c.txt"),
    ]
    assert [other.name for other in services.overlaps("input", "in/sub", "")] == ["flow", "texts"]


def test_a_changed_path_knows_what_lies_there(buckets: Any, clip: Path) -> None:
    flow = workflow()
    buckets.put(clip, "other/old.mp4")
    services.replace(flow, wanted(path="other"), actor="alice")
    assert watch(2) == 0
    buckets.put(clip, "other/new.mp4")
    buckets.put(clip, "in/unwatched.mp4")
    assert watch(2) == 1
    services.replace(flow, wanted(path="other", file_types=("txt",)), actor="alice")
    buckets.put(clip, "other/a.txt")
    assert watch(2) == 1


def test_a_manual_workflow_waits_for_people(buckets: Any, clip: Path) -> None:
    flow = workflow(trigger="manual")
    buckets.put(clip, "in/one.mp4")
    assert watch(3) == 0
    assert runs.run(flow, Address("input", "in/one.mp4"), owner=None, actor="bob").trigger == "manual"
    services.replace(flow, wanted(trigger="automatic"), actor="alice")
    assert watch(3) == 0, "from now on"


# --- loops ---------------------------------------------------------------------------------------------------------------
def test_outputs_of_ours_below_an_input_path_start_nothing(buckets: Any, clip: Path, work_off: Any) -> None:
    Bucket.objects.filter(name="input").update(is_output=True)
    workflow()
    source = buckets.put(clip, "elsewhere/x.mp4")
    outputs = [
        {"address": "oss://input/in/made.mp4", "overrides": SMALL},
        {"template": "hls-h264-360p", "address": "oss://input/in/sets/made.m3u8"},
    ]
    job = job_services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": source, "outputs": outputs}, strict=False))
    (buckets.input / "in").mkdir()
    shutil.copyfile(clip, buckets.input / "in/made.mp4")  # somebody else's, where the job will write
    assert watch(2) == 0
    work_off()
    job.refresh_from_db()
    assert job.state == "succeeded"
    segments = list((buckets.input / "in/sets").glob("*.ts"))
    assert segments
    assert watch(3) == 0
    assert not SeenObject.objects.filter(settled=False).exists()
    again = job_services.retry(job.id, outputs=[row.id for row in job.outputs.all()], owner=None, actor="bob")
    work_off()
    assert Job.objects.get(pk=again.pk).state == "succeeded"
    assert watch(3) == 0
    shutil.copyfile(clip, buckets.input / "in/sets/by-hand.ts")
    assert watch(3) == 1, "what is not ours beside a set of ours is new"


def test_an_object_that_is_being_published_starts_nothing(buckets: Any, clip: Path) -> None:
    workflow()
    buckets.put(clip, "in/part-1.ts")
    Discard.objects.create(bucket="input", key="in/part-1.ts", main="in/main.m3u8", token="t", due_at=timezone.now())
    assert watch(3) == 0


def test_a_loop_is_refused_at_save_and_while_it_runs(buckets: Any, clip: Path, work_off: Any) -> None:
    Bucket.objects.filter(name="input").update(is_output=True)
    into = {**MP4, "under": "", "job": {"outputs": [{"address": "oss://input/in/out/{FileName}.mp4", "overrides": SMALL}]}}
    with pytest.raises(Refused) as refused:
        workflow(into)
    assert [(problem.loc, problem.message) for problem in refused.value.problems] == [
        (("steps", 0, "job", "outputs", 0, "address"), "The output path lies inside the input path: an endless loop.")
    ]
    sly = {**MP4, "under": "", "job": {"outputs": [{"address": "oss://input/{barename}/x.mp4", "overrides": SMALL}]}}
    workflow(sly)
    buckets.put(clip, "in/in.mp4")
    assert watch() == 1
    go_on(work_off)
    run = Execution.objects.get()
    assert (run.state, run.activities.get().code) == ("failed", "InvalidAddress")
    assert not Job.objects.exists()


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
