"""JobSpec: what somebody sent. Told apart by ``kind``; frozen; unknown keys are refused; every mistake is reported with its place."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, field_validator

from jobs.engine.address import Address
from jobs.engine.types import Seconds, Strict
from jobs.engine.vocabulary.picture import Box
from jobs.engine.vocabulary.units import Language

Metric = Literal["vmaf", "vmaf_neg", "ssim", "psnr", "xpsnr"]
METRICS: tuple[Metric, ...] = ("vmaf", "vmaf_neg", "ssim", "psnr", "xpsnr")
USER_DATA_BYTES = 1024
OUTPUTS_MAX = 64
SNAPSHOTS_MAX = 10_000


class InputSpec(Strict):
    """One input object, whole or a clip of it."""

    address: Address
    start: Seconds | None = Field(None, lt=86_400, description="where the clip begins, s; not said: 0")
    duration: Seconds | None = Field(None, gt=0, lt=86_400, description="length of the clip, s; not said: to the end")


class ObjectSpec(Strict):
    """One object as a whole."""

    address: Address


class SnapshotOutput(Strict):
    """Where the pictures of a snapshot job go."""

    address: Address = Field(description="a pattern with placeholders; several pictures need {Count} (5 digits, from 00001) or {SnapshotTime} (ms)")
    overwrite: bool = Field(True, description="replace existing objects; false: fail instead")


def _plain(value: Any) -> Any:
    """An address alone is short for an object that says nothing else."""
    return {"address": value} if isinstance(value, str | Address) else value


Source = Annotated[InputSpec, BeforeValidator(_plain)]
Whole = Annotated[ObjectSpec, BeforeValidator(_plain)]
Target = Annotated[SnapshotOutput, BeforeValidator(_plain)]


class AudioSelector(Strict):
    """A name for some of an input's audio, to be used in tracks (IMS AudioSelector)."""

    name: str = Field(min_length=1, max_length=64)
    rule: Literal["tag", "index"] = Field("tag", description="tag: the first audio stream with this language; index: the stream of this number")
    language: Language | None = Field(None, description="rule tag")
    stream: int | None = Field(None, ge=0, le=99, description="rule index: audio stream, counted from 0")


class NamedInput(InputSpec):
    """A further input, which tracks of outputs refer to by its name."""

    name: str = Field(min_length=1, max_length=64)
    audio_selectors: tuple[AudioSelector, ...] = Field((), max_length=32)


