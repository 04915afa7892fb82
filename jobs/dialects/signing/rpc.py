"""HMAC-SHA1 of the RPC products: everything in the parameters of query and form."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from jobs.dialects.call import Refusal
from jobs.dialects.signing.claim import Claim, moment
from jobs.dialects.signing.facts import Facts, encoded, joined, raw

METHOD, VERSION = "HMAC-SHA1", "1.0"
NEEDED = ("AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp", "Action", "Version")


def claim(facts: Facts, params: Mapping[str, str]) -> Claim:
    """The claim of a request whose parameters (query and form) are ``params``. Raises Refusal where something is missing or of another scheme."""
    for name in NEEDED:
        if not params.get(name):
            raise Refusal(f"Missing{name}", f"{name} is mandatory for this action.")
    if params["SignatureMethod"] != METHOD or params["SignatureVersion"] != VERSION or params.get("SignatureType", "") not in ("", "STANDARD"):
        raise Refusal("InvalidParameter.SignatureMethod", "This signature method is not known here: use HMAC-SHA1 1.0 or ACS3-HMAC-SHA256.")
    try:
        at = moment(params["Timestamp"], "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise Refusal("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.") from None
    canonical = joined(((name, value) for name, value in params.items() if name != "Signature"), bare=False)
    text = f"{facts.method}&%2F&{encoded(canonical)}"

    def sign(secret: str) -> str:
        return base64.b64encode(hmac.new(raw(secret) + b"&", raw(text), hashlib.sha1).digest()).decode()

    return Claim(
        key_id=params["AccessKeyId"],
        signature=params["Signature"],
        text=text,
        sign=sign,
        at=at,
        token=params.get("SecurityToken", ""),
        nonce=params["SignatureNonce"],
    )
