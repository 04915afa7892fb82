"""What starts a workflow, and what does not, with real files."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from jobs import services as job_services
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Execution, Job, SeenObject, Workflow
from jobs.workflows import advancing, runs, services, watching
from media_assets import object_writing
from media_assets.models import Bucket, Discard, Media
from media_assets.object_writing import About
from tests.jobs.workflows import LOOK, MP4, SMALL, go_on, refreshed, story, wanted, watch, workflow

pytestmark = [pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.django_db(transaction=True)]


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
