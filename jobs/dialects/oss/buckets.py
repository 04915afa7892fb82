"""Buckets: list, look, make, take away. Making binds a new local folder, as in the console; taking away unbinds, and only what is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse

from console.lib import policy
from console.models import Role
from jobs.dialects.call import OssCall, OssRefusal
from jobs.dialects.oss import documents
from jobs.dialects.oss.listing import max_keys
from jobs.dialects.oss.words import require
from jobs.engine.errors import Refused
from media_assets import services
from media_assets.models import Bucket
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Mapping

REGION = "oss-cn-hangzhou"  # where nobody says another one


def list_buckets(call: OssCall) -> HttpResponse:
    """The caller's buckets, by name."""
    require(call, Role.VIEWER)
    prefix, marker, limit = call.value("prefix"), call.value("marker"), max_keys(call) if call.value("max-keys") else 100
    own = [row for row in Bucket.objects.order_by("name") if row.name.startswith(prefix) and row.name > marker and policy.current().allows_bucket(row.name)]
    shown, more = own[:limit], len(own) > limit
    return documents.answered(
        "ListAllMyBucketsResult",
        {
            "Prefix": prefix,
            "Marker": marker,
            "MaxKeys": limit,
            "IsTruncated": more,
            "NextMarker": shown[-1].name if more else None,
            "Owner": documents.OWNER,
            "Buckets": {"Bucket": [_told(call, row) for row in shown]},
        },
    )


def _told(call: OssCall, row: Bucket) -> Mapping[str, Any]:
    host = call.endpoint.partition("://")[2]
    return {
        "CreationDate": documents.moment(row.created_at),
        "ExtranetEndpoint": host,
        "IntranetEndpoint": host,
        "Location": REGION,
        "Name": row.name,
        "Region": REGION.removeprefix("oss-"),
        "StorageClass": documents.STORAGE_CLASS,
    }


def _row(call: OssCall) -> Bucket:
    storage(call.bucket)  # refuses what the caller may not have
    return Bucket.objects.get(name=call.bucket)


def info(call: OssCall) -> HttpResponse:
    """GetBucketInfo."""
    require(call, Role.VIEWER)
    about = dict(_told(call, _row(call)))
    more = {"DataRedundancyType": "LRS", "Owner": documents.OWNER, "AccessControlList": {"Grant": "private"}, "Versioning": None, "Comment": ""}
    return documents.answered("BucketInfo", {"Bucket": about | more})


def location(call: OssCall) -> HttpResponse:
    """GetBucketLocation."""
    require(call, Role.VIEWER)
    _row(call)
    return documents.answered("LocationConstraint", REGION)  # type: ignore[arg-type]  # a root that is text


def acl(call: OssCall) -> HttpResponse:
    """GetBucketAcl, GetObjectAcl: everything here is private."""
    require(call, Role.VIEWER)
    _row(call)
    return documents.answered("AccessControlPolicy", {"Owner": documents.OWNER, "AccessControlList": {"Grant": "private"}})


def create(call: OssCall) -> HttpResponse:
    """PutBucket. What is there already is answered with success; a new one needs an admin."""
    require(call, Role.OPERATOR)
    policy.require_bucket(call.bucket)
    if not Bucket.objects.filter(name=call.bucket).exists():
        require(call, Role.ADMIN)
        try:
            services.create_bucket(call.bucket, is_input=True, is_output=True)
        except Refused as error:
            if error.code == "InvalidParameter" and not Bucket.objects.filter(name=call.bucket).exists():
                why = error.problems[0].message if error.problems else error.message
                raise OssRefusal("InvalidBucketName", f"The specified bucket is not valid. {why}") from None
            if error.code != "InvalidParameter":
                raise
    response = HttpResponse()
    response.headers["Location"] = f"/{call.bucket}"
    return response


def delete(call: OssCall) -> HttpResponse:
    """DeleteBucket: unbind one that holds nothing. An S3 bucket is only unbound, whatever it holds: its objects stay in their store."""
    require(call, Role.ADMIN)
    row = _row(call)
    if row.driver == Bucket.Driver.LOCAL and storage(call.bucket).list(limit=1):
        raise OssRefusal("BucketNotEmpty", "The bucket you tried to delete is not empty.", 409)
    services.remove_bucket(row)
    return HttpResponse(status=204)
