"""Publishing to S3: a reader never sees a mix, a zombie publishes nothing, and a death at any moment leaves nothing visible and no orphan."""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from jobs.engine.address import Address
from jobs.engine.errors import JobError, Refused
from media_assets import editing, publishing_s3, services
from media_assets.buckets import create_bucket
from media_assets.models import Discard, Media, MediaFile
from media_assets.remote_sweep import sweep_remote
from media_assets.s3 import S3Storage
from media_assets.s3_sending import PART, Sending
from media_assets.storage import Growing, Staged, publish, storage, sweep_discards
from tests.media_assets.sets import LATER, MAIN, Crash, all_due, held_by_another, staged
from tests.media_assets.stores import KEY_ID, SECRET, Line, Server, times

KINDS = ("moto", "rclone")
A_DAY = dt.timedelta(hours=25)


def objects(place: S3Storage) -> list[str]:
    return [facts.key for facts in place.list()]


def text(place: S3Storage, key: str) -> str:
    with place.open(key) as file:
        return file.read().decode()


def read_set(place: S3Storage, key: str = MAIN) -> str | None:
    """Read as a player does; fails at a mix."""
    try:
        lines = text(place, key).split("\n")
    except (Refused, JobError):
        return None
    for number, part in enumerate(lines[1:]):
        assert text(place, part) == f"{lines[0]} {number}", "a part of another version"
    return lines[0]


@pytest.fixture
def media_id(db: None) -> str:
    return Media.objects.create(bucket="elsewhere", key="clip.mp4").id


@pytest.fixture
def put(tmp_path: Path, media_id: str) -> Callable[..., None]:
    """put("v1") publishes and records a set of that version in the bucket «films»."""

    def act(
        version: str, *, parts: int = 3, overwrite: bool = True, fence: Callable[[], bool] = lambda: True, record: Callable[[], None] | None = None
    ) -> None:
        files, last = staged(tmp_path / "room", version, parts)
        publish("films", files, last, token=f"token-{version}", overwrite=overwrite, fence=fence, record=record or recorder(media_id, files, last))

    return act


def recorder(media_id: str, files: Iterable[Staged], last: Staged) -> Callable[[], None]:
    def record() -> None:
        services.record_rendition(media_id, Address("films", last.key), parts=[file.key for file in files], size=1, info={}, job_id="j", output_id="o")

    return record


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.django_db
def test_a_set_is_replaced_and_old_parts_go(bind: Callable[..., S3Storage], put: Callable[..., None], kind: str, tmp_path: Path) -> None:
    place = bind("films", kind, prefix="p")
    put("v1")
    assert read_set(place) == "v1"
    assert not Discard.objects.exists()
    assert list((tmp_path / "room").iterdir()) == []
    facts = place.stat(MAIN)
    assert facts is not None
    assert MediaFile.objects.get(key=MAIN).etag == facts.etag
    put("v2", parts=2)
    assert read_set(place) == "v2"
    sweep_discards()
    assert len(objects(place)) == 3 + 2 + 1
    assert sweep_discards(timezone.now() + LATER) == 3
    assert objects(place) == ["talks/clip-v2-00000.ts", "talks/clip-v2-00001.ts", MAIN]
    assert not Discard.objects.exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.django_db
def test_a_reader_never_sees_a_mix_while_a_set_is_replaced_10_times(bind: Callable[..., S3Storage], put: Callable[..., None], kind: str) -> None:
    place = bind("films", kind)
    put("v0")
    stop, seen, wrong = threading.Event(), set(), []

    def read() -> None:
        while not stop.is_set():
            try:
                seen.add(read_set(place))
            except BaseException as error:  # noqa: BLE001  told by the test itself
                wrong.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 11):
        put(f"v{number}")
    stop.set()
    reader.join()
    assert wrong == []
    assert None not in seen
    assert len(seen) > 1
    sweep_discards(timezone.now() + LATER)
    assert read_set(place) == "v10"
    assert len(objects(place)) == 4


