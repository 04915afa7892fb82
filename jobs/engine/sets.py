"""The texts of a set as they are published: playlists and manifest with final names, masters, key frame playlists, text tracks. Pure.

Names: every file of a set is called like the output in the attempt's room («o0…»); published, «o0» becomes the set's stem. Playlists of ffmpeg and the
packager differ a little; what is published looks the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobs.engine import dash, hls
from jobs.engine.containers import TEXTS
from jobs.engine.encryption import key_tag
from jobs.engine.probe import Probe, SubtitleStream
from jobs.engine.segment_names import media, numbered
from jobs.engine.vocabulary.languages import web_language

if TYPE_CHECKING:
    from jobs.engine.plan import OutputPlan, SetPlan, Track

_KEY_ADDRESS = re.compile(r'^(#EXT-X-KEY:.*URI=")data:[^"]*(")', re.MULTILINE)
_NOT_OURS = ("## ", "#EXT-X-DISCONTINUITY", "#EXT-X-PLACEMENT-OPPORTUNITY")
_TARGET = "#EXT-X-TARGETDURATION:"
_NUMBER_OF = re.compile(r"([0-9]+)\.[a-z0-9]+\Z")
CLOCK = 90_000  # ticks per second in X-TIMESTAMP-MAP


@dataclass(frozen=True)
class Room:
    """What lies in the attempt's folder. ``texts``: playlists, manifests, WebVTT; ``sizes``: bytes of every file; ``probes``: of the encoder's files;
    ``frames``: (offset, length) of the first key frame of a segment; ``times``: (begin, length, units per second) of a segment, where cuts were forced."""

    texts: Mapping[str, str]
    sizes: Mapping[str, int]
    probes: Mapping[str, Probe]
    frames: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    times: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Composed:
    """What is published: ``main`` gets the output's address; ``names`` are the names of all other files beside it; ``texts`` replace what is in the room."""

    main: str
    names: dict[str, str]
    texts: dict[str, str]
    beside: str | None = None
    """Of ``names``: the DASH manifest of a CMAF set, which gets the address's own name with .mpd."""


def compose(output: OutputPlan, room: Room, stem: str, *, growing: bool = False) -> Composed:
    """Write the texts of a set. Raises KeyError and ValueError where a file is missing or cannot be read; after verify neither happens.

    ``growing``: as far as it is made; raises while a rung or a sound track has no segment yet. Text tracks and key frames come with the finished set.
    """
    if output.set is None:
        raise ValueError("The output is one file.")
    return _Composer(output, output.set, room, stem, growing=growing).composed()


def facts(output: OutputPlan, probes: Mapping[str, Probe]) -> Probe:
    """What is in the output as a whole: of a set the best picture, and all sound tracks. Raises KeyError where nothing was probed."""
    if output.format in TEXTS:
        return Probe(format_name=TEXTS[output.format][0], subtitle=(SubtitleStream(index=0, codec=TEXTS[output.format][1], text=True),))
    first = probes[output.renditions[0].file]
    if output.set is None:
        return first
    pictures = [p for r in output.renditions if r.video is not None and (p := probes.get(r.file))]
    best = max(pictures, key=lambda p: p.picture.width * p.picture.height if p.picture else 0, default=first)
    apart = [probes[t.file].audio for t in output.set.tracks if t.kind == "audio" and t.group == 0 and t.file in probes]
    sounds = best.audio if best.audio or best.picture is None else tuple(sound for one in apart for sound in one)
    return best.model_copy(update={"audio": sounds or first.audio, "format_name": output.format, "duration": max(p.duration or 0.0 for p in probes.values())})


def of_size(output: OutputPlan, probe: Probe, size: int) -> Probe:
    """The facts of an output whose objects have so many bytes: what a probe tells of a playlist's own size and rate is not that of the set."""
    if output.set is None:
        return probe
    alone = sum(r.video is not None for r in output.renditions) <= 1  # of a ladder nobody plays all rungs
    return probe.model_copy(update={"size": size, "bitrate_kbps": round(size * 8 / probe.duration / 1000) if alone and probe.duration else None})


