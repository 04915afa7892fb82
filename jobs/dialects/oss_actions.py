"""What policies call a request to the object store: ``oss:GetObject`` and so on."""

from __future__ import annotations

from collections.abc import Collection

_OF_OBJECT = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject", "DELETE": "DeleteObject"}
_OF_BUCKET = {"GET": "ListObjects", "HEAD": "ListObjects", "PUT": "PutBucket", "POST": "PutObject", "DELETE": "DeleteBucket"}


def action(method: str, bucket: str, key: str, names: Collection[str]) -> str:
    """The action of a request, from its method, what it names, and the names of its query parameters."""
    if not bucket:
        return "ListBuckets"
    if not key:
        if method == "POST" and "delete" in names:
            return "DeleteObject"
        if method == "GET" and "uploads" in names:
            return "ListMultipartUploads"
        if method == "GET" and any(name in names for name in ("bucketInfo", "location", "acl", "stat")):
            return "GetBucketInfo"
        return _OF_BUCKET.get(method, "Unknown")
    if "x-oss-async-process" in names or (method == "POST" and "x-oss-process" in names):
        return "ProcessObject"
    if "uploadId" in names:
        return {"DELETE": "AbortMultipartUpload", "GET": "ListParts"}.get(method, "PutObject")
    return _OF_OBJECT.get(method, "Unknown")
