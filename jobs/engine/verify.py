"""Hold what came out against what was planned. Pure: plan, probes, playlists and sizes in, rows of checks out.

Exit status proves nothing: HLS on a full disk exits with 0, and a sibling that was cut off plays. So each rendition's streams, codecs, size,
pixel format, length, and (where known) frames are compared, and for HLS every segment.
Tolerances are the plan's (see expect). An input that is cut off or damaged often decodes «successfully» to less than it announces; such an
output is not published either, and the verdict then names the input (ResourceContentBad), not our work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jobs.engine import hls
from jobs.engine.check import Check as Check
from jobs.engine.set_checks import check_set
from jobs.engine.sets import Room
from jobs.engine.vocabulary.languages import same_language

if TYPE_CHECKING:
    from jobs.engine.plan import Expected, ExpectedSound, OutputPlan, RenditionPlan
    from jobs.engine.probe import AudioStream, Probe


MARKS = {"vtt": "WEBVTT", "ass": "[Script Info]", "srt": "-->"}
"""By what a file of text is known to be one."""


def verify(
    output: OutputPlan,
    probes: Mapping[str, Probe],
    playlists: Mapping[str, str],
    sizes: Mapping[str, int],
    frames: Mapping[str, tuple[int, int]] | None = None,
    times: Mapping[str, tuple[int, int, int]] | None = None,
) -> tuple[Check, ...]:
    """All checks of one output, its renditions one after the other, then those of a set as a whole. Keys are file names of the plan; ``sizes`` has the
    segments too, ``playlists`` all texts of a set, ``frames`` the key frames of segments where a playlist of them is wanted, ``times`` those of segments where cuts were forced."""
    checks: list[Check] = []
    for rendition in output.renditions:
        found = _rendition(rendition, probes.get(rendition.file), playlists.get(rendition.file), sizes)
        checks += [Check(f"{rendition.name}: {c.name}", c.wanted, c.found, c.ok, c.short) for c in found] if rendition.name else found
    checks += check_set(output, Room(playlists, sizes, probes, frames or {}, times or {}))
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
    if rendition.video is None and not rendition.audios:  # a text track: ffprobe is not asked
        text, mark = (playlist or "").lstrip("\ufeff"), MARKS.get(rendition.file.rpartition(".")[2], "WEBVTT")
        whole = mark in text if mark == "-->" else text.startswith(mark)
        return [*checks, Check("readable", "yes", "yes" if whole else "no", whole)]
    if rendition.segments is not None:
        checks += _segments(playlist, sizes, rendition.expected)
    if probe is None:
        return [*checks, Check("readable", "yes", "no", False)]
    checks += _streams(rendition.expected, probe)
    checks += _length(rendition.expected, probe)
    return checks


def _streams(expected: Expected, probe: Probe) -> list[Check]:
    """Streams, codecs, sizes: all exact."""
    video = probe.picture
    checks = [
        _same("video codec", expected.video_codec or "none", video.codec if video else "none"),
        _same("streams", _count(expected), f"{len(probe.video)} video, {len(probe.audio)} audio, {len(probe.subtitle)} subtitle"),
    ]
    if video and expected.width is not None:
        checks.append(_same("size", f"{expected.width}×{expected.height}", f"{video.width}×{video.height}"))
    if video and expected.pixel_format is not None:
        checks.append(_same("pixel format", expected.pixel_format, video.pixel_format or "unknown"))
    if video and expected.colours is not None:
        seen = (video.color_space, video.color_transfer, video.color_primaries)
        checks.append(_same("colours", _colours(expected.colours.matrix, expected.colours.transfer, expected.colours.primaries), _colours(*seen)))
        checks.append(_same("colour range", "tv", video.color_range or "tv"))
    several = len(expected.audios) > 1
    for number, (wanted, audio) in enumerate(zip(expected.audios, probe.audio, strict=False), start=1):
        checks += _sound(f"audio {number}: " if several else "", wanted, audio)
    if expected.subtitles == len(expected.texts):
        checks += _texts(expected, probe)
    return checks


def _sound(name: str, wanted: ExpectedSound, audio: AudioStream) -> list[Check]:
    """One audio track. The number of tracks is compared with the streams."""
    checks = [_same(f"{name}audio codec", wanted.codec, audio.codec)]
    if wanted.profile is not None:
        checks.append(_same(f"{name}audio profile", wanted.profile, audio.profile or "none"))
    if wanted.sample_rate is not None:
        checks.append(_same(f"{name}sample rate", str(wanted.sample_rate), str(audio.sample_rate)))
    if wanted.channels is not None:
        checks.append(_same(f"{name}channels", str(wanted.channels), str(audio.channels)))
    if wanted.language is not None:
        checks.append(_language(f"{name}language", wanted.language, audio.language))
    if wanted.default is not None:
        checks.append(_same(f"{name}default", *("yes" if flag else "no" for flag in (wanted.default, audio.default))))
    return checks


def _language(name: str, wanted: str, found: str | None) -> Check:
    """Languages have several codes; «und» and no tag say the same."""
    return Check(name, wanted, found or "und", same_language(wanted, found or "und"))


def _texts(expected: Expected, probe: Probe) -> list[Check]:
    """Text tracks. Their number is compared with the streams."""
    checks = []
    for number, (wanted, text) in enumerate(zip(expected.texts, probe.subtitle, strict=False), start=1):
        if wanted.codec is not None:
            checks.append(_same(f"subtitle {number}: codec", wanted.codec, text.codec))
        if wanted.language is not None:
            checks.append(_language(f"subtitle {number}: language", wanted.language, text.language))
    return checks


# Names of one and the same thing: BT.601 is one matrix for 525 and 625 lines, and one curve is in BT.601, BT.709 and BT.2020
_ALIKE = {"bt470bg": "bt601", "smpte170m": "bt601", "bt2020-10": "bt709", "bt2020-12": "bt709"}


def _colours(matrix: str | None, transfer: str | None, primaries: str | None) -> str:
    """Matrix, curve and primaries in one word, told apart only where colours would look different."""
    curve = {"smpte170m": "bt709"}.get(transfer or "", transfer)
    return " / ".join(_ALIKE.get(name or "", name or "unknown") for name in (matrix, curve, primaries))


def _length(expected: Expected, probe: Probe) -> list[Check]:
    """Duration and frames, within the plan's tolerance."""
    checks = []
    # pictures that are all alike make a still WebP, which has no length
    still = expected.video_codec == "webp" and probe.picture is not None and probe.picture.frames == 1
    if expected.duration is not None and not still:
        checks.append(_seconds("duration", expected, expected.duration, _played(probe)))
    frames = probe.picture.frames if probe.picture else None
    if expected.frames is not None:
        ok = frames is not None and abs(frames - expected.frames) <= expected.frames_tolerance
        wanted = f"{expected.frames} ± {expected.frames_tolerance}" if expected.frames_tolerance else str(expected.frames)
        checks.append(Check("frames", wanted, "unknown" if frames is None else str(frames), ok, short=frames is not None and frames < expected.frames))
    elif expected.video_codec is not None and frames is not None:
        checks.append(Check("frames", "at least 1", str(frames), frames > 0, short=frames == 0))
    return checks


def _played(probe: Probe) -> float | None:
    """Seconds from the first picture or sound on. FLV counts from 0 to the end, and begins as late as reordered pictures of a variable rate make it."""
    if probe.duration is None or probe.format_name != "flv":
        return probe.duration
    return probe.duration - (probe.start or 0.0)


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
    return f"{int(expected.video_codec is not None)} video, {len(expected.audios)} audio, {expected.subtitles} subtitle"


def _same(name: str, wanted: str, found: str) -> Check:
    return Check(name, wanted, found, wanted == found)