class _Composer:
    def __init__(self, output: OutputPlan, plan: SetPlan, room: Room, stem: str, *, growing: bool) -> None:
        self._output, self._set, self._room, self._stem, self._growing = output, plan, room, stem, growing
        self._base = f"o{output.index}"
        self._texts: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._apart = [t for t in plan.tracks if t.kind == "audio" and t.group is not None]
        self._words = [t for t in plan.tracks if t.kind == "text" and not growing]
        self._several = bool(self._apart) or any(t.kind == "text" for t in plan.tracks)
        self._iframes = plan.iframes and not growing
        self._variants = [t for t in plan.tracks if t.kind != "text" and t not in self._apart] or self._apart[:1]

    def composed(self) -> Composed:
        """All of it."""
        plan = self._set
        for track in self._words:
            self._publish(track.file)
        if plan.hls:
            for track in (t for t in plan.tracks if t.kind != "text" or not self._growing):
                self._playlist(track)
        if plan.manifest:
            self._manifest(plan.manifest)
        if not plan.hls and plan.manifest:
            main = plan.manifest
        elif self._output.master:
            main = self._output.master
            self._masters(main)
        else:
            main = self._variants[0].playlist or self._variants[0].file
        names = {file: name for file, name in self._names.items() if file != main}
        return Composed(main, names, self._texts, plan.manifest if plan.hls else None)

    def _name(self, file: str) -> str:
        return self._stem + file.removeprefix(self._base)

    def _publish(self, file: str, text: str | None = None) -> None:
        self._names[file] = self._name(file)
        if text is not None:
            self._texts[file] = text

    # --- playlists ---------------------------------------------------------------------------------------------------
    def _playlist(self, track: Track) -> None:
        if track.kind == "text":
            self._text_track(track)
            return
        file = track.playlist or track.file
        text = self._cleaned(self._room.texts[file])
        segments = hls.read(text).segments
        parts = [s.uri for s in segments] + ([track.init] if track.init else [])
        names = {part: self._name_of_part(track, part) for part in parts}
        self._names |= names
        addresses = {self._set.key_file: self._set.key_uri} if self._set.key_file and self._set.key_uri else {}
        whole = {**addresses, self._set.key_uri or "": self._set.key_uri or ""}
        self._publish(file, hls.rename(text, names, whole))
        if self._iframes and track.kind == "video":
            frames = self._cleaned(self._room.texts[_frames_file(track)]) if self._set.packager else self._key_frames(track, segments)
            self._publish(_frames_file(track), hls.rename(frames, names, whole))

    def _name_of_part(self, track: Track, part: str) -> str:
        """The published name of an init segment or a segment."""
        pattern, number = self._set.segment_name, _NUMBER_OF.search(part)
        if pattern is None or number is None or part == track.init:
            return self._name(part)
        return numbered(pattern, self._stem, track.name, int(number[1])) + f".{self._set.extension}"

    def _cleaned(self, text: str) -> str:
        """The packager's playlists in our way: no marks of its own, the key's real address, and the statement that segments decode alone."""
        if self._set.growing:
            return _eventful(text, self._set.target_seconds or 1, ended=not self._growing)
        if not self._set.packager:
            return _targeted(text)
        lines = [line for line in text.rstrip("\n").split("\n") if line and not line.startswith(_NOT_OURS)]
        if "#EXT-X-INDEPENDENT-SEGMENTS" not in lines and "#EXT-X-I-FRAMES-ONLY" not in lines:
            lines.insert(2, "#EXT-X-INDEPENDENT-SEGMENTS")
        uri = self._set.key_uri
        if uri and self._set.scheme == "cenc" and not any(line.startswith("#EXT-X-KEY:") for line in lines):
            # the packager leaves the key out of playlists for cenc; vectors are in the samples
            at = next(n for n, line in enumerate(lines) if line.startswith("#EXT-X-MAP:"))
            lines.insert(at + 1, key_tag("cenc", uri))
        text = "\n".join(lines) + "\n"
        return _KEY_ADDRESS.sub(lambda m: m[1] + uri + m[2], text) if uri else text

    def _key_frames(self, track: Track, segments: tuple[hls.Segment, ...]) -> str:
        """A playlist of the first picture of every segment."""
        longest = max((s.seconds for s in segments), default=1.0)
        lines = ["#EXTM3U", f"#EXT-X-VERSION:{6 if track.init else 4}", f"#EXT-X-TARGETDURATION:{max(1, int(longest + 0.5))}"]
        lines += [f"#EXT-X-MEDIA-SEQUENCE:{self._set.start_number}", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-I-FRAMES-ONLY"]
        if track.init:
            lines.append(f'#EXT-X-MAP:URI="{track.init}"')
        for segment in segments:
            offset, length = self._room.frames[segment.uri]
            lines += [f"#EXTINF:{segment.seconds:.6f},", f"#EXT-X-BYTERANGE:{length}@{offset}", segment.uri]
        return "\n".join([*lines, "#EXT-X-ENDLIST", ""])

    def _text_track(self, track: Track) -> None:
        """One WebVTT file is one segment. Its times count from the first picture, those of segments from somewhere: the header says where."""
        seconds = max((hls.read(self._room.texts[v.playlist or v.file]).seconds for v in self._variants), default=0.0)
        if not self._set.packager:
            picture = self._room.probes[self._variants[0].file].picture
            start = max(0.0, (picture.start or 0.0) - self._set.late) if picture else 0.0
            text = self._room.texts[track.file].lstrip("\ufeff")
            head = f"X-TIMESTAMP-MAP=MPEGTS:{round(start * CLOCK)},LOCAL:00:00:00.000"
            self._texts[track.file] = re.sub(r"\AWEBVTT[^\n]*\n", f"WEBVTT\n{head}\n", text, count=1)
        name = hls.quote(self._name(track.file))
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{max(1, math.ceil(seconds))}", "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD"]
        self._publish(_text_playlist(track), "\n".join([*lines, f"#EXTINF:{seconds:.6f},", name, "#EXT-X-ENDLIST", ""]))

    # --- masters -----------------------------------------------------------------------------------------------------
    def _masters(self, main: str) -> None:
        """The master; and where sound or text is apart, one for each rung, so that it can be used alone."""
        ladder = len(self._variants) > 1 or self._output.renditions[0].name not in ("", "v")
        if ladder and self._several:
            for track in self._variants:
                file = track.playlist or track.file
                self._names[file] = f"{self._stem}-{track.name}-v.m3u8"
                rung = f"{self._base}-{track.name}-rung.m3u8"
                self._names[rung] = f"{self._stem}-{track.name}.m3u8"
                self._texts[rung] = self._master([track])
        self._texts[main] = self._master(self._variants)

    def _master(self, variants: list[Track]) -> str:
        groups = {v.group for v in variants}
        alone = variants[0].kind == "audio" and len(self._apart) == 1  # it is the variant itself, and there is nothing to choose
        sounds = [] if alone else [t for t in self._apart if t.group in groups]
        words = self._words
        alternatives = [
            *self._alternatives("AUDIO", sounds),
            *self._alternatives("SUBTITLES", words),
        ]
        frames = [self._frames_line(v) for v in variants if v.kind == "video"] if self._iframes else []
        return hls.master([self._variant(v, sounds) for v in variants], alternatives, frames)

    def _alternatives(self, kind: str, tracks: list[Track]) -> list[hls.Alternative]:
        found: list[hls.Alternative] = []
        used: set[tuple[str, str]] = set()
        for number, track in enumerate(tracks, start=1):
            language = web_language(track.language)
            group = f"a{track.group}" if kind == "AUDIO" else "t"
            name = track.title or language or str(number)
            if (group, name) in used:
                name = f"{name} {number}"
            used.add((group, name))
            sound = self._room.probes[track.file].sound if kind == "AUDIO" and not self._growing else None
            uri = self._names[_text_playlist(track) if kind == "SUBTITLES" else track.playlist or track.file]
            found.append(hls.Alternative(kind, group, name, uri, language, track.default, sound.channels if sound else None))
        return found

    def _variant(self, track: Track, sounds: list[Track]) -> hls.Variant:
        room = self._room
        file = track.playlist or track.file
        peak, average = hls.rates(room.texts[file], room.sizes)
        own = [s for s in sounds if s.group == track.group]
        rates = [hls.rates(room.texts[s.playlist or s.file], room.sizes) for s in own]
        most, usual = peak + max((rate[0] for rate in rates), default=0), average + max((rate[1] for rate in rates), default=0)
        if self._growing:  # nothing is probed yet: what was planned, and no codecs
            facts = next(r.expected for r in self._output.renditions if r.file == track.file)
            return hls.Variant(self._names[file], most, None, None, facts.width, facts.height, facts.fps, audio=f"a{track.group}" if own else None)
        probe = room.probes[track.file]
        return hls.Variant(
            uri=self._names[file],
            bandwidth=most,
            average_bandwidth=usual or None,
            codecs=hls.codecs(probe, *(room.probes[s.file] for s in own)),
            width=probe.picture.width if probe.picture else None,
            height=probe.picture.height if probe.picture else None,
            fps=probe.picture.fps if probe.picture else None,
            audio=f"a{track.group}" if own else None,
            subtitles="t" if self._words else None,
        )

    def _frames_line(self, track: Track) -> hls.KeyFrames:
        text = self._texts[_frames_file(track)].split("\n")
        lengths = [float(line[8:].partition(",")[0]) for line in text if line.startswith("#EXTINF:")]
        sizes = [int(line[17:].partition("@")[0]) for line in text if line.startswith("#EXT-X-BYTERANGE:")]
        peak = max((size * 8 / max(seconds, 0.1) for size, seconds in zip(sizes, lengths, strict=True)), default=1.0)
        picture = self._room.probes[track.file].picture
        codec = hls.codecs(self._room.probes[track.file].model_copy(update={"audio": ()}))
        return hls.KeyFrames(
            self._names[_frames_file(track)], max(1, round(peak)), codec, picture.width if picture else None, picture.height if picture else None
        )

    # --- manifest ----------------------------------------------------------------------------------------------------
    def _manifest(self, file: str) -> None:
        text = self._room.texts[file]
        if self._set.cut_times:
            text = dash.joined(text, self._room.times, self._set.start_number)
        tracks = [t for t in self._set.tracks if t.kind != "text"]
        by_init = {t.init: t for t in tracks}
        for representation in dash.read(text).representations:
            track = by_init[representation.init]
            parts = [name for name, _ in representation.segments] + ([representation.init] if representation.init else [])
            self._names |= {part: self._name_of_part(track, part) for part in parts}
        stems = {t.file.rpartition(".")[0]: self._name(t.file.rpartition(".")[0]) for t in tracks}
        finished = dash.finish(
            text,
            {old: hls.quote(new) for old, new in stems.items()},
            [dash.Text(hls.quote(self._name(t.file)), web_language(t.language), t.title) for t in self._words],
            media=self._fixed(tracks),
            license_uri=self._set.license_uri,
            titles={t.file.rpartition(".")[0]: t.title for t in tracks if t.title},
            default=next((t.file.rpartition(".")[0] for t in self._apart if t.default and len(self._apart) > 1), None),
        )
        self._publish(file, finished)

    def _fixed(self, tracks: Sequence[Track]) -> dict[str, str]:
        """What the manifest calls segments whose names the caller fixed, by the beginning of their old names."""
        pattern = self._set.segment_name
        if pattern is None:
            return {}
        return {t.file.rpartition(".")[0]: f"{media(pattern, self._stem, t.name)}.{self._set.extension}" for t in tracks}


def _eventful(text: str, target: int, *, ended: bool) -> str:
    """A playlist that grows: it may only get longer, so its target duration stands from the beginning; players begin with the first segment."""
    lines = [line for line in _targeted(text, target).rstrip("\n").split("\n") if line != "#EXT-X-ENDLIST"]
    at = next(n for n, line in enumerate(lines) if line.startswith(_TARGET))
    lines.insert(at + 1, "#EXT-X-START:TIME-OFFSET=0")
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""])


def _targeted(text: str, least: int = 1) -> str:
    """The playlist with a target duration that no segment's length, rounded, is above: ffmpeg rounds 2.5 s to 2, RFC 8216 and players to 3."""
    longest = max((int(s.seconds + 0.5) for s in hls.read(text).segments), default=0)
    return re.sub(rf"(?m)^{_TARGET}\d+", f"{_TARGET}{max(least, longest)}", text, count=1)


def _frames_file(track: Track) -> str:
    """Where the packager writes a track's key frame playlist, and where ours goes."""
    return (track.playlist or track.file).removesuffix(".m3u8") + "-i.m3u8"


def _text_playlist(track: Track) -> str:
    return track.file.removesuffix(".vtt") + ".m3u8"
