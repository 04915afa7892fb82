"""Arithmetic of clips and speeds."""

from __future__ import annotations

import pytest

from jobs.engine import speed
from jobs.engine.cut import SEEK_AHEAD, Span, clip, opened
from jobs.engine.errors import JobError
from jobs.engine.probe import Probe, VideoStream

WHOLE = Span(seconds=10.0)


@pytest.mark.parametrize(
    ("whole", "start", "duration", "end", "expected"),
    [
        (WHOLE, None, None, None, Span(0, 10, None)),
        (WHOLE, 2.0, None, None, Span(2, 8, None)),
        (WHOLE, None, 3.0, None, Span(0, 3, 3)),
        (WHOLE, 2.0, 0.0, None, Span(2, 8, None)),
        (WHOLE, 8.0, 5.0, None, Span(8, 2, 5)),
        (WHOLE, 2.0, None, 3.0, Span(2, 5, 5)),
        (Span(4, 5, 5), 1.0, None, 1.0, Span(5, 3, 3)),
        (Span(4, 5, 5), 1.0, 9.0, None, Span(5, 4, 4)),
        (Span(), 5.0, 2.0, None, Span(5, 2, 2)),
        (Span(), 5.0, None, None, Span(5, None, None)),
    ],
)
def test_clips_of_clips(whole: Span, start: float | None, duration: float | None, end: float | None, expected: Span) -> None:
    assert clip(whole, start, duration, end) == expected


@pytest.mark.parametrize(
    ("whole", "start", "end", "said"),
    [(WHOLE, 10.0, None, "starts at 10 s"), (WHOLE, None, 10.0, "Nothing is left"), (WHOLE, 6.0, 4.0, "Nothing is left"), (Span(), None, 1.0, "not known")],
)
def test_clips_of_nothing(whole: Span, start: float | None, end: float | None, said: str) -> None:
    with pytest.raises(JobError, match=said) as caught:
        clip(whole, start, None, end)
    assert caught.value.code == "ClipOutOfRange"


@pytest.mark.parametrize(
    ("format_", "start", "begin", "early"), [("mpegts", 40.0, 40 - SEEK_AHEAD, SEEK_AHEAD), ("mpegts", 4.0, 0.0, 4.0), ("mov,mp4", 40.0, 40.0, 0.0)]
)
def test_formats_that_seek_badly_are_opened_earlier(format_: str, start: float, begin: float, early: float) -> None:
    probe = Probe(format_name=format_, video=(VideoStream(index=0, codec="h264", width=64, height=36),))
    assert opened(probe, Span(start, 10, 10)) == (Span(begin, 10, 10 + early), early)


@pytest.mark.parametrize("factor", [0.25, 0.5, 0.8, 1.0, 1.7, 2.0, 3.0, 4.0])
def test_tempos_multiply_to_the_speed(factor: float) -> None:
    tempos = [float(value) for _, ((_, value),) in speed.sound_filters(factor)]
    product = 1.0
    for tempo in tempos:
        assert 0.5 <= tempo <= 2
        product *= tempo
    assert product == pytest.approx(factor, rel=1e-6)
