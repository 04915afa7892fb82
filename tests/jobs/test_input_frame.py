"""The frame of an input that areas are drawn on."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from media_assets.models import Media

FRAME = "/console/jobs/new/frame.jpg"


@pytest.fixture
def clip(clips, buckets):
    address = buckets.put(clips.make(seconds=2, size="320x180", rate=10), "talks/片.mp4")
    Media.objects.create(bucket="input", key="talks/片.mp4")
    return address


def test_it_is_the_upright_picture_at_a_time(client_of, bob, clip):
    answer = client_of(bob).get(FRAME, {"input": clip, "at": "1.5"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.width / picture.height == pytest.approx(320 / 180, abs=0.02)


@pytest.mark.parametrize(
    "query", [{}, {"input": "oss://input/none.mp4"}, {"input": "x"}, {"input": "oss://input/a.mp4", "at": "soon"}, {"input": "oss://input/a\x00"}]
)
def test_what_has_no_picture_is_said(client_of, bob, buckets, query):
    answer = client_of(bob).get(FRAME, query)
    assert answer.status_code == 404
    assert answer.content


def test_times_beyond_the_end_give_the_last_picture(client_of, bob, clip):
    assert client_of(bob).get(FRAME, {"input": clip, "at": "9999999"}).status_code == 200


def test_it_is_for_operators(client_of, charlie, clip):
    assert client_of(charlie).get(FRAME, {"input": clip}).status_code == 403
    assert client_of(None).get(FRAME, {"input": clip}).status_code == 302
