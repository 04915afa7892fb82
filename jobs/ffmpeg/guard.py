"""Which command lines may be started. Pure: looks at the argv, refuses with ValueError; a refusal is a mistake of ours, never of a user.

It is the second lock: the engine builds safe commands, and what slips through there stops here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from jobs.ffmpeg.formats import NAMES

GENERATED = frozenset({"rawvideo", "s16le", "srt", "webvtt", "ass"})
"""Formats of the small files that we make ourselves: for the capability probe, and subtitles. They cannot be reached by recognising a file: no input is ever opened without ``-f`` or our list."""
PLAYLIST = frozenset({"hls"})
MARKS = frozenset({"png_pipe", "jpeg_pipe", "webp_pipe", "webp_anim", "apng", "gif"})
"""Pictures of watermarks. Only for files that were fetched as such, or drawn by us: they have names of their own."""
LIST = frozenset({"concat"})
"""Lists of files to be joined, which we write: plain names in the attempt's folder."""
_LIST = re.compile(r"join\d+\.ffconcat\Z")
_MARK = re.compile(r"(?:mark\d+|text\d+-\d+-\d+\.png)\Z")
_PROTOCOLS = (
    "async bluray cache concat concatf crypto data dtls fd ffrtmpcrypt ffrtmphttp ftp gopher gophers hls http httpproxy https icecast ipfs ipns "
    "librtmp mmsh mmst pipe prompeg rist rtmp rtmpe rtmps rtmpt rtmpte rtmpts rtp rtsp rtsps sctp sftp shared smb srt srtp subfile tcp tee tls udp udplite unix zmq"
)
_ADDRESS = re.compile(rf"(?:[a-z][a-z0-9+.-]*://|(?:{_PROTOCOLS.replace(' ', '|')})(?:[:+]|,.*:))", re.IGNORECASE)
_FILE = re.compile(r"(?:/|[^/:\s-][^/:]*(?:/|\Z))")
_FILTER_OPTION = re.compile(r"-(?:vf|af|lavfi|filter(?:_complex)?)(?::.*)?\Z")
_SOURCE_FILTER = re.compile(r"(?:\A|[;,\]\s])a?movie\s*(?:@[^=]*)?=")
_LETTERED = re.compile(r"(?:(?<=[;,\]])|\A)ass=filename=o\d{1,3}-b\d{1,3}\.ass(?=[\[,;]|\Z)")
_SEEN, _KEY = r"file=seen-[a-z]+(?:-[a-z]+)?\.txt", r"(?::key=lavfi(?:\.\w+)+)?"
# in our own order, and in that of ffmpeg-python, which sorts
_PRINTED = re.compile(rf"(?<=[,\]])a?metadata=(?:mode=print{_KEY}:{_SEEN}|{_SEEN}{_KEY}:mode=print)(?=[\[,;]|\Z)")
_MEASURED = re.compile(r"(?<=xpsnr=)stats_file=quality-[a-z]+\.txt(?=[\[,;]|\Z)|(?<=:)log_path=quality-[a-z]+\.csv(?=:)")
_OPENING = re.compile(
    r"(?:\A|[;,\]\s])(?:ass|subtitles)\s*(?:@[^=\[\];,]*)?=|(?:\A|[=:,\s])(?:f|file|filename|fontfile|fontsdir|log_path|stats_file|textfile)\s*="
)


def check(program: str, argv: Sequence[str], *, own_playlist: bool = False) -> None:
    """Raise ValueError unless this may be started.

    1. No argument holds NUL; the program is an absolute path.
    2. No argument is an address or names a protocol (values of ``-metadata`` and our own progress pipe excepted), no filter opens a file by itself (movie,
       amovie, options that name files) but «ass» one of the files with subtitles that we write, and «metadata», «libvmaf» and «xpsnr» those that
       findings are printed into, which have names of their own.
    3. Every ``-i`` is preceded, since the input before it, by ``-protocol_whitelist file`` and a ``-format_whitelist`` of accepted names, and names a plain file.
    4. Without ``-i`` it may only ask for information: options alone.
    5. ffprobe gets its file by ``-i`` only, as the last argument.
    6. Shaka Packager gets stream descriptors and flags that are listed here; their files are plain names in its own folder.
    7. fdkaac reads one plain file and writes another, with the options listed here.
    """
    if not program.startswith("/"):
        raise ValueError(f"the program must be an absolute path: {program!r}")
    if any("\0" in word for word in argv):
        raise ValueError("argv must be without NUL")
    if program.rpartition("/")[2].startswith("packager"):
        _check_packager(argv)
        return
    if program.rpartition("/")[2] == "fdkaac":
        _check_fdkaac(argv)
        return
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


