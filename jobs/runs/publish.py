"""From files in the attempt's room to visible objects: names, playlists rewritten to them, then storage's fenced publish.

Segment names carry a token of output and attempt, so a set that replaces another one never mixes with it. Names that the caller fixed
(``mux.segment_name``) are replaced in place, one after the other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine.address import Address, key_mistake
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
    record: Callable[[Published], None],
    shown: Collection[str] = (),
) -> None:
    """Publish one verified output. ``shown``: keys of its segments that can be seen already. Raises LeaseLost if the step is not this attempt's any more, JobError ObjectAlreadyExists where overwriting was not allowed."""
    if output.set is None:
        main, parts = output.renditions[0].file, dict[str, str]()
    else:
        main, parts = _composed(run, output, row, address, room)
    files = [Staged(run.room / file, key) for file, key in parts.items()]
    size = sum(file.path.stat().st_size for file in files) + (run.room / main).stat().st_size
    published = Published(size, tuple(parts.values()))
    publish_files(run, row, files, Staged(run.room / main, address.key), record=lambda: record(published), shown=shown)


def publish_files(run: Run, row: Output, files: Sequence[Staged], last: Staged, *, record: Callable[[], None], shown: Collection[str] = ()) -> None:
    """As :func:`media_assets.publishing.publish`, fenced by the attempt. Raises also LeaseLost if the fence closes."""
    closed = False

    def fence() -> bool:
        nonlocal closed
        closed = not run.holds()
        return not closed

    publish(row.bucket, files, last, token=token_of(run, row.index), overwrite=row.overwrite, fence=fence, record=record, shown=shown)
    if closed:
        raise LeaseLost


def check_keys(run: Run, row: Output, keys: Sequence[str], alike: str) -> None:
    """Names that came out of patterns; ``alike``: what to say where two are the same.

    Raises JobError OutputConflict, OutputOverwritesInput, InvalidAddress, ObjectAlreadyExists.
    """
    if len(set(keys)) < len(keys):
        raise JobError("OutputConflict", alike)
    inputs = {Address(run.job.input_bucket, run.job.input_key), *map(Address.parse, run.job.spec.get("images") or ())}
    if any(Address(row.bucket, key) in inputs for key in keys):
        raise JobError("OutputOverwritesInput")
    if mistake := next(filter(None, map(key_mistake, keys)), None):
        raise JobError("InvalidAddress", mistake)
    if not row.overwrite:
        for key in keys:
            if storage(row.bucket).stat(key) is not None:
                raise JobError("ObjectAlreadyExists", f"There is an object at {row.bucket}/{key} already.")


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
