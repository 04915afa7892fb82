"""Sets as workers make them and players read them, for the tests of publishing."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from django.utils import timezone

from jobs.engine.address import Address
from media_assets import services
from media_assets.local import LocalStorage
from media_assets.models import Discard
from media_assets.storage import Staged, publish

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


def crash() -> None:
    """The process ends here."""
    raise Crash


@contextmanager
def held_by_another(bucket: str, files: list[Staged], last: Staged, ready: Path, *, asked: int = 1, recording: bool = False) -> Iterator[None]:
    """While a real process publishes this set, stopped under the lock where it asks for the ``asked``-th time whether it may, or where it is ``recording``
    what can be seen already; then it is really killed."""
    connection.close()
    child = os.fork()
    if child == 0:
        times: list[int] = []

        def wait() -> None:
            ready.write_text("under the lock")
            time.sleep(60)

        def fence() -> bool:
            times.append(1)
            if len(times) == asked and not recording:
                wait()
            return True

        try:
            publish(bucket, files, last, token="killed", overwrite=True, fence=fence, record=wait if recording else lambda: None)
        finally:
            os._exit(1)
    try:
        for _ in range(2000):
            if ready.exists():
                break
            time.sleep(0.01)
        assert ready.exists()
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
