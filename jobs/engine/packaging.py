"""Outputs that are sets of files: which tracks they have, how they are cut, and what is run for it. Pure.

Two ways lead to a set. ffmpeg's HLS muxer cuts while it encodes: HLS with TS segments, also under AES-128, and clear HLS with fMP4. Shaka Packager
cuts what was encoded to one file per track: DASH, CMAF, and everything that is encrypted by samples. Sound is inside the picture's segments where the
first way has one sound track; else tracks are files of their own that all rungs share, and a master names them. Text tracks are one WebVTT file each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from jobs.engine.cut import indexed
from jobs.engine.encryption import ContentKey, hls_key_files, packager_key_file
from jobs.engine.errors import JobError
from jobs.engine.plan import AudioPlan, Command, Expected, OutputPlan, RenditionPlan, SetPlan, TextFile, Track
from jobs.engine.rates import constant_rate, source_fps

if TYPE_CHECKING:
    from jobs.engine.plan import SubtitlePlan
    from jobs.engine.probe import VideoStream
    from jobs.engine.sources import Material
    from jobs.engine.template import Template

FORMATS = frozenset({"hls", "dash", "cmaf"})
SECONDS = 10.0
ONE_SEGMENT = 900_000.0  # s: longer than anything, where one segment is to hold everything
EVERY_KEY_FRAME = 0.001  # s
# What segments may hold, by their format: ffprobe's codec names. TS: what HLS players take; fMP4 and WebM: what browsers' media source takes.
HOLDS: dict[str, frozenset[str]] = {
    "ts": frozenset({"h264", "hevc", "mpeg2video", "aac", "mp3", "mp2", "ac3", "eac3"}),
    "fmp4": frozenset({"h264", "hevc", "av1", "vp9", "aac", "mp3", "ac3", "eac3", "opus", "flac"}),
    "webm": frozenset({"vp9", "opus", "vorbis"}),  # packager 3.8 writes no AV1 into WebM
}
NAMES = {"ts": "TS segments", "fmp4": "fMP4 segments", "webm": "WebM segments"}
AC3_RATES = (32000, 44100, 48000)  # at half rates it is RealNetworks' own, which no standard puts into MP4
EXTENSIONS = {"ts": "ts", "fmp4": "m4s", "webm": "webm"}
BARE = ("-map_metadata:g", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1")

SegmentFormat = Literal["ts", "fmp4", "webm"]


@dataclass(frozen=True)
class Segmentation:
    """How an output is cut. ``seconds`` 0: one segment holds everything."""

    format: SegmentFormat
    seconds: float
    cuts: tuple[float, ...]
    packager: bool


@dataclass(frozen=True)
class Arranged:
    """The set, and what OutputPlan needs for it."""

    renditions: tuple[RenditionPlan, ...]
    set: SetPlan
    master: str | None
    texts: tuple[TextFile, ...] = ()
    package: tuple[Command, ...] = ()


def segmentation(template: Template) -> Segmentation | None:
    """How this template's output is cut; None for one file."""
    format_, mux = template.container.format, template.mux
    if format_ not in FORMATS:
        return None
    kind: SegmentFormat = mux.segment_format or ("ts" if format_ == "hls" else "fmp4")
    seconds = SECONDS if mux.segment_seconds is None else mux.segment_seconds
    return Segmentation(kind, seconds, mux.cut_times, packager=format_ != "hls" or (kind != "ts" and template.encryption is not None))


def packed(plan: OutputPlan, template: Template, material: Material, stream: VideoStream | None, *, ladder: bool) -> OutputPlan:
    """The output as a set where its format is one; else as it is. ``stream``: the picture that it is made from.

    Raises JobError ImpossibleCombination for copied streams that segments cannot hold.
    """
    if segmentation(template) is None:
        return plan
    facts = plan.renditions[0].expected
    fps = facts.fps or (source_fps(stream) if stream else None)
    steady = facts.fps is not None or (stream is not None and constant_rate(stream) and indexed(material.probe))
    late = max(0.0, (stream.start or 0.0) - (material.probe.start or 0.0)) if stream else 0.0
    made = _Arranger(template, plan.index, plan.renditions, material.keys.get(plan.index), fps if steady else None, late, ladder).arranged()
    return plan.model_copy(
        update={
            "renditions": made.renditions,
            "set": made.set,
            "master": made.master,
            "texts": (*plan.texts, *made.texts),
            "package": (*plan.package, *made.package),
        }
    )


