"""Preview: a short moving picture of the most different shots of a video, or one highlight. Pure: which stretches, and the transcode that makes it.

A shot of a summary lies within one scene, every shot in another one as long as there are others; a highlight may go over cuts. Neither shows black or white
pictures where there is anything else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from jobs.engine.geometry import upright
from jobs.engine.kinds.cover import difference
from jobs.engine.kinds.kind import Kind
from jobs.engine.kinds.snapshot import end_of, video_of
from jobs.engine.rules.preview import SHOT_SECONDS, format_of, shots_of
from jobs.engine.spec import InputSpec, OutputSpec, TranscodeSpec
from jobs.engine.template import Template

if TYPE_CHECKING:
    from jobs.engine.kinds.cover import Candidate
    from jobs.engine.probe import Probe
    from jobs.engine.scenes import Seen
    from jobs.engine.spec import PreviewSpec

KIND = Kind(name="preview", lane="short", makes_outputs=True)
WIDTHS = {"gif": 480, "webp": 480, "mp4": 960}
RATE = 10.0  # pictures per second of animations
WORSE = 0.5  # of the best score: what is worse is only taken where nothing else is there
MOTION_WORTH = 150.0
"""How much a highlight gains by movement: as much as 15 points of 100 for neighbours that differ by a tenth."""
TRIES = 3  # places that are looked at for each shot, at most
ROUNDING = 1e-6  # s
EDGE = 0.005  # s before the end of a room that are left out: times are rounded
ROOM = 2.0  # s beyond a shot's length to both sides of its place: how far its scene is looked for


@dataclass(frozen=True)
class Shot:
    """A stretch of the input, s."""

    start: float
    seconds: float


@dataclass(frozen=True)
class Room:
    """Where a shot may lie: from ``start`` to ``end``, around ``time``; ``scene``: what belongs together there; ``times``: of its pictures. All s of the file."""

    time: float
    start: float
    end: float
    scene: tuple[float, float]
    times: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """How long a shot can be."""
        return self.end - self.start


Look = Callable[[float], "Seen | None"]
"""Answers what is seen around a time, at least :func:`reach` seconds to both sides as far as the video goes; None: it cannot be read."""


def reach(spec: PreviewSpec) -> float:
    """How far to both sides of a place has to be looked, s."""
    number = shots_of(spec)
    return spec.seconds if number == 1 else spec.seconds / number + ROOM


def shots(spec: PreviewSpec, probe: Probe, candidates: Sequence[Candidate], look: Look) -> tuple[Shot, ...]:
    """The stretches that are shown, in their order in the video. Together as long as asked, or as their scenes or the video are; ``candidates``: at least one."""
    end, number = end_of(probe), shots_of(spec)
    if end is not None and end <= spec.seconds:
        return (Shot(0.0, max(0.04, round(end, 3))),)
    rooms = _highlight(candidates, spec.seconds, look) if number == 1 else _summary(candidates, number, spec.seconds / number, look)
    if rooms:
        return _laid_out(rooms, spec.seconds)
    chosen = [max(candidates, key=_worth)] if number == 1 else _different(candidates, number)  # there is nothing good
    return _spread(sorted(one.time for one in chosen), spec.seconds / len(chosen), end)


# --- which ------------------------------------------------------------------------------------------------------------
def _worth(one: Candidate) -> float:
    """A highlight looks good and moves; a cut beside it is no movement."""
    return one.score.total + MOTION_WORTH * min(0.1, one.measures.motion)


def _highlight(candidates: Sequence[Candidate], seconds: float, look: Look) -> list[Room]:
    """The best place with enough around it that can be shown; else the one with most. None where there is nothing."""
    found: list[Room] = []
    for one in sorted(_good(candidates), key=lambda one: (-_worth(one), one.time))[:TRIES]:
        room = _room(one.time, look(one.time), whole=True)
        if room and room.seconds >= seconds:
            return [room]
        found += [room] if room and room.seconds >= SHOT_SECONDS else []
    return [max(found, key=lambda room: room.seconds)] if found else []


def _summary(candidates: Sequence[Candidate], number: int, seconds: float, look: Look) -> list[Room]:
    """Rooms of so many shots, in their order: of scenes with good pictures, then of all others with nothing wrong in them, then further ones of the same scenes;
    fewer where there are no more."""
    good = _good(candidates)
    chosen: list[Candidate] = []
    rooms: list[Room] = []
    again: list[Candidate] = []
    tries = TRIES * number
    for rest in (list(good), [one for one in candidates if one not in good and not one.score.faults], again):
        while rest and tries and len(rooms) < number:
            one = _most_different(rest, chosen)
            rest.remove(one)
            other_scene = rest is not again
            if other_scene and any(room.scene[0] <= one.time < room.scene[1] for room in rooms):
                again.append(one)
                continue
            tries -= 1
            room = _room(one.time, look(one.time))
            if room is None or room.seconds < SHOT_SECONDS:
                continue
            if other_scene and any(_overlap(room.scene, other.scene) for other in rooms):
                again.append(one)
            elif other_scene or all(abs(room.time - other.time) >= seconds for other in rooms):
                chosen.append(one)
                rooms.append(room)
    return _apart(sorted(rooms, key=lambda room: room.time))


def _good(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that are not much worse than the best one."""
    best = max(one.score.total for one in candidates)
    return [one for one in candidates if one.score.total >= WORSE * best]


