"""Keys of encrypted sets: what the programs that encrypt are told, by files in the attempt's room and never by argv. Pure.

A key is given in the template or made by the caller; planning only takes it. Whoever writes the key files writes bytes that nobody else reads,
and whatever shows a plan shows a mask instead (see ``plan.TextFile``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from jobs.engine.plan import TextFile

ALGORITHMS = {"aes-128": "AES-128", "cbcs": "SAMPLE-AES", "cenc": "SAMPLE-AES-CTR"}
"""Method of an encryption → METHOD of EXT-X-KEY."""


@dataclass(frozen=True)
class ContentKey:
    """One key with its addresses. ``key`` and ``key_id`` are 32 hexadecimal digits each; ``uri`` is where players fetch the 16 bytes,
    ``license_uri`` where ClearKey players ask."""

    key: str = field(repr=False)
    key_id: str
    uri: str
    license_uri: str


STAND_IN = ContentKey("0" * 32, "0" * 32, "/keys/…", "/keys/…/license")
"""For showing plans that nobody runs."""


def vector(key_id: str, file: str) -> str:
    """The initialisation vector of one playlist, hexadecimal: differs between the playlists that share a key, and is the same in every attempt."""
    return hashlib.sha256(f"{key_id}/{file}".encode()).hexdigest()[:32]


def hls_key_files(key: ContentKey, base: str, playlists: tuple[str, ...]) -> tuple[TextFile, ...]:
    """The key as ffmpeg's HLS muxer takes it: «o0.key» and, for each playlist, «NAME.keyinfo» (address, file, vector).

    The address in the room is the file's own name, so that what was written can be read back and verified; publishing puts the real one there.
    """
    name = f"{base}.key"
    infos = tuple(TextFile(name=f"{one}.keyinfo", content=f"{name}\n{name}\n{vector(key.key_id, one)}\n") for one in playlists)
    return (TextFile(name=name, content=key.key, binary=True, secret=True), *infos)


def packager_key_file(key: ContentKey, base: str) -> TextFile:
    """The key as Shaka Packager takes it: a file of flags, since argv can be read by everybody on the machine."""
    return TextFile(name=f"{base}.keys", content=f"--keys=label=:key_id={key.key_id}:key={key.key}\n--iv={vector(key.key_id, base)}\n", secret=True)


def key_tag(method: str, uri: str) -> str:
    """The EXT-X-KEY line of samples (not whole segments)."""
    return f'#EXT-X-KEY:METHOD={ALGORITHMS[method]},URI="{uri}",KEYFORMAT="identity"'
