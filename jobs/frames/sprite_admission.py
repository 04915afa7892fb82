"""What can be known of a sprite job at the door: its names, its pictures, and whether its sheets can be. Reads rows and buckets, writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from django.utils import timezone

from jobs import placeholders
from jobs.engine import grid as grids
from jobs.engine.address import Address, key_mistake
from jobs.engine.errors import JobError, Refused
from jobs.engine.kinds import sprite as kind
from jobs.engine.kinds.snapshot import end_of
from jobs.engine.rules import sprite as rules
from jobs.engine.snapshot_picture import ENDINGS, FORMATS
from jobs.known_media import known_probe
from media_assets.models import Bucket, MediaFile
from media_assets.storage import storage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from jobs.engine.spec import SpriteSpec

Loc = tuple[str | int, ...]


class Mistakes(Protocol):
    """Where mistakes go."""

    def add(self, code: str, loc: Loc, message: str = "") -> None:
        """A mistake with its code and place."""


def sprite(spec: SpriteSpec, etag: str, uploaded: dt.datetime | None, mistakes: Mistakes) -> tuple[Address, Mapping[str, str]]:
    """The address of the main object (the index, else the first sheet), and the patterns of all objects by what they are; what is impossible goes to the mistakes."""
    for problem in rules.check(spec):
        mistakes.add("ImpossibleCombination", problem.loc, problem.message)
    place: Loc = ("output", "address")
    bucket = spec.output.address.bucket
    told: dict[str, str] = {}
    facts = placeholders.Facts(spec.input.address, extension=FORMATS[rules.format_of(spec)].extension, uploaded=uploaded, created=timezone.now())
    told["sheets"] = _filled(spec.output.address.key, facts, placeholders.OF_SHEETS, place, mistakes)
    if spec.mode != "images":
        pattern = spec.index.key if spec.index else rules.index_key(spec.output.address.key)
        told["index"] = _filled(pattern, facts, (), ("index",) if spec.index else place, mistakes)
    if spec.singles is not None:
        ending = ENDINGS.get(spec.singles.key.rpartition(".")[2].lower(), "jpg")
        of_singles = placeholders.Facts(spec.input.address, extension=FORMATS[ending].extension, uploaded=uploaded, created=timezone.now())
        told["singles"] = _filled(spec.singles.key, of_singles, placeholders.OF_PICTURES, ("singles",), mistakes)
    if spec.mode == "images":
        _images(spec, mistakes)
    else:
        _known(spec, etag, mistakes)
    main = Address(bucket, told.get("index") or placeholders.finish_sheet(told["sheets"], 1))
    if main == spec.input.address:
        mistakes.add("OutputOverwritesInput", place)
    return main, told


def _filled(pattern: str, facts: placeholders.Facts, late: tuple[str, ...], place: Loc, mistakes: Mistakes) -> str:
    """The key, in which only what differs between the objects is still to be filled in."""
    try:
        key = placeholders.fill(pattern, facts, late)
    except ValueError as error:
        mistakes.add("InvalidAddress", place, str(error))
        return pattern
    if mistake := key_mistake(placeholders.finish_picture(placeholders.finish_sheet(key, 1), number=1, seconds=0.0)):
        mistakes.add("InvalidAddress", place, mistake)
    return key


def _images(spec: SpriteSpec, mistakes: Mistakes) -> None:
    """Every picture must be there. They may lie where snapshots go, so a bucket for outputs will do."""
    bound = set(Bucket.objects.filter(name__in={address.bucket for address in spec.images}).values_list("name", flat=True))
    for number, address in enumerate(spec.images):
        place: Loc = ("images", number)
        if address.bucket not in bound:
            mistakes.add("BucketNotFound", place, f"There is no bucket {address.bucket}.")
            continue
        try:
            if storage(address.bucket).stat(address.key) is None:
                mistakes.add("ObjectNotFound", place, f"No object at {address.bucket}/{address.key}.")
        except Refused as error:
            mistakes.add(error.code, place, error.message)


def _known(spec: SpriteSpec, etag: str, mistakes: Mistakes) -> None:
    """What the media info of an earlier job tells already: no video, a beginning behind the end, cells that do not fit."""
    address = spec.input.address
    probe = known_probe(address)
    same = MediaFile.objects.filter(bucket=address.bucket, key=address.key, role=MediaFile.Role.SOURCE, etag=etag).exists()
    if probe is None or not same:
        return
    try:
        asked = kind.grid(spec, probe)
    except JobError as error:
        mistakes.add(error.code, ("input", "address"), error.message)
        return
    try:
        grids.fitted(asked, 1, rules.most_px(spec))
    except JobError as error:
        mistakes.add(error.code, ("columns",), error.message)
    end = end_of(probe)
    if end is not None and spec.time and spec.time >= end:
        mistakes.add("TimeOutOfRange", ("time",), f"There is no picture at {spec.time:g} s: the video is {end:.2f} s long.")
