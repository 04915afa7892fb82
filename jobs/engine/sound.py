"""The sound of one rendition: from template and source stream to an AudioPlan. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.codecs import AAC_BITS_PER_SAMPLE, AUDIO, CONTAINERS, COPY_RATES, MP3_KBPS_MAX, VORBIS_KBPS_MAX, VORBIS_KBPS_MIN, limit, nearest
from jobs.engine.errors import JobError
from jobs.engine.plan import AudioPlan
from jobs.engine.streams import codec_name

if TYPE_CHECKING:
    from jobs.engine.probe import AudioStream
    from jobs.engine.template import Audio, Conditions


@dataclass(frozen=True)
class Sound:
    """An AudioPlan with what else was decided about it."""

    plan: AudioPlan
    bitrate_kbps: int | None
    warnings: tuple[str, ...]


def plan_sound(audio: Audio, conditions: Conditions, format_: str, stream: AudioStream) -> Sound:
    """Decide codec, rate, channels and bitrate. Raises JobError SourceTooSmall, ImpossibleCombination."""
    container = CONTAINERS[format_]
    codec = audio.codec or container.audio[0]
    if codec == "copy":
        return _copied(format_, stream)
    row = AUDIO[codec]
    warnings: list[str] = []
    rate, channels = audio.sample_rate or stream.sample_rate or 44100, audio.channels or stream.channels or 2
    rates = container.audio_rates.get(codec, row.sample_rates)
    if rates and rate not in rates:
        rate = nearest(rate, rates)
    if channels not in row.channels:
        channels = max((c for c in row.channels if c <= channels), default=row.channels[0])
    bitrate = _bitrate(audio, conditions, codec, rate, channels, stream, warnings)
    options = ["-ar", str(rate), "-ac", str(channels)]
    if bitrate:
        options += ["-b:a", f"{bitrate}k"]
    # gaps in the source's sound become silence instead of drift; nothing is stretched
    options += ["-filter:a", "aresample=async=1"]
    plan = AudioPlan(source_index=stream.index, encoder=row.encoder, codec=row.stream, options=tuple(options), sample_rate=rate, channels=channels)
    return Sound(plan, bitrate, tuple(warnings))


def _copied(format_: str, stream: AudioStream) -> Sound:
    container = CONTAINERS[format_]
    rates = COPY_RATES.get((format_, stream.codec))
    if stream.codec not in container.copies or (rates and stream.sample_rate not in rates):
        raise JobError(
            "ImpossibleCombination", f"{container.name} cannot hold {codec_name(stream.codec)} sound as the input has it; choose a codec to encode to."
        )
    warnings = []
    if container.plays_in_browsers and stream.codec not in container.plays_in_browsers:
        warnings.append(f"Browsers do not play {codec_name(stream.codec)} sound in {container.name}; it is copied as it is.")
    plan = AudioPlan(source_index=stream.index, encoder="copy", codec=stream.codec, sample_rate=stream.sample_rate, channels=stream.channels)
    return Sound(plan, stream.bitrate_kbps, tuple(warnings))


def _bitrate(audio: Audio, conditions: Conditions, codec: str, rate: int, channels: int, stream: AudioStream, warnings: list[str]) -> int | None:
    """kbit/s for all channels; as asked, brought into what the codec takes at this sample rate; else the usual."""
    per_channel = AUDIO[codec].kbps
    if per_channel is None:
        return None
    least, most = bitrate_range(codec, rate, channels)
    usual = per_channel[2] * channels
    wanted = audio.bitrate_kbps
    own = stream.bitrate_kbps
    if wanted and own and own < wanted and conditions.if_lower_audio_bitrate != "convert":
        if conditions.if_lower_audio_bitrate == "fail":
            raise JobError("SourceTooSmall", f"The source's sound has {own} kbit/s, the template asks for {wanted}.")
        warnings.append(f"The source's sound has less than the bitrate the template asks for: its own {own} kbit/s was kept.")
        wanted = own
    chosen = min(max(wanted or usual, least), most)
    if wanted and chosen != wanted:
        warnings.append(
            f"{AUDIO[codec].name} at {rate} Hz with {channels} channel{'s' if channels > 1 else ''} takes {least} to {most} kbit/s: {chosen} was used."
        )
    return chosen


def bitrate_range(codec: str, rate: int, channels: int) -> tuple[int, int]:
    """Least and most kbit/s of a codec that has a bitrate, for all channels."""
    if codec == "mp3":
        return 8, limit(MP3_KBPS_MAX, rate)
    if codec == "vorbis":
        return limit(VORBIS_KBPS_MIN, rate) * channels, limit(VORBIS_KBPS_MAX, rate) * channels
    return 8, int(AAC_BITS_PER_SAMPLE * rate / 1000) * channels
