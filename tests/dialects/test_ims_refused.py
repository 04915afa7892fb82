"""What IMS refuses: its envelope, code and status, and nothing half-done. Through the SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_ice20201109 import models as m
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from django.contrib.auth.models import User

from jobs.dialects.ims.config import read_config
from jobs.dialects.ims.dialect import DIALECT
from jobs.dialects.ims.outputs import Known
from jobs.foreign.models import ForeignTask
from jobs.models import Job
from templates_app.models import Template
from tests.conftest import Buckets
from tests.dialects.clients import Endpoint, ice

FILE = {"Type": "OSS", "Media": "oss://input/a.mp4"}
INPUT = {"Name": "a", "InputFile": FILE}
BASE = {"Type": "OSS", "Media": "oss://output/made/"}
HLS = {"Container": {"Format": "m3u8"}, "Video": {"Codec": "H.264", "Crf": 30}, "Audio": {"Codec": "AAC"}}


def output(**values: Any) -> dict[str, Any]:
    return {"Name": "o", "OutputFileName": "x", "TemplateId": "mp4-h264-360p"} | values


def config(*outputs: Any, kind: str = "File", inputs: Any = None, **more: Any) -> dict[str, Any]:
    """A Config that would be taken, but for what the case changes."""
    group = {"GroupConfig": {"Type": kind, "OutputFileBase": BASE}, "Outputs": list(outputs) or [output()]}
    return {"Inputs": [INPUT] if inputs is None else inputs, "OutputGroups": [group], **more}


def track(**values: Any) -> dict[str, Any]:
    return output(OverrideParams={"Audios": [values]})


CASES: dict[str, tuple[Any, int, str, str]] = {
    "no config": ("", 400, "MissingConfig", "Config is mandatory for this action."),
    "bad JSON": ("{", 400, "InvalidParameter", "not valid JSON"),
    "a list": ("[1]", 400, "InvalidParameter", "An object is expected."),
    "no inputs": (config(inputs=[]), 400, "InvalidParameter", "Config.Inputs"),
    "no outputs": ({"Inputs": [INPUT]}, 400, "InvalidParameter", "Config.OutputGroups"),
    "no such object": (config(inputs=[{"InputFile": {**FILE, "Media": "oss://input/b.mp4"}}]), 400, "InvalidParameter.ResourceNotFound", "No object at input/b.mp4."),
    "no such bucket": (config(inputs=[{"InputFile": {**FILE, "Media": "https://lost.any.host/b.mp4"}}]), 400, "InvalidParameter.BucketNotFound", "no bucket lost"),
    "from elsewhere": (config(inputs=[{"InputFile": {"Type": "ExternalURL", "Media": "http://example.org/a.mp4"}}]), 400, "InvalidParameter", "Nothing is fetched"),
    "no such media": (config(inputs=[{"InputFile": {"Type": "Media", "Media": "ffff"}}]), 400, "InvalidParameter", "There is no media ffff."),
    "names alike": (config(inputs=[INPUT, INPUT]), 400, "InvalidParameter", "Two inputs or audio selectors are named «a»."),
    "further input without name": (config(inputs=[INPUT, {"InputFile": FILE}]), 400, "InvalidParameter", "Config.Inputs[1].Name"),
    "selector by another rule": (config(inputs=[{**INPUT, "AudioSelector": [{"Name": "s", "Rule": "pid"}]}]), 400, "InvalidParameter", "Rule"),
    "no such template": (config(output(TemplateId="lost")), 400, "InvalidParameter", "There is no template lost."),
    "no template at all": (config(output(TemplateId="")), 400, "InvalidParameter", "TemplateId"),
    "parameters are no JSON": (config(output(OverrideParams="{")), 400, "InvalidParameter", "OverrideParams"),
    "bitrate": (config(output(OverrideParams={"Video": {"Bitrate": "much"}})), 400, "InvalidParameter", "Video.Bitrate"),
    "codec not for container": (config(output(OverrideParams={"Audio": {"Codec": "VORBIS"}})), 400, "InvalidParameter", "MP4"),
    "track of nobody": (config(track(InputRef="nobody")), 400, "InvalidParameter", "nobody"),
    "language": (config(track(InputRef="a", LanguageControl="Configured", Language="e1")), 400, "InvalidParameter", ""),
    "configured without language": (config(track(InputRef="a", LanguageControl="Configured")), 400, "InvalidParameter", "«Configured» needs a language."),
    "language control": (config(track(InputRef="a", LanguageControl="Guess")), 400, "InvalidParameter", "LanguageControl"),
    "priority": (config(output(Priority=11)), 400, "InvalidParameter", "Priority"),
    "kind of group": (config(kind="Smooth"), 400, "InvalidParameter", "GroupConfig.Type"),
    "container of another kind": (config(kind="Hls"), 400, "InvalidParameter", "needs templates with that container"),
    "no name": (config(output(OutputFileName="")), 400, "InvalidParameter", "OutputFileName"),
    "over the input": (config(Outputs=[{"OutputFile": FILE, "TemplateId": "mp4-h264-360p"}]), 400, "InvalidParameter", "overwrite"),
    "two alike": (config(output(), output()), 400, "InvalidParameter", "write the same object"),
    "encrypted": (config(output(OverrideParams={**HLS, "Encryption": {"EncryptType": "x"}})), 400, "InvalidParameter", "Encryption"),
    "65 outputs": (config(*[output(OutputFileName=str(n)) for n in range(65)]), 400, "InvalidParameter", "64"),
}  # fmt: skip


@pytest.fixture
def source(site: Endpoint, buckets: Buckets) -> Endpoint:
    """The site with an object «a.mp4»."""
    (buckets.input / "a.mp4").write_bytes(b"anything")
    return site


def refusal(call: Callable[[], Any]) -> tuple[int, str, str]:
    with pytest.raises(AlibabaCloudException) as refused:
        call()
    assert refused.value.request_id
    return refused.value.status_code, refused.value.code, refused.value.message


@pytest.mark.parametrize("name", CASES)
def test_conversions_refused(source: Endpoint, name: str) -> None:
    document, status, code, words = CASES[name]
    text = document if isinstance(document, str) else json.dumps(document)
    found = refusal(lambda: ice(source).submit_media_convert_job(m.SubmitMediaConvertJobRequest(config=text)))
    assert found[:2] == (status, code), found
    assert words in found[2]
    assert (Job.objects.count(), ForeignTask.objects.count()) == (0, 0), "nothing half-done"


def test_the_whole_or_nothing(source: Endpoint) -> None:
    """Outputs of two priorities are two jobs of ours; if the second is not possible, the first is not there."""
    wrong = {"OutputFile": {"Type": "OSS", "Media": "oss://lost/x"}, "TemplateId": "mp4-h264-360p", "Priority": 9}
    found = refusal(lambda: ice(source).submit_media_convert_job(m.SubmitMediaConvertJobRequest(config=json.dumps(config(Outputs=[wrong])))))
    assert found[1] == "InvalidParameter.BucketNotFound"
    assert Job.objects.count() == 0


def test_what_is_not_there(source: Endpoint) -> None:
    client = ice(source)
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: client.get_media_convert_job(m.GetMediaConvertJobRequest(job_id="x")), "JobNotFound"),
        (lambda: client.get_transcode_job(m.GetTranscodeJobRequest(parent_job_id="x")), "JobNotFound"),
        (lambda: client.get_snapshot_job(m.GetSnapshotJobRequest(job_id="x")), "JobNotFound"),
        (lambda: client.get_snapshot_urls(m.GetSnapshotUrlsRequest(job_id="x")), "JobNotFound"),
        (lambda: client.get_media_info_job(m.GetMediaInfoJobRequest(job_id="x")), "JobNotFound"),
        (lambda: client.get_pipeline(m.GetPipelineRequest(pipeline_id="x")), "PipelineNotFound"),
        (lambda: client.delete_pipeline(m.DeletePipelineRequest(pipeline_id="x")), "PipelineNotFound"),
        (lambda: client.get_custom_template(m.GetCustomTemplateRequest(type=1, template_id="x")), "TemplateNotFound"),
        (lambda: client.get_custom_template(m.GetCustomTemplateRequest(type=1, template_id="mp4-h264-360p")), "TemplateNotFound"),
        (lambda: client.get_system_template(m.GetSystemTemplateRequest(template_id="x")), "TemplateNotFound"),
        (lambda: client.delete_custom_template(m.DeleteCustomTemplateRequest(template_id="x")), "TemplateNotFound"),
    ]
    for call, code in calls:
        assert refusal(call)[:2] == (404, code)
    missing = refusal(lambda: client.get_media_convert_job(m.GetMediaConvertJobRequest()))
    assert missing[:2] == (400, "MissingJobId")


def test_templates_refused(source: Endpoint) -> None:
    client = ice(source)

    def create(type_: int, document: Any, name: str = "n") -> tuple[int, str]:
        text = document if isinstance(document, str) else json.dumps(document)
        return refusal(lambda: client.create_custom_template(m.CreateCustomTemplateRequest(name=name, type=type_, template_config=text)))[:2]

    before = Template.objects.count()
    assert create(1, "{") == (400, "InvalidParameter")
    assert create(1, {"Container": {"Format": "exe"}, "Video": {}, "Audio": {}}) == (400, "InvalidParameter")
    assert create(1, {"Container": {"Format": "flv"}, "Video": {"Codec": "H.265"}}) == (400, "InvalidParameter")
    assert create(1, HLS, name="mp4-h264-360p") == (400, "InvalidParameter")
    assert create(2, {"Type": "Fancy"}) == (400, "InvalidParameter")
    assert create(2, {"BlackLevel": 5}) == (400, "InvalidParameter")
    assert create(4, {"ReferPos": "Middle"}) == (400, "InvalidParameter")
    assert create(5, {"FontSize": 9999, "Content": "x"}) == (400, "InvalidParameter")
    assert create(1, "") == (400, "MissingTemplateConfig")
    assert create(7, {"a": 1}) == (400, "InvalidParameter")
    assert Template.objects.count() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"OutputGroup": []}, "OutputGroup"),
        ({"InputGroup": [{"Type": "OSS", "Media": "oss://input/a.mp4"}] * 2}, "CombineConfigs"),
        ({"ScheduleConfig": {"PipelineId": "lost"}}, "lost"),
        ({"ScheduleConfig": {"Priority": 11}}, "Priority"),
        ({"OutputGroup": [{"Output": {"Type": "OSS", "Media": "oss://output/x"}, "ProcessConfig": {"Transcode": {"TemplateId": "lost"}}}]}, "lost"),
        ({"OutputGroup": [{"Output": {"Type": "OSS", "Media": "x"}, "ProcessConfig": {"Transcode": {"TemplateId": "mp4-h264-360p"}}}]}, "Media"),
    ],
)
def test_transcodes_refused(source: Endpoint, change: dict[str, Any], words: str) -> None:
    process = {"Transcode": {"TemplateId": "mp4-h264-360p"}}
    good = {"InputGroup": [FILE], "OutputGroup": [{"Output": {"Type": "OSS", "Media": "oss://output/x.mp4"}, "ProcessConfig": process}]}
    found = refusal(lambda: ice(source).submit_transcode_job(m.SubmitTranscodeJobRequest().from_map(good | change)))
    assert found[0] in (400, 404)
    assert words in found[2]
    assert Job.objects.count() == 0


def test_snapshots_refused(source: Endpoint) -> None:
    def submit(**over: Any) -> tuple[int, str]:
        said = {"Input": FILE, "Output": {"Type": "OSS", "Media": "oss://output/x.jpg"}, "TemplateConfig": {"OverwriteParams": over}}
        return refusal(lambda: ice(source).submit_snapshot_job(m.SubmitSnapshotJobRequest().from_map(said)))[:2]

    assert submit() == (400, "InvalidParameter")
    assert submit(Width=4) == (400, "InvalidParameter")
    assert submit(Type="Normal", Interval=0) == (400, "InvalidParameter")
    assert Job.objects.count() == 0


def test_roles(source: Endpoint, site_of: Callable[..., Endpoint], charlie: User, bob: User) -> None:
    reader, worker = ice(site_of(charlie, role="viewer")), ice(site_of(bob))
    assert reader.list_pipelines(m.ListPipelinesRequest()).body.pipeline_list
    assert refusal(lambda: reader.submit_media_convert_job(m.SubmitMediaConvertJobRequest(config=json.dumps(config()))))[0] == 403
    assert refusal(lambda: worker.create_pipeline(m.CreatePipelineRequest(name="x", speed="Standard")))[0] == 403
    assert worker.submit_media_convert_job(m.SubmitMediaConvertJobRequest(config=json.dumps(config()))).body.job.job_id
    mine = m.CreateCustomTemplateRequest(name="mine", type=1, template_config=json.dumps(HLS))
    theirs = ice(source).create_custom_template(mine).body.custom_template.template_id
    for wish in (
        lambda: worker.create_custom_template(mine),
        lambda: worker.update_custom_template(m.UpdateCustomTemplateRequest(template_id=theirs, name="taken")),
        lambda: worker.delete_custom_template(m.DeleteCustomTemplateRequest(template_id=theirs)),
    ):
        assert refusal(wish)[:2] == (403, "NoPermission")
    assert Template.objects.get(pk=theirs).name == "mine"


def test_an_action_is_served_or_not_and_partly_says_how(source: Endpoint) -> None:
    assert not set(DIALECT.actions) & set(DIALECT.not_served)
    assert all(bool(action.missing) == (action.coverage == "partly") for action in DIALECT.actions.values())
    assert refusal(lambda: ice(source).list_channels(m.ListChannelsRequest()))[:2] == (400, "UnsupportedOperation")


def test_a_config_is_read_without_a_server() -> None:
    """Vectors of the translator."""
    known = Known(lambda name: {"container": {"format": "mp4"}} if name == "t" else None)
    wanted = read_config(
        json.dumps(
            {
                "Inputs": [{"Name": "v", "InputFile": {"Type": "OSS", "Media": "https://input.host.example/a%20b/c.mp4"}}],
                "OutputGroups": [
                    {
                        "GroupConfig": {"Type": "File", "OutputFileBase": {"Type": "OSS", "Media": "https://output.host.example/made"}},
                        "Outputs": [
                            output(
                                OutputFileName="one", TemplateId="t", OverrideParams='{"Audios":[{"InputRef":"v","Codec":"AAC","Bitrate":"64","Channels":"1"}]}'
                            ),
                            output(OutputFileName="two.mp4", TemplateId="t", Priority="9"),
                        ],
                    }
                ],
            }
        ),
        known,
        lambda media: None,
    )
    assert [document.priority for document in wanted.documents] == [None, 9]
    first = wanted.documents[0].spec
    assert (first["input"], first["input_name"]) == ({"address": "oss://input/a b/c.mp4"}, "v")
    assert first["outputs"][0]["address"] == "oss://output/made/one.mp4"
    assert first["outputs"][0]["overrides"]["audios"] == [{"codec": "aac", "channels": 1, "bitrate_kbps": 64, "input": "v"}]
    assert wanted.documents[1].spec["outputs"][0]["address"] == "oss://output/made/two.mp4"
