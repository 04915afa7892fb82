"""Moving pictures without sound: GIF and animated WebP. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.plan import Palette

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec, VideoPlan
    from jobs.engine.template import Mux

ANIMATIONS = frozenset({"gif", "webp"})
PALETTE_BYTES = 512 * 1024 * 1024
"""paletteuse waits for a palette of the whole clip and holds all pictures meanwhile."""
_DITHER = {"sierra": "sierra2_4a", "bayer": "bayer", "none": "none"}
# libwebp converts RGB by its own rules (always BT.601), and alpha comes through
WEBP_FORMAT = "bgra"


def palette(mux: Mux, width: int, height: int, seconds: float | None, fps: float | None) -> Palette:
    """How a GIF gets its 256 colours: as asked; where nothing is said, one palette for the whole clip if its pictures fit into memory, else one for each picture."""
    held = width * height * 4 * (seconds or 3600) * (fps or 25)
    per = mux.palette or ("clip" if held <= PALETTE_BYTES else "frame")
    last = None if mux.final_delay_cs is None else mux.final_delay_cs / 100
    return Palette(per=per, dither=_DITHER[mux.dither or "sierra"], last_seconds=last)


def longer(video: VideoPlan | None, fps: float | None) -> float:
    """Seconds by which an animation is longer than its pictures, because the last one stands longer."""
    if video is None or video.palette is None or video.palette.last_seconds is None:
        return 0.0
    return video.palette.last_seconds - 1 / (fps or 10.0)


def pixels(codec: str) -> tuple[FilterSpec, ...]:
    """The pixel format that the palette, or the WebP encoder, starts from."""
    return (("format", (("pix_fmts", WEBP_FORMAT),)),) if codec == "webp" else ()


def mux_options(format_: str, mux: Mux) -> tuple[str, ...]:
    """How often it plays, and how long its last picture stands."""
    if format_ not in ANIMATIONS:
        return ()
    options = ["-loop", str(mux.loop)]
    if format_ == "gif" and mux.final_delay_cs is not None:
        options += ["-final_delay", str(mux.final_delay_cs)]
    return tuple(options)
