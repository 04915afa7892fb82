"""Which rungs stay: what adds nothing goes, bitrates and scores rise, one stays in any case."""

from __future__ import annotations

import itertools
import random

import pytest

from jobs.engine.combinations import check
from jobs.engine.thinning import GAIN, Rated, hull, left_out
from tests.engine.samples import template


def rungs(*figures: tuple[int, float, float]) -> list[Rated]:
    return [Rated(f"{height}p", height, kbps, score) for height, kbps, score in figures]


@pytest.mark.parametrize(
    ("figures", "kept"),
    [
        ([], ()),
        ([(360, 500, 20)], ("360p",)),
        ([(360, 400, 60), (540, 800, 75), (720, 1500, 88), (1080, 3000, 96)], ("360p", "540p", "720p", "1080p")),
        ([(360, 100, 95), (540, 180, 95.5), (720, 300, 96), (1080, 600, 96.5)], ("360p",)),  # a picture without detail
        ([(360, 100, 90), (540, 180, 91), (720, 300, 96), (1080, 600, 97)], ("360p", "720p")),
        ([(1080, 3000, 96), (360, 400, 60), (720, 1500, 88)], ("360p", "720p", "1080p")),  # in any order
        ([(360, 400, 60), (540, 380, 70)], ("540p",)),  # better and cheaper
        ([(360, 400, 60), (540, 400, 70)], ("540p",)),
        ([(720, 400, 60), (540, 800, 70)], ("720p",)),  # smaller, dearer
        ([(360, 1000, 50), (540, 1800, 55), (720, 2200, 80)], ("360p", "720p")),  # far below the line, and its neighbours are near
        ([(360, 1000, 50), (540, 2000, 55), (720, 4000, 80)], ("360p", "540p", "720p")),  # as far below, but nothing else lies between
    ],
)
def test_what_stays(figures: list[tuple[int, float, float]], kept: tuple[str, ...]) -> None:
    assert hull(rungs(*figures)) == kept


def test_whatever_comes_in_what_stays_rises() -> None:
    dice = random.Random(7)
    for _ in range(500):
        found = [Rated(f"r{n}", dice.choice((360, 540, 720, 1080)), dice.uniform(50, 6000), dice.uniform(0, 100)) for n in range(dice.randint(1, 12))]
        by_name = {one.name: one for one in found}
        kept = [by_name[name] for name in hull(found)]
        assert kept
        for cheaper, dearer in itertools.pairwise(kept):
            assert dearer.kbps > cheaper.kbps
            assert dearer.height >= cheaper.height
            assert dearer.score >= cheaper.score + GAIN
        assert hull(kept) == tuple(one.name for one in kept), "doing it again changes nothing"


def test_it_is_said() -> None:
    found = rungs((360, 100, 95), (540, 180.4, 95.53))
    assert left_out(found, ("360p",)) == "Left out, since they add nothing on this input: 540p (VMAF 95.5 at 180 kbit/s)."
    assert left_out(found, ("360p", "540p")) == ""


@pytest.mark.parametrize(
    ("format_", "sections", "message"),
    [
        ("mp4", {}, "MP4 has no segments; only HLS, DASH and CMAF have."),
        ("hls", {}, "Without a ladder no rung can be left out: add one, or remove «automatic»."),
        (
            "dash",
            {"video": {"codec": "vp9"}, "ladder": [{"name": "a", "video": {"short_side": 360}}], "mux": {"segment_format": "webm"}},
            "Rungs in VP9 are not forecast: use H.264, H.265 or AV1, or remove «automatic».",
        ),
        (
            "hls",
            {"ladder": [{"name": "a", "video": {"short_side": 360}}], "edit": {"after": [{"address": "oss://input/b.mp4"}]}},
            "Rungs are measured against one source: an automatic ladder cannot be joined from several inputs.",
        ),
    ],
)
def test_what_cannot_be_automatic(format_: str, sections: dict[str, object], message: str) -> None:
    mux = {**sections.pop("mux", {}), "automatic": True}  # type: ignore[dict-item]
    found = check(template(format_, mux=mux, **sections))
    assert [(p.loc, p.message) for p in found] == [(("mux", "automatic"), message)]
