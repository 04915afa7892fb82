"""What cannot be asked of a picture: sizes, places, fields, colours, animations. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.engine.codecs import VIDEO
from jobs.engine.errors import Problem
from jobs.engine.geometry import SIDES
from jobs.engine.pixels import deep, possible
from jobs.engine.rates import WEBP_FPS_MAX

if TYPE_CHECKING:
    from jobs.engine.template import Canvas, Template, Video

GIF_ONLY = ("final_delay_cs", "palette", "dither")


def check_picture(video: Video, codec: str) -> Iterator[Problem]:
    """Rules of one video section that is encoded with this codec."""
    if codec == "copy" or codec not in VIDEO:
        return
    yield from _sizes(video, codec)
    if video.pad is not None and video.pad != "auto":
        yield from _canvas(video, video.pad, codec)
    yield from _fields(video)
    yield from _colours(video, codec)
    if codec == "webp" and video.fps and video.fps > WEBP_FPS_MAX:
        yield Problem(("video", "fps"), f"WebP plays at most {WEBP_FPS_MAX:g} frames per second.")


def check_animation(template: Template) -> Iterator[Problem]:
    """Settings of animations that other formats do not have."""
    format_ = template.container.format
    for field in GIF_ONLY:
        if getattr(template.mux, field) is not None and format_ != "gif":
            yield Problem(("mux", field), f"Only GIF has «{field}».")


def _sizes(video: Video, codec: str) -> Iterator[Problem]:
    if video.long_side is not None and (video.width is not None or video.height is not None):
        yield Problem(("video", "long_side"), "Give the long side, or width and height, not both.")
    elif video.long_side is not None and video.short_side is not None:
        yield Problem(("video", "long_side"), "Give the long side or the short side, not both; the other one follows.")
    if video.follow_orientation and video.width is None and video.height is None:
        yield Problem(("video", "follow_orientation"), "«follow_orientation» says what width and height mean: give one of them.")
    least, most = SIDES.get(codec, (1, 1 << 30))
    for name in ("width", "height", "short_side", "long_side"):
        side = getattr(video, name)
        if side is not None and side < least and video.pad is None:
            yield Problem(("video", name), f"{VIDEO[codec].name} needs at least {least} px a side.")
        elif side is not None and side > most:
            yield Problem(("video", name), f"{VIDEO[codec].name} takes at most {most} px a side.")


def _canvas(video: Video, canvas: Canvas, codec: str) -> Iterator[Problem]:
    step = VIDEO[codec].sizes
    for name in ("width", "height"):
        side = getattr(canvas, name)
        if side % step:
            yield Problem(("video", "pad", name), f"{VIDEO[codec].name} needs even sizes: use {side - 1} or {side + 1}.")
    turned = bool(video.follow_orientation)
    for name, offset, side in (("width", canvas.left, canvas.width), ("height", canvas.top, canvas.height)):
        asked = getattr(video, name)
        if (offset or 0) >= side:
            yield Problem(("video", "pad", "left" if name == "width" else "top"), f"The picture would lie outside the canvas: use less than {side}.")
        elif asked is not None and not turned and video.scale_type != "fit" and (offset or 0) + asked > side:
            yield Problem(("video", "pad", name), f"The canvas is too small: the picture needs {(offset or 0) + asked} px.")


def _fields(video: Video) -> Iterator[Problem]:
    if video.scan == "progressive" and video.deinterlace == "none":
        yield Problem(("video", "deinterlace"), "Progressive output needs interlaced sources to be deinterlaced: remove «deinterlace», or use auto.")
    if video.scan == "interlaced":
        if video.deinterlace in ("auto", "force"):
            yield Problem(("video", "deinterlace"), "What is deinterlaced is not interlaced any more: remove «scan» or «deinterlace».")
        if video.rotate and video.rotate != 180:
            yield Problem(("video", "rotate"), "Fields cannot be turned: use progressive, or do not turn the picture.")
        if video.flip in ("vertical", "both") or video.rotate == 180:
            yield Problem(("video", "flip" if video.flip else "rotate"), "Fields change places when the picture is turned over: use progressive.")


def _colours(video: Video, codec: str) -> Iterator[Problem]:
    if video.hdr != "keep":
        return
    row, can = VIDEO[codec], possible(codec, video.profile)
    if video.pixel_format is not None and not deep(video.pixel_format):
        yield Problem(("video", "hdr"), f"HDR needs 10 bit, and {video.pixel_format} has 8: use yuv420p10le, or remove «pixel_format».")
    elif not any(deep(one) for one in can):
        if video.profile in row.profiles:
            yield Problem(("video", "hdr"), f"HDR needs 10 bit, which the profile «{video.profile}» of {row.name} does not have: use sdr, or another profile.")
        else:
            yield Problem(("video", "hdr"), f"HDR needs 10 bit, which {row.name} does not have: use sdr, or another codec.")