@pytest.mark.parametrize("commits", [0, 1, 3])
@pytest.mark.parametrize("before", ["", "v1"])
@pytest.mark.django_db
def test_a_death_between_parts_and_playlist_leaves_nothing_visible(
    bind: Callable[..., S3Storage], put: Callable[..., None], monkeypatch: pytest.MonkeyPatch, commits: int, before: str
) -> None:
    place = bind("films")
    if before:
        put(before)
    real, done = Sending.commit, []

    def dying(self: Sending, **more: object) -> object:
        if len(done) == commits:
            raise Crash
        done.append(1)
        return real(self, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Sending, "commit", dying)
        patched.setattr(publishing_s3, "_clear", lambda *_: None)  # the dead clear nothing
        with pytest.raises(Crash):
            put("dead")
    assert read_set(place) == (before or None)
    sweep_discards(timezone.now() + LATER)
    assert len([key for key in objects(place) if "dead" in key]) == commits  # for a day, since the dead may only have been stopped
    assert sweep_discards(timezone.now() + A_DAY) == commits
    assert read_set(place) == (before or None)
    assert len(objects(place)) == (4 if before else 0)
    assert not Discard.objects.exists()
    put("v2")
    assert read_set(place) == "v2"


@pytest.mark.django_db
def test_a_death_before_recording_is_mended_by_the_next_attempt(bind: Callable[..., S3Storage], put: Callable[..., None]) -> None:
    place = bind("films")

    def die() -> None:
        raise Crash

    with pytest.raises(Crash):
        put("dead", record=die)
    assert read_set(place) == "dead"  # whole
    put("v2", overwrite=False)  # what an earlier attempt left does not count as existing
    assert read_set(place) == "v2"
    sweep_discards(timezone.now() + A_DAY)
    assert len(objects(place)) == 4
    with pytest.raises(Crash):
        put("dead", record=die)
    assert read_set(place) == "dead"
    assert sweep_discards(timezone.now() + A_DAY) == 0  # the library names it: readers keep a whole set


@pytest.mark.parametrize("closes_at", [1, 2])
@pytest.mark.django_db
def test_a_zombie_publishes_nothing(bind: Callable[..., S3Storage], put: Callable[..., None], closes_at: int) -> None:
    place = bind("films")
    put("v1")
    asked: list[int] = []

    def fence() -> bool:
        asked.append(1)
        return len(asked) < closes_at

    put("zombie", fence=fence)
    assert read_set(place) == "v1"
    assert len(objects(place)) == 4
    assert not Discard.objects.exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.django_db
