"""Whole objects as object-store clients write them: with digests, a content type and metadata kept beside them.

The note is written after the object: if the process dies in between, the object is there and has no note, as one that was put there by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from jobs.engine.errors import Refused
from media_assets import services
from media_assets.digests import Digests
from media_assets.models import Bucket, ObjectNote
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobs.engine.address import Address
    from media_assets.objects import ObjectFacts


@dataclass(frozen=True)
class About:
    """What a sender wants kept with an object: ``headers`` by lower-case name (content-type, cache-control …), ``metadata`` of its own."""

    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """An object and its note."""

    facts: ObjectFacts
    note: ObjectNote


def writable_bucket(name: str) -> None:
    """Raises Refused BucketNotFound, BucketRoleMissing, PermissionDenied unless objects may be put there."""
    storage(name)
    if not Bucket.objects.filter(name=name, is_input=True).exists():
        raise Refused("BucketRoleMissing", _("The bucket %(bucket)s is not bound as input.") % {"bucket": name})


def write(
    address: Address,
    chunks: Iterable[bytes],
    about: About,
    *,
    judge: Callable[[Digests], None] = lambda _found: None,
    overwrite: bool = True,
    kind: str = ObjectNote.Kind.NORMAL,
    digest: str = "",
) -> Written:
    """Put a whole object; it appears when all of it has arrived and ``judge`` agrees, and the library knows it. ``digest``: of its parts, where it has some.

    Raises Refused: BucketNotFound, BucketRoleMissing, InvalidAddress, ObjectAlreadyExists, StorageFull, BodyTooLarge, and what ``judge`` raises.
    """
    writable_bucket(address.bucket)
    place, found = storage(address.bucket), Digests()
    facts = place.put(address.key, found.passed(chunks, judge), overwrite=overwrite)
    note = annotate(address, facts, about, kind=kind, digest=digest or found.md5, crc64=found.crc)
    services.remember(address, facts=facts)
    return Written(facts, note)


def annotate(address: Address, facts: ObjectFacts, about: About, *, kind: str, digest: str, crc64: int) -> ObjectNote:
    """Keep what is known of the object with these facts, in place of what was known of an earlier one."""
    values: dict[str, Any] = {
        "etag": facts.etag, "kind": kind, "digest": digest, "crc64": str(crc64), "headers": dict(about.headers), "metadata": dict(about.metadata),
    }  # fmt: skip
    note, _made = ObjectNote.objects.update_or_create(bucket=address.bucket, key=address.key, defaults=values)
    return note


def notes(bucket: str, found: Sequence[ObjectFacts]) -> dict[str, ObjectNote]:
    """What is known of these objects, by key; one query."""
    etags = {facts.key: facts.etag for facts in found}
    rows = ObjectNote.objects.filter(bucket=bucket, key__in=list(etags)) if etags else ()
    return {row.key: row for row in rows if row.etag == etags[row.key]}


def note_of(bucket: str, facts: ObjectFacts) -> ObjectNote | None:
    """What is known of this object."""
    return notes(bucket, [facts]).get(facts.key)


def delete(address: Address) -> bool:
    """Remove an object and its note; False where there was none."""
    gone = storage(address.bucket).delete(address.key)
    ObjectNote.objects.filter(bucket=address.bucket, key=address.key).delete()
    return gone
