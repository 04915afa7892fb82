"""From points to the next probe, to the decision, to the verdict."""

from __future__ import annotations

import json

import pytest

from jobs.engine import narrowband
from jobs.engine.errors import JobError
from jobs.engine.narrowband import Point, Window
from jobs.engine.narrowband.curves import MODELS, Curve
from jobs.engine.narrowband.twin import average_bitrate
from tests.engine.narrowband.cases import HD, made, point, survey

EASY = HD | {"bitrate_kbps": 4000, "maxrate_kbps": 6000, "bufsize_kbit": 12000}


@pytest.fixture
def room(clips, tmp_path):
    (tmp_path / "input").write_bytes(clips.make(4).read_bytes())
    return tmp_path


def simulated(case, look, truth, *, limit=20, plainer=1.5):
    """Search with a made-up encoder: ``truth(group, crf)`` → (VMAF, kbit/s); ``plainer``: so much more CRF of ours shows what the twin's settings do."""
    points: list[Point] = []
    rounds = 0
    while asks := narrowband.next_asks(case, look, points):
        assert narrowband.next_asks(case, look, points) == asks  # repeatable
        for ask in asks:
            vmaf, kbps = truth(max(0, ask.group), ask.crf - (3 if ask.fast else -plainer if ask.plain else 0))
            points.append(point(ask.crf, vmaf, kbps, group=ask.group, fast=ask.fast, plain=ask.plain))
        rounds += 1
        assert rounds < limit
    return points, narrowband.decide(case, look, points)


def curve(base=97.0, slope=0.7, kbps=1500.0):
    return lambda _group, crf: (max(20.0, base - slope * max(0.0, crf - 20)), kbps * 2 ** (-(crf - 20) / 6))


@pytest.mark.parametrize("slope", [0.4, 0.7, 1.1])
@pytest.mark.parametrize("target", [86.0, 90.0, 93.0, 96.0])
def test_the_search_ends_near_the_target(room, slope, target):
    case = made(room, EASY, target=target)
    points, decision = simulated(case, survey(), curve(slope=slope))
    reached = curve(slope=slope)(0, decision.crf)[0]
    assert len([one for one in points if not one.fast]) <= 4
    if decision.reason == "target":
        assert target - 1.0 <= reached <= target + 1.6 or decision.crf >= 44
    assert decision.forecast.kbps <= decision.twin.kbps


def test_a_second_of_four_probes_is_asked_for_only_where_the_first_was_off(room):
    case = made(room, EASY)
    points, _ = simulated(case, survey(), curve())
    assert 1 <= len([one for one in points if not one.fast]) <= 3


def test_version_one_probes_once(room):
    points, decision = simulated(made(room, EASY, method=1), survey(), curve())
    assert [one.fast for one in points] == [True]
    assert decision.method == 1


def test_a_poor_twin_is_the_goal(room):
    case = made(room, HD)
    _, decision = simulated(case, survey(), curve(base=90, slope=1.2, kbps=1500.0))
    assert decision.capped
    assert decision.reason in ("twin", "cap")
    assert decision.goal < 93
    assert decision.forecast.kbps < decision.twin.kbps


@pytest.mark.parametrize("plainer", [0.5, 1.5, 2.5])
def test_a_twin_beyond_what_the_model_has_seen_is_measured(room, plainer):
    """A clip that is steep where the twin lies: its own settings are probed there, once, among the four; and the goal is what they show."""
    case = made(room, {name: value for name, value in HD.items() if name != "bitrate_kbps"} | {"crf": 37})
    truth = lambda _group, crf: (98 - 0.18 * max(0.0, crf - 20) ** 1.6, 3500 * 2 ** (-(crf - 20) / 5.7))  # noqa: E731
    points, decision = simulated(case, survey(), truth, plainer=plainer)
    (plain,) = [one for one in points if one.plain]
    assert plain.crf == 37 > MODELS["libx264"].seen
    assert len([one for one in points if not one.fast]) <= 4
    assert decision.goal == pytest.approx(truth(0, 37 + plainer)[0], abs=1.5)
    assert truth(0, decision.crf)[0] == pytest.approx(decision.goal, abs=2.0)


def test_classes_of_shots_get_zones_and_stay_near_each_other(room):
    case = made(room, EASY)
    look = survey(500, shots=((0, 250, 0), (250, 250, 1)))
    truth = {0: curve(base=99, slope=0.4, kbps=400), 1: curve(base=93, slope=1.2, kbps=3000)}
    points, decision = simulated(case, look, lambda group, crf: truth[group](group, crf))
    assert {zone.first for zone in decision.zones} <= {0, 250}
    crfs = [decision.crf + next((zone.offset for zone in decision.zones if zone.first == first), 0.0) for first in (0, 250)]
    assert abs(crfs[0] - crfs[1]) <= 6.1
    reached = sum(truth[group](group, crf)[0] for group, crf in enumerate(crfs)) / 2
    assert reached >= decision.goal - 1.2
    assert max(len([one for one in points if one.group == group]) for group in (0, 1)) <= 4