def _most_different(rest: Sequence[Candidate], chosen: Sequence[Candidate]) -> Candidate:
    """The one that differs most from all that are chosen; before anything is, the best one."""
    if not chosen:
        return max(rest, key=lambda one: one.score.total)
    return max(rest, key=lambda one: min(difference(one.measures, other.measures) for other in chosen))


def _different(candidates: Sequence[Candidate], number: int) -> list[Candidate]:
    """As many as there are good ones, whatever lies around them."""
    rest = _good(candidates)
    chosen: list[Candidate] = []
    while rest and len(chosen) < number:
        chosen.append(_most_different(rest, chosen))
        rest.remove(chosen[-1])
    return chosen


# --- where ------------------------------------------------------------------------------------------------------------
def _room(time: float, seen: Seen | None, *, whole: bool = False) -> Room | None:
    """Where a shot around this time may lie; None: nowhere. ``whole``: it may go over cuts."""
    if seen is None:
        return None
    scene = (seen.start, seen.end) if whole else seen.scene(time)
    found = seen.stretch(time, *scene)
    return Room(time, found[0], found[1] - EDGE, scene, tuple(one for one in seen.times if found[0] <= one < found[1])) if found else None


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _apart(rooms: Sequence[Room]) -> list[Room]:
    """Rooms of the same scene end in the middle between their places."""
    done = list(rooms)
    for number, (one, other) in enumerate(pairwise(rooms)):
        if one.end > other.start:
            middle = (one.time + other.time) / 2
            done[number] = replace(done[number], end=min(one.end, middle))
            done[number + 1] = replace(other, start=max(other.start, middle))
    return done


def _laid_out(rooms: Sequence[Room], seconds: float) -> tuple[Shot, ...]:
    """A shot in each room: equally long, but what does not fit into a small one goes to the others.

    It begins with a picture: ffmpeg counts a stretch's length from the first one in it, and would else go further than the room.
    """
    lengths: dict[int, float] = {}
    left = seconds
    for number, at in enumerate(sorted(range(len(rooms)), key=lambda at: rooms[at].seconds)):
        lengths[at] = min(rooms[at].seconds, left / (len(rooms) - number))
        left -= lengths[at]
    found = []
    for at, room in enumerate(rooms):
        wanted = max(room.start, min(room.time - lengths[at] / 2, room.end - lengths[at]))
        inside = [one for one in room.times if one >= room.start - ROUNDING] or room.times
        first = max((one for one in inside if one <= wanted + ROUNDING), default=inside[0])
        found.append(Shot(math.floor(1000 * (first + ROUNDING)) / 1000, math.floor(1000 * (min(lengths[at], room.end - first) + ROUNDING)) / 1000))
    return tuple(found)


def _spread(times: Sequence[float], seconds: float, end: float | None) -> tuple[Shot, ...]:
    """Stretches around these times that neither overlap nor leave the video."""
    found: list[Shot] = []
    last = (end - seconds) if end is not None else times[-1]
    for number, time in enumerate(times):
        earliest = found[-1].start + seconds if found else 0.0
        latest = max(earliest, last - seconds * (len(times) - 1 - number))
        found.append(Shot(round(min(max(time - seconds / 2, earliest), latest), 3), round(seconds, 3)))
    return tuple(found)


# --- how --------------------------------------------------------------------------------------------------------------
def transcode(spec: PreviewSpec, probe: Probe, chosen: Sequence[Shot]) -> tuple[TranscodeSpec, Template]:
    """The transcode that makes it: the shots joined, upright, never enlarged."""
    format_ = format_of(spec)
    source = upright(video_of(probe))
    width = min(spec.width or WIDTHS[format_], source.width)
    picture: dict[str, Any] = {"width": max(2, width - width % 2)}
    if format_ == "mp4":
        picture |= {"codec": "h264", "crf": 23.0, "preset": "veryfast"}
        picture |= {"fps": spec.fps} if spec.fps else {}
    else:
        picture |= {"codec": format_}
        # of something shorter than a picture, a lower rate leaves nothing
        picture |= {"fps": rate} if sum(shot.seconds for shot in chosen) >= 2 / (rate := spec.fps or RATE) else {}
    first, *rest = chosen
    document: dict[str, Any] = {"container": {"format": format_}, "video": picture, "subtitle": {"remove": True}}
    silent = format_ != "mp4" or not spec.sound or probe.sound is None
    document["audio"] = {"remove": True} if silent else {"codec": "aac", "bitrate_kbps": 128}
    if rest:
        address = str(spec.input.address)
        document["edit"] = {"after": [{"address": address, "start": shot.start, "duration": shot.seconds} for shot in rest], "clip_first_part": True}
    template = Template.model_validate(document, strict=False)
    asked = InputSpec(address=spec.input.address, start=first.start or None, duration=first.seconds)
    output = OutputSpec(address=spec.output.address, overwrite=spec.output.overwrite)
    return TranscodeSpec(input=asked, outputs=(output,)), template
