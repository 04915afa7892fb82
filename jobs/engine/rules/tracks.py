"""What cannot be combined in ``audios``, and with the inputs that a job names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jobs.engine.codecs import container
from jobs.engine.errors import Problem
from jobs.engine.rules.voice import check_audio
from jobs.engine.template import Audio
from jobs.engine.tracks import ONE_TRACK, over

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jobs.engine.spec import AudioSelector, TranscodeSpec
    from jobs.engine.template import AudioTrack, Template

Loc = tuple[str | int, ...]


def check(template: Template) -> Iterator[Problem]:
    """Every impossible combination in the tracks of a template."""
    yield from _mix(template.audio, ("audio",))
    if not template.audios:
        return
    format_ = template.container.format
    held = container(format_, template.mux.segment_format)
    if not held.audio:
        yield Problem(("audios",), f"{held.name} holds no sound, so «audios» has no meaning.")
        return
    if template.audio.remove:
        yield Problem(("audios",), "The sound is removed, so «audios» has no meaning.")
        return
    kept = [(number, track) for number, track in enumerate(template.audios) if not track.remove]
    if len(kept) > 1 and format_ in ONE_TRACK:
        yield Problem(("audios", kept[1][0]), f"{held.name} holds one audio track; keep one, mix them, or use MP4, MKV or HLS.")
    for position, (number, track) in enumerate(kept):
        place: Loc = ("audios", number)
        yield from _selection(track, place)
        whole = over(template.audio, track)
        yield from _mix(whole, place)
        if whole.mix and (track.stream is not None or track.select_language):
            yield Problem((*place, "mix"), "A mix takes all audio streams of its input; name some in «mix_streams».")
        audio = Audio.model_construct(**{name: getattr(whole, name) for name in Audio.model_fields})
        yield from (Problem((*place, *p.loc[1:]), p.message) for p in check_audio(audio, held))
        if track.default and any(other.default for _, other in kept[:position]):
            yield Problem((*place, "default"), "Only one audio track can be the default.")
    if (template.edit.before or template.edit.after) and any(_chooses(track) for _, track in kept):
        yield Problem(("audios",), "Joined inputs have one sound, that of their first audio streams: tracks cannot be chosen among them.")


def _selection(track: AudioTrack, place: Loc) -> Iterator[Problem]:
    if track.stream is not None and track.select_language:
        yield Problem((*place, "stream"), "Choose a stream by its number or by its language, not both.")
    if track.language_control == "Configured" and not track.language:
        yield Problem((*place, "language"), "«Configured» needs a language.")


def _mix(audio: Audio, place: Loc) -> Iterator[Problem]:
    if audio.mix_streams is not None and not audio.mix:
        yield Problem((*place, "mix_streams"), "«mix_streams» needs «mix».")


def _chooses(track: AudioTrack) -> bool:
    return track.stream is not None or bool(track.select_language) or track.mix


def check_inputs(spec: TranscodeSpec, templates: Mapping[int, Template] | Sequence[Template]) -> Iterator[Problem]:
    """Names of inputs and selectors: each once, and every name that a track uses is there. ``templates``: of all outputs, or of
    some by their indices. Places are relative to the spec."""
    names: dict[str, bool] = {}
    for place, name in _names(spec):
        if name in names:
            yield Problem(place, f"Two inputs or audio selectors are named «{name}».")
        names[name] = place[-3:-2] == ("audio_selectors",)
    for place, selector in _selectors(spec):
        if selector.rule == "tag" and not selector.language:
            yield Problem((*place, "language"), "A selector by tag needs a language.")
        if selector.rule == "index" and selector.stream is None:
            yield Problem((*place, "stream"), "A selector by index needs the number of a stream.")
    for index, template in templates.items() if isinstance(templates, Mapping) else enumerate(templates):
        for number, track in enumerate(template.audios):
            if track.input is None or track.remove:
                continue
            loc: Loc = ("outputs", index, "overrides", "audios", number)
            if track.input not in names:
                yield Problem((*loc, "input"), f"There is no input or audio selector named «{track.input}».")
            elif names[track.input] and (track.stream is not None or track.select_language):
                yield Problem((*loc, "stream" if track.stream is not None else "select_language"), f"«{track.input}» chooses a stream already.")


def _names(spec: TranscodeSpec) -> Iterator[tuple[Loc, str]]:
    if spec.input_name is not None:
        yield ("input_name",), spec.input_name
    for number, named in enumerate(spec.inputs):
        yield ("inputs", number, "name"), named.name
    yield from (((*place, "name"), selector.name) for place, selector in _selectors(spec))


def _selectors(spec: TranscodeSpec) -> Iterator[tuple[Loc, AudioSelector]]:
    for number, selector in enumerate(spec.audio_selectors):
        yield ("audio_selectors", number), selector
    for at, named in enumerate(spec.inputs):
        for number, selector in enumerate(named.audio_selectors):
            yield ("inputs", at, "audio_selectors", number), selector
