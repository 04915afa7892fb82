"""Subtitle files of ours, written from cues: SRT, WebVTT and ASS, always UTF-8 and always the same. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from jobs.engine.texts import Cue, Script, without_tags

SIDE = 720  # the shorter side of the picture that our own styles are written for
ARROW = "--\u200b>"
SIZE, OUTLINE, MARGIN = 42, 2.5, 36
_OVERRIDE = re.compile(r"\{([^{}]*)\}")
_DRAWING = re.compile(r"\\p(\d+)")
_FONT = re.compile(r"\\fn[^\\{}]*")
_STYLE = "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding"
_EVENT = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"


@dataclass(frozen=True)
class Clock:
    """From a file's times to the output's: ``start`` is cut off, then all goes ``speed`` times as fast, and ends at ``seconds`` (None: unknown).
    ``cut``: whether anything is cut off, at either end."""

    start: float = 0.0
    speed: float = 1.0
    seconds: float | None = None
    cut: bool = False


def shifted(script: Script, clock: Clock, offset: float = 0.0) -> Script:
    """The cues of a script that are seen in the output, at the output's times. ``offset``: s that the file's times are late by."""
    cues = []
    for cue in script.cues:
        start, end = ((time + offset - clock.start) / clock.speed for time in (cue.start, cue.end))
        end = end if clock.seconds is None else min(end, clock.seconds)
        if end > 0 and end - max(start, 0.0) >= 0.001:
            cues.append(replace(cue, start=max(0.0, start), end=end))
    return replace(script, cues=tuple(cues))


def flat(script: Script) -> tuple[Cue, ...]:
    """Plain cues of any kind of script, by time: of ASS without drawings and overrides, italics and bold aside."""
    cues = script.cues if script.kind != "ass" else tuple(replace(cue, text=_flattened(cue.text)) for cue in script.cues)
    return tuple(sorted((cue for cue in cues if without_tags(cue.text).strip()), key=lambda cue: (cue.start, cue.end)))


def _flattened(text: str) -> str:
    """ASS without commands; what stands between \\p1 and \\p0 is a drawing."""
    shown, drawing = [], False
    for at, part in enumerate(_OVERRIDE.split(text)):
        if at % 2:
            for number in _DRAWING.findall(part):
                drawing = number != "0"
        elif not drawing:
            shown.append(part)
    bare = "".join(shown).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return "\n".join(line.strip() for line in bare.split("\n") if line.strip())


def to_srt(cues: Iterable[Cue]) -> str:
    """SubRip. An arrow in a text would begin another text: it gets a space of no width."""
    rows = []
    for number, cue in enumerate(cues, start=1):
        where = f"{{\\an{cue.place}}}" if cue.place else ""
        rows.append(f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n{where}{cue.text.replace('-->', ARROW)}\n\n")
    return "".join(rows)


def to_vtt(cues: Iterable[Cue]) -> str:
    """WebVTT; «&» and «<» that are not tags of ours are written as entities."""
    rows = ["WEBVTT\n"]
    for cue in cues:
        text = re.sub(r"&lt;(/?[biu])&gt;", r"<\1>", cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
        settings = cue.settings or ("line:0" if cue.place in (7, 8, 9) else "")
        rows.append(f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}{' ' + settings if settings else ''}\n{text}\n")
    return "\n".join(rows)


def to_ass(scripts: Sequence[tuple[Script, str]], width: int, height: int, white: str = "FFFFFF") -> str:
    """Our own style for plain files (SRT, WebVTT), each with its font; texts of several files that meet are stacked. ``white``: colour as BBGGRR."""
    factor = SIDE / min(width, height)
    across, down = round(width * factor), round(height * factor)
    styles, events = [], []
    for number, (script, font) in enumerate(scripts):
        colours = f"&H00{white},&H00{white},&H00000000,&H80000000"
        styles.append(f"Style: S{number},{font},{SIZE},{colours},0,0,0,0,100,100,0,0,1,{OUTLINE},0,2,{MARGIN},{MARGIN},{MARGIN},1")
        for cue in flat(script):
            where = f"{{\\an{cue.place}}}" if cue.place else ""
            events.append(f"Dialogue: 0,{_ass_time(cue.start)},{_ass_time(cue.end)},S{number},,0,0,0,,{where}{_escaped(cue.text)}")
    info = ["[Script Info]", "ScriptType: v4.00+", f"PlayResX: {across}", f"PlayResY: {down}", "WrapStyle: 0", "ScaledBorderAndShadow: yes", ""]
    return "\n".join([*info, "[V4+ Styles]", f"Format: {_STYLE}", *styles, "", "[Events]", f"Format: {_EVENT}", *events, ""])


def own_ass(script: Script, font: str | None = None, fonts: Sequence[str] = ()) -> str:
    """An ASS file with its own styles, at the cues' times; ``font`` takes the place of all of its fonts; ``fonts``: the content of those that it brings along."""
    events = []
    at = {name: number for number, name in enumerate(script.fields)}
    for cue in script.cues:
        parts = [*cue.event, cue.text]
        parts[at["start"]], parts[at["end"]] = _ass_time(cue.start), _ass_time(cue.end)
        if font:
            parts[-1] = _FONT.sub("", parts[-1])
        events.append(f"Dialogue: {','.join(parts)}")
    styles = [_with_font(line, font, script.styles) if font else line for line in script.styles]
    names = ", ".join(name.title() if name not in ("marginl", "marginr", "marginv") else f"Margin{name[-1].upper()}" for name in script.fields)
    brought = [line for number, content in enumerate(fonts) for line in (f"fontname: f{number}_0.ttf", content, "")]
    return "\n".join(["[Script Info]", *script.info, "", *styles, "", *(["[Fonts]", *brought] if brought else []), "[Events]", f"Format: {names}", *events, ""])


def _with_font(line: str, font: str, lines: Sequence[str]) -> str:
    if not line.startswith("Style:"):
        return line
    order = next((row.partition(":")[2].lower().replace(" ", "").split(",") for row in lines if row.startswith("Format:")), ["name", "fontname"])
    parts = line.partition(":")[2].split(",")
    if "fontname" in order and order.index("fontname") < len(parts):
        parts[order.index("fontname")] = font
    return "Style:" + ",".join(parts)


def _escaped(text: str) -> str:
    """Text that means nothing to a renderer but for bold, italic and underline. A backslash gets a word joiner behind it, so that it begins no command."""
    plain = text.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}").replace("\n", "\\N")
    return re.sub(r"<(/?)([biu])>", lambda found: f"{{\\{found[2]}{0 if found[1] else 1}}}", plain)


def _split(seconds: float, parts: int) -> tuple[int, int, int, int]:
    whole = round(seconds * parts)
    return whole // parts // 3600, whole // parts // 60 % 60, whole // parts % 60, whole % parts


def _time(seconds: float, point: str) -> str:
    hours, minutes, rest, parts = _split(seconds, 1000)
    return f"{hours:02d}:{minutes:02d}:{rest:02d}{point}{parts:03d}"


def _ass_time(seconds: float) -> str:
    hours, minutes, rest, parts = _split(seconds, 100)
    return f"{hours}:{minutes:02d}:{rest:02d}.{parts:02d}"


Writer = Callable[[Iterable[Cue]], str]
WRITERS: dict[str, Writer] = {"srt": to_srt, "webvtt": to_vtt}
