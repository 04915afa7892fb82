"""What must go away goes, and nothing else: crashes of publishers and sweeps, old parts, mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from media_assets import discards
from media_assets.local import LocalStorage
from media_assets.models import Discard
from media_assets.storage import discard_later, publish, storage, sweep_discards, sweep_stage, withdraw
from tests.media_assets.sets import LATER, MAIN, Crash, all_due, crash, held_by_another, objects, read_set, staged


# --- crashes ------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("before", ["nothing", "a recorded set", "an object of somebody else"])
@pytest.mark.parametrize("after_moves", [0, 1, 3, 4])
def test_a_crash_at_any_moment_leaves_no_mix_and_no_orphan(
    place: LocalStorage, put: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after_moves: int
) -> None:
    if before == "a recorded set":
        put("v1")
    elif before == "an object of somebody else":
        place.put(MAIN, [b"by hand"])
    there = objects(place)
    visible = after_moves == 4
    real, moves = LocalStorage.place, 0

    def dying(self: LocalStorage, path: Path, key: str, *, overwrite: bool = True) -> Path:
        nonlocal moves
        if moves == after_moves:
            raise Crash
        moves += 1
        return real(self, path, key, overwrite=overwrite)

    files, last = staged(tmp_path / "room", "crashed")
    with monkeypatch.context() as patched:
        patched.setattr(LocalStorage, "place", dying)
        with pytest.raises(Crash):
            publish("output", files, last, token="crashed", overwrite=True, fence=lambda: True, record=crash)

    def readable() -> str | None:
        return "by hand" if (place.root / MAIN).exists() and (place.root / MAIN).read_bytes() == b"by hand" else read_set(place)

    old = {"nothing": None, "a recorded set": "v1", "an object of somebody else": "by hand"}[before]
    assert readable() == ("crashed" if visible else old)
    sweep_discards()
    assert readable() == ("crashed" if visible else old)
    if not visible:
        assert objects(place) == there  # orphans go with the next sweep
    for _ in range(3):
        all_due()
        sweep_discards()
        # never a playlist without its parts: either the set is still whole, or it went as a whole
        assert readable() == (old if not visible else "crashed" if before == "a recorded set" else None)
    put("v2")
    all_due()
    sweep_discards()
    assert readable() == "v2"
    assert len(objects(place)) == 4
    assert not Discard.objects.exists()


@pytest.mark.django_db
def test_a_sweep_that_dies_half_way_is_finished_by_the_next(place: LocalStorage, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    put("v1")
    put("v2")
    real, removed = LocalStorage.delete, []

    def dying(self: LocalStorage, key: str) -> bool:
        if len(removed) == 1:
            raise Crash
        removed.append(key)
        return real(self, key)

    with monkeypatch.context() as patched:
        patched.setattr(LocalStorage, "delete", dying)
        with pytest.raises(Crash):
            sweep_discards(timezone.now() + LATER)
    sweep_discards(timezone.now() + LATER)
    assert read_set(place) == "v2"
    assert len(objects(place)) == 4
    assert not Discard.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_killed_publisher_frees_lock_and_stage(place: LocalStorage, tmp_path: Path) -> None:
    """A real process, really killed, under the lock and with files on the stage."""
    files, last = staged(tmp_path / "room", "killed")
    with held_by_another("output", files, last, tmp_path / "ready"):
        assert sweep_stage() == 0  # it lives
        with pytest.raises(BlockingIOError), place.locked(MAIN, wait=0):
            pass
    with place.locked(MAIN, wait=0):
        pass
    assert sweep_stage(live_tokens=["killed"]) == 0
    assert sweep_stage() == 1
    assert objects(place) == []


# --- what goes away later -----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_the_library_names_is_never_removed(place: LocalStorage, put: Callable[..., None]) -> None:
    put("v1")
    discard_later("output", objects(place), 0, "mistake", main=MAIN)
    sweep_discards(timezone.now() + LATER)
    assert read_set(place) == "v1"


@pytest.mark.django_db
def test_what_somebody_put_there_since_is_not_removed(place: LocalStorage) -> None:
    place.put("a", [b"ours"])
    place.put("b", [b"ours"])
    discard_later("output", ["a", "b", "not there"], 0, "t")
    assert Discard.objects.count() == 2
    place.put("a", [b"theirs"])
    assert sweep_discards(timezone.now() + LATER) == 1
    assert objects(place) == ["a"]
    assert not Discard.objects.exists()


@pytest.mark.django_db
def test_withdrawn_and_not_due_stay(place: LocalStorage) -> None:
    for key in ("a", "b", "c"):
        place.put(key, [b"x"])
    discard_later("output", ["a"], 0, "withdrawn")
    discard_later("output", ["b"], 3600, "later")
    discard_later("output", ["c"], 0, "now")
    withdraw("withdrawn")
    assert sweep_discards() == 1
    assert objects(place) == ["a", "b"]


@pytest.mark.django_db
def test_the_sweep_leaves_a_set_alone_that_is_being_published(place: LocalStorage) -> None:
    place.put("a", [b"x"])
    discard_later("output", ["a"], 0, "t")
    with place.locked("a"):
        assert sweep_discards(timezone.now() + LATER) == 0
    assert sweep_discards(timezone.now() + LATER) == 1


@pytest.mark.django_db
def test_an_unbound_bucket_is_not_touched(place: LocalStorage) -> None:
    from media_assets.models import Bucket

    place.put("a", [b"x"])
    discard_later("output", ["a"], 0, "t")
    Bucket.objects.filter(name="output").delete()
    assert sweep_discards(timezone.now() + LATER) == 0
    assert (place.root / "a").exists()
    assert not Discard.objects.exists()


@pytest.mark.django_db
def test_a_bucket_that_cannot_be_reached_waits_and_holds_up_nobody(place: LocalStorage) -> None:
    place.put("a", [b"x"])
    storage("input").put("b", [b"x"])
    discard_later("input", ["b"], 0, "t")
    discard_later("output", ["a"], 0, "t")
    away = storage("input").root.with_name("unmounted")
    storage("input").root.rename(away)
    assert sweep_discards() == 1
    assert objects(place) == []
    assert sweep_stage() == 0
    away.rename(storage("input").root)
    assert sweep_discards() == 0  # it waits a minute
    assert sweep_discards(timezone.now() + LATER) == 1
    assert objects(storage("input")) == []


@pytest.mark.django_db
def test_nothing_due_asks_the_database_once(place: LocalStorage, django_assert_num_queries: Callable[..., object]) -> None:
    with django_assert_num_queries(1):
        discards.sweep_discards()
