"""Sets: HLS with TS and fMP4, DASH, CMAF, ladders, tracks, encryption. Every row looks at the files that would be published."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.engine import dash, hls, rfc8216
from jobs.engine.combinations import check
from jobs.engine.sets import Composed, compose
from jobs.engine.template import Template
from jobs.ffmpeg.probe import probe
from jobs.ffmpeg.sets import look
from tests.surface.harness import Bench, Made, Row

FAST = {"preset": "ultrafast"}
CLIP = {"seconds": 3}
SHORT = {"seconds": 2}
COUNT = {"media": "count-480p10-h264-2audio-eng-deu-srt.mkv"}
LADDER = [{"name": "72p", "video": {"height": 72}}, {"name": "36p", "video": {"height": 36}}]
KEY = "00ff" * 8  # the bench's own
GIVEN = "0123456789abcdeffedcba9876543210"


# --- the set as it is published ---------------------------------------------------------------------------------------
def published(made: Made) -> tuple[Path, Composed]:
    """The set with its final names in a folder of its own."""
    probes = {}
    for rendition in made.output.renditions:
        if rendition.file.endswith(".vtt"):
            continue
        probes[rendition.file] = probe(
            made.room / rendition.file, tools=made.tools, cwd=made.room, count_packets=True, own_playlist=rendition.segments is not None
        )
    done = compose(made.output, look(made.room, made.output, probes), "set")
    folder = made.room / "published"
    folder.mkdir(exist_ok=True)
    for file, name in {**done.names, done.main: "main"}.items():
        if file in done.texts:
            (folder / name).write_text(done.texts[file])
        else:
            shutil.copyfile(made.room / file, folder / name)
    (folder / "main").rename(folder / ("main.mpd" if done.main.endswith(".mpd") else "main.m3u8"))
    for path in folder.glob("*.m3u8"):
        assert rfc8216.problems(path.read_text()) == (), path
    assert not [p for p in folder.iterdir() if p.suffix in (".key", ".keys", ".keyinfo")]
    return folder, done


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def attributes(text: str, tag: str) -> list[dict[str, str]]:
    return [rfc8216.attributes(line) for line in text.splitlines() if line.startswith(tag)]


def decoded(made: Made, path: Path, *options: str) -> Any:
    """Mean brightness of every picture, as ffmpeg decodes it."""
    playlist = ["-allowed_extensions", "ALL", "-protocol_whitelist", "file,crypto"] if path.suffix == ".m3u8" else []
    argv = [made.tools.ffmpeg, "-nostdin", "-v", "error", *playlist, *options, "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    data = subprocess.run([*argv, "-vf", "scale=8:8,format=gray", "-f", "rawvideo", "-"], capture_output=True, check=True, cwd=path.parent, timeout=60).stdout
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 64).mean(axis=1)


def joined(folder: Path, representation: dash.Representation) -> Path:
    """One file of a representation's segments, init first."""
    path = folder / f"joined-{representation.init}"
    path.write_bytes(b"".join((folder / str(name)).read_bytes() for name in (representation.init, *(name for name, _ in representation.segments))))
    return path


def seconds(*wanted: float) -> Callable[[Made], None]:
    """Lengths of the segments of the first playlist or representation, ± one frame."""

    def look_at(made: Made) -> None:
        folder, done = published(made)
        if done.main.endswith(".mpd"):
            found = [s for _, s in video_of(folder).segments]
        else:
            path = folder / "main.m3u8"
            while "#EXT-X-STREAM-INF" in path.read_text():
                path = folder / lines(path.read_text())[0]
            found = [s.seconds for s in hls.read(path.read_text()).segments]
        assert found == pytest.approx(list(wanted), abs=0.041)

    return look_at


def manifest(folder: Path) -> dash.Manifest:
    return dash.read(next(p for p in folder.iterdir() if p.suffix == ".mpd").read_text())


def video_of(folder: Path) -> dash.Representation:
    return next(r for r in manifest(folder).representations if r.content == "video")


# --- what rows look at ------------------------------------------------------------------------------------------------
def ts_plain(made: Made) -> None:
    folder, _ = published(made)
    names = lines((folder / "main.m3u8").read_text())
    assert names == ["set-00001.ts", "set-00002.ts", "set-00003.ts"]
    assert all((folder / name).read_bytes()[0] == 0x47 for name in names)
    assert len(decoded(made, folder / "main.m3u8")) == 75


