"""Every container and codec family, through real workers: two outputs each, probed, fully decoded and counted. The table of docs/formats.md is made of these lists.

Files longer than ten seconds are clipped to three (but «bricks»: its first sound is decoded at 4.7 s), so that the whole takes about two minutes on two cores.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from jobs.ffmpeg import tools
from tests.e2e import sources
from tests.server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.media]

VIDEO = {  # file in the sample media → what it stands for
    "bbb-720p25-h264-aac51.mp4": "MP4, H.264, AAC 5.1",
    "bbb-720p24-h264-mp3-55s.mp4": "MP4, H.264, MP3",
    "dog-1080p-vfr-phone-h264-aac.mp4": "MP4 of a phone, variable frame rate",
    "bottles-360p30-h264-noaudio.mp4": "MP4 without audio",
    "testpic-360p30-h264-aac-fragmented.mp4": "fragmented MP4",
    "face-720p30-h264-aac-fragmented-offset.mp4": "fragmented MP4 that starts far from zero",
    "sar2x1-360p30-h264.mp4": "pixels that are not square",
    "coverart-360p30-h264-aac-png.mp4": "cover art as a second video stream",
    "testsrc-360p30-h264-422.mp4": "4:2:2 chroma",
    "timecode-1080p30-hevc-aac.mp4": "MP4, HEVC, full range",
    "colour-1080p-hevc-hlg-10bit.mp4": "HEVC, 10 bit, HLG",
    "testcard-540p25-av1-aac.mp4": "MP4, AV1",
    "roof-720x1280p30-av1-hdr10-aac.mp4": "AV1, 10 bit, HDR10, upright",
    "flower-540p30-vp8-vorbis.webm": "WebM, VP8, Vorbis",
    "earth-270p30-vp9-opus.webm": "WebM, VP9, Opus",
    "bear-161x121-vp9-odd.webm": "odd width and height",
    "device-720p60-vp9-alpha.webm": "VP9 with an alpha plane",
    "bbb-1080p24-mpeg2-mp2.ts": "TS, MPEG-2, MP2",
    "hello-480p30-mpeg2-mp2.mpeg": "MPG (program stream), MPEG-2",
    "hello-480p30-mpeg2-mp2.vob": "VOB",
    "earth-270p30-mpeg4-mp3.avi": "AVI, MPEG-4, MP3",
    "camera-240p15-mjpeg-pcm.avi": "AVI, Motion JPEG, PCM",
    "lego-240p30-wmv2-wma2.wmv": "WMV, WMV2, WMA2",
    "bricks-160x120-msmpeg4v2-metasound.asf": "ASF, MS-MPEG-4, two video streams",
    "face-720p-h264-aac.flv": "FLV, H.264, AAC",
    "clip-170x120-flv1-mp3.flv": "FLV, Sorenson H.263, MP3",
    "logo-qcif15-mpeg4-amrnb.3gp": "3GP, MPEG-4, AMR-NB",
    "bbb-qcif15-h263-noaudio.3gp": "3GP, H.263",
    "popcorn-180p24-theora-vorbis-64s.ogv": "OGV, Theora, Vorbis",
    "real-240p15-rv20-noaudio.rm": "RM, RealVideo",
    "phone-rot90-320p30-h264-aac.mov": "MOV, rotated by 90°",
    "lamp-rot90-720p30-hevc-aac.mov": "MOV, HEVC, rotated, timed metadata",
    "phone-rot180-320p30-h264.mov": "MOV, rotated by 180°",
    "phone-rot270-320p30-h264.mov": "MOV, rotated by 270°",
    "face-vertical-720x1080-h264-aac.mp4": "upright picture",
    "screen-3026x1386-vfr-h264-noaudio.mp4": "screen recording, strongly variable frame rate",
    "screen-1110x734p60-h264-noaudio.mp4": "screen recording, 60 fps",
    "desk-360i25-h264-tff-noaudio.mp4": "interlaced H.264",
    "count-480p10-h264-2audio-eng-deu-srt.mkv": "MKV, two audio tracks, SubRip",
    "face-720p-h264-ac3-ass.mkv": "MKV, AC-3, ASS",
    "chapters-240p30-h264-444-aac.mkv": "MKV, 4:4:4, chapters",
    "test-mpeg2-pcm.mxf": "MXF, MPEG-2, PCM",
    "test-mpeg1-mp2.mpg": "MPG, MPEG-1, MP2",
    "test-h263p.avi": "AVI, H.263+",
    "test-dv.dv": "DV",
    "test-prores.mov": "MOV, ProRes",
}
AUDIO = {
    "speech-5s.mp3": "MP3",
    "speech-5s.wav": "WAV, PCM",
    "speech-5s-vorbis.ogg": "OGG, Vorbis",
    "radio-7s-stereo.flac": "FLAC",
    "radio-7s-stereo.opus": "Opus",
    "commentary-6s-aac.m4a": "M4A, AAC",
    "commentary-6s-alac.m4a": "M4A, ALAC",
    "enst-7s-adts.aac": "AAC (ADTS)",
    "count-22s.ac3": "AC-3",
    "speech-3s.wma": "WMA",
    "voice-nb.amr": "AMR-NB",
    "voice-wb.amr": "AMR-WB",
    "tone-opus51.mka": "MKA, Opus 5.1",
    "firstrun-cook-audioonly.rm": "RM, RealAudio (Cook)",
    "dual-aac51-tracks-audioonly.mp4": "MP4 with two audio tracks and no video",
    "tone.aiff": "AIFF, PCM",
    "tone-adpcm-ima.wav": "WAV, ADPCM (IMA)",
    "tone-adpcm-ms.wav": "WAV, ADPCM (Microsoft)",
    "tone.mp2": "MP2",
    "tone.caf": "CAF, ALAC",
    "tone-eac3.eac3": "E-AC-3",
    "tone.dsf": "DSF, DSD64",
}
CLIPPED = 3.0
LONG = {
    "bbb-720p24-h264-mp3-55s.mp4",
    "bottles-360p30-h264-noaudio.mp4",
    "testcard-540p25-av1-aac.mp4",
    "popcorn-180p24-theora-vorbis-64s.ogv",
    "count-480p10-h264-2audio-eng-deu-srt.mkv",
    "timecode-1080p30-hevc-aac.mp4",
    "screen-1110x734p60-h264-noaudio.mp4",
    "device-720p60-vp9-alpha.webm",
}
ODD_SOUND = {"bricks-160x120-msmpeg4v2-metasound.asf"}  # its first sound is decoded at 4.7 s; after such a gap one packet of AAC in TS repeats a time stamp
REFUSED_INPUTS = {  # file → codes that are right for it
    "corrupt/zero-bytes.mp4": {"InputNotReadable"},
    "corrupt/text-named.mp4": {"InputNotReadable", "InputForbidden"},
    "corrupt/bad-container.mp4": {"InputNotReadable"},
    "corrupt/cut-no-moov.mp4": {"InputNotReadable"},
    "corrupt/noise.mkv": {"InputNotReadable"},
    "malicious/hls-local-file.m3u8": {"InputForbidden"},
    "malicious/hls-metadata-service.m3u8": {"InputForbidden"},
    "malicious/hls-disguised.avi": {"InputForbidden", "InputNotReadable"},
    "malicious/concat-script.mp4": {"InputForbidden"},
    "malicious/dash-local-file.mpd": {"InputForbidden"},
    "malicious/xxe.svg": {"InputForbidden"},
    "malicious/entity-bomb.svg": {"InputForbidden"},
    "malicious/png-bomb-20000.png": {"InputForbidden", "InputTooLarge"},
}
PLAYLISTS = ("malicious/hls-local-file.m3u8", "malicious/hls-metadata-service.m3u8")  # read by us before the job is accepted
DAMAGED = ("corrupt/bad-h264-stream.mp4", "corrupt/cut-at-60-percent.mp4", "corrupt/bit-errors.ts")  # may be saved in part, or fail; never hang, never lie


def made_names() -> set[str]:
    """Files that are made here."""
    return {*sources.RECIPES, "tone.dsf"}


@pytest.fixture(scope="session")
def files(media: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every input by name."""
    made = sources.make(get_ffmpeg_exe(), tmp_path_factory.mktemp("made"))
    return {name: made[name] if name in made_names() else media / name for name in {**VIDEO, **AUDIO, **REFUSED_INPUTS, **dict.fromkeys(DAMAGED)}}


