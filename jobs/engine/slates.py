"""Openings and tails: clips over the beginning and after the end of an output. Pure.

An opening lies centred over the picture from its start on for its length; the picture and its sound go on underneath, the opening itself is silent. A tail
follows the end on a background, cross-faded for ``blend_seconds``, with its sound unless that is not wanted. Both lie over watermarks and delogos, in the size of
the rendition. Each tail is brought to whole frames of the output's rate, so that picture and sound stay together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.colour import Colours, of_source
from jobs.engine.cut import Piece, Span, clip
from jobs.engine.errors import JobError
from jobs.engine.geometry import upright
from jobs.engine.join import brought, tags
from jobs.engine.layouts import LAYOUTS
from jobs.engine.plan import Branch
from jobs.engine.rates import exact_rate
from jobs.engine.sources import pad

if TYPE_CHECKING:
    from jobs.engine.plan import AudioPlan, FilterSpec, VideoPlan
    from jobs.engine.probe import AudioStream, VideoStream
    from jobs.engine.sources import Material, Sources
    from jobs.engine.template import Slate

NO_TIME = 0.001  # s


@dataclass(frozen=True)
class Shown:
    """One slate with its file. ``seconds``: length of what is shown of it; None: unknown."""

    slate: Slate
    source: int
    picture: VideoStream
    sound: AudioStream | None
    seconds: float | None


def openings(slates: Sequence[Slate], material: Material, sources: Sources) -> tuple[Shown, ...]:
    """The files of openings. Raises JobError NoVideoStream."""
    return tuple(_shown(slate, f"The opening clip {slate.address} has no picture.", 0.0, material, sources) for slate in slates)


def tails(slates: Sequence[Slate], material: Material, sources: Sources) -> tuple[Shown, ...]:
    """The files of tails. Raises JobError NoVideoStream, ClipOutOfRange, InputNotReadable where the length is not known."""
    found = tuple(_shown(slate, f"The tail clip {slate.address} has no picture.", slate.start, material, sources) for slate in slates)
    for number, tail in enumerate(found):
        if tail.seconds is None:
            raise JobError("InputNotReadable", f"The tail clip {number + 1} does not tell how long it is.")
    return found


def _shown(slate: Slate, pictureless: str, start: float, material: Material, sources: Sources) -> Shown:
    fetched = material.media(slate.address)
    probe = fetched.probe
    if probe is None or probe.picture is None:
        raise JobError("NoVideoStream", pictureless)
    span = clip(Span(seconds=probe.duration), start, None)
    source = sources.of(probe, fetched.file, start=span.start, duration=span.limit)
    seconds = Piece(fetched.file, probe, span).end_of(probe.picture) or span.seconds
    return Shown(slate, source, probe.picture, probe.sound if slate.keep_audio else None, seconds)


def blends(found: Sequence[Shown], seconds: float, rate: float) -> tuple[tuple[float, float], ...]:
    """Length and cross-fade of every tail in whole frames, s; a fade never takes more than half of what it joins."""
    made = []
    for tail in found:
        length = max(1, round((tail.seconds or 0.0) * rate)) / rate
        blend = int(min(tail.slate.blend_seconds, seconds / 2, length / 2) * rate + 1e-6) / rate
        made.append((length, blend))
        seconds += length - blend
    return tuple(made)


def lengthened(found: Sequence[Shown], seconds: float, rate: float) -> float:
    """Length of the output with its tails, s."""
    return seconds + sum(length - blend for length, blend in blends(found, seconds, rate))


def with_openings(plan: VideoPlan, found: Sequence[Shown], seconds: float | None, rate: float, colours: Colours | None) -> VideoPlan:
    """The picture with openings over it. ``colours``: of the output; None: of an animation, which has RGB."""
    chain: list[FilterSpec | Branch] = list(plan.filters)
    for opening in found:
        start = opening.slate.start
        left = None if seconds is None else seconds - start
        if left is not None and left <= NO_TIME:
            continue
        # at the output's rate: the overlay lets go of a picture at once when nothing follows it, however long it should have stood
        steady = ("fps", (("fps", exact_rate(rate)), ("start_time", 0)))
        filters: list[FilterSpec] = [*_sized(opening, plan, colours, keep_alpha=True), steady, ("setpts", (("expr", f"PTS-STARTPTS+{start:g}/TB"),))]
        if left is not None and seconds is not None:
            filters.append(("trim", (("end", f"{seconds:.6f}"),)))  # what goes on after the end would lengthen the output
        place = (("x", "(W-w)/2"), ("y", "(H-h)/2"), ("eof_action", "pass"), ("format", "auto"))
        chain.append(Branch(pad=pad(opening.source, opening.picture), filters=tuple(filters), into=("overlay", place)))
    return plan.model_copy(update={"filters": (*chain, *_format(plan), *_tags(colours))})


def with_tails(plan: VideoPlan, found: Sequence[Shown], seconds: float, rate: float, colours: Colours | None) -> VideoPlan:
    """The picture with tails after it. ``seconds``: its own length; ``rate``: its constant frame rate."""
    chain: list[FilterSpec | Branch] = list(plan.filters)
    chain += [("setsar", (("sar", "1"),)), ("fps", (("fps", exact_rate(rate)), ("start_time", 0)))]
    for tail, (length, blend) in zip(found, blends(found, seconds, rate), strict=True):
        into: FilterSpec = ("concat", (("n", 2), ("v", 1), ("a", 0)))
        if blend:
            into = ("xfade", (("transition", "fade"), ("duration", f"{blend:.6f}"), ("offset", f"{seconds - blend:.6f}")))
        filters = (*_on_background(tail, plan, colours), *_timed(length, rate))
        chain.append(Branch(pad=pad(tail.source, tail.picture), filters=filters, into=into))
        if not blend:
            chain.append(("fps", (("fps", exact_rate(rate)), ("start_time", 0))))  # what is joined has lost its rate, which a fade needs
        seconds += length - blend
    return plan.model_copy(update={"filters": (*chain, *_format(plan), *_tags(colours))})


def with_tail_sounds(plan: AudioPlan, found: Sequence[Shown], seconds: float, rate: float) -> AudioPlan:
    """The sound with the tails' after it, silence where a tail has none."""
    chain: list[FilterSpec | Branch] = [*plan.mixed, *_as_long(seconds)]
    for tail, (length, blend) in zip(found, blends(found, seconds, rate), strict=True):
        if tail.sound is not None:
            into: FilterSpec = ("acrossfade", (("d", f"{blend:.6f}"),)) if blend else ("concat", (("n", 2), ("v", 0), ("a", 1)))
            own = ("aresample", (("osr", plan.sample_rate or 48000), ("async", 1), ("first_pts", 0)))
            layout = ("aformat", (("sample_fmts", "fltp"), ("channel_layouts", LAYOUTS.get(plan.channels or 2, "stereo"))))
            chain.append(Branch(pad=pad(tail.source, tail.sound), filters=(own, layout, *_as_long(length)), into=into))
        seconds += length - blend
        if tail.sound is None:
            chain += _as_long(seconds)
    return plan.model_copy(update={"mixed": tuple(chain)})


