"""The exact preview of a watermark: one frame through the same plan, drawing, filters and program starter as a job, as a PNG."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from PIL import Image

from jobs.engine.address import Address
from jobs.engine.errors import JobError, Problem, Refused
from jobs.engine.marks import mark_box
from jobs.engine.resolve import resolve
from jobs.engine.sources import Fetched, Material
from jobs.engine.spec import TranscodeSpec
from jobs.engine.still import FILE, still
from jobs.engine.template import Template
from jobs.ffmpeg import sandbox
from jobs.ffmpeg.limits import for_encode
from jobs.ffmpeg.probe import probe
from jobs.ffmpeg.stills import mark as probe_mark
from jobs.lettering.plans import drawn
from jobs.media_tools import media_tools
from media_assets.storage import storage
from templates_app.marks.grounds import SECONDS, folder

if TYPE_CHECKING:
    from jobs.engine.plan import Plan
    from jobs.engine.probe import Probe
    from jobs.engine.vocabulary.marks import Watermark

RATIOS = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1)}
SIDES = (360, 720, 1080)
MARK_BYTES = 20_000_000
SAMPLE = Address("sample", "mark")
AT_ONCE = 2  # previews in one web process; each takes a core for some tenths of a second
WAIT = 3.0  # s for a place
_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Preview:
    """The picture; what a person should know; where the mark lies in it (x, y, width, height in px; None: outside)."""

    png: bytes
    warnings: tuple[str, ...]
    box: tuple[int, int, int, int] | None
    width: int
    height: int


def canvas(ratio: str, side: int) -> tuple[int, int]:
    """Width and height of a canvas whose shorter side is ``side``: 16:9 at 360 is 640 × 360. Raises Refused for others than are offered."""
    if ratio not in RATIOS or side not in SIDES:
        raise Refused("InvalidParameter", problems=(Problem(("canvas",), _("Choose one of the canvases offered.")),))
    across, down = RATIOS[ratio]
    short = min(across, down)
    return side * across // short, side * down // short


def render(mark: Watermark, ground: Path, size: tuple[int, int], image: bytes | None = None) -> Preview:
    """Lay ``mark`` over the frame in ``ground`` (see grounds), which fills a canvas of that size. ``image``: the picture of an image mark;
    not said: the one that its address names. Times are left out: the mark is always shown. Raises Refused, JobError."""
    shown = mark.model_copy(update={"start": None, "duration": None, "template": None, "image": SAMPLE if mark.text is None else None})
    if mark.text is None and image is None:
        image = _fetched(mark.image)
    with _place(), tempfile.TemporaryDirectory(dir=folder(), prefix="room-") as name:
        room = Path(name)
        shutil.copyfile(ground, room / "input")
        source = probe(room / "input", tools=media_tools(), cwd=room)
        files: dict[Address, Fetched] = {}
        if image is not None:
            (room / "mark1").write_bytes(image)
            files[SAMPLE] = Fetched("mark1", probe_mark(room / "mark1", tools=media_tools(), cwd=room))
        plan = _plan(shown, source, files, size, room)
        command = still(plan)
        limits = for_encode(pixels=command.pixels, files=1, wall_seconds=SECONDS)
        answer = sandbox.call(media_tools().ffmpeg, command.argv, cwd=room, limits=limits, timeout=SECONDS)
        if answer.exit_code or not (room / FILE).exists():
            raise JobError("EncodeFailed", _("The preview could not be made."))
        return Preview((room / FILE).read_bytes(), plan.outputs[0].warnings, _box(shown, plan, files, size, room), *size)


def _plan(mark: Watermark, source: Probe, files: Mapping[Address, Fetched], size: tuple[int, int], room: Path) -> Plan:
    """A job's plan: the picture is scaled and cropped to the canvas, then the mark is laid over it."""
    spec = TranscodeSpec.model_validate_json(
        json.dumps({"input": "oss://sample/input", "outputs": [{"template": "preview", "address": "oss://sample/output"}]})
    )
    plan = drawn(resolve(spec, [Template.model_validate(template_of(mark, size), strict=False)], Material(source, files)), room)
    if plan.failed:
        raise JobError(plan.failed[0].code, plan.failed[0].message)
    return plan


def template_of(mark: Watermark, size: tuple[int, int]) -> dict[str, Any]:
    """The transcoding template that previews stand for."""
    video = {"codec": "h264", "width": size[0], "height": size[1], "scale_type": "crop", "pixel_format": "yuv420p", "hdr": "sdr"}
    marks = [mark.model_dump(mode="json", exclude_none=True)]
    return {"container": {"format": "mp4"}, "video": video, "audio": {"remove": True}, "conditions": {"if_smaller": "convert"}, "watermarks": marks}


def _box(mark: Watermark, plan: Plan, files: Mapping[Address, Fetched], size: tuple[int, int], room: Path) -> tuple[int, int, int, int] | None:
    """Where the mark lies, for what follows the pointer in the browser."""
    if mark.text is not None:
        drawing = plan.outputs[0].drawings[0]
        with Image.open(room / drawing.file) as picture:
            found = picture.getbbox()
            across, down = picture.size
        if found is None:
            return None
        left = drawing.edge_x - across if drawing.right else drawing.edge_x - drawing.edge_x % 2
        top = drawing.edge_y - down if drawing.bottom else drawing.edge_y - drawing.edge_y % 2
        return left, top, across, down
    fetched = files[SAMPLE].probe
    stream = fetched.picture if fetched else None
    return mark_box(mark, stream, size) if stream else None


def _fetched(address: Address | None) -> bytes:
    """The picture in the bucket."""
    if address is None:
        raise Refused("InvalidParameter", _("Choose an image to see it here."), problems=(Problem(("image",), _("Choose an image to see it here.")),))
    place = storage(address.bucket)
    facts = place.stat(address.key)
    if facts is None:
        raise Refused("ObjectNotFound", problems=(Problem(("image",), _("There is no such object.")),))
    if facts.size > MARK_BYTES:
        raise Refused("BodyTooLarge", _("At most %(limit)s MB.") % {"limit": MARK_BYTES // 1_000_000})
    with place.open(address.key) as file:
        return file.read(MARK_BYTES + 1)


@contextmanager
def _place() -> Iterator[None]:
    """A few at once; who waits too long is told to try again."""
    if not _places.acquire(timeout=WAIT):
        raise Refused("QueueFull", _("Too many previews at once; try again."))
    try:
        yield
    finally:
        _places.release()
