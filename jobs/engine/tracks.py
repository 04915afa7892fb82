"""The audio tracks of an output: which streams of which inputs, in what order, under what name and language. Pure.

Codec, rate, channels and bitrate of one track are sound.plan_sound's. Tracks of further inputs begin where the clip of the job's input begins, unless
the further input has a start of its own; a track that is shorter or longer than the picture is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jobs.engine.codecs import CONTAINERS
from jobs.engine.containers import SEGMENTED
from jobs.engine.errors import JobError
from jobs.engine.expect import clip_seconds
from jobs.engine.layouts import LAYOUTS, conform, layout_options
from jobs.engine.lengths import lengths
from jobs.engine.loudness import loudness_filters
from jobs.engine.sound import Sound, plan_sound
from jobs.engine.sources import pad
from jobs.engine.template import EITHER_OR, Audio, AudioTrack, Template
from jobs.engine.vocabulary.languages import known_language, quicktime_knows, same_language, written_language

if TYPE_CHECKING:
    from jobs.engine.footage import Footage
    from jobs.engine.plan import AudioPlan, Expected, FilterSpec, SubtitlePlan
    from jobs.engine.probe import AudioStream, Probe, VideoStream
    from jobs.engine.sources import Material, Sources
    from jobs.engine.spec import AudioSelector, InputSpec, TranscodeSpec

# Containers whose players play one audio track, or which hold one stream at all
ONE_TRACK = frozenset({"mp3", "flac", "aac", "ac3", "opus", "amr", "wav", "ogg", "flv"})
# Mixed streams add up: peaks above full scale are rounded off instead of cut; «latency» gives back the 5 ms that it looks ahead
NO_CLIPPING: FilterSpec = ("alimiter", (("limit", 1), ("level", 0), ("latency", 1)))
TITLES = frozenset({"mp4", "mov", "m4a", "mkv", "webm"})
HANDLERS = frozenset({"mp4", "mov", "m4a"})
# Of the containers with languages, ASF is not asked: ffmpeg reads some back as others (Chinese as none, unknown ones as Afrikaans)
LANGUAGE_TOLD = frozenset({"mp4", "mov", "m4a", "mkv", "webm", "ts"})
DEFAULT_TOLD = frozenset({"mp4", "mov", "m4a", "mkv", "webm"})


@dataclass(frozen=True)
class Track:
    """One track of an output. ``asked``: as the template says it; ``streams``: several are mixed into one; ``seconds``: of a further input's clip, None: unknown;
    ``shorter``: they are those of the whole file, and this track may end much earlier."""

    asked: AudioTrack
    streams: tuple[AudioStream, ...]
    source: int
    further: bool = False
    seconds: float | None = None
    shorter: bool = False


@dataclass(frozen=True)
class Own:
    """What the output starts from: probe and position of the job's input (or of a join), and the clip that tracks of further inputs follow."""

    probe: Probe
    source: int
    start: float | None = None
    duration: float | None = None


def over(base: Audio, own: AudioTrack) -> AudioTrack:
    """A track with what it does not say itself taken from the template's ``audio``. Of two ways of saying the same, the track's wins; a copy inherits nothing."""
    said = {name: value for name in Audio.model_fields if (value := getattr(own, name)) is not None and value is not False}
    inherited: dict[str, Any] = {name: value for name in Audio.model_fields if (value := getattr(base, name)) is not None and value is not False}
    if said.get("codec") == "copy":
        inherited = {}
    for one, other in EITHER_OR:
        if any(name in said for name in one):
            inherited = {name: value for name, value in inherited.items() if name not in other}
    return own.model_copy(update=inherited | said)


def wanted_tracks(template: Template) -> tuple[AudioTrack, ...]:
    """The tracks that a template asks for; without ``audios`` one, as ``audio`` says. Removed ones are left out."""
    if not CONTAINERS[template.container.format].audio or template.audio.remove:
        return ()
    return tuple(track for track in template.audios if not track.remove) if template.audios else (AudioTrack(),)


