"""Picture: sizes, crop, canvas, rotation, fields, noise, timing, animations. Decoded pixels against what Pillow and NumPy make of the decoded source."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.surface.harness import Bench, Made, Row

Look = Callable[[Made], None]
FINE: dict[str, Any] = {"preset": "ultrafast", "crf": 4.0}
LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-pix_fmt", "yuv420p")
SHORT: dict[str, Any] = {"seconds": 0.4, "audio": False}


SOFT_PICTURE: dict[str, Any] = {"more": ("-vf", "gblur=sigma=4", *LOSSLESS)}
"""Scalers differ at edges; what is compared as pixels has soft ones."""
BRIGHT = "gblur=sigma=4,lutyuv=y=val*0.6+80"


def vf(filters: str, **more: Any) -> dict[str, Any]:
    """A source whose test picture went through these filters first."""
    return {**SHORT, "more": ("-vf", filters, *LOSSLESS), **more}


def row(name: str, seed: str, video: dict[str, Any], look: Look, source: dict[str, Any] | None = None, format_: str = "mp4", **sections: Any) -> Row:
    base = {} if format_ in ("gif", "webp") else FINE
    return Row(name, seed, format_, {"video": {**base, **video}, **sections}, look, {**SHORT, **SOFT_PICTURE, **(source or {})})


def source(made: Made, count: int | None = None) -> np.ndarray:
    """The decoded pictures of the input (not of rotated ones)."""
    return made.frames(file=made.room / "input", count=count)


def picture(array: np.ndarray) -> Image.Image:
    return Image.fromarray(array)


def near(found: np.ndarray, wanted: np.ndarray, mean: float = 4.0) -> None:
    """Equal but for compression: the mean difference, and no region of 8×8 that is wholly different."""
    assert found.shape == wanted.shape
    difference = np.abs(found.astype(int) - wanted.astype(int)).mean(axis=-1)
    assert difference.mean() < mean, difference.mean()
    height, width = (side // 8 * 8 for side in difference.shape)
    blocks = difference[:height, :width].reshape(height // 8, 8, width // 8, 8).mean(axis=(1, 3))
    assert blocks.max() < 12 * mean, blocks.max()


def size(width: int, height: int) -> Look:
    def look(made: Made) -> None:
        video = made.raw()["streams"][0]
        assert (video["width"], video["height"]) == (width, height)
        assert video.get("sample_aspect_ratio", "1:1") == "1:1"

    return look


def scaled(width: int, height: int) -> Look:
    def look(made: Made) -> None:
        size(width, height)(made)
        wanted = np.asarray(picture(source(made, 1)[0]).resize((width, height), Image.Resampling.BICUBIC))
        near(made.frames(count=1)[0], wanted, 6)

    return look


MPS, OSS, IMM = "mps: Video.Width, Height", "oss-video-convert.txt: s", "imm: Resolution"
PORTRAIT = {"size": "72x128"}
SIZES = [
    row("no size: the source's", OSS, {}, scaled(128, 72)),
    row("width alone", MPS, {"width": 64}, scaled(64, 36)),
    row("height alone", MPS, {"height": 36}, scaled(64, 36)),
    row("one side, other to the nearest even number: 85.3 is 86", "issue: 853.3 → 854", {"height": 48}, scaled(86, 48)),
    row("an odd side alone becomes even", MPS, {"width": 65}, scaled(64, 36)),
    row("width and height", OSS, {"width": 64, "height": 64}, scaled(64, 64)),
    row("short side of a wide source", "imm: 1080", {"short_side": 36}, size(64, 36)),
    row("short side of a high source", "imm: 1080", {"short_side": 36}, size(36, 64), PORTRAIT),
    row("long side of a wide source", "mps: LongShortMode", {"long_side": 64}, size(64, 36)),
    row("long side of a high source", "mps: LongShortMode", {"long_side": 64}, size(36, 64), PORTRAIT),
    row("adaptive direction, wide", "oss: arotate 1", {"width": 96, "height": 36, "follow_orientation": True}, scaled(96, 36)),
    row("adaptive direction, high", "oss: arotate 1", {"width": 96, "height": 36, "follow_orientation": True}, scaled(36, 96), PORTRAIT),
    row("no adaptive direction, high", "oss: arotate 0", {"width": 64, "height": 36, "follow_orientation": False}, scaled(64, 36), PORTRAIT),
    row("x36 with adaptive direction is the short side", "imm: x1080", {"height": 36, "follow_orientation": True}, scaled(36, 64), PORTRAIT),
    row("96x with adaptive direction is the long side", "imm: Wx", {"width": 96, "follow_orientation": True}, scaled(54, 96), PORTRAIT),
    row("stretch", "oss: scaletype stretch", {"width": 64, "height": 64, "scale_type": "stretch"}, scaled(64, 64)),
    row("fit", "oss: scaletype fit", {"width": 64, "height": 64, "scale_type": "fit"}, scaled(64, 36)),
    row("fit, high source in a wide box", "oss: scaletype fit", {"width": 64, "height": 36, "scale_type": "fit"}, size(20, 36), PORTRAIT),
    row("pixels that are not square", "imm: playback size", {}, size(128, 72), vf("gblur=sigma=2,scale=64:72,setsar=2/1")),
    row("pixels that are not square, scaled", "imm: playback size", {"width": 64}, size(64, 36), vf("gblur=sigma=2,scale=64:72,setsar=2/1")),
    row("a turned phone video", "imm: after rotation", {}, size(320, 568), {"media": "phone-rot90-320p30-h264-aac.mov"}, audio={"remove": True}),
    row("a turned phone video, short side", "imm: 1080", {"short_side": 90}, size(90, 160), {"media": "phone-rot270-320p30-h264.mov"}),
    row("an odd source becomes even", OSS, {}, size(160, 120), {"media": "bear-161x121-vp9-odd.webm"}),
    row("GIF may be odd", "mps: gif", {"width": 101}, size(101, 57), format_="gif"),
    row("the smallest H.265", MPS, {"codec": "h265", "width": 16, "height": 16}, size(16, 16)),
    row("the smallest H.264", MPS, {"width": 2, "height": 2}, size(2, 2)),
    row("smaller source, enlarged", "oss: sopt 0", {"width": 192}, scaled(192, 108), conditions={"if_smaller": "convert"}),
    row("smaller source in width, kept", "oss: sopt 1", {"width": 192, "height": 36}, scaled(128, 72), conditions={"if_smaller": "keep"}),
    row("smaller source in height, kept", "mps: IsCheckReso", {"width": 64, "height": 96}, scaled(128, 72), conditions={"if_smaller": "keep"}),
    row("larger source, not kept", "mps: IsCheckReso", {"width": 64, "height": 72}, scaled(64, 72), conditions={"if_smaller": "keep"}),
]


def covered(made: Made) -> None:
    whole = picture(source(made, 1)[0]).resize((114, 64), Image.Resampling.BICUBIC)
    near(made.frames(count=1)[0], np.asarray(whole.crop((25, 0, 89, 64))), 6)


def filled(made: Made) -> None:
    found = made.frames(count=1)[0]
    near(found[14:50], np.asarray(picture(source(made, 1)[0]).resize((64, 36), Image.Resampling.BICUBIC)), 8)
    assert found[:13].max() < 12
    assert found[51:].max() < 12


def part(left: int, top: int, width: int, height: int) -> Look:
    """The output is this part of the source, unscaled."""

    def look(made: Made) -> None:
        near(made.frames(count=1)[0], source(made, 1)[0][top : top + height, left : left + width])

    return look


def clipped(made: Made) -> None:
    part(96, 48, 32, 24)(made)
    assert any("goes beyond the picture: 32×24 px" in warning for warning in made.output.warnings)


def part_of_turned(made: Made) -> None:
    """Of the upright picture: a phone's 568×320 that is shown as 320×568."""
    seen = upright(made, 320, 568)
    near(made.frames(count=1)[0], seen[100:300, 40:240])


