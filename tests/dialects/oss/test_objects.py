"""Objects through the real SDK, by every signature: what comes back is what was sent, and nothing is half done."""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import oss2
import pytest
import requests
from fastcrc import crc64

from media_assets.models import Bucket
from tests.conftest import Buckets
from tests.dialects.clients import Endpoint
from tests.dialects.oss.sent import BODY, KEYS, md5


@pytest.mark.parametrize("key", KEYS)
def test_every_key_goes_round(bucket: oss2.Bucket, buckets: Buckets, key: str) -> None:
    put = bucket.put_object(key, BODY)
    assert (put.status, put.etag, put.crc) == (200, md5(BODY), crc64.xz(BODY))
    assert (buckets.input / key).read_bytes() == BODY
    got = bucket.get_object(key)
    assert got.read() == BODY
    assert (got.etag, got.content_length, got.server_crc, got.client_crc) == (md5(BODY), len(BODY), crc64.xz(BODY), crc64.xz(BODY))
    head = bucket.head_object(key)
    assert (head.etag, head.content_length, head.object_type) == (md5(BODY), len(BODY), "Normal")
    assert bucket.object_exists(key)
    assert [one.key for one in oss2.ObjectIterator(bucket)] == [key]
    assert bucket.delete_object(key).status == 204
    assert not bucket.object_exists(key)
    assert bucket.delete_object(key).status == 204, "what is not there is as good as deleted"


def test_what_was_sent_with_it_comes_back(bucket: oss2.Bucket) -> None:
    sent = {
        "Content-Type": "video/x-mine", "Cache-Control": "max-age=60", "Content-Disposition": 'attachment; filename="x"', "Content-Encoding": "identity",
        "x-oss-meta-who": "me", "x-oss-meta-UPPER": "Value",
    }  # fmt: skip
    bucket.put_object("a.mp4", BODY, headers=sent)
    headers = bucket.head_object("a.mp4").headers
    for name in ("Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "x-oss-meta-who", "x-oss-meta-upper"):
        assert headers[name] == {key.lower(): value for key, value in sent.items()}[name.lower()]
    assert headers["x-oss-request-id"]
    meta = bucket.get_object_meta("a.mp4")
    assert (meta.etag, meta.content_length) == (md5(BODY), len(BODY))


def test_files_and_iterators(bucket: oss2.Bucket, buckets: Buckets, tmp_path: Path) -> None:
    path = tmp_path / "film.bin"
    path.write_bytes(os.urandom(3_000_001))
    bucket.put_object_from_file("film.bin", str(path))
    assert (buckets.input / "film.bin").read_bytes() == path.read_bytes()

    def pieces() -> Iterator[bytes]:
        yield from (b"one,", b"two,", b"three")

    chunked = bucket.put_object("chunked.txt", pieces())
    assert chunked.etag == md5(b"one,two,three")
    assert (buckets.input / "chunked.txt").read_bytes() == b"one,two,three"
    bucket.put_object("empty", b"")
    assert bucket.get_object("empty").read() == b""
    target = tmp_path / "back.bin"
    bucket.get_object_to_file("film.bin", str(target))
    assert target.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("asked", "first", "last"), [((0, 9), 0, 9), ((10, None), 10, 2999), ((None, 5), 2995, 2999), ((2990, 9999), 2990, 2999), ((0, 0), 0, 0)]
)
def test_ranges(bucket: oss2.Bucket, asked: tuple[int | None, int | None], first: int, last: int) -> None:
    bucket.put_object("r.bin", BODY)
    got = bucket.get_object("r.bin", byte_range=asked)
    assert (got.status, got.content_range) == (206, f"bytes {first}-{last}/3000")
    assert got.read() == BODY[first : last + 1]


def test_a_range_behind_the_end(bucket: oss2.Bucket) -> None:
    bucket.put_object("r.bin", BODY)
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.get_object("r.bin", byte_range=(3000, 3001))
    assert (caught.value.status, caught.value.code) == (416, "InvalidRange")


def test_conditions(bucket: oss2.Bucket) -> None:
    etag = bucket.put_object("c.bin", BODY).etag
    assert bucket.get_object("c.bin", headers={"If-Match": f'"{etag}"'}).read() == BODY
    assert bucket.get_object("c.bin", headers={"If-Match": etag.lower()}).read() == BODY
    for headers in ({"If-None-Match": f'"{etag}"'}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}):
        with pytest.raises(oss2.exceptions.NotModified):
            bucket.get_object("c.bin", headers=headers)
    for headers in ({"If-Match": '"0"'}, {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}):
        with pytest.raises(oss2.exceptions.PreconditionFailed):
            bucket.get_object("c.bin", headers=headers)


def test_content_md5_is_held_against_what_arrives(bucket: oss2.Bucket, buckets: Buckets) -> None:
    bucket.put_object("m.bin", b"old")
    right = oss2.utils.content_md5(BODY)
    bucket.put_object("right.bin", BODY, headers={"Content-MD5": right})
    for wrong in (right, "nonsense"):
        with pytest.raises(oss2.exceptions.ServerError) as caught:
            bucket.put_object("m.bin", BODY + b"!", headers={"Content-MD5": wrong})
        assert (caught.value.status, caught.value.code) == (400, "InvalidDigest")
    assert (buckets.input / "m.bin").read_bytes() == b"old"