def pick(template: Template, spec: TranscodeSpec, material: Material, sources: Sources, own: Own) -> tuple[Track, ...]:
    """The tracks of an output, in the order asked for. ``own``: what the output starts from.

    A track that the template names but that is not there raises JobError TrackNotFound; without ``audios`` an input without sound gives none.
    """
    tracks = []
    for position, asked in enumerate(wanted_tracks(template)):
        probe, selector, place = _input(asked.input, spec, material, own.probe)
        streams = _streams(template, asked, selector, probe, position)
        if not streams:
            continue
        if place is None:
            tracks.append(Track(asked, streams, own.source))
            continue
        named, file = place
        part = named.model_copy(update={"start": own.start if named.start is None else named.start, "duration": named.duration or own.duration})
        timing = (probe.picture.codec,) if probe.picture else ()  # else a late sound would count as the beginning of its file
        source = sources.of(probe, file, start=part.start, duration=part.duration, timing=timing)
        seconds, shorter = _length(probe, streams, part)
        tracks.append(Track(asked, streams, source, further=True, seconds=seconds, shorter=shorter))
    return tuple(tracks)


def _length(probe: Probe, streams: Sequence[AudioStream], part: InputSpec) -> tuple[float | None, bool]:
    """Seconds of a further track, and whether only its file's length is known, which other streams may have made longer (Matroska)."""
    seconds = clip_seconds(probe, part)
    ends = [(s.start or 0.0) - (probe.start or 0.0) + s.duration for s in streams if s.duration is not None]
    if seconds is None or len(ends) < len(streams):
        return seconds, bool(probe.picture or probe.subtitle or len(probe.audio) > len(streams))
    return max(0.0, min(seconds, max(ends) - (part.start or 0.0))), False


def _input(name: str | None, spec: TranscodeSpec, material: Material, own: Probe) -> tuple[Probe, AudioSelector | None, tuple[InputSpec, str] | None]:
    """The input that a track names (directly or by a selector): its probe, the selector, and for a further input its clip and file."""
    if name is None or name == spec.input_name:
        return own, None, None
    if found := next((s for s in spec.audio_selectors if s.name == name), None):
        return own, found, None
    for named in spec.inputs:
        selector = next((s for s in named.audio_selectors if s.name == name), None)
        if named.name == name or selector:
            fetched = material.media(named.address)
            if fetched.probe is None:
                raise JobError("NoAudioStream", f"The input «{named.name}» is no media file.")
            return fetched.probe, selector, (named, fetched.file)
    raise JobError("TrackNotFound", f"There is no input or audio selector named «{name}».")


def _streams(template: Template, asked: AudioTrack, selector: AudioSelector | None, probe: Probe, position: int) -> tuple[AudioStream, ...]:
    """The streams that a track is made of. None: only where the template asks for «the sound, if there is any»."""
    audio = over(template.audio, asked)
    number, language = asked.stream, asked.select_language
    if selector is not None:
        number, language = (selector.stream or 0, None) if selector.rule == "index" else (None, selector.language)
    if audio.mix:
        streams = tuple(probe.audio)
        if audio.mix_streams is not None:
            if lost := [n for n in audio.mix_streams if n >= len(streams)]:
                raise _missing(position, f"has no audio stream {lost[0]}", probe)
            streams = tuple(streams[n] for n in dict.fromkeys(audio.mix_streams))
    elif language is not None:
        streams = tuple(s for s in probe.audio if same_language(s.language, language))[:1]
        if not streams:
            raise _missing(position, f"has no audio in {language}", probe)
    elif number is not None:
        streams = tuple(probe.audio[number : number + 1])
        if not streams:
            raise _missing(position, f"has no audio stream {number}", probe)
    else:
        streams = tuple(probe.audio[:1])
    if not streams and template.audios:
        raise _missing(position, "has no audio", probe)
    return streams


def _missing(position: int, what: str, probe: Probe) -> JobError:
    known = ", ".join(f"{number}: {stream.language or 'und'}" for number, stream in enumerate(probe.audio[:8]))
    return JobError("TrackNotFound", f"Audio track {position + 1}: its input {what}" + (f"; it has {known}." if known else "."))


