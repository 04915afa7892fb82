"""IMM and IMS on an installation with its own processes: what waits for workers, and every way of signing."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_ice20201109 import models as i
from alibabacloud_imm20200930 import models as m

from tests.dialects import clients


@pytest.fixture
def film(live: Any, media: Path) -> str:
    """A short film in «input», which is attached to the project «live»."""
    client = clients.imm(live.site)
    if "live" not in [row.project_name for row in client.list_projects(m.ListProjectsRequest(prefix="live")).body.projects or ()]:
        client.create_project(m.CreateProjectRequest(project_name="live"))
    for name in ("input", "output"):
        listed = client.list_attached_ossbuckets(m.ListAttachedOSSBucketsRequest(project_name="live")).body.attached_ossbuckets or ()
        if name not in [row.ossbucket for row in listed]:
            client.attach_ossbucket(m.AttachOSSBucketRequest(project_name="live", ossbucket=name))
    live.server.put(media / "phone-rot90-320p30-h264-aac.mov", "live/电影 +1.mov")
    return "oss://input/live/电影 +1.mov"


@pytest.mark.parametrize("algorithm", ["", "v2"])
def test_media_meta_at_once(live: Any, film: str, algorithm: str) -> None:
    """By ACS3-HMAC-SHA256 and by HMAC-SHA1."""
    imm, ice = clients.imm(live.site, algorithm=algorithm), clients.ice(live.site, algorithm=algorithm)
    found = imm.detect_media_meta(m.DetectMediaMetaRequest(project_name="live", source_uri=film)).body
    assert (found.video_width, found.video_height, found.video_streams[0].codec_name) == (568, 320, "h264")
    job = ice.submit_sync_media_info_job(i.SubmitSyncMediaInfoJobRequest().from_map({"Input": {"Type": "OSS", "Media": film}})).body.media_info_job
    assert (job.status, job.media_info_property.video_stream_info_list[0].width) == ("Success", "568")


@pytest.mark.parametrize("form", [False, True])
def test_a_task_by_the_older_core(live: Any, film: str, form: bool) -> None:
    """Parameters in the query and in a form."""
    target = {"URI": f"oss://output/live/{{barename}}-{form}.{{autoext}}", "Container": "mp4"}
    request = clients.common(
        "2020-09-30",
        "CreateMediaConvertTask",
        form=form,
        ProjectName="live",
        Sources=json.dumps([{"URI": film}]),
        Targets=json.dumps([target]),
        UserData="a b+c",
    )
    sent = clients.old_call(live.site, request)
    until = time.monotonic() + 120
    while True:
        asked = clients.common("2020-09-30", "GetTask", ProjectName="live", TaskType="MediaConvert", TaskId=sent["TaskId"], RequestDefinition="True")
        task = clients.old_call(live.site, asked)
        if task["Status"] != "Running":
            break
        assert time.monotonic() < until
        time.sleep(0.2)
    assert (task["Status"], task["UserData"]) == ("Succeeded", "a b+c")
    assert json.loads(task["TaskRequestDefinition"])["Targets"] == [target]
    assert live.server.object(f"oss://output/live/电影 +1-{form}.mp4").stat().st_size > 10_000


def test_a_conversion(live: Any, film: str) -> None:
    ice = clients.ice(live.site)
    site = f"http://{live.site.address}"
    config = {
        "Inputs": [{"InputFile": {"Type": "OSS", "Media": f"{site}/input/live/%E7%94%B5%E5%BD%B1%20%2B1.mov"}}],
        "Outputs": [
            {"OutputFile": {"Type": "OSS", "Media": f"{site}/output/live/ims"}, "TemplateId": "mp4-h264-360p", "OverrideParams": {"Video": {"Crf": 35}}}
        ],
    }
    job = ice.submit_media_convert_job(i.SubmitMediaConvertJobRequest(config=json.dumps(config))).body.job
    until = time.monotonic() + 120
    while job.state in ("Inited", "Running"):
        assert time.monotonic() < until
        time.sleep(0.2)
        job = ice.get_media_convert_job(i.GetMediaConvertJobRequest(job_id=job.job_id)).body.job
    assert job.state == "Success", job
    result = job.output_details[0].result
    assert result.output_file.url == f"{site}/output/live/ims.mp4"
    assert live.server.object("oss://output/live/ims.mp4").stat().st_size > 10_000
