"""Publishing: a reader never sees half a set, a zombie publishes nothing, and a crash at any moment leaves no mix and no orphan."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from jobs.engine.address import Address
from jobs.engine.errors import JobError
from media_assets import publishing, services
from media_assets.local import LocalStorage
from media_assets.models import Discard, MediaFile
from media_assets.storage import Staged, discard_later, publish, storage, sweep_discards, sweep_stage, withdraw

MAIN = "talks/clip.m3u8"
LATER = dt.timedelta(hours=1)


class Crash(BaseException):
    """Stands for the end of the process."""


def staged(room: Path, version: str, parts: int = 3, key: str = MAIN) -> tuple[list[Staged], Staged]:
    """A set as a worker makes it: every file says which version it is of, the playlist names the parts."""
    room.mkdir(exist_ok=True)
    files = []
    for number in range(parts):
        path = room / f"{version}-{number}.ts"
        path.write_text(f"{version} {number}")
        files.append(Staged(path, f"{key.rpartition('/')[0]}/clip-{version}-{number:05d}.ts"))
    playlist = room / f"{version}.m3u8"
    playlist.write_text("\n".join([version, *(file.key for file in files)]))
    return files, Staged(playlist, key)


def read_set(place: LocalStorage, key: str = MAIN) -> str | None:
    """Read as a player does: the playlist, then every part that it names. Fails at a mix. Returns the version, None if there is no set."""
    try:
        lines = (place.root / key).read_text().split("\n")
    except FileNotFoundError:
        return None
    for number, part in enumerate(lines[1:]):
        assert (place.root / part).read_text() == f"{lines[0]} {number}", "a part of another version"
    return lines[0]


@pytest.fixture
def place(buckets: object) -> LocalStorage:
    """The output bucket."""
    return storage("output")


@pytest.fixture
def media_id(place: LocalStorage) -> str:
    """A media that the set belongs to."""
    return services.remember(Address("input", "clip.mp4")).id


@pytest.fixture
def put(tmp_path: Path, media_id: str) -> Callable[..., None]:
    """put("v1") publishes and records a set of that version."""

    def act(version: str, *, parts: int = 3, overwrite: bool = True, key: str = MAIN, fence: Callable[[], bool] = lambda: True) -> None:
        files, last = staged(tmp_path / "room", version, parts, key)
        record = recorder(media_id, files, last)
        publish("output", files, last, token=f"token-{version}", overwrite=overwrite, fence=fence, record=record)

    return act


def recorder(media_id: str, files: Iterable[Staged], last: Staged) -> Callable[[], None]:
    """What a worker does in its recording transaction."""

    def record() -> None:
        services.record_rendition(media_id, Address("output", last.key), parts=[file.key for file in files], size=1, info={}, job_id="j", output_id="o")

    return record


def objects(place: LocalStorage) -> list[str]:
    """Keys of all objects."""
    return [facts.key for facts in place.list()]


def all_due() -> None:
    """Let the time that discards wait for be over."""
    Discard.objects.update(due_at=timezone.now() - dt.timedelta(seconds=1))


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


# --- crashes ------------------------------------------------------------------------------------------------------------
def crash() -> None:
    """The process ends here."""
    raise Crash


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
    ready = tmp_path / "ready"
    connection.close()
    child = os.fork()
    if child == 0:

        def fence() -> bool:
            ready.write_text("under the lock")
            time.sleep(60)
            return True

        try:
            publish("output", files, last, token="killed", overwrite=True, fence=fence, record=lambda: None)
        finally:
            os._exit(1)
    try:
        for _ in range(1000):
            if ready.exists():
                break
            time.sleep(0.01)
        assert ready.exists()
        assert sweep_stage() == 0  # it lives
        with pytest.raises(BlockingIOError), place.locked(MAIN, wait=0):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
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
        publishing.sweep_discards()
