"""Media workflows and their executions through the SDKs of MPS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_mts20140618 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException
from aliyunsdkmts.request.v20140618.AddMediaWorkflowRequest import AddMediaWorkflowRequest
from aliyunsdkmts.request.v20140618.QueryMediaWorkflowListRequest import QueryMediaWorkflowListRequest
from django.contrib.auth.models import User

from jobs.models import Delivery, Job, NotifyTarget, Workflow
from jobs.notices.messages import message
from jobs.workflows import services, tree
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.jobs.workflows import go_on, watch

SD, HD = "S00000001-200010", "S00000001-200020"


def topology(pipeline: str, *, prefix: str = "talks/", publish: str = "Auto", texts: bool = False, **more: Any) -> dict[str, Any]:
    """Transcode, and beneath it nothing; a snapshot beside it. ``texts``: what stands inside Parameters is JSON text, as older samples have it."""

    def inner(value: Any) -> Any:
        return json.dumps(value) if texts else value

    outputs = [{"OutputObject": "made/%7BRunId%7D/%7BFileName%7D-sd", "TemplateId": SD, "UserData": "row 7"}]
    shots = {"OutputFile": {"Bucket": "output", "Location": "oss-cn-hangzhou", "Object": "made%2F%7BFileName%7D.jpg"}, "Time": "500"}
    activities = {
        "Act-Start": {
            "Name": "Act-Start",
            "Type": "Start",
            "Parameters": {
                "PipelineId": pipeline,
                "InputFile": inner({"Bucket": "input", "Location": "oss-cn-hangzhou", "ObjectPrefix": prefix}),
                "MessageType": "Queue",
                "QueueName": "flows",
            },
        },
        "Act-SD": {"Type": "Transcode", "Parameters": {"Outputs": inner(outputs), "OutputBucket": "output", "OutputLocation": "oss-cn-hangzhou"}},
        "Act-Cover": {"Type": "Snapshot", "Parameters": {"SnapshotConfig": inner(shots), "MediaCover": "true"}},
        "Act-Report": {"Type": "Report", "Parameters": {"PublishType": publish}},
    } | more
    dependencies = {"Act-Start": ["Act-SD", "Act-Cover"], "Act-SD": ["Act-Report"], "Act-Cover": ["Act-Report"], "Act-Report": []}
    return {"Activities": activities, "Dependencies": dependencies}


@pytest.fixture
def add(site: Endpoint, pipeline: Any) -> Callable[..., Any]:
    """add(name, …) -> the MediaWorkflow of AddMediaWorkflow."""

    def send(name: str = "flow", *, trigger: str | None = None, given: dict[str, Any] | None = None, **more: Any) -> Any:
        text = json.dumps(given or topology(pipeline.id, **more))
        return clients.mts(site).add_media_workflow(m.AddMediaWorkflowRequest(name=name, topology=text, trigger_mode=trigger)).body.media_workflow

    return send


def refused(call: Callable[[], Any]) -> tuple[str, int, str]:
    """Code, status and sentence of a refusal."""
    with pytest.raises(ClientException) as caught:
        call()
    return caught.value.code, caught.value.status_code, str(caught.value.message)


@pytest.mark.parametrize("texts", [False, True])
def test_a_workflow_is_what_its_topology_says(add: Any, pipeline: Any, texts: bool) -> None:
    made = add("Nightly 夜", texts=texts)
    assert (made.name, made.state, made.trigger_mode) == ("Nightly 夜", "Active", "OssAutoTrigger")
    assert json.loads(made.topology) == topology(pipeline.id, texts=texts), "the topology is told as it was sent"
    row = Workflow.objects.get(pk=made.media_workflow_id)
    assert (row.bucket, row.path, row.pipeline_id, row.notify_topic, row.source) == ("input", "talks/", pipeline.id, "flows", "mps")
    steps = {step.name: step for step in tree.read(row.steps)}
    assert list(steps) == ["Act-SD", "Act-Cover", "Act-Report"]
    assert steps["Act-SD"].job["outputs"][0]["address"] == "oss://output/made/{RunId}/{FileName}-sd.mp4", "the container's ending is appended"
    assert steps["Act-Cover"].job["set_cover"] is True
    assert steps["Act-Report"].mode == "all"


def test_it_runs_and_is_told(site: Endpoint, add: Any, buckets: Any, clips: Any, work_off: Any) -> None:
    made = add()
    mts = clients.mts(site)
    buckets.put(clips.make(seconds=1), "talks/a b/源.mp4")
    assert watch() == 1, "a new object below the path starts it"
    go_on(work_off)
    found = mts.list_media_workflow_executions(m.ListMediaWorkflowExecutionsRequest(media_workflow_id=made.media_workflow_id)).body
    (told,) = found.media_workflow_execution_list.media_workflow_execution
    assert (told.name, told.state, told.media_workflow_id) == ("flow", "Completed", made.media_workflow_id)
    assert (told.input.input_file.bucket, told.input.input_file.object) == ("input", "talks/a%20b/%E6%BA%90.mp4")
    states = [(one.name, one.type, one.state) for one in told.activity_list.activity]
    assert states == [
        ("Act-Start", "Start", "Success"),
        ("Act-SD", "Transcode", "Success"),
        ("Act-Cover", "Snapshot", "Success"),
        ("Act-Report", "Report", "Success"),
    ]
    job = mts.query_job_list(m.QueryJobListRequest(job_ids=told.activity_list.activity[1].job_id)).body.job_list.job[0]
    assert (job.state, job.output.user_data) == ("TranscodeSuccess", "row 7")
    assert job.output.output_file.object == f"made/{told.run_id}/%E6%BA%90-sd.mp4"
    assert (buckets.output / f"made/{told.run_id}/源-sd.mp4").exists()
    again = mts.query_media_workflow_execution_list(m.QueryMediaWorkflowExecutionListRequest(run_ids=f"{told.run_id},{'0' * 32}")).body
    assert again.media_workflow_execution_list.media_workflow_execution[0].run_id == told.run_id
    assert again.non_exist_run_ids.run_id == ["0" * 32]
    media = mts.query_media_list(m.QueryMediaListRequest(media_ids=told.media_id, include_play_list=True, include_snapshot_list=True)).body.media_list.media[0]
    assert media.run_id_list.run_id == [told.run_id]
    assert media.publish_state == "Published", "PublishType Auto"
    assert (media.play_list.play[0].activity_name, media.play_list.play[0].media_workflow_name) == ("Act-SD", "flow")
    assert media.snapshot_list.snapshot[0].activity_name == "Act-Cover"
    assert media.cover_url.endswith(".jpg")


def test_add_media_runs_a_workflow_once(site: Endpoint, add: Any, buckets: Any, clips: Any, work_off: Any) -> None:
    made = add(trigger="NotInAuto")
    assert made.trigger_mode == "NotInAuto"
    mts = clients.mts(site)
    buckets.put(clips.make(seconds=1), "elsewhere/clip.mp4")
    url = f"{site.url}/input/elsewhere/clip.mp4"
    ask = m.AddMediaRequest(file_url=url, media_workflow_id=made.media_workflow_id, media_workflow_user_data="order 9")
    media = mts.add_media(ask).body.media
    (run_id,) = media.run_id_list.run_id
    go_on(work_off)
    found = mts.query_media_workflow_execution_list(m.QueryMediaWorkflowExecutionListRequest(run_ids=run_id)).body
    (told,) = found.media_workflow_execution_list.media_workflow_execution
    assert (told.state, told.input.user_data, told.media_id) == ("Completed", "order 9", media.media_id)
    assert Job.objects.filter(source="workflow").count() == 2
    ask.input_unbind = True
    assert refused(lambda: mts.add_media(ask))[0] == "InvalidParameter", "the file does not lie below the workflow's path"
    ask.input_unbind, ask.override_params = None, "{}x"
    assert refused(lambda: mts.add_media(ask))[0] == "Parameters.NotSupported"
    ask.override_params, ask.media_workflow_id = None, "0" * 32
    assert refused(lambda: mts.add_media(ask))[:2] == ("InvalidParameter.ResourceNotFound", 404)


def test_what_fails_is_told(site: Endpoint, add: Any, buckets: Any, clips: Any, work_off: Any) -> None:
    made = add()
    mts = clients.mts(site)
    buckets.put(clips.make(seconds=1, video=False), "sound.m4a")
    mts.add_media(m.AddMediaRequest(file_url="oss://input/sound.m4a", media_workflow_id=made.media_workflow_id))
    go_on(work_off)
    (told,) = mts.list_media_workflow_executions(
        m.ListMediaWorkflowExecutionsRequest(media_workflow_name="flow")
    ).body.media_workflow_execution_list.media_workflow_execution
    by_name = {one.name: one for one in told.activity_list.activity}
    assert told.state in ("Completed", "Fail")
    assert by_name["Act-Cover"].state == "Fail"
    assert by_name["Act-Cover"].code
    assert by_name["Act-Report"].state == "Skipped"


def test_switching_changing_and_deleting(site: Endpoint, add: Any, pipeline: Any) -> None:
    made = add()
    mts = clients.mts(site)
    pk = made.media_workflow_id
    assert mts.deactivate_media_workflow(m.DeactivateMediaWorkflowRequest(media_workflow_id=pk)).body.media_workflow.state == "Inactive"
    found = mts.search_media_workflow(m.SearchMediaWorkflowRequest(state_list="Active")).body
    assert (found.total_count, found.page_number, found.page_size) == (0, 1, 10)
    assert mts.search_media_workflow(m.SearchMediaWorkflowRequest()).body.total_count == 1
    assert mts.activate_media_workflow(m.ActivateMediaWorkflowRequest(media_workflow_id=pk)).body.media_workflow.state == "Active"
    mode = m.UpdateMediaWorkflowTriggerModeRequest(media_workflow_id=pk, trigger_mode="NotInAuto")
    told = mts.update_media_workflow_trigger_mode(mode).body.media_workflow
    assert (told.trigger_mode, json.loads(told.topology)) == ("NotInAuto", topology(pipeline.id))
    other = topology(pipeline.id, prefix="films/", publish="Manual")
    changed = mts.update_media_workflow(m.UpdateMediaWorkflowRequest(media_workflow_id=pk, name="films", topology=json.dumps(other))).body.media_workflow
    assert (changed.name, changed.trigger_mode, json.loads(changed.topology)) == ("films", "NotInAuto", other)
    row = Workflow.objects.get(pk=pk)
    assert (row.path, row.number) == ("films/", 3)
    found = mts.query_media_workflow_list(m.QueryMediaWorkflowListRequest(media_workflow_ids=f"{pk},{'1' * 32}")).body
    assert [one.name for one in found.media_workflow_list.media_workflow] == ["films"]
    assert found.non_exist_media_workflow_ids.media_workflow_id == ["1" * 32]
    assert mts.delete_media_workflow(m.DeleteMediaWorkflowRequest(media_workflow_id=pk)).body.media_workflow.state == "Deleted"
    assert not Workflow.objects.exists()


def test_a_workflow_that_was_made_here_has_a_topology_too(site: Endpoint, add: Any, alice: User, pipeline: Any) -> None:
    steps = tree.read(
        [
            {"name": "ladder", "type": "package", "job": {"outputs": [{"template": "hls-ladder", "address": "oss://output/{FileName}/index.m3u8"}]}},
            {"name": "shot", "type": "snapshot", "under": "ladder", "job": {"mode": "single", "time": 1, "output": "oss://output/{FileName}.jpg"}},
        ]
    )
    wanted = services.Wanted(name="ours", bucket="input", path="x", pipeline=pipeline.name, steps=steps)
    row = services.create(wanted, owner=alice, actor="alice", active=True)
    told = clients.mts(site).query_media_workflow_list(m.QueryMediaWorkflowListRequest(media_workflow_ids=row.pk)).body.media_workflow_list.media_workflow[0]
    document = json.loads(told.topology)
    assert document["Dependencies"] == {"Act-Start": ["ladder"], "ladder": ["shot"], "shot": ["Act-Report"], "Act-Report": []}
    assert document["Activities"]["ladder"]["Parameters"]["Outputs"] == [{"OutputObject": "%7BFileName%7D/index.m3u8", "TemplateId": "hls-ladder"}]
    assert document["Activities"]["shot"]["Parameters"]["SnapshotConfig"]["Time"] == "1000"
    again = add("copy", given=document)
    twin = tree.read(Workflow.objects.get(pk=again.media_workflow_id).steps)
    assert [(step.name, step.under) for step in twin] == [("ladder", ""), ("shot", "ladder"), ("Act-Report", "")]
    assert twin[0].job["outputs"][0]["address"] == "oss://output/{FileName}/index.m3u8"


PACKAGE = {"Type": "PackageConfig", "Parameters": {"Protocol": "hls"}}


@pytest.mark.parametrize(
    ("change", "code", "name"),
    [
        ({"Act-SD": PACKAGE}, "Parameters.NotSupported", "Topology.Activities.Act-SD.Type"),
        ({"Act-SD": {"Type": "Censor"}}, "Parameters.NotSupported", "Topology.Activities.Act-SD.Type"),
        ({"Act-SD": {"Type": "Nonsense"}}, "InvalidParameter", "Topology.Activities.Act-SD.Type"),
        ({"Act-SD": {"Parameters": {}}}, "InvalidParameter.NullValue", "Topology.Activities.Act-SD.Type"),
        ({"Act-SD": {"Type": "Transcode", "Parameters": {"OutputBucket": "output"}}}, "InvalidParameter.NullValue", "Outputs"),
        ({"Act-SD": {"Type": "Transcode", "Parameters": {"ExtXMedia": {"Name": "a"}}}}, "Parameters.NotSupported", "ExtXMedia"),
        ({"Act-SD": {"Type": "Analysis", "Parameters": {"KeepOnlyHighestDefinition": "True"}}}, "Parameters.NotSupported", "KeepOnlyHighestDefinition"),
        ({"Act-Report": {"Type": "Analysis"}}, "InvalidParameter.NullValue", "Topology.Activities"),
        ({"Act-Other": {"Type": "Analysis"}}, "InvalidParameter", "Topology.Dependencies"),
        ({"Act-Report": {"Type": "Report", "Parameters": {"PublishType": "Never"}}}, "InvalidParameter", "PublishType"),
    ],
)
def test_what_is_not_served_is_refused_by_name(site: Endpoint, pipeline: Any, change: Any, code: str, name: str) -> None:
    given = topology(pipeline.id)
    given["Activities"] |= change
    ask = m.AddMediaWorkflowRequest(name="flow", topology=json.dumps(given))
    found, status, sentence = refused(lambda: clients.mts(site).add_media_workflow(ask))
    assert (found, status) == (code, 400)
    assert name in sentence
    assert not Workflow.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"topology": "{"}, "InvalidParameter.JsonFormatInvalid"),
        ({"topology": "[1]"}, "InvalidParameter.JsonObjectFormatInvalid"),
        ({"topology": None}, "InvalidParameter.NullValue"),
        ({"name": "n" * 65}, "InvalidParameter"),
        ({"trigger_mode": "Sometimes"}, "InvalidParameter"),
    ],
)
def test_requests_that_cannot_be_read(site: Endpoint, pipeline: Any, change: Any, code: str) -> None:
    ask = m.AddMediaWorkflowRequest(**({"name": "flow", "topology": json.dumps(topology(pipeline.id))} | change))
    assert refused(lambda: clients.mts(site).add_media_workflow(ask))[0] == code


def test_several_ways_lead_to_nothing(site: Endpoint, pipeline: Any, add: Any) -> None:
    mts = clients.mts(site)
    given = topology(pipeline.id)
    given["Dependencies"]["Act-Cover"] = ["Act-SD"]
    ask = m.AddMediaWorkflowRequest(name="flow", topology=json.dumps(given))
    assert refused(lambda: mts.add_media_workflow(ask))[0] == "InvalidParameter.NotSupported", "an activity after two others"
    given = topology(pipeline.id)
    given["Activities"]["Act-Start"]["Parameters"]["PipelineId"] = "0" * 32
    ask.topology = json.dumps(given)
    assert refused(lambda: mts.add_media_workflow(ask))[:2] == ("InvalidParameter.ResourceNotFound", 404)
    given = topology(pipeline.id)
    given["Activities"]["Act-SD"]["Parameters"]["Outputs"][0]["TemplateId"] = "nothing"
    ask.topology = json.dumps(given)
    assert refused(lambda: mts.add_media_workflow(ask))[:2] == ("InvalidParameter.TemplateNotFound", 404)
    add("taken")
    ask = m.AddMediaWorkflowRequest(name="taken", topology=json.dumps(topology(pipeline.id)))
    assert refused(lambda: mts.add_media_workflow(ask))[0] == "InvalidParameter"


def test_roles(site_of: Callable[..., Endpoint], add: Any, bob: User, charlie: User, pipeline: Any) -> None:
    made = add()
    operator, viewer = clients.mts(site_of(bob, role="operator")), clients.mts(site_of(charlie, role="viewer"))
    ask = m.AddMediaWorkflowRequest(name="other", topology=json.dumps(topology(pipeline.id)))
    assert refused(lambda: operator.add_media_workflow(ask))[1] == 403
    assert refused(lambda: viewer.deactivate_media_workflow(m.DeactivateMediaWorkflowRequest(media_workflow_id=made.media_workflow_id)))[1] == 403
    assert (
        operator.deactivate_media_workflow(m.DeactivateMediaWorkflowRequest(media_workflow_id=made.media_workflow_id)).body.media_workflow.state == "Inactive"
    )
    assert viewer.search_media_workflow(m.SearchMediaWorkflowRequest()).body.total_count == 1


def test_executions_have_pages(site: Endpoint, add: Any, buckets: Any, clips: Any) -> None:
    made = add(trigger="NotInAuto")
    mts = clients.mts(site)
    for number in range(3):
        buckets.put(clips.make(seconds=1), f"clip {number}.mp4")
        mts.add_media(m.AddMediaRequest(file_url=f"oss://input/clip {number}.mp4", media_workflow_id=made.media_workflow_id))
    first = mts.list_media_workflow_executions(m.ListMediaWorkflowExecutionsRequest(maximum_page_size=2)).body
    rows = first.media_workflow_execution_list.media_workflow_execution
    assert [row.state for row in rows] == ["Running", "Running"]
    assert len(first.next_page_token) == 32
    last = mts.list_media_workflow_executions(m.ListMediaWorkflowExecutionsRequest(maximum_page_size=2, next_page_token=first.next_page_token)).body
    assert len(last.media_workflow_execution_list.media_workflow_execution) == 1
    assert not last.next_page_token
    url = "http://input.oss-cn-hangzhou.aliyuncs.com/clip%201.mp4"
    found = mts.list_media_workflow_executions(m.ListMediaWorkflowExecutionsRequest(input_file_url=url)).body.media_workflow_execution_list
    assert [row.input.input_file.object for row in found.media_workflow_execution] == ["clip%201.mp4"]
    ask = m.ListMediaWorkflowExecutionsRequest(next_page_token="f" * 32)
    assert refused(lambda: mts.list_media_workflow_executions(ask))[0] == "InvalidParameter"


def test_the_older_sdk_is_served(site: Endpoint, pipeline: Any) -> None:
    request = AddMediaWorkflowRequest()
    request.set_Name("older")
    request.set_Topology(json.dumps(topology(pipeline.id, texts=True)))
    made = clients.old_call(site, request)["MediaWorkflow"]
    assert (made["Name"], made["State"]) == ("older", "Active")
    request = QueryMediaWorkflowListRequest()
    request.set_MediaWorkflowIds(made["MediaWorkflowId"])
    assert clients.old_call(site, request)["MediaWorkflowList"]["MediaWorkflow"][0]["Topology"] == made["Topology"]


def test_its_topic_is_told_of_both_ends(site: Endpoint, add: Any, buckets: Any, clips: Any, work_off: Any) -> None:
    target = NotifyTarget.objects.create(name="flows")
    made = add()
    buckets.put(clips.make(seconds=1), "clip.mp4")
    clients.mts(site).add_media(m.AddMediaRequest(file_url="oss://input/clip.mp4", media_workflow_id=made.media_workflow_id))
    go_on(work_off)
    begun, ended = Delivery.objects.filter(execution__isnull=False).order_by("created_at", "-id")
    told = {}
    for row in (begun, ended):
        worded = message(row, target)
        assert worded is not None
        told[worded.event] = json.loads(worded.body)
    start, report = told["WorkflowStart"], told["WorkflowReport"]
    assert (start["Name"], start["Type"], start["State"]) == ("Act-Start", "Start", "Success")
    assert (report["Name"], report["Type"], report["State"]) == ("Act-Report", "Report", "Success")
    whole = report["MediaWorkflowExecution"]
    assert (whole["State"], whole["RunId"], whole["MediaWorkflowId"]) == ("Completed", report["RunId"], made.media_workflow_id)
    assert [one["Type"] for one in whole["ActivityList"]] == ["Start", "Transcode", "Snapshot", "Report"]
