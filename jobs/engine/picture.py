"""The picture of one rendition: from template and source stream to a VideoPlan. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.codecs import CONTAINERS, FULL_RANGE, GIF_FPS_MAX, HDR_TRANSFERS, QUIET_X265, SEGMENTED, TAGS, VIDEO
from jobs.engine.errors import JobError
from jobs.engine.geometry import FilterSpec, Target, filters, fit_size, upright
from jobs.engine.plan import VideoPlan
from jobs.engine.streams import codec_name

if TYPE_CHECKING:
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.template import Conditions, Video

GOP = 250  # frames, where nothing is said
SEGMENT_SECONDS = 10.0
# Some containers give every frame the length of a millisecond, and the playlist's last length is the sum of those: count from frame to frame instead.
# pts and dts must be said: what setts takes otherwise shows reordered frames out of order.
TRUE_DURATIONS = r"setts=pts=PTS:dts=DTS:duration=if(eq(NEXT_DTS\,NOPTS)\,DURATION\,NEXT_DTS-DTS)"


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


def source_fps(stream: VideoStream) -> float | None:
    """The average rate, or the nominal one where the average is not believable."""
    return stream.fps or stream.nominal_fps


def constant_rate(stream: VideoStream) -> bool:
    """Whether all frames last equally long, as far as the container tells."""
    return bool(stream.fps and stream.nominal_fps and abs(stream.fps - stream.nominal_fps) <= 0.001 * stream.fps)


def plan_picture(video: Video, conditions: Conditions, format_: str, segment_seconds: float, stream: VideoStream, probe: Probe) -> Picture:
    """Decide size, rate, pixel format and encoder options. Raises JobError SourceTooSmall, InputTooLarge, ImpossibleCombination."""
    codec = video.codec or CONTAINERS[format_].video[0]
    if codec == "copy":
        return _copied(format_, stream)
    row = VIDEO[codec]
    warnings: list[str] = []
    target = fit_size(upright(stream), video, conditions.if_smaller, any_size=codec == "gif")
    if target.kept:
        warnings.append(f"The source is smaller than the template asks for: its own size {target.width}×{target.height} was kept.")
    rate = _rate(video, conditions, stream, codec, warnings)
    pixel_format = _pixel_format(video, codec, stream)
    full = codec != "gif" and (stream.color_range == "pc" or stream.pixel_format in FULL_RANGE)
    chain = _chain(target, rate, pixel_format if codec != "gif" else None, full)
    if stream.color_transfer in HDR_TRANSFERS and not pixel_format.endswith("10le"):
        warnings.append("The source is HDR and the output has 8 bits: colours are not tone-mapped and will look pale.")
    if stream.field_order not in (None, "progressive"):
        warnings.append("The source is interlaced and is encoded as it is.")
    bitrate = _bitrate(video, conditions, stream, probe, warnings)
    crf = None if bitrate else (video.crf if video.crf is not None else row.crf)
    fps = rate or source_fps(stream)
    gop = _gop(video, format_, segment_seconds, fps, bool(rate) or constant_rate(stream)) if codec != "gif" else None
    options = [*_encoder(video, codec, crf, bitrate, gop), *(_segmented(row.encoder, segment_seconds) if format_ == "hls" else _x265(row.encoder))]
    options += ["-fps_mode:v", "passthrough", *(() if rate else ("-enc_time_base:v", "demux"))]
    if format_ == "hls" and rate is None and not constant_rate(stream):
        options += ["-bsf:v", TRUE_DURATIONS]
    options += TAGS.get((format_, row.stream), ())
    plan = VideoPlan(
        source_index=stream.index,
        encoder=row.encoder,
        codec=row.stream,
        filters=chain,
        options=tuple(options),
        width=target.width,
        height=target.height,
        pixel_format=pixel_format,
    )
    return Picture(plan, fps, rate is None, bitrate, crf, gop, tuple(warnings))


def _copied(format_: str, stream: VideoStream) -> Picture:
    container = CONTAINERS[format_]
    if stream.codec not in container.copies:
        raise JobError("ImpossibleCombination", f"{container.name} cannot hold {codec_name(stream.codec)}, which the input has; choose a codec to encode to.")
    warnings = []
    if container.plays_in_browsers and stream.codec not in container.plays_in_browsers:
        warnings.append(f"Browsers do not play {codec_name(stream.codec)} in {container.name}; it is copied as it is.")
    plan = VideoPlan(
        source_index=stream.index,
        encoder="copy",
        codec=stream.codec,
        options=TAGS.get((format_, stream.codec), ()),
        width=stream.width,
        height=stream.height,
        pixel_format=stream.pixel_format,
    )
    return Picture(plan, source_fps(stream), True, stream.bitrate_kbps, None, None, tuple(warnings))


def _rate(video: Video, conditions: Conditions, stream: VideoStream, codec: str, warnings: list[str]) -> float | None:
    """Frames per second to convert to, or None where the source's own timing is kept."""
    own = source_fps(stream)
    wanted = video.fps or None
    if wanted is None and video.max_fps and own and own > video.max_fps:
        wanted = video.max_fps
    elif wanted and own and own < wanted - 0.01:
        if conditions.if_lower_fps == "fail":
            raise JobError("SourceTooSmall", f"The source has {own:.3g} frames per second, the template asks for {wanted:g}.")
        if conditions.if_lower_fps == "keep":
            warnings.append(f"The source has fewer frames per second than the template asks for: its own {own:.3g} was kept.")
            wanted = None
    if codec == "gif":
        if wanted is None and not (constant_rate(stream) and own and own <= GIF_FPS_MAX):
            wanted = min(stream.nominal_fps or 25.0, GIF_FPS_MAX)
        elif wanted and wanted > GIF_FPS_MAX:
            warnings.append(f"GIF plays at most {GIF_FPS_MAX:g} frames per second.")
            wanted = GIF_FPS_MAX
    if wanted and own and constant_rate(stream) and abs(own - wanted) < 0.0005 * wanted:
        return None
    return wanted


