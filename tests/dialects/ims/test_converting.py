"""MediaConvert through the SDK: the three scenarios of the product text on several audio tracks with what comes out probed, groups, lists, failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_ice20201109 import models as m

from tests.conftest import Buckets
from tests.dialects.clients import Endpoint, ice
from tests.dialects.ims.looking import facts, tone

pytestmark = pytest.mark.media
HOST = "https://input.oss-ap-southeast-1.aliyuncs.com"
OUT = "https://output.oss-ap-southeast-1.aliyuncs.com"


@pytest.fixture
def convert(site: Endpoint, work_off: Callable[[], int]) -> Callable[..., Any]:
    """Send a Config through the SDK, work it off, read the job."""

    def go(config: dict[str, Any], **more: Any) -> Any:
        client = ice(site)
        sent = client.submit_media_convert_job(m.SubmitMediaConvertJobRequest(config=json.dumps(config), **more)).body.job
        assert sent.state == "Inited"
        work_off()
        return client.get_media_convert_job(m.GetMediaConvertJobRequest(job_id=sent.job_id)).body.job

    return go


def audio(reference: str, language: str = "") -> dict[str, str]:
    return (
        {"InputRef": reference, "LanguageControl": "Configured", "Language": language} if language else {"InputRef": reference, "LanguageControl": "InputFirst"}
    )


def scenario(third: dict[str, Any], *audios: dict[str, str], as_text: bool = False) -> dict[str, Any]:
    """A Config of the product text."""

    def file(name: str) -> dict[str, str]:
        return {"Type": "OSS", "Media": f"{HOST}/films/{name}"}

    override: Any = {"Audios": list(audios)}
    return {
        "Inputs": [
            {"Name": "video", "InputFile": file("video-with-default-audio.mp4")},
            {"Name": "EnglishAudio", "InputFile": file("english-audio.mp4")},
            {**third, "InputFile": file(third["InputFile"])},
        ],
        "OutputGroups": [
            {
                "GroupConfig": {"Type": "File", "OutputFileBase": {"Type": "OSS", "Media": f"{OUT}/made/"}},
                "Outputs": [
                    {
                        "Name": "360P", "OutputFileName": "video/360p/360p", "TemplateId": "Video-360P",
                        "OverrideParams": json.dumps(override) if as_text else override,
                    }
                ],
            }
        ],
    }  # fmt: skip


JAPANESE = {"Name": "JapaneseAudio", "InputFile": "japanese-audio.mp4"}
SELECTED = {
    "Name": "JapaneseFile", "InputFile": "multilingual-file.mp4",
    "AudioSelector": [{"Name": "JapaneseAudio", "Rule": "tag", "TagConfig": {"language": "jpn"}}],
}  # fmt: skip
SCENARIOS = {
    "1 keep": (scenario(JAPANESE, audio("video"), audio("EnglishAudio", "eng"), audio("JapaneseAudio", "jpn")), ["zho", "eng", "jpn"], [440, 660, 880]),
    "2 remove": (scenario(JAPANESE, audio("EnglishAudio", "eng"), audio("JapaneseAudio", "jpn"), as_text=True), ["eng", "jpn"], [660, 880]),
    "3 select": (scenario(SELECTED, audio("video"), audio("EnglishAudio", "eng"), audio("JapaneseAudio")), ["zho", "eng", "jpn"], [440, 660, 990]),
}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.usefixtures("films")
def test_scenarios(name: str, convert: Callable[..., Any], rung: str, buckets: Buckets, ffmpeg: str) -> None:
    config, languages, frequencies = SCENARIOS[name]
    job = convert(config, user_data="kept")
    assert (job.state, job.percent, job.user_data) == ("Success", 100, "kept"), job
    made = buckets.output / "made/video/360p/360p.mp4"
    found = facts(made)
    assert found.picture
    assert (found.picture.codec, found.picture.height) == ("h264", 360)
    assert [stream.language for stream in found.audio] == languages
    assert [tone(made, track, ffmpeg) for track in range(len(languages))] == frequencies
    group = job.output_group_details[0]
    output = group.outputs[0]
    assert (group.status, output.name, output.status) == ("Success", "360P", "Success")
    assert output.result.output_file.media == "oss://output/made/video/360p/360p.mp4"
    meta = output.result.out_file_meta
    assert [row.lang for row in meta.audio_stream_info_list] == languages
    assert (meta.video_stream_info_list[0].height, meta.file_basic_info.file_name) == ("360", "360p.mp4")
    assert job.config.output_groups[0].outputs[0].template_id == "Video-360P"
    assert json.loads(job.config.output_groups[0].outputs[0].override_params)["Audios"][0]["LanguageControl"]


@pytest.mark.usefixtures("films")
def test_groups_priorities_and_outputs_of_their_own(convert: Callable[..., Any], rung: str, buckets: Buckets, site: Endpoint) -> None:
    """An HLS set with a manifest, files of two priorities, and an output without group: one job of several of ours."""
    hls = {"Container": {"Format": "m3u8"}, "Audio": {"Codec": "AAC"}, "MuxConfig": {"Segment": {"Duration": "2"}}}
    low, high = (hls | {"Video": {"Codec": "H.264", "Height": side, "Bitrate": rate}} for side, rate in (("180", "200"), ("360", "500")))
    base = {"Type": "OSS", "Media": "oss://output/sets"}
    config = {
        "JobName": "all of it",
        "Inputs": [{"InputFile": {"Type": "OSS", "Media": "oss://input/films/video-with-default-audio.mp4"}}],
        "OutputGroups": [
            {
                "Name": "ladder",
                "GroupConfig": {"Type": "Hls", "ManifestName": "master", "OutputFileBase": base},
                "Outputs": [
                    {"Name": "Low", "OutputFileName": "low", "OverrideParams": low},
                    {"Name": "High", "OutputFileName": "high", "OverrideParams": high},
                ],
            },
            {
                "GroupConfig": {"Type": "Hls", "OutputFileBase": base},
                "Outputs": [{"Name": "one", "OutputFileName": "video/180p/180p", "OverrideParams": low}],
            },
        ],
        "Outputs": [{"Name": "file", "OutputFile": {"Type": "OSS", "Media": "oss://output/alone"}, "TemplateId": rung, "Priority": 9}],
    }
    job = convert(config)
    assert job.state == "Success", job
    master = (buckets.output / "sets/master.m3u8").read_text()
    assert master.count("#EXT-X-STREAM-INF") == 2
    assert "RESOLUTION=320x180" in master
    assert "RESOLUTION=640x360" in master
    assert facts(buckets.output / "sets/video/180p/180p.m3u8").duration == pytest.approx(2, abs=0.1)
    assert facts(buckets.output / "alone.mp4").picture
    assert [[output.name for output in group.outputs] for group in job.output_group_details] == [["Low", "High"], ["one"]]
    assert [(output.name, output.status) for output in job.output_details] == [("file", "Success")]
    assert {output.job.priority for output in _outputs()} == {6, 9}
    listed = ice(site).list_media_convert_jobs(m.ListMediaConvertJobsRequest(status="Success")).body
    assert [(row.job_id, row.config.job_name) for row in listed.jobs] == [(job.job_id, "all of it")]


@pytest.mark.usefixtures("films")
def test_outputs_of_a_set_may_be_called_anything(convert: Callable[..., Any], buckets: Buckets) -> None:
    hls = {"Container": {"Format": "m3u8"}, "Video": {"Codec": "H.264", "Bitrate": "200"}, "Audio": {"Codec": "AAC"}}
    rows = [
        {"Name": name, "OutputFileName": name, "OverrideParams": hls | {"Video": hls["Video"] | {"Height": side}}}
        for name, side in (("1", "180"), ("video_2", "360"))
    ]
    group = {"GroupConfig": {"Type": "Hls", "ManifestName": "master", "OutputFileBase": {"Type": "OSS", "Media": "oss://output/odd"}}, "Outputs": rows}
    source = {"InputFile": {"Type": "OSS", "Media": "oss://input/films/video-with-default-audio.mp4"}}
    job = convert({"Inputs": [source], "OutputGroups": [group]})
    assert job.state == "Success", job
    assert [output.name for output in job.output_group_details[0].outputs] == ["1", "video_2"]
    assert (buckets.output / "odd/master.m3u8").read_text().count("#EXT-X-STREAM-INF") == 2


def _outputs() -> list[Any]:
    from jobs.models import Output

    return list(Output.objects.select_related("job"))


@pytest.mark.usefixtures("films")
def test_a_token_sent_twice_and_lists(site: Endpoint, rung: str, work_off: Callable[[], int]) -> None:
    client = ice(site)
    config = json.dumps(SCENARIOS["1 keep"][0])

    def submit(**more: Any) -> str:
        return str(client.submit_media_convert_job(m.SubmitMediaConvertJobRequest(config=config, **more)).body.job.job_id)

    first, again, other = submit(client_token="t1"), submit(client_token="t1"), submit(client_token="t2")
    assert first == again != other

    def listed(**more: Any) -> list[str]:
        return [row.job_id for row in client.list_media_convert_jobs(m.ListMediaConvertJobsRequest(**more)).body.jobs or ()]

    assert listed() == [other, first]
    assert listed(order_by="CreateTimeAsc") == [first, other]
    page = client.list_media_convert_jobs(m.ListMediaConvertJobsRequest(page_size=1)).body
    assert listed(page_size=1, next_page_token=page.next_page_token) == [first]
    assert listed(status="Inited") == [other, first]
    assert listed(status="Success") == []
    assert listed(job_id=first) == [first]
    assert listed(end_of_create_time="2020-01-01T00:00:00Z") == []


@pytest.mark.usefixtures("films")
def test_an_output_that_fails_says_why(convert: Callable[..., Any], rung: str, buckets: Buckets) -> None:
    config = scenario({**SELECTED, "AudioSelector": [{"Name": "Lost", "Rule": "tag", "TagConfig": {"language": "fra"}}]}, audio("Lost"))
    job = convert(config)
    assert (job.state, job.code) == ("Failed", "TrackNotFound")
    output = job.output_group_details[0].outputs[0]
    assert (output.status, output.code) == ("Failed", "TrackNotFound")
    assert not list(buckets.output.rglob("*.mp4"))
