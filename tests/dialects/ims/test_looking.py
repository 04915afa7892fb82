"""Snapshot jobs and media info jobs through IMS's SDK."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_ice20201109 import models as m
from PIL import Image

from tests.conftest import Buckets
from tests.dialects.clients import Endpoint, ice

pytestmark = pytest.mark.media
HOST = "https://input.oss-ap-southeast-1.aliyuncs.com"


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
