"""What the topic of a pipeline is told, at a real address on loopback."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_mts20140618 import models as m

from jobs.models import Delivery
from jobs.notices import targets
from jobs.notices.delivering import deliver
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.mps.conftest import file
from tests.dialects.mps.test_jobs import SMALL
from tests.listener import Listener, listening


@pytest.fixture
def ear(settings: Any) -> Iterator[Listener]:
    """An address that may be called in these tests."""
    settings.REELMILL_PRIVATE_CALLBACKS = (ipaddress.ip_network("127.0.0.1/32"),)
    with listening() as found:
        yield found


def test_each_job_is_told_by_itself(site: Endpoint, ear: Listener, submit: Any, clip: str, work_off: Any, jobs_of: Any) -> None:
    mts = clients.mts(site)
    targets.create(name="ends", url=ear.url, secret="s3cret")
    pipeline = mts.add_pipeline(m.AddPipelineRequest(name="Told", notify_config='{"Topic":"ends"}')).body.pipeline
    good, bad = submit(
        {"OutputObject": "a.mp4", "TemplateId": SMALL, "UserData": "order ü"},
        {"OutputObject": "b.mp4", "TemplateId": "MP4-HD", "TransConfig": {"IsCheckResoFail": "true"}},
        pipeline_id=pipeline.id,
    )
    config = {"OutputFile": file("a.jpg", "output"), "Time": "0", "Num": "1"}
    shot = mts.submit_snapshot_job(m.SubmitSnapshotJobRequest(input=json.dumps(file(clip)), snapshot_config=json.dumps(config), pipeline_id=pipeline.id))
    work_off()
    assert Delivery.objects.count() == 3
    assert deliver() == 3
    told = {body["JobId"]: body for body in (json.loads(sent) for _path, _headers, sent in ear.got)}
    one, two, three = (told[job_id] for job_id in (good.job.job_id, bad.job.job_id, shot.body.snapshot_job.id))
    assert (one["Type"], one["type"], one["State"], one["state"], one["jobId"]) == ("Transcode", "Transcode", "Success", "Success", good.job.job_id)
    assert (one["UserData"], one["userData"]) == ("order ü", "order ü")
    assert len(one["RequestId"]) == 36
    assert one["requestId"] == one["RequestId"]
    assert "code" not in one
    assert (two["State"], two["Code"], two["code"]) == ("Fail", "InvalidParameter.TemplateNotSupported", "InvalidParameter.TemplateNotSupported")
    assert two["Message"] == two["msg"]
    assert (three["Type"], three["State"]) == ("Snapshot", "Success")
    assert jobs_of(good.job.job_id)[0].mnsmessage_result.message_id == good.job.job_id


def test_a_topic_that_nobody_is_bound_to(site: Endpoint, submit: Any, work_off: Any, jobs_of: Any) -> None:
    pipeline = clients.mts(site).add_pipeline(m.AddPipelineRequest(name="Told", notify_config='{"QueueName":"nobody"}')).body.pipeline
    (result,) = submit({"OutputObject": "a.mp4", "TemplateId": SMALL}, pipeline_id=pipeline.id)
    work_off()
    deliver()
    assert Delivery.objects.get().state == "no_subscription"
    (job,) = jobs_of(result.job.job_id)
    assert (job.state, job.mnsmessage_result.error_code, job.mnsmessage_result.message_id) == ("TranscodeSuccess", "TopicNotExist", None)
