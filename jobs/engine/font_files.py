"""Fonts that come inside subtitles: attached to Matroska files, or written into ASS files as text. Pure: bytes in, names and text out.

Only the table of names is read here, so that nobody is told that a font is missing which is there; shapes are read by the renderer, in the sandbox.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Iterator

FONTS_MAX = 50
BYTES_MAX = 10_000_000
"""Of one file; all of a script's together have at most twice as many."""
CODECS = frozenset({"ttf", "otf"})
"""What ffprobe calls an attached font."""
_KINDS = (b"\x00\x01\x00\x00", b"OTTO", b"true", b"ttcf")
_NAMES = frozenset({1, 4, 6, 16})  # family, full name, PostScript name, typographic family: what styles may call it
_LINE = 80
_PIECE = 45  # bytes that a line of uuencoding holds
_LATER = bytes(33 if byte == 96 else min(byte + 1, 255) for byte in range(256))
_EARLIER = bytes(max(byte - 1, 0) for byte in range(256))


def encoded(data: bytes) -> str:
    """As ASS files hold it: uuencoding without its lines' lengths, one character later: three bytes are four characters from «!» on, 80 in a line."""
    text = b"".join(binascii.b2a_uu(data[at : at + _PIECE])[1:-1] for at in range(0, len(data), _PIECE)).translate(_LATER).decode("ascii")
    spare = -len(data) % 3
    text = text[:-spare] if spare else text
    return "\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))


def decoded(text: str) -> bytes:
    """The other way round. Raises ValueError for what is no such text."""
    plain = text.replace("\n", "").encode("ascii")
    if plain and (min(plain) < 33 or max(plain) > 96 or len(plain) % 4 == 1):
        raise ValueError("no font as ASS files hold it")
    plain = plain.translate(_EARLIER)
    found = []
    for at in range(0, len(plain), _PIECE // 3 * 4):
        piece = plain[at : at + _PIECE // 3 * 4]
        length = len(piece) // 4 * 3 + max(0, len(piece) % 4 - 1)
        found.append(binascii.a2b_uu(bytes([32 + length]) + piece + b" " * (-len(piece) % 4)))
    return b"".join(found)


def names(data: bytes) -> frozenset[str]:
    """What a font is called, in small letters. Empty for what is no TrueType or OpenType font."""
    if data[:4] not in _KINDS or len(data) > BYTES_MAX:
        return frozenset()
    try:
        return frozenset(name.lower() for start in _faces(data) for name in _told(data, start))
    except (struct.error, IndexError, UnicodeDecodeError):
        return frozenset()


def _faces(data: bytes) -> tuple[int, ...]:
    if data[:4] != b"ttcf":
        return (0,)
    (count,) = struct.unpack_from(">I", data, 8)
    return struct.unpack_from(f">{min(count, 64)}I", data, 12)


def _told(data: bytes, start: int) -> Iterator[str]:
    (tables,) = struct.unpack_from(">H", data, start + 4)
    rows = (struct.unpack_from(">4sIII", data, start + 12 + 16 * number) for number in range(tables))
    table = next((at for tag, _, at, _ in rows if tag == b"name"), None)
    if table is None:
        return
    count, texts = struct.unpack_from(">HH", data, table + 2)
    for number in range(min(count, 2000)):
        platform, _, _, kind, length, offset = struct.unpack_from(">6H", data, table + 6 + 12 * number)
        if kind in _NAMES:
            raw = data[table + texts + offset : table + texts + offset + length]
            yield raw.decode("mac_roman" if platform == 1 else "utf-16-be").strip()
