"""IMS's SDK against the site: every action, and the three scenarios of the product text on several audio tracks with what comes out probed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alibabacloud_ice20201109 import models as m
from PIL import Image

from jobs.engine.probe import Probe
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from tests.conftest import Buckets
from tests.dialects.clients import Endpoint, ice

pytestmark = pytest.mark.media
HOST = "https://input.oss-ap-southeast-1.aliyuncs.com"
OUT = "https://output.oss-ap-southeast-1.aliyuncs.com"
RATE = 8000


@pytest.fixture
def films(site: Endpoint, buckets: Buckets, ffmpeg: str, tmp_path: Path) -> None:
    """A film in Chinese (440 Hz), an English dub (660 Hz), a Japanese one (880 Hz), and a file in three languages (550, 990, 1210)."""

    def make(name: str, *tracks: tuple[int, str]) -> None:
        argv = [ffmpeg, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=2"]
        for frequency, _ in tracks:
            argv += ["-f", "lavfi", "-i", f"sine=frequency={frequency}:sample_rate=48000:duration=2"]
        for number in range(len(tracks) + 1):
            argv += ["-map", str(number)]
        for number, (_, language) in enumerate(tracks):
            argv += [f"-metadata:s:a:{number}", f"language={language}"]
        subprocess.run([*argv, "-c:v", "libx264", "-preset", "ultrafast", str(tmp_path / name)], check=True, timeout=60)
        buckets.put(tmp_path / name, f"films/{name}")

    make("video-with-default-audio.mp4", (440, "zho"))
    make("english-audio.mp4", (660, "und"))
    make("japanese-audio.mp4", (880, "und"))
    make("multilingual-file.mp4", (550, "eng"), (990, "jpn"), (1210, "deu"))


@pytest.fixture
def rung(site: Endpoint) -> str:
    """The template «Video-360P» of the product text."""
    config = {"Container": {"Format": "mp4"}, "Video": {"Codec": "H.264", "Height": "360", "Crf": "30"}, "Audio": {"Codec": "AAC", "Bitrate": "64"}}
    made = ice(site).create_custom_template(m.CreateCustomTemplateRequest(name="Video-360P", type=1, subtype=1, template_config=json.dumps(config)))
    return str(made.body.custom_template.template_id)


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


def facts(path: Path) -> Probe:
    return ffprobe.probe(path, tools=tools.find(), cwd=path.parent, count_packets=True, own_playlist=path.suffix == ".m3u8")


def tone(path: Path, track: int, ffmpeg: str) -> int:
    """The frequency that is heard most, Hz."""
    argv = [ffmpeg, "-nostdin", "-v", "error", "-i", str(path), "-map", f"0:a:{track}", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-"]
    samples = np.frombuffer(subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout, dtype=np.float32)
    return 10 * round(int(np.abs(np.fft.rfft(samples)).argmax()) * RATE / len(samples) / 10)


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


# --- MediaConvert -------------------------------------------------------------------------------------------------------
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


# --- transcode jobs -----------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("films")
def test_transcode_jobs(site: Endpoint, rung: str, work_off: Callable[[], int], buckets: Buckets, media: Path, ffmpeg: str) -> None:
    client = ice(site)
    buckets.put(media / "images/logo-256x256-rgba.png", "logo.png")
    (buckets.input / "words.srt").write_text("1\n00:00:00,200 --> 00:00:01,800\nHello there\n")
    image = {"File": {"Type": "OSS", "Media": "oss://input/logo.png"}, "Width": "0.2", "ReferPos": "TopLeft", "Dx": "8", "Dy": "8"}
    mark = client.create_custom_template(m.CreateCustomTemplateRequest(name="logo", type=4, template_config=json.dumps(image))).body.custom_template
    text = client.create_custom_template(
        m.CreateCustomTemplateRequest(name="words", type=5, template_config=json.dumps({"FontSize": 24, "FontColor": "White", "Top": 300, "Left": 10}))
    ).body.custom_template
    process = {
        "Transcode": {
            "TemplateId": rung,
            "OverwriteParams": {"Video": {"Codec": "H.264", "Bitrate": 400}, "Audio": {"Volume": {"Method": "linear", "Level": -6}}},
        },
        "ImageWatermarks": [{"TemplateId": mark.template_id, "OverwriteParams": {"Width": "0.3"}}],
        "TextWatermarks": [{"TemplateId": text.template_id, "OverwriteParams": {"Content": "plain words"}}],
        "Subtitles": [{"TemplateId": "none", "OverwriteParams": {"File": {"Type": "OSS", "Media": "oss://input/words.srt"}, "CharEnc": "UTF-8"}}],
    }
    request = m.SubmitTranscodeJobRequest().from_map(
        {
            "Name": "two",
            "UserData": "kept",
            "ClientToken": "once",
            "ScheduleConfig": {"PipelineId": "default", "Priority": 7},
            "InputGroup": [{"Type": "OSS", "Media": "oss://input/films/video-with-default-audio.mp4"}],
            "OutputGroup": [
                {"Output": {"Type": "OSS", "Media": "oss://output/plain.mp4"}, "ProcessConfig": {"Transcode": {"TemplateId": rung}}},
                {"Output": {"Type": "OSS", "Media": "oss://output/dressed"}, "ProcessConfig": process},
            ],
        }
    )
    sent = client.submit_transcode_job(request).body.transcode_parent_job
    assert client.submit_transcode_job(request).body.transcode_parent_job.parent_job_id == sent.parent_job_id
    assert (sent.status, sent.job_count, sent.name) == ("Init", 2, "two")
    work_off()
    job = client.get_transcode_job(m.GetTranscodeJobRequest(parent_job_id=sent.parent_job_id)).body.transcode_parent_job
    assert (job.status, job.percent, job.user_data, job.schedule_config.priority) == ("Success", 100, "kept", 7), job
    over = job.output_group[1].process_config.transcode.overwrite_params
    assert (over.video.codec, over.video.bitrate, over.audio.volume.method) == ("H.264", "400", "linear")
    assert job.output_group[0].process_config.transcode.to_map() == {"TemplateId": rung}
    assert [child.status for child in job.transcode_job_list] == ["Success", "Success"]
    assert job.transcode_job_list[1].out_file_meta.video_stream_info_list[0].codec_name == "h264"
    plain, dressed = (shot(ffmpeg, buckets.output / name) for name in ("plain.mp4", "dressed.mp4"))
    changed = np.abs(plain.astype(int) - dressed.astype(int)).max(axis=2) > 60
    assert changed[8:200, 8:200].mean() > 0.2, "the logo is 0.3 of the width wide"
    assert changed[296:330, 10:160].mean() > 0.05, "the text"
    assert [row.parent_job_id for row in client.list_transcode_jobs(m.ListTranscodeJobsRequest(status="Success")).body.jobs] == [job.parent_job_id]
    assert not client.list_transcode_jobs(m.ListTranscodeJobsRequest(status="Fail")).body.jobs


def shot(ffmpeg: str, path: Path) -> Any:
    out = path.with_suffix(".png")
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-y", "-ss", "1", "-i", str(path), "-frames:v", "1", str(out)], check=True, timeout=60)
    with Image.open(out) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.usefixtures("films")
def test_inputs_combined(site: Endpoint, rung: str, work_off: Callable[[], int], buckets: Buckets, ffmpeg: str) -> None:
    """Picture of one input with the sound of another; and two inputs one after the other."""
    client = ice(site)

    def combine(*rows: dict[str, Any]) -> dict[str, Any]:
        return {"Transcode": {"TemplateId": rung}, "CombineConfigs": list(rows)}

    request = m.SubmitTranscodeJobRequest().from_map(
        {
            "InputGroup": [{"Type": "OSS", "Media": f"oss://input/films/{name}"} for name in ("english-audio.mp4", "video-with-default-audio.mp4")],
            "OutputGroup": [
                {"Output": {"Type": "OSS", "Media": "oss://output/dubbed.mp4"}, "ProcessConfig": combine({"AudioIndex": "0", "VideoIndex": "1"})},
                {
                    "Output": {"Type": "OSS", "Media": "oss://output/long.mp4"},
                    "ProcessConfig": combine({"AudioIndex": "0", "VideoIndex": "0"}, {"AudioIndex": "1", "VideoIndex": "1", "Duration": 1}),
                },
                {"Output": {"Type": "OSS", "Media": "oss://output/silent.mp4"}, "ProcessConfig": combine({"AudioIndex": "exclude", "VideoIndex": "1"})},
            ],
        }
    )
    sent = client.submit_transcode_job(request).body.transcode_parent_job
    work_off()
    job = client.get_transcode_job(m.GetTranscodeJobRequest(parent_job_id=sent.parent_job_id)).body.transcode_parent_job
    assert job.status == "Success", [(child.code, child.message) for child in job.transcode_job_list]
    assert [child.job_index for child in job.transcode_job_list] == [0, 1, 2]
    assert tone(buckets.output / "dubbed.mp4", 0, ffmpeg) == 660
    assert facts(buckets.output / "long.mp4").duration == pytest.approx(3, abs=0.15)
    assert facts(buckets.output / "silent.mp4").audio == ()


# --- snapshots ----------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("films")
def test_snapshot_jobs(site: Endpoint, work_off: Callable[[], int], buckets: Buckets) -> None:
    client = ice(site)
    config = {"Type": "Normal", "FrameType": "normal", "Time": 0, "Interval": 1, "Count": 2, "Width": 320}
    template = client.create_custom_template(
        m.CreateCustomTemplateRequest(name="shots", type=2, subtype=1, template_config=json.dumps(config))
    ).body.custom_template

    def submit(output: str, **over: Any) -> str:
        request = m.SubmitSnapshotJobRequest().from_map(
            {
                "Name": "named",
                "UserData": "kept",
                "Input": {"Type": "OSS", "Media": f"{HOST}/films/video-with-default-audio.mp4"},
                "Output": {"Type": "OSS", "Media": output},
                "TemplateConfig": {"TemplateId": template.template_id, "OverwriteParams": over},
            }
        )
        return str(client.submit_snapshot_job(request).body.job_id)

    series = submit("oss://output/shots/{Count}.jpg")
    single = submit("oss://output/one.jpg", Count=1, Time=1000, Width=160)
    grid = {"Lines": 2, "Columns": 2, "CellWidth": 80, "CellHeight": 45}
    sheets = submit("oss://output/sheet-{TileCount}.jpg", Type="WebVtt", Interval=1, SpriteSnapshotConfig=grid)
    assert client.get_snapshot_job(m.GetSnapshotJobRequest(job_id=series)).body.snapshot_job.status == "Init"
    work_off()
    job = client.get_snapshot_job(m.GetSnapshotJobRequest(job_id=series)).body.snapshot_job
    assert (job.status, job.count, job.name, job.user_data, job.type) == ("Success", 2, "named", "kept", "Normal"), job
    assert job.input.oss_file.object == "films/video-with-default-audio.mp4"
    assert json.loads(job.template_config) == config
    assert (job.template_id, template.subtype) == (template.template_id, "1")
    told = json.loads(client.get_snapshot_job(m.GetSnapshotJobRequest(job_id=single)).body.snapshot_job.template_config)
    assert (told["Count"], told["Time"], told["Width"], told["Interval"]) == (1, 1000, 160, 1)
    assert sorted(path.name for path in (buckets.output / "shots").iterdir()) == ["00001.jpg", "00002.jpg"]
    assert [size(buckets.output / name) for name in ("shots/00001.jpg", "one.jpg", "sheet-00001.jpg")] == [(320, 180), (160, 90), (160, 90)]
    found = client.get_snapshot_urls(m.GetSnapshotUrlsRequest(job_id=series, page_size=1, page_number=2)).body
    assert (found.total, found.snapshot_urls) == (2, [f"{site.url}/output/shots/00002.jpg"])
    found = client.get_snapshot_urls(m.GetSnapshotUrlsRequest(job_id=sheets)).body
    assert found.snapshot_urls == [f"{site.url}/output/sheet-00001.jpg"]
    assert found.web_vtturl.startswith(f"{site.url}/output/")
    assert (buckets.output / found.web_vtturl.rpartition("/")[2]).read_text().startswith("WEBVTT")
    assert {row.job_id for row in client.list_snapshot_jobs(m.ListSnapshotJobsRequest(status="Success")).body.jobs} == {series, single, sheets}


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


# --- media info ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def meanwhile(work_off: Callable[[], int]) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Make a call that waits for a job, and do the job meanwhile."""
    with ThreadPoolExecutor(1) as pool:

        def go(call: Callable[[], Any]) -> Any:
            future = pool.submit(call)
            while not future.done():
                work_off()
                wait([future], 0.05)
            return future.result()

        yield go


