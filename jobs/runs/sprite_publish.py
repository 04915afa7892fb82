"""From a sprite's files in the room to visible objects: sheets and single pictures first, the index last, all recorded in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from jobs import placeholders, records
from jobs.engine.address import Address
from jobs.engine.probe import Probe, VideoStream
from jobs.engine.rules.sprite import format_of
from jobs.engine.snapshot_picture import FORMATS
from jobs.frames.sheets import look
from jobs.runs.publish import check_keys, publish_files
from media_assets import snapshots, sprites
from media_assets.storage import Staged

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.engine.grid import Grid
    from jobs.engine.spec import SpriteSpec
    from jobs.models import Output
    from jobs.runs.run import Run
    from jobs.runs.snapshot import Picture


@dataclass
class Made:
    """Files in the room. ``index``: of a video only."""

    sheets: list[Path]
    singles: list[Path]
    index: Path | None = None


@dataclass(frozen=True)
class Names:
    """Their keys. ``main``: the index's, or that of the first sheet where there is none."""

    main: str
    sheets: list[str]
    singles: list[str]

    @classmethod
    def of(cls, row: Output, count: int, times: Sequence[float]) -> Names:
        """Fill in what differs between them; the patterns were settled at the door."""
        pattern, single = row.effective["sheets"], row.effective.get("singles") or ""
        sheets = [placeholders.finish_sheet(pattern, number) for number in range(1, count + 1)]
        singles = [placeholders.finish_picture(single, number=number, seconds=time) for number, time in enumerate(times, 1)] if single else []
        return cls(row.effective.get("index") or sheets[0], sheets, singles)


def publish_sprite(
    run: Run, spec: SpriteSpec, row: Output, grid: Grid, found: Sequence[Picture], end: float, made: Made, names: Names, checks: list[dict[str, Any]]
) -> dict[str, Any]:
    """Make everything visible and record it, fenced by the attempt. Answers the job's result."""
    files = [Staged(path, key) for path, key in (*zip(made.sheets, names.sheets, strict=True), *zip(made.singles, names.singles, strict=True))]
    last = Staged(made.index, names.main) if made.index else files.pop(0)
    keys = [file.key for file in files]
    check_keys(run, row, [*keys, last.key], "Two objects would have the same name: give sheets, index and single pictures different ones.")
    sizes = {file.key: file.path.stat().st_size for file in (*files, last)}
    result = _result(row, grid, found, end, made, names, sizes)
    stream = VideoStream(index=0, codec=FORMATS[format_of(spec)].codec, width=grid.width, height=grid.height, frames=len(names.sheets))
    info = Probe(format_name="image2", size=sum(sizes.values()), video=(stream,)).model_dump(mode="json")

    def record() -> None:
        with transaction.atomic():
            records.output_done(run.fence, row.id, key=last.key, size=sum(sizes.values()), parts=keys, info=info, checks=checks)
            sprites.record(run.job.media_id, Address(row.bucket, last.key), [key for key in names.sheets if key != last.key], result, run.job.id, row.id)
            if names.singles:
                first = Address(row.bucket, names.singles[0])
                snapshots.record(run.job.media_id, first, names.singles[1:], {"pictures": result["pictures"]}, job_id=run.job.id, output_id=row.id)

    publish_files(run, row, files, last, record=record)
    return result


def _result(
    row: Output, grid: Grid, found: Sequence[Picture], end: float, made: Made, names: Names, sizes: dict[str, int]
) -> dict[str, Any]:  # fmt: skip
    """What the job answers and what the library keeps."""
    sheets = [{"bucket": row.bucket, "key": key, "size": sizes[key], "width": grid.width, "height": grid.height} for key in names.sheets]
    result: dict[str, Any] = {
        "count": len(found),
        "columns": grid.columns,
        "rows": grid.rows,
        "cell_width": grid.cell_width,
        "cell_height": grid.cell_height,
        "margin": grid.margin,
        "padding": grid.padding,
        "sheets": sheets,
        "index": None,
        "pictures": [],
    }
    if made.index:
        result |= {"index": {"bucket": row.bucket, "key": names.main, "size": sizes[names.main]}, "start": round(found[0].time, 3), "end": round(end, 3)}
    if names.singles:
        seen = look(made.singles[0])
        width, height = (seen.width, seen.height) if seen else (grid.cell_width, grid.cell_height)
        result["pictures"] = [
            {"time": round(picture.time, 3), "bucket": row.bucket, "key": key, "size": sizes[key], "width": width, "height": height}
            for picture, key in zip(found, names.singles, strict=True)
        ]
    return result
