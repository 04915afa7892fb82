"""HLS playlists as text: read, rename the parts, write a master. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.engine.probe import AudioStream, Probe, VideoStream

LINES_MAX = 200_000
_URI_ATTRIBUTE = re.compile(r'(URI=")([^"]*)(")')
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True)
class Segment:
    """One part: its name as written, and its length in seconds."""

    uri: str
    seconds: float


@dataclass(frozen=True)
class MediaPlaylist:
    """What a media playlist says."""

    segments: tuple[Segment, ...]
    ended: bool
    target_seconds: float | None = None
    independent: bool = False

    @property
    def seconds(self) -> float:
        """Sum of all parts."""
        return sum(s.seconds for s in self.segments)


@dataclass(frozen=True)
class Variant:
    """One line pair of a master playlist. ``uri`` is a plain name: it is percent-encoded when written."""

    uri: str
    bandwidth: int  # bit/s of the fattest segment
    average_bandwidth: int | None = None
    codecs: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    audio: str | None = None  # group of sound tracks
    subtitles: str | None = None  # group of text tracks


@dataclass(frozen=True)
class Alternative:
    """One EXT-X-MEDIA line: a sound or text track that goes with the pictures."""

    kind: str  # AUDIO, SUBTITLES
    group: str
    name: str
    uri: str
    language: str | None = None
    default: bool = False
    channels: int | None = None


@dataclass(frozen=True)
class KeyFrames:
    """One EXT-X-I-FRAME-STREAM-INF line."""

    uri: str
    bandwidth: int
    codecs: str | None = None
    width: int | None = None
    height: int | None = None


def read(text: str) -> MediaPlaylist:
    """Read a media playlist. Raises ValueError with one sentence where it is none."""
    lines = text.split("\n")
    if not lines or lines[0].rstrip("\r").lstrip("\ufeff") != "#EXTM3U":
        raise ValueError("The playlist does not begin with #EXTM3U.")
    if len(lines) > LINES_MAX:
        raise ValueError(f"The playlist has more than {LINES_MAX} lines.")
    segments: list[Segment] = []
    pending: float | None = None
    target: float | None = None
    ended = independent = False
    for line in (raw.strip() for raw in lines[1:]):
        if line.startswith("#EXT-X-STREAM-INF"):
            raise ValueError("This is a master playlist, not a media playlist.")
        if line.startswith("#EXTINF:"):
            pending = _seconds(line[8:].partition(",")[0])
        elif line.startswith("#EXT-X-TARGETDURATION:"):
            target = _seconds(line[22:])
        elif line == "#EXT-X-ENDLIST":
            ended = True
        elif line == "#EXT-X-INDEPENDENT-SEGMENTS":
            independent = True
        elif line and not line.startswith("#"):
            if pending is None:
                raise ValueError("A part of the playlist has no length.")
            segments.append(Segment(line, pending))
            pending = None
    return MediaPlaylist(tuple(segments), ended, target, independent)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("A length in the playlist is not a number.") from None
    if not 0 <= value < 1e6:
        raise ValueError("A length in the playlist is out of range.")
    return value


def rename(text: str, names: Mapping[str, str], addresses: Mapping[str, str] | None = None) -> str:
    """Give the parts of a playlist (segments, rung playlists, maps) new names, percent-encoded. ``addresses``: what replaces URI attributes as it is (keys).

    Raises KeyError for a part without a new name.
    """
    whole = addresses or {}

    def line_of(line: str) -> str:
        if not line.strip():
            return line
        if line.startswith("#"):
            return _URI_ATTRIBUTE.sub(lambda m: m[1] + (whole[m[2]] if m[2] in whole else quote(names[m[2]])) + m[3], line)
        return quote(names[line.strip()])

    return "\n".join(line_of(line) for line in text.split("\n"))


def quote(name: str) -> str:
    """Percent-encode a relative name for a playlist: all but unreserved characters and «/» (a bare «:» would make it an absolute URI)."""
    return "".join(chr(b) if chr(b) in _UNRESERVED or b == 0x2F else f"%{b:02X}" for b in name.encode())


def master(variants: Sequence[Variant], alternatives: Sequence[Alternative] = (), frames: Sequence[KeyFrames] = ()) -> str:
    """A master playlist of these variants, in the order given (players begin with the first)."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for a in alternatives:
        said = [f"TYPE={a.kind}", f'GROUP-ID="{a.group}"', f'NAME="{_attribute(a.name)}"']
        if a.language:
            said.append(f'LANGUAGE="{_attribute(a.language)}"')
        said += [f"DEFAULT={'YES' if a.default else 'NO'}", "AUTOSELECT=YES"]
        if a.channels:
            said.append(f'CHANNELS="{a.channels}"')
        lines.append("#EXT-X-MEDIA:" + ",".join([*said, f'URI="{quote(a.uri)}"']))
    for v in variants:
        said = [f"BANDWIDTH={v.bandwidth}"]
        if v.average_bandwidth:
            said.append(f"AVERAGE-BANDWIDTH={v.average_bandwidth}")
        if v.codecs:
            said.append(f'CODECS="{v.codecs}"')
        if v.width and v.height:
            said.append(f"RESOLUTION={v.width}x{v.height}")
        if v.fps:
            said.append(f"FRAME-RATE={v.fps:.3f}")
        if v.audio:
            said.append(f'AUDIO="{v.audio}"')
        if v.subtitles:
            said.append(f'SUBTITLES="{v.subtitles}"')
        lines += ["#EXT-X-STREAM-INF:" + ",".join(said), quote(v.uri)]
    for f in frames:
        said = [f"BANDWIDTH={f.bandwidth}"]
        if f.codecs:
            said.append(f'CODECS="{f.codecs}"')
        if f.width and f.height:
            said.append(f"RESOLUTION={f.width}x{f.height}")
        lines.append("#EXT-X-I-FRAME-STREAM-INF:" + ",".join([*said, f'URI="{quote(f.uri)}"']))
    return "\n".join(lines) + "\n"