@pytest.mark.usefixtures("films")
def test_media_info_jobs(site: Endpoint, work_off: Callable[[], int], meanwhile: Callable[..., Any]) -> None:
    client = ice(site)
    said = {"Name": "look", "UserData": "kept", "Input": {"Type": "OSS", "Media": "oss://input/films/multilingual-file.mp4"}}
    sent = client.submit_media_info_job(m.SubmitMediaInfoJobRequest().from_map(said)).body.media_info_job
    assert (sent.status, sent.name) == ("Init", "look")
    work_off()
    job = client.get_media_info_job(m.GetMediaInfoJobRequest(job_id=sent.job_id)).body.media_info_job
    assert (job.status, job.user_data) == ("Success", "kept")
    video = job.media_info_property.video_stream_info_list[0]
    assert (video.codec_name, video.width, video.height, video.codec_tag_string, video.fps) == ("h264", "640", "360", "avc1", "25")
    assert [row.lang for row in job.media_info_property.audio_stream_info_list] == ["eng", "jpn", "deu"]
    media_id = job.media_info_property.file_basic_info.media_id
    by_id = {"Input": {"Type": "Media", "Media": media_id}}
    now = meanwhile(lambda: client.submit_sync_media_info_job(m.SubmitSyncMediaInfoJobRequest().from_map(by_id))).body.media_info_job
    assert (now.status, now.media_info_property.video_stream_info_list[0].codec_name) == ("Success", "h264")
    assert now.media_info_property.audio_stream_info_list[0].codec_long_name == "AAC (Advanced Audio Coding)"
    assert len(client.list_media_info_jobs(m.ListMediaInfoJobsRequest(status="Success")).body.jobs) == 2


