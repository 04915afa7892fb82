"""Which stretches a preview is made of, on candidates and scenes that are made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from jobs.engine import scenes
from jobs.engine.kinds.cover import Candidate, Measures, Score
from jobs.engine.kinds.preview import Shot, reach, shots
from jobs.engine.probe import Probe, VideoStream
from jobs.engine.scenes import Seen
from jobs.engine.spec import PreviewSpec

LENGTH = 20.0
RATE = 10


def probe(seconds: float | None = LENGTH) -> Probe:
    return Probe(format_name="mov", duration=seconds, video=(VideoStream(index=0, codec="h264", width=64, height=36, duration=seconds),))


def spec(**more: Any) -> PreviewSpec:
    return PreviewSpec.model_validate({"input": "oss://input/a.mp4", "output": "oss://output/a.gif", "seconds": 4, "shots": 4} | more)


def candidate(time: float, look: float, total: float = 80.0, faults: tuple[str, ...] = (), motion: float = 0.0) -> Candidate:
    measures = Measures(
        edges=500, brightness=112, contrast=60, dark=0, bright=0, flat=0.2, colours=60, between=1, motion=motion, look=(look,)
    )  # fmt: skip
    return Candidate(time, measures, Score(total, 80, 80, 80, 80, faults))


def film(cuts: Sequence[float], dark: Callable[[float], bool] = lambda _time: False) -> Seen:
    times = tuple(number / RATE for number in range(int(LENGTH * RATE)))
    return Seen(0.0, LENGTH, times, tuple(cuts), frozenset(number for number, time in enumerate(times) if dark(time)))


def test_every_shot_is_of_another_scene_though_two_of_one_differ_more() -> None:
    found = [candidate(1, 0.0), candidate(4, 1.0, total=90), candidate(7, 0.5), candidate(12, 0.55), candidate(17, 0.6)]
    chosen = shots(spec(), probe(), found, lambda _time: film([5, 10, 15]))
    assert [int(shot.start // 5) for shot in chosen] == [0, 1, 2, 3]
    assert [shot.seconds for shot in chosen] == [1, 1, 1, 1]
    assert all(shot.start // 5 == (shot.start + shot.seconds - 0.01) // 5 for shot in chosen)


def test_a_weak_picture_of_another_scene_comes_before_a_second_one_of_the_same_and_a_bad_one_does_not() -> None:
    good = [candidate(1, 0.0), candidate(3.5, 1.0)]
    weak = candidate(7, 0.1, total=20)
    assert [shot.start for shot in shots(spec(shots=2), probe(), [*good, weak], lambda _time: film([5, 10]))] == [0, 6]
    bad = candidate(7, 0.1, total=20, faults=("plain",))
    chosen = shots(spec(shots=2), probe(), [*good, bad], lambda _time: film([5, 10]))
    assert [shot.start for shot in chosen] == [0, 2.5]
    assert [shot.seconds for shot in chosen] == [2, 2]


def test_shots_of_the_same_scene_do_not_overlap() -> None:
    found = [candidate(time, time / 20) for time in range(1, 20)]
    chosen = shots(spec(shots=12, seconds=12), probe(), found, lambda _time: film([]))
    assert len(chosen) == 12
    ends = [shot.start + shot.seconds for shot in chosen]
    assert all(later.start >= end - 0.001 for later, end in zip(chosen[1:], ends, strict=False))
    assert sum(shot.seconds for shot in chosen) == pytest.approx(12, abs=0.02)


def test_dark_pictures_are_left_out() -> None:
    seen = film([5], dark=lambda time: time < 2 or 4 <= time < 6)
    chosen = shots(spec(shots=2), probe(), [candidate(2.1, 0.0), candidate(6.0, 1.0)], lambda _time: seen)
    assert chosen == (Shot(2.0, 1.995), Shot(6.0, 2.005)), "what does not fit beside the dark goes to the other one"
    nothing = shots(spec(shots=2), probe(), [candidate(2.1, 0.0), candidate(6.0, 1.0)], lambda _time: film([], dark=lambda _time: True))
    assert [shot.seconds for shot in nothing] == [2, 2], "where there is nothing else, dark ones are shown"
    unread = shots(spec(shots=2), probe(), [candidate(2.1, 0.0), candidate(6.0, 1.0)], lambda _time: None)
    assert unread == nothing


def test_a_highlight_goes_over_cuts_but_not_into_the_dark() -> None:
    seen = film([3, 6, 9], dark=lambda time: time < 2 or time >= 8)
    found = [candidate(2.5, 0.0, motion=0.1), candidate(12, 0.5)]
    assert shots(spec(shots=1, seconds=5), probe(), found, lambda _time: seen) == (Shot(2.0, 5.0),)


def test_how_far_is_looked() -> None:
    assert reach(spec()) == 3
    assert reach(spec(shots=1, seconds=5)) == 5


def test_what_filters_wrote_is_read() -> None:
    light = "".join(f"frame:{n:<4} pts:{n * 512:<7} pts_time:{n / 25:g}\nlavfi.signalstats.YAVG={mean}\n" for n, mean in enumerate([16, 17.5, 120, 234, 235]))
    cuts = "frame:2    pts:1024    pts_time:0.08\nlavfi.scd.time=0.08\n"
    seen = scenes.read(3.0, 4.0, cuts, light)
    assert seen is not None
    assert (seen.times, seen.cuts, seen.bad) == ((3.0, 3.04, 3.08, 3.12, 3.16), (3.08,), frozenset({0, 1, 3, 4}))
    assert (seen.scene(3.05), seen.scene(3.1)) == ((3.0, 3.08), (3.08, 4.0))
    assert seen.stretch(3.09, 3.0, 4.0) == (3.08, 3.12)
    assert seen.stretch(3.01, 3.0, 4.0) is None
    assert scenes.read(0.0, 1.0, "", "") is None


def test_files_without_an_index_are_opened_earlier() -> None:
    ts = probe().model_copy(update={"format_name": "mpegts"})
    argv = scenes.command(ts, 18.0, 20.0, "seen-cuts.txt", "seen-light.txt").argv
    assert argv[argv.index("-ss") + 1] == "3.000000"
    assert "trim=start=15" in argv[argv.index("-filter_complex") + 1]
