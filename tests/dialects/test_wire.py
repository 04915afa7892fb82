"""What comes over the wire that no SDK sends: heads and bodies of the wrong length, two framings at once, requests sent again, calls without a signature."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import socket
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import pytest

from console.models import Role, UsedNonce
from jobs.dialects import registry
from jobs.dialects.call import Action, Call, Dialect
from tests.dialects.clients import Endpoint

HEAD_LIMIT = 128 * 1024


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """A product that remembers what arrived."""
    arrived: list[Call] = []

    def run(call: Call) -> dict[str, Any]:
        arrived.append(call)
        return {"JobList": {"Job": [{"JobId": "a", "Percent": 1, "Ok": True}, {"JobId": "<&>\x01中"}]}, "Nothing": None, "Map": {"a b": "c"}}

    own = Dialect("Mts", "2014-06-18", {"QueryJobList": Action(run, Role.VIEWER)}, {})
    monkeypatch.setattr(registry, "dialect", {"2014-06-18": own}.get)
    return arrived


def parsed(body: bytes) -> ET.Element:
    return ET.fromstring(body)  # noqa: S314  our own answer


def q(text: str) -> str:
    return quote(text, safe="-_.~")


def signed(
    site: Endpoint, *, method: str = "POST", at: dt.datetime | None = None, more: dict[str, str] | None = None, form: dict[str, str] | None = None
) -> str:
    """Query of an HMAC-SHA1 call, signed here and not by an SDK."""
    params = {
        "Action": "QueryJobList",
        "Version": "2014-06-18",
        "Format": "JSON",
        "AccessKeyId": site.key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": (at or dt.datetime.now(dt.UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **(more or {}),
    }
    params = {name: value for name, value in params.items() if value != "-"}
    every = params | (form or {})
    text = f"{method}&%2F&{q('&'.join(f'{q(k)}={q(v)}' for k, v in sorted(every.items())))}"
    params["Signature"] = base64.b64encode(hmac.new(f"{site.secret}&".encode(), text.encode(), hashlib.sha1).digest()).decode()
    return urlencode(params)


def send(site: Endpoint, data: bytes, *, shut: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Send bytes; (status, headers, body) of the answer. 0: none came."""
    host, _colon, port = site.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=15) as link:
        link.sendall(data)
        if shut:
            link.shutdown(socket.SHUT_WR)
        got = b""
        while b"\r\n\r\n" not in got:
            if not (piece := link.recv(65536)):
                return 0, {}, got
            got += piece
        head, _gap, body = got.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        while len(body) < length and (piece := link.recv(65536)):
            body += piece
        return int(lines[0].split(" ")[1]), headers, body[:length]


def call(site: Endpoint, target: str, *, method: str = "POST", headers: str = "", body: bytes = b"", length: int | None = None) -> tuple[int, Any]:
    """One request; status and JSON of the answer."""
    said = f"Content-Length: {len(body) if length is None else length}\r\n" if length != -1 else ""
    status, _headers, answer = send(site, f"{method} {target} HTTP/1.1\r\nHost: {site.address}\r\nConnection: close\r\n{said}{headers}\r\n".encode() + body)
    return status, json.loads(answer) if answer else None


# --- lengths --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [10_000, 65_536, 120_000])
def test_long_request_lines(site: Endpoint, calls: list[Call], size: int) -> None:
    status, answer = call(site, "/?" + signed(site, more={"Outputs": "x" * size}))
    assert (status, len(calls[0].params["Outputs"])) == (200, size), answer


