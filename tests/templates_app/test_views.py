"""The pages of transcoding templates, as each role sees and uses them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from jobs.models import Output
from templates_app import services
from templates_app.models import Template
from tests.html import sent_by
from tests.jobs.rows import waiting

GOOD = {
    "name": "My phones",
    "description": "small",
    "container.format": "mp4",
    "video.codec": "h264",
    "video.crf": "26",
    "video.short_side": "540",
    "audio.codec": "aac",
    "audio.bitrate_kbps": "96",
    "audio.sample_rate": "44100",
    "mux.faststart": "yes",
    "conditions.if_smaller": "keep",
    "conditions.if_lower_video_bitrate": "convert",
    "conditions.if_lower_audio_bitrate": "convert",
    "conditions.if_lower_fps": "keep",
}
ADMIN_PAGES = ("template_edit", "template_duplicate", "template_delete")


def url(name, *args):
    return reverse(f"templates:{name}", args=args)


@pytest.fixture
def own(presets):
    return services.create("Own", {"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": 23.0, "width": 1280}, "audio": {"codec": "aac"}})


@pytest.fixture
def preset(presets):
    return Template.objects.get(name="hls-ladder")


def test_it_sends_strangers_to_the_sign_in_page(client_of, own):
    for address in (url("template_list"), url("template_create"), url("template_detail", own.id), *(url(page, own.id) for page in ADMIN_PAGES)):
        response = client_of(None).get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("console:login"))
    assert client_of(None).post(url("template_preview"), GOOD).status_code == 302


@pytest.mark.parametrize("person", ["dana", "charlie", "bob"])
def test_only_admins_change_templates(request, client_of, own, person):
    client = client_of(request.getfixturevalue(person))
    assert client.get(url("template_list")).status_code == (403 if person == "dana" else 200)
    assert client.get(url("template_detail", own.id)).status_code == (403 if person == "dana" else 200)
    for page in ADMIN_PAGES:
        assert client.get(url(page, own.id)).status_code == 403
        assert client.post(url(page, own.id), GOOD).status_code == 403
    assert client.post(url("template_create"), GOOD).status_code == 403
    assert not Template.objects.filter(name="My phones").exists()


def test_it_refuses_the_wrong_method(client_of, alice, own):
    assert client_of(alice).post(url("template_list")).status_code == 405
    assert client_of(alice).post(url("template_detail", own.id)).status_code == 405
    assert client_of(alice).get(url("template_preview")).status_code == 405


def test_the_list_has_tabs_and_numbers(client_of, charlie, own):
    client = client_of(charlie)
    page = client.get(url("template_list")).content.decode()
    assert "Own" in page
    assert "CRF\u00a023" in page
    assert "1280\u00a0px\u00a0wide" in page, "a side that is not said does not look cut off"
    assert "Updated" in page
    assert "Updated" not in client.get(url("template_list"), {"kind": "static"}).content.decode(), "when presets were loaded tells nobody anything"
    static = client.get(url("template_list"), {"kind": "static", "size": "100"})
    assert "hls-ladder" in static.content.decode()
    assert own not in [row["template"] for row in static.context["rows"]]
    assert {key: number for key, _label, number in static.context["tabs"]}["custom"] == 1


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"container": "hls"}, lambda t: t.current.params["container"]["format"] == "hls"),
        ({"codec": "h265"}, lambda t: (t.current.params.get("video") or {}).get("codec") == "h265"),
        ({"q": "MP3"}, lambda t: "mp3" in (t.name + t.description + t.id).lower()),
    ],
)
def test_filters_leave_what_matches(client_of, charlie, presets, query, holds):
    rows = [row["template"] for row in client_of(charlie).get(url("template_list"), {"kind": "static", "size": "100", **query}).context["rows"]]
    assert rows
    assert all(holds(row) for row in rows)


def test_definition_follows_width_or_short_side(client_of, charlie, presets):
    rows = client_of(charlie).get(url("template_list"), {"kind": "static", "size": "100", "definition": "FHD"}).context["rows"]
    assert "mp4-h264-1080p" in [row["template"].name for row in rows]
    assert "mp4-h264-540p" not in [row["template"].name for row in rows]


def test_used_or_not(client_of, charlie, own, pipeline):
    _use(own, pipeline)
    client = client_of(charlie)
    used = client.get(url("template_list"), {"kind": "custom", "used": "yes"}).context["rows"]
    assert [(row["template"], row["use"].outputs) for row in used] == [(own, 1)]
    assert not client.get(url("template_list"), {"kind": "custom", "used": "no"}).context["rows"]


def test_a_broken_cursor_shows_the_first_page(client_of, charlie, presets):
    assert client_of(charlie).get(url("template_list"), {"kind": "static", "after": "rubbish"}).status_code == 200


def test_no_match_is_not_first_use(client_of, charlie, presets):
    client = client_of(charlie)
    assert "No template matches these filters." in client.get(url("template_list"), {"kind": "custom", "q": "zzz"}).content.decode()
    assert "No template of your own yet." in client.get(url("template_list"), {"kind": "custom"}).content.decode()


def test_detail_tells_parameters_size_and_versions(client_of, charlie, own, preset):
    page = client_of(charlie).get(url("template_detail", own.id)).content.decode()
    assert "MP4 · H.264 · 1280\u00a0px\u00a0wide" in page
    assert "Size per minute" in page
    assert "MB" in page
    assert "Version 1" in page
    ladder = client_of(charlie).get(url("template_detail", preset.id)).content.decode()
    assert "Rungs of the ladder" in ladder
    assert "720p" in ladder


@pytest.mark.parametrize("name", ["hls-ladder", "mp4-h264-540p", "MP4-HD", "MP3-128", "gif-480p", "MP4-COPY"])
def test_the_editor_gives_back_what_it_was_given(client_of, alice, presets, name):
    row = Template.objects.get(name=name)
    sent = sent_by(client_of(alice).get(url("template_duplicate", row.id)).content.decode())
    assert client_of(alice).post(url("template_duplicate", row.id), sent).status_code == 302
    made = Template.objects.get(name=f"{name} copy")
    assert made.current.params == row.current.params


def test_sliders_are_beside_numbers_and_say_nothing_themselves(client_of, alice, presets):
    page = client_of(alice).get(url("template_create")).content.decode()
    slider = next(tag for tag in re.findall(r"<input [^>]*>", page) if 'type="range"' in tag)
    assert 'data-slider="id_video.crf"' in slider
    assert 'aria-label="CRF"' in slider
    assert " name=" not in slider
    assert not re.search(r"<[^>]+ style=", page)
    assert page.count("data-swap") == 1, "of the size; a ladder's rungs bring their own"


def test_every_way_to_fit_has_its_picture(client_of, alice, own):
    page = client_of(alice).get(url("template_edit", own.id)).content.decode()
    ways = re.findall(r'<input type="radio" name="video.scale_type" value="([^"]*)"([^>]*)>', page)
    assert [way for way, _rest in ways] == ["", "fit", "stretch", "crop", "fill"]
    assert [way for way, rest in ways if "checked" in rest] == [""]
    pictures = re.findall(r"icons[^\"]*\.svg#(scale_type-\w+)", page)
    assert pictures == [f"scale_type-{way}" for way, _rest in ways if way]
    drawn = Path(str(finders.find("console/icons.svg"))).read_text(encoding="utf-8")
    for name in pictures:
        assert f'<symbol id="{name}"' in drawn
    client_of(alice).post(url("template_edit", own.id), sent_by(page) | {"video.height": "720", "video.scale_type": "fill"})
    own.refresh_from_db()
    assert own.current.params["video"]["scale_type"] == "fill"
    again = client_of(alice).get(url("template_edit", own.id)).content.decode()
    assert sent_by(again)["video.scale_type"] == "fill"


def test_it_creates(client_of, alice, presets):
    response = client_of(alice).post(url("template_create"), GOOD)
    made = Template.objects.get(name="My phones")
    assert response.url == url("template_detail", made.id)
    assert (made.kind, made.description) == ("custom", "small")
    params = made.current.params
    assert params["video"] == {"codec": "h264", "crf": 26.0, "short_side": 540}
    assert params["audio"] == {"codec": "aac", "bitrate_kbps": 96, "sample_rate": 44100}
    assert "conditions" not in params  # only what was said: defaults follow


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"container.format": "flv", "video.codec": "h265"}, "video.codec", "FLV cannot hold H.265."),
        (
            {"container.format": "mp3", "video.codec": "", "video.crf": "", "video.short_side": "", "audio.codec": "mp3", "audio.sample_rate": "96000"},
            "audio.sample_rate",
            "MP3 cannot use 96",
        ),
        ({"video.bitrate_kbps": "900"}, "video.crf", "Give CRF or bitrate, not both."),
        ({"video.short_side": "", "video.width": "641", "video.height": "360"}, "video.width", "even"),
        ({"container.format": "hls", "mux.segment_seconds": "61"}, "mux.segment_seconds", "60"),
        ({"video.crf": "64"}, "video.crf", "63"),
        ({"video.remove": "on", "audio.remove": "on"}, "audio.remove", "keep one"),
        ({"name": "-x"}, "name", "Start the name with a letter or a digit."),
        ({"name": "hls-ladder"}, "name", "Already used by template"),
        ({"name": "模" * 43}, "name", "129 of 128 bytes."),
        ({"name": ""}, "name", "required"),
    ],
)
def test_mistakes_stand_at_their_fields_and_values_are_kept(client_of, alice, presets, change, field, words):
    response = client_of(alice).post(url("template_create"), GOOD | change)
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    page = response.content.decode()
    assert 'value="small"' in page
    assert "data-error-summary" in page
    assert not Template.objects.filter(description="small").exists()


def test_a_wrong_name_and_a_wrong_combination_are_told_together(client_of, alice, presets):
    response = client_of(alice).post(url("template_create"), GOOD | {"name": "hls-ladder", "video.bitrate_kbps": "900"})
    assert {"name", "video.crf"} <= set(response.context["form"].errors)


def test_a_ladder_can_be_made_and_its_mistakes_have_places(client_of, alice, presets):
    hls = GOOD | {"container.format": "hls", "video.short_side": "", "video.crf": "23"}
    hls |= {
        "ladder.0.name": "540p",
        "ladder.0.video.short_side": "540",
        "ladder.0.video.maxrate_kbps": "1500",
        "ladder.1.name": "540p",
        "ladder.1.video.short_side": "360",
    }
    wrong = client_of(alice).post(url("template_create"), hls)
    assert wrong.status_code == 422
    assert "Two rungs are named «540p»." in wrong.context["form"].errors["ladder.1.name"]
    assert client_of(alice).post(url("template_create"), hls | {"ladder.1.name": "360p", "ladder.1.audio.bitrate_kbps": "64"}).status_code == 302
    ladder = Template.objects.get(name="My phones").current.params["ladder"]
    assert [(rung["name"], rung["video"]["short_side"]) for rung in ladder] == [("540p", 540), ("360p", 360)]
    assert ladder[1]["audio"]["bitrate_kbps"] == 64


def test_duplicate_opens_a_filled_form_and_makes_a_custom_template(client_of, alice, preset):
    client = client_of(alice)
    form = client.get(url("template_duplicate", preset.id)).context["form"]
    assert form["name"].value() == "hls-ladder copy"
    assert form["container.format"].value() == "hls"
    assert form["ladder.0.name"].value()
    assert client.post(url("template_duplicate", preset.id), GOOD).status_code == 302
    assert Template.objects.get(name="My phones").kind == "custom"


def test_edit_makes_a_new_version_and_old_jobs_keep_theirs(client_of, alice, own, pipeline):
    output = _use(own, pipeline)
    before = own.current_id
    client = client_of(alice)
    assert "1 job that waits or runs keeps the version" in client.get(url("template_edit", own.id)).content.decode()
    assert client.post(url("template_edit", own.id), GOOD | {"name": "Own"}).status_code == 302
    own.refresh_from_db()
    assert own.current.number == 2
    assert own.current.params["video"]["crf"] == 26.0
    output.refresh_from_db()
    assert output.template_id == before


def test_presets_cannot_be_edited_or_deleted(client_of, alice, preset):
    client = client_of(alice)
    for page in ("template_edit", "template_delete"):
        assert client.get(url(page, preset.id)).status_code == 403
        assert client.post(url(page, preset.id), GOOD).status_code == 403
    shown = client.get(url("template_detail", preset.id)).content.decode()
    assert url("template_edit", preset.id) not in shown
    assert url("template_duplicate", preset.id) in shown
    preset.refresh_from_db()
    assert preset.current.number == 1


def test_delete_tells_who_uses_it_and_hides_it(client_of, alice, own, pipeline):
    _use(own, pipeline)
    client = client_of(alice)
    assert "1 job that waits or runs uses it" in client.get(url("template_delete", own.id)).content.decode()
    assert client.post(url("template_delete", own.id)).url == url("template_list")
    own.refresh_from_db()
    assert own.deleted_at
    assert "This template was deleted." in client.get(url("template_detail", own.id)).content.decode()
    assert client.get(url("template_edit", own.id)).status_code == 403


def test_unknown_templates_are_not_found(client_of, alice, presets):
    for page in ("template_detail", *ADMIN_PAGES):
        assert client_of(alice).get(url(page, "nothing")).status_code == 404
        assert client_of(alice).get(url(page, "a\x00b")).status_code == 404


def test_the_preview_says_what_the_form_gives_and_saves_nothing(client_of, alice, presets):
    client = client_of(alice)
    good = client.post(url("template_preview"), GOOD).content.decode()
    assert "MP4 · H.264 · 540p · CRF\u00a026 · AAC 96\u00a0kbit/s" in good
    assert "MB" in good
    bad = client.post(url("template_preview"), GOOD | {"video.bitrate_kbps": "900"}).content.decode()
    assert "Give CRF or bitrate, not both." in bad
    assert client.post(url("template_preview"), {"container.format": "xyz"}).status_code == 200
    assert not Template.objects.filter(name="My phones").exists()


def _use(template, pipeline):
    """A queued job with one output of this template."""
    output = waiting(pipeline, outputs=1).job.outputs.get()
    Output.objects.filter(pk=output.pk).update(template=template.current)
    output.refresh_from_db()
    return output


def test_the_summary_says_what_numbers_mean(client_of, alice, presets):
    sent = {"container.format": "hls", "video.gop": "250", "video.short_side": "720", "video.bitrate_kbps": "200"}
    client = client_of(alice)
    text = client.post("/console/templates/transcode/preview/", sent).content.decode()
    assert "250 frames between key frames are 10 s at 25 frames per second." in text
    assert "200 is unusual." in text


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "audio", "container.format": "mxf"}, "container.format"),
        ({"container.format": "srt", "subtitle.streams": "0, 1"}, "subtitle.streams"),
        ({"container.format": "srt", "subtitle.files.rows": ["0", "1"], **{f"subtitle.files.{n}.address": "oss://input/a.srt" for n in (0, 1)}}, "subtitle.files.0.address"),
        (
            {"container.format": "srt", "subtitle.files.rows": "0", "subtitle.files.0.address": "oss://input/a.srt", "subtitle.files.0.burn": "on"},
            "subtitle.files.0.burn",
        ),
    ],
)  # fmt: skip
def test_mistakes_stand_at_fields_that_are_shown(client_of, alice, presets, sent, field):
    """Not at a box that this container or this kind hides."""
    response = client_of(alice).post(url("template_create"), {"name": "Wrong", **sent})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}


@pytest.mark.parametrize("sent", [{"ladder.0.video.codec": "copy"}, {"ladder.0.video.remove": "on"}])
def test_what_is_wrong_behind_more_is_not_folded_away(client_of, alice, presets, sent):
    values = {"name": "Wrong", "container.format": "hls", "ladder.rows": "0", "ladder.0.name": "a", **sent}
    page = client_of(alice).post(url("template_create"), values).content.decode()
    wrong = re.search(rf'id="id_{re.escape(next(iter(sent)))}_error"', page)
    assert wrong is not None
    assert page.rindex("<details", 0, wrong.start()) == page.rindex('<details class="p-tree__more" open>', 0, wrong.start())
