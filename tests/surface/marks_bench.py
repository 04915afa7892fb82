"""The bench of watermarks: sources and marks, an output with and without them, and what a row may look for."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.surface.harness import Bench, Made
from tests.surface.marks_reference import Picture, box_of, far, laid, logo, psnr, ring, shown

W, H = 160, 90
Box = tuple[int, int, int, int]
FILES: dict[str, Path] = {}


class Things:
    """Sources and marks, made once."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self.folder, self.bench = folder, bench
        self._sources: dict[str, Path] = {}
        images = bench.media / "images"
        self.files = {
            "logo": logo(folder / "logo.png"),
            "faint": logo(folder / "faint.png", colour=(255, 255, 255, 128)),
            "ring": ring(folder / "ring.png"),
            "rgba": images / "logo-431x120-rgba.png",
            "gif": images / "circle-128.gif",
            "apng": images / "iss-245.apng",
        }
        flat = Image.new("RGB", (40, 20), (220, 30, 30))
        for name, options in {"jpeg": {"quality": 98, "subsampling": 0}, "webp": {"lossless": True}, "gif1": {}}.items():
            self.files[name] = folder / f"{name}.bin"
            flat.save(self.files[name], format=name.rstrip("1"), **options)
        exif = flat.getexif()
        exif[274] = 6  # to be turned by 90°
        self.files["turned"] = folder / "turned.jpg"
        flat.save(self.files["turned"], exif=exif, quality=98)
        blink = [Image.new("RGBA", (20, 20), colour) for colour in ((255, 0, 0, 255), (0, 0, 255, 255))]
        for kind, more in (("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True})):
            for name, plays in (("blink", 0), ("twice", 2)):
                path = self.files[name + kind.lower()] = folder / (name + kind.lower())
                blink[0].save(path, format=kind, save_all=True, append_images=blink[1:], duration=200, loop=plays, **more)
        self.files["svg"] = bench.media / "malicious" / "xxe.svg"
        half = "color=red@0.5:s=40x20:r=10:d=0.5,format=yuva420p"
        for name, argv in {
            "webm": ["-c:v", "libvpx-vp9", "-f", "webm"],
            "mov": ["-c:v", "qtrle", "-pix_fmt", "argb", "-f", "mov"],
            "prores": ["-c:v", "prores_ks", "-pix_fmt", "yuva444p10le", "-f", "mov"],
        }.items():
            self.files[name] = folder / name
            self.ffmpeg("-f", "lavfi", "-i", half, *argv, str(self.files[name]))

    def ffmpeg(self, *argv: str) -> None:
        subprocess.run([self.bench.tools.ffmpeg, "-nostdin", "-v", "error", "-y", *argv], check=True, timeout=60)

    def source(self, name: str) -> Path:
        """A ground: grey, or a test picture, with 25 frames a second for one second."""
        if name not in self._sources:
            path = self.folder / f"{name}.mp4"
            kind, _, size = name.partition("-")
            picture = "color=0x707070" if kind in ("grey", "ten", "full", "turned") else "testsrc2,noise=alls=60"
            more = {"ten": ("-pix_fmt", "yuv420p10le"), "full": ("-pix_fmt", "yuvj420p")}.get(kind, ("-pix_fmt", "yuv420p"))
            asked = f"s={size or f'{W}x{H}'}:r=25:d=1"
            graph = f"{picture}:{asked}" if picture.startswith("color") else picture.replace("testsrc2", f"testsrc2={asked}")
            self.ffmpeg("-f", "lavfi", "-i", graph, *more, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "4", str(path))
            self._sources[name] = path
        return self._sources[name]

    def run(self, source: str, sections: dict[str, Any], format_: str = "mp4") -> Pair:
        """The output without and with the sections."""
        video = {"preset": "ultrafast", "crf": 2, **sections.get("video", {})} if format_ == "mp4" else sections.get("video", {})
        base = (
            {"container": {"format": format_}, "video": video, "audio": {"remove": True}}
            if format_ == "mp4"
            else {"container": {"format": format_}, "video": video}
        )
        rest = {name: value for name, value in sections.items() if name != "video"}
        plain, marked = self.bench.run_all(self.source(source), base, {**base, **rest}, files=self.files)
        return Pair(plain, marked)


@dataclass
class Pair:
    """Two outputs of one job."""

    plain: Made
    marked: Made

    def __post_init__(self) -> None:
        self.ground, self.picture = self.plain.frames(), self.marked.frames()
        assert self.picture.shape == self.ground.shape, "marks change neither size nor number of frames"
        assert _times(self.plain) == _times(self.marked), "nor a frame's time"

    @property
    def box(self) -> Box | None:
        """What differs in frame 12."""
        return box_of(self.picture[12], self.ground[12])

    @property
    def warnings(self) -> str:
        return " ".join(self.marked.output.warnings)


def _times(made: Made) -> list[str]:
    found = made.raw("-show_entries", "packet=pts_time", "-select_streams", "v")
    return sorted(packet["pts_time"] for packet in found["packets"])


@dataclass(frozen=True)
class MarkRow:
    """A parameter of watermarks, and what the decoded pictures must show."""

    name: str
    seed: str
    marks: list[dict[str, Any]]
    look: Callable[[Pair], None]
    source: str = "grey"
    sections: dict[str, Any] = field(default_factory=dict)
    format: str = "mp4"


def image(name: str = "logo", **rest: Any) -> dict[str, Any]:
    return {"image": f"oss://input/{name}", **rest}


def text(content: str, **rest: Any) -> dict[str, Any]:
    own = {key: rest.pop(key) for key in ("font", "size", "color", "opacity", "outline_width", "outline_color") if key in rest}
    return {"text": {"content": content, "size": 24, **own}, "corner": "top_left", **rest}


def at(*box: int, spare: int = 0) -> Callable[[Pair], None]:
    """The mark lies exactly there."""

    def look(pair: Pair) -> None:
        assert pair.box is not None
        assert all(abs(one - other) <= spare for one, other in zip(pair.box, box, strict=True)), (pair.box, box)

    return look


def like(name: str, *box: int, opacity: float = 1.0, db: float = 30.0) -> Callable[[Pair], None]:
    """The picture is Pillow's composite, but for compression and subsampled colour."""

    def look(pair: Pair) -> None:
        wanted = laid(pair.ground[12], FILES[name], (box[0], box[1], box[2], box[3]), opacity)
        assert psnr(pair.picture[12], wanted) > db, psnr(pair.picture[12], wanted)
        assert psnr(pair.ground[12], wanted) < db - 3, "the test would not see the mark"

    return look


def frames_shown(first: int, last: int, *box: int) -> Callable[[Pair], None]:
    def look(pair: Pair) -> None:
        area = (box[0], box[1], box[2], box[3])
        assert shown(pair.picture, pair.ground, area) == list(range(first, last + 1))

    return look


def colour_at(x: int, y: int, *wanted: int, frame: int = 12, spare: int = 8) -> Callable[[Pair], None]:
    def look(pair: Pair) -> None:
        found = pair.picture[frame, y, x]
        assert np.abs(found.astype(int) - np.array(wanted)).max() <= spare, (found, wanted)

    return look


def everything(*looks: Callable[[Pair], None]) -> Callable[[Pair], None]:
    def look(pair: Pair) -> None:
        for one in looks:
            one(pair)

    return look


def warned(part: str) -> Callable[[Pair], None]:
    def look(pair: Pair) -> None:
        assert part in pair.warnings, pair.warnings

    return look


def unseen(pair: Pair) -> None:
    assert pair.box is None


def blinks(pair: Pair) -> None:
    """200 ms red, 200 ms blue, over and over, from the mark's start at 0.2 s."""
    kinds = ["red" if p[0] > 150 else "blue" if p[2] > 150 else "none" for p in pair.picture[:, 10, 10]]
    assert kinds == ["none"] * 5 + (["red"] * 5 + ["blue"] * 5) * 2


def letters(lines: int = 1, colour: tuple[int, int, int] | None = None) -> Callable[[Pair], None]:
    """So many lines of text, by the rows without ink between them."""

    def look(pair: Pair) -> None:
        mask = np.abs(pair.picture[12].astype(int) - pair.ground[12].astype(int)).max(axis=-1) > 60
        rows = mask.any(axis=1)
        assert int((rows[1:] & ~rows[:-1]).sum() + rows[0]) == lines
        if colour is not None:
            ink = pair.picture[12][mask].astype(int)
            assert (np.abs(ink - np.array(colour)).max(axis=-1) < 60).mean() > 0.2

    return look


def only(x: int, y: int, width: int, height: int, change: float = 8.0) -> Callable[[Pair], None]:
    """The area is changed much, and nothing outside of it."""

    def look(pair: Pair) -> None:
        outside = np.ones(pair.ground.shape[1:3], bool)
        outside[y : y + height, x : x + width] = False
        assert far(pair.picture[12][outside], pair.ground[12][outside]) < 2.5
        assert far(pair.picture[12, y : y + height, x : x + width], pair.ground[12, y : y + height, x : x + width]) > change

    return look


def blocks(x: int, y: int, side: int) -> Callable[[Pair], None]:
    """Blocks of one brightness each: the mean of what was there."""

    def look(pair: Pair) -> None:
        picture, ground = (made.frames(pixel_format="gray")[12].astype(int) for made in (pair.marked, pair.plain))
        for row in (0, 1):
            for column in (0, 1):
                area = np.s_[y + row * side : y + (row + 1) * side, x + column * side : x + (column + 1) * side]
                assert picture[area].std() < 4
                assert abs(picture[area].mean() - ground[area].mean()) < 7

    return look


def smooth(x: int, y: int, width: int, height: int, rest: float = 0.4) -> Callable[[Pair], None]:
    """Less detail than before: neighbours differ little."""

    def look(pair: Pair) -> None:
        def detail(pictures: Picture) -> float:
            return float(np.abs(np.diff(pictures[12, y : y + height, x : x + width].astype(int), axis=1)).mean())

        assert detail(pair.picture) < rest * detail(pair.ground)

    return look
