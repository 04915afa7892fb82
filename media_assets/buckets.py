"""Binding buckets. Whether they work: :mod:`media_assets.bucket_check`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from console import audit
from console.lib.policy import current, require_bucket
from jobs.engine.address import Address
from jobs.engine.errors import Problem, Refused
from media_assets import s3_settings
from media_assets.drivers import folder_of
from media_assets.models import Bucket

# First path segments that the site itself uses: a bucket of such a name could not be addressed by path.
RESERVED = frozenset({"admin", "api", "console", "healthz", "jsi18n", "keys", "links", "media", "metrics", "objects", "readyz", "static"})
DEFAULTS: dict[str, dict[str, bool]] = {
    "input": {"is_input": True, "is_output": False},
    "output": {"is_input": True, "is_output": True},  # so that outputs can be processed again
}


def ensure_default_buckets() -> list[Bucket]:
    """The buckets «input» and «output», made where they are missing, and their folders. What an operator changed stays."""
    rows = []
    for name, roles in DEFAULTS.items():
        row, _made = Bucket.objects.get_or_create(name=name, defaults=roles)
        folder_of(row).mkdir(parents=True, exist_ok=True)
        rows.append(row)
    return rows


def own_names() -> list[str] | None:
    """The buckets that the policy in force allows; None: all of them."""
    policy = current()
    return [name for name in Bucket.objects.values_list("name", flat=True) if policy.allows_bucket(name)] if policy.limits_buckets else None


def create_bucket(
    name: str, *, folder: str = "", is_input: bool = False, is_output: bool = False, driver: str = Bucket.Driver.LOCAL, secret: str = "", **store: Any
) -> Bucket:
    """Bind a local folder (made where it is missing), or a bucket of an S3-compatible store with the fields ``s3_settings.FIELDS`` and its secret.

    Raises Refused with every mistake and its field.
    """
    require_bucket(name.strip())
    problems = [Problem((key,), _("This cannot be changed.")) for key in store if key not in s3_settings.FIELDS]
    if driver not in Bucket.Driver.values:
        problems.append(Problem(("driver",), _("Choose a local folder or S3-compatible.")))
    if problems:
        raise Refused("InvalidParameter", problems=tuple(problems))
    bucket = Bucket(name=name.strip(), folder=folder.strip(), is_input=is_input, is_output=is_output, driver=driver, **store)
    if driver == Bucket.Driver.S3:
        s3_settings.set_secret(bucket, secret)
        s3_settings.tidy(bucket)
    problems += _name_mistakes(bucket.name)
    problems += _mistakes(bucket)
    if problems:
        raise Refused("InvalidParameter", problems=tuple(problems))
    _make_folder(bucket)
    try:
        with transaction.atomic():
            bucket.save()
            audit.record("bucket.bound", bucket.name, bucket.name, driver=bucket.driver, input=bucket.is_input, output=bucket.is_output)
    except IntegrityError:
        raise Refused("InvalidParameter", problems=(Problem(("name",), _("There is a bucket of this name already.")),)) from None
    return bucket


def update_bucket(bucket: Bucket, **changes: Any) -> Bucket:
    """Change ``folder`` or the fields of a store, ``secret`` (empty: stays), ``is_input``, ``is_output``. Name and driver stay: addresses and files hang on them.

    Raises Refused with every mistake.
    """
    require_bucket(bucket.name)
    own = (*s3_settings.FIELDS, "secret") if bucket.driver == Bucket.Driver.S3 else ("folder",)
    problems = [Problem((key,), _("This cannot be changed.")) for key in changes if key not in (*own, "is_input", "is_output")]
    before: dict[str, Any] = {}
    secret = ""
    if not problems:
        secret = changes.pop("secret", "")
        before = {key: getattr(bucket, key) for key in changes}
        for key, value in changes.items():
            setattr(bucket, key, value.strip() if isinstance(value, str) else value)
        if bucket.driver == Bucket.Driver.S3:
            s3_settings.set_secret(bucket, secret)
            s3_settings.tidy(bucket)
        problems = _mistakes(bucket)
    if problems:
        bucket.refresh_from_db()
        raise Refused("InvalidParameter", problems=tuple(problems))
    _make_folder(bucket)
    with transaction.atomic():
        bucket.save(update_fields=[*changes, *(("sealed_secret",) if bucket.driver == Bucket.Driver.S3 else ())])
        changed: dict[str, Any] = {key: [was, getattr(bucket, key)] for key, was in before.items() if was != getattr(bucket, key)}
        audit.record("bucket.changed", bucket.name, bucket.name, **changed | ({"fields": ["secret"]} if secret else {}))
    return bucket


def remove_bucket(bucket: Bucket) -> None:
    """Unbind. Its files stay where they are, and the library keeps what it knows of them."""
    require_bucket(bucket.name)
    with transaction.atomic():
        bucket.delete()
        audit.record("bucket.unbound", bucket.name, bucket.name, driver=bucket.driver)


def _name_mistakes(name: str) -> list[Problem]:
    try:
        Address.parse(f"oss://{name}/x")
    except ValueError:
        return [Problem(("name",), _("Bucket names have 3 to 63 characters: a–z, 0–9 and -."))]
    if name in RESERVED:
        return [Problem(("name",), _("This name is used by the site itself."))]
    if Bucket.objects.filter(name=name).exists():
        return [Problem(("name",), _("There is a bucket of this name already."))]
    return []


def _mistakes(bucket: Bucket) -> list[Problem]:
    """What is wrong with roles and folder. Two buckets must not share a folder: one's keys would be the other's."""
    problems = []
    if not (bucket.is_input or bucket.is_output):
        problems.append(Problem(("is_input",), _("Choose input, output or both.")))
    if bucket.driver == Bucket.Driver.S3:
        return [*problems, *s3_settings.mistakes(bucket)]
    if bucket.folder and (not Path(bucket.folder).is_absolute() or "\x00" in bucket.folder):
        problems.append(Problem(("folder",), _("Give the whole path, from the root folder on.")))
        return problems
    mine = folder_of(bucket).resolve()
    for other in Bucket.objects.filter(driver=Bucket.Driver.LOCAL).exclude(pk=bucket.pk).exclude(name=bucket.name):
        theirs = folder_of(other).resolve()
        if mine.is_relative_to(theirs) or theirs.is_relative_to(mine):
            problems.append(Problem(("folder",), _("This folder overlaps the one of bucket %(bucket)s.") % {"bucket": other.name}))
            break
    data = Path(settings.REELMILL_DATA).resolve()
    if data.is_relative_to(mine) or (mine.is_relative_to(data) and not mine.is_relative_to(data / "buckets")) or mine == data / "buckets":
        problems.append(Problem(("folder",), _("This folder holds Reelmill's own data. Choose one outside, or below buckets/.")))
    return problems


def _make_folder(bucket: Bucket) -> None:
    folder = folder_of(bucket)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = _("The folder cannot be made: %(reason)s.") % {"reason": error.strerror}
        raise Refused("InvalidParameter", message, problems=(Problem(("folder",), message),)) from None
