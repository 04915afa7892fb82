"""SubmitAnalysisJob and QueryAnalysisJobList through both SDKs, and what SubmitJobs answers for intelligent presets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_mts20140618 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException
from aliyunsdkmts.request.v20140618.QueryAnalysisJobListRequest import QueryAnalysisJobListRequest
from aliyunsdkmts.request.v20140618.SubmitAnalysisJobRequest import SubmitAnalysisJobRequest

from jobs.models import Job, Output
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.mps.conftest import file

LD, HD = "S00000000-200020", "S00000000-200040"


@pytest.fixture
def source(buckets: Any, clips: Any) -> str:
    """The key of a clip of 640 × 360."""
    buckets.put(clips.make(seconds=2, size="640x360"), "源 1.mp4")
    return "源 1.mp4"


def analysed(site: Endpoint, pipeline: Any, key: str, **more: Any) -> Any:
    config = more.pop("analysis_config", None)
    request = m.SubmitAnalysisJobRequest(
        input=json.dumps(file(key)), pipeline_id=pipeline.id, user_data="mine", analysis_config=json.dumps(config) if config else None, **more
    )
    return clients.mts(site).submit_analysis_job(request).body.analysis_job


def asked(site: Endpoint, *ids: str) -> Any:
    return clients.mts(site).query_analysis_job_list(m.QueryAnalysisJobListRequest(analysis_job_ids=",".join(ids))).body


def test_states_config_and_the_list_of_presets(site: Endpoint, pipeline: Any, source: str, work_off: Any) -> None:
    config = {"QualityControl": {"RateQuality": "30", "MethodStreaming": "local"}, "PropertiesControl": {"Deinterlace": "None", "Crop": {"Mode": "Force", "Width": "640", "Height": "352", "Top": "8", "Left": "0"}}}  # fmt: skip
    job = analysed(site, pipeline, source, analysis_config=config, priority="8")
    assert (job.state, job.priority, job.user_data, job.pipeline_id) == ("Submitted", "8", "mine", pipeline.id)
    assert (job.input_file.bucket, job.input_file.object) == ("input", "%E6%BA%90%201.mp4")
    control = job.analysis_config
    assert (control.quality_control.rate_quality, control.quality_control.method_streaming) == ("30", "local")
    crop = control.properties_control.crop
    assert (control.properties_control.deinterlace, crop.mode, crop.width, crop.height, crop.top, crop.left) == ("None", "Force", "640", "352", "8", "0")
    assert job.template_list is None
    work_off()
    body = asked(site, job.id, "f" * 32)
    (done,) = body.analysis_job_list.analysis_job
    assert body.non_exist_analysis_job_ids.string == ["f" * 32]
    assert (done.state, done.percent, done.code) == ("Success", 100, None)
    templates = {one.id: one for one in done.template_list.template}
    fitting = [row for row in (Job.objects.get().result or {})["presets"] if row["fits"] and row["kind"] == "intelligent"]
    assert set(templates) == {row["id"] for row in fitting}
    assert LD in templates
    assert HD not in templates
    assert (templates[LD].video.crf, templates[LD].container.format) == ("30", "mp4")


def test_both_sdks_agree(site: Endpoint, pipeline: Any, source: str, work_off: Any) -> None:
    request = SubmitAnalysisJobRequest()
    request.set_Input(json.dumps(file(source)))
    request.set_PipelineId(pipeline.id)
    made = clients.old_call(site, request)["AnalysisJob"]
    work_off()
    ask = QueryAnalysisJobListRequest()
    ask.set_AnalysisJobIds(made["Id"])
    (told,) = clients.old_call(site, ask)["AnalysisJobList"]["AnalysisJob"]
    assert told["State"] == "Success"
    assert told["AnalysisConfig"] == {
        "QualityControl": {"RateQuality": "25", "MethodStreaming": "network"},
        "PropertiesControl": {"Deinterlace": "Auto", "Crop": {"Mode": "Auto"}},
    }
    (newer,) = asked(site, made["Id"]).analysis_job_list.analysis_job
    assert [one["Id"] for one in told["TemplateList"]["Template"]] == [one.id for one in newer.template_list.template]


def test_an_intelligent_preset_needs_it(site: Endpoint, pipeline: Any, source: str, submit: Any, jobs_of: Any, work_off: Any, buckets: Any, clips: Any) -> None:
    outputs = ({"OutputObject": "smart.mp4", "TemplateId": LD}, {"OutputObject": "plain.mp4", "TemplateId": "S00000001-200010"})
    sent = {"input": json.dumps(file(source))}
    smart, plain = submit(*outputs, **sent)
    assert (smart.success, smart.code, plain.success) == (False, "InvalidParameter.TemplateNotSupported", True)
    assert "analysis" in smart.message
    analysed(site, pipeline, source)
    work_off()
    unfit, fit = submit({"OutputObject": "hd.mp4", "TemplateId": HD}, {"OutputObject": "smart.mp4", "TemplateId": LD}, **sent)
    assert (unfit.success, unfit.code, fit.success) == (False, "InvalidParameter.TemplateNotSupported", True)
    work_off()
    (done,) = jobs_of(fit.job.job_id)
    assert (done.state, done.output.template_id) == ("TranscodeSuccess", LD)
    assert (done.output.properties.width, done.output.properties.height) == ("640", "360")
    effective = Output.objects.get(pk=fit.job.job_id).effective["video"]
    assert done.output.video.crf == f"{effective['crf']:g}"
    buckets.put(clips.make(seconds=3, size="640x360"), source)
    (stale,) = submit({"OutputObject": "smart.mp4", "TemplateId": LD}, **sent)
    assert (stale.success, stale.code) == (False, "InvalidParameter.TemplateNotSupported")


def test_what_fails_says_why(site: Endpoint, pipeline: Any, buckets: Any, media: Any, work_off: Any) -> None:
    buckets.put(media / "corrupt" / "zero-bytes.mp4", "zero.mp4")
    job = analysed(site, pipeline, "zero.mp4")
    work_off()
    (done,) = asked(site, job.id).analysis_job_list.analysis_job
    assert (done.state, done.code, done.template_list) == ("Fail", "InvalidParameter.ResourceContentBad", None)


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"QualityControl": {"RateQuality": "52"}}, "InvalidParameter.OutOfRange"),
        ({"QualityControl": {"RateQuality": "good"}}, "InvalidParameter.NumberFormatInvalid"),
        ({"QualityControl": {"MethodStreaming": "tape"}}, "InvalidParameter"),
        ({"PropertiesControl": {"Deinterlace": "Maybe"}}, "InvalidParameter"),
        ({"PropertiesControl": {"Crop": {"Mode": "Force"}}}, "InvalidParameter.NullValue"),
        ({"PropertiesControl": {"Crop": {"Mode": "Force", "Width": "4", "Height": "100"}}}, "InvalidParameter.OutOfRange"),
        ("{", "InvalidParameter.JsonFormatInvalid"),
    ],
)
def test_bad_wishes_are_refused(site: Endpoint, pipeline: Any, source: str, config: Any, code: str) -> None:
    request = m.SubmitAnalysisJobRequest(
        input=json.dumps(file(source)), pipeline_id=pipeline.id, analysis_config=config if config == "{" else json.dumps(config)
    )
    with pytest.raises(ClientException) as refused:
        clients.mts(site).submit_analysis_job(request)
    assert refused.value.code == code
    assert not Job.objects.exists()


def test_missing_parameters_and_unknown_files(site: Endpoint, pipeline: Any, source: str) -> None:
    with pytest.raises(ClientException) as refused:
        clients.mts(site).submit_analysis_job(m.SubmitAnalysisJobRequest(input=json.dumps(file(source))))
    assert refused.value.code == "InvalidParameter.NullValue"
    with pytest.raises(ClientException) as refused:
        clients.mts(site).submit_analysis_job(m.SubmitAnalysisJobRequest(input=json.dumps(file("none.mp4")), pipeline_id=pipeline.id))
    assert refused.value.code == "InvalidParameter.ResourceNotFound"