class _Arranger:
    """Takes rungs apart into tracks."""

    def __init__(
        self, template: Template, index: int, rungs: tuple[RenditionPlan, ...], key: ContentKey | None, fps: float | None, late: float, ladder: bool
    ) -> None:
        cut = segmentation(template)
        if cut is None or (template.encryption is not None and key is None):
            raise JobError("InternalError")
        self._template, self._rungs, self._key, self._fps, self._late, self._ladder = template, rungs, key, fps, late, ladder
        self._cut, self._base, self._index = cut, f"o{index}", index
        self._renditions: list[RenditionPlan] = []
        self._tracks: list[Track] = []

    def arranged(self) -> Arranged:
        """All of it."""
        self._check_copies()
        sounds = [rung.audios for rung in self._rungs]
        apart = self._cut.packager or max(len(s) for s in sounds) > 1
        groups = tuple(dict.fromkeys(s for s in sounds if s)) if apart else ()
        texts = self._rungs[0].subtitles
        several = self._ladder or bool(texts) or self._template.mux.iframe_playlist or len(groups) > 0
        for rung in self._rungs:
            self._rung(rung, groups, several=several)
        for number, group in enumerate(groups):
            for at, audio in enumerate(group):
                self._sound(number, at, audio, groups)
        for at, text in enumerate(texts):
            self._text(at, text)
        tracks = tuple(self._tracks)
        has_hls = self._template.container.format != "dash"
        master = f"{self._base}.m3u8" if has_hls and (self._ladder or len(tracks) > 1 or self._template.mux.iframe_playlist) else None
        return Arranged(tuple(self._renditions), self._set(tracks), master, self._key_files(tracks), self._package(tracks))

    def _check_copies(self) -> None:
        """Encoders were checked at the door; what is copied is only known now."""
        for rung in self._rungs:
            for plan in (rung.video, *rung.audios):
                half_rate = isinstance(plan, AudioPlan) and plan.codec == "ac3" and self._cut.format == "fmp4" and plan.sample_rate not in AC3_RATES
                unread = plan is not None and self._cut.packager and plan.codec == "mp3"
                if plan is not None and (plan.codec not in HOLDS[self._cut.format] or half_rate or unread):
                    raise JobError(
                        "ImpossibleCombination",
                        f"{NAMES[self._cut.format]} cannot hold {plan.codec}, which the input has; choose a codec to encode to, or other segments.",
                    )

    # --- tracks ------------------------------------------------------------------------------------------------------
    def _rung(self, rung: RenditionPlan, groups: tuple[tuple[AudioPlan, ...], ...], *, several: bool) -> None:
        """The picture of a rung, with its sound unless that is apart; without a picture the sound itself."""
        apart = bool(groups)
        if apart and rung.video is None:
            return
        name = rung.name or ("v" if several else "")
        base = f"{self._base}-{name}" if name else self._base
        audios = () if apart else rung.audios
        changes: dict[str, Any] = {"audios": rung.expected.audios[: len(audios)], "subtitles": 0}
        if rung.expected.picture_seconds is not None:  # segments are as long as their pictures, whatever goes on beside them
            changes |= {"duration": rung.expected.picture_seconds, "duration_tolerance": rung.expected.picture_tolerance}
        expected = rung.expected.model_copy(update=changes)
        options: list[str] = []
        group = groups.index(rung.audios) if apart and rung.audios else None
        made = rung.model_copy(update={"name": name, "audios": audios, "subtitles": (), "expected": expected})
        exact = self._fps is not None and rung.video is not None and rung.video.encoder != "copy"
        self._add(made, base, "video" if rung.video else "audio", name, options, group=group, exact=exact)

    def _sound(self, group: int, at: int, audio: AudioPlan, groups: tuple[tuple[AudioPlan, ...], ...]) -> None:
        name = f"a{at}" if group == 0 else f"a{at}-{group}"
        rung = next(r for r in self._rungs if r.audios == groups[group])
        sound = rung.expected.audios[at]
        expected = Expected(audios=(sound,), duration=sound.seconds, duration_tolerance=sound.seconds_tolerance, may_be_longer=rung.expected.may_be_longer)
        made = RenditionPlan(name=name, file="", audios=(audio,), expected=expected)
        chosen = next((n for n, a in enumerate(groups[group]) if a.default), 0)
        self._add(made, f"{self._base}-{name}", "audio", name, [], group=group, language=audio.language, title=audio.title, default=at == chosen)

    def _text(self, at: int, text: SubtitlePlan) -> None:
        name, file = f"t{at}", f"{self._base}-t{at}.vtt"
        options = (*BARE, "-f", "webvtt")
        self._renditions.append(RenditionPlan(name=name, file=file, subtitles=(text,), mux_options=options, expected=Expected(subtitles=1)))
        self._tracks.append(Track(kind="text", name=name, file=file, language=text.language, title=text.title, default=text.default))

    def _add(
        self,
        rendition: RenditionPlan,
        base: str,
        kind: Literal["video", "audio"],
        name: str,
        options: list[str],
        *,
        group: int | None,
        exact: bool = False,
        language: str | None = None,
        title: str | None = None,
        default: bool = False,
    ) -> None:
        cut = self._cut
        extension = EXTENSIONS[cut.format]
        init = None if cut.format == "ts" else f"{base}-init.{'webm' if cut.format == 'webm' else 'mp4'}"
        playlist = f"{base}.m3u8" if cut.format != "webm" else None
        if cut.packager:
            file, segments = f"{base}.{'webm' if cut.format == 'webm' else 'mp4'}", None
            options = [*BARE, *options, "-f", "webm" if cut.format == "webm" else "mp4"]
        else:
            file, segments = f"{base}.m3u8", f"{base}-%05d.{extension}"
            options = [*self._metadata(rendition), *options, *self._hls(base, segments, init, kind)]
        self._renditions.append(rendition.model_copy(update={"file": file, "segments": segments, "mux_options": tuple(options)}))
        self._tracks.append(
            Track(kind=kind, name=name, file=file, playlist=playlist, init=init, group=group, exact=exact, language=language, title=title, default=default)
        )

    @staticmethod
    def _metadata(rendition: RenditionPlan) -> list[str]:
        """Languages of sound inside TS segments; everything else is left behind."""
        tags = [(number, audio.language) for number, audio in enumerate(rendition.audios) if audio.language]
        return [*BARE, *(word for number, language in tags for word in (f"-metadata:s:a:{number}", f"language={language}"))]

    def _hls(self, base: str, segments: str, init: str | None, kind: str) -> list[str]:
        """Options of ffmpeg's HLS muxer, the muxer included."""
        cut = self._cut
        seconds = cut.seconds or ONE_SEGMENT
        if cut.cuts and kind == "video":
            seconds = EVERY_KEY_FRAME  # there is one where a segment shall begin, and nowhere else
        growing = self._template.mux.growing_playlist  # then its readers must never see half a file
        kind_of_list, flags = ("event", "+independent_segments+temp_file") if growing else ("vod", "+independent_segments")
        options = ["-hls_time", f"{seconds:g}", "-hls_playlist_type", kind_of_list, "-hls_list_size", "0", "-hls_flags", flags]
        options += ["-hls_segment_type", "fmp4" if init else "mpegts", "-start_number", str(self._start), "-hls_segment_filename", segments]
        if init:
            options += ["-hls_fmp4_init_filename", init]
        if self._key:
            options += ["-hls_key_info_file", f"{base}.keyinfo"]
        return [*options, "-f", "hls"]

    @property
    def _start(self) -> int:
        number = self._template.mux.start_number
        return 1 if number is None else number

    # --- the whole ---------------------------------------------------------------------------------------------------
    def _set(self, tracks: tuple[Track, ...]) -> SetPlan:
        template, cut, key = self._template, self._cut, self._key
        return SetPlan(
            tracks=tracks,
            packager=cut.packager,
            hls=template.container.format != "dash",
            manifest=f"{self._base}.mpd" if template.container.format != "hls" else None,
            extension=EXTENSIONS[cut.format],
            segment_seconds=cut.seconds,
            spare_seconds=self._spare(),
            frame_seconds=round(1 / self._fps, 4) if self._fps else 0.5,
            cut_times=cut.cuts,
            start_number=self._start,
            iframes=template.mux.iframe_playlist,
            scheme=template.encryption.method if template.encryption else None,
            key_uri=key.uri if key else None,
            license_uri=key.license_uri if key else None,
            key_id=key.key_id if key else None,
            key_file=f"{self._base}.key" if key and not cut.packager else None,
            segment_name=template.mux.segment_name,
            growing=template.mux.growing_playlist,
            target_seconds=self._target() if template.mux.growing_playlist else None,
            late=self._late,
        )

    def _target(self) -> int:
        """What no segment's length, rounded, is above: forced key frames stand at most a picture late."""
        late = 1 / self._fps if self._fps else self._spare()
        return max(1, int(self._cut.seconds + late + 0.5))

    def _spare(self) -> float:
        """Half a group of pictures, and never less than a picture."""
        if not self._fps:
            return max(0.5, self._cut.seconds / 2)
        groups = [int(r.video.options[r.video.options.index("-g") + 1]) for r in self._rungs if r.video and "-g" in r.video.options]
        group = min(max(groups, default=250) / self._fps, self._cut.seconds or ONE_SEGMENT)
        return round(max(group / 2, 1.5 / self._fps), 3)

    def _key_files(self, tracks: tuple[Track, ...]) -> tuple[TextFile, ...]:
        if self._key is None:
            return ()
        if self._cut.packager:
            return (packager_key_file(self._key, self._base),)
        return hls_key_files(self._key, self._base, tuple(t.file.removesuffix(".m3u8") for t in tracks if t.kind != "text"))

    def _package(self, tracks: tuple[Track, ...]) -> tuple[Command, ...]:
        """Shaka Packager's command: one descriptor per track, then flags; file names are ours and in the room."""
        if not self._cut.packager:
            return ()
        cut, hls = self._cut, self._template.container.format != "dash"
        argv = [self._descriptor(track, hls=hls) for track in tracks if track.kind != "text"]
        argv += [f"--segment_duration={cut.seconds or ONE_SEGMENT:g}", f"--start_segment_number={self._start}", "--generate_static_live_mpd"]
        argv += [f"--mpd_output={self._base}.mpd"]
        if hls:
            argv += [f"--hls_master_playlist_output={self._base}-packager.m3u8", "--hls_playlist_type=VOD"]
        if cut.cuts and (cues := self._cues()):  # a short clip may end before all of them
            argv.append("--ad_cues=" + ";".join(f"{second:g}" for second in cues))
        if self._template.encryption:
            argv += ["--enable_raw_key_encryption", f"--protection_scheme={self._template.encryption.method}", "--clear_lead=0"]
            argv.append(f"--flagfile={self._base}.keys")
        return (Command(program="packager", argv=(*argv, "--quiet"), outputs=(self._index,), files=4 * len(tracks)),)

    def _cues(self) -> list[float]:
        """Every border: behind a cue the packager counts the length of segments anew."""
        seconds = self._rungs[0].expected.duration or 0.0
        count = int(seconds / self._cut.seconds) if self._cut.seconds else 0
        borders = {round(n * self._cut.seconds, 3) for n in range(1, count + 1)} | set(self._cut.cuts)
        return sorted(border for border in borders if not seconds or border < seconds - 0.1)

    def _descriptor(self, track: Track, *, hls: bool) -> str:
        base = track.file.rpartition(".")[0]
        said = [
            f"in={track.file}",
            f"stream={track.kind}",
            f"init_segment={track.init}",
            f"segment_template={base}-$Number%05d$.{EXTENSIONS[self._cut.format]}",
        ]
        if hls:
            said.append(f"playlist_name={track.playlist}")
            if track.kind == "video" and self._template.mux.iframe_playlist:
                said.append(f"iframe_playlist_name={base}-i.m3u8")
            if track.kind == "audio":
                said += [f"hls_group_id=g{track.group or 0}", f"hls_name={track.name}"]
        if track.language:
            said.append(f"language={track.language}")
        return ",".join(said)
