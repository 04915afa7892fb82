"""The keys of a job's encrypted outputs, before anything is planned: given in the parameters, or made and kept by media_assets.keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.lib.sealing import opened_key
from jobs.engine.encryption import ContentKey
from jobs.engine.errors import JobError
from media_assets import keys

if TYPE_CHECKING:
    from jobs.engine.template import Encryption, Template
    from jobs.models import Output


def content_keys(media_id: str, rows: Mapping[int, Output], templates: Sequence[Template]) -> dict[int, ContentKey]:
    """By index of the output. The same in every attempt. Raises JobError where a given key was sealed elsewhere."""
    return {index: _key(media_id, rows[index], wanted) for index, template in enumerate(templates) if (wanted := template.encryption) is not None}


def _key(media_id: str, row: Output, wanted: Encryption) -> ContentKey:
    try:
        given = opened_key(wanted.key) if wanted.key else None
    except ValueError:
        raise JobError("InternalError", "The key was sealed with another secret key.") from None
    shared = wanted.per == "media" and media_id
    scope = keys.media_scope(media_id, private=wanted.private) if shared else keys.output_scope(row.id)
    kept = keys.ensure(scope, bucket=row.bucket, private=wanted.private, key=given, key_id=wanted.key_id)
    uri, license_uri = keys.addresses(kept)
    return ContentKey(keys.opened(kept).hex(), kept.key_id, wanted.key_uri or uri, wanted.key_uri or license_uri)