@pytest.mark.parametrize("size", [600_000, 10_000_000])
def test_request_lines_that_are_too_long(site: Endpoint, calls: list[Call], size: int) -> None:
    status, answer = call(site, "/?" + signed(site, more={"Outputs": "x" * size}))
    assert (status, answer["Code"]) == (414, "RequestURITooLong")
    assert answer["RequestId"]
    assert str(f"{HEAD_LIMIT:,}") in answer["Message"]
    status, headers, body = send(site, f"GET /input/{'x' * size} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert (status, parsed(body).findtext("Code")) == (414, "RequestURITooLong")
    assert headers["connection"] == "close"
    assert not calls


def test_a_form_may_be_longer_but_not_endless(site: Endpoint, calls: list[Call]) -> None:
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    value = {"Outputs": "x" * 500_000}
    assert call(site, "/?" + signed(site, form=value), headers=form, body=urlencode(value).encode())[0] == 200
    value = {"Outputs": "x" * 3_000_000}
    status, answer = call(site, "/?" + signed(site, form=value), headers=form, body=urlencode(value).encode())
    assert (status, answer["Code"]) == (413, "BodyTooLarge")
    assert answer["RequestId"]
    assert len(calls) == 1


def test_a_body_that_is_shorter_than_announced(site: Endpoint, calls: list[Call]) -> None:
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    target = signed(site, form={"JobIds": "ab"})
    data = f"POST /?{target} HTTP/1.1\r\nHost: {site.address}\r\nContent-Length: 900\r\n{form}\r\nJobIds=ab".encode()
    status, _headers, _body = send(site, data, shut=True)
    assert status in (0, 400)
    assert not calls
    assert not UsedNonce.objects.exists(), "nothing was done, not even half"


def test_a_body_that_is_longer_than_announced(site: Endpoint, calls: list[Call]) -> None:
    """What is beyond the announced length is the next request, and none of HTTP."""
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    status, answer = call(site, "/?" + signed(site, form={"JobIds": "ab"}), headers=form, body=b"JobIds=abcdef", length=9)
    assert (status, calls[0].params["JobIds"]) == (200, "ab"), answer
    assert len(calls) == 1
    status, answer = call(site, "/?" + signed(site, form={"JobIds": "abcdef"}), headers=form, body=b"JobIds=abcdef", length=9)
    assert (status, answer["Code"]) == (400, "SignatureDoesNotMatch")


# --- framing --------------------------------------------------------------------------------------------------------------
CHUNKED = b"9\r\nJobIds=ab\r\n0\r\n\r\n"


def test_chunks_are_read(site: Endpoint, calls: list[Call]) -> None:
    headers = "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n"
    status, answer = call(site, "/?" + signed(site, form={"JobIds": "ab"}), headers=headers, body=CHUNKED, length=-1)
    assert (status, calls[0].params["JobIds"]) == (200, "ab"), answer


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Transfer-Encoding: chunked\r\nContent-Length: 9\r\n", CHUNKED),
        ("Content-Length: 9\r\nTransfer-Encoding: chunked\r\n", CHUNKED),
        ("Content-Length: 9\r\nContent-Length: 10\r\n", b"JobIds=ab"),
        ("Transfer-Encoding: chunked, identity\r\n", CHUNKED),
        ("Transfer-Encoding: xchunked\r\n", CHUNKED),
        ("Transfer-Encoding: gzip, chunked\r\n", CHUNKED),
        ("Transfer-Encoding : chunked\r\n", CHUNKED),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKED),
        ("Content-Length: -1\r\n", b""),
        ("Content-Length: 0x9\r\n", b"JobIds=ab"),
        ("Transfer-Encoding: chunked\r\n", b"zz\r\nJobIds=ab\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", b"fffffffffffffffffffff\r\nJobIds=ab\r\n0\r\n\r\n"),
    ],
)
def test_framings_that_are_tricks(site: Endpoint, calls: list[Call], headers: str, body: bytes) -> None:
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    status, answer = call(site, "/?" + signed(site, form={"JobIds": "ab"}), headers=form + headers, body=body, length=-1)
    assert status in (400, 501), answer
    assert answer["Code"] in ("InvalidRequest", "SignatureDoesNotMatch")
    assert not calls


# --- again, late, unsigned ------------------------------------------------------------------------------------------------
def test_the_same_request_again(site: Endpoint, calls: list[Call]) -> None:
    target = "/?" + signed(site)
    assert call(site, target)[0] == 200
    status, answer = call(site, target)
    assert (status, answer["Code"]) == (400, "SignatureNonceUsed")
    assert len(calls) == 1


@pytest.mark.parametrize(("minutes", "good"), [(-16, False), (-14, True), (14, True), (16, False), (60 * 24, False)])
def test_clocks(site: Endpoint, minutes: int, good: bool) -> None:
    status, answer = call(site, "/?" + signed(site, at=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)))
    assert (status, answer.get("Code")) == ((200, None) if good else (400, "InvalidTimeStamp.Expired"))


def test_a_refused_request_burns_no_nonce(site: Endpoint, calls: list[Call]) -> None:
    target = signed(site)
    assert (
        call(
            site, "/?" + target.replace("Signature=", "Signature=x", 1) if "&Signature=" not in target else "/?" + target.replace("&Signature=", "&Signature=x")
        )[0]
        == 400
    )
    assert call(site, "/?" + target)[0] == 200


