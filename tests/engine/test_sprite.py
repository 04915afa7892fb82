"""Sprites, the pure part: grids, the index, which times, which key frames stand for them, what is refused."""

from __future__ import annotations

import pytest

from jobs.engine.errors import JobError
from jobs.engine.grid import Grid, background, fitted
from jobs.engine.kinds import sprite as kind
from jobs.engine.rules import sprite as rules
from jobs.engine.spec import JOB_SPEC, SpriteSpec
from jobs.engine.thumbnails import index, link, stamp
from tests.engine.samples import probe


def spec(**more: object) -> SpriteSpec:
    document = {"kind": "sprite", "input": "oss://input/a.mp4", "output": "oss://output/a-{TileCount}.jpg"} | more
    made = JOB_SPEC.validate_python(document, strict=False)
    assert isinstance(made, SpriteSpec)
    return made


def test_cells_lie_in_rows_with_margin_and_padding() -> None:
    grid = Grid(3, 2, 100, 50, margin=10, padding=4)
    assert (grid.width, grid.height, grid.per_sheet) == (328, 124, 6)
    assert [(cell.sheet, cell.x, cell.y) for cell in map(grid.cell, (0, 2, 3, 6))] == [(0, 10, 10), (0, 218, 10), (0, 10, 64), (1, 10, 10)]
    assert [grid.sheets(number) for number in (1, 6, 7)] == [1, 1, 2]


def test_rows_that_do_not_fit_go_to_further_sheets_and_columns_do_not() -> None:
    assert fitted(Grid(10, 10, 160, 90), 500) == Grid(10, 10, 160, 90)
    tall = fitted(Grid(1, 10_000, 160, 90), 10_000)
    assert (tall.rows, tall.height) == (182, 16_380)
    assert fitted(Grid(1, 10_000, 160, 90), 12).rows == 12, "no higher than the pictures need"
    large = fitted(Grid(12, 12, 1280, 720), 200)
    assert large.width * large.height <= 134_217_728 < large.width * (large.height + 720)
    with pytest.raises(JobError) as refused:
        fitted(Grid(10_000, 10_000, 8, 8), 5)
    assert refused.value.code == "InputTooLarge"
    assert fitted(Grid(2048, 1, 8, 8), 5).width == 16_384
    with pytest.raises(JobError):
        fitted(Grid(2048, 1, 8, 8), 5, most=16_383)


def test_the_index_names_each_part_until_the_next_one() -> None:
    text = index([0.0, 10.417, 20.0], 23.04, Grid(2, 1, 160, 90, 1, 2), ["s/a b-00001.jpg", "s/a b-00002.jpg"], "s/a b.vtt")
    assert text == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:10.417\na%20b-00001.jpg#xywh=1,1,160,90\n\n"
        "00:00:10.417 --> 00:00:20.000\na%20b-00001.jpg#xywh=163,1,160,90\n\n00:00:20.000 --> 00:00:23.040\na%20b-00002.jpg#xywh=1,1,160,90\n"
    )
    assert stamp(86_400_001) == "24:00:00.001"
    assert index([0.0], 0.0, Grid(1, 1, 8, 8), ["a.jpg"], "a.vtt").splitlines()[2] == "00:00:00.000 --> 00:00:00.001"


@pytest.mark.parametrize(
    ("sheet", "own", "wanted"),
    [("a/b.jpg", "a/b.vtt", "b.jpg"), ("b.jpg", "x/y.vtt", "../b.jpg"), ("x:y.jpg", "i.vtt", "x%3Ay.jpg"), ("猫/#1?.jpg", "猫/i.vtt", "%231%3F.jpg")],
)
def test_sheets_are_named_as_seen_from_the_index(sheet: str, own: str, wanted: str) -> None:
    assert link(sheet, own) == wanted


@pytest.mark.parametrize(
    ("sheets", "wanted"),
    [("a/b-{TileCount}.jpg", "a/b.vtt"), ("{TileCount}.jpg", "index.vtt"), ("a/{TileCount}", "a/index.vtt"), ("v1.2_{TileCount}.webp", "v1.2.vtt"),
     ("{FileName}-{TileCount}.{autoext}", "{FileName}.vtt")],
)  # fmt: skip
def test_an_index_nobody_named_lies_beside_its_sheets(sheets: str, wanted: str) -> None:
    assert rules.index_key(sheets) == wanted


