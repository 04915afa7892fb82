"""What each operation of media processing takes: the parameters with their bounds, and the values as Python has them. Pure.

Units as on the wire: ms, bit/s, px, percent. An unknown parameter is refused, and so is one whose value is out of bounds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.dialects.oss.grammar import Node, Wanted, decoded, invalid

Read = Callable[[str], Any]
_INTEGER = re.compile(r"[0-9]{1,12}\Z")
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?\Z")
_SIZE = re.compile(r"([0-9]{1,5})[xX]([0-9]{1,5})\Z")
_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_PIXELS = ("yuv420p", "yuva420p", "yuv420p10le", "yuv422p", "yuv422p10le", "yuv444p", "yuv444p10le")
_SCALES = ("crop", "stretch", "fill", "fit")
VIDEO_FILES = ("mp4", "mkv", "mov", "asf", "avi", "mxf", "ts", "flv", "webm")
SOUND_FILES = ("mp3", "aac", "flac", "oga", "ac3", "opus", "amr")
PARTS_MAX = 11  # joined videos, the object itself among them
DAY = 86_400_000 - 1  # ms


def _integer(least: int, most: int) -> Read:
    def read(text: str) -> int:
        if not _INTEGER.match(text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return read


def _number(least: float, most: float, *, above: bool = False) -> Read:
    def read(text: str) -> float:
        if not _DECIMAL.match(text) or not least <= float(text) <= most or (above and float(text) == least):
            raise ValueError(f"a number {'above' if above else 'from'} {least:g} {'and' if above else 'to'} {'at most ' if above else ''}{most:g}")
        return float(text)

    return read


def _choice(*values: str | int) -> Read:
    known = {str(value): value for value in values}

    def read(text: str) -> str | int:
        if text not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return known[text]

    return read


def _size(text: str) -> tuple[int, int]:
    found = _SIZE.match(text)
    sides = (int(found[1]), int(found[2])) if found else (0, 0)
    if any(side % 2 or not 64 <= side <= 4096 for side in sides):
        raise ValueError("WidthxHeight, both even and from 64 to 4096")
    return sides


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 or 1")
    return text == "1"


def _base64(text: str) -> str:
    return decoded(text, "o or b")


_MS, _OPTION, _SIDE, _PERCENT = _integer(0, DAY), _choice(0, 1, 2), _integer(32, 4096), _number(0, 200, above=True)
_CLIP: dict[str, Read] = {"ss": _MS, "t": _MS}
_SOUND: dict[str, Read] = {
    "acodec": _choice("copy", "mp3", "aac", "flac", "vorbis", "ac3", "opus", "amr"),
    "ar": _choice(*_RATES),
    "ac": _integer(1, 8),
    "aq": _integer(0, 100),
    "ab": _integer(1000, 10_000_000),
    "abopt": _OPTION,
    "adepth": _choice(16, 24),
}
_CONVERT: dict[str, Read] = {
    **_CLIP,
    "f": _choice(*VIDEO_FILES, *SOUND_FILES),
    "vn": _flag,
    "vcodec": _choice("copy", "h264", "h265", "vp9"),
    "fps": _number(0, 240),
    "fpsopt": _OPTION,
    "pixfmt": _choice(*_PIXELS),
    "s": _size,
    "sopt": _OPTION,
    "scaletype": _choice(*_SCALES),
    "arotate": _flag,
    "g": _integer(1, 100_000),
    "vb": _integer(10_000, 100_000_000),
    "vbopt": _OPTION,
    "crf": _number(0, 51),
    "maxrate": _integer(10_000, 100_000_000),
    "bufsize": _integer(10_000, 200_000_000),
    "an": _flag,
    **_SOUND,
    "sn": _flag,
}
_PICTURES: dict[str, Read] = {
    "ss": _MS,
    "num": _integer(1, 10_000),
    "inter": _integer(1, DAY),
    "m": _choice("inter", "key", "avg", "dhash"),
    "thr": _integer(0, 100),
}
_BOX: dict[str, Read] = {"w": _SIDE, "h": _SIDE, "pw": _PERCENT, "ph": _PERCENT, "scaletype": _choice(*_SCALES)}
_PART: dict[str, Read] = {"o": _base64, "b": _base64, **_CLIP}
_SEGMENT: dict[str, Read] = {"f": _choice("hls", "dash"), "t": _integer(0, 3_600_000)}
_ALIGN: dict[str, Read] = {"align": _integer(0, PARTS_MAX - 1)}


@dataclass(frozen=True)
class Operation:
    """What one operation takes. ``nodes``: what may stand behind it, by name; ``needed``: parameters that must be said."""

    takes: Mapping[str, Read]
    nodes: Mapping[str, Mapping[str, Read]]
    needed: tuple[str, ...] = ("f",)


_SOUND_CONVERT: dict[str, Read] = {**_CLIP, "f": _choice(*SOUND_FILES), **_SOUND}
ASYNC: dict[str, Operation] = {
    "video/convert": Operation(_CONVERT, {"segment": _SEGMENT}),
    "video/concat": Operation({**_CONVERT, **_ALIGN}, {"pre": _PART, "sur": _PART}),
    "video/snapshots": Operation({"f": _choice("jpg", "png"), **_PICTURES, **_BOX}, {}),
    "video/sprite": Operation(
        {
            "f": _choice("jpg", "png"), **_PICTURES, "sw": _SIDE, "sh": _SIDE, "psw": _PERCENT, "psh": _PERCENT, "tw": _integer(1, 10_000),
            "th": _integer(1, 10_000), "pad": _integer(0, 1000), "margin": _integer(0, 1000), "scaletype": _choice(*_SCALES),
        },
        {},
    ),
    "video/animation": Operation(
        {"ss": _MS, "f": _choice("gif", "webp"), "num": _integer(1, 100_000), "inter": _integer(1, DAY), "fps": _number(0, 240), **_BOX}, {}
    ),
    "audio/convert": Operation(_SOUND_CONVERT, {"segment": _SEGMENT}),
    "audio/concat": Operation({**_SOUND_CONVERT, **_ALIGN}, {"pre": _PART, "sur": _PART}),
}  # fmt: skip
AT_ONCE: dict[str, Operation] = {
    "video/snapshot": Operation(
        {"t": _MS, "f": _choice("jpg", "png"), "w": _integer(0, 4096), "h": _integer(0, 4096), "m": _choice("fast"), "ar": _choice("auto", "h", "w")},
        {},
        ("t",),
    ),
    "video/info": Operation({}, {}, ()),
    "audio/info": Operation({}, {}, ()),
}
NEEDED_IN_NODES = {"segment": "f", "pre": "o", "sur": "o"}


@dataclass(frozen=True)
class Checked:
    """A request whose values were read. ``nodes``: name and values, in order."""

    operation: str
    values: Mapping[str, Any]
    nodes: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def value(self, name: str, default: Any = None) -> Any:
        """A parameter, or what holds where it is not said."""
        return self.values.get(name, default)


def check(wanted: Wanted, operations: Mapping[str, Operation]) -> Checked:
    """Read every value. Raises OssRefusal InvalidArgument for what is unknown, missing or out of bounds."""
    operation = operations.get(wanted.operation)
    if operation is None:
        raise invalid(f"The operation {wanted.operation} is not supported here.")
    values = _read(Node(wanted.operation, wanted.values), operation.takes)
    for name in operation.needed:
        if name not in values:
            raise invalid(f"The parameter {name} of {wanted.operation} is required.")
    nodes = []
    for node in wanted.nodes:
        takes = operation.nodes.get(node.name)
        if takes is None:
            raise invalid(f"{node.name} cannot stand behind {wanted.operation}.")
        found = _read(node, takes)
        if NEEDED_IN_NODES[node.name] not in found:
            raise invalid(f"The parameter {NEEDED_IN_NODES[node.name]} of {node.name} is required.")
        nodes.append((node.name, found))
    return Checked(wanted.operation, values, tuple(nodes))


def _read(node: Node, takes: Mapping[str, Read]) -> dict[str, Any]:
    found = {}
    for name, text in node.values.items():
        read = takes.get(name)
        if read is None:
            raise invalid(f"The parameter {name} of {node.name} is not supported.")
        try:
            found[name] = read(text)
        except ValueError as error:
            raise invalid(f"The value {text} of the parameter {name} of {node.name} is invalid: write {error}.") from None
    return found
