"""A whole round with an installation of its own processes: upload in parts, convert, look, fetch, delete."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import oss2
import pytest
from alibabacloud_imm20200930 import models as imm_models

from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from tests.dialects import clients
from tests.dialects.oss.test_grammar import b64

pytestmark = pytest.mark.media


def test_from_upload_to_delete(live: Any, media: Path, tmp_path: Path) -> None:
    imm = clients.imm(live.site)
    name = f"round-{time.time_ns()}"
    imm.create_project(imm_models.CreateProjectRequest(project_name=name))
    fresh = clients.bucket(live.site, f"oss-{time.time_ns()}", version=4)
    fresh.create_bucket()
    imm.attach_ossbucket(imm_models.AttachOSSBucketRequest(project_name=name, ossbucket=fresh.bucket_name))
    source = media / "timecode-720p30-h264-aac-42s.mp4"
    oss2.resumable_upload(fresh, "in/视频 1.mp4", str(source), store=oss2.ResumableStore(root=str(tmp_path)), multipart_threshold=500_000, part_size=300_000)
    process = f"video/convert,ss_1000,t_3000,f_ts,vcodec_h264,s_640x360,crf_30,acodec_aac/segment,f_hls,t_1000|sys/saveas,o_{b64('out/set.{autoext}')}"
    sent = fresh.async_process_object("in/视频 1.mp4", process)
    until = time.monotonic() + 120
    while True:
        task = imm.get_task(imm_models.GetTaskRequest(project_name=name, task_type="MediaConvert", task_id=sent.task_id)).body
        if task.status != "Running":
            break
        assert time.monotonic() < until
        time.sleep(0.2)
    assert task.status == "Succeeded", (task.code, task.message)
    keys = [one.key for one in oss2.ObjectIterator(fresh, prefix="out/")]
    assert keys == ["out/set-0.ts", "out/set-1.ts", "out/set-2.ts", "out/set.m3u8"]
    folder = tmp_path / "out"
    folder.mkdir()
    for key in keys:
        fresh.get_object_to_file(key, str(tmp_path / key))
    found = ffprobe.probe(folder / "set.m3u8", tools=tools.find(), cwd=folder, count_packets=True, own_playlist=True)
    assert found.picture
    assert (found.picture.width, found.picture.height, found.picture.frames) == (640, 360, pytest.approx(90, abs=1))
    picture = fresh.get_object("in/视频 1.mp4", process="video/snapshot,t_2000,f_jpg,w_160,h_90").read()
    assert picture.startswith(b"\xff\xd8")
    info = fresh.get_object("in/视频 1.mp4", process="video/info").read()
    assert b'"VideoWidth": 1280' in info
    fresh.batch_delete_objects([*keys, "in/视频 1.mp4"])
    fresh.delete_bucket()
