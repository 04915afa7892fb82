"""The filter graph of one process, compiled by ffmpeg-python: splits, filters, maps. The one place where filter text is made.

ffmpeg-python only compiles here; its ``run`` and ``probe`` are never called. Its traps, and how they are kept shut: filter arguments are
keywords (positional ones are escaped wrongly), every branch has a split leg of its own (equal filters on one stream would become one
node), no list is ever an option's value, and our encoder options are appended by argv, not passed through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ffmpeg

if TYPE_CHECKING:
    from jobs.engine.plan import RenditionPlan, VideoPlan

INPUT = "input"
PALETTE_BYTES = 512 * 1024 * 1024


def graph(renditions: Sequence[RenditionPlan], seconds: float | None) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Compile one graph for these renditions of one input.

    Returns the arguments of ``-filter_complex`` (or nothing) and, by file name, the ``-map`` arguments of each rendition.
    ``seconds``: expected length, by which a palette for the whole clip or one per picture is chosen.
    """
    source = ffmpeg.input(INPUT)
    legs = _legs(source, renditions)
    outputs = []
    for rendition in renditions:
        streams = []
        if rendition.video is not None:
            leg = legs.get(rendition.file)
            streams.append(source[str(rendition.video.source_index)] if leg is None else _chain(leg, rendition.video, seconds))
        if rendition.audio is not None:
            streams.append(source[str(rendition.audio.source_index)])
        streams += [source[str(index)] for index in rendition.subtitle_indices]
        outputs.append(ffmpeg.output(*streams, rendition.file))
    merged = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    return _taken_apart(merged.get_args(), {r.file for r in renditions})


def _legs(source: Any, renditions: Sequence[RenditionPlan]) -> dict[str, Any]:
    """One leg of the decoded picture per rendition that encodes it."""
    files: dict[int, list[str]] = {}
    for rendition in renditions:
        if rendition.video is not None and rendition.video.encoder != "copy":
            files.setdefault(rendition.video.source_index, []).append(rendition.file)
    legs: dict[str, Any] = {}
    for index, names in files.items():
        picture = source[str(index)]
        if len(names) == 1:
            legs[names[0]] = picture
        else:
            split = picture.filter_multi_output("split")
            legs |= {name: split[str(position)] for position, name in enumerate(names)}
    return legs


def _chain(leg: Any, video: VideoPlan, seconds: float | None) -> Any:
    for name, arguments in video.filters:
        leg = leg.filter(name, **dict(arguments))
    if video.encoder == "gif":
        return _palette(leg, video, seconds)
    return leg if video.filters else leg.filter("null")


def _palette(leg: Any, video: VideoPlan, seconds: float | None) -> Any:
    """256 colours chosen from the picture: from the whole clip where its pictures fit into memory (paletteuse waits for the palette and
    holds them all), else anew for each picture."""
    held = video.width * video.height * 4 * (seconds or 3600) * 25
    split = leg.filter_multi_output("split")
    if held <= PALETTE_BYTES:
        palette = split["0"].filter("palettegen")
        return ffmpeg.filter([split["1"], palette], "paletteuse")
    palette = split["0"].filter("palettegen", stats_mode="single")
    return ffmpeg.filter([split["1"], palette], "paletteuse", new=1)


def _taken_apart(compiled: Sequence[str], files: set[str]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Split ffmpeg-python's arguments into the graph and each output's maps: our own options have to stand between."""
    arguments = list(compiled[2:])  # after «-i input»
    head: tuple[str, ...] = ()
    if arguments[:1] == ["-filter_complex"]:
        head, arguments = tuple(arguments[:2]), arguments[2:]
    maps: dict[str, tuple[str, ...]] = {}
    collected: list[str] = []
    for argument in arguments:
        if argument in files:
            maps[argument] = tuple(collected)
            collected = []
        else:
            collected.append(argument)
    return head, maps
