"""From files in the attempt's room to visible objects: names, playlists rewritten to them, then storage's fenced publish.

Segment names carry a token of output and attempt, so a set that replaces another one never mixes with it. Names that the caller fixed
(``mux.segment_name``) are replaced in place, one after the other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine.address import Address
from jobs.engine.errors import JobError
from jobs.engine.sets import compose
from jobs.records import LeaseLost
from media_assets import services as media_services
from media_assets.storage import Staged, publish, storage

if TYPE_CHECKING:
    from jobs.engine.plan import OutputPlan
    from jobs.engine.sets import Room
    from jobs.models import Job, Output
    from jobs.runs.run import Run

STEM_BYTES = 180  # leaves room for token, rung and number in a name of 255 bytes


@dataclass(frozen=True)
class Published:
    """What became visible: ``size`` of all objects in bytes, ``parts``: keys beside the address."""

    size: int
    parts: tuple[str, ...]


def set_token(output_id: str, attempt: int) -> str:
    """Eight hexadecimal digits that differ for every attempt of every output."""
    return hashlib.sha256(f"{output_id}/{attempt}".encode()).hexdigest()[:8]


def short_stem(name: str) -> str:
    """The name without its extension, cut to :data:`STEM_BYTES` of UTF-8."""
    stem = name.rpartition(".")[0] or name
    return stem.encode()[:STEM_BYTES].decode(errors="ignore")


def part_stem(name: str) -> str:
    """What the names of a set's parts begin with: of the address's name what needs no encoding in a playlist, so that a reader of files and one of
    URLs find them alike. The token makes them unique, not this."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", short_stem(name)).strip("-.") or "part"


def publish_output(
    run: Run,
    output: OutputPlan,
    row: Output,
    address: Address,
    room: Room,
    *,
    fence: Callable[[], bool],
    record: Callable[[Published], None],
    shown: Collection[str] = (),
) -> None:
    """Publish one verified output. ``shown``: keys of its segments that can be seen already. Raises LeaseLost if the fence closes, JobError ObjectAlreadyExists where overwriting was not allowed."""
    if output.set is None:
        main, parts = output.renditions[0].file, dict[str, str]()
    else:
        main, parts = _composed(run, output, row, address, room)
    files = [Staged(run.room / file, key) for file, key in parts.items()]
    size = sum(file.path.stat().st_size for file in files) + (run.room / main).stat().st_size
    published = Published(size, tuple(parts.values()))
    closed = False

    def still_ours() -> bool:
        nonlocal closed
        closed = not fence()
        return not closed

    publish(
        address.bucket,
        files,
        Staged(run.room / main, address.key),
        token=token_of(run, output.index),
        overwrite=row.overwrite,
        fence=still_ours,
        record=lambda: record(published),
        shown=shown,
    )
    if closed:
        raise LeaseLost


def _composed(run: Run, output: OutputPlan, row: Output, address: Address, room: Room) -> tuple[str, dict[str, str]]:
    """Write the texts of a set with final names. Returns the main file and, for every other file, its key.

    The manifest of a CMAF set is named after the address, so that it stays where it was when the output is made again.
    """
    made = compose(output, room, stem_of(run, output, row, address))
    for file, text in made.texts.items():
        (run.room / file).write_text(text, encoding="utf-8")
    keys = {file: address.folder + name for file, name in made.names.items()}
    if made.beside:
        keys[made.beside] = beside(address).key
        if not row.overwrite and storage(address.bucket).stat(keys[made.beside]) is not None:
            raise JobError("ObjectAlreadyExists", f"There is an object at {address.bucket}/{keys[made.beside]} already.")
    return made.main, keys


def stem_of(run: Run, output: OutputPlan, row: Output, address: Address) -> str:
    """What the names of all files of a set begin with: unlike in every attempt, but where the caller fixed the names of segments."""
    if output.set is not None and output.set.segment_name is not None:
        return short_stem(address.name)
    return f"{part_stem(address.name)}-{set_token(row.id, run.fence.attempt)}"


def token_of(run: Run, index: int) -> str:
    """By what this attempt's objects of an output are known as long as nobody recorded them."""
    return f"{run.fence.token}-{index}"


def beside(address: Address) -> Address:
    """Where the DASH manifest of a CMAF set goes."""
    return Address(address.bucket, f"{address.folder}{short_stem(address.name)}.mpd")


def record_rendition(job: Job, row: Output, address: Address, published: Published, info: dict[str, Any]) -> None:
    """Let the library know the new file. Inside the caller's transaction."""
    media_services.record_rendition(job.media_id, address, parts=list(published.parts), size=published.size, info=info, job_id=job.id, output_id=row.id)
