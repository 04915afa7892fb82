"""Plan: what each output will be. Frozen data, made by resolve, read by argv, verify, the job page and explain_job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, field_serializer

from jobs.engine.drawing import Drawing
from jobs.engine.types import Strict

MASK = "••••••••"

FilterSpec = tuple[str, tuple[tuple[str, str | int | float], ...]]
"""One filter: its name and its arguments in order."""


class Source(Strict):
    """One file that a process opens. Equal sources are one: outputs name them by their position in ``Plan.sources``."""

    file: str = Field("input", description="file in the attempt's folder")
    format: str = Field(description="format_name of the probe, for -f and the whitelist")
    inside: str = Field("", description="format_name of the files that a list of parts names; «»: it is no list")
    start: float | None = Field(None, description="seconds")
    duration: float | None = Field(None, description="seconds; None: to the end")
    options: tuple[str, ...] = Field((), description="further options before -i, e.g. ('-stream_loop', '-1')")
    pixels: int = Field(0, description="of the decoded picture, for the memory limit")
    timing: tuple[str, ...] = Field((), description="codecs that ffmpeg may look at to find where the file begins, though nothing of them is decoded")
    again: int = Field(0, description="how often it is open already in the same join: read twice at different times, one reader would have to hold all between")


class Pad(Strict):
    """One stream of a source."""

    source: int = Field(description="position in Plan.sources")
    stream: int = Field(description="index of the stream in the file")
    codec: str = Field(description="ffprobe's codec name, for the decoder whitelist")


class Branch(Strict):
    """A second picture or sound that meets the main one in a filter of two inputs (overlay, concat): another source's, or a copy of the main one itself."""

    pad: Pad | None = Field(None, description="None: the main picture or sound, split")
    filters: tuple[FilterSpec | Branch, ...] = ()
    into: FilterSpec = Field(description="the filter that takes (main, branch)")


Chain = tuple[FilterSpec | Branch, ...]


def branches(chain: Chain) -> tuple[Pad, ...]:
    """The streams of other sources that a chain takes in, and those that its branches take in."""
    found: list[Pad] = []
    for step in chain:
        if isinstance(step, Branch):
            found += [*([step.pad] if step.pad is not None else []), *branches(step.filters)]
    return tuple(found)


class Part(Strict):
    """One piece of a join: its picture and sound, brought to one size, rate and layout. None: black or silence of ``seconds``."""

    picture: Pad | None = None
    picture_filters: tuple[FilterSpec, ...] = ()
    sound: Pad | None = None
    sound_filters: tuple[FilterSpec, ...] = ()


class Join(Strict):
    """Pieces one after the other. The result is what the output's chains start from."""

    parts: tuple[Part, ...]
    has_picture: bool = True
    has_sound: bool = True


class ExpectedSound(Strict):
    """What one audio track must show; None = not checked."""

    codec: str
    profile: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    language: str | None = Field(None, description="und: none")
    default: bool | None = None
    seconds: float | None = Field(None, description="of a set: how long this track is by itself")
    seconds_tolerance: float = Field(0.5, description="seconds either way")


class ExpectedText(Strict):
    """What one text track must show; None = not checked."""

    codec: str | None = None
    language: str | None = Field(None, description="und: none")


class ExpectedColours(Strict):
    """What the values of a picture mean, in ffprobe's words."""

    matrix: str
    transfer: str
    primaries: str


class Expected(Strict):
    """What a verified output must show; None = not checked (cannot be known)."""

    video_codec: str | None = None
    audios: tuple[ExpectedSound, ...] = Field((), description="in the order of the tracks")
    width: int | None = None
    height: int | None = None
    duration: float | None = Field(None, description="seconds")
    duration_tolerance: float = Field(0.5, description="seconds either way")
    picture_seconds: float | None = Field(None, description="of a set: how long the picture is by itself")
    picture_tolerance: float = Field(0.5, description="seconds either way")
    may_be_longer: bool = Field(False, description="a copied clip begins at the key frame before, however far that is")
    frames: int | None = Field(None, description="exact number of frames where it can be known")
    frames_tolerance: int = 0
    fps: float | None = None
    pixel_format: str | None = None
    colours: ExpectedColours | None = None
    subtitles: int = 0
    texts: tuple[ExpectedText, ...] = Field((), description="in the order of the tracks; none: only counted")