# --- pipelines, templates -----------------------------------------------------------------------------------------------
def test_pipelines(site: Endpoint) -> None:
    client = ice(site)
    made = client.create_pipeline(m.CreatePipelineRequest(name="night", speed="Boost", priority=3)).body.pipeline
    assert (made.name, made.speed, made.priority, made.status) == ("night", "Boost", 3, "Active")
    client.update_pipeline(m.UpdatePipelineRequest(pipeline_id=made.pipeline_id, name="late", priority=4, status="Paused"))
    found = client.get_pipeline(m.GetPipelineRequest(pipeline_id=made.pipeline_id)).body.pipeline
    assert (found.name, found.priority, found.status) == ("late", 4, "Paused")
    assert [row.name for row in client.list_pipelines(m.ListPipelinesRequest(speed="Boost")).body.pipeline_list] == ["late"]
    assert {row.name for row in client.list_pipelines(m.ListPipelinesRequest()).body.pipeline_list} == {"default", "late"}
    assert client.update_pipeline(m.UpdatePipelineRequest(pipeline_id=made.pipeline_id, status="Active")).body.success is True
    assert client.get_pipeline(m.GetPipelineRequest(pipeline_id="late")).body.pipeline.status == "Active"
    assert client.delete_pipeline(m.DeletePipelineRequest(pipeline_id=made.pipeline_id)).body.success is True
    assert not client.list_pipelines(m.ListPipelinesRequest(speed="Boost")).body.pipeline_list


