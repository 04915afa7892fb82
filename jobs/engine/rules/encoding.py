"""What cannot be asked of a video encoder: rate control, profiles, groups of pictures. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.engine.codecs import GIF_FPS_MAX, VIDEO, VideoEncoder
from jobs.engine.containers import GOP_MAX, SEGMENTED, Container
from jobs.engine.errors import Problem
from jobs.engine.rules.picture import check_picture
from jobs.engine.rules.wording import cannot_hold, either, said

if TYPE_CHECKING:
    from jobs.engine.template import Video

# Fields that only some encoders know; all others (size, rate, pixel format, filters) are for every picture that is encoded
ENCODER_FIELDS = (
    "profile", "level", "preset", "rate_control", "passes", "crf", "bitrate_kbps", "bitrate_min_kbps", "bitrate_max_kbps", "maxrate_kbps", "bufsize_kbit",
    "gop", "gop_seconds", "closed_gop", "bframes", "refs",
)  # fmt: skip
RATE_TOLERANCE = 0.01


def check_video(video: Video, container: Container, format_: str) -> Iterator[Problem]:
    """Rules of one video section in a container that holds pictures."""
    codec = video.codec or container.video[0]
    if codec == "copy":
        for field in said(video):
            if field != "codec":
                yield Problem(("video", field), f"A copied picture cannot be changed: remove «{field}», or choose a codec.")
        return
    row = VIDEO[codec]
    if codec not in container.video:
        yield Problem(("video", "codec"), cannot_hold(container, codec, row.name, lambda c: codec in c.video))
    for field in ENCODER_FIELDS:
        if getattr(video, field) is not None and field not in row.fields:
            yield Problem(("video", field), f"{row.name} has no «{field}».")
    if video.pixel_format is not None and not row.pixel_formats:
        yield Problem(("video", "pixel_format"), f"{row.name} has no «pixel_format».")
    if codec == "gif" and video.fps and video.fps > GIF_FPS_MAX:
        yield Problem(("video", "fps"), f"GIF plays at most {GIF_FPS_MAX:g} frames per second.")
    yield from _control(video, row)
    yield from _bounds(video, row)
    yield from _shape(video, row)
    yield from _timing(video, row, container)
    yield from _profile(video, row)
    yield from _groups(video, codec, row, container, format_)
    yield from check_picture(video, codec)


def _control(video: Video, row: VideoEncoder) -> Iterator[Problem]:
    """Which of crf, abr, vbr and cbr, with what they need."""
    control, bounds = video.rate_control, video.bitrate_min_kbps or video.bitrate_max_kbps
    has_bitrate = video.bitrate_kbps is not None or bounds is not None
    if video.crf is not None and video.crf > row.crf_max and "crf" in row.fields:
        yield Problem(("video", "crf"), f"CRF of {row.name} goes from 0 to {row.crf_max}.")
    if video.crf is not None and video.bitrate_kbps is not None:
        yield Problem(("video", "crf"), "Give CRF or bitrate, not both.")
    elif video.crf is not None and bounds is not None:
        yield Problem(("video", "crf"), "Give CRF or bounds of the bitrate, not both.")
    if control == "crf" and has_bitrate:
        yield Problem(("video", "rate_control"), "Constant quality (crf) has no bitrate: remove the bitrate, or use abr, vbr or cbr.")
    elif control == "crf" and row.crf is None and "rate_control" in row.fields:
        yield Problem(("video", "rate_control"), f"{row.name} has no CRF: use abr, vbr or cbr with a bitrate.")
    if control in ("abr", "vbr", "cbr") and not has_bitrate:
        yield Problem(("video", "rate_control"), f"The rate control «{control}» needs a bitrate.")
    if video.passes == 2 and "passes" in row.fields:
        if not has_bitrate:
            yield Problem(("video", "passes"), "Two passes need a bitrate.")
        elif control == "cbr":
            yield Problem(("video", "passes"), "A constant bitrate is encoded in one pass.")


def _bounds(video: Video, row: VideoEncoder) -> Iterator[Problem]:
    """Peak, buffer, bounds of the average; lossless has none of them."""
    average, peak, least, most = video.bitrate_kbps, video.maxrate_kbps, video.bitrate_min_kbps, video.bitrate_max_kbps
    if peak is not None and average is not None:
        if video.rate_control == "cbr" and peak != average:
            yield Problem(("video", "maxrate_kbps"), "The peak of a constant bitrate is the bitrate itself: remove «maxrate_kbps».")
        elif peak < average:
            yield Problem(("video", "maxrate_kbps"), f"The peak bitrate ({peak} kbit/s) is below the average bitrate ({average} kbit/s).")
        elif row.encoder == "libsvtav1" and video.rate_control != "cbr":
            yield Problem(("video", "maxrate_kbps"), "AV1 takes a peak bitrate with CRF only.")
    if video.bufsize_kbit is not None and peak is None and video.rate_control not in ("cbr", "vbr"):
        yield Problem(("video", "bufsize_kbit"), "A buffer size needs a peak bitrate.")
    if least is not None and most is not None and least > most:
        yield Problem(("video", "bitrate_min_kbps"), f"The lower bound of the bitrate ({least} kbit/s) is above the upper one ({most} kbit/s).")
    elif average is not None and ((least is not None and average < least) or (most is not None and average > most)):
        yield Problem(("video", "bitrate_kbps"), "The bitrate lies outside its own bounds.")
    if video.crf == 0 and row.encoder in ("libx264", "libx265"):
        if peak is not None:
            yield Problem(("video", "maxrate_kbps"), "CRF 0 is lossless and has no upper bound: remove «maxrate_kbps», or use CRF 1 or more.")
        if row.encoder == "libx264" and video.profile not in (None, "high444"):
            yield Problem(("video", "profile"), "CRF 0 is lossless, which H.264 has in the profile high444 only.")


def _shape(video: Video, row: VideoEncoder) -> Iterator[Problem]:
    if video.short_side is not None and (video.width is not None or video.height is not None):
        yield Problem(("video", "short_side"), "Give the short side, or width and height, not both.")
    if video.scale_type is not None and (video.width is None or video.height is None):
        yield Problem(("video", "scale_type"), "A way of scaling needs both width and height.")
    if row.sizes == 1 or video.width is None or video.height is None:
        return  # one side alone is brought to the nearest even number, as the other one is
    for side, value in (("width", video.width), ("height", video.height)):
        if value % row.sizes:
            yield Problem(("video", side), f"{row.name} needs even sizes: use {value - 1} or {value + 1}.")


def _timing(video: Video, row: VideoEncoder, container: Container) -> Iterator[Problem]:
    if video.fps and video.max_fps is not None:
        yield Problem(("video", "max_fps"), "Give a frame rate or its upper bound, not both.")
    for name, rates in ((row.name, row.frame_rates), (container.name, container.frame_rates)):
        if video.fps and rates and not any(abs(video.fps - rate) < RATE_TOLERANCE for rate in rates):
            yield Problem(("video", "fps"), f"{name} cannot use {video.fps:g} frames per second. Use {either(f'{rate:.5g}' for rate in rates)}.")
            break


def _profile(video: Video, row: VideoEncoder) -> Iterator[Problem]:
    if video.profile and row.profiles and video.profile not in row.profiles:
        yield Problem(("video", "profile"), f"{row.name} has no profile «{video.profile}». Use {either(row.profiles)}.")
    if video.level and row.levels and video.level not in row.levels:
        yield Problem(("video", "level"), f"{row.name} has no level {video.level}. Use {either(sorted(row.levels, key=float))}.")
    if video.scan == "interlaced" and "interlaced" not in row.fields:
        yield Problem(("video", "scan"), f"{row.name} is not encoded interlaced here: use progressive, or H.264, MPEG-2, MPEG-4 or ProRes.")
    if video.profile == "baseline" and row.encoder == "libx264":
        if video.bframes:
            yield Problem(("video", "bframes"), "The profile baseline has no B-frames: use 0, or main or high.")
        if video.scan == "interlaced":
            yield Problem(("video", "scan"), "The profile baseline has no interlace: use progressive, or main or high.")


def _groups(video: Video, codec: str, row: VideoEncoder, container: Container, format_: str) -> Iterator[Problem]:
    if video.gop is not None and video.gop_seconds is not None:
        yield Problem(("video", "gop_seconds"), "Give the distance of key frames in frames or in seconds, not both.")
    most = GOP_MAX.get(format_)
    if most and video.gop and video.gop > most:
        yield Problem(("video", "gop"), f"{container.name} takes at most {most} frames between key frames.")
    if video.closed_gop is False:
        if format_ in SEGMENTED:
            yield Problem(("video", "closed_gop"), "Segments need closed groups of pictures.")
        elif codec in ("vp9", "av1"):
            yield Problem(("video", "closed_gop"), f"{row.name} knows closed groups of pictures only.")
    if codec == "av1" and video.gop == 1 and (video.bitrate_kbps or video.bitrate_min_kbps or video.bitrate_max_kbps):
        yield Problem(("video", "gop"), "AV1 with a bitrate cannot make every picture a key frame: use 2 or more, or CRF.")
    if video.bframes and codec == "h264" and not container.bframes:
        yield Problem(("video", "bframes"), f"{container.name} cannot hold B-frames of H.264 here: use 0, or MPEG-2.")
