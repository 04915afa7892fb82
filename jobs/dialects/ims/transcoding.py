"""SubmitTranscodeJob as job documents of ours. Pure.

A parent is a task; each element of OutputGroup is a child, which is one of our outputs. Outputs of one source are one job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.dialects.ims import marks
from jobs.dialects.ims.files import MediaOf, source, target
from jobs.dialects.ims.outputs import Known, read
from jobs.dialects.reading import Fields
from jobs.dialects.uri_variables import has_extension

Params = dict[str, Any]
OUTPUTS_MAX = 64
NOTHING = "exclude"


@dataclass(frozen=True)
class Document:
    """One job to be. ``children``: of each output, its place in OutputGroup."""

    spec: Params
    children: tuple[int, ...]


@dataclass(frozen=True)
class Transcode:
    """A whole request; the rest is as sent, for answers."""

    documents: tuple[Document, ...]
    inputs: list[Any]
    outputs: list[Any]


def read_transcode(params: Mapping[str, str], known: Known, media_of: MediaOf) -> Transcode:
    """Read InputGroup and OutputGroup. Raises Bad with the place of the first mistake."""
    fields = Fields(params)
    inputs = [_input(row, known, media_of) for row in fields.some("InputGroup", 20)]
    jobs: dict[int, tuple[list[Params], list[int], dict[str, Params]]] = {}
    for number, row in enumerate(fields.some("OutputGroup", OUTPUTS_MAX)):
        row.need("Output")
        row.need("ProcessConfig")
        process = row.child("ProcessConfig")
        main, output, others = _output(row, process, inputs, known, media_of)
        outputs, children, named = jobs.setdefault(main, ([], [], {}))
        outputs.append(output)
        children.append(number)
        named |= others
    documents = []
    for main, (outputs, children, named) in jobs.items():
        spec: Params = {"kind": "transcode", "input": {"address": inputs[main]}, "outputs": outputs}
        if named:
            spec["inputs"] = [{"name": name, **other} for name, other in named.items()]
        documents.append(Document(spec, tuple(children)))
    return Transcode(tuple(documents), fields.items("InputGroup"), fields.items("OutputGroup"))


def _input(row: Fields, known: Known, media_of: MediaOf) -> str:
    named = Fields({"Type": row.text("Type"), "Media": row.text("Media") or row.text("InputUrl")}, row.place)
    return source(named, known.endpoint, media_of)


def _output(row: Fields, process: Fields, inputs: list[str], known: Known, media_of: MediaOf) -> tuple[int, Params, dict[str, Params]]:
    """Number of the main input, the output, and further inputs by name."""
    process.need("Transcode")
    found = read(process.child("Transcode"), "OverwriteParams", known)
    overrides = found.overrides
    if images := [*_marks(process, "ImageWatermarks", known, media_of), *_marks(process, "TextWatermarks", known, media_of)]:
        overrides["watermarks"] = images
    if rows := process.children("Subtitles", 20):
        overrides["subtitle"] = {"files": [marks.subtitle(one.child("OverwriteParams"), known.endpoint, media_of) for one in rows]}
    if process.child("Encryption").values:
        raise process.bad("Encryption", "Encryption is not offered here.")
    main, others = _combined(process, inputs, overrides)
    said = row.child("Output")
    address = target(Fields({"Type": said.text("Type"), "Media": said.text("Media") or said.text("OutputUrl")}, said.place), known.endpoint)
    if not has_extension(address) or (found.format in ("hls", "dash") and not address.endswith((f".{found.extension}", ".{autoext}"))):
        address = f"{address}.{found.extension}"
    return main, found.document(address), others


def _marks(process: Fields, name: str, known: Known, media_of: MediaOf) -> list[Params]:
    found = []
    for row in process.children(name, 20):
        given = row.child("OverwriteParams")
        mark = marks.image(given, known.endpoint, media_of) if name == "ImageWatermarks" else marks.words(given)
        if row.has("TemplateId"):
            mark["template"] = row.text("TemplateId", most=128)
        found.append(mark)
    return found


def _combined(process: Fields, inputs: list[str], overrides: Params) -> tuple[int, dict[str, Params]]:
    """What is taken from which input: one after the other, or sound and picture of two."""
    rows = process.children("CombineConfigs", 20)
    if not rows:
        if len(inputs) > 1:
            raise process.bad("CombineConfigs", "Several inputs need CombineConfigs: which of them gives picture and sound.")
        return 0, {}
    pairs = [(_index(row, "VideoIndex", len(inputs)), _index(row, "AudioIndex", len(inputs))) for row in rows]
    times = [
        {name: value for name, value in (("start", row.number("Start", 0, 86_399)), ("duration", row.number("Duration", 0, 86_399))) if value} for row in rows
    ]
    (video, audio), first = pairs[0], times[0]
    if len(rows) > 1:
        if any(one != two or one is None for one, two in pairs):
            raise process.bad("CombineConfigs", "Inputs that follow each other give picture and sound together here.")
        after = [{"address": inputs[one or 0], **time} for (one, _two), time in zip(pairs[1:], times[1:], strict=True)]
        overrides["edit"] = {**first, "after": after, **({"clip_first_part": True} if first else {})}
        return video or 0, {}
    if first:
        overrides["edit"] = first
    if video is None:
        overrides["video"] = {"remove": True}
    if audio is None:
        overrides["audio"] = {"remove": True}
    main = video if video is not None else audio or 0
    if audio is None or audio == main:
        return main, {}
    name = f"input{audio}"
    overrides["audios"] = [{"input": name}]
    return main, {name: {"address": inputs[audio]}}


def _index(row: Fields, name: str, number: int) -> int | None:
    row.need(name)
    return None if row.text(name).lower() == NOTHING else row.whole(name, 0, number - 1)
