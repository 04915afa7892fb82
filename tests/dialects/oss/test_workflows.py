"""Workflows start on what the OSS SDK puts, whole or in parts, and on nothing that is not whole yet."""

from __future__ import annotations

from typing import Any

import oss2
import pytest

from jobs.models import Execution
from tests.conftest import Buckets
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.jobs.workflows import LOOK, watch, workflow

pytestmark = [pytest.mark.usefixtures("pipeline"), pytest.mark.django_db(transaction=True)]


def test_objects_of_the_sdk(site: Endpoint, buckets: Buckets, clips: Any) -> None:
    bucket: oss2.Bucket = clients.bucket(site, "input", version=4)
    workflow(LOOK)
    film = clips.make(seconds=1, size="160x90").read_bytes()
    bucket.put_object("in/whole.mp4", film)
    assert watch(1) == 1, "at once"
    upload = bucket.init_multipart_upload("in/parts.mp4").upload_id
    parts = []
    for number, piece in enumerate((film * 8)[at : at + 102_400] for at in range(0, len(film) * 8, 102_400)):
        found = bucket.upload_part("in/parts.mp4", upload, number + 1, piece)
        parts.append(oss2.models.PartInfo(number + 1, found.etag))
        assert watch(2) == 0, "not whole yet"
    bucket.complete_multipart_upload("in/parts.mp4", upload, parts)
    assert watch(1) == 1
    half = len(film) // 2
    bucket.append_object("in/appended.mp4", 0, film[:half])
    assert watch(1) == 0, "somebody may go on"
    bucket.append_object("in/appended.mp4", half, film[half:])
    assert [watch(1), watch(2)] == [0, 1]
    bucket.copy_object("input", "in/whole.mp4", "in/copy.mp4")
    watch(3)
    assert sorted(Execution.objects.values_list("key", flat=True)) == ["in/appended.mp4", "in/copy.mp4", "in/parts.mp4", "in/whole.mp4"]
