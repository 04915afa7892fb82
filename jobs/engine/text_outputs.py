"""Outputs that are one subtitle file: a stream of the input, or a file beside it, written anew as SRT, WebVTT or ASS. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.codecs import CONTAINERS
from jobs.engine.containers import TEXTS
from jobs.engine.cut import Span, clip
from jobs.engine.errors import JobError, Problem
from jobs.engine.plan import Expected, OutputPlan, Pad, RenditionPlan, Source, SubtitlePlan, TextFile
from jobs.engine.scripts import Clock, flat, own_ass, shifted, to_ass, to_srt, to_vtt
from jobs.engine.subtitles import read_file, read_stream, taken_out, usual_font
from jobs.engine.vocabulary.packaging import Mux
from jobs.engine.vocabulary.picture import Video
from jobs.engine.vocabulary.sound import Audio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobs.engine.probe import Probe
    from jobs.engine.request import Request
    from jobs.engine.template import Template
    from jobs.engine.texts import Script

MEANT = ("container", "video", "audio", "mux", "conditions", "subtitle", "edit")
SIZE = (1280, 720)  # px that an ASS file is written for where there is no picture


def check(template: Template) -> Iterator[Problem]:
    """What has no meaning for a file of text."""
    name, subtitle, edit = CONTAINERS[template.container.format].name, template.subtitle, template.edit
    for section, allowed in (("video", (Video(), Video(remove=True))), ("audio", (Audio(), Audio(remove=True))), ("mux", (Mux(), Mux(strip_metadata=True)))):
        if getattr(template, section) not in allowed:
            yield Problem((section,), f"{name} holds text only, so «{section}» has no meaning.")
    for section in type(template).model_fields:
        if section not in MEANT and getattr(template, section):
            yield Problem((section,), f"{name} holds text only, so «{section}» has no meaning.")
    for field in ("before", "after", "after_list", "openings", "tails"):
        if getattr(edit, field):
            yield Problem(("edit", field), f"{name} holds text only, so «{field}» has no meaning.")
    if subtitle.remove:
        yield Problem(("subtitle", "remove"), f"{name} has nothing else to hold; do not remove it.")
    burnt = [("subtitle", "burn_stream")] if subtitle.burn_stream is not None else []
    for place in (*burnt, *(("subtitle", "files", number, "burn") for number, file in enumerate(subtitle.files) if file.burn)):
        yield Problem(place, f"{name} holds no picture that text could be drawn into.")
    if len(subtitle.files) > 1 or len(subtitle.streams or ()) > 1 or (subtitle.files and (subtitle.streams or subtitle.languages)):
        place = ("subtitle", "streams" if subtitle.streams else "languages" if subtitle.languages else "files")
        yield Problem(place, f"{name} holds one text: name one stream or one file.")


def text_output(request: Request) -> OutputPlan:
    """The plan of such an output. Raises JobError TrackNotFound, SubtitleNotReadable, ClipOutOfRange."""
    template, probe, index = request.template, request.probe, request.index
    edit, format_ = template.edit, template.container.format
    inner = clip(Span(seconds=probe.duration), request.spec.input.start, request.spec.input.duration)
    span = clip(inner, edit.start, edit.duration, edit.end)
    clock = Clock(span.start, edit.speed or 1.0, None if span.limit is None else span.limit / (edit.speed or 1.0))
    warnings: tuple[str, ...] = ()
    if template.subtitle.files:
        (file,) = template.subtitle.files
        script, warnings = read_file(file, request.material)
        offset, font = file.offset_seconds, file.font
    else:
        script = _of_stream(request)
        offset, font = -(probe.start or 0.0), None
    content = _written(shifted(script, clock, offset), format_, probe, font)
    if content is None:
        raise JobError("SubtitleNotReadable", "There is no text within the clip.")
    kind, codec = TEXTS[format_]
    text = TextFile(name=f"o{index}-s0.{format_}", content=content)
    source = request.sources.add(Source(file=text.name, format=kind))
    rendition = RenditionPlan(
        name="",
        file=f"o{index}.{format_}",
        subtitles=(SubtitlePlan(pad=Pad(source=source, stream=0, codec=codec), encoder="copy"),),
        mux_options=("-f", kind),
        expected=Expected(subtitles=1),
    )
    return OutputPlan(index=index, format=format_, renditions=(rendition,), texts=(text,), group=0, warnings=warnings)


def _of_stream(request: Request) -> Script:
    streams = taken_out(request.template, request.probe)
    if not streams:
        raise JobError("TrackNotFound", "The input has no text subtitles that were asked for.")
    script = read_stream(streams[0], request.material)
    if script is None:
        raise JobError("InputNotReadable", f"Subtitle stream {streams[0].index} of the input has not been read here.")
    return script


def _written(script: Script, format_: str, probe: Probe, font: str | None) -> str | None:
    """The file's content; None where nothing is said."""
    cues = flat(script)
    if not (script.cues if script.kind == "ass" and format_ == "ass" else cues):
        return None
    if format_ == "ass":
        if script.kind == "ass":
            return own_ass(script, font)
        size = (probe.picture.width, probe.picture.height) if probe.picture else SIZE
        return to_ass([(script, font or usual_font("".join(cue.text for cue in cues)))], *size)
    return to_srt(cues) if format_ == "srt" else to_vtt(cues)
