"""Watermarks and hidden areas, row by row: where they are, how large, how opaque, when, and in what colour; against Pillow's own composites."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from tests.surface.harness import Bench, Made
from tests.surface.marks_bench import (
    FILES,
    H,
    MarkRow,
    Pair,
    Things,
    W,
    at,
    blinks,
    blocks,
    colour_at,
    everything,
    frames_shown,
    image,
    letters,
    like,
    only,
    smooth,
    text,
    unseen,
    warned,
)  # fmt: skip
from tests.surface.marks_reference import Picture, box_of, far, laid, logo, psnr

pytestmark = pytest.mark.media
MPS = "api-dialects.md 4.6, 4.7 (WaterMarks)"
IMM = "api-dialects.md 5.1 (FilterVideo)"
ISSUE = "issue 3: watermarks"


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory, bench: Bench) -> Things:
    made = Things(tmp_path_factory.mktemp("marks"), bench)
    FILES.update(made.files)
    return made


ROWS = [
    # where and how large (the logo is 40 × 20)
    MarkRow("without anything: top right, 0.12 of the width", MPS, [image()], at(W - 19, 0, 19, 10, spare=1)),
    MarkRow("top left", MPS, [image(corner="top_left", width=40)], at(0, 0, 40, 20)),
    MarkRow("top right", MPS, [image(corner="top_right", width=40)], at(W - 40, 0, 40, 20)),
    MarkRow("bottom left", MPS, [image(corner="bottom_left", width=40)], at(0, H - 20, 40, 20)),
    MarkRow("bottom right", MPS, [image(corner="bottom_right", width=40)], at(W - 40, H - 20, 40, 20)),
    MarkRow("offsets in px", MPS, [image(corner="top_left", width=40, dx=8, dy=12)], at(8, 12, 40, 20)),
    MarkRow("odd offsets are exact", ISSUE, [image(corner="top_left", width=40, dx=7, dy=11)], at(7, 11, 40, 20)),
    MarkRow("odd size, odd place", ISSUE, [image(corner="top_left", width=41, height=21, dx=7, dy=11)], at(7, 11, 41, 21)),
    MarkRow("offsets from the far corner", MPS, [image(corner="bottom_right", width=40, dx=9, dy=5)], at(W - 49, H - 25, 40, 20)),
    MarkRow("offsets as shares", IMM, [image(corner="top_left", width=40, dx=0.05, dy=0.1)], at(8, 9, 40, 20)),
    MarkRow("one of them in px", IMM, [image(corner="top_left", width=40, dx=0.5, dy=1)], at(80, 1, 40, 20)),
    MarkRow("width in px, ratio kept", MPS, [image(corner="top_left", width=60)], at(0, 0, 60, 30)),
    MarkRow("height in px, ratio kept", MPS, [image(corner="top_left", height=30)], at(0, 0, 60, 30)),
    MarkRow("width as a share", MPS, [image(corner="top_left", width=0.5)], at(0, 0, 80, 40)),
    MarkRow("height as a share", MPS, [image(corner="top_left", height=0.5)], at(0, 0, 90, 45)),
    MarkRow("both: stretched", MPS, [image(corner="top_left", width=20, height=0.5)], at(0, 0, 20, 45)),
    MarkRow("1.0 is all of the width, 1 one pixel", IMM, [image(corner="top_left", width=1.0, height=8)], at(0, 0, 160, 8)),
    MarkRow(
        "beyond the frame: cut, with a warning",
        "console.md 1.9",
        [image(corner="top_left", width=40, dx=150)],
        everything(at(150, 0, 10, 20), warned("30 px beyond")),
    ),
    MarkRow("outside: left out, with a warning", "console.md 1.9", [image(corner="top_left", dx=200)], everything(unseen, warned("lies outside"))),
    MarkRow("larger than the picture", ISSUE, [image(corner="top_right", width=1.0, height=200)], everything(at(0, 0, 160, 90), warned("110 px beyond"))),
    MarkRow("relative to the output, after scaling", ISSUE, [image(corner="top_left", width=0.5, dx=10)], at(10, 0, 40, 20), sections={"video": {"width": 80}}),
    # what it looks like
    MarkRow("the logo's own pixels", ISSUE, [image("rgba", corner="top_left", width=120, dx=20, dy=20)], like("rgba", 20, 20, 120, 33), source="test"),
    MarkRow("enlarged", ISSUE, [image("ring", corner="top_left", width=80, dx=3, dy=3)], like("ring", 3, 3, 80, 80), source="test"),
    MarkRow("half transparent", ISSUE, [image("faint", corner="top_left", width=40)], like("faint", 0, 0, 40, 20, db=35)),
    MarkRow("opacity", MPS, [image(corner="top_left", width=40, opacity=0.5)], like("logo", 0, 0, 40, 20, opacity=0.5, db=32)),
    MarkRow("opacity 0.1", MPS, [image("rgba", corner="top_left", width=1.0, opacity=0.1)], like("rgba", 0, 0, 160, 45, opacity=0.1, db=41), source="grey"),
    MarkRow("what is below transparent pixels does not bleed", ISSUE, [image("ring", corner="top_left", width=24)], like("ring", 0, 0, 24, 24, db=36)),
    MarkRow("its colour on BT.709", ISSUE, [image(corner="top_left", width=40)], colour_at(20, 10, 220, 30, 30), source="grey-1280x720"),
    MarkRow("its colour on BT.601", ISSUE, [image(corner="top_left", width=40)], colour_at(20, 10, 220, 30, 30)),
    MarkRow(
        "on 10 bit", ISSUE, [image(corner="top_left", width=41, dx=3)], everything(at(3, 0, 41, 20, spare=1), colour_at(20, 10, 220, 30, 30)), source="ten"
    ),
    MarkRow("on 4:4:4", ISSUE, [image(corner="top_left", width=41, dx=3)], at(3, 0, 41, 20, spare=1), sections={"video": {"pixel_format": "yuv444p"}}),
    MarkRow("on 4:2:2", ISSUE, [image(corner="top_left", width=41, dx=3, dy=3)], at(3, 3, 41, 20, spare=1), sections={"video": {"pixel_format": "yuv422p"}}),
    MarkRow("on full range", ISSUE, [image(corner="top_left", width=40)], colour_at(20, 10, 220, 30, 30), source="full"),
    MarkRow("on a GIF", ISSUE, [image(corner="top_left", width=40)], colour_at(20, 10, 220, 30, 30, spare=14), format="gif"),
    # kinds of files
    MarkRow("JPEG", ISSUE, [image("jpeg", corner="top_left", width=40)], everything(at(0, 0, 40, 20), colour_at(20, 10, 220, 30, 30))),
    MarkRow("JPEG that says how it is turned", ISSUE, [image("turned", corner="top_left", width=20)], at(0, 0, 20, 40)),
    MarkRow("WebP", ISSUE, [image("webp", corner="top_left", width=40)], everything(at(0, 0, 40, 20), colour_at(20, 10, 220, 30, 30))),
    MarkRow("GIF of one picture", ISSUE, [image("gif1", corner="top_left", width=40)], everything(at(0, 0, 40, 20), frames_shown(0, 24, 0, 0, 40, 20))),
    MarkRow("GIF", ISSUE, [image("gif", corner="top_left", width=40)], frames_shown(0, 24, 8, 8, 24, 24)),
    MarkRow("APNG", ISSUE, [image("apng", corner="top_left", width=40)], frames_shown(0, 24, 8, 8, 24, 24)),
    MarkRow("GIF plays in a loop from its start on", ISSUE, [image("blinkgif", corner="top_left", width=20, start=0.2)], blinks),
    MarkRow("APNG plays in a loop from its start on", ISSUE, [image("blinkpng", corner="top_left", width=20, start=0.2)], blinks),
    MarkRow("animated WebP plays in a loop from its start on", ISSUE, [image("blinkwebp", corner="top_left", width=20, start=0.2)], blinks),
    MarkRow("APNG that plays twice is looped all the same", ISSUE, [image("twicepng", corner="top_left", width=20, start=0.2)], blinks),
    MarkRow("animated WebP that plays twice is looped all the same", ISSUE, [image("twicewebp", corner="top_left", width=20, start=0.2)], blinks),
    MarkRow(
        "WebM with alpha, looped",
        MPS,
        [image("webm", corner="top_left", width=40)],
        everything(colour_at(20, 10, 183, 56, 56, spare=14), frames_shown(0, 24, 4, 4, 30, 12)),
    ),
    MarkRow(
        "MOV with alpha (Animation)",
        MPS,
        [image("mov", corner="top_left", width=40)],
        everything(colour_at(20, 10, 183, 56, 56, spare=14), frames_shown(0, 24, 4, 4, 30, 12)),
    ),
    MarkRow(
        "MOV with alpha (ProRes 4444)",
        MPS,
        [image("prores", corner="top_left", width=40)],
        everything(colour_at(20, 10, 183, 56, 56, spare=14), frames_shown(0, 24, 4, 4, 30, 12)),
    ),
    # when
    MarkRow("start", MPS, [image(corner="top_left", width=40, start=0.4)], frames_shown(10, 24, 0, 0, 40, 20)),
    MarkRow("duration", MPS, [image(corner="top_left", width=40, duration=0.4)], frames_shown(0, 9, 0, 0, 40, 20)),
    MarkRow("start and duration", MPS, [image(corner="top_left", width=40, start=0.2, duration=0.2)], frames_shown(5, 9, 0, 0, 40, 20)),
    MarkRow("one frame", ISSUE, [image(corner="top_left", width=40, start=0.48, duration=0.04)], frames_shown(12, 12, 0, 0, 40, 20)),
    MarkRow("between two frames: from the next one", ISSUE, [image(corner="top_left", width=40, start=0.41)], frames_shown(11, 24, 0, 0, 40, 20)),
    MarkRow("beyond the end", ISSUE, [image(corner="top_left", width=40, start=5.0)], unseen),
    MarkRow("a moving one for a time", ISSUE, [image("gif", corner="top_left", width=40, start=0.2, duration=0.2)], frames_shown(5, 9, 8, 8, 24, 24)),
    # several
    MarkRow(
        "in their order",
        MPS,
        [image(corner="top_left", width=40), image("faint", corner="top_left", width=40), text("x", color="#00ff00", dx=60)],
        everything(colour_at(20, 15, 238, 143, 143, spare=12), at(0, 0, 75, 20, spare=6)),
    ),
    MarkRow(
        "one file in several sizes",
        ISSUE,
        [image(corner="top_left", width=40), image(corner="bottom_left", width=80)],
        everything(colour_at(38, 18, 220, 30, 30), colour_at(78, 55, 220, 30, 30)),
    ),
    MarkRow("twenty", MPS, [image(corner="top_left", width=4, height=4, dx=8 * n) for n in range(20)], at(0, 0, 156, 4)),
    # texts
    MarkRow("text", MPS, [text("Hello")], letters(colour=(255, 255, 255))),
    MarkRow("size in px", MPS, [text("H", size=40)], lambda pair: _high(pair, 29, 2)),
    MarkRow("size as a share of the height", ISSUE, [text("H", size=0.5)], lambda pair: _high(pair, 33, 2)),
    MarkRow("16 where nothing is said", MPS, [{"text": {"content": "H"}, "corner": "top_left"}], lambda pair: _high(pair, 12, 1)),
    MarkRow("colour as #RRGGBB", MPS, [text("HHH", size=60, color="#00C800")], letters(colour=(0, 200, 0))),
    MarkRow("colour by name", MPS, [text("HHH", size=60, color="Red")], letters(colour=(255, 0, 0))),
    MarkRow("opacity of a text", MPS, [text("█", size=40, color="white", opacity=0.5)], colour_at(10, 20, 183, 183, 183)),
    MarkRow(
        "outline",
        MPS,
        [text("HHH", size=60, color="white", outline_width=4, outline_color="#0000ff")],
        everything(letters(colour=(255, 255, 255)), letters(colour=(0, 0, 255))),
    ),
    MarkRow("an outline makes no text thinner", MPS, [text("I", size=60, outline_width=4, outline_color="red")], lambda pair: _inked(pair, 40)),
    MarkRow("bottom right, with offsets", MPS, [text("HHH", corner="bottom_right", dx=11, dy=0)], lambda pair: _ends(pair, right=W - 11)),
    MarkRow("lines end at the right", ISSUE, [text("H\nHHHH", size=20, corner="top_right", dx=0)], everything(letters(2), lambda pair: _ends(pair, right=W))),
    MarkRow("new lines", MPS, [text("H\nH\r\nH", size=20)], letters(3)),
    MarkRow("Chinese", MPS, [text("阿里云", font="Noto Sans CJK SC")], lambda pair: _wide(pair, 66, 74)),
    MarkRow("IMM's font names", IMM, [text("水印", font="SourceHanSans-Bold")], everything(letters(), lambda pair: _unwarned(pair))),
    MarkRow("a font for every character", ISSUE, [text("a世שع", size=30)], everything(letters(), lambda pair: _unwarned(pair))),
    MarkRow("an unknown font: another one, with a warning", ISSUE, [text("Hi", font="No Such Font")], everything(letters(), warned("no font «No Such Font»"))),
    MarkRow("characters of no font: boxes, with a warning", ISSUE, [text("H\U000f0000", size=20)], everything(letters(), warned("U+F0000"))),
    MarkRow("emoji", ISSUE, [text("😀", size=40)], letters()),
    MarkRow("control characters are left out", ISSUE, [text("H\u0007\u202eH\ufeff", size=20)], everything(letters(), lambda pair: _unwarned(pair))),
    MarkRow("longer than the picture: cut", ISSUE, [text("W" * 1024, size=60)], lambda pair: _wide(pair, W - 4, W)),
    MarkRow("a text for a time", MPS, [text("HHHH", size=60, start=0.2, duration=0.2)], frames_shown(5, 9, 0, 10, 150, 50)),
]
DATA = [r"%{pts} %{n}", r"':\[],;", "a\\:b=c'd", "[0:v]null[o];[o]", "%%{localtime}", "enable='between(t,0,1)'", "$(reboot) `id`", "${PATH} \\n \\\\"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_watermark(things: Things, row: MarkRow) -> None:
    row.look(things.run(row.source, {"watermarks": row.marks, **row.sections}, row.format))


def _high(pair: Pair, height: int, spare: int) -> None:
    assert pair.box is not None
    assert abs(pair.box[3] - height) <= spare, pair.box


def _wide(pair: Pair, low: int, high: int) -> None:
    assert pair.box is not None
    assert low <= pair.box[2] <= high, pair.box


def _ends(pair: Pair, right: int) -> None:
    assert pair.box is not None
    assert 0 <= right - (pair.box[0] + pair.box[2]) <= 5, pair.box


def _inked(pair: Pair, least: int) -> None:
    white = (pair.picture[12].astype(int) > 200).all(axis=-1)
    assert white.sum() >= least


def _unwarned(pair: Pair) -> None:
    assert not pair.warnings, pair.warnings


def test_text_is_data(things: Things) -> None:
    """What means something to filters, shells or drawtext is drawn as it stands: as wide as Pillow draws it, and found nowhere in the command."""
    from PIL import ImageFont

    from jobs.engine.argv import commands
    from jobs.lettering import fonts

    font = fonts.find("DejaVu Sans")
    assert font is not None
    for content in DATA:
        pair = things.run("grey", {"watermarks": [text(content, size=10, font="DejaVu Sans")]})
        wanted = ImageFont.truetype(font.path, 10).getbbox(content)
        assert pair.box is not None
        assert abs(pair.box[2] - min(W, wanted[2] - wanted[0])) <= 3, content
        assert not any(content in word for command in commands(pair.marked.plan) for word in command.argv)


@pytest.mark.parametrize(
    ("content", "first"), [("abc שלום", "abc"), ("שלום abc", "abc"), ("مرحبا 123", "123")], ids=["left to right", "right to left", "numbers"]
)
def test_right_to_left_stands_in_its_order(things: Things, content: str, first: str) -> None:
    """The Latin part (or the number) lies at the left in all three: after RTL words too, where the line runs from right to left."""
    whole = things.run("grey", {"watermarks": [text(content, size=24, font="DejaVu Sans")]})
    part = things.run("grey", {"watermarks": [text(first, size=24, font="DejaVu Sans")]})
    assert part.box is not None
    x, y, width, height = part.box
    left = np.s_[12, y : y + height, x : x + width - 1]
    assert far(whole.picture[left], part.picture[left]) < 25


DELOGO_ROWS = [
    MarkRow("mosaic is the usual method", IMM, [{"dx": 40, "dy": 20, "width": 64, "height": 40}], everything(only(40, 20, 64, 40), blocks(40, 20, 8))),
    MarkRow("blur", ISSUE, [{"dx": 40, "dy": 20, "width": 64, "height": 40, "method": "blur"}], everything(only(40, 20, 64, 40), smooth(40, 20, 64, 40))),
    MarkRow(
        "delogo fills in",
        ISSUE,
        [{"dx": 40, "dy": 20, "width": 40, "height": 30, "method": "delogo"}],
        everything(only(40, 20, 40, 30), smooth(42, 22, 36, 26)),
    ),
    MarkRow("delogo at the edge", ISSUE, [{"width": 40, "height": 30, "method": "delogo"}], only(0, 0, 40, 30, change=4)),
    MarkRow("delogo of everything", ISSUE, [{"method": "delogo"}], smooth(4, 4, W - 8, H - 8, rest=0.6)),
    MarkRow("shares", IMM, [{"dx": 0.5, "dy": 0.5, "width": 0.25, "height": 0.25}], only(80, 44, 40, 24)),
    MarkRow("each side on its own", ISSUE, [{"dx": 0.5, "dy": 10, "width": 32, "height": 0.5}], only(80, 10, 32, 46)),
    MarkRow("size not said: all of it", IMM, [{}], blocks(0, 0, 8)),
    MarkRow("only a height: all of the width", IMM, [{"height": 20}], only(0, 0, W, 20)),
    MarkRow("top right", IMM, [{"corner": "top_right", "dx": 8, "dy": 4, "width": 40, "height": 30}], only(W - 48, 4, 40, 30)),
    MarkRow("bottom left", IMM, [{"corner": "bottom_left", "dx": 8, "dy": 4, "width": 40, "height": 30}], only(8, H - 34, 40, 30)),
    MarkRow("bottom right", IMM, [{"corner": "bottom_right", "dx": 8, "dy": 4, "width": 40, "height": 30}], only(W - 48, H - 34, 40, 30)),
    MarkRow("odd borders grow outwards", ISSUE, [{"dx": 41, "dy": 21, "width": 31, "height": 31}], only(40, 20, 32, 32)),
    MarkRow(
        "beyond the frame: cut, with a warning", ISSUE, [{"dx": 140, "width": 60, "height": 30}], everything(only(140, 0, 20, 30), warned("reaches beyond"))
    ),
    MarkRow("outside: ignored, with a warning", ISSUE, [{"dx": 200, "width": 60, "height": 30}], everything(unseen, warned("was ignored"))),
    MarkRow("for a time", IMM, [{"dx": 40, "dy": 20, "width": 64, "height": 40, "start": 0.2, "duration": 0.2}], lambda pair: _hidden(pair, 5, 9)),
    MarkRow(
        "in the source's pixels, before scaling",
        ISSUE,
        [{"dx": 40, "dy": 20, "width": 64, "height": 40}],
        only(20, 10, 32, 20),
        sections={"video": {"width": 80}},
    ),
    MarkRow("on 10 bit", ISSUE, [{"dx": 40, "dy": 20, "width": 64, "height": 40, "method": "delogo"}], lambda pair: _ten(pair), source="ten"),
    MarkRow("twenty", ISSUE, [{"dx": 8 * n, "width": 8, "height": 16} for n in range(20)], only(0, 0, 160, 16)),
]


@pytest.mark.parametrize("row", DELOGO_ROWS, ids=lambda row: row.name)
def test_hidden_area(things: Things, row: MarkRow) -> None:
    source = row.source if row.source != "grey" else "test"
    row.look(things.run(source, {"delogos": row.marks, **row.sections}, row.format))


def _hidden(pair: Pair, first: int, last: int) -> None:
    changed = [n for n in range(25) if far(pair.picture[n, 20:60, 40:104], pair.ground[n, 20:60, 40:104]) > 6]
    assert changed == list(range(first, last + 1))


def _ten(pair: Pair) -> None:
    assert pair.marked.probe.picture is not None
    assert pair.marked.probe.picture.pixel_format == "yuv420p10le"


def test_marks_lie_over_hidden_areas(things: Things) -> None:
    pair = things.run("test", {"delogos": [{"width": 80, "height": 40}], "watermarks": [image(corner="top_left", width=40, dx=10, dy=10)]})
    assert psnr(pair.picture[12, 12:28, 12:48], laid(pair.ground[12], FILES["logo"], (10, 10, 40, 20))[12:28, 12:48]) > 30


@pytest.mark.parametrize(("transfer", "white"), [("smpte2084", 573), ("arib-std-b67", 721)])
def test_white_on_hdr_is_reference_white(things: Things, transfer: str, white: int) -> None:
    """203 cd/m²: 58 % of PQ's signal, 75 % of HLG's (ITU-R BT.2408); image and text alike."""
    path = things.folder / f"{transfer}.mp4"
    tags = f"setparams=range=tv:colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}"
    params = f"log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    things.ffmpeg(
        "-f",
        "lavfi",
        "-i",
        f"color=0x303030:s={W}x{H}:r=25:d=0.4,format=yuv420p10le,{tags}",
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
        "-x265-params",
        params,
        str(path),
    )
    things.files["white"] = logo(things.folder / "white.png", colour=(255, 255, 255, 255))
    marks = [image("white", corner="top_left", width=40), text("█", size=40, dx=80)]
    video = {"codec": "h265", "preset": "ultrafast", "crf": 4, "hdr": "keep"}
    made = things.bench.run(path, {"container": {"format": "mp4"}, "video": video, "watermarks": marks}, files=things.files)
    frame = _deep(things, made)
    assert abs(int(frame[10, 20]) - white) <= 6
    assert abs(int(frame[30, 90]) - white) <= 6


def _deep(things: Things, made: Made) -> Picture:
    argv = [things.bench.tools.ffmpeg, "-nostdin", "-v", "error", "-i", str(made.file), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-"]
    data = subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout
    return np.frombuffer(data, dtype="<u2")[: W * H].reshape(H, W)


def test_the_rungs_of_a_ladder_have_the_mark_in_proportion(bench: Bench, things: Things) -> None:
    ladder = [{"name": "a", "video": {"width": 160}}, {"name": "b", "video": {"width": 80}}]
    video = {"preset": "ultrafast", "crf": 2}
    marks = [image(corner="top_left", width=40, dx=20, dy=10), text("H", size=32, corner="bottom_left")]
    made = bench.run(
        things.source("grey"),
        {"container": {"format": "hls"}, "video": video, "audio": {"remove": True}, "ladder": ladder, "watermarks": marks},
        files=things.files,
    )
    boxes = []
    for rendition in made.output.renditions:
        frame = made.frames(count=1, file=made.room / rendition.file)[0]
        boxes.append(box_of(frame[: frame.shape[0] // 2], np.full_like(frame[: frame.shape[0] // 2], 112)))
    assert boxes == [(20, 10, 40, 20), (10, 5, 20, 10)]
    assert [d.pixels for d in made.output.drawings] == [32, 16]
