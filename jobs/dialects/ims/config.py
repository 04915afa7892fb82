"""The Config of SubmitMediaConvertJob as job documents of ours. Pure.

All outputs of equal priority are one job, whose outputs are those of the request. A group with a manifest is one output with rungs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from jobs.dialects.ims.files import MediaOf, source, target
from jobs.dialects.ims.outputs import Known, Read, read, with_extension
from jobs.dialects.ladders import ladder, rung_names
from jobs.dialects.reading import Bad, Fields
from jobs.engine.template import Template, merge

Params = dict[str, Any]
OUTPUTS_MAX = 64
GROUPS = {"File": "file", "Hls": "hls", "Dash": "dash"}
MANIFESTS = {"hls": ".m3u8", "dash": ".mpd"}


@dataclass(frozen=True)
class Document:
    """One job to be. ``words``: of each output, ``{"group": index or null, "outputs": [index, …], "names": [rung, …]}``."""

    spec: Params
    priority: int | None
    words: tuple[Params, ...]


@dataclass(frozen=True)
class Conversion:
    """A whole Config. ``config``: as sent, for answers."""

    name: str
    documents: tuple[Document, ...]
    config: Params


@dataclass(frozen=True)
class _Made:
    document: Params
    priority: int | None
    words: Params


def read_config(text: str, known: Known, media_of: MediaOf) -> Conversion:
    """Read a Config. Raises Bad with the place of the first mistake."""
    config = Fields(text, "Config")
    if not config.values:
        raise Bad("Config", "It is required but not provided.", missing=True)
    inputs = _inputs(config, known, media_of)
    made: list[_Made] = []
    for number, group in enumerate(config.children("OutputGroups", OUTPUTS_MAX)):
        made += _group(group, number, known)
    for number, output in enumerate(config.children("Outputs", OUTPUTS_MAX)):
        output.need("OutputFile")
        found = read(output, "OverrideParams", known)
        address = with_extension(target(output.child("OutputFile"), known.endpoint), found)
        made.append(_Made(found.document(address), _priority(output), {"group": None, "outputs": [number], "names": []}))
    if not made:
        config.need("OutputGroups")
    if len(made) > OUTPUTS_MAX:
        raise config.bad("OutputGroups", f"At most {OUTPUTS_MAX} outputs.")
    documents = []
    for priority in dict.fromkeys(one.priority for one in made):
        same = [one for one in made if one.priority == priority]
        documents.append(Document({**inputs, "outputs": [one.document for one in same]}, priority, tuple(one.words for one in same)))
    return Conversion(config.text("JobName", most=128), tuple(documents), dict(config.values))


# --- inputs -----------------------------------------------------------------------------------------------------------
def _inputs(config: Fields, known: Known, media_of: MediaOf) -> Params:
    rows = config.some("Inputs", 33)
    first, others = rows[0], rows[1:]
    found: Params = {"kind": "transcode", "input": {"address": _address(first, known, media_of)}}
    if first.has("Name"):
        found["input_name"] = first.text("Name", most=64)
    if selectors := _selectors(first):
        found["audio_selectors"] = selectors
    if others:
        for row in others:
            row.need("Name")
        found["inputs"] = [
            {"name": row.text("Name", most=64), "address": _address(row, known, media_of), **({"audio_selectors": s} if (s := _selectors(row)) else {})}
            for row in others
        ]
    return found


def _address(row: Fields, known: Known, media_of: MediaOf) -> str:
    row.need("InputFile")
    return source(row.child("InputFile"), known.endpoint, media_of)


def _selectors(row: Fields) -> list[Params]:
    found = []
    for selector in row.children("AudioSelector", 32):
        selector.need("Name")
        selector.one_of("Rule", {"tag": "tag"}, "tag")
        tag = selector.child("TagConfig")
        language = tag.text("language", most=16) or tag.text("Language", most=16)
        if not language:
            tag.need("language")
        found.append({"name": selector.text("Name", most=64), "rule": "tag", "language": language})
    return found


# --- groups -----------------------------------------------------------------------------------------------------------
def _group(group: Fields, number: int, known: Known) -> list[_Made]:
    about = group.child("GroupConfig")
    group.need("GroupConfig")
    about.need("OutputFileBase")
    kind = about.one_of("Type", GROUPS, "file")
    base = target(about.child("OutputFileBase"), known.endpoint).rstrip("/")
    outputs = group.some("Outputs", OUTPUTS_MAX)
    found = [read(output, "OverrideParams", known) for output in outputs]
    for output, one in zip(outputs, found, strict=True):
        if kind != "file" and one.format != kind:
            raise output.bad("TemplateId", f"A group of the type {kind} needs templates with that container, not {one.format}.")
    if kind != "file" and about.has("ManifestName"):
        address = f"{base}/{about.text('ManifestName', most=255).removesuffix(MANIFESTS[kind])}{MANIFESTS[kind]}"
        names = rung_names([output.text("Name") or output.text("OutputFileName").rpartition("/")[2] for output in outputs])
        words = {"group": number, "outputs": list(range(len(outputs))), "names": names}
        return [
            _Made(
                {"address": address, "overrides": ladder([_whole(output, one) for output, one in zip(outputs, found, strict=True)], names)},
                _priority(outputs[0]),
                words,
            )
        ]
    made = []
    for place, (output, one) in enumerate(zip(outputs, found, strict=True)):
        output.need("OutputFileName")
        address = with_extension(f"{base}/{output.text('OutputFileName', most=1023).lstrip('/')}", one)
        made.append(_Made(one.document(address), _priority(output), {"group": number, "outputs": [place], "names": []}))
    return made


def _whole(output: Fields, one: Read) -> Template:
    try:
        if not one.template:
            return Template.model_validate_json(json.dumps(one.overrides))
        return merge(Template.model_validate(dict(one.base), strict=False), one.overrides)
    except ValidationError as error:
        raise Bad(output.at("OverrideParams"), error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]) from None


def _priority(output: Fields) -> int | None:
    return output.whole("Priority", 1, 10)


def words_of(documents: Sequence[Document]) -> list[Mapping[str, Any]]:
    """What to keep of each job."""
    return [{"outputs": list(document.words)} for document in documents]