def each_segment_alone(made: Made) -> None:
    folder, _ = published(made)
    counts = [len(decoded(made, folder / name)) for name in lines((folder / "main.m3u8").read_text())]
    assert counts == [25, 25, 25]


def fmp4_plain(made: Made) -> None:
    folder, _ = published(made)
    text = (folder / "main.m3u8").read_text()
    (init,) = attributes(text, "#EXT-X-MAP")
    assert (folder / init["URI"]).read_bytes()[4:8] == b"ftyp"
    assert all(name.endswith(".m4s") for name in lines(text))
    assert len(decoded(made, folder / "main.m3u8")) == 75


def codec(name: str, tag: str, mime: str) -> Callable[[Made], None]:
    def look_at(made: Made) -> None:
        folder, done = published(made)
        if done.main.endswith(".mpd"):
            assert video_of(folder).codecs.startswith(mime)
            stream = made.raw(file=joined(folder, video_of(folder)))["streams"][0]
        else:
            stream = next(s for s in made.raw(file=folder / "main.m3u8")["streams"] if s["codec_type"] == "video")
        assert (stream["codec_name"], stream["codec_tag_string"]) == (name, tag)

    return look_at


def sound(name: str) -> Callable[[Made], None]:
    def look_at(made: Made) -> None:
        folder, done = published(made)
        if done.main.endswith(".mpd"):
            audio = next(r for r in manifest(folder).representations if r.content == "audio")
            found = made.raw(file=joined(folder, audio))["streams"][0]["codec_name"]
        else:
            found = next(s for s in made.raw(file=folder / "main.m3u8")["streams"] if s["codec_type"] == "audio")["codec_name"]
        assert found == name

    return look_at


def first_number(number: int) -> Callable[[Made], None]:
    def look_at(made: Made) -> None:
        folder, done = published(made)
        if done.main.endswith(".mpd"):
            assert video_of(folder).segments[0][0] == f"set-v-{number:05d}.m4s"
        else:
            text = (folder / "main.m3u8").read_text()
            assert f"#EXT-X-MEDIA-SEQUENCE:{number}\n" in text
            assert re.fullmatch(rf"set-0*{number}\.(ts|m4s)", lines(text)[0])

    return look_at


def key_frames(made: Made) -> None:
    """Every entry of the key frame playlist is one picture, and it is the segment's first one."""
    folder, _ = published(made)
    master = (folder / "main.m3u8").read_text()
    (line,) = attributes(master, "#EXT-X-I-FRAME-STREAM-INF")
    assert line["RESOLUTION"] == "128x72"
    assert int(line["BANDWIDTH"]) > 0
    text = (folder / line["URI"]).read_text()
    assert "#EXT-X-I-FRAMES-ONLY" in text
    init = attributes(text, "#EXT-X-MAP")
    head = (folder / init[0]["URI"]).read_bytes() if init else b""
    ranges = re.findall(r"#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)", text)
    whole = decoded(made, folder / lines(master)[0])
    assert len(ranges) == 3
    for number, (length, offset, name) in enumerate(ranges):
        piece = folder / f"piece{number}{'.mp4' if init else '.ts'}"
        piece.write_bytes(head + (folder / name).read_bytes()[int(offset) : int(offset) + int(length)])
        (picture, *rest) = decoded(made, piece)
        assert not rest
        assert picture == pytest.approx(whole[25 * number], abs=2)


def ladder(made: Made) -> None:
    folder, _ = published(made)
    variants = attributes((folder / "main.m3u8").read_text(), "#EXT-X-STREAM-INF")
    rungs = lines((folder / "main.m3u8").read_text())
    assert [v["RESOLUTION"] for v in variants] == ["128x72", "64x36"]
    assert all(v["FRAME-RATE"] == "25.000" for v in variants)
    for variant, rung in zip(variants, rungs, strict=True):
        assert variant["CODECS"].startswith("avc1.")
        assert "mp4a.40.2" in variant["CODECS"]
        assert len(decoded(made, folder / rung)) == 75
        sizes = [((folder / s.uri).stat().st_size, s.seconds) for s in hls.read((folder / rung).read_text()).segments]
        assert int(variant["BANDWIDTH"]) == max(round(size * 8 / length) for size, length in sizes)


