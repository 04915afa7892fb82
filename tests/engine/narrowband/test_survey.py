"""Shots, classes, windows, and what is read out of the logs."""

from __future__ import annotations

import itertools

import pytest

from jobs.engine.errors import JobError
from jobs.engine.narrowband import survey as module
from jobs.engine.narrowband.records import Shot
from tests.engine.narrowband.cases import HD, made


def log(sizes: list[int], rate: int = 25, keys: tuple[int, ...] = (0,)) -> str:
    return "".join(f"{n} {n} 1/{rate} {size} {'K' if n in keys else 'N'}\n" for n, size in enumerate(sizes))


def scenes(*numbers: int) -> str:
    return "".join(f"frame:{n:<4} pts:{n} pts_time:{n / 25}\nlavfi.scd.time={n / 25}\n" for n in numbers)


@pytest.fixture
def case(clips, tmp_path):
    (tmp_path / "input").write_bytes(clips.make(4).read_bytes())
    return made(tmp_path, HD)


def test_shots_of_like_cost_are_one_class(case):
    found = module.read_survey(case, scenes(50, 100, 150), log([100] * 50 + [1000] * 50 + [110] * 50 + [950] * 50))
    assert [(shot.first, shot.frames, shot.group) for shot in found.shots] == [(0, 50, 0), (50, 50, 1), (100, 50, 0), (150, 50, 1)]
    assert [group.frames for group in found.groups] == [100, 100]
    assert found.frames == 200
    assert found.seconds == pytest.approx(8.0)
    assert sum(shot.frames for shot in found.shots) == found.frames


def test_flashes_and_the_ends_make_no_shots(case):
    found = module.read_survey(case, scenes(3, 60, 63, 66, 197), log([100] * 200))
    assert [(shot.first, shot.frames) for shot in found.shots] == [(0, 60), (60, 140)]


def test_one_picture_is_one_shot_and_one_window(case):
    found = module.read_survey(case, "", log([100]))
    assert [(w.first, w.frames) for w in found.groups[0].windows] == [(0, 1)]
    assert found.seconds > 0


def test_no_picture_is_said(case):
    with pytest.raises(JobError) as error:
        module.read_survey(case, "", "")
    assert error.value.code == "NoVideoStream"


def test_windows_lie_in_the_shots_of_their_class():
    shots = [Shot(first=0, frames=30, group=0), Shot(first=400, frames=500, group=0), Shot(first=2000, frames=40, group=0)]
    found = module.windows(shots, 25.0)
    assert found
    assert all(any(shot.first <= w.first and w.first + w.frames <= shot.first + shot.frames for shot in shots) for w in found)
    assert all(one.first + one.frames <= other.first for one, other in itertools.pairwise(found))


def test_hours_are_sampled_within_bounds():
    found = module.windows([Shot(first=0, frames=360_000, group=0)], 25.0)
    assert sum(w.frames for w in found) <= 11 * 25


def test_costs_of_a_long_clip_are_binned(case):
    found = module.read_survey(case, "", log([100, 200] * 30_000))
    assert len(found.costs) <= module.VALUES
    assert found.stride == 3
