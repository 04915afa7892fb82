"""The table of files that a plan opens. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobs.engine.errors import JobError
from jobs.engine.plan import Pad, Source

if TYPE_CHECKING:
    from jobs.engine.address import Address
    from jobs.engine.encryption import ContentKey
    from jobs.engine.probe import AudioStream, Probe, SubtitleStream, VideoStream


@dataclass(frozen=True)
class Fetched:
    """A file that lies in the attempt's folder. ``probe`` is None for what is no media file to ffprobe (a text). ``problem``: why it
    cannot be fetched or used; outputs that need it fail with that."""

    file: str
    probe: Probe | None = None
    text: str | None = None
    data: bytes | None = None
    problem: JobError | None = None


@dataclass(frozen=True)
class Material:
    """Everything that is known before planning: the job's input, whatever else was fetched, and what was measured."""

    probe: Probe
    files: Mapping[Address, Fetched] = field(default_factory=dict)
    measured: Mapping[str, Any] = field(default_factory=dict)
    """By the name of a measurement (see measure.py): crop box, fields, loudness."""
    keys: Mapping[int, ContentKey] = field(default_factory=dict)
    """Of encrypted outputs, by index."""

    def media(self, address: Address) -> Fetched:
        """A fetched object. Raises the JobError that it failed with; also where nobody fetched it, as when a plan is only explained."""
        fetched = self.files.get(address)
        if fetched is None:
            raise JobError("InputNotReadable", f"{address} has not been fetched here, so what it makes of this output is not known.")
        if fetched.problem is not None:
            raise fetched.problem
        return fetched


class Sources:
    """Collects sources while outputs are planned; equal ones get one position."""

    def __init__(self) -> None:
        self._found: list[Source] = []

    @property
    def table(self) -> tuple[Source, ...]:
        """All of them, in order of their positions."""
        return tuple(self._found)

    def add(self, source: Source) -> int:
        """The position of this source."""
        if source not in self._found:
            self._found.append(source)
        return self._found.index(source)

    def of(
        self,
        probe: Probe,
        file: str = "input",
        start: float | None = None,
        duration: float | None = None,
        options: tuple[str, ...] = (),
        timing: tuple[str, ...] = (),
    ) -> int:
        """The position of a probed file, opened from ``start`` for ``duration`` seconds."""
        pixels = probe.picture.width * probe.picture.height if probe.picture else 0
        made = Source(file=file, format=probe.format_name, start=start or None, duration=duration or None, options=options, pixels=pixels, timing=timing)
        return self.add(made)


def pad(source: int, stream: VideoStream | AudioStream | SubtitleStream) -> Pad:
    """A stream of a source."""
    return Pad(source=source, stream=stream.index, codec=stream.codec)
