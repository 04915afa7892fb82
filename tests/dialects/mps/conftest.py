"""What tests of MPS share: sources in the input bucket, and SubmitJobs in few words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from alibabacloud_mts20140618 import models as m

from tests.dialects import clients
from tests.dialects.clients import Endpoint


def file(key: str, bucket: str = "input") -> dict[str, str]:
    """A file as MPS writes it."""
    return {"Bucket": bucket, "Location": "oss-cn-hangzhou", "Object": quote(key, safe="")}


@pytest.fixture
def clip(buckets: Any, clips: Any) -> str:
    """The key of a source of two seconds, 320 × 180 at 25 frames per second, with sound."""
    buckets.put(clips.make(seconds=2), "a b/源+1.mp4")
    return "a b/源+1.mp4"


@pytest.fixture
def submit(site: Endpoint, pipeline: Any, clip: str) -> Callable[..., Any]:
    """submit({…}, {…}) -> the JobResults of SubmitJobs with these outputs."""

    def send(*outputs: Any, **more: Any) -> list[Any]:
        request = m.SubmitJobsRequest(
            input=more.pop("input", json.dumps(file(clip))),
            output_bucket=more.pop("output_bucket", "output"),
            output_location="oss-cn-hangzhou",
            outputs=json.dumps(outputs),
            pipeline_id=more.pop("pipeline_id", pipeline.id),
            **more,
        )
        return list(clients.mts(site).submit_jobs(request).body.job_result_list.job_result)

    return send


@pytest.fixture
def jobs_of(site: Endpoint) -> Callable[..., list[Any]]:
    """jobs_of(id, …) -> what QueryJobList tells."""

    def ask(*ids: str) -> list[Any]:
        return list(clients.mts(site).query_job_list(m.QueryJobListRequest(job_ids=",".join(ids))).body.job_list.job)

    return ask
