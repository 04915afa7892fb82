"""The same objects where the bucket lies in an S3-compatible store."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import oss2
import pytest
from fastcrc import crc64

from media_assets.buckets import create_bucket
from media_assets.s3_client import Access, client
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.oss.sent import BODY, KEYS, md5
from tests.media_assets.stores import KEY_ID, SECRET, Server


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An S3 server."""
    server = Server("moto", tmp_path_factory.mktemp("moto"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(site: Endpoint, store: Server) -> oss2.Bucket:
    """The bucket «films», which lies under a prefix of a bucket there."""
    remote = f"films-{uuid.uuid4().hex[:12]}"
    client(Access(store.endpoint, "us-east-1", KEY_ID, SECRET, True)).create_bucket(Bucket=remote)
    create_bucket(
        "films", driver="s3", endpoint=store.endpoint, region="us-east-1", remote=remote, prefix="all/of it/", access_key_id=KEY_ID, secret=SECRET, path_style=True,
        is_input=True, is_output=True,
    )  # fmt: skip
    return clients.bucket(site, "films", version=4)


def test_objects(bucket: oss2.Bucket) -> None:
    for key in KEYS:
        assert bucket.put_object(key, BODY, headers={"x-oss-meta-k": "v"}).etag == md5(BODY)
        got = bucket.get_object(key)
        assert (got.read(), got.etag, got.headers["x-oss-meta-k"]) == (BODY, md5(BODY), "v")
        assert bucket.get_object(key, byte_range=(10, 19)).read() == BODY[10:20]
    assert [one.key for one in oss2.ObjectIterator(bucket, max_keys=3)] == sorted(KEYS)
    assert [one.key for one in oss2.ObjectIterator(bucket, delimiter="/", prefix="dir/")] == ["dir/a b.txt", "dir/a+b.txt"]
    assert {one.key for one in oss2.ObjectIteratorV2(bucket, delimiter="/", max_keys=2)} == {"-x/", "50%/", "a/", "a?b&c=d#e.txt", "dir/", "plain.txt", "目录/"}
    bucket.copy_object("films", KEYS[3], "copy")
    assert bucket.get_object("copy").read() == BODY
    bucket.batch_delete_objects(KEYS)
    assert [one.key for one in oss2.ObjectIterator(bucket)] == ["copy"]
    with pytest.raises(oss2.exceptions.ServerError):
        bucket.put_object("bad", BODY, headers={"Content-MD5": oss2.utils.content_md5(b"other")})
    assert not bucket.object_exists("bad")


def test_parts(bucket: oss2.Bucket, tmp_path: Path) -> None:
    path = tmp_path / "film.bin"
    path.write_bytes(os.urandom(9_000_000))
    done = oss2.resumable_upload(
        bucket, "film.bin", str(path), store=oss2.ResumableStore(root=str(tmp_path)), multipart_threshold=1_000_000, part_size=2_000_000, num_threads=2
    )
    assert done.crc == crc64.xz(path.read_bytes())
    back = tmp_path / "back.bin"
    oss2.resumable_download(
        bucket, "film.bin", str(back), store=oss2.ResumableDownloadStore(root=str(tmp_path)), multiget_threshold=1_000_000, part_size=3_000_000
    )
    assert back.read_bytes() == path.read_bytes()
