"""Rules of RFC 8216 that a playlist of ours must keep, checked on its text. Pure. Used by verify on every set, so a mistake is never published."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)')
_MEDIA_TAGS = ("#EXTINF", "#EXT-X-TARGETDURATION", "#EXT-X-BYTERANGE", "#EXT-X-KEY", "#EXT-X-MAP", "#EXT-X-ENDLIST", "#EXT-X-I-FRAMES-ONLY")
_MASTER_TAGS = ("#EXT-X-STREAM-INF", "#EXT-X-MEDIA:", "#EXT-X-I-FRAME-STREAM-INF")
_ONCE = ("#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-PLAYLIST-TYPE", "#EXT-X-I-FRAMES-ONLY", "#EXT-X-INDEPENDENT-SEGMENTS")
_METHODS = frozenset({"NONE", "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR"})  # the last one is Shaka's and Apple's practice for cenc, behind the RFC


def attributes(line: str) -> dict[str, str]:
    """The attribute list of a tag, quotation marks taken off."""
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


def problems(text: str) -> tuple[str, ...]:
    """What is wrong with a playlist, a sentence each; nothing where all is well."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return tuple(_common(lines)) or tuple(_master(lines) if any(line.startswith(_MASTER_TAGS) for line in lines) else _media(lines))


def _common(lines: list[str]) -> Iterator[str]:
    if lines[0] != "#EXTM3U":
        yield "the first line is not #EXTM3U"
    for tag in _ONCE:
        if sum(line == tag or line.startswith(f"{tag}:") for line in lines) > 1:
            yield f"{tag} stands twice"
    if any(line.startswith(_MASTER_TAGS) for line in lines) and any(line.startswith(_MEDIA_TAGS) for line in lines):
        yield "tags of media and master playlists are mixed"
    if any(line != line.strip() or "\t" in line for line in lines):
        yield "a line has white space around it"


# --- media playlists --------------------------------------------------------------------------------------------------
def _media(lines: list[str]) -> Iterator[str]:
    version = _number(lines, "#EXT-X-VERSION:") or 1
    target = _number(lines, "#EXT-X-TARGETDURATION:")
    frames_only = "#EXT-X-I-FRAMES-ONLY" in lines
    pending: float | None = None
    ranged = mapped = False
    parts = 0
    needed = 1
    if target is None:
        yield "#EXT-X-TARGETDURATION is missing"
    for line in lines[1:]:
        if line.startswith("#EXTINF:"):
            length = line[8:].partition(",")[0]
            if "," not in line:
                yield "an #EXTINF has no comma"
            try:
                pending = float(length)
            except ValueError:
                yield "an #EXTINF is not a number"
                continue
            needed = max(needed, 3 if "." in length else 1)
            if target is not None and int(pending + 0.5) > target:
                yield f"a segment of {length} s is longer than the target duration {target}"
        elif line.startswith("#EXT-X-BYTERANGE:"):
            ranged, needed = True, max(needed, 4)
            if frames_only and "@" not in line:
                yield "a byte range has no offset"
        elif line.startswith("#EXT-X-KEY:"):
            said = attributes(line)
            yield from _key(said)
            needed = max(needed, 2 if "IV" in said else 1, 5 if "KEYFORMAT" in said else 1)
        elif line.startswith("#EXT-X-MAP:"):
            mapped, needed = True, max(needed, 5 if frames_only else 6)
            if not attributes(line).get("URI"):
                yield "an #EXT-X-MAP has no URI"
        elif line and not line.startswith("#"):
            parts += 1
            if pending is None:
                yield "a segment has no #EXTINF"
            if frames_only and not ranged:
                yield "a key frame has no byte range"
            if line.partition("?")[0].endswith((".m4s", ".mp4")) and not mapped:
                yield "an fMP4 segment has no #EXT-X-MAP before it"
            pending, ranged = None, False
    if frames_only:
        needed = max(needed, 4)
    if version < needed:
        yield f"#EXT-X-VERSION is {version}, what is used needs {needed}"
    if not parts:
        yield "there is no segment"
    kind = next((line.partition(":")[2] for line in lines if line.startswith("#EXT-X-PLAYLIST-TYPE:")), "")
    if kind not in ("", "VOD", "EVENT"):
        yield "#EXT-X-PLAYLIST-TYPE is neither VOD nor EVENT"
    if kind == "VOD" and "#EXT-X-ENDLIST" not in lines:
        yield "#EXT-X-ENDLIST is missing"


def _key(said: dict[str, str]) -> Iterator[str]:
    method = said.get("METHOD", "")
    if method not in _METHODS:
        yield "an #EXT-X-KEY has no method that is known"
    if method != "NONE" and not said.get("URI"):
        yield "an #EXT-X-KEY has no URI"
    if "IV" in said and not re.fullmatch(r"0[xX][0-9a-fA-F]{32}", said["IV"]):
        yield "an IV is not of 16 bytes"


# --- master playlists -------------------------------------------------------------------------------------------------
def _master(lines: list[str]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    variants: list[dict[str, str]] = []
    for at, line in enumerate(lines):
        said = attributes(line)
        if line.startswith("#EXT-X-MEDIA:"):
            if missing := [name for name in ("TYPE", "GROUP-ID", "NAME") if not said.get(name)]:
                yield f"an #EXT-X-MEDIA has no {missing[0]}"
            if said.get("TYPE") == "SUBTITLES" and not said.get("URI"):
                yield "a subtitle track has no URI"
            groups.setdefault((said.get("TYPE", ""), said.get("GROUP-ID", "")), []).append(said)
        elif line.startswith("#EXT-X-STREAM-INF:"):
            variants.append(said)
            if at + 1 >= len(lines) or not lines[at + 1] or lines[at + 1].startswith("#"):
                yield "an #EXT-X-STREAM-INF has no address behind it"
        elif line.startswith("#EXT-X-I-FRAME-STREAM-INF:"):
            variants.append(said)
            if not said.get("URI"):
                yield "an #EXT-X-I-FRAME-STREAM-INF has no URI"
    for said in variants:
        if not said.get("BANDWIDTH", "").isdigit() or int(said["BANDWIDTH"]) < 1:
            yield "a variant has no BANDWIDTH"
        if "RESOLUTION" in said and not re.fullmatch(r"\d+x\d+", said["RESOLUTION"]):
            yield "a RESOLUTION is not WIDTHxHEIGHT"
        for kind in ("AUDIO", "SUBTITLES"):
            if kind in said and (kind, said[kind]) not in groups:
                yield f"a variant names the group «{said[kind]}», which is not there"
    for (kind, name), members in groups.items():
        if len({m.get("NAME") for m in members}) < len(members):
            yield f"two tracks of the group «{name}» have one name"
        if sum(m.get("DEFAULT") == "YES" for m in members) > 1:
            yield f"the group «{name}» has two default tracks"
        if kind == "AUDIO" and any(m.get("URI") == "" for m in members):
            yield f"a track of the group «{name}» has an empty URI"
    if not any("URI" not in said for said in variants):
        yield "there is no variant"


def _number(lines: list[str], tag: str) -> int | None:
    found = next((line[len(tag) :] for line in lines if line.startswith(tag)), "")
    return int(found) if found.isdigit() else None
