"""What the editor shows of each parameter: section, label, help, unit, and when it makes sense. Limits and choices come from the engine.

The name of a field is its place in the engine's template (``video.crf``): one name from here to URL, form, error and column.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from django import forms
from django.utils.translation import gettext_lazy as _

from jobs.engine.template import Audio, Conditions, Container, Mux, Subtitle, Video

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Text
    from pydantic.fields import FieldInfo

    from jobs.engine.types import Strict

SECTIONS: dict[str, type[Strict]] = {"container": Container, "video": Video, "audio": Audio, "subtitle": Subtitle, "mux": Mux, "conditions": Conditions}
UNSAID = ""


@dataclass(frozen=True)
class Shown:
    """One parameter in the editor. ``when``: «name=value,value;name=…», all must hold; a codec
    that is not said counts as the container's usual one. Read by editor.js, which hides the others."""

    name: str
    label: Text
    help: Text | str = ""
    unit: Text | str = ""
    when: str = ""

    @property
    def section(self) -> str:
        """The section of the engine's template."""
        return self.name.partition(".")[0]


_ENCODED = "video.remove=;video.codec=h264,h265"
_SOUND = "audio.remove=;audio.codec=aac,mp3,vorbis,flac"
_LOSSY = "audio.remove=;audio.codec=aac,mp3,vorbis"
_PICTURE = "video.remove=;video.codec=h264,h265,gif"

SHOWN: tuple[Shown, ...] = (
    Shown("container.format", _("Container"), _("The file format of the output.")),
    Shown("video.remove", _("Drop video"), _("The output has no picture.")),
    Shown("video.codec", _("Video codec"), _("Not said: the container's usual codec. copy takes the stream as it is."), when="video.remove="),
    Shown("video.profile", _("Profile"), _("H.264: baseline plays on the oldest phones, high is the smallest. H.265: main or main10."), when=_ENCODED),
    Shown("video.preset", _("Speed preset"), _("Slower makes smaller files. Not said: medium."), when=_ENCODED),
    Shown("video.crf", _("CRF"), _("Constant quality, 0 to 51. Advised 23 to 29; 6 more or less is about half or double the size."), when=_ENCODED),
    Shown("video.bitrate_kbps", _("Average bitrate"), _("Give CRF or bitrate, not both."), "kbit/s", when=_ENCODED),
    Shown("video.maxrate_kbps", _("Peak bitrate"), _("Not below the average bitrate."), "kbit/s", when=_ENCODED),
    Shown("video.bufsize_kbit", _("Buffer"), _("Not said: 2 × peak."), "kbit", when=_ENCODED),
    Shown("video.width", _("Width"), _("One side given keeps the ratio; both must be even; none keeps the source's size."), "px", when=_PICTURE),
    Shown("video.height", _("Height"), _("One side given keeps the ratio; both must be even; none keeps the source's size."), "px", when=_PICTURE),
    Shown("video.short_side", _("Short side"), _("Instead of width and height: portrait sources keep their orientation."), "px", when=_PICTURE),
    Shown("video.scale_type", _("Fit"), _("With both sides given. Not said: stretch."), when=_PICTURE),
    Shown("video.fps", _("Frame rate"), _("Not said: the source's own timing."), "fps", when=_PICTURE),
    Shown("video.max_fps", _("Upper bound of the frame rate"), _("Where no frame rate is given."), "fps", when=_PICTURE),
    Shown("video.gop", _("Keyframe interval"), _("Not said: 250, or what the segment length asks for."), _("frames"), when=_ENCODED),
    Shown("video.pixel_format", _("Pixel format"), _("Not said: the source's if codec and profile can, else yuv420p."), when=_ENCODED),
    Shown("audio.remove", _("Drop audio"), _("The output has no sound.")),
    Shown("audio.codec", _("Audio codec"), _("Not said: the container's usual codec. copy takes the stream as it is."), when="audio.remove="),
    Shown("audio.bitrate_kbps", _("Audio bitrate"), _("Not said: what is usual for the codec and channels."), "kbit/s", when=_LOSSY),
    Shown("audio.sample_rate", _("Sample rate"), _("Not said: the source's, or the nearest that the codec allows."), "Hz", when=_SOUND),
    Shown("audio.channels", _("Channels"), _("Not said: the source's, or the nearest that the codec allows."), when=_SOUND),
    Shown("subtitle.remove", _("Drop subtitles"), _("Otherwise those that the container can hold are kept.")),
    Shown("mux.segment_seconds", _("Segment length"), _("1 to 60 seconds. Not said: 10."), "s", when="container.format=hls"),
    Shown("mux.faststart", _("Index at the front"), _("Playback starts before the whole file is there."), when="container.format=mp4,mov,m4a"),
    Shown("mux.gif_loop", _("Repeats"), _("0: for ever."), when="container.format=gif"),
    Shown("conditions.if_smaller", _("If the source is smaller"), _("Smaller than the target in width or height."), when=_PICTURE),
    Shown("conditions.if_lower_video_bitrate", _("If the source's video bitrate is lower"), when=_ENCODED),
    Shown("conditions.if_lower_audio_bitrate", _("If the source's audio bitrate is lower"), when=_LOSSY),
    Shown("conditions.if_lower_fps", _("If the source's frame rate is lower"), when=_PICTURE),
)
LABELS = {shown.name: shown.label for shown in SHOWN}