class OutputSpec(Strict):
    """One output of a transcode."""

    template: str | None = Field(None, min_length=1, max_length=128, description="id or unique name of a template; not said: the overrides are all of it")
    address: Address = Field(description="where the file, or the playlist of a set, appears; a pattern with placeholders")
    overrides: dict[str, Any] = Field(default_factory=dict, description="a partial template, for this job only; without a template a whole one")
    overwrite: bool = Field(True, description="replace an existing object (atomically); false: fail instead")
    user_data: str = Field("", description="returned as it is")
    quality: bool | tuple[Metric, ...] = Field(
        False, description="true, or some of vmaf, vmaf_neg, ssim, psnr, xpsnr: measure it against the source in a job of its own, once the transcode has ended"
    )

    @field_validator("user_data")
    @classmethod
    def _short(cls, value: str) -> str:
        return bounded(value)

    @field_validator("quality")
    @classmethod
    def _some(cls, value: bool | tuple[Metric, ...]) -> bool | tuple[Metric, ...]:
        if value == ():
            raise ValueError("name at least one measure")
        return value

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What is to be measured of it; nothing: empty."""
        return self.quality if isinstance(self.quality, tuple) else METRICS if self.quality else ()


class TranscodeSpec(Strict):
    """One input (and others for sound), one or many outputs."""

    kind: Literal["transcode"] = "transcode"
    input: Source
    input_name: str | None = Field(None, min_length=1, max_length=64, description="a name for the input, for tracks that refer to it")
    audio_selectors: tuple[AudioSelector, ...] = Field((), max_length=32, description="names for some of the input's audio")
    inputs: tuple[NamedInput, ...] = Field((), max_length=32, description="further inputs, for audio tracks")
    outputs: tuple[OutputSpec, ...] = Field(min_length=1, max_length=OUTPUTS_MAX)


class MediaInfoSpec(Strict):
    """Tell what is in a file. A light kind: takes no slot."""

    kind: Literal["mediainfo"] = "mediainfo"
    input: Source


class SkipBlack(Strict):
    """When a picture counts as black."""

    level: int = Field(100, ge=30, le=100, description="share of dark pixels, %, from which a picture is black (MPS BlackLevel)")
    threshold: int = Field(30, ge=0, le=255, description="brightness, 0–255, below which a pixel is dark (MPS PixelBlackThreshold)")


class SnapshotSpec(Strict):
    """Pictures of a video, upright and in square pixels, as SDR. A light kind: takes no slot."""

    kind: Literal["snapshot"] = "snapshot"
    template: str | None = Field(
        None, min_length=1, max_length=128, description="id or name of a snapshot template, whose values hold where nothing is said here"
    )
    input: Whole
    output: Target
    mode: Literal["single", "times", "series", "average", "frames", "keyframes"] = Field(
        "single",
        description="single: one at time; times: at each of times; series: every interval from time on; average: count pictures spread evenly over the "
        "video; frames: every so many pictures; keyframes: the key frames, at least interval apart",
    )
    time: Seconds | None = Field(None, lt=86_400, description="single: where; series: where it begins; s; not said: 0")
    times: tuple[Seconds, ...] = Field((), max_length=1000, description="times: s; in any order, each once")
    interval: float | None = Field(None, ge=0.001, le=86_400, description="series, keyframes: s between two pictures; series: not said: 10")
    count: int | None = Field(None, ge=1, le=SNAPSHOTS_MAX, description="at most so many; average: how many; not said: to the end (at most 10,000)")
    every: int | None = Field(None, ge=1, le=100_000, description="frames: each so-manieth picture, beginning with the first")
    frame: Literal["normal", "key"] = Field(
        "normal", description="normal: the picture that is shown at that time; key: the key frame at or before it, which is found faster"
    )
    skip_black: SkipBlack | None = Field(None, description="single, series: begin at the first picture that is not black, at most 60 s later; not said: no")
    width: int | None = Field(None, ge=8, le=4096, description="px; one side alone keeps the shape; none: the source's size")
    height: int | None = Field(None, ge=8, le=4096, description="px; see width")
    scale_type: Literal["fit", "stretch", "crop", "fill"] | None = Field(None, description="what width and height together mean; not said: stretch")
    format: Literal["jpg", "png", "webp", "avif"] | None = Field(None, description="not said: as the address ends, else jpg")
    quality: int | None = Field(None, ge=1, le=100, description="jpg, webp, avif; not said: 90")
    set_cover: bool = Field(False, description="single: make it the cover of the media")


Measured = Literal["scenes", "black", "freeze", "silence", "loudness", "interlace", "crop"]
MEASURES: tuple[Measured, ...] = ("scenes", "black", "freeze", "silence", "loudness", "interlace", "crop")


class InspectSpec(Strict):
    """Look at a file: where scenes change, where picture or sound are missing, how loud it is, whether it has fields and borders. A light kind: takes no slot."""

    kind: Literal["inspect"] = "inspect"
    input: Source
    measures: tuple[Measured, ...] = Field(MEASURES, min_length=1, max_length=7, description="what to look for; not said: everything that the file has")
    scene_threshold: float = Field(10.0, ge=1, le=100, description="scenes: how different a picture must be to begin one, 1–100")
    black_seconds: float = Field(0.5, ge=0.04, le=3600, description="black: the shortest stretch that counts")
    black_share: float = Field(98.0, ge=30, le=100, description="black: share of dark pixels of a black picture, %")
    black_threshold: float = Field(10.0, ge=0, le=100, description="black: brightness up to which a pixel is dark, %")
    freeze_seconds: float = Field(2.0, ge=0.1, le=3600, description="freeze: the shortest stretch that counts")
    freeze_noise_db: float = Field(-60.0, ge=-90, le=-10, description="freeze: differences below this are noise, dB")
    silence_seconds: float = Field(1.0, ge=0.1, le=3600, description="silence: the shortest stretch that counts")
    silence_db: float = Field(-50.0, ge=-90, le=-10, description="silence: what is quieter counts, dBFS")


class CoverSpec(Strict):
    """The best picture of a video, out of many, by what can be measured. A light kind: takes no slot."""

    kind: Literal["cover"] = "cover"
    input: Whole
    output: Target
    candidates: int = Field(24, ge=1, le=100, description="pictures to look at, spread over the video")
    keep: int = Field(6, ge=1, le=20, description="pictures to keep: the best one and others to choose from, none alike; several need {Count} in the address")
    width: int | None = Field(None, ge=8, le=4096, description="px; one side alone keeps the shape; none: the source's size")
    height: int | None = Field(None, ge=8, le=4096, description="px; see width")
    format: Literal["jpg", "png", "webp", "avif"] | None = Field(None, description="not said: as the address ends, else jpg")
    quality: int | None = Field(None, ge=1, le=100, description="jpg, webp, avif; not said: 90")
    set_cover: bool = Field(True, description="make the best one the cover of the media")


class PreviewSpec(Strict):
    """A short moving picture of the most different shots, or one highlight. A light kind: takes no slot."""

    kind: Literal["preview"] = "preview"
    input: Whole
    output: Target
    format: Literal["gif", "webp", "mp4"] | None = Field(None, description="not said: as the address ends, else mp4")
    shots: int | None = Field(None, ge=1, le=12, description="stretches of the video, in their order; not said: 5 in GIF and WebP, 1 (a highlight) in MP4")
    seconds: float = Field(5.0, ge=0.5, le=30, description="length of the whole")
    candidates: int = Field(24, ge=1, le=100, description="places to choose from, spread over the video")
    width: int | None = Field(None, ge=16, le=1920, description="px; not said: 480 in GIF and WebP, at most 960 in MP4; never larger than the source")
    fps: float | None = Field(None, ge=1, le=30, description="not said: 10 in GIF and WebP, the source's in MP4")
    sound: bool = Field(True, description="mp4: with the sound of the video")


class SpriteSpec(Strict):
    """Small pictures of a video on sheets, with a WebVTT index that says which part of a sheet belongs to which time; or given pictures on sheets. A light kind."""

    kind: Literal["sprite"] = "sprite"
    template: str | None = Field(
        None, min_length=1, max_length=128, description="id or name of a snapshot template, whose values hold where nothing is said here"
    )
    input: Whole = Field(description="the video; mode images: the first of them, where nothing is said")
    images: tuple[Address, ...] = Field((), max_length=1000, description="images: pictures (PNG, JPEG, WebP, GIF) in the order of the cells")
    output: Target = Field(description="where the sheets go: a pattern with {TileCount} (5 digits, from 00001)")
    index: Address | None = Field(None, description="where the WebVTT index goes; not said: beside the sheets, named as they are without their number")
    singles: Address | None = Field(None, description="keep the pictures themselves too: a pattern with {Count} or {SnapshotTime}; not said: they are not kept")
    mode: Literal["series", "average", "images"] = Field(
        "series", description="series: a picture every interval from time on; average: count pictures spread evenly over the video; images: those given"
    )
    time: Seconds | None = Field(None, lt=86_400, description="series: where it begins, s; not said: 0")
    interval: float | None = Field(None, ge=0.04, le=86_400, description="series: s between two pictures; not said: 10")
    count: int | None = Field(None, ge=1, le=SNAPSHOTS_MAX, description="at most so many; average: how many; not said: to the end (at most 10,000)")
    frame: Literal["auto", "normal"] = Field(
        "auto",
        description="auto: a key frame at most half an interval away stands for the picture, at its own time, where there is one (much faster); "
        "normal: always the picture that is shown at that time",
    )
    columns: int = Field(10, ge=1, le=10_000, description="cells side by side")
    rows: int = Field(10, ge=1, le=10_000, description="cells one above the other; fewer where a sheet would be too high")
    cell_width: int | None = Field(None, ge=8, le=4096, description="px; one side alone keeps the shape; none: the size of the pictures")
    cell_height: int | None = Field(None, ge=8, le=4096, description="px; see cell_width")
    margin: int = Field(0, ge=0, le=1000, description="px around all cells")
    padding: int = Field(0, ge=0, le=1000, description="px between two cells")
    color: str = Field(
        "black", pattern=r"^(black|white|random|#[0-9a-fA-F]{6})$", description="of margin, padding and empty cells: black, white, random or #rrggbb"
    )
    width: int | None = Field(None, ge=8, le=4096, description="px of the pictures; one side alone keeps the shape; none: the source's size")
    height: int | None = Field(None, ge=8, le=4096, description="px; see width")
    scale_type: Literal["fit", "stretch", "crop", "fill"] | None = Field(None, description="what two sides together mean; not said: stretch; images: fill")
    format: Literal["jpg", "png", "webp"] | None = Field(None, description="of the sheets; not said: as their address ends, else jpg")
    quality: int | None = Field(None, ge=1, le=100, description="jpg, webp; not said: 90")


class QualitySpec(Strict):
    """How much of a source's quality an output kept, picture by picture. Takes a slot: it decodes both and measures every picture."""

    kind: Literal["quality"] = "quality"
    input: Source = Field(description="the reference")
    distorted: Address = Field(description="what is held against it: a file, or an HLS playlist (its best rendition)")
    output: str | None = Field(
        None, min_length=1, max_length=64, description="id of the output that made it: clip, frame rate, crop … of the reference are then those of that output"
    )
    metrics: tuple[Metric, ...] = Field(METRICS, min_length=1, max_length=5, description="not said: all")
    every: int | None = Field(None, ge=1, le=1000, description="measure each how manyth picture; not said: every one, fewer where there are more than 18,000")


