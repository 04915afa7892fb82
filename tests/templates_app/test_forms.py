"""The form that is made of the engine's models: every field goes from a template to the page and back, mistakes stand at their fields."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from jobs.engine.abilities import ENCODERS
from jobs.engine.codecs import AAC_PROFILES
from jobs.engine.spec import AudioSelector, NamedInput
from jobs.engine.template import Template as Params
from jobs.models import Node
from templates_app import words
from templates_app.available import impossible
from templates_app.fields import LABELS
from templates_app.forms import TemplateForm
from templates_app.layout import PARTS
from templates_app.models import Template, TemplateVersion
from templates_app.rows import changed
from templates_app.schema import Group, Leaf, Rows, leaves, node, nodes
from templates_app.tree import TreeForm
from tests.html import sent_by

TEXTS = {
    "language": "jpn", "select_language": "zho", "color": "#0a0b0c", "outline_color": "teal", "background": "#fedcba", "key": "00ff" * 8, "key_id": "11ee" * 8,
    "name": "low-1", "key_uri": "https://example.org/k?a=1&b=2", "content": "line 1\n%{x} «2» <b>", "template": "Logo",
}  # fmt: skip
NUMBERS = {"int": 3, "float": 2.125}


def value(leaf: Leaf) -> Any:
    """Something that differs from the default."""
    if leaf.kind == "bool":
        return leaf.default is not True
    if leaf.kind == "choice":
        return next(choice for choice in leaf.choices if choice != leaf.default)
    if leaf.kind in ("int", "float"):
        low, high = leaf.least, leaf.most
        wanted = NUMBERS[leaf.kind]
        wanted = wanted if (low is None or wanted > low) and (high is None or wanted < high) else ((low or 0) + (high or 0)) / 2
        return int(wanted) if leaf.kind == "int" else float(wanted)
    if leaf.kind == "length":
        return 0.125
    if leaf.kind == "mixed":
        return 96
    if leaf.kind == "address":
        return "oss://input/folder/名 字.mp4"
    if leaf.kind == "list":
        return {float: [1.5, 20.0], int: [0, 3], str: ["eng", "zho"]}[leaf.item]  # type: ignore[index]  # one of these
    return TEXTS.get(leaf.name, "Words")


def full(model: Any = Params) -> dict[str, Any]:
    """Every field of a model, two rows of each list."""
    found: dict[str, Any] = {}
    for row in nodes(model):
        if isinstance(row, Leaf):
            found[row.name] = value(row)
        else:
            found[row.name] = [full(row.model), full(row.model)] if isinstance(row, Rows) else full(row.model)
    return found


EVERYTHING = full()


def query(values: dict[str, Any]) -> QueryDict:
    """As a browser sends it."""
    data = QueryDict(mutable=True)
    for name, given in values.items():
        data.setlist(name, given if isinstance(given, list) else [given])
    data._mutable = False  # as those that Django makes
    return data


def test_every_parameter_has_a_place_a_label_and_help_or_a_unit():
    shown = {path for _key, _label, groups in PARTS for _heading, paths in groups for path in paths}
    for row in nodes(Params):
        inner = {f"{row.name}.{child.name}" for child in nodes(row.model)} if isinstance(row, Group) and not row.unsaid else {row.name}
        assert row.name == "container" or row.name in shown or inner & shown, row.name
    for name in leaves():
        leaf = node(name)
        own = [f"{model.__name__}.{leaf.name}" for model in leaf.owner.__mro__ if f"{model.__name__}.{leaf.name}" in words.ALL]
        assert own, f"{name} has no label"
        assert LABELS[name]


def test_the_example_is_what_the_engine_takes():
    assert Params.model_validate(EVERYTHING, strict=False)


def test_the_page_shows_every_field_and_gives_it_back(client_of, alice, presets):
    row = Template.objects.create(name="Everything")
    row.current = TemplateVersion.objects.create(template=row, number=1, params=EVERYTHING)
    row.save()
    page = client_of(alice).get(reverse("templates:template_duplicate", args=[row.id])).content.decode()
    form = TemplateForm(query(sent_by(page)))
    assert form.is_valid(), form.errors
    assert form.said == EVERYTHING


@pytest.mark.parametrize("model", [NamedInput, AudioSelector])
def test_fields_of_jobs_have_labels_too(model):
    for name in leaves(model):
        leaf = node(name, model)
        assert any(f"{owner.__name__}.{leaf.name}" in words.ALL for owner in leaf.owner.__mro__), name


LIMITED = [
    name for name in leaves() if isinstance(leaf := node(name), Leaf) and leaf.kind in ("int", "float") and (leaf.least is not None or leaf.most is not None)
]


def at_row(name: str) -> str:
    """The field of the first row: «ladder.video.crf» → «ladder.0.video.crf»."""
    parts: list[str] = []
    for part in name.split("."):
        parts.append(part)
        if isinstance(node(".".join(p for p in parts if p != "0")), Rows):
            parts.append("0")
    return ".".join(parts)


@pytest.mark.parametrize("name", LIMITED)
def test_numbers_out_of_range_are_told_at_their_fields(name):
    leaf = node(name)
    assert isinstance(leaf, Leaf)
    path = at_row(name)
    wrong = [text for text in (None if leaf.least is None else f"{leaf.least - 1:g}", None if leaf.most is None else f"{leaf.most + 1:.0f}") if text]
    for text in wrong:
        form = TemplateForm(query({"name": "x", "container.format": "mp4", path: text}))
        assert not form.is_valid()
        assert path in form.errors, (path, text)


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("watermarks.0.dx", "24", 24),
        ("watermarks.0.dx", "24 px", 24),
        ("watermarks.0.dx", "12.5 %", 0.125),
        ("watermarks.0.dx", "12,5%", 0.125),
        ("watermarks.0.dx", "0.5", 0.5),
        ("watermarks.0.dx", "1.0", 1.0),
        ("watermarks.0.dx", "1.5", "share"),
        ("watermarks.0.dx", "wide", "12 %"),
        ("watermarks.0.dx", "9000", "8192"),
        ("watermarks.0.start", "1:02.5", 62.5),
        ("watermarks.0.start", "soon", "hh:mm:ss"),
        ("edit.openings.0.width", "full", "full"),
        ("edit.openings.0.width", "640", 640),
        ("edit.openings.0.width", "huge", "own, full"),
        ("audios.0.language", "zh", "zho"),
        ("audios.0.language", "x", "three letters"),
        ("subtitle.languages", "zh, en", ["zho", "eng"]),
        ("subtitle.streams", "0，2", [0, 2]),
        ("subtitle.streams", "a", "numbers"),
        ("mux.cut_times", "1.5 3", [1.5, 3.0]),
        ("video.pad.color", "#12345", "#RRGGBB"),
        ("encryption.key", "xyz", "32 hexadecimal"),
        ("edit.after_list", "https://x", "oss://"),
        ("ladder.0.name", "A B", "a–z"),
    ],
)
def test_what_is_written_is_read_or_refused(path, text, said):
    form = TemplateForm(query({"name": "x", "container.format": "hls", path: text}))
    form.is_valid()
    if isinstance(said, str) and said not in (text, "zho"):
        assert said in " ".join(form.errors[path])
        return
    assert path not in form.errors
    found: Any = form.said
    for part in path.split("."):
        found = found[int(part)] if part.isdecimal() else found[part]
    assert found == said
    assert type(found) is type(said)


def test_required_fields_of_rows_and_groups_are_asked_for():
    form = TemplateForm(query({"name": "x", "container.format": "mp4", "edit.after.rows": "0", "video.crop": "set", "video.crop.width": "8"}))
    assert not form.is_valid()
    assert set(form.errors) == {"edit.after.0.address", "video.crop.height"}


def test_a_group_is_said_by_its_choice_a_word_or_a_value_in_it():
    def said(values):
        form = TemplateForm(query({"name": "x", "container.format": "hls", **values}))
        assert form.is_valid(), form.errors
        return form.said

    assert said({"video.crop": "auto"})["video"] == {"crop": "auto"}
    assert said({"video.crop.width": "8", "video.crop.height": "6"})["video"]["crop"] == {"width": 8, "height": 6}
    assert said({"audio.loudness": "set"})["audio"] == {"loudness": {}}
    assert said({"audio.loudness.integrated_lufs": "-23"})["audio"] == {"loudness": {}}  # the default, but said
    assert said({"encryption": "", "encryption.method": "cenc"})["encryption"] == {"method": "cenc"}
    assert "encryption" not in said({"encryption": "", "encryption.per": "output"})


def test_narrowband_is_off_or_one_of_its_versions():
    """The choice of the group is the version itself."""
    form = TemplateForm(params={"video": {"narrowband": {"method": 2, "target": 90.0}}})
    assert [value for value, _label in form.fields["video.narrowband"].choices] == ["", "1", "2"]
    assert (form["video.narrowband"].value(), form["video.narrowband.target"].value()) == ("2", "90")
    assert "video.narrowband.method" not in form.fields
    assert form.views["video.narrowband"].inner_when == "video.narrowband=1,2"
    for sent, said in (
        ({"video.narrowband": "1"}, {"method": 1}),
        (
            {"video.narrowband": "2", "video.narrowband.target": "88.5", "video.narrowband.measure_twin": "on"},
            {"method": 2, "target": 88.5, "measure_twin": True},
        ),
        ({"video.narrowband": "", "video.narrowband.target": "88.5"}, None),
    ):
        form = TemplateForm(query({"name": "x", "container.format": "mp4", "video.bitrate_kbps": "900", **sent}))
        assert form.is_valid(), form.errors
        assert form.said["video"].get("narrowband") == said
    assert not TemplateForm(query({"name": "x", "container.format": "mp4", "video.narrowband": "3"})).is_valid()
    assert not TemplateForm(query({"name": "x", "container.format": "mp4", "video.narrowband": "2", "video.narrowband.target": "99"})).is_valid()


@pytest.mark.parametrize(
    ("kind", "container", "said"),
    [
        ("audio", "mp4", {"container": {"format": "mp4"}, "video": {"remove": True}}),
        ("audio", "mp3", {"container": {"format": "mp3"}}),
        ("remux", "mkv", {"container": {"format": "mkv"}, "video": {"codec": "copy"}, "audio": {"codec": "copy"}}),
        ("image", "gif", {"container": {"format": "gif"}}),
        ("video", "mp4", {"container": {"format": "mp4"}}),
    ],
)
def test_the_kind_says_what_it_means(kind, container, said):
    form = TemplateForm(query({"name": "x", "kind": kind, "container.format": container}))
    assert form.is_valid()
    assert form.said == said
    assert TemplateForm(params=form.said)["kind"].value() == kind


def test_rows_are_added_moved_and_removed_and_nothing_typed_is_lost():
    data = query({"name": "x", "delogos.rows": ["0", "1", "2"], "delogos.0.dx": "10", "delogos.1.dx": "11", "delogos.2.dx": "12"})

    def dx(now):
        form = TemplateForm(now, quiet=True)
        assert not form.errors
        return [form[f"delogos.{row.index}.dx"].value() for row in form.views["delogos"].rows]

    assert dx(changed(data, "add:delogos")) == ["10", "11", "12", None]
    assert dx(changed(data, "up:delogos.2")) == ["10", "12", "11"]
    assert dx(changed(data, "down:delogos.0")) == ["11", "10", "12"]
    assert dx(changed(data, "remove:delogos.1")) == ["10", "12"]
    for nothing in ("up:delogos.0", "down:delogos.2", "remove:delogos.9", "up:delogos", "remove:", "add:", "x", "remove:delogos.x", "up:.1"):
        assert dx(changed(data, nothing)) == ["10", "11", "12"], nothing


def test_places_of_rows_lead_to_the_rows_as_they_are_numbered():
    form = TemplateForm(query({"name": "x", "watermarks.rows": ["4", "1"], "video.crop": "set"}))
    assert form.field_of(("params", "watermarks", 0, "dx")) == "watermarks.4.dx"
    assert form.field_of(("watermarks", 1, "text", "content")) == "watermarks.1.text.content"
    assert form.field_of(("video", "crop", "Box", "width")) == "video.crop.width"
    assert form.field_of(("video", "crf")) == "video.crf"
    assert form.field_of(("nothing", "at", "all")) == ""
    assert form.field_of(()) == ""
    assert form.field_of(("watermarks", 1)) in form.fields


class Changes(TreeForm):
    loose = True


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, {}),
        ({"video.crf": "30"}, {"video": {"crf": 30.0}}),
        ({"video.crf--unsay": "on"}, {"video": {"crf": None}}),
        ({"video.crf--unsay": "on", "video.crf": "30"}, {"video": {"crf": 30.0}}),
        ({"video.gop--unsay": "on"}, {}),  # the template does not say it
        ({"video.remove": "no", "mux.faststart": "yes"}, {"video": {"remove": False}, "mux": {"faststart": True}}),
        ({"video.crop": "none"}, {"video": {"crop": None}}),
        ({"video.crop": "set", "video.crop.width": "4", "video.crop.height": "4"}, {"video": {"crop": {"width": 4, "height": 4}}}),
        ({"watermarks": "set"}, {"watermarks": []}),
        ({"watermarks.rows": "0", "watermarks.0.image": "oss://input/a.png"}, {"watermarks": [{"image": "oss://input/a.png"}]}),
        ({"encryption": "none"}, {"encryption": None}),
        ({"encryption": "set", "encryption.per": "media"}, {"encryption": {"per": "media"}}),  # the method is the template's
        ({"conditions.if_smaller": "keep"}, {"conditions": {"if_smaller": "keep"}}),
        ({"video.narrowband": "2", "video.narrowband.target": "95"}, {"video": {"narrowband": {"method": 2, "target": 95.0}}}),
        ({"video.narrowband": "none"}, {"video": {"narrowband": None}}),
        ({"video.narrowband": "", "video.narrowband.target": "95"}, {}),  # as the template; what is hidden is not sent
    ],
)
def test_in_a_job_only_what_differs_is_said(sent, said):
    base = {"container": {"format": "hls"}, "video": {"crf": 23.0, "crop": "auto"}, "encryption": {"method": "cbcs"}, "watermarks": [{}]}
    form = Changes(query(sent), base=base)
    assert form.is_valid(), form.errors
    assert form.said == said


def test_a_job_sees_what_the_template_says():
    form = Changes(base={"container": {"format": "mp4"}, "video": {"crf": 23.0, "codec": "h265"}, "watermarks": [{}]})
    assert form["video.crf"].field.widget.attrs["placeholder"] == "23"
    assert "as template: H.265" in str(form["video.codec"])
    assert "as template: 1" in str(form["watermarks"])


def test_what_the_template_says_can_be_left_out_and_is_shown_so_again():
    base = {"container": {"format": "mp4"}, "video": {"crf": 23.0, "max_fps": 60.0}, "audio": {"codec": "mp3"}}
    form = Changes(base=base, params={"video": {"max_fps": None}})
    boxes = [name for name in form.fields if name.endswith("--unsay")]
    assert boxes == ["video.crf--unsay", "video.max_fps--unsay", "audio.codec--unsay"]
    assert [form[name].value() for name in boxes] == [False, True, False]
    assert form.views["video.max_fps"].says
    assert not form.views["video.crf"].says


def test_what_no_worker_can_do_is_marked_with_the_reason():
    form = TemplateForm(marks={"codec=av1": "no worker has the encoder libsvtav1", "loudness": "no filter", "burn_stream": "not here", "crop=auto": "no"})
    assert "AV1 — no worker has the encoder libsvtav1" in str(form["video.codec"])
    assert "As given here — no filter" in str(form["audio.loudness"])
    assert form["subtitle.burn_stream"].help_text.endswith("not here)")
    assert "Automatic — no" in str(form["video.crop"])


def test_choices_carry_what_the_workers_that_are_up_lack(db):
    able = {"encoders": [*ENCODERS.values()], "filters": ["bwdif", "idet", "gblur", "delogo", "hqdn3d", "zscale", "tonemap", "cropdetect"], "programs": []}

    def node(name, seconds_ago=0, **capabilities):
        now = timezone.now()
        Node.objects.create(name=name, version="1", capabilities=capabilities, started_at=now, seen_at=now - dt.timedelta(seconds=seconds_ago))

    assert impossible() == {}  # nobody is up, nothing is known
    node("gone", 3600, **able)
    assert impossible() == {}
    node("plain", **able)
    fdkaac, packager = "no worker has the program fdkaac", "no worker has Shaka Packager"
    loudnorm, ass, pixelize = (f"no worker has the filter {name}" for name in ("loudnorm", "ass", "pixelize"))
    assert impossible() == {
        **{f"profile={name}": fdkaac for name in AAC_PROFILES},
        **dict.fromkeys(("format=dash", "format=cmaf", "method=cbcs", "method=cenc"), packager),
        "loudness": loudnorm,
        "burn": ass,
        "burn_stream": ass,
        "method=mosaic": pixelize,
    }
    form = TemplateForm(marks=impossible())
    reasons = {value: str(label).partition(" — ")[2] for name in ("container.format", "audio.profile") for value, label in form.fields[name].choices}
    assert reasons == {value: {**dict.fromkeys(AAC_PROFILES, fdkaac), "dash": packager, "cmaf": packager}.get(value, "") for value in reasons}
    node("other", encoders=[*ENCODERS.values()], filters=["ass", "loudnorm", "pixelize"], programs=["packager", "fdkaac"])
    assert impossible() == {}
    Node.objects.all().delete()
    node("old", encoders=["libx264"])  # tells no filters and programs: believed to have them
    assert set(impossible()) == {f"codec={codec}" for codec, encoder in ENCODERS.items() if encoder != "libx264"}


@pytest.mark.parametrize("count", ["-1", "99999", "x", "1e3", "\x00", "０"])
def test_rows_that_nobody_could_have_sent_do_no_harm(count):
    form = TemplateForm(query({"name": "x", "container.format": "mp4", "delogos.rows": count, f"delogos.{count}.dx": "1"}))
    form.is_valid()
    assert len(form.views["delogos"].rows) <= 1


def test_lists_have_an_end():
    form = TemplateForm(query({"name": "x", "container.format": "mp4", "watermarks.rows": [str(n) for n in range(90)]}))
    assert len(form.views["watermarks"].rows) == 20
    assert form.views["watermarks"].full
