"""Objects with digests beside them, and objects in parts: put together whole, or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from fastcrc import crc64

from jobs.engine.address import Address
from jobs.engine.errors import Refused
from media_assets import digests, multipart, object_writing, resumable
from media_assets.models import Media, MultipartPart, MultipartUpload, ObjectNote
from media_assets.object_writing import About
from media_assets.storage import storage

pytestmark = pytest.mark.django_db(transaction=True)
KEY = Address("input", "set/film.bin")
BIG = bytes(range(256)) * 600  # 153,600 bytes


def parts_of(folder: Path) -> list[Path]:
    """What lies backstage."""
    place = folder / ".reelmill" / "uploads"
    return sorted(place.iterdir()) if place.is_dir() else []


def test_an_object_and_what_is_known_of_it(buckets: Any) -> None:
    written = object_writing.write(KEY, [b"abc", b"", b"def"], About({"content-type": "text/x"}, {"who": "me"}))
    assert (buckets.input / KEY.key).read_bytes() == b"abcdef"
    note = object_writing.note_of("input", written.facts)
    assert note
    assert (note.digest, note.crc64) == (hashlib.md5(b"abcdef", usedforsecurity=False).hexdigest(), str(crc64.xz(b"abcdef")))
    assert (note.headers, note.metadata) == ({"content-type": "text/x"}, {"who": "me"})
    assert Media.objects.get().key == KEY.key


def test_a_note_does_not_hold_for_another_object(buckets: Any) -> None:
    object_writing.write(KEY, [b"abc"], About())
    (buckets.input / KEY.key).write_bytes(b"by hand")
    facts = storage("input").stat(KEY.key)
    assert facts
    assert object_writing.note_of("input", facts) is None


@pytest.mark.parametrize(("md5", "length"), [("0" * 32, None), ("", 5), ("", 7)])
def test_nothing_stays_of_what_was_not_meant(buckets: Any, md5: str, length: int | None) -> None:
    object_writing.write(KEY, [b"old"], About())
    with pytest.raises(Refused) as caught:
        object_writing.write(KEY, [b"abcdef"], About(), judge=digests.wanted(md5, length))
    assert caught.value.code == "ChecksumMismatch"
    assert (buckets.input / KEY.key).read_bytes() == b"old"
    assert ObjectNote.objects.get().digest == hashlib.md5(b"old", usedforsecurity=False).hexdigest()


def test_parts_in_any_order_become_one_object(buckets: Any, bob: User) -> None:
    upload = multipart.begin(KEY, About({"content-type": "video/x"}), bob)
    second = multipart.receive(upload, 2, [b"tail"])
    first = multipart.receive(upload, 1, [b"wrong"])
    first = multipart.receive(upload, 1, [BIG[:1000], BIG[1000:]])
    assert len(parts_of(buckets.input)) == 2, "the part that was sent again is gone"
    assert not (buckets.input / KEY.key).exists()
    written = multipart.complete(upload, [(1, first.md5), (2, second.md5)])
    assert (buckets.input / KEY.key).read_bytes() == BIG + b"tail"
    whole = hashlib.md5(bytes.fromhex(first.md5) + bytes.fromhex(second.md5), usedforsecurity=False).hexdigest()
    assert (written.note.digest, written.note.kind, written.note.crc64) == (f"{whole}-2", "Multipart", str(crc64.xz(BIG + b"tail")))
    assert written.note.headers == {"content-type": "video/x"}
    assert (parts_of(buckets.input), MultipartUpload.objects.count(), MultipartPart.objects.count()) == ([], 0, 0)


def test_a_list_that_does_not_fit_changes_nothing(buckets: Any, bob: User) -> None:
    upload = multipart.begin(KEY, About(), bob)
    multipart.receive(upload, 1, [b"small"])
    multipart.receive(upload, 2, [b"tail"])
    for wanted in ([], [(2, ""), (1, "")], [(1, ""), (1, "")], [(1, ""), (3, "")], [(1, "0" * 32)], [(1, ""), (2, "")]):
        with pytest.raises(Refused):
            multipart.complete(upload, wanted)
    assert not (buckets.input / KEY.key).exists()
    assert len(parts_of(buckets.input)) == 2
    multipart.complete(upload, [(2, "")])
    assert (buckets.input / KEY.key).read_bytes() == b"tail", "parts that are not named are left out"
    assert parts_of(buckets.input) == []


def test_a_part_that_is_not_what_was_meant_leaves_nothing(buckets: Any, bob: User) -> None:
    upload = multipart.begin(KEY, About(), bob)
    with pytest.raises(Refused):
        multipart.receive(upload, 1, [b"abc"], digests.wanted("0" * 32))
    assert (parts_of(buckets.input), MultipartPart.objects.count()) == ([], 0)


def test_giving_up_and_running_out_of_time(buckets: Any, bob: User) -> None:
    upload = multipart.begin(KEY, About(), bob)
    multipart.receive(upload, 1, [b"abc"])
    assert multipart.sweep_multipart() == 0
    assert multipart.sweep_multipart(timezone.now() + multipart.KEPT + dt.timedelta(minutes=1)) == 1
    assert (parts_of(buckets.input), MultipartUpload.objects.count()) == ([], 0)
    with pytest.raises(Refused, match="no such upload"):
        multipart.receive(upload, 2, [b"abc"])
    assert parts_of(buckets.input) == []


def test_the_sweep_of_other_uploads_leaves_parts_alone(buckets: Any, bob: User) -> None:
    upload = multipart.begin(KEY, About(), bob)
    multipart.receive(upload, 1, [b"abc"])
    (buckets.input / ".reelmill" / "uploads" / "orphan.00001.aa").write_bytes(b"x")
    assert resumable.sweep_uploads(timezone.now() + dt.timedelta(days=2)) == 1
    assert len(parts_of(buckets.input)) == 1
