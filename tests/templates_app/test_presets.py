"""The shipped presets: the engine can do each of them, MPS's have MPS's ids and values, ours never enlarge, loading is idempotent."""

from __future__ import annotations

import json
import re
from io import StringIO

import pytest
from django.core.management import call_command

from jobs.engine.combinations import check
from jobs.engine.errors import Refused
from jobs.engine.template import Template as Params
from templates_app import presets, queries, services
from templates_app.models import Template, TemplateVersion
from templates_app.presets import Preset, shipped

ALL = {preset.name: preset for preset in shipped()}
MPS = {name: preset for name, preset in ALL.items() if preset.id.startswith("S")}
OURS = {name: preset for name, preset in ALL.items() if name not in MPS}


def params(name: str) -> Params:
    """The engine's view of a preset."""
    return Params.model_validate_json(json.dumps(ALL[name].params))


# --- every one ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ALL)
def test_the_engine_can_do_it(name: str) -> None:
    assert check(params(name)) == ()
    assert services.said_of(ALL[name].params) == ALL[name].params  # nothing in the file is without effect


@pytest.mark.parametrize("name", ALL)
def test_it_is_described_in_a_plain_sentence(name: str) -> None:
    text = ALL[name].description
    assert 20 <= len(text) <= 255
    assert text[0].isupper()
    assert text.endswith(".")


def test_names_and_ids_are_unique() -> None:
    assert len(ALL) == len(shipped())
    assert len({preset.id for preset in ALL.values()}) == len(ALL)
    assert not {preset.id for preset in ALL.values()} & set(ALL)


# --- MPS's ------------------------------------------------------------------------------------------------------------
SIZES = {"XLD": ("00050", 320, 300, 32), "LD": ("00010", 640, 400, 64), "SD": ("00020", 848, 800, 80), "HD": ("00030", 1280, 1800, 128), "FHD": ("00040", 1920, 3000, 160), "2K": ("00060", 2048, 3500, 160), "4K": ("00070", 3840, 6000, 160)}  # fmt: skip
FAMILIES = {"FLV": ("0", "flv"), "M3U8": ("1", "hls"), "MP4": ("2", "mp4")}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", SIZES)
def test_the_static_presets_of_mps(family: str, size: str) -> None:
    digit, container = FAMILIES[family]
    serial, width, video, audio = SIZES[size]
    preset, wanted = MPS[f"{family}-{size}"], params(f"{family}-{size}")
    assert preset.id == f"S00000001-{digit}{serial}"
    assert (wanted.container.format, wanted.video.codec, wanted.audio.codec) == (container, "h264", "aac")
    assert (wanted.video.width, wanted.video.height, wanted.video.short_side) == (width, None, None)
    assert (wanted.video.bitrate_kbps, wanted.audio.bitrate_kbps) == (video, audio)
    assert wanted.video.maxrate_kbps is not None
    assert video < wanted.video.maxrate_kbps <= 2 * video
    assert wanted.conditions.if_smaller == "convert"  # MPS enlarges small sources


def test_the_other_presets_of_mps() -> None:
    copies = {name: (MPS[name].id, params(name)) for name in ("FLV-COPY", "M3U8-COPY", "MP4-COPY")}
    assert [found[0] for found in copies.values()] == ["S00000001-000000", "S00000001-100000", "S00000001-200000"]
    assert all(found[1].video.codec == found[1].audio.codec == "copy" for found in copies.values())
    for rate, serial in ((320, "50"), (192, "40"), (160, "30"), (128, "20"), (64, "10")):
        wanted = params(f"MP3-{rate}")
        assert MPS[f"MP3-{rate}"].id == f"S00000001-3000{serial}"
        assert (wanted.container.format, wanted.audio.codec, wanted.audio.bitrate_kbps, wanted.video.remove) == ("mp3", "mp3", rate, True)
    for name, serial, width, rate in (("MP4-SDToHD", "400040", 1280, 6000), ("MP4-2KTo4K", "400070", 3840, 20000)):
        wanted = params(name)
        assert MPS[name].id == f"S00000001-{serial}"
        assert (wanted.video.width, wanted.video.bitrate_kbps, wanted.audio.bitrate_kbps, wanted.conditions.if_smaller) == (width, rate, 128, "convert")
    assert len([preset for preset in MPS.values() if preset.kind == "static"]) == 21 + 2 + 3 + 5


