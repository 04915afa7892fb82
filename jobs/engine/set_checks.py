"""Hold a set against its plan: files, lengths of segments, the rules of playlists, the manifest, encryption. Pure.

The texts that are checked are those that will be published, made by the same function; only the stem of the names differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jobs.engine import dash, hls, rfc8216
from jobs.engine.check import Check
from jobs.engine.sets import Composed, Room, compose

if TYPE_CHECKING:
    from jobs.engine.plan import Expected, OutputPlan, SetPlan, Track


def check_set(output: OutputPlan, room: Room) -> list[Check]:
    """All checks of a set as a whole; nothing for an output that is one file."""
    plan = output.set
    if plan is None:
        return []
    try:
        made = compose(output, room, f"o{output.index}")
    except (KeyError, ValueError) as error:
        lost = str(error.args[0]) if error.args else ""
        return [Check("set", "complete", f"missing or unreadable: {lost}", False)]
    checks = [_files(made, room)]
    expected = {r.file: r.expected for r in output.renditions}
    for track, segments in _segments(plan, made):
        checks += [_named(track, c) for c in _lengths(plan, track, segments, expected[track.file])]
    if plan.hls:
        checks.append(_rules(made))
    if plan.manifest:
        checks.append(_manifest(plan, made.texts[plan.manifest]))
    if plan.scheme:
        checks.append(_encrypted(plan, made))
    return checks


def _files(made: Composed, room: Room) -> Check:
    lost = [file for file in (made.main, *made.names) if file not in made.texts and not room.sizes.get(file)]
    found = f"{len(made.names) + 1} files" + (f", missing or empty: {', '.join(lost[:3])}" if lost else "")
    return Check("files", "all present", found, not lost)


def _segments(plan: SetPlan, made: Composed) -> Iterator[tuple[Track, Sequence[float]]]:
    """Lengths of the segments of every track but texts."""
    tracks = [t for t in plan.tracks if t.kind != "text"]
    if plan.hls:
        for track in tracks:
            yield track, [s.seconds for s in hls.read(made.texts[track.playlist or track.file]).segments]
        return
    inits = {r.init: r for r in dash.read(made.texts[plan.manifest or ""]).representations}
    for track in tracks:
        found = inits.get(track.init)
        yield track, [seconds for _, seconds in found.segments] if found else []


def _lengths(plan: SetPlan, track: Track, segments: Sequence[float], expected: Expected) -> Iterator[Check]:
    """The sum, and for pictures with forced key frames each border."""
    total = sum(segments)
    if plan.packager and expected.duration is not None:  # ffmpeg's own playlists were added up as renditions
        slack = expected.duration_tolerance
        low, high = expected.duration - slack, expected.duration + slack
        said = f"{expected.duration:.2f} s ± {slack:.2f}"
        yield Check("sum of segments", said, f"{total:.2f} s", low <= total and (expected.may_be_longer or total <= high), total < low)
    if not segments:
        yield Check("segments", "all present", "none", False)
    if track.kind != "video" or not track.exact:
        return
    borders = wanted_borders(plan, total)
    ends = [sum(segments[: n + 1]) for n in range(len(segments) - 1)]
    off = [abs(end - border) for end, border in zip(ends, borders, strict=False)]
    # the last picture may begin before a border that falls upon it; then the last segment is a little longer
    sure = sum(border < total - max(plan.spare_seconds, 2 * plan.frame_seconds) for border in borders)
    ok = sure <= len(ends) <= len(borders) and all(difference <= plan.spare_seconds + 0.001 for difference in off)
    wanted = f"{len(borders) + 1}, borders within {plan.spare_seconds:.2f} s"
    yield Check("borders of segments", wanted, f"{len(segments)}, at most {max(off, default=0.0):.2f} s off", ok)


def wanted_borders(plan: SetPlan, total: float) -> list[float]:
    """Where segments shall begin, the first one left out: at multiples of the length and at forced times, before the end."""
    count = int(total / plan.segment_seconds) if plan.segment_seconds else 0
    found = {round(n * plan.segment_seconds, 3) for n in range(1, count + 1)} | set(plan.cut_times)
    return sorted(border for border in found if 0 < border < total - 0.001)


def _rules(made: Composed) -> Check:
    for file, text in made.texts.items():
        if file.endswith(".m3u8") and (found := rfc8216.problems(text)):
            return Check("rules of RFC 8216", "kept", f"{file}: {found[0]}", False)
    return Check("rules of RFC 8216", "kept", "kept", True)


def _manifest(plan: SetPlan, text: str) -> Check:
    """Our own reader takes it apart: one period, one representation per track, each with its init segment and its segments or its file."""
    try:
        read = dash.read(text)
    except ValueError as error:
        return Check("manifest", "readable", str(error), False)
    whole = [r for r in read.representations if r.base or (r.init and r.segments)]
    wanted = f"1 period, {len(plan.tracks)} streams"
    found = f"{read.periods} period{'s' if read.periods > 1 else ''}, {len(whole)} streams"
    seen = [r for r in whole if r.content == "video"] or whole  # the packager takes the picture's length for that of the presentation
    longest = max((r.seconds for r in seen), default=0.0)
    return Check("manifest", wanted, found, wanted == found and read.static and abs(longest - read.seconds) < 0.5)


def _encrypted(plan: SetPlan, made: Composed) -> Check:
    """Every stream but texts names the key; no key goes out with the set."""
    bare: list[str] = []
    for track in plan.tracks:
        if track.kind == "text" or not plan.hls:
            continue
        tags = [line for line in made.texts[track.playlist or track.file].split("\n") if line.startswith("#EXT-X-KEY:")]
        if not tags or any(rfc8216.attributes(tag).get("URI") != plan.key_uri for tag in tags):
            bare.append(track.name or track.file)
    if plan.manifest:
        bare += [r.init or "" for r in dash.read(made.texts[plan.manifest]).representations if not r.encrypted and not r.base]
    leaked = [file for file in made.names if file.endswith((".key", ".keys", ".keyinfo"))]
    return Check("encryption", "all streams", f"not: {', '.join((bare + leaked)[:3])}" if bare or leaked else "all streams", not bare and not leaked)


def _named(track: Track, check: Check) -> Check:
    return Check(f"{track.name}: {check.name}", check.wanted, check.found, check.ok, check.short) if track.name else check