def shared_sound(made: Made) -> None:
    """Two languages once for both rungs, captions, and a master for each rung alone."""
    folder, _ = published(made)
    for name, count in (("main.m3u8", 2), ("set-72p.m3u8", 1), ("set-36p.m3u8", 1)):
        master = (folder / name).read_text()
        variants = attributes(master, "#EXT-X-STREAM-INF")
        assert len(variants) == count
        media = attributes(master, "#EXT-X-MEDIA")
        sounds = [m for m in media if m["TYPE"] == "AUDIO"]
        assert [(m["LANGUAGE"], m["DEFAULT"]) for m in sounds] == [("en", "YES"), ("de", "NO")]
        assert len({m["NAME"] for m in sounds}) == 2
        (words,) = [m for m in media if m["TYPE"] == "SUBTITLES"]
        assert all(v["AUDIO"] == sounds[0]["GROUP-ID"] and v["SUBTITLES"] == words["GROUP-ID"] for v in variants)
        for track in sounds:
            streams = made.raw(file=folder / track["URI"])["streams"]
            assert [s["codec_type"] for s in streams] == ["audio"]
        (text,) = lines((folder / words["URI"]).read_text())
        assert (folder / text).read_text().startswith("WEBVTT")
        streams = made.raw(file=folder / lines(master)[0])["streams"]
        assert [s["codec_type"] for s in streams] == ["video"]


def captions_in_time(made: Made) -> None:
    """The first caption's time and the first picture's time in the segments belong together by the header."""
    folder, _ = published(made)
    text = next(folder.glob("*.vtt")).read_text()
    (ticks,) = re.findall(r"X-TIMESTAMP-MAP=MPEGTS:(\d+),LOCAL:00:00:00\.000", text)
    rung = folder / lines((folder / "main.m3u8").read_text())[0]
    video = next(s for s in made.raw(file=rung)["streams"] if s["codec_type"] == "video")
    late = made.output.set.late if made.output.set else 0.0
    assert int(ticks) / 90_000 == pytest.approx(float(video["start_time"]) - late, abs=0.011)


def dash_plain(made: Made) -> None:
    folder, _ = published(made)
    found = manifest(folder)
    assert (found.static, found.periods) == (True, 1)
    assert found.seconds == pytest.approx(3, abs=0.1)
    assert sorted(r.content for r in found.representations) == ["audio", "video"]
    assert len(decoded(made, joined(folder, video_of(folder)))) == 75


def dash_languages(made: Made) -> None:
    folder, _ = published(made)
    found = manifest(folder).representations
    assert sorted((r.language or "") for r in found if r.content == "audio") == ["de", "en"]
    (text,) = [r for r in found if r.content == "text"]
    assert text.mime == "text/vtt"
    assert (folder / str(text.base)).read_text().startswith("WEBVTT")
    raw = (folder / "main.mpd").read_text()
    assert raw.count('value="main"') == 1
    assert raw.count('value="alternate"') == 1


def rungs_in_manifest(made: Made) -> None:
    folder, _ = published(made)
    videos = [r for r in manifest(folder).representations if r.content == "video"]
    assert sorted(v.height or 0 for v in videos) == [36, 72]
    assert len([r for r in manifest(folder).representations if r.content == "audio"]) == 1
    for video in videos:
        assert [round(s, 2) for _, s in video.segments] == [1.0, 1.0, 1.0]


def cmaf_both(made: Made) -> None:
    """One set of segments, named by playlists and manifest alike."""
    folder, done = published(made)
    assert done.beside == "o0.mpd"
    parts = {name for r in manifest(folder).representations for name in (r.init, *(n for n, _ in r.segments))}
    named = set()
    for path in folder.glob("*.m3u8"):
        text = path.read_text()
        if "#EXTINF" in text:
            named |= set(lines(text)) | {a["URI"] for a in attributes(text, "#EXT-X-MAP")}
    assert parts == {name for name in named if not name.endswith(".vtt")}
    assert len(decoded(made, folder / lines((folder / "main.m3u8").read_text())[0])) in (75, 50)


