"""The picture: codec, rate control, size, timing, filters."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jobs.engine.types import Kbps, Strict
from jobs.engine.vocabulary.units import Colour

VideoCodec = Literal["h264", "h265", "vp9", "av1", "mpeg2", "mpeg4", "prores", "gif", "webp", "copy"]
VideoProfile = Literal["baseline", "main", "high", "high10", "high422", "high444", "main10", "proxy", "lt", "standard", "hq", "4444"]
Level = Literal["1", "1.1", "1.2", "1.3", "2", "2.1", "2.2", "3", "3.1", "3.2", "4", "4.1", "4.2", "5", "5.1", "5.2", "6", "6.1", "6.2"]
Strength = Literal["light", "medium", "strong"]


class Box(Strict):
    """A rectangle in the upright source picture."""

    width: int = Field(ge=2, le=8192, description="px; what goes beyond the picture is left out, with a warning")
    height: int = Field(ge=2, le=8192, description="px; what goes beyond the picture is left out, with a warning")
    left: int = Field(0, ge=0, le=8192, description="px from the left edge")
    top: int = Field(0, ge=0, le=8192, description="px from the top edge")


class Canvas(Strict):
    """A larger picture that the scaled one is put on."""

    width: int = Field(ge=2, le=8192, description="px")
    height: int = Field(ge=2, le=8192, description="px")
    left: int | None = Field(None, ge=0, le=8192, description="px; not said: centred")
    top: int | None = Field(None, ge=0, le=8192, description="px; not said: centred")
    color: Colour = "black"


class Narrowband(Strict):
    """A smaller output at the same quality. Whatever else the picture says is its twin: the regular output that it is held against."""

    method: Literal[1, 2] = Field(description="1: settings from one look at the input; 2: searches for the target, shot by shot")
    target: float = Field(93.0, ge=80, le=98, description="VMAF that is enough; where the twin has less, its own")
    measure_twin: bool = Field(False, description="encode the twin too and measure it, for the certificate; not said: it is estimated from the same probes")


class Video(Strict):
    """The picture. With ``codec: copy`` nothing else may be said."""

    remove: bool = Field(False, description="drop the video stream")
    codec: VideoCodec | None = Field(None, description="not said: the container's usual codec")
    profile: VideoProfile | None = Field(
        None, description="H.264: baseline, main, high, high10, high422, high444; H.265: main, main10; ProRes: proxy, lt, standard, hq, 4444"
    )
    level: Level | None = Field(None, description="H.264 and H.265; not said: the encoder's choice")
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"] | None = Field(
        None, description="speed against size; not said: medium"
    )
    rate_control: Literal["crf", "abr", "vbr", "cbr"] | None = Field(None, description="not said: abr where a bitrate is given, else crf")
    passes: Literal[1, 2] | None = Field(None, description="2: analyse first, then encode; needs a bitrate; not said: 1")
    crf: float | None = Field(
        None, ge=0, le=63, description="constant quality, 0–51 (VP9, AV1: 0–63); not said and no bitrate: 23 (H.264), 26 (H.265), 31 (VP9), 30 (AV1)"
    )
    bitrate_kbps: Kbps | None = Field(None, ge=10, le=100_000, description="average bitrate, kbit/s")
    bitrate_min_kbps: Kbps | None = Field(None, ge=10, le=100_000, description="lower bound of the average bitrate where the source's own is kept, kbit/s")
    bitrate_max_kbps: Kbps | None = Field(None, ge=10, le=100_000, description="upper bound of the average bitrate where the source's own is kept, kbit/s")
    maxrate_kbps: Kbps | None = Field(None, ge=10, le=100_000, description="peak bitrate, kbit/s")
    bufsize_kbit: int | None = Field(None, ge=10, le=200_000, description="decoder buffer, kbit; not said: 2 × maxrate")
    width: int | None = Field(None, ge=2, le=8192, description="px; one side given keeps the ratio, to the nearest even number")
    height: int | None = Field(None, ge=2, le=8192, description="px; see width")
    short_side: int | None = Field(None, ge=2, le=8192, description="px of the shorter side; not with width or height")
    long_side: int | None = Field(None, ge=2, le=8192, description="px of the longer side; not with width or height")
    follow_orientation: bool | None = Field(None, description="width means the long side and height the short side of the upright source; not said: no")
    scale_type: Literal["fit", "stretch", "crop", "fill"] | None = Field(
        None, description="with both sides given: fit inside, stretch to, fill and crop, or fit and fill up with black; not said: stretch"
    )
    fps: float | None = Field(None, ge=0, le=240, description="frames per second; not said or 0: the source's own timing")
    max_fps: float | None = Field(None, gt=0, le=240, description="upper bound where fps is not said")
    gop: int | None = Field(None, ge=1, le=1_080_000, description="frames between key frames; not said: 250, or what the segment length asks for")
    gop_seconds: float | None = Field(None, gt=0, le=3600, description="seconds between key frames; not with gop")
    closed_gop: bool | None = Field(None, description="no frame refers across a key frame; not said: yes with segments, else the encoder's choice")
    bframes: int | None = Field(None, ge=0, le=16, description="most B-frames in a row; not said: the encoder's choice")
    refs: int | None = Field(None, ge=1, le=16, description="reference frames; not said: the encoder's choice")
    scan: Literal["progressive", "interlaced"] | None = Field(
        None, description="progressive: interlaced sources are deinterlaced; interlaced: encoded as fields; not said: as the source is"
    )
    pixel_format: Literal["yuv420p", "yuva420p", "yuv420p10le", "yuv422p", "yuv422p10le", "yuv444p", "yuv444p10le"] | None = Field(
        None, description="not said: the source's if codec and profile can, else yuv420p"
    )
    crop: Box | Literal["auto"] | None = Field(
        None, description="cut out a part of the upright source before turning and scaling; auto: find and cut off black borders; none found: nothing is cut"
    )
    pad: Canvas | Literal["auto"] | None = Field(
        None, description="put the scaled picture on a larger canvas; auto: black borders up to 16:9 (upright sources: 9:16)"
    )
    rotate: int | None = Field(
        None,
        ge=0,
        le=359,
        description="degrees clockwise, after the source was turned upright and cropped, before scaling; other angles than 90, 180, 270: the picture becomes "
        "as large as the turned one needs, with black corners",
    )
    flip: Literal["horizontal", "vertical", "both"] | None = Field(None, description="mirror the picture, after turning it")
    deinterlace: Literal["auto", "force", "none"] | None = Field(
        None, description="auto: looks at the fields of the picture and deinterlaces where they differ; force: always; none: never; not said: none"
    )
    denoise: Strength | None = Field(None, description="remove noise and grain before scaling")
    sharpen: Strength | None = Field(None, description="sharpen after scaling")
    hdr: Literal["keep", "sdr"] | None = Field(
        None,
        description="HDR sources (PQ, HLG): keep them with their metadata in 10 bit, or tone-map to SDR (BT.709, 8 bit unless «pixel_format» says otherwise); "
        "not said: keep where codec, profile and pixel format can, else sdr",
    )
    narrowband: Narrowband | None = Field(
        None,
        description="as good to the eye with fewer bits, and never larger than without; needs an average or a peak bitrate; H.264, H.265, and AV1 with method 2",
    )
