"""The filter graph of one process, compiled by ffmpeg-python: splits, joins, filters, maps. The one place where filter text is made.

ffmpeg-python only compiles here; its ``run`` and ``probe`` are never called. Its traps, and how they are kept shut: filter arguments are
keywords (positional ones are escaped wrongly), every branch has a split leg of its own (equal filters on one stream would become one
node), no list is ever an option's value, and our encoder options are appended by argv, not passed through it.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ffmpeg

from jobs.engine.plan import AudioPlan, Branch, FilterSpec, Join, OutputPlan, Pad, Palette, Part, VideoPlan, branches

_BETWEEN = re.compile(r"(?<!\\);")
_LABEL = re.compile(r"\[([^\[\]]*)\]")
_FIRST = re.compile(r"(?:\[[^\[\]]*\])+")
_LAST = re.compile(r"(?<!\\)(?:\[[^\[\]]*\])+\Z")


@dataclass(frozen=True)
class Compiled:
    """What the process is told. ``inputs``: positions of sources, in the order in which they have to be opened; ``graphs``: arguments of
    ``-filter_complex``, one for each part that hangs together (ffmpeg runs every graph in a thread of its own); ``maps``: ``-map`` arguments by file."""

    inputs: tuple[int, ...]
    graphs: tuple[str, ...]
    maps: dict[str, tuple[str, ...]]


def graph(outputs: Sequence[OutputPlan]) -> Compiled:
    """Compile the graphs for all renditions of these outputs."""
    return _Graph(outputs).compiled()


class _Graph:
    """Hands out legs: whatever several chains start from is split once, into as many legs as there are takers."""

    def __init__(self, outputs: Sequence[OutputPlan]) -> None:
        self._outputs = outputs
        self._inputs = {pad.source: ffmpeg.input(f"source{pad.source}") for output in outputs for pad in output.pads}
        self._legs: dict[tuple[Any, ...], list[Any]] = {}

    def compiled(self) -> Compiled:
        """All of it."""
        self._count()
        made = []
        for output in self._outputs:
            for rendition in output.renditions:
                streams: list[Any] = []
                if rendition.video is not None:
                    streams.append(self._picture(output, rendition.video))
                streams += [self._sound(output, audio) for audio in rendition.audios]
                streams += [self._stream(s.pad) for s in rendition.subtitles]
                made.append(ffmpeg.output(*streams, rendition.file))
        merged = ffmpeg.merge_outputs(*made) if len(made) > 1 else made[0]
        return _taken_apart(merged.get_args(), {r.file for o in self._outputs for r in o.renditions})

    def _count(self) -> None:
        """Make the legs: count the takers of every stream and join, then split."""
        takers: Counter[tuple[Any, ...]] = Counter()
        made: dict[tuple[Any, ...], Any] = {}
        for output in self._outputs:
            takers.update(_wanted(output))
        for join in dict.fromkeys(output.join for output in self._outputs if output.join):  # equal joins are made once
            takers.update(_key(kind, pad, None) for part in join.parts for kind, pad in (("v", part.picture), ("a", part.sound)) if pad is not None)
        for key, count in takers.items():
            if key[0] != "join":
                made[key] = self._leg_of(key, count, self._inputs[key[1]][str(key[2])])
        self._legs = made
        joins: dict[Join, tuple[Any, Any]] = {}
        for key, count in takers.items():
            if key[0] == "join":
                if key[2] not in joins:
                    joins[key[2]] = self._joined(key[2])
                made[key] = self._leg_of(key, count, joins[key[2]][0 if key[1] == "v" else 1])

    @staticmethod
    def _leg_of(key: tuple[Any, ...], count: int, stream: Any) -> list[Any]:
        if count == 1:
            return [stream]
        kind = key[1] if key[0] == "join" else key[0]
        split = stream.filter_multi_output("split" if kind == "v" else "asplit")
        return [split[str(number)] for number in range(count)]

    def _take(self, key: tuple[Any, ...]) -> Any:
        return self._legs[key].pop(0)

    def _stream(self, pad: Pad) -> Any:
        """A stream as it is, for a copy or a text track: needs no leg."""
        return self._inputs[pad.source][str(pad.stream)]

    # --- picture -----------------------------------------------------------------------------------------------------
    def _picture(self, output: OutputPlan, video: VideoPlan) -> Any:
        if video.encoder == "copy" and video.pad is not None:
            return self._stream(video.pad)
        leg = self._take(_key("v", video.pad, output))
        for step in video.filters:
            leg = self._branched(leg, step, "v") if isinstance(step, Branch) else _filtered(leg, step)
        if video.palette is not None:
            return _palette(leg, video.palette)
        return leg if video.filters else leg.filter("null")

    def _branched(self, leg: Any, branch: Branch, kind: str) -> Any:
        if branch.pad is None:
            split = leg.filter_multi_output("split" if kind == "v" else "asplit")
            leg, other = split["0"], split["1"]
        else:
            other = self._take(_key(kind, branch.pad, None))
        for step in branch.filters:
            other = self._branched(other, step, kind) if isinstance(step, Branch) else _filtered(other, step)
        name, arguments = branch.into
        return ffmpeg.filter([leg, other], name, **dict(arguments))

    # --- sound -------------------------------------------------------------------------------------------------------
    def _sound(self, output: OutputPlan, audio: AudioPlan) -> Any:
        if audio.encoder == "copy" and audio.pads:
            return self._stream(audio.pads[0])
        legs = [self._take(_key("a", pad, output)) for pad in audio.pads or (None,)]
        for step in audio.filters:
            legs = [_filtered(leg, step) for leg in legs]
        leg = legs[0] if len(legs) == 1 else ffmpeg.filter(legs, "amix", inputs=len(legs), duration="longest", normalize=0)
        for stage in audio.mixed:
            leg = self._branched(leg, stage, "a") if isinstance(stage, Branch) else _filtered(leg, stage)
        return leg if audio.filters or audio.mixed or len(legs) > 1 else leg.filter("anull")

    # --- joins -------------------------------------------------------------------------------------------------------
    def _joined(self, join: Join) -> tuple[Any, Any]:
        """The picture and the sound of a join (None where it has none)."""
        streams: list[Any] = []
        for part in join.parts:
            if join.has_picture:
                streams.append(self._part(part, "v"))
            if join.has_sound:
                streams.append(self._part(part, "a"))
        made = ffmpeg.filter_multi_output(streams, "concat", n=len(join.parts), v=int(join.has_picture), a=int(join.has_sound))
        return (made["0"] if join.has_picture else None), (made[str(int(join.has_picture))] if join.has_sound else None)

    def _part(self, part: Part, kind: str) -> Any:
        pad, filters = (part.picture, part.picture_filters) if kind == "v" else (part.sound, part.sound_filters)
        if pad is not None:
            leg = self._take(_key(kind, pad, None))
            rest = filters
        else:  # black or silence: the first filter makes it out of nothing
            name, arguments = filters[0]
            leg, rest = _Made(name, dict(arguments)).stream(), filters[1:]
        for step in rest:
            leg = _filtered(leg, step)
        return leg if filters else leg.filter("null" if kind == "v" else "anull")


class _Made(ffmpeg.nodes.FilterNode):  # type: ignore[misc]
    """A filter without input: ffmpeg-python knows only filters of something. Told apart by its name too (filter@name), which its nodes forget."""

    def __init__(self, name: str, kwargs: dict[str, Any]) -> None:
        self._mark = zlib.crc32(repr((name, sorted(kwargs.items()))).encode())
        stream = ffmpeg.nodes.FilterableStream
        ffmpeg.nodes.Node.__init__(self, None, name, incoming_stream_types=set(), outgoing_stream_type=stream, min_inputs=0, max_inputs=0, kwargs=kwargs)

    def __hash__(self) -> int:
        return self._mark

    def __eq__(self, other: object) -> bool:
        return hash(self) == hash(other)


def _key(kind: str, pad: Pad | None, output: OutputPlan | None) -> tuple[Any, ...]:
    """What a chain starts from: a stream, or the output's join."""
    if pad is not None:
        return kind, pad.source, pad.stream
    return "join", kind, output.join if output else None


