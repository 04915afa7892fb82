"""What the chains of an output start from: a clip of the job's input, or a join; and what is done to all its pictures and sounds before and after. Pure.

Order: parts are joined, the whole is clipped, then played faster or slower; then come the output's own filters (size, rate, watermarks …); openings lie over
the result, tails follow it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jobs.engine import copied_start, slates, speed, transparency
from jobs.engine.codecs import CONTAINERS
from jobs.engine.colour import Colours
from jobs.engine.copied_join import CopiedJoin, in_step, joined
from jobs.engine.cut import Piece, Span, clip, opened
from jobs.engine.errors import JobError
from jobs.engine.join import JOINED, RATE_USUAL, join, steady_rate, trimmed
from jobs.engine.plan import Join
from jobs.engine.rates import constant_rate, exact_rate
from jobs.engine.spec import InputSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobs.engine.join import Joined
    from jobs.engine.picture import Picture
    from jobs.engine.plan import FilterSpec, RenditionPlan
    from jobs.engine.probe import Probe
    from jobs.engine.request import Request
    from jobs.engine.sound import Sound
    from jobs.engine.template import JoinPart, Template

OWN_TIMING = ("-enc_time_base:v", "demux")


@dataclass(frozen=True)
class Footage:
    """What an output starts from.

    ``probe``: of the input, or of the join as though it were a file; ``source``: position of the source, or JOINED; ``span``: what is taken of it;
    ``clip``: the same for further inputs, whose tracks run beside; ``rate``: the constant rate that its pictures get, None: the source's own timing; ``early``: seconds by
    which the source is opened before the span; ``varies``: it is a file whose pictures stand unequally long.
    """

    probe: Probe
    source: int
    span: Span
    clip: InputSpec
    join: Join | None = None
    joined: Joined | None = None
    speed: float = 1.0
    rate: float | None = None
    early: float = 0.0
    varies: bool = False
    lead: float = 0.0
    openings: tuple[slates.Shown, ...] = ()
    tails: tuple[slates.Shown, ...] = ()
    alike: CopiedJoin | None = None
    warnings: tuple[str, ...] = ()

    @property
    def played(self) -> float | None:
        """Seconds of the main part as played, without tails; None: unknown."""
        return None if self.span.seconds is None else self.span.seconds / self.speed

    @property
    def seconds(self) -> float | None:
        """Seconds of the output; None: unknown."""
        if self.played is None or not self.tails:
            return self.played
        return slates.lengthened(self.tails, self.played, self.rate or 1000.0)

    def seen(self, picture: Picture) -> Picture:
        """The picture, starting from here."""
        plan = picture.plan
        if plan.encoder == "copy":
            if self.alike is None or plan.pad is None:
                return picture
            return replace(picture, plan=plan.model_copy(update={"pad": self.alike.picture_pad(plan.pad)}))
        lead = self._lead("", speed.picture_filters(self.speed))
        if self.rate and picture.rate_kept:
            lead += (("fps", (("fps", exact_rate(self.rate)), ("start_time", 0))),)
        # the limit that a file is opened with counts from its first picture, however late it comes, and the last may stand beyond it
        ended = trimmed(0.0, limit=self.played) if self.varies and self.span.limit is not None else ()
        changes = {"filters": (*lead, *plan.filters, *ended), "options": _retimed(plan.options) if self.rate else plan.options}
        return replace(picture, plan=plan.model_copy(update=changes | ({"pad": None} if self.source == JOINED else {})))

    def heard(self, sound: Sound) -> Sound:
        """A sound track, starting from here. Tracks of further inputs run beside: they are cut and played as fast."""
        plan = sound.plan
        if plan.encoder == "copy":
            return in_step(sound, self.probe) if self.alike else sound
        own = all(pad.source == self.source for pad in plan.pads)
        lead = self._lead("a", speed.sound_filters(self.speed), own=own)
        first = 1 if plan.filters and plan.filters[0][0] == "aresample" else 0  # gaps are filled before anything else
        if self.speed != 1 and self.played is not None and own:
            lead += (("apad", (("whole_dur", f"{self.played:.6f}"),)),)  # atempo swallows the last few hundredths of a second
        filters = (*plan.filters[:first], *lead, *plan.filters[first:])
        return replace(sound, plan=plan.model_copy(update={"filters": filters} | ({"pads": ()} if self.source == JOINED and own else {})))

    def dressed(self, rendition: RenditionPlan, picture: Picture | None) -> RenditionPlan:
        """With openings and tails, which lie over everything else."""
        video = rendition.video
        if video is None or picture is None or not (self.openings or self.tails):
            return rendition
        told = picture.colours
        colours = Colours(told.matrix, told.primaries, told.transfer) if told else None
        rate = picture.fps or self.rate or RATE_USUAL
        if self.openings:
            video = slates.with_openings(video, self.openings, self.played, rate, colours)
        audios = rendition.audios
        if self.tails and self.played is not None:
            video = slates.with_tails(video, self.tails, self.played, rate, colours)
            audios = tuple(slates.with_tail_sounds(audio, self.tails, self.played or 0.0, rate) for audio in audios)
        return rendition.model_copy(update={"video": video, "audios": audios})

    def used_join(self, renditions: Sequence[RenditionPlan]) -> Join | None:
        """The join with only what the renditions take from it: an output of a filter that goes nowhere is an error."""
        if self.join is None:
            return None
        picture = self.join.has_picture and any(r.video is not None and r.video.pad is None for r in renditions)
        sound = self.join.has_sound and any(not audio.pads for r in renditions for audio in r.audios)
        parts = [
            part.model_copy(update=({} if picture else {"picture": None, "picture_filters": ()}) | ({} if sound else {"sound": None, "sound_filters": ()}))
            for part in self.join.parts
        ]
        return Join(parts=tuple(parts), has_picture=picture, has_sound=sound)

    def _lead(self, kind: str, faster: tuple[FilterSpec, ...], *, own: bool = True) -> tuple[FilterSpec, ...]:
        """The first filters: a join is clipped here (a file is where it is opened, or nearly), then the speed. ``own``: of the input itself."""
        if self.source == JOINED and self.span.clipped:
            return (*trimmed(self.span.start, kind, self.span.limit), *faster)
        # where a variable rate begins, a picture that began earlier may stand, and it is not decoded: the one after it takes its place
        begun = (("setpts", (("expr", "PTS*gt(N,0)"),)),) if self.varies and self.span.start and not kind else ()
        return (*(trimmed(self.early, kind) if own else ()), *begun, *faster)


def footage(request: Request) -> Footage:
    """Decide it. Raises JobError ClipOutOfRange, NoVideoStream, NoAudioStream, InputNotReadable, and what is wrong with a fetched object."""
    template, probe, material = request.template, request.probe, request.material
    edit, container = template.edit, CONTAINERS[template.container.format]
    if edit.after_list is not None:
        material.media(edit.after_list)  # its problem; else nobody has read it
        raise JobError("JoinListNotReadable", f"The list {edit.after_list} has not been read.")
    wants_picture = bool(container.video) and not template.video.remove
    copies = copied_start.untrimmed(template)
    inner = clip(Span(seconds=probe.duration), request.spec.input.start, request.spec.input.duration)
    openings = slates.openings(edit.openings, material, request.sources) if wants_picture else ()
    tails = slates.tails(edit.tails, material, request.sources) if wants_picture else ()
    wants_sound = bool(container.audio) and not template.audio.remove
    loud = next((t.sound for t in tails if t.sound), None) if wants_sound and not probe.audio and not template.audios else None
    more: dict[str, Any] = {"speed": edit.speed or 1.0, "openings": openings, "tails": tails}
    if not (edit.before or edit.after or loud):
        span = clip(inner, edit.start, edit.duration, edit.end)
        taken, early = (span, 0.0) if copies or probe.subtitle else opened(probe, span)  # what passes no filter cannot be trimmed
        lead, back = copied_start.led(template, span, material.measured), copied_start.early(template, probe, span, material.measured)
        if copied_start.missed(template, probe, span, material.measured):
            more["warnings"] = (copied_start.NONE_BEFORE,)
        span = copied_start.longer(span, lead)
        length = copied_start.longer(taken, lead).limit
        options, alpha = copied_start.shifted(lead - back), transparency.decoder(template, probe.picture)
        if alpha:
            probe, options = transparency.seen(probe), (*options, "-c:v", alpha)
        source = request.sources.of(probe, start=taken.start - back, duration=length, options=options, timing=(alpha,) if alpha else ())
        rate, varies = None, probe.picture is not None and not constant_rate(probe.picture)
        if probe.picture is not None and wants_picture and (more["speed"] != 1 or tails):
            probe, rate = _steady(probe)
        found = Footage(probe, source, span, InputSpec.model_construct(address=request.spec.input.address, start=span.start or None, duration=span.limit))
        return _checked(replace(found, rate=rate, early=early, varies=varies, lead=lead, **more))
    first = edit.clip_first_part or not (edit.before or edit.after)
    main = clip(inner, edit.start, edit.duration, edit.end) if first else inner
    pieces = [*_pieces(request, edit.before), Piece("input", probe, main), *_pieces(request, edit.after)]
    alike = joined(request.index, pieces, request.sources) if copies else None
    if alike and (template.video.codec != "copy" or not wants_sound or "copy" in (template.audio.codec, *(t.codec for t in template.audios))):
        return _copied(request, alike)
    made = join(pieces, len(edit.before), request.sources, picture=wants_picture, sound=wants_sound, like=loud)
    whole = Span(seconds=made.seconds)
    span = whole if first else clip(whole, edit.start, edit.duration, edit.end)
    rate = steady_rate(made.probe.picture) if made.probe.picture else None
    plain = InputSpec.model_construct(address=request.spec.input.address, start=None, duration=None)
    probe = made.probe.model_copy(update={"video": alike.probe.video}) if alike else made.probe  # the picture is copied, its sound encoded
    found = Footage(probe, JOINED, span, plain, join=made.join, joined=made, alike=alike, warnings=_left_behind(template, probe, len(pieces)))
    return _checked(replace(found, rate=rate, **more))


def _copied(request: Request, made: CopiedJoin) -> Footage:
    """A join without encoding. Its clips were refused at the door, but for that of the job's input."""
    plain = InputSpec.model_construct(address=request.spec.input.address, start=None, duration=None)
    return Footage(made.probe, made.source, Span(seconds=made.probe.duration), plain, alike=made, warnings=_left_behind(request.template, request.probe, 0))


