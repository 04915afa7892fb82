"""What watermarks and hidden areas refuse: values out of range, contradictions, files that are no marks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

from jobs.engine.errors import JobError
from jobs.engine.marks import MARK_PIXELS
from jobs.engine.template import Template
from jobs.ffmpeg import stills
from tests.surface.harness import Bench, problems
from tests.surface.marks_bench import FILES, Things, image, text

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory, bench: Bench) -> Things:
    made = Things(tmp_path_factory.mktemp("marks"), bench)
    FILES.update(made.files)
    return made


RANGES: list[tuple[str, dict[str, Any], bool]] = [
    ("size 4", {"watermarks": [text("a", size=4)]}, True),
    ("size 3", {"watermarks": [text("a", size=3)]}, False),
    ("size 512", {"watermarks": [text("a", size=512)]}, True),
    ("size 513", {"watermarks": [text("a", size=513)]}, False),
    ("size 0.99", {"watermarks": [text("a", size=0.99)]}, True),
    ("size 1.0", {"watermarks": [text("a", size=1.0)]}, False),
    ("size 0.0", {"watermarks": [text("a", size=0.0)]}, False),
    ("opacity 0", {"watermarks": [image(opacity=0.0)]}, False),
    ("opacity 1", {"watermarks": [image(opacity=1.0)]}, True),
    ("opacity 1.01", {"watermarks": [image(opacity=1.01)]}, False),
    ("1024 characters", {"watermarks": [text("a" * 1024)]}, True),
    ("1025 characters", {"watermarks": [text("a" * 1025)]}, False),
    ("no characters", {"watermarks": [text("")]}, False),
    ("width 8192 px", {"watermarks": [image(width=8192)]}, True),
    ("width 8193 px", {"watermarks": [image(width=8193)]}, False),
    ("width 1.5", {"watermarks": [image(width=1.5)]}, False),
    ("dx -1", {"watermarks": [image(dx=-1)]}, False),
    ("20 marks", {"watermarks": [image()] * 20}, True),
    ("21 marks", {"watermarks": [image()] * 21}, False),
    ("start 86,400", {"watermarks": [image(start=86_400.0)]}, False),
    ("duration 0", {"watermarks": [image(duration=0.0)]}, False),
    ("outline 64", {"watermarks": [text("a", outline_width=64)]}, True),
    ("outline 65", {"watermarks": [text("a", outline_width=65)]}, False),
    ("a colour that is none", {"watermarks": [text("a", color="#12345")]}, False),
    ("a corner that is none", {"watermarks": [image(corner="middle")]}, False),
    ("20 areas", {"delogos": [{}] * 20}, True),
    ("21 areas", {"delogos": [{}] * 21}, False),
    ("a method that is none", {"delogos": [{"method": "erase"}]}, False),
    ("an area of 1.1", {"delogos": [{"width": 1.1}]}, False),
]


@pytest.mark.parametrize(("sections", "good"), [pytest.param(s, g, id=name) for name, s, g in RANGES])
def test_ranges(sections: dict[str, Any], good: bool) -> None:
    sent = json.dumps({"container": {"format": "mp4"}, **sections})
    if good:
        Template.model_validate_json(sent)
    else:
        with pytest.raises(ValidationError):
            Template.model_validate_json(sent)


def test_combinations_are_refused_with_their_places() -> None:
    assert problems("mp3", watermarks=[image()])[0][0] == "watermarks"
    assert problems("mp4", video={"codec": "copy"}, delogos=[{}])[-1] == (
        "delogos",
        "A copied picture cannot be changed: remove watermarks and hidden areas, or choose a codec.",
    )
    assert problems("mp4", video={"remove": True}, watermarks=[image()])[-1][0] == "watermarks"
    both = {**image(), "text": {"content": "a"}}
    found = problems("mp4", watermarks=[{}, both, text("a", color="nocolour"), text("a", width=10), image(width=0)], delogos=[{"height": 0.0}])
    assert [place for place, _ in found] == [
        "watermarks.0",
        "watermarks.1.text",
        "watermarks.2.text.color",
        "watermarks.3.width",
        "watermarks.4.width",
        "delogos.0.height",
    ]
    assert not problems("mp4", watermarks=[{"template": "x"}, {"template": "x", "text": {"content": "a"}}])


# --- what cannot be used ------------------------------------------------------------------------------------------------
def _refused(things: Things, path: Path) -> JobError:
    with pytest.raises(JobError) as caught:
        stills.mark(path, tools=things.bench.tools, cwd=things.folder)
    return caught.value


def test_a_logo_of_60_megapixels_is_refused_by_its_header(things: Things) -> None:
    for name, kind in (("large.png", "PNG"), ("large.jpg", "JPEG"), ("large.webp", "WEBP")):
        size = (10_000, 6_000)
        path = things.folder / name
        Image.new("L" if kind != "WEBP" else "RGB", size).save(path, kind)
        assert _refused(things, path).code == "WatermarkTooLarge"
    assert _refused(things, things.bench.media / "malicious" / "png-bomb-20000.png").code == "WatermarkTooLarge"
    fits = things.folder / "fits.png"
    Image.new("L", (4000, 4000)).save(fits)
    assert MARK_PIXELS == 4000 * 4000
    assert stills.mark(fits, tools=things.bench.tools, cwd=things.folder).picture is not None


@pytest.mark.parametrize("name", ["xxe.svg", "entity-bomb.svg", "hls-local-file.m3u8", "concat-script.mp4", "hls-disguised.avi", "dash-local-file.mpd"])
def test_vectors_playlists_and_scripts_are_no_marks(things: Things, name: str) -> None:
    assert _refused(things, things.bench.media / "malicious" / name).code == "WatermarkNotReadable"


def test_damaged_and_other_files_are_no_marks(things: Things) -> None:
    whole = FILES["rgba"].read_bytes()
    for number, data in enumerate(
        (b"", whole[:20], b"\xff\xd8\xff\xe0\x00\x10JFIF", b"RIFF\0\0\0\0WEBP", b"GIF89a", b"BM" + bytes(60), b"II*\0" + bytes(60), b"hello")
    ):
        path = things.folder / f"bad{number}"
        path.write_bytes(data)
        assert _refused(things, path).code == "WatermarkNotReadable"
    assert _refused(things, things.bench.media / "speech-5s.mp3").code == "WatermarkNotReadable"


def test_a_mark_that_cannot_be_used_fails_only_its_output(things: Things) -> None:
    from jobs.engine.spec import TranscodeSpec

    room = things.folder / "room"
    room.mkdir()
    outputs = [{"template": "t", "address": f"oss://output/{n}"} for n in range(2)]
    spec = TranscodeSpec.model_validate_json(json.dumps({"input": "oss://input/x", "outputs": outputs}))
    templates = [Template.model_validate_json(json.dumps({"container": {"format": "mp4"}, **more})) for more in ({}, {"watermarks": [image("svg")]})]
    plan = things.bench.plan(room, things.source("grey"), spec, templates, things.files)
    assert [(f.index, f.code) for f in plan.failed] == [(1, "WatermarkNotReadable")]
    assert [o.index for o in plan.outputs] == [0]


def test_100_000_pictures_of_a_gif_cost_neither_memory_nor_time(things: Things, tmp_path: Path) -> None:
    """As many are decoded as are shown: the file's own length does not matter."""
    import time

    head = b"GIF89a" + (64).to_bytes(2, "little") * 2 + b"\x80\0\0" + b"\xff\0\0\0\0\xff" + b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    picture = b"\x21\xf9\x04\0\x02\0\0\0" + b"\x2c\0\0\0\0" + (1).to_bytes(2, "little") * 2 + b"\0" + b"\x02\x02\x44\x01\0"
    path = tmp_path / "long.gif"
    path.write_bytes(head + picture * 100_000 + b"\x3b")
    things.files["long"] = path
    began = time.monotonic()
    pair = things.run("grey", {"watermarks": [image("long", corner="top_left", width=40)]})
    assert time.monotonic() - began < 10
    assert len(pair.picture) == 25
    del things.files["long"]


def test_a_mark_that_would_be_enormous_is_refused(things: Things) -> None:
    with pytest.raises(AssertionError, match="WatermarkTooLarge"):
        things.run("grey", {"watermarks": [image("rgba", height=8192, width=8192)]})
