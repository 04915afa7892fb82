"""resolve: streams, rates, codecs, clips, groups, ladders, failures and warnings, from captured probes."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.engine.argv import commands
from jobs.engine.codecs import CONTAINERS
from jobs.engine.plan import Plan
from jobs.engine.probe import AudioStream, Probe, VideoStream
from jobs.engine.resolve import resolve
from tests.engine.samples import LADDER, failure, only, option, output, plan, probe, spec, template, video

# --- streams ------------------------------------------------------------------------------------------------------------


def test_it_takes_the_first_real_video_and_the_first_audio_and_says_what_is_left_behind() -> None:
    found = output("count", "mp4")
    rendition = only(found)
    assert rendition.video is not None
    assert rendition.audios
    assert [(p.source, p.stream) for p in rendition.pads[:2]] == [(0, 0), (0, 1)]
    assert found.warnings == ("Dropped: audio stream 2 (AAC, deu); only the first is taken.",)
    assert output("cover", "mp4").warnings == ("Dropped: cover picture stream 2 (png).",)


def test_text_subtitles_go_where_the_container_can_hold_them() -> None:
    mp4, mkv, ts = only(output("count", "mp4")), only(output("count", "mkv")), output("count", "ts")
    assert [s.pad.stream for s in (*mp4.subtitles, *mkv.subtitles)] == [3, 3]
    assert [s.encoder for s in (*mp4.subtitles, *mkv.subtitles)] == ["mov_text", "copy"]
    assert only(ts).subtitles == ()
    assert "Dropped: subtitles stream 3 (SRT, deu); TS cannot hold them here." in ts.warnings
    assert only(output("ass", "mkv")).subtitles[0].encoder == "copy"
    assert only(output("ass", "mp4")).subtitles[0].encoder == "mov_text"


def test_subtitles_that_are_removed_are_not_warned_about() -> None:
    found = output("count", "mp4", subtitle={"remove": True})
    assert only(found).subtitles == ()
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
    assert only(found).audios
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


# --- copies -------------------------------------------------------------------------------------------------------------


def test_copies_keep_everything_and_warn_of_what_browsers_cannot_play() -> None:
    found = output("bbb", "mp4", video={"codec": "copy"}, audio={"codec": "copy"})
    rendition = only(found)
    assert rendition.video is not None
    assert rendition.audios
    assert (rendition.video.encoder, rendition.video.filters, rendition.audios[0].encoder, rendition.audios[0].options) == ("copy", (), "copy", ())
    assert found.warnings == ()
    lamp = output("lamp", "mp4", video={"codec": "copy"}, audio={"codec": "copy"})
    assert "Browsers do not play H.265 in MP4; it is copied as it is." in lamp.warnings


@pytest.mark.parametrize("format_", ["mkv", "avi", "ts", "flv", "mxf", "asf"])
def test_a_copy_into_what_no_browser_plays_says_so_once(format_: str) -> None:
    told = f"Browsers do not play {CONTAINERS[format_].name}; streams are copied as they are."
    copies = [section for section, codec in (("video", "h264"), ("audio", "aac")) if codec in CONTAINERS[format_].copies]
    found = output("bbb", format_, **{section: {"codec": "copy"} for section in copies})
    assert [w for w in found.warnings if "Browsers" in w] == [told]
    assert not any("Browsers" in w for w in output("bbb", format_).warnings)


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
    assert made.outputs[0].expected_seconds == pytest.approx(seconds)
    assert made.outputs[0].renditions[0].expected.duration == pytest.approx(seconds)


def test_a_clip_behind_the_end_fails_every_output() -> None:
    made = plan("bbb", template("mp4"), template("mp3"), start=5.4)
    assert [f.code for f in made.failed] == ["ClipOutOfRange", "ClipOutOfRange"]
    assert made.failed[0].message == "The clip starts at 5.4 s; the input is 5.31 s long."


def test_an_unknown_length_is_survived() -> None:
    unknown = probe("bbb").model_copy(update={"duration": None})
    assert plan(unknown, template("mp4"), start=900.0).outputs[0].renditions[0].expected.duration is None
    assert output(unknown, "mp4").expected_seconds is None
    assert output(unknown, "mp4", duration=3.0).expected_seconds == 3.0


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
    found = only(output(name, format_, audio=audio)).audios[0]
    assert (found.sample_rate, found.channels) == (rate, channels)
    assert dict(found.options).get("b") == bitrate
    assert (("ar", str(rate)), ("ac", str(channels))) == found.options[:2]


@pytest.mark.parametrize(("rate", "nearest"), [(96000, 48000), (192000, 48000), (5512, 8000), (37800, 32000), (10000, 11025)])
def test_an_odd_sample_rate_goes_to_the_nearest_that_the_codec_knows(rate: int, nearest: int) -> None:
    odd = Probe(format_name="wav", duration=3.0, audio=(AudioStream(index=0, codec="pcm_s16le", sample_rate=rate, channels=7, duration=3.0),))
    sound = only(output(odd, "mp3")).audios[0]
    assert (sound.sample_rate, sound.channels) == (nearest, 2)
    aac = only(output(odd, "m4a")).audios[0]
    assert aac.channels == 6


def test_a_bitrate_that_the_rate_does_not_allow_is_told() -> None:
    assert output("count", "ogg", audio={"bitrate_kbps": 500}).warnings[-1] == "Vorbis at 22050 Hz with 1 channel takes 16 to 80 kbit/s: 80 was used."


# --- facts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values", "frames", "spare"),
    [
        ("screen", {}, 63, 0),
        ("vfr", {}, 41, 0),
        ("bbb", {}, 132, 0),
        ("bbb", {"fps": 10.0}, 53, 1),
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
    def allowed(made: Plan) -> str:
        (command,) = commands(made)
        return command.argv[command.argv.index("-codec_whitelist") + 1]

    assert allowed(plan("hdr", template("mp4"))) == "libdav1d,av1,aac"
    assert allowed(plan("hdr", template("mp3"))) == "aac"
    assert allowed(plan("mp3", template("mp3"))) == "mp3float,mp3"
    assert allowed(plan("count", template("mkv"))) == "h264,ac3,subrip,srt"


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


@pytest.mark.parametrize(
    ("values", "overrides", "origin"),
    [({}, {}, "source"), ({"long_side": 640}, {}, "template"), ({"long_side": 640}, {"long_side": 640}, "override"), ({"crop": "auto"}, {}, "template")],
)
def test_the_size_tells_where_it_comes_from(values: dict[str, Any], overrides: dict[str, Any], origin: str) -> None:
    made = resolve(spec(1, overrides=[{"video": overrides}]), [template("mp4", video=values)], probe("bbb"))
    assert {p.loc: p.origin for p in made.outputs[0].parameters}["video.size"] == origin


def test_the_same_question_has_the_same_answer() -> None:
    templates = [template("mp4"), template("hls", ladder=LADDER), template("gif")]
    assert plan("bbb", *templates) == plan("bbb", *templates)


def test_the_last_length_of_a_playlist_is_counted_from_frame_to_frame_where_the_source_does_not_tell() -> None:
    true = r"setts=pts=PTS:dts=DTS:duration=if(eq(NEXT_DTS\,NOPTS)\,DURATION\,NEXT_DTS-DTS)"
    assert option(video("flv", "hls"), "-bsf:v") == true
    assert option(video("screen", "hls"), "-bsf:v") == true
    assert option(video("bbb", "hls"), "-bsf:v") is None
    assert option(video("screen", "hls", fps=5.0), "-bsf:v") is None
    assert option(video("bbb", "mp4"), "-bsf:v") is None
    assert option(video("screen", "mkv"), "-bsf:v") is None
    assert option(video("screen", "mp4", fps=5.0), "-bsf:v") is None


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
    sound = only(kept).audios[0]
    assert dict(sound.options)["b"] == "102k"
    assert "its own 102 kbit/s was kept" in kept.warnings[-1]


def test_gif_above_fifty_frames_is_brought_down_and_told() -> None:
    found = output("flv", "gif", video={"fps": 60.0})
    picture = only(found).video
    assert picture is not None
    assert dict(picture.filters)["fps"] == (("fps", "50"),)
    assert "GIF plays at most 50 frames per second." in found.warnings


def test_a_stream_that_ends_before_the_file_sets_the_length() -> None:
    picture = probe("bbb").picture
    assert picture is not None
    short = probe("bbb").model_copy(update={"video": (picture.model_copy(update={"duration": 3.0}),)})
    assert only(output(short, "mp4", audio={"remove": True})).expected.duration == pytest.approx(3.0)
    absurd = probe("bbb").model_copy(update={"video": (picture.model_copy(update={"duration": 900.0}),)})
    assert only(output(absurd, "mp4", audio={"remove": True})).expected.duration == pytest.approx(5.312)
