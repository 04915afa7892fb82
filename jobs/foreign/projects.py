"""Projects and the buckets attached to them: every write and look-up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from console import audit
from console.lib.policy import require_bucket
from jobs.engine.errors import Problem, Refused
from jobs.foreign.models import BucketAttachment, Project
from media_assets.buckets import own_names
from media_assets.models import Bucket

if TYPE_CHECKING:
    from django.db.models import QuerySet

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}\Z")
DESCRIPTION_CHARS = 256


def create_project(name: str, description: str = "", foreign: Mapping[str, Any] | None = None) -> Project:
    """A new project. Raises Refused InvalidParameter, ObjectAlreadyExists."""
    if not _NAME.match(name):
        raise Refused("InvalidParameter", problems=(Problem(("name",), "A name has 1 to 128 letters, digits, - and _, and begins with a letter or _."),))
    _short(description)
    try:
        with transaction.atomic():
            made = Project.objects.create(name=name, description=description, foreign=dict(foreign or {}))
            audit.record("project.created", name, name)
            return made
    except IntegrityError:
        raise Refused("ObjectAlreadyExists", f"There is a project {name}.") from None


def update_project(name: str, description: str | None, foreign: Mapping[str, Any]) -> Project:
    """Change what is given. Raises Refused NotFound, InvalidParameter."""
    _short(description or "")
    with transaction.atomic():
        row = Project.objects.select_for_update().filter(name=name).first()
        if row is None:
            raise _no_project(name)
        row.description = row.description if description is None else description
        row.foreign = {**row.foreign, **foreign}
        row.save(update_fields=["description", "foreign", "updated_at"])
        audit.record("project.changed", name, name)
    return row


def delete_project(name: str) -> None:
    """Its tasks stay, its buckets are attached to nothing any more. Raises Refused NotFound, PermissionDenied where one of them is not the caller's."""
    row = find_project(name)
    with transaction.atomic():
        buckets = list(row.attachments.values_list("bucket__name", flat=True))
        for bucket in buckets:
            require_bucket(bucket)
        row.delete()
        audit.record("project.deleted", name, name, buckets=buckets)


def find_project(name: str) -> Project:
    """Raises Refused NotFound."""
    found = Project.objects.filter(name=name).first() if "\x00" not in name else None
    if found is None:
        raise _no_project(name)
    return found


def projects(prefix: str = "") -> QuerySet[Project]:
    """By name."""
    return Project.objects.filter(name__startswith=prefix).order_by("name") if prefix else Project.objects.order_by("name")


def attach(project_name: str, bucket_name: str, description: str = "") -> BucketAttachment:
    """Attach a bucket. Raises Refused NotFound, BucketNotFound, InvalidParameter, ObjectAlreadyExists (it belongs to a project)."""
    require_bucket(bucket_name)
    _short(description)
    project, bucket = find_project(project_name), Bucket.objects.filter(name=bucket_name).first()
    if bucket is None:
        raise Refused("BucketNotFound", f"There is no bucket {bucket_name}.")
    try:
        with transaction.atomic():
            made = BucketAttachment.objects.create(project=project, bucket=bucket, description=description)
            audit.record("project.attached", project.name, project.name, bucket=bucket.name)
            return made
    except IntegrityError:
        raise Refused("ObjectAlreadyExists", f"The bucket {bucket_name} is attached to a project.") from None


def detach(bucket_name: str) -> None:
    """Raises Refused NotFound, PermissionDenied."""
    row = attachment_of(bucket_name)
    with transaction.atomic():
        row.delete()
        audit.record("project.detached", row.project.name, row.project.name, bucket=bucket_name)


def attachment_of(bucket_name: str) -> BucketAttachment:
    """The bucket's attachment, with its project. Raises Refused NotFound, PermissionDenied."""
    require_bucket(bucket_name)
    found = BucketAttachment.objects.select_related("project", "bucket").filter(bucket__name=bucket_name).first() if "\x00" not in bucket_name else None
    if found is None:
        raise Refused("NotFound", f"The bucket {bucket_name} is attached to no project.")
    return found


def attachments(project_name: str) -> QuerySet[BucketAttachment]:
    """The buckets of a project that are the caller's, by name. Raises Refused NotFound."""
    rows = BucketAttachment.objects.select_related("project", "bucket").filter(project=find_project(project_name)).order_by("bucket__name")
    names = own_names()
    return rows if names is None else rows.filter(bucket__name__in=names)


def free_buckets() -> list[str]:
    """The caller's buckets that belong to no project, by name."""
    names = own_names()
    rows = Bucket.objects.exclude(pk__in=BucketAttachment.objects.values("bucket")).order_by("name")
    return list((rows if names is None else rows.filter(name__in=names)).values_list("name", flat=True))


def unattached(bucket_names: set[str]) -> list[str]:
    """Those of these buckets that are attached to no project."""
    return sorted(bucket_names - set(BucketAttachment.objects.filter(bucket__name__in=bucket_names).values_list("bucket__name", flat=True)))


def _no_project(name: str) -> Refused:
    return Refused("NotFound", f"There is no project {name[:128]}.")


def _short(description: str) -> None:
    if len(description) > DESCRIPTION_CHARS:
        raise Refused("InvalidParameter", problems=(Problem(("description",), f"At most {DESCRIPTION_CHARS} characters."),))
