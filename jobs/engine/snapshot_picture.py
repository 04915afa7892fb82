"""How one picture of a snapshot is made: the engine's picture chain, ending in the pixels of a still format. Pure.

Interlaced pictures are put together, the sample aspect ratio goes into the size, HDR becomes SDR. Still formats differ in what their values mean: JPEG and
WebP have the matrix of BT.601, PNG is RGB. ffmpeg turns pictures upright by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine import colour, fields
from jobs.engine.geometry import filters, fit_size, upright
from jobs.engine.spec import InputSpec
from jobs.engine.template import Video

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec
    from jobs.engine.probe import VideoStream
    from jobs.engine.spec import SnapshotSpec

QUALITY_USUAL = 90
# slower, and without the rounding that shows in flat areas of a still picture
EXACTLY = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
SQUARE = ("setsar", (("sar", "1"),))


@dataclass(frozen=True)
class Format:
    """A still format. ``ffmpeg``: its encoder; ``codec``: as ffprobe calls it; ``pillow``: as Pillow does; ``most``: px a side."""

    extension: str
    encoder: str
    codec: str
    pillow: str
    pixels: str
    values: tuple[tuple[str, str], ...]
    most: int = 16_384


FORMATS: dict[str, Format] = {
    "jpg": Format("jpg", "mjpeg", "mjpeg", "JPEG", "yuvj420p", (("out_color_matrix", "smpte170m"), ("out_range", "full"))),
    "png": Format("png", "png", "png", "PNG", "rgb24", ()),
    "webp": Format("webp", "libwebp", "webp", "WEBP", "yuv420p", (("out_color_matrix", "smpte170m"), ("out_range", "limited")), most=16_383),
    # ffmpeg numbers pictures only in formats without a container: the worker makes AVIF of PNG
    "avif": Format("avif", "png", "av1", "AVIF", "rgb24", ()),
}
ENDINGS = {"jpg": "jpg", "jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif"}
"""File name extensions and the formats they stand for."""


@dataclass(frozen=True)
class StillPicture:
    """``before``: filters that need the pictures beside; ``after``: what is done to each picture that was chosen."""

    encoder: str
    codec: str
    before: tuple[FilterSpec, ...]
    after: tuple[FilterSpec, ...]
    options: tuple[str, ...]
    width: int
    height: int


def format_of(spec: SnapshotSpec) -> str:
    """What is said, else what the address ends with, else jpg."""
    return spec.format or ENDINGS.get(spec.output.address.key.rpartition(".")[2].lower(), "jpg")


def suspicious(stream: VideoStream) -> bool:
    """Whether the container says that the picture is interlaced: then it is looked at, because containers often lie."""
    return stream.field_order not in (None, "progressive")


def plan(spec: SnapshotSpec, stream: VideoStream, format_: str, counts: fields.Counts | None) -> StillPicture:
    """Decide it. ``counts``: of the fields, where they were looked at. Raises JobError InputTooLarge."""
    row = FORMATS[format_]
    video = Video(width=spec.width, height=spec.height, scale_type=spec.scale_type, deinterlace="auto")
    source = InputSpec.model_construct(address=spec.input.address, start=None, duration=None)
    found = fields.plan_fields(stream, video, source, {fields.name(source): counts} if counts else {})
    target = fit_size(upright(stream), video, "convert", any_size=True)
    before = colour.of_source(stream)
    sized: list[FilterSpec] = list(filters(target))
    last: FilterSpec = ("scale", (("flags", EXACTLY), *row.values))
    if before.hdr:
        sized += colour.tone_mapped("yuv444p", odd=bool(target.width % 2 or target.height % 2))
    elif target.scaled and not (target.cropped or target.padded):
        # size and values in one go: halving the chroma of a small picture first would cost its colours
        sized.pop(0)
        last = ("scale", (("w", target.scaled[0]), ("h", target.scaled[1]), *last[1]))
    chain = [last, ("format", (("pix_fmts", row.pixels),))]
    chain = [*chain, *sized] if sized[:1] == [SQUARE] else [*sized, *chain]
    return StillPicture(
        encoder=row.encoder,
        codec=row.codec,
        before=found.filters,
        after=(*colour.tagged(stream, before), *chain),
        options=_options(format_, spec.quality or QUALITY_USUAL),
        width=target.width,
        height=target.height,
    )


def _options(format_: str, quality: int) -> tuple[str, ...]:
    """Encoder options for a quality of 1–100, as people know it from image editors."""
    if format_ == "jpg":  # mjpeg's scale goes from 1 (best) to 31
        return ("-qmin:v", "1", "-q:v", str(min(31, 1 + round((100 - quality) * 0.25))))
    if format_ == "webp":
        return ("-quality:v", str(quality))
    return ()
