"""The subtitles of an output: which become tracks and which are drawn into the picture. Pure.

Files beside the input, and what of the input is drawn or played at another speed, are read by us and written anew at the output's times (see texts,
scripts). Streams of the input that become tracks as they are go straight from file to file. Times of a file count from the beginning of the job's input
(of all parts together where inputs are joined), so a clip begins in the middle of them. Texts that are drawn come last, over everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jobs.engine import font_files
from jobs.engine.charsets import decoded
from jobs.engine.codecs import CONTAINERS
from jobs.engine.containers import SEGMENTED, TEXTS
from jobs.engine.errors import JobError
from jobs.engine.plan import Branch, ExpectedText, Lettering, Pad, RenditionPlan, Source, SubtitlePlan, TextFile
from jobs.engine.scripts import WRITERS, flat, own_ass, shifted, to_ass
from jobs.engine.sources import pad
from jobs.engine.speed import picture_filters
from jobs.engine.texts import BYTES_MAX, Script, SubtitleMistake, read, without_tags
from jobs.engine.vocabulary.languages import known_language, same_language

if TYPE_CHECKING:
    from jobs.engine.plan import FilterSpec
    from jobs.engine.probe import OtherStream, Probe, SubtitleStream
    from jobs.engine.scripts import Clock
    from jobs.engine.sources import Material, Sources
    from jobs.engine.template import SubtitleFile, Template

# What a file becomes in a container: the format that we write, and the encoder. ASS keeps its styles in MKV alone.
TEXT_TRACKS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("mp4", "mov", "m4a"), ("srt", "mov_text")),
    "mkv": ("srt", "copy"),
    **dict.fromkeys(("webm", *SEGMENTED), ("webvtt", "copy")),
}
STYLED = frozenset({"ass", "ssa"})
CODECS = {"srt": "subrip", "webvtt": "webvtt", "ass": "ass"}
EXTENSIONS = {"srt": "srt", "webvtt": "vtt", "ass": "ass"}
# One design for each way of writing Han characters; where a font is missing, the worker's next best takes its place
FONTS = {"ko": "Noto Sans CJK KR", "ja": "Noto Sans CJK JP", "hant": "Noto Sans CJK TC", "hans": "Noto Sans CJK SC", "": "sans-serif"}
# ITU-R BT.2408: letters on HDR are as bright as its reference white (58 % of PQ's range, 75 % of HLG's), not as bright as it gets
WHITES = {"smpte2084": "949494", "arib-std-b67": "BFBFBF"}
_ONLY_HANT = frozenset("這個們來說時對於過發後裡種經麼學現當沒動麗實樣還進電腦嗎為國會點與臺灣聽讀寫開關門問間東車馬鳥魚龍")
_ONLY_HANS = frozenset("这个们来说时对于过发后里种经么学现当没动丽实样还进电脑吗为国会点与台湾听读写开关门问间东车马鸟鱼龙")


@dataclass(frozen=True)
class Subtitles:
    """What was decided. ``burnt``: scripts with the font that was asked for, at the output's times; ``bitmap``: a stream of pictures to lay over."""

    tracks: tuple[SubtitlePlan, ...] = ()
    texts: tuple[TextFile, ...] = ()
    burnt: tuple[tuple[Script, str | None], ...] = ()
    bitmap: Pad | None = None
    speed: float = 1.0
    warnings: tuple[str, ...] = ()


def extraction_name(stream: SubtitleStream) -> str:
    """The measurement that holds the text of one of the input's streams."""
    return f"text:input:{stream.index}"


def extracted(template: Template, probe: Probe, *, clipped: bool = False) -> tuple[SubtitleStream, ...]:
    """Text streams of the input whose text has to be known before planning: the one to draw, and all that are kept where times change. A clip that begins
    within a text would else begin with that text's own beginning, before the picture, and texts behind its end would make it as long as the input.
    ``clipped``: the job takes a clip of the input."""
    if template.edit.before or template.edit.after:
        return ()
    if template.container.format in TEXTS:
        return () if template.subtitle.files else taken_out(template, probe)
    wanted = []
    number = template.subtitle.burn_stream
    if number is not None and number < len(probe.subtitle):
        wanted.append(probe.subtitle[number])
    edit = template.edit
    moved = clipped or edit.start or edit.duration or edit.end or edit.speed not in (None, 1)
    if moved and not template.subtitle.remove and template.container.format in TEXT_TRACKS:
        wanted += probe.subtitle
    return tuple(dict.fromkeys(stream for stream in wanted if stream.text))


