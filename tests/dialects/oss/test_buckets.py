"""Buckets, errors and rights through the real SDK: what is not served or not allowed is told so and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests
from django.contrib.auth.models import User

from media_assets.models import Bucket
from tests.conftest import Buckets
from tests.dialects import clients
from tests.dialects.clients import Endpoint


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
