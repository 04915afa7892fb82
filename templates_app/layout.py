"""Where each parameter stands in the editor: parts (tabs), and groups of fields within them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from templates_app.tree import FieldView, GroupView

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Text

    from templates_app.tree import TreeForm, View

_VIDEO: tuple[tuple[Text | str, tuple[str, ...]], ...] = (
    (_("Codec"), ("remove", "codec", "profile", "level", "preset", "pixel_format")),
    (_("Rate control"), ("rate_control", "passes", "crf", "bitrate_kbps", "maxrate_kbps", "bufsize_kbit", "bitrate_min_kbps", "bitrate_max_kbps")),
    (_("Narrowband"), ("narrowband",)),
    (_("Size"), ("width", "height", "short_side", "long_side", "follow_orientation", "scale_type")),
    (_("Crop and pad"), ("crop", "pad")),
    (_("Timing"), ("fps", "max_fps", "gop", "gop_seconds", "closed_gop", "bframes", "refs", "scan")),
    (_("Picture filters"), ("rotate", "flip", "deinterlace", "denoise", "sharpen", "hdr")),
)
_AUDIO: tuple[tuple[Text | str, tuple[str, ...]], ...] = (
    (_("Codec"), ("remove", "codec", "profile", "sample_rate", "channels", "bitrate_kbps", "quality", "bit_depth")),
    (_("Volume"), ("mix", "mix_streams", "volume_db", "loudness")),
)
PARTS: tuple[tuple[str, Text | str, tuple[tuple[Text | str, tuple[str, ...]], ...]], ...] = (
    ("video", _("Video"), tuple((label, tuple(f"video.{name}" for name in names)) for label, names in _VIDEO)),
    ("audio", _("Audio"), tuple((label, tuple(f"audio.{name}" for name in names)) for label, names in _AUDIO)),
    ("tracks", _("Tracks"), (("", ("audios",)),)),
    ("subtitles", _("Subtitles"), (("", ("subtitle.remove", "subtitle.streams", "subtitle.languages", "subtitle.burn_stream", "subtitle.files")),)),
    (
        "edit",
        _("Cut and join"),
        (
            (_("Clip"), ("edit.start", "edit.duration", "edit.end", "edit.speed")),
            (_("Join"), ("edit.before", "edit.after", "edit.after_list", "edit.clip_first_part")),
            (_("Openings and tails"), ("edit.openings", "edit.tails")),
        ),
    ),
    ("marks", pgettext_lazy("tab", "Marks"), (("", ("watermarks", "delogos")),)),
    ("conditions", _("Conditions"), (("", ("conditions",)),)),
    (
        "packaging",
        _("Packaging"),
        (
            (
                "",
                (
                    "mux.segment_seconds",
                    "mux.segment_format",
                    "mux.cut_times",
                    "mux.start_number",
                    "mux.segment_name",
                    "mux.iframe_playlist",
                    "mux.growing_playlist",
                    "mux.automatic",
                    "mux.faststart",
                    "mux.loop",
                    "mux.final_delay_cs",
                    "mux.dither",
                    "mux.strip_metadata",
                ),
            ),
            ("", ("ladder",)),
        ),
    ),
    ("encryption", _("Encryption"), (("", ("encryption",)),)),
)


@dataclass(frozen=True)
class Block:
    """Fields under one heading."""

    label: Text | str
    views: list[View]


@dataclass(frozen=True)
class Part:
    """One tab: its anchor, heading and blocks. ``id``: unique on the page, since a page may have several forms."""

    key: str
    id: str
    label: Text | str
    blocks: list[Block]

    @property
    def said(self) -> int:
        """How many fields, groups and lists say something."""
        return sum(1 for block in self.blocks for view in block.views if view.says)

    @property
    def wrong(self) -> bool:
        """Whether a field of it has a mistake."""
        return any(_wrong(view) for block in self.blocks for view in block.views)


def _wrong(view: View) -> bool:
    if isinstance(view, FieldView):
        return bool(view.bound.errors)
    if isinstance(view, GroupView):
        return bool(view.choice and view.choice.bound.errors) or any(_wrong(child) for child in (*view.children, *view.more))
    return bool(view.mode and view.mode.bound.errors) or any(_wrong(child) for row in view.rows for child in (*row.children, *row.more))


def parts(form: TreeForm) -> list[Part]:
    """The parts with the form's fields in them."""
    found = []
    placed = {path for _key, _label, groups in PARTS for _heading, paths in groups for path in paths}
    for key, label, groups in PARTS:
        blocks = []
        for heading, paths in groups:
            views: list[View] = []
            for path in paths:
                view = form.views[path]
                views += view.children if isinstance(view, GroupView) and view.choice is None else [view]
            blocks.append(Block(heading, views))
        sections = dict.fromkeys(path.partition(".")[0] for _heading, paths in groups for path in paths if "." in path)
        for section in sections:  # what nobody gave a place stands at the end
            whole = form.views[section]
            blocks[-1].views.extend(view for view in getattr(whole, "children", ()) if view.path not in placed)
        found.append(Part(key, f"part-{form.add_prefix(key)}", label, blocks))
    return found
