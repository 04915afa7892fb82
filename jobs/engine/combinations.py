"""What cannot be combined in a template, found all at once and before anything runs. Pure.

Single values are checked by the template's own types; here stand the rules between fields. Places are relative to the template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from jobs.engine.codecs import AUDIO, CONTAINERS, GIF_FPS_MAX, VIDEO, Container
from jobs.engine.errors import Problem
from jobs.engine.resolve import laid_over

if TYPE_CHECKING:
    from jobs.engine.template import Audio, Template, Video

Loc = tuple[str | int, ...]
ENCODERS: dict[str, str] = {**{name: row.encoder for name, row in VIDEO.items()}, **{name: row.encoder for name, row in AUDIO.items()}}


def check(template: Template) -> tuple[Problem, ...]:
    """Every impossible combination, in the template's order; empty where it can be done."""
    found: list[Problem] = []
    for rule in (_streams, _picture, _sound, _packaging):
        found += rule(template)
    for position, rung in enumerate(template.ladder):
        whole = laid_over(template, rung)
        place: Loc = ("ladder", position)
        known = {p.message for p in found}
        inner = [*_rung_video(rung.video), *_video(whole.video, CONTAINERS["hls"]), *(_audio(whole.audio, CONTAINERS["hls"]) if rung.audio else ())]
        found += [Problem((*place, *p.loc), p.message) for p in inner if p.message not in known]
    return tuple(dict.fromkeys(found))


def encoders_needed(template: Template) -> frozenset[str]:
    """Names of the ffmpeg encoders that this template needs of a worker; nothing for copies."""
    container = CONTAINERS[template.container.format]
    names: set[str] = set()
    for variant in [laid_over(template, r) for r in template.ladder] or [template]:
        if container.video and not variant.video.remove:
            names.add(variant.video.codec or container.video[0])
        if container.audio and not variant.audio.remove:
            names.add(variant.audio.codec or container.audio[0])
    return frozenset(ENCODERS[n] for n in names if n != "copy")


def _streams(template: Template) -> Iterator[Problem]:
    container = CONTAINERS[template.container.format]
    no_video = template.video.remove or not container.video
    no_audio = template.audio.remove or not container.audio
    if no_video and no_audio:
        place = "audio" if template.audio.remove else "video"
        yield Problem(
            (place, "remove"),
            "Picture and sound are both removed; keep one."
            if container.video and container.audio
            else f"{container.name} has nothing else to hold; do not remove it.",
        )


def _picture(template: Template) -> Iterator[Problem]:
    container, video = CONTAINERS[template.container.format], template.video
    if video.remove and (said := _said(video)):
        yield Problem(("video", said[0]), f"The picture is removed, so «{said[0]}» has no meaning.")
    elif not container.video and (said := _said(video)):
        yield Problem(("video", said[0]), f"{container.name} holds sound only, so «{said[0]}» has no meaning.")
    elif container.video and not video.remove:
        yield from _video(video, container)


def _video(video: Video, container: Container) -> Iterator[Problem]:
    """Rules of one video section in a container that holds pictures."""
    codec = video.codec or container.video[0]
    if codec == "copy":
        for field in _said(video):
            if field != "codec":
                yield Problem(("video", field), f"A copied picture cannot be changed: remove «{field}», or choose a codec.")
        return
    if codec not in container.video:
        yield Problem(("video", "codec"), f"{container.name} cannot hold {VIDEO[codec].name}. {_use(lambda c: codec in c.video)}")
    yield from _rates(video)
    yield from _shape(video, codec)
    if codec == "gif":
        for field in ("profile", "preset", "crf", "bitrate_kbps", "maxrate_kbps", "bufsize_kbit", "gop", "pixel_format"):
            if getattr(video, field) is not None:
                yield Problem(("video", field), f"GIF has no «{field}».")
        if video.fps and video.fps > GIF_FPS_MAX:
            yield Problem(("video", "fps"), f"GIF plays at most {GIF_FPS_MAX:g} frames per second.")
        return
    row = VIDEO[codec]
    if video.profile and video.profile not in row.profiles:
        yield Problem(("video", "profile"), f"{row.name} has no profile «{video.profile}». Use {_or(row.profiles)}.")
    allowed = row.profiles.get(video.profile or "", row.pixel_formats)
    if video.pixel_format and video.pixel_format not in allowed:
        owner = f"The profile «{video.profile}» of {row.name}" if video.profile in row.profiles else row.name
        yield Problem(("video", "pixel_format"), f"{owner} cannot have {video.pixel_format}. Use {_or(allowed)}.")


def _rates(video: Video) -> Iterator[Problem]:
    if video.crf is not None and video.bitrate_kbps is not None:
        yield Problem(("video", "crf"), "Give CRF or bitrate, not both.")
    if video.maxrate_kbps is not None and video.bitrate_kbps is not None and video.maxrate_kbps < video.bitrate_kbps:
        yield Problem(("video", "maxrate_kbps"), f"The peak bitrate ({video.maxrate_kbps} kbit/s) is below the average bitrate ({video.bitrate_kbps} kbit/s).")
    if video.bufsize_kbit is not None and video.maxrate_kbps is None:
        yield Problem(("video", "bufsize_kbit"), "A buffer size needs a peak bitrate.")
    if video.fps and video.max_fps is not None:
        yield Problem(("video", "max_fps"), "Give a frame rate or its upper bound, not both.")


