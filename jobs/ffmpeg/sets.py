"""What lies in the folder of a set: its texts, and where its key frames are. Reads files; starts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.engine import hls
from jobs.engine.iframes import first_key_frame, segment_time
from jobs.engine.sets import Room

if TYPE_CHECKING:
    from jobs.engine.plan import OutputPlan
    from jobs.engine.probe import Probe

TEXTS = (".m3u8", ".mpd", ".vtt", ".srt", ".ass")
TEXT_BYTES = 64_000_000
INDEX_BYTES = 4096
FRAME_BYTES = 8_000_000
"""Enough of a segment to hold its first picture."""


def look(room: Path, output: OutputPlan, probes: Mapping[str, Probe]) -> Room:
    """The texts of this output, sizes of all files, and for key frame playlists the place of each segment's first picture."""
    sizes: dict[str, int] = {}
    texts: dict[str, str] = {}
    for path in room.iterdir():
        if not path.is_file():
            continue
        sizes[path.name] = path.stat().st_size
        if path.suffix in TEXTS and _ours(path.name, output.index) and sizes[path.name] <= TEXT_BYTES:
            texts[path.name] = path.read_text(encoding="utf-8", errors="replace")
    return Room(texts, sizes, dict(probes), _frames(room, output, texts), _times(room, output, sizes))


def _ours(name: str, index: int) -> bool:
    base = f"o{index}"
    return name.startswith((f"{base}.", f"{base}-"))


def _frames(room: Path, output: OutputPlan, texts: Mapping[str, str]) -> dict[str, tuple[int, int]]:
    """Empty unless the plan asks for key frames that we have to find ourselves; a segment without one is left out, which verify notices."""
    plan = output.set
    if plan is None or not plan.iframes or plan.packager:
        return {}
    found: dict[str, tuple[int, int]] = {}
    for track in plan.tracks:
        text = texts.get(track.playlist or "")
        if track.kind != "video" or text is None:
            continue
        try:
            names = [segment.uri for segment in hls.read(text).segments]
        except ValueError:
            continue  # verify says so
        for name in names:
            place = room / Path(name).name
            if not place.is_file():
                continue
            with place.open("rb") as file:
                if frame := first_key_frame(file.read(FRAME_BYTES)):
                    found[name] = frame
    return found


def _times(room: Path, output: OutputPlan, names: Iterable[str]) -> dict[str, tuple[int, int, int]]:
    """When the segments of a packaged set with forced cuts play."""
    plan = output.set
    if plan is None or not plan.packager or not plan.cut_times:
        return {}
    found: dict[str, tuple[int, int, int]] = {}
    for name in names:
        if name.endswith(f".{plan.extension}") and _ours(name, output.index):
            with (room / name).open("rb") as file:
                if time := segment_time(file.read(INDEX_BYTES)):
                    found[name] = time
    return found