NARROW = {name: preset for name, preset in ALL.items() if preset.kind == "narrowband"}
NARROW_SIZES = {"LD": ("00020", 640, 400), "SD": ("00030", 848, 800), "HD": ("00040", 1280, 1500), "FHD": ("00050", 1920, 3000), "2K": ("00060", 2048, 4000), "4K": ("00070", 3840, 8000)}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "family", "size"), [(1, f, s) for f in FAMILIES for s in NARROW_SIZES] + [(2, "MP4", s) for s in ("LD", "SD", "HD", "FHD")]
)
def test_the_narrowband_presets_of_mps(version: int, family: str, size: str) -> None:
    digit, container = FAMILIES[family]
    serial, width, bound = NARROW_SIZES[size]
    name = f"{family}-{size}-NarrowBandHDV{version}"
    preset, wanted, twin = NARROW[name], params(name), params(f"{family}-{size}")
    assert preset.id == f"S0000000{version + 1}-{digit}{serial}"
    assert preset.twin == f"{family}-{size}"
    assert wanted.video.narrowband is not None
    assert (wanted.video.narrowband.method, wanted.container.format, wanted.video.width) == (version, container, width)
    assert wanted.video.bitrate_kbps == min(bound, SIZES[size][2])  # MPS's bound, and never above the regular preset
    assert (wanted.audio, wanted.mux, wanted.conditions) == (twin.audio, twin.mux, twin.conditions)


def test_there_are_no_other_narrowband_presets_of_mps() -> None:
    assert len([name for name in NARROW if name in MPS]) == 18 + 4


@pytest.mark.parametrize("name", [name for name in NARROW if name not in MPS])
def test_our_narrowband_presets_are_their_twins_but_for_that(name: str) -> None:
    wanted, preset = params(name), NARROW[name]
    narrow = wanted.video.narrowband
    assert narrow is not None
    assert (narrow.method, narrow.target) == (1 if name.endswith("-fast") else 2, 93)
    assert wanted.video.short_side == int(re.findall(r"(\d+)p", name)[0])
    if "-av1-" in name:
        assert (wanted.video.codec, narrow.method, preset.twin) == ("av1", 2, "")
        return
    twin = params(preset.twin)
    assert preset.twin == re.sub(r"-narrowband(-fast)?$", "", name)
    assert wanted.model_copy(update={"video": wanted.video.model_copy(update={"narrowband": None})}) == twin


# --- ours -------------------------------------------------------------------------------------------------------------
def test_ours_are_all_there() -> None:
    rungs = ("360p", "540p", "720p", "1080p")
    pictures = {f"{family}-{rung}" for family in ("mp4-h264", "mp4-h265", "hls-h264") for rung in rungs}
    others = {"hls-ladder", "dash-ladder", "cmaf-ladder", "mp3-128k", "m4a-aac-128k", "ogg-vorbis", "flac", "gif-480p", "mp4-remux", "mkv-remux"}
    narrow = {f"{name}-narrowband" for name in pictures} | {f"mp4-av1-{rung}-narrowband" for rung in rungs[1:]}
    fast = {f"{family}-{rung}-narrowband-fast" for family in ("mp4-h264", "hls-h264") for rung in rungs}
    assert {name for name, preset in OURS.items() if preset.kind != "intelligent"} == pictures | others | narrow | fast
    assert all(re.fullmatch(r"[0-9a-f]{32}", preset.id) for preset in OURS.values())
    assert OURS["mp4-h264-540p"].id == "4053fbbb35e25bb68126277ff69eeac5"  # the same on every installation, for ever


@pytest.mark.parametrize("name", [name for name in OURS if re.search(r"\d+p$", name)])
def test_ours_never_enlarge(name: str) -> None:
    wanted = params(name)
    assert wanted.video.short_side == int(name.rpartition("-")[2].removesuffix("p"))
    assert (wanted.video.width, wanted.video.height) == (None, None)
    assert wanted.conditions.if_smaller == "keep"
    if wanted.container.format != "gif":
        assert wanted.video.crf is not None
        assert wanted.video.maxrate_kbps is not None
        assert wanted.video.bufsize_kbit == 2 * wanted.video.maxrate_kbps
        assert wanted.video.pixel_format == "yuv420p"
        assert (wanted.audio.codec, wanted.audio.bitrate_kbps, wanted.audio.channels) == ("aac", 128, 2)


