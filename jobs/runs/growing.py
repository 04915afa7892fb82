"""Outputs that are shown while they are made: a side thread looks into the room for new segments and publishes the playlists anew.

The program runs in the main thread (parent death is per thread) and knows nothing of it. What is shown is fenced as every publication is; whatever ends
the attempt before the output is recorded takes it back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, connection

from jobs import clock, placeholders, records
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.engine.sets import Room, compose
from jobs.records import LeaseLost
from jobs.runs.publish import stem_of, token_of
from media_assets.storage import Growing, Staged

if TYPE_CHECKING:
    from types import TracebackType

    from jobs.engine.plan import OutputPlan
    from jobs.models import Output
    from jobs.runs.run import Run

log = structlog.get_logger(__name__)
EVERY = 0.5  # s between two looks
STAY_EVERY = 10.0  # s
TAKEN = "There is something at the address already. It stays until the new set is whole, so nothing could be played before."
LATE = "The address names what is known only when the output is whole, so nothing could be played before."


@dataclass
class _Set:
    """One output that grows."""

    output: OutputPlan
    address: Address
    stem: str
    growing: Growing
    texts: dict[str, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    master: str = ""
    visible: bool = False
    ended: bool = False


class Showing:
    """Use as a context around the commands and the publication. Without an output that grows it does nothing."""

    def __init__(self, run: Run, outputs: Sequence[OutputPlan], rows: Mapping[int, Output]) -> None:
        self._run = run
        self._sets = [found for output in outputs if output.set and output.set.growing and (found := self._begun(output, rows[output.index]))]
        self._frozen, self._end = threading.Event(), threading.Event()
        self._looking = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="growing", daemon=True)

    def __enter__(self) -> Showing:
        if self._sets:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._sets:
            return
        self._end.set()
        self._thread.join()
        for one in self._sets:
            one.growing.withdraw()
            if one.visible:
                with suppress(LeaseLost, DatabaseError):
                    records.output_shown(self._run.fence, one.output.index, None)

    def freeze(self) -> None:
        """What is shown now stays as it is until it is published as a whole."""
        self._frozen.set()
        with self._looking:
            return

    def shown(self, index: int) -> frozenset[str]:
        """Keys of an output's segments that can be seen and will not change."""
        return frozenset(key for one in self._sets if one.output.index == index for key in one.shown)

    def _begun(self, output: OutputPlan, row: Output) -> _Set | None:
        run = self._run
        if placeholders.is_late(str(run.job.spec["outputs"][output.index]["address"])):
            records.output_warned(run.fence, output.index, LATE)
            return None
        address = Address(row.bucket, row.key)

        growing = Growing(address.bucket, address.key, token_of(run, output.index), run.holds)
        if not growing.may_begin():
            records.output_warned(run.fence, output.index, TAKEN)
            return None
        records.output_shown(run.fence, output.index, None)  # what a lost attempt has shown is not this one's
        return _Set(output, address, stem_of(run, output, row, address), growing)

    # --- the side thread ----------------------------------------------------------------------------------------------
    def _watch(self) -> None:
        stayed = time.monotonic()
        try:
            while not self._end.wait(EVERY):
                try:
                    for one in self._sets:
                        self._look(one)
                    if time.monotonic() - stayed > STAY_EVERY:
                        stayed = time.monotonic()
                        for one in self._sets:
                            one.growing.stay()
                except LeaseLost:
                    return
                except (Refused, OSError, DatabaseError) as error:
                    log.warning("a growing playlist could not be published just now", job=self._run.fence.job_id, error=str(error))
        finally:
            connection.close()

    def _look(self, one: _Set) -> None:
        with self._looking:
            if self._frozen.is_set() or one.ended:
                return
            texts, sizes = self._found(one.output)
            if not texts or texts == one.texts:
                return
            with suppress(KeyError, ValueError):  # a rung or a track has no segment yet
                made = compose(one.output, Room(texts, sizes, {}), one.stem, growing=True)
                if one.output.master:  # a master does not change while it grows, though its bandwidths could be told better
                    one.master = one.master or made.texts[made.main]
                    made.texts[made.main] = one.master
                self._show(one, made.main, made.names, made.texts)
                one.texts = texts

    def _found(self, output: OutputPlan) -> tuple[dict[str, str], dict[str, int]]:
        """Playlists as they are now, and the size of every file. ffmpeg renames playlists and segments into place when they are whole."""
        names = [track.playlist for track in output.set.tracks if track.playlist] if output.set else []
        texts = {name: (self._run.room / name).read_text(encoding="utf-8") for name in names if (self._run.room / name).is_file()}
        sizes: dict[str, int] = {}
        for path in self._run.room.iterdir():
            with suppress(FileNotFoundError):
                sizes[path.name] = path.stat().st_size
        return texts, sizes

    def _show(self, one: _Set, main: str, names: Mapping[str, str], texts: Mapping[str, str]) -> None:
        """Segments first, then playlists of rungs, then the one at the address."""
        room = self._run.room
        fresh = {file: key for file, name in names.items() if file not in texts and (key := one.address.folder + name) not in one.shown}
        written = {}
        for number, (file, text) in enumerate(texts.items()):
            written[file] = room / f"grown-{one.output.index}-{number}"
            written[file].unlink(missing_ok=True)  # the one before may be what readers see: a new file, not new content
            written[file].write_text(text, encoding="utf-8")
        files = [Staged(room / file, key) for file, key in fresh.items()]
        files += [Staged(path, one.address.folder + names[file]) for file, path in written.items() if file != main]
        if not one.growing.show(files, Staged(written[main], one.address.key)):
            one.ended = True
            return
        one.shown |= set(fresh.values())
        if not one.visible:
            one.visible = True
            records.output_shown(self._run.fence, one.output.index, clock.now())