def font_name(stream: OtherStream) -> str:
    """The measurement that holds an attached font of the input."""
    return f"font:input:{stream.index}"


def attached(template: Template, probe: Probe) -> tuple[OtherStream, ...]:
    """Fonts in the input that are needed to draw one of its streams as it is meant."""
    number = template.subtitle.burn_stream
    if template.edit.before or template.edit.after or number is None or number >= len(probe.subtitle) or probe.subtitle[number].codec not in STYLED:
        return ()
    return tuple(s for s in probe.other if s.kind == "attachment" and s.codec in font_files.CODECS)[: font_files.FONTS_MAX]


def taken_out(template: Template, probe: Probe) -> tuple[SubtitleStream, ...]:
    """The stream that becomes a file of its own: the one that is named, the first of the languages, else the first text. Empty where there is none.

    Raises JobError TrackNotFound for a number that is not there, SubtitleNotReadable for pictures.
    """
    wanted = template.subtitle
    if wanted.streams:
        number = wanted.streams[0]
        if number >= len(probe.subtitle):
            raise JobError("TrackNotFound", f"The input has no subtitle stream {number}; it has {len(probe.subtitle)}.")
        if not probe.subtitle[number].text:
            raise JobError("SubtitleNotReadable", f"Subtitle stream {number} of the input is made of pictures; no text can be taken out.")
        return (probe.subtitle[number],)
    texts = [s for s in probe.subtitle if s.text]
    if wanted.languages is not None:
        texts = [s for language in wanted.languages for s in texts if same_language(s.language or "und", language)]
    return tuple(texts[:1])


def plan_subtitles(
    index: int, template: Template, material: Material, sources: Sources, kept: Sequence[tuple[SubtitleStream, str]], source: int, clock: Clock
) -> Subtitles:
    """Tracks and burnt texts of an output. ``kept``: streams of the input that stay, with their encoder. Raises JobError SubtitleNotReadable, TrackNotFound."""
    planner = _Planner(index, template, material, sources, clock)
    for stream, encoder in kept:
        planner.stream(stream, encoder, source)
    if template.subtitle.burn_stream is not None:
        planner.burn(template.subtitle.burn_stream, source)
    for file in template.subtitle.files:
        planner.file(file)
    return planner.decided()