def aes(made: Made) -> None:
    folder, _ = published(made)
    path = folder / "main.m3u8"
    text = path.read_text()
    (said,) = attributes(text, "#EXT-X-KEY")
    assert (said["METHOD"], said["URI"]) == ("AES-128", "/keys/k")
    assert re.fullmatch("0x[0-9a-f]{32}", said["IV"])
    assert all((folder / name).read_bytes()[0] != 0x47 or (folder / name).stat().st_size % 188 for name in lines(text))
    local = folder / "local.m3u8"
    (folder / "k").write_bytes(bytes.fromhex(KEY))
    local.write_text(text.replace("/keys/k", "k"))
    assert len(decoded(made, local)) == 50
    (folder / "k").write_bytes(bytes(16))
    argv = [made.tools.ffmpeg, "-v", "error", "-allowed_extensions", "ALL", "-protocol_whitelist", "file,crypto", "-i", str(local), "-f", "null", "-"]
    assert subprocess.run(argv, capture_output=True, cwd=folder, check=False, timeout=60).returncode  # with another key it does not


def vectors_differ(made: Made) -> None:
    folder, _ = published(made)
    ivs = [attributes((folder / rung).read_text(), "#EXT-X-KEY")[0]["IV"] for rung in lines((folder / "main.m3u8").read_text())]
    assert len(set(ivs)) == 2


def samples(scheme: str, method: str) -> Callable[[Made], None]:
    """Manifest and playlists name the key; with it pictures are the encoder's, without it they are not."""

    def look_at(made: Made) -> None:
        folder, done = published(made)
        wanted = decoded(made, made.file)
        if done.beside or done.main.endswith(".mpd"):
            assert all(r.encrypted for r in manifest(folder).representations)
            text = next(folder.glob("*.mpd")).read_text()
            assert f'value="{scheme}"' in text
            assert "e2719d58-a985-b3c9-781a-b030af78d30e" in text
            assert "/keys/k/license" in text
            path = joined(folder, video_of(folder))
        else:
            rung = folder / lines((folder / "main.m3u8").read_text())[0]
            (said,) = attributes(rung.read_text(), "#EXT-X-KEY")
            assert (said["METHOD"], said["URI"], said["KEYFORMAT"]) == (method, "/keys/k", "identity")
            path = folder / "joined.mp4"
            init = attributes(rung.read_text(), "#EXT-X-MAP")[0]["URI"]
            path.write_bytes(b"".join((folder / name).read_bytes() for name in (init, *lines(rung.read_text()))))
        assert np.array_equal(decoded(made, path, "-decryption_key", KEY), wanted)
        assert scheme.encode() in path.read_bytes()[:4000]
        broken = subprocess.run([made.tools.ffmpeg, "-v", "error", "-i", str(path), "-f", "null", "-"], capture_output=True, check=False, timeout=60)
        assert broken.stderr

    return look_at


def nothing_told(made: Made) -> None:
    """No key in any argument, nor in the plan as it is shown."""
    shown = made.plan.model_dump_json() + repr(made.plan) + " ".join(word for command in made.output.package for word in command.argv)
    assert GIVEN not in shown
    assert (made.room / "o0.keys").read_text().count(GIVEN) == 1


def sound_alone(made: Made) -> None:
    folder, _ = published(made)
    streams = made.raw(file=folder / "main.m3u8")["streams"]
    assert [s["codec_type"] for s in streams] == ["audio"]


def in_step(made: Made) -> None:
    """A flash and a beep come together: sound and picture of separate tracks begin within one picture of each other."""
    folder, _ = published(made)
    raw = next(folder.glob("*.mpd")).read_text()
    offsets = [(int(o or 0), int(s)) for s, o in re.findall(r'SegmentTemplate timescale="(\d+)"(?: presentationTimeOffset="(\d+)")?', raw)]
    assert len(offsets) == 2
    assert max(o / s for o, s in offsets) - min(o / s for o, s in offsets) < 0.04


def mux(**said: Any) -> dict[str, Any]:
    return {"segment_seconds": 1.0, **said}


