"""From template and probe to the plan of the picture: rates, pixel formats, rate control, groups of pictures, tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.samples import filter_names, only, option, output, video


def test_the_rate_is_kept_frame_by_frame_unless_one_is_asked_for() -> None:
    kept, changed = video("screen"), video("bbb", fps=10.0)
    for found in (kept, changed):
        assert option(found, "-fps_mode:v") == "passthrough"
    assert option(kept, "-enc_time_base:v") == "demux"
    assert option(changed, "-enc_time_base:v") is None
    assert dict(changed.filters)["fps"] == (("fps", "10"),)
    assert "fps" not in filter_names(kept)


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("bbb", {"fps": 25.0}, None),
        ("bbb", {"fps": 0.0}, None),
        ("bbb", {"max_fps": 60.0}, None),
        ("bbb", {"max_fps": 20.0}, "20"),
        ("bbb", {"fps": 50.0}, None),  # the source's own rate is kept: the default condition
        ("flower", {"fps": 23.976}, "24000/1001"),
        ("flower", {"fps": 29.97}, None),
        ("vfr", {"fps": 25.0}, "25"),
        ("vfr", {"fps": 27.019}, "27.019"),  # its average, but not its timing
        ("flv", {"max_fps": 30.0}, "30"),
    ],
)
def test_rates(name: str, values: dict[str, float], wanted: str | None) -> None:
    found = dict(video(name, **values).filters).get("fps")
    assert (found[0][1] if found else None) == wanted


def test_a_lower_rate_of_the_source_is_converted_only_on_demand() -> None:
    found = output("bbb", "mp4", video={"fps": 50.0}, conditions={"if_lower_fps": "convert"})
    picture = only(found).video
    assert picture is not None
    assert dict(picture.filters)["fps"] == (("fps", "50"),)
    assert "its own 25 was kept" in output("bbb", "mp4", video={"fps": 50.0}).warnings[-1]


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("bbb", {}, "yuv420p"),
        ("chapters", {}, "yuv444p"),
        ("chapters", {"profile": "high"}, "yuv420p"),
        ("chapters", {"pixel_format": "yuv420p"}, "yuv420p"),
        ("hdr", {}, "yuv420p10le"),
        ("hdr", {"profile": "main"}, "yuv420p"),
        ("hdr", {"codec": "h265"}, "yuv420p10le"),
        ("bbb", {"codec": "h265", "profile": "main10"}, "yuv420p10le"),
        ("full-range", {}, "yuv420p"),
    ],
)
def test_pixel_formats_as_asked_else_the_sources_else_420(name: str, values: dict[str, Any], wanted: str) -> None:
    found = video(name, **values)
    assert found.pixel_format == wanted
    assert found.filters[-1] == ("format", (("pix_fmts", wanted),))


def test_full_range_is_brought_into_studio_range() -> None:
    assert ("out_range", "limited") in dict(video("full-range").filters)["scale"]
    assert filter_names(video("bbb")) == ["setparams", "format"]  # it has no tags of its own


def test_rate_control() -> None:
    assert option(video("bbb"), "-crf") == "23"
    assert option(video("bbb", codec="h265"), "-crf") == "26"
    assert option(video("bbb", crf=18.5), "-crf") == "18.5"
    bitrate = video("bbb", bitrate_kbps=500, maxrate_kbps=800)
    assert (option(bitrate, "-b:v"), option(bitrate, "-maxrate:v"), option(bitrate, "-bufsize:v"), option(bitrate, "-crf")) == ("500k", "800k", "1600k", None)
    capped = video("bbb", crf=20.0, maxrate_kbps=800, bufsize_kbit=900)
    assert (option(capped, "-crf"), option(capped, "-maxrate:v"), option(capped, "-bufsize:v")) == ("20", "800k", "900k")


def test_a_lower_bitrate_of_the_source_is_kept_on_demand() -> None:
    found = output("bbb", "mp4", video={"bitrate_kbps": 9000}, conditions={"if_lower_video_bitrate": "keep"})
    picture = only(found).video
    assert picture is not None
    assert option(picture, "-b:v") == "1206k"
    assert option(video("bbb", bitrate_kbps=9000), "-b:v") == "9000k"


@pytest.mark.parametrize(
    ("name", "values", "mux", "wanted"),
    [
        ("bbb", {}, {}, "250"),
        ("bbb", {"gop": 50}, {}, "50"),
        ("bbb", {}, {"segment_seconds": 4.0}, "100"),
        ("bbb", {}, {"segment_seconds": 60.0}, "250"),
        ("bbb", {"fps": 10.0}, {"segment_seconds": 4.0}, "40"),
        ("screen", {}, {"segment_seconds": 4.0}, "250"),  # frames tell nothing about time there
    ],
)
def test_groups_of_pictures(name: str, values: dict[str, Any], mux: dict[str, float], wanted: str) -> None:
    found = only(output(name, "hls" if mux else "mp4", video=values, mux=mux)).video
    assert found is not None
    assert option(found, "-g") == wanted


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_segments_begin_with_key_frames_of_closed_groups(codec: str) -> None:
    found = only(output("bbb", "hls", video={"codec": codec}, mux={"segment_seconds": 6.0}))
    assert found.video is not None
    assert option(found.video, "-force_key_frames:v") == "expr:if(isnan(prev_forced_t),1+0*st(0,t),gte(t,ld(0)+n_forced*6))"
    assert option(found.video, "-forced-idr") == "1"
    closed = option(found.video, "-flags:v") == "+cgop" if codec == "h264" else option(found.video, "-x265-params") == "open-gop=0:scenecut=0:log-level=error"
    assert closed
    assert found.segments == "o0-%05d.ts"
    assert found.mux_options[found.mux_options.index("-hls_time") :][:2] == ("-hls_time", "6")


def test_h265_is_tagged_for_apple_in_mp4_and_mov_only() -> None:
    assert option(video("bbb", codec="h265"), "-tag:v") == "hvc1"
    assert option(video("bbb", "mov", codec="h265"), "-tag:v") == "hvc1"
    assert option(video("bbb", "mkv", codec="h265"), "-tag:v") is None
    assert option(video("lamp", codec="copy"), "-tag:v") == "hvc1"


def test_hdr_and_interlace_are_told() -> None:
    assert "tonemap" in filter_names(video("hdr", pixel_format="yuv420p"))
    assert any("HDR" in w for w in output("hdr", "mp4", video={"pixel_format": "yuv420p", "hdr": "keep"}).warnings)
    assert "tonemap" not in filter_names(video("hdr"))
    assert not any("HDR" in w for w in output("hdr", "mp4").warnings)
    assert any("interlaced" in w for w in output("interlaced", "mp4").warnings)


def test_gif_has_a_rate_that_it_can_play() -> None:
    assert dict(video("flv", "gif").filters)["fps"] == (("fps", "50"),)
    assert "fps" not in filter_names(video("bbb", "gif"))
    assert dict(video("bbb", "gif", fps=10.0).filters)["fps"] == (("fps", "10"),)
    assert video("bbb", "gif", width=101).height == 57
    assert only(output("bbb", "gif", mux={"loop": 3})).mux_options[-4:] == ("-loop", "3", "-f", "gif")
