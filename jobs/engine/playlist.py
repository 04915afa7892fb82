"""HLS playlists that somebody sends as an input: which objects they are made of. Pure: text in, addresses out; nothing is opened here.

ffmpeg never sees such a playlist. Every name in it must be a relative one that stays below the playlist's folder in the playlist's own bucket; anything else
(an address with a scheme, an absolute path, «..») makes the whole input refused. The parts are then fetched by our storage and joined by us. Parts that are
encrypted as a whole (AES-128) are decrypted meanwhile, with keys that lie beside the playlist as the parts do.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace

from jobs.engine.address import Address, key_mistake
from jobs.engine.errors import JobError

TEXT_BYTES = 4_000_000
PARTS_MAX = 10_000
RUNS_MAX = 100
KEY_BYTES = 16
HEAD = b"#EXTM3U"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
_RANGE = re.compile(r"(\d{1,15})(?:@(\d{1,15}))?\Z")
_VECTOR = re.compile(r"0[xX]([0-9A-Fa-f]{32})\Z")
_SHOWN = 100  # characters of a name in a message
_IDENTITY = "identity"
SEVERAL = "The playlist is made of several recordings (#EXT-X-DISCONTINUITY); send them one by one and join them."
KEY_ELSEWHERE = "The key of the playlist lies elsewhere: put it (16 bytes) beside the playlist in the same bucket, and name it relatively."


@dataclass(frozen=True)
class Lock:
    """How a part is encrypted: AES-128-CBC with PKCS #7 padding, the key in an object of its own, and the 16 bytes of the initialisation vector."""

    key: Address
    vector: bytes


@dataclass(frozen=True)
class Part:
    """An object, or ``length`` bytes of it from ``offset`` (None: all of it). ``lock``: None where it is not encrypted."""

    address: Address
    offset: int = 0
    length: int | None = None
    lock: Lock | None = None


@dataclass(frozen=True)
class Recording:
    """A media playlist. ``parts``: the init section, where there is one, and all segments, to be joined byte by byte; ``ended``: False for a live one.

    ``breaks``: the parts with which another recording begins, on a clock of its own (EXT-X-DISCONTINUITY); only of MPEG-TS.
    """

    parts: tuple[Part, ...]
    seconds: float
    ended: bool
    fragmented: bool
    breaks: tuple[int, ...] = ()

    @property
    def keys(self) -> tuple[Address, ...]:
        """The objects with the keys, each once."""
        return tuple(dict.fromkeys(part.lock.key for part in self.parts if part.lock))

    @property
    def runs(self) -> tuple[tuple[Part, ...], ...]:
        """The parts by recording."""
        edges = (0, *self.breaks, len(self.parts))
        return tuple(self.parts[begin:end] for begin, end in itertools.pairwise(edges))


@dataclass
class _Key:
    """The key in force: ``vector`` None means that each segment's number is its vector."""

    address: Address
    vector: bytes | None

    def lock(self, number: int) -> Lock:
        return Lock(self.address, number.to_bytes(16, "big") if self.vector is None else self.vector)


@dataclass
class _Reader:
    """What has been read of a media playlist so far."""

    at: Address
    parts: list[Part] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    init: Part | None = None
    key: _Key | None = None
    number: int = 0
    """Media sequence number of the next segment."""
    seconds: float = 0.0
    pending: float | None = None
    span: tuple[int, int | None] | None = None
    ends: dict[Address, int] = field(default_factory=dict)
    ended: bool = False


@dataclass(frozen=True)
class Choice:
    """A master playlist: the media playlist of its best variant, and that of the sound where it is apart."""

    best: Address
    sound: Address | None = None


def is_playlist(head: bytes) -> bool:
    """Whether a file that begins so is an HLS playlist, whatever it is called."""
    return head.removeprefix(b"\xef\xbb\xbf").startswith(HEAD)


