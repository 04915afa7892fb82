"""What is decided from tags, and from the last lines of measurements: no program runs here."""

from __future__ import annotations

import pytest

from jobs.engine import crop, fields, measure
from jobs.engine.address import Address
from jobs.engine.colour import guessed, of_source
from jobs.engine.fields import Counts, plan_fields
from jobs.engine.plan import Command
from jobs.engine.probe import Probe, VideoStream
from jobs.engine.rotate import around
from jobs.engine.sampling import PLACES, sample, windows
from jobs.engine.sources import Material
from jobs.engine.spec import InputSpec, TranscodeSpec
from jobs.engine.template import Edit, JoinPart, Template, Video

CLIP = InputSpec(address=Address("input", "a"), start=None, duration=None)


def stream(**more: object) -> VideoStream:
    return VideoStream.model_validate({"index": 0, "codec": "h264", "width": 1280, "height": 720, "pixel_format": "yuv420p", "fps": 25.0, **more})


@pytest.mark.parametrize(
    ("width", "height", "matrix"),
    [(1280, 720, "bt709"), (720, 1280, "bt709"), (1920, 540, "bt709"), (720, 576, "bt470bg"), (720, 480, "smpte170m"), (128, 72, "smpte170m")],
)
def test_what_players_take_for_granted(width: int, height: int, matrix: str) -> None:
    assert guessed(width, height).matrix == matrix


def test_half_said_and_unknown_tags_are_filled_up() -> None:
    assert of_source(stream(color_primaries="reserved", color_transfer="gamma-x", color_space="ictcp")) == of_source(stream())
    half = of_source(stream(width=640, height=360, color_space="bt709"))
    assert (half.matrix, half.primaries, half.transfer) == ("bt709", "bt709", "bt709")
    assert of_source(stream(color_transfer="smpte2084")).matrix == "bt2020nc"
    assert of_source(stream(color_transfer="smpte2084")).hdr
    assert of_source(stream(codec="mjpeg", pixel_format="yuvj420p")).matrix == "bt470bg"
    assert of_source(stream(codec="mjpeg", pixel_format="yuvj420p")).full
    assert of_source(stream(pixel_format="bgra")).rgb


@pytest.mark.parametrize(
    ("tail", "area"),
    [
        ("x crop=1280:536:0:92\nx crop=1280:540:0:90 ", (1280, 540, 0, 90)),
        ("crop=1280:720:0:0", None),
        ("crop=1278:718:0:2", None),
        ("crop=-1264:-704:1272:712", None),
        ("crop=160:90:600:300", None),
        ("nothing", None),
    ],
)
def test_borders_are_read(tail: str, area: crop.Area | None) -> None:
    assert crop.read(tail, stream()) == area


@pytest.mark.parametrize(
    ("counts", "order", "filters"),
    [
        (Counts(50, 0, 5, 0.01), "progressive", ["bwdif"]),
        (Counts(50, 0, 5, 0.0), "progressive", []),  # moves up and down
        (Counts(0, 0, 50, 0.01), "progressive", []),
        (Counts(0, 0, 50, 0.01), "tt", ["bwdif"]),
        (Counts(50, 0, 5, 0.0), "tt", ["bwdif"]),
        (Counts(0, 0, 50, 0.0), "tt", ["setfield"]),
        (Counts(3, 0, 0, 0.01), "progressive", []),  # too few to tell
        (None, "progressive", []),
    ],
)
def test_two_of_three_make_fields(counts: Counts | None, order: str, filters: list[str]) -> None:
    measured = {fields.name(CLIP): counts}
    assert [name for name, _ in plan_fields(stream(field_order=order), Video(deinterlace="auto"), CLIP, measured).filters] == filters


def test_the_order_of_fields_is_the_measured_one() -> None:
    found = plan_fields(stream(field_order="progressive"), Video(deinterlace="auto"), CLIP, {fields.name(CLIP): Counts(2, 40, 3, 0.01)})
    assert dict(found.filters[0][1])["parity"] == "bff"


def test_fields_are_read_from_both_reports() -> None:
    zeros = "Single frame detection: TFF:     0 BFF:     0 Progressive:     0 Undetermined:     0\n"
    said = "Single frame detection: TFF:    14 BFF:     0 Progressive:     1 Undetermined:     0\nMulti frame detection: TFF:    15 BFF:     0 Progressive:     0\n"
    combs = "lavfi.signalstats.YAVG=127.5\nlavfi.signalstats.YAVG=0\n"
    assert fields.read(combs + zeros + said) == Counts(29, 0, 1, 0.25)
    assert fields.read("") is None


def test_a_long_clip_is_looked_at_in_few_places() -> None:
    assert windows(10, 100, 1) == (20, 40, 60, 80, 100)
    assert windows(10, 4, 1) == (10,)
    assert windows(0, None, 1) == (0,)
    argv = _look(stream(), 3600).argv
    assert argv.count("-i") == PLACES
    assert argv[argv.index("-t") + 1] == "0.480000"
    slow = _look(stream(fps=0.5), 3600).argv
    assert slow[slow.index("-t") + 1] == "8.000000"


def test_an_outputs_own_clip_is_looked_at_and_equal_ones_once() -> None:
    edits = [{}, {"start": 10}, {"start": 10.0, "duration": 0}, {"start": 10, "end": 5}, {"start": 90}, {"start": 10, "duration": 4}]
    templates = [Template.model_validate({"container": {"format": "mp4"}, "video": {"crop": "auto", "deinterlace": "auto"}, "edit": edit}) for edit in edits]
    spec = TranscodeSpec.model_validate(
        {"kind": "transcode", "input": {"address": "oss://input/a", "start": 5, "duration": 60}, "outputs": [{"address": "oss://output/a", "overrides": {}}]},
        strict=False,
    )
    material = Material(Probe(format_name="matroska,webm", duration=100.0, video=(stream(),)))
    # the clip that begins beyond the end is nobody's: its output fails
    wanted = ["5-60", "15-50", "15-45", "15-4"]
    assert [measure.name for measure in measure.wanted(spec, templates, material)] == [f"{kind}:input:{clip}" for kind in ("crop", "fields") for clip in wanted]
    joined = templates[1].model_copy(update={"edit": Edit(start=10, after=(JoinPart(address=Address("input", "b")),))})
    assert [measure.name for measure in crop.wanted(spec, [joined], material)] == ["crop:input:5-60"]


def _look(video: VideoStream, seconds: float) -> Command:
    return sample(Probe(format_name="matroska,webm", duration=seconds, video=(video,)), video, "idet", seconds=seconds)


@pytest.mark.parametrize(("angle", "size"), [(45, (142, 142)), (30, (138, 138)), (135, (142, 142)), (1, (102, 102))])
def test_a_turned_picture_needs_more_room(angle: int, size: tuple[int, int]) -> None:
    assert around(100, 100, angle) == size
