"""resolve: streams, rates, codecs, clips, groups, ladders, failures and warnings, from captured probes."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.engine.plan import OutputPlan, RenditionPlan, VideoPlan
from jobs.engine.probe import AudioStream, Probe, VideoStream
from jobs.engine.resolve import GROUP_RENDITIONS, resolve, rungs_for
from tests.engine.samples import failure, output, plan, probe, spec, template


def only(output: OutputPlan) -> RenditionPlan:
    assert len(output.renditions) == 1
    return output.renditions[0]


def video(name: str | Probe, format_: str = "mp4", **values: Any) -> VideoPlan:
    found = only(output(name, format_, video=values)).video
    assert found is not None
    return found


def option(plan: VideoPlan, name: str) -> str | None:
    return plan.options[plan.options.index(name) + 1] if name in plan.options else None


def filter_names(plan: VideoPlan) -> list[str]:
    return [name for name, _ in plan.filters]


# --- streams ------------------------------------------------------------------------------------------------------------


def test_it_takes_the_first_real_video_and_the_first_audio_and_says_what_is_left_behind() -> None:
    found = output("count", "mp4")
    rendition = only(found)
    assert rendition.video is not None
    assert rendition.audio is not None
    assert (rendition.video.source_index, rendition.audio.source_index) == (0, 1)
    assert found.warnings == ("Dropped: audio stream 2 (AAC, deu); only the first is taken.",)
    assert output("cover", "mp4").warnings == ("Dropped: cover picture stream 2 (png).",)


def test_text_subtitles_go_where_the_container_can_hold_them() -> None:
    mp4, mkv, ts = only(output("count", "mp4")), only(output("count", "mkv")), output("count", "ts")
    assert mp4.subtitle_indices == mkv.subtitle_indices == (3,)
    assert mp4.mux_options[:2] == ("-c:s:0", "mov_text")
    assert mkv.mux_options[:2] == ("-c:s:0", "copy")
    assert only(ts).subtitle_indices == ()
    assert "Dropped: subtitles stream 3 (subrip, deu); TS cannot hold them here." in ts.warnings
    assert only(output("ass", "mkv")).mux_options[:2] == ("-c:s:0", "copy")
    assert only(output("ass", "mp4")).mux_options[:2] == ("-c:s:0", "mov_text")


def test_subtitles_that_are_removed_are_not_warned_about() -> None:
    found = output("count", "mp4", subtitle={"remove": True})
    assert only(found).subtitle_indices == ()
    assert not any("subtitle" in w for w in found.warnings)


def test_languages_chapters_and_titles_are_kept_where_they_can_be_and_nothing_else() -> None:
    options = only(output("count", "mp4")).mux_options
    assert options[options.index("-metadata:s:a:0") :][:2] == ("-metadata:s:a:0", "language=eng")
    assert options[options.index("-metadata:s:s:0") :][:2] == ("-metadata:s:s:0", "language=deu")
    assert options[options.index("-map_metadata:g") :][:4] == ("-map_metadata:g", "-1", "-map_metadata:s", "-1")
    assert "-map_chapters" not in only(output("chapters", "mkv")).mux_options
    dropped = output("chapters", "flv")
    assert "-map_chapters" in only(dropped).mux_options
    assert "Dropped: 2 chapters; FLV cannot hold them." in dropped.warnings
    titled = probe("bbb").model_copy(update={"title": "A 'quoted' = title"})
    assert "title=A 'quoted' = title" in only(output(titled, "mp4")).mux_options
    assert not any("title" in o for o in only(output(titled, "ts")).mux_options)


@pytest.mark.parametrize("format_", ["mp3", "m4a", "ogg", "flac"])
def test_sound_containers_take_the_sound_and_say_that_the_picture_goes(format_: str) -> None:
    found = output("bbb", format_)
    assert only(found).video is None
    assert only(found).audio is not None
    assert any("sound only" in w for w in found.warnings)
    assert output("bbb", format_, video={"remove": True}).warnings == ()


@pytest.mark.parametrize(
    ("name", "format_", "sections", "code"),
    [
        ("mp3", "mp4", {}, "NoVideoStream"),
        ("screen", "mp3", {}, "NoAudioStream"),
        ("screen", "mp4", {"video": {"remove": True}}, "NoAudioStream"),
        ("mp3", "gif", {}, "NoVideoStream"),
        ("flv", "flv", {"video": {"codec": "copy"}}, None),
        ("opus51", "flv", {"video": {"codec": "copy"}, "audio": {"codec": "copy"}}, "ImpossibleCombination"),
        ("mp3", "mkv", {"video": {"codec": "copy"}, "audio": {"codec": "copy"}}, None),
        ("odd", "mp4", {"video": {"short_side": 360}, "conditions": {"if_smaller": "fail"}}, "SourceTooSmall"),
        ("screen", "mp4", {"video": {"fps": 25.0}, "conditions": {"if_lower_fps": "fail"}}, "SourceTooSmall"),
        ("bbb", "mp4", {"video": {"bitrate_kbps": 9000}, "conditions": {"if_lower_video_bitrate": "fail"}}, "SourceTooSmall"),
        ("mp3", "mp3", {"audio": {"bitrate_kbps": 320}, "conditions": {"if_lower_audio_bitrate": "fail"}}, "SourceTooSmall"),
    ],
)
def test_what_cannot_be_done_has_a_code(name: str, format_: str, sections: dict[str, Any], code: str | None) -> None:
    made = plan(name, template(format_, **sections))
    assert [f.code for f in made.failed] == ([code] if code else [])
    assert len(made.outputs) == (0 if code else 1)


def test_a_cover_picture_alone_is_no_video() -> None:
    tagged = probe("mp3").model_copy(update={"video": (VideoStream(index=1, codec="png", width=300, height=300, attached_picture=True),)})
    assert failure(tagged, "mp4") == ("NoVideoStream", "The input has only a cover picture, no video.")
    assert output(tagged, "m4a").warnings == ("Dropped: cover picture stream 1 (png).",)


def test_one_output_that_cannot_be_done_leaves_the_others() -> None:
    made = plan("screen", template("mp4"), template("mp3"), template("hls"))
    assert [o.index for o in made.outputs] == [0, 2]
    assert [(f.index, f.code) for f in made.failed] == [(1, "NoAudioStream")]


def test_nothing_left_has_a_code() -> None:
    silent = probe("screen").model_copy(update={"video": ()})
    assert failure(silent, "mkv", video={"codec": "copy"})[0] == "NoVideoStream"
    assert failure("screen", "mkv", video={"remove": True}, audio={"remove": True})[0] == "NoStreamLeft"


# --- picture ------------------------------------------------------------------------------------------------------------


def test_the_rate_is_kept_frame_by_frame_unless_one_is_asked_for() -> None:
    kept, changed = video("screen"), video("bbb", fps=10.0)
    for found in (kept, changed):
        assert option(found, "-fps_mode:v") == "passthrough"
    assert option(kept, "-enc_time_base:v") == "demux"
    assert option(changed, "-enc_time_base:v") is None
    assert changed.filters[0] == ("fps", (("fps", "10"),))
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
    assert picture.filters[0] == ("fps", (("fps", "50"),))
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
    assert filter_names(video("bbb")) == ["format"]


def test_rate_control() -> None:
    assert option(video("bbb"), "-crf") == "23"
    assert option(video("bbb", codec="h265"), "-crf") == "26"
    assert option(video("bbb", crf=18.5), "-crf") == "18.5"
    bitrate = video("bbb", bitrate_kbps=500, maxrate_kbps=800)
    assert (option(bitrate, "-b:v"), option(bitrate, "-maxrate"), option(bitrate, "-bufsize"), option(bitrate, "-crf")) == ("500k", "800k", "1600k", None)
    capped = video("bbb", crf=20.0, maxrate_kbps=800, bufsize_kbit=900)
    assert (option(capped, "-crf"), option(capped, "-maxrate"), option(capped, "-bufsize")) == ("20", "800k", "900k")


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
    assert any("HDR" in w for w in output("hdr", "mp4", video={"pixel_format": "yuv420p"}).warnings)
    assert not any("HDR" in w for w in output("hdr", "mp4").warnings)
    assert any("interlaced" in w for w in output("interlaced", "mp4").warnings)


def test_gif_has_a_rate_that_it_can_play() -> None:
    assert dict(video("flv", "gif").filters)["fps"] == (("fps", "50"),)
    assert "fps" not in filter_names(video("bbb", "gif"))
    assert dict(video("bbb", "gif", fps=10.0).filters)["fps"] == (("fps", "10"),)
    assert video("bbb", "gif", width=101).height == 57
    assert only(output("bbb", "gif", mux={"gif_loop": 3})).mux_options[-4:] == ("-loop", "3", "-f", "gif")


# --- copies -------------------------------------------------------------------------------------------------------------


def test_copies_keep_everything_and_warn_of_what_browsers_cannot_play() -> None:
    found = output("bbb", "mp4", video={"codec": "copy"}, audio={"codec": "copy"})
    rendition = only(found)
    assert rendition.video is not None
    assert rendition.audio is not None
    assert (rendition.video.encoder, rendition.video.filters, rendition.audio.encoder, rendition.audio.options) == ("copy", (), "copy", ())
    assert found.warnings == ()
    lamp = output("lamp", "mp4", video={"codec": "copy"}, audio={"codec": "copy"})
    assert "Browsers do not play H.265 in MP4; it is copied as it is." in lamp.warnings


@pytest.mark.parametrize(
    ("name", "format_", "message"),
    [
        ("lamp", "flv", "FLV cannot hold H.265, which the input has; choose a codec to encode to."),
        ("hdr", "hls", "HLS cannot hold AV1, which the input has; choose a codec to encode to."),
        ("count", "mp4", "MP4 cannot hold AC-3 sound as the input has it; choose a codec to encode to."),  # at 22,050 Hz
    ],
)
def test_a_container_that_cannot_hold_a_copy_is_a_failed_output(name: str, format_: str, message: str) -> None:
    assert failure(name, format_, video={"codec": "copy"}, audio={"codec": "copy"}) == ("ImpossibleCombination", message)


# --- clips --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "duration", "seconds"),
    [(None, None, 5.312), (1.0, None, 4.312), (1.0, 2.0, 2.0), (4.0, 9.0, 1.312), (None, 3.0, 3.0), (0.0, 3.0, 3.0)],
)
def test_clips_end_with_the_input(start: float | None, duration: float | None, seconds: float) -> None:
    made = plan("bbb", template("mp4"), start=start, duration=duration)
    assert made.expected_seconds == pytest.approx(seconds)
    assert made.outputs[0].renditions[0].expected.duration == pytest.approx(seconds)


def test_a_clip_behind_the_end_fails_every_output() -> None:
    made = plan("bbb", template("mp4"), template("mp3"), start=5.4)
    assert [f.code for f in made.failed] == ["ClipOutOfRange", "ClipOutOfRange"]
    assert made.failed[0].message == "The clip starts at 5.4 s; the input is 5.31 s long."


def test_an_unknown_length_is_survived() -> None:
    unknown = probe("bbb").model_copy(update={"duration": None})
    assert plan(unknown, template("mp4"), start=900.0).outputs[0].renditions[0].expected.duration is None
    assert plan(unknown, template("mp4")).expected_seconds is None
    assert plan(unknown, template("mp4"), duration=3.0).expected_seconds == 3.0


def test_a_copied_clip_may_begin_earlier_and_says_so() -> None:
    found = output("bbb", "mkv", start=2.0, duration=1.0, video={"codec": "copy"})
    assert "The copied picture begins at the key frame before the clip's start." in found.warnings
    assert only(found).expected.may_be_longer
    assert not only(output("bbb", "mkv", start=2.0)).expected.may_be_longer


# --- sound --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "format_", "audio", "rate", "channels", "bitrate"),
    [
        ("bbb", "mp4", {}, 48000, 6, "384k"),
        ("bbb", "mp3", {}, 48000, 2, "128k"),
        ("opus51", "flac", {}, 48000, 6, None),
        ("count", "mp4", {}, 22050, 1, "64k"),
        ("flv", "flv", {"codec": "mp3"}, 44100, 1, "64k"),
        ("bbb", "flv", {"codec": "mp3"}, 44100, 2, "128k"),
        ("count", "ogg", {"bitrate_kbps": 500}, 22050, 1, "80k"),
        ("bbb", "mp4", {"sample_rate": 44100, "channels": 2, "bitrate_kbps": 96}, 44100, 2, "96k"),
        ("count", "mp3", {"bitrate_kbps": 320}, 22050, 1, "160k"),
        ("mp3", "m4a", {"sample_rate": 8000, "bitrate_kbps": 128}, 8000, 1, "48k"),
    ],
)
def test_sound(name: str, format_: str, audio: dict[str, Any], rate: int, channels: int, bitrate: str | None) -> None:
    found = only(output(name, format_, audio=audio)).audio
    assert found is not None
    assert (found.sample_rate, found.channels) == (rate, channels)
    assert (found.options[found.options.index("-b:a") + 1] if "-b:a" in found.options else None) == bitrate
    assert ("-ar", str(rate), "-ac", str(channels)) == found.options[:4]


@pytest.mark.parametrize(("rate", "nearest"), [(96000, 48000), (192000, 48000), (5512, 8000), (37800, 32000), (10000, 11025)])
def test_an_odd_sample_rate_goes_to_the_nearest_that_the_codec_knows(rate: int, nearest: int) -> None:
    odd = Probe(format_name="wav", duration=3.0, audio=(AudioStream(index=0, codec="pcm_s16le", sample_rate=rate, channels=7, duration=3.0),))
    sound = only(output(odd, "mp3")).audio
    assert sound is not None
    assert (sound.sample_rate, sound.channels) == (nearest, 2)
    aac = only(output(odd, "m4a")).audio
    assert aac is not None
    assert aac.channels == 6


def test_a_bitrate_that_the_rate_does_not_allow_is_told() -> None:
    assert output("count", "ogg", audio={"bitrate_kbps": 500}).warnings[-1] == "Vorbis at 22050 Hz with 1 channel takes 16 to 80 kbit/s: 80 was used."


# --- ladders and groups -------------------------------------------------------------------------------------------------

LADDER = [{"name": n, "video": {"short_side": s, "bitrate_kbps": b}} for n, s, b in (("1080p", 1080, 4000), ("720p", 720, 2500), ("360p", 360, 800))]


@pytest.mark.parametrize(("name", "wanted"), [("bbb", ["720p", "360p"]), ("odd", ["360p"]), ("screen", ["1080p", "720p", "360p"]), ("hdr", ["720p", "360p"])])
def test_rungs_that_the_source_cannot_fill_are_left_out_but_the_smallest(name: str, wanted: list[str]) -> None:
    assert [r.name for r in rungs_for(template("hls", ladder=LADDER), probe(name))] == wanted


def test_a_ladder_has_a_rendition_per_rung_and_a_master() -> None:
    found = output("bbb", "hls", ladder=LADDER, mux={"segment_seconds": 4.0})
    assert found.master == "o0.m3u8"
    assert [(r.name, r.file, r.segments) for r in found.renditions] == [
        ("720p", "o0-720p.m3u8", "o0-720p-%05d.ts"),
        ("360p", "o0-360p.m3u8", "o0-360p-%05d.ts"),
    ]
    assert [r.bandwidth for r in found.renditions] == [(2500 + 384) * 1100, (800 + 384) * 1100]
    assert found.warnings == ("The source is too small for: 1080p.",)
    assert output("bbb", "hls").master is None


def test_a_rung_lays_its_own_values_over_the_templates() -> None:
    ladder = [{"name": "a", "video": {"short_side": 360}, "audio": {"bitrate_kbps": 64, "channels": 1}}, {"name": "b", "video": {"crf": 30.0}}]
    found = output("bbb", "hls", video={"width": 640, "bitrate_kbps": 900, "maxrate_kbps": 1200, "preset": "fast"}, ladder=ladder)
    first, second = found.renditions
    assert first.video is not None
    assert second.video is not None
    assert first.audio is not None
    assert (first.video.width, first.video.height, option(first.video, "-b:v"), option(first.video, "-preset")) == (640, 360, "900k", "fast")
    assert (second.video.width, option(second.video, "-crf"), option(second.video, "-maxrate")) == (640, "30", None)
    assert first.audio.channels == 1


def test_outputs_that_encode_the_picture_share_a_process_and_others_do_not() -> None:
    copies = {"video": {"codec": "copy"}, "audio": {"codec": "copy"}}
    made = plan("bbb", template("mp4"), template("mp4", **copies), template("hls"), template("mp3"), template("gif"), template("ts"), template("mkv", **copies))
    assert [o.group for o in made.outputs] == [0, 1, 0, 2, 3, 0, 4]


def test_a_process_encodes_only_so_many_pictures() -> None:
    made = plan("bbb", *[template("mp4")] * (GROUP_RENDITIONS + 1))
    assert [o.group for o in made.outputs] == [0] * GROUP_RENDITIONS + [1]
    ladder = template("hls", ladder=[{"name": f"r{n}", "video": {"short_side": 64 + 2 * n}} for n in range(GROUP_RENDITIONS + 2)])
    assert [o.group for o in plan("bbb", template("mp4"), ladder, template("mp4")).outputs] == [0, 1, 2]


# --- facts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values", "frames", "spare"),
    [
        ("screen", {}, 63, 0),
        ("vfr", {}, 41, 0),
        ("bbb", {}, 132, 0),
        ("bbb", {"fps": 10.0}, 53, 3),
        ("mpeg", {}, None, 0),  # MPEG-PS counts nothing
        ("count", {}, None, 0),
    ],
)
def test_frames_are_expected_exactly_where_the_sample_table_counts_them(name: str, values: dict[str, Any], frames: int | None, spare: int) -> None:
    expected = only(output(name, "mp4", video=values)).expected
    assert (expected.frames, expected.frames_tolerance) == (frames, spare)


def test_no_frame_count_is_expected_of_a_clip_or_where_an_edit_list_hides_some() -> None:
    assert only(output("bbb", "mp4", start=1.0)).expected.frames is None
    picture = probe("bbb").picture
    assert picture is not None
    edited = probe("bbb").model_copy(update={"video": (picture.model_copy(update={"duration": 4.0}),)})
    assert only(output(edited, "mp4")).expected.frames_tolerance > 0


def test_estimated_lengths_are_held_loosely() -> None:
    assert only(output("adts", "mp3")).expected.duration_tolerance > 2
    assert only(output("bbb", "mp4")).expected.duration_tolerance < 0.7
    assert only(output("count", "mp3")).expected.duration_tolerance > 2, "the file may be as long as its picture"


def test_decoders_are_those_of_the_streams_that_are_taken() -> None:
    assert plan("hdr", template("mp4")).decoders == ("libdav1d", "av1", "aac")
    assert plan("hdr", template("mp3")).decoders == ("aac",)
    assert plan("mp3", template("mp3")).decoders == ("mp3float", "mp3")
    assert plan("count", template("mkv")).decoders == ("h264", "ac3", "subrip", "srt")


def test_parameters_tell_where_they_come_from() -> None:
    overrides = {"video": {"crf": 30.0}}
    merged = template("mp4", video={"short_side": 360, "crf": 30.0, "preset": "fast"})
    made = resolve(spec(1, overrides=[overrides]), [merged], probe("bbb"))
    rows = {p.loc: (p.value, p.origin) for p in made.outputs[0].parameters}
    assert rows["video.crf"] == ("30", "override")
    assert rows["video.short_side"] == ("360", "template")
    assert rows["video.preset"] == ("fast", "template")
    assert rows["video.codec"] == ("h264", "default")
    assert rows["video.gop"] == ("250", "default")
    assert rows["video.fps"] == ("25", "source")
    assert rows["audio.channels"] == ("6", "source")
    assert rows["audio.bitrate_kbps"] == ("384", "default")
    assert "video.width" not in rows


def test_the_same_question_has_the_same_answer() -> None:
    templates = [template("mp4"), template("hls", ladder=LADDER), template("gif")]
    assert plan("bbb", *templates) == plan("bbb", *templates)


def test_the_last_length_of_a_playlist_is_counted_from_frame_to_frame_where_the_source_does_not_tell() -> None:
    true = r"setts=pts=PTS:dts=DTS:duration=if(eq(NEXT_DTS\,NOPTS)\,DURATION\,NEXT_DTS-DTS)"
    assert option(video("flv", "hls"), "-bsf:v") == true
    assert option(video("screen", "hls"), "-bsf:v") == true
    assert option(video("bbb", "hls"), "-bsf:v") is None
    assert option(video("screen", "hls", fps=5.0), "-bsf:v") is None
    assert option(video("screen", "mp4"), "-bsf:v") is None


def test_formats_without_frame_lengths_may_lose_the_last_one_of_a_variable_source() -> None:
    slack = {f: only(output("screen", f)).expected.duration_tolerance for f in ("mp4", "mkv", "hls", "ts", "flv")}
    assert slack["mp4"] == slack["mkv"] < 1.0
    assert slack["hls"] == slack["ts"] == slack["flv"] == pytest.approx(slack["mp4"] + 2.0)
    assert only(output("bbb", "hls")).expected.duration_tolerance == only(output("bbb", "mp4")).expected.duration_tolerance


def test_sound_that_browsers_do_not_play_is_told_and_a_lower_bitrate_is_kept_on_demand() -> None:
    ac3 = probe("ass").model_copy(update={"subtitle": ()})
    found = output(ac3, "mp4", audio={"codec": "copy"})
    assert found.warnings == ("Browsers do not play AC-3 sound in MP4; it is copied as it is.",)
    kept = output("mp3", "mp3", audio={"bitrate_kbps": 320}, conditions={"if_lower_audio_bitrate": "keep"})
    sound = only(kept).audio
    assert sound is not None
    assert sound.options[sound.options.index("-b:a") + 1] == "102k"
    assert "its own 102 kbit/s was kept" in kept.warnings[-1]


def test_gif_above_fifty_frames_is_brought_down_and_told() -> None:
    found = output("flv", "gif", video={"fps": 60.0})
    picture = only(found).video
    assert picture is not None
    assert picture.filters[0] == ("fps", (("fps", "50"),))
    assert "GIF plays at most 50 frames per second." in found.warnings


def test_a_stream_that_ends_before_the_file_sets_the_length() -> None:
    picture = probe("bbb").picture
    assert picture is not None
    short = probe("bbb").model_copy(update={"video": (picture.model_copy(update={"duration": 3.0}),)})
    assert only(output(short, "mp4", audio={"remove": True})).expected.duration == pytest.approx(3.0)
    absurd = probe("bbb").model_copy(update={"video": (picture.model_copy(update={"duration": 900.0}),)})
    assert only(output(absurd, "mp4", audio={"remove": True})).expected.duration == pytest.approx(5.312)
