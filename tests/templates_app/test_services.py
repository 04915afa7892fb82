"""Templates: versions never change, names are unique and legal, every mistake is told at once with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from jobs.engine.errors import Refused
from templates_app import queries, services
from templates_app.models import Template, TemplateVersion
from templates_app.names import free_name

pytestmark = pytest.mark.django_db

PARAMS: dict[str, Any] = {"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": 23, "short_side": 540}, "audio": {"codec": "aac"}}
SMALLER = PARAMS | {"video": {"codec": "h264", "crf": 28, "short_side": 360}}


def refusal(act: Callable[[], object]) -> Refused:
    """What a service refuses."""
    with pytest.raises(Refused) as error:
        act()
    return error.value


def places(act: Callable[[], object]) -> set[tuple[str | int, ...]]:
    """Where the mistakes are."""
    return {problem.loc for problem in refusal(act).problems}


# --- create -------------------------------------------------------------------------------------------------------------
def test_it_creates_a_template_with_its_first_version() -> None:
    template = services.create("  Small 片 540  ", PARAMS, description="for phones")
    assert (template.name, template.kind, template.description, template.is_preset) == ("Small 片 540", "custom", "for phones", False)
    assert len(template.id) == 32
    assert template.current is not None
    assert (template.current.number, template.current.params) == (1, PARAMS | {"video": {"codec": "h264", "crf": 23.0, "short_side": 540}})


def test_it_keeps_only_what_was_said() -> None:
    template = services.create("t", {"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": None}, "mux": {"faststart": True}})
    assert template.current is not None
    assert template.current.params == {"container": {"format": "mp4"}, "video": {"codec": "h264"}, "mux": {"faststart": True}}


def test_it_tells_every_mistake_at_once() -> None:
    wrong = {"container": {"format": "xyz"}, "video": {"crf": "23", "widht": 640}, "audio": {"channels": 99}, "more": 1}
    error = refusal(lambda: services.create("!", wrong, description="x" * 256))
    assert error.code == "InvalidParameter"
    assert {problem.loc for problem in error.problems} == {
        ("name",),
        ("description",),
        ("params", "container", "format"),
        ("params", "video", "crf"),
        ("params", "video", "widht"),
        ("params", "audio", "channels"),
        ("params", "more"),
    }
    assert not Template.objects.exists()


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({"container": {"format": "flv"}, "video": {"codec": "h265"}}, ("params", "video", "codec")),
        ({"container": {"format": "mp3"}, "audio": {"codec": "mp3", "sample_rate": 96000}}, ("params", "audio", "sample_rate")),
        ({"container": {"format": "mp4"}, "video": {"codec": "h264", "crf": 23, "bitrate_kbps": 1000}}, None),
        ({"container": {"format": "mp4"}, "video": {"codec": "copy", "width": 640}}, ("params", "video", "width")),
    ],
)
def test_it_refuses_what_cannot_be_combined(params: dict[str, Any], place: tuple[str, ...] | None) -> None:
    error = refusal(lambda: services.create("t", params))
    assert error.code == "ImpossibleCombination"
    assert all(problem.loc[0] == "params" for problem in error.problems)
    if place:
        assert place in {problem.loc for problem in error.problems}
    assert not Template.objects.exists()


def test_parameters_that_are_no_json_are_refused() -> None:
    assert places(lambda: services.create("t", {"container": {"format": object()}})) == {("params",)}
    assert places(lambda: services.create("t", {"container": {"format": "mp4"}, "video": {"crf": float("nan")}})) == {("params", "video", "crf")}


@pytest.mark.parametrize("name", ["a", "1", "片", "é", "a" * 128, "文" * 42, "a b/c %d ☂", "S-1"])
def test_legal_names(name: str) -> None:
    services.create(name, PARAMS)
    assert queries.find(name).name == name


@pytest.mark.parametrize("name", ["", " ", "a" * 129, "文" * 43, "-a", "_a", "!", "☂", "«a", "a\x00b", "a\nb", "a\u2028b", "\ud800a"])
def test_illegal_names(name: str) -> None:
    assert places(lambda: services.create(name, PARAMS)) == {("name",)}


def test_a_name_is_used_once() -> None:
    first = services.create("t", PARAMS)
    second = services.create("u", PARAMS)
    for act in (lambda: services.create("t", PARAMS), lambda: services.update(second, name="t"), lambda: services.create(first.id, PARAMS)):
        error = refusal(act)
        assert [problem.loc for problem in error.problems] == [("name",)]
        assert first.id in error.problems[0].message


# --- versions -----------------------------------------------------------------------------------------------------------
def test_other_parameters_make_a_new_version_and_the_old_one_stays() -> None:
    template = services.create("t", PARAMS)
    first = template.current
    assert first is not None
    template = services.update(template, params=SMALLER)
    assert template.current is not None
    assert template.current.number == 2
    assert template.current.params["video"]["crf"] == 28
    first.refresh_from_db()
    assert first.params["video"]["crf"] == 23
    assert list(TemplateVersion.objects.filter(template=template).values_list("number", flat=True)) == [2, 1]
    assert services.update(services.update(template, params=PARAMS), params=SMALLER).versions.count() == 4


def test_the_same_parameters_and_other_words_make_none() -> None:
    template = services.create("t", PARAMS)
    services.update(template, name="u", description="words", params=json.loads(json.dumps(PARAMS)))
    row = queries.find("u")
    assert (row.pk, row.description) == (template.pk, "words")
    assert row.current is not None
    assert row.current.number == 1
    assert services.update(row, name="u").name == "u"


def test_a_refused_change_changes_nothing() -> None:
    template = services.create("t", PARAMS)
    assert places(lambda: services.update(template, name="", params={"container": {}})) == {("name",), ("params", "container", "format")}
    row = queries.find("t")
    assert (row.name, row.versions.count()) == ("t", 1)


# --- delete, duplicate --------------------------------------------------------------------------------------------------
def test_a_deleted_template_cannot_be_chosen_and_frees_its_name() -> None:
    template = services.create("t" * 128, PARAMS)
    version = template.current
    assert version is not None
    services.delete(template)
    for word in (template.id, template.name):
        assert refusal(lambda word=word: queries.find(word)).code == "TemplateNotFound"
    assert services.create("t" * 128, PARAMS).pk != template.pk
    assert TemplateVersion.objects.get(pk=version.pk).params == version.params
    row = Template.objects.get(pk=template.pk)
    assert row.deleted_at is not None
    assert refusal(lambda: services.update(row, name="again")).code == "TemplateNotFound"
    assert template not in queries.listed()


def test_a_duplicate_has_a_name_and_a_life_of_its_own() -> None:
    template = services.create("t", PARAMS, description="words")
    first, second = services.duplicate(template), services.duplicate(template)
    assert (first.name, second.name, first.description) == ("t copy", "t copy 2", "words")
    services.update(first, params=SMALLER)
    row = queries.find("t")
    assert row.current is not None
    assert row.current.params["video"]["crf"] == 23
    assert services.duplicate(template, name="named").name == "named"
    assert len(free_name(Template, "文" * 42).encode()) <= 128


# --- find ---------------------------------------------------------------------------------------------------------------
def test_it_finds_by_id_and_by_name() -> None:
    template = services.create("t", PARAMS)
    assert queries.find(template.id) == queries.find("t") == template
    for word in ("T", "", "nothing", "t\x00", "x" * 5000):
        assert refusal(lambda word=word: queries.find(word)).code == "TemplateNotFound"


def test_it_lists_by_kind_and_word() -> None:
    services.create("beta film", PARAMS)
    services.create("alpha", PARAMS)
    assert [row.name for row in queries.listed()] == ["alpha", "beta film"]
    assert [row.name for row in queries.listed(["custom"], "FILM")] == ["beta film"]
    assert not queries.listed(["static"]).exists()


# --- documents ----------------------------------------------------------------------------------------------------------
def test_what_is_exported_can_be_imported() -> None:
    services.create("a", PARAMS, description="one")
    services.create("b", SMALLER)
    document = json.loads(json.dumps(services.export_document(queries.listed())))
    Template.objects.update(current=None)
    Template.objects.all().delete()
    made = services.import_document(document)
    assert [(row.name, row.description) for row in made] == [("a", "one"), ("b", "")]
    assert services.export_document(queries.listed()) == document


def test_import_is_all_or_nothing_and_tells_every_mistake() -> None:
    services.create("taken", PARAMS)
    good = {"name": "good", "params": PARAMS}
    document = {
        "format": "reelmill-templates",
        "version": 1,
        "templates": [good, {"name": "taken", "params": PARAMS}, {"name": "bad", "params": {"container": {"format": "xyz"}}}, 7, {"id": 1, **good}],
    }
    assert places(lambda: services.import_document(document)) == {
        ("templates", 1, "name"),
        ("templates", 2, "params", "container", "format"),
        ("templates", 3),
        ("templates", 4, "id"),
    }
    assert [row.name for row in queries.listed()] == ["taken"]
    for nonsense in (None, [], {}, {"format": "other", "templates": [good]}, {"format": "reelmill-templates", "templates": []}):
        assert refusal(lambda nonsense=nonsense: services.import_document(nonsense)).code == "InvalidParameter"


def test_an_import_can_rename_or_update() -> None:
    services.create("t", PARAMS)
    document = {"format": "reelmill-templates", "version": 1, "templates": [{"name": "t", "params": SMALLER}]}
    assert services.import_document(document, if_exists="rename")[0].name == "t copy"
    updated = services.import_document(document, if_exists="update")[0]
    assert updated.current is not None
    assert (updated.name, updated.current.number) == ("t", 2)