def upright(made: Made, width: int, height: int) -> np.ndarray:
    """The first picture of a turned input, as ffmpeg turns it upright."""
    argv = [made.tools.ffmpeg, "-nostdin", "-v", "error", "-i", "input", "-map", "0:v:0", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run(argv, capture_output=True, check=True, cwd=made.room, timeout=60).stdout
    return np.frombuffer(data, dtype=np.uint8).reshape(height, width, 3)


def whole(made: Made) -> None:
    scaled(128, 72)(made)
    assert not any(step[0] == "crop" for step in made.output.renditions[0].video.filters if isinstance(step, tuple))  # type: ignore[union-attr]


def square_part(made: Made) -> None:
    """32×36 at 64, 36 of the 128×72 that people see; the file has 64×72."""
    shown = np.asarray(picture(source(made, 1)[0]).resize((128, 72), Image.Resampling.BICUBIC))
    near(made.frames(count=1)[0], shown[36:72, 64:96], 6)


BOX = {"left": 20, "top": 10, "width": 64, "height": 36}
BORDERED_FIRST = vf(f"{BRIGHT},drawbox=h=10:color=black:t=fill:enable='lt(t,1)',drawbox=y=62:h=10:color=black:t=fill:enable='lt(t,1)'", seconds=2)
"""Borders in the first second only."""
LETTERBOX = vf(f"{BRIGHT},scale=128:52,setsar=1,pad=128:72:0:10")
CROPS = [
    row("scale and crop", "oss: scaletype crop", {"width": 64, "height": 64, "scale_type": "crop"}, covered),
    row("scale and fill with black", "oss: scaletype fill", {"width": 64, "height": 64, "scale_type": "fill"}, filled),
    row("crop", "mps: Video.Crop width:height:left:top", {"crop": BOX}, part(20, 10, 64, 36)),
    row("crop at odd places", "mps: Video.Crop", {"crop": BOX | {"left": 21, "top": 11}}, part(21, 11, 64, 36)),
    row("crop of all", "mps: Video.Crop", {"crop": {"width": 128, "height": 72}}, whole),
    row("crop partly outside", "mps: Video.Crop", {"crop": {"left": 96, "top": 48, "width": 64, "height": 64}}, clipped),
    row("the smallest crop", "mps: Video.Crop", {"crop": {"left": 8, "top": 8, "width": 2, "height": 2}}, size(2, 2)),
    row("crop, then size", "mps: Video.Crop", {"crop": BOX, "width": 32}, size(32, 18)),
    row("crop of a smaller part is not enlarged", "mps: IsCheckReso", {"crop": BOX, "width": 96}, part(20, 10, 64, 36), conditions={"if_smaller": "keep"}),
    row("crop of a turned picture", "mps: Video.Crop", {"crop": {"left": 40, "top": 100, "width": 200, "height": 200}}, part_of_turned,
        {"media": "phone-rot90-320p30-h264-aac.mov"}, audio={"remove": True}),
    row("crop of pixels that are not square", "mps: Video.Crop", {"crop": {"left": 64, "top": 36, "width": 32, "height": 36}}, square_part,
        vf("gblur=sigma=2,scale=64:72,setsar=2/1")),
    row("borders above and below", "mps: Video.Crop border", {"crop": "auto"}, part(0, 10, 128, 52), LETTERBOX),
    row("borders left and right", "mps: Video.Crop border", {"crop": "auto"}, part(16, 0, 96, 72), vf(f"{BRIGHT},scale=96:72,setsar=1,pad=128:72:16:0")),
    row("borders on one side only", "mps: Video.Crop border", {"crop": "auto"}, part(32, 0, 96, 72), vf(f"{BRIGHT},scale=96:72,setsar=1,pad=128:72:32:0")),
    row("no borders", "mps: Video.Crop border", {"crop": "auto"}, whole, vf(BRIGHT)),
    row("all black: nothing to find", "mps: Video.Crop border", {"crop": "auto"}, whole, vf("drawbox=color=black:t=fill")),
    row("borders in a clip of several places", "mps: Video.Crop border", {"crop": "auto"}, part(0, 10, 128, 52),
        {**LETTERBOX, "seconds": 6}),
    row("borders of the output's own clip", "mps: Video.Crop border", {"crop": "auto"}, size(128, 52), BORDERED_FIRST, edit={"duration": 1.0}),
    row("no borders in the output's own clip", "mps: Video.Crop border", {"crop": "auto"}, size(128, 72), BORDERED_FIRST, edit={"start": 1.2}),
]  # fmt: skip


def on_canvas(width: int, height: int, left: int, top: int, colour: tuple[int, int, int] = (0, 0, 0), inner: tuple[int, int] = (128, 72)) -> Look:
    def look(made: Made) -> None:
        size(width, height)(made)
        wanted = Image.new("RGB", (width, height), colour)
        wanted.paste(picture(source(made, 1)[0]).resize(inner, Image.Resampling.BICUBIC), (left, top))
        near(made.frames(count=1)[0], np.asarray(wanted), 6)

    return look


PADS = [
    row("canvas, centred", "mps: Video.Pad", {"pad": {"width": 160, "height": 120}}, on_canvas(160, 120, 16, 24)),
    row("canvas, at a place", "mps: Video.Pad width:height:left:top", {"pad": {"width": 160, "height": 120, "left": 4, "top": 40}}, on_canvas(160, 120, 4, 40)),
    row("canvas with a colour", "mps: Video.Pad", {"pad": {"width": 160, "height": 72, "color": "#3060C0"}}, on_canvas(160, 72, 16, 0, (0x30, 0x60, 0xC0))),
    row("canvas with a named colour", "mps: Video.Pad", {"pad": {"width": 128, "height": 96, "color": "White"}}, on_canvas(128, 96, 0, 12, (255, 255, 255))),
    row("size, then canvas", "mps: Video.Pad", {"width": 64, "pad": {"width": 96, "height": 64}}, on_canvas(96, 64, 16, 14, inner=(64, 36))),
    row("canvas as large as the picture", "mps: Video.Pad", {"pad": {"width": 128, "height": 72}}, scaled(128, 72)),
    row("borders up to 16:9, narrow source", "mps: pad auto", {"pad": "auto"}, on_canvas(128, 72, 16, 0, inner=(96, 72)), {"size": "96x72"}),
    row("borders up to 16:9, wide source", "mps: pad auto", {"pad": "auto"}, on_canvas(128, 72, 0, 10, inner=(128, 52)), {"size": "128x52"}),
    row("borders up to 9:16", "mps: pad auto", {"pad": "auto"}, on_canvas(72, 128, 0, 16, inner=(72, 96)), {"size": "72x96"}),
    row("16:9 already", "mps: pad auto", {"pad": "auto"}, scaled(128, 72)),
]


def turned(quarters: int) -> Look:
    def look(made: Made) -> None:
        near(made.frames(count=1)[0], np.rot90(source(made, 1)[0], -quarters), 3)

    return look


def leaning(angle: int) -> Look:
    """Clockwise, in a box that holds all of it."""

    def look(made: Made) -> None:
        found = made.frames(count=1)[0]
        sine, cosine = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
        assert found.shape[1] - 2 < 128 * cosine + 72 * sine <= found.shape[1]
        assert found.shape[0] - 2 < 128 * sine + 72 * cosine <= found.shape[0]
        wanted = picture(source(made, 1)[0])
        big = Image.new("RGB", (256, 256))
        big.paste(wanted, (64, 92))
        big = big.rotate(-angle, resample=Image.Resampling.BILINEAR)
        left, top = (256 - found.shape[1]) // 2, (256 - found.shape[0]) // 2
        near(found, np.asarray(big.crop((left, top, left + found.shape[1], top + found.shape[0]))), 12)
        if 5 < angle % 90 < 85:
            assert found[:2, :2].max() < 40
            assert found[-2:, -2:].max() < 40

    return look


def mirrored(across: bool, down: bool) -> Look:
    def look(made: Made) -> None:
        near(made.frames(count=1)[0], source(made, 1)[0][:: -1 if down else 1, :: -1 if across else 1], 3)

    return look


TURN = "mps: Rotate 0–359 clockwise"
TURNS = [
    row("0°", TURN, {"rotate": 0}, turned(0)),
    row("90°", TURN, {"rotate": 90}, turned(1)),
    row("180°", TURN, {"rotate": 180}, turned(2)),
    row("270°", TURN, {"rotate": 270}, turned(3)),
    row("1°", TURN, {"rotate": 1}, leaning(1)),
    row("30°", TURN, {"rotate": 30}, leaning(30)),
    row("135°", TURN, {"rotate": 135}, leaning(135)),
    row("359°", TURN, {"rotate": 359}, leaning(359)),
    row("90°, then size", "imm: Rotation", {"rotate": 90, "width": 36}, size(36, 64)),
    row("90°, high picture follows the orientation", "imm: Rotation", {"rotate": 90, "width": 64, "height": 36, "follow_orientation": True}, size(36, 64)),
    row("45°, size is that of all", TURN, {"rotate": 45, "width": 70, "height": 70, "scale_type": "fit"}, size(70, 70)),
    row("flip left and right", "ims: flip", {"flip": "horizontal"}, mirrored(across=True, down=False)),
    row("flip up and down", "ims: flip", {"flip": "vertical"}, mirrored(across=False, down=True)),
    row("flip both", "ims: flip", {"flip": "both"}, mirrored(across=True, down=True)),
]

# --- fields ---------------------------------------------------------------------------------------------------------------
_MOVING = "scroll=horizontal=0.02"
COMBED = vf(f"{_MOVING},tinterlace=mode=interleave_top,fieldorder=tff", rate=50, seconds=0.8, more=())
COMBED["more"] = ("-vf", f"{_MOVING},tinterlace=mode=interleave_top", *LOSSLESS, "-flags", "+ildct+ilme", "-x264-params", "tff=1", "-r", "25")
UNMARKED = {**COMBED, "more": ("-vf", f"{_MOVING},tinterlace=mode=interleave_top,setfield=prog", *LOSSLESS, "-r", "25")}
MARKED_ONLY = {**SHORT, "seconds": 0.8, "more": ("-vf", f"gblur=sigma=1.5,{_MOVING},setfield=tff", *LOSSLESS, "-flags", "+ildct+ilme", "-x264-params", "tff=1")}


def comb(frames: np.ndarray) -> float:
    """How much neighbouring lines differ beside how much lines of the same field do: about 1 for whole pictures, far more with combs."""
    lines = frames.astype(float).mean(axis=-1)
    neighbours = np.abs(lines[:, 1:-1] - (lines[:, :-2] + lines[:, 2:]) / 2).mean()
    fields = np.abs(lines[:, 2:-2] - (lines[:, :-4] + lines[:, 4:]) / 2).mean()
    return float(neighbours / fields)


def smooth(made: Made) -> None:
    before, after = comb(source(made)), comb(made.frames())
    assert before > 1.1 * after, (before, after)
    assert made.raw()["streams"][0].get("field_order", "progressive") == "progressive"
    assert len(made.frames()) == len(source(made))


def combed(made: Made) -> None:
    assert comb(made.frames()) > 0.9 * comb(source(made))


def untouched(made: Made) -> None:
    assert "bwdif" not in filters(made)
    near(made.frames(count=3)[2], source(made, 3)[2])


def assert_deinterlaced(made: Made) -> None:
    assert "bwdif" in filters(made)


def kept_fields(made: Made) -> None:
    combed(made)
    assert made.raw()["streams"][0]["field_order"] in ("tt", "tb")


def filters(made: Made) -> list[str]:
    video = made.output.renditions[0].video
    assert video is not None
    return [step[0] for step in video.filters if isinstance(step, tuple)]


DEINTERLACE = "issue: deinterlace (auto by field analysis)"
FIELDS = [
    row("auto: combed pictures", DEINTERLACE, {"deinterlace": "auto"}, smooth, COMBED),
    row("auto: combed pictures that the file calls whole", DEINTERLACE, {"deinterlace": "auto"}, smooth, UNMARKED),
    row("auto: whole pictures that the file calls fields", DEINTERLACE, {"deinterlace": "auto"}, untouched, MARKED_ONLY),
    row("auto: whole pictures", DEINTERLACE, {"deinterlace": "auto"}, untouched, vf(_MOVING)),
    row("auto: whole pictures that move up and down", DEINTERLACE, {"deinterlace": "auto"}, untouched, {"seconds": 1, "more": LOSSLESS}),
    row("auto: a camera's fields", DEINTERLACE, {"deinterlace": "auto"}, lambda made: assert_deinterlaced(made), {"media": "desk-360i25-h264-tff-noaudio.mp4"}),
    row("force", DEINTERLACE, {"deinterlace": "force"}, smooth, COMBED),
    row("none", DEINTERLACE, {"deinterlace": "none"}, combed, COMBED),
    row("progressive", "mps: ScanMode progressive", {"scan": "progressive"}, smooth, COMBED),
    row("progressive, whole pictures", "mps: ScanMode progressive", {"scan": "progressive"}, untouched, vf(_MOVING)),
    row("interlaced", "mps: ScanMode interlaced", {"scan": "interlaced"}, kept_fields, COMBED),
    row("turned pictures are deinterlaced", "mps: Rotate", {"rotate": 90}, lambda made: size(72, 128)(made), COMBED),
]


# --- noise and edges ------------------------------------------------------------------------------------------------------
NOISY = vf("drawbox=color=gray:t=fill,noise=alls=15:allf=t+u")


def noise_left(most: float, least: float = 0.0) -> Look:
    def look(made: Made) -> None:
        before, after = (frames[2:].astype(float).std() for frames in (source(made), made.frames()))
        assert least * before < after < most * before, after / before

    return look


def edges(least: float, most: float) -> Look:
    def look(made: Made) -> None:
        def energy(frames: np.ndarray) -> float:
            lines = frames.astype(float).mean(axis=-1)
            return float(np.abs(np.diff(lines, axis=2)).mean())

        ratio = energy(made.frames()) / energy(source(made))
        assert least < ratio < most, ratio

    return look


SOFT = vf("gblur=sigma=1.5")
DETAILS = [
    row("noise, light", "issue: denoise", {"denoise": "light"}, noise_left(0.97, 0.7), NOISY),
    row("noise, medium", "issue: denoise", {"denoise": "medium"}, noise_left(0.85, 0.4), NOISY),
    row("noise, strong", "issue: denoise", {"denoise": "strong"}, noise_left(0.45), NOISY),
    row("sharpen, light", "issue: sharpen", {"sharpen": "light"}, edges(1.02, 1.25), SOFT),
    row("sharpen, medium", "issue: sharpen", {"sharpen": "medium"}, edges(1.06, 1.5), SOFT),
    row("sharpen, strong", "issue: sharpen", {"sharpen": "strong"}, edges(1.1, 1.8), SOFT),
]


# --- timing ---------------------------------------------------------------------------------------------------------------
def paced(rate: str, count: int, spare: int = 0) -> Look:
    def look(made: Made) -> None:
        video = made.raw()["streams"][0]
        assert video["avg_frame_rate"] == rate
        assert abs(int(video["nb_frames"]) - count) <= spare, video["nb_frames"]

    return look


ONE = {"seconds": 1}
NTSC = {"seconds": 1.001, "rate": "30000/1001"}
FPS = "oss-video-convert.txt: fps 0–240, fpsopt"
CONVERT, KEEP = {"if_lower_fps": "convert"}, {"if_lower_fps": "keep"}
RATES = [
    row("no rate", FPS, {}, paced("25/1", 25), ONE),
    row("0 is the source's", "issue: fps 0", {"fps": 0.0}, paced("25/1", 25), ONE),
    row("half", FPS, {"fps": 12.5}, paced("25/2", 12, 1), ONE),
    row("10", FPS, {"fps": 10.0}, paced("10/1", 10), ONE),
    row("the source's own", FPS, {"fps": 25.0}, paced("25/1", 25), ONE),
    row("one per second", FPS, {"fps": 1.0}, paced("1/1", 3, 1), {"seconds": 3}),
    row("more, made", "oss: fpsopt 0", {"fps": 50.0}, paced("50/1", 50), ONE, conditions=CONVERT),
    row("more, kept", "oss: fpsopt 1", {"fps": 50.0}, paced("25/1", 25), ONE, conditions=KEEP),
    row("240", FPS, {"fps": 240.0}, paced("240/1", 240, 1), ONE, conditions=CONVERT),
    row("29.97 is exact", FPS, {"fps": 29.97}, paced("30000/1001", 30, 1), ONE, conditions=CONVERT),
    row("23.976 is exact", FPS, {"fps": 23.976}, paced("24000/1001", 24, 1), ONE),
    row("NTSC kept", FPS, {}, paced("30000/1001", 30), NTSC),
    row("NTSC asked for", FPS, {"fps": 29.97}, paced("30000/1001", 30), NTSC),
    row("upper bound, above it", "mps: sources above 60 become 60", {"max_fps": 10.0}, paced("10/1", 10), ONE),
    row("upper bound, below it", "mps: sources above 60 become 60", {"max_fps": 60.0}, paced("25/1", 25), ONE),
    row("upper bound, at it", "mps: sources above 60 become 60", {"max_fps": 25.0}, paced("25/1", 25), ONE),
]

ROWS = [*SIZES, *CROPS, *PADS, *TURNS, *FIELDS, *DETAILS, *RATES]


@pytest.mark.media
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(bench: Bench, row: Row) -> None:
    bench.row(row)