def _wanted(output: OutputPlan) -> list[tuple[Any, ...]]:
    """Every leg that the renditions of an output take, as often as they take it."""
    found: list[tuple[Any, ...]] = []
    for rendition in output.renditions:
        if rendition.video is not None and rendition.video.encoder != "copy":
            found.append(_key("v", rendition.video.pad, output))
            found += [_key("v", pad, None) for pad in branches(rendition.video.filters)]
        for audio in rendition.audios:
            if audio.encoder != "copy":
                found += [_key("a", pad, output) for pad in audio.pads or (None,)]
                found += [_key("a", pad, None) for pad in branches(audio.mixed)]
    return found


def _filtered(leg: Any, step: FilterSpec) -> Any:
    name, arguments = step
    return leg.filter(name, **dict(arguments))


def _palette(leg: Any, palette: Palette) -> Any:
    """256 colours chosen from the picture itself: from the whole clip, or anew for each picture."""
    split = leg.filter_multi_output("split")
    made = split["0"].filter("palettegen", stats_mode="full" if palette.per == "clip" else "single")
    more = {} if palette.per == "clip" else {"new": 1}
    return ffmpeg.filter([split["1"], made], "paletteuse", dither=palette.dither, **more)


def _taken_apart(compiled: Sequence[str], files: set[str]) -> Compiled:
    """Split ffmpeg-python's arguments into inputs, graphs and each output's maps: our own options have to stand between."""
    arguments = list(compiled)
    inputs: list[int] = []
    while arguments[:1] == ["-i"]:
        inputs.append(int(arguments[1].removeprefix("source")))
        del arguments[:2]
    text = ""
    if arguments[:1] == ["-filter_complex"]:
        text, arguments = arguments[1], arguments[2:]
    maps: dict[str, tuple[str, ...]] = {}
    collected: list[str] = []
    for argument in arguments:
        if argument in files:
            maps[argument] = tuple(collected)
            collected = []
        else:
            collected.append(argument)
    return Compiled(tuple(inputs), _components(text), maps)


def _components(text: str) -> tuple[str, ...]:
    """The graph cut into the parts that hang together by their labels."""
    parts: list[tuple[set[str], list[str]]] = []
    for chain in _BETWEEN.split(text) if text else []:
        labels = {label for run in (_FIRST.match(chain), _LAST.search(chain)) if run for label in _LABEL.findall(run[0]) if ":" not in label}
        joined = (labels, [chain])
        for part in [part for part in parts if part[0] & labels]:
            parts.remove(part)
            joined = (part[0] | joined[0], [*part[1], *joined[1]])
        parts.append(joined)
    return tuple(";".join(chains) for _, chains in parts)
