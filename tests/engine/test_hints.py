"""What is said beside a template's numbers."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.engine.hints import hints
from tests.engine.samples import template


@pytest.mark.parametrize(
    ("format_", "video", "mux", "words"),
    [
        ("mp4", {}, {}, []),
        ("mp4", {"codec": "copy"}, {}, []),
        ("mp3", {}, {}, []),
        ("mp4", {"short_side": 720, "bitrate_kbps": 2000}, {}, []),
        ("mp4", {"short_side": 720, "bitrate_kbps": 200}, {}, ["usually take 730 to 6,600 kbit/s in H.264; 200 is unusual"]),
        ("mp4", {"short_side": 720, "bitrate_kbps": 20_000}, {}, ["20,000 is unusual"]),
        ("mp4", {"bitrate_kbps": 20_000}, {}, []),  # nobody knows the size
        ("mov", {"codec": "prores", "short_side": 720}, {}, []),
        ("mp4", {"maxrate_kbps": 1000, "bufsize_kbit": 2000}, {}, []),
        ("mp4", {"maxrate_kbps": 1000, "bufsize_kbit": 9000}, {}, ["twice the peak bitrate: 2,000 kbit"]),
        ("mp4", {"gop": 250}, {}, ["250 frames between key frames are 10 s at 25 frames per second"]),
        ("mp4", {"gop": 250, "fps": 50.0}, {}, ["are 5 s at 50 frames"]),
        ("mp4", {"gop_seconds": 2.0, "fps": 30.0}, {}, ["2 s between key frames are 60 frames at 30"]),
        ("hls", {"gop_seconds": 2.0}, {"segment_seconds": 6.0}, ["2 s between key frames"]),
        ("hls", {"gop_seconds": 4.0}, {"segment_seconds": 6.0}, ["4 s between key frames", "Segments of 6 s are no multiple of the 4 s"]),
        ("hls", {"gop": 50, "fps": 25.0}, {}, ["50 frames between"]),  # segments of 10 s
        ("hls", {"gop": 75, "fps": 25.0}, {}, ["75 frames between", "Segments of 10 s are no multiple of the 3 s"]),
        ("hls", {"gop_seconds": 20.0}, {"segment_seconds": 6.0}, ["20 s between", "no multiple of the 20 s"]),
    ],
)
def test_what_is_worth_knowing(format_: str, video: dict[str, Any], mux: dict[str, Any], words: list[str]) -> None:
    found = hints(template(format_, video=video, mux=mux))
    assert len(found) == len(words), found
    assert all(text in sentence for text, sentence in zip(words, found, strict=True)), found


def test_every_rung_is_looked_at() -> None:
    ladder = [{"name": "a", "video": {"short_side": 1080, "bitrate_kbps": 4000}}, {"name": "b", "video": {"short_side": 360, "bitrate_kbps": 4000}}]
    (sentence,) = hints(template("hls", ladder=ladder))
    assert "4,000 is unusual" in sentence