def test_av1_has_one_whole_crf(room):
    case = made(room, {"codec": "av1", "bitrate_kbps": 2000})
    look = survey(500, shots=((0, 250, 0), (250, 250, 1)))
    _, decision = simulated(case, look, lambda _group, crf: (max(20.0, 97 - 0.35 * max(0, crf - 25)), 1500 * 2 ** (-(crf - 25) / 10)))
    assert decision.crf == int(decision.crf)
    assert decision.zones == ()


def test_records_go_through_json(room):
    case = made(room, EASY)
    points, decision = simulated(case, survey(), curve())
    for one in (*points, decision, survey()):
        assert type(one).model_validate(json.loads(one.model_dump_json()), strict=False) == one


def test_the_verdict(room):
    _, decision = simulated(made(room, EASY), survey(), curve())
    fine = narrowband.verdict(decision, kbps=decision.cap_kbps * 0.5, vmaf=decision.goal + 0.2)
    assert fine.kept
    assert fine.again is None
    large = narrowband.verdict(decision, kbps=decision.cap_kbps * 1.2, vmaf=95.0)
    assert large.larger
    assert large.again is not None
    assert large.again.bitrate_kbps is None
    assert 1.5 < large.again.crf - decision.crf < 3  # what is a fifth too large is near enough to be mended by its constant quality
    far = narrowband.verdict(decision, kbps=decision.cap_kbps * 2, vmaf=95.0).again
    assert far is not None
    assert far.bitrate_kbps is not None
    large = narrowband.verdict(decision.model_copy(update={"codec": "av1"}), kbps=decision.cap_kbps * 1.2, vmaf=95.0)  # of whose CRF a step is too coarse
    assert large.again is not None
    assert large.again.bitrate_kbps is not None
    assert large.again.bitrate_kbps < decision.cap_kbps
    low = narrowband.verdict(decision, kbps=decision.cap_kbps * 0.3, vmaf=decision.goal - 2)
    assert not low.kept
    assert low.again is not None
    assert low.again.crf < decision.crf
    assert narrowband.verdict(large.again, kbps=decision.cap_kbps * 2, vmaf=95.0).again is None  # once is enough


def test_real_probes_take_half_of_the_windows_and_stand_for_all(room):
    """The fast probe saw the second window score 8 less and cost twice as much: so it is expected of the windows that the real probe left out."""
    case = made(room, EASY)
    look = survey()
    look = look.model_copy(update={"groups": (look.groups[0].model_copy(update={"windows": (Window(first=20, frames=20), Window(first=150, frames=20))}),)})
    fast = point(26, 90.0, 750, fast=True).model_copy(update={"by_window": ((20, 500.0, 94.0, 100.0), (150, 1000.0, 86.0, 100.0))})
    (ask,) = narrowband.next_asks(case, look, [fast])
    assert [window.first for window in ask.windows] == [150]
    real = point(ask.crf, 86.0, 1000).model_copy(update={"by_window": ((150, 1000.0, 86.0, 100.0),)})
    curve = Curve.of(MODELS["libx264"], look.groups[0], [fast, real], single=True, fps=25.0)
    assert 87.5 < curve.vmaf(ask.crf) < 90.0  # most of the way
    assert 750 < curve.kbps(ask.crf) < 1000


def test_codecs_that_it_does_not_make(room):
    for video, method in (({"codec": "vp9", "bitrate_kbps": 500}, 2), ({"codec": "av1", "bitrate_kbps": 500}, 1), ({"codec": "copy"}, 2)):
        with pytest.raises(JobError) as error:
            made(room, video, method=method)
        assert error.value.code == "NarrowbandNotPossible"


def test_an_average_bitrate_is_followed():
    """In the long run it spends what it was asked for; a short clip with a costly first picture less."""
    long = average_bitrate([20_000.0] * 3000, 200_000.0, 27.0, kbps=800, fps=25.0, blocks=1590)
    assert long.kbps == pytest.approx(800, rel=0.03)
    short = average_bitrate([20_000.0] * 100, 1_000_000.0, 27.0, kbps=800, fps=25.0, blocks=1590)
    assert short.crfs[10] > short.crfs[-1]


def test_slopes_are_sane():
    for model in MODELS.values():
        assert model.slope(93, 30) > model.slope(93, 20) > 0
        assert model.slope(80, 30) > model.slope(95, 30)
