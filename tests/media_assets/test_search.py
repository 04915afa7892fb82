"""Search of the library: what is found by which words, that the search rows follow every change, and that no text is missed by its bits."""

from __future__ import annotations

import random

import pytest

from jobs.engine.address import Address
from media_assets import editing, indexing, library, services
from media_assets.grams import fold, signature
from media_assets.library import MediaFilter
from media_assets.models import Category, Media, MediaEntry

ALPHABET = "abcXYZ01._- %_'\\é管道视频双十ﬁＡ🎬"


def found(q="", **more):
    return {row.media.key for row in library.entries(MediaFilter(q=q, **more)).select_related("media")}


@pytest.fixture
def shelf(buckets):
    lectures = editing.create_category("Lectures", None)
    optics = editing.create_category("Optics", lectures)
    for key, title, description, tags, category in (
        ("films/Harbour_2024-cut.mp4", "The Harbour at Night", "A long take.\nRain 100%", ["night", "夜景"], None),
        ("讲座/光学入门.mov", "光学入门 第一讲", "", ["school"], optics),
        ("plain.wav", "Ｆｕｌｌ width", "", [], lectures),
    ):
        media = services.remember(Address("input", key))
        editing.describe(media, title=title, description=description, tags=tags, category=category)
    return {media.key: media for media in Media.objects.all()}


HARBOUR, OPTICS, PLAIN = "films/Harbour_2024-cut.mp4", "讲座/光学入门.mov", "plain.wav"


@pytest.mark.parametrize(
    ("q", "keys"),
    [
        ("harbour", {HARBOUR}),
        ("ARBOU", {HARBOUR}),
        ("2024-cut", {HARBOUR}),
        ("r_2", {HARBOUR}),
        ("100%", {HARBOUR}),
        ("r%2", set()),
        ("夜景", {HARBOUR}),
        ("光", {OPTICS}),
        ("学入", {OPTICS}),
        ("第二讲", set()),
        ("讲座", {OPTICS}),
        ("full", {PLAIN}),
        ("ｆull", {PLAIN}),
        ("lectures", {OPTICS, PLAIN}),
        ("optics", {OPTICS}),
        ("p", {HARBOUR, OPTICS, PLAIN}),
        ("night school", {HARBOUR, OPTICS}),
        ("rain　光学", {HARBOUR, OPTICS}),
        ("'", set()),
        ("\\", set()),
    ],
)
def test_any_word(shelf, q, keys):
    assert found(q) == keys


def test_all_words(shelf):
    assert found("night harbour 夜", match="all") == {HARBOUR}
    assert found("night school", match="all") == set()
    assert found("lectures 光", match="all") == {OPTICS}


def test_an_id_and_its_beginning(shelf):
    media = shelf[PLAIN]
    assert found(media.pk) == {PLAIN}
    assert found(media.pk[:8].upper()) == {PLAIN}
    assert found(media.pk[:7] + "zz") == set()


def test_words_beyond_what_is_looked_at(shelf):
    assert found(" ".join(["nothing"] * library.WORDS) + " harbour") == set()


def test_the_search_rows_follow(shelf):
    media = shelf[HARBOUR]
    editing.describe(media, title="Quay", description="", tags=["dock"], category=None)
    assert found("rain") == found("night") == set()
    assert found("quay") == found("dock") == {HARBOUR}
    editing.describe(media, title="Quay", description="", tags=["pier"], category=None)
    assert found("dock") == set()
    assert found("pier") == {HARBOUR}
    editing.set_state(media, "published")
    services.set_info(media, {"duration": 61.0})
    assert found(state="published") == found(length="10m") == {HARBOUR}
    editing.remove(media, editing.Take.NOTHING)
    assert found("quay") == set()
    assert MediaEntry.objects.count() == Media.objects.count() == 2


def test_categories_that_change(shelf):
    lectures, optics = Category.objects.get(name="Lectures"), Category.objects.get(name="Optics")
    editing.change_category(optics, "Light", None)
    assert found("light") == {OPTICS}
    assert found("lectures") == {PLAIN}
    assert editing.delete_category(optics, lectures) == 1
    assert found("lectures") == found(category=lectures) == {OPTICS, PLAIN}
    editing.delete_category(lectures, None)
    assert found("lectures") == set()
    assert set(MediaEntry.objects.values_list("category", flat=True)) == {None}


def test_a_refused_change_changes_no_search_row(shelf, monkeypatch):
    monkeypatch.setattr(indexing, "signature", lambda _texts: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        editing.describe(shelf[HARBOUR], title="Quay", description="", tags=["dock"], category=None)
    assert found("harbour night", match="all") == {HARBOUR}
    assert Media.objects.get(pk=shelf[HARBOUR].pk).title == "The Harbour at Night"


def test_facets(shelf):
    services.set_info(shelf[HARBOUR], {"duration": 5.0})
    counts = library.facets(library.entries(MediaFilter()))
    assert (counts.number, counts.more) == (3, False)
    assert {(category.name, number) for category, number in counts.categories} == {("Lectures", 1), ("Optics", 1)}
    assert {(tag.name, number) for tag, number in counts.tags} == {("night", 1), ("夜景", 1), ("school", 1)}
    assert counts.states == [("unpublished", 3)]
    assert counts.lengths == [("1m", 1)]
    counts = library.facets(library.entries(MediaFilter(q="光")))
    assert [(category.name, number) for category, number in counts.categories] == [("Optics", 1)]


def test_facets_of_very_many(shelf, monkeypatch):
    monkeypatch.setattr(library, "COUNTED", 2)
    counts = library.facets(library.entries(MediaFilter()))
    assert (counts.number, counts.more) == (2, True)


@pytest.mark.parametrize("counted", [1, 5000])
@pytest.mark.parametrize("sort", ["-created", "title"])
def test_the_page_and_its_counts_are_of_the_same_search(shelf, monkeypatch, counted, sort):
    monkeypatch.setattr(library, "COUNTED", counted)
    for wanted in (MediaFilter(q="a", sort=sort), MediaFilter(q="a 光", match="all", sort=sort), MediaFilter(q="光 width", sort=sort), MediaFilter(sort=sort)):
        rows, counts = library.searched(wanted)
        assert [row.media_id for row in rows] == [row.media_id for row in library.entries(wanted)]
        assert counts.more == (rows.count() > counted)


@pytest.mark.parametrize(("seconds", "name"), [(0, "1m"), (60, "1m"), (60.1, "10m"), (3600, "1h"), (3601, "long")])
def test_duration_classes(seconds, name):
    assert indexing.length_class({"duration": seconds}) == indexing.NUMBERS[name]


def test_no_duration():
    assert indexing.length_class(None) == indexing.length_class({}) == indexing.length_class({"duration": None}) == 0


def test_no_text_is_missed():
    chance = random.Random(1)
    for _ in range(500):
        text = fold("".join(chance.choices(ALPHABET, k=40)))
        have = signature([text])
        assert all(0 <= number < 2**63 for number in have)
        for word in text.split():
            start = chance.randrange(len(word))
            need = signature([word[start : start + chance.randrange(1, 9)]])
            assert all(mask & number == mask for mask, number in zip(need, have, strict=True))
