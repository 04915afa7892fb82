"""Which kinds of files are opened, decided by content, never by name.

Two questions: :func:`forbidden` looks at the first bytes and recognises what must not be opened, to say so in a plain sentence;
:data:`ACCEPTED` is what actually protects: it becomes ``-format_whitelist``, so a demuxer that is not listed cannot be reached.
Never listed, because they open other files or addresses, or run a language: hls, dash, concat, imf, image2, sdp, rtsp, rtp, lavfi, avisynth,
ffmetadata, webm_dash_manifest, tty, libgme, libopenmpt, every ``*_pipe`` (single pictures) and svg.
"""

from __future__ import annotations

from typing import NamedTuple


class Demuxer(NamedTuple):
    """One row: ffmpeg's demuxer name as it stands in ``format_name``, what people call it, and why it is accepted."""

    name: str
    files: str
    reason: str


ACCEPTED: tuple[Demuxer, ...] = (
    Demuxer(
        "mov,mp4,m4a,3gp,3g2,mj2", "MP4, MOV, M4A, M4V, 3GP, 3G2", "the commonest of all; references to other files (drefs) are off in ffmpeg unless asked for"
    ),
    Demuxer("matroska,webm", "MKV, MKA, WebM", "named by the product"),
    Demuxer("avi", "AVI", "named by the product"),
    Demuxer("flv", "FLV", "named by the product"),
    Demuxer("asf", "ASF, WMV, WMA", "named by the product"),
    Demuxer("mpegts", "TS, M2TS", "named by the product"),
    Demuxer("mpeg", "MPG, VOB", "named by the product (program streams)"),
    Demuxer("mpegvideo", "MPG, M1V, M2V", "an .mpg may be a bare MPEG-1/2 stream; its header states the frame rate, so times can be known"),
    Demuxer("rm", "RM, RMVB", "named by the product"),
    Demuxer("ogg", "OGG, OGV, OGA, Opus", "named by the product"),
    Demuxer("mxf", "MXF", "named by the product; ffmpeg reads only essence inside the file"),
    Demuxer("dv", "DV", "raw camcorder tapes; frames of fixed length, times are exact"),
    Demuxer("gif", "GIF", "output of ours, so it must be possible to probe and to convert back"),
    Demuxer("wav", "WAV, RF64", "plain audio"),
    Demuxer("w64", "W64", "WAV above 4 GB"),
    Demuxer("aiff", "AIFF, AIFC", "named by the product"),
    Demuxer("caf", "CAF", "Apple's audio container, written by its editing tools"),
    Demuxer("mp3", "MP3, MP2", "named by the product"),
    Demuxer("flac", "FLAC", "named by the product"),
    Demuxer("aac", "AAC (ADTS)", "named by the product"),
    Demuxer("ac3", "AC-3", "named by the product"),
    Demuxer("eac3", "E-AC-3", "the successor of AC-3, the same tools write it"),
    Demuxer("amr", "AMR-NB, AMR-WB", "named by the product"),
    Demuxer("dsf", "DSF", "DSD audio, played by the same people who use FLAC"),
    Demuxer("iff", "DSDIFF", "DSD audio; the demuxer also knows Amiga pictures, so only files without a picture are taken"),
)
"""Left out on purpose: bare h264, hevc, m4v, av1 streams (no times: clip, length and verification could not be right) and old game formats (attack surface, no users)."""

SOUND_ONLY = frozenset({"iff"})
WHITELIST = ",".join(row.name for row in ACCEPTED)
NAMES = frozenset(name for row in ACCEPTED for name in row.name.split(","))
OWN_PLAYLIST = "hls,mpegts,mov"
"""For playlists that we wrote ourselves, and their segments."""

HEAD_BYTES = 4096
PLAYLIST = "This is a playlist or script that names other files; those are not opened."
MARKUP = "This is an XML, HTML or SVG document; it may point elsewhere and is not opened."
PICTURE = "This is a still picture, not a media file."
SESSION = "This describes a network stream; nothing is fetched for it."
_TEXT: tuple[tuple[bytes, str], ...] = (
    (b"#extm3u", PLAYLIST),
    (b"#ext-x-", PLAYLIST),
    (b"ffconcat version", PLAYLIST),
    (b"file '", PLAYLIST),
    (b"[playlist]", PLAYLIST),
    (b"[reference]", PLAYLIST),
    (b"#!/", PLAYLIST),  # «#!AMR» begins an AMR file
    (b"#! /", PLAYLIST),
    (b"<", MARKUP),
    (b"v=0\r\n", SESSION),
    (b"v=0\n", SESSION),
    (b"rtsptext", SESSION),
    (b";ffmetadata", PLAYLIST),
)
_BINARY: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", PICTURE),
    (0, b"\xff\xd8\xff", PICTURE),
    (8, b"WEBP", PICTURE),
    (0, b"II*\x00", PICTURE),
    (0, b"MM\x00*", PICTURE),
    (0, b"8BPS", PICTURE),
    (0, b"\x00\x00\x00\x0cJXL ", PICTURE),
    (4, b"ftypavif", PICTURE),
    (4, b"ftypheic", PICTURE),
    (4, b"ftypheix", PICTURE),
    (4, b"ftypmif1", PICTURE),
)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def forbidden(head: bytes) -> str | None:
    """Why a file that begins with ``head`` is not opened, as one sentence; None if nothing speaks against trying.

    White space, byte order marks and UTF-16 in front of a text are seen through, and letters compare without case.
    """
    for offset, mark, sentence in _BINARY:
        if head[offset : offset + len(mark)] == mark:
            return sentence
    text = _as_text(head).lstrip().lower()
    return next((sentence for mark, sentence in _TEXT if text.startswith(mark)), None)


def _as_text(head: bytes) -> bytes:
    """The same bytes without byte order mark, UTF-16 turned into UTF-8."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, errors="ignore").encode()
    return head
