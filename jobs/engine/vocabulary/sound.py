"""The sound: codec, rate, loudness, tracks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jobs.engine.types import Kbps, Strict
from jobs.engine.vocabulary.units import Language, Title

AudioCodec = Literal["aac", "mp3", "vorbis", "flac", "ac3", "opus", "amr", "pcm_s16le", "pcm_s24le", "copy"]
SampleRate = Literal[8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000]


class Loudness(Strict):
    """EBU R128 normalisation, measured first and then applied in one linear gain where the peaks allow it."""

    integrated_lufs: float = Field(-23.0, ge=-70, le=-5, description="target loudness, LUFS")
    true_peak_db: float = Field(-1.0, ge=-9, le=0, description="highest true peak, dBTP")
    range_lu: float = Field(8.0, ge=1, le=20, description="loudness range, LU")


class Audio(Strict):
    """The sound. With ``codec: copy`` nothing else may be said but language and remove."""

    remove: bool = Field(False, description="drop the audio stream")
    codec: AudioCodec | None = Field(None, description="not said: the container's usual codec")
    profile: Literal["aac_low", "aac_he", "aac_he_v2", "aac_ld", "aac_eld"] | None = Field(
        None, description="AAC only; not said: aac_low; the others need a worker with fdkaac"
    )
    sample_rate: SampleRate | None = Field(None, description="Hz; not said: the source's, or the nearest that the codec allows")
    channels: int | None = Field(None, ge=1, le=8, description="not said: the source's, or the nearest that the codec allows")
    bitrate_kbps: Kbps | None = Field(None, ge=1, le=10_000, description="kbit/s; not for flac and pcm; not said: the codec's usual for these channels")
    quality: int | None = Field(None, ge=0, le=100, description="0–100, 100 is best; instead of a bitrate; aac, mp3 and vorbis")
    bit_depth: Literal[16, 24] | None = Field(None, description="bits per sample, flac only; not said: the source's, at most 24")
    volume_db: float | None = Field(None, ge=-60, le=20, description="gain, dB")
    loudness: Loudness | None = Field(None, description="EBU R128 normalisation; not with volume_db")
    mix: bool = Field(False, description="mix all audio streams of the input into one track")
    mix_streams: tuple[Annotated[int, Field(ge=0, le=99)], ...] | None = Field(
        None, min_length=1, max_length=32, description="mix these audio streams of the input only, counted from 0; with mix"
    )


class AudioTrack(Audio):
    """One track of several; what it does not say itself comes from the template's ``audio``."""

    input: str | None = Field(None, max_length=64, description="name of an input or of one of its audio selectors; not said: the job's input")
    stream: int | None = Field(None, ge=0, le=99, description="which audio stream of that input, counted from 0; not said: the first")
    select_language: Language | None = Field(None, description="the first audio stream with this language tag, instead of stream")
    language_control: Literal["InputFirst", "Configured"] | None = Field(
        None,
        description="InputFirst: the source's tag, else language, else und; Configured: language; not said: Configured where language is given, else InputFirst",
    )
    language: Language | None = Field(None, description="see language_control")
    title: Title | None = Field(None, description="name of the track in players; not said: the source's")
    default: bool | None = Field(None, description="the track that players begin with; not said: the first track")
