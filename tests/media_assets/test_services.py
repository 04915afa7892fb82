"""What jobs, uploads and administrators tell the library and the buckets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from jobs.engine.address import Address
from jobs.engine.errors import Refused
from media_assets import services
from media_assets.models import Bucket, Discard, Media, MediaFile
from media_assets.storage import storage, sweep_discards
from media_assets.uploads import upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _places(buckets: object) -> None:
    """Every test here has the two buckets."""


def source_of(media: Media) -> MediaFile:
    """The row of its source."""
    return media.files.get(role=MediaFile.Role.SOURCE)


# --- remember -----------------------------------------------------------------------------------------------------------
def test_it_remembers_a_source_once() -> None:
    facts = storage("input").put("talks/映画 (1).mp4", [b"12345"])
    address = Address("input", "talks/映画 (1).mp4")
    media = services.remember(address)
    assert (media.title, media.address) == ("映画 (1).mp4", "oss://input/talks/映画 (1).mp4")
    file = source_of(media)
    assert (file.size, file.etag, file.bucket, file.key) == (5, facts.etag, "input", address.key)
    media.title = "A talk"
    media.save()
    assert services.remember(address, title="other") == media
    media.refresh_from_db()
    assert media.title == "A talk"
    assert Media.objects.count() == MediaFile.objects.count() == 1


def test_a_title_has_at_most_128_bytes() -> None:
    media = services.remember(Address("input", "文" * 80))
    assert media.title == "文" * 42


def test_it_remembers_what_is_not_there() -> None:
    for bucket in ("input", "unbound"):
        file = source_of(services.remember(Address(bucket, "gone.mp4")))
        assert (file.size, file.etag) == (None, "")


def test_media_info_goes_with_the_object_that_it_was_of() -> None:
    address = Address("input", "clip.mp4")
    storage("input").put("clip.mp4", [b"old"])
    media = services.remember(address)
    services.set_info(media, {"duration": 3.0})
    media = services.remember(address)
    assert media.info == source_of(media).info == {"duration": 3.0}
    storage("input").put("clip.mp4", [b"another"])
    media = services.remember(address)
    media.refresh_from_db()
    assert media.info is None
    assert (source_of(media).info, source_of(media).size) == (None, 7)


# --- renditions ---------------------------------------------------------------------------------------------------------
def test_it_records_a_rendition_and_its_replacement() -> None:
    media = services.remember(Address("input", "clip.mp4"))
    address = Address("output", "clip.m3u8")
    place = storage("output")
    for key in ("clip.m3u8", "a-1.ts", "a-2.ts", "same.ts", "b-1.ts"):
        place.put(key, [b"x"])
    row = services.record_rendition(media.id, address, parts=["a-1.ts", "a-2.ts", "same.ts"], size=4, info={"duration": 1.0}, job_id="j1", output_id="o1")
    assert row is not None
    assert (row.media, row.role, row.size, row.info, row.job_id, row.output_id) == (media, "rendition", 4, {"duration": 1.0}, "j1", "o1")
    assert not Discard.objects.exists()
    other = services.remember(Address("input", "other.mp4"))
    again = services.record_rendition(other.id, address, parts=["same.ts", "b-1.ts"], size=3, info=None, job_id="j2", output_id="o2")
    assert again is not None
    assert again.pk == row.pk
    assert (again.media, again.parts, again.job_id) == (other, ["same.ts", "b-1.ts"], "j2")
    assert sorted(Discard.objects.values_list("key", "main")) == [("a-1.ts", "clip.m3u8"), ("a-2.ts", "clip.m3u8")]
    assert sweep_discards(timezone.now() + dt.timedelta(hours=1)) == 2
    assert [facts.key for facts in place.list()] == ["b-1.ts", "clip.m3u8", "same.ts"]


def test_a_rendition_can_be_the_source_of_another_media() -> None:
    media = services.remember(Address("input", "clip.mp4"))
    address = Address("output", "clip-540p.mp4")
    storage("output").put("clip-540p.mp4", [b"x"])
    services.record_rendition(media.id, address)
    second = services.remember(address)
    services.record_rendition(media.id, address)
    assert second != media
    assert sorted(MediaFile.objects.filter(key="clip-540p.mp4").values_list("media", "role")) == sorted([(media.id, "rendition"), (second.id, "source")])


def test_a_media_removed_meanwhile_gets_no_rendition() -> None:
    media = services.remember(Address("input", "clip.mp4"))
    gone = media.id
    media.delete()
    assert services.record_rendition(gone, Address("output", "x.mp4")) is None
    assert services.record_rendition(None, Address("output", "x.mp4")) is None
    assert not MediaFile.objects.exists()


# --- uploads ------------------------------------------------------------------------------------------------------------
def test_an_upload_is_an_object_and_a_media() -> None:
    media = upload("input", "a/clip.mp4", [b"123", b"45"], if_exists="fail")
    assert (media.address, source_of(media).size) == ("oss://input/a/clip.mp4", 5)
    with storage("input").open("a/clip.mp4") as file:
        assert file.read() == b"12345"


def test_a_second_upload_of_a_name_is_a_choice() -> None:
    def refuse() -> object:
        raise AssertionError("nothing is read where nothing is kept")
        yield b""

    first = upload("input", "clip.mp4", [b"first"])
    with pytest.raises(Refused) as error:
        upload("input", "clip.mp4", refuse(), if_exists="fail")
    assert error.value.code == "ObjectAlreadyExists"
    assert upload("input", "clip.mp4", refuse(), if_exists="skip") == first
    second = upload("input", "clip.mp4", [b"second"], if_exists="keep_both")
    third = upload("input", "clip.mp4", [b"third"], if_exists="keep_both")
    assert (second.key, third.key) == ("clip (2).mp4", "clip (3).mp4")
    services.set_info(first, {"duration": 1.0})
    replaced = upload("input", "clip.mp4", [b"replaced"], if_exists="replace")
    assert replaced == first
    assert replaced.info is None
    assert source_of(replaced).size == 8
    contents = {facts.key: (storage("input").root / facts.key).read_bytes() for facts in storage("input").list()}
    assert contents == {"clip.mp4": b"replaced", "clip (2).mp4": b"second", "clip (3).mp4": b"third"}
    assert Media.objects.count() == 3


@pytest.mark.parametrize(
    ("bucket", "key", "if_exists", "code"),
    [
        ("unbound", "x", "fail", "BucketNotFound"),
        ("output", "x", "fail", "BucketRoleMissing"),
        ("input", "../x", "fail", "InvalidAddress"),
        ("input", ".reelmill/x", "replace", "InvalidAddress"),
        ("input", "x", "perhaps", "InvalidParameter"),
    ],
)
def test_it_refuses_uploads_that_cannot_be(bucket: str, key: str, if_exists: str, code: str) -> None:
    with pytest.raises(Refused) as error:
        upload(bucket, key, [b"x"], if_exists=if_exists)
    assert error.value.code == code
    assert not Media.objects.exists()


# --- buckets ------------------------------------------------------------------------------------------------------------
def problems(act: Callable[[], object]) -> dict[str, str]:
    """Field and message of every mistake."""
    with pytest.raises(Refused) as error:
        act()
    assert error.value.code == "InvalidParameter"
    return {str(problem.loc[-1]): problem.message for problem in error.value.problems}


def test_the_default_buckets_are_made_once_and_left_alone(settings: pytest.FixtureRequest, tmp_path: Path) -> None:
    Bucket.objects.all().delete()
    settings.REELMILL_DATA = tmp_path / "data"
    services.ensure_default_buckets()
    roles = sorted(Bucket.objects.values_list("name", "is_input", "is_output"))
    assert roles == [("input", True, False), ("output", True, True)]
    assert (tmp_path / "data" / "buckets" / "input").is_dir()
    Bucket.objects.filter(name="output").update(is_input=False)
    services.ensure_default_buckets()
    assert not Bucket.objects.get(name="output").is_input
    assert Bucket.objects.count() == 2


def test_it_binds_a_folder(tmp_path: Path) -> None:
    bucket = services.create_bucket("films", folder=str(tmp_path / "films"), is_input=True)
    assert (tmp_path / "films").is_dir()
    storage("films").put("x", [b"x"])
    assert (tmp_path / "films" / "x").exists()
    services.update_bucket(bucket, is_output=True, is_input=False, folder=str(tmp_path / "elsewhere"))
    bucket.refresh_from_db()
    assert (bucket.is_input, bucket.is_output, bucket.folder) == (False, True, str(tmp_path / "elsewhere"))
    services.remove_bucket(bucket)
    assert (tmp_path / "films" / "x").exists()


def test_it_tells_every_mistake_of_a_binding(buckets: object, tmp_path: Path) -> None:
    assert set(problems(lambda: services.create_bucket("Films!", folder="films"))) == {"name", "is_input", "folder"}
    for name in ("input", "objects", "console", "ab", "-films", "films-", "films.x", "x" * 64, ""):
        assert set(problems(lambda name=name: services.create_bucket(name, folder=str(tmp_path / "f"), is_input=True))) == {"name"}, name


def test_folders_must_not_overlap_each_other_or_our_own_data(settings: pytest.FixtureRequest, tmp_path: Path) -> None:
    settings.REELMILL_DATA = tmp_path / "data"
    (tmp_path / "link").symlink_to(tmp_path / "buckets" / "input")
    for folder in ("buckets/input", "buckets/input/below", "buckets", "link", "data", "data/logs", "data/work/x", "data/buckets", "."):
        assert "folder" in problems(lambda folder=folder: services.create_bucket("films", folder=str(tmp_path / folder), is_input=True)), folder
    services.create_bucket("films", folder=str(tmp_path / "data" / "buckets" / "elsewhere"), is_input=True)
    bucket = Bucket.objects.get(name="films")
    assert problems(lambda: services.update_bucket(bucket, folder=str(tmp_path / "data")))
    assert problems(lambda: services.update_bucket(bucket, name="other"))
    assert problems(lambda: services.update_bucket(bucket, is_input=False))
    bucket.refresh_from_db()
    assert (bucket.is_input, bucket.folder) == (True, str(tmp_path / "data" / "buckets" / "elsewhere"))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "folder" in problems(lambda: services.create_bucket("films", folder=str(tmp_path / "file" / "below"), is_input=True))
    assert not Bucket.objects.filter(name="films").exists()
