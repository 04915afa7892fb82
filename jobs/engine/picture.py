"""The picture of one rendition: from template and source stream to a VideoPlan. Pure.

The order of filters, and why: tags first, so that every filter knows what values mean; then fields, while lines are still lines; frame rate (fewer
pictures for the rest); crop and turn, which work in the source's pixels; denoise, while noise is still as large as a pixel; size; tone mapping (costly,
so on the smaller picture); sharpen; canvas; pixel format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine import animation, colour, transparency
from jobs.engine.canvas import place
from jobs.engine.codecs import TAGS, VIDEO, container
from jobs.engine.containers import COPY_SHAPES
from jobs.engine.copied import codec_name, lying, played
from jobs.engine.crop import area_of, cut
from jobs.engine.cut import counted
from jobs.engine.detail import denoised, sharpened
from jobs.engine.encoders import Frames, plan_encoding
from jobs.engine.errors import JobError
from jobs.engine.fields import plan_fields
from jobs.engine.geometry import Arguments, Upright, check_sides, filters, fit_size
from jobs.engine.packaging import segmentation
from jobs.engine.pixels import plan_pixels
from jobs.engine.plan import ExpectedColours, FilterSpec, VideoPlan
from jobs.engine.rates import constant_rate, exact_rate, plan_rate, source_fps
from jobs.engine.rotate import turn
from jobs.engine.sources import pad
from jobs.engine.steady import steady_rate

if TYPE_CHECKING:
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.spec import InputSpec
    from jobs.engine.template import Template, Video


@dataclass(frozen=True)
class Picture:
    """A VideoPlan with what else was decided about it."""

    plan: VideoPlan
    fps: float | None  # of the output; None: as the source has it, and that is unknown
    rate_kept: bool
    bitrate_kbps: int | None
    crf: float | None
    gop: int | None
    warnings: tuple[str, ...]
    colours: ExpectedColours | None = None  # None: not told by the output


def plan_picture(
    template: Template,
    stream: VideoStream,
    probe: Probe,
    source: int,
    clip: InputSpec,
    measured: Mapping[str, Any],
    seconds: float | None = None,
) -> Picture:
    """Decide size, rate, colours, pixel format and encoder options. ``clip``, ``measured``: what the measurements are named after, and their values;
    ``seconds``: how long the output will be. Raises JobError SourceTooSmall, InputTooLarge, AreaOutsidePicture, ImpossibleCombination."""
    video, conditions, format_ = template.video, template.conditions, template.container.format
    codec = video.codec or container(format_, template.mux.segment_format).video[0]
    if codec == "copy":
        return _copied(template, stream, source)
    row, animated = VIDEO[codec], codec in animation.ANIMATIONS
    warnings: list[str] = []
    fields = plan_fields(stream, video, clip, measured)
    shape = _shape(stream, video, clip, measured, fields=fields.kept)
    target = fit_size(shape.upright, video, conditions.if_smaller, any_size=animated)
    placed = place(target.width, target.height, video)
    check_sides(codec, row.name, placed.width, placed.height)
    if target.kept:
        warnings.append(f"The source is smaller than the template asks for: its own size {target.width}×{target.height} was kept.")
    rate = steady_rate(format_, codec, plan_rate(video, conditions, stream, codec, warnings), stream, warnings)
    pixels = plan_pixels(video, codec, stream, transparency.pixels(template, stream))
    before = colour.of_source(stream)
    after = colour.of_output(before, codec, placed.width, placed.height, tone_mapped=pixels.tone_map)
    # tone mapping and palettes convert by themselves; until then the source's own values hold
    converted = () if pixels.tone_map or animated else colour.in_scaler(before, after)
    chain: list[FilterSpec] = [*colour.tagged(stream, before), *fields.filters]
    if rate:
        chain.append(("fps", (("fps", exact_rate(rate)),)))
    chain += [*shape.filters, *denoised(video)]
    chain += filters(target, (*converted, *_interlaced(target.scaled is not None and fields.kept)))
    if pixels.tone_map:
        chain += colour.tone_mapped(pixels.working, odd=bool(target.width % 2 or target.height % 2))
    elif not animated:
        chain += colour.retagged(before, after)
    chain += [*sharpened(video), *placed.filters]
    chain += animation.pixels(codec) if animated else (("format", (("pix_fmts", pixels.name),)),)
    fps, constant = rate or source_fps(stream), bool(rate) or constant_rate(stream)
    ends = _ends(stream, probe) if clip.start is None and clip.duration is None else None
    frames = Frames(
        placed.width, placed.height, pixels.name, fps, constant, retimed=bool(rate), interlaced=fields.kept and not animated, ends=ends, limit=clip.duration
    )
    encoding = plan_encoding(template, codec, frames, stream, probe)
    plan = VideoPlan(
        pad=pad(source, stream),
        encoder=row.encoder,
        codec=row.stream,
        filters=tuple(chain),
        options=encoding.options,
        passes=encoding.passes,
        width=placed.width,
        height=placed.height,
        pixel_format=pixels.name,
        palette=animation.palette(template.mux, placed.width, placed.height, seconds, fps) if codec == "gif" else None,
    )
    warnings = [*fields.warnings, *shape.warnings, *warnings, *pixels.warnings, *encoding.warnings]
    told = None if animated or codec in colour.UNTAGGED else ExpectedColours(matrix=after.matrix, transfer=after.transfer, primaries=after.primaries)
    return Picture(plan, fps, rate is None, encoding.bitrate_kbps, encoding.crf, encoding.gop, tuple(dict.fromkeys(warnings)), told)


def _ends(stream: VideoStream, probe: Probe) -> float | None:
    """Where the picture ends, s from the file's beginning. Only where pictures are counted, so that a file which is cut off gives itself away by their number."""
    if not counted(probe) or stream.frames is None or stream.duration is None:
        return None
    return (stream.start or 0.0) - (probe.start or 0.0) + stream.duration


