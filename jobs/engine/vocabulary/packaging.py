"""The container, packaging, encryption and conditions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jobs.engine.types import Strict
from jobs.engine.vocabulary.picture import Video
from jobs.engine.vocabulary.sound import Audio
from jobs.engine.vocabulary.units import Smaller

Format = Literal[
    "mp4", "mov", "mkv", "asf", "avi", "mxf", "ts", "flv", "webm", "hls", "dash", "cmaf", "gif", "webp", "mp3", "m4a", "aac", "flac", "ogg", "ac3", "opus", "amr", "wav", "srt", "vtt", "ass"
]  # fmt: skip


class Container(Strict):
    """The file format."""

    format: Format = Field(description="container of the output; cmaf: one set of segments with an HLS master and a DASH manifest")


class Mux(Strict):
    """Packaging."""

    segment_seconds: float | None = Field(
        None, ge=0, le=3600, description="length of segments, 1–60 s (OSS: 0–3600, 0 is one segment that holds everything); not said: 10"
    )
    segment_format: Literal["ts", "fmp4", "webm"] | None = Field(None, description="hls: ts or fmp4; dash: fmp4 or webm; not said: ts for hls, fmp4 for dash")
    cut_times: tuple[float, ...] = Field((), max_length=10, description="seconds at which a segment begins in any case, ascending")
    start_number: int | None = Field(None, ge=0, le=999_999, description="number of the first segment; not said: 1")
    segment_name: str | None = Field(
        None,
        max_length=64,
        description="names of segments, which then are replaced in place: {name} is the address's name without extension, with the rung's behind it; "
        "%d is the number, %05d has five digits; not said: names that differ in every attempt",
    )
    iframe_playlist: bool = Field(False, description="hls: a playlist of key frames for scrubbing")
    growing_playlist: bool = Field(
        False, description="hls: publish the playlist while it grows, so that it plays while the transcode runs; not over something that is there already"
    )
    automatic: bool = Field(
        False,
        description="hls, dash, cmaf with a ladder: rungs that add nothing on this input are left out; what is left has rising bitrates, and at least one stays",
    )
    faststart: bool = Field(True, description="mp4, mov, m4a: index at the front")
    loop: int = Field(0, ge=0, le=65535, description="gif, webp: repetitions; 0: for ever")
    final_delay_cs: int | None = Field(None, ge=0, le=65535, description="gif: how long the last picture stands before it repeats, 1/100 s")
    palette: Literal["clip", "frame"] | None = Field(
        None, description="gif: one palette of 256 colours for the whole clip, or one for each picture; not said: clip where it fits into memory"
    )
    dither: Literal["sierra", "bayer", "none"] | None = Field(None, description="gif: how colours outside the palette are mixed; not said: sierra")
    strip_metadata: bool = Field(False, description="leave title, languages and chapters behind too")


class Encryption(Strict):
    """Encryption of HLS, DASH and CMAF."""

    method: Literal["aes-128", "cbcs", "cenc"] = Field(description="aes-128: whole TS segments; cbcs, cenc: fMP4 samples")
    key: str | None = Field(
        None,
        pattern=r"^(?:[0-9a-fA-F]{32}|sealed:[A-Za-z0-9_-]{20,400})$",
        description="16 bytes as hexadecimal digits; it is kept and shown sealed, and the sealed form can be sent again; not said: made anew",
    )
    key_id: str | None = Field(None, pattern=r"^[0-9a-fA-F]{32}$", description="cbcs, cenc: id of the key; not said: made anew")
    key_uri: str | None = Field(
        None, max_length=1024, description="where players fetch the key; not said: this service's key endpoint, which asks who they are"
    )
    per: Literal["output", "media"] = Field("output", description="a made key is one output's, or one for all outputs of a media")
    private: bool = Field(False, description="the key goes only to a signed player session")


class Conditions(Strict):
    """What to do where the source is below the target: convert anyway, keep the source's value, or fail the output."""

    if_smaller: Smaller = Field("keep", description="target larger than the upright source in width or height")
    if_lower_video_bitrate: Smaller = Field("convert", description="source video bitrate below the target; unknown counts as enough")
    if_lower_audio_bitrate: Smaller = Field("convert", description="source audio bitrate below the target; unknown counts as enough")
    if_lower_fps: Smaller = Field("keep", description="source frame rate below the target")


class Rung(Strict):
    """One step of a ladder: what differs from the template's video and audio."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="part of file names")
    video: Video
    audio: Audio | None = None
