"""The pages of the library: list, detail, edit, publish, remove, categories."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.engine.address import Address
from jobs.models import Job
from jobs.states import JobState
from media_assets import editing, indexing, services, storage
from media_assets.models import Category, Media, MediaFile, Tag
from tests.jobs.rows import waiting

INFO = {
    "format_name": "mov,mp4",
    "duration": 75.2,
    "bitrate_kbps": 900,
    "video": [{"index": 0, "codec": "h264", "width": 960, "height": 540, "fps": 29.97, "pixel_format": "yuv420p"}],
    "audio": [{"index": 1, "codec": "aac", "sample_rate": 44100, "channels": 2, "language": "eng"}],
}
CHANGES = ("media_edit", "media_publish", "media_remove")


def url(name, *args):
    return reverse(f"media:{name}", args=args)


@pytest.fixture
def talk(buckets):
    (buckets.input / "talks").mkdir()
    (buckets.input / "talks" / "one.mp4").write_bytes(b"source")
    media = services.remember(Address("input", "talks/one.mp4"), title="A talk")
    services.set_info(media, INFO)
    return media


@pytest.fixture
def rendition(talk, buckets):
    for name in ("one.m3u8", "one-0.ts", "one-1.ts"):
        (buckets.output / name).write_bytes(b"made")
    return services.record_rendition(talk.id, Address("output", "one.m3u8"), ["one-0.ts", "one-1.ts"], 12, INFO, "j" * 32, "o" * 32)


def test_it_sends_strangers_to_the_sign_in_page(client_of, talk):
    for address in (
        url("media_list"),
        url("category_list"),
        url("media_detail", talk.id),
        url("media_tab", talk.id, "jobs"),
        *(url(page, talk.id) for page in CHANGES),
    ):
        response = client_of(None).get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("console:login"))


def test_viewers_read_and_operators_change(client_of, dana, charlie, bob, talk):
    for page in ("media_list", "category_list"):
        assert client_of(dana).get(url(page)).status_code == 403
        assert client_of(charlie).get(url(page)).status_code == 200
    assert client_of(dana).get(url("media_detail", talk.id)).status_code == 403
    for page in CHANGES:
        assert client_of(charlie).get(url(page, talk.id)).status_code == 403
        assert client_of(charlie).post(url(page, talk.id), {"title": "x", "take": "nothing"}).status_code == 403
        assert client_of(bob).get(url(page, talk.id)).status_code == 200
    shown = client_of(charlie).get(url("media_detail", talk.id)).content.decode()
    assert url("media_edit", talk.id) not in shown
    talk.refresh_from_db()
    assert talk.title == "A talk"


def test_it_refuses_the_wrong_method(client_of, alice, talk):
    assert client_of(alice).post(url("media_list")).status_code == 405
    assert client_of(alice).post(url("media_detail", talk.id)).status_code == 405


def test_unknown_media_and_tabs_are_not_found(client_of, alice, talk):
    client = client_of(alice)
    assert client.get(url("media_detail", "nothing")).status_code == 404
    assert client.get("/console/media/a%00b/").status_code == 404
    assert client.get(url("media_list"), {"q": "a\x00b", "tag": "\x00", "category": "\x00"}).status_code == 200
    assert client.get(url("media_tab", talk.id, "nothing")).status_code == 404
    for page in CHANGES:
        assert client.get(url(page, "nothing")).status_code == 404


# --- list ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def library(buckets):
    lectures = Category.objects.create(name="Lectures")
    physics = Category.objects.create(name="Physics", parent=lectures)
    rows = {}
    for key, title, description, tags, category in (
        ("a/optics.mp4", "Light", "on lenses", ["school"], physics),
        ("b/管道视频.mov", "双十一直播", "", ["shop", "live"], None),
        ("c/plain.wav", "", "", [], lectures),
    ):
        media = services.remember(Address("input", key))
        rows[key] = editing.describe(media, title=title or key, description=description, tags=tags, category=category)
    return rows


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"q": "light"}, {"a/optics.mp4"}),
        ({"q": "lenses"}, {"a/optics.mp4"}),
        ({"q": "school"}, {"a/optics.mp4"}),
        ({"q": "physics"}, {"a/optics.mp4"}),
        ({"q": "optics"}, {"a/optics.mp4"}),
        ({"q": "直播"}, {"b/管道视频.mov"}),
        ({"q": "管道"}, {"b/管道视频.mov"}),
        ({"q": "light shop"}, {"a/optics.mp4", "b/管道视频.mov"}),
        ({"q": "light shop", "match": "all"}, set()),
        ({"q": "live shop", "match": "all"}, {"b/管道视频.mov"}),
        ({"tag": "live"}, {"b/管道视频.mov"}),
        ({"state": "published"}, set()),
        ({"q": "%"}, set()),
        ({}, {"a/optics.mp4", "b/管道视频.mov", "c/plain.wav"}),
    ],
)
def test_search_and_filters(client_of, charlie, library, query, keys):
    response = client_of(charlie).get(url("media_list"), query)
    assert {media.key for media in response.context["page"].items} == keys


def test_a_category_holds_what_is_below_it(client_of, charlie, library):
    lectures, physics = Category.objects.get(name="Lectures"), Category.objects.get(name="Physics")
    client = client_of(charlie)
    assert {m.key for m in client.get(url("media_list"), {"category": lectures.pk}).context["page"].items} == {"a/optics.mp4", "c/plain.wav"}
    assert {m.key for m in client.get(url("media_list"), {"category": physics.pk}).context["page"].items} == {"a/optics.mp4"}


def test_duration_dates_and_failed_jobs(client_of, charlie, library, pipeline):
    client = client_of(charlie)
    optics = library["a/optics.mp4"]
    services.set_info(optics, INFO)
    assert [m.key for m in client.get(url("media_list"), {"duration": "10m"}).context["page"].items] == ["a/optics.mp4"]
    assert not client.get(url("media_list"), {"duration": "1m"}).context["page"].items
    Media.objects.filter(pk=optics.pk).update(created_at=timezone.now() - dt.timedelta(days=9))
    indexing.refresh([optics.pk])
    old = (timezone.localtime() - dt.timedelta(days=8)).date().isoformat()
    assert [m.key for m in client.get(url("media_list"), {"until": old}).context["page"].items] == ["a/optics.mp4"]
    assert "a/optics.mp4" not in [m.key for m in client.get(url("media_list"), {"since": old}).context["page"].items]
    Job.objects.filter(pk=waiting(pipeline).job_id).update(state=JobState.FAILED, media_id=optics.id, finished_at=timezone.now())
    assert [m.key for m in client.get(url("media_list"), {"failed": "1"}).context["page"].items] == ["a/optics.mp4"]


def test_filters_stay_in_the_form_and_show_as_chips(client_of, charlie, library):
    response = client_of(charlie).get(url("media_list"), {"q": "nothing at all", "state": "published", "view": "grid"})
    page = response.content.decode()
    assert "No media match these filters." in page
    assert 'value="nothing at all"' in page
    assert [chip["value"] for chip in response.context["chips"]] == ["nothing at all", "Published"]
    assert response.context["chips"][0]["url"] == "?state=published&view=grid"


def test_broken_values_ask_nothing(client_of, charlie, library):
    query = {"category": "x", "state": "nope", "since": "yesterday", "sort": "'; drop", "after": "rubbish", "size": "1e9", "duration": "?"}
    response = client_of(charlie).get(url("media_list"), query)
    assert response.status_code == 200
    assert len(response.context["page"].items) == 3


def test_paging_keeps_filters_and_order(client_of, charlie, buckets):
    for number in range(30):
        services.remember(Address("input", f"clip {number:02}.mp4"))
    client = client_of(charlie)
    first = client.get(url("media_list"), {"q": "clip", "sort": "title"})
    assert [m.title for m in first.context["page"].items] == [f"clip {n:02}.mp4" for n in range(25)]
    second = client.get(url("media_list"), {"q": "clip", "sort": "title", "after": first.context["page"].next})
    assert [m.title for m in second.context["page"].items] == [f"clip {n:02}.mp4" for n in range(25, 30)]
    assert "q=clip" in first.content.decode()


def test_the_list_takes_a_fixed_number_of_queries(client_of, charlie, buckets, django_assert_max_num_queries):
    client = client_of(charlie)
    client.get(url("media_list"))
    for number in range(40):
        media = services.remember(Address("input", f"clip {number}.mp4"))
        editing.describe(media, title="x", description="", tags=["a", "b"], category=None)
    with django_assert_max_num_queries(20):
        client.get(url("media_list"), {"size": "50"})
    with django_assert_max_num_queries(20):
        client.get(url("media_list"), {"size": "50", "view": "grid"})


def test_first_use_invites_to_upload(client_of, bob, charlie, buckets):
    assert url("upload") in client_of(bob).get(url("media_list")).content.decode()
    page = client_of(charlie).get(url("media_list")).content.decode()
    assert "No media yet." in page
    assert f'c-button--primary" href="{url("upload")}"' not in page


def test_the_fragment_for_htmx_is_only_the_results(client_of, charlie, library):
    response = client_of(charlie).get(url("media_list"), headers={"HX-Request": "true", "HX-Target": "results"})
    text = response.content.decode()
    assert "<html" not in text
    assert 'id="results"' in text
    assert "HX-Request" in response.headers["Vary"]


# --- detail -------------------------------------------------------------------------------------------------------------
def test_detail_shows_streams_and_what_was_made(client_of, charlie, talk, rendition):
    client = client_of(charlie)
    page = client.get(url("media_detail", talk.id)).content.decode()
    assert "960 × 540" in page
    assert "1:15" in page
    assert reverse("objects", args=["output", "one.m3u8"]) in page
    outputs = client.get(url("media_tab", talk.id, "outputs")).content.decode()
    assert "H.264 + AAC" in outputs
    assert "2 more objects" in outputs
    files = client.get(url("media_tab", talk.id, "files")).content.decode()
    assert "oss://input/talks/one.mp4" in files
    assert "oss://output/one.m3u8" in files


def test_the_source_plays_where_nothing_was_made(client_of, charlie, talk):
    page = client_of(charlie).get(url("media_detail", talk.id)).content.decode()
    assert reverse("objects", args=["input", "talks/one.mp4"]) in page


def test_jobs_of_the_media_are_listed(client_of, charlie, talk, pipeline):
    job = waiting(pipeline).job
    Job.objects.filter(pk=job.pk).update(media_id=talk.id)
    waiting(pipeline)
    page = client_of(charlie).get(url("media_tab", talk.id, "jobs"))
    assert [row.id for row in page.context["jobs"]] == [job.id]
    assert job.id in page.content.decode()


def test_hostile_names_are_only_text(client_of, charlie, bob, buckets):
    key = "<script>alert(1)</script> \"quoted\" 'x' & 視頻 😀%d.mp4"
    (buckets.input / "x").write_bytes(b"x")
    media = services.remember(Address("input", key.replace("/", "_")))
    for client in (client_of(charlie), client_of(bob)):
        for address in (url("media_list"), url("media_list") + "?view=grid", url("media_detail", media.id), url("media_tab", media.id, "files")):
            page = client.get(address).content.decode()
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert" in page


# --- edit and publish ---------------------------------------------------------------------------------------------------
def test_it_edits(client_of, bob, talk):
    category = Category.objects.create(name="Talks")
    back = url("media_list") + "?q=talk"
    sent = {"title": " A  better talk ", "description": "two\nlines", "tags": "physics, 光学，light", "category": category.pk, "next": back}
    response = client_of(bob).post(url("media_edit", talk.id), sent)
    assert response.url == back
    talk.refresh_from_db()
    assert (talk.title, talk.description, talk.category) == ("A better talk", "two\nlines", category)
    assert set(talk.tags.values_list("name", flat=True)) == {"physics", "光学", "light"}


def test_tags_nobody_carries_go_away(client_of, bob, talk):
    client_of(bob).post(url("media_edit", talk.id), {"title": "x", "tags": "a, b"})
    client_of(bob).post(url("media_edit", talk.id), {"title": "x", "tags": "b"})
    assert set(Tag.objects.values_list("name", flat=True)) == {"b"}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "题" * 43, "129 of 128 bytes."),
        ("description", "x" * 1025, "1025 of 1024 bytes."),
        ("tags", ",".join(f"t{n}" for n in range(17)), "17 tags; at most 16 are allowed."),
        ("tags", "x" * 33, "has 33 of 32 bytes"),
        ("category", "999", "Select a valid choice"),
        ("title", "a\x07b", "Control characters"),
    ],
)
def test_limits_are_told_at_the_field_and_values_are_kept(client_of, bob, talk, field, value, words):
    response = client_of(bob).post(url("media_edit", talk.id), {"title": "kept", "description": "kept too"} | {field: value})
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    assert response.context["form"]["description"].value() == (value if field == "description" else "kept too")
    talk.refresh_from_db()
    assert talk.title == "A talk"


def test_publish_and_make_private(client_of, bob, talk):
    client = client_of(bob)
    assert 'value="published"' in client.get(url("media_publish", talk.id)).content.decode()
    assert client.post(url("media_publish", talk.id), {"state": "published"}).url == url("media_detail", talk.id)
    talk.refresh_from_db()
    assert talk.state == "published"
    client.post(url("media_publish", talk.id), {"state": "published"})
    talk.refresh_from_db()
    assert talk.state == "published", "sent twice, it does not flip back"
    client.post(url("media_publish", talk.id))
    talk.refresh_from_db()
    assert talk.state == "unpublished"
    assert client.post(url("media_publish", talk.id), {"state": "secret"}).status_code == 422


# --- remove -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("take", "source_stays", "outputs_stay"), [("nothing", True, True), ("outputs", True, False), ("all", False, False)])
def test_remove_takes_what_was_chosen(client_of, alice, talk, rendition, buckets, take, source_stays, outputs_stay):
    response = client_of(alice).post(url("media_remove", talk.id), {"take": take})
    assert response.url == url("media_list")
    storage.sweep_discards(timezone.now())
    assert not Media.objects.exists()
    assert not MediaFile.objects.exists()
    assert (buckets.input / "talks" / "one.mp4").exists() == source_stays
    assert [(buckets.output / name).exists() for name in ("one.m3u8", "one-0.ts", "one-1.ts")] == [outputs_stay] * 3


def test_a_file_that_another_media_uses_stays(client_of, alice, talk, rendition, buckets):
    services.remember(Address("output", "one.m3u8"))
    client_of(alice).post(url("media_remove", talk.id), {"take": "all"})
    storage.sweep_discards(timezone.now())
    assert (buckets.output / "one.m3u8").exists()


def test_operators_remove_but_delete_no_files(client_of, bob, talk, rendition, buckets):
    client = client_of(bob)
    assert 'value="all"' not in client.get(url("media_remove", talk.id)).content.decode()
    assert client.post(url("media_remove", talk.id), {"take": "all"}).status_code == 422
    assert Media.objects.exists()
    assert client.post(url("media_remove", talk.id), {"take": "nothing"}).status_code == 302
    assert not Media.objects.exists()
    assert (buckets.input / "talks" / "one.mp4").exists()


def test_remove_waits_for_its_jobs(client_of, alice, talk, pipeline):
    Job.objects.filter(pk=waiting(pipeline).job_id).update(media_id=talk.id)
    client = client_of(alice)
    assert "1 job still works on it." in client.get(url("media_remove", talk.id)).content.decode()
    assert client.post(url("media_remove", talk.id), {"take": "nothing"}).status_code == 422
    assert Media.objects.exists()


def test_remove_tells_sizes(client_of, alice, talk, rendition):
    page = client_of(alice).get(url("media_remove", talk.id)).content.decode()
    assert "12 B" in page
    assert "6 B" in page


# --- categories ---------------------------------------------------------------------------------------------------------
def test_categories_are_made_renamed_and_moved(client_of, bob, db):
    client = client_of(bob)
    assert client.post(url("category_list"), {"name": "Courses"}).status_code == 302
    courses = Category.objects.get()
    client.post(url("category_list"), {"name": "Physics", "parent": courses.pk})
    physics = Category.objects.get(name="Physics")
    assert physics.parent == courses
    client.post(url("category_edit", physics.pk), {"name": "Optics", "parent": ""})
    physics.refresh_from_db()
    assert (physics.name, physics.parent) == ("Optics", None)
    page = client.get(url("category_list")).content.decode()
    assert "Optics" in page


def test_three_levels_at_most(client_of, bob, db):
    parent = None
    for name in ("one", "two", "three"):
        parent = Category.objects.create(name=name, parent=parent)
    response = client_of(bob).post(url("category_list"), {"name": "four", "parent": parent.pk})
    assert response.status_code == 422
    assert "Three levels at most." in response.content.decode()
    top = Category.objects.create(name="top")
    one = Category.objects.get(name="one")
    moved = client_of(bob).post(url("category_edit", one.pk), {"name": "one", "parent": top.pk})
    assert moved.status_code == 422, "its branch would be four levels deep"
    loop = client_of(bob).post(url("category_edit", one.pk), {"name": "one", "parent": parent.pk})
    assert "A category cannot be moved into itself." in loop.content.decode()


def test_names_beside_each_other_differ(client_of, bob, db):
    Category.objects.create(name="Courses")
    response = client_of(bob).post(url("category_list"), {"name": "Courses"})
    assert response.status_code == 422
    assert "There is a category named Courses here already." in response.content.decode()
    assert client_of(bob).post(url("category_list"), {"name": "类" * 22}).status_code == 422


def test_delete_asks_where_the_media_go(client_of, alice, bob, talk):
    first, second = Category.objects.create(name="first"), Category.objects.create(name="second")
    below = Category.objects.create(name="below", parent=first)
    Media.objects.update(category=first)
    assert client_of(bob).post(url("category_delete", first.pk), {}).status_code == 403
    assert "1 media is in it." in client_of(alice).get(url("category_delete", first.pk)).content.decode()
    assert client_of(alice).post(url("category_delete", first.pk), {"move_to": second.pk}).status_code == 302
    talk.refresh_from_db()
    below.refresh_from_db()
    assert (talk.category, below.parent) == (second, None)
    client_of(alice).post(url("category_delete", second.pk), {"move_to": ""})
    talk.refresh_from_db()
    assert talk.category is None


def test_viewers_cannot_make_categories(client_of, charlie, db):
    assert client_of(charlie).post(url("category_list"), {"name": "x"}).status_code == 403
    assert 'name="name"' not in client_of(charlie).get(url("category_list")).content.decode()
    assert not Category.objects.exists()


def test_library_searches_do_not_join_their_way_into_doubles(client_of, charlie, library):
    """A media with two tags that both match is one row."""
    rows = client_of(charlie).get(url("media_list"), {"q": "shop live"}).context["page"].items
    assert len(rows) == 1
