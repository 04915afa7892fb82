"""The options of a video encoder: rate control, groups of pictures, quirks. Pure.

What the picture is (size, rate, pixel format, fields) was decided before; here stands how it is encoded. What a template may not ask for together is
refused at the door by ``rules.encoding``; here are only the refusals that need the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine import levels
from jobs.engine.codecs import QUIET_X265, SEGMENTED, TAGS, VIDEO, VideoEncoder, container
from jobs.engine.containers import GOP_MAX
from jobs.engine.containers import SEGMENTED as SETS
from jobs.engine.errors import JobError
from jobs.engine.keyframes import forced

if TYPE_CHECKING:
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.template import Template, Video

GOP = 250  # frames, where nothing is said
CUT_GOP = 100_000  # with forced cut times ffmpeg's HLS muxer cuts at every key frame, so there is none but the forced ones
SEGMENT_SECONDS = 10.0
VBR_PEAK = 2.0  # × the average, where vbr is asked for without a peak
AV1_LEAST = 64  # px a side that SVT-AV1 wants to control a bitrate; with constant quality it takes less
QUALITY_MPEG = ("-q:v", "4")  # MPEG-2 and MPEG-4 without a bitrate: visibly good, about twice the size of H.264
# Some containers give every frame the length of a millisecond, and the playlist's last length is the sum of those: count from frame to frame instead.
# pts and dts must be said: what setts takes otherwise shows reordered frames out of order.
TRUE_DURATIONS = r"setts=pts=PTS:dts=DTS:duration=if(eq(NEXT_DTS\,NOPTS)\,DURATION\,NEXT_DTS-DTS)"
# MP4 counts how long a film is from what is stored one after the other, so its end is where the picture that is stored last stops, and with reordered
# frames that is not the one which is shown last. Of a variable rate that one may stand for seconds: the last in the file gets what the film still lacks.
# Register 0 holds where the picture ends as far as it was seen.
LAST_STANDS = r"setts=pts=PTS:dts=DTS:duration=if(eq(NEXT_DTS\,NOPTS)\,max(1\,{end}-STARTPTS-(DTS-STARTDTS))\,{own}+0*st(0\,max(ld(0)\,PTS+{own})))"
# Elsewhere each picture ends with the clip at the latest.
ENDS_WITH_CLIP = r"setts=pts=PTS:dts=DTS:duration=max(1\,min(DURATION\,{limit:.6f}/TB-PTS))"
COUNTED_FROM_TIMES = frozenset({"mkv", "webm", "flv"})
ENDS_WITH_LAST = frozenset({"mp4", "mov"})
UNTOLD = {"libsvtav1": frozenset({"mp4", "mov", "mkv", "webm"})}  # does not say how long its pictures stand, and these keep what is said


@dataclass(frozen=True)
class Frames:
    """The pictures that reach the encoder. ``fps``: None where unknown; ``retimed``: brought to that rate by us; ``constant``: all of equal length;
    ``ends``: where the last stops, s of the output, if the source tells and is taken whole; ``limit``: where it is cut off."""

    width: int
    height: int
    pixel_format: str
    fps: float | None
    constant: bool
    retimed: bool
    interlaced: bool = False
    ends: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Encoding:
    """How a picture is encoded. ``bitrate_kbps`` or ``crf`` is what was decided, the other one None."""

    options: tuple[str, ...]
    passes: int
    bitrate_kbps: int | None
    crf: float | None
    gop: int | None
    warnings: tuple[str, ...]


def plan_encoding(template: Template, codec: str, frames: Frames, stream: VideoStream, probe: Probe) -> Encoding:
    """Decide the options of ``codec``'s encoder (not copy). Raises JobError SourceTooSmall, ImpossibleCombination."""
    row, video, format_ = VIDEO[codec], template.video, template.container.format
    warnings: list[str] = []
    bitrate = _bitrate(template, stream, probe, warnings) if "bitrate_kbps" in row.fields else None
    crf = None if bitrate or row.crf is None else video.crf if video.crf is not None else row.crf
    gop = _gop(template, frames) if "gop" in row.fields else None
    if codec == "av1" and bitrate:
        if min(frames.width, frames.height) < AV1_LEAST:
            raise JobError("ImpossibleCombination", f"AV1 with a bitrate needs at least {AV1_LEAST} px a side: use CRF, or a larger picture.")
        gop = max(2, gop or 2)
    _check_level(video, codec, frames)
    control, passes = control_of(video, bitrate), video.passes or 1 if bitrate else 1
    options = [*_speed(row, video.preset or "medium", passes), *row.fixed]
    options += _profile(video, codec, frames)
    options += _rate(video, codec, control, bitrate, crf)
    options += _groups(template, codec, gop)
    options += _fields(video, codec, frames, warnings)
    if frames.pixel_format == "yuva420p" and codec == "vp9":
        options += ["-auto-alt-ref", "0"]  # libvpx refuses hidden frames beside an alpha plane
    if row.encoder == "libx265":
        options += ["-x265-params", QUIET_X265]
    options = _params_joined(options)
    # counters of the source are kept, but for formats that know a frame rate instead of times
    exact = frames.retimed or row.steady or container(format_).steady
    options += ["-fps_mode:v", "passthrough", *(() if exact else ("-enc_time_base:v", "demux"))]
    if not frames.retimed and not frames.constant:
        options += _durations(format_, row.encoder, frames)
    options += TAGS.get((format_, row.stream), ())
    return Encoding(tuple(options), passes, bitrate, crf, gop, tuple(warnings))


