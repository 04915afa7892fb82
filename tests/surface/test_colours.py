"""Colours, HDR, pixel formats, GIF and WebP: what values mean before and after, and what is seen."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.surface.harness import Bench, Made, Row

Look = Callable[[Made], None]
FINE: dict[str, Any] = {"preset": "ultrafast", "crf": 4.0}
SHORT: dict[str, Any] = {"seconds": 0.4, "audio": False}
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "4")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params")
RED = (200, 40, 30)


def row(name: str, seed: str, video: dict[str, Any], look: Look, source: dict[str, Any] | None = None, format_: str = "mp4", **sections: Any) -> Row:
    base = {} if format_ in ("gif", "webp") or video.get("codec") in ("prores", "mpeg2", "mpeg4") else FINE
    return Row(name, seed, format_, {"video": {**base, **video}, **sections}, look, {**SHORT, **(source or {})})


def made_by(filters: str, *options: str, **more: Any) -> dict[str, Any]:
    return {**SHORT, "more": ("-vf", filters, *options), **more}


TAGGED = {
    "bt601": "colorspace=smpte170m:color_primaries=smpte170m:color_trc=smpte170m",
    "bt709": "colorspace=bt709:color_primaries=bt709:color_trc=bt709",
    "": "colorspace=unknown:color_primaries=unknown:color_trc=unknown",
}


def red(matrix: str, tagged: str = "", levels: str = "limited", **more: Any) -> dict[str, Any]:
    """A red picture whose values are of this matrix and range, tagged so or not at all."""
    fill = f"format=gbrp,drawbox=color=0x{RED[0]:02x}{RED[1]:02x}{RED[2]:02x}:t=fill:replace=1"
    pixels = "yuvj420p" if levels == "full" else "yuv420p"
    scaled = f"scale=out_color_matrix={matrix}:out_range={levels},format={pixels},setparams={TAGGED[tagged]}:range={levels}"
    return made_by(f"{fill},{scaled}", *X264, "-pix_fmt", pixels, **more)


def shown(made: Made, width: int = 64, height: int = 36) -> np.ndarray:
    """The output as a player shows it: by its tags, and without tags by its size."""
    stream = made.probe.picture
    assert stream is not None
    guess = "bt709" if stream.width >= 1280 or stream.height > 576 else "smpte170m"
    matrix = stream.color_space or guess
    text = f"scale=in_color_matrix={matrix}:in_range={'full' if stream.color_range == 'pc' else 'limited'},format=gbrp,scale={width}:{height},format=rgb24"
    argv = [made.tools.ffmpeg, "-nostdin", "-v", "error", "-i", str(made.file), "-map", "0:v", "-frames:v", "1", "-vf", text, "-f", "rawvideo", "-"]
    data = subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout
    return np.frombuffer(data, dtype=np.uint8).reshape(height, width, 3)


def still_red(made: Made) -> None:
    found = shown(made)[8:-8, 8:-8].reshape(-1, 3).mean(axis=0)
    assert np.abs(found - RED).max() < 6, found


def tags(matrix: str, transfer: str, primaries: str) -> Look:
    def look(made: Made) -> None:
        stream = made.probe.picture
        assert stream is not None
        assert (stream.color_space, stream.color_transfer, stream.color_primaries, stream.color_range) == (matrix, transfer, primaries, "tv")

    return look


def both(*looks: Look) -> Look:
    def look(made: Made) -> None:
        for one in looks:
            one(made)

    return look


TAGS = "issue: colour tags right"
SD, HD = tags("smpte170m", "smpte170m", "smpte170m"), tags("bt709", "bt709", "bt709")
LARGE = {"size": "1280x720", "seconds": 0.2}
COLOURS = [
    row("BT.601 stays", TAGS, {}, both(still_red, SD), red("bt601", "bt601")),
    row("BT.709 stays", TAGS, {}, both(still_red, HD), red("bt709", "bt709")),
    row("SD without tags gets them", TAGS, {}, both(still_red, SD), red("bt601")),
    row("PAL without tags gets them", TAGS, {"width": 128}, tags("bt470bg", "smpte170m", "bt470bg"), red("bt601", size="720x576", seconds=0.2)),
    row("HD without tags, made SD", TAGS, {"width": 128}, both(still_red, HD), red("bt709", **LARGE)),
    row("BT.601, made HD", TAGS, {"width": 1280}, both(still_red, SD), red("bt601", "bt601", seconds=0.12), conditions={"if_smaller": "convert"}),
    row("full range becomes studio range", TAGS, {}, both(still_red, HD), red("bt709", "bt709", "full")),
    row("full range without tags", TAGS, {}, both(still_red, SD), red("bt601", "", "full")),
    row("RGB becomes BT.709", TAGS, {"pixel_format": "yuv420p"}, both(still_red, HD), made_by(
        f"format=gbrp,drawbox=color=0x{RED[0]:02x}{RED[1]:02x}{RED[2]:02x}:t=fill:replace=1", "-c:v", "libx264rgb", "-preset", "ultrafast", "-qp", "4")),
    row("VP9 is tagged", TAGS, {"codec": "vp9"}, both(still_red, SD), red("bt601"), "webm"),
    row("H.265 is tagged", TAGS, {"codec": "h265"}, both(still_red, HD), red("bt709", "bt709")),
    row("AV1 is tagged", TAGS, {"codec": "av1", "crf": 20.0}, both(still_red, HD), red("bt709", "bt709"), "mkv"),
    row("ProRes is tagged", TAGS, {"codec": "prores"}, both(still_red, HD), red("bt709", "bt709"), "mov"),
    row("HLS is tagged", TAGS, {}, both(still_red, SD), red("bt601"), "hls"),
    row("MPEG-4 in AVI has no tags: as players guess", TAGS, {"codec": "mpeg4", "bitrate_kbps": 2000}, still_red, red("bt709", "bt709"), "avi"),
    row("GIF of BT.709", TAGS, {}, lambda made: rgb_is_red(made), red("bt709", "bt709"), "gif"),
    row("GIF of SD without tags", TAGS, {}, lambda made: rgb_is_red(made), red("bt601"), "gif"),
    row("GIF of full range", TAGS, {}, lambda made: rgb_is_red(made), red("bt709", "bt709", "full"), "gif"),
    row("WebP of BT.709", TAGS, {}, lambda made: rgb_is_red(made), red("bt709", "bt709"), "webp"),
    row("a camera's Motion JPEG", TAGS, {"width": 160}, tags("bt470bg", "smpte170m", "bt470bg"), {"media": "camera-240p15-mjpeg-pcm.avi"},
        audio={"remove": True}),
]  # fmt: skip


def rgb_is_red(made: Made) -> None:
    found = np.asarray(opened(made)[0].convert("RGB")).reshape(-1, 3).mean(axis=0)
    assert np.abs(found - RED).max() < 7, found


def opened(made: Made) -> list[Image.Image]:
    """All pictures of an animation, as Pillow composes them."""
    pictures = []
    with Image.open(made.file) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            pictures.append(image.convert("RGBA"))
    return pictures


# --- HDR ------------------------------------------------------------------------------------------------------------------
NITS = (0, 1, 10, 50, 100, 203, 400, 1000)


def ramp(transfer: str, *options: str, info: str = "") -> dict[str, Any]:
    """Eight grey bars of NITS, 16 px each, in PQ or HLG."""
    levels = "+".join(f"between(X,{16 * number},{16 * number + 15})*{_signal(nits, transfer)}" for number, nits in enumerate(NITS))
    grey = f"format=yuv420p10le,geq=lum='{levels}':cb=512:cr=512"
    tagged = f"setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}:range=limited"
    return made_by(f"{grey},{tagged}", *X265, f"log-level=error:qp=4{info}", "-pix_fmt", "yuv420p10le", *options)


def _signal(nits: float, transfer: str) -> int:
    """Ten-bit studio value of a grey of so many nits."""
    if transfer == "smpte2084":
        power = (nits / 10000) ** (2610 / 16384)
        value = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    else:
        scene = (nits / 1000) ** (1 / 1.2)
        value = (3 * scene) ** 0.5 if scene <= 1 / 12 else 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073
    return round(64 + 876 * float(value))


def toned(made: Made) -> None:
    """Black is black, half of white is as in SDR, 203 nits are bright but not white, 1000 nits are white; never darker to the right."""
    tags("bt709", "bt709", "bt709")(made)
    line = made.frames(count=1)[0][36].astype(int)
    assert np.abs(line.max(axis=1) - line.min(axis=1)).max() < 12  # grey stays grey
    bars = [int(line[16 * number + 8].mean()) for number in range(8)]
    assert bars == sorted(bars)
    assert bars[0] < 4
    assert 130 < bars[3] < 155
    assert 220 < bars[5] < 245
    assert bars[7] > 250


def no_limits(made: Made) -> None:
    assert side_data(made) == set()


def side_data(made: Made) -> set[str]:
    found = made.raw("-show_frames", "-read_intervals", "%+#1")
    lists = [*found["streams"][0].get("side_data_list", ()), *(one for frame in found["frames"] for one in frame.get("side_data_list", ()))]
    return {one["side_data_type"] for one in lists if "Mastering" in one["side_data_type"] or "light level" in one["side_data_type"]}


def limits(made: Made) -> None:
    assert side_data(made) == {"Mastering display metadata", "Content light level metadata"}


def deep(made: Made) -> None:
    stream = made.probe.picture
    assert stream is not None
    assert stream.pixel_format is not None
    assert stream.pixel_format.endswith("10le")


DISPLAY = ":master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
PQ, HLG = ramp("smpte2084", info=DISPLAY), ramp("arib-std-b67")
KEPT_PQ, KEPT_HLG = tags("bt2020nc", "smpte2084", "bt2020"), tags("bt2020nc", "arib-std-b67", "bt2020")
HDR = "issue: HDR (PQ, HLG)"
EIGHT = {"pixel_format": "yuv420p"}
HDRS = [
    row("PQ to SDR", HDR, {"hdr": "sdr", **EIGHT}, both(toned, no_limits), PQ),
    row("HLG to SDR", HDR, {"hdr": "sdr", **EIGHT}, toned, HLG),
    row("PQ to SDR because of 8 bits", HDR, EIGHT, both(toned, no_limits), PQ),
    row("PQ to SDR because of the profile", HDR, {"profile": "high"}, toned, PQ),
    row("HLG to SDR because of the codec", HDR, {"codec": "mpeg2", "bitrate_kbps": 4000}, toned, HLG, "mkv"),
    row("PQ to SDR in 10 bit", HDR, {"hdr": "sdr", "codec": "h265", "pixel_format": "yuv420p10le"}, both(toned, deep), PQ),
    row("PQ to SDR, scaled", HDR, {"hdr": "sdr", "width": 64}, tags("bt709", "bt709", "bt709"), PQ),
    row("PQ kept in H.265, with the limits of its scene", HDR, {"hdr": "keep", "codec": "h265"}, both(KEPT_PQ, limits, deep), PQ),
    row("PQ kept where nothing is said", HDR, {"codec": "h265", "width": 64}, both(KEPT_PQ, limits, deep), PQ),
    row("HLG kept in H.265", HDR, {"hdr": "keep", "codec": "h265"}, both(KEPT_HLG, deep), HLG),
    row("PQ kept in VP9", HDR, {"hdr": "keep", "codec": "vp9"}, both(KEPT_PQ, limits, deep), PQ, "webm"),
    row("PQ kept in AV1", HDR, {"hdr": "keep", "codec": "av1", "crf": 30.0}, both(KEPT_PQ, limits, deep), PQ),
    row("PQ kept in H.264, High 10", HDR, {"hdr": "keep", "profile": "high10"}, both(KEPT_PQ, deep), PQ),
    row("PQ kept in ProRes", HDR, {"hdr": "keep", "codec": "prores"}, both(KEPT_PQ, deep), PQ, "mov"),
    row("PQ as GIF", HDR, {}, lambda made: grey_ramp(made), PQ, "gif"),
    row("PQ as GIF of odd size", HDR, {"width": 101}, lambda made: size_is(made, 101, 57), PQ, "gif"),
    row("HLG as WebP", HDR, {}, lambda made: grey_ramp(made), HLG, "webp"),
    row("a phone's HLG", HDR, {"width": 192, **EIGHT}, tags("bt709", "bt709", "bt709"), {"media": "colour-1080p-hevc-hlg-10bit.mp4"}, audio={"remove": True}),
    row("SDR where HDR may be kept", HDR, {"hdr": "keep", "codec": "h265"}, SD),
]


def grey_ramp(made: Made) -> None:
    line = np.asarray(opened(made)[0].convert("RGB")).astype(int)[36]
    bars = [int(line[16 * number + 8].mean()) for number in range(8)]
    assert bars == sorted(bars)
    assert bars[0] < 8
    assert 215 < bars[5] < 250


def size_is(made: Made, width: int, height: int) -> None:
    assert opened(made)[0].size == (width, height)


# --- pixel formats --------------------------------------------------------------------------------------------------------
def pixels(name: str, warned: str = "") -> Look:
    def look(made: Made) -> None:
        stream = made.raw()["streams"][0]
        assert stream["pix_fmt"] == name
        found = [warning for warning in made.output.warnings if "cannot have" in warning]
        assert bool(found) == bool(warned)
        assert all(warned in warning for warning in found)

    return look


PIXFMT = "oss-video-convert.txt: pixfmt"
FOUR22 = made_by("format=yuv422p", *X264, "-pix_fmt", "yuv422p")
FOUR44 = made_by("format=yuv444p", *X264, "-pix_fmt", "yuv444p")
PIXELS = [
    row(f"{name} in {codec}", PIXFMT, {"codec": codec, "pixel_format": name}, pixels(name))
    for codec, name in (
        ("h264", "yuv420p"),
        ("h264", "yuv422p"),
        ("h264", "yuv444p"),
        ("h264", "yuv420p10le"),
        ("h265", "yuv422p10le"),
        ("h265", "yuv444p10le"),
        ("vp9", "yuv444p"),
    )
] + [
    row("not set: the source's 4:2:2", PIXFMT, {}, pixels("yuv422p"), FOUR22),
    row("not set, codec cannot: 4:2:0", PIXFMT, {"codec": "av1", "crf": 40.0}, pixels("yuv420p"), FOUR22),
    row("not set, profile cannot: 4:2:0", PIXFMT, {"profile": "high"}, pixels("yuv420p"), FOUR44),
    row("asked, codec cannot: the source's", PIXFMT, {"pixel_format": "yuva420p"}, pixels("yuv422p", "yuva420p"), FOUR22),
    row("asked, profile cannot, nor the source's: 4:2:0", PIXFMT, {"profile": "main", "pixel_format": "yuv444p10le"}, pixels("yuv420p", "yuv444p10le"), FOUR44),
    row("full-range formats are the same in studio range", "mps: PixFmt yuvj420p", {}, pixels("yuv420p"), {"media": "timecode-1080p30-hevc-aac.mp4"},
        edit={"duration": 0.2}, audio={"remove": True}),
]  # fmt: skip


# --- animations -----------------------------------------------------------------------------------------------------------
def gif(count: int, duration: int, **info: Any) -> Look:
    """Pictures, ms of each, and what Pillow says of the file."""

    def look(made: Made) -> None:
        with Image.open(made.file) as image:
            assert image.n_frames == count  # type: ignore[attr-defined]
            assert abs(image.info["duration"] - duration) <= 10
            assert {key: image.info.get(key) for key in info} == info

    return look


def last_stands(ms: int) -> Look:
    def look(made: Made) -> None:
        with Image.open(made.file) as image:
            image.seek(image.n_frames - 1)  # type: ignore[attr-defined]
            assert image.info["duration"] == ms

    return look


def palettes(own: bool) -> Look:
    """Whether each picture brings a palette of its own: local colour tables after the first picture."""

    def look(made: Made) -> None:
        data = made.file.read_bytes()
        flags = [data[at + 9] for at in image_blocks(data)]
        assert len(flags) > 2
        assert all(flag & 0x80 for flag in flags[1:]) is own

    return look


def image_blocks(data: bytes) -> list[int]:
    """Where the image descriptors of a GIF begin."""
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    found = []
    while data[at] != 0x3B:
        if data[at] == 0x21:
            at += 2
        else:
            found.append(at)
            at += 10 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0) + 1
        while data[at]:
            at += data[at] + 1
        at += 1
    return found


def colours_close(mean: float) -> Look:
    def look(made: Made) -> None:
        wanted = made.frames(file=made.room / "input", count=1)[0].astype(int)
        found = np.asarray(opened(made)[0].convert("RGB")).astype(int)
        assert found.shape == wanted.shape
        assert np.abs(found - wanted).mean() < mean

    return look


def flat(is_flat: bool) -> Look:
    """A soft gradient without dither has steps; with dither neighbours alternate."""

    def look(made: Made) -> None:
        found = np.asarray(opened(made)[0].convert("L")).astype(int)
        changes = np.count_nonzero(np.diff(found, axis=1)) / found.size
        assert bool(changes < 0.25) is is_flat, changes

    return look


GRADIENT = made_by("format=gbrp,geq=r='X*2':g='(X+Y)':b='Y*3',format=yuv444p", *X264, "-pix_fmt", "yuv444p")
ANIMATION = "mps: MuxConfig.Gif, Webp"
ONE = {"seconds": 1, "audio": False}
GIFS = [
    row("GIF", "mts-product-introduction: gif", {}, both(gif(25, 40, loop=0), colours_close(14)), ONE, "gif"),
    row("GIF, 10 pictures a second", "oss: animation fps", {"fps": 10.0}, gif(10, 100, loop=0), ONE, "gif"),
    row("GIF, most pictures a second", "oss: animation fps", {"fps": 50.0}, gif(50, 20), ONE, "gif", conditions={"if_lower_fps": "convert"}),
    row("GIF, size", "oss: animation w h", {"width": 65, "height": 33}, lambda made: size_is(made, 65, 33), None, "gif"),
    row("GIF, loops three times", ANIMATION, {}, lambda made: gif(10, 40, loop=3)(made), None, "gif", mux={"loop": 3}),
    row("GIF, last picture stands 2 s", ANIMATION, {}, last_stands(2000), None, "gif", mux={"final_delay_cs": 200}),
    row("GIF, one palette", ANIMATION, {}, palettes(own=False), None, "gif", mux={"palette": "clip"}),
    row("GIF, a palette for each picture", ANIMATION, {}, both(palettes(own=True), colours_close(14)), None, "gif", mux={"palette": "frame"}),
    row("GIF, no dither", ANIMATION, {}, both(flat(is_flat=True), colours_close(12)), GRADIENT, "gif", mux={"dither": "none"}),
    row("GIF, bayer", ANIMATION, {}, both(flat(is_flat=False), colours_close(12)), GRADIENT, "gif", mux={"dither": "bayer"}),
    row("GIF, sierra", ANIMATION, {}, both(flat(is_flat=False), colours_close(12)), GRADIENT, "gif", mux={"dither": "sierra"}),
    row("GIF from a transparent GIF", ANIMATION, {"width": 64}, lambda made: size_is(made, 64, 64), {"media": "images/circle-128.gif"}, "gif"),
    row("WebP", ANIMATION, {}, lambda made: webp(made, 1.0, 0, 25), ONE, "webp"),
    row("WebP, 10 pictures a second", ANIMATION, {"fps": 10.0}, lambda made: webp(made, 1.0, 0, 10), ONE, "webp"),
    row("WebP, loops four times", ANIMATION, {}, lambda made: webp(made, 0.4, 4, 10), None, "webp", mux={"loop": 4}),
    row("WebP, odd size", ANIMATION, {"width": 65, "height": 33}, lambda made: size_is(made, 65, 33), None, "webp"),
    row("WebP of pictures that are all alike", ANIMATION, {}, lambda made: size_is(made, 128, 72), red("bt601"), "webp"),
    row("WebP, pixels", ANIMATION, {}, colours_close(12), None, "webp"),
]


def webp(made: Made, seconds: float, loop: int, most: int) -> None:
    with Image.open(made.file) as image:
        assert image.info["loop"] == loop
        assert 2 < image.n_frames <= most  # type: ignore[attr-defined]
    assert made.probe.duration is not None
    assert abs(made.probe.duration - seconds) < 0.06


ROWS = [*COLOURS, *HDRS, *PIXELS, *GIFS]


@pytest.mark.media
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(bench: Bench, row: Row) -> None:
    bench.row(row)


@pytest.mark.media
@pytest.mark.parametrize("format_", ["gif", "webp"])
def test_transparent_animations_stay_transparent(bench: Bench, tmp_path: Path, format_: str) -> None:
    pictures = []
    for number in range(4):
        picture = Image.new("RGBA", (64, 48), (0, 0, 0, 0))
        picture.paste((200, 40, 30, 255), (8 + 8 * number, 8, 24 + 8 * number, 40))
        pictures.append(picture)
    path = tmp_path / "clear.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100, disposal=2)
    made = bench.run(path, {"container": {"format": format_}, "video": {"width": 32}})
    alpha = np.asarray(opened(made)[1])[..., 3]
    assert alpha[0, 0] == 0
    assert alpha[12, 12] == 255
