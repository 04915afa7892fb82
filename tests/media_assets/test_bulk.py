"""Changing many media at once, on the pages and as JSON, and the counts that narrow a list down."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.engine.address import Address
from jobs.models import Job
from jobs.states import JobState
from media_assets import bulk, editing, library, services
from media_assets.models import Media, MediaEntry, MediaFile
from tests.jobs.rows import waiting

BULK, LIST = "/console/media/bulk/", "/console/media/"
API = "/api/v1/media-bulk"


@pytest.fixture
def three(buckets):
    rows = []
    for name in ("one", "two", "three"):
        (buckets.input / f"{name}.mp4").write_bytes(b"source")
        rows.append(services.remember(Address("input", f"{name}.mp4")))
    editing.describe(rows[0], title="One", description="first", tags=["a", "b"], category=None)
    return rows


def tags_of(media):
    return {tag.name for tag in Media.objects.get(pk=media.pk).tags.all()}


def test_it_is_for_operators(client_of, charlie, three):
    asked = {"action": "publish", "id": [three[0].pk], "confirmed": "1"}
    assert client_of(charlie).post(BULK, asked).status_code == 403
    assert client_of(None).post(BULK, asked).status_code == 302
    assert client_of(charlie).get(BULK).status_code == 405
    assert 'id="bulk"' not in client_of(charlie).get(LIST).content.decode()
    assert not Media.objects.filter(state="published").exists()


def test_it_asks_first_and_then_tags(client_of, bob, three):
    client, ids = client_of(bob), [three[0].pk, three[1].pk]
    for view in ("table", "grid"):
        page = client.get(LIST, {"view": view}).content.decode()
        assert 'id="bulk"' in page
        assert page.count('form="bulk"') == 3
    asked = client.post(BULK, {"action": "tag", "id": ids})
    assert asked.status_code == 200
    assert tags_of(three[1]) == set()
    assert client.post(BULK, {"action": "tag", "id": ids, "confirmed": "1"}).status_code == 422
    done = client.post(BULK, {"action": "tag", "id": ids, "confirmed": "1", "add": "夏，c", "drop": "b"})
    assert done.status_code == 200
    assert tags_of(three[0]) == {"a", "c", "夏"}
    assert tags_of(three[1]) == {"c", "夏"}
    assert tags_of(three[2]) == set()
    assert Media.objects.get(pk=three[0].pk).description == "first"


def test_one_refusal_does_not_stop_the_others(client_of, bob, three):
    editing.describe(three[0], title="One", description="", tags=[f"t{i}" for i in range(16)], category=None)
    done = client_of(bob).post(BULK, {"action": "tag", "id": [row.pk for row in three], "confirmed": "1", "add": "c"})
    assert [row["id"] for row in done.context["refused"]] == [three[0].pk]
    assert tags_of(three[1]) == tags_of(three[2]) == {"c"}


def test_all_that_the_list_matches(client_of, bob, three):
    shelf = editing.create_category("Shelf", None)
    client = client_of(bob)
    client.post(BULK, {"action": "categorise", "all": "1", "query": "q=t", "confirmed": "1", "category": shelf.pk})
    assert {m.key for m in Media.objects.filter(category=shelf)} == {"two.mp4", "three.mp4"} | ({"one.mp4"} if "t" in "one.mp4 first" else set())
    client.post(BULK, {"action": "categorise", "all": "1", "query": "", "confirmed": "1", "category": ""})
    assert not Media.objects.filter(category=shelf).exists()
    assert not MediaEntry.objects.filter(category=shelf).exists()


def test_publish_and_make_private(client_of, bob, three):
    client, ids = client_of(bob), [row.pk for row in three]
    client.post(BULK, {"action": "publish", "id": ids, "confirmed": "1"})
    assert Media.objects.filter(state="published").count() == MediaEntry.objects.filter(state="published").count() == 3
    client.post(BULK, {"action": "private", "id": ids[:1], "confirmed": "1"})
    assert Media.objects.filter(state="published").count() == 2


def test_removing_asks_about_files(client_of, alice, bob, three, pipeline):
    ids = [row.pk for row in three]
    assert client_of(bob).post(BULK, {"action": "remove", "id": ids, "confirmed": "1", "take": "all"}).status_code == 422
    Job.objects.filter(pk=waiting(pipeline).job_id).update(state=JobState.RUNNING, media_id=ids[0], started_at=timezone.now())
    asked = client_of(alice).post(BULK, {"action": "remove", "id": ids})
    assert "all" in asked.content.decode()
    done = client_of(alice).post(BULK, {"action": "remove", "id": ids, "confirmed": "1", "take": "all"})
    assert [row["id"] for row in done.context["refused"]] == ids[:1]
    assert list(Media.objects.values_list("pk", flat=True)) == ids[:1]
    assert MediaFile.objects.count() == MediaEntry.objects.count() == 1


def test_nothing_chosen(client_of, bob, three):
    client = client_of(bob)
    for asked in ({"action": "publish"}, {"action": "nonsense", "id": [three[0].pk]}, {"action": "publish", "id": ["x" * 99, "a\x01"]}):
        assert client.post(BULK, asked).url == reverse("media:media_list")


def test_at_most_so_many(client_of, bob, three, monkeypatch):
    monkeypatch.setattr(bulk, "CAP", 2)
    client = client_of(bob)
    assert client.post(BULK, {"action": "publish", "all": "1"}).context["more"]
    client.post(BULK, {"action": "publish", "all": "1", "confirmed": "1"})
    assert Media.objects.filter(state="published").count() == 2


def test_json(api_of, bob, alice, three):
    ids = [row.pk for row in three]
    client = api_of(bob)
    answer = client.post(API, {"ids": [*ids, "nothing"], "add_tags": ["x"], "remove_tags": ["a"], "state": "published"}, content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["done"] == ids
    assert [(row["id"], row["code"]) for row in answer.json()["refused"]] == [("nothing", "NotFound")]
    assert tags_of(three[0]) == {"b", "x"}
    for wrong in ({"ids": ids}, {"ids": []}, {"ids": ids, "state": "x"}, {"ids": ids, "state": "published", "remove": "nothing"}, {"ids": ids, "category": 99}):
        assert client.post(API, wrong, content_type="application/json").status_code == 400, wrong
    assert client.post(API, {"ids": ids, "remove": "outputs"}, content_type="application/json").status_code == 403
    assert client.post(API, {"ids": ids[:1], "remove": "nothing"}, content_type="application/json").json()["done"] == ids[:1]
    admin = api_of(alice, role="admin")
    assert admin.post(API, {"ids": ids[1:], "remove": "all"}, content_type="application/json").json()["done"] == ids[1:]
    assert not Media.objects.exists()


def test_counts_narrow_the_list_down(client_of, charlie, three):
    shelf = editing.create_category("Shelf", None)
    editing.describe(three[1], title="Two", description="", tags=["a"], category=shelf)
    services.set_info(three[1], {"duration": 61.0})
    client = client_of(charlie)
    shown = client.get(LIST, {"q": "mp4", "after": "x"})
    groups = {str(group["label"]): {item["label"]: item for item in group["items"]} for group in shown.context["facet_groups"]}
    assert groups["Category"]["Shelf"]["number"] == 1
    assert groups["Tag"]["a"]["number"] == 2
    narrowed = client.get(LIST + groups["Tag"]["a"]["url"])
    assert {media.pk for media in narrowed.context["page"].items} == {three[0].pk, three[1].pk}
    assert "after" not in groups["Tag"]["a"]["url"]
    lengths = [str(item["label"]) for item in shown.context["facet_groups"][3]["items"]]
    assert lengths == ["1 to 10 minutes"]
    assert library.facets(library.entries(library.MediaFilter())).number == 3
