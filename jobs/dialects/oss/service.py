"""Requests to the object store: which function answers which, and what is not served."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jobs.dialects.call import OssCall, OssRefusal
from jobs.dialects.oss import appending, buckets, listing, objects, parts, processing
from jobs.dialects.oss.words import placed, refusal
from jobs.engine.errors import ReelmillError

if TYPE_CHECKING:
    from django.http import HttpResponseBase

    Handler = Callable[[OssCall], HttpResponseBase]

SERVED: dict[str, tuple[str, str]] = {
    "ListBuckets": ("served", ""),
    "PutBucket": ("partly", "Binds a new local folder; ACL and storage class are ignored."),
    "DeleteBucket": ("partly", "Unbinds; the folder stays where it is."),
    "GetBucketInfo": ("served", ""),
    "GetBucketLocation": ("served", ""),
    "GetBucketAcl": ("partly", "Always private."),
    "ListObjects": ("served", ""),
    "ListObjectsV2": ("served", ""),
    "PutObject": (
        "partly",
        "No callbacks, no server-side encryption by the client's choice, no tags, no folder markers (keys that end with a slash); x-oss-traffic-limit is ignored.",
    ),
    "GetObject": ("served", ""),
    "HeadObject": ("served", ""),
    "GetObjectMeta": ("served", ""),
    "GetObjectTagging": ("partly", "Objects have no tags: the set is empty."),
    "CopyObject": ("served", ""),
    "DeleteObject": ("served", ""),
    "DeleteMultipleObjects": ("served", ""),
    "InitiateMultipartUpload": ("served", ""),
    "UploadPart": ("served", ""),
    "UploadPartCopy": ("served", ""),
    "ListParts": ("served", ""),
    "ListMultipartUploads": ("partly", "No delimiter."),
    "CompleteMultipartUpload": ("served", ""),
    "AbortMultipartUpload": ("served", ""),
    "AppendObject": ("partly", "As PutObject; the whole object is written anew each time."),
    "PostObject": ("no", "Send PutObject to a signed address instead."),
    "PutObjectTagging, PutObjectACL, lifecycle, CORS, website, versioning and others": ("no", "The bucket is set up in the console."),
    **processing.SERVED,
}
# Sub-resources that mean something else than the plain request. Those that no function below answers are refused, never ignored.
SUBRESOURCES = frozenset(
    [
        "accessmonitor",
        "accessPoint",
        "accessPointPolicy",
        "acl",
        "append",
        "archiveDirectRead",
        "asyncFetch",
        "bucketArchiveDirectRead",
        "bucketInfo",
        "callback",
        "callback-var",
        "cleanRestoredObject",
        "cloudboxes",
        "cname",
        "comp",
        "cors",
        "dataPipeline",
        "delete",
        "encryption",
        "group",
        "httpsConfig",
        "img",
        "inventory",
        "inventoryConfigId",
        "inventoryId",
        "legalHold",
        "lifecycle",
        "link",
        "live",
        "location",
        "logging",
        "metadataConfiguration",
        "metadataInventoryTable",
        "metadataJournalTable",
        "MetaQuery",
        "metaQuery",
        "objectInfo",
        "objectMeta",
        "objectWorm",
        "overwriteConfig",
        "partNumber",
        "policy",
        "policyStatus",
        "position",
        "publicAccessBlock",
        "qos",
        "quota",
        "redundancyTransition",
        "referer",
        "regionList",
        "regions",
        "replication",
        "replicationLocation",
        "replicationProgress",
        "requesterQosInfo",
        "requestPayment",
        "resourceGroup",
        "resourcePool",
        "responseHeader",
        "restore",
        "retention",
        "rtc",
        "seal",
        "sequential",
        "stat",
        "status",
        "style",
        "styleName",
        "symlink",
        "tagging",
        "transferAcceleration",
        "udf",
        "uploadId",
        "uploads",
        "userDefinedLogFieldsConfig",
        "versionId",
        "versioning",
        "versions",
        "vod",
        "website",
        "worm",
        "wormExtend",
        "wormId",
        "x-oss-async-process",
        "x-oss-process",
    ]
)
WRITING = ("PUT", "POST", "DELETE")
# Parameters without a value that a request which changes something may have; any other is a sub-resource that is not known here.
EMPTY = frozenset(["encoding-type", "marker", "max-keys", "prefix", "delimiter", "security-token"])


def answer(call: OssCall) -> HttpResponseBase:
    """Answer a verified request. Raises OssRefusal."""
    if any("\x00" in value for _name, value in call.query):
        raise OssRefusal("InvalidArgument", "A parameter has a character that no name has.")
    try:
        return _handler(call)(call)
    except OssRefusal as refused:
        raise placed(refused, call) from None
    except ReelmillError as error:
        raise placed(refusal(error), call) from error


def _handler(call: OssCall) -> Handler:
    asked = frozenset(name for name, value in call.query if name in SUBRESOURCES or (call.method in WRITING and not value and name not in EMPTY))
    table = _OF_OBJECT if call.key else _OF_BUCKET if call.bucket else _OF_SERVICE
    found = table.get((call.method, asked))
    if found is not None:
        return found
    if asked:
        raise OssRefusal("NotImplemented", f"A request with {', '.join(sorted(asked))} and the method {call.method} is not served here.", 501)
    raise OssRefusal("MethodNotAllowed", "The specified method is not allowed against this resource.", 405, Method=call.method)


def _on(method: str, *asked: str) -> tuple[str, frozenset[str]]:
    return method, frozenset(asked)


_OF_SERVICE: dict[tuple[str, frozenset[str]], Handler] = {_on("GET"): buckets.list_buckets}
_OF_BUCKET: dict[tuple[str, frozenset[str]], Handler] = {
    _on("GET"): listing.list_objects,
    _on("GET", "bucketInfo"): buckets.info,
    _on("GET", "location"): buckets.location,
    _on("GET", "acl"): buckets.acl,
    _on("GET", "uploads"): parts.list_uploads,
    _on("HEAD"): buckets.info,
    _on("PUT"): buckets.create,
    _on("DELETE"): buckets.delete,
    _on("POST", "delete"): objects.delete_many,
}
_OF_OBJECT: dict[tuple[str, frozenset[str]], Handler] = {
    _on("GET"): objects.get,
    _on("GET", "acl"): buckets.acl,
    _on("GET", "tagging"): objects.tags,
    _on("GET", "uploadId"): parts.list_parts,
    _on("GET", "x-oss-process"): processing.at_once,
    _on("HEAD"): objects.head,
    _on("HEAD", "objectMeta"): objects.head,
    _on("PUT"): objects.put,
    _on("PUT", "uploadId", "partNumber"): parts.send,
    _on("POST", "append", "position"): appending.append,
    _on("POST", "uploads"): parts.begin,
    _on("POST", "uploadId"): parts.complete,
    _on("POST", "x-oss-async-process"): processing.as_job,
    _on("POST", "x-oss-process"): processing.refused,
    _on("DELETE"): objects.delete,
    _on("DELETE", "uploadId"): parts.abort,
}