@pytest.fixture(scope="session")
def heard() -> Iterator[list[str]]:
    """Listens where the hostile files point to."""
    said: list[str] = []
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 18099))
        listener.listen()
        listener.settimeout(0.5)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                said.append("somebody connected")
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield said
        done.set()
        thread.join()


@pytest.fixture(scope="session")
def jobs(server: Server, files: dict[str, Path], heard: list[str]) -> dict[str, str]:
    """All of them submitted at once, name → job id: the workers are busy while the tests look at what is done."""
    ids = {}
    for name, path in files.items():
        if name in PLAYLISTS:
            continue
        address: Any = server.put(path, f"matrix/{name}")
        if name in LONG:
            address = {"address": address, "start": 0.0, "duration": CLIPPED}
        stem = f"oss://output/matrix/{name}"
        if name in AUDIO:
            outputs = [("mp4-h264-540p", f"{stem}.mp4")], [("S00000001-300020", f"{stem}.mp3")]
            ids[f"{name} video"] = server.submit(address, *outputs[0])["id"]
            ids[name] = server.submit(address, *outputs[1])["id"]
        else:
            ids[name] = server.submit(address, ("mp4-h264-540p", f"{stem}.mp4"), ("hls-h264-540p", f"{stem}/index.m3u8"))["id"]
    return ids