def row(name: str, seed: str, format_: str, look_at: Callable[[Made], None], source: dict[str, Any] = CLIP, **sections: Any) -> Row:
    return Row(name, seed, format_, {"video": FAST, "mux": mux(), **sections}, look_at, source)


MPS, OSS, IMS, ISSUE = "mps-terms.txt: HLS", "oss-video-convert.txt: segment", "ims-multi-audio-tracks.txt", "issue 3: output groups"
CBCS, CENC, AES = {"method": "cbcs"}, {"method": "cenc"}, {"method": "aes-128"}
ROWS = [
    row("hls, ts", MPS, "hls", ts_plain),
    row("hls, segments decode alone", MPS, "hls", each_segment_alone),
    row("hls, fmp4", OSS, "hls", fmp4_plain, mux=mux(segment_format="fmp4")),
    row("segment_seconds 1", MPS, "hls", seconds(1, 1, 1)),
    row("segment_seconds 1.5", MPS, "hls", seconds(1.5, 1.5), mux={"segment_seconds": 1.5}),
    row("segment_seconds 60", MPS, "hls", seconds(3), mux={"segment_seconds": 60.0}),
    row("segment_seconds not said", MPS, "hls", seconds(3), mux={}),
    row("dash, segment_seconds 1.5", OSS, "dash", seconds(1.5, 1.5), mux={"segment_seconds": 1.5}),
    row("cut_times, ts", "api-dialects.md: ForceSegTime", "hls", seconds(0.4, 0.6, 0.6, 0.4, 1), mux=mux(cut_times=[0.4, 1.6])),
    row("cut_times, fmp4", "api-dialects.md: ForceSegTime", "hls", seconds(1, 0.52, 0.48, 1), mux=mux(segment_format="fmp4", cut_times=[1.52])),
    row("cut_times, dash", "api-dialects.md: ForceSegTime", "dash", seconds(0.4, 0.6, 0.6, 0.4, 1), mux=mux(cut_times=[0.4, 1.6])),
    row("cut_times, cmaf", "api-dialects.md: ForceSegTime", "cmaf", cmaf_both, mux=mux(cut_times=[1.52])),
    row("start_number 0", "api-dialects.md: StartNumber", "hls", first_number(0), mux=mux(start_number=0)),
    row("start_number 7, fmp4", "api-dialects.md: StartNumber", "hls", first_number(7), mux=mux(start_number=7, segment_format="fmp4")),
    row("start_number 7, dash", "api-dialects.md: StartNumber", "dash", first_number(7), mux=mux(start_number=7)),
    row("start_number not said", "api-dialects.md: segments from 00001", "hls", first_number(1)),
    row("iframe_playlist, ts", ISSUE, "hls", key_frames, mux=mux(iframe_playlist=True)),
    row("iframe_playlist, fmp4", ISSUE, "hls", key_frames, mux=mux(iframe_playlist=True, segment_format="fmp4")),
    row("iframe_playlist, cmaf", ISSUE, "cmaf", key_frames, mux=mux(iframe_playlist=True)),
    row("ladder, ts", ISSUE, "hls", ladder, ladder=LADDER),
    row("ladder, fmp4", ISSUE, "hls", ladder, mux=mux(segment_format="fmp4"), ladder=LADDER),
    row("ladder, dash", ISSUE, "dash", rungs_in_manifest, ladder=LADDER),
    row("ladder, cmaf", ISSUE, "cmaf", cmaf_both, ladder=LADDER),
    row("two languages and captions, ts", IMS, "hls", shared_sound, COUNT, audios=[{"stream": 0}, {"stream": 1}], mux={"segment_seconds": 8.0}, ladder=LADDER),
    row("two languages and captions, fmp4", IMS, "hls", shared_sound, COUNT, audios=[{"stream": 0}, {"stream": 1}], mux={"segment_seconds": 8.0, "segment_format": "fmp4"}, ladder=LADDER),
    row("two languages and captions, cmaf", IMS, "cmaf", shared_sound, COUNT, audios=[{"stream": 0}, {"stream": 1}], mux={"segment_seconds": 8.0}, ladder=LADDER),
    row("captions in time, ts", IMS, "hls", captions_in_time, COUNT, video={**FAST, "height": 72}, mux={"segment_seconds": 8.0}, subtitle={"streams": [0]}),
    row("captions in time, fmp4", IMS, "hls", captions_in_time, COUNT, video={**FAST, "height": 72}, mux={"segment_seconds": 8.0, "segment_format": "fmp4"}, subtitle={"streams": [0]}),
    row("two languages and captions, dash", IMS, "dash", dash_languages, COUNT, video={**FAST, "height": 72}, audios=[{"stream": 0}, {"stream": 1}], mux={"segment_seconds": 8.0}),
    row("dash", OSS, "dash", dash_plain),
    row("dash, sound and picture in step", ISSUE, "dash", in_step),
    row("cmaf", ISSUE, "cmaf", cmaf_both),
    row("h265 in fmp4 is hvc1", ISSUE, "hls", codec("hevc", "hvc1", ""), SHORT, video={**FAST, "codec": "h265"}, mux=mux(segment_format="fmp4")),
    row("h265 in dash is hvc1", ISSUE, "dash", codec("hevc", "hvc1", "hvc1"), SHORT, video={**FAST, "codec": "h265"}),
    row("av1 in fmp4", ISSUE, "hls", codec("av1", "av01", ""), SHORT, video={**FAST, "codec": "av1"}, mux=mux(segment_format="fmp4")),
    row("av1 in dash", ISSUE, "dash", codec("av1", "av01", "av01"), SHORT, video={**FAST, "codec": "av1"}),
    row("vp9 in dash", ISSUE, "dash", codec("vp9", "vp09", "vp09"), SHORT, video={**FAST, "codec": "vp9"}),
    row("vp9 and opus in webm", OSS, "dash", codec("vp9", "[0][0][0][0]", "vp09"), SHORT, video={**FAST, "codec": "vp9"}, audio={"codec": "opus"}, mux=mux(segment_format="webm")),
    row("vorbis in webm", OSS, "dash", sound("vorbis"), SHORT, video={**FAST, "codec": "vp9"}, audio={"codec": "vorbis"}, mux=mux(segment_format="webm")),
    row("opus in dash", ISSUE, "dash", sound("opus"), SHORT, audio={"codec": "opus"}),
    row("flac in fmp4", ISSUE, "hls", sound("flac"), SHORT, audio={"codec": "flac"}, mux=mux(segment_format="fmp4")),
    row("ac3 in ts", ISSUE, "hls", sound("ac3"), SHORT, audio={"codec": "ac3"}),
    row("sound alone, ts", ISSUE, "hls", sound_alone, SHORT, video={"remove": True}),
    row("sound alone, cmaf", ISSUE, "cmaf", sound_alone, SHORT, video={"remove": True}),
    row("aes-128", ISSUE, "hls", aes, SHORT, encryption=AES),
    row("aes-128, vectors of rungs", ISSUE, "hls", vectors_differ, SHORT, encryption=AES, ladder=LADDER),
    row("cbcs, cmaf", ISSUE, "cmaf", samples("cbcs", "SAMPLE-AES"), SHORT, encryption=CBCS),
    row("cenc, cmaf", ISSUE, "cmaf", samples("cenc", "SAMPLE-AES-CTR"), SHORT, encryption=CENC),
    row("cbcs, hls", ISSUE, "hls", samples("cbcs", "SAMPLE-AES"), SHORT, encryption=CBCS, mux=mux(segment_format="fmp4")),
    row("cenc, hls", ISSUE, "hls", samples("cenc", "SAMPLE-AES-CTR"), SHORT, encryption=CENC, mux=mux(segment_format="fmp4")),
    row("cbcs, dash", ISSUE, "dash", samples("cbcs", "SAMPLE-AES"), SHORT, encryption=CBCS),
    row("a given key is told nobody", ISSUE, "cmaf", nothing_told, {"seconds": 1}, encryption={**CBCS, "key": GIVEN}),
]  # fmt: skip


