"""Transcode jobs through IMS's SDK: watermarks, subtitles, and inputs that are combined."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alibabacloud_ice20201109 import models as m
from PIL import Image

from tests.conftest import Buckets
from tests.dialects.clients import Endpoint, ice
from tests.dialects.ims.looking import facts, tone

pytestmark = pytest.mark.media


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
