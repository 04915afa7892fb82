"""Sets of several pictures, sounds and texts: ladders, languages, captions. Every row looks at the files that would be published."""

from __future__ import annotations

import re

import pytest

from jobs.engine import hls
from tests.surface.harness import Bench, Made, Row
from tests.surface.sets import FAST, IMS, ISSUE, LADDER, SHORT, attributes, cmaf_both, decoded, lines, manifest, mux, published, row

COUNT = {"media": "count-480p10-h264-2audio-eng-deu-srt.mkv"}


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


def sound_alone(made: Made) -> None:
    folder, _ = published(made)
    streams = made.raw(file=folder / "main.m3u8")["streams"]
    assert [s["codec_type"] for s in streams] == ["audio"]


ROWS = [
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
    row("sound alone, ts", ISSUE, "hls", sound_alone, SHORT, video={"remove": True}),
    row("sound alone, cmaf", ISSUE, "cmaf", sound_alone, SHORT, video={"remove": True}),
]  # fmt: skip


@pytest.mark.media
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(bench: Bench, row: Row) -> None:
    bench.row(row)