def _durations(format_: str, encoder: str, frames: Frames) -> list[str]:
    """How long pictures of a variable rate stand, where the format says so."""
    if format_ in SETS:
        return ["-bsf:v", TRUE_DURATIONS]
    if format_ not in UNTOLD.get(encoder, ENDS_WITH_LAST):
        return ["-bsf:v", ENDS_WITH_CLIP.format(limit=frames.limit)] if format_ in COUNTED_FROM_TIMES and frames.limit is not None else []
    end, own = r"max(ld(0)\,PTS+DURATION)", "DURATION"
    if frames.ends is not None:  # some filters forget how long pictures stand, too
        end = rf"max({end}\,{frames.ends:.6f}/TB)"
    if frames.limit is not None:
        end, own = rf"min({end}\,{frames.limit:.6f}/TB)", rf"max(1\,min({own}\,{frames.limit:.6f}/TB-PTS))"
    return ["-bsf:v", LAST_STANDS.format(end=end, own=own)]


def _speed(row: VideoEncoder, preset: str, passes: int) -> tuple[str, ...]:
    """The preset. libvpx gathers no statistics in its realtime mode: in two passes its fast presets become the fastest of the others."""
    options = row.presets.get(preset, ())
    if passes == 2 and "realtime" in options:
        return row.presets["fast"]
    return options


def control_of(video: Video, bitrate: int | None) -> str:
    """crf, abr, vbr or cbr: as asked, else by what is given."""
    return (video.rate_control or "abr") if bitrate else "crf"


def _bitrate(template: Template, stream: VideoStream, probe: Probe, warnings: list[str]) -> int | None:
    """kbit/s to encode to, or None for constant quality. Bounds without a bitrate: the source's own, within them."""
    video, conditions = template.video, template.conditions
    own = stream.bitrate_kbps or probe.bitrate_kbps
    least, most = video.bitrate_min_kbps, video.bitrate_max_kbps
    wanted = video.bitrate_kbps
    if wanted is None and (least or most):
        kept = own or most or least or 0
        return max(least or 10, min(kept, most or kept))
    if not wanted or not own or own >= wanted or conditions.if_lower_video_bitrate == "convert":
        return wanted
    if conditions.if_lower_video_bitrate == "fail":
        raise JobError("SourceTooSmall", f"The source's video has {own} kbit/s, the template asks for {wanted}.")
    kept = max(least or 10, own)
    if kept < wanted:
        warnings.append(f"The source has less than the bitrate the template asks for: its own {own} kbit/s was kept.")
    return min(kept, wanted)


def segment_seconds(template: Template) -> float | None:
    """Seconds between the borders of segments; None: has no segments, or one that holds everything."""
    if template.container.format not in SETS:
        return None
    given = template.mux.segment_seconds
    return SEGMENT_SECONDS if given is None else given or None


def _gop(template: Template, frames: Frames) -> int:
    video, seconds = template.video, segment_seconds(template)
    if template.mux.cut_times:
        return CUT_GOP
    most = GOP_MAX.get(template.container.format, GOP)
    if video.gop:
        return video.gop
    if video.gop_seconds:
        return max(1, min(GOP_MAX.get(template.container.format, CUT_GOP), round((frames.fps or 25.0) * video.gop_seconds)))
    if seconds and frames.fps and frames.constant:
        return max(1, min(most, round(frames.fps * seconds)))
    return most


def _check_level(video: Video, codec: str, frames: Frames) -> None:
    """A level that is too low makes a stream that players refuse, or lie about."""
    if video.level is None or levels.holds(codec, video.level, frames.width, frames.height, frames.fps):
        return
    enough = levels.least(codec, frames.width, frames.height, frames.fps)
    name, size, rate = VIDEO[codec].name, f"{frames.width}×{frames.height}", f"{frames.fps or 0:.4g}"
    if enough is None:
        raise JobError("ImpossibleCombination", f"No level of {name} can hold {size} at {rate} frames per second.")
    raise JobError("ImpossibleCombination", f"Level {video.level} of {name} cannot hold {size} at {rate} frames per second: use {enough} or more.")


