"""AppendObject by the real SDK: objects grow at their end, and nobody's bytes are lost."""

from __future__ import annotations

import os
import threading

import oss2
import pytest
from fastcrc import crc64

from tests.conftest import Buckets
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.oss.sent import md5


def test_an_object_grows(bucket: oss2.Bucket, buckets: Buckets) -> None:
    first = bucket.append_object("logs/a.txt", 0, b"one,", headers={"Content-Type": "text/x-mine", "x-oss-meta-who": "me"}, init_crc=0)
    assert (first.status, first.next_position, first.crc, first.etag) == (200, 4, crc64.xz(b"one,"), md5(b"one,"))
    second = bucket.append_object("logs/a.txt", 4, b"two", headers={"Content-Type": "text/other"}, init_crc=first.crc)
    assert (second.next_position, second.crc) == (7, crc64.xz(b"one,two"))
    assert (buckets.input / "logs/a.txt").read_bytes() == b"one,two"
    head = bucket.head_object("logs/a.txt")
    assert (head.object_type, head.content_length, head.etag) == ("Appendable", 7, md5(b"one,two"))
    assert (head.headers["x-oss-next-append-position"], head.headers["x-oss-meta-who"], head.content_type) == ("7", "me", "text/x-mine")
    assert [(one.key, one.type) for one in oss2.ObjectIterator(bucket)] == [("logs/a.txt", "Appendable")]
    bucket.copy_object("input", "logs/a.txt", "copy.txt")
    assert bucket.head_object("copy.txt").object_type == "Normal"


def test_megabytes_and_nothing(site: Endpoint) -> None:
    bucket, data = clients.bucket(site, "input"), os.urandom(5_000_001)
    assert bucket.append_object("film.bin", 0, b"").next_position == 0
    assert bucket.append_object("film.bin", 0, data[:3_000_000]).next_position == 3_000_000
    assert bucket.append_object("film.bin", 3_000_000, iter([data[3_000_000:4_000_000], data[4_000_000:]])).next_position == len(data)
    assert bucket.get_object("film.bin").read() == data


def test_the_place_must_be_the_end(site: Endpoint, buckets: Buckets) -> None:
    bucket = clients.bucket(site, "input")
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as caught:
        bucket.append_object("a", 5, b"x")
    assert (caught.value.status, caught.value.next_position) == (409, 0)
    bucket.append_object("a", 0, b"four")
    for position in (0, 3, 5):
        with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as caught:
            bucket.append_object("a", position, b"x")
        assert caught.value.next_position == 4
    for said in ("", "-1", "one", "٣", "9" * 40):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            bucket.append_object("a", said, b"x")
        assert refused.value.code == "InvalidArgument"
    assert (buckets.input / "a").read_bytes() == b"four"


def test_only_what_was_begun_so_can_grow(site: Endpoint, buckets: Buckets) -> None:
    bucket = clients.bucket(site, "input")
    bucket.put_object("put", b"1")
    (buckets.input / "by-hand").write_bytes(b"1")
    bucket.append_object("replaced", 0, b"1")
    bucket.put_object("replaced", b"2")
    for key in ("put", "by-hand", "replaced"):
        with pytest.raises(oss2.exceptions.ObjectNotAppendable) as caught:
            bucket.append_object(key, 1, b"x")
        assert caught.value.status == 409
    bucket.delete_object("replaced")
    assert bucket.append_object("replaced", 0, b"3").next_position == 1


def test_what_arrives_damaged_changes_nothing(site: Endpoint, buckets: Buckets) -> None:
    bucket = clients.bucket(site, "input")
    bucket.append_object("a", 0, b"one")
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.append_object("a", 3, b"two", headers={"Content-MD5": oss2.utils.content_md5(b"other")})
    assert caught.value.code == "InvalidDigest"
    assert (buckets.input / "a").read_bytes() == b"one"
    assert bucket.append_object("a", 3, b"two", headers={"Content-MD5": oss2.utils.content_md5(b"two")}).next_position == 6


def test_of_many_at_the_same_place_one_is_taken(site: Endpoint, buckets: Buckets) -> None:
    clients.bucket(site, "input").append_object("a", 0, b"-")
    told: list[str] = []
    refused: list[int] = []

    def one(number: int) -> None:
        try:
            clients.bucket(site, "input").append_object("a", 1, str(number).encode() * 200_000)
            told.append(str(number))
        except oss2.exceptions.PositionNotEqualToLength as error:
            refused.append(error.next_position)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(told), refused) == (1, [200_001] * 5)
    assert (buckets.input / "a").read_bytes() == b"-" + told[0].encode() * 200_000
