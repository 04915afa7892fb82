"""What requests refer to, looked up: templates by id or name, media by id, addresses as URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jobs.dialects.ims.outputs import Known
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from media_assets import library
from media_assets.models import Media
from templates_app import queries

if TYPE_CHECKING:
    from jobs.dialects.call import Call


def known(call: Call) -> Known:
    """For the translators."""
    return Known(template_of, call.endpoint)


def template_of(id_or_name: str) -> Mapping[str, Any] | None:
    """The current parameters of a template."""
    try:
        row = queries.find(id_or_name)
    except Refused:
        return None
    return row.current.params if row.current else None


def media_of(media_id: str) -> Address | None:
    """The source of a media."""
    row = library.own(Media.objects.filter(pk=media_id)).first() if media_id.isalnum() else None
    return Address(row.bucket, row.key) if row else None


def url_of(call: Call, bucket: str, key: str) -> str:
    """Where an object is on this site, in path style; fetching it needs a signature."""
    return f"{call.endpoint}/{bucket}/{quote(key)}"