KEYS = (
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-pix_fmt",
    "yuv420p",
    "-g",
    "50",
    "-sc_threshold",
    "0",
    "-bf",
    "2",
    "-c:a",
    "aac",
    "-af",
    "volume=0:enable='lt(t,2.5)'",
)


@pytest.mark.media
@pytest.mark.parametrize("suffix", ["mp4", "ts"])
@pytest.mark.parametrize("sound_codec", ["copy", "aac"])
@pytest.mark.parametrize(("format_", "more"), [("hls", {}), ("hls", {"encryption": CBCS}), ("dash", {}), ("cmaf", {})])
def test_a_copied_clip_begins_with_sound_and_picture_at_the_key_frame(bench: Bench, format_: str, more: dict[str, Any], sound_codec: str, suffix: str) -> None:
    """Key frames are at 0, 2 and 4 s, and the tone begins at 2.5 s: 3.1 to 4.5 s as a copy is 2.0 to 4.5 s, and is heard after half a second."""
    source = bench.source({"seconds": 6, "more": KEYS, "suffix": suffix})
    fmp4 = {"segment_format": "fmp4"} if more else {}
    sections = {"video": {"codec": "copy"}, "audio": {"codec": sound_codec}, "edit": {"start": 3.1, "duration": 1.4}, "mux": mux(**fmp4), **more}
    made = bench.run(source, {"container": {"format": format_}, **sections})
    folder, _ = published(made)
    assert "The copied picture begins at the key frame before the clip's start." in made.output.warnings
    rendition = made.output.renditions[0].expected
    assert rendition.duration == pytest.approx(2.5, abs=0.05)
    if more:  # what was encrypted lies in the room as it was before
        seen, heard = made.room / made.output.renditions[0].file, made.room / made.output.renditions[1].file
    elif format_ == "hls":
        seen = heard = folder / "main.m3u8"
    else:
        both = manifest(folder).representations
        seen, heard = (joined(folder, next(r for r in both if r.content == kind)) for kind in ("video", "audio"))
        in_step(made)
    pictures = made.frames(pixel_format="gray", file=seen)
    assert 62 <= len(pictures) <= 66  # packets are counted in the order of decoding: some come after the end
    assert np.array_equal(pictures[:62], made.frames(pixel_format="gray", file=source)[50:112])
    begun = {s["codec_type"]: float(s["start_time"]) for file in (seen, heard) for s in made.raw(file=file)["streams"]}
    samples = made.samples(file=heard)[:, 0]
    assert begun["audio"] - begun["video"] + int(np.argmax(np.abs(samples) > 0.03)) / 8000 == pytest.approx(0.5, abs=0.04)