def test_it_does_not_overwrite_where_it_must_not(bind: Callable[..., S3Storage], put: Callable[..., None], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = bind("films", kind)
    place.put(MAIN, [b"mine"])
    with pytest.raises(JobError) as error:
        put("v1", overwrite=False)
    assert error.value.code == "ObjectAlreadyExists"
    assert objects(place) == [MAIN]
    place.delete(MAIN)
    real = publishing_s3.send

    def late(where: S3Storage, file: Staged, token: str) -> None:
        real(where, file, token)
        storage("films").put(MAIN, [b"mine"])  # somebody else, meanwhile

    monkeypatch.setattr(publishing_s3, "send", late)
    with pytest.raises(JobError) as error:
        put("v2", overwrite=False)
    assert error.value.code == "ObjectAlreadyExists"
    assert (objects(place), text(place, MAIN)) == ([MAIN], "mine")


@pytest.mark.django_db
def test_publishing_goes_on_through_disturbances(bind: Callable[..., S3Storage], put: Callable[..., None], line: Line) -> None:
    place = bind("films", endpoint=line.endpoint)
    for fault in ("503", "lost"):
        line.fault = times(9, fault, lambda method, path: method == "PUT")
        put(f"v-{fault}")
        line.fault = lambda method, path: ""
        assert read_set(place) == f"v-{fault}"


@pytest.mark.django_db
def test_a_store_that_stays_away_is_told_and_swept_when_it_is_back(
    bind: Callable[..., S3Storage], put: Callable[..., None], line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing_s3, "PATIENCE", 0.1)
    place = bind("films", endpoint=line.endpoint)
    line.fault = lambda method, path: "503" if MAIN in path or "v1-00002" in path else ""
    with pytest.raises(Refused) as error:
        put("v1")
    assert error.value.code == "BucketUnreachable"
    line.fault = lambda method, path: "503"
    assert sweep_discards() == 0
    line.fault = lambda method, path: ""
    all_due()
    sweep_discards()
    assert objects(place) == []
    assert not Discard.objects.exists()


@pytest.mark.django_db
def test_removing_a_media_takes_what_was_asked(bind: Callable[..., S3Storage], put: Callable[..., None], media_id: str) -> None:
    place = bind("films")
    put("v1")
    place.put("talks/other.ts", [b"mine"])
    editing.remove(Media.objects.get(pk=media_id), editing.Take.OUTPUTS)
    assert sweep_discards(timezone.now() + LATER) == 4
    assert objects(place) == ["talks/other.ts"]


@pytest.mark.django_db(transaction=True)
def test_two_attempts_at_once_leave_one_whole_set(bind: Callable[..., S3Storage], tmp_path: Path, media_id: str) -> None:
    place = bind("films")
    errors: list[BaseException] = []

    def attempt(version: str) -> None:

        try:
            files, last = staged(tmp_path / version, version)
            publish("films", files, last, token=version, overwrite=True, fence=lambda: True, record=recorder(media_id, files, last))
        except BaseException as error:  # noqa: BLE001  told by the test itself
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=(f"v{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    version = read_set(place)
    assert MediaFile.objects.get(key=MAIN).parts[0] == f"talks/clip-{version}-00000.ts"
    sweep_discards(timezone.now() + A_DAY)
    assert len(objects(place)) == 4
    assert read_set(place) == version


@pytest.mark.django_db
def test_rclone_that_starts_anew_keeps_objects(tmp_path: Path, db: None) -> None:
    folder = tmp_path / "rclone"
    (folder / "films").mkdir(parents=True)
    server = Server("rclone", folder)
    server.start()
    try:
        create_bucket("films", driver="s3", endpoint=server.endpoint, access_key_id=KEY_ID, secret=SECRET, is_output=True)
        place = storage("films")
        place.put("a", [b"1"])
        server.stop()
        with pytest.raises(Refused) as error:
            place.stat("a")
        assert error.value.code == "BucketUnreachable"
        server.start()
        with place.open("a") as file:
            assert file.read() == b"1"
    finally:
        server.stop()


@pytest.fixture
def forgetful(db: None, settings: Any, tmp_path: Path) -> Iterator[Server]:
    """An rclone of one's own, with the bucket «films» bound: when it starts anew it has forgotten which objects are ours."""
    settings.REELMILL_DATA = tmp_path / "data"
    (tmp_path / "data").mkdir()
    (tmp_path / "rclone" / "films").mkdir(parents=True)
    server = Server("rclone", tmp_path / "rclone")
    server.start()
    create_bucket("films", driver="s3", endpoint=server.endpoint, access_key_id=KEY_ID, secret=SECRET, is_output=True)
    yield server
    server.stop()


@pytest.mark.parametrize("visible", [False, True])
@pytest.mark.django_db(transaction=True)
def test_a_store_that_forgets_whose_objects_are_keeps_none_of_a_killed_publisher(forgetful: Server, tmp_path: Path, visible: bool) -> None:
    """Killed before the playlist can be seen, or before it was recorded. What somebody else has put at a key meanwhile stays."""
    place = storage("films")
    assert isinstance(place, S3Storage)
    files, last = staged(tmp_path / "room", "killed", 4)
    files[0].path.write_bytes(random.Random(1).randbytes(2 * PART + 5))  # goes up in parts
    with held_by_another("films", files, last, tmp_path / "ready", asked=2, recording=visible):
        pass
    forgetful.stop()
    forgetful.start()
    place.put(files[1].key, [b"another's"])
    head = place.head(files[2].key)
    assert head is not None
    assert head[1] == ""  # forgotten
    assert place.stat(MAIN) is not None if visible else place.stat(MAIN) is None
    assert sweep_discards(timezone.now() + A_DAY) == 3 + visible
    assert objects(place) == [files[1].key]
    assert not Discard.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_next_attempt_replaces_what_a_forgetful_store_still_shows(forgetful: Server, tmp_path: Path, media_id: str) -> None:
    """The address must not be overwritten; what is there was never recorded."""
    place = storage("films")
    assert isinstance(place, S3Storage)
    files, last = staged(tmp_path / "one", "killed", 2)
    with held_by_another("films", files, last, tmp_path / "ready", recording=True):
        pass
    forgetful.stop()
    forgetful.start()
    files, last = staged(tmp_path / "two", "v2", 2)
    publish("films", files, last, token="token-v2", overwrite=False, fence=lambda: True, record=recorder(media_id, files, last))
    assert read_set(place) == "v2"
    sweep_discards(timezone.now() + A_DAY)
    assert sorted(objects(place)) == sorted([MAIN, *(file.key for file in files)])


@pytest.mark.django_db(transaction=True)
def test_a_killed_publisher_leaves_nothing_visible(bind: Callable[..., S3Storage], tmp_path: Path) -> None:
    """A real process, really killed: the parts are there, and all bytes of the main object as an upload that nobody completes."""
    place = bind("films")
    files, last = staged(tmp_path / "room", "killed")
    last.path.write_bytes(random.Random(1).randbytes(PART + 5))  # large enough for several parts
    with (
        held_by_another("films", files, last, tmp_path / "ready", asked=2),
        pytest.raises(BlockingIOError),
        place.locked(MAIN, wait=0),
    ):
        pass
    with place.locked(MAIN, wait=0):
        pass
    assert place.stat(MAIN) is None
    assert objects(place) == [file.key for file in files]
    assert len(place.client.list_multipart_uploads(Bucket=place._remote)["Uploads"]) == 1
    assert sweep_discards(timezone.now() + LATER) == 0
    assert sweep_discards(timezone.now() + A_DAY) == 3
    assert sweep_remote(uploads_every=0) == 1
    assert objects(place) == []
    assert not place.client.list_multipart_uploads(Bucket=place._remote).get("Uploads")
    assert not Discard.objects.exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.django_db(transaction=True)
def test_a_playlist_grows_and_ends(bind: Callable[..., S3Storage], media_id: str, kind: str, tmp_path: Path) -> None:
    place = bind("films", kind, prefix="p")
    files, last = staged(tmp_path / "room", "v1", 3)
    whole = last.path.read_text()
    growing = Growing("films", last.key, "token-v1", lambda: True)
    for count in (1, 2, 3):
        last.path.write_text("\n".join(["v1", *(file.key for file in files[:count])]))
        assert growing.show(files[count - 1 : count], last)
        assert read_set(place) == "v1"
    growing.stay()
    assert sweep_discards() == 0
    last.path.write_text(whole)
    publish("films", files, last, token="token-v1", overwrite=False, fence=lambda: True, record=recorder(media_id, files, last), shown={f.key for f in files})
    assert read_set(place) == "v1"
    growing.withdraw()
    sweep_discards(timezone.now() + A_DAY)
    assert len(objects(place)) == 4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.django_db(transaction=True)
def test_what_a_lost_attempt_has_shown_goes(bind: Callable[..., S3Storage], kind: str, tmp_path: Path) -> None:
    place, alive = bind("films", kind), True
    first = Growing("films", MAIN, "job-1", lambda: alive)
    files, last = staged(tmp_path / "one", "v1", 2)
    assert first.show(files, last)
    second = Growing("films", MAIN, "job-2", lambda: True)
    files, last = staged(tmp_path / "two", "v2", 1)
    assert second.may_begin()
    assert second.show(files, last)
    alive = False
    files, last = staged(tmp_path / "one", "v1", 3)
    assert not first.show(files[2:], last), "a zombie shows nothing"
    assert read_set(place) == "v2"
    first.withdraw()
    assert objects(place) == ["talks/clip-v2-00000.ts", MAIN]
    sweep_discards(timezone.now() + dt.timedelta(minutes=20))
    assert objects(place) == []
    place.put(MAIN, [b"somebody else's"])
    third = Growing("films", MAIN, "job-3", lambda: True)
    assert not third.may_begin()
    assert not third.show(files, last)
    assert text(place, MAIN) == "somebody else's"
