"""Sets: HLS with TS and fMP4, DASH, CMAF; segments, numbers, codecs. Every row looks at the files that would be published."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from jobs.engine.combinations import check
from jobs.engine.template import Template
from tests.surface.harness import Bench, Made, Row
from tests.surface.sets import (
    CLIP,
    FAST,
    ISSUE,
    MPS,
    OSS,
    SHORT,
    attributes,
    cmaf_both,
    decoded,
    in_step,
    joined,
    lines,
    manifest,
    mux,
    published,
    row,
    seconds,
    video_of,
)


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


def dash_plain(made: Made) -> None:
    folder, _ = published(made)
    found = manifest(folder)
    assert (found.static, found.periods) == (True, 1)
    assert found.seconds == pytest.approx(3, abs=0.1)
    assert sorted(r.content for r in found.representations) == ["audio", "video"]
    assert len(decoded(made, joined(folder, video_of(folder)))) == 75


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
]  # fmt: skip


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
