"""What cannot be asked of an audio encoder: codec, rate, channels, bitrate, quality. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.engine.codecs import AAC_PROFILES, AUDIO, QUALITY, AacProfile, AudioEncoder
from jobs.engine.errors import Problem
from jobs.engine.rules.wording import cannot_hold, either, formats, hertz, said

if TYPE_CHECKING:
    from jobs.engine.containers import Container
    from jobs.engine.template import Audio

UNTOUCHED = frozenset({"codec", "input", "stream", "select_language", "language_control", "language", "title", "default"})
"""What may be said of sound that is copied: which one it is, and how it is labelled."""


def check_audio(audio: Audio, container: Container) -> Iterator[Problem]:
    """Rules of one audio section in a container that holds sound."""
    codec = audio.codec or container.audio[0]
    if codec == "copy":
        for field in said(audio):
            if field not in UNTOUCHED:
                yield Problem(("audio", field), f"Copied sound cannot be changed: remove «{field}», or choose a codec.")
        return
    row = AUDIO[codec]
    if codec not in container.audio:
        yield Problem(("audio", "codec"), cannot_hold(container, codec, row.name, lambda c: codec in c.audio))
    profile = AAC_PROFILES.get(audio.profile or "") if codec == "aac" else None
    if audio.profile is not None and codec != "aac":
        yield Problem(("audio", "profile"), f"{row.name} has no profiles; only AAC has.")
    elif profile and audio.profile not in container.fdk:
        yield Problem(("audio", "profile"), f"{container.name} cannot carry {profile.name}. Use {formats(lambda c: audio.profile in c.fdk)}.")
    yield from _sampling(audio, codec, row, profile, container)
    yield from _rate(audio, codec, row, profile)
    if audio.bit_depth is not None and codec != "flac":
        yield Problem(("audio", "bit_depth"), "«bit_depth» is for FLAC only; PCM has it in its name.")


def _sampling(audio: Audio, codec: str, row: AudioEncoder, profile: AacProfile | None, container: Container) -> Iterator[Problem]:
    """A rate or channels that were asked for must be possible; what was not said becomes the nearest."""
    name = profile.name if profile else row.name
    rates, channels = (profile.sample_rates, profile.channels) if profile else (row.sample_rates, row.channels)
    rate = audio.sample_rate
    if rate is not None and rates and rate not in rates:
        # short where everything below the largest is possible
        if rate > max(rates) and len(rates) > 8:
            yield Problem(("audio", "sample_rate"), f"{name} cannot use {hertz(rate)}. Use {hertz(max(rates))} or less.")
        else:
            yield Problem(("audio", "sample_rate"), f"{name} cannot use {hertz(rate)}. Use {either(hertz(r) for r in rates)}.")
    elif rate is not None and (narrower := container.audio_rates.get(codec)) and rate not in narrower:
        yield Problem(("audio", "sample_rate"), f"{name} in {container.name} cannot use {hertz(rate)}. Use {either(hertz(r) for r in narrower)}.")
    if audio.channels is not None and audio.channels not in channels:
        yield Problem(("audio", "channels"), f"{name} cannot have {audio.channels} channels. Use {either(str(c) for c in channels)}.")


def _rate(audio: Audio, codec: str, row: AudioEncoder, profile: AacProfile | None) -> Iterator[Problem]:
    if audio.quality is not None and audio.bitrate_kbps is not None:
        yield Problem(("audio", "quality"), "Give quality or bitrate, not both.")
    if audio.quality is not None and (codec not in QUALITY or profile):
        name = profile.name if profile else row.name
        if row.kbps is None:
            yield Problem(("audio", "quality"), f"{name} is lossless and has no quality to choose.")
        else:
            yield Problem(("audio", "quality"), f"{name} has no quality mode: give a bitrate.")
    if audio.bitrate_kbps is not None and row.kbps is None:
        yield Problem(("audio", "bitrate_kbps"), f"{row.name} is lossless and has no bitrate.")
    elif audio.bitrate_kbps is not None and codec == "mp3" and audio.bitrate_kbps > 320:
        yield Problem(("audio", "bitrate_kbps"), "MP3 has at most 320 kbit/s.")