@pytest.mark.parametrize("family", ["hls", "dash", "cmaf"])
def test_the_ladder_has_the_rungs_of_the_single_presets(family: str) -> None:
    ladder = params(f"{family}-ladder")
    assert ladder.container.format == family
    assert [rung.name for rung in ladder.ladder] == ["360p", "540p", "720p", "1080p"]
    assert ladder.conditions.if_smaller == "keep"
    for rung in ladder.ladder:
        single = params(f"hls-h264-{rung.name}")
        assert (rung.video.short_side, rung.video.maxrate_kbps, rung.video.bufsize_kbit) == (
            single.video.short_side,
            single.video.maxrate_kbps,
            single.video.bufsize_kbit,
        )
        assert (ladder.video.crf, ladder.audio, ladder.mux) == (single.video.crf, single.audio, single.mux)
    assert ladder.mux.segment_seconds == 6


# --- loading ------------------------------------------------------------------------------------------------------------
def one(**changes: object) -> list[Preset]:
    """A single preset instead of the shipped ones."""
    values = {"id": "S00000001-200030", "name": "MP4-HD", "description": "One.", "params": {"container": {"format": "mp4"}, "video": {"crf": 20.0}}}
    return [Preset(**(values | changes))]  # type: ignore[arg-type]


@pytest.mark.django_db
def test_loading_again_changes_nothing() -> None:
    assert services.load_presets() == len(ALL)
    before = list(Template.objects.order_by("pk").values())
    assert services.load_presets() == 0
    assert list(Template.objects.order_by("pk").values()) == before
    assert TemplateVersion.objects.count() == len(ALL)
    assert {(row.pk, row.name, row.kind) for row in queries.listed()} == {(preset.id, name, preset.kind) for name, preset in ALL.items()}
    assert queries.find("S00000001-200030") == queries.find("MP4-HD")


@pytest.mark.django_db
def test_the_command_says_how_many_changed() -> None:
    out = StringIO()
    call_command("load_presets", stdout=out)
    call_command("load_presets", stdout=out)
    assert out.getvalue().split("\n")[:2] == [f"{len(ALL)} presets new or changed", "0 presets new or changed"]


@pytest.mark.django_db
def test_only_other_parameters_make_a_new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "shipped", one)
    services.load_presets()
    monkeypatch.setattr(services, "shipped", lambda: one(description="Better words."))
    assert services.load_presets() == 1
    row = queries.find("MP4-HD")
    assert row.current is not None
    assert (row.description, row.current.number) == ("Better words.", 1)
    monkeypatch.setattr(services, "shipped", lambda: one(params={"container": {"format": "mp4"}, "video": {"crf": 21.0}}))
    assert services.load_presets() == 1
    row = queries.find("MP4-HD")
    assert row.current is not None
    assert (row.current.number, row.current.params["video"]["crf"]) == (2, 21.0)
    assert row.versions.get(number=1).params["video"]["crf"] == 20.0


@pytest.mark.django_db
def test_a_custom_template_makes_way_for_a_preset() -> None:
    mine = services.create("mp4-h264-540p", {"container": {"format": "mkv"}})
    services.load_presets()
    mine.refresh_from_db()
    assert mine.name == "mp4-h264-540p copy"
    assert queries.find("mp4-h264-540p").is_preset


@pytest.mark.django_db
def test_presets_cannot_be_changed_but_copied() -> None:
    services.load_presets()
    preset = queries.find("hls-ladder")
    for act in (
        lambda: services.update(preset, name="mine"),
        lambda: services.update(preset, params={"container": {"format": "mp4"}}),
        lambda: services.delete(preset),
    ):
        with pytest.raises(Refused) as error:
            act()
        assert error.value.code == "PermissionDenied"
    copy = services.duplicate(preset)
    assert (copy.name, copy.kind) == ("hls-ladder copy", "custom")
    assert copy.current is not None
    assert preset.current is not None
    assert copy.current.params == preset.current.params
    services.update(copy, description="mine now")


def test_ids_are_made_of_names() -> None:
    assert presets.id_of("a") == presets.id_of("a") != presets.id_of("b")
