"""Watermarks: from the template, an output's size and the fetched files to branches over the picture. Pure.

Marks lie over the finished picture (scaled, in the output's pixel format), in the order in which they are given. In a ladder pixels are those of
the largest rung; the others have the mark in proportion, so that switching rungs moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jobs.engine.codecs import HDR_TRANSFERS
from jobs.engine.delogo import delogo
from jobs.engine.errors import JobError
from jobs.engine.geometry import upright
from jobs.engine.mark_text import drawing, place
from jobs.engine.overlays import FORMATS, during, offset
from jobs.engine.plan import Branch, FilterSpec, Pad, RenditionPlan, Source, VideoPlan
from jobs.engine.transparency import ALPHA_DECODERS

if TYPE_CHECKING:
    from jobs.engine.drawing import Drawing
    from jobs.engine.picture import Picture
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.sources import Material, Sources
    from jobs.engine.template import Template
    from jobs.engine.vocabulary.marks import MarkText, Watermark

WIDTH = 0.12  # of the output's width, where neither side is said
MARK_PIXELS = 16_000_000  # of a mark's picture, as it is in the file and as it is shown
STILLS = frozenset({"png_pipe", "jpeg_pipe", "webp_pipe"})
WOUND_BACK = frozenset({"apng", "webp_anim"})
"""ffmpeg cannot wind these back (the decoder fails, or the demuxer): they are played on by their demuxer, or their pictures are kept and repeated."""
LOOP_BYTES = 256_000_000  # of pictures that are kept for that
OPAQUE = frozenset({"jpeg_pipe"})
REFERENCE_WHITE = 203  # cd/m²
DEEP = frozenset({"yuv420p10", "yuv422p10", "yuv444p10"})
"""Layers that HDR outputs have."""
TRANSPARENT = frozenset({"bgra", "rgba", "gbrap"})
SUBSAMPLED = {"yuv420": (2, 2), "yuv420p10": (2, 2), "yuv422": (2, 1), "yuv422p10": (2, 1)}
"""overlay rounds x and y down to these."""


@dataclass
class Laid:
    """Marks of one rendition."""

    video: VideoPlan
    drawings: list[Drawing] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def lay(
    marks: Sequence[Watermark], video: VideoPlan, material: Material, sources: Sources, *, name: str, largest: tuple[int, int], transfer: str | None = None
) -> Laid:
    """The picture with its marks. ``name``: begins the names of drawn files; ``largest``: width and height of the ladder's largest rung; ``transfer``: of
    the output, where it is known.

    Raises JobError: WatermarkTooLarge, WatermarkNotReadable, or what the mark's file failed with.
    """
    laid = Laid(video)
    if not marks:
        return laid
    chain = list(video.filters)
    layer = FORMATS.get(video.pixel_format or "", "gbrp")
    if layer == "gbrp":  # animations: a transparent ground stays transparent
        chain.append(("format", (("pix_fmts", "gbrap" if video.pixel_format in TRANSPARENT else "gbrp"),)))
    scale = min(1.0, max(video.width, video.height) / max(largest))
    for number, mark in enumerate(marks, start=1):
        branch = (
            _text(mark, mark.text, laid, sources, f"{name}-{number}.png", scale) if mark.text else _image(mark, number, laid, material, sources, layer, scale)
        )
        if branch is not None:
            into, arguments = branch.into
            met = (into, (*arguments, ("format", layer), ("eval", "init"), *during(mark.start, mark.duration)))
            chain.append(branch.model_copy(update={"filters": (*branch.filters, *_as_bright(transfer, layer)), "into": met}))
    laid.video = video.model_copy(update={"filters": tuple(chain)})
    return laid


def _text(mark: Watermark, text: MarkText, laid: Laid, sources: Sources, file: str, scale: float) -> Branch:
    video = laid.video
    drawn = drawing(
        text,
        file,
        corner=mark.corner or "top_right",
        dx=offset(mark.dx, video.width, scale),
        dy=offset(mark.dy, video.height, scale),
        frame=(video.width, video.height),
        scale=scale,
    )
    laid.drawings.append(drawn)
    source = sources.add(Source(file=file, format="png_pipe", pixels=video.width * video.height))
    x, y = place(drawn)
    return Branch(pad=Pad(source=source, stream=0, codec="png"), filters=STILL, into=("overlay", (("x", x), ("y", y), ("eof_action", "repeat"))))


STILL: tuple[FilterSpec, ...] = (("trim", (("end_frame", 1),)), ("settb", (("expr", "1/1"),)), ("setpts", (("expr", "0"),)))
"""One picture, whatever follows it in the file. The coarse time base leaves the main picture's as it is: the overlay has the finer of both."""


