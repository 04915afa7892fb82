"""What of a template an output's own words unsay, in the products whose templates say everything: MPS and IMS. Pure.

«Remove the picture» unsays all that the template says of it; another codec unsays what only the template's one knows; another container what it cannot hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.engine.codecs import AUDIO
from jobs.engine.containers import CONTAINERS

Params = dict[str, Any]
SOUND_ONLY = frozenset({"mp3", "m4a", "ogg", "flac"})
ANIMATIONS = frozenset({"gif", "webp"})
OF_ANIMATIONS = frozenset(
    {"width", "height", "short_side", "long_side", "follow_orientation", "scale_type", "fps", "max_fps", "crop", "pad", "rotate", "flip", "scan"}
)
OF_ONE_CODEC = frozenset({"profile", "level"})


def fitted(overrides: Params, base: Mapping[str, Any]) -> Params:
    """The same partial template, with null for what it unsays of the whole one ``base``."""
    changed = overrides.get("container", {}).get("format")
    found = dict(overrides)
    for section, laid in (("video", _picture(overrides.get("video", {}), base.get("video") or {}, changed)), ("audio", _sound(overrides, base, changed))):
        found.pop(section, None)
        found |= {section: laid} if laid else {}
    return found


def _picture(given: Params, base: Mapping[str, Any], changed: str | None) -> Params:
    if changed in SOUND_ONLY and not base.get("remove"):
        given = {"remove": True}
    if given.get("remove"):
        return {"remove": True} | _unsaid(base, given)
    if changed in ANIMATIONS and not given.get("codec"):
        given = {"codec": changed} | given
    codec = given.get("codec")
    if codec is None or codec == base.get("codec"):
        return given
    if codec in ANIMATIONS:
        kept = OF_ANIMATIONS | {"remove"}
        return _unsaid({name: value for name, value in base.items() if name not in kept}, {}) | {n: v for n, v in given.items() if n in kept | {"codec"}}
    return _unsaid({name: value for name, value in base.items() if name in OF_ONE_CODEC}, given) | given


def _sound(overrides: Params, base: Mapping[str, Any], changed: str | None) -> Params:
    given: Params = overrides.get("audio", {})
    told = base.get("audio") or {}
    if changed in ANIMATIONS:
        given = {"remove": True}
    if given.get("remove"):
        return {"remove": True} | _unsaid(told, given)
    if told.get("remove") and given:
        given = {"remove": False} | given
    codec = given.get("codec") or told.get("codec")
    if changed and codec and not given.get("codec") and not told.get("remove") and codec not in CONTAINERS[changed].audio:
        codec = CONTAINERS[changed].audio[0] if CONTAINERS[changed].audio else None
        given = {"codec": codec} | given
    if codec != told.get("codec"):
        given = _unsaid({name: value for name, value in told.items() if name == "profile"}, given) | given
        if not can_use(codec, changed or (base.get("container") or {}).get("format"), told.get("sample_rate")):
            given = {"sample_rate": None} | given
    if codec in AUDIO and AUDIO[codec].kbps is None and "bitrate_kbps" in told:
        given = given | {"bitrate_kbps": None}
    return given


def can_use(codec: str | None, container: str | None, rate: int | None) -> bool:
    """Whether this codec in this container may have that sample rate; what is not said may."""
    if rate is None or codec not in AUDIO:
        return True
    within = CONTAINERS[container].audio_rates.get(codec) if container else None
    return all(rates is None or rate in rates for rates in (AUDIO[codec].sample_rates, within))


def _unsaid(base: Mapping[str, Any], given: Params) -> Params:
    return {name: None for name in base if name not in given and name != "remove"}
