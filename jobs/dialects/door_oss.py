"""The door of the object store: which bucket and key a request means (by path or by host), who signed it, and errors as XML."""

from __future__ import annotations

import base64
import ipaddress
import time
import uuid
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from console.lib.acting import Actor, acting
from console.lib.policy import in_force
from jobs.dialects import registry
from jobs.dialects.call import OssCall, OssRefusal
from jobs.dialects.door_facts import headers_of, host_of, raw_path
from jobs.dialects.door_keys import Disbelieved, Fault, believe
from jobs.dialects.envelope import text
from jobs.dialects.oss_actions import action
from jobs.dialects.signing import oss1, oss2, oss4
from jobs.dialects.signing.facts import Facts, decoded, pairs
from jobs.engine.errors import ReelmillError
from media_assets.buckets import RESERVED
from media_assets.models import Bucket

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    from console.auth import Caller
    from jobs.dialects.signing.claim import Claim

log = structlog.get_logger(__name__)
# Codes of ours in the object store's words; all others are InvalidArgument with their own sentence.
GENERAL = {
    "BucketNotFound": ("NoSuchBucket", 404),
    "ObjectNotFound": ("NoSuchKey", 404),
    "PermissionDenied": ("AccessDenied", 403),
    "NotAuthenticated": ("AccessDenied", 403),
    "BucketRoleMissing": ("AccessDenied", 403),
    "BodyTooLarge": ("EntityTooLarge", 400),
    "InternalError": ("InternalError", 500),
}
# How the SDKs name themselves, and how browsers send a form with a file.
SDKS = ("aliyun-sdk", "alibabacloud-")
FORM = "multipart/form-data"


@dataclass(frozen=True)
class Place:
    """One reading of an address. ``endpoint``: host without the bucket."""

    bucket: str
    key: str
    host: str


def is_meant(request: HttpRequest) -> bool:
    """Whether the request is for the object store: it carries its credentials, or one of the SDKs or a form asks without any."""
    if signed(request):
        try:
            return bool(places(request))
        except ValueError:
            return True  # and is refused
    if request.META.get("HTTP_AUTHORIZATION") or "text/html" in request.META.get("HTTP_ACCEPT", ""):
        return False
    first = raw_path(request).lstrip("/").partition("/")[0]
    if not first or first in RESERVED:
        return False
    return request.META.get("HTTP_USER_AGENT", "").startswith(SDKS) or (request.method == "POST" and request.content_type == FORM)


def signed(request: HttpRequest) -> bool:
    """Whether the request carries credentials of the object store."""
    if request.META.get("HTTP_AUTHORIZATION", "").startswith("OSS"):
        return True
    query = request.META.get("QUERY_STRING", "")
    return "OSSAccessKeyId=" in query or "x-oss-signature=" in query


def places(request: HttpRequest) -> list[Place]:
    """How the address can be read: the bucket in the path, or as the first part of the host's name; the more likely one first, the signature decides."""
    path = raw_path(request).removeprefix("/")
    host = host_of(request)
    found = []
    first, _slash, rest = path.partition("/")
    if decoded(first) not in RESERVED:
        found.append(Place(decoded(first), decoded(rest), host))
    name, dot, parent = host.partition(".")
    if dot and not _is_number(host) and parent:
        place = Place(name.lower(), decoded(path), parent)
        found.insert(0 if Bucket.objects.filter(name=name.lower()).exists() else len(found), place)
    return found


def _is_number(host: str) -> bool:
    """Whether a host is an IP address, with or without a port."""
    try:
        ipaddress.ip_address(host.rpartition(":")[0].strip("[]") if ":" in host else host)
    except ValueError:
        return host.startswith("[")
    return True


def answer(request: HttpRequest) -> HttpResponseBase:
    """Answer a request to the object store. Never raises."""
    request_id = uuid.uuid4().hex[:24].upper()
    response: HttpResponseBase
    try:
        with in_force():
            response = _run(request, request_id)
    except OssRefusal as refusal:
        response = refused(request, refusal, request_id)
    except ReelmillError as error:
        code, status = GENERAL.get(error.code, ("InvalidArgument", 400))
        response = refused(request, OssRefusal(code, error.message, status), request_id)
    except OperationalError as error:
        log.error("object store: database", exc_info=error)
        response = refused(request, OssRefusal("ServiceUnavailable", "The service is busy for a moment; try again.", 503), request_id)
    except Exception as error:
        log.error("object store: request failed", request=request_id, exc_info=error)
        response = refused(request, OssRefusal("InternalError", "The request failed for a reason that is in the log of the service.", 500), request_id)
    if isinstance(response, HttpResponse) and request.method != "HEAD" and "Content-Length" not in response.headers:
        response.headers["Content-Length"] = str(len(response.content))
    response.headers["x-oss-request-id"] = request_id
    return response


def _run(request: HttpRequest, request_id: str) -> HttpResponseBase:
    if "HTTP_TRANSFER_ENCODING" in request.META and request.META.get("CONTENT_LENGTH"):
        raise OssRefusal("InvalidRequest", "A request has either Content-Length or Transfer-Encoding.")
    caller, facts, place = identified(request)
    names = {name for name, _value in facts.query}
    name = action(facts.method, place.bucket, place.key, names)
    if not caller.policy.allows_action(f"oss:{name}") or (place.bucket and not caller.policy.allows_bucket(place.bucket)):
        raise OssRefusal("AccessDenied", "You have no right to access this object because of the policy of your AccessKey.", 403)
    answering = registry.object_store()
    if answering is None:
        raise OssRefusal("NotImplemented", "The object store is not served here.", 501)
    length = request.META.get("CONTENT_LENGTH", "")
    call = OssCall(
        method=facts.method,
        bucket=place.bucket,
        key=place.key,
        query=tuple(row for row in facts.query if row[0] not in _signature_parameters(facts)),
        headers=facts.headers,
        body=request,  # type: ignore[arg-type]  # has read(n), and that is all that is wanted
        length=int(length) if length.isdigit() else (None if "HTTP_TRANSFER_ENCODING" in request.META else 0),
        caller=caller,
        request_id=request_id,
        endpoint=f"{request.scheme}://{place.host}",
    )
    with in_force(caller.policy), acting(Actor(caller.name, registry.OSS, caller.credential, request.META.get("REMOTE_ADDR", ""), request_id)):
        return answering(call)


