"""Which command lines may be started."""

from __future__ import annotations

import pytest

from jobs.ffmpeg import guard

FFMPEG, FFPROBE = "/opt/ffmpeg", "/opt/ffprobe"
SAFE = ("-protocol_whitelist", "file", "-format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2")


@pytest.mark.parametrize(
    "argv",
    [
        ("-version",),
        ("-hide_banner", "-encoders"),
        (*SAFE, "-i", "input", "o0.mp4"),
        ("-f", "mov,mp4,m4a,3gp,3g2,mj2", *SAFE, "-i", "input", "-c", "copy", "-progress", "pipe:1", "o0.mp4"),
        (*SAFE, "-i", "input", *SAFE, "-i", "logo.mov", "-filter_complex", "[0:v:0]split=2[a][b];[a]scale=w=640:h=-2[c]", "-map", "[c]", "-f", "mp4", "o0.mp4"),
        (*SAFE, "-i", "/data/rooms/a b:c/input", "-force_key_frames", "expr:gte(t,n_forced*2)", "o0.mp4"),
        (*SAFE, "-i", "input", "-metadata", "comment=see", "-metadata:s:a:0", "title=http://example.org/", "-metadata", "http://example.org", "o0.mp4"),
        (*SAFE, "-i", "input", "-vf", "drawtext=textfile=movie.txt", "-hls_segment_filename", "o0-%05d.ts", "o0.m3u8"),
    ],
)
def test_it_lets_ordinary_commands_pass(argv):
    guard.check(FFMPEG, argv)


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("-i", "input", "o0.mp4"), "-protocol_whitelist"),
        (("-protocol_whitelist", "file", "-i", "input", "o0.mp4"), "-format_whitelist"),
        (("-format_whitelist", "mov", "-i", "input", "o0.mp4"), "-protocol_whitelist"),
        (("-protocol_whitelist", "file,http", "-format_whitelist", "mov", "-i", "input", "o"), "-protocol_whitelist"),
        (("-protocol_whitelist", "file", "-format_whitelist", "mov,hls", "-i", "input", "o"), "hls"),
        (("-protocol_whitelist", "file", "-format_whitelist", "mov,concat", "-i", "input", "o"), "concat"),
        (("-f", "lavfi", *SAFE, "-i", "testsrc", "o"), "lavfi"),
        (("-f", "concat", *SAFE, "-i", "list", "o"), "concat"),
        (("-f", "image2", *SAFE, "-i", "a.png", "o"), "image2"),
        ((*SAFE, "-i", "input", "-i", "second", "o"), "-protocol_whitelist"),
        (("-i", "input", *SAFE, "o"), "-protocol_whitelist"),
        ((*SAFE, "-i", "http://127.0.0.1/a.mp4", "o"), "addresses"),
        ((*SAFE, "-i", "HTTP://127.0.0.1/a.mp4", "o"), "addresses"),
        ((*SAFE, "-i", "file:///etc/passwd", "o"), "addresses"),
        ((*SAFE, "-i", "concat:a|b", "o"), "addresses"),
        ((*SAFE, "-i", "subfile,,start,0,end,9,,:/etc/passwd", "o"), "addresses"),
        ((*SAFE, "-i", "crypto+file:a", "o"), "addresses"),
        ((*SAFE, "-i", "data:text/plain,x", "o"), "addresses"),
        ((*SAFE, "-i", "pipe:0", "o"), "addresses"),
        ((*SAFE, "-i", "file:input", "o"), "plain file"),
        ((*SAFE, "-i", "-", "o"), "plain file"),
        ((*SAFE, "-i", "", "o"), "plain file"),
        ((*SAFE, "-i", "a/../../etc/passwd", "o"), "plain file"),
        ((*SAFE, "-i"), "plain file"),
        ((*SAFE, "-i", "input", "rtmp://127.0.0.1/live"), "addresses"),
        ((*SAFE, "-i", "input", "-f", "mpegts", "udp:127.0.0.1:1"), "addresses"),
        ((*SAFE, "-i", "input", "-progress", "http://127.0.0.1/", "o"), "addresses"),
        ((*SAFE, "-i", "input", "-vf", "movie=/etc/passwd[a]", "o"), "filters"),
        ((*SAFE, "-i", "input", "-filter_complex", "[0:v]null[b];amovie=f=x", "o"), "filters"),
        ((*SAFE, "-i", "input", "-filter:v:0", "null,movie@x=filename=y", "o"), "filters"),
        ((*SAFE, "-i", "in\0put", "o"), "NUL"),
        (("input",), "information"),
        (("-v", "error", "input"), "information"),
    ],
)
def test_it_refuses(argv, why):
    with pytest.raises(ValueError, match=why):
        guard.check(FFMPEG, argv)


def test_hls_is_only_for_playlists_of_our_own():
    argv = ("-f", "hls", "-protocol_whitelist", "file", "-format_whitelist", "hls,mpegts,mov", "-i", "o0.m3u8")
    guard.check(FFPROBE, argv, own_playlist=True)
    with pytest.raises(ValueError, match="hls"):
        guard.check(FFPROBE, argv)


@pytest.mark.parametrize("argv", [(*SAFE, "-i", "a", "b"), (*SAFE, "-i", "a", *SAFE, "-i", "b"), (*SAFE, "-i", "a", "-v", "error")])
def test_ffprobe_gets_one_file_and_nothing_after_it(argv):
    with pytest.raises(ValueError, match="exactly one file"):
        guard.check(FFPROBE, argv)


def test_the_program_is_an_absolute_path():
    with pytest.raises(ValueError, match="absolute"):
        guard.check("ffmpeg", ("-version",))
