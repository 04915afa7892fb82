"""Uploads in parts and downloads in ranges, through the real SDK by every signature."""

from __future__ import annotations

import os
from pathlib import Path

import oss2
import pytest
from fastcrc import crc64

from media_assets.models import Media
from tests.conftest import Buckets
from tests.dialects.clients import Endpoint
from tests.dialects.oss.sent import BODY, md5


def test_resumable_uploads_and_downloads(site: Endpoint, bucket: oss2.Bucket, buckets: Buckets, tmp_path: Path) -> None:
    path = tmp_path / "film.bin"
    path.write_bytes(os.urandom(1_050_001))
    store = oss2.ResumableStore(root=str(tmp_path / "state"))
    done = oss2.resumable_upload(bucket, "dir/film 1.bin", str(path), store=store, multipart_threshold=300_000, part_size=250_000, num_threads=2)
    assert (buckets.input / "dir/film 1.bin").read_bytes() == path.read_bytes()
    assert done.crc == crc64.xz(path.read_bytes())
    assert done.etag.endswith("-5")
    assert bucket.head_object("dir/film 1.bin").object_type == "Multipart"
    back = tmp_path / "back.bin"
    oss2.resumable_download(
        bucket, "dir/film 1.bin", str(back), store=oss2.ResumableDownloadStore(root=str(tmp_path / "state")), multiget_threshold=200_000, part_size=200_000
    )
    assert back.read_bytes() == path.read_bytes()
    assert Media.objects.get().key == "dir/film 1.bin"


def test_parts(bucket: oss2.Bucket, buckets: Buckets) -> None:
    key, big = "p q/中+.bin", os.urandom(150_000)
    upload = bucket.init_multipart_upload(key, headers={"x-oss-meta-k": "v", "Content-Type": "video/x"}).upload_id
    second = bucket.upload_part(key, upload, 2, b"tail")
    first = bucket.upload_part(key, upload, 1, big)
    assert (first.etag, first.crc) == (md5(big), crc64.xz(big))
    listed = bucket.list_parts(key, upload)
    assert [(part.part_number, part.etag, part.size) for part in listed.parts] == [(1, md5(big), 150_000), (2, md5(b"tail"), 4)]
    assert [(one.key, one.upload_id) for one in oss2.MultipartUploadIterator(bucket)] == [(key, upload)]
    assert not bucket.object_exists(key)
    parts = [oss2.models.PartInfo(1, first.etag, size=150_000, part_crc=first.crc), oss2.models.PartInfo(2, second.etag, size=4, part_crc=second.crc)]
    wrong = [oss2.models.PartInfo(1, "0" * 32)]
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.complete_multipart_upload(key, upload, wrong)
    assert caught.value.code == "InvalidPart"
    done = bucket.complete_multipart_upload(key, upload, parts)
    assert done.crc == crc64.xz(big + b"tail")
    assert (buckets.input / key).read_bytes() == big + b"tail"
    assert bucket.head_object(key).headers["x-oss-meta-k"] == "v"
    assert list(oss2.MultipartUploadIterator(bucket)) == []
    with pytest.raises(oss2.exceptions.NoSuchUpload):
        bucket.complete_multipart_upload(key, upload, parts)


def test_parts_that_are_copied_and_given_up(bucket: oss2.Bucket, buckets: Buckets) -> None:
    bucket.put_object("src.bin", BODY)
    upload = bucket.init_multipart_upload("target.bin").upload_id
    part = bucket.upload_part_copy("input", "src.bin", (10, 19), "target.bin", upload, 1)
    assert part.etag == md5(BODY[10:20])
    bucket.abort_multipart_upload("target.bin", upload)
    with pytest.raises(oss2.exceptions.NoSuchUpload):
        bucket.upload_part("target.bin", upload, 2, b"x")
    with pytest.raises(oss2.exceptions.NoSuchUpload):
        bucket.list_parts("target.bin", upload)
    assert not list((buckets.input / ".reelmill" / "uploads").iterdir())


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_numbers(bucket: oss2.Bucket, number: int) -> None:
    upload = bucket.init_multipart_upload("t").upload_id
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.upload_part("t", upload, number, b"x")