def identified(request: HttpRequest) -> tuple[Caller, Facts, Place]:
    """Who sends this request, and what it is about. Reads no body. Raises OssRefusal."""
    try:
        readings = places(request)
        query = pairs(request.META.get("QUERY_STRING", ""))
    except ValueError:
        raise OssRefusal("InvalidURI", "The address of the request cannot be decoded.") from None
    if request.method == "POST" and request.content_type == FORM and not signed(request):
        raise OssRefusal("NotImplemented", "Uploads by form (PostObject) are not served here: send PutObject to a signed address.", 501)
    if not readings or not signed(request):
        raise OssRefusal("AccessDenied", "Anonymous access is forbidden for this operation.", 403)
    if any("\x00" in place.bucket + place.key for place in readings):
        raise OssRefusal("InvalidObjectName", "NUL characters cannot be part of a name.")
    if any("\x00" in value for _name, value in query):
        raise OssRefusal("InvalidArgument", "NUL characters cannot be part of a parameter.")
    names = [name for name, _value in query]
    if len(names) != len(set(names)):
        raise OssRefusal("InvalidArgument", "A parameter was sent twice.")
    headers = headers_of(request)
    facts = [Facts(request.method or "", raw_path(request), query, headers, bucket=place.bucket, key=place.key) for place in readings]
    claims = [_claim(one) for one in facts]
    try:
        caller, believed = believe(claims)
    except Disbelieved as why:
        raise _disbelieved(why) from None
    chosen = claims.index(believed)
    return caller, facts[chosen], readings[chosen]


def _claim(facts: Facts) -> Claim:
    """The claim of whichever scheme the request uses. Raises OssRefusal."""
    scheme = facts.header("authorization").partition(" ")[0]
    by_header = {"OSS": oss1.claim, "OSS2": oss2.claim, oss4.ALGORITHM: oss4.claim}
    if scheme:
        if scheme not in by_header:
            raise OssRefusal("InvalidArgument", "This signature version is not known here.")
        return by_header[scheme](facts)
    if facts.has("OSSAccessKeyId"):
        return oss1.claim_of_address(facts)
    version = facts.parameter("x-oss-signature-version")
    by_address = {"OSS2": oss2.claim_of_address, oss4.ALGORITHM: oss4.claim_of_address}
    if version not in by_address:
        raise OssRefusal("InvalidArgument", "This signature version is not known here.")
    return by_address[version](facts)


def _signature_parameters(facts: Facts) -> frozenset[str]:
    """The parameters of a signed address, which mean nothing to the service."""
    if facts.header("authorization"):
        return frozenset()
    tokens = frozenset({"security-token", "x-oss-security-token"})
    if facts.has("OSSAccessKeyId"):
        return oss1.IN_ADDRESS | tokens
    return (oss2.IN_ADDRESS if facts.parameter("x-oss-signature-version") == "OSS2" else oss4.IN_ADDRESS) | tokens


def _disbelieved(why: Disbelieved) -> OssRefusal:
    """The refusal in the object store's words."""
    key = why.claim.key_id
    match why.fault:
        case Fault.UNKNOWN_KEY:
            return OssRefusal("InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.", 403, OSSAccessKeyId=key)
        case Fault.INACTIVE_KEY:
            return OssRefusal("InvalidAccessKeyId", "The OSS Access Key Id is disabled.", 403, OSSAccessKeyId=key)
        case Fault.EXPIRED_KEY:
            return OssRefusal("SecurityTokenExpired", "The security token you provided has expired.", 403)
        case Fault.TIME if why.claim.until is not None:
            return OssRefusal("AccessDenied", "Request has expired.", 403, Expires=why.claim.until.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        case Fault.TIME:
            now = formatdate(time.time(), usegmt=True)
            return OssRefusal("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403, ServerTime=now)
        case Fault.TOKEN | Fault.TOKEN_MISSING:
            return OssRefusal("InvalidAccessKeyId", "The security token you provided is not valid for this Access Key Id.", 403, OSSAccessKeyId=key)
        case _:
            sentence = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
            return OssRefusal("SignatureDoesNotMatch", sentence, 403, OSSAccessKeyId=key, SignatureProvided=why.claim.signature, StringToSign=why.claim.text)


def refused(request: HttpRequest, refusal: OssRefusal, request_id: str) -> HttpResponse:
    """An error as XML; for HEAD, whose answers have no body, the same in a header."""
    document = {"Code": refusal.code, "Message": refusal.message, "RequestId": request_id, "HostId": host_of(request), **refusal.more}
    inner = "".join(f"<{name}>{text(value)}</{name}>" for name, value in document.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?><Error>{inner}</Error>'.encode("utf-8", "replace")
    response = HttpResponse(b"" if request.method == "HEAD" else body, status=refusal.status, content_type="application/xml")
    if request.method == "HEAD":
        response.headers["x-oss-err"] = base64.b64encode(body).decode()
    response.headers["X-Content-Type-Options"] = "nosniff"
    for name, value in refusal.headers.items():
        response.headers[name] = value
    response._has_been_logged = True  # type: ignore[attr-defined]  # a refusal is an answer; what is our fault is logged where it is noticed
    return response
