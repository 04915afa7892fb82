"""Pictures that somebody names, brought into the room in the size of a sprite's cells. They come from outside: a header is read, then ffmpeg opens them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine import snapshot_picture
from jobs.engine.argv import works
from jobs.engine.errors import JobError, Refused
from jobs.engine.kinds import sprite as kind
from jobs.engine.kinds.snapshot import video_of
from jobs.engine.kinds.sprite import INSIDE
from jobs.engine.plan import Expected, OutputPlan, Plan, RenditionPlan, VideoPlan
from jobs.engine.sources import Sources, pad
from jobs.ffmpeg import stills
from jobs.states import Phase
from media_assets.storage import storage

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.engine.address import Address
    from jobs.engine.grid import Grid
    from jobs.engine.plan import Work
    from jobs.engine.probe import Probe
    from jobs.engine.spec import SnapshotSpec, SpriteSpec
    from jobs.runs.run import Run

PIXELS_MAX = 50_000_000
"""Of one picture, as it is given."""
TOGETHER = 8


def fetched_images(run: Run, spec: SpriteSpec) -> tuple[Grid, list[Path]]:
    """The grid, and a file for each picture in its order. Cells are as large as said, else as the first picture.

    Raises JobError ObjectNotFound, InputNotReadable, InputTooLarge, ResourceContentBad.
    """
    run.pulse.phase(Phase.FETCH)
    probes = [_fetched(run, address, name(number)) for number, address in enumerate(spec.images)]
    run.pulse.phase(Phase.ENCODE)
    grid = kind.grid(spec, probes[0])
    sized = kind.as_pictures(spec).model_copy(update={"width": grid.cell_width, "height": grid.cell_height, "scale_type": spec.scale_type or "fill"})
    planned = _works(sized, probes)
    for number, work in enumerate(planned):
        for command in work.commands:
            run.command(command, done=0.9 * number / len(planned), share=0.9 / len(planned))
    paths = [run.room / _file(number) for number in range(len(probes))]
    for address, path in zip(spec.images, paths, strict=True):
        if not path.exists() or not path.stat().st_size:
            raise JobError("ResourceContentBad", f"{address} cannot be decoded.")
    return grid, paths


def _fetched(run: Run, address: Address, file: str) -> Probe:
    """One picture in the room, and what its header says."""
    try:
        place = storage(address.bucket)
        if place.stat(address.key) is None:
            raise JobError("ObjectNotFound", f"No object at {address.bucket}/{address.key}.")
        run.need_space()
        place.pin(address.key, run.room, file)
    except Refused as error:
        raise JobError(error.code, error.message) from error
    return stills.image(run.room / file, most=PIXELS_MAX, shown=str(address))


def name(number: int) -> str:
    """The file of a given picture. Only files of this name are opened as pictures, see :mod:`jobs.ffmpeg.guard`."""
    return f"mark{number}"


def _file(number: int) -> str:
    return f"cell{number}.{INSIDE}"


def _works(sized: SnapshotSpec, probes: list[Probe]) -> tuple[Work, ...]:
    sources = Sources()
    outputs = []
    for number, probe in enumerate(probes):
        stream = video_of(probe)
        picture = snapshot_picture.plan(sized, stream, INSIDE, None)
        video = VideoPlan(
            pad=pad(sources.of(probe, file=name(number)), stream),
            encoder=picture.encoder,
            codec=picture.codec,
            filters=picture.after,
            options=("-frames:v", "1", "-fps_mode", "passthrough", *picture.options),
            width=picture.width,
            height=picture.height,
        )
        rendition = RenditionPlan(
            name="", file=_file(number), video=video, mux_options=("-map_metadata", "-1", "-update", "1", "-f", "image2"), expected=Expected()
        )
        outputs.append(OutputPlan(index=number, format=INSIDE, renditions=(rendition,), expected_seconds=None, group=number // TOGETHER))
    return works(Plan(sources=sources.table, outputs=tuple(outputs)))
