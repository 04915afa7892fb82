"""The finished file against the decision: what is encoded once more, and when the twin is made to be measured."""

from __future__ import annotations

import pytest

from jobs.engine import narrowband
from jobs.engine.narrowband import Decision
from tests.engine.narrowband.cases import figures


def decided(**said):
    common = {"method": 2, "codec": "h264", "target": 93, "goal": 93, "crf": 27, "cap_kbps": 1000, "capped": False, "reason": "target", "why": "", "probes": 2}
    return Decision.model_validate(common | {"forecast": figures(400), "twin": figures(1000)} | said, strict=False)


@pytest.mark.parametrize(("method", "goal", "again"), [(2, 93.0, True), (2, 91.0, False), (1, 93.0, False)], ids=["target", "guess of the twin", "version 1"])
def test_half_a_point_is_mended_where_the_goal_is_sure(method, goal, again):
    decision = decided(method=method, goal=goal, slope=0.5)
    judged = narrowband.verdict(decision, kbps=400, vmaf=goal - 0.5)
    assert judged.kept
    assert (judged.again is not None) == again
    if judged.again is not None:
        assert judged.again.crf == pytest.approx(decision.crf - 0.5 / 0.5, abs=0.01)


def test_between_too_poor_and_too_large():
    low = decided(crf=30, cap_kbps=1000)
    found = narrowband.between(low, 500, low.model_copy(update={"crf": 26.0}), 1100)
    assert found is not None
    assert 26 < found.crf < 30
    assert 500 * (1100 / 500) ** ((30 - found.crf) / 4) == pytest.approx(970, rel=0.01)  # a little less than the twin may have
    assert narrowband.between(low, 960, low.model_copy(update={"crf": 29.8}), 1010) is None  # nothing lies between
    assert narrowband.between(low, 1100, low.model_copy(update={"crf": 26.0}), 1050) is None


FINE = {"kbps": 700.0, "vmaf": 90.0, "seconds": 10.0}


@pytest.mark.parametrize(
    ("changes", "found", "expected"),
    [
        ({}, {}, False),
        ({}, {"vmaf": 88.5}, True),
        ({}, {"vmaf": 91.5}, True),
        ({"reason": "target"}, {"vmaf": 88.5}, False),
        ({"guessed": True}, {}, True),
        ({}, {"seconds": 0.6}, True),
        ({}, {"kbps": 100.0}, True),
        ({}, {"kbps": 960.0}, True),
        ({"method": 1}, {"vmaf": 91.5}, False),
        ({"method": 1}, {"vmaf": 88.5}, True),
        ({}, {"vmaf": None}, False),
    ],
    ids=[
        "as forecast",
        "worse",
        "better",
        "the target is the goal",
        "beyond the model",
        "brief",
        "plain",
        "nearly as large",
        "version 1, better",
        "version 1, worse",
        "not measured",
    ],
)
def test_when_the_twin_is_made(changes, found, expected):
    decision = decided(reason="twin", goal=90.0, forecast=figures(700, 90.0), twin=figures(1000, 90.0)).model_copy(update=changes)
    assert narrowband.doubtful(decision, **(FINE | found)) == expected


@pytest.mark.parametrize(("kbps", "expected"), [(870, 88.0), (940, 87.6), (600, 91.0)], ids=["as paid for", "larger", "smaller"])
def test_version_1_guesses_its_twin_from_the_sizes(kbps, expected):
    """The file came out 2 below its forecast: so will the twin, but for what its bits buy beyond those that our settings save."""
    decision = decided(method=1, reason="twin", goal=90.0, forecast=figures(870, 90.0), twin=figures(1000, 90.0))
    found = narrowband.settled(decision, kbps=kbps, vmaf=88.0)
    assert found.goal == found.twin.vmaf == pytest.approx(expected, abs=0.6)
    assert (found.goal > 88.0) == (kbps < 870)
    assert narrowband.settled(decision.model_copy(update={"method": 2}), kbps=kbps, vmaf=88.0).goal == 90.0
    assert narrowband.settled(decision.model_copy(update={"known": True}), kbps=kbps, vmaf=88.0).goal == 90.0


def test_what_seems_as_large_as_its_twin_is_made_with_less():
    decision = decided(reason="twin", goal=90.0, crf=24.0, forecast=figures(900, 90.0), twin=figures(1000, 90.0))
    assert narrowband.slimmer(decision, kbps=930) is None
    found = narrowband.slimmer(decision, kbps=1100)
    assert found is not None
    assert 1100 * 2 ** (-1.05 * (found.crf - 24) / 6) == pytest.approx(920, rel=0.01)
    assert found.forecast.kbps == 920
    assert found.forecast.vmaf < 90
    assert narrowband.slimmer(decision.model_copy(update={"known": True}), kbps=1100) is None
    assert narrowband.slimmer(decision.model_copy(update={"reason": "target"}), kbps=1100) is None
    assert narrowband.slimmer(decision, kbps=2000) is None  # too far to be sure
    assert narrowband.slimmer(decision.model_copy(update={"codec": "hevc"}), kbps=1100) is None  # whose settings hardly pay


def test_a_twin_that_was_made_is_the_bound_and_the_goal():
    guess = decided(reason="twin", goal=90.0, twin=figures(1000, 90.0), cap_kbps=1050)
    assert narrowband.verdict(guess, kbps=700, vmaf=90.6).again is None
    known = narrowband.informed(guess, kbps=950.04, vmaf=91.4, neg=89.0)
    assert (known.cap_kbps, known.goal, known.twin.neg) == (950.0, 91.4, 89.0)
    again = narrowband.verdict(known, kbps=700, vmaf=90.6).again  # 0.8 below what is known now
    assert again is not None
    assert again.crf < known.crf
    assert narrowband.informed(guess, kbps=950, vmaf=95.0, neg=93.0).goal == guess.target
    assert narrowband.verdict(known, kbps=950.1, vmaf=92.0).larger
    assert not narrowband.verdict(guess, kbps=1050.1, vmaf=92.0).larger


def test_saving():
    decision = decided()
    assert decision.saving == pytest.approx(0.6)
