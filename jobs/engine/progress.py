"""Read ffmpeg's ``-progress`` lines. Pure; knows nothing of processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far one command is. None: not said (yet)."""

    fraction: float | None
    frame: int | None = None
    fps: float | None = None
    speed: float | None = None
    out_seconds: float | None = None
    size: int | None = None


class ProgressReader:
    """Feed it every line; it answers once per block (four times a second as we ask).

    ``out_time_us`` is what counts (``out_time_ms`` holds microseconds too); it may be «N/A» for a while, and for ever in some audio-only
    and copy runs: then frames, if their number is expected. The fraction never goes back and reaches 1 only with the last block.
    """

    def __init__(self, expected_seconds: float | None, expected_frames: int | None = None) -> None:
        self._seconds = expected_seconds if expected_seconds and expected_seconds > 0 else None
        self._frames = expected_frames if expected_frames and expected_frames > 0 else None
        self._block: dict[str, str] = {}
        self._best: float | None = None

    def feed(self, line: str) -> Progress | None:
        """Take one line; a Progress when it ends a block, else None. Lines that are no «key=value» are ignored."""
        key, equals, value = line.strip().partition("=")
        if not equals:
            return None
        if key != "progress":
            if len(self._block) < 100:
                self._block[key] = value.strip()
            return None
        block, self._block = self._block, {}
        return self._read(block, ended=value.strip() == "end")

    def _read(self, block: dict[str, str], *, ended: bool) -> Progress:
        microseconds, frame = _number(block.get("out_time_us")), _number(block.get("frame"))
        seconds = microseconds / 1_000_000 if microseconds is not None and microseconds >= 0 else None
        now: float | None = None
        if seconds is not None and self._seconds:
            now = seconds / self._seconds
        elif frame is not None and self._frames:
            now = frame / self._frames
        if now is not None:
            self._best = max(self._best or 0.0, min(now, 0.999))
        if ended:
            self._best = 1.0
        size = _number(block.get("total_size"))
        return Progress(
            fraction=self._best,
            frame=int(frame) if frame is not None else None,
            fps=_number(block.get("fps")),
            speed=_number(block.get("speed", "").rstrip("x")),
            out_seconds=seconds,
            size=int(size) if size is not None else None,
        )


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if -1e15 < number < 1e15 else None