def _checked(found: Footage) -> Footage:
    """Tails need to know where the end is."""
    if found.tails and found.played is None:
        raise JobError("InputNotReadable", "The input does not tell how long it is, so nothing can follow its end.")
    return found


def _pieces(request: Request, parts: Sequence[JoinPart]) -> list[Piece]:
    found = []
    for part in parts:
        fetched = request.material.media(part.address)
        if fetched.probe is None:
            raise JobError("InputNotReadable", f"{part.address} is not a media file.")
        found.append(Piece(fetched.file, fetched.probe, clip(Span(seconds=fetched.probe.duration), part.start, part.duration)))
    return found


def _steady(probe: Probe) -> tuple[Probe, float | None]:
    """The input as though its picture had a constant rate, and that rate."""
    stream = probe.picture
    if stream is None:
        return probe, None
    rate = steady_rate(stream)
    if constant_rate(stream):
        return probe, rate
    steady = stream.model_copy(update={"fps": rate, "nominal_fps": rate, "frames": None})
    return probe.model_copy(update={"video": tuple(steady if v is stream else v for v in probe.video)}), rate


def _retimed(options: tuple[str, ...]) -> tuple[str, ...]:
    """Encoder options without the source's time base: the pictures have times of their own now."""
    for at in range(len(options) - 1):
        if options[at : at + 2] == OWN_TIMING:
            return options[:at] + options[at + 2 :]
    return options


def _left_behind(template: Template, probe: Probe, parts: int) -> tuple[str, ...]:
    """What does not go through a join of so many encoded parts (0: of copied ones, which keep all sound)."""
    said = []
    if parts != 1 and probe.subtitle and not template.subtitle.remove:
        said.append("The input's subtitles are dropped: the parts are joined.")
    if parts > 1 and len(probe.audio) > 1 and not template.audio.remove:
        said.append("Only the first audio stream of each part is joined.")
    return tuple(said)