class Palette(Strict):
    """How a GIF gets its 256 colours."""

    per: Literal["clip", "frame"] = Field(description="one palette for the whole clip, or one for each picture")
    dither: str = Field(description="paletteuse's word")
    last_seconds: float | None = Field(None, description="how long the last picture stands; None: as long as the others")


class VideoPlan(Strict):
    """One encoded or copied picture stream."""

    pad: Pad | None = Field(description="None: the output's join")
    encoder: str = Field(description="ffmpeg's encoder name, or copy")
    codec: str
    filters: Chain = Field((), description="in order")
    options: tuple[str, ...] = Field((), description="encoder options as argv")
    passes: int = Field(1, description="2: the encoder runs twice, with -pass")
    width: int
    height: int
    pixel_format: str | None = None
    palette: Palette | None = Field(None, description="GIF only")


class AudioPlan(Strict):
    """One encoded or copied sound stream."""

    pads: tuple[Pad, ...] = Field(description="none: the output's join; several: mixed")
    encoder: str = Field(description="ffmpeg's encoder name, copy, or fdkaac (a program of its own)")
    codec: str
    filters: tuple[FilterSpec, ...] = Field((), description="of every pad, before mixing")
    mixed: Chain = Field((), description="after mixing")
    options: tuple[tuple[str, str], ...] = Field((), description="encoder options without stream: ('b', '128k'), ('ar', '48000')")
    sample_rate: int | None = None
    channels: int | None = None
    language: str | None = None
    title: str | None = None
    default: bool | None = None


class SubtitlePlan(Strict):
    """One text track."""

    pad: Pad
    encoder: str = Field(description="ffmpeg's encoder name, or copy")
    language: str | None = None
    title: str | None = None
    default: bool = False
    forced: bool = False


class RenditionPlan(Strict):
    """One media file or media playlist: an output has one, a ladder several."""

    name: str = Field(description="«» for a plain output, the rung's name in a ladder")
    file: str = Field(description="path relative to the attempt's folder: «o0.mp4», «o0-720p.m3u8»")
    segments: str | None = Field(None, description="HLS: pattern of segment files, e.g. «o0-720p-%05d.ts»")
    video: VideoPlan | None = None
    audios: tuple[AudioPlan, ...] = ()
    subtitles: tuple[SubtitlePlan, ...] = ()
    mux_options: tuple[str, ...] = ()
    bandwidth: int | None = Field(None, description="bit/s for the master playlist, as planned")
    expected: Expected

    @property
    def pads(self) -> tuple[Pad, ...]:
        """Every stream that it reads, joins not counted."""
        video = [] if self.video is None else [p for p in (self.video.pad, *branches(self.video.filters)) if p]
        return (*video, *(p for a in self.audios for p in (*a.pads, *branches(a.mixed))), *(s.pad for s in self.subtitles))


class Lettering(Strict):
    """What burnt subtitles need of the worker's fonts, to be looked at before anything runs: what is missing becomes a warning."""

    fonts: tuple[str, ...] = Field((), description="names that were asked for")
    characters: str = Field("", description="each character once")


class TextFile(Strict):
    """A small file of ours that has to lie in the attempt's folder before anything runs (text of a watermark, a key info file)."""

    name: str
    content: str
    binary: bool = Field(False, description="the content is bytes, written as hexadecimal digits")
    secret: bool = Field(False, description="never shown: it holds a key")

    @property
    def data(self) -> bytes:
        """What is written into the file."""
        return bytes.fromhex(self.content) if self.binary else self.content.encode()

    @field_serializer("content")
    def _masked(self, content: str) -> str:
        return MASK if self.secret else content

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return ((name, MASK if self.secret and name == "content" else value) for name, value in super().__repr_args__())


