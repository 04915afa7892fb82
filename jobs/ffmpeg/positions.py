"""Where in the file the packets lie that a picture is made of, as the demuxer finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.ffmpeg import formats, sandbox
from jobs.ffmpeg.limits import for_probe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jobs.ffmpeg.tools import Tools

BEYOND = 1.0  # s: packets come in the order of decoding, so those of a time come before this
TIMEOUT = 30.0  # s


def positions(path: Path, stream: int, times: Sequence[float], *, tools: Tools, cwd: Path) -> list[tuple[int, int]] | None:
    """First and last byte (exclusive) of each packet of the stream, from where the file is opened for each of these times to behind it.

    Times are the container's own. None where that cannot be told. Nothing is decoded. From any thread.
    """
    argv = ["-v", "error", "-hide_banner", "-select_streams", str(stream), "-show_entries", "packet=pos,size", "-of", "csv=p=0"]
    argv += ["-read_intervals", ",".join(f"{max(0.0, time):.6f}%{max(0.0, time) + BEYOND:.6f}" for time in times)]
    argv += ["-protocol_whitelist", "file", "-format_whitelist", formats.WHITELIST, "-i", str(path.absolute())]
    answer = sandbox.call(tools.ffprobe, argv, cwd=cwd, limits=for_probe(TIMEOUT), timeout=TIMEOUT)
    if answer.exit_code or answer.timed_out or answer.truncated:
        return None
    found = []
    for line in answer.stdout.decode(errors="replace").split():
        size, _, rest = line.partition(",")
        place = rest.partition(",")[0]
        if not (size.isdecimal() and place.isdecimal()):
            return None
        found.append((int(place), int(place) + int(size)))
    return found or None