def _check_fdkaac(argv: Sequence[str]) -> None:
    """``-S -p N -b N -G N --include-sbr-delay -o FILE FILE``, or --help."""
    if tuple(argv) == ("--help",):
        return
    *options, name = argv
    rest = [word for word in options if word not in ("-S", "--include-sbr-delay")]
    if len(rest) % 2:
        raise ValueError("fdkaac gets options with values, and one file")
    for option, value in zip(rest[::2], rest[1::2], strict=True):
        if option not in ("-p", "-b", "-G", "-o") or not (_beside(value) if option == "-o" else value.isdecimal()):
            raise ValueError(f"fdkaac does not get {option} {value!r}")
    if not _beside(name):
        raise ValueError(f"not a plain file name: {name!r}")


def _beside(name: str) -> bool:
    """A file in the program's own folder."""
    return bool(_FILE.match(name)) and "/" not in name


def _check_words(argv: Sequence[str]) -> None:
    for before, word in zip(("", *argv), argv, strict=False):
        if before.startswith("-metadata") or (before, word) == ("-progress", "pipe:1"):
            continue
        if _ADDRESS.match(word):
            raise ValueError(f"addresses are never given to a media program: {word!r}")
        if _FILTER_OPTION.match(before) and _SOURCE_FILTER.search(word):
            raise ValueError("filters do not open files by themselves")
        if _FILTER_OPTION.match(before) and _OPENING.search(_MEASURED.sub("", _PRINTED.sub("", _LETTERED.sub("", word)))):
            raise ValueError("a filter opens no file but burnt subtitles that we wrote, and prints only findings and measurements")


def _check_input(options: Sequence[str], name: str, *, own_playlist: bool) -> None:
    values = {option: value for option, value in itertools.pairwise(options) if option in ("-protocol_whitelist", "-format_whitelist", "-f")}
    if values.get("-protocol_whitelist") not in ("file", "file,crypto" if own_playlist else "file"):
        raise ValueError("an input needs -protocol_whitelist file before it")
    allowed = (
        NAMES
        | GENERATED
        | (PLAYLIST if own_playlist else frozenset())
        | (MARKS if _MARK.match(name) else frozenset())
        | (LIST if _LIST.match(name) else frozenset())
    )
    for option in ("-format_whitelist", "-f"):
        given = values.get(option, "" if option == "-format_whitelist" else next(iter(NAMES)))
        if odd := set(given.split(",")) - allowed:
            raise ValueError(f"{option} names what is not accepted: {sorted(odd)}")
    if not _FILE.match(name) or ".." in name.split("/"):
        raise ValueError(f"not a plain file name: {name!r}")


PACKAGER_FLAGS = frozenset(
    [
        "ad_cues",
        "clear_lead",
        "enable_raw_key_encryption",
        "flagfile",
        "generate_static_live_mpd",
        "hls_master_playlist_output",
        "hls_playlist_type",
        "mpd_output",
        "protection_scheme",
        "quiet",
        "segment_duration",
        "start_segment_number",
        "version",
    ]
)
PACKAGER_FIELDS = frozenset(
    ["hls_group_id", "hls_name", "iframe_playlist_name", "in", "init_segment", "language", "playlist_name", "segment_template", "stream"]
)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.;$%-]*\Z")
"""Values of flags and fields: names of ours, numbers, words. No slash, no colon, so no path and no address."""


def _check_packager(argv: Sequence[str]) -> None:
    for word in argv:
        flag, given, value = word.removeprefix("--").partition("=")
        if word.startswith("--"):
            if flag not in PACKAGER_FLAGS or (given and not _PLAIN.match(value)):
                raise ValueError(f"not a flag that the packager gets: {word!r}")
            continue
        for part in word.split(","):
            name, given, value = part.partition("=")
            if name not in PACKAGER_FIELDS or not given or not _PLAIN.match(value):
                raise ValueError(f"not a stream descriptor that the packager gets: {word!r}")