def _image(mark: Watermark, number: int, laid: Laid, material: Material, sources: Sources, layer: str, scale: float) -> Branch | None:
    """None: all of it lies outside the picture."""
    if mark.image is None:
        raise JobError("WatermarkNotReadable", f"Watermark {number} has neither image nor text.")
    fetched = material.media(mark.image)
    probe = fetched.probe
    if probe is None or probe.picture is None:
        raise JobError("WatermarkNotReadable", f"Watermark {number} has no picture in it.")
    video, stream = laid.video, probe.picture
    x, y, width, height = mark_box(mark, stream, (video.width, video.height), scale)
    if width * height > MARK_PIXELS:
        raise JobError("WatermarkTooLarge", f"Watermark {number} would be {width}×{height}; at most {MARK_PIXELS:,} pixels in all are laid over.")
    if x >= video.width or y >= video.height or x + width <= 0 or y + height <= 0:
        laid.warnings.append(f"Watermark {number} lies outside the {video.width}×{video.height} picture; it is not seen.")
        return None
    if beyond := max(-x, x + width - video.width, -y, y + height - video.height, 0):
        laid.warnings.append(f"Watermark {number} reaches {beyond} px beyond the {video.width}×{video.height} picture.")
    grid_x, grid_y = SUBSAMPLED.get(layer, (1, 1))
    filters = (
        *_shown(mark, probe),
        *_sized(stream, (width, height), opaque=probe.format_name in OPAQUE),
        *_repeated(stream, probe, width * height * 4, number),
        *_faint(mark),
        *_even(x, y, width, height, layer),
    )
    into = (("x", x - x % grid_x), ("y", y - y % grid_y), *((("eof_action", "repeat"),) if probe.format_name in STILLS else (("shortest", 1),)))
    return Branch(
        pad=Pad(source=_opened(fetched.file, probe, stream, sources), stream=stream.index, codec=_decoder(stream)), filters=filters, into=("overlay", into)
    )


def mark_box(mark: Watermark, stream: VideoStream, frame: tuple[int, int], scale: float = 1.0) -> tuple[int, int, int, int]:
    """x, y, width and height of an image in the output, px. It may reach beyond the frame."""
    width, height = mark_size(mark, stream, frame, scale)
    dx, dy = offset(mark.dx, frame[0], scale), offset(mark.dy, frame[1], scale)
    corner = mark.corner or "top_right"
    x = frame[0] - dx - width if corner.endswith("right") else dx
    y = frame[1] - dy - height if corner.startswith("bottom") else dy
    return x, y, width, height


def mark_size(mark: Watermark, stream: VideoStream, frame: tuple[int, int], scale: float = 1.0) -> tuple[int, int]:
    """px of the mark in the output: both sides as said; one, and the other in proportion; none: 0.12 of the output's width."""
    seen = upright(stream)
    width = offset(mark.width, frame[0], scale) if mark.width is not None else None
    height = offset(mark.height, frame[1], scale) if mark.height is not None else None
    if width is None and height is None:
        width = round(WIDTH * frame[0])
    if width is None and height is not None:
        width = round(height * seen.width / seen.height)
    if height is None and width is not None:
        height = round(width * seen.height / seen.width)
    return max(1, width or 0), max(1, height or 0)


def _opened(file: str, probe: Probe, stream: VideoStream, sources: Sources) -> int:
    options: tuple[str, ...] = ()
    if probe.format_name in WOUND_BACK:
        options = ("-ignore_loop", "0") if stream.frames is None else ()
    elif probe.format_name not in STILLS:
        options = ("-stream_loop", "-1")
    if stream.codec in ALPHA_DECODERS:
        options = (*options, "-c:v", ALPHA_DECODERS[stream.codec])
    return sources.of(probe, file, options=options)


def _decoder(stream: VideoStream) -> str:
    return ALPHA_DECODERS.get(stream.codec, stream.codec)


def _shown(mark: Watermark, probe: Probe) -> tuple[FilterSpec, ...]:
    """When the mark's own pictures are shown: one for good, or moving ones from the mark's start on, over and over."""
    if probe.format_name in STILLS:
        return STILL
    begin = f"+{mark.start:.6f}/TB" if mark.start else ""
    return (("settb", (("expr", "1/1000"),)), ("setpts", (("expr", f"PTS-STARTPTS{begin}"),)))


def _sized(stream: VideoStream, size: tuple[int, int], *, opaque: bool) -> tuple[FilterSpec, ...]:
    """Scaled with the alpha multiplied in: what lies unseen below a transparent pixel must not bleed into its neighbours."""
    to_rgb: FilterSpec = ("format", (("pix_fmts", "gbrp" if opaque else "gbrap"),))
    decoded = (stream.height, stream.width) if stream.rotation % 180 else (stream.width, stream.height)
    if decoded == size:
        return (to_rgb, ("setsar", (("sar", "1"),)))
    scaled: FilterSpec = ("scale", (("w", size[0]), ("h", size[1]), ("flags", "bicubic+accurate_rnd+full_chroma_int")))
    if opaque:
        return (to_rgb, scaled, ("setsar", (("sar", "1"),)))
    return (to_rgb, ("premultiply", (("inplace", 1),)), scaled, ("unpremultiply", (("inplace", 1),)), ("setsar", (("sar", "1"),)))


