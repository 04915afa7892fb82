"""Objects that grow at their end. Each time the whole object is written anew, so a reader sees the old one or the new one, never a part.

Two who append at the same place do not both succeed: what is replaced must still be the object that was read.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from jobs.engine.errors import Refused
from media_assets import services
from media_assets.digests import Digests
from media_assets.models import ObjectNote
from media_assets.object_reading import opened
from media_assets.object_writing import About, Written, annotate, note_of, writable_bucket
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from jobs.engine.address import Address
    from media_assets.objects import ObjectFacts

CHUNK = 1 << 20
NOTED = 0.5  # s: an object appears a moment before its note is written


class NotAppendable(Exception):
    """The object was not begun by appending."""


class NotAtEnd(Exception):
    """The object is not as long as was said. ``length``: how long it is, bytes."""

    def __init__(self, length: int) -> None:
        super().__init__(f"The object has {length} bytes.")
        self.length = length


def append(address: Address, position: int, chunks: Iterable[bytes], about: About, *, judge: Callable[[Digests], None]) -> Written:
    """Append ``chunks`` to an object of ``position`` bytes; 0: begin one, with what is to be kept ``about`` it. ``judge`` is asked about the new bytes.

    Raises NotAppendable, NotAtEnd, and Refused as :func:`media_assets.object_writing.write` does.
    """
    writable_bucket(address.bucket)
    place, added, all_of_it = storage(address.bucket), Digests(), Digests()
    before = _before(address)
    if before is None:
        if position:
            raise NotAtEnd(0)
        old, etag = None, ""
    else:
        old, facts, note = before
        etag = facts.etag
        about = About(note.headers, note.metadata)
        if facts.size != position:
            old.close()
            raise NotAtEnd(facts.size)
    try:
        whole = all_of_it.passed(_one_after_the_other(old, added.passed(chunks, judge)))
        made = place.put(address.key, whole, overwrite=old is not None, replaces=etag)
    except Refused as error:
        if error.code not in ("ObjectAlreadyExists", "InputChanged"):
            raise
        there = place.stat(address.key)  # somebody else was faster
        raise NotAtEnd(there.size if there else 0) from None
    finally:
        if old is not None:
            old.close()
    kept = annotate(address, made, about, kind=ObjectNote.Kind.APPENDABLE, digest=all_of_it.md5, crc64=all_of_it.crc)
    services.remember(address, facts=made)
    return Written(made, kept)


def _before(address: Address) -> tuple[BinaryIO, ObjectFacts, ObjectNote] | None:
    """What is there, open; None: nothing. Raises NotAppendable."""
    until = time.monotonic() + NOTED
    while True:
        try:
            file, facts = opened(address)
        except Refused as error:
            if error.code != "ObjectNotFound":
                raise
            return None
        note = note_of(address.bucket, facts)
        if note is not None and note.kind == ObjectNote.Kind.APPENDABLE:
            return file, facts, note
        file.close()
        if note is not None or time.monotonic() > until:
            raise NotAppendable
        time.sleep(NOTED / 10)


def _one_after_the_other(old: BinaryIO | None, added: Iterator[bytes]) -> Iterator[bytes]:
    while old is not None and (chunk := old.read(CHUNK)):
        yield chunk
    yield from added
