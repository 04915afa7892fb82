"""Sets of what is copied: where a clip begins, and what a container cannot say of the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.surface.harness import Bench
from tests.surface.sets import in_step, joined, manifest, mux, published

KEYS = (
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-pix_fmt",
    "yuv420p",
    "-g",
    "50",
    "-sc_threshold",
    "0",
    "-bf",
    "2",
    "-c:a",
    "aac",
    "-af",
    "volume=0:enable='lt(t,2.5)'",
)


@pytest.mark.media
@pytest.mark.parametrize("suffix", ["mp4", "ts"])
@pytest.mark.parametrize("sound_codec", ["copy", "aac"])
@pytest.mark.parametrize(("format_", "more"), [("hls", {}), ("hls", {"encryption": {"method": "cbcs"}}), ("dash", {}), ("cmaf", {})])
def test_a_copied_clip_begins_with_sound_and_picture_at_the_key_frame(bench: Bench, format_: str, more: dict[str, Any], sound_codec: str, suffix: str) -> None:
    """Key frames are at 0, 2 and 4 s, and the tone begins at 2.5 s: 3.1 to 4.5 s as a copy is 2.0 to 4.5 s, and is heard after half a second."""
    source = bench.source({"seconds": 6, "more": KEYS, "suffix": suffix})
    fmp4 = {"segment_format": "fmp4"} if more else {}
    sections = {"video": {"codec": "copy"}, "audio": {"codec": sound_codec}, "edit": {"start": 3.1, "duration": 1.4}, "mux": mux(**fmp4), **more}
    made = bench.run(source, {"container": {"format": format_}, **sections})
    folder, _ = published(made)
    assert "The copied picture begins at the key frame before the clip's start." in made.output.warnings
    rendition = made.output.renditions[0].expected
    assert rendition.duration == pytest.approx(2.5, abs=0.05)
    if more:  # what was encrypted lies in the room as it was before
        seen, heard = made.room / made.output.renditions[0].file, made.room / made.output.renditions[1].file
    elif format_ == "hls":
        seen = heard = folder / "main.m3u8"
    else:
        both = manifest(folder).representations
        seen, heard = (joined(folder, next(r for r in both if r.content == kind)) for kind in ("video", "audio"))
        in_step(made)
    pictures = made.frames(pixel_format="gray", file=seen)
    assert 62 <= len(pictures) <= 66  # packets are counted in the order of decoding: some come after the end
    assert np.array_equal(pictures[:62], made.frames(pixel_format="gray", file=source)[50:112])
    begun = {s["codec_type"]: float(s["start_time"]) for file in (seen, heard) for s in made.raw(file=file)["streams"]}
    samples = made.samples(file=heard)[:, 0]
    assert begun["audio"] - begun["video"] + int(np.argmax(np.abs(samples) > 0.03)) / 8000 == pytest.approx(0.5, abs=0.04)


@pytest.mark.media
@pytest.mark.parametrize(
    ("format_", "mux_", "said"),
    [("mp4", {}, False), ("hls", {"segment_format": "fmp4"}, False), ("mkv", {}, False), ("hls", {}, True), ("dash", {}, True), ("flv", {}, True)],
)
def test_a_copy_that_cannot_say_which_side_is_up_says_so(bench: Bench, format_: str, mux_: dict[str, Any], said: bool) -> None:  # fmt: skip
    """A phone's picture, turned by a note alone: where the note is lost there is a warning, elsewhere it is still there."""
    source = bench.source({"media": "phone-rot90-320p30-h264-aac.mov"})
    made = bench.run(source, {"container": {"format": format_}, "video": {"codec": "copy"}, "mux": mux_})
    assert any("lying on its side" in w for w in made.output.warnings) is said
    assert (made.probe.picture is not None and made.probe.picture.rotation != 0 and not (made.output.set and made.output.set.packager)) is not said