def test_not_to_overwrite(bucket: oss2.Bucket, buckets: Buckets) -> None:
    bucket.put_object("o.bin", b"old", headers={"x-oss-forbid-overwrite": "true"})
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.put_object("o.bin", b"new", headers={"x-oss-forbid-overwrite": "true"})
    assert (caught.value.status, caught.value.code) == (409, "FileAlreadyExists")
    assert (buckets.input / "o.bin").read_bytes() == b"old"


def test_copies(bucket: oss2.Bucket, buckets: Buckets) -> None:
    Bucket.objects.filter(name="output").update(is_input=True)
    bucket.put_object("目录/a b+c.txt", BODY, headers={"x-oss-meta-k": "v", "Content-Type": "text/x"})
    copied = bucket.copy_object("input", "目录/a b+c.txt", "copy.txt")
    assert copied.etag == md5(BODY)
    assert (buckets.input / "copy.txt").read_bytes() == BODY
    head = bucket.head_object("copy.txt")
    assert (head.headers["x-oss-meta-k"], head.content_type) == ("v", "text/x")
    bucket.copy_object("input", "copy.txt", "copy.txt", headers={"x-oss-metadata-directive": "REPLACE", "x-oss-meta-k": "other"})
    assert bucket.head_object("copy.txt").headers["x-oss-meta-k"] == "other"
    assert bucket.get_object("copy.txt").read() == BODY
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.copy_object("input", "none", "x")
    with pytest.raises(oss2.exceptions.PreconditionFailed):
        bucket.copy_object("input", "copy.txt", "x", headers={"x-oss-copy-source-if-match": "0"})
    assert not bucket.object_exists("x")


def test_signed_addresses(site: Endpoint, bucket: oss2.Bucket, buckets: Buckets) -> None:
    key = "目录/a b+c%2F.txt"
    put = bucket.sign_url("PUT", key, 60, slash_safe=True)
    assert requests.put(put, data=BODY, timeout=10).status_code == 200
    assert (buckets.input / key).read_bytes() == BODY
    for safe in (True, False):
        got = requests.get(bucket.sign_url("GET", key, 60, slash_safe=safe), timeout=10)
        assert (got.status_code, got.content) == (200, BODY)
    told = requests.get(bucket.sign_url("GET", key, 60, params={"response-content-type": "text/html"}), timeout=10)
    assert told.headers["Content-Type"] == "text/html"
    assert "sandbox" in told.headers["Content-Security-Policy"], "nothing that is stored here acts as a page of this site"
    flipped = bucket.sign_url("GET", key, 60).replace("input", "output")
    refused = requests.get(flipped, timeout=10)
    assert refused.status_code == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in refused.content


def test_a_body_that_breaks_off_leaves_the_old_object(site: Endpoint, bucket: oss2.Bucket, buckets: Buckets) -> None:
    bucket.put_object("a", b"old")

    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 100_000:
                raise ConnectionError("gone")
            return super().read(min(size or 1, 50_000) if size and size > 0 else 50_000)

        def __len__(self) -> int:
            return 400_000

    with pytest.raises((ConnectionError, oss2.exceptions.RequestError, requests.RequestException)):
        bucket.put_object("a", Breaking(b"n" * 400_000))
    assert bucket.get_object("a").read() == b"old"


def test_a_body_shorter_than_announced_leaves_the_old_object(site: Endpoint, bucket: oss2.Bucket, buckets: Buckets) -> None:
    bucket.put_object("a", b"old")
    host, _, port = site.address.partition(":")
    path = bucket.sign_url("PUT", "a", 60).removeprefix(site.url)
    with socket.create_connection((host, int(port))) as line:
        line.sendall(f"PUT {path} HTTP/1.1\r\nHost: {site.address}\r\nContent-Length: 1000\r\n\r\nhalf".encode())
    time.sleep(0.3)
    assert bucket.get_object("a").read() == b"old"
    assert [path.name for path in buckets.input.rglob("*") if path.is_file() and "locks" not in path.parts] == ["a"]


def test_objects_that_were_put_there_by_hand(bucket: oss2.Bucket, buckets: Buckets, tmp_path: Path) -> None:
    (buckets.input / "by hand.bin").write_bytes(BODY * 300)
    back = tmp_path / "back.bin"
    store = oss2.ResumableDownloadStore(root=str(tmp_path))
    oss2.resumable_download(bucket, "by hand.bin", str(back), store=store, multiget_threshold=100_000, part_size=200_000)
    assert back.read_bytes() == BODY * 300
    before = bucket.head_object("by hand.bin")
    assert "x-oss-hash-crc64ecma" not in before.headers
    (buckets.input / "by hand.bin").write_bytes(b"other")
    with pytest.raises(oss2.exceptions.PreconditionFailed):
        bucket.get_object("by hand.bin", headers={"If-Match": before.etag})


def test_no_tags_and_no_brake(bucket: oss2.Bucket) -> None:
    """What asks for tags is told that there are none; what wants to be slowed down is served as quickly as it goes."""
    assert bucket.put_object("a.bin", BODY, headers={"x-oss-traffic-limit": "819200"}).status == 200
    assert bucket.get_object_tagging("a.bin").tag_set.tagging_rule == {}
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.get_object_tagging("none.bin")