def _profile(video: Video, codec: str, frames: Frames) -> list[str]:
    options: list[str] = []
    profile = video.profile
    if codec == "prores":
        profile = profile or ("4444" if frames.pixel_format.startswith("yuv444") else "standard")
    if profile and codec in ("h264", "h265", "prores"):
        options += ["-profile:v", profile]
    if codec == "h264" and video.preset == "ultrafast" and profile in ("main", "high"):
        # that preset leaves out what makes the profile; the stream would call itself Constrained Baseline
        options += ["-x264-params", "cabac=1:8x8dct=1" if profile == "high" else "cabac=1"]
    if video.level and codec == "h264":
        options += ["-level:v", video.level]
    elif video.level and codec == "h265":
        options += ["-x265-params", f"level-idc={video.level}"]
    return options


def _rate(video: Video, codec: str, control: str, bitrate: int | None, crf: float | None) -> list[str]:
    """CRF (free, capped or lossless), or a bitrate: average, with a peak, or constant. bufsize: 2 × the peak; of a constant bitrate one second."""
    row, peak = VIDEO[codec], video.maxrate_kbps
    if "bitrate_kbps" not in row.fields:
        return []
    if bitrate and control == "cbr":
        return [
            *("-b:v", f"{bitrate}k"),
            *(() if codec == "av1" else ("-minrate:v", f"{bitrate}k", "-maxrate:v", f"{bitrate}k")),
            *("-bufsize:v", f"{video.bufsize_kbit or bitrate}k"),
            *row.cbr,
        ]
    if bitrate and control == "vbr" and peak is None and codec != "av1":
        peak = round(bitrate * VBR_PEAK)
    if peak:
        peak = max(peak, bitrate or 0)
    bounded = ["-maxrate:v", f"{peak}k", "-bufsize:v", f"{video.bufsize_kbit or 2 * peak}k"] if peak else []
    if bitrate:
        return ["-b:v", f"{bitrate}k", *bounded]
    if crf is None:
        return [*QUALITY_MPEG, *bounded]
    if crf == 0 and codec == "h264":
        return ["-qp", "0"]  # lossless; CRF 0 of 10 bit is not
    if crf == 0 and codec == "h265":
        return ["-x265-params", "lossless=1"]
    if codec == "vp9":
        return ["-crf", f"{crf:g}", "-b:v", f"{peak or 0}k"]  # with a bitrate: constant quality up to it
    return ["-crf", f"{round(crf) if codec == 'av1' else crf:g}", *bounded]


def _groups(template: Template, codec: str, gop: int | None) -> list[str]:
    """Groups of pictures: how long, closed or open, B-frames, references, key frames where segments begin."""
    row, video = VIDEO[codec], template.video
    if gop is None:
        return []
    options = ["-g", str(gop)]
    held = container(template.container.format)
    bframes = 0 if codec in held.counted or (codec == "h264" and not held.bframes) else video.bframes
    if bframes is not None:
        options += ["-bf", str(bframes)]
    if video.refs is not None:
        options += ["-refs", str(video.refs)]
    borders = forced(segment_seconds(template), template.mux.cut_times)
    if template.container.format in SETS:
        options += SEGMENTED.get(row.encoder, ())
    elif video.closed_gop is not None:
        options += _closed(row, closed=video.closed_gop)
    if borders:
        options += ["-force_key_frames:v", borders]
    return options


def _closed(row: VideoEncoder, *, closed: bool) -> tuple[str, ...]:
    if row.encoder == "libx264":
        return ("-x264-params", f"open-gop={int(not closed)}")
    if row.encoder == "libx265":
        return ("-x265-params", f"open-gop={int(not closed)}")
    if row.encoder in SEGMENTED:  # MPEG-2 and MPEG-4 close groups only where scene cuts begin none
        return SEGMENTED[row.encoder] if closed else ("-flags:v", "-cgop")
    return ()  # VP9 and AV1 know closed groups only


def _fields(video: Video, codec: str, frames: Frames, warnings: list[str]) -> list[str]:
    """Fields stay fields where the codec can; the order of the fields travels with the frames."""
    if not frames.interlaced:
        return []
    name = VIDEO[codec].name
    if "interlaced" not in VIDEO[codec].fields or (codec == "h264" and video.profile == "baseline"):
        return []
    if codec == "h264" and frames.height % 4 and "420" in frames.pixel_format:
        if video.scan == "interlaced":
            raise JobError("ImpossibleCombination", f"Interlaced {name} needs a height that is a multiple of 4; this one is {frames.height} px.")
        warnings.append(f"Interlaced {name} needs a height that is a multiple of 4: the fields are encoded as whole pictures.")
        return []
    return ["-flags:v", "+ildct+ilme"]


def _params_joined(options: list[str]) -> list[str]:
    """Each of -x264-params, -x265-params, -svtav1-params and -flags counts once, its last: bring them together."""
    joined: dict[str, str] = {}
    rest: list[str] = []
    words = iter(options)
    for word in words:
        value = next(words)
        if word.endswith("-params"):
            joined[word] = f"{joined[word]}:{value}" if word in joined else value
        elif word == "-flags:v":
            joined[word] = joined.get(word, "") + value
        else:
            rest += [word, value]
    return [*rest, *(part for pair in joined.items() for part in pair)]
