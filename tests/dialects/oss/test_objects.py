"""Objects through the real SDK, by every signature: what comes back is what was sent, and nothing is half done."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests
from django.contrib.auth.models import User
from fastcrc import crc64

from media_assets.models import Bucket, Media, ObjectNote
from tests.conftest import Buckets
from tests.dialects import clients
from tests.dialects.clients import Endpoint

BODY = b"0123456789" * 300
KEYS = ["plain.txt", "dir/a b.txt", "dir/a+b.txt", "目录/视频 🎬.mp4", "50%/a%2Fb.txt", "a?b&c=d#e.txt", "-x/~y'z\".txt", "a/b/c/d/e.bin"]


def md5(data: bytes) -> str:
    """As ETags have it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest().upper()


@pytest.fixture(params=[1, 2, 4])
def bucket(request: pytest.FixtureRequest, site: Endpoint) -> oss2.Bucket:
    """The bucket «input», by each version of the signature."""
    return clients.bucket(site, "input", version=request.param)


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


# --- buckets ----------------------------------------------------------------------------------------------------------
def test_buckets(site: Endpoint, bucket: oss2.Bucket, buckets: Buckets, tmp_path: Path, settings: Any) -> None:
    settings.REELMILL_DATA = tmp_path / "data"
    version = {"Auth": 1, "AuthV2": 2, "AuthV4": 4}[type(bucket.auth).__name__]
    service = oss2.Service(clients.oss_auth(site, version), site.url, region=clients.REGION if version == 4 else None)
    assert [one.name for one in service.list_buckets().buckets] == ["input", "output"]
    assert [one.name for one in service.list_buckets(prefix="out").buckets] == ["output"]
    info = bucket.get_bucket_info()
    assert (info.name, info.acl.grant, info.storage_class) == ("input", "private", "Standard")
    assert info.extranet_endpoint == site.address
    assert bucket.get_bucket_location().location == "oss-cn-hangzhou"
    assert bucket.get_bucket_acl().acl == "private"
    assert bucket.create_bucket().status == 200, "it is there"
    fresh = clients.bucket(site, "fresh", version=version)
    with pytest.raises(oss2.exceptions.NoSuchBucket):
        fresh.list_objects()
    fresh.create_bucket()
    fresh.put_object("a", b"x")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        fresh.delete_bucket()
    assert (caught.value.status, caught.value.code) == (409, "BucketNotEmpty")
    fresh.delete_object("a")
    assert fresh.delete_bucket().status == 204
    assert not Bucket.objects.filter(name="fresh").exists()


def test_errors_as_the_sdk_reads_them(bucket: oss2.Bucket) -> None:
    with pytest.raises(oss2.exceptions.NoSuchKey) as caught:
        bucket.get_object("none")
    error = caught.value
    assert (error.status, error.code, error.details["Key"], error.ec) == (404, "NoSuchKey", "none", "0026-00000001")
    assert error.request_id
    assert error.details["HostId"]
    for head in (bucket.head_object, bucket.get_object_meta):
        with pytest.raises((oss2.exceptions.NoSuchKey, oss2.exceptions.NotFound)):
            head("none")


@pytest.mark.parametrize("key", ["a//b", "dir/", "../x", "a/../b", ".reelmill/x", "x\ny", "a" * 1024])
def test_keys_that_cannot_be(bucket: oss2.Bucket, buckets: Buckets, key: str) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.put_object(key, b"x")
    assert (caught.value.status, caught.value.code) == (400, "InvalidObjectName")
    assert [path for path in buckets.input.rglob("*") if path.is_file() and ".reelmill" not in path.parts] == []


def test_what_is_not_served_is_never_taken_for_something_else(bucket: oss2.Bucket, buckets: Buckets) -> None:
    bucket.put_object("a", b"stays")
    for ask in (
        lambda: bucket.put_object_acl("a", oss2.OBJECT_ACL_PRIVATE),
        lambda: bucket.put_object_tagging("a", oss2.models.Tagging()),
        lambda: bucket.append_object("b", 0, b"x"),
        lambda: bucket.put_symlink("a", "link"),
        lambda: bucket.put_bucket_acl(oss2.BUCKET_ACL_PRIVATE),
        bucket.get_bucket_lifecycle,
        lambda: bucket.delete_object_tagging("a"),
        lambda: bucket.put_object("a", b"new", headers={"x-oss-callback": "e30="}),
    ):
        with pytest.raises(oss2.exceptions.ServerError) as caught:
            ask()
        assert (caught.value.status, caught.value.code) == (501, "NotImplemented")
    assert (buckets.input / "a").read_bytes() == b"stays"
    assert sorted(path.name for path in buckets.input.iterdir() if path.name != ".reelmill") == ["a"]


@pytest.mark.parametrize("name", ["retention", "legalHold", "what-comes-next"])
def test_a_part_of_the_object_that_is_not_known_here(bucket: oss2.Bucket, buckets: Buckets, name: str) -> None:
    bucket.put_object("a", b"stays")
    for method in ("PUT", "POST", "DELETE"):
        answer = requests.request(method, bucket.sign_url(method, "a", 60, params={name: ""}), data=b"<x/>", timeout=10)
        assert (answer.status_code, "<Code>NotImplemented</Code>" in answer.text) == (501, True)
    assert (buckets.input / "a").read_bytes() == b"stays"


def test_a_part_of_the_bucket_that_is_not_known_here(site: Endpoint, bucket: oss2.Bucket) -> None:
    for name in ("overwriteConfig", "what-comes-next"):
        for method in ("PUT", "POST", "DELETE"):
            with pytest.raises(oss2.exceptions.ServerError) as caught:
                bucket._Bucket__do_bucket(method, params={name: ""})
            assert (caught.value.status, caught.value.code) == (501, "NotImplemented")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        oss2.Service(clients.oss_auth(site), site.url).describe_regions()
    assert caught.value.status == 501
    assert Bucket.objects.filter(name="input").exists()


def test_roles_and_policies(site_of: Callable[..., Endpoint], buckets: Buckets, charlie: User, bob: User) -> None:
    (buckets.input / "a").write_bytes(b"x")
    viewer = clients.bucket(site_of(charlie, role="viewer"), "input")
    assert viewer.get_object("a").read() == b"x"
    operator = clients.bucket(site_of(bob), "input")
    operator.put_object("b", b"y")
    only_output = site_of(bob, policy={"buckets": ["output"]})
    refused: list[Callable[[], Any]] = [
        lambda: viewer.put_object("c", b"z"),
        lambda: viewer.delete_object("a"),
        lambda: viewer.init_multipart_upload("c"),
        lambda: operator.delete_object("a"),
        lambda: operator.batch_delete_objects(["a"]),
        lambda: clients.bucket(operator_site, "other").create_bucket(),
        lambda: clients.bucket(only_output, "input").get_object("a"),
        lambda: clients.bucket(only_output, "output").copy_object("input", "a", "stolen"),
    ]
    operator_site = site_of(bob)
    for ask in refused:
        with pytest.raises(oss2.exceptions.AccessDenied):
            ask()
    assert sorted(path.name for path in buckets.input.iterdir() if path.name != ".reelmill") == ["a", "b"]
    assert [one.name for one in oss2.Service(clients.oss_auth(only_output), only_output.url).list_buckets().buckets] == ["output"]


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