def _attribute(text: str) -> str:
    """What may stand between quotation marks: no quotation mark, no line end."""
    return "".join(c for c in text.replace('"', "'") if c.isprintable())


def variant(uri: str, text: str, sizes: Mapping[str, int], probe: Probe) -> Variant:
    """The variant that a finished rendition is: bandwidths measured on its segments (``sizes`` by segment name), the rest from its probe.

    Raises ValueError for a playlist that cannot be read, KeyError for a segment without a size.
    """
    peak, average = rates(text, sizes)
    return Variant(
        uri=uri,
        bandwidth=peak,
        average_bandwidth=average or None,
        codecs=codecs(probe),
        width=probe.picture.width if probe.picture else None,
        height=probe.picture.height if probe.picture else None,
        fps=probe.picture.fps if probe.picture else None,
    )


def rates(text: str, sizes: Mapping[str, int]) -> tuple[int, int]:
    """(most, average) bit/s of a media playlist; most: of any one segment. Raises as :func:`variant`."""
    playlist = read(text)
    found = [sizes[s.uri] * 8 / s.seconds for s in playlist.segments if s.seconds > 0.1]
    total = sum(sizes[s.uri] for s in playlist.segments)
    average = round(total * 8 / playlist.seconds) if playlist.seconds else 0
    return max(1, average, *(round(r) for r in found)), average


def codecs(*probes: Probe) -> str | None:
    """The CODECS attribute of what plays together; None where one is not known: a list that is not complete is worse than none."""
    found: list[str] = []
    for probe in probes:
        for stream, name in ((probe.picture, _video_codec(probe.picture)), (probe.sound, _audio_codec(probe.sound))):
            if stream is not None and name is None:
                return None
            if name and name not in found:
                found.append(name)
    return ",".join(found) or None


_AVC = {
    "Baseline": "4200",
    "Constrained Baseline": "42C0",
    "Main": "4D40",
    "High": "6400",
    "High 10": "6E00",
    "High 4:2:2": "7A00",
    "High 4:4:4 Predictive": "F400",
}
_HEVC = {"Main": "1.6", "Main 10": "2.4", "Rext": "4.10"}
_AUDIO = {"aac": "mp4a.40.2", "mp3": "mp4a.40.34", "mp2": "mp4a.40.33", "ac3": "ac-3", "eac3": "ec-3"}


def _video_codec(stream: VideoStream | None) -> str | None:
    """RFC 6381 string; ffprobe's own where it gives one."""
    if stream is None:
        return None
    if stream.mime:
        return stream.mime
    if stream.codec == "h264" and stream.profile in _AVC and stream.level:
        return f"avc1.{_AVC[stream.profile]}{stream.level:02X}"
    if stream.codec == "hevc" and stream.profile in _HEVC and stream.level:
        return f"hvc1.{_HEVC[stream.profile]}.L{stream.level}.90"
    return None


def _audio_codec(stream: AudioStream | None) -> str | None:
    return (stream.mime or _AUDIO.get(stream.codec)) if stream else None