WORDS: dict[str, Text | str] = {
    "convert": _("Convert anyway"),
    "keep": _("Keep the source's value"),
    "fail": _("Fail the output"),
    "fit": _("Fit inside"),
    "stretch": _("Stretch"),
    "crop": _("Fill and crop"),
    "fill": _("Fit, rest black"),
    "copy": _("copy (no encoding)"),
    "h264": "H.264",
    "h265": "H.265",
    "gif": "GIF",
    "aac": "AAC",
    "mp3": "MP3",
    "vorbis": "Vorbis",
    "flac": "FLAC",
}
FORMATS: dict[str, Text | str] = {
    "mp4": "MP4",
    "mov": "MOV",
    "mkv": "MKV",
    "ts": "TS",
    "flv": "FLV",
    "hls": _("HLS (m3u8)"),
    "gif": "GIF",
    "mp3": "MP3",
    "m4a": "M4A",
    "ogg": "OGG",
    "flac": "FLAC",
}


def engine_field(name: str) -> FieldInfo:
    """The engine's own description of a parameter."""
    section, _dot, field = name.partition(".")
    return SECTIONS[section].model_fields[field]


def inner(annotation: Any) -> tuple[Any, bool]:
    """The type without «or nothing», and whether nothing is allowed."""
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return inner(kinds[0])[0], len(kinds) < len(get_args(annotation))
    if hasattr(annotation, "__metadata__"):  # Annotated: a unit
        return annotation.__origin__, False
    return annotation, False


def limits(field: FieldInfo) -> dict[str, Any]:
    """min_value and max_value of a number."""
    found: dict[str, Any] = {}
    for rule in field.metadata:
        if isinstance(rule, Ge | Gt):
            found["min_value"] = rule.ge if isinstance(rule, Ge) else rule.gt
        elif isinstance(rule, Le | Lt):
            found["max_value"] = rule.le if isinstance(rule, Le) else rule.lt
    return found


def form_field(shown: Shown) -> forms.Field:
    """The form field of a parameter: a box, a list of choices, or a number with the engine's limits."""
    described = engine_field(shown.name)
    kind, may_be_unsaid = inner(described.annotation)
    common: dict[str, Any] = {"label": shown.label, "help_text": shown.help, "required": False}
    if kind is bool:
        return forms.BooleanField(initial=described.default, **common)
    if get_origin(kind) is Literal:
        values = get_args(kind)
        words = FORMATS if shown.name == "container.format" else WORDS
        choices = [(str(value), words.get(str(value), str(value))) for value in values]
        if may_be_unsaid:
            return forms.ChoiceField(choices=[(UNSAID, _("Not said")), *choices], **common)
        common["required"] = described.is_required()  # a field that the page hides is not sent: the engine's default holds
        return forms.ChoiceField(choices=choices, initial=None if described.is_required() else described.default, **common)
    number = forms.IntegerField if kind is int else forms.FloatField
    return number(**common, **limits(described), initial=None if may_be_unsaid else described.default)


def engine_value(name: str, value: Any) -> Any:
    """A cleaned form value as the engine wants it (a choice of numbers is a number)."""
    kind, _unsaid = inner(engine_field(name).annotation)
    if get_origin(kind) is Literal and isinstance(get_args(kind)[0], int):
        return int(value)
    return value
