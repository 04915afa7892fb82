"""Which streams of the input go into an output, and in words what does not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.codecs import CONTAINERS, Container
from jobs.engine.errors import JobError

if TYPE_CHECKING:
    from jobs.engine.probe import AudioStream, Probe, SubtitleStream, VideoStream
    from jobs.engine.template import Template

STREAM_NAMES = {
    "h264": "H.264", "hevc": "H.265", "av1": "AV1", "vp8": "VP8", "vp9": "VP9", "mpeg4": "MPEG-4", "mpeg2video": "MPEG-2", "mpeg1video": "MPEG-1",
    "mjpeg": "Motion JPEG", "aac": "AAC", "mp3": "MP3", "mp2": "MP2", "ac3": "AC-3", "eac3": "E-AC-3", "vorbis": "Vorbis", "opus": "Opus", "flac": "FLAC",
    "alac": "ALAC", "gif": "GIF", "amr_nb": "AMR-NB", "amr_wb": "AMR-WB", "h263": "H.263", "theora": "Theora",
}  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """The streams of one output."""

    picture: VideoStream | None
    sound: AudioStream | None
    subtitles: tuple[tuple[SubtitleStream, str], ...]  # with the encoder, or copy
    warnings: tuple[str, ...]


def codec_name(codec: str) -> str:
    """An ffprobe codec name as people write it."""
    return STREAM_NAMES.get(codec, codec)


def choose(template: Template, probe: Probe) -> Chosen:
    """Take the first real video, the first audio and the subtitles that the container can hold; say what is left behind.

    Raises JobError NoVideoStream, NoAudioStream, NoStreamLeft. A remux (``codec: copy``) of a file without video takes what there is.
    """
    container = CONTAINERS[template.container.format]
    picture = _picture(template, container, probe)
    sound = _sound(template, container, probe)
    if picture is None and sound is None:
        raise JobError("NoStreamLeft")
    subtitles = _subtitles(template, container, probe) if picture is not None else ()
    return Chosen(picture, sound, subtitles, _left_behind(template, container, probe, picture, sound, subtitles))


def _picture(template: Template, container: Container, probe: Probe) -> VideoStream | None:
    if template.video.remove or not container.video:
        return None
    if probe.picture is None and not (template.video.codec == "copy" and probe.sound and not template.audio.remove):
        raise JobError("NoVideoStream", "The input has only a cover picture, no video." if probe.video else "")
    return probe.picture


def _sound(template: Template, container: Container, probe: Probe) -> AudioStream | None:
    if template.audio.remove or not container.audio:
        return None
    if probe.sound is None and (not container.video or template.video.remove):
        raise JobError("NoAudioStream")
    return probe.sound


def _subtitles(template: Template, container: Container, probe: Probe) -> tuple[tuple[SubtitleStream, str], ...]:
    if template.subtitle.remove:
        return ()
    found = []
    for stream in probe.subtitle:
        encoder = container.subtitles.get(stream.codec) or (container.subtitles.get("text") if stream.text else None)
        if encoder:
            found.append((stream, encoder))
    return tuple(found)


def _left_behind(
    template: Template,
    container: Container,
    probe: Probe,
    picture: VideoStream | None,
    sound: AudioStream | None,
    subtitles: tuple[tuple[SubtitleStream, str], ...],
) -> tuple[str, ...]:
    """One sentence per kind of stream that is dropped without having been asked for."""
    said: list[str] = []
    videos = [v for v in probe.video if v is not picture and not v.attached_picture]
    if videos and not template.video.remove:
        why = "only the first is taken" if picture else f"{container.name} holds sound only"
        said.append(f"Dropped: video {_list(videos)}; {why}.")
    if covers := [v for v in probe.video if v.attached_picture]:
        said.append(f"Dropped: cover picture {_list(covers)}.")
    sounds = [a for a in probe.audio if a is not sound]
    if sounds and not template.audio.remove:
        why = "only the first is taken" if sound else f"{container.name} holds no sound"
        said.append(f"Dropped: audio {_list(sounds)}; {why}.")
    kept = {stream.index for stream, _ in subtitles}
    if (texts := [s for s in probe.subtitle if s.index not in kept]) and not template.subtitle.remove:
        said.append(f"Dropped: subtitles {_list(texts)}; {container.name} cannot hold them here.")
    if probe.other:
        said.append(f"Dropped: {len(probe.other)} data stream{'s' if len(probe.other) > 1 else ''}.")
    if probe.chapters and not container.chapters:
        said.append(f"Dropped: {probe.chapters} chapter{'s' if probe.chapters > 1 else ''}; {container.name} cannot hold them.")
    return tuple(said)


def _list(streams: Sequence[VideoStream | AudioStream | SubtitleStream]) -> str:
    """«stream 2 (AC-3, eng), stream 3 (AAC)», at most four."""
    parts = [f"stream {s.index} ({codec_name(s.codec)}{', ' + s.language if s.language else ''})" for s in streams[:4]]
    return ", ".join(parts) + (f" and {len(streams) - 4} more" if len(streams) > 4 else "")
