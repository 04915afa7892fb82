"""verify and verdict: what came out against what was planned."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.engine.plan import OutputPlan
from jobs.engine.probe import Probe
from jobs.engine.verify import Check, verdict, verify
from tests.engine.samples import output, probe

PLAYLIST = (
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:3.0,\no0-00001.ts\n#EXTINF:2.28,\no0-00002.ts\n#EXT-X-ENDLIST\n"
)
SIZES = {"o0.m3u8": 200, "o0-00001.ts": 5000, "o0-00002.ts": 4000}


def result(**changes: Any) -> Probe:
    """What ffprobe says of a good mp4 of the sample; ``video_…`` and ``audio_…`` change a stream."""
    found = probe("bbb")
    tags = {"color_space": "bt709", "color_transfer": "bt709", "color_primaries": "bt709"}
    video = found.video[0].model_copy(update=tags | {k[6:]: v for k, v in changes.items() if k.startswith("video_")})
    audio = found.audio[0].model_copy(update={k[6:]: v for k, v in changes.items() if k.startswith("audio_")})
    rest = {k: v for k, v in changes.items() if not k.startswith(("video_", "audio_"))}
    return found.model_copy(update={"video": (video,), "audio": (audio,), **rest})


def mp4() -> OutputPlan:
    return output("bbb", "mp4", audio={"channels": 6})


def bad(checks: tuple[Check, ...]) -> list[str]:
    return [c.name for c in checks if not c.ok]


def test_a_good_output_passes_every_check() -> None:
    checks = verify(mp4(), {"o0.mp4": result()}, {}, {"o0.mp4": 9999})
    assert bad(checks) == []
    assert verdict(checks) is None
    assert {c.name for c in checks} == {
        "file",
        "video codec",
        "audio codec",
        "streams",
        "size",
        "pixel format",
        "colours",
        "colour range",
        "sample rate",
        "channels",
        "duration",
        "frames",
    }


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"video_codec": "hevc"}, "video codec"),
        ({"audio_codec": "mp3"}, "audio codec"),
        ({"video_width": 1278}, "size"),
        ({"video_height": 718}, "size"),
        ({"video_pixel_format": "yuv444p"}, "pixel format"),
        ({"video_color_space": "smpte170m"}, "colours"),
        ({"video_color_transfer": "smpte2084"}, "colours"),
        ({"video_color_primaries": None}, "colours"),
        ({"video_color_range": "pc"}, "colour range"),
        ({"audio_sample_rate": 44100}, "sample rate"),
        ({"audio_channels": 2}, "channels"),
        ({"duration": 9.0}, "duration"),
        ({"duration": None}, "duration"),
        ({"video_frames": 140}, "frames"),
        ({"video_frames": None}, "frames"),
    ],
)
def test_each_difference_fails_the_output(changes: dict[str, Any], name: str) -> None:
    checks = verify(mp4(), {"o0.mp4": result(**changes)}, {}, {"o0.mp4": 9999})
    assert bad(checks) == [name]
    found = verdict(checks)
    assert found is not None
    assert found[0] == "OutputVerifyFailed"
    assert name in found[1]


@pytest.mark.parametrize("changes", [{"duration": 2.0}, {"video_frames": 131}, {"duration": 2.0, "video_frames": 50}])
def test_less_than_announced_blames_the_input(changes: dict[str, Any]) -> None:
    found = verdict(verify(mp4(), {"o0.mp4": result(**changes)}, {}, {"o0.mp4": 9999}))
    assert found is not None
    assert found[0] == "ResourceContentBad"


def test_less_and_wrong_is_our_fault() -> None:
    found = verdict(verify(mp4(), {"o0.mp4": result(duration=2.0, video_codec="hevc")}, {}, {"o0.mp4": 9999}))
    assert found is not None
    assert found[0] == "OutputVerifyFailed"


@pytest.mark.parametrize(("sizes", "probes"), [({}, {}), ({"o0.mp4": 0}, {}), ({"o0.mp4": 99}, {})])
def test_a_missing_empty_or_unreadable_file_fails(sizes: dict[str, int], probes: dict[str, Probe]) -> None:
    found = verdict(verify(mp4(), probes, {}, sizes))
    assert found is not None
    assert found[0] == "OutputVerifyFailed"


def test_a_stream_too_many_or_too_few_fails() -> None:
    twice = result().model_copy(update={"audio": (result().audio[0],) * 2})
    assert bad(verify(mp4(), {"o0.mp4": twice}, {}, {"o0.mp4": 1})) == ["streams"]
    silent = result().model_copy(update={"audio": ()})
    assert bad(verify(mp4(), {"o0.mp4": silent}, {}, {"o0.mp4": 1})) == ["streams"]
    assert bad(verify(output("bbb", "mp4", audio={"remove": True}), {"o0.mp4": silent}, {}, {"o0.mp4": 1})) == []


def test_a_copied_clip_may_be_longer_but_not_shorter() -> None:
    clip = output("bbb", "mkv", start=4.0, duration=1.0, video={"codec": "copy"}, audio={"codec": "copy"})
    assert bad(verify(clip, {"o0.mkv": result(duration=5.0)}, {}, {"o0.mkv": 1})) == []
    assert bad(verify(clip, {"o0.mkv": result(duration=0.1)}, {}, {"o0.mkv": 1})) == ["duration"]


def hls(playlist: str | None = PLAYLIST, sizes: dict[str, int] = SIZES) -> list[str]:
    plan = output("bbb", "hls", audio={"channels": 6}, mux={"segment_seconds": 3.0})
    return bad(verify(plan, {"o0.m3u8": result()}, {"o0.m3u8": playlist} if playlist is not None else {}, sizes))


def test_a_good_set_passes() -> None:
    assert hls() == []


@pytest.mark.parametrize(
    ("playlist", "sizes", "failed"),
    [
        (PLAYLIST, {"o0.m3u8": 200, "o0-00001.ts": 5000}, ["segments", "files"]),
        (PLAYLIST, SIZES | {"o0-00002.ts": 0}, ["segments", "files"]),
        (PLAYLIST.replace("#EXT-X-ENDLIST\n", ""), SIZES, ["end of list", "rules of RFC 8216"]),
        ("#EXTM3U\n#EXT-X-ENDLIST\n", SIZES, ["segments", "sum of segments", "segments", "rules of RFC 8216"]),
        (PLAYLIST.replace("2.28", "0.28"), SIZES, ["sum of segments"]),
        (PLAYLIST.replace("2.28", "9.28"), SIZES, ["sum of segments", "borders of segments"]),
        ("", SIZES | {"o0.m3u8": 0}, ["file", "playlist", "set"]),
        (None, {}, ["file", "playlist", "set"]),
    ],
)
def test_a_set_with_a_flaw_fails(playlist: str | None, sizes: dict[str, int], failed: list[str]) -> None:
    assert hls(playlist, sizes) == failed


def test_the_checks_of_a_ladder_name_their_rung() -> None:
    plan = output(
        "bbb", "hls", audio={"channels": 6}, mux={"segment_seconds": 3.0}, ladder=[{"name": "a", "video": {}}, {"name": "b", "video": {"short_side": 360}}]
    )
    lists = {"o0-a.m3u8": PLAYLIST.replace("o0-", "o0-a-"), "o0-b.m3u8": PLAYLIST.replace("o0-", "o0-b-")}
    sizes = {name: 10 for text in lists.values() for name in text.split() if name.endswith(".ts")} | dict.fromkeys(lists, 10)
    probes = {"o0-a.m3u8": result(), "o0-b.m3u8": result()}
    assert bad(verify(plan, probes, lists, sizes)) == ["b: size"]
