"""SubmitJobs, QueryJobList, ListJob and CancelJob through the SDKs, with real encodes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_mts20140618 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException
from aliyunsdkmts.request.v20140618.CancelJobRequest import CancelJobRequest
from aliyunsdkmts.request.v20140618.QueryJobListRequest import QueryJobListRequest
from aliyunsdkmts.request.v20140618.SubmitJobsRequest import SubmitJobsRequest

from jobs.ffmpeg import tools
from jobs.ffmpeg.probe import probe
from jobs.models import Job, Output, Pipeline
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.mps.conftest import file

SMALL = "S00000001-200010"  # MP4-LD


def looked(path: Path) -> Any:
    """What is in a file that was made."""
    return probe(path, tools=tools.find(), cwd=path.parent, count_packets=True)


def test_from_submitting_to_the_file(submit: Any, jobs_of: Any, buckets: Any, work_off: Any, decoded: Any) -> None:
    (result,) = submit(
        {
            "OutputObject": "%7BObjectPrefix%7D%7BFileName%7D-%E5%B0%8F.mp4",
            "TemplateId": SMALL,
            "Video": {"Width": "256", "Fps": 10},
            "UserData": "order 7",
            "Priority": "8",
        }
    )
    assert result.success is True
    job = result.job
    assert (job.state, job.percent, job.output.user_data, job.output.priority) == ("Submitted", 0, "order 7", "8")
    assert (job.input.bucket, job.input.location, job.input.object) == ("input", "oss-cn-hangzhou", "a%20b/%E6%BA%90%2B1.mp4")
    assert job.output.output_file.object == "a%20b/%E6%BA%90%2B1-%E5%B0%8F.mp4"
    row = Output.objects.select_related("job").get(pk=job.job_id)
    assert (row.job.priority, row.job.source) == (8, "mps")
    work_off()
    (done,) = jobs_of(job.job_id)
    assert (done.state, done.percent, done.code) == ("TranscodeSuccess", 100, None)
    assert done.creation_time.endswith("Z")
    assert done.creation_time <= done.finish_time
    seen = done.output.properties
    assert (seen.width, seen.height, seen.fps) == ("256", "144", "10")
    assert seen.streams.video_stream_list.video_stream[0].codec_name == "h264"
    assert seen.streams.audio_stream_list.audio_stream[0].channels == "2"
    assert float(seen.duration) == pytest.approx(2, abs=0.2)
    made = buckets.output / "a b/源+1-小.mp4"
    assert int(seen.file_size) == made.stat().st_size
    found = looked(made)
    assert (found.picture.width, found.picture.height, found.picture.fps) == (256, 144, 10)
    assert decoded(made) == 20


def test_the_older_sdk(site: Endpoint, pipeline: Any, clip: str, work_off: Any) -> None:
    request = SubmitJobsRequest()
    request.set_Input(json.dumps(file(clip)))
    request.set_OutputBucket("output")
    request.set_OutputLocation("oss-cn-hangzhou")
    request.set_Outputs(json.dumps([{"OutputObject": "old.mp4", "TemplateId": SMALL}]))
    request.set_PipelineId(pipeline.id)
    (result,) = clients.old_call(site, request)["JobResultList"]["JobResult"]
    work_off()
    ask = QueryJobListRequest()
    ask.set_JobIds(f"{result['Job']['JobId']},{'f' * 32}")
    answer = clients.old_call(site, ask)
    assert [job["State"] for job in answer["JobList"]["Job"]] == ["TranscodeSuccess"]
    assert answer["NonExistJobIds"] == {"String": ["f" * 32]}


def test_outputs_of_equal_priority_are_one_job_of_ours(submit: Any, jobs_of: Any, work_off: Any) -> None:
    results = submit(
        {"OutputObject": "a.mp4", "TemplateId": SMALL},
        {"OutputObject": "b.mp4", "TemplateId": "MP4-LD", "Priority": 9},
        {"OutputObject": "c.mp4", "TemplateId": SMALL, "Priority": 6},
    )
    ids = [result.job.job_id for result in results]
    owners = [Output.objects.get(pk=one).job for one in ids]
    assert owners[0] == owners[2] != owners[1]
    assert [job.priority for job in owners] == [6, 9, 6]
    assert results[1].job.output.template_id == SMALL, "a name stands for its template"
    work_off()
    assert [job.state for job in jobs_of(*ids)] == ["TranscodeSuccess"] * 3


def test_what_is_wrong_with_one_output_does_not_take_the_others_with_it(submit: Any, buckets: Any, work_off: Any) -> None:
    results = submit(
        {"OutputObject": "good.mp4", "TemplateId": SMALL},
        {"OutputObject": "a.mp4", "TemplateId": "0" * 32},
        {"OutputObject": "b.mp4", "TemplateId": SMALL, "Video": {"Width": "9999"}},
        {"OutputObject": "c.mp4", "TemplateId": SMALL, "Video": '{"Bitrate":"fast"}'},
        {"OutputObject": "d.mp4", "TemplateId": SMALL, "Container": {"Format": "flv"}, "Video": {"Codec": "H.265"}},
        {"TemplateId": SMALL},
        {"OutputObject": "%7BWeather%7D.mp4", "TemplateId": SMALL},
        {"OutputObject": "good.mp4", "TemplateId": SMALL},
        {"OutputObject": "e.mp4", "TemplateId": SMALL, "Encryption": {"Type": "hls-aes-128", "Key": "x"}},
        {"OutputObject": "f.mp4", "TemplateId": SMALL, "WaterMarks": [{"WaterMarkTemplateId": "nobody", "InputFile": file("x.png")}]},
        {"OutputObject": "g.mp4", "TemplateId": SMALL, "UserData": "u" * 1025},
        "h.mp4",
        {"OutputObject": "../i.mp4", "TemplateId": SMALL},
        {"OutputObject": "j.mp4", "TemplateId": SMALL, "Priority": 11},
        {"OutputObject": "k.mp4", "TemplateId": "S00000000-200040"},
    )
    codes = [(result.success, result.code) for result in results]
    assert codes == [
        (True, None),
        (False, "InvalidParameter.TemplateNotFound"),
        (False, "InvalidParameter.OutOfRange"),
        (False, "InvalidParameter.NumberFormatInvalid"),
        (False, "InvalidParameter.NotSupported"),
        (False, "InvalidParameter.NullValue"),
        (False, "InvalidParameter.ObjectKeyInvalid"),
        (False, "InvalidParameter"),
        (False, "DataEncryption.ContainerFormatNotSupported"),
        (False, "InvalidParameter.TemplateNotFound"),
        (False, "InvalidParameter.OutOfRange"),
        (False, "InvalidParameter.JsonFormatInvalid"),
        (False, "InvalidParameter.ObjectKeyInvalid"),
        (False, "InvalidParameter.OutOfRange"),
        (False, "InvalidParameter.TemplateNotSupported"),
    ]
    assert "Outputs[2].Video.Width" in results[2].message
    assert "Video.Codec" in results[4].message
    assert all(result.job is None for result in results[1:])
    assert Output.objects.count() == 1
    work_off()
    assert [path.name for path in buckets.output.rglob("*.mp4")] == ["good.mp4"]


@pytest.mark.parametrize(
    ("more", "wanted", "status"),
    [
        ({"input": "{"}, "InvalidParameter.JsonFormatInvalid", 400),
        ({"input": '["x"]'}, "InvalidParameter.JsonObjectFormatInvalid", 400),
        ({"input": json.dumps(file("nothing.mp4"))}, "InvalidParameter.ResourceNotFound", 404),
        ({"input": json.dumps({"Bucket": "input", "Location": "x", "Object": "a%2520b/x.mp4"})}, "InvalidParameter.ResourceNotFound", 404),
        ({"input": json.dumps({"Bucket": "input", "Location": "x", "Object": "%ff"})}, "InvalidParameter.ObjectKeyInvalid", 400),
        ({"input": json.dumps(file("x.mp4", bucket="Not A Bucket"))}, "InvalidParameter.BucketNameInvalid", 400),
        ({"input": json.dumps(file("x.mp4", bucket="elsewhere"))}, "InvalidParameter.ResourceNotFound", 404),
        ({"pipeline_id": "0" * 32}, "InvalidParameter.ResourceNotFound", 404),
        ({"output_bucket": "No!"}, "InvalidParameter.BucketNameInvalid", 400),
    ],
)
def test_what_is_wrong_with_all_of_it_refuses_the_request(submit: Any, more: dict[str, Any], wanted: str, status: int) -> None:
    with pytest.raises(ClientException) as caught:
        submit({"OutputObject": "a.mp4", "TemplateId": SMALL}, **more)
    assert (caught.value.code, caught.value.status_code) == (wanted, status)
    assert not Job.objects.exists()


def test_a_bucket_that_is_not_there_is_named_as_it_was_asked_for(submit: Any) -> None:
    (result,) = submit({"OutputObject": "a.mp4", "TemplateId": SMALL}, output_bucket="nowhere")
    assert (result.success, result.code) == (False, "InvalidParameter.ResourceNotFound")
    assert result.message == 'The specified parameter "OutputBucket" is invalid. There is no bucket nowhere.'


def test_too_many_outputs_and_none(submit: Any) -> None:
    with pytest.raises(ClientException) as caught:
        submit(*({"OutputObject": f"{n}.mp4", "TemplateId": SMALL} for n in range(31)))
    assert caught.value.code == "InvalidParameter.ListSizeExceed"
    with pytest.raises(ClientException) as caught:
        submit()
    assert caught.value.code == "InvalidParameter.NullValue"
    assert not Job.objects.exists()


def test_thirty_outputs(submit: Any) -> None:
    results = submit(*({"OutputObject": f"{n}.mp4", "TemplateId": SMALL} for n in range(30)))
    assert all(result.success for result in results)
    assert Job.objects.count() == 1
    assert Output.objects.count() == 30


def test_only_what_is_submitted_can_be_cancelled(site: Endpoint, submit: Any, jobs_of: Any, buckets: Any, work_off: Any) -> None:
    mts = clients.mts(site)
    first, second = (result.job.job_id for result in submit(*({"OutputObject": f"{n}.mp4", "TemplateId": SMALL} for n in (1, 2))))
    assert mts.cancel_job(m.CancelJobRequest(job_id=first)).body.job_id == first
    assert [job.state for job in jobs_of(first, second)] == ["TranscodeCancelled", "Submitted"]
    work_off()
    assert [job.state for job in jobs_of(first, second)] == ["TranscodeCancelled", "TranscodeSuccess"]
    assert [path.name for path in buckets.output.glob("*.mp4")] == ["2.mp4"]
    for job_id, wanted in ((first, "PermissionDenied.JobInComplete"), (second, "PermissionDenied.JobInComplete")):
        with pytest.raises(ClientException) as caught:
            mts.cancel_job(m.CancelJobRequest(job_id=job_id))
        assert (caught.value.code, caught.value.status_code) == (wanted, 403)
        assert f'The Job operated "{job_id}" is' in caught.value.message
    request = CancelJobRequest()
    request.set_JobId("f" * 32)
    from aliyunsdkcore.acs_exception.exceptions import ServerException

    with pytest.raises(ServerException) as old:
        clients.old_call(site, request)
    assert old.value.get_error_code() == "InvalidParameter.ResourceNotFound"


def test_a_running_and_a_failed_job_cannot_be_cancelled(site: Endpoint, submit: Any, jobs_of: Any, buckets: Any, work_off: Any) -> None:
    from jobs import scheduler
    from jobs.models import Lane

    mts = clients.mts(site)
    (result,) = submit({"OutputObject": "1.mp4", "TemplateId": SMALL})
    claimed = scheduler.claim(Lane.MAIN, "node-a/1")
    assert claimed is not None
    assert jobs_of(result.job.job_id)[0].state == "Transcoding"
    with pytest.raises(ClientException) as caught:
        mts.cancel_job(m.CancelJobRequest(job_id=result.job.job_id))
    assert caught.value.code == "PermissionDenied.JobInRunning"
    scheduler.release(claimed.step_id, claimed.attempt)
    (buckets.input / "a b/源+1.mp4").write_bytes(b"no film at all" * 100)
    work_off()
    (failed,) = jobs_of(result.job.job_id)
    assert (failed.state, failed.code) == ("TranscodeFail", "InvalidParameter.ResourceContentBad")
    assert failed.message
    with pytest.raises(ClientException) as caught:
        mts.cancel_job(m.CancelJobRequest(job_id=result.job.job_id))
    assert caught.value.code == "PermissionDenied.JobInFailure"


def test_a_paused_pipeline_keeps_what_it_is_sent(site: Endpoint, submit: Any, jobs_of: Any, pipeline: Any, work_off: Any) -> None:
    mts = clients.mts(site)
    mts.update_pipeline(m.UpdatePipelineRequest(pipeline_id=pipeline.id, name="default", state="Paused"))
    (result,) = submit({"OutputObject": "1.mp4", "TemplateId": SMALL})
    assert work_off() == 0
    assert jobs_of(result.job.job_id)[0].state == "Submitted"
    mts.update_pipeline(m.UpdatePipelineRequest(pipeline_id=pipeline.id, name="default", state="Active"))
    assert work_off() == 1
    assert jobs_of(result.job.job_id)[0].state == "TranscodeSuccess"


def test_list_job_pages_through_everything(site: Endpoint, submit: Any, pipeline: Any) -> None:
    mts = clients.mts(site)
    sent = [result.job.job_id for _ in range(3) for result in submit(*({"OutputObject": f"{n}.mp4", "TemplateId": SMALL} for n in (1, 2)))]
    mts.cancel_job(m.CancelJobRequest(job_id=sent[0]))
    seen: list[str] = []
    token: str | None = None
    for page in range(3):
        body = mts.list_job(m.ListJobRequest(maximum_page_size=2, next_page_token=token, pipeline_id=pipeline.id)).body
        seen += [job.job_id for job in body.job_list.job]
        token = body.next_page_token
        assert (token is None) == (page == 2)
    assert sorted(seen) == sorted(sent)
    assert seen[:2] == sent[4:], "newest first, outputs of one request in their order"
    assert [job.job_id for job in mts.list_job(m.ListJobRequest(state="TranscodeCancelled")).body.job_list.job] == sent[:1]
    assert mts.list_job(m.ListJobRequest(start_of_job_created_time_range="2099-01-01T00:00:00Z")).body.job_list.job == []
    assert len(mts.list_job(m.ListJobRequest(end_of_job_created_time_range="2099-01-01T00:00:00Z")).body.job_list.job) == 6
    for bad in ({"state": "Sleeping"}, {"next_page_token": "x"}, {"maximum_page_size": 101}, {"start_of_job_created_time_range": "yesterday"}):
        with pytest.raises(ClientException) as caught:
            mts.list_job(m.ListJobRequest(**bad))
        assert caught.value.code.startswith("InvalidParameter")


def test_a_repeated_client_token_makes_nothing_twice(site: Endpoint, pipeline: Any, clip: str) -> None:
    params = {
        "Input": json.dumps(file(clip)),
        "OutputBucket": "output",
        "PipelineId": pipeline.id,
        "ClientToken": "once",
        "Outputs": json.dumps([{"OutputObject": "a.mp4", "TemplateId": SMALL}, {"OutputObject": "a.mp4", "TemplateId": SMALL}]),
    }
    answers = [clients.old_call(site, clients.common("2014-06-18", "SubmitJobs", **params))["JobResultList"]["JobResult"] for _ in range(2)]
    assert [row["Success"] for row in answers[0]] == [row["Success"] for row in answers[1]] == [True, False]
    assert answers[0][0]["Job"]["JobId"] == answers[1][0]["Job"]["JobId"]
    assert Job.objects.count() == 1


def test_encrypted_hls_with_its_own_names(submit: Any, jobs_of: Any, buckets: Any, work_off: Any) -> None:
    key = b"0123456789abcdef"
    (result,) = submit(
        {
            "OutputObject": "set/film",
            "TemplateId": "M3U8-LD",
            "MuxConfig": {"Segment": {"Duration": "1"}},
            "Encryption": {
                "Type": "hls-aes-128",
                "Key": base64.b64encode(key).decode(),
                "KeyType": "Base64",
                "KeyUri": base64.b64encode(b"https://keys.example/k1").decode(),
            },
        }
    )
    assert result.job.output.encryption.key is None
    work_off()
    (done,) = jobs_of(result.job.job_id)
    assert (done.state, done.message) == ("TranscodeSuccess", None)
    assert done.output.output_file.object == "set/film.m3u8"
    playlist = (buckets.output / "set/film.m3u8").read_text()
    assert 'URI="https://keys.example/k1"' in playlist
    assert "film-00001.ts" in playlist
    assert (buckets.output / "set/film-00001.ts").read_bytes()[:1] != b"\x47", "the segment is encrypted"
    assert base64.b64encode(key).decode() not in str(done.to_map())


def test_a_customized_template_keeps_its_parameters(site: Endpoint, site_of: Any, bob: Any, submit: Any, presets: None) -> None:
    from templates_app import services

    made = services.create("secret", {"container": {"format": "mp4"}, "video": {"crf": 33}}, kind="customized")
    (result,) = submit({"OutputObject": "a.mp4", "TemplateId": made.id, "Video": {"Width": 256}})
    assert result.job.output.video.crf == "33"
    assert result.job.output.video.width is None, "nothing changes a customized template"
    other = clients.mts(site_of(bob))
    (told,) = other.query_job_list(m.QueryJobListRequest(job_ids=result.job.job_id)).body.job_list.job
    assert told.output.video is None
    (template,) = other.query_template_list(m.QueryTemplateListRequest(template_ids=made.id)).body.template_list.template
    assert (template.name, template.video) == ("secret", None)


def test_who_may_not(site_of: Any, charlie: Any, bob: Any, pipeline: Any, clip: str) -> None:
    request = m.SubmitJobsRequest(
        input=json.dumps(file(clip)), output_bucket="output", outputs=json.dumps([{"OutputObject": "a.mp4", "TemplateId": SMALL}]), pipeline_id=pipeline.id
    )
    with pytest.raises(ClientException) as caught:
        clients.mts(site_of(charlie, role="viewer")).submit_jobs(request)
    assert (caught.value.code, caught.value.status_code) == ("NoPermission", 403)
    with pytest.raises(ClientException) as caught:
        clients.mts(site_of(bob, policy={"buckets": ["output"]})).submit_jobs(request)
    assert caught.value.status_code == 403
    assert not Job.objects.exists()
    assert Pipeline.objects.count() == 1
