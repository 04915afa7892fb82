"""Hostile inputs: nothing is read, nothing is fetched. They name 127.0.0.1:18099, where a test listens and must hear nothing."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from jobs.engine.argv import GLOBAL
from jobs.engine.errors import JobError
from jobs.engine.plan import Command
from jobs.ffmpeg import formats, runner, sandbox
from jobs.ffmpeg.limits import for_probe
from jobs.ffmpeg.probe import probe

MEDIA = Path(os.environ.get("REELMILL_TEST_MEDIA", Path(__file__).resolve().parents[3] / "shared" / "media"))
HOSTILE = sorted(path.name for path in (MEDIA / "malicious").glob("*.*")) if MEDIA.is_dir() else []
PORT = 18099  # where the fixture «silence» listens
SECRET = "root:x:0"
"""How /etc/passwd begins: it must not turn up anywhere."""


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_before_anything_is_opened(media, tools, room, silence, name):
    with pytest.raises(JobError) as caught:
        probe(media / "malicious" / name, tools=tools, cwd=room)
    assert caught.value.code == "InputForbidden"
    assert SECRET not in caught.value.message


@pytest.mark.parametrize("name", HOSTILE)
def test_ffprobe_itself_refuses_it_too(media, tools, room, silence, name):
    """The white list protects, not the look at the first bytes."""
    argv = (
        "-v",
        "trace",
        "-show_format",
        "-show_streams",
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        formats.WHITELIST,
        "-i",
        str(media / "malicious" / name),
    )
    answer = sandbox.call(tools.ffprobe, argv, cwd=room, limits=for_probe(20), timeout=20)
    assert answer.exit_code > 0
    assert set(re.findall(r"Opening '([^']*)'", answer.stderr)) == {str(media / "malicious" / name)}
    assert SECRET not in answer.stdout.decode(errors="replace") + answer.stderr


@pytest.mark.parametrize("forced", ["", "mov,mp4,m4a,3gp,3g2,mj2", "mpegts", "avi"])
@pytest.mark.parametrize("name", HOSTILE)
def test_ffmpeg_makes_nothing_of_it(media, tools, room, tmp_path, silence, name, forced):
    (room / "input").unlink()
    shutil.copyfile(media / "malicious" / name, room / "input")
    options = ("-f", forced) if forced else ()
    argv = (*GLOBAL, *options, "-protocol_whitelist", "file", "-format_whitelist", forced or formats.WHITELIST, "-i", "input", "-t", "1", "o0.mkv")
    done = runner.run(
        Command(argv=argv, outputs=(0,)),
        tools=tools,
        cwd=room,
        log=tmp_path / "log",
        on_progress=lambda progress: None,
        should_stop=lambda: False,
        stall_seconds=20,
        wall_seconds=20,
        max_bytes=10_000_000,
        min_free_bytes=0,
    )
    assert done.exit_code > 0
    for path in (tmp_path / "log", *room.iterdir()):
        assert path.name == "input" or SECRET.encode() not in path.read_bytes()


def test_a_playlist_under_a_trusted_name_reaches_nothing(tools, room, silence):
    """Even where hls is allowed, for playlists of our own, only local files of the listed kinds are opened."""
    (room / "o0.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:{PORT}/a.ts\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(JobError) as caught:
        probe(room / "o0.m3u8", tools=tools, cwd=room, own_playlist=True)
    assert SECRET not in caught.value.message


def test_silence_means_something(tools, media, room):
    """The counter-test: the same program with the same file, neither in the sandbox nor with our options, is heard at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        playlist = room / "a.m3u8"
        playlist.write_text((media / "malicious" / "hls-metadata-service.m3u8").read_text().replace(str(PORT), str(listener.getsockname()[1])))
        with subprocess.Popen(
            [tools.ffprobe, "-v", "quiet", "-allowed_extensions", "ALL", "-extension_picky", "0", "-protocol_whitelist", "file,http,tcp", str(playlist)],
            stdin=subprocess.DEVNULL,
        ) as process:
            listener.settimeout(20)
            listener.accept()[0].close()
            process.kill()