class Track(Strict):
    """One stream of a set: a picture in one quality, one sound track, or one text track."""

    kind: Literal["video", "audio", "text"]
    name: str = Field(description="part of file names: the rung's name, «a0», «t0»; «» for a set of one stream")
    file: str = Field(description="what the encoder writes, a rendition's file")
    playlist: str | None = Field(None, description="its media playlist in the attempt's folder")
    init: str | None = Field(None, description="its init segment; None: each segment stands for itself")
    group: int | None = Field(
        None, description="video: which group of sound tracks goes with it; audio: which one it is of; None: sound is inside the picture's segments"
    )
    language: str | None = None
    title: str | None = None
    default: bool = False
    exact: bool = Field(False, description="key frames were forced, so lengths of segments can be checked")


class SetPlan(Strict):
    """An output that is many files: playlists or a manifest, and segments."""

    tracks: tuple[Track, ...]
    packager: bool = Field(description="Shaka Packager cuts the segments; else ffmpeg does")
    hls: bool = Field(description="has playlists")
    manifest: str | None = Field(None, description="file name of the DASH manifest: «o0.mpd»")
    extension: str = Field(description="of segments: ts, m4s or webm")
    segment_seconds: float = Field(description="as asked for; 0: one segment holds everything")
    spare_seconds: float = Field(description="how much longer or shorter a segment may be: half a group of pictures")
    frame_seconds: float = Field(0.04, description="of one picture")
    cut_times: tuple[float, ...] = ()
    start_number: int = 1
    iframes: bool = False
    scheme: Literal["aes-128", "cbcs", "cenc"] | None = Field(None, description="how it is encrypted; None: not at all")
    key_uri: str | None = Field(None, description="where players fetch the key")
    license_uri: str | None = Field(None, description="where ClearKey players ask for it")
    key_id: str | None = Field(None, description="32 hexadecimal digits")
    key_file: str | None = Field(None, description="aes-128: the file with the key in the attempt's folder, as its playlists name it")
    segment_name: str | None = Field(None, description="pattern of the published names of segments; None: the name, a token, the rung, five digits")
    growing: bool = Field(False, description="shown while it is made")
    target_seconds: int | None = Field(None, description="growing: the target duration, which must not change while it grows")
    late: float = Field(0.0, description="seconds from the start of the presentation to the first picture")


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
    join: Join | None = Field(None, description="what pads of None mean")
    expected_seconds: float | None = Field(None, description="length of what will be processed, for progress; None: unknown")
    texts: tuple[TextFile, ...] = ()
    lettering: Lettering | None = None
    drawings: tuple[Drawing, ...] = Field((), description="texts of watermarks, drawn before anything runs")
    package: tuple[Command, ...] = Field((), description="commands that run after the encode and make the set that is published")
    set: SetPlan | None = Field(None, description="None: one file")
    master: str | None = Field(None, description="file name of the master playlist of a ladder: «o0.m3u8»")
    group: int = Field(description="outputs of one group share a process")
    warnings: tuple[str, ...] = ()
    parameters: tuple[Origin, ...] = ()

    @property
    def pads(self) -> tuple[Pad, ...]:
        """Every stream that it reads."""
        parts = self.join.parts if self.join else ()
        joined = [pad for part in parts for pad in (part.picture, part.sound) if pad]
        return (*joined, *(pad for r in self.renditions for pad in r.pads))


class FailedOutput(Strict):
    """An output that cannot be done, known before anything runs (no video, clip after the end, source too small …)."""

    index: int
    code: str
    message: str


class Plan(Strict):
    """The whole of one transcode."""

    sources: tuple[Source, ...]
    outputs: tuple[OutputPlan, ...]
    failed: tuple[FailedOutput, ...] = ()


class Command(Strict):
    """One process to run. ``argv`` is all that follows the program's name (whitelists included); files are relative to the attempt's folder."""

    program: Literal["ffmpeg", "packager", "fdkaac"] = "ffmpeg"
    argv: tuple[str, ...]
    outputs: tuple[int, ...] = Field((), description="indices of the outputs it makes")
    expected_seconds: float | None = None
    pixels: int = Field(0, description="of all pictures held at once, decoded and encoded, for the memory limit")
    files: int = Field(1, description="output files it opens, for the file limit")


class Work(Strict):
    """Commands that run one after the other; together they make these outputs. The first that fails ends it."""

    commands: tuple[Command, ...]
    outputs: tuple[int, ...]