def _shape(video: Video, codec: str) -> Iterator[Problem]:
    if video.short_side is not None and (video.width is not None or video.height is not None):
        yield Problem(("video", "short_side"), "Give the short side, or width and height, not both.")
    if video.scale_type is not None and (video.width is None or video.height is None):
        yield Problem(("video", "scale_type"), "A way of scaling needs both width and height.")
    if codec == "gif":
        return
    if video.width is None or video.height is None:
        return  # one side alone is brought to the nearest even number, as the other one is
    for side, value in (("width", video.width), ("height", video.height)):
        if value % 2:
            yield Problem(("video", side), f"{VIDEO[codec].name} needs even sizes: use {value - 1} or {value + 1}.")


def _sound(template: Template) -> Iterator[Problem]:
    container, audio = CONTAINERS[template.container.format], template.audio
    if audio.remove and (said := _said(audio)):
        yield Problem(("audio", said[0]), f"The sound is removed, so «{said[0]}» has no meaning.")
    elif not container.audio and (said := _said(audio)):
        yield Problem(("audio", said[0]), f"{container.name} holds no sound, so «{said[0]}» has no meaning.")
    elif container.audio and not audio.remove:
        yield from _audio(audio, container)


def _audio(audio: Audio, container: Container) -> Iterator[Problem]:
    """Rules of one audio section in a container that holds sound."""
    codec = audio.codec or container.audio[0]
    if codec == "copy":
        for field in _said(audio):
            if field != "codec":
                yield Problem(("audio", field), f"Copied sound cannot be changed: remove «{field}», or choose a codec.")
        return
    row = AUDIO[codec]
    if codec not in container.audio:
        yield Problem(("audio", "codec"), f"{container.name} cannot hold {row.name}. {_use(lambda c: codec in c.audio)}")
    rate = audio.sample_rate
    if rate is not None and row.sample_rates and rate not in row.sample_rates:
        yield Problem(("audio", "sample_rate"), f"{row.name} cannot use {_hz(rate)}. Use {_hz(max(row.sample_rates))} or less.")
    elif rate is not None and (rates := container.audio_rates.get(codec)) and rate not in rates:
        yield Problem(("audio", "sample_rate"), f"{row.name} in {container.name} cannot use {_hz(rate)}. Use {_or(_hz(r) for r in rates)}.")
    if audio.channels is not None and audio.channels not in row.channels:
        yield Problem(("audio", "channels"), f"{row.name} cannot have {audio.channels} channels. Use {_or(str(c) for c in row.channels)}.")
    if audio.bitrate_kbps is None:
        return
    if row.kbps is None:
        yield Problem(("audio", "bitrate_kbps"), f"{row.name} is lossless and has no bitrate.")
    elif codec == "mp3" and audio.bitrate_kbps > 320:
        yield Problem(("audio", "bitrate_kbps"), "MP3 has at most 320 kbit/s.")


def _packaging(template: Template) -> Iterator[Problem]:
    format_, mux = template.container.format, template.mux
    name = CONTAINERS[format_].name
    if mux.segment_seconds is not None and format_ != "hls":
        yield Problem(("mux", "segment_seconds"), f"{name} has no segments; only HLS has.")
    if mux.gif_loop and format_ != "gif":
        yield Problem(("mux", "gif_loop"), f"{name} does not loop; only GIF does.")
    if not template.ladder:
        return
    if format_ != "hls":
        yield Problem(("ladder",), f"{name} holds one rendition; a ladder needs HLS.")
    if template.video.remove:
        yield Problem(("ladder",), "A ladder needs the picture, which is removed.")
    if template.video.codec == "copy":
        yield Problem(("ladder",), "A copied picture has one size; a ladder needs a codec.")
    names = [r.name for r in template.ladder]
    for position, rung in enumerate(names):
        if rung in names[:position]:
            yield Problem(("ladder", position, "name"), f"Two rungs are named «{rung}».")


def _rung_video(video: Video) -> Iterator[Problem]:
    if video.remove:
        yield Problem(("video", "remove"), "A rung cannot drop the picture.")
    if video.codec == "copy":
        yield Problem(("video", "codec"), "A rung cannot be a copy.")


def _said(section: Video | Audio) -> list[str]:
    """Fields that say something, besides «remove»."""
    return [name for name, value in section.model_dump().items() if name != "remove" and value is not None]


def _use(can: Callable[[Container], bool]) -> str:
    """«Use MP4, TS or HLS.»"""
    return f"Use {_or(c.name for c in CONTAINERS.values() if can(c))}."


def _or(values: Iterable[str]) -> str:
    words = list(values)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _hz(rate: int) -> str:
    return f"{rate:,} Hz".replace(",", " ")
