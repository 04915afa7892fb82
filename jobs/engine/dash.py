"""DASH manifests as Shaka Packager writes them: read, joined into one period, given final names. Pure; only for manifests that our own programs wrote."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
CENC = "urn:mpeg:cenc:2013"
DASHIF = "https://dashif.org/CPS"
CLEARKEY = "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"
PROTECTION = "urn:mpeg:dash:mp4protection:2011"
SEGMENTS_MAX = 200_000
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?\Z")
_NUMBER = re.compile(r"\$Number(?:%0(\d+)d)?\$")


@dataclass(frozen=True)
class Representation:
    """One stream in one quality. ``segments``: (file name, seconds) in order; none for a text file that is taken whole (``base``)."""

    content: str  # video, audio, text
    mime: str
    codecs: str
    bandwidth: int
    language: str | None
    init: str | None
    segments: tuple[tuple[str, float], ...]
    encrypted: bool
    base: str | None = None
    width: int | None = None
    height: int | None = None

    @property
    def seconds(self) -> float:
        """Sum of all segments."""
        return sum(seconds for _, seconds in self.segments)


@dataclass(frozen=True)
class Manifest:
    """What a manifest says. ``seconds``: of the whole presentation."""

    seconds: float
    static: bool
    periods: int
    representations: tuple[Representation, ...]


@dataclass(frozen=True)
class Text:
    """A text track to be added: one WebVTT file."""

    file: str
    language: str | None
    title: str | None


def read(text: str) -> Manifest:
    """Read a manifest. Raises ValueError with one sentence where it is none."""
    root = _root(text)
    periods = root.findall(_tag("Period"))
    found: list[Representation] = []
    for period in periods:
        for adaptation in period.findall(_tag("AdaptationSet")):
            for representation in adaptation.findall(_tag("Representation")):
                found.append(_representation(adaptation, representation))
    return Manifest(_seconds(root.get("mediaPresentationDuration", "")), root.get("type") == "static", len(periods), tuple(found))


def finish(
    text: str,
    stems: Mapping[str, str],
    texts: Sequence[Text] = (),
    *,
    media: Mapping[str, str] | None = None,
    license_uri: str | None = None,
    titles: Mapping[str, str] | None = None,
    default: str | None = None,
) -> str:
    """The manifest as it is published.

    ``stems``: the beginning of file names, old to new; ``media``: by the old beginning, what segments are called where their names do not follow it. Text tracks are added, and ClearKey players are told where to ask for the key. ``titles``: labels by old beginning; ``default``: the beginning of the sound track to start with.
    """
    _register()
    root = _root(text)
    periods = root.findall(_tag("Period"))
    for adaptation in periods[0].findall(_tag("AdaptationSet")):
        template = adaptation.find(f"{_tag('Representation')}/{_tag('SegmentTemplate')}")
        own = _stem((template.get("initialization") or "") if template is not None else "", stems)
        if own and titles and own in titles:
            label = ET.Element(_tag("Label"))
            label.text = titles[own]
            _insert_before_representations(adaptation, label)
        if default and adaptation.get("contentType") == "audio":
            role = ET.Element(_tag("Role"), {"schemeIdUri": "urn:mpeg:dash:role:2011", "value": "main" if own == default else "alternate"})
            _insert_before_representations(adaptation, role)
        if license_uri:
            _clear_key(adaptation, license_uri)
        for segments in adaptation.iter(_tag("SegmentTemplate")):
            for name in ("initialization", "media"):
                value = segments.get(name, "")
                old = _stem(value, stems)
                if old is None:
                    raise KeyError(value)
                fixed = (media or {}).get(old) if name == "media" else None
                segments.set(name, fixed or stems[old] + value[len(old) :])
    number = max((int(a.get("id", "0")) for a in periods[0].findall(_tag("AdaptationSet"))), default=0)
    for track in texts:
        number += 1
        _add_text(periods[0], track, number)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def joined(text: str, times: Mapping[str, tuple[int, int, int]], start: int) -> str:
    """One period of all segments. The packager makes a period at each forced cut, loses some of them (3.8), and only the segments themselves are right:
    ``times`` are theirs, by file name, as (begin, length, units per second); ``start`` is the number of the first one.
    """
    _register()
    root = _root(text)
    periods = root.findall(_tag("Period"))
    for later in periods[1:]:
        root.remove(later)
    longest = 0.0
    for template in periods[0].iter(_tag("SegmentTemplate")):
        media = template.get("media", "")
        found: list[tuple[int, int, int]] = []
        while (name := _numbered(media, start + len(found))) in times:
            found.append(times[name])
        timeline = template.find(_tag("SegmentTimeline"))
        if timeline is None or not found:
            raise ValueError("The manifest has no timeline.")
        timeline.clear()
        for begin, length, scale in found:
            ET.SubElement(timeline, _tag("S"), {"t": str(begin), "d": str(length)})
            template.set("timescale", str(scale))
        template.set("startNumber", str(start))
        template.attrib.pop("presentationTimeOffset", None)
        longest = max(longest, sum(length / scale for _, length, scale in found))
    periods[0].attrib.pop("duration", None)
    root.set("mediaPresentationDuration", f"PT{longest:.3f}S")
    return ET.tostring(root, encoding="unicode")


def _register() -> None:
    for prefix, address in (("", NAMESPACE), ("cenc", CENC), ("dashif", DASHIF), ("xsi", "http://www.w3.org/2001/XMLSchema-instance")):
        ET.register_namespace(prefix, address)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _root(text: str) -> ET.Element:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("The manifest declares entities.")
    try:
        root = ET.fromstring(text)  # noqa: S314  our own programs' output, and without entities
    except ET.ParseError:
        raise ValueError("The manifest is not XML.") from None
    if root.tag != _tag("MPD"):
        raise ValueError("The manifest does not begin with MPD.")
    if root.find(_tag("Period")) is None:
        raise ValueError("The manifest has no period.")
    return root


def _representation(adaptation: ET.Element, representation: ET.Element) -> Representation:
    def either(name: str) -> str | None:
        return representation.get(name) or adaptation.get(name)

    template = representation.find(_tag("SegmentTemplate"))
    base = representation.find(_tag("BaseURL"))
    segments: list[tuple[str, float]] = []
    init = None
    if template is not None:
        scale, media = int(template.get("timescale", "1")), template.get("media", "")
        init = template.get("initialization")
        number = int(template.get("startNumber", "1"))
        for line in template.iterfind(f"{_tag('SegmentTimeline')}/{_tag('S')}"):
            for _ in range(int(line.get("r", "0")) + 1):
                segments.append((_numbered(media, number), int(line.get("d", "0")) / scale))
                number += 1
                if len(segments) > SEGMENTS_MAX:
                    raise ValueError("The manifest names too many segments.")
    width, height = either("width"), either("height")
    return Representation(
        content=adaptation.get("contentType", ""),
        mime=either("mimeType") or "",
        codecs=either("codecs") or "",
        bandwidth=int(representation.get("bandwidth", "0")),
        language=adaptation.get("lang"),
        init=init,
        segments=tuple(segments),
        encrypted=adaptation.find(_tag("ContentProtection")) is not None or representation.find(_tag("ContentProtection")) is not None,
        base=base.text if base is not None else None,
        width=int(width) if width else None,
        height=int(height) if height else None,
    )


def _numbered(media: str, number: int) -> str:
    """The file name of a segment."""
    return _NUMBER.sub(lambda m: f"{number:0{m[1] or 1}d}", media)


def _stem(name: str, stems: Mapping[str, str]) -> str | None:
    """The longest known beginning of a file name, up to its «-init» or «-$Number»."""
    return max((stem for stem in stems if name.startswith(f"{stem}-")), key=len, default=None)


def _insert_before_representations(adaptation: ET.Element, child: ET.Element) -> None:
    at = next((n for n, one in enumerate(adaptation) if one.tag == _tag("Representation")), len(adaptation))
    adaptation.insert(at, child)


def _clear_key(adaptation: ET.Element, uri: str) -> None:
    """Tell ClearKey players of the key, right behind the element that names the scheme."""
    for parent in (adaptation, *adaptation.findall(_tag("Representation"))):
        for at, one in enumerate(list(parent)):
            if one.tag == _tag("ContentProtection") and one.get("schemeIdUri") == PROTECTION:
                clear = ET.Element(_tag("ContentProtection"), {"schemeIdUri": CLEARKEY, "value": "ClearKey1.0"})
                ET.SubElement(clear, f"{{{DASHIF}}}Laurl", {"Lic_type": "EME-1.0"}).text = uri
                parent.insert(at + 1, clear)
                break


def _add_text(period: ET.Element, track: Text, number: int) -> None:
    adaptation = ET.SubElement(period, _tag("AdaptationSet"), {"id": str(number), "contentType": "text", "lang": track.language or "und"})
    if track.title:
        ET.SubElement(adaptation, _tag("Label")).text = track.title
    ET.SubElement(adaptation, _tag("Role"), {"schemeIdUri": "urn:mpeg:dash:role:2011", "value": "subtitle"})
    representation = ET.SubElement(adaptation, _tag("Representation"), {"id": f"t{number}", "bandwidth": "256", "mimeType": "text/vtt"})
    ET.SubElement(representation, _tag("BaseURL")).text = track.file


def _seconds(text: str) -> float:
    found = _DURATION.match(text)
    if not found:
        raise ValueError("The manifest does not say how long it is.")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds
