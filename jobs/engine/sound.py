"""The sound of one rendition: from template and source stream to an AudioPlan. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine.codecs import (
    AAC_BITS_PER_SAMPLE,
    AAC_PROFILES,
    AC3_KBPS,
    AMR_KBPS,
    AUDIO,
    COPY_RATES,
    MP3_KBPS_MAX,
    QUALITY,
    RATE_NOT_TOLD,
    VORBIS_KBPS_MAX,
    VORBIS_KBPS_MIN,
    AacProfile,
    container,
    limit,
    nearest,
)
from jobs.engine.copied import codec_name, played
from jobs.engine.errors import JobError
from jobs.engine.plan import AudioPlan, ExpectedSound, FilterSpec
from jobs.engine.sources import pad

if TYPE_CHECKING:
    from jobs.engine.probe import AudioStream
    from jobs.engine.template import Audio, Conditions

NO_GAPS: FilterSpec = ("aresample", (("async", 1),))  # gaps in the source's sound become silence instead of drift; nothing is stretched
DEEP = 16  # bits per sample above which a source is worth 24


@dataclass(frozen=True)
class Sound:
    """An AudioPlan with what else was decided about it."""

    plan: AudioPlan
    bitrate_kbps: int | None
    warnings: tuple[str, ...]
    quality: int | None = None
    profile: AacProfile | None = None

    def expected(self, format_: str) -> ExpectedSound:
        """What ffprobe must say of it. Some streams do not tell what they are: Opus is always 48 kHz, mono HE-AAC may be stereo to a decoder."""
        plan = self.plan
        rate = next((row.shown_rate for row in AUDIO.values() if row.stream == plan.codec), None) or plan.sample_rate
        if plan.encoder == "copy":
            rate = plan.sample_rate
        unsure = self.profile is not None and plan.channels == 1
        return ExpectedSound(
            codec=plan.codec,
            profile=self.profile.stream if self.profile and not unsure else None,
            sample_rate=rate if (format_, plan.codec) not in RATE_NOT_TOLD else None,
            channels=None if unsure else plan.channels,
        )


def plan_sound(audio: Audio, conditions: Conditions, format_: str, stream: AudioStream, source: int, segment_format: str | None = None) -> Sound:
    """Decide codec, rate, channels and bitrate. Raises JobError SourceTooSmall, ImpossibleCombination."""
    held = container(format_, segment_format)
    codec = audio.codec or held.audio[0]
    if codec == "copy":
        return _copied(format_, segment_format, stream, source)
    row = AUDIO[codec]
    profile = AAC_PROFILES.get(audio.profile or "") if codec == "aac" else None
    warnings: list[str] = []
    rate, channels = audio.sample_rate or stream.sample_rate or 44100, audio.channels or stream.channels or 2
    rates = profile.sample_rates if profile else held.audio_rates.get(codec, row.sample_rates)
    if rates and rate not in rates:
        rate = nearest(rate, rates)
    possible = profile.channels if profile else row.channels
    if channels not in possible:
        channels = max((c for c in possible if c <= channels), default=possible[0])
    options = [("ar", str(rate)), ("ac", str(channels))]
    bitrate = None
    if audio.quality is not None:
        options.append(("q", f"{quality_of(codec, audio.quality):g}"))
    elif (chosen := _bitrate(audio, conditions, codec, profile, rate, channels, stream, warnings)) is not None:
        bitrate = round(chosen)
        options.append(("b", f"{chosen:g}k"))
    options += _samples(audio, codec, stream)
    plan = AudioPlan(
        pads=(pad(source, stream),),
        encoder="fdkaac" if profile else row.encoder,
        codec=row.stream,
        filters=(NO_GAPS,),
        options=tuple([("profile", str(profile.number)), *options] if profile else options),
        sample_rate=rate,
        channels=channels,
        language=stream.language,
    )
    return Sound(plan, bitrate, tuple(warnings), audio.quality, profile)


def quality_of(codec: str, quality: int) -> float:
    """0–100 as the codec's encoder counts; see QUALITY."""
    worst, best = QUALITY[codec]
    return round(worst + (best - worst) * quality / 100, 3)


