"""Objects that grow at their end, in folders and in stores that know conditions and that know none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jobs.engine.address import Address
from media_assets import appending, digests
from media_assets.object_writing import About
from media_assets.storage import storage


@pytest.fixture(params=["local", "moto", "rclone"])
def name(request: pytest.FixtureRequest, buckets: Any, bind: Callable[..., Any]) -> str:
    """A bucket of that kind."""
    if request.param == "local":
        return "input"
    bind("films", request.param)
    return "films"


def content(bucket: str, key: str) -> bytes:
    with storage(bucket).open(key) as file:
        return file.read()


def test_an_object_grows_everywhere(name: str) -> None:
    address, judge = Address(name, "a/log.txt"), digests.wanted()
    for position, piece in ((0, b"one,"), (4, b"two,"), (8, b"")):
        made = appending.append(address, position, [piece], About({"content-type": "text/plain"}), judge=judge)
    assert (made.facts.size, made.note.kind, made.note.headers) == (8, "Appendable", {"content-type": "text/plain"})
    assert content(name, "a/log.txt") == b"one,two,"
    with pytest.raises(appending.NotAtEnd) as caught:
        appending.append(address, 4, [b"x"], About(), judge=judge)
    assert caught.value.length == 8
    storage(name).put("a/log.txt", [b"another"])
    with pytest.raises(appending.NotAppendable):
        appending.append(address, 7, [b"x"], About(), judge=judge)


@pytest.mark.parametrize("begun", [True, False])
def test_what_another_writes_meanwhile_stays(name: str, begun: bool) -> None:
    address, judge = Address(name, "log.txt"), digests.wanted()
    if begun:
        appending.append(address, 0, [b"one,"], About(), judge=judge)
    position = 4 if begun else 0

    def slow() -> Iterator[bytes]:
        yield b"lost"
        appending.append(address, position, [b"another's"], About(), judge=judge)

    with pytest.raises(appending.NotAtEnd) as caught:
        appending.append(address, position, slow(), About(), judge=judge)
    assert caught.value.length == position + 9
    assert content(name, "log.txt") == (b"one," if begun else b"") + b"another's"
