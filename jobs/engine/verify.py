"""Hold what came out against what was planned. Pure: plan, probes, playlists and sizes in, rows of checks out.

Exit status proves nothing: HLS on a full disk exits with 0, and a sibling that was cut off plays. So each rendition's streams, codecs, size,
pixel format, length, and (where known) frames are compared, and for HLS every segment.
Tolerances are the plan's (see expect). An input that is cut off or damaged often decodes «successfully» to less than it announces; such an
output is not published either, and the verdict then names the input (ResourceContentBad), not our work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.engine import hls

if TYPE_CHECKING:
    from jobs.engine.plan import Expected, OutputPlan, RenditionPlan
    from jobs.engine.probe import Probe


@dataclass(frozen=True)
class Check:
    """One comparison, in words for the job page. ``short``: there is less than announced, as damaged inputs make it."""

    name: str
    wanted: str
    found: str
    ok: bool
    short: bool = False


def verify(output: OutputPlan, probes: Mapping[str, Probe], playlists: Mapping[str, str], sizes: Mapping[str, int]) -> tuple[Check, ...]:
    """All checks of one output, its renditions one after the other. Keys are file names of the plan; ``sizes`` has the segments too."""
    checks: list[Check] = []
    for rendition in output.renditions:
        found = _rendition(rendition, probes.get(rendition.file), playlists.get(rendition.file), sizes)
        checks += [Check(f"{rendition.name}: {c.name}", c.wanted, c.found, c.ok, c.short) for c in found] if rendition.name else found
    return tuple(checks)


def verdict(checks: Sequence[Check]) -> tuple[str, str] | None:
    """None where all is well, else error code and sentence: of the input if only something is missing, else of the output."""
    bad = [c for c in checks if not c.ok]
    if not bad:
        return None
    said = "; ".join(f"{c.name}: {c.found} instead of {c.wanted}" for c in bad[:3])
    if all(c.short for c in bad):
        return "ResourceContentBad", f"The input gave less than it announces, so it is cut off or damaged ({said})."
    return "OutputVerifyFailed", f"The output is not what was planned ({said})."


def _rendition(rendition: RenditionPlan, probe: Probe | None, playlist: str | None, sizes: Mapping[str, int]) -> list[Check]:
    size = sizes.get(rendition.file)
    checks = [Check("file", "not empty", "missing" if size is None else f"{size} bytes", bool(size))]
    if rendition.segments is not None:
        checks += _segments(playlist, sizes, rendition.expected)
    if probe is None:
        return [*checks, Check("readable", "yes", "no", False)]
    checks += _streams(rendition.expected, probe)
    checks += _length(rendition.expected, probe)
    return checks


def _streams(expected: Expected, probe: Probe) -> list[Check]:
    """Streams, codecs, sizes: all exact."""
    video, audio = probe.picture, probe.sound
    checks = [
        _same("video codec", expected.video_codec or "none", video.codec if video else "none"),
        _same("audio codec", expected.audio_codec or "none", audio.codec if audio else "none"),
        _same("streams", _count(expected), f"{len(probe.video)} video, {len(probe.audio)} audio, {len(probe.subtitle)} subtitle"),
    ]
    if video and expected.width is not None:
        checks.append(_same("size", f"{expected.width}×{expected.height}", f"{video.width}×{video.height}"))
    if video and expected.pixel_format is not None:
        checks.append(_same("pixel format", expected.pixel_format, video.pixel_format or "unknown"))
    if audio and expected.sample_rate is not None:
        checks.append(_same("sample rate", str(expected.sample_rate), str(audio.sample_rate)))
    if audio and expected.channels is not None:
        checks.append(_same("channels", str(expected.channels), str(audio.channels)))
    return checks


def _length(expected: Expected, probe: Probe) -> list[Check]:
    """Duration and frames, within the plan's tolerance."""
    checks = []
    if expected.duration is not None:
        checks.append(_seconds("duration", expected, expected.duration, probe.duration))
    frames = probe.picture.frames if probe.picture else None
    if expected.frames is not None:
        ok = frames is not None and abs(frames - expected.frames) <= expected.frames_tolerance
        wanted = f"{expected.frames} ± {expected.frames_tolerance}" if expected.frames_tolerance else str(expected.frames)
        checks.append(Check("frames", wanted, "unknown" if frames is None else str(frames), ok, short=frames is not None and frames < expected.frames))
    elif expected.video_codec is not None and frames is not None:
        checks.append(Check("frames", "at least 1", str(frames), frames > 0, short=frames == 0))
    return checks


def _segments(text: str | None, sizes: Mapping[str, int], expected: Expected) -> list[Check]:
    """Every segment is there and not empty, the list is closed, and the lengths add up."""
    if text is None:
        return [Check("playlist", "present", "missing", False)]
    try:
        playlist = hls.read(text)
    except ValueError as error:
        return [Check("playlist", "readable", str(error), False)]
    lost = [s.uri for s in playlist.segments if not sizes.get(s.uri)]
    found = f"{len(playlist.segments)} segments" + (f", missing or empty: {', '.join(lost[:3])}" if lost else "")
    checks = [
        Check("segments", "all present", found, bool(playlist.segments) and not lost),
        Check("end of list", "yes", "yes" if playlist.ended else "no", playlist.ended),
    ]
    if expected.duration is not None:
        checks.append(_seconds("sum of segments", expected, expected.duration, playlist.seconds))
    return checks


def _seconds(name: str, expected: Expected, wanted: float, found: float | None) -> Check:
    slack = expected.duration_tolerance
    said = f"at least {max(0.0, wanted - slack):.2f} s" if expected.may_be_longer else f"{wanted:.2f} s ± {slack:.2f}"
    if found is None:
        return Check(name, said, "unknown", False)
    short = found < wanted - slack
    return Check(name, said, f"{found:.2f} s", not short and (expected.may_be_longer or found <= wanted + slack), short)


def _count(expected: Expected) -> str:
    return f"{int(expected.video_codec is not None)} video, {int(expected.audio_codec is not None)} audio, {expected.subtitles} subtitle"


def _same(name: str, wanted: str, found: str) -> Check:
    return Check(name, wanted, found, wanted == found)
