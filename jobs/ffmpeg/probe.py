"""What is in a file, read by ffprobe in the sandbox. Nothing that the file names is ever opened."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING, Any

from jobs.engine.errors import JobError
from jobs.engine.probe import Probe, parse_ffprobe
from jobs.ffmpeg import formats, sandbox
from jobs.ffmpeg.limits import for_probe
from jobs.ffmpeg.webp import own_webp

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.ffmpeg.tools import Tools

MAX_PIXELS = 8192 * 8192
JSON_BYTES = 32 << 20
_REASONS: tuple[tuple[str, str], ...] = (
    ("moov atom not found", "Its index (moov) is missing: the file was cut off or never finished."),
    ("Invalid data found", "Its content is not that of a media file."),
    ("End of file", "The file ends before any content."),
    ("Permission denied", "The file may not be read."),
)
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"moof", b"pnot", b"uuid"})
"""What the first box of a QuickTime or MP4 file may be."""
_IMPOSSIBLE_SIZE = re.compile(r"Picture size (\d+)x(\d+) is invalid")
_PREFIX = re.compile(r"^(?:\[[^\]]*\] )+|^\S*input\S*: ")


def probe(
    path: Path, *, tools: Tools, cwd: Path, count_packets: bool = False, own_playlist: bool = False, timeout: float = 60, max_pixels: int = MAX_PIXELS
) -> Probe:
    """Read ``path``. ``count_packets``: also count every packet, which reads the whole file. ``own_playlist``: a playlist that *we* wrote, with segments beside it.

    Raises JobError: InputChanged (gone), InputNotReadable (empty, damaged, not media), InputForbidden (a kind that is not opened), InputTooLarge (picture).
    From any thread; takes about 15 ms.
    """
    path = path.absolute()
    if count_packets and not own_playlist and (found := own_webp(path)):
        return found
    return parse_ffprobe(
        read_document(path, tools=tools, cwd=cwd, count_packets=count_packets, own_playlist=own_playlist, timeout=timeout, max_pixels=max_pixels)
    )


def read_document(
    path: Path, *, tools: Tools, cwd: Path, count_packets: bool = False, own_playlist: bool = False, timeout: float = 60, max_pixels: int = MAX_PIXELS
) -> dict[str, Any]:
    """What ffprobe says of an absolute path, as its JSON; raises as :func:`probe` does."""
    head = b"" if own_playlist else _look_at_start(path)
    options = _options(count_packets=count_packets, own_playlist=own_playlist)
    argv = ["-v", "error", "-hide_banner", *options, "-i", str(path)]
    answer = sandbox.call(tools.ffprobe, argv, cwd=cwd, limits=for_probe(timeout), timeout=timeout, keep=JSON_BYTES, own_playlist=own_playlist)
    document = _read(answer, head, timeout)
    _check(document, answer.stderr, max_pixels)
    return document


def _options(*, count_packets: bool, own_playlist: bool) -> list[str]:
    show = ["-show_format", "-show_streams", "-show_chapters", "-show_data_hash", "MD5", "-of", "json", *(["-count_packets"] if count_packets else [])]
    if own_playlist:
        return [
            *show,
            "-protocol_whitelist",
            "file,crypto",  # whole encrypted segments are read back with the key that lies beside them
            "-format_whitelist",
            formats.OWN_PLAYLIST,
            "-f",
            "hls",
            "-allowed_extensions",
            "ALL",
            "-extension_picky",
            "0",
        ]
    return [*show, "-protocol_whitelist", "file", "-format_whitelist", formats.WHITELIST]


def _look_at_start(path: Path) -> bytes:
    """The first bytes; refuses by them, with a better sentence than ffprobe has."""
    try:
        with path.open("rb") as file:
            head = file.read(formats.HEAD_BYTES)
    except FileNotFoundError:
        raise JobError("InputChanged") from None
    except OSError as error:
        raise JobError("InputNotReadable", f"The input cannot be opened: {error.strerror}.") from error
    if not head:
        raise JobError("InputNotReadable", "The input is empty.")
    if sentence := formats.forbidden(head):
        raise JobError("InputForbidden", sentence)
    return head


def _read(answer: sandbox.Called, head: bytes, timeout: float) -> dict[str, Any]:
    """ffprobe's JSON, or the error that it stands for."""
    if answer.timed_out:
        raise JobError("InputNotReadable", f"The input could not be read within {timeout:.0f} s.")
    if answer.truncated:
        raise JobError("InputTooLarge", "The input has more streams than can be described.")
    if answer.exit_code:
        raise _error(answer.exit_code, answer.stderr, head)
    try:
        document = json.loads(answer.stdout.decode(errors="replace"))
    except ValueError:
        raise JobError("InputNotReadable", "What ffprobe says of the input cannot be read.") from None
    return document if isinstance(document, dict) else {}


