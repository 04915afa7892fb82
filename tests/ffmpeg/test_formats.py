"""What is recognised by its first bytes, and what the white list holds."""

from __future__ import annotations

import pytest

from jobs.ffmpeg import formats, guard
from jobs.ffmpeg.formats import forbidden


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"#EXTM3U\n#EXT-X-VERSION:3", formats.PLAYLIST),
        (b"\xef\xbb\xbf#EXTM3U", formats.PLAYLIST),
        (b"\r\n  #extm3u", formats.PLAYLIST),
        ("\ufeff#EXTM3U".encode("utf-16-le"), formats.PLAYLIST),
        ("\ufeff<svg/>".encode("utf-16-be"), formats.MARKUP),
        (b"ffconcat version 1.0", formats.PLAYLIST),
        (b"file '/etc/passwd'", formats.PLAYLIST),
        (b"#!/bin/sh", formats.PLAYLIST),
        (b'<?xml version="1.0"?><MPD>', formats.MARKUP),
        (b"<!doctype html>", formats.MARKUP),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1", formats.SESSION),
        (b"\x89PNG\r\n\x1a\n", formats.PICTURE),
        (b"\xff\xd8\xff\xe0", formats.PICTURE),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", formats.PICTURE),
        (b"\x00\x00\x00\x1cftypavif", formats.PICTURE),
        (b"\x00\x00\x00\x1cftypheic", formats.PICTURE),
    ],
)
def test_it_recognises_what_must_not_be_opened(head, sentence):
    assert forbidden(head) == sentence


@pytest.mark.parametrize(
    "head",
    [b"", b"\x00\x00\x00\x20ftypisom", b"RIFF\x00\x00\x00\x00AVI LIST", b"RIFF\x00\x00\x00\x00WAVE", b"\x1aE\xdf\xa3", b"ID3\x04", b"GIF89a", b"\xff\xfb\x90"],
)
def test_media_passes(head):
    assert forbidden(head) is None


def test_every_sample_passes(media):
    for path in sorted(media.glob("*.*")):
        if path.suffix != ".md":
            with path.open("rb") as file:
                assert forbidden(file.read(formats.HEAD_BYTES)) is None, path.name


def test_the_list_holds_nothing_that_opens_other_files():
    names = set(formats.WHITELIST.split(","))
    assert names == formats.NAMES
    assert not names & {
        "hls",
        "dash",
        "concat",
        "image2",
        "image2pipe",
        "imf",
        "sdp",
        "rtsp",
        "rtp",
        "lavfi",
        "avisynth",
        "ffmetadata",
        "webm_dash_manifest",
        "tty",
        "svg_pipe",
        "libgme",
    }
    assert not [name for name in names if name.endswith("_pipe")]
    assert guard.GENERATED.isdisjoint(names)


def test_every_name_is_one_that_ffmpeg_knows(tools):
    from jobs.ffmpeg.tools import _listed

    assert {row.name for row in formats.ACCEPTED} <= _listed(tools.ffmpeg, "-demuxers")
