"""What the tables of cutting and joining share: how a row is written, how it is run, and how to look at what came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.surface.harness import Bench, Made
from tests.surface.reels import Reels, apart, numbers, tone

VIDEO = {"preset": "ultrafast", "crf": 10.0}
MPS_CLIP = "mps: Clip.TimeSpan"
MPS_MERGE = "mps: MergeList"
MPS_OPEN = "mps: OpeningList"
MPS_TAIL = "mps: TailSlateList"
SPEED = "imm: FilterVideo.Speed"
OSS_CLIP = "oss-video-convert.txt: ss, t"
IMM_CLIP = "imm-video-transcoding.txt: clip a segment"
SYNC = "issue: A/V sync after join, clip and HLS"


@dataclass(frozen=True)
class Cut:
    """One row: ``edit`` of an output; ``a``, ``b`` … in addresses stand for the clips in ``parts``."""

    name: str
    seed: str
    edit: dict[str, Any]
    look: Callable[[Made], None]
    source: str = "count"
    parts: tuple[str, ...] = ()
    format: str = "mp4"
    more: dict[str, Any] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)


def run(bench: Bench, reels: Reels, row: Cut) -> Made:
    files = {letter: _file(bench, reels, part) for letter, part in zip("abcdefgh", row.parts, strict=False)}
    sound_only = row.format in ("mp3", "m4a", "flac")
    template = {"container": {"format": row.format}, **({} if sound_only else {"video": VIDEO}), "edit": row.edit, **row.more}
    if row.format in ("gif", "webp"):
        del template["video"]
    return bench.run(_file(bench, reels, row.source), template, files=files, spec=row.spec)


def _file(bench: Bench, reels: Reels, name: str) -> Path:
    return bench.media / name if "." in name else reels(name)


def part(letter: str, **more: float) -> dict[str, Any]:
    return {"address": f"oss://input/{letter}", **more}


def frames(*expected: int | range, seconds: float | None = None) -> Callable[[Made], None]:
    """The frames of «count» that are seen, in order; -1 is white."""
    wanted = [n for one in expected for n in ([one] if isinstance(one, int) else one)]

    def look(made: Made) -> None:
        assert numbers(made) == wanted
        if seconds is not None:
            assert made.probe.duration == pytest.approx(seconds, abs=0.041)

    return look


def tones(*expected: tuple[float, float, int | None], seconds: float) -> Callable[[Made], None]:
    """What is heard from … to …, Hz or None for silence."""

    def look(made: Made) -> None:
        for begin, end, hertz in expected:
            assert tone(made, begin, end) == hertz, (begin, end)
        assert made.probe.duration == pytest.approx(seconds, abs=0.06)

    return look


def both(*looks: Callable[[Made], None]) -> Callable[[Made], None]:
    def look(made: Made) -> None:
        for one in looks:
            one(made)

    return look


def in_step(rate: int, count: int) -> Callable[[Made], None]:
    return lambda made: apart(made, 1 / rate, count)


WHITE, GREY = (-1,) * 25, (26,) * 25  # luma 126 is as bright as frame 26.5


def count_is(made: Made, count: int) -> None:
    assert made.probe.picture is not None
    assert made.probe.picture.frames == count


def size_is(made: Made, width: int, height: int) -> None:
    assert made.probe.picture is not None
    assert (made.probe.picture.width, made.probe.picture.height) == (width, height)


def within_one(made: Made, wanted: list[int]) -> None:
    """Frames in order, one more or less at either border."""
    found = numbers(made)
    assert found == list(range(found[0], found[0] + len(found)))
    assert abs(found[0] - wanted[0]) <= 1
    assert abs(len(found) - len(wanted)) <= 1


def copied_from_key_frame(made: Made) -> None:
    """Packets from the key frame on; players hide what lies before the start."""
    assert "key frame before" in " ".join(made.output.warnings)
    found = numbers(made)
    assert found[-1] == 49
    assert found[0] in (10, 11, 12, 13)


def bars(made: Made, frame: int, value: int = 0) -> None:
    """A high picture in a wide one has something else on both sides."""
    picture = made.frames(pixel_format="gray")[frame]
    assert abs(int(picture[36, 4]) - value) < 12
    assert abs(int(picture[36, -5]) - value) < 12
    assert picture[36, 64] > 240


def filled(made: Made, frame: int, width: int, height: int) -> None:
    """A white area of this size in the middle, nothing but it."""
    picture = made.frames(pixel_format="gray")[frame] > 128
    rows, columns = np.where(picture.any(axis=1))[0], np.where(picture.any(axis=0))[0]
    assert abs(rows[-1] - rows[0] + 1 - height) <= 2
    assert abs(columns[-1] - columns[0] + 1 - width) <= 2


def opening_seen(made: Made, first: int, last: int, width: int, height: int) -> None:
    """White of this size in the middle from frame to frame, the counting frames before, after and around."""
    found = numbers(made)
    assert found == [*range(first), *[-1] * (last - first), *range(last, 50)]
    picture = made.frames(pixel_format="gray")
    for frame in (first, last - 1):
        white = picture[frame] > 245
        middle = white[:, white.shape[1] // 2].sum(), white[white.shape[0] // 2].sum()
        assert abs(middle[0] - height) <= 2
        assert abs(middle[1] - width) <= 2


def background(made: Made, colour: tuple[int, int, int]) -> None:
    picture = made.frames()[60]
    for corner in (picture[2, 2], picture[2, -3], picture[-3, 2], picture[-3, -3]):
        assert np.abs(corner.astype(int) - colour).max() < 24, corner
    assert picture[36, 64].min() > 240


def blended(made: Made) -> None:
    """Ten frames that become whiter and whiter, then the rest of the tail."""
    count_is(made, 50 + 25 - 10)
    grey = made.frames(pixel_format="gray").mean(axis=(1, 2))
    assert numbers(made)[:40] == list(range(40))
    assert all(later >= earlier for earlier, later in pairwise(grey[39:51]))
    assert grey[51:].min() > 250
    assert tone(made, 0.1, 1.5) == 440
    assert tone(made, 2.1, 2.5) == 880


def silent(made: Made, count: int) -> None:
    count_is(made, count)
    assert not made.probe.audio


def layout_is(made: Made, rate: int, channels: int) -> None:
    (sound,) = made.probe.audio
    assert (sound.sample_rate, sound.channels) == (rate, channels)
    assert tone(made, 0.1, 0.9) == 1320
    assert tone(made, 1.1, 1.9) == 660


def mixed_codecs(made: Made) -> None:
    """Three white seconds, each to within a frame."""
    found = numbers(made)
    assert found[:50] == list(range(50))
    assert set(found[50:]) <= {-1}
    assert abs(len(found) - 125) <= 2
    assert tone(made, 2.1, 3.9) == 880
    assert tone(made, 4.2, 4.8) is None


def turned(made: Made) -> None:
    """The phone's picture is higher than wide: black on both sides, something in the middle."""
    picture = made.frames(pixel_format="gray")[52]
    assert picture[:, :30].max() < 24
    assert picture[:, -30:].max() < 24
    assert picture[:, 50:78].max() > 60


def steady(made: Made) -> None:
    document = made.raw("-show_frames", "-select_streams", "v")
    shown = [float(f["pts_time"]) for f in document["frames"]]
    gaps = {round(later - earlier, 3) for earlier, later in pairwise(shown)}
    assert gaps <= {0.033, 0.034}


def speed_is(made: Made, speed: float) -> None:
    """So many frames of the same rate, shown in the right order, and the same pitch."""
    video = made.probe.picture
    assert video is not None
    assert video.frames is not None
    assert abs(video.frames - 50 / speed) <= 0.5
    assert video.fps == pytest.approx(25, abs=0.01)
    assert made.probe.duration == pytest.approx(2 / speed, abs=0.041)
    found = numbers(made)
    for position in (0, len(found) // 2, len(found) - 1):
        assert abs(found[position] - min(position * speed, 49)) <= max(1, speed / 2 + 0.5)
    assert tone(made, 0.1, 2 / speed - 0.1) == 440
