"""The object store's first scheme: ``Authorization: OSS id:signature``, or ``OSSAccessKeyId``, ``Expires`` and ``Signature`` in the address."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from email.utils import parsedate_to_datetime

from jobs.dialects.call import OssRefusal
from jobs.dialects.signing.claim import Claim, moment
from jobs.dialects.signing.facts import Facts, raw

# Parameters of the query that are signed; all others are left out.
# fmt: off
SIGNED = frozenset({
    "acl", "append", "asyncFetch", "accessPoint", "accessPointPolicy", "bucketArchiveDirectRead", "bucketInfo", "callback", "callback-var",
    "cname", "comp", "continuation-token", "cors", "delete", "encryption", "endTime", "group", "httpsConfig", "inventory", "inventoryId",
    "lifecycle", "link", "live", "location", "logging", "metaQuery", "objectInfo", "objectMeta", "partNumber", "policy", "position",
    "publicAccessBlock", "qos", "qosInfo", "qosRequester", "redundancyTransition", "referer", "regionList", "replication",
    "replicationLocation", "replicationProgress", "requestPayment", "requesterQosInfo", "resourceGroup", "resourcePool", "resourcePoolBuckets",
    "resourcePoolInfo", "response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
    "response-content-type", "response-expires", "restore", "security-token", "sequential", "startTime", "stat", "status", "style",
    "styleName", "symlink", "tagging", "transferAcceleration", "uploadId", "uploads", "versionId", "versioning", "versions", "vod", "website",
    "worm", "wormExtend", "wormId", "x-oss-ac-forward-allow", "x-oss-ac-source-ip", "x-oss-ac-subnet-mask", "x-oss-ac-vpc-id",
    "x-oss-access-point-name", "x-oss-async-process", "x-oss-process", "x-oss-redundancy-transition-taskid", "x-oss-request-payer",
    "x-oss-target-redundancy-type", "x-oss-traffic-limit", "x-oss-write-get-object-response",
})
# fmt: on
IN_ADDRESS = frozenset({"OSSAccessKeyId", "Expires", "Signature"})
HTTP_DATE, BASIC_DATE = "%a, %d %b %Y %H:%M:%S GMT", "%Y%m%dT%H%M%SZ"


def claim(facts: Facts) -> Claim:
    """The claim of a request signed in its header. Raises OssRefusal."""
    key_id, colon, signature = facts.header("authorization").removeprefix("OSS ").strip().rpartition(":")
    if not colon or not key_id:
        raise OssRefusal("InvalidArgument", "The header Authorization has no AccessKey id and signature.")
    date = facts.header("x-oss-date") or facts.header("date")
    token = facts.header("x-oss-security-token") or facts.header("security-token")  # the second from newer SDKs; it must be the key's own all the same
    return _claim(facts, key_id, signature, date, at=http_moment(date), token=token)


def claim_of_address(facts: Facts) -> Claim:
    """The claim of a signed address. Raises OssRefusal."""
    expires = facts.parameter("Expires")
    until = unix_moment(expires)
    token = facts.parameter("security-token") or facts.header("x-oss-security-token")
    return _claim(facts, facts.parameter("OSSAccessKeyId"), facts.parameter("Signature"), expires, until=until, token=token)


def _claim(facts: Facts, key_id: str, signature: str, date: str, *, token: str, at: dt.datetime | None = None, until: dt.datetime | None = None) -> Claim:
    own = sorted(name for name in facts.headers if name.startswith("x-oss-"))
    headers = "".join(f"{name}:{facts.header(name)}\n" for name in own)
    resource = f"/{facts.bucket}/{facts.key}" if facts.bucket else "/"
    rows = sorted((name, value) for name, value in facts.query if name in SIGNED)
    if rows:
        resource += "?" + "&".join(f"{name}={value}" if value else name for name, value in rows)
    text = "\n".join((facts.method, facts.header("content-md5"), facts.header("content-type"), date, headers + resource))

    def sign(secret: str) -> str:
        return base64.b64encode(hmac.new(raw(secret), raw(text), hashlib.sha1).digest()).decode()

    return Claim(key_id=key_id, signature=signature, text=text, sign=sign, at=at, until=until, token=token)


def http_moment(text: str) -> dt.datetime:
    """The time of a request's header: as HTTP writes it, or in the basic form of ISO 8601. Raises OssRefusal."""
    if not text:
        raise OssRefusal("AccessDenied", "OSS authentication requires a valid Date.", 403)
    try:
        return moment(text, BASIC_DATE)
    except ValueError:
        pass
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        raise OssRefusal("AccessDenied", "OSS authentication requires a valid Date.", 403) from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def unix_moment(text: str) -> dt.datetime:
    """Seconds since 1970 as an address has them. Raises OssRefusal."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise OssRefusal("AccessDenied", "Invalid date (should be seconds since epoch).", 403)
    return dt.datetime.fromtimestamp(int(text), dt.UTC)
