"""The object store's second scheme: ``Authorization: OSS2 AccessKeyId:…``, or ``x-oss-signature-version=OSS2`` in the address. Signs the whole query."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from jobs.dialects.call import OssRefusal
from jobs.dialects.signing.claim import Claim
from jobs.dialects.signing.facts import Facts, encoded, joined, raw
from jobs.dialects.signing.oss1 import http_moment, unix_moment

if TYPE_CHECKING:
    import datetime as dt

IN_ADDRESS = frozenset({"x-oss-signature-version", "x-oss-expires", "x-oss-access-key-id", "x-oss-additional-headers", "x-oss-signature"})


def claim(facts: Facts) -> Claim:
    """The claim of a request signed in its header. Raises OssRefusal."""
    fields = dict(part.strip().partition(":")[::2] for part in facts.header("authorization").removeprefix("OSS2 ").split(","))
    if not fields.get("AccessKeyId") or not fields.get("Signature"):
        raise OssRefusal("InvalidArgument", "The header Authorization has no AccessKey id and signature.")
    date = facts.header("date")
    at = http_moment(facts.header("x-oss-date") or date)
    token = facts.header("x-oss-security-token")
    return _claim(facts, fields["AccessKeyId"], fields["Signature"], fields.get("AdditionalHeaders", ""), date, at=at, token=token)


def claim_of_address(facts: Facts) -> Claim:
    """The claim of a signed address. Raises OssRefusal."""
    expires = facts.parameter("x-oss-expires")
    token = facts.parameter("security-token") or facts.header("x-oss-security-token")
    names = facts.parameter("x-oss-additional-headers")
    return _claim(facts, facts.parameter("x-oss-access-key-id"), facts.parameter("x-oss-signature"), names, expires, until=unix_moment(expires), token=token)


def _claim(
    facts: Facts, key_id: str, signature: str, additional: str, date: str, *, token: str, at: dt.datetime | None = None, until: dt.datetime | None = None
) -> Claim:
    names = sorted(name.lower() for name in additional.split(";") if name)
    signed = sorted(name for name in facts.headers if name.startswith("x-oss-") or name in names)
    headers = "".join(f"{name}:{facts.header(name)}\n" for name in signed)
    resource = encoded(f"/{facts.bucket}/{facts.key}" if facts.bucket else "/")
    query = joined(((name, value) for name, value in facts.query if name != "x-oss-signature"), bare=True)
    text = "\n".join(
        (
            facts.method,
            facts.header("content-md5"),
            facts.header("content-type"),
            date,
            f"{headers}{';'.join(names)}",
            f"{resource}?{query}" if query else resource,
        )
    )

    def sign(secret: str) -> str:
        return base64.b64encode(hmac.new(raw(secret), raw(text), hashlib.sha256).digest()).decode()

    return Claim(key_id=key_id, signature=signature, text=text, sign=sign, at=at, until=until, token=token)