def plan_tracks(template: Template, tracks: Sequence[Track]) -> tuple[Sound, ...]:
    """Every track planned, in order, with tags. ``template``: of one rendition (a rung's own audio laid over already)."""
    default = next((n for n, track in enumerate(tracks) if track.asked.default), None)
    if default is None:
        default = next((n for n, track in enumerate(tracks) if track.asked.default is None), None)
    planned = []
    for number, track in enumerate(tracks):
        audio = over(template.audio, track.asked)
        sound = _planned(template, audio, track)
        language, warning = _language(template, track)
        tagged = sound.plan.model_copy(
            update={
                "language": language,
                "title": track.asked.title or (None if template.mux.strip_metadata else track.streams[0].title),
                "default": number == default if len(tracks) > 1 or track.asked.default is not None else None,
            }
        )
        planned.append(replace(sound, plan=tagged, warnings=(*sound.warnings, *warning)))
    return tuple(planned)


def _planned(template: Template, audio: AudioTrack, track: Track) -> Sound:
    """Codec and filters of one track."""
    stream = max(track.streams, key=lambda s: s.channels or 0)
    sound = plan_sound(audio, template.conditions, template.container.format, stream, track.source, template.mux.segment_format)
    plan = sound.plan
    if plan.encoder == "copy" or not plan.channels:
        return sound
    filters, mixed = list(plan.filters), list(plan.mixed)
    several = len(track.streams) > 1
    if (several or audio.loudness or plan.channels != stream.channels or _odd(stream)) and plan.channels in LAYOUTS:
        filters.append(conform(plan.encoder, plan.channels))
    if several:
        filters.insert(len(filters), ("aresample", (("osr", plan.sample_rate or 48000),)))
        mixed.append(NO_CLIPPING)
    if audio.volume_db:
        mixed.append(("volume", (("volume", f"{audio.volume_db:g}dB"),)))
    mixed += loudness_filters(audio.loudness)
    changes = {
        "pads": tuple(pad(track.source, s) for s in track.streams),
        "filters": tuple(filters),
        "mixed": tuple(mixed),
        "options": layout_options(plan.encoder, plan.channels, plan.options),
    }
    return replace(sound, plan=plan.model_copy(update=changes))


def _odd(stream: AudioStream) -> bool:
    """Whether the stream's layout is another one than encoders are given for its number of channels."""
    return stream.channel_layout != LAYOUTS.get(stream.channels or 0) and (stream.channels or 0) > 2


def _language(template: Template, track: Track) -> tuple[str | None, tuple[str, ...]]:
    """The language tag of a track (None: none is written) and a warning where the container has no place for one that was given."""
    asked, container = track.asked, CONTAINERS[template.container.format]
    source = None if template.mux.strip_metadata else next((s.language for s in track.streams if s.language), None)
    configured = asked.language_control == "Configured" or (asked.language_control is None and asked.language is not None)
    language = asked.language if configured else known_language(source) or asked.language
    if not container.language:
        return None, (f"{container.name} has no place for a language; «{asked.language}» is not written.",) if asked.language else ()
    return language, ()


def tags(template: Template, picture: VideoStream | None, sounds: Sequence[AudioPlan], subtitles: Sequence[SubtitlePlan]) -> list[str]:
    """Language, title and flags of every stream, as the container keeps them."""
    format_ = template.container.format
    found: list[str] = []
    if CONTAINERS[format_].language and picture is not None and picture.language and not template.mux.strip_metadata:
        found += ["-metadata:s:v:0", f"language={written_language(format_, picture.language)}"]
    rows: list[tuple[str, AudioPlan | SubtitlePlan]] = [(f"a:{n}", a) for n, a in enumerate(sounds)]
    rows += [(f"s:{n}", s) for n, s in enumerate(subtitles)]
    for stream, plan in rows:
        place = f"s:{stream}"
        if plan.language and CONTAINERS[format_].language:
            found += [f"-metadata:{place}", f"language={written_language(format_, plan.language)}"]
        if plan.title and format_ in TITLES:
            found += [f"-metadata:{place}", f"title={plan.title}"]
            if format_ in HANDLERS:  # players of MP4 show the handler's name
                found += [f"-metadata:{place}", f"handler_name={plan.title}"]
        flags = [name for name in ("default", "forced") if getattr(plan, name, None)]
        if flags or plan.default is not None:
            found += [f"-disposition:{stream}", "+".join(flags) or "0"]
    return found


