"""ACS3-HMAC-SHA256: everything about the call in headers, the parameters in query or form, the body by its hash."""

from __future__ import annotations

import hashlib
import hmac
import re

from jobs.dialects.call import Refusal
from jobs.dialects.signing.claim import Claim, moment
from jobs.dialects.signing.facts import Facts, joined, raw

ALGORITHM = "ACS3-HMAC-SHA256"
SHAPE = re.compile(r"Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})\Z")
NEEDED = ("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256")


def is_meant(facts: Facts) -> bool:
    """Whether the request claims this family of schemes."""
    return facts.header("authorization").startswith("ACS3-")


def claim(facts: Facts) -> Claim:
    """The claim of a request. Raises Refusal: another algorithm, headers missing or not signed, a body that is not the one that was signed."""
    algorithm, _blank, rest = facts.header("authorization").partition(" ")
    if algorithm != ALGORITHM:
        raise Refusal("InvalidAlgorithm", "This signature algorithm is not known here: use ACS3-HMAC-SHA256.")
    match = SHAPE.match(rest)
    if match is None:
        raise Refusal("IncompleteSignature", "The header Authorization needs Credential, SignedHeaders and Signature, in this order.")
    key_id, names_text, signature = match.groups()
    names = names_text.split(";")
    for name in NEEDED:
        if not facts.header(name):
            raise Refusal("MissingParameter", f"The header {name} is mandatory for this action.")
    to_sign = {name for name in facts.headers if name.startswith("x-acs-") or name == "host" or (name == "content-type" and facts.form)}
    if left := sorted(to_sign.difference(names)):
        raise Refusal("IncompleteSignature", f"The header {left[0]} has to be signed.")
    if facts.header("x-acs-content-sha256") != facts.body_sha256:
        raise Refusal("InvalidContentSha256", "The header x-acs-content-sha256 is not the hash of the body that arrived.")
    try:
        at = moment(facts.header("x-acs-date"), "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        raise Refusal("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.") from None
    headers = "".join(f"{name}:{facts.header(name)}\n" for name in names)
    canonical = "\n".join((facts.method, facts.path or "/", joined(facts.query, bare=False), headers, names_text, facts.header("x-acs-content-sha256")))
    text = f"{ALGORITHM}\n{hashlib.sha256(raw(canonical)).hexdigest()}"

    def sign(secret: str) -> str:
        return hmac.new(raw(secret), raw(text), hashlib.sha256).hexdigest()

    if (named := facts.header("x-acs-accesskey-id")) and named != key_id:
        raise Refusal("InvalidAccessKeyId.NotFound", "Two different AccessKey ids were sent.", 404)
    return Claim(
        key_id=key_id, signature=signature, text=text, sign=sign, at=at, token=facts.header("x-acs-security-token"), nonce=facts.header("x-acs-signature-nonce")
    )
