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
        (
            *SAFE,
            "-i",
            "input",
            "-filter_complex",
            "[0:0][1:0]libvmaf=log_fmt=csv:log_path=quality-vmaf.csv:n_threads=2[a];[a][b]xpsnr=stats_file=quality-xpsnr.txt[c]",
            "o",
        ),
        (*SAFE, "-i", "input", "-filter_complex", "[0:0]scdet=threshold=12.0[a];[a]metadata=file=seen-narrowband.txt:key=lavfi.scd.time:mode=print[b]", "o"),
        (*SAFE, "-i", "input", "-vf", "split[movie][b];[movie]ass=filename=o0-b0.ass[s1];[s1]null", "-hls_segment_filename", "o0-%05d.ts", "o0.m3u8"),
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
        ((*SAFE, "-i", "input", "-vf", "ass=filename=/etc/passwd", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-vf", "ass=filename=o0-b0.ass:fontsdir=x", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-vf", "ass=o0-b0.ass", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-filter_complex", "[0:0]subtitles=filename=o0-b0.ass[a]", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-filter_complex", "[0:0]ass@x=filename=o0-b0.ass[a]", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-filter_complex", "[0:0]null[a];[a]subtitles=si=0:filename=input", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-vf", "drawtext=textfile=/etc/passwd", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-vf", "lut3d=file=x", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-filter_complex", "[0:0][1:0]xpsnr=stats_file=/etc/x[a]", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-filter_complex", "[0:0][1:0]psnr=stats_file=quality-psnr.txt[a]", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-filter_complex", "[0:0]null[a];[a]metadata=file=/etc/seen-x.txt:mode=print[b]", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-filter_complex", "[0:0]null[a];[a]metadata=file=seen-x.txt:mode=print:file=y[b]", "o"), "opens no file"),
        ((*SAFE, "-i", "input", "-filter_complex", "[0:0][1:0]libvmaf=log_path=../x.csv:n_threads=2[a]", "o"), "opens no file"),
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


# --- Shaka Packager -----------------------------------------------------------------------------------------------------
PACKAGER = "/opt/packager-linux-x64"
DESCRIPTOR = "in=o0-v.mp4,stream=video,init_segment=o0-v-init.mp4,segment_template=o0-v-$Number%05d$.m4s,playlist_name=o0-v.m3u8"


def test_the_packager_gets_descriptors_and_listed_flags() -> None:
    guard.check(PACKAGER, [DESCRIPTOR, "--segment_duration=6", "--mpd_output=o0.mpd", "--ad_cues=1.5;3", "--flagfile=o0.keys", "--quiet"])


@pytest.mark.parametrize(
    "word",
    [
        DESCRIPTOR.replace("o0-v.mp4", "/etc/passwd"),
        DESCRIPTOR.replace("o0-v.mp4", "../x.mp4"),
        DESCRIPTOR.replace("o0-v.mp4", "udp://127.0.0.1:1"),
        DESCRIPTOR.replace("o0-v.mp4", "file:x"),
        DESCRIPTOR + ",output=x",
        DESCRIPTOR + ",in",
        "o0-v.mp4",
        "--keys=label=:key_id=00:key=00",
        "--key=0123456789abcdef0123456789abcdef",
        "--key_server_url=http://127.0.0.1",
        "--mpd_output=http://127.0.0.1/x",
        "--mpd_output=/tmp/x",
        "--flagfile=/etc/passwd",
        "--ca_file=x",
        "-flagfile=x",
    ],
)
def test_the_packager_gets_nothing_else(word: str) -> None:
    with pytest.raises(ValueError, match="packager"):
        guard.check(PACKAGER, [DESCRIPTOR, word])


def test_only_playlists_of_ours_are_decrypted() -> None:
    argv = ["-protocol_whitelist", "file,crypto", "-format_whitelist", "hls,mpegts,mov", "-f", "hls", "-i", "/room/o0.m3u8"]
    guard.check("/usr/bin/ffprobe", argv, own_playlist=True)
    with pytest.raises(ValueError, match="protocol_whitelist"):
        guard.check("/usr/bin/ffprobe", argv)


@pytest.mark.parametrize("kind", ["png_pipe", "jpeg_pipe", "webp_pipe", "webp_anim", "apng"])
def test_still_pictures_are_only_for_files_that_were_fetched_as_marks(kind: str) -> None:
    """Or that we drew: they have names of their own, which nothing else has."""

    def argv(name: str, one: str = kind) -> list[str]:
        return ["-protocol_whitelist", "file", "-format_whitelist", one, "-f", one, "-i", name, "-f", "null", "none"]

    for name in ("mark1", "mark20", "text0-0-1.png"):
        guard.check(FFMPEG, argv(name))
    for name in ("input", "m1", "mark", "mark1.png", "xmark1", "text0-0-1.svg", "../mark1"):
        with pytest.raises(ValueError, match=r"not accepted|plain file"):
            guard.check(FFMPEG, argv(name))
    for other in ("svg_pipe", "image2", "hls", "concat"):
        with pytest.raises(ValueError, match="not accepted"):
            guard.check(FFMPEG, argv("mark1", other))


FDK = ("-S", "-p", "5", "-b", "64000", "-G", "1", "--include-sbr-delay", "-o", "o0-fdk0.m4a", "o0-fdk0.wav")


def test_fdkaac_reads_and_writes_files_of_its_folder() -> None:
    guard.check("/usr/bin/fdkaac", FDK)
    guard.check("/usr/bin/fdkaac", ("--help",))
    for argv in (
        (*FDK[:-1], "/etc/passwd"),
        (*FDK[:-1], "-"),
        (*FDK[:-1], "../x.wav"),
        (*FDK[:-2], "/tmp/x.m4a", "o0.wav"),
        (*FDK[:-2], "../x.m4a", "o0.wav"),
        ("--tag-from-file", "cove:/etc/passwd", "o0.wav"),
        ("-p", "x", "o0.wav"),
        ("-p", "o0.wav"),
    ):
        with pytest.raises(ValueError):  # noqa: PT011 -- several sentences
            guard.check("/usr/bin/fdkaac", argv)
