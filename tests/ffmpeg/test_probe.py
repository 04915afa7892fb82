"""Reading files: every sample, damaged ones, large ones, playlists of our own."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import threading
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.engine.errors import JobError
from jobs.engine.plan import Command
from jobs.ffmpeg import formats, runner, sandbox
from jobs.ffmpeg.limits import for_probe
from jobs.ffmpeg.probe import probe

MEDIA = Path(os.environ.get("REELMILL_TEST_MEDIA", Path(__file__).resolve().parents[3] / "shared" / "media"))
SAMPLES = sorted(path.name for path in MEDIA.glob("*.*") if path.suffix != ".md") if MEDIA.is_dir() else []
EXPECTED = {  # name: format, video codec and size, audio codec
    "bbb-720p25-h264-aac51.mp4": ("mov,mp4,m4a,3gp,3g2,mj2", ("h264", 1280, 720), "aac"),
    "timecode-1080p30-hevc-aac.mp4": ("mov,mp4,m4a,3gp,3g2,mj2", ("hevc", 1920, 1080), "aac"),
    "testcard-540p25-av1-aac.mp4": ("mov,mp4,m4a,3gp,3g2,mj2", ("av1", 960, 540), "aac"),
    "earth-270p30-vp9-opus.webm": ("matroska,webm", ("vp9", 480, 270), "opus"),
    "flower-540p30-vp8-vorbis.webm": ("matroska,webm", ("vp8", 960, 540), "vorbis"),
    "bbb-1080p24-mpeg2-mp2.ts": ("mpegts", ("mpeg2video", 1920, 1080), "mp2"),
    "hello-480p30-mpeg2-mp2.vob": ("mpeg", ("mpeg2video", 640, 480), "mp2"),
    "earth-270p30-mpeg4-mp3.avi": ("avi", ("mpeg4", 480, 270), "mp3"),
    "lego-240p30-wmv2-wma2.wmv": ("asf", ("wmv2", 320, 240), "wmav2"),
    "face-720p-h264-aac.flv": ("flv", ("h264", 1080, 720), "aac"),
    "logo-qcif15-mpeg4-amrnb.3gp": ("mov,mp4,m4a,3gp,3g2,mj2", ("mpeg4", 176, 144), "amr_nb"),
    "popcorn-180p24-theora-vorbis-64s.ogv": ("ogg", ("theora", 300, 180), "vorbis"),
    "real-240p15-rv20-noaudio.rm": ("rm", ("rv20", 320, 240), None),
    "firstrun-cook-audioonly.rm": ("rm", None, "cook"),
    "speech-5s.mp3": ("mp3", None, "mp3"),
    "speech-5s.wav": ("wav", None, "pcm_s16le"),
    "radio-7s-stereo.flac": ("flac", None, "flac"),
    "radio-7s-stereo.opus": ("ogg", None, "opus"),
    "enst-7s-adts.aac": ("aac", None, "aac"),
    "count-22s.ac3": ("ac3", None, "ac3"),
    "speech-3s.wma": ("asf", None, "wmav2"),
    "voice-nb.amr": ("amr", None, "amr_nb"),
    "voice-wb.amr": ("amr", None, "amr_wb"),
}


def code_of(path: Path, tools, cwd: Path, **more) -> tuple[str, str]:
    with pytest.raises(JobError) as caught:
        probe(path, tools=tools, cwd=cwd, **more)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_read_and_opens_again_as_it_was_named(media, tools, room, name):
    (room / "input").unlink()
    shutil.copyfile(media / name, room / "input")  # without its extension: content decides
    found = probe(room / "input", tools=tools, cwd=room)
    assert found.picture or found.sound
    assert set(found.format_name.split(",")) <= formats.NAMES
    assert found.size == (media / name).stat().st_size
    if name in EXPECTED:
        video, audio = found.picture, found.sound
        assert (found.format_name, video and (video.codec, video.width, video.height), audio and audio.codec) == EXPECTED[name]
    # what the probe called it is what ffmpeg opens it by
    stream = found.picture or found.sound
    argv = ("-nostdin", "-v", "error", "-f", found.format_name, "-protocol_whitelist", "file", "-format_whitelist", found.format_name, "-i", "input")
    argv += ("-map", f"0:{stream.index}", "-frames", "3", "-c", "copy", "-f", "null", "none")
    again = sandbox.call(tools.ffmpeg, argv, cwd=room, limits=for_probe(30), timeout=30)
    assert again.exit_code == 0, again.stderr


def test_packets_are_counted_on_request(media, tools, room):
    path = media / "earth-270p30-vp9-opus.webm"  # a container that does not tell the number of frames
    assert probe(path, tools=tools, cwd=room).picture.frames is None
    assert probe(path, tools=tools, cwd=room, count_packets=True).picture.frames == 150


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("zero-bytes.mp4", "empty"),
        ("text-named.mp4", "not that of a media file"),
        ("noise.mkv", ""),
        ("cut-no-moov.mp4", "moov"),
        ("bad-container.mp4", ""),
    ],
)
def test_a_file_that_is_no_media_is_refused_in_plain_words(media, tools, room, name, words):
    code, message = code_of(media / "corrupt" / name, tools, room)
    assert code == "InputNotReadable"
    assert words in message
    assert "/" not in message
    assert "0x" not in message


@pytest.mark.parametrize("name", ["bad-h264-stream.mp4", "cut-at-60-percent.mp4", "bit-errors.ts"])
def test_a_damaged_file_that_opens_is_described(media, tools, room, name):
    assert probe(media / "corrupt" / name, tools=tools, cwd=room).picture.codec == "h264"


def test_a_file_that_is_gone(tools, room):
    assert code_of(room / "nothing", tools, room)[0] == "InputChanged"


def test_a_folder_is_no_file(tools, room):
    assert code_of(room, tools, room)[0] == "InputNotReadable"


def gif(path: Path, width: int, height: int) -> Path:
    """A GIF of one frame with that size in its header."""
    path.write_bytes(
        b"GIF89a"
        + struct.pack("<HH", width, height)
        + b"\x80\0\0"
        + b"\0\0\0\xff\xff\xff"
        + b","
        + struct.pack("<HHHH", 0, 0, width, height)
        + b"\0\x02\x02D\x01\0;"
    )
    return path


def test_a_picture_that_is_too_large(tools, room):
    assert probe(gif(room / "a", 100, 80), tools=tools, cwd=room).picture.width == 100
    code, message = code_of(gif(room / "b", 60_000, 60_000), tools, room)
    assert code == "InputTooLarge"
    assert "60000×60000" in message
    assert code_of(room / "a", tools, room, max_pixels=7999)[0] == "InputTooLarge"
    assert probe(room / "a", tools=tools, cwd=room, max_pixels=8000).picture.height == 80


def test_an_amiga_picture_is_no_sound_file(tools, room):
    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack(">I", len(body)) + body + b"\0" * (len(body) % 2)

    header = struct.pack(">HHhhBBBBHBBhh", 16, 16, 0, 0, 1, 0, 0, 0, 0, 1, 1, 16, 16)
    body = b"ILBM" + chunk(b"BMHD", header) + chunk(b"CMAP", b"\0\0\0\xff\xff\xff") + chunk(b"BODY", b"\xaa\xaa" * 16)
    (room / "a").write_bytes(chunk(b"FORM", body))
    assert code_of(room / "a", tools, room) == ("InputForbidden", formats.PICTURE)


def test_odd_names_are_only_names(tools, room, media):
    for name in ("-i", "a b", "http:x", "%05d", "名字.mp4", "a:b;c"):
        shutil.copyfile(media / "speech-5s.mp3", room / name)
        assert probe(room / name, tools=tools, cwd=room).sound.codec == "mp3"


@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
def test_a_playlist_of_our_own_is_read_with_its_segments(tools, room, short, tmp_path, kind):
    argv = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod", "-hls_segment_type", kind)
    segments = "o0-%05d.ts" if kind == "mpegts" else "o0-%05d.m4s"
    command: Command = short(*argv, "-hls_segment_filename", segments, "o0.m3u8")
    done = runner.run(
        command,
        tools=tools,
        cwd=room,
        log=tmp_path / "log",
        on_progress=lambda p: None,
        should_stop=lambda: False,
        stall_seconds=60,
        wall_seconds=60,
        max_bytes=None,
        min_free_bytes=0,
    )
    assert done.exit_code == 0, done.tail
    found = probe(room / "o0.m3u8", tools=tools, cwd=room, own_playlist=True, count_packets=True)
    assert (found.picture.codec, found.picture.frames, found.duration) == ("h264", 50, pytest.approx(2.0, abs=0.1))
    assert code_of(room / "o0.m3u8", tools, room) == ("InputForbidden", formats.PLAYLIST)


def test_even_a_playlist_of_our_own_reaches_no_other_kind_of_file(tools, room):
    (room / "secret").write_text("ffconcat version 1.0\nfile 'input'\n")
    (room / "o0.m3u8").write_text("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret\n#EXT-X-ENDLIST\n")
    assert code_of(room / "o0.m3u8", tools, room, own_playlist=True)[0] in ("InputNotReadable", "InputForbidden")


def test_a_web_thread_may_probe(media, tools, room):
    found = []
    thread = threading.Thread(target=lambda: found.append(probe(media / "speech-5s.mp3", tools=tools, cwd=room)))
    thread.start()
    thread.join(30)
    assert found[0].sound.codec == "mp3"


def test_a_reader_that_hangs_is_ended(tools, room):
    slow = room / "ffprobe"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    gif(room / "a", 10, 10)
    code, message = code_of(room / "a", replace(tools, ffprobe=str(slow)), room, timeout=1)
    assert (code, "within 1 s" in message) == ("InputNotReadable", True)


@pytest.mark.parametrize(("name", "code"), [("TERM", "InternalError"), ("KILL", "OutOfMemory"), ("SEGV", "InputNotReadable")])
def test_a_reader_that_is_ended_from_outside_says_nothing_of_the_input(tools, room, name, code):
    ended = room / "ffprobe"
    ended.write_text(f"#!/bin/sh\nkill -{name} $$\n")
    ended.chmod(0o755)
    gif(room / "a", 10, 10)
    assert code_of(room / "a", replace(tools, ffprobe=str(ended)), room)[0] == code


def test_a_png_inside_a_playable_name_is_a_picture(tools, room):
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    (room / "clip.mp4").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 72)) + chunk(b"IEND", b""))
    assert code_of(room / "clip.mp4", tools, room) == ("InputForbidden", formats.PICTURE)


def test_nothing_is_started_for_an_unreadable_file(tools, room, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: pytest.fail("started"))
    (room / "a").write_bytes(b"#EXTM3U\n")
    assert code_of(room / "a", tools, room)[0] == "InputForbidden"
