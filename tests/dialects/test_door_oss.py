"""The door of the object store: oss2 gets in with each of its signatures, by path and by host, and nobody else does."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
import xml.etree.ElementTree
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import oss2
import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from console.models import AccessKey
from jobs.dialects import registry
from jobs.dialects.call import OssCall
from tests.dialects import clients
from tests.dialects.clients import Endpoint

VERSIONS = [1, 2, 4]
KEYS = ["plain.mp4", "dir/src 视频+.mp4", "a//b/../c%20d.mp4", "x?y=z&w#é~*'().mp4", "console/login/"]


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> list[OssCall]:
    """A store of this test's own, which says what arrived."""
    calls: list[OssCall] = []

    def answer(call: OssCall) -> HttpResponse:
        calls.append(call)
        body = call.body.read()
        told = {"method": call.method, "bucket": call.bucket, "key": call.key, "query": call.query, "body": body.decode("latin-1"), "who": call.caller.name}
        return HttpResponse(json.dumps(told), content_type="application/json", headers={"ETag": '"0"'})

    monkeypatch.setattr(registry, "object_store", lambda: answer)
    return calls


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name below oss.test is this host."""
    real = socket.getaddrinfo

    def resolve(host: Any, *more: Any, **options: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith("oss.test") else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", KEYS)
def test_objects(site: Endpoint, version: int, key: str) -> None:
    told = json.loads(clients.bucket(site, version=version).get_object(key).read())
    assert (told["bucket"], told["key"], told["who"]) == ("input", key, "alice")


@pytest.mark.parametrize("version", VERSIONS)
def test_bodies_headers_and_queries(site: Endpoint, store: list[OssCall], version: int) -> None:
    bucket = clients.bucket(site, version=version)
    bucket.put_object("dir/a b.bin", b"\x00\xff" * 1000, headers={"x-oss-meta-name": "Wert", "Content-Type": "video/mp4"})
    assert store[-1].length == 2000
    assert store[-1].headers["x-oss-meta-name"] == "Wert"
    bucket.put_object("pieces", iter([b"one", b"two"]))
    assert store[-1].length is None
    for call in (lambda: bucket.list_objects("pre fix/", "/", "mark+er", 7), lambda: bucket.async_process_object("a/b.mp4", "video/convert,f_mp4")):
        with pytest.raises((oss2.exceptions.OssError, KeyError, Exception)):  # the answer of this store is none of theirs
            call()
    assert ("prefix", "pre fix/") in store[-2].query
    assert store[-1].asks("x-oss-async-process")
    assert store[-1].value("x-oss-async-process") == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_large_bodies(site: Endpoint, site_of: Callable[..., Endpoint], charlie: User, store: list[OssCall], version: int) -> None:
    """Whoever may not send them is refused before the first byte is stored."""
    body = b"x" * 5_000_000
    assert clients.bucket(site, version=version).put_object("large", body).status == 200
    assert store[-1].length == len(body)
    assert clients.bucket(site, version=version).put_object("large", iter([body])).status == 200
    arrived = len(store)
    for other, code in ((replace(site, secret="wrong"), "SignatureDoesNotMatch"), (site_of(charlie, role="viewer"), "AccessDenied")):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            clients.bucket(other, version=version).put_object("large", body)
        assert (refused.value.status, refused.value.code) == (403, code)
    assert len(store) == arrived


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("slash_safe", [True, False])
def test_signed_addresses(site: Endpoint, store: list[OssCall], version: int, slash_safe: bool) -> None:
    bucket = clients.bucket(site, version=version)
    address = bucket.sign_url("GET", "dir/film 1.mp4", 60, params={"x-oss-process": "video/snapshot,t_1000"}, slash_safe=slash_safe)
    status, told = fetch(address)
    assert status == 200, told
    assert store[-1].key == "dir/film 1.mp4"
    assert store[-1].query == (("x-oss-process", "video/snapshot,t_1000"),), "the parameters of the signature mean nothing to the store"
    assert fetch(address, method="PUT")[0] == 403, "signed for another method"
    assert fetch(address.replace("film", "fild"))[0] == 403
    assert fetch(address.replace("t_1000", "t_1001"))[0] == 403


@pytest.mark.parametrize("version", VERSIONS)
def test_addresses_end(site: Endpoint, version: int) -> None:
    address = clients.bucket(site, version=version).sign_url("GET", "a", 1)
    assert fetch(address)[0] == 200
    time.sleep(2.1)
    status, told = fetch(address)
    assert (status, "<Code>AccessDenied</Code>" in told, "expired" in told) == (403, True, True)


@pytest.mark.parametrize("version", VERSIONS)
def test_temporary_credentials(site: Endpoint, site_of: Callable[..., Endpoint], alice: User, version: int, store: list[OssCall]) -> None:
    lent = site_of(alice, lent=True)
    bucket = clients.bucket(lent, version=version)
    assert bucket.get_object("a").status == 200
    assert fetch(bucket.sign_url("GET", "a", 60))[0] == 200
    assert store[-1].query == ()
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        clients.bucket(replace(lent, token=""), version=version).get_object("a")
    assert refused.value.code == "InvalidAccessKeyId"
    with pytest.raises(oss2.exceptions.ServerError):
        clients.bucket(replace(lent, token="rmst-another"), version=version).get_object("a")
    AccessKey.objects.filter(parent__isnull=True).update(enabled=False)
    with pytest.raises(oss2.exceptions.ServerError):
        bucket.get_object("a")


def test_a_token_as_newer_sdks_send_it_with_the_first_signature(site_of: Callable[..., Endpoint], alice: User) -> None:
    lent = site_of(alice, lent=True)
    bucket = clients.bucket(replace(lent, token=""))
    assert bucket.get_object("a", headers={"security-token": lent.token}).status == 200
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_object("a", headers={"security-token": lent.token[:-1]})
    assert refused.value.code == "InvalidAccessKeyId"


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["input", "not-there-yet", "console"])
def test_buckets_by_host(site: Endpoint, store: list[OssCall], version: int, name: str) -> None:
    by_name = replace(site, address=f"oss.test:{site.address.partition(':')[2]}")
    bucket = clients.bucket(by_name, name, version=version)
    assert bucket.get_object("console/jobs/x y").status == 200
    assert (store[-1].bucket, store[-1].key) == (name, "console/jobs/x y")
    assert store[-1].endpoint == by_name.url
    assert fetch(bucket.sign_url("GET", "a/b", 60))[0] == 200
    assert (store[-1].bucket, store[-1].key) == (name, "a/b")
    if name != "console":  # by path this is a page of the site
        assert clients.bucket(by_name, name, version=version, path_style=True).get_object("a/b").status == 200
        assert (store[-1].bucket, store[-1].key) == (name, "a/b")


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_bucket_by_host_as_a_whole(site: Endpoint, store: list[OssCall], version: int) -> None:
    """At «/» is the bucket then, though calls of the RPC products come there too."""
    bucket = clients.bucket(replace(site, address=f"oss.test:{site.address.partition(':')[2]}"), version=version)
    for ask, method in ((lambda: bucket.batch_delete_objects(["a"]), "POST"), (bucket.list_objects, "GET"), (bucket.delete_bucket, "DELETE")):
        with contextlib.suppress(xml.etree.ElementTree.ParseError, oss2.exceptions.ClientError):  # the answer is not XML
            ask()
        assert (store[-1].method, store[-1].bucket, store[-1].key) == (method, "input", "")
    assert len(store) == 3


def test_the_service_itself(site: Endpoint, store: list[OssCall]) -> None:
    for version in VERSIONS:
        with pytest.raises(Exception):  # noqa: B017, PT011  the answer is not XML
            oss2.Service(clients.oss_auth(site, version), site.url, region=clients.REGION if version == 4 else None).list_buckets()
        assert (store[-1].bucket, store[-1].key) == ("", "")


@pytest.mark.parametrize("version", VERSIONS)
def test_refusals(site: Endpoint, site_of: Callable[..., Endpoint], alice: User, version: int) -> None:
    assert _code(replace(site, secret="wrong"), version) == (403, "SignatureDoesNotMatch")
    assert _code(replace(site, key_id="LTAIunknown"), version) == (403, "InvalidAccessKeyId")
    assert _code(site_of(alice, role="admin", policy={"buckets": ["output"]}), version) == (403, "AccessDenied")
    assert _code(site_of(alice, role="admin", policy={"actions": ["oss:PutObject", "mps:*"]}), version) == (403, "AccessDenied")
    AccessKey.objects.update(enabled=False)
    assert _code(site, version) == (403, "InvalidAccessKeyId")


def test_head_tells_its_error_in_a_header(site: Endpoint) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        clients.bucket(replace(site, secret="wrong")).head_object("a")
    assert refused.value.code == "SignatureDoesNotMatch"
    assert refused.value.request_id


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("/input/%ff", "InvalidURI"),
        ("/%zz/a", "InvalidURI"),
        ("/input/a%00b", "InvalidObjectName"),
        ("/input/a?x=%ff", "InvalidURI"),
        ("/input/a?x=1&x=2", "InvalidArgument"),
    ],
)
def test_addresses_that_cannot_be_read(site: Endpoint, target: str, code: str) -> None:
    for authorization in ("OSS a:b", "OSS2 AccessKeyId:a,Signature:b", "OSS4-HMAC-SHA256 Credential=a/20260101/r/oss/aliyun_v4_request, Signature=b"):
        connection = http.client.HTTPConnection(*site.address.split(":"), timeout=10)
        connection.request("GET", target, headers={"Authorization": authorization})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert (answer.status, f"<Code>{code}</Code>" in text) == (400, True), text


@pytest.mark.parametrize("authorization", ["OSS", "OSS ", "OSS :", "OSS a", "OSS2 nonsense", "OSS4-HMAC-SHA256 ,,,", "OSS9 a:b", "OSS4-HMAC-SHA256"])
def test_authorizations_that_are_none(site: Endpoint, authorization: str) -> None:
    connection = http.client.HTTPConnection(*site.address.split(":"), timeout=10)
    connection.request("GET", "/input/a", headers={"Authorization": authorization, "x-oss-content-sha256": "UNSIGNED-PAYLOAD"})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status in (400, 403), text
    assert "<Code>" in text


@pytest.mark.parametrize("days", [-1, 1])
def test_clocks_that_are_wrong(site: Endpoint, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    import oss2.utils

    monkeypatch.setattr(oss2.utils, "http_date", lambda: time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + days * 86_400)))
    for version in (1, 2):
        assert _code(site, version) == (403, "RequestTimeTooSkewed")


def test_anonymous(site: Endpoint) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        oss2.Bucket(oss2.AnonymousAuth(), site.url, "input").get_object("a")
    assert (refused.value.status, refused.value.code) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("method", "headers", "code"),
    [
        ("GET", {"User-Agent": "alibabacloud-python-sdk-v2/1.4.1 (Linux)"}, "AccessDenied"),
        ("HEAD", {"User-Agent": "aliyun-sdk-nodejs/6.23.0"}, ""),
        ("POST", {"User-Agent": "Mozilla/5.0", "Accept": "text/html", "Content-Type": "multipart/form-data; boundary=x"}, ""),
        ("POST", {"User-Agent": "Mozilla/5.0", "Content-Type": "multipart/form-data; boundary=x"}, "NotImplemented"),
    ],
)
def test_without_a_signature(site: Endpoint, store: list[OssCall], method: str, headers: dict[str, str], code: str) -> None:
    connection = http.client.HTTPConnection(*site.address.split(":"), timeout=10)
    connection.request(method, "/input/a", headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert f"<Code>{code}</Code>" in text if code else "<Code>" not in text
    assert not store


def test_one_date(site: Endpoint) -> None:
    for target in ("/input/a", "/"):
        connection = http.client.HTTPConnection(*site.address.split(":"), timeout=10)
        connection.request("GET", target, headers={"Authorization": "OSS a:b", "Date": formatdate(usegmt=True)})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        [date] = answer.headers.get_all("Date", [])
        assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 60


def test_pages_stay_pages(client: Client, db: None) -> None:
    assert client.get("/").status_code == 302
    assert client.get("/nothing-here", headers={"Accept": "text/html"}).status_code == 404
    assert client.get("/console/", headers={"Authorization": "OSS a:b"}).status_code == 302


def fetch(address: str, method: str = "GET") -> tuple[int, str]:
    """Status and text of an address as it stands, encoded slashes and all."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.request(method, f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def _code(site: Endpoint, version: int) -> tuple[int, str]:
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        clients.bucket(site, version=version).get_object(quote("a"))
    assert refused.value.request_id
    return refused.value.status, refused.value.code