def _repeated(stream: VideoStream, probe: Probe, size: int, number: int) -> tuple[FilterSpec, ...]:
    """For what plays a few times only and cannot be wound back: its pictures, kept in memory as they are shown."""
    if probe.format_name not in WOUND_BACK or stream.frames is None:
        return ()
    if stream.frames > 32_767 or stream.frames * size > LOOP_BYTES:
        raise JobError("WatermarkTooLarge", f"Watermark {number} has {stream.frames} pictures and does not loop; save it so that it loops for ever.")
    return (("loop", (("loop", -1), ("size", stream.frames))),)


def _as_bright(transfer: str | None, layer: str) -> tuple[FilterSpec, ...]:
    """On HDR a mark's white is as bright as HDR's reference white (ITU-R BT.2408: 203 cd/m²), not as bright as it gets."""
    if transfer not in HDR_TRANSFERS or layer not in DEEP:
        return ()
    tags: FilterSpec = ("setparams", (("colorspace", "gbr"), ("color_primaries", "bt709"), ("color_trc", "iec61966-2-1"), ("range", "pc")))
    own = (("tin", "iec61966-2-1"), ("pin", "bt709"), ("min", "gbr"), ("rin", "full"))
    to = (("t", transfer), ("p", "bt2020"), ("m", "2020_ncl"), ("r", "limited"), ("npl", REFERENCE_WHITE))
    return (("format", (("pix_fmts", "gbrap"),)), tags, ("zscale", (*own, *to)), ("format", (("pix_fmts", "yuva444p10le"),)))


def _faint(mark: Watermark) -> tuple[FilterSpec, ...]:
    if mark.opacity is None or mark.opacity == 1:
        return ()
    return (("format", (("pix_fmts", "gbrap"),)), ("colorchannelmixer", (("aa", f"{mark.opacity:.4g}"),)))


def _even(x: int, y: int, width: int, height: int, layer: str) -> tuple[FilterSpec, ...]:
    """A transparent line at the left or top where the place is odd, and one at the other end where the sum is: colour is laid in pairs of pixels."""
    grid_x, grid_y = SUBSAMPLED.get(layer, (1, 1))
    left, top = x % grid_x, y % grid_y
    across, down = width + left + (width + left) % grid_x, height + top + (height + top) % grid_y
    if (across, down) == (width, height):
        return ()
    return (("format", (("pix_fmts", "gbrap"),)), ("pad", (("w", across), ("h", down), ("x", left), ("y", top), ("color", "black@0"))))


@dataclass(frozen=True)
class Marked:
    """All renditions of an output with their marks laid over."""

    renditions: tuple[RenditionPlan, ...]
    drawings: tuple[Drawing, ...] = ()
    warnings: tuple[str, ...] = ()


def hidden(picture: Picture, template: Template, stream: VideoStream) -> Picture:
    """The picture with its areas hidden before anything else is done to it. ``stream``: what its chain starts from."""
    if not template.delogos or picture.plan.encoder == "copy":
        return picture
    chain, told = delogo(template.delogos, stream, picture.plan.pixel_format)
    return replace(picture, plan=picture.plan.model_copy(update={"filters": (*chain, *picture.plan.filters)}), warnings=(*picture.warnings, *told))


def marked(index: int, template: Template, renditions: Sequence[RenditionPlan], material: Material, sources: Sources) -> Marked:
    """Lay the watermarks over the pictures of an output that are encoded. Raises as :func:`lay`."""
    encoded = [r.video for r in renditions if r.video is not None and r.video.encoder != "copy"]
    if not encoded or not template.watermarks:
        return Marked(tuple(renditions))
    widest = max(encoded, key=lambda video: video.width * video.height)
    done: list[RenditionPlan] = []
    drawings: list[Drawing] = []
    warnings: list[str] = []
    for number, rendition in enumerate(renditions):
        video = rendition.video
        if video is None or video.encoder == "copy":
            done.append(rendition)
            continue
        size = (widest.width, widest.height)
        told = rendition.expected.colours
        transfer = told.transfer if told else None
        laid = lay(template.watermarks, video, material, sources, name=f"text{index}-{number}", largest=size, transfer=transfer)
        done.append(rendition.model_copy(update={"video": laid.video}))
        drawings += laid.drawings
        warnings += laid.warnings
    return Marked(tuple(done), tuple(drawings), tuple(dict.fromkeys(warnings)))
