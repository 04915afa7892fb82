"""The library and the buckets as JSON; objects come and go as raw bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console import audit
from console.auth import needs_admin, needs_operator, needs_viewer, who
from console.idempotency import creating
from console.lib.http import answer, iso, known_parameters, plain_text, read, whole_number
from console.lib.openapi import body, parameter
from console.lib.paging import page
from console.lib.policy import current
from jobs import usage
from jobs.engine.address import Address
from jobs.engine.errors import Problem, Refused
from jobs.engine.probe import Probe
from jobs.engine.types import Strict
from media_assets import editing, library, services, snapshots
from media_assets.bucket_check import check_and_note
from media_assets.indexing import LENGTHS
from media_assets.models import Bucket, Category, Media, MediaFile
from media_assets.s3_settings import FIELDS
from media_assets.serve import object_response
from media_assets.storage import storage
from media_assets.uploads import IF_EXISTS, IfExists, upload

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from media_assets.objects import ObjectFacts

router = Router(tags=["media"])
objects = Router(tags=["buckets"])
CHUNK = 1024 * 1024


class MediaChange(Strict):
    """What to change; what is not said stays."""

    title: str | None = Field(None, description="at most 128 bytes")
    description: str | None = Field(None, description="at most 1,024 bytes")
    tags: tuple[str, ...] | None = Field(None, description="at most 16, of at most 32 bytes")
    category: int | None = Field(None, description="id; 0: none")
    state: Literal["unpublished", "published"] | None = None
    cover: Address | None = Field(None, description="address of one of its snapshots")


class NewBucket(Strict):
    """A bucket to be."""

    name: str = Field(description="3–63 of a–z 0–9 -")
    input: bool = Field(False, description="jobs may read from it")
    output: bool = Field(False, description="jobs may write to it")
    folder: str = Field("", max_length=1024, description="an existing folder on the server; not said: one in the data folder")
    driver: Literal["local", "s3"] = Field("local", description="local: a folder; s3: a bucket of an S3-compatible store")
    endpoint: str = Field("", max_length=255, description="s3: http(s)://host[:port] of the store; not said: AWS in the region")
    region: str = Field("", max_length=63, description="s3: not said: us-east-1")
    remote: str = Field("", max_length=255, description="s3: name of the bucket in the store; not said: the same name")
    prefix: str = Field("", max_length=512, description="s3: what all keys begin with")
    path_style: bool = Field(True, description="s3: the bucket's name stands in the path, not in the host name")
    access_key_id: str = Field("", max_length=255, description="s3: id of the access key")
    secret: str = Field("", max_length=255, description="s3: secret of the access key; kept encrypted, never answered")
    public_endpoint: str = Field("", max_length=255, description="s3: address of the store for browsers, where it is another one")
    direct_uploads: bool = Field(True, description="s3: browsers may send files straight to the store, by signed addresses")
    direct_links: bool = Field(False, description="s3: whoever asks for an object is sent to the store, by a signed address")


class BucketChange(Strict):
    """What to change; what is not said stays."""

    input: bool | None = None
    output: bool | None = None
    folder: str | None = Field(None, max_length=1024, description="local only")
    endpoint: str | None = Field(None, max_length=255, description="s3 only")
    region: str | None = Field(None, max_length=63, description="s3 only")
    remote: str | None = Field(None, max_length=255, description="s3 only: name of the bucket in the store")
    prefix: str | None = Field(None, max_length=512, description="s3 only")
    path_style: bool | None = Field(None, description="s3 only")
    access_key_id: str | None = Field(None, max_length=255, description="s3 only")
    secret: str | None = Field(None, max_length=255, description="s3 only; empty: the secret stays")
    public_endpoint: str | None = Field(None, max_length=255, description="s3 only")
    direct_uploads: bool | None = Field(None, description="s3 only")
    direct_links: bool | None = Field(None, description="s3 only")


class FileAnswer(BaseModel):
    """An object of a media."""

    role: Literal["source", "rendition", "snapshot", "sprite", "preview"]
    address: str
    url: str
    size: int | None
    etag: str
    parts: list[str]
    media_info: Probe | None
    job: str | None
    output: str | None
    created_at: str


class MediaAnswer(BaseModel):
    """A title in the library."""

    id: str
    title: str
    description: str
    category: int | None
    tags: list[str]
    state: Literal["unpublished", "published"]
    address: str
    media_info: Probe | None
    cover: dict[str, str] | None = Field(None, description="address and url of its cover")
    files: list[FileAnswer]
    created_at: str
    updated_at: str


class ObjectAnswer(BaseModel):
    """An object of a bucket."""

    address: str
    key: str
    size: int
    etag: str
    modified_at: str
    url: str
    media: str | None = Field(None, description="id in the library, of what was uploaded")


def media_payload(media: Media, request: HttpRequest) -> dict[str, Any]:
    """A media with its files. The caller has fetched tags and files with it."""
    return {
        "id": media.id,
        "title": media.title,
        "description": media.description,
        "category": media.category_id,
        "tags": sorted(tag.name for tag in media.tags.all()),
        "state": media.state,
        "address": media.address,
        "media_info": media.info,
        "cover": _cover(media, request),
        "files": [_file_payload(file, request) for file in media.files.all()],
        "created_at": iso(media.created_at),
        "updated_at": iso(media.updated_at),
    }


# --- media ------------------------------------------------------------------------------------------------------------
@router.get(
    "/media",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("q", "words, or parts of words, in title, description, file name, category or tags; or the id"),
            parameter("match", "any or all of the words", enum=["any", "all"], default="any"),
            parameter("tag", "a tag"),
            parameter("category", "id of a category, with those below it", type="integer"),
            parameter("state", "unpublished or published"),
            parameter("duration", "up to a minute, ten minutes, an hour, or longer", enum=["1m", "10m", "1h", "long"]),
            parameter("sort", "-created, created, title or -title"),
            parameter("after", "cursor"),
            parameter("before", "cursor"),
            parameter("limit", "1–100", type="integer", default=25),
        ]
    },
    url_name="media_list",
)
def media_list(request: HttpRequest) -> HttpResponse:
    """The library, newest first. Role viewer."""
    known_parameters(request, "q", "match", "tag", "category", "state", "duration", "sort", "after", "before", "limit")
    state, sort = plain_text(request, "state"), plain_text(request, "sort") or "-created"
    match, length = plain_text(request, "match") or "any", plain_text(request, "duration")
    problems = []
    if state and state not in Media.State.values:
        problems.append(Problem(("state",), _("Choose unpublished or published.")))
    if match not in ("any", "all"):
        problems.append(Problem(("match",), _("Choose any or all.")))
    if length and length not in LENGTHS:
        problems.append(Problem(("duration",), _("Choose 1m, 10m, 1h or long.")))
    if sort.lstrip("-") not in library.SORTS:
        problems.append(Problem(("sort",), _("Choose -created, created, title or -title.")))
    if problems:
        raise Refused("InvalidParameter", problems=tuple(problems))
    category = whole_number(request, "category", 0, 0, 2**31)
    wanted = library.MediaFilter(
        q=plain_text(request, "q"), match=match, tag=plain_text(request, "tag"), state=state, length=length, sort=sort, category=_category(category)
    )
    rows = page(library.entries(wanted), plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    found = library.media_of(rows)
    return answer({"items": [media_payload(row, request) for row in found.items], "next": found.next, "previous": found.previous})


@router.get("/media/{media_id}", auth=needs_viewer, response=MediaAnswer, url_name="media_get")
def media_get(request: HttpRequest, media_id: str) -> HttpResponse:
    """One media with its files. Role viewer."""
    return answer(media_payload(media_of_id(media_id), request))


@router.patch("/media/{media_id}", auth=needs_operator, response=MediaAnswer, openapi_extra={"requestBody": body("MediaChange")})
def media_change(request: HttpRequest, media_id: str) -> HttpResponse:
    """Change what people say about a media. Role operator."""
    media = media_of_id(media_id)
    change = read(MediaChange, request)
    if change.cover is not None:
        snapshots.choose_cover(media, change.cover.bucket, change.cover.key)
    editing.describe(
        media,
        title=media.title if change.title is None else change.title,
        description=media.description if change.description is None else change.description,
        tags=[tag.name for tag in media.tags.all()] if change.tags is None else change.tags,
        category=media.category if change.category is None else _category(change.category),
    )
    if change.state is not None:
        editing.set_state(media, change.state)
    return answer(media_payload(media_of_id(media_id), request))


@router.delete(
    "/media/{media_id}",
    auth=needs_admin,
    openapi_extra={
        "parameters": [
            parameter("take", "what goes with it: nothing, outputs (its renditions, pictures and previews) or all (its source too)", default="nothing")
        ]
    },
)
def media_delete(request: HttpRequest, media_id: str) -> HttpResponse:
    """Take a media out of the library. ``deleted_objects``: how many objects go away, at once. 409 while jobs work on it. Role admin."""
    known_parameters(request, "take")
    media = media_of_id(media_id)
    try:
        take = editing.Take(plain_text(request, "take") or "nothing")
    except ValueError:
        raise Refused("InvalidParameter", problems=(Problem(("take",), _("Choose nothing, outputs or all.")),)) from None
    if usage.unfinished_of_media(media.id):
        raise Refused("WrongState", _("Jobs still work on it. Cancel them or let them finish first."))
    return answer({"deleted_objects": editing.remove(media, take)})


# --- buckets ----------------------------------------------------------------------------------------------------------
@objects.get("/buckets", auth=needs_viewer, url_name="bucket_list")
def bucket_list(request: HttpRequest) -> HttpResponse:
    """Buckets by name. Role viewer."""
    known_parameters(request)
    return answer(
        {
            "items": [_bucket_payload(bucket) for bucket in Bucket.objects.order_by("name") if current().allows_bucket(bucket.name)],
            "next": None,
            "previous": None,
        }
    )


@creating(objects, "/buckets", NewBucket, auth=needs_admin)
def bucket_create(request: HttpRequest, wanted: NewBucket) -> dict[str, Any]:
    """Bind a bucket. Role admin."""
    fields = wanted.model_dump(exclude={"input", "output"})
    if wanted.driver == "local":
        unfit = [name for name in (*FIELDS, "secret") if name in wanted.model_fields_set]
        if unfit:
            raise Refused("InvalidParameter", problems=tuple(Problem((name,), _("Only for the driver S3-compatible.")) for name in unfit))
        fields = {"name": wanted.name, "folder": wanted.folder}
    return _bucket_payload(services.create_bucket(is_input=wanted.input, is_output=wanted.output, **fields))


@objects.patch("/buckets/{name}", auth=needs_admin, openapi_extra={"requestBody": body("BucketChange")})
def bucket_change(request: HttpRequest, name: str) -> HttpResponse:
    """Change roles, or how an S3 bucket is reached; what is not said stays. Role admin."""
    changes: dict[str, Any] = read(BucketChange, request).model_dump(exclude_unset=True)
    for said, field in (("input", "is_input"), ("output", "is_output")):
        if said in changes:
            changes[field] = changes.pop(said)
    return answer(_bucket_payload(services.update_bucket(_bucket(name), **{key: value for key, value in changes.items() if value is not None})))


@objects.delete("/buckets/{name}", auth=needs_admin, response={204: None})
def bucket_unbind(request: HttpRequest, name: str) -> HttpResponse:
    """Unbind: its objects stay where they are, and the library keeps what it knows of them. Role admin."""
    services.remove_bucket(_bucket(name))
    return HttpResponse(status=204)


@objects.post("/buckets/{name}/check", auth=needs_operator)
def bucket_try(request: HttpRequest, name: str) -> HttpResponse:
    """List, write, read and delete, one by one; of each whether it works and how to mend it. Role operator."""
    trials = check_and_note(_bucket(name))
    return answer({"ok": all(trial.ok for trial in trials), "trials": [asdict(trial) for trial in trials]})


@objects.get(
    "/buckets/{name}/objects",
    auth=needs_viewer,
    openapi_extra={
        "parameters": [
            parameter("prefix", "what keys start with"),
            parameter("after", "«next» of the page before"),
            parameter("limit", "1–1000", type="integer", default=100),
        ]
    },
    url_name="object_list",
)
def object_list(request: HttpRequest, name: str) -> HttpResponse:
    """Objects of a bucket in the order of their keys. ``next`` is a key. Role viewer."""
    known_parameters(request, "prefix", "after", "limit")
    size = whole_number(request, "limit", 100, 1, 1000)
    found = storage(name).list(plain_text(request, "prefix"), plain_text(request, "after"), size + 1)
    items = found[:size]
    return answer({"items": [_object_payload(name, facts, request) for facts in items], "next": items[-1].key if len(found) > size else None, "previous": None})


@objects.api_operation(["GET", "HEAD"], "/buckets/{name}/objects/{path:key}", auth=needs_viewer, url_name="object")
def object_get(request: HttpRequest, name: str, key: str) -> HttpResponseBase:
    """The object itself; ranges are honoured. Role viewer."""
    return object_response(request, name, key)


@objects.put(
    "/buckets/{name}/objects/{path:key}",
    auth=needs_operator,
    response={201: ObjectAnswer},
    openapi_extra={
        "parameters": [
            parameter(
                "if_exists",
                "replace (at once, when complete), keep_both («name (2)»), skip or fail",
                enum=["replace", "keep_both", "skip", "fail"],
                default="replace",
            )
        ],
        "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    },
)
def object_put(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """Upload into an input bucket: the raw body becomes the object, which appears when it is complete, and in the library. Role operator."""
    known_parameters(request, "if_exists")
    choice = plain_text(request, "if_exists") or "replace"
    if choice not in IF_EXISTS:
        raise Refused("InvalidParameter", problems=(Problem(("if_exists",), _("Choose replace, keep_both, skip or fail.")),))
    address = _address(name, key)
    media = upload(address.bucket, address.key, _chunks(request), if_exists=cast("IfExists", choice), user=who(request).user)
    facts = storage(media.bucket).stat(media.key)
    if facts is None:
        raise Refused("ObjectNotFound")  # deleted in the meantime
    return answer(_object_payload(name, facts, request) | {"media": media.id}, 201)


@objects.delete("/buckets/{name}/objects/{path:key}", auth=needs_admin, response={204: None})
def object_delete(request: HttpRequest, name: str, key: str) -> HttpResponse:
    """Delete an object. Role admin."""
    address = _address(name, key)
    if not storage(address.bucket).delete(address.key):
        raise Refused("ObjectNotFound")
    audit.record("object.deleted", str(address), address.key)
    return HttpResponse(status=204)


# --- details ----------------------------------------------------------------------------------------------------------
def media_of_id(media_id: str) -> Media:
    """One that the caller may see, with its tags and files. Raises Refused NotFound."""
    rows: QuerySet[Media] = Media.objects.select_related("category").prefetch_related("tags", "files")
    found = library.own(rows).filter(pk=media_id).first() if media_id.isalnum() else None
    if found is None:
        raise Refused("NotFound", _("There is no such media."))
    return found


def _category(number: int) -> Category | None:
    if not number:
        return None
    if not 0 < number < 2**31 or (found := Category.objects.filter(pk=number).first()) is None:
        raise Refused("InvalidParameter", problems=(Problem(("category",), _("There is no such category.")),))
    return found


def _address(bucket: str, key: str) -> Address:
    try:
        return Address.parse(f"oss://{bucket}/{key}")
    except ValueError as error:
        raise Refused("InvalidAddress", str(error)) from None


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    """The raw body, a megabyte at a time."""
    while chunk := request.read(CHUNK):
        yield chunk


def _url(request: HttpRequest, bucket: str, key: str) -> str:
    return request.build_absolute_uri(reverse("objects", args=[bucket, key]))


def _cover(media: Media, request: HttpRequest) -> dict[str, str] | None:
    if not media.cover_key:
        return None
    return {"address": f"oss://{media.cover_bucket}/{media.cover_key}", "url": _url(request, media.cover_bucket, media.cover_key)}


def _file_payload(file: MediaFile, request: HttpRequest) -> dict[str, Any]:
    return {
        "role": file.role,
        "address": str(file),
        "url": _url(request, file.bucket, file.key),
        "size": file.size,
        "etag": file.etag,
        "parts": file.parts,
        "media_info": file.info if file.role in (MediaFile.Role.SOURCE, MediaFile.Role.RENDITION) else None,
        "job": file.job_id or None,
        "output": file.output_id or None,
        "created_at": iso(file.created_at),
    }


def _bucket(name: str) -> Bucket:
    found = None if "\x00" in name else Bucket.objects.filter(name=name).first()
    if found is None:
        raise Refused("BucketNotFound", f"There is no bucket {name}.")
    return found


def _bucket_payload(bucket: Bucket) -> dict[str, Any]:
    """What may be known of a bucket; of the secret only that there is one."""
    found = {"name": bucket.name, "driver": bucket.driver, "input": bucket.is_input, "output": bucket.is_output, "created_at": iso(bucket.created_at)}
    found["checked_at"], found["trials"] = iso(bucket.checked_at), bucket.trials
    if bucket.driver == Bucket.Driver.S3:
        found |= {field: getattr(bucket, field) for field in FIELDS} | {"has_secret": bool(bucket.sealed_secret)}
    return found


def _object_payload(bucket: str, facts: ObjectFacts, request: HttpRequest) -> dict[str, Any]:
    address = Address(bucket, facts.key)
    return {
        "address": str(address),
        "key": facts.key,
        "size": facts.size,
        "etag": facts.etag,
        "modified_at": iso(facts.modified),
        "url": _url(request, bucket, facts.key),
    }
