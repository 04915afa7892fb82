"""What a job reads besides its input, as far as it can be looked at without a media program: objects that must be there, lists, playlists.

At the door every mistake is told with its place; the worker reads the same lists and playlists again, since they may have changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobs.engine import join_list, playlist
from jobs.engine.errors import JobError, Refused
from jobs.engine.needs import addresses
from media_assets.models import Bucket
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.engine.address import Address
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import JoinPart, Template

Loc = tuple[str | int, ...]
Found = tuple[str, Loc, str]
"""A mistake: code, place, sentence."""
PLAYLISTS = (".m3u8", ".m3u")


@dataclass
class Reading:
    """What was found: all that is read, by its first place, and all mistakes."""

    read: dict[Address, Loc] = field(default_factory=dict)
    mistakes: list[Found] = field(default_factory=list)


def look(spec: TranscodeSpec, templates: Mapping[int, Template]) -> Reading:
    """Look at every further object. ``templates``: the effective one of each output, by the output's index."""
    found = Reading({spec.input.address: ("input", "address")})
    _playlist(spec.input.address, found)
    for loc, address, role in addresses(spec, templates):
        if address in found.read:
            continue
        place = _place(spec, loc)
        found.read[address] = place
        if not _is_there(address, place, found):
            continue
        if loc[-1] == "after_list":
            _list(address, place, found)
        elif role == "media":
            _playlist(address, found)
    return found


def read_list(address: Address) -> tuple[JoinPart, ...]:
    """The parts that a list object names, each in a bucket that is bound as input. Raises Refused, JobError."""
    with storage(address.bucket).open(address.key) as file:
        data = file.read(join_list.LIST_BYTES + 1)
    try:
        parts = join_list.read(data)
    except ValueError as error:
        raise JobError("JoinListNotReadable", str(error)) from None
    for bucket in sorted({part.address.bucket for part in parts}):
        if wrong := _bucket(bucket):
            raise JobError(*wrong)
    return parts


def _place(spec: TranscodeSpec, loc: Loc) -> Loc:
    """Where the address was said: in the overrides, or in the template."""
    if loc[0] == "outputs" and isinstance(loc[1], int) and loc[3] not in spec.outputs[loc[1]].overrides:
        return (*loc[:2], "template", *loc[3:])
    return loc


def _bucket(name: str) -> tuple[str, str] | None:
    """Why a bucket cannot be read from, or None."""
    bucket = Bucket.objects.filter(name=name).first()
    if bucket is None:
        return "BucketNotFound", f"There is no bucket {name}."
    if not bucket.is_input:
        return "BucketRoleMissing", f"The bucket {name} is not bound as input."
    return None


def _is_there(address: Address, place: Loc, found: Reading) -> bool:
    if wrong := _bucket(address.bucket):
        found.mistakes.append((wrong[0], place, wrong[1]))
        return False
    try:
        if storage(address.bucket).stat(address.key) is not None:
            return True
        found.mistakes.append(("ObjectNotFound", place, f"No object at {address.bucket}/{address.key}."))
    except Refused as error:
        found.mistakes.append((error.code, place, error.message))
    return False


def _list(address: Address, place: Loc, found: Reading) -> None:
    """The parts of a list are looked at as if they had been named in its place."""
    try:
        parts = read_list(address)
    except (Refused, JobError) as error:
        found.mistakes.append((error.code, place, error.message))
        return
    for part in parts:
        if part.address not in found.read:
            found.read[part.address] = place
            _is_there(part.address, place, found)


def _playlist(address: Address, found: Reading) -> None:
    """A playlist, by its name: what it names is read too. One that leads elsewhere is refused here already."""
    if not address.key.lower().endswith(PLAYLISTS):
        return
    place = found.read[address]
    try:
        for part in _parts(address):
            found.read.setdefault(part, place)
    except JobError as error:
        found.mistakes.append((error.code, place, error.message))
    except Refused:
        return  # that it is not there is said elsewhere


def _parts(address: Address, depth: int = 0) -> Iterator[Address]:
    with storage(address.bucket).open(address.key) as file:
        data = file.read(playlist.TEXT_BYTES + 1)
    if not playlist.is_playlist(data):
        return  # the worker will see what it is
    named = playlist.read(playlist.decoded(data), address)
    if isinstance(named, playlist.Recording):
        yield from (*named.keys, *(part.address for part in named.parts))
        return
    for one in filter(None, (named.best, named.sound)):
        yield one
        if depth == 0:
            yield from _parts(one, depth + 1)
