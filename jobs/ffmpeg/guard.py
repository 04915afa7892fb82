"""Which command lines may be started. Pure: looks at the argv, refuses with ValueError; a refusal is a mistake of ours, never of a user.

It is the second lock: the engine builds safe commands, and what slips through there stops here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from jobs.ffmpeg.formats import NAMES

GENERATED = frozenset({"rawvideo", "s16le", "srt"})
"""Formats of the tiny files that we make ourselves for the capability probe. They cannot be reached by recognising a file: no input is ever opened without ``-f`` or our list."""
PLAYLIST = frozenset({"hls"})
_PROTOCOLS = (
    "async bluray cache concat concatf crypto data dtls fd ffrtmpcrypt ffrtmphttp ftp gopher gophers hls http httpproxy https icecast ipfs ipns "
    "librtmp mmsh mmst pipe prompeg rist rtmp rtmpe rtmps rtmpt rtmpte rtmpts rtp rtsp rtsps sctp sftp shared smb srt srtp subfile tcp tee tls udp udplite unix zmq"
)
_ADDRESS = re.compile(rf"(?:[a-z][a-z0-9+.-]*://|(?:{_PROTOCOLS.replace(' ', '|')})(?:[:+]|,.*:))", re.IGNORECASE)
_FILE = re.compile(r"(?:/|[^/:\s-][^/:]*(?:/|\Z))")
_FILTER_OPTION = re.compile(r"-(?:vf|af|lavfi|filter(?:_complex)?)(?::.*)?\Z")
_SOURCE_FILTER = re.compile(r"(?:\A|[;,\]\s])a?movie\s*(?:@[^=]*)?=")


def check(program: str, argv: Sequence[str], *, own_playlist: bool = False) -> None:
    """Raise ValueError unless this may be started.

    1. No argument holds NUL; the program is an absolute path.
    2. No argument is an address or names a protocol (values of ``-metadata`` and our own progress pipe excepted), no filter opens a file by itself (movie, amovie).
    3. Every ``-i`` is preceded, since the input before it, by ``-protocol_whitelist file`` and a ``-format_whitelist`` of accepted names, and names a plain file.
    4. Without ``-i`` it may only ask for information: options alone.
    5. ffprobe gets its file by ``-i`` only, as the last argument.
    """
    if not program.startswith("/"):
        raise ValueError(f"the program must be an absolute path: {program!r}")
    if any("\0" in word for word in argv):
        raise ValueError("argv must be without NUL")
    _check_words(argv)
    inputs = [at for at, word in enumerate(argv) if word == "-i"]
    if not inputs:
        if plain := [word for word in argv if not word.startswith("-")]:
            raise ValueError(f"no input is named, so only information may be asked for, not {plain[0]!r}")
        return
    start = 0
    for at in inputs:
        _check_input(argv[start:at], argv[at + 1] if at + 1 < len(argv) else "", own_playlist=own_playlist)
        start = at + 2
    if program.rpartition("/")[2].startswith("ffprobe") and (len(inputs) != 1 or start != len(argv)):
        raise ValueError("ffprobe gets exactly one file, by -i at the end")


def _check_words(argv: Sequence[str]) -> None:
    for before, word in zip(("", *argv), argv, strict=False):
        if before.startswith("-metadata") or (before, word) == ("-progress", "pipe:1"):
            continue
        if _ADDRESS.match(word):
            raise ValueError(f"addresses are never given to a media program: {word!r}")
        if _FILTER_OPTION.match(before) and _SOURCE_FILTER.search(word):
            raise ValueError("filters do not open files by themselves")


def _check_input(options: Sequence[str], name: str, *, own_playlist: bool) -> None:
    values = {option: value for option, value in itertools.pairwise(options) if option in ("-protocol_whitelist", "-format_whitelist", "-f")}
    if values.get("-protocol_whitelist") != "file":
        raise ValueError("an input needs -protocol_whitelist file before it")
    allowed = NAMES | GENERATED | (PLAYLIST if own_playlist else frozenset())
    for option in ("-format_whitelist", "-f"):
        given = values.get(option, "" if option == "-format_whitelist" else next(iter(NAMES)))
        if odd := set(given.split(",")) - allowed:
            raise ValueError(f"{option} names what is not accepted: {sorted(odd)}")
    if not _FILE.match(name) or ".." in name.split("/"):
        raise ValueError(f"not a plain file name: {name!r}")
