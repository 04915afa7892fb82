"""The object store's fourth scheme: ``Authorization: OSS4-HMAC-SHA256 Credential=…``, or the same as parameters of the address. Its key is made for a day and a region."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re

from jobs.dialects.call import OssRefusal
from jobs.dialects.signing.claim import Claim, moment
from jobs.dialects.signing.facts import Facts, encoded, joined, raw

ALGORITHM = "OSS4-HMAC-SHA256"
IN_ADDRESS = frozenset({"x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-expires", "x-oss-additional-headers", "x-oss-signature"})
CREDENTIAL = re.compile(r"([^/\s]+)/(\d{8})/([A-Za-z0-9-]{1,64})/(oss|oss-cloudbox)/aliyun_v4_request\Z")
ALWAYS = ("content-type", "content-md5")
LONGEST = 7 * 86_400
UNSIGNED = "UNSIGNED-PAYLOAD"


def claim(facts: Facts) -> Claim:
    """The claim of a request signed in its header. Raises OssRefusal."""
    fields = dict(part.strip().partition("=")[::2] for part in facts.header("authorization").removeprefix(ALGORITHM).split(","))
    payload = facts.header("x-oss-content-sha256")
    if not payload:
        raise OssRefusal("InvalidArgument", "The header x-oss-content-sha256 is missing.")
    return _claim(
        facts,
        credential=fields.get("Credential", ""),
        signature=fields.get("Signature", ""),
        additional=fields.get("AdditionalHeaders", ""),
        date=facts.header("x-oss-date"),
        payload=payload,
        token=facts.header("x-oss-security-token"),
    )


def claim_of_address(facts: Facts) -> Claim:
    """The claim of a signed address. Raises OssRefusal."""
    return _claim(
        facts,
        credential=facts.parameter("x-oss-credential"),
        signature=facts.parameter("x-oss-signature"),
        additional=facts.parameter("x-oss-additional-headers"),
        date=facts.parameter("x-oss-date"),
        payload=facts.header("x-oss-content-sha256") or UNSIGNED,
        token=facts.parameter("x-oss-security-token") or facts.header("x-oss-security-token"),
        seconds=facts.parameter("x-oss-expires"),
    )


def _claim(facts: Facts, *, credential: str, signature: str, additional: str, date: str, payload: str, token: str, seconds: str | None = None) -> Claim:
    match = CREDENTIAL.match(credential)
    if match is None or not signature:
        raise OssRefusal("InvalidArgument", "The signature needs a Credential of the form id/yyyymmdd/region/oss/aliyun_v4_request.")
    key_id, day, region, product = match.groups()
    try:
        at = moment(date, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise OssRefusal("InvalidArgument", "x-oss-date has to be a time like 20260131T080000Z.") from None
    if date[:8] != day:
        raise OssRefusal("InvalidArgument", "The day of the Credential is not the one of x-oss-date.")
    names = sorted(name.lower() for name in additional.split(";") if name)
    signed = sorted(name for name in facts.headers if name.startswith("x-oss-") or name in ALWAYS or name in names)
    headers = "".join(f"{name}:{facts.header(name)}\n" for name in signed)
    path = encoded(f"/{facts.bucket}/{facts.key}" if facts.bucket else "/", safe="/")
    query = joined(((name, value) for name, value in facts.query if name != "x-oss-signature"), bare=True)
    canonical = "\n".join((facts.method, path, query, headers, ";".join(names), payload))
    scope = f"{day}/{region}/{product}/aliyun_v4_request"
    text = f"{ALGORITHM}\n{date}\n{scope}\n{hashlib.sha256(raw(canonical)).hexdigest()}"

    def sign(secret: str) -> str:
        key = raw("aliyun_v4" + secret)
        for part in (day, region, product, "aliyun_v4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, raw(text), hashlib.sha256).hexdigest()

    return Claim(key_id=key_id, signature=signature, text=text, sign=sign, at=at, until=_until(at, seconds), token=token)


def _until(at: dt.datetime, seconds: str | None) -> dt.datetime | None:
    """Until when an address is good; None for a request."""
    if seconds is None:
        return None
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 6 and 0 < int(seconds) <= LONGEST):
        raise OssRefusal("InvalidArgument", "x-oss-expires has to be a number of seconds from 1 to 604800.")
    return at + dt.timedelta(seconds=int(seconds))
