"""What everything that is laid over a picture has in common: lengths, times, and the pixel formats in which it is laid. Pure."""

from __future__ import annotations

HALF_MS = 0.0005  # s: some containers round times to milliseconds, and a frame of 0.033 s is that of 1/30 s

FORMATS: dict[str, str] = {
    "yuv420p": "yuv420",
    "yuvj420p": "yuv420",
    "yuva420p": "yuv420",
    "yuv420p10le": "yuv420p10",
    "yuv422p": "yuv422",
    "yuvj422p": "yuv422",
    "yuv422p10le": "yuv422p10",
    "yuv444p": "yuv444",
    "yuvj444p": "yuv444",
    "yuv444p10le": "yuv444p10",
    "gbrp": "gbrp",
}
"""Of the picture → overlay's ``format``. Its «auto» would give the picture an alpha plane, and a format of its own choice."""


def offset(length: int | float | None, side: int, scale: float = 1.0) -> int:
    """px of a length: whole numbers are px (times ``scale``), decimals shares of ``side``; nothing said: 0."""
    if length is None:
        return 0
    return round(length * side) if isinstance(length, float) else round(length * scale)


def during(start: float | None, duration: float | None) -> tuple[tuple[str, str], ...]:
    """The overlay's ``enable``: from the frame whose time is ``start``, up to and without the one at the end. Nothing said: nothing."""
    if not start and duration is None:
        return ()
    first = (start or 0.0) - HALF_MS
    words = [f"gte(t,{first:.6f})"] if start else []
    if duration is not None:
        words.append(f"lt(t,{first + duration:.6f})")
    return (("enable", "*".join(words)),)