def _samples(audio: Audio, codec: str, stream: AudioStream) -> list[tuple[str, str]]:
    """Bits per sample of FLAC: as asked, else the source's. Lossy sources have none; 16 hold them."""
    if codec != "flac":
        return []
    depth = audio.bit_depth or (24 if (stream.bits_per_sample or 0) > DEEP else 16)
    return [("sample_fmt", "s32"), ("bits_per_raw_sample", "24")] if depth == 24 else [("sample_fmt", "s16")]


def _copied(format_: str, segment_format: str | None, stream: AudioStream, source: int) -> Sound:
    held = container(format_, segment_format)
    rates = COPY_RATES.get((format_, stream.codec))
    if stream.codec not in held.copies or (rates and stream.sample_rate not in rates):
        raise JobError("ImpossibleCombination", f"{held.name} cannot hold {codec_name(stream.codec)} sound as the input has it; choose a codec to encode to.")
    plan = AudioPlan(
        pads=(pad(source, stream),),
        encoder="copy",
        codec=stream.codec,
        sample_rate=stream.sample_rate,
        channels=stream.channels,
        language=stream.language,
    )
    return Sound(plan, stream.bitrate_kbps, played(held, stream.codec, " sound"))


def _bitrate(
    audio: Audio, conditions: Conditions, codec: str, profile: AacProfile | None, rate: int, channels: int, stream: AudioStream, warnings: list[str]
) -> float | None:
    """kbit/s for all channels; as asked, brought into what the codec takes at this sample rate; else the usual."""
    per_channel = profile.kbps if profile else AUDIO[codec].kbps
    if per_channel is None:
        return None
    least, most = bitrate_range(codec, rate, channels, profile)
    wanted: float | None = audio.bitrate_kbps
    own = stream.bitrate_kbps
    if wanted and own and own < wanted and conditions.if_lower_audio_bitrate != "convert":
        if conditions.if_lower_audio_bitrate == "fail":
            raise JobError("SourceTooSmall", f"The source's sound has {own} kbit/s, the template asks for {wanted}.")
        warnings.append(f"The source's sound has less than the bitrate the template asks for: its own {own} kbit/s was kept.")
        wanted = own
    chosen: float = min(max(wanted or per_channel[2] * channels, least), most)
    steps = {"ac3": AC3_KBPS, "amr": AMR_KBPS}.get(codec)
    if steps:
        chosen = min(steps, key=lambda step: (abs(step - (wanted or per_channel[2] * channels)), -step))
    if wanted and abs(chosen - wanted) >= 1:
        name = profile.name if profile else AUDIO[codec].name
        warnings.append(f"{name} at {rate} Hz with {channels} channel{'s' if channels > 1 else ''} takes {least:g} to {most:g} kbit/s: {chosen:g} was used.")
    return chosen


def bitrate_range(codec: str, rate: int, channels: int, profile: AacProfile | None = None) -> tuple[float, float]:
    """Least and most kbit/s of a codec that has a bitrate, for all channels."""
    if profile:
        return profile.kbps[0] * channels, profile.kbps[1] * channels
    if codec == "mp3":
        return 8, limit(MP3_KBPS_MAX, rate)
    if codec == "vorbis":
        return limit(VORBIS_KBPS_MIN, rate) * channels, limit(VORBIS_KBPS_MAX, rate) * channels
    if codec == "ac3":
        return AC3_KBPS[0], AC3_KBPS[-1]
    if codec == "amr":
        return AMR_KBPS[0], AMR_KBPS[-1]
    if codec == "opus":
        return 6, 256 * channels
    return 8, int(AAC_BITS_PER_SAMPLE * rate / 1000) * channels
