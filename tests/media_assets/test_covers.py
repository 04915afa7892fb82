"""A picture from outside becomes the cover: made anew by the sandboxed program, upright, small, over white, without what was written into it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from jobs.engine.address import Address
from media_assets.models import Bucket, Media, MediaFile
from media_assets.services import remember
from media_assets.storage import storage, sweep_discards

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[User | None], Client]
LEFT, RIGHT = (200, 40, 40), (40, 60, 200)


def halves(width: int, height: int, format_: str = "PNG", **how: Any) -> bytes:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), RIGHT)
    picture.paste(LEFT, (0, 0, width // 2, height))
    data = io.BytesIO()
    picture.save(data, format_, **how)
    return data.getvalue()


def put(data: bytes, key: str) -> str:
    """An object in the input bucket."""
    storage("input").put(key, [data])
    return f"oss://input/{key}"


@pytest.fixture
def film(buckets: Any) -> Media:
    """A media; what is in it does not matter here."""
    return remember(Address.parse(put(b"film", "films/film.mp4")))


def cover_of(media: Media) -> Image.Image:
    """The cover as it lies in its bucket."""
    media.refresh_from_db()
    with storage(media.cover_bucket).open(media.cover_key) as file:
        picture = Image.open(io.BytesIO(file.read()))
        picture.load()
    assert picture.format == "JPEG"
    return picture


def near(picture: Image.Image, x: float, y: float, wanted: tuple[int, int, int]) -> bool:
    """Whether the pixel at these shares of the sides has that colour."""
    found = picture.convert("RGB").getpixel((int(x * (picture.width - 1)), int(y * (picture.height - 1))))
    assert isinstance(found, tuple)
    return all(abs(a - b) <= 6 for a, b in zip(found, wanted, strict=True))


def sent(client: Client, media: Media, data: bytes, type_: str = "image/png") -> Any:
    """POST with the picture as body."""
    return client.post(f"/api/v1/media/{media.id}/cover", data, content_type=type_)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_a_large_picture_becomes_a_small_jpeg_of_the_same_pixels(film: Media, bob: User, api_of: Any, format_: str) -> None:
    answer = sent(api_of(bob), film, halves(4000, 1000, format_), f"image/{format_.lower()}")
    assert answer.status_code == 200, answer.content
    picture = cover_of(film)
    assert picture.size == (1920, 480)
    assert near(picture, 0.1, 0.5, LEFT)
    assert near(picture, 0.9, 0.5, RIGHT)
    assert answer.json()["cover"]["address"] == f"oss://output/{film.cover_key}"
    (row,) = MediaFile.objects.filter(role="snapshot")
    assert (row.key, row.info["pictures"][0]["width"]) == (film.cover_key, 1920)  # type: ignore[index]


def test_a_small_one_keeps_its_size_and_lies_upright_without_notes(film: Media, bob: User, api_of: Any) -> None:
    notes = Image.Exif()
    notes[0x0112], notes[0x010F] = 6, "Secret camera"  # to be turned by 90° clockwise
    assert sent(api_of(bob), film, halves(321, 201, "JPEG", quality=95, subsampling=0, exif=notes), "image/jpeg").status_code == 200
    picture = cover_of(film)
    assert picture.size == (201, 321)
    assert near(picture, 0.5, 0.1, LEFT)
    assert near(picture, 0.5, 0.9, RIGHT)
    assert not picture.getexif()
    with storage(film.cover_bucket).open(film.cover_key) as file:
        assert b"Secret" not in file.read()


def test_what_is_transparent_gets_white(film: Media, bob: User, api_of: Any) -> None:
    picture = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    picture.paste((*LEFT, 255), (0, 0, 100, 100))
    data = io.BytesIO()
    picture.save(data, "PNG")
    assert sent(api_of(bob), film, data.getvalue()).status_code == 200
    made = cover_of(film)
    assert near(made, 0.2, 0.5, LEFT)
    assert near(made, 0.9, 0.5, (255, 255, 255))


def test_an_object_can_be_named_and_a_new_cover_replaces_the_old_one(film: Media, bob: User, api_of: Any, settings: Any) -> None:
    settings.REELMILL_DISCARD_GRACE_SECONDS = 0
    client = api_of(bob)
    assert sent(client, film, halves(64, 64)).status_code == 200
    film.refresh_from_db()
    first = film.cover_key
    address = put(halves(80, 40), "pictures/poster.png")
    url = f"/api/v1/media/{film.id}/cover"
    answer = client.post(url, {"address": address}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert cover_of(film).size == (80, 40)
    sweep_discards()
    assert storage("output").stat(first) is None
    assert storage("output").stat(film.cover_key) is not None
    assert MediaFile.objects.filter(role="snapshot").count() == 1
    assert client.post(url, {"address": "oss://input/none.png"}, content_type="application/json").json()["code"] == "ObjectNotFound"
    assert client.post(url, {"address": "oss://input/films/film.mp4"}, content_type="application/json").json()["code"] == "InputForbidden"
    assert client.post(url, {"adress": address}, content_type="application/json").status_code == 400


def moving() -> bytes:
    """A WebP of two pictures."""
    data = io.BytesIO()
    Image.new("RGB", (32, 32), LEFT).save(data, "WEBP", save_all=True, append_images=[Image.new("RGB", (32, 32), RIGHT)])
    return data.getvalue()


def noise(format_: str) -> bytes:
    """A picture that is mostly data."""
    data = io.BytesIO()
    Image.effect_noise((400, 300), 90).convert("RGB").save(data, format_)
    return data.getvalue()


REFUSED = {
    "empty": (b"", 400, "InputForbidden"),
    "text": (b"#!/bin/sh\n", 400, "InputForbidden"),
    "vector": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 400, "InputForbidden"),
    "gif": (halves(16, 16, "GIF"), 400, "InputForbidden"),
    "moving": (moving(), 400, "InputForbidden"),
    "header only": (noise("PNG")[:40], 400, "ResourceContentBad"),
    "half a PNG": (noise("PNG")[:-30_000], 400, "ResourceContentBad"),
    "half a JPEG": (noise("JPEG")[:-20_000], 400, "ResourceContentBad"),
    "half a WebP": (noise("WEBP")[:-20_000], 400, "ResourceContentBad"),
    "too many bytes": (halves(16, 16) + bytes(10_000_000), 413, "BodyTooLarge"),
    "too many pixels": (halves(10_000, 6_000), 400, "InputTooLarge"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_a_cover_is_refused_with_the_reason(film: Media, bob: User, api_of: Any, name: str) -> None:
    data, status, code = REFUSED[name]
    answer = sent(api_of(bob), film, data)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    film.refresh_from_db()
    assert not film.cover_key
    assert not storage("output").list("covers/")


def test_the_page_sets_it_and_says_why_not(film: Media, bob: User, client_of: ClientOf) -> None:
    client, url = client_of(bob), f"/console/media/{film.id}/cover/upload/"
    assert url in client.get(f"/console/media/{film.id}/").content.decode()
    assert 'type="file"' in client.get(url).content.decode()
    refused = client.post(url, {"picture": SimpleUploadedFile("a.png", b"no picture")})
    assert refused.status_code == 422
    assert "A cover is a JPEG, PNG or WebP that does not move." in refused.content.decode()
    assert client.post(url).status_code == 422
    done = client.post(url, {"picture": SimpleUploadedFile("../../x.php", halves(300, 200))})
    assert (done.status_code, done["Location"]) == (302, f"/console/media/{film.id}/")
    assert cover_of(film).size == (300, 200)
    assert "Uploaded" in client.get(f"/console/media/{film.id}/snapshots/").content.decode()


def test_who_may_and_where_it_goes(film: Media, bob: User, charlie: User, api_of: Any, client_of: ClientOf) -> None:
    assert sent(api_of(charlie, "viewer"), film, halves(16, 16)).status_code == 403
    assert client_of(charlie).get(f"/console/media/{film.id}/cover/upload/").status_code == 403
    assert sent(api_of(bob), Media(id="0" * 32), halves(16, 16)).status_code == 404
    Bucket.objects.update(is_output=False)
    assert sent(api_of(bob), film, halves(16, 16)).json()["code"] == "BucketRoleMissing"