def _error(exit_code: int, stderr: str, head: bytes) -> JobError:
    """The error behind a failed ffprobe, in plain words."""
    if "whitelist" in stderr:
        return JobError("InputForbidden", "The input is of a kind that is not opened.")
    if exit_code == -signal.SIGKILL:
        return JobError("OutOfMemory")  # its own limits end it otherwise: the machine has run out of memory just now
    if -exit_code in sandbox.ASKED:
        return JobError("InternalError", "The program that reads the input was ended from outside.")
    if "Cannot allocate memory" in stderr or exit_code == -signal.SIGABRT:
        return JobError("InputTooLarge", "Reading the input needs more memory than allowed.")
    if exit_code < 0:
        return JobError("InputNotReadable", f"The input made the reader crash (signal {-exit_code}).")
    for mark, sentence in _REASONS:
        if mark == "moov atom not found" and head[4:8] not in _BOXES:
            continue  # any text is «an MP4 without index» to ffprobe if it is only named so
        if mark in stderr:
            return JobError("InputNotReadable", f"The input cannot be read. {sentence}")
    last = _PREFIX.sub("", next((line for line in reversed(stderr.strip().splitlines()) if line), ""))
    return JobError("InputNotReadable", f"The input cannot be read: {last[:200]}" if last else "")


def _check(document: dict[str, Any], stderr: str, max_pixels: int) -> None:
    """Refuse what was recognised but cannot be used: no stream with known facts, a picture that is too large, a picture in a sound format."""
    streams = [stream for stream in document.get("streams", ()) if isinstance(stream, dict)]
    for stream in streams:
        width, height = (_whole(stream.get(side)) for side in ("width", "height"))
        if width * height > max_pixels:
            raise _too_large(width, height, max_pixels)
    name = str(document.get("format", {}).get("format_name", ""))
    pictures = [stream for stream in streams if stream.get("codec_type") == "video"]
    if name in formats.SOUND_ONLY and pictures:
        raise JobError("InputForbidden", formats.PICTURE)
    if not any(_usable(stream) for stream in streams):
        if found := _IMPOSSIBLE_SIZE.search(stderr):  # beyond what ffmpeg itself holds possible, it forgets the size
            raise _too_large(int(found[1]), int(found[2]), max_pixels)
        raise JobError("InputNotReadable", "No picture and no sound can be recognised in the input.")


def _too_large(width: int, height: int, max_pixels: int) -> JobError:
    return JobError("InputTooLarge", f"The picture has {width}×{height} pixels; at most {max_pixels:,} pixels in all are allowed.")


def _usable(stream: dict[str, Any]) -> bool:
    kind = stream.get("codec_type")
    if kind == "video":
        return _whole(stream.get("width")) > 0 and _whole(stream.get("height")) > 0
    return kind == "audio" and _whole(stream.get("sample_rate")) > 0 and _whole(stream.get("channels")) > 0


def _whole(value: object) -> int:
    """ffprobe writes some numbers as text; what is no number is 0."""
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError):
        return 0
