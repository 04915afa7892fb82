"""Channels and their places: which layout a track gets, and how many streams become one. Pure.

Down- and upmixing is ffmpeg's own (ITU coefficients, levelled so that nothing clips): 5.1 to stereo folds centre and surrounds into both sides, mono to
stereo gives each side 3 dB less, which is equally loud; new channels of an upmix are silent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec

LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
# Vorbis, Opus and FLAC define what four channels are: two in front, two behind
QUAD = frozenset({"libvorbis", "libopus", "flac"})
# For these numbers ffmpeg's own choice is not what codecs know: it makes 2.1 of three channels (tried: AAC then needs a program config element that
# players ignore, FLAC and Vorbis call it wrong, Opus refuses), and its 4.0 has one channel behind
ODD = frozenset({3, 4})


def layout(encoder: str, channels: int) -> str:
    """The layout that an encoder is given for this many channels."""
    return "quad" if channels == 4 and encoder in QUAD else LAYOUTS[channels]


def conform(encoder: str, channels: int) -> FilterSpec:
    """The filter that brings sound into that layout."""
    return ("aformat", (("channel_layouts", layout(encoder, channels)),))


def layout_options(encoder: str, channels: int | None, options: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Encoder options with the layout's name in place of the bare number, where ffmpeg would choose another layout for that number."""
    if channels not in ODD:
        return options
    return tuple(("channel_layout", layout(encoder, channels)) if key == "ac" else (key, value) for key, value in options)
