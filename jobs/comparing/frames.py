"""One exact picture of an output, or of the source at the same moment, as PNG at its own size: nothing is lost on the way to the page. And its packets.

A moment counts from the beginning of the file; which picture belongs to which of another file, and when each is shown, :mod:`jobs.comparing.course` knows
out of the packets. Kept for a while, since both sides are looked at again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image

from jobs.engine import playlist
from jobs.engine.address import Address
from jobs.engine.errors import JobError, Refused
from jobs.engine.kinds import snapshot
from jobs.engine.spec import SnapshotSpec
from jobs.ffmpeg import sandbox
from jobs.ffmpeg.limits import for_encode, for_probe
from jobs.ffmpeg.probe import probe
from jobs.media_tools import media_tools
from media_assets.local import LocalStorage
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.engine.probe import Probe
    from jobs.models import Output

SECONDS = 25.0  # that one picture may take
LATE = 1.0  # s: containers may tell an end before the last picture
KEPT = 48  # pictures and lists of packets
FETCH_BYTES = 200_000_000  # of an object that is not on this machine, or of the parts of a playlist
NAME = "input"


def picture(output: Output, seconds: float, *, source: bool = False) -> Path:
    """The picture that is shown ``seconds`` after the beginning of the output's file; ``source``: of its input. Raises Refused, JobError."""

    def make(room: Path, address: Address, found: Probe) -> Path:
        made = _taken(room, address, found, seconds)
        with Image.open(made) as image:  # without what it says of its colours: only one side may say it, and browsers would show the two differently
            image.convert("RGB").save(room / "plain.png", compress_level=1)
        return room / "plain.png"

    return _kept(output, f"{seconds:.6f}", "png", make, source=source)


def packets(output: Output, *, source: bool = False) -> Path:
    """Every packet of the picture's stream as lines «pts in s, dts in s, bytes, flags» in the order of decoding, after a line «start, s», when
    the file begins; the stream's time base is a line too. Raises Refused, JobError."""

    def make(room: Path, address: Address, found: Probe) -> Path:
        stream = snapshot.video_of(found)
        whitelists = ["-protocol_whitelist", "file", "-format_whitelist", found.format_name, "-f", found.format_name]
        # some containers leave times out: the demuxer fills them in
        asked = ["-select_streams", str(stream.index), "-show_entries", "packet=pts_time,dts_time,size,flags:stream=time_base", "-of", "csv=p=0"]
        argv = ["-v", "error", *whitelists, "-fflags", "+genpts", *asked, "-i", NAME]
        answer = sandbox.call(media_tools().ffprobe, argv, cwd=room, limits=for_probe(SECONDS), timeout=SECONDS)
        if answer.exit_code or answer.truncated:
            raise JobError("ResourceContentBad", f"The packets of {address} cannot be read.")
        (room / "packets.csv").write_bytes(f"start,{found.start or 0.0}\n".encode() + answer.stdout)
        return room / "packets.csv"

    return _kept(output, "course", "csv", make, source=source)


def _kept(output: Output, what: str, suffix: str, make: Callable[[Path, Address, Probe], Path], *, source: bool) -> Path:
    """What ``make`` makes of the fetched and probed file, kept under the object's etag."""
    address = Address(output.job.input_bucket, output.job.input_key) if source else Address(output.bucket, output.key)
    place = storage(address.bucket)
    facts = place.stat(address.key)
    if facts is None:
        raise Refused("ObjectNotFound", f"No object at {address.bucket}/{address.key}.")
    if facts.size > FETCH_BYTES and not isinstance(place, LocalStorage):
        raise Refused("InputTooLarge", _("This file is too large to be fetched for a picture."))
    kept = _folder() / f"{hashlib.sha256(f'{address}@{facts.etag}@{what}'.encode()).hexdigest()[:32]}.{suffix}"
    if kept.exists():
        os.utime(kept)
        return kept
    with tempfile.TemporaryDirectory(dir=_folder(), prefix="room-") as name:
        room = Path(name)
        place.pin(address.key, room, NAME)
        _playlist(room, address)
        make(room, address, probe(room / NAME, tools=media_tools(), cwd=room)).replace(kept)
    _sweep()
    return kept


def _taken(room: Path, address: Address, found: Probe, seconds: float) -> Path:
    """Run the plan of a single snapshot; where opening the file in the middle leads nowhere, once more from its beginning."""
    end = snapshot.end_of(found)
    if end is not None and seconds > end + LATE:
        raise JobError("TimeOutOfRange", _("There is no picture at this time."))
    asked = SnapshotSpec.model_validate({"kind": "snapshot", "input": str(address), "output": "oss://none/picture.png", "mode": "single", "time": 0})
    for whole in (False, True):
        # the time as it is: a snapshot's own is given in milliseconds, and refused at the very end that some containers tell too early
        plan = snapshot.plan(asked, found, "png", whole=whole, prefix="w" if whole else "s", takes=[snapshot.Take("", seconds, 0.0, 1)])
        command = plan.works[0].commands[0]
        limits = for_encode(pixels=command.pixels, files=1, wall_seconds=SECONDS)
        sandbox.call(media_tools().ffmpeg, command.argv, cwd=room, limits=limits, timeout=SECONDS)
        made = room / plan.takes[0].file(1)
        if made.exists() and made.stat().st_size:
            return made
    raise JobError("ResourceContentBad", _("There is no picture at this time."))


def _playlist(room: Path, address: Address) -> None:
    """An HLS playlist in the room is replaced by what its best rendition plays. What is encrypted, and several recordings, are not looked at here."""
    path = room / NAME
    with path.open("rb") as file:
        data = file.read(playlist.TEXT_BYTES + 1)
    if not playlist.is_playlist(data):
        return
    path.unlink()  # the object itself may be linked here: it must not be written to
    found = playlist.read(playlist.decoded(data), address)
    if isinstance(found, playlist.Choice):
        with storage(found.best.bucket).open(found.best.key) as file:
            found = playlist.read(playlist.decoded(file.read(playlist.TEXT_BYTES + 1)), found.best)
    if isinstance(found, playlist.Choice) or found.keys or found.breaks:
        raise Refused("InputNotReadable", _("Pictures of this playlist cannot be shown."))
    left = FETCH_BYTES
    with path.open("xb") as out:
        for part in found.parts:
            with storage(part.address.bucket).open(part.address.key) as file:
                file.seek(part.offset)
                data = file.read(left + 1 if part.length is None else min(part.length, left + 1))
            left -= len(data)
            if left < 0:
                raise Refused("InputTooLarge", _("This file is too large to be fetched for a picture."))
            out.write(data)


def _folder() -> Path:
    place = Path(settings.REELMILL_DATA) / "compare"
    place.mkdir(exist_ok=True)
    return place


def _age(path: Path) -> float:
    """When it was last looked at; somebody else may have removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _sweep() -> None:
    """Remove the oldest pictures, and rooms of requests that died."""
    for path in sorted((*_folder().glob("*.png"), *_folder().glob("*.csv")), key=_age)[:-KEPT]:
        path.unlink(missing_ok=True)
    for room in _folder().glob("room-*"):
        if room.stat().st_mtime < time.time() - 600:
            shutil.rmtree(room, ignore_errors=True)
