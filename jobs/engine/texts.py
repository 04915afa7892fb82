"""Subtitle files as text: SRT, WebVTT and ASS/SSA read into cues. Pure: text in, cues out.

What is read is written anew by us (see scripts), so that no program ever meets a file from outside. Reading is strict about times and mild about
everything else; a file that is not what it seems raises :class:`SubtitleMistake` with the line.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

BYTES_MAX = 10_000_000
CUES_MAX = 50_000
CUE_CHARACTERS = 10_000
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s+(.*))?\s*\Z")
_ASS_TIME = re.compile(r"\s*(\d{1,4}):(\d{1,2}):(\d{1,2})[.:](\d{1,3})\s*\Z")
_TAG = re.compile(r"<(/?)([a-zA-Z0-9.]*+)[^<>]*+>")  # possessive: a text of one «<» and many letters is read once
_BRACES = re.compile(r"\{\\[^{}]*\}")
_POSITION = re.compile(r"\{\\an?(\d{1,2})\}")
_SETTING = re.compile(
    r"(?:vertical:(?:rl|lr)|(?:line|position):-?\d+(?:\.\d+)?%?(?:,[a-z-]+)?|size:\d+(?:\.\d+)?%|align:(?:start|center|middle|end|left|right))\Z"
)
_KEPT = frozenset({"b", "i", "u"})
_INFO = frozenset({"scripttype", "playresx", "playresy", "wrapstyle", "scaledborderandshadow", "ycbcr matrix", "collisions"})
_SECTIONS = frozenset({"[script info]", "[v4+ styles]", "[v4 styles]", "[v4++ styles]", "[events]", "[graphics]", "[fonts]"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029]")


class SubtitleMistake(ValueError):
    """What is wrong with a file, in one sentence with the line."""


@dataclass(frozen=True)
class Cue:
    """Something shown for a while. ``start``, ``end``: s; ``text``: lines, with <b>, <i> and <u> kept and balanced; ``place``: where, as on a
    keypad (2 is below, 8 above); ``settings``: WebVTT's; ``event``: the other fields of an ASS event."""

    start: float
    end: float
    text: str
    place: int | None = None
    settings: str = ""
    event: tuple[str, ...] = ()


@dataclass(frozen=True)
class Script:
    """A subtitle file. Of ASS: ``info``, ``styles``, the order of an event's ``fields``, the ``fonts`` that its styles name, and those that it brings along
    (``attached``: name of the file, content as such files hold it)."""

    kind: str
    cues: tuple[Cue, ...]
    info: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    attached: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = field(default=())