def heard(expected: Expected, template: Template, tracks: Sequence[Track], sounds: Sequence[Sound], footage: Footage) -> Expected:
    """The expectations of an output with what its tracks add: languages and flags, the length of what goes on after the job's own input, and in sets
    that of each track by itself."""
    format_ = template.container.format
    audios = []
    for wanted, track, sound in zip(expected.audios, tracks, sounds, strict=True):
        plan = sound.plan
        told = format_ in LANGUAGE_TOLD and (format_ != "mov" or quicktime_knows(plan.language))
        default = plan.default if format_ in DEFAULT_TOLD and any(s.plan.default for s in sounds) else None
        changes: dict[str, Any] = {"language": plan.language if told else None, "default": default}
        audios.append(wanted.model_copy(update=changes | (_alone(expected, track, sound, footage, format_) if format_ in SEGMENTED else {})))
    return _lengthened(expected.model_copy(update={"audios": tuple(audios)}), [_clipped(track, footage) for track in tracks], footage.speed)


def _clipped(track: Track, footage: Footage) -> Track:
    """A further track beside a join that is clipped as a whole is clipped as the join is."""
    span = footage.span
    if not (footage.joined and span.clipped and track.further and track.seconds is not None):
        return track
    left = max(0.0, track.seconds - span.start)
    return replace(track, seconds=left if span.limit is None else min(left, span.limit))


def _alone(expected: Expected, track: Track, sound: Sound, footage: Footage, format_: str) -> dict[str, float | None]:
    """How long a track is where it is apart from the picture; nothing where only the length of its file is known."""
    if footage.tails or (not track.further and (footage.joined or footage.speed != 1)):
        return {"seconds": expected.duration, "seconds_tolerance": expected.duration_tolerance}  # it was made as long as the picture
    if track.further:
        seconds = _clipped(track, footage).seconds
        if seconds is None or track.shorter:
            return {}
        seconds /= footage.speed
        return {"seconds": round(seconds, 3), "seconds_tolerance": round(0.5 + 0.01 * seconds, 3)}
    stream = max(track.streams, key=lambda s: s.duration or 0.0)
    if any(s.duration is None for s in track.streams) and len(footage.probe.audio) + (footage.probe.picture is not None) > 1:
        return {}
    found = lengths(footage, None, (sound,), None, stream, format_)
    return {"seconds": found.seconds and round(found.seconds, 3), "seconds_tolerance": round(found.slack, 3)}


def _lengthened(expected: Expected, tracks: Sequence[Track], speed: float) -> Expected:
    """What to expect where tracks of further inputs go on after the job's own input, or are all there is."""
    further = [track.seconds for track in tracks if track.further]
    alone = expected.video_codec is None and all(track.further for track in tracks)
    if not further or (expected.duration is None and not alone):
        return expected
    if None in further:
        return expected.model_copy(update={"duration": None})
    longest = max(seconds for seconds in further if seconds is not None) / speed
    surely = max((track.seconds or 0.0 for track in tracks if track.further and not track.shorter), default=0.0) / speed
    if not alone and expected.duration is not None:
        if longest <= expected.duration:
            return expected
        surely = max(surely, expected.duration)
    # what a container says of its streams is rough
    slack = max(expected.duration_tolerance, 0.5 + 0.01 * longest)
    if alone and surely < longest:
        surely = max(surely, 0.75 * longest - 2.0)
    middle = (surely + longest) / 2 if surely < longest else longest  # anything between the two is right
    return expected.model_copy(update={"duration": round(middle, 3), "duration_tolerance": round(slack + longest - middle, 3)})