def _size(shown: Shown, plan: VideoPlan) -> tuple[int, int]:
    """The asked size, px: of the clip itself, of the output, or as given."""
    own = upright(shown.picture)
    sizes = []
    for asked, of_clip, of_output in ((shown.slate.width, own.width, plan.width), (shown.slate.height, own.height, plan.height)):
        sizes.append(of_clip if asked == "own" else of_output if asked == "full" else int(asked))
    return sizes[0], sizes[1]


def _sized(shown: Shown, plan: VideoPlan, colours: Colours | None, *, keep_alpha: bool = False) -> tuple[FilterSpec, ...]:
    width, height = _size(shown, plan)
    chain = brought(shown.picture, colours, width, height, None if keep_alpha and not _mapped(shown, colours) else _format_name(plan))
    return (*chain, ("setsar", (("sar", "1"),)))


def _mapped(shown: Shown, colours: Colours | None) -> bool:
    return colours is not None and not colours.hdr and of_source(shown.picture).hdr


def _on_background(tail: Shown, plan: VideoPlan, colours: Colours | None) -> tuple[FilterSpec, ...]:
    """The clip in the middle of a picture of the output's size; what is larger is cut off evenly."""
    width, height = _size(tail, plan)
    chain = list(_sized(tail, plan, colours))
    if width > plan.width or height > plan.height:
        chain.append(("crop", (("w", min(width, plan.width)), ("h", min(height, plan.height)))))
    if width < plan.width or height < plan.height:
        size = (("w", plan.width), ("h", plan.height), ("x", "(ow-iw)/2"), ("y", "(oh-ih)/2"))
        chain.append(("pad", (*size, ("color", tail.slate.background.replace("#", "0x")))))
    return tuple(chain)


def _timed(length: float, rate: float) -> tuple[FilterSpec, ...]:
    """Exactly so many frames, from zero on; the last picture is held for what is missing by rounding."""
    frames = round(length * rate)
    return (
        ("fps", (("fps", exact_rate(rate)), ("start_time", 0))),
        ("tpad", (("stop", 1), ("stop_mode", "clone"))),
        ("trim", (("end_frame", frames),)),
    )


def _as_long(seconds: float) -> tuple[FilterSpec, ...]:
    return (("apad", (("whole_dur", f"{seconds:.6f}"),)), ("atrim", (("end", f"{seconds:.6f}"),)))


def _format_name(plan: VideoPlan) -> str | None:
    """The pixel format that the encoder was promised; palettes are made later."""
    return plan.pixel_format if plan.pixel_format != "pal8" else "rgb24"


def _format(plan: VideoPlan) -> tuple[FilterSpec, ...]:
    name = _format_name(plan)
    return (("format", (("pix_fmts", name),)),) if name else ()


def _tags(colours: Colours | None) -> tuple[FilterSpec, ...]:
    return (tags(colours),) if colours is not None else ()
