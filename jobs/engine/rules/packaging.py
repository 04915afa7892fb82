"""What cannot be combined in segments, ladders and encryption. Pure. Places are relative to the template.

``native``: our own range of segment lengths. OSS has a wider one (0–3600 s, 0 is one segment that holds everything); its dialect asks with False.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.engine.codecs import CONTAINERS, VIDEO
from jobs.engine.errors import Problem
from jobs.engine.packaging import FORMATS, segmentation

if TYPE_CHECKING:
    from jobs.engine.template import Encryption, Template

SHORTEST, LONGEST = 1.0, 60.0  # s
SEGMENT_FORMATS = {"hls": ("ts", "fmp4"), "dash": ("fmp4", "webm"), "cmaf": ("fmp4",)}
LOOPS = frozenset({"gif", "webp"})
# what other files of a set are called: v, a0, t0, …-init, …-i, …-v, …-rung
_RESERVED = re.compile(r"(?:v|[at]\d+.*|packager|(?:.*-)?(?:init|i|v|rung|\d+))\Z")
_NUMBER = re.compile(r"%(?:0[1-9])?d")
_PLAIN = re.compile(r"[A-Za-z0-9._-]*\Z")
_NO_ADDRESS = re.compile(r"(?:javascript|vbscript|data|file|blob|about):", re.IGNORECASE)
_CHARACTERS = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+\Z")
_URI = re.compile(r"(?:https?://[A-Za-z0-9\[][^/?#]*(?:[/?#]|\Z)|(?!https?:)[A-Za-z][A-Za-z0-9+.-]*:[^:]|/(?!/))")


def check(template: Template, *, native: bool = True) -> Iterator[Problem]:
    """Every mistake of the packaging of a template."""
    yield from _segments(template, native=native)
    if template.mux.loop and template.container.format not in LOOPS:
        yield Problem(("mux", "loop"), f"{CONTAINERS[template.container.format].name} does not loop; only GIF and WebP do.")
    if template.ladder:
        yield from _ladder(template)
    if template.encryption is not None:
        yield from _encryption(template, template.encryption)


def _segments(template: Template, *, native: bool) -> Iterator[Problem]:
    format_, mux = template.container.format, template.mux
    name = CONTAINERS[format_].name
    if format_ not in FORMATS:
        for field in ("segment_seconds", "segment_format", "cut_times", "start_number", "segment_name", "iframe_playlist", "growing_playlist", "automatic"):
            if getattr(mux, field) != type(mux).model_fields[field].default:
                yield Problem(("mux", field), f"{name} has no segments; only HLS, DASH and CMAF have.")
        return
    if native and mux.segment_seconds is not None and not SHORTEST <= mux.segment_seconds <= LONGEST:
        yield Problem(("mux", "segment_seconds"), f"Segments have {SHORTEST:g} to {LONGEST:g} seconds.")
    elif mux.segment_seconds and mux.segment_seconds < 0.1:
        yield Problem(("mux", "segment_seconds"), "Segments have at least 0.1 seconds.")
    allowed = SEGMENT_FORMATS[format_]
    if mux.segment_format and mux.segment_format not in allowed:
        yield Problem(("mux", "segment_format"), f"{name} has no such segments. Use {' or '.join(allowed)}.")
    if mux.iframe_playlist:
        if format_ == "dash":
            yield Problem(("mux", "iframe_playlist"), "DASH has no key frame playlist; HLS and CMAF have.")
        if template.video.remove:
            yield Problem(("mux", "iframe_playlist"), "A key frame playlist needs the picture, which is removed.")
        if template.encryption is not None and template.encryption.method == "aes-128":
            yield Problem(
                ("mux", "iframe_playlist"), "Key frames cannot be read out of whole encrypted segments: use cbcs with fMP4 segments, or no key frame playlist."
            )
    if mux.cut_times:
        yield from _cuts(template)
    if mux.segment_name is not None:
        yield from _names(mux.segment_name)
    if mux.automatic:
        yield from _automatic(template)
    if mux.growing_playlist:
        yield from _growing(template)


def _cuts(template: Template) -> Iterator[Problem]:
    times, video = template.mux.cut_times, template.video
    if any(time <= 0 for time in times) or list(times) != sorted(set(times)):
        yield Problem(("mux", "cut_times"), "Forced cut times are above 0 and ascend.")
    if video.remove or video.codec == "copy":
        yield Problem(("mux", "cut_times"), "Segments can only be cut at will where the picture is encoded.")
    if template.mux.segment_format == "webm":
        yield Problem(("mux", "cut_times"), "WebM segments are not cut at forced times here; use fMP4 segments.")
    for field in ("gop", "gop_seconds"):
        if getattr(video, field) is not None:
            yield Problem(("video", field), f"With forced cut times key frames stand where segments begin: remove «{field}».")


def _names(pattern: str) -> Iterator[Problem]:
    """One number, and nothing that would be a path or need care in a file name."""
    if len(_NUMBER.findall(pattern)) != 1:
        yield Problem(("mux", "segment_name"), "A segment's name has its number once: %d, or %05d for five digits.")
    elif not _PLAIN.match(_NUMBER.sub("", pattern.replace("{name}", "", 1))):
        yield Problem(("mux", "segment_name"), "Besides {name} and the number there may be letters, digits, dots, hyphens and underscores.")


def _automatic(template: Template) -> Iterator[Problem]:
    """Rungs are forecast as Narrowband forecasts its twin."""
    place, edit = ("mux", "automatic"), template.edit
    if not template.ladder:
        yield Problem(place, "Without a ladder no rung can be left out: add one, or remove «automatic».")
    usual = CONTAINERS[template.container.format].video[0]
    for codec in dict.fromkeys((rung.video.codec or template.video.codec or usual) for rung in template.ladder):
        if codec not in ("h264", "h265", "av1", "copy"):
            yield Problem(place, f"Rungs in {VIDEO[codec].name} are not forecast: use H.264, H.265 or AV1, or remove «automatic».")
    if edit.before or edit.after or edit.after_list or edit.openings or edit.tails:
        yield Problem(place, "Rungs are measured against one source: an automatic ladder cannot be joined from several inputs.")


def _growing(template: Template) -> Iterator[Problem]:
    place = ("mux", "growing_playlist")
    if template.container.format != "hls":
        yield Problem(place, "Only HLS can be played while it is made; choose HLS or leave this out.")
    elif template.encryption is not None and template.encryption.method != "aes-128":
        yield Problem(place, "cbcs and cenc are packaged after the encode, so nothing can be played before: use AES-128 with TS segments.")
    if template.mux.segment_name is not None:
        yield Problem(place, "Names of segments that are the same in every attempt cannot be played while they are made: remove «segment_name».")
    if template.video.codec == "copy" and not template.video.remove:
        yield Problem(place, "A copied picture is there in a moment, and nobody knows how long its segments will be: choose a codec.")
    if template.mux.segment_seconds == 0:
        yield Problem(place, "One segment that holds everything does not grow.")


def is_reserved(name: str) -> bool:
    """Whether other files of a set are called so: no rung can be."""
    return _RESERVED.match(name) is not None


def _ladder(template: Template) -> Iterator[Problem]:
    format_ = template.container.format
    if format_ not in FORMATS:
        yield Problem(("ladder",), f"{CONTAINERS[format_].name} holds one rendition; a ladder needs HLS, DASH or CMAF.")
    if template.video.remove:
        yield Problem(("ladder",), "A ladder needs the picture, which is removed.")
    if template.video.codec == "copy":
        yield Problem(("ladder",), "A copied picture has one size; a ladder needs a codec.")
    names = [r.name for r in template.ladder]
    for position, rung in enumerate(names):
        if rung in names[:position]:
            yield Problem(("ladder", position, "name"), f"Two rungs are named «{rung}».")
        elif is_reserved(rung):
            yield Problem(("ladder", position, "name"), f"Other files of the set are called «{rung}»: choose another name, for example 720p.")


def _encryption(template: Template, wanted: Encryption) -> Iterator[Problem]:
    cut = segmentation(template)
    if cut is None:
        yield Problem(("encryption",), "Encryption needs HLS, DASH or CMAF.")
        return
    if wanted.method == "aes-128" and cut.format != "ts":
        yield Problem(("encryption", "method"), "AES-128 encrypts whole TS segments only; fMP4 segments take cbcs or cenc.")
    elif wanted.method != "aes-128" and cut.format == "ts":
        yield Problem(("encryption", "method"), "cbcs and cenc encrypt fMP4 segments; TS segments take aes-128.")
    elif cut.format == "webm":
        yield Problem(("encryption", "method"), "WebM segments are not encrypted here; use fMP4 segments.")
    elif wanted.method != "aes-128" and "mp3" in (template.audio.codec, *(track.codec for track in template.audios)):
        yield Problem(("audio", "codec"), "MP3 in fMP4 segments cannot be encrypted: use AAC.")
    if wanted.key_id and wanted.method == "aes-128":
        yield Problem(("encryption", "key_id"), "A key of AES-128 has no id.")
    if wanted.key and wanted.per == "media":
        yield Problem(("encryption", "per"), "A given key is the same wherever it is given; per media is for keys that are made.")
    if wanted.key_uri is not None:
        if not is_uri(wanted.key_uri):
            yield Problem(("encryption", "key_uri"), "This is no URI that players could fetch a key from.")
        if wanted.private:
            yield Problem(("encryption", "key_uri"), "A private key comes from this service's own key endpoint: remove the key URI.")
        if wanted.key is None:
            yield Problem(("encryption", "key"), "Whoever answers at the key URI has to know the key: give it.")


def is_uri(text: str) -> bool:
    """Whether this is an address for a key: absolute (http and https with a host), or a path from the root."""
    return bool(_CHARACTERS.match(text) and _URI.match(text) and not _NO_ADDRESS.match(text))
