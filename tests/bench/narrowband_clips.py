"""Which clips, and which regular presets for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.engine.template import Template
from tests.server import ROOT

if TYPE_CHECKING:
    from tests.bench.narrowband_rows import Bench

SECONDS = 10.0
ENLARGED = 1.5  # a preset may be this much wider than the source; the smallest is always there

CLIPS: dict[str, float] = {  # file → where its ten seconds begin
    "bbb-720p25-h264-aac51.mp4": 0,  # animation
    "flower-540p30-h264-aac.mp4": 0,  # live action, macro
    "friday-480p30-h264-aac.mp4": 0,  # live action, 4:3
    "bottles-360p30-h264-noaudio.mp4": 10,  # fixed camera
    "sar2x1-360p30-h264.mp4": 0,
    "bbb-720p24-h264-mp3-55s.mp4": 15,  # animation, cuts
    "persons-432p10-h264-noaudio-139s.mp4": 40,  # fixed camera, 10 fps
    "bbb-240p24-h264-noaudio-281s.mp4": 90,
    "earth-270p30-vp9-opus.webm": 0,
    "roof-720x1280p30-av1-hdr10-aac.mp4": 0,  # vertical, HDR
    "hello-480p30-mpeg2-mp2.mpeg": 0,  # screen and webcam, grain
    "lego-240p30-wmv2-wma2.wmv": 0,  # live action, grain
    "popcorn-180p24-theora-vorbis-64s.ogv": 20,
    "device-720p60-vp9-alpha.webm": 0,  # 60 fps
    "screen-3026x1386-vfr-h264-noaudio.mp4": 0,  # screen, variable rate
    "screen-1110x734p60-h264-noaudio.mp4": 0,  # screen, 60 fps
    "desk-360i25-h264-tff-noaudio.mp4": 0,  # interlaced
}
TWINS = {"FHD": "MP4-FHD", "HD": "MP4-HD", "SD": "MP4-SD"}
QUICK = (("bbb-240p24", "SD"), ("friday", "SD"), ("flower", "SD"), ("bbb-720p25", "SD"), ("hello", "SD"), ("desk", "SD"), ("bottles", "SD"), ("sar2x1", "HD"))


@dataclass(frozen=True)
class Row:
    """One clip with one regular preset."""

    file: str
    start: float
    twin: str
    codec: str

    @property
    def name(self) -> str:
        """Short, for the table."""
        return f"{self.file.split('-h264')[0].split('-vp9')[0].split('.')[0][:20]} {self.twin} {self.codec}"

    @property
    def template(self) -> Template:
        """The regular preset, silent."""
        made = json.loads((ROOT / "templates_app" / "builtin" / "mps-static.json").read_text())
        params: dict[str, Any] = next(one["params"] for one in made if one["name"] == TWINS[self.twin])
        video = dict(params["video"])
        if self.codec != "h264":
            video.pop("profile")
            video["codec"] = self.codec
        if self.codec == "av1":
            del video["maxrate_kbps"], video["bufsize_kbit"]
        return Template.model_validate(params | {"video": video, "audio": {"remove": True}, "container": {"format": "mp4"}})


def rows(bench: Bench, codec: str, *, quick: bool) -> Iterator[Row]:
    """Every clip with every preset that hardly enlarges it; the small presets first."""
    for twin in reversed(TWINS):
        for file, start in CLIPS.items():
            row = Row(file, start, twin, codec)
            if not (bench.media / file).is_file() or (quick and not any(file.startswith(name) and twin == size for name, size in QUICK)):
                continue
            if twin == "SD" or row.template.video.width is None or row.template.video.width <= bench.width(file) * ENLARGED:
                yield row