class _Planner:
    """Takes one subtitle after the other."""

    def __init__(self, index: int, template: Template, material: Material, sources: Sources, clock: Clock) -> None:
        self._index, self._template, self._material, self._sources, self._clock = index, template, material, sources, clock
        self._format = template.container.format
        self._tracks: list[SubtitlePlan] = []
        self._texts: list[TextFile] = []
        self._burnt: list[tuple[Script, str | None]] = []
        self._bitmap: Pad | None = None
        self._warnings: list[str] = []

    def decided(self) -> Subtitles:
        """All of it. Where a file is the one to show, the input's own flags step back."""
        tracks = self._tracks
        if any(track.default for track in tracks) and any(f.default and not f.burn for f in self._template.subtitle.files):
            chosen = max(at for at, track in enumerate(tracks) if track.default)
            tracks = [track.model_copy(update={"default": at == chosen}) for at, track in enumerate(tracks)]
        return Subtitles(tuple(tracks), tuple(self._texts), tuple(self._burnt), self._bitmap, self._clock.speed, tuple(self._warnings))

    def stream(self, stream: SubtitleStream, encoder: str, source: int) -> None:
        """One of the input's streams, as a track."""
        bare = self._template.mux.strip_metadata
        tags: dict[str, Any] = {"language": None if bare else known_language(stream.language), "title": None if bare else stream.title}
        tags |= {"default": stream.default, "forced": stream.forced}
        if self._clock.speed == 1 and not (stream.text and self._clock.cut):
            self._tracks.append(SubtitlePlan(pad=pad(source, stream), encoder=encoder, **tags))
        elif stream.text and (script := self._extracted(stream)):
            self._track(script, tags, f"Subtitle stream {stream.index}", -(self._material.probe.start or 0.0))
        elif not stream.text:
            self._warnings.append(f"Dropped: subtitle stream {stream.index}; its pictures cannot be played at another speed.")

    def burn(self, number: int, source: int) -> None:
        """One of the input's streams, drawn."""
        streams = self._material.probe.subtitle
        if number >= len(streams):
            raise JobError("TrackNotFound", f"The input has no subtitle stream {number}; it has {len(streams)}.")
        stream = streams[number]
        if not stream.text:
            self._bitmap = self._pictures(stream, source)
        elif script := self._extracted(stream):
            fonts = [(f"{s.index}", self._material.measured.get(font_name(s)) or "") for s in attached(self._template, self._material.probe)]
            script = replace(script, attached=tuple((name, font_files.encoded(data.encode("latin-1"))) for name, data in fonts if data))
            self._drawn(script, None, f"Subtitle stream {stream.index}", -(self._material.probe.start or 0.0))

    def _pictures(self, stream: SubtitleStream, source: int) -> Pad:
        """The stream in a reader of its own: beside the picture, ffmpeg moves it on with packets that are ahead by some frames, and it comes late."""
        probe = self._material.probe
        timing = (probe.picture.codec,) if probe.picture else ()
        alone = self._sources.table[source].model_copy(update={"options": ("-vn", "-an"), "timing": timing, "pixels": 0})
        return pad(self._sources.add(alone), stream)

    def file(self, file: SubtitleFile) -> None:
        """A file beside the input."""
        script, warnings = read_file(file, self._material)
        self._warnings += warnings
        if file.burn:
            self._drawn(script, file.font, f"«{file.address.name}»", file.offset_seconds)
            return
        tags = {"language": file.language or "und", "title": file.title, "default": file.default}
        self._track(script, tags, f"«{file.address.name}»", file.offset_seconds)

    def _extracted(self, stream: SubtitleStream) -> Script | None:
        try:
            return read_stream(stream, self._material)
        except SubtitleMistake as mistake:
            self._warnings.append(f"Subtitle stream {stream.index} was left out: {mistake}")
            return None

    def _track(self, script: Script, tags: Mapping[str, Any], name: str, offset: float = 0.0) -> None:
        seen = shifted(script, self._clock, offset)
        kind, encoder = TEXT_TRACKS[self._format]
        styled = script.kind == "ass" and self._format == "mkv"
        content = own_ass(seen) if styled else WRITERS[kind](flat(seen))
        if not (seen.cues if styled else flat(seen)):
            self._warnings.append(f"{name} was left out: it has no text within the clip.")
            return
        kind = "ass" if styled else kind
        file = f"o{self._index}-s{len(self._texts)}.{EXTENSIONS[kind]}"
        self._texts.append(TextFile(name=file, content=content))
        source = self._sources.add(Source(file=file, format=kind))
        self._tracks.append(SubtitlePlan(pad=Pad(source=source, stream=0, codec=CODECS[kind]), encoder=encoder, **tags))

    def _drawn(self, script: Script, font: str | None, name: str, offset: float = 0.0) -> None:
        seen = shifted(script, self._clock, offset)
        if seen.cues:
            self._burnt.append((seen, font))
        else:
            self._warnings.append(f"{name} was left out: it has no text within the clip.")


def read_file(file: SubtitleFile, material: Material) -> tuple[Script, tuple[str, ...]]:
    """A subtitle file, and what is to be said of it. Raises JobError SubtitleNotReadable."""
    data, name = material.media(file.address).data or b"", file.address.name
    if len(data) > BYTES_MAX:
        raise JobError("SubtitleNotReadable", f"«{name}»: the file has more than {BYTES_MAX // 1_000_000} MB.")
    try:
        text, charset = decoded(data, file.charset)
        script = read(text)
    except ValueError as mistake:  # SubtitleMistake is one
        raise JobError("SubtitleNotReadable", f"«{name}»: {mistake}") from None
    guessed = file.charset == "auto" and not charset.startswith("utf")
    told = (f"«{name}» was taken for {charset.upper()}; name the character encoding if the text is wrong.",) if guessed else ()
    return script, (*told, *script.warnings)


