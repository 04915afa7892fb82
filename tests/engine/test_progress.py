"""Progress lines as ffmpeg writes them: N/A, order, bounds, end."""

from __future__ import annotations

import pytest

from jobs.engine.progress import Progress, ProgressReader


def block(*lines: str, end: bool = False) -> list[str]:
    return [*lines, f"progress={'end' if end else 'continue'}"]


def fed(reader: ProgressReader, lines: list[str]) -> list[Progress]:
    return [found for line in lines if (found := reader.feed(line + "\n")) is not None]


FIRST = [
    "frame=63",
    "fps=30.10",
    "stream_0_0_q=-1.0",
    "bitrate= 138.4kbits/s",
    "total_size=150528",
    "out_time_us=2500000",
    "out_time_ms=2500000",
    "out_time=00:00:02.500000",
    "dup_frames=0",
    "speed=22.9x",
]


def test_a_block_gives_one_progress() -> None:
    (found,) = fed(ProgressReader(10.0), block(*FIRST))
    assert found == Progress(fraction=0.25, frame=63, fps=30.1, speed=22.9, out_seconds=2.5, size=150528)


def test_not_available_stays_unknown() -> None:
    (found,) = fed(ProgressReader(10.0), block("frame=0", "fps=0.00", "total_size=N/A", "out_time_us=N/A", "speed=N/A"))
    assert found == Progress(fraction=None, frame=0, fps=0.0)


def test_frames_stand_in_where_no_time_is_told() -> None:
    (found,) = fed(ProgressReader(10.0, expected_frames=200), block("frame=50", "out_time_us=N/A"))
    assert found.fraction == 0.25
    (found,) = fed(ProgressReader(None, expected_frames=200), block("frame=50", "out_time_us=1000000"))
    assert found.fraction == 0.25


def test_without_anything_expected_there_is_no_fraction_until_the_end() -> None:
    reader = ProgressReader(None)
    assert fed(reader, block(*FIRST))[0].fraction is None
    assert fed(reader, block(*FIRST, end=True))[0].fraction == 1.0


@pytest.mark.parametrize(
    ("microseconds", "fraction"), [("9999999999999", 0.999), ("-500", None), ("10000000", 0.999), ("0", 0.0), ("nan", None), ("1e400", None)]
)
def test_the_fraction_stays_in_bounds(microseconds: str, fraction: float | None) -> None:
    assert fed(ProgressReader(10.0), block(f"out_time_us={microseconds}"))[0].fraction == fraction


def test_it_never_goes_back() -> None:
    reader = ProgressReader(10.0)
    found = fed(reader, block("out_time_us=5000000") + block("out_time_us=4000000") + block("out_time_us=N/A") + block("out_time_us=6000000"))
    assert [p.fraction for p in found] == [0.5, 0.5, 0.5, 0.6]


def test_a_block_holds_nothing_of_the_one_before() -> None:
    reader = ProgressReader(10.0)
    fed(reader, block(*FIRST))
    assert fed(reader, block("frame=70"))[0].out_seconds is None


def test_other_lines_are_ignored() -> None:
    reader = ProgressReader(10.0)
    assert fed(reader, ["", "hello", "[libx264] info", "\x00\xff"]) == []
    assert fed(reader, block("=", "x==y", "frame=abc", "out_time_us=1000000"))[0] == Progress(fraction=0.1, out_seconds=1.0)


def test_a_flood_of_keys_is_bounded() -> None:
    reader = ProgressReader(10.0)
    for n in range(100_000):
        assert reader.feed(f"key{n}=1") is None
    assert len(reader._block) <= 100
