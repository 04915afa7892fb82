"""Local buckets: names are never paths, objects appear whole, and nothing is left of what failed."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.engine.errors import JobError, Refused
from media_assets import backstage, local
from media_assets.local import LocalStorage, etag_of, numbered
from media_assets.storage import storage

LEGAL = [
    "plain.mp4",
    "a b/with space.mp4",
    "punctuation !\"#$&'()*+,-.;<=>?@[]^_`{|}~.mp4",
    "日本語/映画.mp4",
    "🎬/🎞️ clip.mp4",
    "-rf",
    "%d-%05d.ts",
    "100%/50%25.mp4",
    "back\\slash.mp4",
    "…",
    "...",
    "a" * 255,
    "/".join(["x" * 200] * 5),
]
ILLEGAL = [
    "",
    "/etc/passwd",
    "..",
    "a/../../etc/passwd",
    "a/./b",
    "a//b",
    "a/",
    "nul\x00",
    "line\nbreak",
    "\x85",
    "x" * 256,
    "文" * 86,
    "k" * 1024,
    "\ud800",
    ".reelmill/stage/x",
    ".reelmill",
    ".ReelMill/locks/000",
]


@pytest.fixture
def place(tmp_path: Path) -> LocalStorage:
    """A bucket without a row."""
    return LocalStorage("input", tmp_path / "bucket")


def leftovers(place: LocalStorage) -> list[str]:
    """What is on the stage."""
    return [path.name for path in (place.root / ".reelmill" / "stage").rglob("*")]


# --- names --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", LEGAL)
def test_it_keeps_legal_names_literally(place: LocalStorage, key: str) -> None:
    facts = place.put(key, [b"hello"])
    assert facts.key == key
    assert (place.root / key).read_bytes() == b"hello"
    with place.open(key) as file:
        assert file.read() == b"hello"
    assert [found.key for found in place.list()] == [key]
    assert place.stat(key) == facts
    assert place.delete(key)
    assert place.stat(key) is None
    assert not place.delete(key)


@pytest.mark.parametrize("key", ILLEGAL)
def test_it_refuses_what_is_no_name(place: LocalStorage, tmp_path: Path, key: str) -> None:
    place.put("there", [b"x"])
    for act in (place.stat, place.open, place.delete, lambda k: place.put(k, [b"evil"]), lambda k: place.pin(k, tmp_path)):
        with pytest.raises(Refused) as error:
            act(key)
        assert error.value.code == "InvalidAddress"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bucket"]
    assert leftovers(place) == []


def test_it_refuses_links_that_lead_out_of_the_folder(place: LocalStorage, tmp_path: Path) -> None:
    place.put("x", [b"x"])
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (place.root / "out").symlink_to(outside)
    (place.root / "file").symlink_to(outside / "secret")
    (place.root / "up").symlink_to("..")
    (place.root / "private").symlink_to(".reelmill")
    for key in ("out/secret", "file", "up/outside/secret", "private/locks/000"):
        for act in (place.stat, place.open, lambda k: place.pin(k, tmp_path)):
            with pytest.raises(Refused) as error:
                act(key)
            assert error.value.code == "InvalidAddress"
    for key in ("out/new", "up/new", "private/new"):
        with pytest.raises(Refused):
            place.put(key, [b"evil"])
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]
    place.put("file", [b"mine now"])  # a link is replaced, not written through
    assert (outside / "secret").read_text() == "secret"
    assert [facts.key for facts in place.list()] == ["file", "x"]


def test_it_follows_links_inside_the_folder(place: LocalStorage) -> None:
    place.put("a/real.mp4", [b"real"])
    (place.root / "alias.mp4").symlink_to("a/real.mp4")
    (place.root / "loop").symlink_to("loop")
    with place.open("alias.mp4") as file:
        assert file.read() == b"real"
    assert place.stat("loop") is None


def test_it_serves_a_file_put_there_by_hand_and_nothing_else(place: LocalStorage) -> None:
    (place.root / "dir").mkdir(parents=True)
    (place.root / "dir" / "by hand.mp4").write_bytes(b"12345")
    os.mkfifo(place.root / "pipe")
    facts = place.stat("dir/by hand.mp4")
    assert facts is not None
    assert facts.size == 5
    assert facts.etag == etag_of((place.root / "dir" / "by hand.mp4").stat())
    assert place.stat("dir") is None
    assert place.stat("pipe") is None
    for key in ("dir", "pipe", "dir/by hand.mp4/more", "nothing"):
        with pytest.raises(Refused) as error:
            place.open(key)
        assert error.value.code == "ObjectNotFound"
    assert not place.delete("dir")
    assert (place.root / "dir" / "by hand.mp4").exists()


def test_an_object_and_a_folder_cannot_have_one_name(place: LocalStorage) -> None:
    place.put("a/b", [b"x"])
    for key in ("a/b/c", "a", "a/b/c/d"):
        with pytest.raises(Refused) as error:
            place.put(key, [b"y"])
        assert error.value.code == "InvalidAddress"
    assert [facts.key for facts in place.list()] == ["a/b"]
    assert leftovers(place) == []


# --- lists --------------------------------------------------------------------------------------------------------------
def test_it_lists_in_key_order_by_prefix_and_page(place: LocalStorage) -> None:
    keys = sorted(["a.x", "a-b", "a/1", "a/2/x", "a/2/y", "a0", "b/1", "日本/1", "z"])
    for key in keys:
        place.put(key, [key.encode()])
    (place.root / b"bad\xff".decode(errors="surrogateescape")).write_bytes(b"")
    assert [facts.key for facts in place.list()] == keys
    for prefix in ("a", "a/", "a/2", "a/2/", "b", "日", "nothing"):
        assert [facts.key for facts in place.list(prefix)] == [key for key in keys if key.startswith(prefix)]
    for after in ["", "a", "a/", "a/1", "a/2", "a/2/x", "a0", "b", "zz"]:
        assert [facts.key for facts in place.list("", after)] == [key for key in keys if key > after]
    assert [facts.key for facts in place.list("a", "a/1", 2)] == ["a/2/x", "a/2/y"]
    paged, after = [], ""
    while page := place.list("", after, 2):
        paged += [facts.key for facts in page]
        after = page[-1].key
    assert paged == keys


def test_it_browses_one_folder(place: LocalStorage) -> None:
    for key in ("a/1.mp4", "a/b/2.mp4", "3.mp4"):
        place.put(key, [b"x"])
    assert place.browse() == (["a"], [place.stat("3.mp4")])
    assert place.browse("a") == (["b"], [place.stat("a/1.mp4")])
    assert place.browse("a/b/")[1][0].key == "a/b/2.mp4"
    assert place.browse("nothing") == ([], [])
    for folder in ("..", "a/../..", ".reelmill", "/etc"):
        with pytest.raises(Refused):
            place.browse(folder)


def test_a_bucket_whose_folder_is_missing_is_empty(place: LocalStorage) -> None:
    assert place.list() == []
    assert place.stat("x") is None
    assert place.free_bytes() > 0
    assert not place.root.exists()


# --- writing ------------------------------------------------------------------------------------------------------------
def test_an_object_appears_only_when_it_is_whole(place: LocalStorage) -> None:
    place.put("a/clip", [b"old"])
    seen = []

    def chunks() -> Iterator[bytes]:
        for part in (b"new", b"er"):
            seen.append((place.root / "a" / "clip").read_bytes())
            seen.append([facts.key for facts in place.list()])
            yield part

    facts = place.put("a/clip", chunks())
    assert seen == [b"old", ["a/clip"]] * 2
    assert (place.root / "a" / "clip").read_bytes() == b"newer"
    assert facts.size == 5
    assert leftovers(place) == []


def test_a_broken_upload_leaves_nothing(place: LocalStorage) -> None:
    place.put("clip", [b"old"])

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        place.put("clip", broken())
    assert (place.root / "clip").read_bytes() == b"old"
    assert leftovers(place) == []


def test_it_does_not_overwrite_unless_told(place: LocalStorage) -> None:
    place.put("clip", [b"first"], overwrite=False)
    with pytest.raises(Refused) as error:
        place.put("clip", [b"second"], overwrite=False)
    assert error.value.code == "ObjectAlreadyExists"
    assert (place.root / "clip").read_bytes() == b"first"
    facts = place.put("clip", [b"third"], overwrite=False, alternatives=["clip", "other", "more"])
    assert facts.key == "other"
    assert (place.root / "other").read_bytes() == b"third"
    assert leftovers(place) == []


def test_of_many_writers_that_must_not_overwrite_one_wins(place: LocalStorage) -> None:
    place.put("warm", [b""])
    won, lost, start = [], [], threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        try:
            place.put("clip", [bytes([number])] * 100, overwrite=False)
            won.append(number)
        except Refused as error:
            lost.append(error.code)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lost == ["ObjectAlreadyExists"] * 7
    assert (place.root / "clip").read_bytes() == bytes(won) * 100


def test_it_keeps_to_the_size_limit(place: LocalStorage, settings: pytest.FixtureRequest) -> None:
    place.put("clip", [b"1234"], max_bytes=4)
    with pytest.raises(Refused) as error:
        place.put("clip", [b"123", b"45"], max_bytes=4)
    assert error.value.code == "BodyTooLarge"
    settings.REELMILL_MAX_UPLOAD_GB = 0
    with pytest.raises(Refused) as error:
        place.put("clip", [b"x"])
    assert error.value.code == "BodyTooLarge"
    assert (place.root / "clip").read_bytes() == b"1234"
    assert leftovers(place) == []


def test_it_keeps_the_reserve_free(place: LocalStorage, settings: pytest.FixtureRequest) -> None:
    settings.REELMILL_MIN_FREE_MB = 10**9
    with pytest.raises(Refused) as error:
        place.put("clip", [b"x"])
    assert error.value.code == "StorageFull"
    assert error.value.retryable
    assert place.list() == []
    assert leftovers(place) == []


def test_a_disk_that_fills_up_is_told_and_leaves_nothing(place: LocalStorage) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Refused) as error:
        place.put("clip", chunks())
    assert error.value.code == "StorageFull"
    assert leftovers(place) == []


def test_every_write_changes_the_etag(place: LocalStorage) -> None:
    etags = {place.put("clip", [b"same"]).etag for _ in range(5)}
    assert len(etags) == 5


# --- pin ----------------------------------------------------------------------------------------------------------------
def test_a_pinned_object_survives_its_replacement(place: LocalStorage, tmp_path: Path) -> None:
    facts = place.put("clip", [b"old"])
    room = tmp_path / "room"
    room.mkdir()
    path = place.pin("clip", room, etag=facts.etag)
    assert path == room / "input"
    assert path.stat().st_ino == (place.root / "clip").stat().st_ino  # linked: no bytes were copied
    place.put("clip", [b"newer"])
    assert path.read_bytes() == b"old"
    place.delete("clip")
    assert path.read_bytes() == b"old"
    with pytest.raises(JobError) as error:
        place.pin("clip", room)
    assert error.value.code == "ObjectNotFound"


def test_pin_notices_another_object(place: LocalStorage, tmp_path: Path) -> None:
    facts = place.put("clip", [b"old"])
    place.put("clip", [b"new"])
    with pytest.raises(JobError) as error:
        place.pin("clip", tmp_path, etag=facts.etag)
    assert error.value.code == "InputChanged"
    assert error.value.retryable
    assert not (tmp_path / "input").exists()


def test_pin_copies_where_links_cannot_go(place: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = place.put("clip", [b"x" * 3_000_000])

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(local.os, "link", refuse)
    path = place.pin("clip", tmp_path, "copy", etag=facts.etag)
    assert path.read_bytes() == b"x" * 3_000_000
    assert etag_of(path.stat()) == facts.etag
    path.write_bytes(b"changed")
    assert place.stat("clip") == facts


def test_pin_to_another_file_system(place: LocalStorage) -> None:
    shm = Path("/dev/shm")
    place.put("clip", [b"content"])
    if not shm.is_dir() or shm.stat().st_dev == place.root.stat().st_dev:
        pytest.skip("/dev/shm is no other file system here")
    room = shm / f"reelmill-test-{os.getpid()}"
    room.mkdir()
    try:
        facts = place.stat("clip")
        assert facts is not None
        assert place.pin("clip", room, etag=facts.etag).read_bytes() == b"content"
    finally:
        for path in room.iterdir():
            path.unlink()
        room.rmdir()


def test_pin_takes_no_pipe_and_no_folder(place: LocalStorage, tmp_path: Path) -> None:
    place.root.mkdir()
    os.mkfifo(place.root / "pipe")
    (place.root / "dir").mkdir()
    for key in ("pipe", "dir"):
        with pytest.raises(JobError) as error:
            place.pin(key, tmp_path)
        assert error.value.code == "ObjectNotFound"


# --- stage and locks ----------------------------------------------------------------------------------------------------
def test_the_sweep_of_the_stage_spares_the_living(place: LocalStorage) -> None:
    dead = place.root / ".reelmill" / "stage" / "set-dead"
    dead.mkdir(parents=True)
    (dead / "0").write_bytes(b"left by a crash")
    kept = place.root / ".reelmill" / "stage" / "set-kept"
    kept.mkdir()
    with place.stage("set-alive") as folder:
        (folder / "0").write_bytes(b"being written")
        assert place.sweep_stage(lambda name: name == "set-kept") == 1
        assert (folder / "0").exists()
        assert not dead.exists()
        assert kept.exists()
    assert not folder.exists()
    assert place.sweep_stage(lambda _name: False) == 1


def test_a_lock_is_held_against_other_threads_and_set_free(place: LocalStorage) -> None:
    place.root.mkdir()
    with place.locked("a"), pytest.raises(BlockingIOError), place.locked("a", wait=0):
        pass
    with place.locked("a", wait=0):
        pass


def test_locks_do_not_pile_up(place: LocalStorage) -> None:
    place.root.mkdir()
    for number in range(3000):
        with place.locked(f"key-{number}"):
            pass
    assert len(list((place.root / ".reelmill" / "locks").iterdir())) <= backstage.LOCKS


def test_private_files_are_private(place: LocalStorage) -> None:
    place.put("x", [b"x"])
    lock = next((place.root / ".reelmill" / "locks").iterdir())
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    assert [facts.key for facts in place.list()] == ["x"]
    assert place.browse()[0] == []


# --- by name ------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_bucket_without_a_folder_lies_in_the_data_folder(settings: pytest.FixtureRequest, tmp_path: Path) -> None:
    from media_assets.models import Bucket

    settings.REELMILL_DATA = tmp_path
    Bucket.objects.create(name="plain", is_input=True)
    Bucket.objects.create(name="elsewhere", folder=str(tmp_path / "e"), is_input=True)
    (tmp_path / "e").mkdir()
    storage("plain").put("x", [b"1"])
    storage("elsewhere").put("x", [b"2"])
    assert (tmp_path / "buckets" / "plain" / "x").read_bytes() == b"1"
    assert (tmp_path / "e" / "x").read_bytes() == b"2"
    assert storage("plain").path_hint("a/b") == str(tmp_path / "buckets" / "plain" / "a" / "b")
    with pytest.raises(Refused) as error:
        storage("nothing")
    assert error.value.code == "BucketNotFound"


def test_a_folder_that_is_not_mounted_is_not_made(tmp_path: Path) -> None:
    place = LocalStorage("films", tmp_path / "mnt" / "films", own=False)
    with pytest.raises(Refused) as error:
        place.put("x", [b"x"])
    assert error.value.code == "BucketNotFound"
    assert "mounted" in error.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "number", "wanted"),
    [
        ("a/clip.mp4", 2, "a/clip (2).mp4"),
        ("clip", 3, "clip (3)"),
        (".hidden", 2, ".hidden (2)"),
        ("a.b/c", 2, "a.b/c (2)"),
        ("x" * 251 + ".mp4", 2, "x" * 247 + " (2).mp4"),
        ("文" * 83 + ".mp4", 2, "文" * 82 + " (2).mp4"),
    ],
)
def test_a_second_name_is_legal(key: str, number: int, wanted: str) -> None:
    assert numbered(key, number) == wanted
    assert len(numbered(key, number).rpartition("/")[2].encode()) <= 255
