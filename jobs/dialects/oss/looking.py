"""One picture of an object, made while the client waits. Raises ReelmillError where the object does not serve."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image

from jobs.dialects.looking import SECONDS, room
from jobs.engine.errors import JobError
from jobs.engine.kinds import snapshot as kind
from jobs.engine.spec import SnapshotSpec
from jobs.ffmpeg import sandbox
from jobs.ffmpeg.limits import for_probe
from jobs.media_tools import media_tools

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.engine.address import Address

QUALITY = 92


def picture(address: Address, *, seconds: float, format_: str, width: int | None, height: int | None, key: bool, turn: str) -> bytes:
    """The picture that is shown at that time (``key``: the key frame before it), as a JPEG or PNG. ``turn``: «h» lays it across, «w» stands it up."""
    values: dict[str, Any] = {"width": width, "height": height, "format": format_, "time": seconds, "frame": "key" if key else "normal"}
    spec = SnapshotSpec.model_validate({"input": {"address": address}, "output": {"address": f"oss://{address.bucket}/picture.{format_}"}, **values})
    with room(address) as (folder, found):
        for whole in (False, True):
            plan = kind.plan(spec if not whole else spec.model_copy(update={"frame": "normal"}), found, format_, whole=whole, prefix=f"w{whole:d}")
            for command in (command for work in plan.works for command in work.commands):
                sandbox.call(media_tools().path(command.program), command.argv, cwd=folder, limits=for_probe(SECONDS), timeout=SECONDS)
            made = sorted(path for path in folder.glob(f"w{whole:d}*") if path.stat().st_size)
            if made:
                return _turned(made[0], format_, turn)
    raise JobError("TimeOutOfRange")


def _turned(path: Path, format_: str, turn: str) -> bytes:
    """The file as it is, or turned by a quarter where that brings it into the wanted shape."""
    with Image.open(path) as image:
        image.load()
        if (turn == "h" and image.width < image.height) or (turn == "w" and image.width > image.height):
            out = io.BytesIO()
            image.transpose(Image.Transpose.ROTATE_270).save(out, "JPEG" if format_ == "jpg" else "PNG", quality=QUALITY)
            return out.getvalue()
    return path.read_bytes()
