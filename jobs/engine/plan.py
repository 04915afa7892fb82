"""Plan: what each output will be. Frozen data, made by resolve, read by argv, verify, the job page and explain_job."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jobs.engine.types import Strict


class Expected(Strict):
    """What a verified output must show; None = not checked (cannot be known)."""

    video_codec: str | None = None
    audio_codec: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = Field(None, description="seconds")
    duration_tolerance: float = Field(0.5, description="seconds either way")
    may_be_longer: bool = Field(False, description="a copied clip begins at the key frame before, however far that is")
    frames: int | None = Field(None, description="exact number of frames where it can be known")
    frames_tolerance: int = 0
    fps: float | None = None
    pixel_format: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    subtitles: int = 0


class VideoPlan(Strict):
    """One encoded or copied picture stream."""

    source_index: int
    encoder: str = Field(description="ffmpeg's encoder name, or copy")
    codec: str
    filters: tuple[tuple[str, tuple[tuple[str, str | int | float], ...]], ...] = Field((), description="(name, ((key, value), …)) in order")
    options: tuple[str, ...] = Field((), description="encoder options as argv")
    width: int
    height: int
    pixel_format: str | None = None


class AudioPlan(Strict):
    """One encoded or copied sound stream."""

    source_index: int
    encoder: str
    codec: str
    options: tuple[str, ...] = ()
    sample_rate: int | None = None
    channels: int | None = None


class RenditionPlan(Strict):
    """One media file or media playlist: an output has one, a ladder several."""

    name: str = Field(description="«» for a plain output, the rung's name in a ladder")
    file: str = Field(description="path relative to the attempt's folder: «o0.mp4», «o0-720p.m3u8»")
    segments: str | None = Field(None, description="HLS: pattern of segment files, e.g. «o0-720p-%05d.ts»")
    video: VideoPlan | None = None
    audio: AudioPlan | None = None
    subtitle_indices: tuple[int, ...] = ()
    mux_options: tuple[str, ...] = ()
    bandwidth: int | None = Field(None, description="bit/s for the master playlist, as planned")
    expected: Expected


class Origin(Strict):
    """Where an effective parameter comes from."""

    loc: str
    value: str
    origin: Literal["override", "template", "default", "source"]


class OutputPlan(Strict):
    """One output of the job."""

    index: int
    format: str
    renditions: tuple[RenditionPlan, ...]
    master: str | None = Field(None, description="file name of the master playlist of a ladder: «o0.m3u8»")
    group: int = Field(description="outputs of one group share a process")
    warnings: tuple[str, ...] = ()
    parameters: tuple[Origin, ...] = ()


class FailedOutput(Strict):
    """An output that cannot be done, known before anything runs (no video, clip after the end, source too small …)."""

    index: int
    code: str
    message: str


class Plan(Strict):
    """The whole of one transcode."""

    input_format: str = Field(description="format_name of the probe, for -f and the whitelist")
    decoders: tuple[str, ...] = Field(description="decoder names for -codec_whitelist")
    start: float | None = None
    duration: float | None = Field(None, description="seconds asked for; None: to the end")
    expected_seconds: float | None = Field(None, description="length of what will be processed, for progress; None: unknown")
    source_pixels: int = Field(0, description="of the decoded picture, for the memory limit")
    outputs: tuple[OutputPlan, ...]
    failed: tuple[FailedOutput, ...] = ()


class Command(Strict):
    """One process to run. ``argv`` is all that follows the program's name (whitelists included); files are relative to the attempt's folder."""

    program: Literal["ffmpeg"] = "ffmpeg"
    argv: tuple[str, ...]
    outputs: tuple[int, ...] = Field(description="indices of the outputs it makes")
    expected_seconds: float | None = None
    pixels: int = Field(0, description="of all pictures held at once, decoded and encoded, for the memory limit")
    files: int = Field(1, description="output files it opens, for the file limit")
