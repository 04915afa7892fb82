"""Which streams of the input go into an output, and in words what does not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.codecs import CONTAINERS, Container
from jobs.engine.copied import codec_name
from jobs.engine.errors import JobError
from jobs.engine.subtitles import attached
from jobs.engine.vocabulary.languages import same_language

if TYPE_CHECKING:
    from jobs.engine.probe import AudioStream, Probe, SubtitleStream, VideoStream
    from jobs.engine.template import Template
    from jobs.engine.tracks import Track


@dataclass(frozen=True)
class Chosen:
    """The streams of one output."""

    picture: VideoStream | None
    sound: AudioStream | None  # the first of the tracks' streams that is the job's input's own
    subtitles: tuple[tuple[SubtitleStream, str], ...]  # with the encoder, or copy
    warnings: tuple[str, ...]


def choose(template: Template, probe: Probe, tracks: Sequence[Track]) -> Chosen:
    """Take the first real video, the audio of the tracks and the subtitles that the container can hold; say what is left behind.

    Raises JobError NoVideoStream, NoAudioStream, NoStreamLeft. A remux (``codec: copy``) of a file without video takes what there is.
    """
    container = CONTAINERS[template.container.format]
    picture = _picture(template, container, probe, heard=bool(tracks))
    if not tracks and container.audio and not template.audio.remove and (not container.video or template.video.remove):
        raise JobError("NoAudioStream")
    if picture is None and not tracks:
        raise JobError("NoStreamLeft")
    sounds = tuple(stream for track in tracks if not track.further for stream in track.streams)
    plain = _would_become_a_master(template, tracks)
    subtitles = _subtitles(template, container, probe) if picture is not None and not plain else ()
    said = _left_behind(template, container, probe, picture, sounds, subtitles, plain=plain)
    return Chosen(picture, next(iter(sounds), None), subtitles, said)


def _would_become_a_master(template: Template, tracks: Sequence[Track]) -> bool:
    """Whether nobody asked for more than one playlist of segments: then texts that happen to be in the input must not make its address a master."""
    asked, apart = template.subtitle, template.encryption is not None and template.encryption.method != "aes-128"
    several = bool(template.ladder) or len(tracks) > 1 or template.mux.iframe_playlist or apart or any(not file.burn for file in asked.files)
    return template.container.format == "hls" and asked.streams is None and asked.languages is None and not several


def _picture(template: Template, container: Container, probe: Probe, *, heard: bool) -> VideoStream | None:
    if template.video.remove or not container.video:
        return None
    if probe.picture is None and (container.needs_picture or not (template.video.codec == "copy" and heard)):
        raise JobError("NoVideoStream", "The input has only a cover picture, no video." if probe.video else "")
    return probe.picture


def _subtitles(template: Template, container: Container, probe: Probe) -> tuple[tuple[SubtitleStream, str], ...]:
    """The input's streams that become tracks: those that were named, else all that the container can hold; one that is drawn is not kept too."""
    wanted, streams = template.subtitle, probe.subtitle
    if wanted.remove:
        return ()
    if wanted.streams is not None:
        if lost := [number for number in wanted.streams if number >= len(streams)]:
            raise JobError("TrackNotFound", f"The input has no subtitle stream {lost[0]}; it has {len(streams)}.")
        streams = tuple(streams[number] for number in wanted.streams)
    elif wanted.languages is not None:
        streams = tuple(s for s in streams if any(same_language(s.language or "und", language) for language in wanted.languages))
    if wanted.burn_stream is not None and wanted.streams is None:
        streams = tuple(s for s in streams if s not in probe.subtitle[wanted.burn_stream : wanted.burn_stream + 1])
    found = []
    for stream in streams:
        encoder = container.subtitles.get(stream.codec) or (container.subtitles.get("text") if stream.text else None)
        if encoder:
            found.append((stream, encoder))
        elif wanted.streams is not None:
            raise JobError(
                "ImpossibleCombination", f"{container.name} cannot hold {codec_name(stream.codec)} subtitles; draw them into the picture, or use MKV."
            )
    return tuple(found)


def _left_behind(
    template: Template,
    container: Container,
    probe: Probe,
    picture: VideoStream | None,
    heard: Sequence[AudioStream],
    subtitles: tuple[tuple[SubtitleStream, str], ...],
    *,
    plain: bool,
) -> tuple[str, ...]:
    """One sentence per kind of stream that is dropped without having been asked for."""
    said: list[str] = []
    videos = [v for v in probe.video if v is not picture and not v.attached_picture]
    if videos and not template.video.remove:
        why = "only the first is taken" if picture else f"{container.name} holds sound only"
        said.append(f"Dropped: video {_list(videos)}; {why}.")
    if covers := [v for v in probe.video if v.attached_picture]:
        said.append(f"Dropped: cover picture {_list(covers)}.")
    sounds = [a for a in probe.audio if a not in heard]
    if sounds and not template.audio.remove and not (template.audios and container.audio):
        why = "only the first is taken" if container.audio else f"{container.name} holds no sound"
        said.append(f"Dropped: audio {_list(sounds)}; {why}.")
    kept = {stream.index for stream, _ in subtitles}
    asked = template.subtitle
    if asked.burn_stream is not None:
        kept |= {s.index for s in probe.subtitle[asked.burn_stream : asked.burn_stream + 1]}
    if (texts := [s for s in probe.subtitle if s.index not in kept]) and not asked.remove and asked.streams is None and asked.languages is None:
        if plain:
            said.append(f"Dropped: subtitles {_list(texts)}; a plain playlist has none; name them to get a master playlist with captions.")
        else:
            said.append(f"Dropped: subtitles {_list(texts)}; {container.name} cannot hold them here.")
    if asked.languages is not None and not kept and not asked.remove:
        said.append(f"The input has no subtitles in {', '.join(asked.languages)} that {container.name} can hold.")
    if others := [s for s in probe.other if s not in attached(template, probe)]:
        said.append(f"Dropped: {len(others)} data stream{'s' if len(others) > 1 else ''}.")
    if probe.chapters and not container.chapters:
        said.append(f"Dropped: {probe.chapters} chapter{'s' if probe.chapters > 1 else ''}; {container.name} cannot hold them.")
    return tuple(said)


def _list(streams: Sequence[VideoStream | AudioStream | SubtitleStream]) -> str:
    """«stream 2 (AC-3, eng), stream 3 (AAC)», at most four."""
    parts = [f"stream {s.index} ({codec_name(s.codec)}{', ' + s.language if s.language else ''})" for s in streams[:4]]
    return ", ".join(parts) + (f" and {len(streams) - 4} more" if len(streams) > 4 else "")
