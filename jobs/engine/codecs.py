"""What encoders, decoders and containers can and want: tables, with the reason of every quirk beside it. Data only; no decisions."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class VideoEncoder:
    """One of our video codecs and the ffmpeg encoder that makes it."""

    name: str  # as people write it
    encoder: str  # ffmpeg's encoder
    stream: str  # ffprobe's codec_name of the result
    crf: float | None
    pixel_formats: tuple[str, ...]
    profiles: dict[str, tuple[str, ...]] = field(default_factory=dict)  # profile → pixel formats that it allows


VIDEO: dict[str, VideoEncoder] = {
    "h264": VideoEncoder(
        "H.264",
        "libx264",
        "h264",
        23.0,
        # one build of libx264 makes 8 and 10 bit; all three subsamplings
        ("yuv420p", "yuv420p10le", "yuv422p", "yuv422p10le", "yuv444p", "yuv444p10le"),
        # these three profiles are 8 bit 4:2:0; anything else needs High 10, High 4:2:2 or High 4:4:4, which libx264 chooses by itself
        {"baseline": ("yuv420p",), "main": ("yuv420p",), "high": ("yuv420p",)},
    ),
    "h265": VideoEncoder(
        "H.265",
        "libx265",
        "hevc",
        26.0,
        ("yuv420p", "yuv420p10le", "yuv422p", "yuv422p10le", "yuv444p", "yuv444p10le"),
        # Main 10 may hold 8 bit too, but libx265 refuses that profile for 8-bit pictures
        {"main": ("yuv420p",), "main10": ("yuv420p10le",)},
    ),
    # a palette of 256 colours, made from the picture itself: no rate control, no profiles
    "gif": VideoEncoder("GIF", "gif", "gif", None, ("pal8",)),
}
GIF_FPS_MAX = 50.0  # delays count in 1/100 s, and browsers slow down what asks for 1/100
# What makes segments that decode alone, and alike in all rungs of a ladder. libx265 opens groups of pictures by default; both make of a forced
# key frame a plain I frame or not, as they like (forced-idr); and key frames at scene cuts would fall differently in pictures of different size.
SEGMENTED: dict[str, tuple[str, ...]] = {
    "libx264": ("-flags:v", "+cgop", "-sc_threshold", "0", "-forced-idr", "1"),
    "libx265": ("-x265-params", "open-gop=0:scenecut=0", "-forced-idr", "1"),
}
# libx265 writes its banner and its statistics past ffmpeg's log level
QUIET_X265 = "log-level=error"


@dataclass(frozen=True)
class AudioEncoder:
    """One of our audio codecs and the ffmpeg encoder that makes it. ``kbps``: (least, most, usual) for one channel."""

    name: str
    encoder: str
    stream: str
    sample_rates: tuple[int, ...] | None  # None: any
    channels: tuple[int, ...]
    kbps: tuple[int, int, int] | None  # None: no bitrate can be asked for


_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # MPEG-1, 2 and 2.5
AUDIO: dict[str, AudioEncoder] = {
    # 7 channels need a program config element that players ignore
    "aac": AudioEncoder(
        "AAC", "aac", "aac", (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000), (1, 2, 3, 4, 5, 6, 8), (16, 288, 64)
    ),
    "mp3": AudioEncoder("MP3", "libmp3lame", "mp3", _MP3_RATES, (1, 2), (8, 320, 64)),
    # libvorbis has no managed bitrate above 48 kHz (tried)
    "vorbis": AudioEncoder("Vorbis", "libvorbis", "vorbis", _MP3_RATES, (1, 2, 3, 4, 5, 6, 7, 8), (16, 240, 64)),
    "flac": AudioEncoder("FLAC", "flac", "flac", None, (1, 2, 3, 4, 5, 6, 7, 8), None),
}
# At low sample rates the formats themselves allow less (total kbit/s by sample rate: for all channels of MP3, per channel of the others)
MP3_KBPS_MAX = ((16000, 64), (24001, 160), (10**9, 320))  # rates below the first number: MPEG-2.5 at 8–12 kHz, MPEG-2 up to 24 kHz, MPEG-1
AAC_BITS_PER_SAMPLE = 6.0  # 6,144 bits for 1,024 samples of a channel
VORBIS_KBPS_MAX = ((9000, 40), (16000, 48), (27000, 80), (40000, 160), (10**9, 240))  # libvorbis refuses more at these rates, per channel (tried)
VORBIS_KBPS_MIN = ((16000, 12), (27000, 16), (10**9, 32))  # and less


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

CONTAINERS: dict[str, Container] = {
    "mp4": Container(
        "MP4",
        "mp4",
        "mp4",
        ("h264", "h265"),
        ("aac", "mp3", "flac"),  # FLAC in MP4 is registered and plays in browsers
        _names("h264 hevc av1 vp9 mpeg4 mpeg2video mpeg1video mjpeg aac mp3 ac3 eac3 alac flac opus dts vorbis"),
        _MP4_SUBTITLES,
        chapters=True,
        language=True,
        plays_in_browsers=_names("h264 av1 vp9 aac mp3 flac opus"),
    ),
    "mov": Container(
        "MOV",
        "mov",
        "mov",
        ("h264", "h265"),
        ("aac", "mp3"),
        _names(f"h264 hevc mpeg4 mpeg2video mpeg1video mjpeg prores dnxhd dvvideo png aac mp3 ac3 eac3 alac {_PCM}"),
        _MP4_SUBTITLES,
        chapters=True,
        language=True,
        plays_in_browsers=_names("h264 aac mp3"),
    ),
    "mkv": Container(
        "MKV",
        "matroska",
        "mkv",
        ("h264", "h265"),
        ("aac", "mp3", "vorbis", "flac"),
        _names(
            "h264 hevc av1 vp8 vp9 mpeg4 mpeg2video mpeg1video mjpeg theora msmpeg4v3 wmv1 wmv2 wmv3 vc1 flv1 h263 prores ffv1 dvvideo huffyuv "
            f"aac mp3 mp2 ac3 eac3 alac flac opus vorbis dts truehd wmav1 wmav2 amr_nb amr_wb {_PCM}"
        ),
        _MKV_SUBTITLES,
        chapters=True,
        language=True,
    ),
    "ts": Container(
        "TS",
        "mpegts",
        "ts",
        ("h264", "h265"),
        ("aac", "mp3"),
        _names("h264 hevc mpeg2video mpeg1video mpeg4 aac mp3 mp2 ac3 eac3 opus dts"),
        title=False,
        language=True,
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
    ),
    "hls": Container(
        "HLS",
        "hls",
        "m3u8",
        ("h264", "h265"),
        ("aac", "mp3"),
        _names("h264 hevc aac mp3 ac3 eac3 mp2 mpeg2video"),  # what MPEG-TS segments of a playlist may hold
        title=False,
        language=True,
        plays_in_browsers=_names("h264 aac mp3"),
    ),
    "gif": Container("GIF", "gif", "gif", ("gif",), (), frozenset({"gif"}), title=False, plays_in_browsers=frozenset({"gif"})),
    "mp3": Container("MP3", "mp3", "mp3", (), ("mp3",), frozenset({"mp3"}), plays_in_browsers=frozenset({"mp3"})),
    # «ipod» writes the brand M4A, by which players know that there is only sound
    "m4a": Container("M4A", "ipod", "m4a", (), ("aac",), frozenset({"aac", "alac", "ac3"}), chapters=True, language=True, plays_in_browsers=frozenset({"aac"})),
    "ogg": Container(
        "OGG", "ogg", "ogg", (), ("vorbis", "flac"), frozenset({"vorbis", "flac", "opus"}), plays_in_browsers=frozenset({"vorbis", "flac", "opus"})
    ),
    "flac": Container("FLAC", "flac", "flac", (), ("flac",), frozenset({"flac"}), plays_in_browsers=frozenset({"flac"})),
}
# AC-3 at half rates is RealNetworks' own: no standard says how MP4 holds it
COPY_RATES: dict[tuple[str, str], tuple[int, ...]] = {(f, "ac3"): (32000, 44100, 48000) for f in ("mp4", "mov", "m4a")}
# FLV's tag header says 44.1 kHz for every AAC stream, and ffprobe at times believes it
RATE_NOT_TOLD = frozenset({("flv", "aac")})
FASTSTART = frozenset({"mp4", "mov", "m4a"})
# Apple's players refuse H.265 in MP4 under ffmpeg's default tag hev1
TAGS: dict[tuple[str, str], tuple[str, ...]] = {
    ("mp4", "hevc"): ("-tag:v", "hvc1"),
    ("mov", "hevc"): ("-tag:v", "hvc1"),
}

# Pixel formats whose values fill 0–255: old names of full range. We encode studio range, which every player takes for granted.
FULL_RANGE = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p", "yuvj440p": "yuv444p"}
HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})

# The -codec_whitelist takes names of decoders, ffprobe gives names of codecs: equal but for these.
DECODERS: dict[str, tuple[str, ...]] = {
    "mp3": ("mp3float", "mp3"),
    "mp2": ("mp2float", "mp2"),
    "mp1": ("mp1float", "mp1"),
    "av1": ("libdav1d", "av1"),  # the native one only drives hardware
    "amr_nb": ("amrnb",),
    "amr_wb": ("amrwb",),
    "dts": ("dca",),
    "flv1": ("flv",),
    "msmpeg4v3": ("msmpeg4",),
    "adpcm_g722": ("g722",),
    "adpcm_g726": ("g726",),
    "adpcm_g726le": ("g726le",),
    "wavpack": ("wavpack",),
    "ra_144": ("real_144",),
    "ra_288": ("real_288",),
    "vp6f": ("vp6f",),
    "subrip": ("subrip", "srt"),
    "ass": ("ass", "ssa"),
    "hdmv_pgs_subtitle": ("pgssub",),
    "dvd_subtitle": ("dvdsub",),
    "dvb_subtitle": ("dvbsub",),
    "eia_608": ("cc_dec",),
    "musepack7": ("mpc7",),
    "musepack8": ("mpc8",),
    "mp4als": ("als",),
    "avs3": ("libuavs3d",),
    "avs2": ("libdavs2",),
    "jpegxl": ("libjxl",),
}


def decoders(codec: str) -> tuple[str, ...]:
    """Decoder names of an ffprobe codec name."""
    return DECODERS.get(codec, (codec,))


def nearest(value: int, allowed: tuple[int, ...]) -> int:
    """The allowed value nearest to this one; of two equally near the larger (nothing is lost)."""
    return min(allowed, key=lambda a: (abs(a - value), -a))


def limit(table: tuple[tuple[int, int], ...], sample_rate: int) -> int:
    """Look up a table of (rates below this, kbit/s)."""
    return next(kbps for below, kbps in table if sample_rate < below)