def refused_at_the_door(server: Server, name: str, path: Path) -> str:
    """The code with which submitting this file is refused, or empty."""
    outputs = [{"template": "mp4-h264-540p", "address": f"oss://output/matrix/{name}.mp4"}]
    status, answer = server.api("/jobs", method="POST", body={"kind": "transcode", "input": server.put(path, f"matrix/{name}"), "outputs": outputs})
    assert status in (201, 400), answer
    return str(answer["code"]) if status == 400 else ""


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe says, frames counted."""
    argv = [tools.find().ffprobe, "-v", "error", "-count_frames", "-show_format", "-show_streams", "-of", "json", str(path)]
    if path.suffix == ".m3u8":
        argv[1:1] = ["-allowed_extensions", "ALL"]
    return dict(json.loads(subprocess.run(argv, capture_output=True, check=True, stdin=subprocess.DEVNULL, timeout=120).stdout))


def stream(facts: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """The first stream of that kind that is no cover art."""
    return next((s for s in facts["streams"] if s["codec_type"] == kind and not s.get("disposition", {}).get("attached_pic")), None)


def frames_decoded(path: Path, seconds: float | None) -> int:
    """Frames of the source as ffmpeg decodes them, without adding or dropping any."""
    limit = ["-t", str(seconds)] if seconds else []
    argv = [
        get_ffmpeg_exe(),
        "-nostdin",
        "-v",
        "quiet",
        *limit,
        "-i",
        str(path),
        "-map",
        "0:V:0",
        "-fps_mode",
        "passthrough",
        "-progress",
        "pipe:1",
        "-f",
        "null",
        "-",
    ]
    told = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=120).stdout
    return int(re.findall(r"^frame=\s*(\d+)", told, re.MULTILINE)[-1])


@pytest.mark.parametrize("name", VIDEO)
def test_video_goes_through(name: str, server: Server, files: dict[str, Path], jobs: dict[str, str], decoded: Callable[[Path], int]) -> None:
    job = server.finished(jobs[name], 600)
    assert job["state"] == "succeeded", (job["error"], [o["error"] for o in job["outputs"]])
    want = frames_decoded(files[name], CLIPPED if name in LONG else None)
    source_has_audio = stream(probe(files[name]), "audio") is not None
    for output in job["outputs"]:
        path = server.object(output["address"])
        facts = probe(path)
        video, audio = stream(facts, "video"), stream(facts, "audio")
        assert video is not None
        assert video["codec_name"] == "h264"
        assert min(video["width"], video["height"]) <= 540
        assert video["width"] % 2 == video["height"] % 2 == 0
        assert video["pix_fmt"].startswith("yuv4")
        assert (audio is not None) == source_has_audio
        if audio:
            assert audio["codec_name"] == "aac"
        shown = frames_decoded(path, None) if name in ODD_SOUND else decoded(path)
        assert abs(shown - want) <= 1, f"{shown} frames of {want}"
        assert output["size"] == sum(p.stat().st_size for p in ([path] if path.suffix == ".mp4" else path.parent.iterdir()))


@pytest.mark.parametrize("name", AUDIO)
def test_audio_goes_through(name: str, server: Server, files: dict[str, Path], jobs: dict[str, str], decoded: Callable[[Path], int]) -> None:
    job = server.finished(jobs[name], 600)
    assert job["state"] == "succeeded", (job["error"], [o["error"] for o in job["outputs"]])
    path = server.object(job["outputs"][0]["address"])
    facts = probe(path)
    audio = stream(facts, "audio")
    assert audio is not None
    assert audio["codec_name"] == "mp3"
    decoded(path)
    known = float(probe(files[name])["format"].get("duration", 0))
    assert abs(float(facts["format"]["duration"]) - known) <= max(0.2, known * 0.02) or name.endswith((".amr", ".rm", ".aac"))


@pytest.mark.parametrize("name", AUDIO)
def test_audio_through_a_video_template_is_refused(name: str, server: Server, jobs: dict[str, str]) -> None:
    job = server.finished(jobs[f"{name} video"], 600)
    assert job["state"] == "failed"
    assert job["error"]["code"] == "NoVideoStream"
    assert not server.object(job["outputs"][0]["address"]).exists()


@pytest.mark.parametrize("name", PLAYLISTS)
def test_hostile_playlists_are_refused_at_the_door(name: str, server: Server, files: dict[str, Path], heard: list[str]) -> None:
    assert refused_at_the_door(server, name, files[name]) in REFUSED_INPUTS[name]
    assert not heard


@pytest.mark.parametrize("name", [name for name in REFUSED_INPUTS if name not in PLAYLISTS])
def test_broken_and_hostile_files_fail_with_a_code(name: str, server: Server, jobs: dict[str, str], heard: list[str]) -> None:
    job = server.finished(jobs[name], 600)
    assert job["state"] == "failed"
    assert job["error"]["code"] in REFUSED_INPUTS[name]
    assert job["error"]["message"].endswith((".", "。"))
    assert not job["error"]["retryable"]
    for output in job["outputs"]:
        assert not server.object(output["address"]).exists()
    assert not heard


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_never_end_in_a_lie(name: str, server: Server, jobs: dict[str, str], decoded: Callable[[Path], int]) -> None:
    job = server.finished(jobs[name], 600)
    assert job["state"] in ("succeeded", "failed")
    for output in job["outputs"]:
        path = server.object(output["address"])
        if output["state"] == "succeeded":
            assert decoded(path) > 0
        else:
            assert output["error"]["code"] in {"ResourceContentBad", "OutputVerifyFailed", "InputNotReadable", "EncodeFailed"}
            assert not path.exists()


def test_nothing_of_this_machine_came_out(server: Server, jobs: dict[str, str], heard: list[str]) -> None:
    """No output, log or answer holds a line of /etc/passwd, and nobody called the listener."""
    for job_id in jobs.values():
        server.finished(job_id, 600)
    line = Path("/etc/passwd").read_bytes().splitlines()[0]
    for folder, _, names in os.walk(server.data):
        for name in names:
            path = Path(folder, name)
            if path.suffix not in (".ts", ".sqlite3", ".gz") and path.stat().st_size < 5_000_000:
                assert line not in path.read_bytes(), path
    assert not heard


def test_the_lists_cover_what_was_promised() -> None:
    """At least 25 files of the sample media, each through both presets."""
    assert len([name for name in VIDEO if name not in made_names()]) >= 25
