"""Look at a few places of a picture, cheaply: one command, short pieces of the input one after the other through one filter. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine.argv import GLOBAL, opened
from jobs.engine.cut import SEEK_AHEAD, Span, clip
from jobs.engine.errors import JobError
from jobs.engine.plan import Command, Source
from jobs.engine.rates import source_fps
from jobs.engine.spec import InputSpec

if TYPE_CHECKING:
    from jobs.engine.probe import Probe, VideoStream
    from jobs.engine.sources import Material
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Edit, Template, Video

PLACES = 5
WINDOW_FRAMES = 12
WINDOW = 0.2  # s, at least
WINDOW_MAX = 8.0  # s, of slide shows
ANY_KEY_FRAME = ("-noaccurate_seek",)


@dataclass(frozen=True)
class Measure:
    """One measurement. ``name``: what is measured on which clip of which file, e.g. «crop:input:0-»; ``read``: from the last lines of the log
    (4 kB and more) to the value, None where nothing was found."""

    name: str
    command: Command
    read: Callable[[str], Any]
    writes: str | None = None
    """A file that the command writes; then its content is the value, as text of this ``charset``."""
    charset: str = "utf-8"
    """latin-1: bytes that are no text, one character each."""


def windows(start: float, seconds: float | None, length: float) -> tuple[float, ...]:
    """Where to look: places spread over the clip, none in the first and last twelfth (black there says little); a short clip, or one of unknown length, from its start."""
    if seconds is None or seconds <= PLACES * length:
        return (start,)
    return tuple(start + seconds * (2 * place + 1) / (2 * PLACES) for place in range(PLACES))


def own_clip(asked: InputSpec, edit: Edit, duration: float | None) -> InputSpec:
    """What an output takes of the job's input: its own clip within the input's. Of parts that are clipped after joining the whole input is taken.

    ``duration``: of the input. Raises JobError ClipOutOfRange."""
    span = clip(Span(seconds=duration), asked.start, asked.duration)
    if edit.clip_first_part or not (edit.before or edit.after):
        span = clip(span, edit.start, edit.duration, edit.end)
    return InputSpec.model_construct(address=asked.address, start=span.start or None, duration=span.limit)


def clips(spec: TranscodeSpec, templates: Sequence[Template], probe: Probe, asks: Callable[[Video], bool]) -> tuple[InputSpec, ...]:
    """The clips that have to be looked at, each once: of the outputs with a picture that ``asks``. One that cannot be clipped is left out: it fails later, with its code."""
    found: dict[tuple[float | None, float | None], InputSpec] = {}
    for template in templates:
        videos = (template.video, *(rung.video for rung in template.ladder))
        if not any(asks(video) and not video.remove for video in videos):
            continue
        with suppress(JobError):
            taken = own_clip(spec.input, template.edit, probe.duration)
            found.setdefault((taken.start, taken.duration), taken)
    return tuple(found.values())


def looked_at(clip: InputSpec, duration: float | None) -> tuple[float, float | None]:
    """Start and length of what is measured, s."""
    start = clip.start or 0.0
    left = None if duration is None else max(0.0, duration - start)
    return start, left if clip.duration is None else min(clip.duration, left if left is not None else clip.duration)


def per_clip(
    spec: TranscodeSpec,
    templates: Sequence[Template],
    material: Material,
    *,
    asks: Callable[[Video], bool],
    name: Callable[[InputSpec], str],
    filter_text: str,
    read: Callable[[str, VideoStream], Any],
) -> tuple[Measure, ...]:
    """One measurement of the picture for each clip of the job's input that an output ``asks`` for; ``read``: from the log's tail and the stream to the value."""
    probe, stream = material.probe, material.probe.picture
    if stream is None:
        return ()
    found = []
    for taken in clips(spec, templates, probe, asks):
        start, seconds = looked_at(taken, probe.duration)
        found.append(Measure(name(taken), sample(probe, stream, filter_text, start=start, seconds=seconds), lambda tail: read(tail, stream)))
    return tuple(found)


def clip_name(kind: str, file: str, start: float, seconds: float | None) -> str:
    """The name of a measurement of a picture."""
    return f"{kind}:{file}:{start:g}-{'' if seconds is None else f'{seconds:g}'}"


def sample(probe: Probe, stream: VideoStream, filter_text: str, *, file: str = "input", start: float = 0.0, seconds: float | None = None) -> Command:
    """The command: at most PLACES pieces, each from the key frame before its place, so that nothing is decoded in vain; where that could lie before ``start``, exactly from its place. ``filter_text`` is one of our
    constants. Bounded by the pieces' length: a fraction of a second of decoding, however long the clip is."""
    rate = source_fps(stream) or 25.0
    length = min(WINDOW_MAX, max(WINDOW, WINDOW_FRAMES / rate))
    places = windows(start, seconds, length)
    whole = len(places) == 1 and seconds is not None
    argv = list(GLOBAL)
    pixels = stream.width * stream.height
    for place in places:
        source = Source(
            file=file,
            format=probe.format_name,
            start=place or None,
            duration=seconds if whole else length,
            options=() if start and place - start < SEEK_AHEAD else ANY_KEY_FRAME,
        )
        argv += opened(source, (stream.codec,), copies=False)
    legs = "".join(f"[{number}:{stream.index}]" for number in range(len(places)))
    joined = f"concat=n={len(places)}:v=1:a=0," if len(places) > 1 else ""
    argv += ["-filter_complex", f"{legs}{joined}{filter_text}[seen]", "-map", "[seen]", "-fps_mode", "passthrough", "-f", "null", "none"]
    return Command(argv=tuple(argv), expected_seconds=length * len(places), pixels=pixels * (len(places) + 1), files=1)
