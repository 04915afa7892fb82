"""Sprites: small pictures of a video, or given ones, laid onto sheets; and the index that tells players which part is which time.

1. Fetch and probe; look at fields where that matters; find the end where the file does not say it.
2. Take key frames, then whatever they cannot stand for.
3. Lay the pictures onto sheets, decode each sheet whole, publish sheets (and single pictures), and last the index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs import records
from jobs.engine import grid as grids
from jobs.engine import thumbnails
from jobs.engine.errors import JobError
from jobs.engine.kinds import sprite as kind
from jobs.engine.kinds.snapshot import end_of, video_of
from jobs.engine.mp4_index import Need
from jobs.engine.rules.sprite import format_of, most_px
from jobs.engine.snapshot_picture import ENDINGS, FORMATS, QUALITY_USUAL, suspicious
from jobs.engine.spec import SpriteSpec
from jobs.frames import sheets
from jobs.pictures import Seen
from jobs.runs.images import fetched_images
from jobs.runs.opening import open_input
from jobs.runs.snapshot import Picture, fields_of, retaken, taken
from jobs.runs.sprite_publish import Made, Names, publish_sprite
from jobs.states import JobState, Phase
from media_assets import sprites

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.engine.fields import Counts
    from jobs.engine.grid import Grid
    from jobs.engine.probe import Probe
    from jobs.runs.run import Run

INDEX = "index.vtt"
SHORT = "The video ends before all pictures are taken: {found} of {wanted}."
DAMAGED = "Some pictures could not be taken ({missing} of {wanted}); the ones before them stand for them."


def run_sprite(run: Run) -> dict[str, Any]:
    """Make sheets and index. Raises JobError NoVideoStream, TimeOutOfRange, InputTooLarge, ResourceContentBad and what publishing says."""
    spec = SpriteSpec.model_validate(run.job.spec, strict=False)
    row = run.job.outputs.get()
    if row.state == JobState.SUCCEEDED and (done := sprites.result_of(run.job.id)):
        return done  # an earlier attempt ended between publishing and saying so
    warnings: list[str] = []
    if spec.mode == "images":
        grid, found = _given(run, spec)
        end = 0.0
    else:
        probe = open_input(run, Need(keys=True) if kind.may_use_keys(spec) else None)
        grid, found, end = _taken(run, spec, probe, warnings)
    wanted_rows = grid.rows
    grid = grids.fitted(grid, len(found), most_px(spec))
    if grid.rows < wanted_rows:
        warnings.append(f"A sheet has {grid.rows} of {wanted_rows} rows: a higher one could not be opened everywhere.")
    made = _laid(run, spec, row.id, grid, found)
    run.pulse.phase(Phase.VERIFY)
    checks = _checks(grid, made, format_of(spec), len(found))
    records.note_plan(run.fence, 0, (), warnings)
    if not all(check["ok"] for check in checks):
        records.output_failed(run.fence, 0, JobError("OutputVerifyFailed"), checks)
        return {"count": 0, "sheets": []}
    run.pulse.phase(Phase.PUBLISH)
    names = Names.of(row, len(made.sheets), [picture.time for picture in found] if spec.singles else [])
    if spec.mode != "images":
        text = thumbnails.index([picture.time for picture in found], end, grid, names.sheets, names.main)
        (run.room / INDEX).write_text(text, encoding="utf-8")
        made.index = run.room / INDEX
    return publish_sprite(run, spec, row, grid, found, end, made, names, checks)


# --- pictures of a video ----------------------------------------------------------------------------------------------
def _taken(run: Run, spec: SpriteSpec, probe: Probe, warnings: list[str]) -> tuple[Grid, list[Picture], float]:
    """The grid, the pictures in order, each with the time from which it stands, and where the last one ends."""
    run.pulse.phase(Phase.ANALYSE)
    grid = kind.grid(spec, probe)
    grids.fitted(grid, 1, most_px(spec))  # whatever comes, it must be possible
    if suspicious(video_of(probe)) or end_of(probe) is None:
        run.fetch_rest()  # fields and the end are looked for all over the file
    counts = fields_of(run, kind.as_pictures(spec), probe, video_of(probe))
    wanted = kind.ticks(spec, end_of(probe) or _measured(run, probe))
    warnings += wanted.warnings
    run.pulse.phase(Phase.ENCODE)
    found = _pictures(run, spec, probe, wanted, counts)
    if not found:
        raise run.unreadable()
    last = max(found)
    if last + 1 < wanted.number:
        warnings.append(SHORT.format(found=len(found), wanted=wanted.number))
    elif len(found) < wanted.number:
        warnings.append(DAMAGED.format(missing=wanted.number - len(found), wanted=wanted.number))
    pictures = [found[number] for number in sorted(found)]
    pictures[0] = Picture(min(pictures[0].time, wanted.start), pictures[0].path)  # there is none before it
    return grid, pictures, max(wanted.end, pictures[-1].time)


def _measured(run: Run, probe: Probe) -> float | None:
    """Where the picture ends, read from all its packets."""
    run.command(kind.measuring(probe), share=0.0)
    path = run.room / kind.PACKETS
    if not path.exists():
        return None
    with path.open(encoding="ascii", errors="replace") as lines:
        return kind.measured(lines)


def _pictures(run: Run, spec: SpriteSpec, probe: Probe, wanted: kind.Ticks, counts: Counts | None) -> dict[int, Picture]:
    """By number of the wanted time."""
    found: dict[int, Picture] = {}
    known: list[float] = []
    if keys := kind.by_keys(spec, probe, wanted, counts, holes=run.part is not None):
        seen, failed = taken(run, keys, share=0.3)
        if run.part is not None and (run.complained or failed):
            run.fetch_rest()
            seen, _failed = retaken(run, keys, seen, share=0.3)
        known = [picture.time for picture in seen]
        files = {picture.time: picture for picture in seen}
        found = {number: files[time] for number, time in kind.matched(wanted, known).items()}
    for through in (False, True):
        missing = [number for number in range(wanted.number) if number not in found]
        if not missing or (through and max(found, default=-1) < missing[0]):
            break  # whoever goes through has been where it ends
        run.fetch_rest()  # only key frames are here
        plan = kind.exactly(spec, probe, wanted, missing, known, counts, through=through)
        seen, _failed = taken(run, plan, share=0.6)
        for picture in seen:
            number = wanted.near(picture.time)
            if number is not None and number not in found:
                found[number] = Picture(wanted.time(number), picture.path)
    return found


# --- given pictures ---------------------------------------------------------------------------------------------------
def _given(run: Run, spec: SpriteSpec) -> tuple[Grid, list[Picture]]:
    """The grid and the pictures, in the order in which they were named."""
    grid, paths = fetched_images(run, spec)
    return grid, [Picture(float(number), path) for number, path in enumerate(paths)]


# --- sheets -----------------------------------------------------------------------------------------------------------
def _laid(run: Run, spec: SpriteSpec, seed: str, grid: Grid, found: Sequence[Picture]) -> Made:
    run.pulse.phase(Phase.PACKAGE)
    format_, quality = FORMATS[format_of(spec)], spec.quality or QUALITY_USUAL
    color = grids.background(spec.color, seed)
    paths = [picture.path for picture in found]
    made = sheets.compose(
        paths, grid, color, run.room, format_=format_.pillow, extension=format_.extension, quality=quality, check=run.pulse.check
    )  # fmt: skip
    singles = []
    if spec.singles is not None:
        single = FORMATS[ENDINGS.get(spec.singles.key.rpartition(".")[2].lower(), "jpg")]
        for path in paths:
            run.pulse.check()
            singles.append(sheets.rewritten(path, single.extension, single.pillow, quality))
    return Made(made, singles)


def _checks(grid: Grid, made: Made, format_: str, pictures: int) -> list[dict[str, Any]]:
    """Every sheet decoded whole: its format and its size."""
    wanted = Seen(FORMATS[format_].pillow, grid.width, grid.height)
    wrong = [seen for seen in map(sheets.look, made.sheets) if seen != wanted]
    odd = wrong[0] if wrong else wanted
    said = "unreadable" if odd is None else f"{odd.format} {odd.width}×{odd.height}"
    broken = [path for path in made.singles if sheets.look(path) is None]
    return [
        {"name": "pictures", "wanted": str(pictures), "found": str(pictures - len(broken)), "ok": not broken, "short": False},
        {
            "name": "sheets",
            "wanted": str(grid.sheets(pictures)),
            "found": str(len(made.sheets)),
            "ok": len(made.sheets) == grid.sheets(pictures),
            "short": False,
        },
        {"name": "size", "wanted": f"{wanted.format} {wanted.width}×{wanted.height}", "found": said, "ok": not wrong, "short": False},
    ]
