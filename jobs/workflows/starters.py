"""Four workflows to begin with. Each is a document as the editor reads it; addresses go to the bucket that is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

PLACE = "oss://{bucket}/{{ObjectPrefix}}{{FileName}}"


@dataclass(frozen=True)
class Starter:
    """One of them. ``steps``: addresses begin with «@», which stands for bucket, folder and name of the input."""

    key: str
    icon: str
    label: Any
    text: Any
    name: str
    steps: tuple[Mapping[str, Any], ...]

    def document(self, bucket: str) -> dict[str, Any]:
        """What the editor begins with."""
        return {"name": self.name, "steps": [_placed(dict(step), bucket) for step in self.steps]}


def _output(template: str, ending: str) -> dict[str, Any]:
    return {"template": template, "address": f"@{ending}"}


STARTERS: tuple[Starter, ...] = (
    Starter(
        "hls",
        "film",
        _("HLS ladder"),
        _("One set of several sizes for streaming, a cover, and thumbnails for the player's time line."),
        "hls-ladder",
        (
            {"name": "package", "type": "package", "job": {"outputs": [_output("hls-ladder", "/index.m3u8")]}},
            {
                "name": "sprite",
                "type": "snapshot",
                "job": {"kind": "sprite", "mode": "average", "count": 100, "cell_width": 160, "output": "@/sprite-{TileCount}.jpg"},
            },
            {"name": "cover", "type": "snapshot", "job": {"kind": "cover", "keep": 1, "output": "@/cover.jpg"}},
            {"name": "publish", "type": "publish", "mode": "all"},
        ),
    ),
    Starter(
        "mp4",
        "copy",
        _("MP4 set"),
        _("Files of three sizes to download, and a cover."),
        "mp4-set",
        (
            {
                "name": "transcode",
                "type": "transcode",
                "job": {"outputs": [_output(f"mp4-h264-{size}", f"-{size}.mp4") for size in ("360p", "540p", "720p")]},
            },
            {"name": "cover", "type": "snapshot", "job": {"kind": "cover", "keep": 1, "output": "@-cover.jpg"}},
            {"name": "publish", "type": "publish", "mode": "all"},
        ),
    ),
    Starter(
        "intelligent",
        "sliders",
        _("Intelligent"),
        _("Looks at each file first, then makes it with the settings that are enough for it."),
        "intelligent",
        (
            {"name": "analysis", "type": "analyse", "job": {"kind": "analysis"}},
            {"name": "transcode", "type": "transcode", "under": "analysis", "job": {"outputs": [_output("mp4-h264-540p-intelligent", "-540p.mp4")]}},
            {"name": "publish", "type": "publish", "mode": "all"},
        ),
    ),
    Starter(
        "pictures",
        "image",
        _("Cover and sprite"),
        _("Pictures only: a cover, and thumbnails for the player's time line."),
        "cover-and-sprite",
        (
            {"name": "cover", "type": "snapshot", "job": {"kind": "cover", "keep": 1, "output": "@-cover.jpg"}},
            {
                "name": "sprite",
                "type": "snapshot",
                "job": {"kind": "sprite", "mode": "average", "count": 100, "cell_width": 160, "output": "@-sprite-{TileCount}.jpg"},
            },
        ),
    ),
)


def starter(key: str) -> Starter | None:
    """One of them."""
    return next((one for one in STARTERS if one.key == key), None)


def _placed(value: Any, bucket: str) -> Any:
    """The same with every «@…» as an address."""
    if isinstance(value, str):
        return PLACE.format(bucket=bucket) + value[1:] if value.startswith("@") else value
    if isinstance(value, Mapping):
        return {name: _placed(one, bucket) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_placed(one, bucket) for one in value]
    return value
