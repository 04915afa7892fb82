"""Snapshots, sprites and media info through the SDKs. Synchronous ones need workers: those tests run against a whole installation."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from alibabacloud_mts20140618 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException
from aliyunsdkmts.request.v20140618.QueryMediaInfoJobListRequest import QueryMediaInfoJobListRequest
from aliyunsdkmts.request.v20140618.QuerySnapshotJobListRequest import QuerySnapshotJobListRequest
from aliyunsdkmts.request.v20140618.SubmitMediaInfoJobRequest import SubmitMediaInfoJobRequest
from aliyunsdkmts.request.v20140618.SubmitSnapshotJobRequest import SubmitSnapshotJobRequest
from PIL import Image

from jobs.models import Job
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.mps.conftest import file


def taken(site: Endpoint, key: str, **config: Any) -> Any:
    """SubmitSnapshotJob."""
    request = m.SubmitSnapshotJobRequest(input=json.dumps(file(key)), snapshot_config=json.dumps(config), user_data="mine")
    return clients.mts(site).submit_snapshot_job(request).body.snapshot_job


def asked(site: Endpoint, *ids: str) -> list[Any]:
    """QuerySnapshotJobList."""
    return list(clients.mts(site).query_snapshot_job_list(m.QuerySnapshotJobListRequest(snapshot_job_ids=",".join(ids))).body.snapshot_job_list.snapshot_job)


def test_one_picture_later(site: Endpoint, clip: str, pipeline: Any, buckets: Any, work_off: Any) -> None:
    job = taken(
        site,
        clip,
        OutputFile=file("%7BFileName%7D".replace("%7B", "{").replace("%7D", "}") + ".jpg", "output"),
        Time="500",
        Num="1",
        Width="160",
        FrameType="normal",
    )
    assert (job.state, job.user_data, job.snapshot_config.time, job.snapshot_config.frame_type) == ("Submitted", "mine", "500", "normal")
    assert job.pipeline_id == pipeline.id
    work_off()
    (done,) = asked(site, job.id)
    assert (done.state, done.count, done.code) == ("Success", "1", None)
    with Image.open(buckets.output / "源+1.jpg") as image:
        assert (image.size, image.format) == ((160, 90), "JPEG")


def test_a_series_and_pictures_spread_evenly(site: Endpoint, clip: str, pipeline: Any, buckets: Any, work_off: Any) -> None:
    series = taken(site, clip, OutputFile=file("s/{Count}.jpg", "output"), Time="0", Interval="1", Num="5")
    even = taken(site, clip, OutputFile=file("e/{Count}.jpg", "output"), Time=0, Interval=0, Num=4)
    times = taken(site, clip, OutputFile=file("t/{SnapshotTime}.jpg", "output"), Time=0, TimeArray=[100, 900, 1500], Num=3)
    work_off()
    found = asked(site, series.id, even.id, times.id)
    assert [(job.state, job.count) for job in found] == [("Success", "2"), ("Success", "4"), ("Success", "3")], "the series ends with the video"
    assert sorted(path.name for path in (buckets.output / "s").iterdir()) == ["00001.jpg", "00002.jpg"]
    assert len(list((buckets.output / "e").iterdir())) == 4
    assert sorted(path.name for path in (buckets.output / "t").iterdir()) == ["100.jpg", "1500.jpg", "900.jpg"]
    assert found[0].snapshot_config.interval == "1"
    assert found[0].snapshot_config.output_file.object == "s/%7BCount%7D.jpg"
    assert list(found[2].snapshot_config.time_array.time_point_list) == [100, 900, 1500]


def test_a_sprite(site: Endpoint, clip: str, pipeline: Any, buckets: Any, work_off: Any) -> None:
    job = taken(
        site,
        clip,
        OutputFile=file("cells/{Count}.jpg", "output"),
        TileOutputFile=file("sheets/{TileCount}.jpg", "output"),
        Time="0",
        Interval="0.5",
        TileOut={"Lines": "2", "Columns": "2", "CellWidth": "64", "CellHeight": "36", "Margin": "2", "Padding": "4", "Color": "#ff0000"},
    )
    work_off()
    (done,) = asked(site, job.id)
    assert (done.state, done.tile_count) == ("Success", "1"), (done.code, done.message)
    with Image.open(buckets.output / "sheets/00001.jpg") as image:
        assert image.size == (64 * 2 + 4 + 4, 36 * 2 + 4 + 4)
    assert len(list((buckets.output / "cells").iterdir())) == 4
    assert (done.snapshot_config.tile_out.columns, done.snapshot_config.tile_out.is_keep_cell_pic) == ("2", "true")


def test_the_list_and_the_older_sdk(site: Endpoint, clip: str, pipeline: Any, work_off: Any) -> None:
    request = SubmitSnapshotJobRequest()
    request.set_Input(json.dumps(file(clip)))
    request.set_SnapshotConfig(json.dumps({"OutputFile": file("a.jpg", "output"), "Time": "0", "Num": "1"}))
    first = clients.old_call(site, request)["SnapshotJob"]["Id"]
    second = taken(site, clip, OutputFile=file("b.jpg", "output"), Time="0", Num="1").id
    ask = QuerySnapshotJobListRequest()
    ask.set_SnapshotJobIds(f"{first},{'e' * 32}")
    assert clients.old_call(site, ask)["NonExistSnapshotJobIds"] == {"String": ["e" * 32]}
    mts = clients.mts(site)
    page = mts.query_snapshot_job_list(m.QuerySnapshotJobListRequest(maximum_page_size=1)).body
    assert [job.id for job in page.snapshot_job_list.snapshot_job] == [second]
    rest = mts.query_snapshot_job_list(m.QuerySnapshotJobListRequest(maximum_page_size=1, next_page_token=page.next_page_token, state="Submitted")).body
    assert ([job.id for job in rest.snapshot_job_list.snapshot_job], rest.next_page_token) == ([first], None)
    work_off()
    assert mts.query_snapshot_job_list(m.QuerySnapshotJobListRequest(state="Submitted")).body.snapshot_job_list.snapshot_job == []
    assert len(mts.query_snapshot_job_list(m.QuerySnapshotJobListRequest(state="Success", pipeline_id=pipeline.id)).body.snapshot_job_list.snapshot_job) == 2


def test_a_time_after_the_end(site: Endpoint, clip: str, pipeline: Any, work_off: Any) -> None:
    job = taken(site, clip, OutputFile=file("a.jpg", "output"), Time="99000", Num="1")
    work_off()
    (failed,) = asked(site, job.id)
    assert (failed.state, failed.code) == ("Fail", "InvalidParameter.OutOfRange")
    assert failed.message


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"Time": "0"}, "InvalidParameter.NullValue"),
        ({"OutputFile": file("a.jpg", "output")}, "InvalidParameter.NullValue"),
        ({"OutputFile": file("a.jpg", "output"), "Time": "soon"}, "InvalidParameter.NumberFormatInvalid"),
        ({"OutputFile": file("a.jpg", "output"), "Time": "0", "Width": "7"}, "InvalidParameter.OutOfRange"),
        ({"OutputFile": file("a.jpg", "output"), "Time": "0", "Num": "0"}, "InvalidParameter.OutOfRange"),
        ({"OutputFile": file("a.jpg", "output"), "Time": "0", "Num": "1", "FrameType": "best"}, "InvalidParameter"),
        ({"OutputFile": file("a.jpg", "output"), "Time": "0", "Interval": "0"}, "InvalidParameter.NullValue"),
        ({"OutputFile": file("a.jpg", "output"), "Time": "0", "Interval": "1"}, "InvalidParameter.NotSupported"),
        ({"OutputFile": file("{Weather}.jpg", "output"), "Time": "0", "Num": "1"}, "InvalidParameter.ObjectKeyInvalid"),
        ({"OutputFile": file("a.jpg", "nowhere"), "Time": "0", "Num": "1"}, "InvalidParameter.ResourceNotFound"),
        ({"OutputFile": file("a.jpg", "input"), "Time": "0", "Num": "1"}, "PermissionDenied.ResourceAccess"),
    ],
)
def test_what_is_no_snapshot(site: Endpoint, clip: str, pipeline: Any, config: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ClientException) as caught:
        taken(site, clip, **config)
    assert caught.value.code == wanted, caught.value.message
    assert not Job.objects.exists()


def test_media_info_later(site: Endpoint, clip: str, pipeline: Any, work_off: Any) -> None:
    mts = clients.mts(site)
    job = mts.submit_media_info_job(m.SubmitMediaInfoJobRequest(input=json.dumps(file(clip)), async_=True, user_data="x")).body.media_info_job
    assert (job.state, job.user_data, job.properties) == ("Analyzing", "x", None)
    work_off()
    found = mts.query_media_info_job_list(m.QueryMediaInfoJobListRequest(media_info_job_ids=f"{job.job_id},{'1' * 32}")).body
    assert found.non_exist_media_info_job_ids.string == ["1" * 32]
    (done,) = found.media_info_job_list.media_info_job
    seen = done.properties
    assert (done.state, seen.width, seen.height, seen.fps, seen.file_format) == ("Success", "320", "180", "25", "mp4")
    assert (seen.format.num_streams, seen.format.format_name) == ("2", "mov,mp4,m4a,3gp,3g2,mj2")
    video, audio = seen.streams.video_stream_list.video_stream[0], seen.streams.audio_stream_list.audio_stream[0]
    assert (video.codec_name, video.pix_fmt, video.dar, video.avg_fps) == ("h264", "yuv420p", "16:9", "25")
    assert (audio.codec_name, audio.samplerate, audio.channels, audio.sample_fmt) == ("aac", "44100", "1", "fltp")
    assert (video.codec_tag_string, video.timebase) == ("avc1", "1/12800")
    assert "H.264" in video.codec_long_name
    assert seen.format.format_long_name == "QuickTime / MOV"
    assert seen.format.tags["major_brand"] == "isom"
    ask = QueryMediaInfoJobListRequest()
    ask.set_MediaInfoJobIds(job.job_id)
    assert clients.old_call(site, ask)["MediaInfoJobList"]["MediaInfoJob"][0]["Properties"]["Width"] == "320"


def test_media_info_of_what_is_no_media(site: Endpoint, pipeline: Any, buckets: Any, work_off: Any) -> None:
    (buckets.input / "notes.mp4").write_bytes(b"not a film" * 50)
    mts = clients.mts(site)
    job = mts.submit_media_info_job(m.SubmitMediaInfoJobRequest(input=json.dumps(file("notes.mp4")), async_=True)).body.media_info_job
    work_off()
    (done,) = mts.query_media_info_job_list(m.QueryMediaInfoJobListRequest(media_info_job_ids=job.job_id)).body.media_info_job_list.media_info_job
    assert (done.state, done.code, done.properties) == ("Fail", "InvalidParameter.ResourceContentBad", None)
    with pytest.raises(ClientException) as caught:
        mts.submit_media_info_job(m.SubmitMediaInfoJobRequest(input=json.dumps(file("none.mp4"))))
    assert (caught.value.code, caught.value.status_code) == ("InvalidParameter.ResourceNotFound", 404)


# --- with workers -----------------------------------------------------------------------------------------------------
def test_synchronous_answers_hold_the_result(live: Any, clips: Any) -> None:
    live.server.put(clips.make(seconds=2), "mps/sync 源.mp4")
    job = taken(live.site, "mps/sync 源.mp4", OutputFile=file("mps/sync.jpg", "output"), Time="1000")
    assert (job.state, job.count) == ("Success", "1")
    with Image.open(live.server.object("oss://output/mps/sync.jpg")) as image:
        assert image.size == (320, 180)
    request = SubmitMediaInfoJobRequest()
    request.set_Input(json.dumps(file("mps/sync 源.mp4")))
    info = clients.old_call(live.site, request)["MediaInfoJob"]
    assert (info["State"], info["Async"], info["Properties"]["Width"]) == ("Success", False, "320")


def test_a_whole_installation_transcodes(live: Any, clips: Any) -> None:
    live.server.put(clips.make(seconds=2), "mps/whole.mp4")
    mts = clients.mts(live.site)
    pipeline = mts.search_pipeline(m.SearchPipelineRequest()).body.pipeline_list.pipeline[0]
    request = m.SubmitJobsRequest(
        input=json.dumps(file("mps/whole.mp4")),
        output_bucket="output",
        outputs=json.dumps([{"OutputObject": "mps/{FileName}-ld.mp4".replace("{", "%7B").replace("}", "%7D"), "TemplateId": "MP4-LD"}]),
        pipeline_id=pipeline.id,
    )
    (result,) = mts.submit_jobs(request).body.job_result_list.job_result
    until = time.monotonic() + 60
    while True:
        (job,) = mts.query_job_list(m.QueryJobListRequest(job_ids=result.job.job_id)).body.job_list.job
        if job.state not in ("Submitted", "Transcoding"):
            break
        assert time.monotonic() < until
        time.sleep(0.2)
    assert (job.state, job.output.properties.width) == ("TranscodeSuccess", "640")
    assert live.server.object("oss://output/mps/whole-ld.mp4").is_file()
