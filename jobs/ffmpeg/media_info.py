"""Everything that ffprobe says of a file, for people: streams, tags and chapters, the times of the first video stream's packets, HDR's side data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine.codecs import decoders
from jobs.engine.errors import JobError
from jobs.engine.media_info import MediaInfo, parse_media_info
from jobs.engine.packets import Packet, parse_packets
from jobs.ffmpeg import formats, sandbox
from jobs.ffmpeg.limits import for_probe
from jobs.ffmpeg.probe import MAX_PIXELS, read_document

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.engine.probe import Probe, VideoStream
    from jobs.ffmpeg.tools import Tools

READ_BYTES = 256_000_000
"""Of a file, for the times of its packets: as much as a disk reads in a second or two."""
LEAST_SECONDS, MOST_SECONDS = 20.0, 1200.0
PACKETS_BYTES = 8 << 20
HDR = frozenset({"smpte2084", "arib-std-b67"})


@dataclass(frozen=True)
class Found:
    """The normal form, and ffprobe's own document."""

    info: MediaInfo
    document: dict[str, Any]


def media_info(
    path: Path, *, tools: Tools, cwd: Path, timeout: float = 60, max_pixels: int = MAX_PIXELS, most_seconds: float | None = None
) -> Found:  # fmt: skip
    """Read ``path``. Of long files only the first part (``most_seconds``) is read for frame rate and groups of pictures; what it was stands in ``looked_at``.

    Raises JobError as :func:`jobs.ffmpeg.probe.probe` does. From any thread."""
    path = path.absolute()
    document = read_document(path, tools=tools, cwd=cwd, timeout=timeout, max_pixels=max_pixels)
    info = parse_media_info(document)
    stream = info.picture
    if stream is None:
        return Found(info, document)
    packets, whole = _packets(path, info, stream, tools, cwd, timeout, most_seconds or MOST_SECONDS)
    frame = _first_frame(path, stream, tools, cwd, timeout) if stream.color_transfer in HDR else None
    return Found(parse_media_info(document, packets, frame, whole=whole), document)


def _packets(path: Path, info: Probe, stream: VideoStream, tools: Tools, cwd: Path, timeout: float, most: float) -> tuple[tuple[Packet, ...], bool]:
    """Times of the packets, and whether these are all. None where they cannot be read: that is no reason to tell nothing."""
    rate = (info.size or READ_BYTES) / info.duration if info.duration else READ_BYTES / LEAST_SECONDS
    seconds = min(max(READ_BYTES / rate, LEAST_SECONDS), most)
    whole = info.duration is not None and info.duration <= seconds
    options = ["-select_streams", str(stream.index), "-show_entries", "packet=pts_time,dts_time,flags", "-of", "csv=p=0"]
    interval = [] if whole else ["-read_intervals", f"%+{seconds:.0f}"]
    answer = _ask(path, [*options, *interval], tools, cwd, timeout)
    if answer is None:
        return (), whole
    return parse_packets(answer.stdout.decode(errors="replace")), whole and not answer.truncated


def _first_frame(path: Path, stream: VideoStream, tools: Tools, cwd: Path, timeout: float) -> dict[str, Any] | None:
    """Side data of the first frame: streams often carry HDR's metadata there alone. None where ffprobe has no decoder for it."""
    names = ",".join(decoders(stream.codec))
    options = [
        "-select_streams",
        str(stream.index),
        "-show_frames",
        "-read_intervals",
        "%+#2",
        "-show_entries",
        "frame=pict_type:frame_side_data",
        "-of",
        "json",
    ]
    answer = _ask(path, ["-codec_whitelist", names, *options], tools, cwd, timeout)
    try:
        frames = json.loads(answer.stdout).get("frames") if answer is not None else None
    except ValueError:
        return None
    return next((frame for frame in frames or () if isinstance(frame, dict)), None)


def _ask(path: Path, options: list[str], tools: Tools, cwd: Path, timeout: float) -> sandbox.Called | None:
    """One more question; None where there is no answer. What was said before a fault still counts."""
    argv = ["-v", "error", "-hide_banner", *options, "-protocol_whitelist", "file", "-format_whitelist", formats.WHITELIST, "-i", str(path)]
    try:
        answer = sandbox.call(tools.ffprobe, argv, cwd=cwd, limits=for_probe(timeout), timeout=timeout, keep=PACKETS_BYTES)
    except OSError as error:
        raise JobError("InternalError", f"ffprobe cannot be started: {error.strerror}") from error
    return None if answer.timed_out else answer
