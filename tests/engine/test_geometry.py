"""Sizes: rotation, pixel shape, odd sizes, one side, short side, boxes, conditions."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.engine.errors import JobError
from jobs.engine.geometry import Target, even, filters, fit_size, upright
from jobs.engine.probe import VideoStream
from jobs.engine.template import Video


def source(width: int, height: int, rotation: int = 0, sar: tuple[int, int] = (1, 1)) -> VideoStream:
    return VideoStream(index=0, codec="h264", width=width, height=height, rotation=rotation, sar=sar)


def size(stream: VideoStream, if_smaller: Any = "convert", **video: Any) -> tuple[int, int]:
    target = fit_size(upright(stream), Video(**video), if_smaller)
    return target.width, target.height


@pytest.mark.parametrize(
    ("stream", "width", "height"),
    [
        (source(640, 360), 640, 360),
        (source(568, 320, 90), 320, 568),
        (source(568, 320, 180), 568, 320),
        (source(568, 320, 270), 320, 568),
        (source(640, 360, sar=(2, 1)), 1280, 360),
        (source(720, 576, sar=(16, 15)), 768, 576),
        (source(720, 576, 90, (16, 15)), 576, 768),
        (source(1440, 1080, sar=(4, 3)), 1920, 1080),
        (source(161, 121), 161, 121),
    ],
)
def test_upright(stream: VideoStream, width: int, height: int) -> None:
    found = upright(stream)
    assert (found.width, found.height) == (width, height)


@pytest.mark.parametrize(("value", "wanted"), [(161, 160), (160, 160), (160.9, 160), (161.1, 162), (1, 2), (0.2, 2), (853.33, 854), (3, 2)])
def test_even_goes_to_the_nearest_and_ties_go_down(value: float, wanted: int) -> None:
    assert even(value) == wanted


@pytest.mark.parametrize(
    ("stream", "video", "wanted"),
    [
        (source(1280, 720), {}, (1280, 720)),
        (source(161, 121), {}, (160, 120)),
        (source(1280, 720), {"width": 640}, (640, 360)),
        (source(1280, 720), {"width": 853}, (852, 480)),
        (source(1280, 720), {"height": 540}, (960, 540)),
        (source(1920, 1080), {"width": 848}, (848, 476)),  # 477 lies between: down
        (source(640, 480), {"width": 848}, (848, 636)),
        (source(1280, 720), {"short_side": 540}, (960, 540)),
        (source(720, 1280), {"short_side": 540}, (540, 960)),
        (source(1280, 720, 90), {"short_side": 540}, (540, 960)),
        (source(500, 500), {"short_side": 360}, (360, 360)),
        (source(640, 360, sar=(2, 1)), {"short_side": 180}, (640, 180)),
        (source(1280, 720), {"width": 400, "height": 400}, (400, 400)),
        (source(1280, 720), {"width": 400, "height": 400, "scale_type": "fit"}, (400, 224)),
        (source(720, 1280), {"width": 1280, "height": 720, "scale_type": "fit"}, (404, 720)),
        (source(1280, 720), {"width": 400, "height": 400, "scale_type": "crop"}, (400, 400)),
        (source(1280, 720), {"width": 400, "height": 400, "scale_type": "fill"}, (400, 400)),
    ],
)
def test_sizes(stream: VideoStream, video: dict[str, Any], wanted: tuple[int, int]) -> None:
    found = size(stream, **video)
    assert found == wanted


@pytest.mark.parametrize(
    ("stream", "video"),
    [
        (source(640, 360), {"short_side": 540}),
        (source(640, 360), {"width": 1280}),
        (source(640, 360), {"height": 720}),
        (source(640, 360), {"width": 1280, "height": 100}),
        (source(640, 360), {"width": 1280, "height": 720, "scale_type": "fill"}),
        (source(568, 320, 90), {"short_side": 360}),
    ],
)
def test_a_smaller_source_is_kept_enlarged_or_refused_as_the_condition_says(stream: VideoStream, video: dict[str, Any]) -> None:
    own = upright(stream)
    assert size(stream, "keep", **video) == (own.width, own.height)
    assert max(size(stream, "convert", **video)) > max(own.width, own.height)
    with pytest.raises(JobError) as caught:
        size(stream, "fail", **video)
    assert caught.value.code == "SourceTooSmall"
    assert str(own.width) in caught.value.message


def test_rounding_to_even_is_not_enlarging() -> None:
    assert size(source(853, 480), "fail", short_side=480) == (852, 480)
    assert size(source(161, 121), "fail", width=160) == (160, 120)


def test_a_box_around_a_smaller_picture_that_is_only_fitted_in_is_not_enlarging() -> None:
    assert size(source(720, 1280), "fail", width=1280, height=720, scale_type="fit") == (404, 720)


def test_a_side_that_no_encoder_takes_is_refused() -> None:
    with pytest.raises(JobError) as caught:
        size(source(64, 8192), width=4096)
    assert caught.value.code == "InputTooLarge"


def test_gif_may_be_odd() -> None:
    target = fit_size(upright(source(161, 121)), Video(), "keep", any_size=True)
    assert target == Target(161, 121)
    assert fit_size(upright(source(1280, 720)), Video(width=101), "keep", any_size=True).height == 57


def names(target: Target, *more: tuple[str, str]) -> list[str]:
    return [name for name, _ in filters(target, more)]


def test_filters_stand_only_where_something_changes() -> None:
    assert names(fit_size(upright(source(640, 360)), Video(), "keep")) == []
    assert names(fit_size(upright(source(640, 360)), Video(), "keep"), ("out_range", "limited")) == ["scale"]
    assert names(fit_size(upright(source(640, 360, sar=(2, 1))), Video(), "keep")) == ["scale", "setsar"]
    assert names(fit_size(upright(source(640, 360)), Video(width=200, height=200, scale_type="crop"), "keep")) == ["scale", "crop", "setsar"]
    assert names(fit_size(upright(source(640, 360)), Video(width=200, height=200, scale_type="fill"), "keep")) == ["scale", "pad", "setsar"]
    assert names(fit_size(upright(source(640, 360)), Video(width=320, height=180, scale_type="fill"), "keep")) == ["scale", "setsar"]


def test_crop_covers_and_fill_fits() -> None:
    crop = fit_size(upright(source(640, 360)), Video(width=200, height=200, scale_type="crop"), "keep")
    fill = fit_size(upright(source(640, 360)), Video(width=200, height=200, scale_type="fill"), "keep")
    assert crop.scaled == (356, 200)
    assert fill.scaled == (200, 112)
