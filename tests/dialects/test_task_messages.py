"""What IMM and IMS tell of the end of what was sent through their SDKs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_ice20201109 import models as i
from alibabacloud_imm20200930 import models as m
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

from jobs.notices.messages import message
from jobs.notices.models import Delivery, NotifyTarget
from tests.conftest import Buckets
from tests.dialects.clients import Endpoint, ice, imm

pytestmark = pytest.mark.media


@pytest.fixture
def film(site: Endpoint, buckets: Buckets, media: Path) -> Endpoint:
    """The site with a short film."""
    shutil.copyfile(media / "phone-rot90-320p30-h264-aac.mov", buckets.input / "a.mov")
    return site


def told() -> list[tuple[str, dict[str, Any]]]:
    """Event and document of every message in the outbox that has something to tell."""
    target = NotifyTarget(name="any")
    found = [message(delivery, target) for delivery in Delivery.objects.order_by("created_at")]
    return [(one.event, json.loads(one.body)) for one in found if one is not None]


def test_imm_tells_once_of_a_task_of_several_jobs(film: Endpoint, work_off: Callable[[], int]) -> None:
    client = imm(film)
    client.create_project(m.CreateProjectRequest(project_name="p"))
    client.attach_ossbucket(m.AttachOSSBucketRequest(project_name="p", ossbucket="input"))
    request = {
        "ProjectName": "p", "Sources": [{"URI": "oss://input/a.mov"}], "Notification": {"MNS": {"TopicName": "ends"}}, "UserData": "kept",
        "Targets": [{"URI": "oss://output/a.mp4", "Container": "mp4",
                     "Image": {"Snapshots": [{"URI": "oss://output/{index}.jpg", "Format": "jpg", "Interval": 1, "Number": 2}]}}],
    }  # fmt: skip
    sent = client.create_media_convert_task(m.CreateMediaConvertTaskRequest().from_map(request)).body
    assert Delivery.objects.count() == 0
    work_off()
    assert list(Delivery.objects.values_list("topic", flat=True)) == ["ends", "ends"]
    ((event, document),) = told()
    assert (event, document["type"], document["source"]) == ("imm:Task:MediaConvert", "imm:Task:MediaConvert", "acs.imm")
    assert document["id"] == sent.event_id
    content = json.loads(document["content"])
    assert (content["TaskId"], content["Status"], content["UserData"], content["ProjectName"]) == (sent.task_id, "Succeeded", "kept", "p")
    assert content["RequestId"] == sent.request_id
    assert content["Sources"] == [{"URI": "oss://input/a.mov", "SubtitleSources": None}]
    image = {"Snapshots": [{"URI": "oss://output/1.jpg"}], "Sprites": None, "Animations": None}
    assert content["Targets"] == [{"URI": "oss://output/a.mp4", "Subtitle": {"Extract": {"URI": ""}}, "Image": image}]


def test_imm_without_notification_tells_nobody(film: Endpoint, work_off: Callable[[], int]) -> None:
    client = imm(film)
    client.create_project(m.CreateProjectRequest(project_name="p"))
    client.attach_ossbucket(m.AttachOSSBucketRequest(project_name="p", ossbucket="input"))
    request = {"ProjectName": "p", "Sources": [{"URI": "oss://input/a.mov"}], "Targets": [{"URI": "oss://output/a.mp4", "Container": "mp4"}]}
    client.create_media_convert_task(m.CreateMediaConvertTaskRequest().from_map(request))
    work_off()
    assert Delivery.objects.count() == 0


def test_ims_tells_its_callback(film: Endpoint, work_off: Callable[[], int]) -> None:
    client = ice(film)
    asked = {"CallbackType": "HTTP", "CallbackURL": "https://example.org/hook", "EventTypeList": "MediaConvertComplete,SnapshotComplete", "AuthSwitch": "on"}
    with pytest.raises(AlibabaCloudException) as refused:
        client.set_event_callback(i.SetEventCallbackRequest().from_map(asked))
    assert refused.value.code == "MissingAuthKey"
    assert client.set_event_callback(i.SetEventCallbackRequest().from_map(asked | {"AuthKey": "Abc123"})).body.success is True
    found = client.get_event_callback().body
    assert (found.callback_url, found.callback_type, found.event_type_list) == ("https://example.org/hook", "HTTP", "MediaConvertComplete,SnapshotComplete")
    file = {"Type": "OSS", "Media": "oss://input/a.mov"}
    config = {
        "JobName": "named",
        "Inputs": [{"InputFile": file}],
        "Outputs": [
            {"OutputFile": {"Type": "OSS", "Media": "oss://output/a.mp4"}, "TemplateId": "mp4-h264-360p"},
            {"OutputFile": {"Type": "OSS", "Media": "oss://output/b.mp4"}, "TemplateId": "mp4-h264-360p", "Priority": 9},
        ],
    }
    converted = client.submit_media_convert_job(i.SubmitMediaConvertJobRequest(config=json.dumps(config), user_data="kept")).body.job
    shot = {"Input": file, "Output": {"Type": "OSS", "Media": "oss://output/1.jpg"}, "TemplateConfig": {"OverwriteParams": {"Time": 0}}, "Name": "one"}
    taken = client.submit_snapshot_job(i.SubmitSnapshotJobRequest().from_map(shot)).body.job_id
    process = {"Transcode": {"TemplateId": "mp4-h264-360p"}}
    output = {"Output": {"Type": "OSS", "Media": "oss://output/c.mp4"}, "ProcessConfig": process}
    client.submit_transcode_job(i.SubmitTranscodeJobRequest().from_map({"InputGroup": [file], "OutputGroup": [output]}))
    work_off()
    assert set(Delivery.objects.values_list("topic", flat=True)) == {"ice-callback-http"}
    events = dict(told())
    assert sorted(event for event, _ in told()) == ["MediaConvertComplete", "SnapshotComplete", "TranscodeParentComplete"]
    complete = events["MediaConvertComplete"]
    assert (complete["JobId"], complete["Name"], complete["Status"], complete["UserData"]) == (converted.job_id, "named", "Success", "kept")
    assert complete["FinishTime"].endswith("Z")
    assert (events["SnapshotComplete"]["JobId"], events["SnapshotComplete"]["Name"]) == (taken, "one")


def test_ims_callback_queues(site: Endpoint) -> None:
    client = ice(site)
    assert client.get_event_callback().body.auth_switch == "off"
    queue = {"CallbackType": "MNS", "CallbackQueueName": "ice-callback-ends", "CallbackURL": "unused"}
    client.set_event_callback(i.SetEventCallbackRequest().from_map(queue))
    found = client.get_event_callback().body
    assert (found.callback_type, found.callback_queue_name) == ("MNS", "ice-callback-ends")
    for wrong in ({"CallbackType": "MNS", "CallbackQueueName": "other"}, {"CallbackType": "FAX"}, {"CallbackURL": "http://127.0.0.1/x"}):
        with pytest.raises(AlibabaCloudException) as refused:
            client.set_event_callback(i.SetEventCallbackRequest().from_map(wrong))
        assert (refused.value.status_code, refused.value.code) == (400, "InvalidParameter")
    assert NotifyTarget.objects.count() == 1
