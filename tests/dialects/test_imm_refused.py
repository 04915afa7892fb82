"""What IMM refuses: its envelope, code and status, and nothing half-done. Through the SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_imm20200930 import models as m
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from django.contrib.auth.models import User

from jobs.dialects.imm.dialect import DIALECT
from jobs.foreign.models import ForeignTask
from jobs.models import Job
from tests.conftest import Buckets
from tests.dialects import clients, samples_imm
from tests.dialects.clients import Endpoint, imm

OK = {"URI": "oss://output/x.mp4", "Container": "mp4"}


@pytest.fixture
def project(site: Endpoint, buckets: Buckets) -> Endpoint:
    """A project with the bucket «input», and a file in it."""
    (buckets.input / "a.mp4").write_bytes(b"anything")
    client = imm(site)
    client.create_project(m.CreateProjectRequest(project_name="test-project"))
    client.attach_ossbucket(m.AttachOSSBucketRequest(project_name="test-project", ossbucket="input"))
    return site


def sent(*targets: Any, **more: Any) -> dict[str, Any]:
    """A request that would be taken, but for what the case changes."""
    return {"ProjectName": "test-project", "Sources": [{"URI": "oss://input/a.mp4"}], "Targets": list(targets) or [OK], **more}


def video(**values: Any) -> dict[str, Any]:
    return {**OK, "Video": {"TranscodeVideo": {"Codec": "h264", **values}}}


def sound(**values: Any) -> dict[str, Any]:
    return {**OK, "Audio": {"TranscodeAudio": {"Codec": "aac", **values}}}


def marked(**values: Any) -> dict[str, Any]:
    return {**OK, "Video": {"TranscodeVideo": {"Codec": "h264"}, "FilterVideo": {"Watermarks": [values]}}}


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no such project": (sent(ProjectName="nobody"), "ResourceNotFound", "no project nobody"),
    "no project said": (sent(ProjectName=""), "InvalidArgument", "The parameter ProjectName is required but not provided."),
    "no sources": (sent(Sources=[]), "InvalidArgument", "The parameter Sources is required"),
    "no targets": (sent() | {"Targets": []}, "InvalidArgument", "The parameter Targets is required"),
    "unattached bucket": (sent(Sources=[{"URI": "oss://output/a.mp4"}]), "ResourceNotFound", "The specified resource Attachment is not found."),
    "unknown bucket": (sent(Sources=[{"URI": "oss://nowhere/a.mp4"}]), "ResourceNotFound", "The specified resource Attachment is not found."),
    "no such object": (sent(Sources=[{"URI": "oss://input/b.mp4"}]), "ResourceNotFound", "Sources: No object at input/b.mp4."),
    "no address": (sent(Sources=[{"URI": "a.mp4"}]), "InvalidArgument", "Sources[0].URI"),
    "output bucket unknown": (sent({**OK, "URI": "oss://nowhere/x.mp4"}), "ResourceNotFound", "Targets[0]: There is no bucket nowhere."),
    "output over input": (sent({**OK, "URI": "oss://input/a.mp4"}), "InvalidArgument", "Targets[0]"),
    "two outputs alike": (sent(OK, OK), "InvalidArgument", "Targets[1]: Outputs 0 and 1 write the same object."),
    "container without URI": (sent({"Container": "mp4"}), "InvalidArgument", "Targets[0].URI"),
    "URI without container": (sent({"URI": "oss://output/x.mp4"}), "InvalidArgument", "Targets[0].Container"),
    "unknown container": (sent({**OK, "Container": "exe"}), "InvalidArgument", "Targets[0].Container"),
    "unknown variable": (sent({**OK, "URI": "oss://output/{wrong}.mp4"}), "InvalidArgument", "Unknown placeholder {wrong}"),
    "tag not given": (sent({**OK, "URI": "oss://output/{tags.a}.mp4"}), "InvalidArgument", "There is no tag"),
    "nothing asked": (sent({"StripMetadata": True}), "InvalidArgument", "Targets[0]"),
    "segments of a wrong kind": (sent({**OK, "URI": "oss://output/x", "Segment": {"Format": "smooth"}}), "InvalidArgument", "Segment.Format"),
    "unknown codec": (sent(video(Codec="h266")), "InvalidArgument", "Video.TranscodeVideo.Codec"),
    "CRF too high": (sent(video(CRF=52)), "InvalidArgument", "A number from 0 to 51 is expected."),
    "CRF and bitrate": (sent(video(CRF=20, Bitrate=1_000_000)), "InvalidArgument", "not both"),
    "peak without buffer": (sent(video(MaxBitrate=1_000_000)), "InvalidArgument", "BufferSize"),
    "odd resolution": (sent(video(Resolution="big")), "InvalidArgument", "Video.TranscodeVideo.Resolution"),
    "huge resolution": (sent(video(Resolution="9000x")), "InvalidArgument", "4096"),
    "turned askew": (sent(video(Rotation=45)), "InvalidArgument", "Rotation"),
    "slim": (sent(video(VideoSlim=1)), "InvalidArgument", "VideoSlim"),
    "codec not for container": (sent({**video(), "Container": "webm", "URI": "oss://output/x.webm"}), "InvalidArgument", "WebM"),
    "sample rate": (sent(sound(SampleRate=44101)), "InvalidArgument", "SampleRate"),
    "bitrate and quality": (sent(sound(Bitrate=96000, Quality=50)), "InvalidArgument", "Quality"),
    "nine channels": (sent(sound(Channel=9)), "InvalidArgument", "Channel"),
    "text without content": (sent(marked(Type="text")), "InvalidArgument", "Watermarks[0].Content is required"),
    "picture without address": (sent(marked(Type="file")), "InvalidArgument", "Watermarks[0].URI is required"),
    "picture that is not there": (sent(marked(Type="file", URI="oss://input/no.png")), "ResourceNotFound", "No object at input/no.png."),
    "corner": (sent(marked(Content="x", ReferPos="middle")), "InvalidArgument", "ReferPos"),
    "copied and marked": (sent({**OK, "Video": {"Stream": [1]}}), "InvalidArgument", "Video.Stream"),
    "faces": (
        sent({**OK, "Video": {"TranscodeVideo": {"Codec": "h264"}, "FilterVideo": {"Desensitization": {"Face": {"MinSize": 3}}}}}),
        "InvalidArgument", "Desensitization",
    ),
    "snapshot mode": (sent({"Image": {"Snapshots": [{"URI": "oss://output/a", "Format": "jpg", "Mode": "dhash"}]}}), "InvalidArgument", "Snapshots[0].Mode"),
    "snapshot format": (sent({"Image": {"Snapshots": [{"URI": "oss://output/a"}]}}), "InvalidArgument", "Snapshots[0].Format is required"),
    "animation too fast": (
        sent({"Image": {"Animations": [{"URI": "oss://output/a", "Format": "gif", "Interval": 20, "FrameRate": 10}]}}), "InvalidArgument", "FrameRate",
    ),
    "share of what is no video": (sent({"Image": {"Snapshots": [{"URI": "oss://output/a", "Format": "jpg", "Width": 0.5}]}}), "InvalidArgument", ""),
    "share of an unattached bucket": (
        sent({"Image": {"Snapshots": [{"URI": "oss://output/a", "Format": "jpg", "Width": 0.5}]}}, Sources=[{"URI": "oss://output/a.mp4"}]),
        "ResourceNotFound", "The specified resource Attachment is not found.",
    ),
    "width of 20": (sent({"Image": {"Snapshots": [{"URI": "oss://output/a", "Format": "jpg", "Width": 20}]}}), "InvalidArgument", "or a share of the source"),
    "user data": (sent(UserData="ä" * 600), "InvalidArgument", "UserData"),
    "role chain": (sent(CredentialConfig={"ServiceRole": "r"}), "InvalidArgument", "CredentialConfig"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_tasks_refused(project: Endpoint, name: str) -> None:
    request, code, words = CASES[name]
    with pytest.raises(AlibabaCloudException) as refused:
        imm(project).create_media_convert_task(m.CreateMediaConvertTaskRequest().from_map(request))
    assert (refused.value.status_code, refused.value.code) == (400, code)
    assert words in refused.value.message
    assert refused.value.request_id
    assert (Job.objects.count(), ForeignTask.objects.count()) == (0, 0), "nothing half-done"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Sources": "{"}, "InvalidArgument"),
        ({"Targets": '"text"'}, "InvalidArgument"),
        ({"Targets": "[" * 2000}, "InvalidArgument"),
        ({"Targets": "[NaN]"}, "InvalidArgument"),
        ({"Tags": "[1]"}, "InvalidArgument"),
    ],
)
def test_bad_json_inside_a_parameter(project: Endpoint, params: dict[str, str], code: str) -> None:
    """Sent by the older core, which takes any text."""
    from aliyunsdkcore.acs_exception.exceptions import ServerException

    good = {"ProjectName": "test-project", "Sources": '[{"URI":"oss://input/a.mp4"}]', "Targets": json.dumps([OK])}
    request = clients.common("2020-09-30", "CreateMediaConvertTask", **(good | params))
    with pytest.raises(ServerException) as refused:
        clients.old_call(project, request)
    assert (refused.value.get_http_status(), refused.value.get_error_code()) == (400, code)


def test_reading_refused(project: Endpoint) -> None:
    client = imm(project)

    def code(call: Callable[[], Any]) -> tuple[int, str]:
        with pytest.raises(AlibabaCloudException) as refused:
            call()
        return refused.value.status_code, refused.value.code

    assert code(lambda: client.get_task(m.GetTaskRequest(project_name="test-project", task_type="MediaConvert", task_id="x"))) == (400, "ResourceNotFound")
    assert code(lambda: client.get_task(m.GetTaskRequest(project_name="test-project", task_id="x"))) == (400, "InvalidArgument")
    assert code(lambda: client.list_tasks(m.ListTasksRequest(project_name="test-project", next_token="?"))) == (400, "InvalidArgument")
    assert code(lambda: client.list_tasks(m.ListTasksRequest(project_name="test-project", status="Lost"))) == (400, "InvalidArgument")
    assert code(lambda: client.create_project(m.CreateProjectRequest(project_name="test-project"))) == (400, "ResourceAlreadyExists")
    assert code(lambda: client.create_project(m.CreateProjectRequest(project_name="1x"))) == (400, "InvalidArgument")
    assert code(lambda: client.get_project(m.GetProjectRequest(project_name="nobody"))) == (400, "ResourceNotFound")
    assert code(lambda: client.delete_project(m.DeleteProjectRequest(project_name="nobody"))) == (400, "ResourceNotFound")
    assert code(lambda: client.attach_ossbucket(m.AttachOSSBucketRequest(project_name="test-project", ossbucket="input"))) == (400, "ResourceAlreadyExists")
    assert code(lambda: client.attach_ossbucket(m.AttachOSSBucketRequest(project_name="test-project", ossbucket="lost"))) == (400, "ResourceNotFound")
    assert code(lambda: client.detach_ossbucket(m.DetachOSSBucketRequest(ossbucket="output"))) == (400, "ResourceNotFound")
    meta = m.DetectMediaMetaRequest(project_name="test-project", source_uri="oss://output/a.mp4")
    with pytest.raises(AlibabaCloudException, match="The specified resource Attachment is not found"):
        client.detect_media_meta(meta)


def test_a_viewer_reads_only(project: Endpoint, site_of: Callable[..., Endpoint], charlie: User) -> None:
    client = imm(site_of(charlie, role="viewer"))
    assert client.get_project(m.GetProjectRequest(project_name="test-project")).body.project.project_name == "test-project"
    with pytest.raises(AlibabaCloudException) as refused:
        client.create_media_convert_task(m.CreateMediaConvertTaskRequest().from_map(sent()))
    assert refused.value.status_code == 403


def test_a_policy_keeps_other_buckets_away(project: Endpoint, site_of: Callable[..., Endpoint], bob: User) -> None:
    client = imm(site_of(bob, policy={"buckets": ["output"]}))
    with pytest.raises(AlibabaCloudException) as refused:
        client.create_media_convert_task(m.CreateMediaConvertTaskRequest().from_map(sent()))
    assert refused.value.status_code in (400, 403)
    assert Job.objects.count() == 0


def test_an_action_is_served_or_not_and_partly_says_how() -> None:
    assert not set(DIALECT.actions) & set(DIALECT.not_served)
    assert all(bool(action.missing) == (action.coverage == "partly") for action in DIALECT.actions.values())


def test_a_known_action_that_is_not_served(project: Endpoint) -> None:
    with pytest.raises(AlibabaCloudException) as refused:
        imm(project).list_batches(m.ListBatchesRequest(project_name="test-project"))
    assert (refused.value.status_code, refused.value.code) == (400, "UnsupportedOperation")


def test_samples_are_read_without_a_server() -> None:
    """The vectors of the translator: what each sample asks of ours."""
    from jobs.dialects.imm.translate import read_task

    def overrides(request: dict[str, Any]) -> list[dict[str, Any]]:
        task = read_task({name: value if isinstance(value, str) else json.dumps(value) for name, value in request.items()})
        return [output["overrides"] for document in task.documents for output in document.spec["outputs"]]

    (mp4,) = overrides(samples_imm.MP4)
    assert mp4["video"] == {"codec": "h264", "crf": 24.0, "pixel_format": "yuv420p", "gop": 150, "bframes": 3, "refs": 2}
    assert mp4["audio"] == {"codec": "aac", "bitrate_kbps": 96, "sample_rate": 44100, "channels": 2}
    assert mp4["conditions"]["if_smaller"] == "convert"
    (hls,) = overrides(samples_imm.HLS_H265)
    assert hls["mux"] == {"segment_format": "ts", "segment_seconds": 10.0, "segment_name": "{name}-%d", "start_number": 0}
    assert (hls["conditions"]["if_smaller"], hls["conditions"]["if_lower_fps"]) == ("keep", "keep")
    assert [rung["video"]["height"] for rung in overrides(samples_imm.THREE_RUNGS)] == [1080, 720, 480]
    (remux,) = overrides(samples_imm.REMUX)
    assert (remux["video"], remux["audio"]) == ({"codec": "copy"}, {"codec": "copy"})
    (mosaic,) = overrides(samples_imm.MOSAIC)
    assert mosaic["delogos"][1] == {"corner": "bottom_right", "dx": 0.05, "dy": 0.1, "width": 600, "height": 100}
    (marks,) = overrides(samples_imm.MARKS)
    assert marks["watermarks"][0] == {"corner": "top_left", "dx": 0.05, "dy": 0.1, "image": "oss://test-bucket/video-demo/aliyun.png", "width": 0.1}
    assert "delogos" not in marks, "an empty list is as if it were not said"