@pytest.mark.media
@pytest.mark.parametrize(
    ("format_", "mux_", "said"),
    [("mp4", {}, False), ("hls", {"segment_format": "fmp4"}, False), ("mkv", {}, False), ("hls", {}, True), ("dash", {}, True), ("flv", {}, True)],
)
def test_a_copy_that_cannot_say_which_side_is_up_says_so(bench: Bench, format_: str, mux_: dict[str, Any], said: bool) -> None:  # fmt: skip
    """A phone's picture, turned by a note alone: where the note is lost there is a warning, elsewhere it is still there."""
    source = bench.source({"media": "phone-rot90-320p30-h264-aac.mov"})
    made = bench.run(source, {"container": {"format": format_}, "video": {"codec": "copy"}, "mux": mux_})
    assert any("lying on its side" in w for w in made.output.warnings) is said
    assert (made.probe.picture is not None and made.probe.picture.rotation != 0 and not (made.output.set and made.output.set.packager)) is not said


@pytest.mark.media
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(bench: Bench, row: Row) -> None:
    bench.row(row)


# --- one segment that holds everything: OSS only ----------------------------------------------------------------------
@pytest.mark.media
@pytest.mark.parametrize(("length", "wanted"), [(0.0, [3.0]), (0.5, [0.5] * 6)])
@pytest.mark.parametrize("format_", ["hls", "dash"])
def test_lengths_of_oss(bench: Bench, format_: str, length: float, wanted: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """oss-video-convert.txt: t 0–3600000 ms; 0 is one segment, 500 is legal."""
    template = {"container": {"format": format_}, "video": FAST, "mux": {"segment_seconds": length}}
    assert check(Template.model_validate(template, strict=False), native=False) == ()
    monkeypatch.setattr("tests.surface.harness.check", lambda one: check(one, native=False))
    seconds(*wanted)(bench.run(bench.source(CLIP), template))