def _pixel_format(video: Video, codec: str, stream: VideoStream) -> str:
    """As asked; else the source's, if codec and profile can; else 4:2:0 with 8 bits (or what the profile is for)."""
    row = VIDEO[codec]
    can = row.profiles.get(video.profile or "", row.pixel_formats)
    own = FULL_RANGE.get(stream.pixel_format or "", stream.pixel_format or "")
    if video.pixel_format in can:
        return str(video.pixel_format)
    return own if own in can else can[0]


def _chain(target: Target, rate: float | None, pixel_format: str | None, full: bool) -> tuple[FilterSpec, ...]:
    """Rate first (fewer frames to scale), then size, then pixel format."""
    chain: list[FilterSpec] = []
    if rate:
        chain.append(("fps", (("fps", exact_rate(rate)),)))
    chain += filters(target, limited_range=full)
    if pixel_format:
        chain.append(("format", (("pix_fmts", pixel_format),)))
    return tuple(chain)


def exact_rate(rate: float) -> str:
    """A rate for ffmpeg: the NTSC ones as fractions, so that 29.97 does not drift."""
    for whole in (24, 30, 48, 60, 120):
        if abs(rate - whole * 1000 / 1001) < 0.005:
            return f"{whole}000/1001"
    return f"{rate:g}"


def _bitrate(video: Video, conditions: Conditions, stream: VideoStream, probe: Probe, warnings: list[str]) -> int | None:
    """kbit/s to encode to, or None for constant quality."""
    wanted = video.bitrate_kbps
    own = stream.bitrate_kbps or probe.bitrate_kbps
    if not wanted or not own or own >= wanted or conditions.if_lower_video_bitrate == "convert":
        return wanted
    if conditions.if_lower_video_bitrate == "fail":
        raise JobError("SourceTooSmall", f"The source's video has {own} kbit/s, the template asks for {wanted}.")
    warnings.append(f"The source has less than the bitrate the template asks for: its own {own} kbit/s was kept.")
    return max(own, 10)


def _gop(video: Video, format_: str, segment_seconds: float, fps: float | None, constant: bool) -> int:
    if video.gop:
        return video.gop
    if format_ == "hls" and fps and constant:
        return max(1, min(GOP, round(fps * segment_seconds)))
    return GOP


def _encoder(video: Video, codec: str, crf: float | None, bitrate: int | None, gop: int | None) -> list[str]:
    if codec == "gif":
        return []
    options = ["-preset", video.preset or "medium"]
    if video.profile:
        options += ["-profile:v", video.profile]
    options += ["-b:v", f"{bitrate}k"] if bitrate else ["-crf", f"{crf:g}"]
    if video.maxrate_kbps:
        maxrate = max(video.maxrate_kbps, bitrate or 0)
        options += ["-maxrate", f"{maxrate}k", "-bufsize", f"{video.bufsize_kbit or 2 * maxrate}k"]
    return [*options, "-g", str(gop)]


def _segmented(encoder: str, segment_seconds: float) -> list[str]:
    """Key frames where segments begin, each the start of a group that decodes alone.

    Counted from the first picture, as the muxer does: that may come after zero, and then multiples from zero would fall a little
    before the muxer's border and lose every second cut. st and ld are the expression's own memory.
    """
    closed = list(SEGMENTED[encoder])
    if encoder == "libx265":
        closed[1] += ":" + QUIET_X265
    return [*closed, "-force_key_frames:v", f"expr:if(isnan(prev_forced_t),1+0*st(0,t),gte(t,ld(0)+n_forced*{segment_seconds:g}))"]


def _x265(encoder: str) -> list[str]:
    return ["-x265-params", QUIET_X265] if encoder == "libx265" else []