def decoded(data: bytes) -> str:
    """The text of a playlist. Raises JobError InputTooLarge, InputNotReadable."""
    if len(data) > TEXT_BYTES:
        raise JobError("InputTooLarge", f"The playlist has more than {TEXT_BYTES:,} bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JobError("InputNotReadable", "The playlist is not UTF-8 text.") from None


def read(text: str, at: Address) -> Recording | Choice:
    """Read a playlist that lies at ``at``. Raises JobError InputForbidden for names that lead elsewhere, InputNotReadable for what cannot be used."""
    lines = [line.strip() for line in text.splitlines()]
    if not lines or lines[0] != HEAD.decode():
        raise JobError("InputNotReadable", "The playlist does not begin with #EXTM3U.")
    if any(line.startswith("#EXT-X-STREAM-INF:") for line in lines):
        return _choice(lines, at)
    return _recording(lines, at)


def _choice(lines: list[str], at: Address) -> Choice:
    """The variant with the highest bandwidth; of equals the first."""
    best: tuple[int, str, str] | None = None
    pending: dict[str, str] | None = None
    sounds: dict[str, list[dict[str, str]]] = {}
    for line in lines[1:]:
        if line.startswith("#EXT-X-MEDIA:"):
            about = _attributes(line)
            if about.get("TYPE") == "AUDIO":
                sounds.setdefault(about.get("GROUP-ID", ""), []).append(about)
        elif line.startswith("#EXT-X-STREAM-INF:"):
            pending = _attributes(line)
        elif line and not line.startswith("#"):
            beside(line, at)  # every name is looked at, also of what is not taken
            if pending is not None:
                bandwidth = int(b) if (b := pending.get("BANDWIDTH", "")).isdecimal() and len(b) < 16 else 0
                if best is None or bandwidth > best[0]:
                    best = bandwidth, line, pending.get("AUDIO", "")
            pending = None
    if best is None:
        raise JobError("InputNotReadable", "The playlist names no variant.")
    group = sounds.get(best[2], [])
    chosen = next((s for s in group if s.get("DEFAULT") == "YES"), group[0] if group else {})
    uri = chosen.get("URI")
    return Choice(beside(best[1], at), beside(uri, at) if uri else None)


def _recording(lines: list[str], at: Address) -> Recording:
    found = _Reader(at)
    for line in lines[1:]:
        _line(line, found)
    if not found.parts:
        raise JobError("InputNotReadable", "The playlist names no parts.")
    if found.breaks and found.init is not None:
        raise JobError("InputNotReadable", SEVERAL)
    init = (found.init,) if found.init else ()
    return Recording((*init, *found.parts), found.seconds, found.ended, found.init is not None, tuple(found.breaks))


def _line(line: str, found: _Reader) -> None:
    if line.startswith("#EXTINF:"):
        found.pending = _number(line[8:].partition(",")[0])
    elif line.startswith("#EXT-X-BYTERANGE:"):
        found.span = _span(line[17:])
    elif line.startswith("#EXT-X-MEDIA-SEQUENCE:"):
        found.number = _whole(line.partition(":")[2]) + len(found.parts)
    elif line.startswith("#EXT-X-KEY:"):
        found.key = _key(line, found.at)
    elif line.startswith("#EXT-X-MAP:"):
        init = _init(line, found.at, found.key)
        if found.init is not None and (init.address, init.offset, init.length) != (found.init.address, found.init.offset, found.init.length):
            raise JobError("InputNotReadable", "The playlist changes its init section on the way; send one recording.")
        found.init = found.init or init
    elif line == "#EXT-X-DISCONTINUITY":
        _break(found)
    elif line == "#EXT-X-ENDLIST":
        found.ended = True
    elif line and not line.startswith("#"):
        _segment(line, found)


def _break(found: _Reader) -> None:
    """Another recording begins with the next part; one before the first part, or said twice, changes nothing."""
    if not found.parts or len(found.parts) in found.breaks:
        return
    if len(found.breaks) >= RUNS_MAX - 1:
        raise JobError("InputTooLarge", f"The playlist is made of more than {RUNS_MAX} recordings (#EXT-X-DISCONTINUITY).")
    found.breaks.append(len(found.parts))


def _segment(uri: str, found: _Reader) -> None:
    address = beside(uri, found.at)
    if found.pending is None:
        raise JobError("InputNotReadable", "A part of the playlist has no length.")
    if len(found.parts) >= PARTS_MAX:
        raise JobError("InputTooLarge", f"The playlist has more than {PARTS_MAX:,} parts.")
    part = _part(address, found.span, found.ends)
    found.parts.append(replace(part, lock=found.key.lock(found.number)) if found.key else part)
    found.number += 1
    found.seconds += found.pending
    found.pending = found.span = None


def _key(line: str, at: Address) -> _Key | None:
    """The key that is in force from here on. Where it lies elsewhere, its name is not told: it may hold the key itself, or a token."""
    about = _attributes(line)
    method = about.get("METHOD", "")
    if method == "NONE":
        return None
    if method != "AES-128":
        raise JobError("InputNotReadable", f"The parts of the playlist are encrypted ({method[:20]}); send them decrypted.")
    if (system := about.get("KEYFORMAT", _IDENTITY)) != _IDENTITY:
        raise JobError("InputNotReadable", f"The parts of the playlist are encrypted ({system[:60]}); send them decrypted.")
    if not about.get("URI"):
        raise JobError("InputNotReadable", "A key of the playlist has no name.")
    try:
        address = beside(about["URI"], at)
    except JobError:
        raise JobError("InputForbidden", KEY_ELSEWHERE) from None
    if "IV" not in about:
        return _Key(address, None)
    vector = _VECTOR.match(about["IV"])
    if vector is None:
        raise JobError("InputNotReadable", "An initialisation vector of the playlist is not 0x and 32 hexadecimal digits.")
    return _Key(address, bytes.fromhex(vector[1]))


def _part(address: Address, span: tuple[int, int | None] | None, ends: dict[Address, int]) -> Part:
    """A segment; a byte range without offset goes on where the last one of the same object ended."""
    if span is None:
        return Part(address)
    length, offset = span
    begin = ends.get(address, 0) if offset is None else offset
    ends[address] = begin + length
    return Part(address, begin, length)


def _init(line: str, at: Address, key: _Key | None) -> Part:
    """The init section; encrypted only where the key in force has a vector, since it has no number of its own (RFC 8216, 4.3.2.5)."""
    about = _attributes(line)
    if "URI" not in about:
        raise JobError("InputNotReadable", "The init section of the playlist has no name.")
    address = beside(about["URI"], at)
    lock = key.lock(0) if key is not None and key.vector is not None else None
    if "BYTERANGE" not in about:
        return Part(address, lock=lock)
    length, offset = _span(about["BYTERANGE"])
    return Part(address, offset or 0, length, lock)


def beside(uri: str, at: Address) -> Address:
    """The object that a name in a playlist means. Raises JobError InputForbidden."""
    plain = re.split(r"[?#]", uri, maxsplit=1)[0]
    try:
        name = unescaped(plain).removeprefix("./")
    except ValueError:
        raise _elsewhere(uri) from None
    parts = name.split("/")
    if _SCHEME.match(plain) or "\\" in name or any(part in ("", ".", "..") for part in parts) or key_mistake(at.folder + name):
        raise _elsewhere(uri)
    return Address(at.bucket, at.folder + name)


def unescaped(text: str) -> str:
    """Percent-encoded UTF-8 as plain text. Raises ValueError."""
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), text.encode()).decode()


def _elsewhere(uri: str) -> JobError:
    shown = "".join(c if c.isprintable() else "�" for c in uri[:_SHOWN])
    return JobError("InputForbidden", f"The playlist names «{shown}»: only objects beside it in its bucket are opened, by relative names.")


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


def _span(text: str) -> tuple[int, int | None]:
    found = _RANGE.match(text.strip())
    if not found or not int(found[1]):
        raise JobError("InputNotReadable", "A byte range of the playlist is not a number.")
    return int(found[1]), int(found[2]) if found[2] else None


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text.strip()):
        raise JobError("InputNotReadable", "The media sequence number of the playlist is not a number.")
    return int(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise JobError("InputNotReadable", "A length in the playlist is not a number.")
    return value
