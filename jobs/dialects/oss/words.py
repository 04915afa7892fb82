"""What all requests to the object store share: who may, which object is meant, and our errors in the object store's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.dialects.call import OssCall, OssRefusal
from jobs.engine.address import SCHEME, Address

if TYPE_CHECKING:
    from jobs.engine.errors import ReelmillError

# Our codes in the object store's words; None: our own sentence.
CODES: dict[str, tuple[str, int, str | None]] = {
    "BucketNotFound": ("NoSuchBucket", 404, "The specified bucket does not exist."),
    "ObjectNotFound": ("NoSuchKey", 404, "The specified key does not exist."),
    "InvalidAddress": ("InvalidObjectName", 400, None),
    "ObjectAlreadyExists": ("FileAlreadyExists", 409, "The object you specified already exists and can not be overwritten."),
    "PermissionDenied": ("AccessDenied", 403, None),
    "NotAuthenticated": ("AccessDenied", 403, None),
    "BucketRoleMissing": ("AccessDenied", 403, None),
    "BucketAccessDenied": ("AccessDenied", 403, None),
    "BucketUnreachable": ("ServiceUnavailable", 503, None),
    "StorageFull": ("ServiceUnavailable", 503, None),
    "BodyTooLarge": ("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size."),
    "ChecksumMismatch": ("InvalidDigest", 400, None),
    "InputChanged": ("InternalError", 500, None),
    "InternalError": ("InternalError", 500, None),
    "QueueFull": ("Throttling", 429, None),
    "NotFinishedYet": ("RequestTimeout", 504, None),
}
EXACT = {"NoSuchKey": "0026-00000001", "NoSuchBucket": "0015-00000101", "AccessDenied": "0003-00000001"}
"""The further error codes (EC) that are known."""


def require(call: OssCall, role: str) -> None:
    """Raises OssRefusal AccessDenied unless the caller may do what this role may."""
    if not call.caller.at_least(role):
        raise OssRefusal("AccessDenied", f"You have no right to access this object because of bucket acl: this needs the role {role}.", 403)


def address_of(call: OssCall) -> Address:
    """The object of a request. Raises OssRefusal InvalidBucketName, InvalidObjectName."""
    try:
        return Address.parse(f"{SCHEME}{call.bucket}/{call.key}")
    except ValueError as error:
        code = "InvalidBucketName" if str(error).startswith("Bucket") else "InvalidObjectName"
        raise OssRefusal(code, f"The specified object is not valid. {error}" if code == "InvalidObjectName" else "The specified bucket is not valid.") from None


def refusal(error: ReelmillError) -> OssRefusal:
    """One of our errors; those without a word of their own are InvalidArgument."""
    code, status, sentence = CODES.get(error.code, ("InvalidArgument", 400, None))
    said = sentence or "; ".join(problem.message for problem in error.problems if problem.message != error.message) or error.message
    return OssRefusal(code, said, status)


def placed(refused: OssRefusal, call: OssCall) -> OssRefusal:
    """With the bucket and key that the request was about, as the object store tells them."""
    about = {"EC": EXACT.get(refused.code, ""), "BucketName": call.bucket, "Key": call.key if refused.code == "NoSuchKey" else ""}
    found = OssRefusal(refused.code, refused.message, refused.status, **{**{name: value for name, value in about.items() if value}, **refused.more})
    found.headers = refused.headers
    return found
