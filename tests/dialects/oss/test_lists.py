"""Lists of objects, and many deleted at once, through the real SDK by every signature."""

from __future__ import annotations

from typing import Any

import oss2
import pytest

from media_assets.models import ObjectNote
from tests.conftest import Buckets
from tests.dialects.oss.sent import BODY, KEYS, md5


def test_lists(bucket: oss2.Bucket, buckets: Buckets) -> None:
    keys = ["a.txt", "b/1.txt", "b/2.txt", "b/c/3.txt", "b.txt", "d e/+.txt", "中/文.txt", *(f"n/{number:03d}" for number in range(25))]
    for key in keys:
        (buckets.input / key).parent.mkdir(parents=True, exist_ok=True)
        (buckets.input / key).write_bytes(b"x")
    assert [one.key for one in oss2.ObjectIterator(bucket, max_keys=7)] == sorted(keys)
    assert [one.key for one in oss2.ObjectIteratorV2(bucket, max_keys=7)] == sorted(keys)
    for step in (1, 2, 100):
        top = list(oss2.ObjectIterator(bucket, delimiter="/", max_keys=step))
        assert [one.key for one in top] == ["a.txt", "b.txt", "b/", "d e/", "n/", "中/"], step
        assert [one.is_prefix() for one in top] == [False, False, True, True, True, True]
        assert [one.key for one in oss2.ObjectIteratorV2(bucket, prefix="b/", delimiter="/", max_keys=step)] == ["b/1.txt", "b/2.txt", "b/c/"]
    page = bucket.list_objects(prefix="n/", max_keys=10)
    assert (len(page.object_list), page.is_truncated, page.next_marker) == (10, True, "n/009")
    second = bucket.list_objects_v2(start_after="n/020", prefix="n/")
    assert [one.key for one in second.object_list] == [f"n/{number:03d}" for number in range(21, 25)]
    assert bucket.list_objects(prefix="nothing").object_list == []


def test_a_list_tells_sizes_and_tags(bucket: oss2.Bucket, buckets: Buckets) -> None:
    bucket.put_object("known", BODY)
    (buckets.input / "by-hand").write_bytes(b"12345")
    rows = {one.key: one for one in bucket.list_objects().object_list}
    assert (rows["known"].etag, rows["known"].size, rows["known"].type) == (md5(BODY), 3000, "Normal")
    assert rows["by-hand"].size == 5
    assert rows["by-hand"].etag == bucket.head_object("by-hand").etag
    assert abs(rows["known"].last_modified - bucket.head_object("known").last_modified) <= 1


@pytest.mark.parametrize("params", [{"prefix": "a\x00b"}, {"max_keys": 0}, {"max_keys": 1001}, {"max_keys": "x"}, {"continuation_token": "***"}])
def test_lists_with_values_that_cannot_be(bucket: oss2.Bucket, params: dict[str, Any]) -> None:
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.list_objects_v2(**params)


def test_many_deleted_at_once(bucket: oss2.Bucket, buckets: Buckets) -> None:
    for key in KEYS:
        bucket.put_object(key, b"x")
    gone = bucket.batch_delete_objects([*KEYS[:-1], "never/there"])
    assert set(gone.deleted_keys) == {*KEYS[:-1], "never/there"}
    assert [one.key for one in oss2.ObjectIterator(bucket)] == [KEYS[-1]]
    assert ObjectNote.objects.count() == 1


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&f;</Key></Object></Delete>'


@pytest.mark.parametrize(
    "data",
    [
        BOMB, OUTSIDE, b"", b"<Delete>", b"<Delete></Delete>", b"<Other/>", b"<Delete><Object><Key></Key></Object></Delete>", b"\xff\xfe",
        b"<Delete>" + b"<Object><Key>a</Key></Object>" * 1001 + b"</Delete>",
    ],
)  # fmt: skip
def test_xml_that_cannot_be_used(bucket: oss2.Bucket, buckets: Buckets, data: bytes) -> None:
    (buckets.input / "a").write_bytes(b"stays")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket._Bucket__do_bucket("POST", data=data, params={"delete": ""}, headers={"Content-MD5": oss2.utils.content_md5(data)})
    assert (caught.value.status, caught.value.code) == (400, "MalformedXML")
    assert (buckets.input / "a").exists()