def read(text: str) -> Script:
    """Read a file; its kind is told by its content. Raises SubtitleMistake."""
    text = _CONTROL.sub("", text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n"))
    lines = text.split("\n")
    first = next((line.strip() for line in lines if line.strip()), "")
    if not first:
        raise SubtitleMistake("The subtitle file is empty.")
    if first.startswith("WEBVTT"):
        script = _vtt(lines)
    elif first.lower() == "[script info]" or any(line.strip().lower() == "[events]" for line in lines[:2000]):
        script = _ass(lines)
    else:
        script = _srt(lines)
    if not script.cues:
        raise SubtitleMistake("The subtitle file has no text to show.")
    return script


def _srt(lines: list[str]) -> Script:
    cues: list[Cue] = []
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if lines[at].strip().isdigit() and at + 1 < len(lines) and "-->" in lines[at + 1]:
            at += 1
        times = _TIMES.match(lines[at])
        if not times:
            raise SubtitleMistake(f"Line {at + 1} of the subtitle file is no time such as 00:00:01,000 --> 00:00:02,500.")
        block, at, began = [], at + 1, at + 1
        while at < len(lines) and lines[at].strip():
            block.append(lines[at])
            at += 1
        text = _joined(block, began)
        place = _POSITION.search(text)
        _add(cues, _seconds(times, 1), _seconds(times, 5), _plain(_BRACES.sub("", text)), began, place=_keypad(place[1]) if place else None)
    return Script("srt", tuple(cues))


def _vtt(lines: list[str]) -> Script:
    cues: list[Cue] = []
    at = 1
    while at < len(lines) and lines[at].strip():  # what belongs to the header
        at += 1
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if "-->" not in lines[at]:
            if lines[at].split(" ")[0].strip() in ("NOTE", "STYLE", "REGION") or at + 1 >= len(lines) or "-->" not in lines[at + 1]:
                if not lines[at].startswith(("NOTE", "STYLE", "REGION")):
                    raise SubtitleMistake(f"Line {at + 1} of the subtitle file is no time such as 00:01.000 --> 00:02.500.")
                while at < len(lines) and lines[at].strip():
                    at += 1
                continue
            at += 1
        times = _TIMES.match(lines[at])
        if not times:
            raise SubtitleMistake(f"Line {at + 1} of the subtitle file is no time such as 00:01.000 --> 00:02.500.")
        block, at, began = [], at + 1, at + 1
        while at < len(lines) and lines[at].strip() and "-->" not in lines[at]:
            block.append(lines[at])
            at += 1
        settings = " ".join(word for word in (times[9] or "").split() if _SETTING.match(word))
        above = re.search(r"line:(?:0|[0-3]?\d(?:\.\d+)?%)(?:,|\s|\Z)", settings)
        _add(cues, _seconds(times, 1), _seconds(times, 5), html.unescape(_plain(_joined(block, began))), began, place=8 if above else None, settings=settings)
    return Script("vtt", tuple(cues))


def _ass(lines: list[str]) -> Script:
    cues: list[Cue] = []
    info: list[str] = []
    styles: list[str] = []
    fonts: dict[str, None] = {}
    fields: tuple[str, ...] = ()
    section, left = "", set()
    brought: list[tuple[str, list[str]]] = []
    font_at = 1
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]") and (section != "[fonts]" or line.lower() in _SECTIONS):
            section = line.lower()
            if section in ("[v4+ styles]", "[v4 styles]", "[v4++ styles]"):
                styles.append("[V4 Styles]" if section == "[v4 styles]" else "[V4+ Styles]")
            elif section == "[graphics]":
                left.add(section)
            continue
        if section == "[fonts]":
            if line.lower().startswith("fontname:"):
                brought.append((line.partition(":")[2].strip(), []))
            elif brought and line:
                brought[-1][1].append(line)
            continue
        key, _, value = line.partition(":")
        name = key.strip().lower()
        if section == "[script info]" and name in _INFO and value.strip().isprintable():
            info.append(f"{key.strip()}: {value.strip()[:100]}")
        elif "styles]" in section and name in ("format", "style"):
            parts = [part.strip() for part in value.split(",")]
            if name == "format":
                font_at = next((at for at, part in enumerate(parts) if part.lower() == "fontname"), 1)
            elif len(parts) > font_at:
                fonts[parts[font_at].lstrip("@")] = None
            styles.append(f"{key.strip().title()}: {','.join(parts)}")
        elif section == "[events]" and name == "format":
            fields = tuple(part.strip().lower() for part in value.split(","))
            if not {"start", "end", "text"} <= set(fields) or fields[-1] != "text":
                raise SubtitleMistake(f"Line {number} of the subtitle file: the fields of an event must have Start, End and, as the last one, Text.")
        elif section == "[events]" and name == "dialogue":
            if not fields:
                raise SubtitleMistake(f"Line {number} of the subtitle file: an event stands before the line that names its fields.")
            parts = value.lstrip().split(",", len(fields) - 1)
            if len(parts) != len(fields):
                raise SubtitleMistake(f"Line {number} of the subtitle file: the event has {len(parts)} fields instead of {len(fields)}.")
            begin, end = (_ass_seconds(parts[fields.index(side)], number) for side in ("start", "end"))
            _add(cues, begin, end, _joined(parts[-1:], number), number, event=tuple(part.strip() for part in parts[:-1]))
    warnings = ("The pictures inside the ASS file are not used.",) if left else ()
    attached = tuple((name, "\n".join(rows)) for name, rows in brought)
    return Script("ass", tuple(cues), tuple(info), tuple(styles), fields, tuple(fonts), attached, warnings)


def _add(cues: list[Cue], start: float, end: float, text: str, line: int, *, place: int | None = None, settings: str = "", event: tuple[str, ...] = ()) -> None:
    if end < start:
        raise SubtitleMistake(f"Line {line} of the subtitle file: the text ends before it begins.")
    if len(cues) >= CUES_MAX:
        raise SubtitleMistake(f"The subtitle file has more than {CUES_MAX} texts.")
    if end > start and text.strip():
        cues.append(Cue(start, end, text.strip("\n"), place, settings, event))


def _joined(block: list[str], line: int) -> str:
    """The lines of one text, before anything looks into them."""
    if sum(len(row) + 1 for row in block) > CUE_CHARACTERS + 1:
        raise SubtitleMistake(f"Line {line} of the subtitle file: a single text has more than {CUE_CHARACTERS} characters.")
    return "\n".join(block)


def _seconds(found: re.Match[str], at: int) -> float:
    hours, minutes, seconds, rest = found[at], found[at + 1], found[at + 2], found[at + 3]
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(rest.ljust(3, "0")) / 1000


def _ass_seconds(text: str, line: int) -> float:
    found = _ASS_TIME.match(text)
    if not found:
        raise SubtitleMistake(f"Line {line} of the subtitle file is no time such as 0:00:01.00.")
    return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3]) + int(found[4].ljust(3, "0")) / 1000


def _keypad(number: str) -> int | None:
    return int(number) if number in "123456789" else None


def _plain(text: str) -> str:
    """Text with bold, italic and underline kept, balanced, and every other tag taken out (its content stays)."""
    opened: list[str] = []

    def tag(found: re.Match[str]) -> str:
        name = found[2].partition(".")[0].lower()
        if name not in _KEPT:
            return "" if name or found[0].startswith(("</", "<0", "<1")) else found[0]
        if not found[1]:
            opened.append(name)
            return f"<{name}>"
        if name not in opened:
            return ""
        opened.remove(name)
        return f"</{name}>"

    made = _TAG.sub(tag, text)
    return made + "".join(f"</{name}>" for name in reversed(opened))


def without_tags(text: str) -> str:
    """The bare text."""
    return re.sub(r"</?[biu]>", "", text)