def read_stream(stream: SubtitleStream, material: Material) -> Script | None:
    """The text of one of the input's streams; None where nobody looked: a plan that is only shown. Raises JobError, and SubtitleMistake for what is no text."""
    name = extraction_name(stream)
    if name not in material.measured:
        return None
    text = material.measured[name]
    if text is None:
        raise JobError("SubtitleNotReadable", f"Subtitle stream {stream.index} of the input cannot be read.")
    return read(text)


def usual_font(text: str) -> str:
    """A font for a text by what it is written in."""
    if any("\uac00" <= c <= "\ud7a3" for c in text):
        return FONTS["ko"]
    if any("\u3041" <= c <= "\u30ff" for c in text):
        return FONTS["ja"]
    if not any("\u4e00" <= c <= "\u9fff" for c in text):
        return FONTS[""]
    return FONTS["hant" if sum(c in _ONLY_HANT for c in text) > sum(c in _ONLY_HANS for c in text) else "hans"]


def burnt(index: int, subtitles: Subtitles, renditions: Sequence[RenditionPlan]) -> tuple[tuple[RenditionPlan, ...], tuple[TextFile, ...], Lettering | None]:
    """The renditions with their texts drawn, the files for it, and what is needed of the worker's fonts."""
    first, colours = next(((r.video, r.expected.colours) for r in renditions if r.video is not None), (None, None))
    if first is None or not (subtitles.burnt or subtitles.bitmap):
        return tuple(renditions), (), None
    plain = [(script, font or usual_font("".join(c.text for c in script.cues))) for script, font in subtitles.burnt if script.kind != "ass"]
    white = WHITES.get((colours.transfer if colours else None) or "", "FFFFFF")
    contents = [to_ass(plain, first.width, first.height, white)] if plain else []
    brought = [_brought(script) if font is None else {} for script, font in subtitles.burnt]
    contents += [own_ass(script, font, tuple(own)) for (script, font), own in zip(subtitles.burnt, brought, strict=True) if script.kind == "ass"]
    texts = tuple(TextFile(name=f"o{index}-b{number}.ass", content=content) for number, content in enumerate(contents))
    steps: list[FilterSpec] = [("ass", (("filename", text.name),)) for text in texts]
    made = []
    for rendition in renditions:
        video = rendition.video
        if video is not None and video.encoder != "copy":
            over: list[FilterSpec | Branch] = list(steps)
            if subtitles.bitmap is not None:
                size: FilterSpec = ("scale", (("w", video.width), ("h", video.height)))
                faster = picture_filters(subtitles.speed)
                over.insert(0, Branch(pad=subtitles.bitmap, filters=(*faster, size), into=("overlay", (("eof_action", "pass"),))))
            video = video.model_copy(update={"filters": (*video.filters, *over)})
        made.append(rendition.model_copy(update={"video": video}))
    known = {name for own in brought for names in own.values() for name in names}
    fonts = dict.fromkeys(name for script, font in subtitles.burnt for name in ((font,) if font else script.fonts) if name.lower() not in known)
    own_letters = [bool(own) for own in brought]  # a font that comes along has the characters that it came for
    characters = {
        c
        for (script, _), own in zip(subtitles.burnt, own_letters, strict=True)
        for cue in (() if own else flat(script))
        for c in without_tags(cue.text)
        if not c.isspace()
    }
    return tuple(made), texts, Lettering(fonts=tuple(fonts), characters="".join(sorted(characters)))


def _brought(script: Script) -> dict[str, frozenset[str]]:
    """The fonts that a script brings along and that are some: content as ASS files hold it → names. Together at most twice what one may have."""
    found: dict[str, frozenset[str]] = {}
    room = 2 * font_files.BYTES_MAX
    for _, content in script.attached[: font_files.FONTS_MAX]:
        try:
            data = font_files.decoded(content)
        except ValueError:
            continue
        if len(data) <= room and (names := font_files.names(data)):
            found[content] = names
            room -= len(data)
    return found


def expected_texts(template: Template, tracks: Sequence[SubtitlePlan]) -> tuple[ExpectedText, ...]:
    """What verify holds each text track to."""
    keeps = CONTAINERS[template.container.format].language
    codecs = {"srt": "subrip"}
    return tuple(
        ExpectedText(codec=track.pad.codec if track.encoder == "copy" else codecs.get(track.encoder, track.encoder), language=track.language if keeps else None)
        for track in tracks
    )
