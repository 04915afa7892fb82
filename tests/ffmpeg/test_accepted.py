"""Every accepted kind is proven by a file: those that no sample shows are made here."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from jobs.ffmpeg import formats, sandbox
from jobs.ffmpeg.limits import for_probe
from jobs.ffmpeg.probe import probe
from tests.ffmpeg.conftest import PICTURE
from tests.ffmpeg.test_probe import EXPECTED

SOUND = ("-f", "s16le", "-sample_rate", "48000", "-ch_layout", "stereo", "-protocol_whitelist", "file", "-format_whitelist", "s16le")
MADE = {  # demuxer: how ffmpeg writes such a file, and the codec in it
    "mxf": (PICTURE, ("-c:v", "mpeg2video", "-f", "mxf"), "mpeg2video"),
    "dv": (PICTURE, ("-vf", "scale=w=720:h=576", "-pix_fmt", "yuv420p", "-f", "dv"), "dvvideo"),
    "mpegvideo": (PICTURE, ("-c:v", "mpeg2video", "-f", "mpeg2video"), "mpeg2video"),
    "gif": (PICTURE, ("-f", "gif"), "gif"),
    "w64": (SOUND, ("-f", "w64"), "pcm_s16le"),
    "aiff": (SOUND, ("-f", "aiff"), "pcm_s16be"),
    "caf": (SOUND, ("-f", "caf"), "pcm_s16be"),
    "eac3": (SOUND, ("-f", "eac3"), "eac3"),
}


@pytest.mark.parametrize("name", MADE)
def test_a_file_of_this_kind_is_read(tools, room, name):
    source, target, codec = MADE[name]
    if source is SOUND:
        (room / "input").write_bytes(os.urandom(192_000))
    made = sandbox.call(tools.ffmpeg, ("-nostdin", "-v", "error", *source, "-i", "input", *target, "made"), cwd=room, limits=for_probe(30), timeout=30)
    assert made.exit_code == 0, made.stderr
    found = probe(room / "made", tools=tools, cwd=room)
    stream = found.picture or found.sound
    assert (found.format_name, stream.codec) == (name, codec)


def dsf(path: Path) -> None:
    """One block of silence of each of two channels, DSD64."""
    data = b"\x69" * 8192
    head = b"DSD " + struct.pack("<QQQ", 28, 28 + 52 + 12 + len(data), 0)
    head += b"fmt " + struct.pack("<QIIIIIIQII", 52, 1, 0, 2, 2, 2_822_400, 1, 4096 * 8, 4096, 0)
    path.write_bytes(head + b"data" + struct.pack("<Q", 12 + len(data)) + data)


def dsdiff(path: Path) -> None:
    """The same as DSDIFF."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack(">Q", len(body)) + body

    properties = (
        b"SND "
        + chunk(b"FS  ", struct.pack(">I", 2_822_400))
        + chunk(b"CHNL", struct.pack(">H", 2) + b"SLFTSRGT")
        + chunk(b"CMPR", b"DSD \x0enot compressed\0")
    )
    body = b"DSD " + chunk(b"FVER", b"\x01\x05\0\0") + chunk(b"PROP", properties) + chunk(b"DSD ", b"\x69" * 8192)
    path.write_bytes(chunk(b"FRM8", body))


@pytest.mark.parametrize(("write", "name"), [(dsf, "dsf"), (dsdiff, "iff")])
def test_dsd_is_read(tools, room, write, name):
    write(room / "made")
    found = probe(room / "made", tools=tools, cwd=room)
    assert (found.format_name, found.sound.codec.startswith("dsd_"), found.sound.channels) == (name, True, 2)


def test_no_kind_is_without_proof():
    proven = {row[0] for row in EXPECTED.values()} | set(MADE) | {"dsf", "iff"}
    assert {row.name for row in formats.ACCEPTED} == proven
