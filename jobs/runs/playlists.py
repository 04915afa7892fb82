"""HLS playlists as inputs: their parts are fetched by our storage and joined into one file, which is then probed like any other.

The playlist itself is never given to a media program. Segments of MPEG-TS are simply put one behind the other. Fragmented MP4 (and a sound track that is
apart) goes through one copying run of ffmpeg besides, because what was joined has many indexes and none that tells how long all of it is. So does each
recording of a playlist of several, because each has a clock of its own: they are put on one before they are joined.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from jobs.engine import playlist
from jobs.engine.argv import GLOBAL, opened
from jobs.engine.errors import JobError, Refused
from jobs.engine.plan import Command, Source
from jobs.runs import decryption
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jobs.engine.address import Address
    from jobs.engine.probe import Probe
    from jobs.runs.run import Run

TS = "mpegts"
CHUNK = 1 << 20
CHECK_EVERY = 64 << 20  # bytes between two looks at the free space
LIVE = "The playlist is not finished: what it names now was taken."


def fetched(run: Run, address: Address, name: str) -> Probe:
    """Probe the file ``name`` of the room, which was fetched from ``address``; a playlist is replaced by what it plays.

    Raises JobError as a probe does, and what is wrong with the playlist; NoSpace.
    """
    path = run.room / name
    with path.open("rb") as file:
        head = file.read(64)
        if not playlist.is_playlist(head):
            return run.probe(name)
        file.seek(0)
        data = file.read(playlist.TEXT_BYTES + 1)
    path.unlink()  # the object itself may be linked here: it must not be written to
    found = playlist.read(playlist.decoded(data), address)
    apart = isinstance(found, playlist.Choice) and found.sound is not None
    recording = _media(found.best) if isinstance(found, playlist.Choice) else found
    pieces = [recording]
    if isinstance(found, playlist.Choice) and found.sound is not None:
        pieces.append(_media(found.sound))
    if not all(piece.ended for piece in pieces):
        run.warnings.append(LIVE)
    if apart and any(piece.breaks for piece in pieces):
        raise JobError("InputNotReadable", playlist.SEVERAL)
    if not apart and not recording.fragmented:
        if recording.breaks:
            _several(run, recording.runs, name)
        else:
            _join(run, recording.parts, name)
        return run.probe(name)
    names = [f"{name}-{number}" for number in range(len(pieces))]
    for piece, one in zip(pieces, names, strict=True):
        _join(run, piece.parts, one)
    _remux(run, names, name)
    for one in names:
        (run.room / one).unlink()
    return run.probe(name)


def _media(address: Address) -> playlist.Recording:
    """The media playlist that a master names."""
    try:
        with storage(address.bucket).open(address.key) as file:
            data = file.read(playlist.TEXT_BYTES + 1)
    except Refused as error:
        raise JobError(error.code, error.message) from None
    found = playlist.read(playlist.decoded(data), address)
    if isinstance(found, playlist.Choice):
        raise JobError("InputNotReadable", "The playlist leads from one master playlist to another.")
    return found


def _join(run: Run, parts: Sequence[playlist.Part], name: str) -> None:
    """All parts one behind the other, decrypted, in a new file of the room."""
    unchecked = CHECK_EVERY
    keys: dict[Address, bytes] = {}
    with (run.room / name).open("xb") as out:
        for part in parts:
            run.pulse.check()
            for chunk in decryption.plain(part, _chunks(part), keys):
                if unchecked >= CHECK_EVERY:
                    run.need_space()
                    unchecked = 0
                out.write(chunk)
                unchecked += len(chunk)


def _chunks(part: playlist.Part) -> Iterator[bytes]:
    """The bytes of one part, as they lie in the bucket."""
    left = part.length
    try:
        with storage(part.address.bucket).open(part.address.key) as file:
            file.seek(part.offset)
            while left is None or left > 0:
                chunk = file.read(CHUNK if left is None else min(CHUNK, left))
                if not chunk:
                    break
                yield chunk
                left = None if left is None else left - len(chunk)
    except Refused as error:
        raise JobError(error.code, error.message) from None
    if left:
        raise JobError("InputNotReadable", f"{part.address} ends before the byte range that the playlist names.")


def _several(run: Run, recordings: Sequence[Sequence[playlist.Part]], name: str) -> None:
    """Recordings of the same kind one behind the other on one clock: each begins where the one before it ends."""
    begin = 0.0
    kind = None
    piece, moved = f"{name}-piece", f"{name}-moved"
    with (run.room / name).open("xb") as out:
        for parts in recordings:
            _join(run, parts, piece)
            found = run.probe(piece)
            if found.format_name != TS or found.duration is None or kind not in (None, _kind(found)):
                raise JobError("InputNotReadable", playlist.SEVERAL)
            kind = _kind(found)
            codecs = [v.codec for v in found.video] + [a.codec for a in found.audio]
            argv = (*GLOBAL, *opened(Source(file=piece, format=TS), codecs, copies=True), "-map", "0:v?", "-map", "0:a?", "-c", "copy", "-map_metadata", "-1")
            clock = ("-output_ts_offset", f"{begin:.6f}", "-muxdelay", "0", "-muxpreload", "0")
            finished = run.command(Command(argv=(*argv, *clock, "-f", TS, moved)), share=0.0)
            if finished.exit_code:
                raise JobError("InputNotReadable", f"The parts of the playlist do not make one file: {run.decisive_line}")
            with (run.room / moved).open("rb") as file:
                shutil.copyfileobj(file, out, CHUNK)
            (run.room / piece).unlink()
            (run.room / moved).unlink()
            begin += found.duration


def _kind(found: Probe) -> tuple[object, ...]:
    """What must be the same in all recordings for their bytes to be one stream."""
    return (
        tuple((v.codec, v.width, v.height, v.sar, v.pixel_format) for v in found.video),
        tuple((a.codec, a.sample_rate, a.channels) for a in found.audio),
    )


def _remux(run: Run, names: list[str], name: str) -> None:
    """One MP4 of the pieces, as they are, on one clock: the picture of the first, and the sound of the last that is there."""
    probes = [run.probe(one) for one in names]
    argv = list(GLOBAL)
    for one, found in zip(names, probes, strict=True):
        codecs = [v.codec for v in found.video] + [a.codec for a in found.audio]
        argv += opened(Source(file=one, format=found.format_name), codecs, copies=True)
    argv += ["-map", "0:v?", "-map", f"{len(names) - 1}:a?", "-c", "copy", "-copyts", "-avoid_negative_ts", "make_zero", "-map_metadata", "-1"]
    finished = run.command(Command(argv=(*argv, "-f", "mp4", name)), share=0.0)
    if finished.exit_code:
        raise JobError("InputNotReadable", f"The parts of the playlist do not make one file: {run.decisive_line}")
