"""The library and the buckets as JSON; objects come and go as raw bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_admin, needs_operator, needs_viewer, who
from console.idempotency import once
from console.lib.http import answer, iso, known_parameters, plain_text, read, whole_number
from console.lib.openapi import IDEMPOTENCY_KEY, body, parameter
from console.lib.paging import page
from jobs.engine.address import Address
from jobs.engine.errors import Problem, Refused
from jobs.engine.probe import Probe
from jobs.engine.types import Strict
from media_assets import editing, library, services
from media_assets.models import Bucket, Category, Media, MediaFile
from media_assets.serve import object_response
from media_assets.storage import storage
from media_assets.uploads import IfExists, upload

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from media_assets.objects import ObjectFacts

router = Router(tags=["media"])
objects = Router(tags=["buckets"])
CHUNK = 1024 * 1024
IF_EXISTS = ("replace", "keep_both", "skip", "fail")


class MediaChange(Strict):
    """What to change; what is not said stays."""

    title: str | None = Field(None, description="at most 128 bytes")
    description: str | None = Field(None, description="at most 1,024 bytes")
    tags: tuple[str, ...] | None = Field(None, description="at most 16, of at most 32 bytes")
    category: int | None = Field(None, description="id; 0: none")
    state: Literal["unpublished", "published"] | None = None


class NewBucket(Strict):
    """A bucket to be."""

    name: str = Field(description="3–63 of a–z 0–9 -")
    input: bool = Field(False, description="jobs may read from it")
    output: bool = Field(False, description="jobs may write to it")
    folder: str = Field("", max_length=1024, description="an existing folder on the server; not said: one in the data folder")


class FileAnswer(BaseModel):
    """An object of a media."""

    role: Literal["source", "rendition"]
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
            parameter("q", "words in title, description, file name, category or tags"),
            parameter("tag", "a tag"),
            parameter("category", "id of a category, with those below it", type="integer"),
            parameter("state", "unpublished or published"),
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
    known_parameters(request, "q", "tag", "category", "state", "sort", "after", "before", "limit")
    state, sort = plain_text(request, "state"), plain_text(request, "sort") or "-created"
    problems = []
    if state and state not in Media.State.values:
        problems.append(Problem(("state",), _("Choose unpublished or published.")))
    if sort.lstrip("-") not in library.SORTS:
        problems.append(Problem(("sort",), _("Choose -created, created, title or -title.")))
    if problems:
        raise Refused("InvalidParameter", problems=tuple(problems))
    category = whole_number(request, "category", 0, 0, 2**31)
    wanted = library.MediaFilter(q=plain_text(request, "q"), tag=plain_text(request, "tag"), state=state, sort=sort, category=_category(category))
    found = page(library.media(wanted), plain_text(request, "after", 4096), plain_text(request, "before", 4096), whole_number(request, "limit", 25, 1, 100))
    return answer({"items": [media_payload(row, request) for row in found.items], "next": found.next, "previous": found.previous})


@router.get("/media/{media_id}", auth=needs_viewer, response=MediaAnswer, url_name="media_get")
def media_get(request: HttpRequest, media_id: str) -> HttpResponse:
    """One media with its files. Role viewer."""
    return answer(media_payload(_media(media_id), request))


@router.patch("/media/{media_id}", auth=needs_operator, response=MediaAnswer, openapi_extra={"requestBody": body("MediaChange")})
def media_change(request: HttpRequest, media_id: str) -> HttpResponse:
    """Change what people say about a media. Role operator."""
    media = _media(media_id)
    change = read(MediaChange, request)
    editing.describe(
        media,
        title=media.title if change.title is None else change.title,
        description=media.description if change.description is None else change.description,
        tags=[tag.name for tag in media.tags.all()] if change.tags is None else change.tags,
        category=media.category if change.category is None else _category(change.category),
    )
    if change.state is not None:
        editing.set_state(media, change.state)
    return answer(media_payload(_media(media_id), request))


@router.delete(
    "/media/{media_id}",
    auth=needs_admin,
    openapi_extra={"parameters": [parameter("take", "what goes with it: nothing, outputs (its renditions) or all (its source too)", default="nothing")]},
)
def media_delete(request: HttpRequest, media_id: str) -> HttpResponse:
    """Take a media out of the library. ``deleted_objects``: how many objects go away, at once. Role admin."""
    known_parameters(request, "take")
    media = _media(media_id)
    try:
        take = editing.Take(plain_text(request, "take") or "nothing")
    except ValueError:
        raise Refused("InvalidParameter", problems=(Problem(("take",), _("Choose nothing, outputs or all.")),)) from None
    return answer({"deleted_objects": editing.remove(media, take)})


# --- buckets ----------------------------------------------------------------------------------------------------------
@objects.get("/buckets", auth=needs_viewer, url_name="bucket_list")
def bucket_list(request: HttpRequest) -> HttpResponse:
    """Buckets by name. Role viewer."""
    known_parameters(request)
    return answer({"items": [_bucket_payload(bucket) for bucket in Bucket.objects.order_by("name")], "next": None, "previous": None})


@objects.post("/buckets", auth=needs_admin, openapi_extra={"parameters": [IDEMPOTENCY_KEY], "requestBody": body("NewBucket")})
@once
def bucket_create(request: HttpRequest) -> HttpResponse:
    """Bind a bucket. Role admin."""
    wanted = read(NewBucket, request)
    return answer(_bucket_payload(services.create_bucket(wanted.name, is_input=wanted.input, is_output=wanted.output, folder=wanted.folder)), 201)


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
    return HttpResponse(status=204)


# --- details ----------------------------------------------------------------------------------------------------------
def _media(media_id: str) -> Media:
    rows: QuerySet[Media] = Media.objects.select_related("category").prefetch_related("tags", "files")
    found = rows.filter(pk=media_id).first() if media_id.isalnum() else None
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


def _file_payload(file: MediaFile, request: HttpRequest) -> dict[str, Any]:
    return {
        "role": file.role,
        "address": str(file),
        "url": _url(request, file.bucket, file.key),
        "size": file.size,
        "etag": file.etag,
        "parts": file.parts,
        "media_info": file.info,
        "job": file.job_id or None,
        "output": file.output_id or None,
        "created_at": iso(file.created_at),
    }


def _bucket_payload(bucket: Bucket) -> dict[str, Any]:
    return {"name": bucket.name, "driver": bucket.driver, "input": bucket.is_input, "output": bucket.is_output, "created_at": iso(bucket.created_at)}


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
