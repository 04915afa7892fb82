"""What every storage driver answers with and can do. No driver here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@dataclass(frozen=True)
class ObjectFacts:
    """What is known of an object without reading it. ``size`` in bytes; ``etag`` differs whenever the content was written anew."""

    key: str
    size: int
    etag: str
    modified: dt.datetime


@dataclass(frozen=True)
class Staged:
    """A finished file of an attempt's room and the key at which it shall appear."""

    path: Path
    key: str


class Storage(Protocol):
    """One bucket. Keys are names, never paths; one that cannot be used raises Refused InvalidAddress everywhere."""

    name: str

    def stat(self, key: str) -> ObjectFacts | None:
        """Facts of an object, or None where there is none."""

    def open(self, key: str) -> BinaryIO:
        """The object for reading, seekable. Raises Refused ObjectNotFound."""

    def list(self, prefix: str = "", after: str = "", limit: int = 1000) -> Sequence[ObjectFacts]:
        """Objects whose key starts with ``prefix`` and comes after ``after``, in the order of their keys."""

    def browse(self, folder: str = "") -> tuple[Sequence[str], Sequence[ObjectFacts]]:
        """Names of the folders and facts of the objects directly in ``folder`` («» or «a/b/»)."""

    def pin(self, key: str, room: Path, name: str = "input", *, etag: str = "") -> Path:
        """Put the object into the room, so that nothing that happens to the bucket matters any more.

        Raises JobError: ObjectNotFound, or InputChanged if it is not the object of that etag. A full disk raises OSError.
        """

    def put(
        self,
        key: str,
        chunks: Iterable[bytes],
        *,
        overwrite: bool = True,
        alternatives: Iterable[str] = (),
        max_bytes: int | None = None,
        replaces: str = "",
    ) -> ObjectFacts:
        """Write a whole object; it appears when it is complete. Not to overwrite: the first free one of ``key`` and ``alternatives`` is taken.
        ``replaces``: the etag of the only object that may be overwritten.

        Raises Refused: ObjectAlreadyExists, InputChanged, StorageFull, BodyTooLarge (more than ``max_bytes``; None: the installation's upload limit).
        """

    def delete(self, key: str) -> bool:
        """Remove an object; False where there was none."""

    def free_bytes(self) -> int | None:
        """Free space for new objects, bytes; None where nobody can say."""

    def path_hint(self, key: str) -> str:
        """Where an operator finds the object, for people only."""