@dataclass(frozen=True)
class Shape:
    """The source as its size is decided from: cropped and turned."""

    upright: Upright
    filters: tuple[FilterSpec, ...]
    warnings: tuple[str, ...]


def _shape(stream: VideoStream, video: Video, clip: InputSpec | None, measured: Mapping[str, Any], *, fields: bool = False) -> Shape:
    rest = cut(stream, video, area_of(video, clip, measured), fields=fields)
    turned, turning = turn(rest.upright, video)
    return Shape(turned, (*rest.filters, *turning), rest.warnings)


def seen(stream: VideoStream, video: Video, clip: InputSpec | None, measured: Mapping[str, Any]) -> Upright:
    """The source as its size is decided from, for who wants to know the output's size beforehand. No ``clip``: nothing was measured. Raises JobError AreaOutsidePicture."""
    return _shape(stream, video, clip, measured).upright


def _interlaced(scaled: bool) -> Arguments:
    """Fields that stay are scaled each for itself."""
    return (("interl", 1),) if scaled else ()


def _copied(template: Template, stream: VideoStream, source: int) -> Picture:
    format_ = template.container.format
    held = container(format_, template.mux.segment_format)
    if stream.codec not in held.copies:
        raise JobError("ImpossibleCombination", f"{held.name} cannot hold {codec_name(stream.codec)}, which the input has; choose a codec to encode to.")
    plan = VideoPlan(
        pad=pad(source, stream),
        encoder="copy",
        codec=stream.codec,
        options=(*TAGS.get((format_, stream.codec), ()), *COPY_SHAPES.get((format_, stream.codec), ())),
        width=stream.width,
        height=stream.height,
        pixel_format=stream.pixel_format,
    )
    segments = segmentation(template)
    warnings = (*played(held, stream.codec), *lying(held, stream.rotation, packaged=segments is not None and segments.packager))
    return Picture(plan, source_fps(stream), True, stream.bitrate_kbps, None, None, warnings)
