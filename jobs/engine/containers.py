"""What each output format holds: a table, with the reason of every quirk beside it. Data only.

What a row names was muxed, probed and decoded with the ffmpeg that we ship (November 2026); what is missing either has no mapping (ffmpeg refuses, or the
file comes out unreadable) or one that only ffmpeg itself understands.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

DEFAULT_SEGMENTS = {"hls": "ts", "dash": "fmp4", "cmaf": "fmp4"}
SEGMENTED = frozenset(DEFAULT_SEGMENTS)
# Files of text: ffmpeg's format, and its name of the codec
TEXTS = {"srt": ("srt", "subrip"), "vtt": ("webvtt", "webvtt"), "ass": ("ass", "ass")}


@dataclass(frozen=True)
class Container:
    """One output format. ``video`` and ``audio`` name what we encode into it, the usual first; ``copies`` are ffprobe codec names that it can also hold."""

    name: str  # as people write it
    muxer: str
    extension: str
    video: tuple[str, ...]
    audio: tuple[str, ...]
    copies: frozenset[str]
    subtitles: dict[str, str] = field(default_factory=dict)  # source codec → encoder or copy; «text» stands for every other text codec
    chapters: bool = False
    title: bool = True
    language: bool = False
    audio_rates: dict[str, tuple[int, ...]] = field(default_factory=dict)  # narrower than the codec's own
    plays_in_browsers: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()
    steady: bool = False  # takes pictures of one length only: a variable frame rate is made constant
    frame_rates: tuple[float, ...] = ()  # the only ones that it knows; none: any
    bframes: bool = True
    counted: frozenset[str] = frozenset()  # codecs that get no B-frames, because the container counts pictures and has no times for another order
    turns: bool = False  # a note tells players to turn the picture
    needs_picture: bool = False
    fdk: frozenset[str] = frozenset()  # AAC profiles beside aac_low that it can carry
    reasons: dict[str, str] = field(default_factory=dict)  # codec → why it cannot be held; «» for all others


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PCM = "pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_s16be pcm_s24be pcm_u8"
_MP4_SUBTITLES = {"mov_text": "copy", "text": "mov_text"}
_MKV_SUBTITLES = {
    "subrip": "copy",
    "ass": "copy",
    "ssa": "copy",
    "webvtt": "copy",
    "hdmv_pgs_subtitle": "copy",
    "dvd_subtitle": "copy",
    "dvb_subtitle": "copy",
    "text": "srt",
}
_WEBM_SUBTITLES = {"webvtt": "copy", "text": "webvtt"}
# ADTS headers have two bits for the kind of AAC: HE works by implicit signalling, the low-delay kinds do not exist there
_HE = frozenset({"aac_he", "aac_he_v2"})
_ALL_AAC = _HE | {"aac_ld", "aac_eld"}
# SMPTE 379 and ffmpeg's muxer know these only
MXF_RATES = (24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 60000 / 1001, 60.0)
_TS_REASONS = {
    "vp9": "No standard says how MPEG-TS carries VP9.",
    "av1": "Players do not find AV1 in MPEG-TS.",
    "flac": "No standard says how MPEG-TS carries FLAC.",
    "vorbis": "No standard says how MPEG-TS carries Vorbis.",
    "pcm_s16le": "MPEG-TS carries PCM for Blu-ray discs only.",
    "pcm_s24le": "MPEG-TS carries PCM for Blu-ray discs only.",
}
_WEBM_REASONS = {"": "WebM is VP9 or AV1 with Opus or Vorbis by definition; MKV takes nearly everything."}

# What MPEG-4 registers is MPEG-1 and MPEG-2; half rates are MPEG-2.5
_MP4_RATES: dict[str, tuple[int, ...]] = {"mp3": (16000, 22050, 24000, 32000, 44100, 48000)}

CONTAINERS: dict[str, Container] = {
    "mp4": Container(
        "MP4",
        "mp4",
        "mp4",
        ("h264", "h265", "av1", "vp9", "mpeg4", "mpeg2"),
        ("aac", "mp3", "flac", "ac3", "opus"),  # FLAC and Opus in MP4 are registered and play in browsers
        _names("h264 hevc av1 vp9 mpeg4 mpeg2video mpeg1video mjpeg aac mp3 ac3 eac3 alac flac opus dts vorbis"),
        _MP4_SUBTITLES,
        chapters=True,
        language=True,
        turns=True,
        audio_rates=_MP4_RATES,
        plays_in_browsers=_names("h264 av1 vp9 aac mp3 flac opus"),
        fdk=_ALL_AAC,
        reasons={"vorbis": "No standard says how MP4 carries Vorbis.", "prores": "ProRes belongs into MOV."},
    ),
    "mov": Container(
        "MOV",
        "mov",
        "mov",
        ("h264", "h265", "prores", "mpeg4", "mpeg2"),
        ("aac", "mp3", "ac3", "pcm_s16le", "pcm_s24le"),
        _names(f"h264 hevc mpeg4 mpeg2video mpeg1video mjpeg prores dnxhd dvvideo png aac mp3 ac3 eac3 alac amr_nb amr_wb {_PCM}"),
        _MP4_SUBTITLES,
        chapters=True,
        language=True,
        turns=True,
        plays_in_browsers=_names("h264 aac mp3"),
        fdk=_ALL_AAC,
        reasons={"vp9": "QuickTime knows no VP9.", "av1": "QuickTime knows no AV1.", "": "QuickTime files do not carry it; MP4 or MKV may."},
    ),
    "mkv": Container(
        "MKV",
        "matroska",
        "mkv",
        ("h264", "h265", "vp9", "av1", "mpeg2", "mpeg4", "prores"),
        ("aac", "mp3", "vorbis", "flac", "ac3", "opus", "pcm_s16le", "pcm_s24le"),
        _names(
            "h264 hevc av1 vp8 vp9 mpeg4 mpeg2video mpeg1video mjpeg theora msmpeg4v3 wmv1 wmv2 wmv3 vc1 flv1 h263 prores ffv1 dvvideo huffyuv "
            f"aac mp3 mp2 ac3 eac3 alac flac opus vorbis dts truehd wmav1 wmav2 amr_nb amr_wb {_PCM}"
        ),
        _MKV_SUBTITLES,
        chapters=True,
        language=True,
        turns=True,
        fdk=_ALL_AAC,
        reasons={"amr": "Matroska has no mapping for AMR that players know."},
    ),
    "webm": Container(
        "WebM",
        "webm",
        "webm",
        ("vp9", "av1"),
        ("opus", "vorbis"),
        _names("vp8 vp9 av1 opus vorbis"),
        _WEBM_SUBTITLES,
        chapters=True,
        language=True,
        plays_in_browsers=_names("vp8 vp9 av1 opus vorbis"),
        reasons=_WEBM_REASONS,
    ),
    "asf": Container(
        "ASF",
        "asf",
        "asf",
        ("h264", "h265", "mpeg4"),
        ("aac", "mp3", "ac3", "pcm_s16le", "pcm_s24le"),
        _names("h264 hevc mpeg4 msmpeg4v2 msmpeg4v3 wmv1 wmv2 wmv3 vc1 aac mp3 ac3 wmav1 wmav2 wmapro pcm_s16le pcm_s24le pcm_u8"),
        language=True,
        reasons={"flac": "FLAC in ASF comes out with broken times.", "": "ASF has no mapping for it that players know."},
    ),
    "avi": Container(
        "AVI",
        "avi",
        "avi",
        ("h264", "h265", "mpeg4", "mpeg2"),
        ("mp3", "aac", "ac3", "pcm_s16le", "pcm_s24le"),
        _names("h264 hevc mpeg4 mpeg2video mpeg1video mjpeg msmpeg4v2 msmpeg4v3 wmv1 wmv2 h263 dvvideo huffyuv ffv1 aac mp3 mp2 ac3 dts pcm_s16le pcm_s24le pcm_u8"),
        steady=True,  # one frame duration in the header; frames are counted, not timed
        counted=_names("h264 h265"),  # players would show each picture two places late, and the sound would lead
        reasons={"": "AVI has no mapping for it that players know."},
    ),
    "mxf": Container(
        "MXF",
        "mxf",
        "mxf",
        ("mpeg2", "h264"),
        ("pcm_s16le", "pcm_s24le"),
        _names("mpeg2video h264 prores dnxhd dvvideo pcm_s16le pcm_s24le"),
        title=False,
        audio_rates={"pcm_s16le": (48000,), "pcm_s24le": (48000,)},
        steady=True,
        frame_rates=MXF_RATES,
        needs_picture=True,
        bframes=False,  # of H.264: ffmpeg's muxer writes no reordering into the index, and readers lose the last pictures
        reasons={"": "MXF takes uncompressed sound (PCM at 48 000 Hz) beside MPEG-2 or H.264."},
    ),
    "ts": Container(
        "TS",
        "mpegts",
        "ts",
        ("h264", "h265", "mpeg2"),
        ("aac", "mp3", "ac3", "opus"),
        _names("h264 hevc mpeg2video mpeg1video mpeg4 aac mp3 mp2 ac3 eac3 opus dts"),
        title=False,
        language=True,
        fdk=_HE,
        reasons={**_TS_REASONS, "": "MPEG-TS has no mapping for it."},
    ),
    "flv": Container(
        "FLV",
        "flv",
        "flv",
        ("h264",),
        ("aac", "mp3"),
        _names("h264 flv1 vp6f vp6a aac mp3 speex"),
        audio_rates={"mp3": (11025, 22050, 44100)},  # two bits of the tag header: 5.5, 11, 22 or 44 kHz
        options=("-flvflags", "+add_keyframe_index"),  # players seek by it
        fdk=_HE,
        reasons={"": "FLV's tags know H.264, AAC and MP3."},
    ),
    "hls": Container(
        "HLS",
        "hls",
        "m3u8",
        ("h264", "h265"),
        ("aac", "mp3", "ac3"),
        _names("h264 hevc aac mp3 ac3 eac3 mp2 mpeg2video"),  # what MPEG-TS segments of a playlist may hold
        {"text": "webvtt"},  # a file of its own beside the segments
        title=False,
        language=True,
        plays_in_browsers=_names("h264 aac mp3"),
        fdk=_HE,
        reasons={**_TS_REASONS, "vp9": "HLS with TS segments cannot carry VP9; DASH does.", "": "HLS with TS segments cannot carry it; fMP4 segments or DASH may."},
    ),
    "dash": Container(
        "DASH",
        "dash",
        "mpd",
        ("h264", "h265", "vp9", "av1"),
        ("aac", "opus", "flac", "ac3"),
        _names("h264 hevc vp9 av1 aac ac3 eac3 opus flac"),
        {"text": "webvtt"},  # a file of its own beside the segments
        title=False,
        language=True,
        plays_in_browsers=_names("h264 vp9 av1 aac opus flac"),
        fdk=_ALL_AAC,
        reasons={"mp3": "Shaka Packager does not read MP3 in MP4.", "": "Fragmented MP4 for DASH does not carry it."},
    ),
    "cmaf": Container(
        "CMAF",
        "dash",
        "m3u8",
        ("h264", "h265", "av1", "vp9"),
        ("aac", "ac3", "opus", "flac"),
        _names("h264 hevc vp9 av1 aac ac3 eac3 opus flac"),
        {"text": "webvtt"},  # a file of its own beside the segments
        title=False,
        language=True,
        plays_in_browsers=_names("h264 vp9 av1 aac opus flac"),
        fdk=_HE,
        reasons={"mp3": "CMAF has no media profile for MP3.", "": "CMAF has no media profile for it."},
    ),
    "gif": Container("GIF", "gif", "gif", ("gif",), (), frozenset({"gif"}), title=False, plays_in_browsers=frozenset({"gif"})),
    "webp": Container("WebP", "webp", "webp", ("webp",), (), frozenset({"webp"}), title=False, plays_in_browsers=frozenset({"webp"})),
    "mp3": Container("MP3", "mp3", "mp3", (), ("mp3",), frozenset({"mp3"}), plays_in_browsers=frozenset({"mp3"})),
    # «ipod» writes the brand M4A, by which players know that there is only sound
    "m4a": Container(
        "M4A", "ipod", "m4a", (), ("aac",), frozenset({"aac", "alac", "ac3"}), chapters=True, language=True, plays_in_browsers=frozenset({"aac"}), fdk=_ALL_AAC
    ),
    "aac": Container("AAC (ADTS)", "adts", "aac", (), ("aac",), frozenset({"aac"}), title=False, plays_in_browsers=frozenset({"aac"}), fdk=_HE),
    "ogg": Container(
        "OGG", "ogg", "ogg", (), ("vorbis", "flac", "opus"), frozenset({"vorbis", "flac", "opus"}), plays_in_browsers=frozenset({"vorbis", "flac", "opus"})
    ),
    "opus": Container("Opus", "opus", "opus", (), ("opus",), frozenset({"opus"}), plays_in_browsers=frozenset({"opus"})),
    "flac": Container("FLAC", "flac", "flac", (), ("flac",), frozenset({"flac"}), plays_in_browsers=frozenset({"flac"})),
    "ac3": Container("AC-3", "ac3", "ac3", (), ("ac3",), frozenset({"ac3"}), title=False),
    "amr": Container("AMR", "amr", "amr", (), ("amr",), frozenset({"amr_nb"}), title=False),
    "wav": Container("WAV", "wav", "wav", (), ("pcm_s16le", "pcm_s24le"), frozenset({"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8"}),
                     plays_in_browsers=frozenset({"pcm_s16le", "pcm_s24le", "pcm_u8"})),
    **{name: Container(said, TEXTS[name][0], name, (), (), frozenset(), title=False) for name, said in (("srt", "SRT"), ("vtt", "WebVTT"), ("ass", "ASS"))},
}  # fmt: skip

# Formats whose segments may be of another kind: what holds then. Keys as in mux.segment_format.
_MP4_SET = CONTAINERS["dash"]
VARIANTS: dict[tuple[str, str], Container] = {
    ("hls", "fmp4"): replace(
        CONTAINERS["hls"],
        video=("h264", "h265", "av1", "vp9"),
        audio=("aac", "mp3", "ac3", "flac", "opus"),
        audio_rates=_MP4_RATES,
        copies=_MP4_SET.copies | {"mp3"},
        plays_in_browsers=_MP4_SET.plays_in_browsers | {"mp3"},
        fdk=_HE,
        turns=True,
        reasons={"": "Fragmented MP4 for HLS does not carry it."},
    ),
    ("dash", "webm"): replace(
        CONTAINERS["dash"],
        video=("vp9", "av1"),
        audio=("opus", "vorbis"),
        copies=CONTAINERS["webm"].copies,
        plays_in_browsers=CONTAINERS["webm"].copies,
        fdk=frozenset(),
        reasons=_WEBM_REASONS,
    ),
}


def container(format_: str, segment_format: str | None = None) -> Container:
    """The row of a format, with the segments that were asked for."""
    return VARIANTS.get((format_, segment_format or ""), CONTAINERS[format_])


# Sound that no standard puts into MP4 so: AC-3 at half rates is RealNetworks' own
GOP_MAX = {"mxf": 120}  # frames; its index says in one signed byte how far away the key frame is
COPY_RATES: dict[tuple[str, str], tuple[int, ...]] = {
    **{(f, "ac3"): (32000, 44100, 48000) for f in ("mp4", "mov", "m4a")},
    ("mp4", "mp3"): _MP4_RATES["mp3"],
    **{("mxf", codec): (48000,) for codec in ("pcm_s16le", "pcm_s24le")},
}
# FLV's tag header says 44.1 kHz for every AAC stream, and ffprobe at times believes it
RATE_NOT_TOLD = frozenset({("flv", "aac")})
FASTSTART = frozenset({"mp4", "mov", "m4a"})
TAGS: dict[tuple[str, str], tuple[str, ...]] = {
    # Apple's players refuse H.265 in MP4 under ffmpeg's default tag hev1
    **{(f, "hevc"): ("-tag:v", "hvc1") for f in ("mp4", "mov", "hls", "dash", "cmaf")},
    # ffmpeg has no fourcc for H.265 in AVI and writes none: the file then reads as raw pictures. ASF is refused without
    **{(f, "hevc"): ("-tag:v", "HEVC") for f in ("avi", "asf")},
}
# Copied streams that a container wants in another shape; what has that shape already passes unchanged
COPY_SHAPES: dict[tuple[str, str], tuple[str, ...]] = {
    ("avi", "h264"): ("-bsf:v", "h264_mp4toannexb"),  # ffmpeg adds it by itself for some files, not for all
    ("avi", "hevc"): ("-bsf:v", "hevc_mp4toannexb"),
    ("ts", "mpeg4"): ("-bsf:v", "dump_extra=freq=keyframe"),  # MP4 keeps the headers apart from the packets
}
