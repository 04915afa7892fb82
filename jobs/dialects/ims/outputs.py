"""One output of IMS as one of ours: a template, and what is laid over it. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.dialects import translate_template
from jobs.engine.containers import CONTAINERS

if TYPE_CHECKING:
    from jobs.dialects.reading import Fields

Params = dict[str, Any]
CONTROLS = {"InputFirst": "InputFirst", "Configured": "Configured"}


@dataclass(frozen=True)
class Known:
    """What a request refers to. ``template``: parameters of a template by id or name; None: there is none."""

    template: Callable[[str], Mapping[str, Any] | None]
    endpoint: str = ""


@dataclass(frozen=True)
class Read:
    """One output: the template that it names, what is laid over it, and its container."""

    template: str
    overrides: Params
    base: Mapping[str, Any]
    format: str

    @property
    def extension(self) -> str:
        """Of its main file, without dot."""
        return CONTAINERS[self.format].extension

    def document(self, address: str, user_data: str = "") -> Params:
        """As an output of a job document."""
        found: Params = {"address": address, "overrides": self.overrides}
        return found | ({"template": self.template} if self.template else {}) | ({"user_data": user_data} if user_data else {})


def read(output: Fields, overriding: str, known: Known) -> Read:
    """``overriding``: the name of the field with the parameters that replace the template's. Raises Bad."""
    given = output.child(overriding)
    name = output.text("TemplateId", most=128)
    if not name and not given.has("Container"):
        output.need("TemplateId")
    base: Mapping[str, Any] = {}
    if name:
        found = known.template(name)
        if found is None:
            raise output.bad("TemplateId", f"There is no template {name}.")
        base = found
    if given.has("Encryption") or given.child("MuxConfig").has("Encryption"):
        raise given.bad("Encryption", "Encryption is not offered here.")
    overrides = translate_template.overrides(given, base) if name else translate_template.template(given)
    _further(given.child("Video"), overrides, base)
    if tracks := given.children("Audios", 32):
        overrides["audios"] = [_track(track) for track in tracks]
        if (base.get("audio") or {}).get("remove") or (overrides.get("audio") or {}).get("remove"):
            overrides["audio"] = {**overrides.get("audio", {}), "remove": False}
    format_ = (overrides.get("container") or base.get("container") or {}).get("format", "mp4")
    return Read(name, overrides, base, format_)


def with_extension(address: str, read_: Read) -> str:
    """The address with its container's extension behind it, unless it stands there."""
    name = posixpath.basename(address).lower()
    return address if name.endswith((f".{read_.extension}", ".{autoext}")) else f"{address}.{read_.extension}"


def _further(video: Fields, overrides: Params, base: Mapping[str, Any]) -> None:
    """Fields that IMS has beside those of MPS. AbrMax is the bound of Narrowband; without it, that of an average that follows the source."""
    if (turned := video.whole("Rotate", 0, 359)) is not None:
        overrides.setdefault("video", {})["rotate"] = turned
    if (most := video.whole("AbrMax", 10, 50_000)) is not None and not overrides.get("video", {}).get("remove"):
        picture = overrides.setdefault("video", {})
        if picture.get("narrowband") or (base.get("video") or {}).get("narrowband"):
            picture |= {"bitrate_kbps": most, "maxrate_kbps": None, "bufsize_kbit": None}
        else:
            picture["bitrate_max_kbps"] = most


def _track(track: Fields) -> Params:
    """One of «Audios»: one track of the output, in this order."""
    found = {name: value for name, value in translate_template.sound(track).items() if value is not None}
    if track.has("InputRef"):
        found["input"] = track.text("InputRef", most=64)
    if control := track.one_of("LanguageControl", CONTROLS, None):
        found["language_control"] = control
    if language := track.text("Language", most=16):
        found["language"] = language
    return found
