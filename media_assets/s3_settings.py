"""What a person says of an S3 bucket, and what is wrong with it. The secret is sealed as soon as it comes in, and never goes out."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from console.lib.sealing import seal
from jobs.engine.address import key_mistake
from jobs.engine.errors import Problem
from media_assets.drivers import CREDENTIALS
from media_assets.models import Bucket

FIELDS = ("endpoint", "region", "remote", "prefix", "path_style", "access_key_id", "public_endpoint", "direct_uploads", "direct_links")
PREFIX_BYTES = 512
_REMOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]\Z")
_REGION = re.compile(r"[A-Za-z0-9-]{0,63}\Z")
_PRINTABLE = re.compile(r"[\x21-\x7e]+\Z")


def set_secret(bucket: Bucket, secret: str) -> None:
    """Keep a secret sealed; an empty one changes nothing."""
    if secret.strip():
        bucket.sealed_secret = seal(secret.strip().encode(), CREDENTIALS)


def tidy(bucket: Bucket) -> None:
    """Write the fields as they are kept: no slash at the end of the endpoint, one at the end of the prefix."""
    bucket.endpoint = bucket.endpoint.strip().rstrip("/")
    bucket.public_endpoint = bucket.public_endpoint.strip().rstrip("/")
    bucket.prefix = f"{bucket.prefix.strip('/')}/" if bucket.prefix.strip("/") else ""
    bucket.region, bucket.remote, bucket.access_key_id = bucket.region.strip(), bucket.remote.strip(), bucket.access_key_id.strip()


def mistakes(bucket: Bucket) -> list[Problem]:
    """What is wrong with endpoint, names and credentials. Two buckets must not share keys: one's objects would be the other's."""
    problems = []
    if bucket.folder:
        problems.append(Problem(("folder",), _("An S3 bucket has no folder.")))
    if bucket.endpoint and not _is_endpoint(bucket.endpoint):
        problems.append(Problem(("endpoint",), _("Write http:// or https://, a host and perhaps a port; nothing else.")))
    if bucket.public_endpoint and not _is_endpoint(bucket.public_endpoint):
        problems.append(Problem(("public_endpoint",), _("Write http:// or https://, a host and perhaps a port; nothing else.")))
    if not _REGION.match(bucket.region):
        problems.append(Problem(("region",), _("Regions have letters, digits and -.")))
    if not _REMOTE.match(bucket.remote or bucket.name):
        problems.append(Problem(("remote",), _("Names of buckets have letters, digits, dots and -.")))
    if bucket.prefix and (key_mistake(bucket.prefix.rstrip("/")) or len(bucket.prefix.encode()) > PREFIX_BYTES):
        problems.append(Problem(("prefix",), _("Write folders with / between them; at most 512 bytes, no «..».")))
    if not _PRINTABLE.match(bucket.access_key_id):
        problems.append(Problem(("access_key_id",), _("Give the id of the access key.")))
    if not bucket.sealed_secret:
        problems.append(Problem(("secret",), _("Give the secret of the access key.")))
    return problems or _overlaps(bucket)


def _is_endpoint(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = not (parts.username or parts.password or parts.query or parts.fragment or parts.path)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port_is_right and plain and bool(_PRINTABLE.match(text))


def _overlaps(bucket: Bucket) -> list[Problem]:
    for other in Bucket.objects.filter(driver=Bucket.Driver.S3, endpoint=bucket.endpoint).exclude(pk=bucket.pk):
        same = (other.remote or other.name) == (bucket.remote or bucket.name)
        if same and (other.prefix.startswith(bucket.prefix) or bucket.prefix.startswith(other.prefix)):
            return [Problem(("prefix",), _("This prefix overlaps the one of bucket %(bucket)s.") % {"bucket": other.name})]
    return []
