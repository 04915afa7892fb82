"""What browsers do with an S3-compatible store themselves: they send the parts of an upload, and fetch objects, by addresses signed for just that.

An address names one object, one act and a time; it holds no secret. The object appears only when *we* complete the upload, after we looked at its parts.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jobs.engine.errors import Refused
from media_assets.s3_client import Absent, Taken, client, talking
from media_assets.s3_sending import UNKNOWN, about

if TYPE_CHECKING:
    from media_assets.objects import ObjectFacts
    from media_assets.s3 import S3Storage

PART_SECONDS = 3600  # for which the address of a part is good
LINK_SECONDS = 4 * 3600  # for which the address of an object is good, unless the caller says less: a player asks for ranges as long as it plays


def begin(place: S3Storage, key: str, token: str) -> str:
    """Begin a multipart upload. Answers the store's id of it."""
    with talking(place.name):
        return str(place.client.create_multipart_upload(**place.at(key), **about(key, token))["UploadId"])


def part_url(place: S3Storage, key: str, upload: str, number: int) -> str:
    """Where one part may be PUT within the next hour. Asks nothing of the store."""
    return _signed(place, "upload_part", {**place.at(key), "UploadId": upload, "PartNumber": number}, PART_SECONDS)


def object_url(place: S3Storage, key: str, *, head: bool, kind: str, disposition: str, seconds: int = LINK_SECONDS) -> str:
    """Where the object may be fetched; the store answers with that type and disposition. Asks nothing of the store."""
    told = {"ResponseContentType": kind, **({"ResponseContentDisposition": disposition} if disposition else {})}
    return _signed(place, "head_object" if head else "get_object", {**place.at(key), **told}, seconds)


def origin(place: S3Storage) -> str:
    """Scheme, host and port that browsers send parts to."""
    parts = urlsplit(part_url(place, "x", "x", 1))
    return f"{parts.scheme}://{parts.netloc}"


def parts(place: S3Storage, key: str, upload: str) -> dict[int, tuple[int, str]]:
    """What has arrived: number → bytes and etag. Raises Absent where the store knows no such upload (any more)."""
    found: dict[int, tuple[int, str]] = {}
    asked: dict[str, Any] = {**place.at(key), "UploadId": upload}
    while True:
        with talking(place.name):
            page = place.client.list_parts(**asked)
        for row in page.get("Parts", ()):
            found[int(row["PartNumber"])] = (int(row["Size"]), str(row["ETag"]))
        if not page.get("IsTruncated") or not page.get("NextPartNumberMarker"):
            return found
        asked["PartNumberMarker"] = int(page["NextPartNumberMarker"])


def complete(place: S3Storage, key: str, upload: str, arrived: dict[int, tuple[int, str]], token: str, *, fresh: bool) -> ObjectFacts | None:
    """Let the object appear. ``fresh``: only where nothing is, as far as the store knows conditions; None where something is.

    An answer that was lost on its way makes botocore ask again, so what is ours already counts as done. Raises Absent where the upload is gone.
    """
    wanted: dict[str, Any] = {
        **place.at(key),
        "UploadId": upload,
        "MultipartUpload": {"Parts": [{"PartNumber": number, "ETag": etag} for number, (_size, etag) in sorted(arrived.items())]},
    }
    try:
        try:
            with talking(place.name):
                place.client.complete_multipart_upload(**wanted, **({"IfNoneMatch": "*"} if fresh else {}))
        except Refused as error:
            if not fresh or not any(f"({name})" in error.message for name in UNKNOWN):
                raise
            with talking(place.name):
                place.client.complete_multipart_upload(**wanted)
    except (Absent, Taken) as error:
        if (done := ours(place, key, token)) is not None:
            return done
        if isinstance(error, Taken):
            return None
        raise
    return place.stat(key)


def ours(place: S3Storage, key: str, token: str) -> ObjectFacts | None:
    """The object that this upload became already."""
    found = place.head(key)
    return found[0] if found is not None and found[1] == token else None


def abort(place: S3Storage, key: str, upload: str) -> None:
    """Forget what has arrived. Never raises: what cannot be ended now is swept later."""
    with suppress(Refused, Absent, Taken), talking(place.name):
        place.client.abort_multipart_upload(**place.at(key), UploadId=upload)


def _signed(place: S3Storage, act: str, wanted: dict[str, Any], seconds: int) -> str:
    with talking(place.name):
        return str(client(place.browser).generate_presigned_url(act, Params=wanted, ExpiresIn=seconds))