TEMPLATES = {
    1: ({"Container": {"Format": "m3u8"}, "Video": {"Codec": "H.265", "Crf": 27}, "Audio": {"Codec": "MP3"}}, ("Container", {"Format": "m3u8"})),
    2: ({"Type": "Sprite", "Interval": 5, "SpriteSnapshotConfig": {"Lines": 3}}, ("Interval", 5)),
    4: ({"File": {"Type": "OSS", "Media": "oss://input/logo.png"}, "Dx": "10", "ReferPos": "BottomLeft"}, ("ReferPos", "BottomLeft")),
    5: ({"Content": "words", "FontSize": "30"}, ("FontSize", "30")),
}


@pytest.mark.parametrize("type_", TEMPLATES)
def test_templates(site: Endpoint, type_: int) -> None:
    client = ice(site)
    config, (field, value) = TEMPLATES[type_]
    made = client.create_custom_template(m.CreateCustomTemplateRequest(name="first", type=type_, template_config=json.dumps(config))).body.custom_template
    assert (made.template_name, made.type, made.status) == ("first", type_, "Normal")

    def get() -> Any:
        return client.get_custom_template(m.GetCustomTemplateRequest(type=type_, template_id=made.template_id)).body.custom_template

    assert json.loads(get().template_config)[field] == value
    assert client.update_custom_template(m.UpdateCustomTemplateRequest(template_id=made.template_id, name="second")).body.success is True
    assert get().template_name == "second"
    listed = client.list_custom_templates(m.ListCustomTemplatesRequest(type=str(type_), page_size=5)).body
    assert (listed.total, [row.template_name for row in listed.custom_template_list]) == (1, ["second"])
    assert client.delete_custom_template(m.DeleteCustomTemplateRequest(template_id=made.template_id)).body.success is True
    assert client.list_custom_templates(m.ListCustomTemplatesRequest(type=str(type_))).body.total == 0


def test_system_templates(site: Endpoint) -> None:
    client = ice(site)
    listed = client.list_system_templates(m.ListSystemTemplatesRequest(type="1", page_size=100)).body
    names = {row.template_name: row.template_id for row in listed.system_template_list}
    assert listed.total >= len(names) > 20
    found = client.get_system_template(m.GetSystemTemplateRequest(template_id=names["mp4-h264-360p"])).body.system_template
    assert json.loads(found.template_config)["Container"] == {"Format": "mp4"}
