"""Publishing: a reader never sees half a set, a zombie publishes nothing, and a crash at any moment leaves no mix and no orphan."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from jobs.engine.errors import JobError
from media_assets.local import LocalStorage
from media_assets.models import Discard, MediaFile
from media_assets.storage import Staged, publish, sweep_discards
from tests.media_assets.sets import LATER, MAIN, Crash, all_due, crash, objects, read_set, recorder, staged


# --- the usual way ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_it_publishes_a_set(place: LocalStorage, put: Callable[..., None], tmp_path: Path) -> None:
    put("v1")
    assert read_set(place) == "v1"
    assert objects(place) == ["talks/clip-v1-00000.ts", "talks/clip-v1-00001.ts", "talks/clip-v1-00002.ts", MAIN]
    assert not Discard.objects.exists()
    assert list((tmp_path / "room").iterdir()) == []  # moved, not copied
    assert list((place.root / ".reelmill" / "stage").iterdir()) == []
    row = MediaFile.objects.get(bucket="output", key=MAIN)
    facts = place.stat(MAIN)
    assert facts is not None
    assert (row.etag, row.role) == (facts.etag, "rendition")


@pytest.mark.django_db
def test_it_publishes_a_single_file(place: LocalStorage, tmp_path: Path, media_id: str) -> None:
    path = tmp_path / "o0.mp4"
    path.write_bytes(b"film")
    last = Staged(path, "a/b/-rf %d 映画.mp4")
    publish("output", [], last, token="t", overwrite=True, fence=lambda: True, record=recorder(media_id, [], last))
    with place.open(last.key) as file:
        assert file.read() == b"film"
    assert not Discard.objects.exists()


@pytest.mark.django_db
def test_parts_are_visible_before_the_playlist_and_recording_comes_last(
    place: LocalStorage, tmp_path: Path, media_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened = []
    real = LocalStorage.place

    def watch(self: LocalStorage, path: Path, key: str, *, overwrite: bool = True) -> Path:
        happened.append(key)
        return real(self, path, key, overwrite=overwrite)

    monkeypatch.setattr(LocalStorage, "place", watch)
    files, last = staged(tmp_path / "room", "v1")

    def fence() -> bool:
        happened.append("fence")
        return True

    def record() -> None:
        assert connection.in_atomic_block
        happened.append("record")

    publish("output", files, last, token="t", overwrite=True, fence=fence, record=record)
    assert happened == ["fence", *(file.key for file in files), MAIN, "record"]


@pytest.mark.django_db
def test_old_parts_stay_for_those_who_still_play_and_then_go(place: LocalStorage, put: Callable[..., None]) -> None:
    put("v1")
    put("v2", parts=2)
    assert read_set(place) == "v2"
    sweep_discards()
    assert len(objects(place)) == 3 + 2 + 1  # whoever has the old playlist can still play it
    assert sweep_discards(timezone.now() + LATER) == 3
    assert objects(place) == ["talks/clip-v2-00000.ts", "talks/clip-v2-00001.ts", MAIN]
    assert not Discard.objects.exists()
    assert sweep_discards(timezone.now() + LATER) == 0


@pytest.mark.django_db
def test_names_fixed_by_the_caller_are_replaced_and_not_discarded(place: LocalStorage, tmp_path: Path, media_id: str) -> None:
    for version in ("v1", "v2"):
        files, last = staged(tmp_path / "room", version)
        files = [Staged(file.path, f"talks/part-{number}.ts") for number, file in enumerate(files)]
        publish("output", files, last, token=version, overwrite=True, fence=lambda: True, record=recorder(media_id, files, last))
    sweep_discards(timezone.now() + LATER)
    assert objects(place) == [MAIN, "talks/part-0.ts", "talks/part-1.ts", "talks/part-2.ts"]
    assert (place.root / "talks/part-2.ts").read_text() == "v2 2"


# --- the fence ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_zombie_publishes_nothing(place: LocalStorage, put: Callable[..., None]) -> None:
    put("v1")
    put("zombie", fence=lambda: False)
    assert read_set(place) == "v1"
    assert len(objects(place)) == 4
    assert not Discard.objects.exists()
    assert list((place.root / ".reelmill" / "stage").iterdir()) == []


@pytest.mark.django_db
def test_recording_that_fails_can_be_mended_by_the_next_attempt(place: LocalStorage, put: Callable[..., None], tmp_path: Path) -> None:
    put("v1")
    files, last = staged(tmp_path / "room", "lost")

    def record() -> None:
        raise RuntimeError("the lease is lost")

    with pytest.raises(RuntimeError, match="lease"):
        publish("output", files, last, token="lost", overwrite=True, fence=lambda: True, record=record)
    assert read_set(place) == "lost"  # whole, and nobody recorded it
    assert Discard.objects.filter(token="lost").count() == 4
    sweep_discards()
    all_due()
    sweep_discards()
    assert read_set(place) == "lost"  # the library names the address: the set stays whole until another one takes its place
    put("v2")
    all_due()
    sweep_discards()
    assert read_set(place) == "v2"
    assert len(objects(place)) == 4
    assert not Discard.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_attempts_at_once_leave_one_whole_set(place: LocalStorage, tmp_path: Path, media_id: str) -> None:
    current = "v5"
    start = threading.Barrier(6)

    def attempt(version: str) -> None:
        files, last = staged(tmp_path / version, version)
        start.wait()
        publish("output", files, last, token=version, overwrite=True, fence=lambda: version == current, record=recorder(media_id, files, last))
        connection.close()

    threads = [threading.Thread(target=attempt, args=(f"v{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_set(place) == "v5"
    assert len(objects(place)) == 4


# --- readers ------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_reader_never_sees_a_mix_while_a_set_is_replaced_40_times(place: LocalStorage, put: Callable[..., None], settings: pytest.FixtureRequest) -> None:
    settings.REELMILL_DISCARD_GRACE_SECONDS = 1  # far longer than reading a set takes here, and short enough for sets to go while we read
    seen: set[str] = set()
    mistakes: list[Exception] = []
    stop = threading.Event()
    reads = 0

    def read_on() -> None:
        nonlocal reads
        while not stop.is_set():
            try:
                seen.add(read_set(place) or "nothing")
                reads += 1
            except (AssertionError, OSError) as error:  # told by the main thread
                mistakes.append(error)
                return

    put("v00", parts=20)
    reader = threading.Thread(target=read_on)
    reader.start()
    removed = 0
    for number in range(1, 41):
        put(f"v{number:02d}", parts=20)
        removed += sweep_discards()
        time.sleep(0.04)
    stop.set()
    reader.join()
    assert mistakes == []
    assert reads > 40
    assert len(seen) > 10
    assert "nothing" not in seen
    assert removed > 0
    sweep_discards(timezone.now() + LATER)
    assert len(objects(place)) == 21
    assert not Discard.objects.exists()


# --- not to overwrite ---------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_it_does_not_overwrite_where_it_must_not(place: LocalStorage, put: Callable[..., None]) -> None:
    place.put(MAIN, [b"by hand"])
    with pytest.raises(JobError) as error:
        put("v1", overwrite=False)
    assert error.value.code == "ObjectAlreadyExists"
    assert objects(place) == [MAIN]
    assert (place.root / MAIN).read_bytes() == b"by hand"
    assert not Discard.objects.exists()
    assert not MediaFile.objects.filter(bucket="output").exists()


@pytest.mark.django_db
def test_an_object_that_appears_at_the_last_moment_is_not_overwritten(
    place: LocalStorage, tmp_path: Path, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LocalStorage.place

    def late(self: LocalStorage, path: Path, key: str, *, overwrite: bool = True) -> Path:
        if key == MAIN:
            (place.root / MAIN).write_bytes(b"by hand")  # after the look, before the link
        return real(self, path, key, overwrite=overwrite)

    monkeypatch.setattr(LocalStorage, "place", late)
    with pytest.raises(JobError) as error:
        put("v1", overwrite=False)
    assert error.value.code == "ObjectAlreadyExists"
    assert objects(place) == [MAIN]  # our parts went at once
    assert (place.root / MAIN).read_bytes() == b"by hand"
    assert not Discard.objects.exists()


@pytest.mark.django_db
def test_what_an_earlier_attempt_left_does_not_count_as_existing(place: LocalStorage, put: Callable[..., None], tmp_path: Path) -> None:
    files, last = staged(tmp_path / "room", "crashed")
    with pytest.raises(Crash):
        publish("output", files, last, token="crashed", overwrite=False, fence=lambda: True, record=crash)
    assert read_set(place) == "crashed"
    put("v2", overwrite=False)
    assert read_set(place) == "v2"
    sweep_discards(timezone.now() + LATER)
    assert len(objects(place)) == 4


@pytest.mark.django_db
def test_a_folder_in_the_way_fails_the_output_and_leaves_nothing(place: LocalStorage, put: Callable[..., None]) -> None:
    place.put(f"{MAIN}/inside", [b"x"])
    with pytest.raises(JobError) as error:
        put("v1")
    assert error.value.code == "InvalidAddress"
    assert objects(place) == [f"{MAIN}/inside"]
    assert not Discard.objects.exists()


@pytest.mark.django_db
def test_a_full_disk_is_an_oserror_so_that_the_work_waits(
    place: LocalStorage, tmp_path: Path, settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REELMILL_MIN_FREE_MB = 10**9
    real = Path.rename

    def elsewhere(self: Path, target: Path) -> Path:
        if self.parent.name == "room":
            raise OSError(18, "Invalid cross-device link")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", elsewhere)
    files, last = staged(tmp_path / "room", "v1")
    with pytest.raises(OSError, match="No space"):
        publish("output", files, last, token="t", overwrite=True, fence=lambda: True, record=lambda: None)
    assert objects(place) == []
    assert all(file.path.exists() for file in files)
    settings.REELMILL_MIN_FREE_MB = 1
    publish("output", files, last, token="t", overwrite=True, fence=lambda: True, record=lambda: None)  # copied this time
    assert read_set(place) == "v1"
