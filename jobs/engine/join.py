"""Several files one after the other, brought to the upright size, the frame rate and the sound of the job's input. Pure.

The result is described as though it were a file (:attr:`Joined.probe`), so that everything that follows (choosing streams, sizes, rates, expectations)
works as it does with a file. Its streams are taken from the source ``JOINED``, which stands for «the output's join».

Length of a part: that of its picture, to whole frames; sound that is shorter is filled up with silence, sound that is a little longer is cut there, and
sound that goes on for more than ``HOLD`` holds the last picture. So picture and sound begin each part together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobs.engine import colour
from jobs.engine.codecs import FULL_RANGE
from jobs.engine.cut import counted, indexed, opened
from jobs.engine.errors import JobError
from jobs.engine.geometry import Upright, even, upright
from jobs.engine.layouts import LAYOUTS
from jobs.engine.plan import Join, Part, Source
from jobs.engine.rates import constant_rate, exact_rate, source_fps
from jobs.engine.sources import Sources, pad

if TYPE_CHECKING:
    from jobs.engine.cut import Piece, Span
    from jobs.engine.plan import FilterSpec
    from jobs.engine.probe import AudioStream, Probe, VideoStream

JOINED = -1
HOLD = 0.1  # s: sound that outlasts the picture by less is padding of its codec
MANY = 8  # parts; with more of them each decoder gets one thread
RATE = 44100  # Hz, where nothing tells
RATE_MAX = 60.0  # frames per second of variable sources: r_frame_rate of jittery ones is the rate of their clock
RATE_USUAL = 30.0


@dataclass(frozen=True)
class Joined:
    """A join. ``probe``: as though it were a file; ``frames``: how many, None where a part does not tell its length; ``spare``: how many may differ;
    ``counted``: all parts have tables of samples, so lengths are exact."""

    join: Join
    probe: Probe
    seconds: float | None
    frames: int | None
    spare: int
    counted: bool


@dataclass(frozen=True)
class _Form:
    """What every part is brought to."""

    size: Upright | None
    rate: float
    pixel_format: str
    colours: colour.Colours
    sample_rate: int
    layout: str


def trimmed(start: float, kind: str = "", limit: float | None = None) -> tuple[FilterSpec, ...]:
    """Filters that take a stretch after decoding and let it begin at 0. ``kind``: «a» for sound."""
    if not start and limit is None:
        return ()
    ends = (("end", f"{start + limit:.6f}"),) if limit is not None else ()
    chain: tuple[FilterSpec, ...] = ((f"{kind}trim", (("start", f"{start:.6f}"), *ends)),)
    return (*chain, (f"{kind}setpts", (("expr", f"PTS-{start:.6f}/TB"),))) if start else chain


def steady_rate(stream: VideoStream) -> float:
    """Frames per second that a stream gets where it must have a constant rate: its own, or the nominal one of a variable stream."""
    own, nominal = source_fps(stream), stream.nominal_fps
    if constant_rate(stream):
        return own or RATE_USUAL
    if nominal and nominal <= max(RATE_MAX, 1.5 * (own or 0.0)):
        return nominal
    return max(own or 0.0, RATE_USUAL)


def join(pieces: Sequence[Piece], main: int, sources: Sources, *, picture: bool, sound: bool, like: AudioStream | None = None) -> Joined:
    """Join the pieces in this order; the one at ``main`` gives the form. ``picture``, ``sound``: which of the two the output can hold. ``like``: what
    the sound is like where no piece has any, so that there is silence.

    Parts without sound are silent. Raises JobError NoVideoStream for a part without a picture where others have one, NoAudioStream where nothing would be
    heard, InputNotReadable where a silent part does not tell its length.
    """
    picture = picture and pieces[main].probe.picture is not None
    heard = pieces[main].probe.sound or next((p.probe.sound for p in pieces if p.probe.sound), like)
    sound = sound and heard is not None
    if not picture and not sound:
        raise JobError("NoAudioStream", "None of the joined inputs has sound.")
    form = _form(pieces[main].probe.picture, heard)
    parts, lengths, frames, exact = [], [], [], True
    for number, piece in enumerate(pieces):
        if picture and piece.probe.picture is None:
            raise JobError("NoVideoStream", f"Part {number + 1} of the join has no picture.")
        length, known = _length(piece, form, picture=picture)
        if known and length is not None and picture:
            frames.append(max(1, round(length * form.rate)))
            length = frames[-1] / form.rate
        exact = exact and known and indexed(piece.probe)
        lengths.append(length)
        parts.append(_part(piece, number, form, sources, pieces, length if known else None, length, picture=picture, sound=sound))
    seconds = sum(s for s in lengths if s is not None) if None not in lengths else None
    count = sum(frames) if picture and exact else None
    return Joined(
        join=Join(parts=tuple(parts), has_picture=picture, has_sound=sound),
        probe=_as_file(pieces[main].probe, form, seconds, count, heard if sound else None, picture=picture),
        seconds=seconds,
        frames=count,
        spare=len(pieces),
        counted=all(counted(piece.probe) for piece in pieces),
    )


def _form(video: VideoStream | None, heard: AudioStream | None) -> _Form:
    format_ = (video.pixel_format if video else None) or "yuv420p"
    own = colour.of_source(video) if video else colour.BT709
    if own.rgb:
        own, format_ = colour.BT709, "yuv420p"
    return _Form(
        size=_even(upright(video)) if video else None,
        rate=steady_rate(video) if video else RATE_USUAL,
        pixel_format=FULL_RANGE.get(format_, format_),
        colours=replace(own, full=False),
        sample_rate=(heard.sample_rate if heard else None) or RATE,
        layout=LAYOUTS.get((heard.channels if heard else None) or 2, "stereo"),
    )


def _even(size: Upright) -> Upright:
    """Most pixel formats share colour among two columns and rows: black around a part needs even sides."""
    return Upright(even(size.width), even(size.height), square=True)


def _length(piece: Piece, form: _Form, *, picture: bool) -> tuple[float | None, bool]:
    """Seconds of a part, and whether they are exact enough to cut by."""
    streams = [s for s in ((piece.probe.picture if picture else None), piece.probe.sound) if s is not None]
    ends = [piece.end_of(stream) for stream in streams]
    known = [end for end in ends if end is not None]
    if not known or len(known) < len(ends):
        return piece.span.seconds, False
    if not picture:
        return known[0], False  # sound alone is joined as it is: nothing has to be held in step
    return (known[0] if max(known) - known[0] <= HOLD else max(known)), True


def _part(
    piece: Piece, number: int, form: _Form, sources: Sources, pieces: Sequence[Piece], exact: float | None, about: float | None, *, picture: bool, sound: bool
) -> Part:
    taken, early = opened(piece.probe, piece.span)
    source = _source(piece, taken, number, pieces, sources)
    seen, heard = piece.probe.picture, piece.probe.sound
    sounds: tuple[FilterSpec, ...] = ()
    if sound and heard is not None:
        sounds = (*trimmed(early, "a"), *_sound_filters(form, exact))
    elif sound:
        if about is None:
            raise JobError("InputNotReadable", f"Part {number + 1} of the join has no sound and does not tell how long it is.")
        # named: two equal silences must not become one filter
        sounds = ((f"anullsrc@part{number}", (("r", form.sample_rate), ("cl", form.layout), ("d", f"{about:.6f}"))), _conformed(form))
    return Part(
        picture=pad(source, seen) if picture and seen is not None else None,
        picture_filters=(*trimmed(early), *_picture_filters(seen, form, exact, piece.end_of(seen))) if picture and seen is not None else (),
        sound=pad(source, heard) if sound and heard is not None else None,
        sound_filters=sounds,
    )


def _source(piece: Piece, taken: Span, number: int, pieces: Sequence[Piece], sources: Sources) -> int:
    """A reader of its own for every part: one that served two parts would have to hold all frames between them."""
    again = sum((other.file, other.span) == (piece.file, piece.span) for other in pieces[:number])
    stream = piece.probe.picture
    return sources.add(
        Source(
            file=piece.file,
            format=piece.probe.format_name,
            start=taken.start or None,
            duration=taken.limit,
            options=("-threads", "1") if len(pieces) > MANY else (),
            pixels=stream.width * stream.height if stream else 0,
            again=again,
        )
    )


def _picture_filters(stream: VideoStream, form: _Form, exact: float | None, end: float | None) -> tuple[FilterSpec, ...]:
    """Upright size with square pixels, fitted inside with black around; one pixel format; the rate, from zero on. ``end``: of the picture; the last one
    is held until ``exact``, and no longer: what a damaged file lacks must be missed."""
    size = form.size
    chain: list[FilterSpec] = []
    if size is not None:
        own = upright(stream)
        inside = min(size.width / own.width, size.height / own.height)
        width, height = min(size.width, max(1, round(own.width * inside))), min(size.height, max(1, round(own.height * inside)))
        chain += brought(stream, form.colours, width, height, form.pixel_format)
        if (width, height) != (size.width, size.height):
            chain.append(("pad", (("w", size.width), ("h", size.height), ("x", "(ow-iw)/2"), ("y", "(oh-ih)/2"), ("color", "black"))))
        chain.append(("setsar", (("sar", "1"),)))
    chain.append(("fps", (("fps", exact_rate(form.rate)), ("start_time", 0))))
    if exact is not None:
        frames = max(1, round(exact * form.rate))
        if held := frames - round((end or exact) * form.rate):
            chain.append(("tpad", (("stop", held), ("stop_mode", "clone"))))
        chain.append(("trim", (("end_frame", frames),)))
    return tuple(chain)


def brought(stream: VideoStream, colours: colour.Colours | None, width: int, height: int, pixel_format: str | None) -> tuple[FilterSpec, ...]:
    """Filters that bring a stream to a size, a pixel format and colours (None: as they are); HDR becomes SDR where those are SDR."""
    own, shape = colour.of_source(stream), upright(stream)
    mapped = colours is not None and own.hdr and not colours.hdr
    chain: list[FilterSpec] = [*colour.tagged(stream, own)]
    arguments = () if colours is None or mapped else colour.in_scaler(own, colours)
    if arguments or (width, height) != (shape.width, shape.height) or not shape.square:
        chain.append(("scale", (("w", width), ("h", height), ("flags", "bicubic"), *arguments)))
    if mapped and pixel_format:
        chain += colour.tone_mapped(pixel_format)
    if pixel_format:
        chain.append(("format", (("pix_fmts", pixel_format),)))
    if colours is not None:
        chain.append(tags(colours))
    return tuple(chain)


def tags(colours: colour.Colours) -> FilterSpec:
    """Say what the values mean: filters of two inputs forget it where the inputs differ."""
    said = (("color_primaries", colours.primaries), ("color_trc", colours.transfer), ("colorspace", colours.matrix))
    return ("setparams", (("range", "full" if colours.full else "limited"), *said))


def _sound_filters(form: _Form, exact: float | None) -> tuple[FilterSpec, ...]:
    """From zero on, gaps filled, one rate and layout; as long as the picture where that is known."""
    chain: list[FilterSpec] = [("aresample", (("osr", form.sample_rate), ("async", 1), ("first_pts", 0))), _conformed(form)]
    if exact is not None:
        chain += [("apad", (("whole_dur", f"{exact:.6f}"),)), ("atrim", (("end", f"{exact:.6f}"),))]
    return tuple(chain)


def _conformed(form: _Form) -> FilterSpec:
    return ("aformat", (("sample_fmts", "fltp"), ("sample_rates", form.sample_rate), ("channel_layouts", form.layout)))


def _as_file(probe: Probe, form: _Form, seconds: float | None, frames: int | None, heard: AudioStream | None, *, picture: bool) -> Probe:
    """What the join would be if it were a file. Cover pictures, subtitles, data and chapters do not go through."""
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()
    if picture and probe.picture is not None and form.size is not None:
        about = {
            "index": 0,
            "width": form.size.width,
            "height": form.size.height,
            "pixel_format": form.pixel_format,
            "sar": (1, 1),
            "rotation": 0,
            "fps": form.rate,
            "nominal_fps": form.rate,
            "duration": frames / form.rate if frames is not None else None,
            "start": 0.0,
            "frames": frames,
            "color_range": "tv",
            "color_space": form.colours.matrix,
            "color_primaries": form.colours.primaries,
            "color_transfer": form.colours.transfer,
        }
        video = (probe.picture.model_copy(update=about),)
    if heard is not None:
        channels = next(number for number, name in LAYOUTS.items() if name == form.layout)
        about = {"index": 1, "sample_rate": form.sample_rate, "channels": channels, "channel_layout": form.layout, "start": 0.0, "duration": None}
        audio = (heard.model_copy(update=about),)
    return probe.model_copy(
        update={"duration": seconds, "start": 0.0, "size": None, "video": video, "audio": audio, "subtitle": (), "other": (), "chapters": 0}
    )