@pytest.mark.parametrize(
    ("target", "headers", "code"),
    [
        ("/", "", "MissingAccessKeyId"),
        ("/?Action=QueryJobList&Version=2014-06-18", "", "MissingAccessKeyId"),
        ("/?Format=json", "x-acs-action: QueryJobList\r\nx-acs-version: 2014-06-18\r\n", "MissingAccessKeyId"),
        ("/?a=%ff", "", "InvalidParameter"),
        ("/?a=%", "", "InvalidParameter"),
        ("/?a=1&a=2", "", "InvalidParameter"),
        ("/?a=%00", "", "InvalidParameter"),
        ("/", "Authorization: ACS3-HMAC-SHA256 nonsense\r\n", "IncompleteSignature"),
        ("/", "Authorization: ACS3-HMAC-SM3 Credential=a,SignedHeaders=b,Signature=c\r\n", "InvalidAlgorithm"),
        ("/?" + "&".join(f"p{n}=1" for n in range(6000)), "", "InvalidParameter"),
    ],
)
def test_calls_that_are_not_signed(site: Endpoint, calls: list[Call], target: str, headers: str, code: str) -> None:
    status, answer = call(site, target, headers=headers)
    assert (status, answer["Code"]) == (400, code)
    assert set(answer) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert answer["HostId"] == site.address
    assert not calls


def test_cookies_are_neither_wanted_nor_given(site: Endpoint) -> None:
    _status, headers, _body = send(site, f"POST /?{signed(site)} HTTP/1.1\r\nHost: {site.address}\r\nCookie: sessionid=x\r\nContent-Length: 0\r\n\r\n".encode())
    assert "set-cookie" not in headers
    assert headers["x-acs-request-id"]
    assert headers["content-type"] == "application/json;charset=utf-8"


# --- XML ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("more", [{"Format": "XML"}, {"Format": "-"}, {"Format": "xml"}])
def test_answers_as_xml(site: Endpoint, more: dict[str, str]) -> None:
    status, headers, body = send(site, f"GET /?{signed(site, method='GET', more=more)} HTTP/1.1\r\nHost: {site.address}\r\n\r\n".encode())
    root = parsed(body)
    assert (status, headers["content-type"], root.tag) == (200, "text/xml;charset=utf-8", "QueryJobListResponse")
    assert [job.findtext("JobId") for job in root.findall("JobList/Job")] == ["a", "<&>\ufffd中"]
    assert root.findtext("JobList/Job/Ok") == "true"
    assert root.find("Map/entry").attrib == {"key": "a b"}  # type: ignore[union-attr]
    assert len(root.findtext("RequestId") or "") == 36


def test_errors_as_xml(site: Endpoint) -> None:
    target = signed(site, method="GET", more={"Format": "XML", "Version": "2099-01-01"})
    status, headers, body = send(site, f"GET /?{target} HTTP/1.1\r\nHost: {site.address}\r\n\r\n".encode())
    root = parsed(body)
    assert (status, headers["content-type"], root.tag) == (400, "text/xml;charset=utf-8", "Error")
    assert [root.findtext(name) for name in ("Code", "HostId")] == ["InvalidVersion", site.address]


# --- the rest of the site -------------------------------------------------------------------------------------------------
def test_browsers_still_come_to_the_console(site: Endpoint) -> None:
    for method in ("GET", "HEAD"):
        status, headers, _body = send(site, f"{method} / HTTP/1.1\r\nHost: {site.address}\r\nAccept: text/html\r\n\r\n".encode())
        assert (status, headers["location"]) == (302, "/console/")
    status, headers, _body = send(site, f"POST / HTTP/1.1\r\nHost: {site.address}\r\nContent-Length: 0\r\n\r\n".encode())
    assert (status, headers["content-type"]) == (400, "application/json;charset=utf-8")


def fuzzed() -> Iterator[bytes]:
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # TLS where none is spoken
    yield b"\r\n\r\n\r\nNONSENSE\r\n\r\n"
    yield b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n"
    yield b"GET / HTTP/1.1\r\n\r\n"  # without Host


@pytest.mark.parametrize("data", list(fuzzed()))
def test_what_is_not_http(site: Endpoint, data: bytes) -> None:
    status, _headers, body = send(site, data + b"\r\n\r\n")
    assert status == 400
    assert json.loads(body)["Code"] == "InvalidRequest"
