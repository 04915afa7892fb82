"""What previews lie over: a frame of a media, an uploaded still, or a test chart. Made once each, kept without loss, at the source's own size and colours."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw

from jobs.engine.codecs import decoders
from jobs.engine.errors import JobError, Refused
from jobs.ffmpeg import sandbox
from jobs.ffmpeg.limits import for_probe
from jobs.ffmpeg.probe import probe
from jobs.ffmpeg.stills import mark as probe_still
from jobs.media_tools import media_tools
from media_assets.local import LocalStorage
from media_assets.models import Media
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.engine.probe import Probe

SECONDS = 10.0  # that one frame may take
KEPT = 24  # frames
FETCH_BYTES = 200_000_000  # of a media in a bucket that is not on this machine
UPLOAD_BYTES = 20_000_000
CHARTS = ("light", "dark", "busy")
TONES = {"light": (206, 250), "dark": (12, 58), "middle": (104, 156)}  # middle: for small pictures in lists, where any mark has to be seen
Make = Callable[[Path], tuple[str, "Probe", float]]
"""Puts a file into a folder: its name there, what is in it, and the time of the frame."""


def folder() -> Path:
    """Where frames are kept: files of at most one source frame each, the oldest go first."""
    place = Path(settings.REELMILL_DATA) / "previews"
    place.mkdir(exist_ok=True)
    return place


def of_media(media_id: str, at: float | None) -> Path:
    """The frame of a media's source at a time, s; beyond its end, the last one; None: a third in, as many begin with black. Raises Refused NotFound, or what the file fails with."""
    row = Media.objects.filter(pk=media_id).first()
    if row is None:
        raise Refused("NotFound", _("There is no such media."))

    place = storage(row.bucket)
    facts = place.stat(row.key)
    if facts is None:
        raise Refused("ObjectNotFound")

    def make(room: Path) -> tuple[str, Probe, float]:
        if facts.size > FETCH_BYTES and not isinstance(place, LocalStorage):
            raise Refused("InputTooLarge", _("This media is too large to be fetched for a preview."))
        place.pin(row.key, room)
        found = probe(room / "input", tools=media_tools(), cwd=room)
        length = found.duration or 0.0
        return "input", found, min(length / 3 if at is None else at, max(0.0, length - 0.1)) if length else 0.0

    return _kept(f"{row.bucket}/{row.key}@{facts.etag}@{'third' if at is None else f'{at:.3f}'}", make)


def of_upload(data: bytes) -> Path:
    """An uploaded still."""

    def make(room: Path) -> tuple[str, Probe, float]:
        (room / "mark0").write_bytes(data)
        return "mark0", probe_still(room / "mark0", tools=media_tools(), cwd=room), 0.0

    return _kept(hashlib.sha256(data).hexdigest(), make)


def of_chart(name: str) -> Path:
    """One of our own charts: light, dark, busy or middle."""

    def make(room: Path) -> tuple[str, Probe, float]:
        chart(name).save(room / "mark0", "PNG", compress_level=1)
        return "mark0", probe_still(room / "mark0", tools=media_tools(), cwd=room), 0.0

    return _kept(f"chart {name} 1", make)


def chart(name: str) -> Image.Image:
    """1920 × 1920, so that every canvas cuts its part out of it: soft light or dark grounds, and one with much detail."""
    side = 1920
    if name != "busy":
        low, high = TONES[name]
        ramp = Image.linear_gradient("L").resize((side, side)).point(lambda v: low + v * (high - low) // 255)
        return Image.merge("RGB", (ramp, ramp.point(lambda v: min(255, v + 2)), ramp.point(lambda v: min(255, v + 6))))
    picture = Image.new("RGB", (side, side))
    draw = ImageDraw.Draw(picture)
    for number in range(1600):  # squares of all colours, the same ones every time
        x, y = number * 997 % side, number * 613 % side
        size = 40 + number * 31 % 140
        draw.rectangle((x, y, x + size, y + size), fill=(number * 53 % 256, number * 97 % 256, number * 149 % 256))
    return picture


def upload_bytes(file: io.IOBase | None) -> bytes:
    """What was uploaded, bounded. Raises Refused BodyTooLarge."""
    data = bytes(file.read(UPLOAD_BYTES + 1)) if file else b""
    if len(data) > UPLOAD_BYTES:
        raise Refused("BodyTooLarge", _("At most %(limit)s MB.") % {"limit": UPLOAD_BYTES // 1_000_000})
    return data


def _kept(key: str, make: Make) -> Path:
    path = folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.mkv"
    if path.exists():
        os.utime(path)
        return path
    with tempfile.TemporaryDirectory(dir=folder(), prefix="room-") as name:
        room = Path(name)
        file, found, at = make(room)
        stream = found.picture
        if stream is None:
            raise JobError("NoVideoStream", _("This media has no picture."))
        options = ["-ss", f"{at:.3f}"] if at else []
        whitelists = ["-protocol_whitelist", "file", "-format_whitelist", found.format_name, "-codec_whitelist", ",".join(decoders(stream.codec))]
        argv = ["-nostdin", "-v", "error", "-y", *whitelists, "-f", found.format_name, *options, "-i", file, "-map", f"0:{stream.index}"]
        argv += ["-frames:v", "1", "-c:v", "ffv1", "-f", "matroska", "frame.mkv"]
        answer = sandbox.call(media_tools().ffmpeg, argv, cwd=room, limits=for_probe(SECONDS), timeout=SECONDS)
        made = room / "frame.mkv"
        if answer.exit_code or not made.exists() or made.stat().st_size < 100:
            raise JobError("ResourceContentBad", _("There is no picture at this time."))
        shutil.move(made, path)
    _sweep()
    return path


def _sweep() -> None:
    """Remove the oldest frames, and rooms of requests that died."""
    frames = sorted(folder().glob("*.mkv"), key=lambda path: path.stat().st_mtime)
    for path in frames[:-KEPT]:
        path.unlink(missing_ok=True)
    for room in folder().glob("room-*"):
        if room.stat().st_mtime < time.time() - 600:
            shutil.rmtree(room, ignore_errors=True)


def sample_logo() -> bytes:
    """A mark for templates whose outputs bring their own image."""
    picture = Image.new("RGBA", (240, 96), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((2, 2, 237, 93), 18, fill=(11, 92, 173, 235), outline=(255, 255, 255, 255), width=4)
    draw.ellipse((20, 20, 76, 76), fill=(255, 255, 255, 255))
    for number, width in enumerate((128, 96)):
        draw.rounded_rectangle((92, 26 + 26 * number, 92 + width, 42 + 26 * number), 8, fill=(255, 255, 255, 255))
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()