class AnalysisSpec(Strict):
    """Which presets fit a file, which not and why, and the values that intelligent ones take on it. A light kind: takes no slot."""

    kind: Literal["analysis"] = "analysis"
    input: Whole
    quality: int = Field(25, ge=1, le=51, description="of intelligent presets: CRF of H.264 that is enough; less is better (MPS RateQuality)")
    method: Literal["network", "local"] = Field("network", description="network: the bitrate has peaks that a rate buffer bounds; local: quality alone")
    deinterlace: Literal["auto", "force", "none"] = Field("auto", description="auto: where the pictures are interlaced")
    crop: Box | Literal["auto", "none"] = Field("auto", description="auto: black borders are cut off; an area: just that is kept; none: nothing is cut off")

    @property
    def whole(self) -> InputSpec:
        """The input as a transcode names it."""
        return InputSpec(address=self.input.address)


AnySpec = TranscodeSpec | MediaInfoSpec | SnapshotSpec | InspectSpec | CoverSpec | PreviewSpec | SpriteSpec | QualitySpec | AnalysisSpec
JobSpec = Annotated[AnySpec, Field(discriminator="kind")]
JOB_SPEC: TypeAdapter[AnySpec] = TypeAdapter(JobSpec)
LIGHT_KINDS = frozenset({"mediainfo", "snapshot", "inspect", "cover", "preview", "sprite", "analysis"})


def bounded(value: str) -> str:
    """User data: at most 1,024 bytes of UTF-8 (MPS UserData)."""
    size = len(value.encode())
    if size > USER_DATA_BYTES:
        raise ValueError(f"{size} of {USER_DATA_BYTES} bytes")
    return value