def test_times_end_before_the_video_does() -> None:
    made = kind.ticks(spec(interval=10.0), 25.0)
    assert [made.time(number) for number in range(made.number)] == [0.0, 10.0, 20.0]
    assert made.end == 25.0
    made = kind.ticks(spec(interval=10.0, time=3.0, count=2), 60.0)
    assert (made.number, made.end, made.warnings) == (2, 23.0, ())
    made = kind.ticks(spec(interval=10.0, count=9), 25.0)
    assert (made.number, made.end) == (3, 25.0)
    assert made.warnings
    made = kind.ticks(spec(mode="average", count=7), 10.0)
    assert (made.number, made.time(6)) == (7, 8.568)
    assert kind.ticks(spec(mode="average", count=50), 0.04).number == 40
    assert kind.ticks(spec(), 0.04).number == 1
    for wrong, code in ((spec(time=25.0), "TimeOutOfRange"), (spec(), "InputNotReadable")):
        with pytest.raises(JobError) as failed:
            kind.ticks(wrong, None if code == "InputNotReadable" else 25.0)
        assert failed.value.code == code


def test_a_key_frame_stands_for_a_time_at_most_half_a_step_away() -> None:
    made = kind.ticks(spec(interval=4.0), 17.0)
    assert kind.matched(made, [0.0, 1.9, 2.1, 3.0, 4.5, 10.1, 17.9, 18.1]) == {0: 0.0, 1: 4.5, 3: 10.1, 4: 17.9}
    for time, number in kind.matched(made, []).items():
        assert abs(made.time(number) - time) <= 2.0


def test_whatever_is_less_is_done() -> None:
    """Few missing pictures are reached by opening the file there; where nearly all are missing, one goes through it."""
    film = probe("bbb")
    made = kind.ticks(spec(interval=1.0, cell_width=160), 600.0)
    few = kind.exactly(spec(cell_width=160), film, made, [17, 300], [float(n) for n in range(0, 600, 2)], None)
    assert [take.limit for take in few.takes] == [1, 1]
    many = kind.exactly(spec(cell_width=160), film, made, list(range(1, 600)), [0.0], None)
    assert [(take.start, take.interval, take.limit) for take in many.takes] == [(1.0, 1.0, 599)]


def test_key_frames_are_of_no_use_where_pictures_need_their_neighbours_or_exactness() -> None:
    film = probe("bbb")
    made = kind.ticks(spec(interval=1.0), 10.0)
    keys = kind.by_keys(spec(interval=1.0, cell_width=160), film, made, None)
    assert keys is not None
    argv = keys.works[0].commands[0].argv
    assert argv[argv.index("-skip_frame") + 1] == "nokey"
    assert kind.by_keys(spec(interval=1.0, frame="normal"), film, made, None) is None
    assert kind.by_keys(spec(interval=200.0), film, kind.ticks(spec(interval=200.0), 900.0), None) is None


@pytest.mark.parametrize(
    ("more", "loc"),
    [
        ({"columns": 10_000, "rows": 10_000}, ("columns",)),
        ({"columns": 200, "cell_width": 100}, ("columns",)),
        ({"output": "oss://output/a.jpg"}, ("output", "address")),
        ({"output": "oss://output/a-{TileCount}.avif"}, ("output", "address")),
        ({"format": "png"}, ("format",)),
        ({"output": "oss://output/a-{TileCount}.png", "quality": 5}, ("quality",)),
        ({"index": "oss://elsewhere/a.vtt"}, ("index",)),
        ({"index": "oss://output/a.txt"}, ("index",)),
        ({"index": "oss://output/{TileCount}.vtt"}, ("index",)),
        ({"singles": "oss://output/a.jpg"}, ("singles",)),
        ({"mode": "average"}, ("count",)),
        ({"mode": "average", "count": 3, "interval": 2.0}, ("interval",)),
        ({"mode": "images"}, ("images",)),
        ({"images": ["oss://input/a.png"]}, ("images",)),
        ({"scale_type": "crop", "cell_width": 90}, ("scale_type",)),
    ],
)
def test_what_cannot_be_is_told_with_its_place(more: dict[str, object], loc: tuple[str, ...]) -> None:
    assert loc in [problem.loc for problem in rules.check(spec(**more))]


def test_colours_of_the_ground() -> None:
    assert background("black", "") == (0, 0, 0)
    assert background("#1080ff", "") == (16, 128, 255)
    assert background("random", "one") == background("random", "one") != background("random", "two")
