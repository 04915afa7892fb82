"""From files in the attempt's room to visible objects: names, playlists rewritten to them, then storage's fenced publish.

Segment names carry a token of output and attempt, so a set that replaces another one never mixes with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine import hls
from jobs.engine.address import Address
from jobs.records import LeaseLost
from media_assets import services as media_services
from media_assets.storage import Staged, publish

if TYPE_CHECKING:
    from jobs.engine.plan import OutputPlan
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


def publish_output(
    run: Run,
    output: OutputPlan,
    row: Output,
    address: Address,
    variants: Sequence[hls.Variant],
    *,
    fence: Callable[[], bool],
    record: Callable[[Published], None],
) -> None:
    """Publish one verified output. Raises LeaseLost if the fence closes, JobError ObjectAlreadyExists where overwriting was not allowed."""
    if output.format != "hls":
        main, parts = output.renditions[0].file, dict[str, str]()
    else:
        main, parts = _rename_set(run, output, row, address, variants)
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
        token=f"{run.fence.token}-{output.index}",
        overwrite=row.overwrite,
        fence=still_ours,
        record=lambda: record(published),
    )
    if closed:
        raise LeaseLost


def _rename_set(run: Run, output: OutputPlan, row: Output, address: Address, variants: Sequence[hls.Variant]) -> tuple[str, dict[str, str]]:
    """Rewrite the playlists of an HLS set to final names. Returns the main playlist's file and, for every other file, its key."""
    stem = f"{short_stem(address.name)}-{set_token(row.id, run.fence.attempt)}"
    final: dict[str, str] = {}
    for rendition in output.renditions:
        infix = f"-{rendition.name}" if rendition.name else ""
        playlist = hls.read((run.room / rendition.file).read_text())
        names = {segment.uri: f"{stem}{infix}-{number:05d}.ts" for number, segment in enumerate(playlist.segments, start=1)}
        final |= names
        (run.room / rendition.file).write_text(hls.rename((run.room / rendition.file).read_text(), names))
        if output.master is not None:
            final[rendition.file] = f"{stem}{infix}.m3u8"
    main = output.renditions[0].file
    if output.master is not None:
        main = output.master
        (run.room / main).write_text(hls.rename(hls.master(variants), final))
    return main, {file: address.folder + name for file, name in final.items()}


def record_rendition(job: Job, row: Output, published: Published, info: dict[str, Any]) -> None:
    """Let the library know the new file. Inside the caller's transaction."""
    media_services.record_rendition(
        job.media_id, Address(row.bucket, row.key), parts=list(published.parts), size=published.size, info=info, job_id=job.id, output_id=row.id
    )
